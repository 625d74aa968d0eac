"""Sentences about who redrew, and how far the kept attacker is behind the strongest."""

import numpy as np
import pandas as pd
import pytest

from app.page import pictures
from app.reconstructions import attackers

ROW = {"run_id": "aia-0123456789", "release_value": float("nan")}


def found(*rows):
    columns = ("attacker", "metric", "value", "release_value")
    frame = pd.DataFrame([dict(zip(columns, row, strict=True)) for row in rows])
    return frame.assign(
        run_id=ROW["run_id"], target="image", protocol="strict", low=0.5, high=0.6, chance=0.1, n=40
    )


def test_how_much_better_the_strongest_does():
    table = found(("mirrored_decoder", "ms_ssim", 0.6, None), ("worst_case", "ms_ssim", 0.66, None))
    said = attackers.ahead_sentence(table, ROW)
    assert said.startswith("On test faces this attacker reaches a likeness of 0.60, the strongest")
    assert "0.66" in said


@pytest.mark.parametrize(
    ("best", "said"),
    [(0.602, "none of those tried here does better"), (None, "no other attacker was measured")],
)
def test_where_nobody_is_stronger_it_is_said(best, said):
    rows = [("mirrored_decoder", "ms_ssim", 0.6, None)]
    rows += [("worst_case", "ms_ssim", best, None)] if best else []
    assert said in attackers.ahead_sentence(found(*rows), ROW)


def test_other_settings_and_values_do_not_count():
    table = found(("mirrored_decoder", "ms_ssim", 0.6, 0.2), ("worst_case", "ms_ssim", 0.9, 0.4))
    assert attackers.ahead_sentence(table, ROW) == ""
    at = ROW | {"release_value": 0.2}
    assert "no other attacker" in attackers.ahead_sentence(table, at)
    other = ROW | {"run_id": "aia-9876543210"}
    assert attackers.scores(table, other, "ms_ssim") == {}


def seen(*rows):
    columns = ("attacker", "metric", "value", "target", "role", "conclusive")
    frame = pd.DataFrame([dict(zip(columns, row, strict=True)) for row in rows], columns=columns)
    more = {"run_id": ROW["run_id"], "protocol": "strict", "release_value": np.nan}
    return frame.assign(low=0.68, high=0.74, chance=0.5, **more)


def test_what_is_seen_in_redrawn_faces_is_said_of_each_private_attribute():
    balanced = "balanced_accuracy"
    male = ("redrawn", balanced, 0.71, "attribute:Male", "private", True)
    young = ("redrawn", balanced, 0.56, "attribute:Young", "private", False)
    others = (
        ("redrawn", balanced, 0.9, "attribute:Bald", "unlisted", True),
        ("redrawn", "auc", 0.8, "attribute:Male", "private", True),
        ("worst_case", balanced, 0.99, "attribute:Male", "private", True),
    )
    said = attackers.read_sentence(seen(male, *others), ROW)
    assert said == (
        "From faces redrawn by a picture redrawer (mirrored decoder), a network that knows ordinary "
        "photographs alone tells the gender in 71 % of cases (68–74), guessing 50 %."
    )
    both = attackers.read_sentence(seen(male, young), ROW)
    assert both.startswith(said)
    assert both.endswith("mirrored decoder): attack too weak to conclude.")
    assert "56" not in both
    assert "tells whether a person is young from" in both
    assert attackers.read_sentence(seen(*others), ROW) == ""


def test_the_best_and_the_least_recovered_are_named_by_their_numbers():
    said = attackers.range_sentence(np.array([0.6, 0.9, 0.3]))
    assert "number 2 is recovered best (closely alike, 0.90)" in said
    assert "number 3 least (hardly anything, 0.30)" in said


def test_the_outline_lies_where_the_part_is():
    picture = np.full((100, 200, 3), 120, np.uint8)
    drawn = pictures.outlined(picture, (50, 20, 60, 60), 100)
    assert drawn.shape == (50, 100, 3)
    changed = np.argwhere((drawn != 120).any(axis=2))
    assert np.abs(changed.min(axis=0) - [10, 25]).max() <= 3
    assert np.abs(changed.max(axis=0) - [40, 55]).max() <= 3


@pytest.mark.parametrize("part", [(-500, -500, 2000, 2000), (300, 300, 10, 10), (-90, -90, 20, 20)])
def test_an_outline_outside_the_photograph_draws_inside_or_nothing(part):
    assert pictures.outlined(np.full((40, 60, 3), 9, np.uint8), part, 60).shape == (40, 60, 3)
