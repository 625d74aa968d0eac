"""Would a bigger attacker know more? Words and picture from a curve."""

import numpy as np
import pytest

from app.charts.palette import DARK, LIGHT
from app.evidence import learning_curve
from core.errors import PenumbraError


def arrays(ahead=(0.7, 0.72), band=0.01, attribute="Male"):
    value = np.array([[0.55, 0.58, 0.6, 0.62, 0.63]], np.float32)
    ahead = np.array([ahead], np.float32)
    return {
        "attributes": np.array([attribute]),
        "people": np.array([22, 44, 88, 176, 353]),
        "photographs": np.array([176, 352, 704, 1408, 2824]),
        "value": value,
        "low": value - 0.02,
        "high": value + 0.02,
        "ahead": np.array([11296, 45184]),
        "ahead_value": ahead,
        "ahead_low": ahead - band,
        "ahead_high": ahead + band,
    }


def test_a_frame_has_what_was_measured_and_what_lies_ahead():
    curve = learning_curve.frame(arrays(), "Male")
    assert curve["photographs"].tolist() == [176, 352, 704, 1408, 2824, 11296, 45184]
    assert curve["ahead"].tolist() == [False] * 5 + [True] * 2
    assert curve["people"].isna().tolist() == curve["ahead"].tolist()
    assert learning_curve.frame(arrays(), "Young").empty


@pytest.mark.parametrize(
    ("ahead", "band", "said"),
    [
        (
            (0.7, 0.72),
            0.01,
            "would know more: the curve points to 72 % (71–73) with 16 times",
        ),
        ((0.63, 0.635), 0.01, "would hardly know more"),
        ((0.65, 0.66), 0.05, "may know more"),
    ],
)
def test_the_sentence_says_whether_more_would_help(ahead, band, said):
    sentence = learning_curve.sentence(learning_curve.frame(arrays(ahead, band), "Male"), "Male")
    assert sentence.startswith(
        "With the photographs of 353 people an attacker tells the gender in 63 % of cases"
    )
    assert said in sentence


@pytest.mark.parametrize("colour", [LIGHT, DARK])
def test_the_figure_has_every_point_and_the_band(colour):
    figure = learning_curve.figure(learning_curve.frame(arrays(), "Male"), colour)
    by_name = {trace.name: trace for trace in figure.data}
    assert list(by_name["measured"].x) == [176, 352, 704, 1408, 2824]
    assert list(by_name["measured"].y) == pytest.approx([55, 58, 60, 62, 63], abs=1e-4)
    assert list(by_name["where it points"].x) == [2824, 11296, 45184]
    assert figure.layout.xaxis.type == "log"
    assert max(by_name[None].y) == pytest.approx(73, abs=1e-4)


def test_damaged_curves_are_named():
    for name in ("value", "ahead", "people", "attributes"):
        broken = arrays()
        del broken[name]
        with pytest.raises(PenumbraError, match="damaged"):
            learning_curve.frame(broken, "Male")
    with pytest.raises(PenumbraError, match="damaged"):
        learning_curve.frame(arrays() | {"low": np.zeros((1, 2))}, "Male")
    for sizes in ([np.nan] * 5, ["x"] * 5, [0] * 5):
        with pytest.raises(PenumbraError, match="damaged"):
            learning_curve.frame(arrays() | {"photographs": np.array(sizes)}, "Male")
