"""Labeled Faces in the Wild with its attribute scores.

Photographs: Huang et al. (2007), a folder per person with person_0001.jpg and so on. Attributes:
Kumar et al., "Attribute and Simile Classifiers for Face Verification" (2009), lfw_attributes.txt,
tab-separated real scores per photograph, above 0 where the attribute is present.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from core.data import labels, listing, splits
from core.data.listing import Listing, Source
from core.errors import PenumbraError

FOLDERS = ("lfw", "lfw-deepfunneled", "lfw_funneled", "lfw-deepfunneled/lfw-deepfunneled")
# Where Kumar et al. have another word for what CelebA calls so.
RENAMED = {"Youth": "Young"}


def list_lfw(path: Path, options: dict[str, Any]) -> Listing:
    """The photographs of folder `path` that lfw_attributes.txt has scores for."""
    file = path / "lfw_attributes.txt"
    header, header_row, rows = _scores(file)
    given = header[2:]
    names = labels.attribute_names(
        [RENAMED.get(name, name) for name in given], f"{file}, row {header_row}"
    )
    images = _image_folder(path)
    available = listing.files(images)
    chosen, photographs, numbers = [], [], []
    for number, cells in rows:
        if len(cells) != len(header):
            raise PenumbraError(
                f"{file}, row {number}: {len(cells)} cells where the header has {len(header)}; copy "
                "the file again"
            )
        if not cells[1].isdigit():
            raise PenumbraError(
                f"{file}, row {number}: image number {cells[1][:40]!r} is no number"
            )
        person = cells[0].replace(" ", "_")
        photograph = f"{person}/{person}_{int(cells[1]):04d}.jpg"
        numbers.append(number)
        photographs.append(photograph)
        chosen.append(cells)
    listing.unique(photographs, str(file), numbers)
    used = [position for position, name in enumerate(photographs) if name in available]
    if not used:
        raise PenumbraError(
            f"{images}: holds none of the photographs of {file.name}; it needs a folder per person, "
            "such as Aaron_Eckhart/Aaron_Eckhart_0001.jpg"
        )
    people = [photographs[position].split("/")[0] for position in used]
    split, notes = splits.seeded(people, options.get("split_seed", 0))
    if "Young" in names and "Youth" in given:
        notes.append("LFW's 'Youth' is used as CelebA's Young")
    if len(used) < len(chosen):
        notes.append(f"{len(chosen) - len(used)} of {len(chosen)} listed photographs are not here")
    return Listing(
        names=[photographs[position] for position in used],
        photographs=[available[photographs[position]] for position in used],
        attribute_names=names,
        attributes=_present(
            [chosen[position] for position in used], given, file, [numbers[i] for i in used]
        ),
        identities=people,
        split=split,
        notes=notes,
    )


def _scores(file: Path) -> tuple[list[str], int, list[tuple[int, list[str]]]]:
    """(header cells from "person" on, its row, [(row, cells)]) of lfw_attributes.txt, whose header
    is a comment line: "#", person, imagenum, attribute names, tab-separated."""
    header: list[str] = []
    header_row, rows = 0, []
    for number, line in enumerate(labels.read_text(file).splitlines(), 1):
        if line.startswith("#"):
            cells = [cell.strip() for cell in line.lstrip("#").split("\t")]
            cells = [cell for cell in cells if cell]
            if cells[:2] == ["person", "imagenum"]:
                header, header_row = cells, number
        elif line.strip():
            rows.append((number, [cell.strip() for cell in line.rstrip("\t").split("\t")]))
    if len(header) < 3:
        raise PenumbraError(
            f"{file}: no header line '# person imagenum ...'; use the file as published"
        )
    if not rows:
        raise PenumbraError(f"{file}: no rows under the header; use the file as published")
    return header, header_row, rows


def _present(rows: list[list[str]], given: list[str], file: Path, numbers: list[int]) -> np.ndarray:
    """Scores above 0 as int8 (N, A) of 0 and 1."""
    scores = np.empty((len(rows), len(given)))
    for position, cells in enumerate(rows):
        for column, cell in enumerate(cells[2:]):
            try:
                scores[position, column] = float(cell)
            except ValueError:
                scores[position, column] = np.nan
        wrong = np.flatnonzero(~np.isfinite(scores[position]))
        if wrong.size:
            raise PenumbraError(
                f"{file}, row {numbers[position]}: {given[wrong[0]]} is "
                f"{cells[2 + wrong[0]][:40]!r}; a score is a number"
            )
    return (scores > 0).astype(np.int8)


def _image_folder(path: Path) -> Path:
    for name in reversed(FOLDERS):
        if (path / name).is_dir():
            return path / name
    raise PenumbraError(
        f"{path}: no folder {', '.join(FOLDERS[:3])}; unpack the photographs beside the attributes"
    )


SOURCE = Source(
    title="Labeled Faces in the Wild",
    help="A folder with lfw (a folder per person; lfw-deepfunneled also works) and "
    "lfw_attributes.txt.",
    list=list_lfw,
)
