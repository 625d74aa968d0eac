import numpy as np
import pytest

from core.certificates import labels
from core.certificates.finite import total_variation


def planted(n=4000, seed=0):
    rng = np.random.default_rng(seed)
    secret = rng.integers(0, 2, n)
    smile = (rng.random(n) < np.where(secret, 0.4, 0.56)).astype(int)
    return smile[:, None], secret, np.arange(n)


def test_the_floor_is_what_the_true_answers_tell():
    smile, secret, people = planted()
    floor, _ = labels.frontier(smile, secret, people)
    told = abs(smile[secret == 1].mean() - smile[secret == 0].mean())
    assert floor == pytest.approx((1 + told) / 2)


def test_at_the_floor_everything_is_possible_and_below_it_not():
    smile, secret, people = planted()
    floor, line = labels.frontier(smile, secret, people)
    for leak, best in line:
        assert (best == pytest.approx(1)) == (leak >= floor - 1e-9)
    assert line[0, 1] > 0.9  # two groups answered alike, by a device that knows both


def test_no_device_does_better_than_the_line():
    """Devices that know the task and the secret and answer at random by both."""
    smile, secret, people = planted()
    _, line = labels.frontier(smile, secret, people)
    rng = np.random.default_rng(1)
    for _ in range(200):
        says = rng.random((2, 2)) * 0.3 + np.array([[0.0, 0.0], [0.7, 0.7]])
        p = says[smile[:, 0], secret]
        one, zero = p[secret == 1].mean(), p[secret == 0].mean()
        leak = (1 + total_variation([one, 1 - one], [zero, 1 - zero])) / 2
        served = (p[smile[:, 0] == 1].mean() + (1 - p[smile[:, 0] == 0]).mean()) / 2
        assert served <= np.interp(leak, *line.T) + 1e-9


@pytest.mark.parametrize("which", ["secret", "task"])
def test_what_never_varies_forbids_nothing(which):
    smile, secret, people = planted(100)
    (secret if which == "secret" else smile)[...] = 1
    _, line = labels.frontier(smile, secret, people)
    assert line.shape == (len(labels.LIMITS), 2)
    assert (line[:, 1] == 1).all()
