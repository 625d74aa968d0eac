"""Run folders -> tables, with everything that can lie in a checkpoint folder."""

import gzip
import json

import numpy as np
import pandas as pd
import pytest

from core import results
from core.errors import PenumbraError
from core.run import Run
from core.run_validation import checked
from core.storage import files, findings_file
from core.storage.pictures import kept_pictures, packed

ROW = {
    "target": "attribute:Male",
    "role": "private",
    "attacker": "mlp",
    "protocol": "strict",
    "release_value": None,
    "metric": "balanced_accuracy",
    "value": 0.7,
    "low": 0.6,
    "high": 0.8,
    "chance": 0.5,
    "n": 100,
    "identities": 20,
    "conclusive": True,
}


def finished_run(root, rows=(ROW,), attack="mlp", finished=True, **change):
    run = checked(Run(**({"method": "deep_obfuscator", "dataset": "tiny"} | change)))
    folder = root / run.dataset / run.id
    place = folder / "attacks" / "strict" / attack
    place.mkdir(parents=True)
    files.write_json(
        folder / "run.json", {"version": 1, "run": json.loads(run.canonical()), "seconds": 3.0}
    )
    (folder / "weights.safetensors").write_bytes(b"x")
    if finished:
        (folder / "done").touch()
    findings_file.write(place, rows)
    (place / "done").touch()
    return folder


def test_findings_are_tidy_with_one_column_per_knob(tmp_path):
    finished_run(tmp_path, knobs={"lambda1": 2})
    finished_run(tmp_path, method="original")
    table = results.findings(tmp_path)
    assert len(table) == 2
    ours = table[table["method"] == "deep_obfuscator"].iloc[0]
    assert (ours["knob:lambda1"], ours["knob:lambda2"]) == (2.0, 1.0)
    assert (ours["tasks"], ours["private"], ours["value"]) == ("Smiling", "Male", 0.7)
    assert pd.isna(table[table["method"] == "original"].iloc[0]["knob:lambda1"])
    assert pd.isna(ours["release_value"])


def test_unfinished_trainings_and_attacks_are_not_shown(tmp_path):
    finished_run(tmp_path, finished=False)
    folder = finished_run(tmp_path, seed=1)
    (folder / "attacks" / "strict" / "mlp" / "done").unlink()
    assert results.findings(tmp_path).empty
    assert results.problems(tmp_path) == []
    assert list(results.runs(tmp_path).sort_values("seed")["state"]) == ["training", "finished"]


@pytest.mark.parametrize("root", ["missing", "empty"])
def test_no_folder_and_an_empty_folder_give_empty_tables(tmp_path, root):
    if root == "empty":
        (tmp_path / root).mkdir()
    assert results.findings(tmp_path / root).empty
    assert results.runs(tmp_path / root).empty
    assert set(findings_file.COLUMNS) <= set(results.findings(tmp_path / root).columns)


def spoil_json(folder):
    (folder / "run.json").write_text('{"version": 1, "run"')


def spoil_version(folder):
    files.write_json(folder / "run.json", {"version": 7})


def spoil_name(folder):
    folder.rename(folder.with_name("deep_obfuscator-0123456789"))


def spoil_weights(folder):
    (folder / "weights.safetensors").unlink()


def spoil_row(folder):
    findings_file.write(folder / "attacks" / "strict" / "mlp", [{"target": "x"}])


def spoil_number(folder):
    findings_file.write(folder / "attacks" / "strict" / "mlp", [ROW | {"value": "much"}])


def spoil_owner(folder):
    rows = [ROW | {"run_id": "original-0123456789"}]
    findings_file.write(folder / "attacks" / "strict" / "mlp", rows)


def spoil_file(folder):
    path = folder / "attacks" / "strict" / "mlp" / findings_file.NAME
    path.write_bytes(path.read_bytes()[:-9])


def spoil_size(folder):
    bomb = gzip.compress(b" " * (findings_file.LARGEST + 1))
    (folder / "attacks" / "strict" / "mlp" / findings_file.NAME).write_bytes(bomb)


@pytest.mark.parametrize(
    "spoil",
    [
        spoil_json,
        spoil_version,
        spoil_name,
        spoil_weights,
        spoil_row,
        spoil_number,
        spoil_owner,
        spoil_file,
        spoil_size,
    ],
)
def test_a_damaged_run_is_named_and_the_others_are_shown(tmp_path, spoil):
    spoil(finished_run(tmp_path))
    good = finished_run(tmp_path, seed=1)
    table = results.findings(tmp_path)
    assert set(table["run_id"]) == {good.name}
    problems = results.problems(tmp_path)
    assert len(problems) == 1
    assert "\n" not in problems[0]


