"""A folder of photographs that somebody wants to add, looked at before anything is written.

Where the engine stops at the first mistake, this goes on and lists them by line, so that a person
mends all of them at once.
"""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from core.data import datasets, labels, listing, splits
from core.data.packing import pack
from core.data.sources import folder
from core.errors import PenumbraError

LONGEST_PATH = 4096
MOST_PROBLEMS = 25  # listed; the rest is counted
PREVIEWED = 8  # photographs that are decoded
PREVIEW_SIZE = 96  # pixels


@dataclass(frozen=True, eq=False)
class Checked:
    """What was found in the folder `path`.

    problems    one line each, the file's name and row first; empty where it can be registered
    more        problems that were counted and not listed
    images, identities   counts; 0 where there are problems
    attributes  name -> (photographs with 1, photographs with 0)
    preview     uint8 (n, S, S, 3), of different people
    unreadable  names of previewed photographs that cannot be decoded, with the reason
    """

    path: Path
    problems: tuple[str, ...] = ()
    more: int = 0
    images: int = 0
    identities: int = 0
    attributes: dict[str, tuple[int, int]] | None = None
    notes: tuple[str, ...] = ()
    preview: np.ndarray | None = None
    unreadable: tuple[str, ...] = ()


def typed_path(text: str, root: Path | None = None) -> Path:
    """The folder that a person typed, resolved, which has to lie in `root`. Raises PenumbraError
    saying what to do where it does not; of what lies outside `root` nothing is told."""
    text = text.strip().strip("\"'").strip()
    if not text:
        raise PenumbraError("Type the path of the folder with the photographs.")
    if len(text) > LONGEST_PATH or any(ord(sign) < 32 for sign in text):
        raise PenumbraError("This is no path: it is too long or holds signs that no path has.")
    try:
        path = Path(text).expanduser()
        if not path.is_absolute():
            raise PenumbraError(
                f"“{text[:200]}” is no whole path. Type it from the start, such as "
                "/home/you/photographs."
            )
        path = path.resolve()
        if root is not None and not path.is_relative_to(root.resolve()):
            raise PenumbraError(
                f"Only folders inside {root} may be registered here. Move the photographs there."
            )
        if not path.is_dir():
            raise PenumbraError(
                f"There is no folder {path} on the machine that runs Penumbra. Correct the path, or "
                "copy the photographs there."
            )
        if not os.access(path, os.R_OK | os.X_OK):
            raise PenumbraError(f"{path} may not be read. Give the user that runs Penumbra access.")
    except (OSError, RuntimeError, ValueError) as error:
        raise PenumbraError(
            f"“{text[:200]}” cannot be looked at ({error}). Type another."
        ) from None
    return path


def check(path: Path, options: dict[str, Any] | None = None) -> Checked:
    """What the folder at `path` (of `typed_path`) holds, or what is wrong with it, by line. Writes
    nothing."""
    try:
        entry = datasets.checked_entry(
            {"source": "folder", "path": str(path), "options": options or {}}, "these photographs"
        )
        found = datasets.listed(entry)
        splits.checked(found.split, found.identities, str(path))
    except PenumbraError as error:
        problems = by_line(path, options or {}) or [str(error)]
        count = max(0, len(problems) - MOST_PROBLEMS)
        return Checked(path, tuple(problems[:MOST_PROBLEMS]), count)
    ones = found.attributes.sum(axis=0, dtype=np.int64)
    preview, unreadable = datasets.sample(found, PREVIEWED, PREVIEW_SIZE)
    counts = zip(ones.tolist(), (len(found.names) - ones).tolist(), strict=True)
    return Checked(
        path,
        images=len(found.names),
        identities=len(set(found.identities)),
        attributes=dict(zip(found.attribute_names, counts, strict=True)),
        notes=(*found.notes, *pack.constant_attributes(found)),
        preview=preview,
        unreadable=tuple(f"{name[:200]}: {reason}" for name, reason in unreadable.items()),
    )


def by_line(path: Path, options: dict[str, Any]) -> list[str]:
    """Every problem with the rows of a folder's CSV, in their order; none where the file as a whole
    cannot be read or where what is wrong is not in a row."""
    try:
        table = labels.read_csv(folder.label_file(path, options.get("labels")))
        names = table.attribute_names()
        available = listing.files(path)
    except PenumbraError:
        return []
    columns = [table.header.index(name) for name in labels.attribute_columns(table.header)]
    seen: dict[str, int] = {}
    problems = []
    for number, row in zip(table.numbers, table.cells, strict=True):
        where = f"{Path(table.file).name}, row {number}"
        try:
            labels.binary([[row[column] for column in columns]], names, table.file, [number])
        except PenumbraError as error:
            problems.append(str(error).replace(table.file, Path(table.file).name))
        if "image" in table.header:
            image = row[table.header.index("image")].strip().replace("\\", "/")
            if image not in available:
                problems.append(f"{where}: {listing.absent(path, image)}")
            elif (before := seen.setdefault(image, number)) != number:
                problems.append(f"{where}: {image[:200]!r} is already in row {before}; delete one")
        if "identity" in table.header and not row[table.header.index("identity")].strip():
            problems.append(f"{where}: identity is blank; name the person")
    return problems
