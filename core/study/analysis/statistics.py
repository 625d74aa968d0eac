"""Statistics of a forced-choice study. Pure functions of counts and shares; nothing is read here.

SciPy is imported where it is used: pages that only show that there is no study yet do without it.
"""

import math
from statistics import NormalDist

import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.errors import PenumbraError
from core.metrics import intervals

LEVEL = 1 - intervals.LEVEL  # of the exact test
POWER = 0.8  # with which it is to find that people do better than guessing
# Beyond this no study is planned: the difference is too small to be found by asking people.
MOST_ANSWERS = 50_000
# Where d' is looked for; at 12 the other options are never taken, to double precision.
FURTHEST = 12.0


def wilson(right: float, answers: float) -> tuple[float, float]:
    """`core.metrics.intervals.wilson` of one share. Raises PenumbraError for counts that cannot be."""
    _counted(right, answers)
    low, high = intervals.wilson(right, answers)
    return float(low), float(high)


def binomial_p(right: int, answers: int, chance: float, alternative: str = "greater") -> float:
    """p of `scipy.stats.binomtest` against guessing; 1 where nobody answered. Raises PenumbraError for
    bad arguments."""
    from scipy.stats import binomtest

    _counted(right, answers)
    _share("chance", chance)
    return float(binomtest(right, answers, chance, alternative).pvalue) if answers else 1.0


def forced_choice(d_prime: float, options: int) -> float:
    """Share of right choices among `options` of somebody with sensitivity d': the integral over x of
    phi(x - d') Phi(x)^(options - 1). The right option gives an impression drawn from N(d', 1), each
    other one from N(0, 1), and the strongest is chosen.

    Source: Green and Swets, "Signal Detection Theory and Psychophysics" (1966), chapter 2.
    """
    from scipy.special import ndtr

    # The trapezoid rule converges faster than any power of the step on such integrands (Trefethen
    # and Weideman, SIAM Review 56, 2014): at .1 the error is that of double precision.
    step = 0.1
    x = np.arange(-100, 101) * step
    density = np.exp(-x * x / 2) / math.sqrt(2 * math.pi)
    return float((density * ndtr(x + d_prime) ** (options - 1)).sum() * step)


def d_prime(share: float, options: int) -> float:
    """Sensitivity d' of somebody who chooses rightly among `options` in `share` of cases: 0 for
    guessing, below 0 for worse, the same scale whatever the number of options. A share of 0 or 1
    gives minus or plus infinity: moved by 1/(2n), as is often done, the number of answers would
    decide what is reported.

    Source: Green and Swets (1966), tabulated by Hacker and Ratcliff, Perception & Psychophysics 26
    (1979). Raises PenumbraError for fewer than two options or no share.
    """
    _share("share", share)
    if options < 2:
        raise PenumbraError(f"somebody who chooses has two options or more, not {options}")
    if not forced_choice(-FURTHEST, options) < share < forced_choice(FURTHEST, options):
        return math.inf if share > 0.5 else -math.inf
    from scipy.optimize import brentq

    return float(brentq(lambda d: forced_choice(d, options) - share, -FURTHEST, FURTHEST))


def agreement(counts: ArrayLike) -> float:
    """Krippendorff's alpha for nominal data: 1 where all agree, 0 as if by chance, below 0 where they
    avoid each other's answers; NaN where nobody can be compared, or where all answers are the same.

    counts  (units, categories): how many people put each unit into each category; units that fewer
            than two people saw are left out

    Source: Krippendorff, "Computing Krippendorff's
    Alpha-Reliability" (2011), section D.
    """
    table = np.asarray(counts, dtype=np.float64)
    if table.ndim != 2 or (table < 0).any():
        raise PenumbraError("agreement is counted in a table: things down, categories across")
    raters = table.sum(1)
    table, raters = table[raters > 1], raters[raters > 1]
    total, marginal = raters.sum(), table.sum(0)
    expected = total**2 - np.square(marginal).sum()
    if expected == 0:
        return math.nan
    observed = ((raters**2 - np.square(table).sum(1)) / (raters - 1)).sum()
    return float(1 - (total - 1) * observed / expected)


def needed(share: float, chance: float, width: float | None = None) -> int | None:
    """How many answers it takes in all, if people are right in `share` of cases; None where
    MOST_ANSWERS are not enough, or `share` is not above `chance`.

    width  given: until Wilson's interval is no wider than this; otherwise: the number from which on
           the exact test has at least `POWER` against `chance` (its power goes up and down: Chernick
           and Liu, The American Statistician 56, 2002)
    """
    _share("share", share)
    _share("chance", chance)
    if width is not None:
        answers = np.arange(1, MOST_ANSWERS + 1)
        low, high = intervals.wilson(share * answers, answers)
        narrow = high - low <= width
        return int(answers[narrow.argmax()]) if narrow.any() else None
    if share <= chance:
        return None
    # The test by the normal distribution needs nearly as many; this is far beyond the last drop of
    # the exact power below `POWER`.
    one, other = NormalDist().inv_cdf(1 - LEVEL), NormalDist().inv_cdf(POWER)
    spread = one * math.sqrt(chance * (1 - chance)) + other * math.sqrt(share * (1 - share))
    rough = (spread / (share - chance)) ** 2
    if rough > MOST_ANSWERS:
        return None
    answers = np.arange(1, int(1.3 * rough) + 100)
    weak = powers(answers, share, chance) < POWER
    return int(answers[weak].max(initial=0)) + 1


def powers(answers: ArrayLike, share: float, chance: float) -> NDArray:
    """Power of the exact test ("greater", at `LEVEL`) against `chance`, for each number of answers,
    where people are right in `share` of cases."""
    from scipy.stats import binom

    # isf: the most right answers that the test does not yet call better than guessing
    return binom.sf(binom.isf(LEVEL, answers, chance), answers, share)


def _counted(right: float, answers: float) -> None:
    if not 0 <= right <= answers:
        raise PenumbraError(f"{right} right of {answers} answers cannot be")


def _share(name: str, value: float) -> None:
    if not 0 <= value <= 1:
        raise PenumbraError(f"{name} is a share from 0 to 1, not {value!r}")
