"""Scores of a yes/no attribute: how well decisions or scores agree with labels of 0 and 1."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.errors import PenumbraError
from core.metrics.declare import Bound, Control, Metric

Counts = tuple[Any, Any, Any, Any]  # (TP, FN, TN, FP), numbers or arrays of one shape


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


def confusion(labels: ArrayLike, decisions: ArrayLike) -> Counts:
    """Counts of decisions (n,) of 0/1 against labels (n,) of 0/1, as float64."""
    truth, decided = _checked(labels, decisions, "decisions")
    tp, fn, tn, fp = (np.float64(cell.sum()) for cell in cells(truth, decided.astype(bool)))
    return tp, fn, tn, fp


def cells(truth: NDArray[np.bool_], decided: NDArray[np.bool_]) -> Counts:
    """Which of n decisions are true positives, false negatives, true negatives, false positives."""
    return truth & decided, truth & ~decided, ~truth & ~decided, ~truth & decided


def balanced_accuracy(labels: ArrayLike, decisions: ArrayLike) -> float:
    """(recall + specificity) / 2 of decisions (n,); NaN when the labels hold a single class."""
    return float(BALANCED_ACCURACY.from_counts(*confusion(labels, decisions)))


def auc(labels: ArrayLike, scores: ArrayLike) -> float:
    """Area under the ROC curve: P(score of a positive > score of a negative) + P(equal) / 2 (Hanley
    and McNeil, Radiology 143, 1982). NaN when the labels hold a single class."""
    from scipy.stats import rankdata  # here: pages read decisions without waiting for scipy

    truth, values = _checked(labels, scores, "scores")
    positives = int(truth.sum())
    negatives = truth.size - positives
    if positives == 0 or negatives == 0:
        return float("nan")
    ranks = rankdata(values)
    wins = ranks[truth].sum() - positives * (positives + 1) / 2
    return float(wins / (positives * negatives))


def chance(labels: ArrayLike, metric: Metric) -> float:
    """What a guesser who sees nothing scores: `metric.chance`, or that of always giving the commoner
    answer."""
    if metric.chance is not None:
        return metric.chance
    truth = np.asarray(labels).astype(bool)
    return float(metric.from_counts(*confusion(truth, np.full(truth.shape, truth.mean() > 0.5))))


def choose_threshold(labels: ArrayLike, scores: ArrayLike) -> float:
    """The threshold on `scores` of validation data with the best balanced accuracy; decide 1 where
    score > it. Of equally good ones the middle of the widest gap; with a single class the median.
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


def _balanced_accuracy(tp: Any, fn: Any, tn: Any, fp: Any) -> Any:
    """Source: Brodersen et al., "The balanced accuracy and its posterior distribution", ICPR 2010."""
    return (tp / (tp + fn) + tn / (tn + fp)) / 2


def _accuracy(tp: Any, fn: Any, tn: Any, fp: Any) -> Any:
    return (tp + tn) / (tp + fn + tn + fp)


def _advantage(tp: Any, fn: Any, tn: Any, fp: Any) -> Any:
    """Accuracy minus the share of the commoner class, in [-1, .5]."""
    total = tp + fn + tn + fp
    return (tp + tn) / total - np.maximum(tp + fn, tn + fp) / total


def _mcc(tp: Any, fn: Any, tn: Any, fp: Any) -> Any:
    """(TP TN - FP FN) / sqrt((TP+FP)(TP+FN)(TN+FP)(TN+FN)), in [-1, 1]; 0 where the denominator is,
    as in scikit-learn. Source: Matthews, Biochimica et Biophysica Acta 405 (1975)."""
    denominator = np.sqrt((tp + fp) * (tp + fn) * (tn + fp) * (tn + fn))
    return np.where(denominator > 0, (tp * tn - fp * fn) / denominator, 0.0)


BALANCED_ACCURACY = Metric(
    "balanced_accuracy",
    "right guesses",
    "%",
    "Share of right guesses when both answers count the same; guessing gives 50 %.",
    chance=0.5,
    decides="attribute",
    serves=True,
    control=Control(floor=Bound(plus=0.55), ceiling=Bound(times=1, plus=0.02), share=0.8),
    of_counts=_balanced_accuracy,
)
AUC = Metric(
    "auc",
    "area under the ROC curve",
    "",
    "Chance that a yes-photograph is ranked above a no-photograph; 0.5 is guessing.",
    chance=0.5,
    serves=True,
)
MCC = Metric(
    "mcc",
    "Matthews correlation",
    "",
    "Agreement of guess and truth; 0 is guessing, 1 is perfect.",
    chance=0.0,
    serves=True,
    of_counts=_mcc,
)
ACCURACY = Metric(
    "accuracy",
    "plain accuracy",
    "%",
    "Share of right guesses; guessing the commoner answer may already score high.",
    serves=True,
    of_counts=_accuracy,
)
ADVANTAGE = Metric(
    "advantage",
    "above the commoner answer",
    "points",
    "Plain accuracy minus what always giving the commoner answer scores.",
    chance=0.0,
    of_counts=_advantage,
)
