"""Numbers and names as people read them."""

import math

import pytest

from app.page import wording
from core.metrics import named


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (0.61, "61 %"),
        (0.5, "50 %"),
        (1.0, "100 %"),
        (0.0, "0 %"),
        (0.998, "99.8 %"),
        (0.004, "0.4 %"),
        (None, "–"),
        (math.nan, "–"),
    ],
)
def test_percent_never_rounds_to_a_perfect_number(share, text):
    assert wording.percent(share) == text


@pytest.mark.parametrize(
    ("difference", "text"),
    [
        (0.012, "1.2 points"),
        (-0.012, "−1.2 points"),
        (0.01, "1.0 point"),
        (0.0, "0.0 points"),
        (-0.0001, "0.0 points"),
        (None, "–"),
    ],
)
def test_points(difference, text):
    assert wording.points(difference) == text


def test_interval():
    assert wording.interval(0.58, 0.64) == "58–64"
    assert wording.interval(0.584, 0.641, 1) == "58.4–64.1"
    assert wording.interval(math.nan, 0.64) == ""


@pytest.mark.parametrize(
    ("metric", "value", "text"),
    [
        ("balanced_accuracy", 0.614, "61.4 %"),
        ("ms_ssim", 0.614, "0.61"),
        ("psnr", 17.25, "17.2 dB"),
        ("advantage", 0.03, "3.0 points"),
        ("auc", math.nan, "–"),
        ("unheard_of", 0.5, "0.50"),
    ],
)
def test_score_has_its_unit(metric, value, text):
    assert wording.score(metric, value) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (None, "not known yet"),
        (0.2, "1 s"),
        (54, "54 s"),
        (60, "1 min"),
        (60 * 89, "89 min"),
        (7200, "2.0 h"),
    ],
)
def test_duration(seconds, text):
    assert wording.duration(seconds) == text


def test_an_attacker_is_named_with_what_he_was_given():
    assert wording.attacker("resrec") == "picture redrawer (residual network)"
    said = "picture redrawer (residual network), with “lfw_64” as well"
    assert wording.attacker("resrec+lfw_64") == said
    assert wording.attacker("unheard_of") == "unheard_of"


def test_labels_fall_back_to_names_where_they_collide():
    assert wording.unique_labels(["Male", "Unheard_Of"]) == {
        "Male": "Gender",
        "Unheard_Of": "Unheard Of",
    }
    collided = wording.unique_labels(["Male", "Gender"])
    assert collided == {"Male": "Male", "Gender": "Gender"}


def test_likeness_falls_with_the_score():
    words = [wording.likeness(value) for value in (0.98, 0.9, 0.75, 0.6, 0.4)]
    assert len(set(words)) == 5
    assert wording.likeness(math.nan) == "not measured"


def test_figures_of_a_second_face_network_keep_their_words_and_unit():
    second = named("reidentification_dlib")
    assert (second.title, second.unit) == ("recognised from the redrawn face (dlib)", "%")
    assert named("tar_at_far_1e-2_onnx_0a1b2c3d").title.endswith("(onnx 0a1b2c3d)")
    assert wording.score("reidentification_dlib", 0.5) == "50.0 %"
    assert named("unheard_of").title == "unheard_of"


def test_pictures_in_a_text_are_not_fetched():
    text = "**Bold** ![x](http://example.org/x.png) [a link](http://example.org)"
    assert wording.without_pictures(text) == text.replace("![", "!\\[")
    assert wording.without_pictures("plain!") == "plain!"
