"""Photographs of people: trained and attacked elsewhere, and numbers alone that come with Penumbra."""

import json
import shutil

import numpy as np
import pytest
import streamlit as st
import torch
from streamlit.components.v2 import manifest_scanner

from core import data, results, train
from core.__main__ import main
from core.attacks import ATTACKS
from core.errors import PenumbraError
from core.evaluate import evaluate
from core.methods import METHODS
from core.run import ROOT, Run
from core.run_validation import checked
from core.shipping import numbers_export, real_faces, removal, shipped
from core.shipping.shipped import Plan
from core.storage import (
    array_file,
    attack_folders,
    cost_file,
    files,
    findings_file,
    numbers_only,
    run_folder,
)
from core.storage.numbers_only import NumbersOnly
from tests.listings import only
from tests.pages.conftest import open_page, whole
from tests.tiny_faces import small_presets
from tests.tiny_folder import register_tiny_folder

SAID = NumbersOnly("Faces", "Faces", "Twenty people.", "mine", "folder")
SCHEDULE = {"task_epochs": 1, "adversary_epochs": 1, "adversarial_epochs": 1, "batch_size": 8}
DECODERS = ("kernel_redrawer",)
PLANS = (
    Plan("deep_obfuscator", schedule=SCHEDULE, decoders=DECODERS),
    Plan("pixelate", release=(8.0,), decoders=DECODERS),
    Plan("pixelate", release=(16.0, 8.0), decoders=DECODERS),
)


def settle(place, patch, few=True):
    """A machine with a data set called `real`, of which the plan wants 20 of 24 people, and a
    repository beside it; with `few` attacks, or all of them."""
    patch.setenv("PENUMBRA_CHECKPOINTS", str(place / "checkpoints"))
    patch.setenv("PENUMBRA_HOME", str(place / "home"))
    small_presets(patch)
    if few:
        only(patch, ATTACKS, ("logistic", "data_curve", "nearest_neighbour", *DECODERS))
    patch.setattr(shipped, "STRICT", ("logistic", "data_curve", "nearest_neighbour"))
    patch.setattr(shipped, "PAPER", ("logistic",))
    patch.setattr(shipped, "PAPER_AFRESH", ("nearest_neighbour",))
    patch.setitem(real_faces.SETS, "real", real_faces.RealFaces(SAID, 20, PLANS))
    patch.setattr(real_faces, "repository", lambda: place / "repository")


def register(place, people="20"):
    register_tiny_folder(place / "photos", "whole")
    data.add("real", "folder", place / "photos", {"people": people})


@pytest.fixture(scope="module")
def worked(tmp_path_factory):
    """The whole plan, worked off; nobody writes to it."""
    place = tmp_path_factory.mktemp("worked")
    with pytest.MonkeyPatch.context() as patch:
        settle(place, patch)
        register(place)
        assert real_faces.build("real", "cpu") == 0
        assert real_faces.finish("real") == 0
    return place


@pytest.fixture
def shown(worked, monkeypatch):
    """The numbers as somebody who cloned the repository has them; returns the data set's folder."""
    settle(worked, monkeypatch, few=False)
    monkeypatch.setenv("PENUMBRA_CHECKPOINTS", str(worked / "repository"))
    return worked / "repository" / "real"


@pytest.fixture
def own(worked, tmp_path, monkeypatch):
    """A copy of the numbers to do things to; returns the data set's folder."""
    settle(tmp_path, monkeypatch)
    monkeypatch.setenv("PENUMBRA_CHECKPOINTS", str(tmp_path / "repository"))
    return shutil.copytree(worked / "repository", tmp_path / "repository") / "real"


def first(folder, name="deep_obfuscator"):
    return next(folder.glob(f"{name}-*"))


