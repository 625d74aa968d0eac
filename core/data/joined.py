"""Two data sets as one: the second's people are more for defender and attacker to learn from.

A join is an entry of the catalogue that names two others. It is listed, packed and loaded as any
data set is; what is trained and measured on it knows nothing of this.
"""

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np

from core.data import splits
from core.data.listing import Listing
from core.data.packing import pack
from core.data.sources import SOURCES
from core.errors import PenumbraError
from core.run import NAME

SOURCE = "join"  # of its entry: {"source": "join", "options": {"first": name, "second": name}}
FORMAT = 1  # of how two listings become one; part of a join's stamp
Entry = dict[str, Any]


def is_join(entry: Entry) -> bool:
    return bool(entry["source"] == SOURCE)


def names(entry: Entry) -> tuple[str, str]:
    return entry["options"]["first"], entry["options"]["second"]


def checked_entry(entry: Entry, where: str) -> Entry:
    """A join's entry with its fields checked. Raises PenumbraError naming `where`."""
    options = entry.get("options")
    if (
        not isinstance(options, dict)
        or set(options) != {"first", "second"}
        or not all(isinstance(name, str) and NAME.fullmatch(name) for name in options.values())
    ):
        raise PenumbraError(f"{where}: damaged entry; remove it and join the data sets again")
    return entry


def parts(entry: Entry, known: dict[str, Entry], where: str) -> tuple[Entry, Entry]:
    """The entries of the two data sets of a join. Raises PenumbraError naming `where` where one is
    not in the catalogue `known`, or the two do not go together."""
    first, second = names(entry)
    for name in (first, second):
        if name not in known:
            raise PenumbraError(f"{where} joins {name!r}, which is not there; add it again")
        if is_join(known[name]):
            raise PenumbraError(f"{where}: {name!r} is a join itself; join two that are none")
    one, other = known[first], known[second]
    check_folders(first, (one,), second, (other,))
    mine, its = (part["options"].get("crop", 1.0) for part in (one, other))
    if mine != its:
        raise PenumbraError(
            f"{where}: {first} has the option crop {mine:g} and {second} {its:g}; add one of them "
            "again, so that both keep the same part of a photograph"
        )
    return one, other


def check_folders(
    first: str, ours: tuple[Entry, ...], second: str, theirs: tuple[Entry, ...]
) -> None:
    """Raise PenumbraError where one of the entries of data set `first`, none of them a join, is
    registered from the same folder as one of `second`."""
    taken = {Path(entry["path"]).resolve() for entry in ours}
    for path in sorted(taken & {Path(entry["path"]).resolve() for entry in theirs}):
        raise PenumbraError(
            f"{first} and {second} are both registered from {path}: a second source must hold other "
            "photographs, of other people"
        )


def names_alike(first: Entry, second: Entry) -> bool:
    """Whether equal names mean one person in two entries, neither a join: of one folder always, in
    sources of two kinds never, else as the source says."""
    mine, its = Path(first["path"]), Path(second["path"])
    if first["source"] != second["source"]:
        return False
    return mine.resolve() == its.resolve() or SOURCES[first["source"]].same_people(mine, its)


def prefixed(second: str, name: str) -> str:
    """The name in a join of a person or photograph of the second data set."""
    return f"{second}:{name}"


def listing(first: Listing, second: Listing, name: str, alike: bool, seed: int) -> Listing:
    """`first` with its four splits as they are, and behind it the people of `second`, the data set
    `name`, in defender and attacker alone, placed by `seed`.

    Where equal names mean one person (`alike`), whom both have is left out of `second`. Attributes
    are those that both have, in the order of `first`. Raises PenumbraError where they share none,
    or nobody of `second` remains.
    """
    shared = tuple(a for a in first.attribute_names if a in second.attribute_names)
    if not shared:
        raise PenumbraError(
            f"{name} has no attribute of the first data set: {', '.join(second.attribute_names)[:200]}"
            f" here, {', '.join(first.attribute_names)[:200]} there; rename what means the same"
        )
    both = set(first.identities) & set(second.identities) if alike else set()
    rows = [row for row, person in enumerate(second.identities) if person not in both]
    if not rows:
        raise PenumbraError(
            f"everybody in {name} has the name of somebody in the first data set: join photographs "
            "of other people, or give other names to those who are not the same"
        )
    more = second.at(rows)
    taken = {person for person in first.identities if person.startswith(prefixed(name, ""))}
    if taken:
        raise PenumbraError(f"the first data set has a person {min(taken)!r}; give another name")
    notes = [f"with {len(set(more.identities))} people of {name}, in defender and attacker alone"]
    if both:
        notes.append(f"{len(both)} people of {name} are left out: the first data set has them")
    labels = [
        part.attributes[:, [part.attribute_names.index(a) for a in shared]]
        for part in (first, more)
    ]
    return Listing(
        names=[*first.names, *(prefixed(name, photograph) for photograph in more.names)],
        photographs=[*first.photographs, *more.photographs],
        attribute_names=shared,
        attributes=np.concatenate(labels),
        identities=[*first.identities, *(prefixed(name, person) for person in more.identities)],
        split=np.concatenate((first.split, splits.to_learn_from(more.identities, seed))),
        notes=[*first.notes, *notes],
    )


def stamp(entry: Entry, one: Entry, other: Entry) -> str:
    """12 hex digits that change when either source of a join does."""
    marks = [FORMAT, *names(entry), pack.stamp(one), pack.stamp(other)]
    return hashlib.sha256(json.dumps(marks).encode()).hexdigest()[:12]
