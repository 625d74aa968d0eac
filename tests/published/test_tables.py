"""Every table and figure of the five papers is listed, and made or refused with a reason."""

import re
from collections import Counter

import pytest

from core.errors import PenumbraError
from core.published import PAPERS, published, tables
from core.published.counterparts import Counterpart, counterpart
from core.published.tables import TABLES, named, of_paper, places

THERE_ARE = {  # tables, figures: as the papers number them
    "pric": (0, 4),
    "deep_obfuscator": (4, 7),
    "aia": (1, 3),
    "adversarial_reconstruction": (3, 7),
    "dpfe": (1, 11),
}


@pytest.mark.parametrize("paper", PAPERS)
def test_all_of_a_paper_is_listed_once(paper):
    count_of_tables, figures = THERE_ARE[paper]
    expected = [f"Table {n}" for n in range(1, count_of_tables + 1)]
    expected += [f"Figure {n}" for n in range(1, figures + 1)]
    listed = [table.place for table in of_paper(paper)]
    assert listed[: len(expected)] == expected
    assert max(Counter(listed).values()) == 1


@pytest.mark.parametrize("table", TABLES, ids=lambda table: f"{table.paper} {table.place}")
def test_each_is_made_or_says_why_not(table):
    assert table.title
    assert bool(table.reason) != table.made
    if not table.made:
        assert table.reason.endswith(".")
    for row in table.rows:
        assert row["paper"] == table.paper
        if not row["printed"]:  # only drawn: declared to be measured, so it has to be possible
            assert isinstance(counterpart(row), Counterpart)


def test_every_result_stands_in_a_table_figure_or_place_of_the_text():
    listed = {(table.paper, table.place): table.rows for table in TABLES}
    for row in published():
        if row["role"] == "setup":
            continue
        for place in places(row):
            assert row in listed[row["paper"], place]


def test_a_number_belongs_to_the_figure_that_draws_it():
    assert places({"place": "Section 4.5, Figure 7(a)"}) == ["Figure 7"]
    assert places({"place": "Section 4"}) == ["Section 4"]


def test_what_is_drawn_covers_what_the_caption_says():
    bars = named("deep_obfuscator", "Figure 7").rows
    accuracy = [row for row in bars if row["metric"] == "accuracy"]
    panels = {re.search(r"7\((.)\)", row["place"])[1] for row in accuracy}
    assert panels == set("abcdef")
    assert {row["method"] for row in accuracy} == {"deep_obfuscator", "original", "noisy_features"}
    assert len(accuracy) == 3 * (2 + 2 + 3 + 3 + 3 + 4)  # each task, each private attribute, once
    curves = named("aia", "Figure 2").rows
    assert {tuple(row["knobs"].values()) for row in curves if row["place"] == "Figure 2a"} == {
        (0.5, beta) for beta in (0.0, 0.25, 0.5, 0.75, 1.0)
    }
    layers = named("dpfe", "Figure 7").rows
    assert {row["schedule"].get("cut") for row in layers} == {0.0, 1.0, 2.0, 3.0}


@pytest.mark.parametrize("name", ["Table 3", "table3", "TABLE  3", "Table-3"])
def test_a_table_is_found_by_any_spelling(name):
    assert named("deep_obfuscator", name).place == "Table 3"


@pytest.mark.parametrize("name", ["Figure 7", "fig 7", "Fig. 7", "fig.7", "FIG7."])
def test_a_figure_is_found_by_its_short_name(name):
    assert named("deep_obfuscator", name).place == "Figure 7"


@pytest.mark.parametrize(
    ("paper", "place", "message"),
    [
        ("deepobfuscator", "Table 3", "deep_obfuscator was likely meant"),
        ("x" * 500, "Table 3", "there are pric, deep_obfuscator, aia"),
        ("aia", "Table 2", "it has: Table 1, Figure 1, Figure 2, Figure 3"),
    ],
)
def test_what_there_is_not_is_said_with_what_there_is(paper, place, message):
    with pytest.raises(PenumbraError, match=re.escape(message)):
        tables.named(paper, place)
