"""Attackers together: chosen on validation, scored on test."""

import numpy as np
import pytest

from core.attacks.attributes.ensemble import ensemble, selected
from core.metrics.attributes import auc

RNG = np.random.default_rng(0)
TRUTH = {part: {"Male": RNG.integers(0, 2, 200).astype(np.int8)} for part in ("validation", "test")}
PEOPLE = np.repeat(np.arange(50), 4)


def member(noise, seed, conclusive=True, kept=("Male",)):
    """An attack whose scores are the truth under noise."""
    rng = np.random.default_rng(seed)
    scores = {p: TRUTH[p]["Male"] + noise * rng.normal(size=200) for p in TRUTH}
    arrays = {
        "targets": np.array(["attribute:Male"]),
        "validation": np.array([0.7], np.float32),
        "kept": np.array(kept),
        "scores": scores["test"][None].astype(np.float16),
        "validation_scores": scores["validation"][None].astype(np.float16),
    }
    return [{"target": "attribute:Male", "conclusive": conclusive}], arrays


def area(result):
    (row,) = [r for r in result.findings if r["metric"] == "auc"]
    return row["value"]


def test_attackers_that_err_independently_are_stronger_together():
    done = {name: member(1.2, seed) for seed, name in enumerate("abcd")}
    alone = [auc(TRUTH["test"]["Male"], arrays["scores"][0]) for _, arrays in done.values()]
    result = ensemble(done, TRUTH, PEOPLE, ("Male",))
    assert area(result) > max(alone) + 0.03
    assert {row["attacker"] for row in result.findings} == {"ensemble"}
    assert result.arrays["weights"].sum() == pytest.approx(1)
    assert result.arrays["members"].tolist() == list("abcd")


def test_an_attacker_that_knows_nothing_is_left_out():
    done = {"good": member(0.3, 1), "blind": member(100.0, 2)}
    result = ensemble(done, TRUTH, PEOPLE, ("Male",))
    shares = dict(zip(result.arrays["members"].tolist(), result.arrays["weights"][0], strict=True))
    assert shares["good"] > 0.8


def test_the_choice_does_not_see_the_test_photographs():
    done = {name: member(1.2, seed) for seed, name in enumerate("abcd")}
    first = ensemble(done, TRUTH, PEOPLE, ("Male",))
    turned = {**TRUTH, "test": {"Male": 1 - TRUTH["test"]["Male"]}}
    second = ensemble(done, turned, PEOPLE, ("Male",))
    assert (first.arrays["weights"] == second.arrays["weights"]).all()
    assert area(second) == pytest.approx(1 - area(first), abs=1e-3)


def test_it_is_conclusive_where_a_member_that_counts_is():
    sure = {"a": member(0.3, 1, False), "b": member(0.4, 2, True)}
    unsure = {"a": member(0.3, 1, False), "b": member(0.4, 2, False)}
    for done, expected in ((sure, True), (unsure, False)):
        rows = ensemble(done, TRUTH, PEOPLE, ("Male",)).findings
        assert {row["conclusive"] for row in rows} == {expected}


def test_scale_and_offset_of_a_member_do_not_matter():
    rows, arrays = member(1.2, 1)
    louder = arrays | {n: arrays[n] * 8 + 3 for n in ("scores", "validation_scores")}
    other = member(1.2, 2)
    one, two = (
        ensemble({"a": (rows, a), "b": other}, TRUTH, PEOPLE, ("Male",)) for a in (arrays, louder)
    )
    assert area(one) == pytest.approx(area(two), abs=5e-3)


def test_fewer_than_two_attackers_are_no_ensemble():
    one = {"a": member(0.3, 1)}
    for done in ({}, one, one | {"b": member(0.3, 2, kept=("Smiling",))}):
        result = ensemble(done, TRUTH, PEOPLE, ("Male",))
        assert (result.findings, result.arrays) == ([], {})
    single = {p: {"Male": np.zeros(200, np.int8)} for p in TRUTH}
    assert ensemble(one | {"b": member(0.3, 2)}, single, PEOPLE, ("Male",)).findings == []


def test_selection_begins_with_the_best_and_shares_sum_to_one():
    labels = TRUTH["validation"]["Male"]
    scores = {n: labels + s * RNG.normal(size=200) for n, s in (("a", 0.2), ("b", 3.0))}
    shares = selected(scores, labels)
    assert next(iter(shares)) == "a"
    assert sum(shares.values()) == pytest.approx(1)
