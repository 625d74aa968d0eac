"""A tiny data set on disk, registered under a name: what jobs and the command line need."""

from __future__ import annotations

from pathlib import Path

from PIL import Image

from core import data
from tests.tiny_faces import ATTRIBUTES, tiny_faces


def register_tiny_folder(
    place: Path, name: str = "tiny", identities: int = 24, people: str = "person", seed: int = 0
) -> None:
    """Write `tiny_faces` as PNG files with a CSV under `place` and register it as `name`; its people
    are called `people` and a number."""
    faces = tiny_faces(identities=identities, seed=seed)
    place.mkdir(parents=True)
    rows = ["image,identity," + ",".join(ATTRIBUTES)]
    for number, picture in enumerate(faces.images):
        Image.fromarray(picture).save(place / f"{number}.png")
        labels = ",".join(str(v) for v in faces.attributes[number])
        rows.append(f"{number}.png,{people}{faces.identities[number]},{labels}")
    (place / "labels.csv").write_text("\n".join(rows) + "\n")
    data.add(name, "folder", place)
