"""When a training learns more slowly, and when it stops."""

import pytest
import torch

from core.attacks.fitting import Patience, Recipe


def patience_of(patience=2, drops=2):
    optimiser = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    recipe = Recipe(1.0, 0.01, patience=patience, drops=drops, decay=0.1, least_steps=10)
    return Patience(optimiser, recipe), optimiser.param_groups[0]


def test_the_rate_falls_after_patience_and_training_ends_with_the_last_fall():
    patience, group = patience_of()
    told = [patience.over(value, 10) for value in (0.5, 0.6, 0.605, 0.6, 0.7, 0.7, 0.7)]
    assert told == [False] * 6 + [True]
    # .605 is no gain over .6, nor .6 after it: the rate fell once, and at the end only training ended.
    assert group["lr"] == pytest.approx(0.1)


def test_small_gains_add_up():
    patience, group = patience_of(patience=3)
    assert not any(patience.over(0.5 + 0.006 * step, 10) for step in range(20))
    assert group["lr"] == 1.0


def test_nothing_falls_before_it_may():
    patience, group = patience_of(patience=1, drops=1)
    assert not any(patience.over(0.5, steps) for steps in range(10))
    assert group["lr"] == 1.0
    assert patience.over(0.5, 10)
