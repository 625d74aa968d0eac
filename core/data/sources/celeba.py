"""CelebA in its official layout (Liu et al., 2015, "Deep Learning Face Attributes in the Wild").

A folder with img_align_celeba/ or img_align_celeba.zip, list_attr_celeba.txt, identity_CelebA.txt
and list_eval_partition.txt. A subset of the photographs is normal: rows without one are left out.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from core.data import labels, listing, splits
from core.data.listing import Listing, Source
from core.errors import PenumbraError


def list_celeba(path: Path, options: dict[str, Any]) -> Listing:
    """The photographs of folder `path` that all three label files and the image folder have."""
    attribute_file = path / "list_attr_celeba.txt"
    lines = labels.read_text(attribute_file).splitlines()
    if len(lines) < 3 or not lines[0].strip().isdigit():
        raise PenumbraError(
            f"{attribute_file}, row 1: no image count; the official file starts with one and has the "
            "attribute names in row 2"
        )
    rows = [line.split() for line in lines[2:] if line.strip()]
    if len(rows) != int(lines[0]):
        raise PenumbraError(
            f"{attribute_file}: row 1 announces {lines[0].strip()} images and {len(rows)} follow; the "
            "file is incomplete, copy it again"
        )
    names = labels.attribute_names(lines[1].split(), f"{attribute_file}, row 2")
    for number, row in enumerate(rows, 3):
        if len(row) != len(names) + 1:
            raise PenumbraError(
                f"{attribute_file}, row {number}: {len(row)} cells where a file name and {len(names)} "
                "labels belong; copy the file again"
            )
    listing.unique([row[0] for row in rows], str(attribute_file), range(3, len(rows) + 3))
    identities = _pairs(path / "identity_CelebA.txt")
    partition = _pairs(path / "list_eval_partition.txt")
    for image, place in partition.items():
        if place not in ("0", "1", "2"):
            raise PenumbraError(
                f"{path / 'list_eval_partition.txt'}: {image} has partition {place!r}; it is 0, 1 or 2"
            )
    images = _image_container(path)
    # A zip of the folder has its name in front of every photograph's.
    available = {
        name.removeprefix("img_align_celeba/"): photograph
        for name, photograph in listing.files(images).items()
    }
    used = [
        position
        for position, row in enumerate(rows)
        if row[0] in available and row[0] in identities and row[0] in partition
    ]
    if not used:
        raise PenumbraError(
            f"{images}: holds none of the photographs of {attribute_file.name}, identity_CelebA.txt "
            "and list_eval_partition.txt together; check that they belong to one copy of CelebA"
        )
    chosen = [rows[position] for position in used]
    people = [identities[row[0]] for row in chosen]
    split, notes = splits.official(
        people, [int(partition[row[0]]) for row in chosen], options.get("split_seed", 0)
    )
    if len(used) < len(rows):
        notes.append(f"{len(rows) - len(used)} of {len(rows)} listed photographs are not here")
    return Listing(
        names=[row[0] for row in chosen],
        photographs=[available[row[0]] for row in chosen],
        attribute_names=names,
        attributes=labels.binary(
            [row[1:] for row in chosen],
            names,
            str(attribute_file),
            [position + 3 for position in used],
        ),
        identities=people,
        split=split,
        notes=notes,
    )


def _pairs(file: Path) -> dict[str, str]:
    """A file of "image value" lines. Raises PenumbraError for another line or a repeated image."""
    pairs: dict[str, str] = {}
    for number, line in enumerate(labels.read_text(file).splitlines(), 1):
        cells = line.split()
        if not cells:
            continue
        if len(cells) != 2 or not cells[1].isdigit():
            raise PenumbraError(
                f"{file}, row {number}: {line[:60]!r} is not a file name and a number; copy it again"
            )
        if cells[0] in pairs:
            raise PenumbraError(f"{file}, row {number}: {cells[0]} is listed twice; delete one row")
        pairs[cells[0]] = cells[1]
    return pairs


def _image_container(path: Path) -> Path:
    for name in ("img_align_celeba", "img_align_celeba.zip"):
        if (path / name).exists():
            return path / name
    raise PenumbraError(
        f"{path}: neither img_align_celeba/ nor img_align_celeba.zip; put one beside the label files"
    )


SOURCE = Source(
    title="CelebA",
    help="A folder with img_align_celeba (folder or .zip), list_attr_celeba.txt, identity_CelebA.txt "
    "and list_eval_partition.txt.",
    list=list_celeba,
    celeba_aligned=True,
)
