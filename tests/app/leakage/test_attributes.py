"""What else leaks: surprise, order, words, and the heat map."""

import itertools
import math

import pandas as pd
import pytest

from app.charts.palette import DARK, LIGHT, rgb
from app.leakage import attributes, chart
from app.settings import points
from app.settings.views import View
from tests.checkpoint_folders import finding

VIEW = View("synthetic", "compact", "Smiling", "attribute:Male", "strict")


def entry(run_id, name, value, role="unlisted", half=0.02, **more):
    attacker = "best_head" if role == "utility" else "worst_case"
    row = finding(f"attribute:{name}", role, attacker, "balanced_accuracy", value)
    row |= {"run_id": run_id, "low": value - half, "high": value + half} | more
    return row | {"release_value": math.nan}


def setting(key, **more):
    row = {"key": key, "run_id": key, "release_value": math.nan, "method": "deep_obfuscator"}
    return row | {"knob:lambda1": 1.0, "knob:lambda2": 0.0, "schedule": ""} | more


@pytest.fixture
def findings():
    rows = [
        entry("weak", "Eyeglasses", 0.9),
        entry("strong", "Eyeglasses", 0.8),
        entry("weak", "Bald", 0.7, half=0.3),  # may be guessing
        entry("strong", "Bald", 0.95, conclusive=False),
        entry("weak", "Young", 0.6),
        entry("strong", "Young", 0.7),
        entry("weak", "Male", 0.99, "private"),
        entry("strong", "Male", 0.6, "private"),
        entry("weak", "Smiling", 0.93, "utility"),
        entry("strong", "Smiling", 0.92, "utility"),
    ]
    majority = entry("weak", "Eyeglasses", 0.95)
    rows.append(majority | {"metric": "accuracy", "chance": 0.9})
    rows.append(entry("weak", "Eyeglasses", 0.5) | {"attacker": "mlp"})
    rows.append(entry("weak", "Eyeglasses", 0.5) | {"protocol": "paper"})
    rows.append(entry("elsewhere", "Eyeglasses", 1.0))
    return pd.DataFrame(rows)


@pytest.fixture
def table(findings):
    chosen = {"weak": {"attribute:Eyeglasses": "mlp"}}
    return attributes.grid(findings, [setting("weak"), setting("strong")], chosen)


def at(table, key, name):
    found = table[(table["key"] == key) & (table["attribute"] == name)]
    assert len(found) == 1
    return found.iloc[0]


def test_surprise_is_a_gain_that_is_sure_and_that_nobody_declared(table):
    assert at(table, "weak", "Eyeglasses")["surprise"] == pytest.approx(0.4)
    assert at(table, "weak", "Bald")["surprise"] == 0
    assert at(table, "strong", "Bald")["surprise"] == 0
    assert at(table, "weak", "Male")["surprise"] == 0
    assert at(table, "weak", "Smiling")["surprise"] == 0
    states = [at(table, key, "Bald")["state"] for key in ("weak", "strong")]
    assert states == [attributes.HIDDEN, attributes.UNKNOWN]


def test_who_told_it_and_on_how_many_photographs(table):
    row = at(table, "weak", "Eyeglasses")
    assert (row["attacker"], row["rarer"]) == ("mlp", 40)
    assert at(table, "weak", "Young")["attacker"] == "worst_case"
    text = attributes.hover(row, "λ₁ = 1")
    assert "small neural network" in text
    assert "400 photographs of 50 people; the rarer answer on 40" in text
    assert "not clearly better than guessing" in attributes.hover(at(table, "weak", "Bald"), "")
    assert "too weak to conclude" in attributes.hover(at(table, "strong", "Bald"), "")


def test_the_most_surprising_comes_first_and_what_was_declared_last(table):
    for key in ("weak", "strong"):
        assert attributes.ordered(table, key) == ["Eyeglasses", "Young", "Bald", "Male", "Smiling"]


def test_the_sentence_counts_and_names(table):
    said, under = attributes.sentence(table, setting("weak"), table[table["key"] == "strong"])
    assert said == (
        "At λ₁ = 1, λ₂ = 0 an attacker also tells whether a person wears glasses in 90 % of cases "
        "(88–92; chance 50 %), which nobody declared; 1 of 3 attributes that nobody declared stays "
        "hidden."
    )
    assert under == (
        "Next: Age group. Without protection none of 3 stay hidden, and the attacker is right about "
        "“Eyeglasses” in 80 % of cases."
    )
    said, _ = attributes.sentence(table, setting("strong"))
    assert said.endswith("stay hidden, for 1 the attack is too weak to conclude.")


