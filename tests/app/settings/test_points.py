"""Findings -> settings of the trade-off."""

import numpy as np
import pandas as pd
import pytest

from app.settings import outcomes, points, unprotected, views
from app.settings.views import View
from core.methods import METHODS

KEY = ["run_id", "attacker", "target", "metric", "protocol"]
ANOTHER = "adversarial_reconstruction"  # its network is another kind than `original`'s
VIEW = View("synthetic", "compact", "Smiling", "attribute:Male", "strict")


@pytest.fixture(scope="module")
def table(findings):
    bare = unprotected.reference(unprotected.references(findings, VIEW), "deep_obfuscator")
    return unprotected.compared(outcomes.settings(findings, VIEW), bare)


def test_what_may_be_chosen(findings):
    assert views.datasets(findings) == ["synthetic"]
    assert views.tasks(findings, "synthetic", "compact") == ["Smiling"]
    assert views.targets(findings, "synthetic", "compact", "Smiling") == [
        "attribute:Male",
        "identity",
        "image",
    ]


def test_only_what_was_attacked_beside_the_chosen_service_may_be_chosen(findings):
    other = findings[findings["method"] == "original"].copy()
    other["run_id"] = "dpfe-0123456789"
    other.loc[other["target"] == "attribute:Smiling", "target"] = "attribute:Male?"
    swap = {"attribute:Male": "attribute:Young", "attribute:Male?": "attribute:Male"}
    other["target"] = other["target"].replace(swap)
    other = other[other["target"] != "image"]
    both = pd.concat([findings, other])
    assert views.targets(both, "synthetic", "compact", "Male") == ["attribute:Young", "identity"]
    assert "attribute:Young" not in views.targets(both, "synthetic", "compact", "Smiling")


def test_one_row_for_every_setting(table):
    deep = table[table["method"] == "deep_obfuscator"]
    assert len(deep) == 6
    noise = table[table["method"] == "image_noise"]
    assert sorted(noise["knob:sigma"]) == sorted(METHODS["image_noise"].knobs[0].grid)
    assert table["key"].is_unique


@pytest.mark.parametrize("target", ["image", "attribute:Male"])
def test_an_attacker_with_a_second_data_set_changes_no_point(findings, target):
    view = VIEW._replace(target=target)
    more = findings[findings["attacker"].isin(["mirrored_decoder", "worst_case"])]
    more = more.assign(attacker=more["attacker"] + "+celeba", value=1.0)
    assert len(more)
    both = pd.concat([more, findings])
    pd.testing.assert_frame_equal(outcomes.settings(both, view), outcomes.settings(findings, view))
    assert unprotected.references(both, view) == unprotected.references(findings, view)


def test_face_verification_is_a_task_like_an_attribute(findings):
    served = (findings["role"] == "utility") & (findings["method"] == "deep_obfuscator")
    verified = findings.assign(
        target=findings["target"].mask(served, "verification"),
        tasks=findings["tasks"].mask(findings["method"] == "deep_obfuscator", "verification"),
    )
    assert set(views.tasks(verified, "synthetic", "compact")) == {"Smiling", "verification"}
    table = outcomes.settings(verified, VIEW._replace(task="verification"))
    assert set(table["method"]) == {"deep_obfuscator"}
    assert table["utility"].notna().all()
    assert unprotected.references(verified, VIEW._replace(task="verification")) == {}
    assert unprotected.compared(table, None)["cost"].isna().all()


def test_gain_and_cost_are_differences(table, findings):
    assert np.allclose(table["gain"], table["value"] - 0.5)
    bare = unprotected.references(findings, VIEW)["original"]
    assert table.loc[table["method"] == "original", "cost"].tolist() == [0]
    row = points.nearest(points.records(table), "deep_obfuscator", {"lambda1": 5, "lambda2": 1})
    assert row["cost"] == pytest.approx(bare["utility"] - row["utility"])


def test_one_unprotected_number_for_all_methods_where_there_is_one(findings):
    found = unprotected.references(findings, VIEW)
    assert set(found) == {"original", "aia_original", "dpfe_simple"}
    for method in ("deep_obfuscator", "aia", "dpfe", "dpfe_simple", "blur", ANOTHER):
        assert unprotected.reference(found, method)["method"] == "original"


def test_another_network_is_compared_with_itself_undefended(findings):
    weaker, stronger = ({"knob:lambda1": value, "knob:lambda2": 0.0} for value in (0.0, 1.0))
    like = findings[findings["method"] == "blur"]
    own = [
        like.assign(method=ANOTHER, run_id="one", value=like["value"] * 0.9, **weaker),
        like.assign(method=f"{ANOTHER}_hardened", run_id="two", **stronger),
    ]
    own = [rows.assign(release_value=np.nan).drop_duplicates(KEY) for rows in own]
    undefended = pd.concat([findings, *own])
    found = unprotected.references(undefended, VIEW)
    for method in (ANOTHER, f"{ANOTHER}_hardened"):
        assert unprotected.reference(found, method)["method"] == ANOTHER
    bare = unprotected.reference(found, "deep_obfuscator")
    assert bare["method"] == "original"
    table = unprotected.compared(outcomes.settings(undefended, VIEW), bare, found)
    assert table.loc[table["method"] == ANOTHER, "cost"].tolist() == [0]
    hardened = table[table["method"] == f"{ANOTHER}_hardened"]
    assert np.allclose(hardened["cost"], found[ANOTHER]["utility"] - hardened["utility"])
    other = table[table["method"] == "deep_obfuscator"]
    assert np.allclose(other["cost"], bare["utility"] - other["utility"])


