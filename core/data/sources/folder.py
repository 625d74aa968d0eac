"""The user's own photographs: a folder and a CSV.

The CSV has a header and either
- one row per photograph: `image` (path inside the folder), optionally `identity` and `split`, and one
  column per attribute, 0/1 or -1/1; or
- one row per person (as VGGFace keeps its photographs): `identity` (name of the person's folder),
  optionally `split`, and the attributes, which then hold for all photographs in that folder.
Columns named meta_* are ignored.
"""

from pathlib import Path
from typing import Any

from core.data import labels, listing, splits
from core.data.listing import Listing, Photograph, Source
from core.errors import PenumbraError


def list_folder(path: Path, options: dict[str, Any]) -> Listing:
    """The photographs that the CSV of folder `path` names."""
    table = labels.read_csv(label_file(path, options.get("labels")))
    if "image" not in table.header and "identity" not in table.header:
        table.require("image")
    attributes = table.attributes()
    available = listing.files(path)
    notes: list[str] = []
    if "image" in table.header:
        names = [name.strip().replace("\\", "/") for name in table.column("image")]
        photographs = table.find(names, available, path)
        rows = list(range(len(names)))
        identities = _identities(table, names, options.get("identities", ""), notes)
    else:
        names, photographs, rows = _of_people(table, available, path)
        identities = [table.column("identity")[row].strip() for row in rows]
    if "split" in table.header:
        cells, numbers = table.column("split"), [table.numbers[row] for row in rows]
        split = splits.own(identities, [cells[row].strip() for row in rows], table.file, numbers)
        splits.checked(split, identities, table.file)
    else:
        split, more = splits.seeded(identities, options.get("split_seed", 0))
        notes += more
    shown = attributes[rows]
    return Listing(names, photographs, table.attribute_names(), shown, identities, split, notes)


def label_file(path: Path, named: str | None) -> Path:
    """The CSV: as named by the option, else labels.csv, else the only CSV of the folder."""
    if named:
        return path / Path(named).expanduser()
    if (path / "labels.csv").exists():
        return path / "labels.csv"
    found = sorted(path.glob("*.csv"))
    if len(found) != 1:
        raise PenumbraError(
            f"{path}: {len(found)} CSV files and no labels.csv; name the right one labels.csv"
        )
    return found[0]


def _identities(table: labels.Table, names: list[str], option: str, notes: list[str]) -> list[str]:
    """The person of each photograph; `notes` gets a warning where nobody says who is who."""
    if "identity" in table.header:
        identities = [cell.strip() for cell in table.column("identity")]
        for number, person in zip(table.numbers, identities, strict=True):
            if not person:
                raise table.wrong(number, "identity is blank; name the person")
        return identities
    if option == "folders":
        for number, name in zip(table.numbers, names, strict=True):
            if "/" not in name:
                what = f"{name[:200]!r} lies in no person's folder"
                raise table.wrong(number, f"{what}; move it there or add a column identity")
        return [name.rsplit("/", 1)[0] for name in names]
    if option:
        raise PenumbraError(
            f"option identities is {option!r}; it can only be 'folders', or leave it out"
        )
    notes.append(
        "no column identity: every photograph counts as its own person, so photographs of one person "
        "may lie in several splits and identity cannot be measured"
    )
    return list(names)


def _of_people(
    table: labels.Table, available: dict[str, Photograph], path: Path
) -> tuple[list[str], list[Photograph], list[int]]:
    """Photographs of a CSV with one row per person: (names, photographs, row position of each)."""
    people = [cell.strip() for cell in table.column("identity")]
    table.unique(people)
    by_person: dict[str, list[str]] = {}
    for name in sorted(available):
        person, _, file = name.rpartition("/")
        if file.lower().endswith(listing.IMAGE_SUFFIXES):
            by_person.setdefault(person, []).append(name)
    names: list[str] = []
    rows: list[int] = []
    for row, person in enumerate(people):
        own = by_person.get(person) if person else None
        if not own:
            what = f"{path.name} has no folder {person[:200]!r} with photographs"
            raise table.wrong(table.numbers[row], f"{what}; add it or delete the row")
        names += own
        rows += [row] * len(own)
    return names, [available[name] for name in names], rows


SOURCE = Source(
    title="Own photographs",
    help="A folder of photographs and a CSV: image, identity (optional) and one column per "
    "attribute with 0 or 1; or a folder per person and a CSV with identity and the attributes.",
    list=list_folder,
    options={
        "labels": "path of the CSV, where it is not labels.csv in the folder",
        "identities": "'folders' where the folder a photograph lies in is its person",
    },
    file_options=("labels",),
)
