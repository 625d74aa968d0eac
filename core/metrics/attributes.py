"""Scores of a yes/no attribute: how well decisions or scores agree with labels of 0 and 1.

Notation: TP, FN, TN, FP are the counts of true positives, false negatives, true negatives and
false positives; recall = TP / (TP + FN), specificity = TN / (TN + FP).
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.errors import PenumbraError

METRICS = ("balanced_accuracy", "auc", "mcc", "accuracy", "advantage")

# The value of a guesser who sees nothing. `accuracy` has none that is fixed: it is the share of
# the majority class, see `chance`.
CHANCE = {"balanced_accuracy": 0.5, "auc": 0.5, "mcc": 0.0, "advantage": 0.0}


def _checked(labels: ArrayLike, values: ArrayLike, what: str) -> tuple[NDArray, NDArray]:
    """Labels as bool and values as they are, both 1-D, equally long, finite and not empty."""
    truth, given = np.asarray(labels), np.asarray(values)
    if truth.ndim != 1 or given.shape != truth.shape:
        raise PenumbraError(
            f"labels of shape {truth.shape} and {what} of shape {given.shape} do not match: "
            "give two one-dimensional arrays of the same length"
        )
    if truth.size == 0:
        raise PenumbraError(f"no labels to score: give at least one label and its {what}")
    if not np.isin(truth, (0, 1)).all():
        raise PenumbraError("labels must be 0 or 1")
    if not np.isfinite(np.asarray(given, dtype=np.float64)).all():
        raise PenumbraError(
            f"{what} contain NaN or infinite values: the attack's training has diverged"
        )
    return truth.astype(bool), given


def confusion(labels: ArrayLike, decisions: ArrayLike) -> tuple[int, int, int, int]:
    """Counts (TP, FN, TN, FP) of decisions (n,) of 0/1 against labels (n,) of 0/1."""
    truth, decided = _checked(labels, decisions, "decisions")
    said = decided.astype(bool)
    return (
        int((truth & said).sum()),
        int((truth & ~said).sum()),
        int((~truth & ~said).sum()),
        int((~truth & said).sum()),
    )


def from_counts(
    tp: ArrayLike, fn: ArrayLike, tn: ArrayLike, fp: ArrayLike
) -> dict[str, NDArray[np.float64]]:
    """Every decision metric from (weighted) confusion counts, elementwise over any shape.

    `balanced_accuracy` is NaN where a class is absent; `mcc` is 0 where its denominator is 0, as
    in scikit-learn.
    """
    tp, fn, tn, fp = (np.asarray(count, dtype=np.float64) for count in (tp, fn, tn, fp))
    positives, negatives = tp + fn, tn + fp
    total = positives + negatives
    with np.errstate(divide="ignore", invalid="ignore"):
        recall, specificity = tp / positives, tn / negatives
        correct = (tp + tn) / total
        denominator = np.sqrt((tp + fp) * positives * negatives * (tn + fn))
        mcc = np.where(denominator > 0, (tp * tn - fp * fn) / denominator, 0.0)
    return {
        "balanced_accuracy": (recall + specificity) / 2,
        "mcc": mcc,
        "accuracy": correct,
        "advantage": correct - np.maximum(positives, negatives) / total,
    }


def balanced_accuracy(labels: ArrayLike, decisions: ArrayLike) -> float:
    """(recall + specificity) / 2, in [0, 1], higher is better; .5 for a guesser who sees nothing.

    NaN when the labels hold a single class (one of the two recalls does not exist).
    Source: Brodersen et al., "The balanced accuracy and its posterior distribution", ICPR 2010.
    """
    return float(from_counts(*confusion(labels, decisions))["balanced_accuracy"])


def accuracy(labels: ArrayLike, decisions: ArrayLike) -> float:
    """(TP + TN) / n, in [0, 1], higher is better; the majority class's share by guessing."""
    return float(from_counts(*confusion(labels, decisions))["accuracy"])


def advantage(labels: ArrayLike, decisions: ArrayLike) -> float:
    """Accuracy minus the share of the majority class, in [-1, .5]; 0 by guessing.

    What the attacker gains over one who always answers with the commoner class.
    """
    return float(from_counts(*confusion(labels, decisions))["advantage"])


def mcc(labels: ArrayLike, decisions: ArrayLike) -> float:
    """Matthews correlation (TP TN - FP FN) / sqrt((TP+FP)(TP+FN)(TN+FP)(TN+FN)), in [-1, 1].

    0 by guessing, 1 when all decisions are right; 0 by convention when a factor of the
    denominator is 0. Source: Matthews, Biochimica et Biophysica Acta 405 (1975).
    """
    return float(from_counts(*confusion(labels, decisions))["mcc"])


def auc(labels: ArrayLike, scores: ArrayLike) -> float:
    """Area under the ROC curve, in [0, 1], .5 by guessing; ties count one half.

    P(score of a positive > score of a negative) + P(equal) / 2, the Mann-Whitney statistic
    (Hanley and McNeil, Radiology 143, 1982). NaN when the labels hold a single class.
    """
    from scipy.stats import rankdata  # here: pages read decisions without waiting for scipy

    truth, values = _checked(labels, scores, "scores")
    positives = int(truth.sum())
    negatives = truth.size - positives
    if positives == 0 or negatives == 0:
        return float("nan")
    ranks = rankdata(values)
    wins = ranks[truth].sum() - positives * (positives + 1) / 2
    return float(wins / (positives * negatives))


def chance(labels: ArrayLike, metric: str) -> float:
    """What a guesser who sees nothing reaches: fixed, or the majority share for `accuracy`."""
    if metric in CHANCE:
        return CHANCE[metric]
    if metric != "accuracy":
        raise PenumbraError(f"unknown attribute metric {metric!r}: choose from {METRICS}")
    share = float(np.mean(np.asarray(labels)))
    return max(share, 1 - share)


def choose_threshold(labels: ArrayLike, scores: ArrayLike) -> float:
    """The threshold on `scores` with the best balanced accuracy; decide 1 where score > it.

    Meant for validation data, never for the data that is scored. Among equally good thresholds
    the middle of the widest gap is taken, so that the choice does not hang on one photograph.
    With a single class nothing can be chosen and the median score is returned.
    """
    truth, values = _checked(labels, scores, "scores")
    values = np.asarray(values, dtype=np.float64)
    if truth.all() or not truth.any():
        return float(np.median(values))
    order = np.argsort(values, kind="stable")
    values, truth = values[order], truth[order]
    # Deciding 1 above position i leaves the first i scores below the threshold.
    missed = np.concatenate(([0], np.cumsum(truth))) / truth.sum()
    refused = np.concatenate(([0], np.cumsum(~truth))) / (~truth).sum()
    quality = (1 - missed + refused) / 2
    lower = np.concatenate(([values[0] - 1], values))
    upper = np.concatenate((values, [values[-1] + 1]))
    gap = upper - lower
    best = np.where(gap > 0, quality, -1.0)
    candidates = np.flatnonzero(best >= best.max() - 1e-12)
    chosen = candidates[np.argmax(gap[candidates])]
    return float((lower[chosen] + upper[chosen]) / 2)
