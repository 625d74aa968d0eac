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

    (K - 1) / K (1 - sqrt(1 - K / (K - 1) e)) with e the error and K the number of classes: for
    e = 0 it is 0, for guessing, e = (K - 1) / K, it is e. An error above that is taken for it.

    Asymptotic: 1NN's error tends to at most R* (2 - K / (K - 1) R*), with R* the Bayes error, as
    photographs grow in number without end; for a finite number it is larger and the bound then
    claims too much privacy. It speaks of the representation and of the distance as they are, and
    never proves that no better attacker exists. Source: Cover and Hart, "Nearest neighbor pattern
    classification", IEEE TIT 13 (1967), Eq. 4, solved for R*.

    Raises PenumbraError for fewer than two classes or an error outside [0, 1].
    """
    if classes < 2 or not 0 <= error <= 1:
        raise PenumbraError(
            f"an error of {error} among {classes} classes: give one in [0, 1] and two or more"
        )
    guessing = (classes - 1) / classes
    return guessing * (1 - math.sqrt(max(0.0, 1 - error / guessing)))
