"""Data sets by name: the shipped synthetic one and those the user added on this machine."""

import csv
import difflib
import json
import os
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
from filelock import FileLock

from core.data import joined, splits
from core.data.faces import SPLITS, Faces
from core.data.labels import attribute_columns
from core.data.listing import Listing
from core.data.packing import decode, pack
from core.data.sources import SOURCES
from core.errors import PenumbraError
from core.run import NAME, ROOT, home
from core.storage import files

REGISTRY = "datasets.json"
SHIPPED = ROOT / "core" / "synthetic" / "faces"
# Options every source takes; those of one source stand in its `Source.options`.
OPTIONS = {
    "split_seed": "whole number; people are split into defender, attacker, validation and test by it",
    "crop": "fraction of the central part of a photograph that is kept, above 0 up to 1",
    "people": "whole number; only so many people are used, drawn by their names: the same each time",
}
MIN_SIDE, MAX_SIDE = 8, 1024  # pixels


def catalogue() -> dict[str, dict[str, Any]]:
    """Every data set by name: {"source", "path", "options"} and, where known without reading all of
    it, "attributes" (names), "images" and "identities" (counts). A join of two (`join`) has no path
    of its own."""
    return {"synthetic": _shipped(), **_registered()}


def add(
    name: str, source: str, path: str | os.PathLike[str], options: dict[str, Any] | None = None
) -> dict[str, Any]:
    """Register a data set under `name` and return its entry of the catalogue.

    Its labels are read and checked; its photographs are decoded when it is first loaded. Raises
    PenumbraError for a bad or taken name, an unknown source or option, and whatever is wrong with
    the files.
    """
    _check_free(name)
    place = str(Path(path).expanduser().resolve())
    entry = {"source": source, "path": place, "options": options or {}}
    return _register(name, checked_entry(entry, f"data set {name!r}"))


def join(name: str, first: str, second: str) -> dict[str, Any]:
    """Register, under `name`, the data set `first` with the people of `second` as more for defender
    and attacker to learn from (`core.data.joined`), and return its entry of the catalogue.

    Neither can be removed before the join is. Raises PenumbraError for a bad or taken name, an
    unknown data set, a join of a join, two of one folder or of different options `crop`, and two
    that share no attribute.
    """
    _check_free(name)
    for part in (first, second):
        entry_of(part)  # an unknown name is answered with a guess
    return _register(name, {"source": joined.SOURCE, "options": {"first": first, "second": second}})


def _check_free(name: str) -> None:
    """Raise PenumbraError where a data set cannot be called `name`."""
    if not NAME.fullmatch(name):
        raise PenumbraError(f"data set name {name!r} must be a-z, 0-9, _ or -, up to 40 long")
    if name in catalogue():
        raise PenumbraError(
            f"there is already a data set {name!r}; remove it or choose another name"
        )


def _register(name: str, entry: dict[str, Any]) -> dict[str, Any]:
    """Read and check the labels of a new entry, count what it has, and keep it under `name`."""
    listing = listed(entry)
    entry |= {
        "attributes": list(listing.attribute_names),
        "images": len(listing.names),
        "identities": len(set(listing.identities)),
    }
    with _lock():
        files.write_json(home() / REGISTRY, _registered() | {name: entry})
    return entry


def remove(name: str) -> None:
    """Forget a registered data set and delete its packed copies; the photographs stay."""
    if name == "synthetic":
        raise PenumbraError("the synthetic data set is part of Penumbra and cannot be removed")
    with _lock():
        registered = _registered()
        if name not in registered:
            raise PenumbraError(_unknown(name))
        for other, entry in registered.items():
            if joined.is_join(entry) and name in joined.names(entry):
                raise PenumbraError(
                    f"{other!r} joins {name!r} with another; remove {other!r} first"
                )
        del registered[name]
        files.write_json(home() / REGISTRY, registered)
    pack.discard(name)