def test_runs_lists_the_damaged_with_its_problem(tmp_path):
    spoil_json(finished_run(tmp_path))
    row = results.runs(tmp_path).iloc[0]
    assert row["state"] == "damaged"
    assert "train again" in row["problem"]


def test_foreign_folders_and_links_are_ignored(tmp_path):
    (tmp_path / "tiny" / "not a run").mkdir(parents=True)
    (tmp_path / "stray.txt").touch()
    finished_run(tmp_path / "elsewhere")
    (tmp_path / "linked").symlink_to(tmp_path / "elsewhere" / "tiny")
    assert results.runs(tmp_path / "tiny" / "..").empty


def test_pictures_come_back_and_damaged_arrays_are_refused(tmp_path):
    folder = finished_run(tmp_path, attack="mirrored_decoder@0.5")
    place = folder / "attacks" / "strict" / "mirrored_decoder@0.5"
    faces = np.zeros((2, 8, 8, 3), np.uint8)
    both = packed("originals", faces) | packed("reconstructions", faces + 200)
    np.savez_compressed(place / "arrays.npz", **both)
    found = kept_pictures(folder, "mirrored_decoder", 0.5)
    assert found["originals"].shape == (2, 8, 8, 3)
    assert np.abs(found["reconstructions"].astype(int) - 200).max() < 8
    with pytest.raises(PenumbraError, match="no finished mirrored_decoder"):
        kept_pictures(folder, "mirrored_decoder", 0.7)
    np.savez_compressed(place / "arrays.npz", **packed("originals", faces))
    with pytest.raises(PenumbraError, match="reconstructions are missing"):
        kept_pictures(folder, "mirrored_decoder", 0.5)
    (place / "arrays.npz").write_bytes(b"PK\x03\x04 not a zip")
    with pytest.raises(PenumbraError, match="cannot be read"):
        kept_pictures(folder, "mirrored_decoder", 0.5)


def test_a_name_that_is_no_attack_s_opens_nothing(tmp_path):
    finished_run(tmp_path, attack="mirrored_decoder", seed=1)
    folder = finished_run(tmp_path, attack="mirrored_decoder+more@0.5")
    faces = np.zeros((2, 8, 8, 3), np.uint8)
    both = packed("originals", faces) | packed("reconstructions", faces)
    for place in tmp_path.rglob("mirrored_decoder*"):
        np.savez_compressed(place / "arrays.npz", **both)
    assert len(kept_pictures(folder, "mirrored_decoder+more", 0.5)["originals"]) == 2
    other = next(p for p in tmp_path.glob("tiny/*") if p != folder)
    away = f"../../../{other.name}/attacks/strict/mirrored_decoder"
    assert (folder / "attacks" / "strict" / away / "done").exists()
    for name in (away, "mirrored_decoder+../more", "", "mirrored_decoder+more+more"):
        with pytest.raises(PenumbraError, match="no attack's name"):
            kept_pictures(folder, name)


def test_pickled_objects_are_never_loaded(tmp_path):
    folder = finished_run(tmp_path, attack="mirrored_decoder")
    place = folder / "attacks" / "strict" / "mirrored_decoder"
    np.savez(place / "arrays.npz", originals=np.array([{"a": 1}], dtype=object))
    with pytest.raises(PenumbraError, match="cannot be read"):
        kept_pictures(folder, "mirrored_decoder")


def test_who_is_strongest_is_read_or_named_damaged(tmp_path):
    folder = finished_run(tmp_path, attack="worst_case@0.5")
    assert results.strongest(folder, 0.5).get("image") is None
    place = folder / "attacks" / "strict" / "worst_case@0.5" / "arrays.npz"
    np.savez(
        place, targets=np.array(["attribute:Male", "image"]), chosen=np.array(["cnn", "urec1"])
    )
    assert results.strongest(folder, 0.5).get("image") == "urec1"
    assert results.strongest(folder, 0.5).get("identity") is None
    assert results.strongest(folder).get("image") is None
    np.savez(place, targets=np.array(["image"]))
    with pytest.raises(PenumbraError, match="does not say who is strongest"):
        results.strongest(folder, 0.5).get("image")
    place.write_bytes(b"PK")
    with pytest.raises(PenumbraError, match="cannot be read"):
        results.strongest(folder, 0.5).get("image")
