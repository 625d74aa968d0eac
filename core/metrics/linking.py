"""Linking: can a release be tied to other photographs of the person it shows?

Pairs of a probe and a photograph of the gallery (`core.metrics.identity.split_gallery`), many more
of two people than of one, since hardly any false acceptances are allowed.
"""

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.errors import PenumbraError
from core.metrics import attributes, intervals
from core.metrics.declare import Metric
from core.metrics.identity import split_gallery
from core.metrics.verification import Pairs, pair_weights, resampled_people

FAR = 1e-2  # false acceptance rate at which true acceptances are counted
VERIFICATION_AUC = Metric(
    "verification_auc",
    "pairs ranked rightly",
    "%",
    "Chance that two photographs of one person look more alike to the attacker than two of "
    "different people; guessing gives 50 %.",
    chance=0.5,
    second_network=True,
)
TAR_AT_FAR = Metric(
    "tar_at_far_1e-2",
    "confirmed, 1 in 100 strangers let in",
    "%",
    "Share of true matches confirmed when at most 1 % of strangers may be taken for the person; "
    "guessing gives 1 %.",
    chance=FAR,
    second_network=True,
)
GENUINE = 16  # pairs of one person, for each person, at most
IMPOSTORS = 100  # pairs of two people, for each person, at most
MOST_IMPOSTORS = 100_000  # and at least ten of each person
# Elements of one block of pairs or weights: bounds the memory to some 100 MB.
_BLOCK = 4_000_000


def gallery_pairs(identities: ArrayLike, photographs: NDArray[np.generic], seed: int = 0) -> Pairs:
    """Pairs of a probe (`first`) and a gallery photograph (`second`) of people (n,).

    Of everybody who has a probe: at most `GENUINE` of their probe-gallery pairs, drawn at random,
    and `IMPOSTORS` pairs of one of their probes and somebody else's gallery photograph (fewer each
    where many people would make more than `MOST_IMPOSTORS`). The choice depends on the seed and on
    the content of `photographs` (n, …), not on their order. Empty where fewer than two people
    have two photographs.
    """
    people = np.asarray(identities)
    gallery, probes = split_gallery(photographs, people, seed)
    asked = np.unique(people[probes])
    if len(asked) < 2:
        nobody = np.zeros(0, np.int64)
        return Pairs(nobody, nobody, np.zeros(0, bool))
    rng = np.random.default_rng([seed, len(asked)])
    strangers = min(IMPOSTORS, max(10, MOST_IMPOSTORS // len(asked)))
    first, second = [], []
    impostor_first, impostor_second = [], []
    starts = np.searchsorted(people[gallery], asked)  # the gallery is sorted by person
    ends = np.searchsorted(people[gallery], asked, side="right")
    for person, start, end in zip(asked, starts, ends, strict=True):
        mine = probes[people[probes] == person]
        drawn = rng.permutation(len(mine) * (end - start))[:GENUINE]
        first.append(mine[drawn // (end - start)])
        second.append(gallery[start + drawn % (end - start)])
        other = rng.integers(0, len(gallery) - (end - start), strangers)
        impostor_first.append(mine[rng.integers(0, len(mine), strangers)])
        impostor_second.append(gallery[np.where(other < start, other, other + end - start)])
    genuine = sum(map(len, first))
    return Pairs(
        np.concatenate(first + impostor_first),
        np.concatenate(second + impostor_second),
        np.arange(genuine + strangers * len(asked)) < genuine,
    )


def nearness(first: ArrayLike, second: ArrayLike, pairs: Pairs) -> NDArray[np.float64]:
    """Minus the Euclidean distance (P,) of row `pairs.first` of `first` (n, d) and row
    `pairs.second` of `second` (n, d). For unit vectors it has the order of the cosine.

    Raises PenumbraError for features that are not finite.
    """
    one, two = np.asarray(first), np.asarray(second)
    if one.ndim != 2 or not (np.isfinite(one).all() and np.isfinite(two).all()):
        raise PenumbraError(
            f"features of shape {one.shape} must be (n, d) and finite: "
            "their training may have diverged"
        )
    found = np.empty(len(pairs.same))
    rows = max(1, _BLOCK // max(1, one.shape[1]))
    for start in range(0, len(found), rows):
        block = slice(start, start + rows)
        apart = one[pairs.first[block]] - two[pairs.second[block]]
        found[block] = -np.sqrt(np.einsum("ij,ij->i", apart, apart, dtype=np.float64))
    return found


def tar_at_far(same: ArrayLike, near: ArrayLike, far: float = FAR) -> float:
    """True acceptance rate: the share of pairs of one person that are accepted by the most
    generous threshold on `near` (P,) that accepts at most `far` of the pairs of two people. NaN
    where a kind is absent. Source: ISO/IEC 19795-1 (true acceptance is 1 - false rejection)."""
    truth = np.asarray(same).astype(bool)
    every = np.ones((1, truth.size))
    return float(_weighted_rates(truth, np.asarray(near, np.float64), every, far)[0])


def _weighted_rates(
    truth: NDArray[np.bool_], near: NDArray[np.float64], weights: NDArray[np.float64], far: float
) -> NDArray[np.float64]:
    """`tar_at_far` (B,) for each row of pair weights (B, P)."""
    if truth.all() or not truth.any():
        return np.full(len(weights), np.nan)
    strangers = np.flatnonzero(~truth)[np.argsort(-near[~truth], kind="stable")]
    own = np.flatnonzero(truth)[np.argsort(near[truth], kind="stable")]
    accepted = np.cumsum(weights[:, strangers], axis=1)
    # The nearest stranger that must not be accepted any more, by the count of those that may.
    allowed = far * accepted[:, -1:] * (1 + 1e-9)
    place = np.minimum((accepted <= allowed).sum(1), len(strangers) - 1)
    threshold = near[strangers[place]]
    below = np.zeros((len(weights), len(own) + 1))
    np.cumsum(weights[:, own], axis=1, out=below[:, 1:])
    rejected = below[np.arange(len(weights)), np.searchsorted(near[own], threshold, side="right")]
    total = below[:, -1]
    rates = np.full(len(weights), np.nan)
    np.divide(total - rejected, total, out=rates, where=(total > 0) & (accepted[:, -1] > 0))
    return rates


def score(pairs: Pairs, near: ArrayLike, identities: ArrayLike) -> dict[str, intervals.Measured]:
    """`verification_auc` and `tar_at_far_1e-2` of accepting pairs by how near they are, (P,); both
    in [0, 1], higher is worse for privacy. People (n,) on both sides of a pair are resampled
    (`core.metrics.verification.pair_weights`), the threshold with them."""
    values = np.asarray(near, dtype=np.float64)
    drawn = resampled_people(pairs, identities)
    places = np.arange(len(pairs.same))
    areas, rates = [], []
    rows = max(1, math.ceil(_BLOCK / max(1, len(places))))
    for start in range(0, len(drawn.weights), rows):
        weights = pair_weights(pairs, drawn, slice(start, start + rows))
        resampling = intervals.Resampling(places, weights)
        areas.append(intervals.resampled_auc(pairs.same, values, resampling))
        rates.append(_weighted_rates(pairs.same, values, weights, FAR))
    found = {
        VERIFICATION_AUC: (attributes.auc(pairs.same, values), areas),
        TAR_AT_FAR: (tar_at_far(pairs.same, values), rates),
    }
    return {
        metric.name: intervals.Measured(
            value, intervals.percentile_interval(np.concatenate(again)), metric.chance
        )
        for metric, (value, again) in found.items()
    }