def test_numbers_are_read_as_those_of_any_finished_run(worked, shown):
    here, there = (results.findings(worked / n) for n in ("repository", "checkpoints"))
    order = [*findings_file.COLUMNS]
    one, other = (t.sort_values(order).reset_index(drop=True) for t in (here, there))
    assert len(one) > 100
    assert one.equals(other)
    assert set(results.runs()["state"]) == {"numbers"}
    assert results.problems() == []
    folder = first(shown)
    strongest = results.strongest(folder)
    assert strongest == results.strongest(first(worked / "checkpoints" / "real"))
    assert set(strongest) >= {"attribute:Male", "identity"}
    assert cost_file.read(folder)["releases"][0]["milliseconds"] > 0


def test_the_app_shows_them(shown, monkeypatch):
    """From the photographs to a page, by the numbers alone."""
    monkeypatch.setenv("PENUMBRA_OFFICERS", "anyone")
    monkeypatch.setattr(manifest_scanner, "scan_component_manifests", list)
    st.cache_data.clear()
    st.cache_resource.clear()
    for page in ("trade_off", "leaks", "compare", "device_cost", "reconstructions"):
        app = whole(open_page(page))
        assert app.selectbox(key="data").options == ["Faces (numbers only)"]
        assert "Pixelation" in app.selectbox(key="method").options
        assert not app.error


def test_nothing_but_numbers_is_exported(worked, shown):
    assert numbers_export.offences(shown) == []
    names = {path.name for path in shown.rglob("*") if path.is_file()}
    allowed = {"numbers_only.json", "run.json", "cost.json", "done", "findings.jsonl.gz"}
    assert names == allowed | {"arrays.npz"}
    with_arrays = {path.parent.name.split("@")[0] for path in shown.rglob("arrays.npz")}
    assert with_arrays == {"worst_case"}
    full = numbers_export.offences(worked / "checkpoints" / "real")
    for what in ("weights.safetensors", "log.jsonl", "arrays.npz", "done"):
        assert any(what in line for line in full)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("weights.safetensors", b"w"),
        ("log.jsonl", b"{}"),
        ("explain/attention/facts.json", b"{}"),
        ("attacks/strict/logistic/face.png", b"\x89PNG"),
        ("attacks/strict/logistic/done", b"person 12: told\n"),
        ("attacks/paper/more/deep/findings.jsonl.gz", b""),
        ("../_originals/0123456789ab/arrays.npz", b""),
        ("../faces.zip", b""),
    ],
)
def test_a_file_that_is_not_on_the_list_is_named(own, name, content):
    path = first(own) / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    assert any(path.name in line for line in numbers_export.offences(own))


def test_a_field_a_row_or_an_array_that_is_not_on_the_list_is_named(own):
    folder = first(own)
    record = files.read_json(folder / "run.json")
    files.write_json(folder / "run.json", record | {"names": ["Ada"]})
    place = folder / "attacks" / "strict" / "worst_case"
    arrays = array_file.read(place)
    array_file.write(place, arrays | {"decisions": np.zeros(9), "chosen": np.zeros(5000)})
    logistic = folder / "attacks" / "strict" / "logistic"
    rows = findings_file.read(logistic)
    person = rows[0] | {"target": "person 12"}
    findings_file.write(logistic, [*rows, rows[0], person, rows[1] | {"photograph": 3}])
    found = "\n".join(numbers_export.offences(own))
    for what in ("names", "decisions", "5000 entries", "twice", "'person 12'", "photograph"):
        assert what in found


def test_what_needs_networks_says_how_to_get_them(shown):
    folder = first(shown)
    run = results.read_run(folder)
    faces = data.load("real", 32, 32, progress=False)
    for act in (
        lambda: train.train(run, faces, device="cpu", progress=False),
        lambda: train.load(folder),
        lambda: evaluate(folder, progress=False),
    ):
        with pytest.raises(PenumbraError, match=r"here in numbers only.*data add mine") as raised:
            act()
        assert "--dataset mine" in str(raised.value)
    assert not run_folder.is_finished(folder)


def test_numbers_are_not_deleted_by_accident(own):
    with pytest.raises(PenumbraError, match="comes with Penumbra"):
        removal.remove("real", first(own).name)


