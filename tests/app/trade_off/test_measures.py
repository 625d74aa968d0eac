"""Any measure along whatever was varied, and ranks against the service."""

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import pytest

from app.settings import outcomes, points, strips
from app.settings.views import STRONGEST, View
from app.trade_off import measures, measures_chart
from core.methods import METHODS
from tests.checkpoint_folders import finding

VIEW = View("synthetic", "compact", "Smiling", "attribute:Male", "strict")
SMILE, GENDER = "attribute:Smiling", "attribute:Male"
NAME = "deep_obfuscator"


@pytest.fixture(scope="module")
def rows(findings):
    return points.records(outcomes.settings(findings, VIEW))


def strip_of(rows, name="lambda1", **knobs):
    row = points.nearest(rows, NAME, knobs)
    lines = points.lines(rows, points.knob_values(row), NAME)
    mine = [line for line in lines if line.method == NAME and line.knob]
    return next(s for s in strips.strips(rows, mine, row) if s.name == name)


def drawn(findings, strip, metric="balanced_accuracy", wanted=(SMILE, GENDER), **more):
    view = VIEW._replace(protocol=more.get("protocol", "strict"))
    about = measures.found(findings, view, [setting for _, setting in strip.steps])
    who = more.get("who", STRONGEST)
    return measures.frame(about, strip, metric, wanted, who, view.protocol)


def test_each_target_has_a_value_at_every_step_by_whoever_counts(findings, rows):
    frame = drawn(findings, strip_of(rows))
    assert frame["step"].unique().tolist() == ["λ₁ = 0", "λ₁ = 1", "λ₁ = 5"]
    gender = frame[frame["target"] == GENDER].sort_values("place")
    assert set(gender["attacker"]) == {"worst_case"}
    assert gender["value"].is_monotonic_decreasing
    assert set(frame.loc[frame["target"] == SMILE, "attacker"]) == {"best_head"}
    wanted = {row["key"]: row["value"] for row in rows}
    assert gender["value"].tolist() == [wanted[key] for key in gender["key"]]


def test_the_paper_s_protocol_asks_the_method_s_own_networks(findings, rows):
    frame = drawn(findings, strip_of(rows), protocol="paper")
    assert set(frame["attacker"]) == {"training_adversary", "own_head"}


def test_a_measure_of_one_attacker_alone_is_drawn_and_another_one_can_be_picked(findings, rows):
    strip = strip_of(rows)
    frame = drawn(findings, strip, "accuracy", (GENDER,))
    assert set(frame["attacker"]) == {"logistic"}  # no strongest one was measured by it
    assert set(drawn(findings, strip, "accuracy", (GENDER,), who="mlp")["attacker"]) == {"mlp"}
    assert drawn(findings, strip, who="cnn").empty


def test_other_seeds_of_a_setting_count(findings, rows):
    strip = strip_of(rows)
    name = strip.steps[1][1]["run_id"]
    again = findings[findings["run_id"] == name].assign(run_id="deep_obfuscator-0123456789", seed=1)
    again = again.assign(value=again["value"] - 0.1, low=again["low"] - 0.1)
    both = pd.concat([findings, again])
    before, after = (
        drawn(table, strip, wanted=(GENDER,)).set_index("step").loc["λ₁ = 1"]
        for table in (findings, both)
    )
    assert after["value"] == pytest.approx(before["value"] - 0.05)
    assert after["low"] == pytest.approx(before["low"] - 0.1)
    assert (after["high"], after["seed"], before["seed"]) == (before["high"], 2, 1)


def test_what_is_served_and_hidden_is_offered_first(findings, rows):
    about = measures.found(findings, VIEW, rows)
    assert measures.targets(about, "balanced_accuracy") == [SMILE, GENDER, "attribute:Young"]
    assert measures.targets(about, "top1_accuracy") == ["identity"]
    assert "balanced_accuracy" in measures.metrics(about)
    assert "log_rank_privacy" not in measures.metrics(about)
    assert measures.attackers(about, "accuracy", [GENDER]) == [STRONGEST, "logistic", "mlp"]


def test_methods_are_set_beside_each_other_each_at_its_defaults(findings, rows):
    chosen = points.nearest(rows, NAME, {"lambda1": 5, "lambda2": 0})
    strip = measures.across_methods(rows, chosen)
    steps = dict(strip.steps)
    assert steps["DeepObfuscator"] is chosen
    assert steps["Noise on the picture"]["knob:sigma"] == 0.4
    frame = drawn(findings, strip)
    figure = measures_chart.along(frame, strip, "balanced_accuracy", (SMILE, GENDER))
    assert {trace.mode for trace in figure.data} == {"markers"}
    assert list(figure.layout.xaxis.ticktext) == list(steps)
    assert figure.layout.xaxis.tickangle == -35  # names end at their marks, the last one, too


