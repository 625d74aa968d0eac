import numpy as np
import pytest

from core.errors import PenumbraError
from core.metrics.learning_curves import extrapolated

SIZES = np.array([100, 200, 400, 800, 1600])


@pytest.mark.parametrize(
    ("floor", "drop", "exponent"), [(0.1, 2.0, 0.5), (0.0, 1.0, 0.3), (0.2, 9, 1)]
)
def test_a_power_law_is_followed_to_where_it_leads(floor, drop, exponent):
    errors = floor + drop * SIZES ** -float(exponent)
    ahead = np.array([6400, 25600])
    truth = floor + drop * ahead ** -float(exponent)
    assert extrapolated(SIZES, errors, ahead) == pytest.approx(truth, abs=0.004)


def test_an_error_that_does_not_fall_stays_where_it_is():
    for errors in (np.full(5, 0.3), np.array([0.2, 0.25, 0.3, 0.35, 0.4])):
        assert extrapolated(SIZES, errors, [6400]) == pytest.approx([errors.mean()])


def test_no_error_below_nothing_and_none_above_the_last_by_much():
    errors = np.array([0.4, 0.2, 0.1, 0.05, 0.025])
    assert 0 <= extrapolated(SIZES, errors, [1e9])[0] < 0.001
    rng = np.random.default_rng(0)
    noisy = 0.3 + 0.02 * rng.normal(size=(50, 4, 5))
    found = extrapolated(SIZES, noisy, [6400, 25600])
    assert found.shape == (50, 4, 2)
    assert (found >= 0).all()
    assert (found <= noisy.max(-1, keepdims=True) + 1e-9).all()


def test_many_curves_at_once_are_as_one_by_one():
    errors = np.random.default_rng(1).uniform(0.1, 0.5, (6, 5))
    together = extrapolated(SIZES, errors, [3200])
    assert together == pytest.approx(np.array([extrapolated(SIZES, e, [3200]) for e in errors]))


def test_two_sizes_make_no_curve():
    for sizes in ([1, 2], [1, 1, 2], [0, 1, 2]):
        with pytest.raises(PenumbraError, match="three or more"):
            extrapolated(sizes, np.full(len(sizes), 0.2), [8])
