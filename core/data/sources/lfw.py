"""Labeled Faces in the Wild with its attribute scores.

Photographs: Huang et al. (2007), a folder per person with person_0001.jpg and so on. Attributes:
Kumar et al., "Attribute and Simile Classifiers for Face Verification" (2009), lfw_attributes.txt,
tab-separated real scores per photograph, above 0 where the attribute is present.
"""

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
    table = _table(path / "lfw_attributes.txt")
    given = table.header[2:]
    names = labels.spelled(
        [RENAMED.get(name, name) for name in given], f"{table.file}, row {table.header_row}"
    )
    named = f"{', '.join(FOLDERS[:3])}; unpack the photographs beside the attributes"
    folders = [name for name in FOLDERS[::-1] if (path / name).is_dir()]
    images = listing.first_there(path, folders, f"no folder {named}")
    available = listing.files(images)
    every = [
        _photograph(table, number, cells)
        for number, cells in zip(table.numbers, table.cells, strict=True)
    ]
    table.unique(every)
    here = [name in available for name in every]
    if not any(here):
        raise PenumbraError(
            f"{images}: holds none of the photographs of lfw_attributes.txt; it needs a folder per "
            "person, such as Aaron_Eckhart/Aaron_Eckhart_0001.jpg"
        )
    images_here = [name for name in every if name in available]
    people = [name.split("/")[0] for name in images_here]
    split, notes = splits.seeded(people, options.get("split_seed", 0))
    if "Young" in names and "Youth" in given:
        notes.append("LFW's 'Youth' is used as CelebA's Young")
    photographs, present = [available[name] for name in images_here], _present(table.where(here))
    notes += listing.absences(here)
    return Listing(images_here, photographs, names, present, people, split, notes)


def _photograph(table: labels.Table, number: int, cells: list[str]) -> str:
    """The file of a row's photograph. Raises PenumbraError for a row that names none."""
    if len(cells) != len(table.header):
        header = f"the header has {len(table.header)}"
        raise table.wrong(number, f"{len(cells)} cells where {header}; copy the file again")
    if not cells[1].isdigit():
        raise table.wrong(number, f"image number {cells[1][:40]!r} is no number")
    person = cells[0].replace(" ", "_")
    return f"{person}/{person}_{int(cells[1]):04d}.jpg"


def _table(file: Path) -> labels.Table:
    """lfw_attributes.txt, whose header is a comment line: "#", person, imagenum, attribute names,
    tab-separated."""
    header: list[str] = []
    header_row, rows = 0, {}
    for number, line in enumerate(labels.read_text(file).splitlines(), 1):
        if line.startswith("#"):
            cells = [cell.strip() for cell in line.lstrip("#").split("\t") if cell.strip()]
            if cells[:2] == ["person", "imagenum"]:
                header, header_row = cells, number
        elif line.strip():
            rows[number] = [cell.strip() for cell in line.rstrip("\t").split("\t")]
    if len(header) < 3:
        raise PenumbraError(
            f"{file}: no header line '# person imagenum ...'; use the file as published"
        )
    if not rows:
        raise PenumbraError(f"{file}: no rows under the header; use the file as published")
    return labels.Table(str(file), header, list(rows.values()), list(rows), header_row)


def _present(table: labels.Table) -> np.ndarray:
    """Scores above 0 as int8 (N, A) of 0 and 1."""
    scores = np.empty((len(table.cells), len(table.header) - 2))
    for position, cells in enumerate(table.cells):
        for column, cell in enumerate(cells[2:]):
            try:
                scores[position, column] = float(cell)
            except ValueError:
                scores[position, column] = np.nan
        wrong = np.flatnonzero(~np.isfinite(scores[position])) + 2
        if wrong.size:
            what = f"{table.header[wrong[0]]} is {cells[wrong[0]][:40]!r}; a score is a number"
            raise table.wrong(table.numbers[position], what)
    return (scores > 0).astype(np.int8)


SOURCE = Source(
    title="Labeled Faces in the Wild",
    help="A folder with lfw (a folder per person; lfw-deepfunneled also works) and "
    "lfw_attributes.txt.",
    list=list_lfw,
)
