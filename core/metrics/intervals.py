"""95 % intervals: of shares of independent answers (`wilson`), of differences (`difference`), and of
all else by a percentile bootstrap that resamples identities, never single photographs.

Resampling whole identities keeps the dependence between photographs of one person (the cluster
bootstrap: Davison and Hinkley, "Bootstrap Methods and their Application", 1997, section 3.8). A
resample is kept as the number of times each identity was drawn, so that every metric of every
resample comes from a few matrix products.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.errors import PenumbraError
from core.metrics.attributes import AUC, BALANCED_ACCURACY, Counts, auc, cells, chance, confusion
from core.metrics.declare import Metric

RESAMPLES = 1000
LEVEL = 0.95
# Elements of one block of weights per photograph: bounds the memory to some 100 MB.
_BLOCK = 4_000_000


def wilson(
    right: ArrayLike, answers: ArrayLike, level: float = LEVEL
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """(low, high) of Wilson's score interval of shares, `right` of `answers`, elementwise; (0, 1)
    where nobody answered. Counts of weighted answers need not be whole. Source: Wilson, JASA 22
    (1927); without continuity correction, method 3 of Newcombe, Statistics in Medicine 17 (1998).
    """
    hits, n = np.asarray(right, np.float64), np.asarray(answers, np.float64)
    z = NormalDist().inv_cdf((1 + level) / 2)
    with np.errstate(divide="ignore", invalid="ignore"):
        share, weight = hits / n, z * z / n
        middle = (share + weight / 2) / (1 + weight)
        half = z * np.sqrt(share * (1 - share) / n + weight / (4 * n)) / (1 + weight)
    return np.where(hits == 0, 0.0, middle - half), np.where(hits == n, 1.0, middle + half)


def difference(first: tuple[Any, Any, Any], second: tuple[Any, Any, Any]) -> tuple[Any, Any]:
    """(low, high) of first - second from (value, low, high) of each, elementwise, as for independent
    measurements: wider than a paired interval. MOVER: Zou and Donner, Statistics in Medicine 27
    (2008), Eq. 4."""
    (one, one_low, one_high), (two, two_low, two_high) = first, second
    return (
        one - two - np.hypot(one - one_low, two_high - two),
        one - two + np.hypot(one_high - one, two - two_low),
    )


class Measured(NamedTuple):
    """A value, its 95 % interval, and what a guesser who sees nothing scores, None where unknown."""

    value: float
    interval: tuple[float, float]
    chance: float | None = None


@dataclass(frozen=True)
class Resampling:
    """Bootstrap draws over identities.

    codes    (n,) which identity each photograph belongs to, 0 … I-1
    weights  (B, I) how often each identity was drawn in each resample
    """

    codes: NDArray[np.int64]
    weights: NDArray[np.float64]

    @property
    def identities(self) -> int:
        return self.weights.shape[1]


def resample_identities(
    identities: ArrayLike, resamples: int = RESAMPLES, seed: int = 0
) -> Resampling:
    """Draw `resamples` bootstrap samples of the identities (n,) of n photographs.

    The draws depend on the seed and on the set of identities, not on the order of the rows: two
    runs scored on the same people get the same draws, which `paired_interval` needs.
    """
    labels = np.asarray(identities)
    if labels.ndim != 1 or labels.size == 0:
        raise PenumbraError("no photographs to resample: give one identity per photograph")
    unique, codes = np.unique(labels, return_inverse=True)
    count = unique.size
    drawn = np.random.default_rng(seed).integers(0, count, size=(resamples, count))
    drawn += np.arange(resamples)[:, None] * count
    weights = np.bincount(drawn.ravel(), minlength=resamples * count).reshape(resamples, count)
    return Resampling(codes.astype(np.int64), weights.astype(np.float64))


def percentile_interval(values: ArrayLike, level: float = LEVEL) -> tuple[float, float]:
    """The central `level` of the resampled values (B,), those that are NaN left out; (NaN, NaN) if
    all are."""
    drawn = np.asarray(values, dtype=np.float64)
    drawn = drawn[~np.isnan(drawn)]
    if drawn.size == 0:
        return float("nan"), float("nan")
    tail = 50 * (1 - level)
    low, high = np.percentile(drawn, (tail, 100 - tail))
    return float(low), float(high)


def paired_interval(
    first: ArrayLike, second: ArrayLike, level: float = LEVEL
) -> tuple[float, float]:
    """Interval of the difference first - second of one metric under the *same* resamples (B,)."""
    one, two = np.asarray(first, dtype=np.float64), np.asarray(second, dtype=np.float64)
    if one.shape != two.shape:
        raise PenumbraError(
            f"paired resamples differ in number ({one.shape} and {two.shape}): "
            "draw both from the same Resampling"
        )
    return percentile_interval(one - two, level)


def resampled_mean(values: ArrayLike, resampling: Resampling) -> NDArray[np.float64]:
    """Mean of `values` (n,) over the photographs of each resample, (B,)."""
    numbers = np.asarray(values, dtype=np.float64)
    if numbers.shape != resampling.codes.shape:
        raise PenumbraError(
            f"{numbers.shape} values for {resampling.codes.shape} resampled photographs"
        )
    sums = np.bincount(resampling.codes, numbers, resampling.identities)
    sizes = np.bincount(resampling.codes, minlength=resampling.identities)
    return (resampling.weights @ sums) / (resampling.weights @ sizes)


def mean_interval(values: ArrayLike, resampling: Resampling) -> tuple[float, float]:
    """95 % interval of the mean of `values` (n,)."""
    return percentile_interval(resampled_mean(values, resampling))


def measured_mean(values: ArrayLike, people: ArrayLike, chance: float | None = None) -> Measured:
    """Mean of `values` (n,) of photographs of `people` (n,), with its interval."""
    interval = mean_interval(values, resample_identities(people))
    return Measured(float(np.mean(np.asarray(values), dtype=np.float64)), interval, chance)


def resampled_confusion(labels: ArrayLike, decisions: ArrayLike, resampling: Resampling) -> Counts:
    """Counts (TP, FN, TN, FP) of decisions in each resample, (B,) each."""
    truth, said = np.asarray(labels).astype(bool), np.asarray(decisions).astype(bool)
    tp, fn, tn, fp = (
        resampling.weights
        @ np.bincount(resampling.codes, cell.astype(np.float64), resampling.identities)
        for cell in cells(truth, said)
    )
    return tp, fn, tn, fp


def resampled_balanced_accuracy(
    labels: ArrayLike, decisions: ArrayLike, resampling: Resampling
) -> NDArray[np.float64]:
    """Balanced accuracy of decisions in each resample, (B,); NaN where a class is absent."""
    return BALANCED_ACCURACY.from_counts(*resampled_confusion(labels, decisions, resampling))


def resampled_auc(
    labels: ArrayLike, scores: ArrayLike, resampling: Resampling
) -> NDArray[np.float64]:
    """Weighted area under the ROC curve in each resample, (B,): the sum over positives i and
    negatives j of w_i w_j ([s_i > s_j] + [s_i = s_j] / 2), over (sum of w_i) (sum of w_j); NaN
    where a class is absent."""
    truth = np.asarray(labels).astype(bool)
    values = np.asarray(scores, dtype=np.float64)
    order = np.argsort(values[~truth], kind="stable")
    negatives, positives = values[~truth][order], values[truth]
    negative_codes = resampling.codes[~truth][order]
    positive_codes = resampling.codes[truth]
    below = np.searchsorted(negatives, positives, side="left")
    not_above = np.searchsorted(negatives, positives, side="right")
    result = np.full(len(resampling.weights), np.nan)
    rows = max(1, _BLOCK // max(1, truth.size))
    for start in range(0, len(result), rows):
        weights = resampling.weights[start : start + rows]
        mass = np.zeros((len(weights), negatives.size + 1))
        np.cumsum(weights[:, negative_codes], axis=1, out=mass[:, 1:])
        positive_mass = weights[:, positive_codes]
        wins = np.einsum("bi,bi->b", positive_mass, mass[:, below] + mass[:, not_above]) / 2
        pairs = positive_mass.sum(1) * mass[:, -1]
        np.divide(wins, pairs, out=result[start : start + rows], where=pairs > 0)
    return result


def scored(
    metrics: Iterable[Metric],
    labels: ArrayLike,
    decisions: ArrayLike,
    scores: ArrayLike,
    resampling: Resampling,
) -> dict[str, Measured]:
    """By name, those of `metrics` that decisions (n,) or scores (n,) give."""
    counts = confusion(labels, decisions)
    drawn = resampled_confusion(labels, decisions, resampling)
    found = {}
    for metric in metrics:
        if metric.of_counts is not None:
            value, again = metric.from_counts(*counts), metric.from_counts(*drawn)
        elif metric == AUC:
            value, again = auc(labels, scores), resampled_auc(labels, scores, resampling)
        else:
            continue
        interval = percentile_interval(again)
        found[metric.name] = Measured(float(value), interval, chance(labels, metric))
    return found
