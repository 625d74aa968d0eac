"""How much noise is enough: the measured amounts, the words, the figures."""

import math

import pandas as pd
import pytest

from app.noise import amounts, charts
from app.settings import outcomes
from app.settings.views import View
from core.methods import METHODS
from tests.checkpoint_folders import finding

VIEW = View("synthetic", "compact", "Smiling", "attribute:Male", "strict")
BETA = "knob:beta"
RATIO = "knob:noise_ratio"


def setting(ratio, beta=1.0, **more):
    """A DPFE setting as `app.settings.points.records` gives it: attacker and service fall with the noise."""
    value, utility = 0.7 - 0.1 * ratio, 0.9 - 0.2 * ratio
    row = {
        "key": f"dpfe-{beta:g}@{ratio:g}",
        "run_id": f"dpfe-{beta:g}",
        "release_value": ratio,
        RATIO: ratio,
        BETA: beta,
    }
    row |= {
        "method": "dpfe",
        "title": "DPFE",
        "schedule": "",
        "tasks": "Smiling",
        "private": "Male",
    }
    row |= {"value": value, "low": value - 0.02, "high": value + 0.02}
    row |= {"chance": 0.5, "gain": value - 0.5, "conclusive": True}
    row |= {"utility": utility, "utility_low": utility - 0.01, "utility_high": utility + 0.01}
    row |= {"n": 400, "identities": 50, "seeds": 1}
    return row | more


ROWS = [setting(r) for r in (0.0, 0.1, 0.5)] + [setting(r, 5.0) for r in (0.0, 0.5)]


def test_methods_that_add_noise_come_papers_and_several_amounts_first(findings):
    table = outcomes.settings(findings, VIEW)
    found = amounts.methods(table)
    assert {"image_noise", "random_replace", "blur", "pixelate"} <= set(found)
    assert "deep_obfuscator" not in found
    with_dpfe = pd.DataFrame([*ROWS, setting(0.5) | {"method": "blur"}])
    assert amounts.methods(with_dpfe) == ["dpfe", "blur"]
    assert amounts.methods(table[table["method"] == "original"]) == []


def test_the_slider_has_the_grid_between_what_was_measured():
    assert amounts.amounts(ROWS, "dpfe") == [0.0, 0.01, 0.05, 0.1, 0.15, 0.2, 0.3, 0.5]
    grid = amounts.knob_of("dpfe").grid
    assert amounts.amounts([setting(0.5)], "dpfe") == list(grid)  # one measured: all may be drawn
    cells = [setting(c, method="pixelate") | {"knob:cells": c} for c in (4.0, 16.0)]
    cells = [row | {"method": "pixelate"} for row in cells]
    assert amounts.amounts(cells, "pixelate") == [16.0, 8.0, 4.0]  # fewer cells hide more


def test_the_nearest_measured_amount_stands_for_each_choice_of_the_other_knobs():
    def near(amount):
        return {(r[BETA], r[RATIO]) for r in amounts.nearest(ROWS, "dpfe", amount)}

    assert near(0.1) == {(1.0, 0.1), (5.0, 0.0)}
    assert near(0.3) == {(1.0, 0.5), (5.0, 0.5)}
    assert near(0.01) == {(1.0, 0.0), (5.0, 0.0)}


def test_along_the_noise_the_other_knobs_stand_still():
    assert [r[RATIO] for r in amounts.along(ROWS, ROWS[1])] == [0.0, 0.1, 0.5]
    assert [r[RATIO] for r in amounts.along(ROWS, ROWS[4])] == [0.0, 0.5]


def averaged(ratio, value, **more):
    row = finding("attribute:Male", "private", "averaging", "balanced_accuracy", value)
    return row | {"run_id": "dpfe-1", "release_value": ratio} | more


def test_repeated_releases_only_where_measured_and_conclusive():
    findings = pd.DataFrame([averaged(0.1, 0.69), averaged(0.5, 0.68, conclusive=False)])
    found = amounts.repeated(findings, ROWS[:3], VIEW)
    assert found == {
        "dpfe-1@0.1": {"value": 0.69, "low": pytest.approx(0.67), "high": pytest.approx(0.71)}
    }
    assert amounts.repeated(findings, ROWS[:3], VIEW._replace(protocol="paper")) == {}
    assert amounts.repeated(findings, ROWS[:3], VIEW._replace(target="identity")) == {}


def said(row, again=None, view=VIEW, line=tuple(ROWS[:3])):
    return amounts.sentence(row, line[0], line[-1], again, view)


def test_the_sentence_with_noise():
    assert said(ROWS[2], {"value": 0.69}) == (
        "At r = 0.5, β = 1 the strongest attacker tells the gender in 65 % of cases (63–67; guessing "
        "50 %) instead of 70 % without noise, and in 69 % with 16 releases of one photograph; smile "
        "detection loses 10.0 points by the noise alone."
    )


def test_the_sentence_without_noise_says_what_the_most_would_do():
    assert said(ROWS[0]) == (
        "At r = 0, β = 1 the strongest attacker tells the gender in 70 % of cases (68–72; guessing "
        "50 %); the most that was measured, r = 0.5, leaves 65 %, and smile detection loses 10.0 "
        "points."
    )


def test_one_measured_amount_is_compared_with_nothing():
    text = said(ROWS[1], {"value": 0.7}, line=(ROWS[1],))
    assert text.endswith("guessing 50 %), and in 70 % with 16 releases of one photograph.")
    assert "instead of" not in text


