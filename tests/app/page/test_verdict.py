"""The verdict sentence in all its cases."""

import math

import pytest

from app.page.verdict import exposure, mark, verdict
from app.settings.views import View

VIEW = View("synthetic", "compact", "Smiling", "attribute:Male", "strict")
UNPROTECTED = {
    "method": "original",
    "title": "Unprotected features",
    "value": 0.97,
    "utility": 0.92,
}


def row(**more):
    setting = {"method": "deep_obfuscator", "title": "DeepObfuscator", "knob:lambda1": 1.0}
    setting |= {"value": 0.61, "low": 0.58, "high": 0.64, "chance": 0.5, "conclusive": True}
    setting |= {"utility": 0.908, "utility_low": 0.88, "utility_high": 0.93, "cost": 0.012}
    setting |= {"n": 400, "identities": 50, "seeds": 1}
    return setting | more


def test_an_attribute():
    assert verdict(row(), UNPROTECTED, VIEW).sentence == (
        "At λ₁ = 1 the strongest attacker tells the gender in 61 % of cases (58–64; chance 50 %, "
        "unprotected 97 %); smile detection loses 1.2 points."
    )


def test_the_detail_names_interval_comparison_and_sample():
    assert verdict(row(seeds=3), UNPROTECTED, VIEW).detail == (
        "Smile detection is right in 91 % (88–93), unprotected (“Unprotected features”) in 92 %. "
        "Measured on 400 photographs of 50 people nobody trained on, 3 trainings."
    )


@pytest.mark.parametrize(
    ("cost", "end"),
    [
        (-0.004, "; smile detection gains 0.4 points."),
        (0.0001, "; smile detection loses nothing measurable."),
        (0.01, "; smile detection loses 1.0 point."),
        (math.nan, "unprotected 97 %)."),
    ],
)
def test_cost_in_words(cost, end):
    assert verdict(row(cost=cost), UNPROTECTED, VIEW).sentence.endswith(end)


def test_no_privacy_claim_when_the_attack_is_too_weak():
    said = verdict(row(conclusive=False, value=0.5), UNPROTECTED, VIEW)
    assert said.sentence.startswith("Attack too weak to conclude.")
    assert "%" not in said.sentence
    assert said.exposure is None


def test_identity_keeps_a_digit_of_small_chances():
    here = row(value=0.123, low=0.1, high=0.145, chance=0.005)
    said = verdict(here, UNPROTECTED | {"value": 0.8}, VIEW._replace(target="identity"))
    assert (
        "names the right person in 12 % of cases (10–14; chance 0.5 %, unprotected 80 %)"
        in said.sentence
    )


def test_the_unprotected_reference_is_named_and_loses_nothing_against_itself():
    bare = {"method": "dpfe_simple", "title": "Ten numbers (Simple)", "knob:noise_ratio": 0.0}
    bare |= {"value": 0.9, "utility": 0.88}
    mine = {"method": "dpfe_simple", "title": bare["title"]}
    noisy = verdict(row(**mine, **{"knob:noise_ratio": 0.5}), bare, VIEW)
    assert "unprotected (“Ten numbers (Simple)”, r = 0) in 88 %" in noisy.detail
    assert noisy.sentence.endswith("smile detection loses 1.2 points.")
    itself = verdict(row(**mine, **{"knob:noise_ratio": 0.0, "cost": 0.0}), bare, VIEW)
    assert "loses" not in itself.sentence
    assert "unprotected (" not in itself.detail


def test_a_reference_that_nobody_attacked_is_compared_in_utility_alone():
    said = verdict(row(), UNPROTECTED | {"value": math.nan}, VIEW)
    assert "unprotected" not in said.sentence
    assert said.sentence.endswith("smile detection loses 1.2 points.")
    assert "in 92 %" in said.detail


def test_the_picture():
    here = row(value=0.62, low=0.6, high=0.65, chance=0.21)
    said = verdict(here, UNPROTECTED | {"value": 0.95}, VIEW._replace(target="image"))
    assert said.sentence.startswith(
        "At λ₁ = 1 an attacker redraws the picture with a likeness of 0.62 (0.60–0.65; drawing "
        "blind 0.21, unprotected 0.95)"
    )


def test_the_paper_protocol_names_its_own_attacker():
    sentence = verdict(row(), UNPROTECTED, VIEW._replace(protocol="paper")).sentence
    assert "the attacker the method trained against tells the gender" in sentence


def test_a_method_without_knobs_and_without_comparison():
    unknown = {"chance": math.nan, "low": math.nan, "cost": math.nan}
    said = verdict(row(method="original", title="Unprotected features", **unknown), None, VIEW)
    assert (
        said.sentence
        == "With unprotected features the strongest attacker tells the gender in 61 % of cases."
    )
    assert "unprotected in" not in said.detail


def test_an_attribute_of_the_users_own_data():
    view = VIEW._replace(target="attribute:Wears_Badge", task="Is_Tired")
    assert "tells “Wears Badge” in 61 %" in verdict(row(), None, view).sentence


@pytest.mark.parametrize(
    ("value", "chance", "part"),
    [(0.5, 0.5, 0.0), (1.0, 0.5, 1.0), (0.75, 0.5, 0.5), (0.4, 0.5, 0.0)],
)
def test_exposure_is_the_gain_over_guessing(value, chance, part):
    assert exposure(row(value=value, chance=chance)) == pytest.approx(part)


def test_exposure_is_a_shape_and_words_and_a_colour():
    marks = [mark(value) for value in (0.0, 0.2, 0.5, 0.8, 1.0)]
    assert [text.split("[")[1][0] for text in marks] == ["○", "◔", "◑", "◕", "●"]
    assert "gets 20 % of what there is to gain" in marks[1]
    assert "not known" in mark(None)