def test_a_setting_is_handed_over_as_soon_as_it_is_whole(worked, tmp_path, monkeypatch):
    settle(tmp_path, monkeypatch)
    shutil.copytree(worked / "checkpoints", tmp_path / "checkpoints")
    run = shipped.of_plan(PLANS[1], "real")[0]
    assert real_faces.whole("real", run) == [16.0, 8.0]
    shutil.rmtree(run.folder / "attacks" / "strict" / "logistic@16")
    assert real_faces.hand_over("real", run) == 1
    there = tmp_path / "repository" / "real" / run.id / "attacks" / "strict"
    assert {path.name.partition("@")[2] for path in there.iterdir()} == {"8"}
    shutil.rmtree(run.folder / "attacks" / "strict" / "logistic@8")
    assert real_faces.hand_over("real", run) == 0


def test_of_a_curve_the_numbers_that_are_drawn_are_kept(worked, tmp_path, monkeypatch):
    settle(tmp_path, monkeypatch)
    shutil.copytree(worked / "checkpoints", tmp_path / "checkpoints")
    folder = first(tmp_path / "checkpoints" / "real")
    curve = {"attributes": np.array(["Male"]), "people": np.array([4]), "value": np.ones((1, 1))}
    array_file.write(folder / "attacks" / "strict" / "data_curve", curve | {"scores": np.ones(9)})
    written = numbers_export.export(folder, tmp_path / "repository", [None])
    assert set(array_file.read(written / "attacks" / "strict" / "data_curve")) == {*curve}
    numbers_only.declare(written.parent, SAID)
    assert numbers_export.offences(written.parent) == []


def test_what_a_certificate_rests_on_goes_with_it(worked, tmp_path, monkeypatch):
    settle(tmp_path, monkeypatch)
    shutil.copytree(worked / "checkpoints", tmp_path / "checkpoints")
    folder = first(tmp_path / "checkpoints" / "real")
    rests_on = {"delta": np.array(0.05), "people": np.array("real,more"), "floors": np.ones(1)}
    row = {"target": "attribute:Male", "role": "private", "attacker": "certificate"}
    row |= {"metric": "proven_accuracy", "value": 0.54, "low": 0.52, "high": 0.54}
    place = folder / "attacks" / "proof" / "certificate"
    attack_folders.save(place, [row], rests_on | {"each_person": np.ones(9)}, {}, 1.0)
    written = numbers_export.export(folder, tmp_path / "repository", [None])
    there = written / "attacks" / "proof" / "certificate"
    assert set(array_file.read(there)) == {*rests_on}
    assert findings_file.read(there) == [row]
    numbers_only.declare(written.parent, SAID)
    assert numbers_export.offences(written.parent) == []


def test_given_again_it_repeats_nothing(worked, monkeypatch, capsys):
    settle(worked, monkeypatch)
    before = {p: p.stat().st_mtime_ns for p in (worked / "checkpoints").rglob("done")}
    assert real_faces.build("real", "cpu") == 0
    assert {p: p.stat().st_mtime_ns for p in (worked / "checkpoints").rglob("done")} == before
    lines = real_faces.table("real")
    assert [line.split()[1] for line in lines[:-1]] == ["done"] * 3
    assert lines[-1].startswith("3 settings")


@pytest.mark.parametrize("people", [None, "19"])
def test_the_data_set_has_to_be_registered_as_planned(tmp_path, monkeypatch, people, capsys):
    settle(tmp_path, monkeypatch)
    if people:
        register(tmp_path, people)
    with pytest.raises(PenumbraError, match="--option people=20"):
        real_faces.check("real")


def test_networks_never_come_to_lie_in_the_repository(tmp_path, monkeypatch, capsys):
    settle(tmp_path, monkeypatch)
    register(tmp_path)
    for place in ("", str(ROOT / "checkpoints" / "elsewhere")):
        monkeypatch.setenv("PENUMBRA_CHECKPOINTS", place)
        with pytest.raises(PenumbraError, match="PENUMBRA_CHECKPOINTS"):
            real_faces.check("real")
        assert main(["shipped", "--dataset", "celeba_64"]) == 2
        assert "PENUMBRA_CHECKPOINTS" in capsys.readouterr().err


