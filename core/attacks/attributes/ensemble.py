"""Attackers together: what each has found out, averaged."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from core.attacks.attackers import ENSEMBLE
from core.attacks.interface import Result, attribute_rows
from core.metrics.attributes import auc, balanced_accuracy, choose_threshold
from core.metrics.intervals import resample_identities

if TYPE_CHECKING:
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

    Rows have `conclusive` where a member's has. Arrays: those of a probe, and `members`, the names
    of all attacks that were at hand, with `weights` (A, members). Empty result with fewer than two.
    """
    members = sorted(name for name in done if _takes_part(done[name][1], private))
    if len(members) < 2:
        return Result()
    resampling = resample_identities(identities)
    findings: list[dict[str, Any]] = []
    scores: dict[str, list[NDArray[np.float16]]] = {"validation": [], "test": []}
    targets, validation, weights, decisions = [], [], [], []
    for name in private:
        mine = {m: _standardised(done[m][1], name) for m in members if name in _kept(done[m][1])}
        labels = truth["validation"][name]
        if len(mine) < 2 or labels.min() == labels.max():
            continue
        drawn = selected({m: given["validation"] for m, given in mine.items()}, labels)
        mixed = {
            part: np.sum([share * mine[m][part] for m, share in drawn.items()], axis=0)
            for part in scores
        }
        threshold = choose_threshold(labels, mixed["validation"])
        target = f"attribute:{name}"
        sure = any(
            row["target"] == target and row.get("conclusive", True)
            for m in drawn
            for row in done[m][0]
        )
        findings += [
            row | {"conclusive": sure}
            for row in attribute_rows(
                name, "private", ENSEMBLE.name, truth["test"][name], mixed["test"], threshold, identities,
                resampling,
            )
        ]  # fmt: skip
        targets.append(target)
        validation.append(balanced_accuracy(labels, mixed["validation"] > threshold))
        decisions.append(np.packbits(mixed["test"] > threshold))
        weights.append([drawn.get(m, 0.0) for m in members])
        for part, found in scores.items():
            found.append(mixed[part].astype(np.float16))
    if not targets:
        return Result()
    arrays = {
        "targets": np.array(targets),
        "validation": np.array(validation, np.float32),
        "decisions": np.array(decisions),
        "kept": np.array([target.removeprefix("attribute:") for target in targets]),
        "scores": np.array(scores["test"]),
        "validation_scores": np.array(scores["validation"]),
        "members": np.array(members),
        "weights": np.array(weights, np.float32),
    }
    return Result(findings, arrays)


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


def _takes_part(arrays: Arrays, private: tuple[str, ...]) -> bool:
    return "validation_scores" in arrays and any(name in _kept(arrays) for name in private)


def _kept(arrays: Arrays) -> list[str]:
    return list(map(str, arrays["kept"].tolist()))


def _standardised(arrays: Arrays, name: str) -> dict[str, NDArray[np.float64]]:
    """Scores of one attribute, brought to mean 0 and spread 1 by the validation photographs'."""
    row = _kept(arrays).index(name)
    given = arrays["validation_scores"][row].astype(np.float64)
    spread = max(float(given.std()), 1e-12)
    return {
        "validation": (given - given.mean()) / spread,
        "test": (arrays["scores"][row].astype(np.float64) - given.mean()) / spread,
    }
