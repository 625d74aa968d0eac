"""Attackers together: what each has found out, averaged."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.attacks.attackers import ENSEMBLE
from core.attacks.interface import Result, attribute_result
from core.metrics.attributes import auc
from core.storage.attack_folders import Outcome

ROUNDS = 12  # members that are drawn, each any number of times
Arrays = dict[str, NDArray[Any]]


def ensemble(
    done: dict[str, Outcome],
    truth: dict[str, dict[str, NDArray[np.int8]]],
    identities: NDArray[np.int64],
    private: tuple[str, ...],
) -> Result:
    """The average of the attackers' scores of each private attribute, members and their weights
    chosen on validation by forward selection (Caruana et al., "Ensemble selection from libraries
    of models", ICML 2004).

    done        attack -> (findings, arrays); those whose arrays hold `kept`, `scores` and
                `validation_scores` take part
    truth       "validation", "test" -> attribute -> labels (n,), in the order of the scores
    identities  (n,) of the test photographs

    Rows have `conclusive` where a member's has. Arrays: those of `attribute_result`, and `members`,
    the names of all attacks that were at hand, with `weights` (A, members). Empty result with fewer
    than two.
    """
    arrays = {name: found for name, (_, found) in sorted(done.items())}
    members = [name for name, found in arrays.items() if set(_kept(found)) & set(private)]
    scores, weights, conclusive = {}, [], {}
    for name in private:
        mine = {m: _standardised(arrays[m], name) for m in members if name in _kept(arrays[m])}
        labels = truth["validation"][name]
        if len(mine) < 2 or labels.min() == labels.max():
            continue
        drawn = selected({m: given["validation"] for m, given in mine.items()}, labels)
        scores[name] = {
            part: np.sum([share * mine[m][part] for m, share in drawn.items()], axis=0)
            for part in truth
        }
        weights.append([drawn.get(m, 0.0) for m in members])
        target = f"attribute:{name}"
        conclusive[target] = any(
            row["target"] == target and row.get("conclusive", True)
            for m in drawn
            for row in done[m][0]
        )
    if not scores:
        return Result()
    found = attribute_result(ENSEMBLE.name, scores, truth, identities, lambda name: "private")
    return Result(
        [row | {"conclusive": conclusive[row["target"]]} for row in found.findings],
        found.arrays | {"members": np.array(members), "weights": np.array(weights, np.float32)},
    )


def selected(scores: dict[str, NDArray[np.float64]], labels: NDArray[np.int8]) -> dict[str, float]:
    """Member -> share in the average, summing to 1: the best member, then again and again the one
    whose addition gives the best validation AUC; the best average on the way is taken."""
    total = np.zeros(len(labels))
    drawn: list[str] = []
    best, best_drawn = -np.inf, drawn
    for _ in range(ROUNDS):
        quality = {name: auc(labels, total + given) for name, given in scores.items()}
        name = max(quality, key=lambda name: (quality[name], name))
        drawn = [*drawn, name]
        total = total + scores[name]
        if quality[name] > best + 1e-9:
            best, best_drawn = quality[name], drawn
    return {name: best_drawn.count(name) / len(best_drawn) for name in dict.fromkeys(best_drawn)}


def _kept(arrays: Arrays) -> list[str]:
    """Attributes whose scores are there."""
    return list(map(str, arrays["kept"].tolist())) if "validation_scores" in arrays else []


def _standardised(arrays: Arrays, name: str) -> dict[str, NDArray[np.float64]]:
    """Scores of one attribute, brought to mean 0 and spread 1 by the validation photographs'."""
    row = _kept(arrays).index(name)
    given = arrays["validation_scores"][row].astype(np.float64)
    spread = max(float(given.std()), 1e-12)
    return {
        "validation": (given - given.mean()) / spread,
        "test": (arrays["scores"][row].astype(np.float64) - given.mean()) / spread,
    }