def entry_of(dataset: str) -> dict[str, Any]:
    """The catalogue's entry. Raises PenumbraError for an unknown name."""
    known = catalogue()
    if dataset not in known:
        raise PenumbraError(_unknown(dataset))
    return known[dataset]


def sources(entry: dict[str, Any]) -> tuple[dict[str, Any], ...]:
    """The entries with photographs of their own behind an entry: two of a join, else itself."""
    if not joined.is_join(entry):
        return (entry,)
    return joined.parts(entry, catalogue(), " + ".join(joined.names(entry)))


def listed(entry: dict[str, Any]) -> Listing:
    """The photographs and labels of a catalogue entry, read and checked but not decoded."""
    if joined.is_join(entry):
        one, other = sources(entry)
        alike, seed = joined.names_alike(one, other), one["options"].get("split_seed", 0)
        return joined.listing(listed(one), listed(other), joined.names(entry)[1], alike, seed)
    found = SOURCES[entry["source"]].list(pack.folder_of(entry), entry["options"])
    people = entry["options"].get("people")
    return found if people is None else found.at(splits.drawn(found.identities, people))


def load(
    dataset: str, height: int, width: int, progress: bool = True, processes: int | None = None
) -> Faces:
    """The data set `dataset` at `height` x `width` pixels, memory-mapped.

    The first call at a size decodes all photographs (with a progress bar, on `processes` or all
    cores); later calls open the packed array. Raises PenumbraError for whatever is wrong with it.
    """
    for side in (height, width):
        if not MIN_SIDE <= side <= MAX_SIDE:
            raise PenumbraError(
                f"size {height} x {width}: a side has {MIN_SIDE} to {MAX_SIDE} pixels"
            )
    entry = entry_of(dataset)
    crop = _crop(entry)
    for _ in range(3):
        mark = _stamp(entry)
        folder = pack.pack(
            dataset, height, width, mark, lambda: listed(entry), crop, processes, progress
        )
        with suppress(FileNotFoundError):  # a packing of a newer source has just replaced this one
            return pack.open_pack(folder, dataset)
    raise PenumbraError(f"{folder}: incomplete pack; delete this folder")


def is_packed(dataset: str, height: int, width: int) -> bool:
    """Whether `load` opens the data set at this size at once, without decoding photographs."""
    entry = entry_of(dataset)
    return pack.folder(dataset, height, width, _stamp(entry)).is_dir()


def _stamp(entry: dict[str, Any]) -> str:
    """What changes when an entry's photographs or labels do."""
    return joined.stamp(entry, *sources(entry)) if joined.is_join(entry) else pack.stamp(entry)


def _crop(entry: dict[str, Any]) -> float:
    """The option crop of an entry; the two of a join have the same."""
    return float(sources(entry)[0]["options"].get("crop", 1.0))


def describe(dataset: str) -> dict[str, Any]:
    """Counts a page shows: "images", "identities", "attributes" (name -> share of ones), "splits"
    (name -> {"images", "identities"}), "skipped" (lines), "notes" (lines), "packed" (whether a
    decoded copy exists; if not, unreadable photographs are not known yet)."""
    entry = entry_of(dataset)
    for folder in pack.existing(dataset, _stamp(entry)):
        return pack.read_summary(folder) | {"packed": True}
    listing = listed(entry)
    splits.checked(listing.split, listing.identities, dataset)
    return pack.summary(listing, []) | {"packed": False}


def preview(dataset: str, count: int = 12, size: int = 96) -> np.ndarray:
    """Photographs of `count` different people (fewer if there are fewer), uint8 (n, S, S', 3): from
    the largest packed copy, else decoded now at `size` pixels."""
    entry = entry_of(dataset)
    packs = pack.existing(dataset, _stamp(entry))
    if packs:
        faces = pack.open_pack(packs[-1], dataset)
        return np.ascontiguousarray(faces.images[np.sort(_spread(faces.identities, count))])
    return sample(listed(entry), count, size, _crop(entry))[0]


