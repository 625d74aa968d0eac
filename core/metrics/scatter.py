"""How far people stand apart beside how much photographs of one person differ."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.errors import PenumbraError
from core.metrics import intervals
from core.metrics.declare import Bound, Control, Metric

# Elements of one block of columns: bounds the memory to some 100 MB.
_BLOCK = 4_000_000
LDA_WITHIN = Metric(
    "lda_within",
    "spread within a person",
    "",
    "Variance between photographs of one person, in units of the whole variance.",
    higher_means_more_known=False,
)
LDA_BETWEEN = Metric(
    "lda_between",
    "spread between people",
    "",
    "Variance between the means of people, in units of the whole variance.",
)
LDA_RATIO = Metric(
    "lda_ratio",
    "how far people stand apart",
    "",
    "LDA score: variance between people over variance within a person; lower is more private.",
    control=Control(floor=Bound(times=1.5), ceiling=Bound(times=1)),
)


def lda_score(features: ArrayLike, identities: ArrayLike) -> dict[str, intervals.Measured]:
    """`lda_within`, `lda_between` and `lda_ratio` of features (n, d) of people (n,), those with a
    single photograph left out.

    `lda_within`: S_w, the mean squared distance of a photograph from the mean of its person;
    `lda_between`: S_b, that of the person's mean, of each photograph, from the mean of all;
    `lda_ratio`: S_b / S_w; 0 where nothing varies between people, NaN where nothing varies within.
    Traces of the two scatter matrices over n, so S_w + S_b is the whole variance. Source: Xiao et
    al. (AAAI-20), Table 3, which gives no formula; the LDA scores of its last layer are S_w / S_b,
    those of the others S_b / S_w, as its text says.

    By chance S_b / S_w is about (I - 1) / (n - I) for I people: means of few photographs differ,
    too. Raises PenumbraError for features that are not finite, or fewer than two people with two
    photographs.
    """
    matrix, people = np.asarray(features), np.asarray(identities)
    if matrix.ndim != 2 or people.shape != (len(matrix),) or not np.isfinite(matrix).all():
        raise PenumbraError(
            f"features of shape {matrix.shape} must be (n, d) and finite, with one identity per row"
        )
    _, codes, counts = np.unique(people, return_inverse=True, return_counts=True)
    several = counts[codes] > 1
    if len(np.unique(codes[several])) < 2:
        raise PenumbraError("an LDA score needs at least two people with two photographs")
    people, rows = people[several], np.flatnonzero(several)
    drawn = intervals.resample_identities(people)
    counts = np.bincount(drawn.codes)
    order = np.argsort(drawn.codes, kind="stable")
    starts = np.cumsum(counts) - counts
    spread, gram, size = np.zeros(len(counts)), np.zeros((len(counts), len(counts))), 0.0
    width = max(1, _BLOCK // len(rows))
    for start in range(0, matrix.shape[1], width):
        block = matrix[rows[order], start : start + width].astype(np.float64)
        size += float(np.square(block).mean(0).sum())
        block -= block.mean(0)
        means = np.add.reduceat(block, starts) / counts[:, None]
        rest = block - np.repeat(means, counts, axis=0)
        spread += np.add.reduceat(np.einsum("ij,ij->i", rest, rest), starts)
        gram += means @ means.T
    # What rounding leaves of a release that is the same for everybody is nothing.
    if max(spread.sum() / len(rows), np.diag(gram).max()) <= 1e-12 * size:
        spread, gram = np.zeros_like(spread), np.zeros_like(gram)
    whole = _scatters(spread, gram, counts, np.ones((1, len(counts))))
    again = _scatters(spread, gram, counts, drawn.weights)
    by_chance = (len(counts) - 1) / (len(people) - len(counts))
    return {
        name: intervals.Measured(
            float(whole[name][0]),
            intervals.percentile_interval(again[name]),
            by_chance if name == LDA_RATIO.name else None,
        )
        for name in whole
    }


def _scatters(
    spread: NDArray[Any], gram: NDArray[Any], counts: NDArray[Any], weights: NDArray[Any]
) -> dict[str, NDArray[np.float64]]:
    """The three metrics (B,) where each person was drawn `weights` (B, I) times: from each person's
    summed squares around its mean, and the products of the means."""
    photographs = weights * counts
    total = photographs.sum(1)
    within = weights @ spread / total
    squares = photographs @ np.diag(gram)
    of_mean = np.einsum("bi,bi->b", photographs @ gram, photographs) / total
    between = np.maximum(squares - of_mean, 0) / total
    ratio = np.full(len(weights), np.nan)
    np.divide(between, within, out=ratio, where=within > 0)
    return {
        "lda_within": within,
        "lda_between": between,
        "lda_ratio": np.where(between == 0, 0.0, ratio),
    }
