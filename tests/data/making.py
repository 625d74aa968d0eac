"""Tiny data sets on disk, one maker per source."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import numpy as np
from PIL import Image

PEOPLE, EACH = 12, 3


def picture(
    value: int, size: tuple[int, int] = (40, 40), form: str = "PNG", **save: object
) -> bytes:
    """One flat grey image, `size` as (width, height), encoded."""
    buffer = io.BytesIO()
    Image.new("RGB", size, (value, value, value)).save(buffer, form, **save)
    return buffer.getvalue()


def people(count: int = PEOPLE, each: int = EACH) -> list[tuple[int, int]]:
    """(person, photograph of the person) of each image."""
    return [(person, shot) for person in range(count) for shot in range(each)]


def value_of(person: int, shot: int) -> int:
    """The grey value by which a photograph is known again."""
    return 20 + 15 * person + 4 * shot


def synthetic(path: Path) -> Path:
    path.mkdir(parents=True)
    rows = ["image,identity,Male,Smiling,meta_yaw"]
    with zipfile.ZipFile(path / "images.zip", "w", zipfile.ZIP_STORED) as archive:
        for person, shot in people():
            name = f"{person:04d}_{shot}.webp"
            archive.writestr(name, picture(value_of(person, shot), form="WEBP", lossless=True))
            rows.append(f"{name},{person:04d},{person % 2},{shot % 2},0.25")
    (path / "labels.csv").write_text("\n".join(rows) + "\n")
    return path


def celeba(
    path: Path,
    zipped: int | None = None,
    partition: dict[int, int] | None = None,
    count: int = PEOPLE,
) -> Path:
    """CelebA's layout; `zipped` is a zip compression, None a folder; `partition` by person."""
    path.mkdir(parents=True)
    shots = people(count)
    names = [f"{position:06d}.jpg" for position in range(1, len(shots) + 1)]
    images = {
        name: picture(value_of(*shot), (44, 54), "JPEG", quality=95)
        for name, shot in zip(names, shots, strict=True)
    }
    if zipped is None:
        (path / "img_align_celeba").mkdir()
        for name, data in images.items():
            (path / "img_align_celeba" / name).write_bytes(data)
    else:
        with zipfile.ZipFile(path / "img_align_celeba.zip", "w", zipped) as archive:
            archive.writestr("img_align_celeba/", b"")
            for name, data in images.items():
                archive.writestr(f"img_align_celeba/{name}", data)
    both = list(zip(names, shots, strict=True))
    lines = [str(len(names)), "Male Smiling"]
    lines += [f"{n}  {2 * (p % 2) - 1:2d} {2 * (s % 2) - 1:2d}" for n, (p, s) in both]
    (path / "list_attr_celeba.txt").write_text("\n".join(lines) + "\n")
    (path / "identity_CelebA.txt").write_text("".join(f"{n} {p + 1}\n" for n, (p, _) in both))
    (path / "list_eval_partition.txt").write_text(
        "".join(f"{n} {(partition or {}).get(p, 0)}\n" for n, (p, _) in both)
    )
    return path


def lfw(path: Path) -> Path:
    path.mkdir(parents=True)
    lines = [
        "# lfw_attributes.txt\tscores",
        "#\tperson\timagenum\tMale\tYouth\tHeavy Makeup\t5 o' Clock Shadow",
    ]
    for person, shot in people():
        name = f"Person_{chr(65 + person)}"
        folder = path / "lfw" / name
        folder.mkdir(parents=True, exist_ok=True)
        file = folder / f"{name}_{shot + 1:04d}.jpg"
        file.write_bytes(picture(value_of(person, shot), (50, 50), "JPEG"))
        scores = [0.5 if person % 2 else -1.25, -0.1 if shot % 2 else 2.0, -3, 1e-2]
        lines.append("\t".join([name.replace("_", " "), str(shot + 1), *map(str, scores)]))
    (path / "lfw_attributes.txt").write_text("\n".join(lines) + "\n")
    return path


def folder(path: Path, split: bool = False, identity: bool = True) -> Path:
    """Photographs in one folder per person and labels.csv with a row per photograph."""
    path.mkdir(parents=True)
    header = ["image", *(["identity"] if identity else []), "Smiling", "blond hair"]
    rows = [",".join(header + (["split"] if split else []))]
    order = ("defender", "attacker", "validation", "test")
    for person, shot in people():
        (path / f"p{person}").mkdir(exist_ok=True)
        name = f"p{person}/{shot}.png"
        (path / name).write_bytes(picture(value_of(person, shot)))
        row = [
            name,
            *([f"p{person}"] if identity else []),
            str(shot % 2),
            str(2 * (person % 2) - 1),
        ]
        rows.append(",".join(row + ([order[person % 4]] if split else [])))
    (path / "labels.csv").write_text("\n".join(rows) + "\n")
    return path


def edit(file: Path, row: int, old: str, new: str) -> None:
    """Replace text in one row (from 1) of a label file."""
    lines = file.read_text(encoding="utf-8").split("\n")
    assert old in lines[row - 1], lines[row - 1]
    lines[row - 1] = lines[row - 1].replace(old, new, 1)
    file.write_text("\n".join(lines), encoding="utf-8")


def grey(images: np.ndarray) -> np.ndarray:
    """Mean grey value of each of uint8 (N, H, W, 3)."""
    return images.reshape(len(images), -1).mean(axis=1)