@pytest.mark.parametrize("name", list(METHODS))
def test_every_method_names_a_baseline_that_can_serve_its_tasks(name):
    reference = METHODS[METHODS[name].reference]
    assert set(METHODS[name].understands) <= set(reference.understands)


def serving(findings, task, *methods):
    """The findings of `methods` alone, as if they had been trained for `task`."""
    mine = findings[findings["method"].isin(methods)]
    served = mine["role"] == "utility"
    target = views.task_target(task)
    return mine.assign(target=mine["target"].mask(served, target), tasks=task)


def test_where_no_unprotected_features_serve_the_task_a_method_has_its_own(findings):
    verified = serving(findings, "verification", "aia_original", "aia_random")
    view = VIEW._replace(task="verification")
    found = unprotected.references(verified, view)
    assert unprotected.reference(found, "aia")["method"] == "aia_original"
    assert unprotected.reference(found, "aia_random")["method"] == "aia_original"
    assert unprotected.reference(found, "deep_obfuscator") is None
    table = unprotected.compared(
        outcomes.settings(verified, view), unprotected.reference(found, "aia")
    )
    assert table.loc[table["method"] == "aia_original", "cost"].tolist() == [0]
    assert (table.loc[table["method"] == "aia_random", "cost"] > 0).all()


def test_ten_numbers_are_unprotected_without_noise_only(findings):
    served = serving(findings, "Young", "dpfe_simple")
    view = VIEW._replace(task="Young")
    bare = unprotected.reference(unprotected.references(served, view), "dpfe")
    assert (bare["method"], bare["knob:noise_ratio"]) == ("dpfe_simple", 0)
    rows = points.records(outcomes.settings(served, view))
    assert bare["utility"] == max(row["utility"] for row in rows)
    noisy = served[served["release_value"] > 0]
    assert unprotected.reference(unprotected.references(noisy, view), "dpfe") is None


def test_the_plainest_run_stands_for_unprotected(findings):
    bare = findings[findings["method"] == "original"]
    two = bare.assign(run_id="original-two", tasks="Smiling,Young", value=bare["value"] - 0.1)
    quick = bare.assign(run_id="original-quick", schedule="epochs=1", value=bare["value"] - 0.2)
    seed = bare.assign(run_id="original-seed", seed=1, value=bare["value"] + 0.02)
    once = unprotected.references(findings, VIEW)["original"]["utility"]
    many = unprotected.references(pd.concat([quick, two, findings, seed]), VIEW)["original"][
        "utility"
    ]
    assert many == pytest.approx(once + 0.01)


def test_a_reference_needs_no_attack_to_say_what_the_service_keeps(findings):
    own = findings["method"].eq("original") & findings["role"].eq("utility")
    own = findings[own].assign(protocol="paper", attacker="own_head")
    found = unprotected.references(pd.concat([findings, own]), VIEW._replace(protocol="paper"))
    assert found["original"]["utility"] == pytest.approx(own["value"].iloc[0])
    assert np.isnan(found["original"]["value"])


def test_the_paper_protocol_asks_the_method_s_own_pair_matcher(findings):
    verified = serving(findings, "verification", "aia_original")
    verified = verified.assign(
        protocol="paper",
        attacker=verified["attacker"].replace(
            {"best_head": "own_verifier", "worst_case": "training_adversary"}
        ),
    )
    table = outcomes.settings(verified, VIEW._replace(task="verification", protocol="paper"))
    assert set(table["method"]) == {"aia_original"}


def test_paper_protocol_reads_the_training_adversary(findings):
    paper = outcomes.settings(findings, VIEW._replace(protocol="paper"))
    assert set(paper["attacker"]) == {"training_adversary"}
    assert set(paper["method"]) == {"deep_obfuscator"}


def test_identity_and_picture(findings):
    named = outcomes.settings(findings, VIEW._replace(target="identity"))
    assert named["chance"].iloc[0] == pytest.approx(1 / 50)
    drawn = outcomes.settings(findings, VIEW._replace(target="image"))
    assert "answer_only" not in set(drawn["method"])


def test_seeds_become_one_setting_with_an_interval_that_covers_both(findings):
    other = findings.assign(
        seed=1,
        run_id=findings["run_id"] + "x",
        value=findings["value"] + 0.02,
        low=findings["low"] + 0.02,
        high=findings["high"] + 0.02,
    )
    one = outcomes.settings(findings, VIEW)
    both = outcomes.settings(pd.concat([findings, other]), VIEW)
    assert len(both) == len(one)
    assert (both["seeds"] == 2).all()
    first, merged = one.iloc[0], both[both["key"] == one.iloc[0]["key"]].iloc[0]
    assert merged["value"] == pytest.approx(first["value"] + 0.01)
    assert merged["low"] == pytest.approx(first["low"])
    assert merged["high"] == pytest.approx(first["high"] + 0.02)


def test_one_weak_seed_makes_the_setting_inconclusive(findings):
    weak = findings.assign(conclusive=findings["method"] != "blur")
    table = outcomes.settings(weak, VIEW)
    assert not table.loc[table["method"] == "blur", "conclusive"].any()
    assert table.loc[table["method"] != "blur", "conclusive"].all()


def test_methods_that_guard_something_else_are_left_out(findings):
    other = findings.assign(private="Young")
    assert set(outcomes.settings(other, VIEW)["method"]) == {
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
    assert points.setting_label(points.nearest(points.records(table), "original", {})) == ""


def test_empty_findings_give_no_settings(findings):
    assert outcomes.settings(findings[:0], VIEW).empty
    assert outcomes.settings(findings, VIEW._replace(dataset="other")).empty
