"""The order in which attacks see a split's photographs, and which of them people are shown. It follows
from what the photographs show, so that all runs of a data set share it. No torch: pages read it."""

import hashlib

import numpy as np
from numpy.typing import NDArray

from core.data.faces import Faces
from core.seeding import seed_of

PICTURED = 24  # test photographs whose reconstructions are kept for people to look at


def labels_of(faces: Faces, split: str, count: int) -> tuple[NDArray[np.int8], NDArray[np.int64]]:
    """Attributes (count, A) and identities (count,) of a split's photographs in the order in which
    `view_of` gives them."""
    order = canonical_order(faces, faces.indices(split))[:count]
    return faces.attributes[order], faces.identities[order]


def canonical_order(faces: Faces, rows: NDArray[np.int64]) -> NDArray[np.int64]:
    """`rows` in an order that follows from what the photographs show, not from where they lie in
    the data set; in effect at random."""
    keys = [digest(faces.images[row]) for row in rows]
    people = [tuple(faces.attributes[row]) for row in rows]
    return rows[sorted(range(len(rows)), key=lambda i: (keys[i], people[i]))]


def digest(picture: NDArray[np.uint8]) -> bytes:
    """16 bytes that a photograph is known by."""
    return hashlib.blake2b(np.ascontiguousarray(picture).tobytes(), digest_size=16).digest()


def pictured(faces: Faces, rows: NDArray[np.int64], count: int = PICTURED) -> NDArray[np.int64]:
    """Positions in `rows` of `count` photographs to show, each of another person while there are
    enough, half of them Male where that is an attribute.

    The choice depends on the data set alone, so that all its runs show the same faces.
    """
    order = np.random.default_rng(seed_of(faces.fingerprint, 8)).permutation(len(rows))
    people = faces.identities[rows]
    seen: dict[int, int] = {}
    turn = np.empty(len(rows), dtype=np.int64)  # 0 for a person's first photograph, 1 for the next
    for position in order:
        turn[position] = seen.get(int(people[position]), 0)
        seen[int(people[position])] = int(turn[position]) + 1
    order = order[np.argsort(turn[order], kind="stable")]
    if "Male" not in faces.attribute_names:
        return np.sort(order[:count])
    male = faces.attributes[rows, faces.attribute_names.index("Male")] == 1
    men, women = order[male[order]], order[~male[order]]
    half = min(max(count // 2, count - len(women)), len(men))
    return np.sort(np.concatenate((men[:half], women[: count - half])))
