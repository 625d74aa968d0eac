import numpy as np
import pytest

from core.certificates import histograms
from core.errors import PenumbraError


def test_a_person_is_the_mean_of_their_photographs():
    given = histograms.one_hot(np.array([0, 1, 1, 2, 2]), 3)
    groups = histograms.of_people(given, np.array([7, 7, 3, 3, 5]), np.array([1, 1, 0, 0, 0]))
    assert groups.having.tolist() == [[0.5, 0.5, 0]]
    assert groups.without.tolist() == [[0, 0.5, 0.5], [0, 0, 1]]
    assert (groups.people, groups.mixed) == (3, 0)


def test_people_whose_photographs_disagree_are_left_out_and_counted():
    given = histograms.one_hot(np.array([0, 1, 0]), 2)
    groups = histograms.of_people(given, np.array([0, 0, 1]), np.array([1, 0, 1]))
    assert (len(groups.having), len(groups.without), groups.mixed) == (1, 0, 1)


def test_pairs_by_hand():
    # One person, three photographs that say 0, 0, 1: of the three pairs one is {0, 0}, two {0, 1}.
    given = histograms.one_hot(np.array([0, 0, 1, 1]), 2)
    groups = histograms.of_pairs(given, np.array([0, 0, 0, 9]), np.array([1, 1, 1, 0]))
    assert groups.having == pytest.approx(np.array([[1 / 3, 2 / 3, 0]]))
    assert len(groups.without) == 0  # a single photograph makes no pair


def test_pairs_of_drawn_answers_agree_with_drawing_them():
    rng = np.random.default_rng(0)
    given = rng.dirichlet(np.ones(3), 4)
    exact = histograms.of_pairs(given, np.zeros(4, int), np.ones(4, int)).having[0]
    drawn = np.zeros((3, 3))
    for _ in range(40_000):
        first, second = rng.choice(4, 2, replace=False)
        a, b = rng.choice(3, p=given[first]), rng.choice(3, p=given[second])
        drawn[min(a, b), max(a, b)] += 1 / 40_000
    assert exact == pytest.approx(drawn[np.triu_indices(3)], abs=0.01)
    assert exact.sum() == pytest.approx(1)


def test_a_table_changes_what_people_answer():
    groups = histograms.Groups(np.array([[1.0, 0]]), np.array([[0, 1.0]]), 2)
    mixed = groups.through(np.array([[0.5, 0.5], [0.25, 0.75]]))
    assert mixed.having.tolist() == [[0.5, 0.5]]
    assert mixed.without.tolist() == [[0.25, 0.75]]
    assert mixed.mixed == 2


@pytest.mark.parametrize(
    ("given", "people", "labels", "why"),
    [
        ([[0.5, 0.4]], [0], [1], "distribution"),
        ([[1.5, -0.5]], [0], [1], "distribution"),
        ([[float("nan"), 1]], [0], [1], "distribution"),
        ([[0, 1]], [0, 1], [1], "do not match"),
        ([0, 1], [0, 1], [1, 0], "do not match"),
    ],
)
def test_what_is_no_distribution_is_refused(given, people, labels, why):
    with pytest.raises(PenumbraError, match=why):
        histograms.of_people(np.array(given), np.array(people), np.array(labels))


def test_answers_out_of_range_are_refused():
    with pytest.raises(PenumbraError, match="between 0 and 1"):
        histograms.one_hot(np.array([0, 2]), 2)


def test_nobody_is_no_error():
    none = np.empty((0, 4))
    groups = histograms.of_people(none, np.empty(0, np.int64), np.empty(0, np.int64))
    assert groups.having.shape == groups.without.shape == (0, 4)
