"""What each person releases: a distribution over finitely many answers, by the groups of one attribute."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.errors import PenumbraError

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Groups:
    """Distributions over K answers of people with an attribute and of people without it.

    having   (n1, K), one row a person
    without  (n0, K)
    mixed    how many people were left out because their photographs disagree on the attribute
    """

    having: Floats
    without: Floats
    mixed: int = 0

    @property
    def people(self) -> int:
        return len(self.having) + len(self.without)

    def through(self, table: Floats) -> "Groups":
        """The same people where answer k is replaced by one drawn from row k of `table` (K, M)."""
        return Groups(self.having @ table, self.without @ table, self.mixed)


def one_hot(answers: NDArray[np.integer], count: int) -> Floats:
    """(n,) answers of 0 to count - 1 as distributions (n, count)."""
    if answers.size and not 0 <= answers.min() <= answers.max() < count:
        raise PenumbraError(f"answers must lie between 0 and {count - 1}")
    found = np.zeros((len(answers), count))
    found[np.arange(len(answers)), answers] = 1
    return found


def of_people(
    distributions: Floats, identities: NDArray[np.int64], labels: NDArray[np.integer]
) -> Groups:
    """Each person's mean distribution: that of a photograph of theirs drawn at random.

    distributions  (n, K), what each photograph's release is drawn from
    identities     (n,)
    labels         (n,) of 0 and 1
    """
    return _grouped(distributions, identities, labels, _mean)


def of_pairs(
    distributions: Floats, identities: NDArray[np.int64], labels: NDArray[np.integer]
) -> Groups:
    """Each person's distribution over unordered pairs of answers, K (K + 1) / 2 of them: those of
    two different photographs drawn at random. People with a single photograph are not counted."""
    return _grouped(distributions, identities, labels, _pair)


def _grouped(distributions, identities, labels, summed) -> Groups:  # type: ignore[no-untyped-def]
    shape = np.asarray(distributions)
    if shape.ndim != 2 or len(shape) != len(identities) or len(shape) != len(labels):
        raise PenumbraError(
            f"distributions of shape {shape.shape}, {len(identities)} identities and {len(labels)} labels "
            "do not match: give one row, one person and one label for each photograph"
        )
    if not np.isfinite(shape).all() or (shape < 0).any() or (abs(shape.sum(1) - 1) > 1e-6).any():
        raise PenumbraError("each row must be a distribution: not negative, and 1 in total")
    order = np.argsort(identities, kind="stable")
    people, first = np.unique(identities[order], return_index=True)
    groups: dict[bool, list[Floats]] = {True: [], False: []}
    mixed = 0
    for rows in np.split(order, first[1:]) if len(people) else []:
        share = float(np.mean(labels[rows] != 0))
        if 0 < share < 1:
            mixed += 1
        elif (found := summed(shape[rows])) is not None:
            groups[share == 1].append(found)
    width = len(summed(np.eye(shape.shape[1])[[0, 0]]))
    having, without = (np.array(groups[g], float).reshape(-1, width) for g in (True, False))
    return Groups(having, without, mixed)


def _mean(rows: Floats) -> Floats:
    return np.asarray(rows.mean(0))


def _pair(rows: Floats) -> Floats | None:
    if len(rows) < 2:
        return None
    total = rows.sum(0)
    joint = np.outer(total, total) - rows.T @ rows  # ordered pairs of different photographs
    joint = (joint + joint.T) / 2
    upper = np.triu_indices(len(joint))
    unordered = np.where(upper[0] == upper[1], joint[upper], 2 * joint[upper])
    return np.clip(unordered, 0, None) / (len(rows) * (len(rows) - 1))
