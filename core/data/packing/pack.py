"""Photographs decoded once, in parallel, into one memory-mapped uint8 array per size.

A pack is a folder under `core.run.home()/packed`, named after the data set, the size and a stamp of
the source: a changed source gets a new pack. It is built under a lock in a folder of another name,
and renamed when whole.
"""

import hashlib
import json
import os
import shutil
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
from filelock import FileLock, Timeout

from core.data import splits
from core.data.faces import SPLITS, Faces
from core.data.listing import Listing
from core.data.packing.parallel import decode_all
from core.data.sources import SOURCES
from core.errors import PenumbraError
from core.run import home
from core.storage.whole_folders import is_done, mark_done

FORMAT = 1  # of a pack; part of its stamp
MAX_BROKEN = 20  # broken photographs that are skipped however few there are in all ...
MAX_BROKEN_SHARE = 0.05  # ... and the share above which it is an error


def folder_of(entry: dict[str, Any]) -> Path:
    """The folder of a catalogue entry. Raises PenumbraError where it is not there."""
    root = Path(entry["path"])
    if not root.is_dir():
        raise PenumbraError(
            f"{root}: no such folder; mount it, or remove and add the data set again"
        )
    return root


def stamp(entry: dict[str, Any]) -> str:
    """12 hex digits that change when the source does: the entry of the catalogue and the path, size
    and time of every file under it."""
    described = [FORMAT, entry["source"], entry["path"], entry["options"]]
    digest = hashlib.sha256(json.dumps(described, sort_keys=True).encode())
    root = folder_of(entry)
    lines = []
    for option in SOURCES[entry["source"]].file_options:
        named = root / Path(entry["options"].get(option, "")).expanduser()
        lines += [_file_line(named, option)] if named.is_file() else []
    folders = [str(root)]
    while folders:
        try:
            with os.scandir(folders.pop()) as items:
                for item in items:
                    if item.is_dir():  # a linked image folder counts; a link inside it does not
                        if not item.is_symlink() or Path(item.path).parent == root:
                            folders.append(item.path)
                    elif item.is_file():
                        lines.append(_file_line(Path(item.path), os.path.relpath(item.path, root)))
        except OSError as error:
            raise PenumbraError(f"{error.filename}: {error.strerror}; make it readable") from None
    for line in sorted(lines):
        digest.update(line.encode("utf-8", "surrogateescape"))
    return digest.hexdigest()[:12]


def _file_line(path: Path, name: str) -> str:
    status = path.stat()
    return f"{name}\0{status.st_size}\0{status.st_mtime_ns}\n"


def folder(name: str, height: int, width: int, mark: str) -> Path:
    """Where the pack of a data set at one size and stamp lies."""
    return home() / "packed" / f"{name}-{height}x{width}-{mark}"


def _all(name: str, size: str = "*x*", mark: str = "*") -> list[Path]:
    """Packs of a data set, whole or not."""
    found = (home() / "packed").glob(f"{name}-{size}-{mark}")
    return [path for path in found if path.name.rsplit("-", 2)[0] == name and path.is_dir()]


def existing(name: str, mark: str) -> list[Path]:
    """Finished packs of a data set at a stamp, by rising number of pixels."""
    found = filter(is_done, _all(name, mark=mark))
    return sorted(found, key=lambda path: (path / "images.npy").stat().st_size)


def discard(name: str) -> None:
    for path in _all(name):
        shutil.rmtree(path, ignore_errors=True)


def pack(
    name: str,
    height: int,
    width: int,
    mark: str,
    listed: Callable[[], Listing],
    crop: float = 1.0,
    processes: int | None = None,
    progress: bool = True,
) -> Path:
    """The pack's folder, built if it is not there yet. `listed` gives the photographs and labels and
    is called only then. Raises PenumbraError when too many photographs are broken."""
    target = folder(name, height, width, mark)
    if is_done(target):
        return target
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise PenumbraError(
            f"{target.parent}: {error.strerror}; set PENUMBRA_HOME to a folder you may write to"
        ) from None
    with FileLock(target.with_suffix(".lock")):
        if is_done(target):  # another process packed it while this one waited
            return target
        partial = target.with_suffix(".partial")
        for rubbish in (partial, target):
            if rubbish.exists():
                shutil.rmtree(rubbish)
        partial.mkdir()
        try:
            _build(partial, name, height, width, listed(), crop, processes, progress)
            os.replace(partial, target)
        finally:
            shutil.rmtree(partial, ignore_errors=True)
    for stale in _all(name, f"{height}x{width}", "?" * 12):
        if stale != target:
            _delete_unless_wanted(stale)
    return target


def _delete_unless_wanted(stale: Path) -> None:
    """Delete a pack of an older source, but not while another process (of a second checkout, whose
    synthetic faces lie elsewhere) is about to take or make it."""
    with suppress(Timeout), FileLock(stale.with_suffix(".lock"), timeout=0):
        shutil.rmtree(stale, ignore_errors=True)


