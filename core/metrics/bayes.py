"""How well could anybody do? A bound on the best possible error from the 1-nearest-neighbour one."""

import math

from core.errors import PenumbraError
from core.metrics.declare import Metric

BAYES_ERROR_BOUND = Metric(
    "bayes_error_bound",
    "least possible error",
    "%",
    "Cover-Hart bound: with ever more photographs no attacker who sees only this could err less "
    "often when naming people; for a finite number of photographs it promises too much.",
    higher_means_more_known=False,
)


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
