"""Verification as a task: how well a service can tell whether two releases show one person."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.attacks.declare import attack
from core.attacks.identity.gallery import Embeddings, with_two
from core.attacks.interface import AttackerView, Result, rows
from core.methods.declare import VERIFICATION
from core.metrics import attributes, verification
from core.metrics.verification import Pairs
from core.torch_types import Generator


@attack(
    title="pair matcher (Siamese network)", serves=True, target=VERIFICATION, only_for=VERIFICATION
)
def siamese(view: AttackerView, generator: Generator) -> Result:
    """A fresh Siamese head (`pair_network`) trained on the defender's photographs; rows and arrays of
    `scored`.

    Empty result where verification is no task, or a split holds no two people with two photographs.
    """
    from core.attacks.identity.pair_network import embedded

    if VERIFICATION not in view.tasks:
        return Result()
    pairs = drawn(view)
    people = view.identities["defender"]
    if min(len(p.same) for p in pairs.values()) == 0 or with_two(people) < 2:
        return Result()
    _, embeddings = embedded(view, "defender", pairs["validation"], generator)
    return scored(view, embeddings, "siamese", pairs)


def drawn(view: AttackerView) -> dict[str, Pairs]:
    """Pairs of the people of "validation" and "test": the same for every release."""
    return {
        split: verification.draw_pairs(view.identities[split], view.x[split].cpu().numpy())
        for split in ("validation", "test")
    }


def scored(
    view: AttackerView,
    embeddings: Embeddings,
    attacker: str,
    pairs: dict[str, Pairs],
    threshold: float | None = None,
) -> Result:
    """Rows of target `verification` from Euclidean distances of embeddings; without a `threshold` the
    one that is best on the validation pairs.

    Arrays: `targets`, `validation`; `first`, `second` int32 (P,), positions of each pair among the
    test photographs, `same` uint8 (P,), `distances` float16 (P,) and `threshold`, both over the mean
    test distance.
    """
    apart = {split: verification.distances(embeddings[split], pairs[split]) for split in pairs}
    if threshold is None:
        threshold = verification.choose_threshold(pairs["validation"], apart["validation"])
    people, test = view.identities["test"], pairs["test"]
    found = verification.score(test, apart["test"], threshold, people)
    findings = rows(found, people[test.first], VERIFICATION, attacker, role="utility")
    on_validation = attributes.balanced_accuracy(
        pairs["validation"].same, apart["validation"] < threshold
    )
    scale = max(float(apart["test"].mean()), 1e-30)
    arrays: dict[str, NDArray[Any]] = {
        "targets": np.array([VERIFICATION]),
        "validation": np.array([on_validation], np.float32),
        "first": test.first.astype(np.int32),
        "second": test.second.astype(np.int32),
        "same": test.same.astype(np.uint8),
        "distances": (apart["test"] / scale).astype(np.float16),
        "threshold": np.array(threshold / scale, np.float32),
    }
    return Result(findings, arrays)
