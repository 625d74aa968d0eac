"""Label files: text that is hostile until checked, and labels that are 0/1 or -1/1."""

import csv
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import compress
from pathlib import Path
from typing import Self

import numpy as np

from core.data.listing import Photograph, absent
from core.errors import PenumbraError
from core.run import ATTRIBUTE

MAX_LABEL_BYTES = 256 * 2**20  # CelebA's largest label file has 26 MB
MAX_ATTRIBUTES = 500
KEYS = ("image", "identity", "split")  # columns of a user's CSV that are no attributes

# Liu et al., "Deep Learning Face Attributes in the Wild" (2015): the forty attributes of CelebA.
# fmt: off
CELEBA_ATTRIBUTES = (
    "5_o_Clock_Shadow", "Arched_Eyebrows", "Attractive", "Bags_Under_Eyes", "Bald", "Bangs",
    "Big_Lips", "Big_Nose", "Black_Hair", "Blond_Hair", "Blurry", "Brown_Hair", "Bushy_Eyebrows",
    "Chubby", "Double_Chin", "Eyeglasses", "Goatee", "Gray_Hair", "Heavy_Makeup", "High_Cheekbones",
    "Male", "Mouth_Slightly_Open", "Mustache", "Narrow_Eyes", "No_Beard", "Oval_Face", "Pale_Skin",
    "Pointy_Nose", "Receding_Hairline", "Rosy_Cheeks", "Sideburns", "Smiling", "Straight_Hair",
    "Wavy_Hair", "Wearing_Earrings", "Wearing_Hat", "Wearing_Lipstick", "Wearing_Necklace",
    "Wearing_Necktie", "Young",
)
# fmt: on
_BY_LETTERS = {re.sub("[^a-z0-9]", "", name.lower()): name for name in CELEBA_ATTRIBUTES}


@dataclass(frozen=True)
class Table:
    """A label file: `cells[i]` are the cells of line `numbers[i]`, as many as `header` has."""

    file: str
    header: list[str]
    cells: list[list[str]]
    numbers: list[int]
    header_row: int = 1

    def wrong(self, row: int, what: str) -> PenumbraError:
        return wrong(self.file, row, what)

    def column(self, name: str) -> list[str]:
        position = self.header.index(name)
        return [row[position] for row in self.cells]

    def where(self, keep: Sequence[bool]) -> Self:
        cells, numbers = compress(self.cells, keep), compress(self.numbers, keep)
        return replace(self, cells=list(cells), numbers=list(numbers))

    def attribute_names(self) -> tuple[str, ...]:
        """CelebA's spelling of every attribute column. Raises PenumbraError for an unusable or
        double one."""
        return spelled(attribute_columns(self.header), f"{self.file}, row {self.header_row}")

    def attributes(self) -> np.ndarray:
        """Labels of the attribute columns, int8 (N, A) of 0 and 1, from cells that are 0/1 or, by
        column, -1/1. Raises PenumbraError naming the file, row and attribute of the first other."""
        columns = [self.header.index(name) for name in attribute_columns(self.header)]
        cells = [[row[column] for column in columns] for row in self.cells]
        return binary(cells, self.attribute_names(), self.file, self.numbers)

    def require(self, *names: str) -> None:
        """Raise PenumbraError if one of the columns is missing."""
        for name in names:
            if name not in self.header:
                known = ", ".join(self.header)[:200]
                raise self.wrong(1, f"no column {name!r}; it has {known}")

    def unique(self, names: Sequence[str]) -> None:
        """Raise PenumbraError if the rows name a photograph or person twice."""
        seen: dict[str, int] = {}
        for name, row in zip(names, self.numbers, strict=True):
            if (before := seen.setdefault(name, row)) != row:
                raise self.wrong(row, f"{name[:200]!r} is already in row {before}; delete one")

    def find(
        self, names: Sequence[str], available: dict[str, Photograph], root: Path
    ) -> list[Photograph]:
        """The photograph of each row. Raises PenumbraError naming file and row for one that is
        absent, outside `root`, or listed twice."""
        self.unique(names)
        missing = [position for position, name in enumerate(names) if name not in available]
        if missing:
            first = missing[0]
            more = f" (and {len(missing) - 1} more rows)" if len(missing) > 1 else ""
            raise self.wrong(self.numbers[first], absent(root, names[first]) + more)
        return [available[name] for name in names]


def wrong(file: Path | str, row: int, what: str) -> PenumbraError:
    return PenumbraError(f"{file}, row {row}: {what}")


