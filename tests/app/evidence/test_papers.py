"""Papers beside ours: tables, sentences, reasons, the figure."""

import math

import pytest

from app.evidence import papers
from core.methods import METHODS
from core.published import PAPERS
from core.published import published as printed
from tests.app.evidence.test_published import ours


@pytest.fixture
def settings():
    """DeepObfuscator as in the paper, and its baseline."""
    numbers = {("strict", "attribute:Male", "worst_case", "accuracy"): (0.975, 0.55)}
    return [ours(lambda1=1, lambda2=1), ours("original", numbers=numbers)]


@pytest.fixture
def tables(settings):
    return papers.by_table("deep_obfuscator", settings)


def accuracy(tables, place=papers.ALL):
    return [pair for pair in tables[place] if pair.row["metric"] == "accuracy"]


@pytest.mark.parametrize("paper", PAPERS)
def test_every_result_of_a_paper_is_there_once(paper):
    rows = [r for r in printed() if r["paper"] == paper and r["role"] != "setup"]
    kept = {(r["metric"], r["printed"], r["target"]) for r in rows if r["metric"] != "loss"}
    tables = papers.by_table(paper, [])
    found = tables[papers.ALL]
    assert {(p.row["metric"], p.row["printed"], p.row["target"]) for p in found} == kept
    placed = [p.row for place, pairs in tables.items() if place != papers.ALL for p in pairs]
    assert {(r["metric"], r["printed"], r["target"]) for r in placed if r["printed"]} == kept
    assert tables[papers.usual_table(tables)]
    for place, pairs in tables.items():
        assert pairs or papers.not_made(paper, place)
        assert papers.title(paper, place)


@pytest.mark.parametrize("paper", PAPERS)
def test_without_any_run_nothing_is_claimed(paper):
    tables = papers.by_table(paper, [])
    pairs = tables[papers.ALL]
    assert not any(pair.ours for pair in pairs)
    assert papers.sentence(paper, pairs, "accuracy").startswith("Nothing was measured here")
    assert papers.tally(pairs) == f"0 of {len(pairs)} printed numbers have one of ours beside them."
    assert all(map(papers.missing, pairs))
    for metric in papers.measures(pairs):
        numbers = papers.frame(pairs, metric)
        assert numbers["printed"].notna().all()
        assert numbers[["as_paper", "strict"]].isna().all(axis=None)
        figure = papers.chart(numbers, metric)
        notes = [note.text.replace("<br>", " ") for note in figure.layout.annotations]
        assert sum("not measured here" in text for text in notes) == len(numbers)


def test_the_sentence_and_the_tally(tables):
    pairs = tables[papers.ALL]
    assert papers.sentence("deep_obfuscator", pairs, "accuracy") == (
        "At λ₁ = 1, λ₂ = 1 the paper says that its own attacker tells the gender in 58.85 % of cases; "
        "our own copy of that attacker reaches 62.5 %, a fresh attacker 95.8 %."
    )
    assert papers.tally(pairs).endswith(
        "On the one thing that is hidden and that we measured both ways, a fresh attacker gets more "
        "than the one trained along with the method."
    )


def test_a_fresh_attacker_that_gets_less_is_not_counted():
    numbers = {
        ("paper", "attribute:Male", "training_adversary", "accuracy"): (0.7, 0.55),
        ("strict", "attribute:Male", "worst_case", "accuracy"): (0.6, 0.55),
    }
    tables = papers.by_table("deep_obfuscator", [ours(lambda1=1, lambda2=1, numbers=numbers)])
    pairs = accuracy(tables, "Figure 7")
    assert "both ways, a fresh attacker gets no more than" in papers.tally(pairs)


def test_a_table_that_hides_nothing_says_so(tables):
    serving = [p for p in tables[papers.ALL] if p.row["role"] == "utility"]
    assert "has no number on what is to be hidden" in papers.sentence(
        "deep_obfuscator", serving, "accuracy"
    )


def test_the_figure_holds_the_numbers(tables):
    pairs = accuracy(tables, "Figure 7")
    numbers = papers.frame(pairs, "accuracy")
    row = numbers[numbers["printed"] == 58.85].iloc[0]
    assert (row["as_paper"], row["strict"]) == (62.5, 95.8)
    assert row["chance"] == pytest.approx(55)
    assert row["words"] == "Gender · DeepObfuscator, λ₁ = 1, λ₂ = 1 · Figure 7(a)"
    figure = papers.chart(numbers, "accuracy")
    by_name = {trace.name: trace for trace in figure.data}
    place = list(numbers["printed"]).index(58.85)
    assert by_name["printed in the paper"].x[place] == 58.85
    assert by_name["ours, as the paper"].x[place] == 62.5
    assert by_name["ours, strict"].x[place] == 95.8
    noise = list(numbers["printed"]).index(90.15)
    assert math.isnan(by_name["ours, strict"].x[noise])
    assert "not measured here" in figure.layout.annotations[noise].text


def test_reasons(tables):
    pairs = tables[papers.ALL]
    said = {(p.row["label"], p.row["role"]): papers.missing(p) for p in pairs}
    assert said["Human Perceptual Study", "private"].startswith(("People were asked", "A count"))
    assert said["Baseline (noise)", "private"] == "No run of Features of a noisy picture here."
    assert said["Input", "cost"].startswith("A count")
    shown = papers.table(pairs)
    assert len(shown) == len(pairs)
    assert (shown["Why nothing of ours"] == "").sum() == sum(pair.ours for pair in pairs)


def test_the_table_names_the_papers_rows_and_says_why_before_the_small_print(tables):
    shown = papers.table(tables["Table 3"])
    assert shown["Row"].tolist() == ["AR in DeepObfuscator", "URec#1", "URec#2", "ResRec"]
    names = list(shown)
    assert names.index("Why nothing of ours") < names.index("Setting")


def test_differences_name_data_and_size(tables):
    said = papers.differences("deep_obfuscator", accuracy(tables), "synthetic", "compact")
    assert "the paper worked on CelebA at 218 × 178 pixels" in said
    assert "The paper does not say when the attackers it scores were trained." in said


def test_another_face_network_is_said():
    numbers = {("strict", "image", "critic_decoder", "face_similarity"): (0.2, 0.0)}
    method = "adversarial_reconstruction"
    setting = ours(method, ("Smiling",), (), lambda1=1, lambda2=0, numbers=numbers)
    tables = papers.by_table(method, [setting])
    pairs = [p for p in tables["Table 1"] if p.row["metric"] == "face_similarity"]
    said = papers.differences(method, pairs, "synthetic", "compact")
    assert "another network than we do" in said


@pytest.mark.parametrize("method", METHODS)
def test_every_method_has_a_paper_to_start_with(method):
    paper = papers.own_paper(method)
    assert paper in PAPERS
    name = METHODS[method].hardens or method
    assert METHODS[method].baseline or name not in PAPERS or name == paper


def test_rows_say_what_tells_them_apart(tables):
    pairs = accuracy(tables)
    said = [papers.words(pair, pairs) for pair in pairs]
    assert len(set(said)) == len(said)
    assert "Gender · DeepObfuscator, λ₁ = 1, λ₂ = 1 · Figure 7(a)" in said
    assert "Gender · DeepObfuscator, λ₁ = 1, λ₂ = 1 · Figure 7(b)" in said
    same = [pairs[0], pairs[0]._replace(row=pairs[0].row | {"tasks": ("Young",)})]
    assert "service: Age group" in papers.words(same[1], same)
