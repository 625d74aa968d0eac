"""Maps as numbers, against torch's interpolation and worked cases."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from torch.nn import functional

from core.explain import maps
from tests.examples import examples

SIDES = st.integers(2, 16)
ANY = arrays.arrays(np.uint8, st.tuples(st.integers(1, 3), SIDES, SIDES))


@pytest.mark.parametrize(("cells", "wanted"), [((8, 8), (64, 64)), ((4, 7), (16, 16))])
def test_resized_is_bilinear(cells, wanted):
    lit = np.random.default_rng(0).random((3, *cells))
    expected = functional.interpolate(
        torch.from_numpy(lit)[None], wanted, mode="bilinear", align_corners=False
    )[0]
    assert np.allclose(maps.resized(lit, *wanted), expected, atol=1e-12)


@examples(0.4)
@given(ANY)
def test_what_holds_of_every_map(lit):
    share = maps.shares(lit)
    assert np.allclose(share.sum((1, 2)), 1)
    assert np.allclose(maps.overlap(lit, lit), 1)
    assert np.allclose(maps.thirds(lit).sum(1), 1)
    even = maps.overlap(lit, np.ones_like(lit))
    assert ((even > 0) & (even <= 1 + 1e-9)).all()
    assert (abs(maps.correlation(lit, lit[:, ::-1])) <= 1 + 1e-9).all()
    again = maps.packed(lit)
    assert again.dtype == np.uint8
    assert ((again.max((1, 2)) == 255) | (lit.max((1, 2)) == 0)).all()


def test_opposite_corners_share_nothing_and_thirds_know_up_from_down():
    one, other = np.zeros((2, 16, 16))
    one[:4, :4], other[12:, 12:] = 9, 1
    assert maps.overlap(one, other) == 0
    assert maps.overlap(one, 5 * one) == pytest.approx(1)
    assert maps.correlation(one, other) < 0 < maps.correlation(one, one)
    assert maps.correlation(one, np.ones((16, 16))) == 0
    assert maps.thirds(one).tolist() == pytest.approx([1, 0, 0])
    assert np.argmax(maps.thirds(other)) == 2
    half = one + other * 9
    assert maps.overlap(one, half) == pytest.approx(0.5)