def test_nothing_to_tell_is_said(findings):
    hidden = attributes.grid(
        findings[findings["target"] == "attribute:Bald"], [setting("weak")], {}
    )
    assert (
        "nothing else leaks for certain: all 1" in attributes.sentence(hidden, setting("weak"))[0]
    )
    nothing = attributes.grid(findings[:0], [setting("weak")], {})
    assert "nobody attacked" in attributes.sentence(nothing, setting("weak"))[0]


def test_columns_follow_a_knob_or_are_all_methods():
    rows = [
        setting(f"{a}/{b}", **{"knob:lambda1": a, "knob:lambda2": b, "tasks": "", "private": ""})
        for a, b in itertools.product((0.0, 1.0, 5.0), (0.0, 1.0))
    ]
    blur = {"method": "blur", "knob:lambda1": math.nan, "knob:lambda2": math.nan}
    blur |= {"tasks": "", "private": ""}
    rows += [setting(f"blur{r}", **blur, **{"knob:radius": r}) for r in (3.0, 6.0)]
    for row in rows:
        row.setdefault("knob:radius", math.nan)
    chosen = rows[3]
    assert attributes.choices(rows, chosen) == {
        "lambda1": "λ₁",
        "lambda2": "λ₂",
        "methods": "all methods",
    }
    along = attributes.columns(rows, chosen, "lambda1")
    assert [row["key"] for row in along] == ["0.0/1.0", "1.0/1.0", "5.0/1.0"]
    assert [attributes.heading(row, "lambda1") for row in along] == ["λ₁ = 0", "λ₁ = 1", "λ₁ = 5"]
    beside = attributes.columns(rows, chosen, "methods")
    assert [row["method"] for row in beside] == ["deep_obfuscator", "blur"]
    assert beside[0]["key"] == chosen["key"]
    assert attributes.heading(beside[1], "methods") == "Blurring"
    assert points.nearest(rows, "blur", {})["key"] == beside[1]["key"]


@pytest.mark.parametrize("colour", [LIGHT, DARK])
def test_every_cell_has_its_number_in_a_readable_ink(table, colour):
    order = attributes.ordered(table, "weak")
    headings = {"weak": "λ₁ = 0", "strong": "λ₁ = 1"}
    figure = chart.heat_map(table, order, headings, "weak", colour)
    maps = [trace for trace in figure.data if trace.type == "heatmap"]
    texts = [
        [next((m["text"][j][i] for m in maps if m["z"][j][i] is not None), None) for i in range(2)]
        for j in range(len(order))
    ]
    assert texts == [["90", "80"], ["60", "70"], ["70○", "?"], ["99", "60"], ["93", "92"]]
    scale = [colour[name] for name in ("teal", "sand", "brick")]
    for place in range(101):
        ground = chart._mixed(scale, place / 100)
        ink = rgb(chart._readable(ground))
        light, deep = sorted((chart.luminance(ink), chart.luminance(ground)))
        assert (deep + 0.05) / (light + 0.05) >= 4.5


def test_a_cell_carries_its_setting_and_the_chosen_column_is_framed(table):
    headings = {"weak": "a", "strong": "b"}
    figure = chart.heat_map(table, attributes.ordered(table, "strong"), headings, "strong")
    clickable = figure.data[-1]
    assert dict(zip(clickable.x, clickable.customdata, strict=True)) == {0: "weak", 1: "strong"}
    assert (figure.layout.shapes[0].x0, figure.layout.shapes[0].x1) == (0.5, 1.5)
    assert figure.layout.xaxis.ticktext == ("a", "<b>b</b>")
    assert figure.layout.yaxis.ticktext[-2:] == ("Gender (to be hidden)", "Smile (the service)")


def test_black_on_white_is_21_to_1():
    white, black = (chart.luminance(c) for c in ((255, 255, 255), (0, 0, 0)))
    assert (white + 0.05) / (black + 0.05) == pytest.approx(21)


def test_what_is_taken_away_names_settings(table):
    frame = attributes.numbers(
        table, {"weak": "λ₁ = 0", "strong": "λ₁ = 1"}, attributes.ordered(table, "weak")
    )
    assert frame["setting"].tolist()[:2] == ["λ₁ = 0", "λ₁ = 1"]
    assert frame["attribute"].iloc[0] == "Eyeglasses"
