"""Statistics against published examples, SciPy, statsmodels and plain enumeration."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import integrate, stats
from scipy.special import ndtr
from statsmodels.stats.inter_rater import fleiss_kappa
from statsmodels.stats.proportion import proportion_confint

from core.errors import PenumbraError
from core.metrics import intervals
from core.study.analysis import statistics

COUNTS = st.integers(1, 400).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))
SHARES = st.floats(0.01, 0.99)


# Newcombe, "Two-sided confidence intervals for the single proportion", Statistics in Medicine 17
# (1998), Table I, method 3.
@pytest.mark.parametrize(
    ("right", "answers", "low", "high"),
    [
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_wilson_gives_newcombes_printed_intervals(right, answers, low, high):
    assert statistics.wilson(right, answers) == pytest.approx((low, high), abs=5e-5)


@given(COUNTS, st.sampled_from([0.8, 0.95, 0.99]))
def test_wilson_is_that_of_statsmodels(counts, level):
    expected = proportion_confint(*counts, alpha=1 - level, method="wilson")
    assert intervals.wilson(*counts, level) == pytest.approx(expected, abs=1e-12)


def test_wilson_ends_at_exactly_0_and_1_and_nobody_says_nothing():
    assert statistics.wilson(0, 7)[0] == 0
    assert statistics.wilson(7, 7)[1] == 1
    assert statistics.wilson(0, 0) == (0, 1)


@pytest.mark.parametrize("wrong", [(3, 2), (-1, 2), (0, -1)])
def test_wilson_refuses_what_cannot_be(wrong):
    with pytest.raises(PenumbraError):
        statistics.wilson(*wrong)


def test_the_exact_test_finds_conovers_printed_value():
    # Conover, "Practical Nonparametric Statistics" (1971), p. 97, as in R's help of binom.test:
    # 682 of 925 Mendel's pea plants where 3/4 are expected.
    p = statistics.binomial_p(682, 925, 0.75, "two-sided")
    assert p == pytest.approx(0.3825, abs=5e-5)


def test_deep_obfuscators_study_does_not_tell_28_from_25_percent():
    low, high = statistics.wilson(112, 400)
    assert (low, high) == pytest.approx((0.238, 0.326), abs=5e-4)
    assert statistics.binomial_p(112, 400, 0.25) == pytest.approx(0.0935, abs=5e-4)
    assert statistics.binomial_p(112, 400, 0.25, "two-sided") > 0.15


@given(st.floats(-3, 6), st.integers(2, 8))
def test_forced_choice_is_green_and_swets_integral(sensitivity, options):
    def integrand(x):
        density = math.exp(-((x - sensitivity) ** 2) / 2) / math.sqrt(2 * math.pi)
        return density * ndtr(x) ** (options - 1)

    # quad stops at 1.5e-8 of the value unless told otherwise
    ends = sensitivity - 10, sensitivity + 10
    expected = integrate.quad(integrand, *ends, epsabs=1e-14, epsrel=1e-13, limit=200)[0]
    got = statistics.forced_choice(sensitivity, options)
    assert got == pytest.approx(expected, rel=1e-12, abs=1e-13)


def test_d_prime_gives_printed_values():
    # Palamedes toolbox (Kingdom and Prins, "Psychophysics", 2010), printed example of
    # PAL_SDT_MAFC_PCtoDP for ten alternatives.
    shares, printed = (0.1, 0.3, 0.5, 0.7, 0.9), (0.0, 0.8680, 1.4748, 2.0872, 2.9829)
    found = [statistics.d_prime(share, 10) for share in shares]
    assert found == pytest.approx(printed, abs=1e-4)


@given(SHARES)
def test_d_prime_of_two_options_is_root_two_z(share):
    expected = math.sqrt(2) * stats.norm.ppf(share)
    assert statistics.d_prime(share, 2) == pytest.approx(expected, abs=1e-8)


# Expected value of the largest of m standard normal numbers (Harter, Biometrika 48, 1961, Table 1);
# divided by m it is the slope of the share of right choices at d' = 0.
@pytest.mark.parametrize(
    ("options", "largest"), [(2, 0.56419), (3, 0.84628), (4, 1.02938), (8, 1.42360)]
)
def test_near_guessing_the_slope_is_that_of_order_statistics(options, largest):
    step = 1e-4
    rise = statistics.forced_choice(step, options) - statistics.forced_choice(-step, options)
    assert rise / (2 * step) == pytest.approx(largest / options, abs=1e-5)


@given(SHARES, SHARES, st.integers(2, 8))
def test_d_prime_grows_with_the_share_and_is_0_at_chance(one, other, options):
    assert statistics.d_prime(1 / options, options) == pytest.approx(0, abs=1e-8)
    found = [statistics.d_prime(share, options) for share in sorted((one, other))]
    assert found[0] <= found[1]
    assert statistics.forced_choice(found[0], options) == pytest.approx(min(one, other), abs=1e-9)


def test_d_prime_of_all_or_none_is_without_bound():
    assert statistics.d_prime(1.0, 4) == math.inf
    assert statistics.d_prime(0.0, 4) == -math.inf
    assert statistics.d_prime(1e-300, 4) == -math.inf


@pytest.mark.parametrize("wrong", [(1.1, 4), (-0.1, 4), (math.nan, 4), (0.5, 1)])
def test_d_prime_refuses_what_cannot_be(wrong):
    with pytest.raises(PenumbraError):
        statistics.d_prime(*wrong)


def counted(*observers):
    """(things, categories) from what each observer said of each thing; "." for nothing."""
    said = [answers.split() for answers in observers]
    names = sorted({name for answers in said for name in answers} - {"."})
    return [[sum(a[i] == n for a in said) for n in names] for i in range(len(said[0]))]


def test_alpha_gives_krippendorffs_printed_values():
    # Krippendorff, "Computing Krippendorff's Alpha-Reliability" (2011): A (two observers, two
    # values), B (two observers, five values), C and D (four observers, gaps).
    binary = counted("0 1 0 0 0 0 0 0 1 0", "1 1 1 0 0 1 0 0 0 0")
    assert statistics.agreement(binary) == pytest.approx(0.095, abs=5e-4)
    names = counted("a a b b d c c c e d d a", "b a b b b c c c e d d d")
    assert statistics.agreement(names) == pytest.approx(0.692, abs=5e-4)
    gaps = counted(
        "1 2 3 3 2 1 4 1 2 . . .",
        "1 2 3 3 2 2 4 1 2 5 . 3",
        ". 3 3 3 2 3 4 2 2 5 1 .",
        "1 2 3 3 2 4 4 1 2 5 1 .",
    )
    assert statistics.agreement(gaps) == pytest.approx(0.743, abs=5e-4)


@given(st.integers(0, 2**32 - 1), st.integers(2, 6), st.integers(2, 12), st.integers(2, 4))
def test_alpha_of_complete_tables_follows_from_fleiss_kappa(seed, raters, things, categories):
    drawn = np.random.default_rng(seed).integers(0, categories, (things, raters))
    table = np.stack([(drawn == category).sum(1) for category in range(categories)], axis=1)
    if (table.sum(0) > 0).sum() < 2:
        return  # nothing could have been said otherwise: neither is defined
    # The same observed disagreement; the expected one without putting an answer back.
    expected = 1 - (1 - fleiss_kappa(table)) * (1 - 1 / (things * raters))
    assert statistics.agreement(table) == pytest.approx(expected, abs=1e-9)


def test_alpha_of_those_who_agree_is_1_and_without_company_there_is_none():
    assert statistics.agreement([[3, 0], [0, 3], [0, 1]]) == 1
    assert math.isnan(statistics.agreement([[1, 0], [0, 1]]))
    assert math.isnan(statistics.agreement([[3, 0], [2, 0]]))
    assert statistics.agreement([[1, 1]]) == 0
    assert statistics.agreement([[1, 1]] * 10) < 0
    with pytest.raises(PenumbraError):
        statistics.agreement([1, 2])


def enumerated(answers, share, chance, level=0.05):
    """The power by going through all outcomes."""
    rejected = [
        k
        for k in range(answers + 1)
        if stats.binomtest(k, answers, chance, "greater").pvalue <= level
    ]
    return sum(stats.binom.pmf(k, answers, share) for k in rejected)


@pytest.mark.parametrize("answers", [1, 2, 3, 17, 40, 150])
@pytest.mark.parametrize(("share", "chance"), [(0.35, 0.25), (0.9, 0.25), (0.6, 0.5), (0.2, 0.125)])
def test_power_is_that_of_enumeration(answers, share, chance):
    expected = enumerated(answers, share, chance)
    assert statistics.powers(answers, share, chance) == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize(
    ("share", "chance"), [(0.4, 0.25), (0.61, 0.5), (0.3, 0.125), (0.97, 0.25)]
)
def test_needed_is_the_last_number_that_is_too_few_plus_one(share, chance):
    found = statistics.needed(share, chance)
    assert found == 1 or enumerated(found - 1, share, chance) < 0.8
    beyond = np.arange(found, found + 120)
    assert statistics.powers(beyond, share, chance).min() >= 0.8
    assert enumerated(found, share, chance) >= 0.8


def test_no_number_finds_what_is_not_there():
    assert statistics.needed(0.25, 0.25) is None
    assert statistics.needed(0.2, 0.25) is None
    assert statistics.needed(0.2505, 0.25) is None


@pytest.mark.parametrize(("share", "width"), [(0.25, 0.1), (0.5, 0.2), (0.9, 0.05), (0.0, 0.3)])
def test_needed_for_a_width_is_the_first_that_is_narrow_enough(share, width):
    def wide(answers):
        low, high = proportion_confint(share * answers, answers, method="wilson")
        return high - low

    found = statistics.needed(share, 0.25, width=width)
    assert wide(found) <= width < wide(found - 1)
    assert statistics.needed(share, 0.25, width=1e-6) is None
