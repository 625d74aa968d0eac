"""Who was counted for what is proven of a setting."""

from collections.abc import Sequence
from typing import NamedTuple

from app.cache import loaders
from app.settings import only_numbers, points
from app.settings.proofs import Bound
from core.errors import PenumbraError

DELTA = 0.05  # where only numbers came here


class Counted(NamedTuple):
    """Who was counted, and how sure the bounds of one training are together.

    people        how many
    dataset       whose they are; several, comma-joined, where a second data set's were counted too
    delta         the chance that any bound is too low
    certificates  how many bounds it is divided among
    """

    people: int
    dataset: str
    delta: float
    certificates: int

    @property
    def whose(self) -> str:
        """The data sets in words."""
        return " and ".join(f"“{only_numbers.title(name)}”" for name in self.dataset.split(","))


def counted(row: points.Row, bounds: Sequence[Bound]) -> Counted:
    """Who was counted for a measured setting."""
    people = next((b.people for b in bounds if b.target.startswith("attribute:")), 0)
    try:
        arrays = loaders.certificate(row)
        delta, count = float(arrays["delta"]), int(arrays["certificates"])
        return Counted(people, str(arrays["people"]), delta, count)
    except (PenumbraError, KeyError, TypeError, ValueError):  # numbers alone came here
        return Counted(people, row["dataset"], DELTA, 0)