def test_the_sentence_on_names_and_on_pictures():
    named = [
        dict(r, value=0.07 - 0.1 * r[RATIO], low=0.01, high=0.08, chance=0.005) for r in ROWS[:3]
    ]
    text = said(named[2], view=VIEW._replace(target="identity"), line=tuple(named))
    assert (
        "names the right person in 2.0 % of cases (1.0–8.0; guessing 0.5 %) instead of 7.0 %"
        in text
    )
    drawn = [dict(r, chance=math.nan) for r in ROWS[:3]]
    text = said(drawn[2], {"value": 0.66}, VIEW._replace(target="image"), tuple(drawn))
    assert "redraws the picture with a likeness of 0.65 (0.63–0.67) instead of 0.70" in text
    assert "and of 0.66 with 16 releases" in text


def test_too_weak_an_attack_concludes_nothing():
    assert said(dict(ROWS[2], conclusive=False)).startswith("Attack too weak to conclude.")


def ranked(ratios=(0.0, 0.1, 0.5)):
    rows = []
    for ratio in ratios:
        for metric, value, chance in (
            ("normalised_rank_mean", 0.2 + 0.2 * ratio, 0.502),
            ("normalised_rank_std", 0.16, 0.2887),
            ("rank_guarantee_0.1", 0.75, 0.92),
        ):
            row = finding("identity", "private", "log_rank", metric, value, chance=chance)
            rows.append(row | {"run_id": "dpfe-1", "release_value": ratio})
    return pd.DataFrame(rows)


def test_ranks_over_the_noise():
    found = amounts.ranks(ranked((0.0, 0.5)), ROWS[:3])
    assert found["amount"].tolist() == [0.0, 0.5]
    assert found["mean"].tolist() == pytest.approx([0.2, 0.3])
    assert amounts.rank_sentence(found, "dpfe-1@0.5") == (
        "An attacker who ranks all names finds the right one 30 % of the way down the list on average "
        "(28–32; names in random order: 50 %), give or take 16 % (random order: 29 %). By DPFE’s own "
        "guarantee it stands beyond the first 10 % of names in 75 % of cases."
    )
    assert amounts.rank_sentence(found, "dpfe-1@0.1") == ""
    empty = amounts.ranks(ranked(()).reindex(columns=ranked().columns), ROWS[:3])
    assert empty.empty
    assert amounts.rank_sentence(empty, "dpfe-1@0.1") == ""


def test_the_rank_figure_has_means_deviations_and_random_order():
    found = amounts.ranks(ranked(), ROWS[:3])
    figure = charts.rank_chart(found, amounts.knob_of("dpfe"), "dpfe-1@0.1")
    by_name = {trace.name: trace for trace in figure.data}
    assert list(by_name["mean place"].y) == pytest.approx([20, 22, 30])
    assert list(by_name["standard deviation of the place"].error_y.array) == pytest.approx([16] * 3)
    assert list(by_name["95 % interval of the mean"].error_y.array) == pytest.approx([2] * 3)
    heights = sorted(shape.y0 for shape in figure.layout.shapes)
    assert heights == pytest.approx([50.2 - 28.87, 50.2, 50.2 + 28.87])
    assert max(by_name["mean place"].marker.size) == by_name["mean place"].marker.size[1]


def test_the_curve_holds_attacker_service_and_repeats():
    again = {"dpfe-1@0.5": {"value": 0.69, "low": 0.67, "high": 0.71}}
    figure = charts.curve(ROWS[:3], again, "dpfe-1@0.1", 0.3, VIEW)
    by_name = {trace.name: trace for trace in figure.data}
    assert list(by_name["one release"].y) == pytest.approx([70, 69, 65])
    assert list(by_name["service"].y) == pytest.approx([90, 88, 80])
    assert by_name["service"].yaxis == "y2"
    repeats = by_name["16 releases of the photograph"]
    assert (list(repeats.x), list(repeats.y)) == ([2], [69])
    upright, guessing = figure.layout.shapes
    assert upright.x0 == pytest.approx(1.5)  # 0.3 lies half way between 0.1 and 0.5
    assert guessing.y0 == 50
    assert list(figure.layout.xaxis.ticktext) == ["0", "0.1", "0.5"]


def test_a_curve_of_one_point_without_guessing():
    row = dict(ROWS[1], chance=math.nan)
    figure = charts.curve([row], {}, row["key"], 0.1, VIEW._replace(target="image"))
    assert len(figure.layout.shapes) == 1
    assert "guessing" not in str(figure.layout.annotations)


def test_the_table():
    again = {"dpfe-1@0.5": {"value": 0.69, "low": 0.67, "high": 0.71}}
    shown = amounts.frame(ROWS[:3], again, amounts.ranks(ranked((0.5,)), ROWS[:3]), VIEW)
    assert shown["Attacker"].tolist() == pytest.approx([70, 69, 65])
    assert shown["With 16 releases"].isna().tolist() == [True, True, False]
    assert shown["Place in the list, %"].tolist()[2] == pytest.approx(30)


def test_every_release_time_knob_is_one_of_noise():
    assert {name for name in METHODS if amounts.knob_of(name)} >= {
        "dpfe",
        "dpfe_simple",
        "aia_random",
    }
