"""Certificates of runs: what is counted, how delta is divided, and that a proof is honest."""

import dataclasses

import numpy as np
import pytest
import torch

from core.certificates import finite, histograms
from core.data import SecondSource
from core.evaluation import proof
from core.methods import METHODS, Model
from core.run import Run
from core.run_validation import checked
from core.storage import array_file, attack_folders
from core.storage.attack_folders import Task
from tests.tiny_faces import SMALL, tiny_faces

CPU = torch.device("cpu")
MALE = 0


@pytest.fixture(autouse=True)
def folders(tmp_path, monkeypatch):
    monkeypatch.setenv("PENUMBRA_CHECKPOINTS", str(tmp_path / "checkpoints"))


def run_of(method="certified_code", **more):
    return checked(Run(method, "tiny", **more))


def answering(cells, table):
    """A model of which only the proof's part is there."""
    return Model({}, (), lambda x, generator, value: x, cells=cells, table=lambda value: table)


def by_brightness(x):
    """1 where the upper half is bright: tells the gender."""
    return (x[:, :, : x.shape[2] // 2].mean((1, 2, 3)) > 0.5).long()


def proven(tmp_path, model, counted, values=(0.1,), run=None):
    run = run or run_of()
    proof.certify(tmp_path, run, model, counted, CPU, list(values))
    rows = proof.found(tmp_path, list(values))
    return {(row["target"], row["metric"], row["release_value"]): row for row in rows}


def many(seed=1):
    return tiny_faces(identities=400, images=2, size=SMALL, seed=seed)


def test_a_planted_leak_is_said(tmp_path):
    rows = proven(tmp_path, answering(by_brightness, torch.eye(2)), proof.people_of(many()))
    row = rows["attribute:Male", "proven_accuracy", 0.1]
    assert row["value"] == row["high"] == 1
    assert row["attacker"] == "certificate"
    assert row["protocol"] == "proof"
    assert row["role"] == "private"
    assert rows["identity", "capacity", 0.1]["value"] == 2
    tested = 100
    assert rows["identity", "proven_identification", 0.1]["value"] == 2 / tested
    assert ("attribute:Male", "proven_accuracy_repeated", 0.1) not in rows  # nothing is drawn


def test_what_tells_nothing_is_proven_nearly_nothing(tmp_path):
    flat = torch.full((2, 2), 0.5)
    rows = proven(tmp_path, answering(by_brightness, flat), proof.people_of(many()))
    row = rows["attribute:Male", "proven_accuracy", 0.1]
    assert row["low"] == 0.5
    assert row["value"] < 0.525  # everybody answers alike: nothing varies
    assert rows["identity", "capacity", 0.1]["value"] == 1
    # Draws that are not remembered tell the cell, and the cell tells the gender.
    assert rows["attribute:Male", "proven_accuracy_repeated", 0.1]["value"] == 1


def test_only_people_whom_the_method_has_not_seen_are_counted(tmp_path):
    faces = many()
    counted = proof.people_of(faces)
    assert not set(counted.people) & set(faces.identities[faces.indices("defender")])
    row = proven(tmp_path, answering(by_brightness, torch.eye(2)), counted)
    assert row["attribute:Male", "proven_accuracy", 0.1]["identities"] == 300


def test_people_of_a_second_data_set_are_counted_as_well(tmp_path):
    faces = many()
    other = many(seed=2)
    second = SecondSource("tiny", other, np.arange(len(other)), 0)
    counted = proof.people_of(faces, second)
    assert len(np.unique(counted.people)) == 700
    rows = proven(tmp_path, answering(by_brightness, torch.eye(2)), counted)
    assert rows["attribute:Male", "proven_accuracy", 0.1]["identities"] == 700
    kept = array_file.read(attack_folders.place(tmp_path, Task("proof", "certificate", 0.1)))
    assert str(kept["people"]) == "tiny,tiny"


def test_delta_is_divided_among_the_whole_grid_and_all_secrets(tmp_path):
    faces = many()
    counted = proof.people_of(faces)
    noisy = torch.tensor([[0.7, 0.3], [0.5, 0.5]])
    run = run_of(private=("Male", "Young"))
    rows = proven(tmp_path, answering(by_brightness, noisy), counted, run=run)
    given = histograms.one_hot(_cells(faces, counted.parts[0][1]), 2)
    groups = histograms.of_people(given, counted.people, counted.labels(["Male"])[:, 0])
    settings = len(METHODS["certified_code"].release_values) * 2
    share = proof.DELTA * 0.8 / settings
    expected = finite.balanced(groups.through(noisy.double().numpy()), share).bound
    row = rows["attribute:Male", "proven_accuracy", 0.1]
    assert expected <= row["value"] <= expected + 1e-4  # rounded up
    kept = array_file.read(attack_folders.place(tmp_path, Task("proof", "certificate", 0.1)))
    assert int(kept["certificates"]) == settings * 3
    assert sum(proof.SHARES.values()) == pytest.approx(1)


def _cells(faces, rows):
    x = torch.from_numpy(faces.images[rows].copy()).permute(0, 3, 1, 2).float() / 255
    return by_brightness(x).numpy()


def test_the_floor_and_the_line_of_the_possible_are_kept(tmp_path):
    proven(tmp_path, answering(by_brightness, torch.eye(2)), proof.people_of(many()))
    kept = array_file.read(attack_folders.place(tmp_path, Task("proof", "certificate", 0.1)))
    assert kept["names"].tolist() == ["Male"]
    assert 0.5 <= kept["floors"][0] < 0.6  # a smile that is drawn by a coin tells little
    assert kept["frontiers"].shape == (1, 11, 2)
    assert kept["frontiers"][0, -1].tolist() == [1, 1]


def test_noise_that_is_known_is_certified_and_none_is_not(tmp_path):
    faces = many()

    def release(x, generator, value):
        assert not value
        return x[:, :, : x.shape[2] // 2].mean((2, 3))

    root = 2 * torch.eye(3)
    model = Model({}, (), release, noise=lambda: {"root": root})
    run = run_of("dpfe", tasks=("Smiling",), private=("Male",))
    rows = proven(tmp_path, model, proof.people_of(faces), (0.0, 1.0), run)
    assert ("attribute:Male", "proven_accuracy", 0.0) not in rows
    once = rows["attribute:Male", "proven_accuracy", 1.0]
    often = rows["attribute:Male", "proven_accuracy_repeated", 1.0]
    assert 0.5 < once["value"] < often["value"] <= 1


def test_of_a_release_of_any_numbers_nothing_is_proven(tmp_path):
    model = Model({}, (), lambda x, generator, value: x)
    run = run_of("original")
    proof.certify(tmp_path, run, model, proof.people_of(many()), CPU, [None])
    assert proof.found(tmp_path, [None]) == []
    assert not (tmp_path / "attacks").exists()


def test_bounds_are_rounded_up():
    assert proof._up(0.54321) == 0.5433
    assert proof._up(0.5432) == 0.5432
    assert proof._up(1.0) == 1.0
    assert proof._up(1.23456) == 1.2346


def test_everything_is_the_same_the_second_time(tmp_path):
    counted = proof.people_of(many())
    model = answering(by_brightness, torch.full((2, 2), 0.5))
    first = proven(tmp_path, model, counted)
    place = attack_folders.place(tmp_path, Task("proof", "certificate", 0.1))
    before = {path.name: path.stat().st_mtime_ns for path in place.iterdir()}
    assert proven(tmp_path, model, counted) == first
    assert {path.name: path.stat().st_mtime_ns for path in place.iterdir()} == before
    fewer = dataclasses.replace(many(), split=np.zeros(800, np.int8))
    assert len(proof.people_of(fewer).people) == 0