def attribute_columns(header: Sequence[str]) -> list[str]:
    """Columns that name an attribute: neither `KEYS` nor meta_*."""
    return [name for name in header if name not in KEYS and not name.startswith("meta_")]


def celeba_name(name: str) -> str:
    """CelebA's spelling of an attribute ("heavy makeup" -> "Heavy_Makeup"); underscores for spaces
    where CelebA has none such."""
    name = name.strip()
    return _BY_LETTERS.get(re.sub("[^a-z0-9]", "", name.lower()), re.sub(r"\s+", "_", name))


def read_text(path: Path) -> str:
    """The text of a label file. Raises PenumbraError if absent, too large, binary or no UTF-8."""
    if not path.is_file():
        raise PenumbraError(f"{path}: no such file; put it there or correct the path")
    size = path.stat().st_size
    if size > MAX_LABEL_BYTES:
        raise PenumbraError(
            f"{path}: {size / 2**20:.0f} MB is too large for a label file "
            f"(limit {MAX_LABEL_BYTES / 2**20:.0f} MB); split the data set"
        )
    raw = path.read_bytes()
    if b"\0" in raw:
        row = raw.count(b"\n", 0, raw.index(b"\0")) + 1
        raise wrong(path, row, "a NUL byte, so no text; save it as UTF-8 text")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        row = raw.count(b"\n", 0, error.start) + 1
        raise wrong(path, row, "not UTF-8; save it as UTF-8 text") from None


def read_csv(path: Path) -> Table:
    """A comma-separated file with one header line. Raises PenumbraError naming file and row."""
    reader = csv.reader(io.StringIO(read_text(path), newline=""), strict=True)
    cells, numbers = [], []
    try:
        header = [cell.strip() for cell in next(reader, [])]
        for row in reader:
            if not row:
                continue
            if len(row) != len(header):
                cells_here = f"{len(row)} cells where the header has {len(header)}"
                raise wrong(
                    path, reader.line_num, f"{cells_here}; every row needs the header's columns"
                )
            cells.append(row)
            numbers.append(reader.line_num)
    except csv.Error as error:
        raise wrong(path, reader.line_num, f"{error}; mend the quotes") from None
    if not header or not all(header):
        raise wrong(path, 1, "a column has no name; the first row names the columns")
    twice = [name for position, name in enumerate(header) if name in header[:position]]
    if twice:
        raise wrong(path, 1, f"column {twice[0]!r} occurs twice; rename or delete one")
    if not cells:
        raise PenumbraError(f"{path}: no rows under the header; list at least one photograph")
    return Table(str(path), header, cells, numbers)


def spelled(given: Sequence[str], where: str) -> tuple[str, ...]:
    """CelebA's spelling of each name, checked."""
    names = tuple(map(celeba_name, given))
    for before, name in zip(given, names, strict=True):
        if not ATTRIBUTE.fullmatch(name):
            raise PenumbraError(
                f"{where}: {before[:60]!r} is no attribute name; use letters, digits, space, _ and -"
            )
        if names.count(name) > 1:
            raise PenumbraError(f"{where}: attribute {name} occurs twice; delete one column")
    if not names:
        raise PenumbraError(f"{where}: no attribute column; add one such as Smiling with 0 or 1")
    if len(names) > MAX_ATTRIBUTES:
        raise PenumbraError(
            f"{where}: {len(names)} attributes are too many (limit {MAX_ATTRIBUTES})"
        )
    return names


def binary(
    cells: Sequence[Sequence[str]], names: Sequence[str], file: str, numbers: Sequence[int]
) -> np.ndarray:
    """The labels of `Table.attributes` from N rows of A cells."""
    values = {"0": 0, "1": 1, "-1": -1}
    labels = np.empty((len(cells), len(names)), dtype=np.int8)
    for position, row in enumerate(cells):
        try:
            labels[position] = [values[cell.strip()] for cell in row]
        except KeyError as error:
            name = names[[cell.strip() for cell in row].index(error.args[0])]
            what = f"{name} is {error.args[0][:40]!r}; a label is 0 or 1 (or -1 and 1)"
            raise wrong(file, numbers[position], what) from None
    both = np.flatnonzero((labels == 0).any(axis=0) & (labels == -1).any(axis=0))
    if both.size:
        first = int(np.flatnonzero(labels[:, both[0]] == 0)[0])
        what = f"{names[both[0]]} is 0 in a column that also has -1; use 0 and 1, or -1 and 1, "
        raise wrong(file, numbers[first], what + "throughout a column")
    return np.maximum(labels, 0)
