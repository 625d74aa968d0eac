import numpy as np
import pytest
import torch

from core.certificates import drawn


def test_a_photograph_is_answered_alike_and_others_are_not():
    rng = np.random.default_rng(0)
    key = b"k" * 32
    pictures = rng.integers(0, 256, (500, 3, 4, 4), dtype=np.uint8)
    numbers = np.array([drawn.uniform(p, key) for p in pictures])
    assert numbers.tolist() == [drawn.uniform(p.copy(), key) for p in pictures]
    assert len({*numbers.tolist()}) == 500
    assert numbers.min() >= 0
    assert numbers.max() < 1
    assert abs(numbers.mean() - 0.5) < 0.05


def test_another_key_says_something_else():
    picture = np.zeros((3, 4, 4), np.uint8)
    assert drawn.uniform(picture, b"a" * 32) != drawn.uniform(picture, b"b" * 32)


def test_answers_come_as_often_as_their_distribution_says():
    generator = torch.Generator().manual_seed(0)
    x = torch.rand(4000, 3, 2, 2, generator=generator)
    given = torch.tensor([[0.2, 0.0, 0.8]]).expand(4000, 3)
    answers = drawn.drawn(given, drawn.keyed(x, generator))
    assert answers.sum(1).tolist() == [1] * 4000
    assert answers.mean(0).tolist() == pytest.approx([0.2, 0, 0.8], abs=0.02)


def test_the_ends_of_a_distribution_are_answers():
    given = torch.tensor([[0.5, 0.5], [0.0, 1.0], [1.0, 0.0]])
    last = torch.full((3,), 1 - 2**-53, dtype=torch.float64)
    assert drawn.drawn(given, last).argmax(1).tolist() == [1, 1, 0]
    assert drawn.drawn(given, torch.zeros(3, dtype=torch.float64)).argmax(1).tolist() == [0, 1, 0]
