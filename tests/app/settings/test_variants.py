"""Variants: what shares its knobs and is not one setting has curves and a picker of its own."""

import pandas as pd
import pytest

from app.settings import outcomes, points, unprotected, variants
from app.settings.views import View
from app.trade_off import chart

VIEW = View("synthetic", "compact", "Smiling", "attribute:Male", "strict")


@pytest.fixture(scope="module")
def table(findings):
    return unprotected.compared(outcomes.settings(findings, VIEW), None)


def row(number, schedule="", tasks="Smiling", private="Male", **knobs):
    values = {"lambda1": 1.0, "lambda2": 0.0} | knobs
    return {
        "method": "adversarial_reconstruction",
        "schedule": schedule,
        "tasks": tasks,
        "private": private,
        "key": f"run-{number}",
        "run_id": f"run-{number}",
        **{f"knob:{name}": value for name, value in values.items()},
    }


ROWS = [
    row(0, lambda1=0.0),
    row(1),
    row(2, "layer=3", lambda1=0.0),
    row(3, "layer=3"),
    row(4, "layer=3", lambda1=5.0),
]
NAME = "adversarial_reconstruction"


def test_a_line_never_joins_two_cuts():
    lines = [line for line in points.lines(ROWS) if line.knob is not None]
    assert [(line.variant, line.keys) for line in lines] == [
        ("", ("run-0", "run-1")),
        ("released behind layer 3", ("run-2", "run-3", "run-4")),
    ]


def test_the_plainest_comes_first_and_the_others_are_left_out_for_the_sliders():
    among = variants.keys(ROWS, NAME)
    assert among == ["|Smiling|Male", "layer=3|Smiling|Male"]
    assert [r["key"] for r in variants.only(ROWS, NAME, among[0])] == ["run-0", "run-1"]
    other = {**row(9), "method": "original"}
    assert other in variants.only([*ROWS, other], NAME, among[1])
    near = points.nearest(variants.only(ROWS, NAME, among[0]), NAME, {"lambda1": 5})
    assert near["key"] == "run-1"


def test_a_label_says_what_is_special():
    assert variants.label(NAME, "|Smiling|Male", ["|Smiling|Male"]) == ""
    among = ["|Smiling|Male", "|Smiling,High_Cheekbones|Male", "|Smiling|Male,Heavy_Makeup"]
    assert [variants.label(NAME, variant, among) for variant in among] == [
        "service: Smile; hidden: Gender",
        "service: Smile, High cheekbones; hidden: Gender",
        "service: Smile; hidden: Gender, Heavy make-up",
    ]
    among = ["|Smiling|", "layer=3|Smiling|Male"]
    assert [variants.label(NAME, variant, among) for variant in among] == [
        "hidden: nothing",
        "released behind layer 3; hidden: Gender",
    ]


def test_the_chart_names_the_variant(table):
    deep = table[table["method"] == "deep_obfuscator"]
    other = deep.assign(schedule="task_epochs=1", key=deep["key"] + "x")
    both = points.records(table) + points.records(other)
    lines = [line for line in points.lines(both) if line.method == "deep_obfuscator"]
    assert {line.variant for line in lines} == {"", "task epochs 1"}
    figure = chart.trade_off(pd.concat([table, other]), points.lines(both), None, VIEW)
    names = [trace.name for trace in figure.data if trace.name]
    assert any("(task epochs 1)" in name for name in names)


def test_how_all_were_trained_is_nothing_special():
    old, cut = "recipe=1|Smiling|Male", "layer=3, recipe=1|Smiling|Male"
    assert variants.label(NAME, old, [old, cut]) == ""
    assert variants.label(NAME, cut, [old, cut]) == "released behind layer 3"
    assert variants.schedule_words(NAME, "layer=3, recipe=1") == "released behind layer 3"
    new = "|Smiling|Male"
    assert variants.label(NAME, new, [old, new]) == ""
    assert variants.label(NAME, old, [old, new]) == "trained by an earlier recipe"
    both = "released behind layer 3; trained by an earlier recipe"
    assert variants.label(NAME, cut, [cut, new]) == both


def test_the_newest_recipe_comes_before_earlier_ones_and_both_before_other_schedules():
    rows = [row(n, s) for n, s in enumerate(["layer=3", "layer=3, recipe=1", "recipe=1", ""])]
    ordered = [key.partition("|")[0] for key in variants.keys(rows, NAME)]
    assert ordered == ["", "recipe=1", "layer=3", "layer=3, recipe=1"]
