"""`Faces`: photographs of one data set at one size, with their labels, people and splits."""

import difflib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.errors import PenumbraError

SPLITS = ("defender", "attacker", "validation", "test")


@dataclass(frozen=True, eq=False)
class Faces:
    """One data set, decoded.

    images           uint8 (N, H, W, 3), RGB, memory-mapped read-only
    attributes       int8 (N, A), each 0 or 1
    attribute_names  A names, CelebA's where CelebA has the attribute
    identities       int64 (N,), positions in `identity_names`
    split            int8 (N,), positions in `SPLITS`; no identity is in two splits
    names            N names, the path of each photograph inside its folder or zip
    fingerprint      SHA-256 of the encoded photographs, labels, people, splits and size: the same
                     on every machine
    skipped          one line for each photograph left out because it cannot be read
    identity_names   the people, as the source names them
    notes            what a user should know: how it was split, constant attributes, absent files
    dataset          the name in `core.data.catalogue()`
    """

    images: np.ndarray
    attributes: np.ndarray
    attribute_names: tuple[str, ...]
    identities: np.ndarray
    split: np.ndarray
    names: tuple[str, ...]
    fingerprint: str
    skipped: tuple[str, ...] = ()
    identity_names: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    dataset: str = ""

    def __len__(self) -> int:
        return len(self.images)

    @property
    def height(self) -> int:
        return int(self.images.shape[1])

    @property
    def width(self) -> int:
        return int(self.images.shape[2])

    def indices(self, split: str) -> np.ndarray:
        """Positions (int64, ascending) of the photographs of one of `SPLITS`."""
        if split not in SPLITS:
            raise PenumbraError(f"unknown split {split!r}; choose one of {', '.join(SPLITS)}")
        return np.flatnonzero(self.split == SPLITS.index(split))

    def columns(self, attributes: Sequence[str]) -> list[int]:
        """Columns of `attributes` by name. Raises PenumbraError for a name the set lacks."""
        return columns(self.attribute_names, attributes, self.dataset or "the data set")


def columns(known: Sequence[str], wanted: Sequence[str], whose: str = "the data set") -> list[int]:
    """Positions of `wanted` among the attributes that are `known`. Raises PenumbraError for one that
    is not, with a guess at what was meant."""
    for name in wanted:
        if name not in known:
            close = difflib.get_close_matches(name, known, 3, 0.5)
            hint = f"did you mean {' or '.join(close)}?" if close else f"it has: {', '.join(known)}"
            raise PenumbraError(f"{whose} has no attribute {name!r}; {hint}")
    return [known.index(name) for name in wanted]