def _build(
    target: Path,
    name: str,
    height: int,
    width: int,
    listing: Listing,
    crop: float,
    processes: int | None,
    progress: bool,
) -> None:
    count = len(listing.names)
    need, free = count * height * width * 3, shutil.disk_usage(target).free
    if need * 1.1 > free:
        raise PenumbraError(
            f"{target.parent}: packing {name} needs {need / 2**30:.1f} GB and {free / 2**30:.1f} GB "
            "are free; make room or set PENUMBRA_HOME to another disk"
        )
    checksums, broken = decode_all(
        listing.photographs, target / "images.npy", height, width, crop, processes, progress, name
    )
    skipped = [f"{listing.names[position]}: {reason}" for position, reason in sorted(broken)]
    if len(broken) == count or len(broken) > max(MAX_BROKEN, MAX_BROKEN_SHARE * count):
        raise PenumbraError(
            f"{name}: {len(broken)} of {count} photographs cannot be read, the first: {skipped[0]}; "
            "replace them or delete their rows"
        )
    keep = np.setdiff1d(np.arange(count), [position for position, _ in broken])
    if broken:
        _compact(target, keep)
    kept = listing.at(keep)
    names, identities = np.unique(np.array(kept.identities, dtype=object), return_inverse=True)
    people = names.tolist()
    where = name
    if skipped:
        where += f" without {len(skipped)} unreadable photographs ({skipped[0]}, ...)"
    splits.checked(kept.split, identities, where)
    about = summary(kept, skipped)
    described = [height, width, crop, list(kept.attribute_names), kept.names]
    digest = hashlib.sha256(json.dumps(described).encode() + json.dumps(people).encode())
    digest.update(np.array(checksums, dtype="<u4")[keep].tobytes())
    arrays = {"attributes": kept.attributes, "identities": identities, "split": kept.split}
    for label, array in arrays.items():
        digest.update(array.astype("<i8").tobytes())
        np.save(target / f"{label}.npy", array, allow_pickle=False)
    labels = {
        "attribute_names": list(kept.attribute_names),
        "names": kept.names,
        "identity_names": people,
        "skipped": skipped,
        "notes": about["notes"],
        "fingerprint": digest.hexdigest(),
    }
    for label, content in (("labels", labels), ("summary", about)):
        (target / f"{label}.json").write_text(json.dumps(content), encoding="utf-8")
    mark_done(target)


def _compact(target: Path, keep: np.ndarray) -> None:
    """Leave broken photographs out of the array file, a part at a time."""
    images = np.load(target / "images.npy", mmap_mode="r", allow_pickle=False)
    kept = np.lib.format.open_memmap(
        target / "kept.npy", mode="w+", dtype=np.uint8, shape=(len(keep), *images.shape[1:])
    )
    for start in range(0, len(keep), 1024):
        kept[start : start + 1024] = images[keep[start : start + 1024]]
    del images, kept
    os.replace(target / "kept.npy", target / "images.npy")


def constant_attributes(listing: Listing) -> list[str]:
    """A note for each attribute that has one value only in a split."""
    notes = []
    for labels, name in zip(listing.attributes.T, listing.attribute_names, strict=True):
        parts = [labels[listing.split == number] for number in range(len(SPLITS))]
        where = [split for split, part in zip(SPLITS, parts, strict=True) if np.ptp(part) == 0]
        if where:
            notes.append(f"{name} never varies in {', '.join(where)}: it cannot be measured there")
    return notes


def summary(listing: Listing, skipped: list[str]) -> dict[str, Any]:
    """What a page shows of a data set without touching its photographs."""
    shares = listing.attributes.mean(axis=0, dtype=np.float64)
    people = np.array(listing.identities)
    parts = [people[listing.split == number] for number in range(len(SPLITS))]
    return {
        "images": len(people),
        "identities": len(np.unique(people)),
        "attributes": dict(zip(listing.attribute_names, shares.tolist(), strict=True)),
        "splits": {
            name: {"images": len(part), "identities": len(np.unique(part))}
            for name, part in zip(SPLITS, parts, strict=True)
        },
        "skipped": skipped,
        "notes": listing.notes + constant_attributes(listing),
    }


def read_summary(target: Path) -> dict[str, Any]:
    try:
        return json.loads((target / "summary.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise PenumbraError(f"{target}: damaged pack ({error}); delete this folder") from None


def open_pack(target: Path, dataset: str) -> Faces:
    """The `Faces` of a finished pack. Raises PenumbraError when its files do not fit together."""
    try:
        labels = json.loads((target / "labels.json").read_text(encoding="utf-8"))
        images = np.load(target / "images.npy", mmap_mode="r", allow_pickle=False)
        arrays = {
            label: np.load(target / f"{label}.npy", allow_pickle=False)
            for label in ("attributes", "identities", "split")
        }
        count = len(labels["names"])
        if images.dtype != np.uint8 or any(len(a) != count for a in (images, *arrays.values())):
            raise ValueError("its arrays differ in length")
        fingerprint = labels.pop("fingerprint")
        lists: dict[str, Any] = {name: tuple(entries) for name, entries in labels.items()}
        return Faces(images=images, fingerprint=fingerprint, dataset=dataset, **lists, **arrays)
    except FileNotFoundError:
        raise
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise PenumbraError(f"{target}: damaged pack ({error}); delete this folder") from None
