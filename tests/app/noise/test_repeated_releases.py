"""What is said about somebody who gets the release of one photograph again and again."""

import numpy as np
import pandas as pd
import pytest

from app.noise.amounts import again
from app.settings.views import View
from core.attacks.attributes import repeated

VIEW = View("synthetic", "compact", "Smiling", "attribute:Male", "strict")
ROW = {"method": "dpfe", "run_id": "dpfe-0123456789", "release_value": 0.5, "value": 0.61}


def findings(value=0.8, low=0.77, high=0.83, **more):
    row = {"run_id": "dpfe-0123456789", "release_value": 0.5, "protocol": "strict"}
    row |= {"attacker": "averaging", "target": "attribute:Male", "metric": "balanced_accuracy"}
    row |= {"value": value, "low": low, "high": high, "conclusive": True}
    return pd.DataFrame([row | more])


def test_noise_that_is_averaged_away():
    found = again(findings(), ROW, VIEW)
    assert found.worse
    assert found.sentence == (
        "The noise is drawn anew each time: whoever gets 16 releases of one photograph averages it "
        "away and tells the gender in 80 % of cases (77–83) instead of 61 %."
    )


def test_a_device_that_remembers_its_draw_gives_nothing_to_average():
    found = again(findings(), ROW | {"method": "certified_code"}, VIEW)
    assert not found.worse
    assert found.sentence == (
        "A device answers the same photograph alike each time. Of one that forgets and draws anew, 16 "
        "answers let the strongest attacker tell the gender in 80 % of cases (77–83) instead of 61 %."
    )


def test_repeats_that_do_not_help():
    said, worse = again(findings(0.62, 0.59, 0.65), ROW, VIEW)
    assert not worse
    assert "hardly helps" in said
    assert "62 % of cases (59–65), with one release in 61 %" in said


def test_people_are_named_and_small_shares_get_a_digit():
    view = VIEW._replace(target="identity")
    more = {"target": "identity", "metric": "top1_accuracy"}
    said = again(findings(0.12, 0.1, 0.14, **more), ROW | {"value": 0.02}, view).sentence
    assert "names the right person in 12.0 % of cases (10.0–14.0) instead of 2.0 %" in said


@pytest.mark.parametrize(
    "more",
    [
        {"release_value": 0.1},
        {"run_id": "dpfe-9999999999"},
        {"attacker": "logistic"},
        {"target": "attribute:Young"},
        {"metric": "auc"},
        {"conclusive": False},
    ],
)
def test_nothing_is_said_of_what_was_not_measured(more):
    assert again(findings(**more), ROW, VIEW) is None
    assert again(findings(), ROW, VIEW._replace(protocol="paper")) is None


def test_a_method_whose_noise_is_no_knob():
    row = ROW | {"release_value": np.nan}
    assert again(findings(release_value=np.nan), row, VIEW) is not None
    assert again(findings(), row, VIEW) is None


def test_the_number_of_releases_is_the_attack_s():
    assert f"gets {repeated.REPEATS} releases" in again(findings(), ROW, VIEW).sentence
