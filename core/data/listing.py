"""What a source returns: which photographs a data set has, where their bytes lie, and their labels.

Nothing is decoded here. Names come from files of unknown origin: one counts only if it is in the
listing of the folder or zip, so it can reach nothing outside.
"""

import os
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any, NamedTuple, Self

import numpy as np

from core.errors import PenumbraError

IMAGE_SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".avif", ".bmp")
MAX_FILES = 5_000_000


class Photograph(NamedTuple):
    """Where the bytes of one photograph lie: a file of its own (offset -1), or in a zip, with the
    offset of its local header, stored and unpacked size, compression method and CRC-32."""

    path: str
    offset: int = -1
    stored: int = 0
    size: int = 0
    method: int = 0
    crc: int = 0


@dataclass(frozen=True)
class Listing:
    """A data set of N photographs before decoding: attributes is int8 (N, A) of 0 and 1; identities
    names the person of each; split is int8 (N,) indexing `core.data.faces.SPLITS`."""

    names: list[str]
    photographs: list[Photograph]
    attribute_names: tuple[str, ...]
    attributes: np.ndarray
    identities: list[str]
    split: np.ndarray
    notes: list[str]

    def at(self, rows: Sequence[int] | np.ndarray) -> Self:
        return replace(
            self,
            names=[self.names[row] for row in rows],
            photographs=[self.photographs[row] for row in rows],
            attributes=self.attributes[rows],
            identities=[self.identities[row] for row in rows],
            split=self.split[rows],
        )


@dataclass(frozen=True)
class Source:
    """A kind of data set; everything that is known of it outside its file.

    title           what people call it
    help            what its folder holds, in a sentence or two
    list            (folder, options) -> Listing
    options         its own options -> what they may be
    file_options    those of its options that name a file, which may lie outside the folder
    same_people     (folder, folder) -> whether equal names in two folders mean one person
    celeba_aligned  whether faces lie where they lie in CelebA's aligned photographs
    """

    title: str
    help: str
    list: Callable[[Path, dict[str, Any]], Listing]
    options: dict[str, str] = field(default_factory=dict)
    file_options: tuple[str, ...] = ()
    same_people: Callable[[Path, Path], bool] = lambda first, second: True
    celeba_aligned: bool = False


def files(root: Path) -> dict[str, Photograph]:
    """All files of a folder (recursively) or a zip: name with "/" -> where it lies.

    A link is followed only to a file inside the folder. Raises PenumbraError when `root` is neither
    a folder nor a readable zip.
    """
    if not (root.is_dir() or root.is_file()):
        raise PenumbraError(f"{root}: no such folder or zip; put it there or correct the path")
    return (_folder_files if root.is_dir() else _zip_files)(root.resolve())


def _folder_files(root: Path) -> dict[str, Photograph]:
    found: dict[str, Photograph] = {}
    folders = [""]  # each with "/" behind it but for the root
    while folders:
        folder = folders.pop()
        try:
            entries = list(os.scandir(root / folder))
        except OSError as error:
            raise PenumbraError(f"{root / folder}: {error.strerror}; make it readable") from None
        for entry in entries:
            name = folder + entry.name
            if entry.is_symlink():
                target = Path(entry.path).resolve()
                if target.is_relative_to(root) and target.is_file():
                    found[name] = Photograph(str(target))
            elif entry.is_dir():
                folders.append(f"{name}/")
            elif entry.is_file():
                found[name] = Photograph(entry.path)
        if len(found) > MAX_FILES:
            raise PenumbraError(
                f"{root}: more than {MAX_FILES} files; choose the folder of the faces"
            )
    return found


def _zip_files(path: Path) -> dict[str, Photograph]:
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
    except (zipfile.BadZipFile, OSError, ValueError) as error:
        raise PenumbraError(f"{path}: not a readable zip ({error}); copy it again") from None
    for member in members:
        if member.flag_bits & 1:
            raise PenumbraError(
                f"{path}: {member.filename} is encrypted; unzip it with its password"
            )
    return {
        m.filename: Photograph(
            str(path), m.header_offset, m.compress_size, m.file_size, m.compress_type, m.CRC
        )
        for m in members
        if not m.is_dir()
    }


def first_there(folder: Path, names: Sequence[str], otherwise: str) -> Path:
    """The first of `names` that is in a folder. Raises PenumbraError, `otherwise`, where none is."""
    for name in names:
        if (folder / name).exists():
            return folder / name
    raise PenumbraError(f"{folder}: {otherwise}")


def absent(root: Path, name: str) -> str:
    """Why `name` of a label file is not among the `files` of `root`, and the mend."""
    if ".." in PurePosixPath(name).parts or "\\" in name or PureWindowsPath(name).anchor:
        return f"path {name[:200]!r} leaves {root.name}; name photographs relative to that folder"
    if root.is_dir() and "\0" not in name and len(name) < 4096:
        target = (root / name).resolve()
        if not target.is_relative_to(root.resolve()):
            return f"{name[:200]!r} is a link that leaves {root.name}; copy the photograph there"
    return f"{name[:200]!r} is not in {root.name}; add the photograph or delete the row"


def absences(here: Sequence[bool]) -> list[str]:
    """A note on listed photographs that a copy of the data set lacks."""
    missing = len(here) - sum(here)
    return [f"{missing} of {len(here)} listed photographs are not here"] if missing else []
