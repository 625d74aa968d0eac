"""What is released with noise, drawn: against the methods' own code."""

import numpy as np
import pytest

from app.noise import charts, drawn_releases
from core.errors import PenumbraError

ROOT = np.array([[2.0, 0.0, 0.0], [0.0, 1.0, 0.5], [0.0, 0.5, 1.0]])


def test_code_noise_has_the_covariance_that_is_asked_for():
    code = np.array([1.0, -2.0, 0.5])
    drawn = np.array(
        [drawn_releases.code_with_noise(code, ROOT, 0.5, seed) for seed in range(8000)]
    )
    assert drawn.mean(0) == pytest.approx(code, abs=0.07)
    assert np.cov(drawn.T) == pytest.approx(0.5 * ROOT @ ROOT, abs=0.12)


def test_no_noise_is_the_code_and_more_goes_the_same_way():
    code = np.array([1.0, -2.0, 0.5])
    assert drawn_releases.code_with_noise(code, ROOT, 0.0, 3) == pytest.approx(code)
    one, four = (drawn_releases.code_with_noise(code, ROOT, r, 3) - code for r in (1.0, 4.0))
    assert four == pytest.approx(2 * one)
    assert not np.allclose(one, drawn_releases.code_with_noise(code, ROOT, 1.0, 4) - code)


def test_a_share_of_a_map_is_replaced():
    values = np.full((40, 40), 7, np.uint8)
    changed = (drawn_releases.map_with_replacements(values, 0.75, 1) != 7).mean()
    assert changed == pytest.approx(0.75, abs=0.04)
    assert (drawn_releases.map_with_replacements(values, 0.0, 1) == 7).all()


def test_a_filtered_photograph_is_cut_to_what_a_screen_can_show():
    picture = np.full((4, 4, 3), 200, np.uint8)
    drawn = drawn_releases.filtered(lambda x, value, random: x + value, picture, 0.5, 0)
    assert drawn.dtype == np.uint8
    assert (drawn == 255).all()
    assert (
        drawn_releases.filtered(lambda x, value, random: x - value, picture, 0.5, 0) == 72
    ).all()


def code(**more):
    arrays = {"codes": np.zeros((2, 3), np.float16), "noise_root": np.eye(3)}
    arrays |= {"mean": np.zeros(3), "spread": np.ones(3)}
    return arrays | more


def test_what_was_kept_is_checked():
    kept = drawn_releases.checked(code(), {"kind": "code"})
    assert kept.releases.shape == (2, 3)
    maps = {"maps": np.zeros((2, 4, 4), np.uint8)}
    assert drawn_releases.checked(maps, {"kind": "map", "channels": 12}).channels == 12


@pytest.mark.parametrize(
    ("arrays", "facts"),
    [
        ({}, {"kind": "code"}),
        (code(codes=np.zeros(3)), {"kind": "code"}),
        (code(codes=np.zeros((0, 3))), {"kind": "code"}),
        (code(noise_root=np.eye(4)), {"kind": "code"}),
        (code(spread=np.full(3, np.nan)), {"kind": "code"}),
        (code(mean=np.array(["a", "b", "c"])), {"kind": "code"}),
        (code(), {"kind": "wave"}),
        (code(), {}),
        ({"maps": np.zeros((2, 4, 4))}, {"kind": "map", "channels": 3}),
        ({"maps": np.zeros((2, 4, 4), np.uint8)}, {"kind": "map"}),
    ],
)
def test_anything_else_is_refused(arrays, facts):
    with pytest.raises(PenumbraError, match="damaged"):
        drawn_releases.checked(arrays, facts)


def test_bars_hold_both_and_their_axis_stands_still():
    mean, spread = np.zeros(3), np.ones(3)
    before = np.array([1.0, -1.0, 0.5])
    figures = [
        charts.bars(
            before, drawn_releases.code_with_noise(before, np.eye(3), r, 1), mean, spread, 2.5
        )
        for r in (0.0, 0.5)
    ]
    by_name = {trace.name: trace for trace in figures[0].data}
    assert list(by_name["without noise"].y) == list(by_name["released"].y) == [1.0, -1.0, 0.5]
    assert figures[0].layout.yaxis.range == figures[1].layout.yaxis.range
    far = charts.bars(before, np.array([50.0, 0, 0]), mean, spread, 2.5)
    assert far.layout.yaxis.range[1] > 50
