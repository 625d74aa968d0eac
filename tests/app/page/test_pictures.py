"""Pictures are enlarged by whole pixels and keep their shape."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.page import pictures


@given(st.integers(1, 40), st.integers(1, 40), st.integers(1, 300))
def test_enlarged_repeats_pixels(height, width, wanted):
    picture = np.random.default_rng(0).integers(0, 256, (height, width, 3), np.uint8)
    large = pictures.enlarged(picture, wanted)
    times = max(1, -(-wanted // width))
    assert large.shape == (height * times, width * times, 3)
    assert (large[::times, ::times] == picture).all()
    assert (large == picture.repeat(times, 0).repeat(times, 1)).all()


def test_pair_is_original_left_recovered_right():
    left, right = np.full((8, 8, 3), 10, np.uint8), np.full((8, 8, 3), 200, np.uint8)
    both = pictures.row([left, right], 16)
    assert both.shape == (16, 32 + pictures.GAP, 4)
    assert (both[:, :16, :3] == 10).all()
    assert (both[:, -16:, :3] == 200).all()
    assert (both[:, 16:-16, 3] == 0).all()


@pytest.mark.parametrize(
    ("how", "expected"), [("mixed", [0, 1, 2]), ("most", [1, 2, 0]), ("least", [0, 2, 1])]
)
def test_order(how, expected):
    assert pictures.order(np.array([0.1, 0.9, 0.5]), how) == expected
