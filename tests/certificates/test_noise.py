import math

import numpy as np
import pytest
from scipy.stats import norm

from core.certificates import noise
from core.errors import PenumbraError


def people(mean, count, dimensions=1):
    return [np.full((1, dimensions), mean)] * count


def test_two_gaussians_by_hand():
    """TV of N(-1, 1) and N(1, 1) is 2 Phi(1) - 1: the best attacker decides at 0."""
    found = noise.balanced(people(1.0, 400), people(-1.0, 400), np.eye(1), 0.05, 0)
    assert found.counted == pytest.approx(norm.cdf(1), abs=0.005)
    slack = math.sqrt((1 / 400) * math.log(1 / 0.045)) + math.sqrt(math.log(1 / 0.005) / 40_000)
    assert found.bound == pytest.approx(found.counted + slack / 2)


def test_repeated_releases_are_one_with_less_noise():
    """Four releases, averaged, are one with half the noise."""
    groups = people(0.5, 50, 3), people(-0.5, 50, 3)
    often = noise.balanced(*groups, 2 * np.eye(3), 0.05, 0, releases=4)
    once = noise.balanced(*groups, np.eye(3), 0.05, 0)
    assert often.counted == pytest.approx(once.counted, abs=1e-9)
    assert noise.balanced(*groups, 2 * np.eye(3), 0.05, 0).counted < often.counted


def test_a_person_counts_once_however_many_photographs_there_are():
    many = [np.ones((100, 1)), *people(-1.0, 1)]
    found = noise.balanced(many, people(0.0, 2), 0.01 * np.eye(1), 0.05, 0)
    even = noise.balanced(
        people(1.0, 1) + people(-1.0, 1), people(0.0, 2), 0.01 * np.eye(1), 0.05, 0
    )
    assert found.counted == pytest.approx(even.counted, abs=0.01)


def test_without_noise_in_every_direction_nothing_is_proven():
    groups = people(1.0, 5, 2), people(-1.0, 5, 2)
    assert noise.balanced(*groups, np.diag([1.0, 0.0]), 0.05, 0) == (1, 1)
    assert noise.balanced(*groups, np.zeros((2, 2)), 0.05, 0) == (1, 1)


def test_of_an_empty_group_nothing_is_known():
    assert noise.balanced([], people(0.0, 3), np.eye(1), 0.05, 0) == (1, 1)


def test_coverage():
    """People drawn from two known distributions: the bound lies above the truth."""
    rng, wrong = np.random.default_rng(0), 0
    truth = norm.cdf(0.5 / math.sqrt(2))  # N(+-.5, 1) people, noise 1: N(+-.5, 2)
    for seed in range(30):
        groups = ([np.array([[x]]) for x in rng.normal(m, 1, 60)] for m in (0.5, -0.5))
        wrong += noise.balanced(*groups, np.eye(1), 0.2, seed, samples=2000).bound < truth
    assert wrong <= 0.2 * 30


def test_the_same_seed_says_the_same():
    groups = people(1.0, 5), people(-1.0, 5)
    assert noise.balanced(*groups, np.eye(1), 0.05, 3) == noise.balanced(
        *groups, np.eye(1), 0.05, 3
    )


@pytest.mark.parametrize(("delta", "releases"), [(0, 1), (1, 1), (0.05, 0)])
def test_bad_input_is_refused(delta, releases):
    with pytest.raises(PenumbraError, match="delta"):
        noise.balanced(people(1.0, 2), people(0.0, 2), np.eye(1), delta, 0, releases)
