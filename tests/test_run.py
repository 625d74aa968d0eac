"""Runs: equal descriptions are one run, wrong ones say what is wrong."""

import dataclasses
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import PenumbraError
from core.run import Run
from core.run_validation import checked, from_dict
from core.storage.run_folder import state


def test_id_is_stable_and_independent_of_order_and_number_type():
    one = checked(Run("deep_obfuscator", "synthetic", knobs={"lambda1": 1, "lambda2": 2}))
    two = checked(Run("deep_obfuscator", "synthetic", knobs={"lambda2": 2.0}))
    assert one.id == two.id  # 1 is lambda1's default
    assert one.id.startswith("deep_obfuscator-")


@pytest.mark.parametrize(
    "change",
    [
        {"seed": 1},
        {"tasks": ("Young",)},
        {"private": ("Young",)},
        {"knobs": {"lambda1": 2}},
        {"dataset": "other"},
        {"preset": "paper"},
        {"schedule": {"task_epochs": 1}},
    ],
)
def test_every_field_changes_the_id(change):
    run = Run("deep_obfuscator", "synthetic")
    assert checked(dataclasses.replace(run, **change)).id != checked(run).id


@given(
    st.sampled_from([0.0, 0.5, 1.0, 10.0]), st.integers(0, 2**31 - 1), st.sampled_from(["a", "b_2"])
)
def test_a_run_survives_json(value, seed, dataset):
    run = checked(Run("deep_obfuscator", dataset, knobs={"lambda1": value}, seed=seed))
    assert from_dict(json.loads(run.canonical())) == run


def test_a_run_of_before_recipes_keeps_its_id_and_is_another_than_todays():
    entry = {"method": "original", "dataset": "synthetic"}
    old = from_dict(entry)
    assert old.recipe == 1
    assert "recipe" not in old.canonical()
    assert old.id == "original-2ece22b47c"
    assert checked(Run("original", "synthetic")).id != old.id


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"method": "nope"}, "unknown method"),
        ({"dataset": "../etc"}, "data set name"),
        ({"preset": "huge"}, "no preset"),
        ({"recipe": 3}, "recipe 3 is unknown"),
        ({"tasks": ()}, "at least one task"),
        ({"tasks": ("Male",)}, "both a task and private"),
        ({"tasks": ("Smiling", "Smiling")}, "named twice"),
        ({"tasks": ("../x",)}, "no attribute name"),
        ({"knobs": {"beta": 1}}, "no training knob 'beta'"),
        ({"knobs": {"lambda1": float("nan")}}, "must be a number"),
        ({"knobs": {"lambda1": -1}}, "must be a number"),
        ({"schedule": {"sleep": 1}}, "no schedule entry"),
        ({"seed": -1}, "seed"),
    ],
)
def test_wrong_runs_are_refused(change, message):
    with pytest.raises(PenumbraError, match=message):
        checked(dataclasses.replace(Run("deep_obfuscator", "synthetic"), **change))


@pytest.mark.parametrize(
    "entry",
    [
        {},
        [],
        {"method": "original"},
        {"method": "original", "dataset": "a", "extra": 1},
        {"method": "original", "dataset": "a", "tasks": "Smiling"},
        {"method": "original", "dataset": "a", "knobs": [1]},
        {"method": "original", "dataset": "a", "seed": "0"},
        {"method": "original", "dataset": 3},
        {"method": ["original"], "dataset": "a"},
    ],
)
def test_foreign_json_is_refused(entry):
    with pytest.raises(PenumbraError):
        from_dict(entry)


def test_folder_states(tmp_path):
    assert state(tmp_path) == "empty"
    (tmp_path / "stray").touch()
    assert state(tmp_path) == "damaged"
    (tmp_path / "run.json").write_text("{}")
    assert state(tmp_path) == "training"
    (tmp_path / "done").touch()
    assert state(tmp_path) == "damaged"  # says done, holds no weights
    (tmp_path / "weights.safetensors").touch()
    assert state(tmp_path) == "finished"
