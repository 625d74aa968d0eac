"""Synthetic faces, as `python -m core data synthetic` writes them and as they are shipped."""

import json
from pathlib import Path
from typing import Any

from core.data import labels, listing, splits
from core.data.listing import Listing, Source


def list_synthetic(path: Path, options: dict[str, Any]) -> Listing:
    """The set in folder `path`: images.zip and labels.csv with the columns image, identity, one per
    attribute (0 or 1) and meta_* (what the generator drew, no attribute)."""
    table, archive = labels.read_csv(path / "labels.csv"), path / "images.zip"
    table.require("image", "identity")
    names, people = table.column("image"), table.column("identity")
    photographs = table.find(names, listing.files(archive), archive)
    split, notes = splits.seeded(people, options.get("split_seed", 0))
    attributes = table.attributes()
    return Listing(names, photographs, table.attribute_names(), attributes, people, split, notes)


def same_people(first: Path, second: Path) -> bool:
    """Whether two sets may have been drawn from one seed: the generator numbers its people."""
    seeds = [_seed(first), _seed(second)]
    return None in seeds or seeds[0] == seeds[1]


def _seed(folder: Path) -> int | None:
    """The seed of a set; None where that is not known."""
    try:
        seed = json.loads((folder / "set.json").read_text(encoding="utf-8"))["seed"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return seed if isinstance(seed, int) else None


SOURCE = Source(
    title="Synthetic faces",
    help="A folder made by `python -m core data synthetic`: images.zip and labels.csv.",
    list=list_synthetic,
    same_people=same_people,
)
