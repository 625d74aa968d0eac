"""Findings -> settings of the trade-off."""

import numpy as np
import pandas as pd
import pytest

from app import points
from app.points import View
from core.methods import METHODS

VIEW = View("synthetic", "compact", "Smiling", "attribute:Male", "strict")


@pytest.fixture
def table(findings):
    return points.settings(findings, VIEW)


def test_what_may_be_chosen(findings):
    assert points.datasets(findings) == ["synthetic"]
    assert points.tasks(findings, "synthetic", "compact") == ["Smiling"]
    assert points.targets(findings, "synthetic", "compact") == [
        "attribute:Male",
        "identity",
        "image",
    ]


def test_one_row_for_every_setting(table):
    deep = table[table["method"] == "deep_obfuscator"]
    assert len(deep) == 6
    noise = table[table["method"] == "image_noise"]
    assert sorted(noise["knob:sigma"]) == sorted(METHODS["image_noise"].knobs[0].grid)
    assert table["key"].is_unique


def test_face_verification_is_a_task_like_an_attribute(findings):
    served = (findings["role"] == "utility") & (findings["method"] == "deep_obfuscator")
    verified = findings.assign(
        target=findings["target"].mask(served, "verification"),
        tasks=findings["tasks"].mask(findings["method"] == "deep_obfuscator", "verification"),
    )
    assert set(points.tasks(verified, "synthetic", "compact")) == {"Smiling", "verification"}
    table = points.settings(verified, VIEW._replace(task="verification"))
    assert set(table["method"]) == {"deep_obfuscator"}
    assert table["utility"].notna().all()
    assert points.unprotected(points.records(table)) is None
    assert table["cost"].isna().all()


def test_gain_and_cost_are_differences(table):
    assert np.allclose(table["gain"], table["value"] - 0.5)
    bare = points.unprotected(points.records(table))
    assert bare["cost"] == 0
    row = points.nearest(points.records(table), "deep_obfuscator", {"lambda1": 5, "lambda2": 1})
    assert row["cost"] == pytest.approx(bare["utility"] - row["utility"])


def test_paper_protocol_reads_the_training_adversary(findings):
    paper = points.settings(findings, VIEW._replace(protocol="paper"))
    assert set(paper["attacker"]) == {"training_adversary"}
    assert set(paper["method"]) == {"deep_obfuscator"}


def test_identity_and_picture(findings):
    named = points.settings(findings, VIEW._replace(target="identity"))
    assert named["chance"].iloc[0] == pytest.approx(1 / 50)
    drawn = points.settings(findings, VIEW._replace(target="image"))
    assert "answer_only" not in set(drawn["method"])


def test_seeds_become_one_setting_with_an_interval_that_covers_both(findings):
    other = findings.assign(seed=1, run_id=findings["run_id"] + "x", value=findings["value"] + 0.02,
                            low=findings["low"] + 0.02, high=findings["high"] + 0.02)  # fmt: skip
    one = points.settings(findings, VIEW)
    both = points.settings(pd.concat([findings, other]), VIEW)
    assert len(both) == len(one)
    assert (both["seeds"] == 2).all()
    first, merged = one.iloc[0], both[both["key"] == one.iloc[0]["key"]].iloc[0]
    assert merged["value"] == pytest.approx(first["value"] + 0.01)
    assert merged["low"] == pytest.approx(first["low"])
    assert merged["high"] == pytest.approx(first["high"] + 0.02)


def test_one_weak_seed_makes_the_setting_inconclusive(findings):
    weak = findings.assign(conclusive=findings["method"] != "blur")
    table = points.settings(weak, VIEW)
    assert not table.loc[table["method"] == "blur", "conclusive"].any()
    assert table.loc[table["method"] != "blur", "conclusive"].all()


def test_methods_that_guard_something_else_are_left_out(findings):
    other = findings.assign(private="Young")
    assert set(points.settings(other, VIEW)["method"]) == {
        name for name, method in METHODS.items() if method.baseline
    }


def test_values_run_from_weak_to_strong(table):
    cells = METHODS["pixelate"].knobs[0]
    assert points.values(points.records(table), "pixelate", cells, {}) == list(cells.grid)
    assert points.values(
        points.records(table),
        "deep_obfuscator",
        METHODS["deep_obfuscator"].knobs[0],
        {"lambda2": 0},
    ) == [0, 1, 5]


def test_lines_follow_the_chosen_setting(table):
    lines = points.lines(points.records(table), {"lambda1": 5.0, "lambda2": 0.0}, "deep_obfuscator")
    mine = [line for line in lines if line.method == "deep_obfuscator"]
    assert [line.fixed for line in mine if line.knob] == [{"lambda2": 0.0}, {"lambda1": 5.0}]
    assert {key for line in mine for key in line.keys} == set(
        table.loc[table["method"] == "deep_obfuscator", "key"]
    )


def test_nearest_never_invents_a_setting(table):
    row = points.nearest(points.records(table), "deep_obfuscator", {"lambda1": 3.7, "lambda2": 0.4})
    assert (row["knob:lambda1"], row["knob:lambda2"]) == (5.0, 0.0)
    assert points.nearest(points.records(table), "no_such_method", {}) is None


def test_labels(table):
    row = points.nearest(points.records(table), "deep_obfuscator", {"lambda1": 1, "lambda2": 1})
    assert points.setting_label(row) == "λ₁ = 1, λ₂ = 1"
    assert points.setting_label(points.unprotected(points.records(table))) == ""


def test_empty_findings_give_no_settings(findings):
    assert points.settings(findings[:0], VIEW).empty
    assert points.settings(findings, VIEW._replace(dataset="other")).empty
