"""Rank privacy: how far down the list of candidates does a person stand, given the representation?

DPFE (Osia et al., IEEE TKDE 2018), section 5 and Definition 10: order all identities y by p(y | f)
and take the rank of the true one, over the number of identities; both are higher where more is
hidden. Everybody is equally likely beforehand, so p(y | f) has the order of p(f | y), a kernel
density over a person's known photographs. Equally likely identities share the mean of their places.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.errors import PenumbraError
from core.metrics.declare import Bound, Control, Metric

# Elements of one block of the distance matrix: bounds the memory to some 50 MB.
_BLOCK = 4_000_000
LOG_RANK_PRIVACY = Metric(
    "log_rank_privacy",
    "depth in the list of names",
    "",
    "Log-rank privacy: 0 if the first name given is always right, 0.8 to 0.9 for names in random "
    "order; higher is more private.",
    higher_means_more_known=False,
    control=Control(floor=Bound(times=0.8), ceiling=Bound(times=1, plus=-0.02)),
)
RANK_MEAN = Metric(
    "normalised_rank_mean",
    "place in the list of names",
    "%",
    "How far down the list of names the right one stands on average; random order gives 50 %.",
    higher_means_more_known=False,
)
RANK_DEVIATION = Metric(
    "normalised_rank_std",
    "spread of that place",
    "%",
    "Standard deviation of the place in the list; random order gives 29 %.",
    higher_means_more_known=False,
)
EPSILONS = (0.01, 0.05, 0.1)  # normalised ranks that DPFE's section 6.2 asks to be exceeded
RANK_GUARANTEES = tuple(
    Metric(
        f"rank_guarantee_{epsilon:g}",
        f"beyond the first {100 * epsilon:g} % of names",
        "%",
        f"DPFE's guarantee: chance that more than {100 * epsilon:g} % of the list of names comes "
        "before the right one, if places were normally distributed; higher is more private.",
        higher_means_more_known=False,
    )
    for epsilon in EPSILONS
)


def silverman(count: float, dimensions: int) -> float:
    """Silverman's rule of thumb: the standard deviation of a Gaussian kernel for `count` points in
    `dimensions` dimensions of variance 1 (Density estimation, 1986, Eq. 4.14; DPFE section 3)."""
    return float((4 / ((dimensions + 2) * count)) ** (1 / (dimensions + 4)))


def log_densities(
    probes: ArrayLike, gallery: ArrayLike, people: ArrayLike, bandwidth: float
) -> Iterator[NDArray[np.float64]]:
    """log p(f | y) up to a constant that all share, (p, I) in blocks of rows, for probes (p, d) and
    each of the I identities in `people` (g,) of the gallery (g, d), sorted: the log of the mean of
    Gaussian kernels of standard deviation `bandwidth`. Never -inf, however far away a probe is.
    """
    queries, known = np.asarray(probes, np.float64), np.asarray(gallery, np.float64)
    if not (np.isfinite(queries).all() and np.isfinite(known).all()):
        raise PenumbraError("features contain NaN or infinite values: nothing can be compared")
    middle = known.mean(0)
    queries, known = (queries - middle) / bandwidth, (known - middle) / bandwidth
    _, codes, counts = np.unique(np.asarray(people), return_inverse=True, return_counts=True)
    # Columns: everybody's first photograph, then the second of all who have one, …, people with
    # most photographs first. So each step below is one operation on neighbouring columns.
    fewer = np.argsort(-counts, kind="stable")
    turn = np.empty_like(codes)
    order = np.argsort(codes, kind="stable")
    turn[order] = np.arange(len(codes)) - np.repeat(np.cumsum(counts) - counts, counts)
    place = np.argsort(fewer)
    known = known[np.lexsort((place[codes], turn))]
    widths = np.bincount(turn)
    ends = np.cumsum(widths)
    half = np.einsum("ij,ij->i", known, known) / 2
    share = np.log(counts[fewer])
    rows = max(1, _BLOCK // len(known))
    for begin in range(0, len(queries), rows):
        block = queries[begin : begin + rows]
        exponents = block @ known.T
        exponents -= half
        steps = [exponents[:, end - width : end] for end, width in zip(ends, widths, strict=True)]
        peak = steps[0].copy()
        for step in steps[1:]:
            np.maximum(peak[:, : step.shape[1]], step, out=peak[:, : step.shape[1]])
        total = np.zeros_like(peak)
        for step in steps:
            step -= peak[:, : step.shape[1]]
            total[:, : step.shape[1]] += np.exp(step, out=step)
        np.log(total, out=total)
        total += peak
        total -= share
        total -= np.einsum("ij,ij->i", block, block)[:, None] / 2
        yield total[:, place]


def rank_privacy(
    probes: ArrayLike,
    probe_people: ArrayLike,
    gallery: ArrayLike,
    gallery_people: ArrayLike,
    bandwidth: float,
) -> dict[str, Any]:
    """Rank of the true identity of each probe (p, d), by `log_densities` over the gallery (g, d).

    Returns `log_rank` (p,) in [0, 1], whose mean is Definition 10; `rank` (p,) and `squared_rank`
    (p,) in (0, 1], rank over the number of identities and its square; `identities`, their number.
    Raises PenumbraError where a probe's person is not in the gallery or there is one person only.
    """
    names, truth = np.unique(np.asarray(gallery_people)), np.asarray(probe_people)
    if len(names) < 2 or not np.isin(truth, names).all():
        raise PenumbraError(
            "ranks need at least two identities, and everybody asked for among the known ones"
        )
    columns = np.searchsorted(names, truth)
    first = np.empty(len(truth), dtype=np.int64)
    equal = np.empty(len(truth), dtype=np.int64)
    begin = 0
    for densities in log_densities(probes, gallery, gallery_people, bandwidth):
        block = slice(begin, begin + len(densities))
        own = densities[np.arange(len(densities)), columns[block]][:, None]
        first[block] = 1 + (densities > own).sum(1)
        equal[block] = (densities == own).sum(1)
        begin = block.stop
    return _averaged(first, first + equal - 1, len(names))


def by_chance(identities: int) -> dict[str, float]:
    """The expected values when the order of the candidates is random: `log_rank`, log(I!) over
    I log I (.81 for 160 people); `rank`, (I + 1) / 2I; `deviation` of the rank, which tends to the
    .28 of section 6.2."""
    values = _averaged(np.array([1]), np.array([identities]), identities)
    rank, square = values["rank"][0], values["squared_rank"][0]
    return {
        "log_rank": float(values["log_rank"][0]),
        "rank": float(rank),
        "deviation": float(deviation(rank, square)),
    }


def deviation(mean: ArrayLike, square: ArrayLike) -> NDArray[np.float64]:
    """Standard deviation, elementwise, from the mean of a rank and that of its square."""
    return np.sqrt(np.maximum(np.asarray(square) - np.square(mean), 0))


def rank_guarantee(mean: ArrayLike, deviation: ArrayLike, epsilon: float) -> NDArray[np.float64]:
    """1 - delta, elementwise: the probability that the normalised rank exceeds epsilon, if ranks
    were normal with this mean and standard deviation (DPFE section 6.2).

    Its example, mean .3, deviation .25, epsilon .1, gives .788; the paper prints .88.
    """
    from scipy.stats import norm

    spread = np.asarray(deviation)
    normal = norm.sf(epsilon, mean, np.where(spread > 0, spread, 1))
    return np.where(spread > 0, normal, np.asarray(mean) > epsilon)


def _averaged(first: NDArray[np.int64], last: NDArray[np.int64], identities: int) -> dict[str, Any]:
    """Normalised log rank, rank and squared rank, averaged over the places first … last."""
    from scipy.special import gammaln

    shared = last - first + 1

    def squares(n: NDArray[np.int64]) -> NDArray[np.float64]:
        return n * (n + 1.0) * (2 * n + 1.0) / 6

    return {
        "log_rank": (gammaln(last + 1) - gammaln(first)) / shared / np.log(identities),
        "rank": (first + last) / 2 / identities,
        "squared_rank": (squares(last) - squares(first - 1)) / shared / identities**2,
        "identities": identities,
    }


class Superiority(NamedTuple):
    """Which of two curves is more private at every accuracy from `least` to `most`, which both reach:
    1 the first, -1 the second, 0 neither."""

    least: float
    most: float
    which: int


def superiority(first: ArrayLike, second: ArrayLike) -> Superiority | None:
    """Acc-Priv superiority (DPFE, Definition 11) of two curves, points (n, 2) of accuracy and privacy,
    taken to be straight between points. None where no range of accuracies is reached by both."""
    one, two = (np.array(sorted(np.asarray(curve).tolist())) for curve in (first, second))
    if not len(one) or not len(two):
        return None
    least, most = max(one[0, 0], two[0, 0]), min(one[-1, 0], two[-1, 0])
    if least >= most:
        return None
    at = np.concatenate((one[:, 0], two[:, 0], [least, most]))
    at = at[(at >= least) & (at <= most)]
    ahead = np.interp(at, *one.T) - np.interp(at, *two.T)
    return Superiority(float(least), float(most), int((ahead > 0).all()) - int((ahead < 0).all()))
