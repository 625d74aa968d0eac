"""CelebA in its official layout (Liu et al., 2015, "Deep Learning Face Attributes in the Wild").

A folder with img_align_celeba/ or img_align_celeba.zip, list_attr_celeba.txt, identity_CelebA.txt
and list_eval_partition.txt. A subset of the photographs is normal: rows without one are left out.
"""

from pathlib import Path
from typing import Any

from core.data import labels, listing, splits
from core.data.listing import Listing, Source
from core.errors import PenumbraError

IMAGES = "img_align_celeba"


def list_celeba(path: Path, options: dict[str, Any]) -> Listing:
    """The photographs of folder `path` that all three label files and the image folder have."""
    table = _table(path / "list_attr_celeba.txt")
    identities = _pairs(path / "identity_CelebA.txt")
    partition = _pairs(path / "list_eval_partition.txt")
    for image, place in partition.items():
        if place not in ("0", "1", "2"):
            raise PenumbraError(
                f"{path / 'list_eval_partition.txt'}: {image} has partition {place!r}; it is 0, 1 or 2"
            )
    otherwise = f"neither {IMAGES}/ nor {IMAGES}.zip; put one beside the label files"
    container = listing.first_there(path, (IMAGES, f"{IMAGES}.zip"), otherwise)
    # A zip of the folder has its name in front of every photograph's.
    available = {
        name.removeprefix(f"{IMAGES}/"): photograph
        for name, photograph in listing.files(container).items()
    }
    here = [
        all(n in known for known in (available, identities, partition))
        for n in table.column("image")
    ]
    used = table.where(here)
    if not used.cells:
        raise PenumbraError(
            f"{container}: holds none of the photographs of list_attr_celeba.txt, identity_CelebA.txt "
            "and list_eval_partition.txt together; check that they belong to one copy of CelebA"
        )
    images = used.column("image")
    people = [identities[image] for image in images]
    split, notes = splits.official(
        people, [int(partition[image]) for image in images], options.get("split_seed", 0)
    )
    photographs, names = [available[image] for image in images], used.attribute_names()
    notes += listing.absences(here)
    return Listing(images, photographs, names, used.attributes(), people, split, notes)


def _table(file: Path) -> labels.Table:
    """list_attr_celeba.txt: the number of images, the attributes' names, a line for each image."""
    lines = labels.read_text(file).splitlines()
    if len(lines) < 3 or not lines[0].strip().isdigit():
        what = (
            "no image count; the official file starts with one and has the attribute names in row 2"
        )
        raise labels.wrong(file, 1, what)
    rows = [line.split() for line in lines[2:] if line.strip()]
    if len(rows) != int(lines[0]):
        raise PenumbraError(
            f"{file}: row 1 announces {lines[0].strip()} images and {len(rows)} follow; the "
            "file is incomplete, copy it again"
        )
    header = ["image", *lines[1].split()]
    table = labels.Table(str(file), header, rows, list(range(3, len(rows) + 3)), header_row=2)
    table.attribute_names()
    for number, row in zip(table.numbers, rows, strict=True):
        if len(row) != len(header):
            belongs = f"a file name and {len(header) - 1} labels"
            raise table.wrong(
                number, f"{len(row)} cells where {belongs} belong; copy the file again"
            )
    table.unique(table.column("image"))
    return table


def _pairs(file: Path) -> dict[str, str]:
    """A file of "image value" lines. Raises PenumbraError for another line or a repeated image."""
    pairs: dict[str, str] = {}
    for number, line in enumerate(labels.read_text(file).splitlines(), 1):
        cells = line.split()
        if not cells:
            continue
        if len(cells) != 2 or not cells[1].isdigit():
            what = f"{line[:60]!r} is not a file name and a number; copy it again"
            raise labels.wrong(file, number, what)
        if cells[0] in pairs:
            raise labels.wrong(file, number, f"{cells[0]} is listed twice; delete one row")
        pairs[cells[0]] = cells[1]
    return pairs


SOURCE = Source(
    title="CelebA",
    help="A folder with img_align_celeba (folder or .zip), list_attr_celeba.txt, identity_CelebA.txt "
    "and list_eval_partition.txt.",
    list=list_celeba,
    celeba_aligned=True,
)
