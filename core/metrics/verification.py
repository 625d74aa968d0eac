"""1-to-1 verification: do two photographs show one person? Pairs, distances, and their scores.

Pairs are drawn evenly, half of one person and half of two: guessing is right in half of the cases.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.errors import PenumbraError
from core.metrics import attributes, intervals
from core.metrics.identity import content_keys

MOST_PAIRS = 3000  # of each kind
PER_PERSON = 10  # pairs of each kind, at most
# Of a person with very many photographs as many as give more pairs than are drawn.
_MOST_PHOTOGRAPHS = 32
METRICS = (attributes.BALANCED_ACCURACY, attributes.AUC, attributes.ACCURACY)


class Pairs(NamedTuple):
    """Positions (P,) of the two photographs of each pair, and whether they show one person."""

    first: NDArray[np.int64]
    second: NDArray[np.int64]
    same: NDArray[np.bool_]


def draw_pairs(
    identities: ArrayLike,
    photographs: NDArray[Any],
    seed: int = 0,
    most: int = MOST_PAIRS,
    per_person: int = PER_PERSON,
) -> Pairs:
    """As many pairs of one person as of two, at most `most` of each kind.

    Of every person with two photographs at most `per_person` pairs, each drawn once; and for each
    of them a pair of its first photograph and one of another such person. The choice depends on the
    seed and on the content of the rows of `photographs` (n, …), not on their order. Empty when
    fewer than two people have two photographs.
    """
    people = np.asarray(identities)
    if people.shape != (len(photographs),):
        raise PenumbraError(
            f"identities of shape {people.shape} for {len(photographs)} photographs: "
            "give one identity per photograph"
        )
    order = np.lexsort((content_keys(photographs, seed), people))
    _, starts, sizes = np.unique(people[order], return_index=True, return_counts=True)
    groups = [
        order[start : start + size][:_MOST_PHOTOGRAPHS]
        for start, size in zip(starts, sizes, strict=True)
        if size > 1
    ]
    if len(groups) < 2:
        nobody = np.zeros(0, np.int64)
        return Pairs(nobody, nobody, np.zeros(0, bool))
    rng = np.random.default_rng([seed, len(groups)])
    rounds: list[list[tuple[int, int, int]]] = [[] for _ in range(per_person)]
    for person, group in enumerate(groups):
        for turn, (first, second) in enumerate(_of_one_person(group, rng, per_person)):
            stranger = (person + rng.integers(1, len(groups))) % len(groups)
            rounds[turn].append((first, second, int(rng.choice(groups[stranger]))))
    drawn = np.array([pair for turn in rounds for pair in turn][:most], dtype=np.int64)
    first, second, other = drawn.T
    return Pairs(
        np.concatenate((first, first)),
        np.concatenate((second, other)),
        np.arange(2 * len(drawn)) < len(drawn),
    )


def _of_one_person(
    group: NDArray[np.int64], rng: np.random.Generator, count: int
) -> list[tuple[int, int]]:
    """`count` different pairs of the photographs at `group`, or all there are, at random in order
    and in which of the two comes first."""
    first, second = np.triu_indices(len(group), 1)
    chosen = rng.permutation(len(first))[:count]
    both = np.stack((group[first[chosen]], group[second[chosen]]), axis=1)
    return [(int(pair[0]), int(pair[1])) for pair in rng.permuted(both, axis=1)]


def distances(embeddings: ArrayLike, pairs: Pairs) -> NDArray[np.float64]:
    """Euclidean distance (P,) of the two embeddings (n, d) of each pair.

    Raises PenumbraError for embeddings that are not finite.
    """
    matrix = np.asarray(embeddings, dtype=np.float64)
    if matrix.ndim != 2 or not np.isfinite(matrix).all():
        raise PenumbraError(
            f"embeddings of shape {matrix.shape} must be (n, d) and finite: "
            "their training may have diverged"
        )
    return np.sqrt(np.square(matrix[pairs.first] - matrix[pairs.second]).sum(1))


def choose_threshold(pairs: Pairs, apart: ArrayLike) -> float:
    """The distance below which a pair is best taken for one person (the highest accuracy), of
    distances `apart` (P,); meant for pairs of people who are not scored."""
    return -attributes.choose_threshold(pairs.same, -np.asarray(apart))


def score(
    pairs: Pairs, apart: ArrayLike, threshold: float, identities: ArrayLike
) -> dict[str, intervals.Measured]:
    """Every metric of `METRICS` of verification by distances `apart` (P,), "same" below `threshold`;
    people (n,) resampled. Pairs are even, so accuracy and balanced accuracy are equal; their
    intervals differ a little."""
    nearness = -np.asarray(apart, dtype=np.float64)
    resampling = pair_resampling(pairs, identities)
    return intervals.scored(METRICS, pairs.same, nearness > -threshold, nearness, resampling)


def resampled_people(pairs: Pairs, identities: ArrayLike, **draws: int) -> intervals.Resampling:
    """Bootstrap `draws` over the people (n,) of the first and then of the second photographs of the
    pairs, (2P,)."""
    people = np.asarray(identities)
    both = np.concatenate((people[pairs.first], people[pairs.second]))
    return intervals.resample_identities(both, **draws)


def pair_weights(
    pairs: Pairs, drawn: intervals.Resampling, resamples: slice = slice(None)
) -> NDArray[np.float64]:
    """Weights (B, P) of the pairs where people were `drawn`, for some of the resamples.

    A person drawn twice counts twice: a pair of one person weighs as often as that person was
    drawn, a pair of two the product of both. Source: Bolle, Ratha and Pankanti, "Error analysis
    of pattern recognition systems: the subsets bootstrap", CVIU 93 (2004), with both people of a
    pair resampled.
    """
    first, second = np.split(drawn.codes, 2)
    weights = drawn.weights[resamples]
    return weights[:, first] * np.where(pairs.same, 1.0, weights[:, second])


def pair_resampling(pairs: Pairs, identities: ArrayLike, **draws: int) -> intervals.Resampling:
    """Bootstrap `draws` over the people (n,) of the pairs, as weights of the pairs."""
    weights = pair_weights(pairs, resampled_people(pairs, identities, **draws))
    return intervals.Resampling(np.arange(len(pairs.same)), weights)
