"""Rank privacy: how far down the list of candidates does a person stand, given the representation?

DPFE (Osia et al., IEEE TKDE 2018), section 5 and Definition 10: order all identities y by p(y | f)
and take the rank of the true one. Ranks are normalised to (0, 1], logarithms by that of the number
of identities; both are higher where more is hidden. Everybody is equally likely beforehand, so
p(y | f) has the order of p(f | y), a kernel density over a person's known photographs.

Where several identities are equally likely, as all are for a constant release, a rank is averaged
over the places they share: the expected value of breaking the tie at random.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import gammaln
from scipy.stats import norm

from core.errors import PenumbraError

# Elements of one block of the distance matrix: bounds the memory to some 100 MB.
_BLOCK = 4_000_000


def silverman(count: float, dimensions: int) -> float:
    """Silverman's rule of thumb: the standard deviation of a Gaussian kernel for `count` points in
    `dimensions` dimensions of variance 1 (Density estimation, 1986, Eq. 4.14; DPFE section 3)."""
    return float((4 / ((dimensions + 2) * count)) ** (1 / (dimensions + 4)))


def log_densities(
    probes: ArrayLike, gallery: ArrayLike, people: ArrayLike, bandwidth: float
) -> NDArray[np.float64]:
    """log p(f | y) up to a constant that all share, (p, I), for probes (p, d) and each of the I
    identities in `people` (g,) of the gallery (g, d), sorted: the log of the mean of Gaussian
    kernels of standard deviation `bandwidth`. Never -inf, however far away a probe is.
    """
    queries, known = np.asarray(probes, np.float64), np.asarray(gallery, np.float64)
    if not (np.isfinite(queries).all() and np.isfinite(known).all()):
        raise PenumbraError("features contain NaN or infinite values: nothing can be compared")
    labels = np.asarray(people)
    order = np.argsort(labels, kind="stable")
    _, starts, counts = np.unique(labels[order], return_index=True, return_counts=True)
    known = known[order]
    squared = np.einsum("ij,ij->i", known, known)
    found = np.empty((len(queries), len(starts)))
    rows = max(1, _BLOCK // len(known))
    for begin in range(0, len(queries), rows):
        block = queries[begin : begin + rows]
        distance = np.einsum("ij,ij->i", block, block)[:, None] + squared - 2 * (block @ known.T)
        exponent = -np.maximum(distance, 0) / (2 * bandwidth**2)
        peak = np.maximum.reduceat(exponent, starts, axis=1)
        exponent -= np.repeat(peak, counts, axis=1)
        total = np.add.reduceat(np.exp(exponent), starts, axis=1)
        found[begin : begin + rows] = peak + np.log(total / counts)
    return found


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
    densities = log_densities(probes, gallery, gallery_people, bandwidth)
    own = densities[np.arange(len(truth)), np.searchsorted(names, truth)][:, None]
    first = 1 + (densities > own).sum(1)
    return _averaged(first, first + (densities == own).sum(1) - 1, len(names))


def by_chance(identities: int) -> dict[str, float]:
    """The expected values when the order of the candidates is random: `log_rank`, log(I!) over
    I log I (.81 for 160 people); `rank`, (I + 1) / 2I; `deviation` of the rank, which tends to the
    .28 of section 6.2."""
    values = _averaged(np.array([1]), np.array([identities]), identities)
    return {
        "log_rank": float(values["log_rank"][0]),
        "rank": float(values["rank"][0]),
        "deviation": float(deviation(values["rank"], values["squared_rank"])),
    }


def deviation(rank: ArrayLike, squared_rank: ArrayLike) -> NDArray[np.float64]:
    """Standard deviation from the means of a rank and of its square, along the first axis where
    they are given one by one (p,)."""
    mean, square = np.asarray(rank), np.asarray(squared_rank)
    if mean.ndim == 1:
        mean, square = mean.mean(), square.mean()
    return np.sqrt(np.maximum(square - mean**2, 0))


def rank_guarantee(mean: float, deviation: float, epsilon: float) -> float:
    """1 - delta: the probability that the normalised rank exceeds epsilon, if ranks were normal
    with this mean and standard deviation (DPFE section 6.2).

    Its example, mean .3, deviation .25, epsilon .1, gives .788; the paper prints .88.
    """
    if deviation == 0:
        return float(mean > epsilon)
    return float(norm.sf(epsilon, mean, deviation))


def _averaged(first: NDArray[np.int64], last: NDArray[np.int64], identities: int) -> dict[str, Any]:
    """Normalised log rank, rank and squared rank, averaged over the places first … last."""
    shared = last - first + 1

    def squares(n: NDArray[np.int64]) -> NDArray[np.float64]:
        return n * (n + 1.0) * (2 * n + 1.0) / 6

    return {
        "log_rank": (gammaln(last + 1) - gammaln(first)) / shared / np.log(identities),
        "rank": (first + last) / 2 / identities,
        "squared_rank": (squares(last) - squares(first - 1)) / shared / identities**2,
        "identities": identities,
    }