@pytest.mark.parametrize("dataset", real_faces.SETS)
def test_a_plan_begins_with_what_tells_most(dataset):
    steps = list(real_faces.steps(dataset))
    settings = {(run.id, value) for plan, run in steps for value in shipped.values(run, plan)}
    assert len(settings) >= 20
    assert steps[0][1].method == "original"
    assert all(run.seed == 0 for _, run in steps[:10])
    assert all(run.preset == "compact" for _, run in steps)


def test_where_a_paper_asks_no_attacker_of_the_training_one_trained_afterwards_stands_in():
    asked = {
        plan.method: shipped.attackers(run, plan).get("paper", ())
        for plan, run in real_faces.steps("celeba_64")
        if run.seed == 2
    }
    assert {name: "cnn" in attacks for name, attacks in asked.items()} == {
        "pric": True,
        "original": True,
        "deep_obfuscator": False,
    }


def test_every_method_and_baseline_is_planned_and_its_first_knob_moves():
    runs = [run for dataset in real_faces.SETS for _, run in real_faces.steps(dataset)]
    assert {run.method for run in runs} >= {n for n in METHODS if not n.endswith("_hardened")}
    for name in ("deep_obfuscator", "pric", "aia", "adversarial_reconstruction"):
        knob = METHODS[name].knobs[0]
        values = {run.knobs[knob.name] for run in runs if run.method == name}
        assert values & {v for v in knob.grid if v < knob.default}
        assert values & {v for v in knob.grid if v > knob.default} or knob.default == knob.grid[-1]
    seeds = {run.method for run in runs if run.seed == 2}
    assert seeds >= {"original", "deep_obfuscator"}


SHIPPED = sorted(path.parent for path in (ROOT / "checkpoints").glob(f"*/{numbers_only.NAME}"))


def test_of_photographs_of_people_only_numbers_are_in_the_repository():
    """Whatever is there beside the synthetic set, and in git."""
    for folder in SHIPPED:
        assert folder.name in real_faces.SETS
        assert numbers_export.offences(folder) == []
        assert numbers_only.read(folder) == real_faces.SETS[folder.name].said


def test_what_is_said_of_the_photographs_is_what_the_plan_uses():
    document = (ROOT / "docs" / "real-faces.md").read_text(encoding="utf-8")
    for faces in real_faces.SETS.values():
        if faces.people is not None:
            assert f"{faces.people:,} people" in faces.said.made_of
            assert f"{faces.people:,} of the people" in document
        if faces.counted:
            assert f"python -m core data add {faces.counted} " in document


def test_git_takes_no_networks_and_no_pictures_beside_the_numbers():
    rules = (ROOT / ".gitignore").read_text()
    for dataset in real_faces.SETS:
        assert f"!/checkpoints/{dataset}/\n" in rules
    for name in ("*.safetensors", "explain/", "log.jsonl"):
        assert f"/checkpoints/celeba_*/**/{name}" in rules


def test_a_damaged_declaration_is_said(own):
    (own / numbers_only.NAME).write_text(json.dumps({"title": "x" * 900}))
    with pytest.raises(PenumbraError, match=r"numbers_only.json is damaged"):
        numbers_only.read(own)


def test_a_declaration_puts_nothing_but_names_into_commands(own):
    said = real_faces.SETS["celeba_64"].said
    for field in ("own_name", "source"):
        numbers_only.declare(own, said._replace(**{field: "celeba; rm -r ~"}))
        with pytest.raises(PenumbraError, match=r"numbers_only.json is damaged"):
            numbers_only.read(own)


def test_a_run_elsewhere_still_trains(tmp_path, monkeypatch):
    settle(tmp_path, monkeypatch)
    register(tmp_path)
    run = checked(Run("pixelate", "real"))
    assert (train.train(run, data.load("real", 32, 32, progress=False), "cpu", False)).is_dir()
    assert train.load(run.folder)[2].release(torch.rand(1, 3, 32, 32), None, 8.0).isfinite().all()
