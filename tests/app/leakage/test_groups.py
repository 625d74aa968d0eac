"""For whom protection fails, in words."""

import math

import pandas as pd

from app.leakage import chart, groups

NAN = math.nan


def pair(first, second, people=(60, 40), measure="balanced_accuracy"):
    same = {"yes": 20, "no": 20, "measure": measure, "chance": 0.5}
    rows = [
        {"group": group, "photographs": count * 8, "people": count}
        | {"value": value, "low": value - 0.03, "high": value + 0.03}
        | same
        for group, value, count in ((True, first, people[0]), (False, second, people[1]))
    ]
    return pd.DataFrame(rows)


def difference(value, half=0.05):
    return {"value": value, "low": value - half, "high": value + half}


def test_the_clearest_gap_is_named_with_both_numbers():
    found = {
        "Male": (pair(0.8, 0.7), difference(0.1)),
        "Young": (pair(0.6, 0.9), difference(-0.3)),
    }
    assert groups.sentence(found, "attribute:Smiling") == (
        "Protection fails most for older people: there the attacker tells whether a person smiles "
        "in 90 % of cases, for young people in 60 % (30.0 points apart; 25.0–35.0)."
    )


def test_no_clear_gap_and_small_groups_make_no_headline():
    unclear = {"Male": (pair(0.8, 0.78), difference(0.02)), "Young": (pair(0.8, 0.7), {})}
    assert groups.sentence(unclear, "identity").startswith("No group shown is clearly worse")
    small = {"Pale_Skin": (pair(1.0, 0.7, people=(7, 90)), difference(0.3))}
    assert groups.sentence(small, "identity").startswith("No group shown is clearly worse")


def test_small_groups_are_marked_and_too_small_ones_have_no_point():
    missing = pair(0.9, 0.8, people=(2, 90))
    missing.loc[0, ["value", "low", "high"]] = NAN
    table = groups.table({"Male": pair(0.9, 0.8, people=(12, 90)), "Bangs": missing})
    assert table["label"].tolist()[0] == "Men (12) · small"
    assert table["label"].tolist()[2] == "Fringe: yes (2) · small"
    figure = chart.groups(table, 0.5)
    drawn = [label for trace in figure.data for label in trace.y]
    assert "Fringe: yes (2) · small" not in drawn
    symbols = {trace.marker.symbol: list(trace.y) for trace in figure.data}
    assert symbols["circle-open"] == ["Men (12) · small"]
    assert any(note.text == "too few people" for note in figure.layout.annotations)
    assert figure.layout.shapes[0].x0 == 50
    assert not chart.groups(table, None).layout.shapes


def test_one_answer_per_group_is_explained():
    table = groups.table({"Male": pair(0.9, 0.8, measure="accuracy")})
    assert any("leans to one answer" in note for note in groups.notes(table))
    assert "all of them have one answer" in table["text"].iloc[0]


def test_people_in_words():
    people = pd.DataFrame({"right": [8, 8, 4], "photographs": 8, "estimate": [0.9, 0.9, 0.5]})
    people = people.assign(low=0.7, high=1.0)
    assert groups.everybody(people, "identity", 0.005).startswith("2 of 3 people are named rightly")
    assert groups.everybody(people, "identity", 0.005).endswith("would do so for none.")
    assert "for about 1." in groups.everybody(people, "attribute:Male", 0.9)
    assert groups.person(people.iloc[0], "identity").startswith("**8 of 8** named rightly")
    assert groups.alike(people, 1) == "2 people come out alike; 1 of them are shown."
    assert groups.alike(people, 2) == ""


def test_the_usual_groups_come_first():
    names = groups.offered(["Bangs", "Pale_Skin", "Bald", "Male"])
    assert names == ["Male", "Pale_Skin", "Bald", "Bangs"]
