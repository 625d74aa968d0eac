"""Two settings side by side: who is better, and how that is said."""

import pandas as pd
import plotly.graph_objects as go
import pytest

from app.charts.palette import DARK, LIGHT
from app.evidence import comparison
from app.settings.views import View

VIEW = View("synthetic", "compact", "Smiling", "attribute:Male", "strict")
ATTACKED = {"target": "attribute:Male", "value": 0.7, "low": 0.68, "high": 0.73}
ONE = {"method": "aia", **ATTACKED, "utility": 0.9, "utility_low": 0.88, "utility_high": 0.92}
OTHER = ONE | {"method": "pric", "value": 0.8, "low": 0.76, "high": 0.84, "utility": 0.89}


def paired(*rows):
    names = ("target", "role", "first", "second", "difference", "low", "high")
    return pd.DataFrame([dict(zip(names, row, strict=True)) for row in rows])


ROWS = paired(
    ("attribute:Male", "private", 0.8, 0.7, -0.1, -0.12, -0.08),
    ("attribute:Smiling", "utility", 0.89, 0.9, 0.01, -0.01, 0.03),
    ("attribute:Young", "unlisted", 0.6, 0.7, 0.1, 0.05, 0.15),
    ("attribute:Bald", "unlisted", 0.6, 0.62, 0.02, -0.05, 0.09),
)


def test_less_for_the_attacker_is_better_and_more_for_the_service_is():
    found = comparison.differences(ROWS, ONE, OTHER, VIEW).set_index("target")
    targets = ["attribute:Smiling", "attribute:Male", "attribute:Young", "attribute:Bald"]
    assert list(found.index) == targets
    assert found["better"].tolist() == ["", "one", "other", ""]
    assert found.loc["attribute:Male", ["one", "other"]].tolist() == [0.7, 0.8]


def test_it_is_said_in_one_sentence():
    found = comparison.differences(ROWS, ONE, OTHER, VIEW)
    assert comparison.sentence(found, ONE, OTHER, VIEW) == (
        "Compared with PRIC, AIA hides the gender 10.0 points better (8.0 to 12.0) and serves smile "
        "detection neither better nor worse (difference −1.0 to 3.0)."
    )
    assert comparison.others(found) == (
        "Of 2 attributes that nobody mentioned, 1 leak more at the first setting, 0 leak more at the "
        "second, 1 do not differ measurably."
    )


def test_without_pairs_both_intervals_make_one():
    found = comparison.differences(pd.DataFrame(), ONE, OTHER, VIEW).set_index("target")
    row = found.loc["attribute:Male"]
    assert not row["paired"]
    assert row["difference"] == pytest.approx(-0.1)
    assert row["low"] == pytest.approx(-0.1 - (0.02**2 + 0.04**2) ** 0.5)  # MOVER, by hand
    assert row["high"] == pytest.approx(-0.1 + (0.03**2 + 0.04**2) ** 0.5)


def test_different_targets_are_not_compared():
    view = VIEW._replace(target="attribute:Male,Young")
    other = OTHER | {"target": "attribute:Young"}
    found = comparison.differences(pd.DataFrame(), ONE, other, view)
    assert "attribute:Male" not in set(found["target"])


@pytest.mark.parametrize("colour", [LIGHT, DARK])
def test_the_chart_shows_what_was_asked_and_what_differs(colour):
    found = comparison.differences(ROWS, ONE, OTHER, VIEW)
    shown = comparison.drawn(found)
    assert "Bald head" not in set(shown["label"])
    figure = comparison.figure(shown, ("AIA", "PRIC"), colour)
    assert {label for trace in figure.data for label in trace.y} == set(shown["label"])
    go.Figure(figure.to_dict())
    assert len({trace.marker.symbol for trace in figure.data}) == len(figure.data)
    assert (
        comparison.table(found)["First minus second"].tolist()
        == (found["difference"] * 100).tolist()
    )


def test_bounds_are_set_beside_each_other_without_an_interval_and_are_not_drawn():
    one, other = ONE | {"proven": 0.5431}, OTHER | {"proven": 0.6}
    found = comparison.differences(ROWS, one, other, VIEW)
    row = found.set_index("target").loc["proven:attribute:Male"]
    assert row["label"] == "Gender: no attacker beyond (proven)"
    assert row["one"] == 0.5431
    assert row["other"] == 0.6
    assert pd.isna(row["low"])
    assert row["better"] == ""
    assert "proven:attribute:Male" not in set(comparison.drawn(found)["target"])
    assert comparison.sentence(found, one, other, VIEW) == comparison.sentence(
        comparison.differences(ROWS, ONE, OTHER, VIEW), ONE, OTHER, VIEW
    )
    assert comparison.proven(one, other) == (
        "Proven: no attacker tells the gender in more than 54.4 % of cases with AIA, nor in more than "
        "60.0 % of cases with PRIC."
    )
    assert "Of PRIC nothing is proven" in comparison.proven(one, OTHER)
    assert comparison.proven(ONE, OTHER) == ""
