"""Bounds on finite answers: by hand, against brute force, planted leaks, and coverage by simulation
(`bench/certificate_coverage.py` simulates many more)."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from core.certificates import betting, finite
from core.certificates.histograms import Groups, one_hot
from core.errors import PenumbraError


def drawn(rng, p1, p0, n1, n0):
    k = len(p1)
    return Groups(
        one_hot(rng.choice(k, n1, p=p1), k).astype(float), one_hot(rng.choice(k, n0, p=p0), k)
    )


def test_total_variation_by_hand():
    assert finite.total_variation(np.array([0.5, 0.5]), np.array([0.5, 0.5])) == 0
    assert finite.total_variation(np.array([1, 0]), np.array([0, 1])) == 1
    assert finite.total_variation(np.array([0.7, 0.3]), np.array([0.4, 0.6])) == pytest.approx(0.3)


def test_the_best_attacker_is_the_best_of_all_that_there_are():
    rng = np.random.default_rng(0)
    p1, p0 = rng.dirichlet(np.ones(5)), rng.dirichlet(np.ones(5))
    best = max(
        (sum(p1[list(s)]) + 1 - sum(p0[list(s)])) / 2
        for size in range(6)
        for s in itertools.combinations(range(5), size)
    )
    groups = Groups(p1[None, :], p0[None, :])
    assert finite.balanced(groups, 0.05).counted == pytest.approx(best)


def test_mcdiarmid_by_hand():
    groups = Groups(np.full((100, 16), 1 / 16), np.full((400, 16), 1 / 16))
    found = finite.balanced(groups, 0.05)
    slack = math.sqrt((1 / 100 + 1 / 400) * math.log(20) / 8)
    assert found.counted == 0.5
    assert found.bound == pytest.approx(0.5 + slack)


def test_three_classes_by_hand():
    rows = [np.tile(row, (50, 1)) for row in ([0.8, 0.2], [0.4, 0.6], [0.1, 0.9])]
    found = finite.of_classes(rows, 0.05)
    assert found.counted == pytest.approx((0.8 + 0.9) / 3)
    assert found.bound - found.counted == pytest.approx(math.sqrt(3 / (9 * 50) * math.log(20) / 2))


def test_two_classes_are_the_binary_case():
    rng = np.random.default_rng(1)
    groups = drawn(rng, np.full(20, 0.05), rng.dirichlet(np.ones(20)), 300, 200)
    binary, classes = (
        finite.balanced(groups, 0.1),
        finite.of_classes([groups.having, groups.without], 0.1),
    )
    assert binary == pytest.approx(classes)


def test_a_planted_leak_is_never_certified_away():
    """Everybody with the attribute answers 1: any bound below 1 would be wrong."""
    groups = Groups(np.tile([0.0, 1.0], (500, 1)), np.tile([1.0, 0.0], (500, 1)))
    assert finite.balanced(groups, 0.05) == finite.Bound(1.0, 1.0)


@pytest.mark.parametrize("leak", [0.1, 0.3, 0.6])
@pytest.mark.parametrize("answers", [2, 4, 20])
def test_bounds_hold_for_planted_leaks_and_are_not_far_off(leak, answers):
    rng = np.random.default_rng(answers)
    p0 = np.full(answers, 1 / answers)
    p1 = (1 - leak) * p0 + leak * np.eye(answers)[0]
    truth = (1 + finite.total_variation(p1, p0)) / 2
    bounds = [finite.balanced(drawn(rng, p1, p0, 800, 1200), 0.05).bound for _ in range(40)]
    assert np.mean(np.array(bounds) < truth) <= 0.05
    assert np.mean(bounds) < truth + 0.06


@pytest.mark.parametrize(
    ("answers", "sizes"), [(2, (60, 60)), (2, (20, 200)), (4, (300, 500)), (15, (400, 300))]
)
def test_coverage(answers, sizes):
    """Violations stay within delta where the truth is hardest to keep: at total variation 0 the
    plug-in overestimates, at a moderate one it can fall short."""
    rng = np.random.default_rng(3)
    delta, wrong, rounds = 0.2, 0, 150
    for _ in range(rounds):
        p1, p0 = rng.dirichlet(np.ones(answers), 2)
        truth = (1 + finite.total_variation(p1, p0)) / 2
        wrong += finite.balanced(drawn(rng, p1, p0, *sizes), delta).bound < truth
    assert wrong <= delta * rounds


def test_betting_uses_what_people_vary_little_in():
    """Where each person answers almost alike, fewer are needed than the worst case asks for."""
    rng = np.random.default_rng(4)
    rows = rng.normal(0.5, 0.05, (2, 1000)).clip(0, 1)
    groups = Groups(*(np.stack([r, 1 - r], 1) for r in rows))
    worst = math.sqrt((2 / 1000) * math.log(20) / 8)
    assert finite.balanced(groups, 0.05).bound - 0.5 < worst / 2


def test_what_betting_takes_up_does_not_depend_on_how_attackers_are_batched(monkeypatch):
    rng = np.random.default_rng(5)
    groups = drawn(rng, rng.dirichlet(np.ones(6)), rng.dirichlet(np.ones(6)), 200, 150)
    whole = betting.upper_bound(groups, 0.05)
    monkeypatch.setattr(betting, "_AT_ONCE", 3)
    assert betting.upper_bound(groups, 0.05) == pytest.approx(whole, abs=2 * betting.TOLERANCE)


@pytest.mark.parametrize("rows", [(0, 5), (5, 0), (0, 0)])
@pytest.mark.parametrize("answers", [1, 3, 30])
def test_of_an_empty_group_nothing_is_known(rows, answers):
    groups = Groups(*(np.full((n, answers), 1 / answers) for n in rows))
    assert finite.balanced(groups, 0.05) == (1, 1)
    assert finite.of_classes([groups.having, groups.without], 0.05) == (1, 1)


def test_one_answer_tells_nothing_and_costs_only_slack():
    groups = Groups(np.ones((200, 1)), np.ones((200, 1)))
    assert finite.balanced(groups, 0.05) == (0.5, 0.5)


def test_one_person_a_side_proves_little():
    groups = Groups(np.array([[0.5, 0.5]]), np.array([[0.5, 0.5]]))
    assert finite.balanced(groups, 0.05).bound == 1


@given(
    st.integers(1, 14),
    st.integers(0, 12),
    st.integers(0, 12),
    st.floats(1e-6, 0.9),
    st.data(),
)
def test_every_bound_is_a_bound(answers, n1, n0, delta, data):
    unit = arrays.arrays(float, (n1 + n0, answers), elements=st.floats(0.001, 1))
    rows = data.draw(unit)
    rows = rows / rows.sum(1, keepdims=True)
    found = finite.balanced(Groups(rows[:n1], rows[n1:]), delta)
    assert 0.5 <= found.counted <= found.bound <= 1 or found.counted == pytest.approx(0.5)
    less = finite.balanced(Groups(rows[:n1], rows[n1:]), delta / 2)
    assert less.bound >= found.bound - 2 * betting.TOLERANCE


@pytest.mark.parametrize("delta", [0, 1, -0.1, 2])
def test_a_confidence_that_is_none_is_refused(delta):
    with pytest.raises(PenumbraError, match="delta"):
        finite.balanced(Groups(np.ones((2, 1)), np.ones((2, 1))), delta)


def test_capacity_by_hand():
    assert finite.capacity(np.eye(5)) == 5
    assert finite.capacity(np.full((5, 3), 1 / 3)) == pytest.approx(1)
    assert finite.capacity(np.array([[0.9, 0.1], [0.5, 0.5]])) == pytest.approx(1.4)
    assert finite.capacity(np.empty((0, 3))) == 1


def test_no_guesser_gains_more_than_the_capacity():
    rng = np.random.default_rng(6)
    for _ in range(30):
        table, prior = rng.dirichlet(np.ones(4), 7), rng.dirichlet(np.ones(7))
        gain = rng.random((3, 7))  # of each of three guesses about each of seven inputs
        before = (gain @ prior).max()
        after = (gain @ (prior[:, None] * table)).max(0).sum()
        assert after <= before * finite.capacity(table) + 1e-12


def test_naming_people():
    assert finite.identification(4.0, 200) == 0.02
    assert finite.identification(4.0, 2) == 1
    assert finite.identification(4.0, 0) == 1