def test_the_figure_shows_the_service_drawn_through_and_guessing_dotted(findings, rows):
    strip = strip_of(rows)
    frame = drawn(findings, strip)
    figure = measures_chart.along(frame, strip, "balanced_accuracy", (SMILE, GENDER))
    smile, gender = figure.data
    assert (smile.name, gender.name) == ("Smile (the service)", "Gender (hidden)")
    assert (smile.line.dash, gender.line.dash) == ("solid", "dash")
    mine = frame[frame["target"] == GENDER].sort_values("place")
    assert list(gender.y) == pytest.approx((100 * mine["value"]).tolist())
    assert "by: strongest attacker" in gender.text[0]
    (level,) = figure.layout.shapes
    assert level.y0 == 50
    assert len(go.Figure(figure.to_dict()).data) == 2  # it raises on a bad property


def test_guessing_is_one_line_only_where_it_is_the_same_for_all():
    frame = pd.DataFrame({"chance": [0.5, 0.5, np.nan]})
    assert measures.guessing(frame, "chance") == 0.5
    assert measures.guessing(pd.DataFrame({"chance": [0.5, 0.8]}), "chance") is None
    assert measures.guessing(pd.DataFrame({"chance": [None, None]}), "chance") is None


@pytest.fixture(scope="module")
def ranked(findings):
    """The same, where people were looked for in a list of names at DeepObfuscator's settings."""
    mine = findings[findings["method"] == NAME].drop_duplicates("run_id")
    row = finding("identity", "private", "log_rank", "log_rank_privacy", 0.0, chance=0.82)
    more = mine.assign(**row | {"release_value": np.nan}).assign(
        value=[0.1 * n for n in range(len(mine))]
    )
    more = more.assign(low=more["value"] - 0.05, high=more["value"] + 0.05)
    return pd.concat([findings, more])


def test_ranks_stand_against_the_service(ranked):
    table = outcomes.settings(ranked, VIEW)
    about = measures.found(ranked, VIEW, points.records(table))
    found = measures.beside_service(about, table, "log_rank_privacy")
    assert {row["method"] for row in found} == {NAME}
    every = points.records(table)
    row = points.nearest(every, NAME, {})
    lines = points.lines(every, points.knob_values(row), NAME)
    draw = measures_chart.against_service
    figure = draw(found, lines, row["key"], "log_rank_privacy", VIEW)
    assert [trace.name for trace in figure.data] == [
        "DeepObfuscator, λ₁",
        "DeepObfuscator, λ₂",
        "DeepObfuscator",
        "chosen",
    ]
    # The knobs of a method look different, here as in the trade-off.
    assert [trace.marker.symbol for trace in figure.data[:2]] == ["circle", "diamond"]
    # On a phone each entry of the legend is a line: they leave the plot its height.
    assert figure.layout.height >= measures_chart.HEIGHT + 2 * measures_chart.ENTRY
    by_key = {one["key"]: one for one in found}
    first = [by_key[key] for key in lines[0].keys if lines[0].method == NAME]
    assert list(figure.data[0].x) == pytest.approx([100 * one["utility"] for one in first])
    assert list(figure.data[0].y) == pytest.approx([one["rank"] for one in first])
    (level,) = figure.layout.shapes
    assert level.y0 == pytest.approx(0.82)
    assert len(go.Figure(figure.to_dict()).data) == 4
    table = measures.exported(found, "log_rank_privacy")
    assert table["rank"].tolist() == [one["rank"] for one in found]


def test_which_curve_hides_people_better_throughout_is_said():
    def line(method, *keys, knob=0):
        return points.Line(method, METHODS[method].knobs[knob], {}, keys)

    rows = [
        {"key": key, "utility": utility, "rank": rank}
        for key, utility, rank in (
            ("a", 0.95, 0.6),
            ("b", 0.85, 0.7),
            ("c", 0.94, 0.3),
            ("d", 0.86, 0.5),
            ("e", 0.7, 0.9),
        )
    ]
    lines = [line("dpfe_simple", "c", "d"), line("dpfe", "a", "b"), line("dpfe", "a", "e", knob=1)]
    better = "At every point from 86 % to 94 % right, DPFE hides people better than Ten numbers (Simple)."
    assert measures.superiorities(rows, lines, "dpfe") == [better]
    assert measures.superiorities(rows, lines, "dpfe_simple") == [better]
    assert measures.superiorities(rows, lines[:1], "dpfe_simple") == []
    assert measures.superiorities(rows, lines, "original") == []
    assert measures.superiorities(rows, [lines[0], lines[2]], "dpfe") == []
    rows[3]["rank"] = 0.9
    (said,) = measures.superiorities(rows, lines, "dpfe")
    assert said.startswith("Neither DPFE nor Ten numbers (Simple) hides people better throughout")
    far = [row | {"utility": row["utility"] - 0.5 * (row["key"] in "cd")} for row in rows]
    (said,) = measures.superiorities(far, lines, "dpfe")
    assert "nowhere the same share" in said
