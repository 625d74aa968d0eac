"""Bounds on every attacker who sees one of finitely many answers. Proofs: docs/certificates.md."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from core.certificates import betting
from core.certificates.histograms import Floats, Groups
from core.errors import PenumbraError


class Bound(NamedTuple):
    """No attacker is right, balanced, in more than `bound` of cases; the best that anybody could do on
    the very people counted is `counted`."""

    counted: float
    bound: float


def total_variation(having: Floats, without: Floats) -> float:
    """Half the sum of absolute differences of two distributions (K,)."""
    return float(abs(np.asarray(having) - np.asarray(without)).sum() / 2)


def balanced(groups: Groups, delta: float) -> Bound:
    """Balanced accuracy of the best attacker on a binary attribute, with confidence 1 - delta: by
    betting where there are at most `betting.MOST_ANSWERS`, by McDiarmid's inequality where there are
    more. (1, 1) where a group is empty: nothing is known then."""
    _checked(delta)
    having, without = len(groups.having), len(groups.without)
    if not having or not without:
        return Bound(1.0, 1.0)
    counted = (1 + total_variation(groups.having.mean(0), groups.without.mean(0))) / 2
    if groups.having.shape[1] <= betting.MOST_ANSWERS:
        bound = betting.upper_bound(groups, delta)
    else:
        bound = counted + math.sqrt((1 / having + 1 / without) * math.log(1 / delta) / 8)
    return Bound(counted, min(1.0, max(bound, counted)))


def of_classes(groups: Sequence[Floats], delta: float) -> Bound:
    """Mean recall of the best attacker on an attribute of m classes, one (n_j, K) of people's
    distributions each, by McDiarmid's inequality. (1, 1) where a class is empty."""
    _checked(delta)
    if len(groups) < 2 or any(not len(rows) for rows in groups):
        return Bound(1.0, 1.0)
    m = len(groups)
    counted = float(np.max([rows.mean(0) for rows in groups], axis=0).sum() / m)
    spread = sum(1 / (m * m * len(rows)) for rows in groups)
    return Bound(counted, min(1.0, counted + math.sqrt(spread * math.log(1 / delta) / 2)))


def capacity(table: Floats) -> float:
    """Multiplicative Bayes capacity of a table (I, K) of what each of I inputs releases: by how much,
    at most, seeing an answer multiplies anybody's chance of guessing anything (Alvim et al., The
    Science of Quantitative Information Flow, 2020, Theorem 7.2, "miracle"). K where all answers
    can be certain."""
    rows = np.asarray(table, float)
    return float(rows.max(0).sum()) if rows.size else 1.0


def identification(factor: float, people: int) -> float:
    """The most that naming one of `people`, all as likely, can succeed where seeing a release
    multiplies a chance by `factor`."""
    return min(1.0, factor / people) if people else 1.0


def _checked(delta: float) -> None:
    if not 0 < delta < 1:
        raise PenumbraError(f"delta must lie between 0 and 1, not {delta}")
