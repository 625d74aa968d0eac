"""Re-identification: can photographs of one person be linked through their representation?"""

import hashlib
import math
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.errors import PenumbraError
from core.metrics.declare import Bound, Control, Metric

TOP1_ACCURACY = Metric(
    "top1_accuracy",
    "named at first try",
    "%",
    "Share of photographs for which the first name given is the right one.",
    decides="identity",
    control=Control(floor=Bound(times=5), ceiling=Bound(times=2)),
    second_network=True,
)
COSINE_SIMILARITY = Metric(
    "cosine_similarity",
    "likeness to a face recogniser",
    "",
    "Cosine between what the attacker makes of the release and what a face recogniser sees in the "
    "photograph: 1 is the same face.",
    control=Control(floor=Bound(times=1, plus=0.3), ceiling=Bound(times=1, plus=0.05)),
    second_network=True,
)

BAYES_ERROR_BOUND = Metric(
    "bayes_error_bound",
    "least possible error",
    "%",
    "Cover-Hart bound: with ever more photographs no attacker who sees only this could err less "
    "often when naming people; for a finite number of photographs it promises too much.",
    higher_means_more_known=False,
)

# Distances computed at once: bounds the memory of the product to some 20 MB.
_BLOCK = 4_000_000


def split_gallery(
    photographs: NDArray[Any], identities: ArrayLike, seed: int = 0
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Positions (gallery, probes): half of each identity's photographs, rounded up, and the rest.

    The choice depends on the seed and on the content of the rows of `photographs` (n, …), not on
    their order; the gallery comes sorted by identity.
    """
    people = np.asarray(identities)
    matrix = np.ascontiguousarray(photographs)
    if matrix.ndim < 2 or people.shape != (len(matrix),):
        raise PenumbraError(
            f"photographs of shape {matrix.shape} and identities of shape {people.shape} do not "
            "match: give photographs or features (n, …) and one identity per row"
        )
    order = np.lexsort((content_keys(matrix, seed), people))
    _, starts, sizes = np.unique(people[order], return_index=True, return_counts=True)
    place = np.arange(people.size) - np.repeat(starts, sizes)
    in_gallery = place < np.repeat((sizes + 1) // 2, sizes)
    return order[in_gallery], order[~in_gallery]


def content_keys(rows: NDArray[Any], seed: int = 0) -> NDArray[np.int64]:
    """A number (n,) for each row of `rows` (n, …), at random and following from its content and the
    seed."""
    salt, matrix = str(seed).encode(), np.ascontiguousarray(rows)
    digests = (hashlib.blake2b(salt + row.tobytes(), digest_size=7).digest() for row in matrix)
    return np.array([int.from_bytes(digest, "big") for digest in digests], dtype=np.int64)


def nearest(probes: ArrayLike, gallery: ArrayLike) -> NDArray[np.int64]:
    """Position in `gallery` (g, d) of the nearest row, by Euclidean distance, per row of `probes`
    (p, d); the first of equally near ones."""
    queries = np.asarray(probes, dtype=np.float32)
    known = np.asarray(gallery, dtype=np.float32)
    if not (np.isfinite(queries).all() and np.isfinite(known).all()):
        raise PenumbraError("features contain NaN or infinite values: nothing can be compared")
    squared = np.einsum("ij,ij->i", known, known, dtype=np.float64).astype(np.float32)
    found = np.empty(len(queries), dtype=np.int64)
    rows = max(1, _BLOCK // max(1, len(known)))
    turned = -2 * known.T
    for start in range(0, len(queries), rows):
        distances = queries[start : start + rows] @ turned
        distances += squared
        found[start : start + rows] = np.argmin(distances, axis=1)
    return found


def recognised(
    features: ArrayLike,
    identities: ArrayLike,
    gallery: NDArray[np.int64],
    probes: NDArray[np.int64],
    average: bool = False,
    unit: bool = False,
) -> NDArray[np.bool_]:
    """Whether each of the `probes` (p,), positions in features (n, d), is given the right name (p,):
    that of the nearest photograph of the gallery or, with `average`, of the person the mean of
    whose gallery photographs is nearest; by Euclidean distance or, with `unit`, by cosine. Source:
    Cover and Hart, IEEE TIT 13 (1967), for the rule; Osia et al. (DPFE), IEEE TKDE 2018, for the
    measure."""
    matrix, people = np.asarray(features, dtype=np.float32), np.asarray(identities)
    if unit:
        matrix = _unit(matrix)
    known, names = matrix[gallery], people[gallery]
    if average:
        names, codes = np.unique(names, return_inverse=True)
        means = np.zeros((len(names), matrix.shape[1]), dtype=np.float64)
        np.add.at(means, codes, known)
        known = (means / np.bincount(codes)[:, None]).astype(np.float32)
        known = _unit(known) if unit else known
    return names[nearest(matrix[probes], known)] == people[probes]


def by_chance(
    identities: ArrayLike, gallery: NDArray[np.int64], probes: NDArray[np.int64]
) -> float:
    """Share of probes named rightly by the name of a gallery photograph drawn at random: the mean
    over probes of their person's share of the gallery."""
    names, codes = np.unique(np.asarray(identities), return_inverse=True)
    share = np.bincount(codes[gallery], minlength=len(names)) / gallery.size
    return float(share[codes[probes]].mean())


def cover_hart(error: float, classes: int) -> float:
    """Lower bound of the Bayes error from the error of 1NN, both in [0, 1].

    (K - 1) / K (1 - sqrt(1 - K / (K - 1) e)) with e the error, at most (K - 1) / K, and K the number
    of classes. Asymptotic: for a finite number of photographs 1NN's error is larger than in the
    limit, and the bound claims too much privacy. Source: Cover and Hart, "Nearest neighbor pattern
    classification", IEEE TIT 13 (1967), Eq. 4, solved for the Bayes error.

    Raises PenumbraError for fewer than two classes or an error outside [0, 1].
    """
    if classes < 2 or not 0 <= error <= 1:
        raise PenumbraError(
            f"an error of {error} among {classes} classes: give one in [0, 1] and two or more"
        )
    guessing = (classes - 1) / classes
    return guessing * (1 - math.sqrt(max(0.0, 1 - error / guessing)))


def _unit(matrix: NDArray[Any]) -> NDArray[Any]:
    return matrix / np.maximum(np.linalg.norm(matrix, axis=1, keepdims=True), 1e-30)