def sample(
    found: Listing, count: int, size: int, crop: float = 1.0
) -> tuple[np.ndarray, dict[str, str]]:
    """Photographs of `count` different people, decoded now: uint8 (n, S, S, 3) at `size` pixels,
    and name -> reason of those that cannot be read and are left out."""
    chosen = _spread(found.identities, count)
    photographs = [found.photographs[position] for position in chosen]
    images, _, broken = decode.decode_chunk(photographs, size, size, crop)
    unreadable = {found.names[chosen[at]]: reason for at, reason in broken}
    return np.delete(images, [at for at, _ in broken], axis=0), unreadable


def _spread(identities: Any, count: int) -> np.ndarray:
    """Positions of the first photograph of `count` people, who are evenly spread over all."""
    first = np.unique(identities, return_index=True)[1]
    return first[np.linspace(0, len(first) - 1, min(count, len(first))).astype(int)]


def checked_entry(entry: Any, where: str) -> dict[str, Any]:
    """A catalogue entry with every field checked. Raises PenumbraError naming `where`."""
    if not isinstance(entry, dict) or not isinstance(entry.get("path"), str):
        raise PenumbraError(f"{where}: damaged entry; remove it and add the data set again")
    source, options = entry.get("source"), entry.get("options", {})
    if source not in SOURCES:
        raise PenumbraError(
            f"{where}: unknown source {source!r}; choose one of {', '.join(SOURCES)}"
        )
    if not isinstance(options, dict):
        raise PenumbraError(f"{where}: options are {options!r}; they must map names to values")
    known = OPTIONS | SOURCES[source].options
    checked = {}
    for option, value in options.items():
        if option not in known:
            raise PenumbraError(f"{where}: unknown option {option!r}; choose of {', '.join(known)}")
        checked[option] = _option(option, value)
        if checked[option] is None:
            raise PenumbraError(
                f"{where}: option {option} is {str(value)[:80]!r}; it must be: {known[option]}"
            )
    return {**entry, "options": checked}


def _option(name: str, value: Any) -> Any:
    """An option's value, from text where it comes from the command line; None where it is wrong."""
    with suppress(ValueError, TypeError):
        if name == "split_seed" and 0 <= (seed := int(str(value))) < 2**31:
            return seed
        if name == "people" and (people := int(str(value))) >= len(SPLITS):
            return people
        if name == "crop" and not isinstance(value, bool) and 0 < (crop := float(value)) <= 1:
            return crop
    fits = name not in OPTIONS and isinstance(value, str) and 0 < len(value) < 4096
    return value if fits else None


def _shipped() -> dict[str, Any]:
    entry: dict[str, Any] = {"source": "synthetic", "path": str(SHIPPED), "options": {}}
    table = SHIPPED / "labels.csv"
    if table.is_file():
        with open(table, encoding="utf-8", newline="") as file:
            entry["attributes"] = attribute_columns(next(csv.reader(file), []))
    return entry


def _unknown(name: str) -> str:
    known = list(catalogue())
    close = difflib.get_close_matches(name, known, 1)
    hint = f"did you mean {close[0]!r}?" if close else f"there are: {', '.join(known)}"
    return f"unknown data set {name!r}; {hint}"


def _lock() -> FileLock:
    home().mkdir(parents=True, exist_ok=True)
    return FileLock(home() / "datasets.lock")


def _registered() -> dict[str, dict[str, Any]]:
    file = home() / REGISTRY
    try:
        entries = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
        if not isinstance(entries, dict):
            raise ValueError("no object")
    except (OSError, ValueError) as error:
        raise PenumbraError(
            f"{file}: damaged ({error}); delete it and add the data sets again"
        ) from None
    for name, entry in entries.items():
        if not NAME.fullmatch(name) or name == "synthetic":
            raise PenumbraError(f"{file}: {name!r} is no data set name; delete that entry")
        joins = isinstance(entry, dict) and entry.get("source") == joined.SOURCE
        check = joined.checked_entry if joins else checked_entry
        entries[name] = check(entry, f"{file}, {name!r}")
    return entries
