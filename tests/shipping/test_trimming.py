"""What is dropped from shipped runs, and that everything still works without it."""

import dataclasses
import shutil

import numpy as np
import pytest
import torch

from core import results, train
from core.analysis import compare
from core.analysis.compare import Setting
from core.errors import PenumbraError
from core.evaluate import evaluate
from core.run import Run
from core.run_validation import checked
from core.shipping import trimming
from core.storage import array_file, attack_folders, dataset_folders, files, findings_file
from core.storage.pictures import kept_pictures, packed
from tests.tiny_faces import SMALL, small_presets, tiny_faces


@pytest.fixture
def settled(tmp_path, monkeypatch):
    small_presets(monkeypatch)
    monkeypatch.setenv("PENUMBRA_CHECKPOINTS", str(tmp_path / "checkpoints"))
    monkeypatch.setenv("PENUMBRA_HOME", str(tmp_path / "home"))


def test_trimming_keeps_the_release_and_drops_the_training_adversary(settled):
    schedule = {"task_epochs": 1, "adversary_epochs": 1, "adversarial_epochs": 1}
    run = checked(Run("deep_obfuscator", "tiny", schedule=schedule))
    runs = [run, dataclasses.replace(run, seed=9)]  # the second was never trained
    folder = train.train(run, tiny_faces(size=SMALL), device="cpu", progress=False)
    x = torch.rand(2, 3, SMALL, SMALL)
    _, _, before = train.load(folder)
    size = (folder / "weights.safetensors").stat().st_size
    trimming.trim(runs)
    _, _, after = train.load(folder)
    assert torch.equal(
        before.release(x, torch.Generator(), None), after.release(x, torch.Generator(), None)
    )
    assert after.training_adversary is None
    assert after.training_reconstructor is not None
    assert (folder / "weights.safetensors").stat().st_size < size
    once = (folder / "run.json").read_bytes()
    trimming.trim(runs)
    assert (folder / "run.json").read_bytes() == once
    train.load(folder)


def redrawn(seed, count=4):
    """Arrays of a redrawer of the first `count` of the same photographs."""
    rng = np.random.default_rng(0)
    originals, positions = rng.integers(0, 256, (6, 16, 16, 3)), np.arange(10, 16)
    pictures = np.random.default_rng(seed).integers(0, 256, (count, 16, 16, 3))
    return {
        **packed("originals", originals[:count].astype(np.uint8)),
        **packed("reconstructions", pictures.astype(np.uint8)),
        "positions": positions[:count],
    }


def write(folder, attack, arrays, protocol="strict"):
    place = folder / "attacks" / protocol / attack
    place.mkdir(parents=True)
    np.savez_compressed(place / "arrays.npz", **arrays)
    (place / "weights.safetensors").write_bytes(b"w")
    (place / "done").write_bytes(b"")


@pytest.fixture
def filtered(settled):
    """A run with redrawn pictures at three release values; returns run and folder."""
    run = checked(Run("blur", "tiny"))
    faces = dataclasses.replace(tiny_faces(size=SMALL), fingerprint="5e" * 32)
    folder = train.train(run, faces, device="cpu", progress=False)
    for value in (12, 3, 6):
        write(folder, f"mirrored_decoder@{value}", redrawn(value, count=6))
    write(folder, "resrec@3", redrawn(99, count=4))
    write(folder, "training_reconstructor@3", redrawn(7, count=4), "paper")
    return run, folder


def seen(folder):
    names = [("mirrored_decoder", 3), ("mirrored_decoder", 6), ("resrec", 3)]
    names.append(("training_reconstructor", 3, "paper"))
    found = [kept_pictures(folder, *name) for name in names]
    return [p[name] for p in found for name in ("originals", "reconstructions", "positions")]


def test_the_pictures_of_every_release_value_stay_and_one_redrawer(filtered):
    run, folder = filtered
    before = seen(folder)
    for _ in range(2):
        trimming.trim([run])
        kept = {path.parent.name for path in folder.rglob("attacks/*/mirr*/weights.safetensors")}
        assert kept == {"mirrored_decoder@3"}
        for one, other in zip(before, seen(folder), strict=True):
            assert np.array_equal(one, other)


def test_the_photographs_beside_the_pictures_lie_in_one_place(filtered):
    run, folder = filtered
    trimming.trim([run])
    assert not any(
        "originals_webp" in array_file.read(p) for p in attack_folders.all_finished(folder)
    )
    assert len(list(folder.parent.glob("_originals/*/arrays.npz"))) == 1
    shutil.rmtree(folder.parent / "_originals")
    with pytest.raises(PenumbraError, match="_originals was not copied"):
        kept_pictures(folder, "resrec", 3)


def test_pairs_that_follow_from_the_data_set_go_and_what_was_measured_stays(filtered):
    run, folder = filtered
    pairs = {"first": np.arange(9), "second": np.arange(9), "same": np.ones(9, bool)}
    write(folder, "siamese@3", pairs | {"distances": np.ones(9), "threshold": np.array(0.5)})
    trimming.trim([run])
    kept = array_file.read(folder / "attacks" / "strict" / "siamese@3")
    assert set(kept) == {"distances", "threshold"}


def test_what_attackers_said_stays_of_the_strongest_alone(filtered):
    run, folder = filtered
    said = {
        "targets": np.array(["attribute:Male", "attribute:Young", "attribute:Smiling"]),
        "decisions": np.arange(6, dtype=np.uint8).reshape(3, 2),
    }
    named = {"targets": np.array(["identity"]), "probes": np.arange(4), "correct": np.ones(4)}
    for name in ("logistic", "mlp", "own_head", "other"):
        write(folder, f"{name}@3", said)
    for name in ("discriminant", "nearest_neighbour"):
        write(folder, f"{name}@3", named)
    write(folder, "mlp@6", said)  # nobody has chosen among the attackers of this release value
    chosen = {"attribute:Male": "mlp", "attribute:Young": "logistic", "attribute:Smiling": "mlp"}
    chosen |= {"identity": "discriminant"}
    write(folder, "worst_case@3", {"targets": [*chosen], "chosen": [*chosen.values()]})
    rows = [{"target": target, "n": 16} for target in said["targets"].tolist()]
    before = {}
    for attack in attack_folders.all_finished(folder):
        findings_file.write(attack, rows)
    for _ in range(2):
        trimming.trim([run])
        at = folder / "attacks" / "strict"
        kept = {path.name: array_file.read(path) for path in attack_folders.all_finished(folder)}
        for name, whole in (("mlp@6", said), ("own_head@3", said), ("discriminant@3", named)):
            assert set(kept[name]) == set(whole)
        assert set(kept["other@3"]) == set(kept["nearest_neighbour@3"]) == {"targets"}
        asked = compare.decisions(kept["mlp@3"], at / "mlp@3", "attribute:Smiling")
        assert np.packbits(asked).tolist() == said["decisions"][2].tolist()
        assert compare.decisions(kept["mlp@3"], at / "mlp@3", "attribute:Young") is None
        asked = compare.decisions(kept["logistic@3"], at / "logistic@3", "attribute:Young")
        assert np.packbits(asked).tolist() == said["decisions"][1].tolist()
        now = {path: path.read_bytes() for path in folder.rglob("arrays.npz")}
        assert not before or now == before
        before = now


def test_other_photographs_stay_where_they_are(filtered):
    run, folder = filtered
    trimming.trim([run])
    others = redrawn(1) | {"positions": np.arange(20, 24)}
    write(folder, "urec1@3", others)
    trimming.trim([run])
    assert "originals_webp" in array_file.read(folder / "attacks" / "strict" / "urec1@3")
    del others["originals_webp"]
    np.savez_compressed(folder / "attacks" / "strict" / "urec1@3" / "arrays.npz", **others)
    with pytest.raises(PenumbraError, match="holds other photographs"):
        kept_pictures(folder, "urec1", 3)


def test_a_fingerprint_that_is_none_leads_nowhere(filtered):
    _, folder = filtered
    record = files.read_json(folder / "run.json")
    for fingerprint in ("../../../../etc", 7, None, "A" * 64):
        record["data"]["fingerprint"] = fingerprint
        files.write_json(folder / "run.json", record)
        assert dataset_folders.originals(folder) is None


def test_without_the_scores_verdicts_and_comparisons_are_the_same(settled, monkeypatch):
    faces = tiny_faces(size=SMALL)
    monkeypatch.setattr("core.data.load", lambda *arguments, **options: faces)
    monkeypatch.setattr("core.evaluate.controls", lambda *arguments, **options: {})
    run = checked(Run("blur", "tiny", tasks=("Smiling",), private=("Male",)))
    folder = train.train(run, faces, device="cpu", progress=False)

    def attacked(names):
        evaluate(folder, names, [3.0, 12.0], device="cpu", progress=False)
        table = results.findings()
        keys = ["attacker", "target", "metric", "release_value"]
        return table.sort_values(keys).reset_index(drop=True)

    before = attacked(["logistic", "neighbours"])
    assert "ensemble" in set(before["attacker"])
    paired = compare.compare(Setting(folder, 3.0), Setting(folder, 12.0))
    size = sum(path.stat().st_size for path in folder.rglob("arrays.npz"))
    trimming.trim([run])
    assert sum(path.stat().st_size for path in folder.rglob("arrays.npz")) < size
    after = attacked(["logistic", "neighbours"])
    assert after.equals(before)
    assert compare.compare(Setting(folder, 3.0), Setting(folder, 12.0)).equals(paired)
    # A new attacker cannot be drawn into an ensemble whose members' scores are gone; one who takes
    # part in a new ensemble of two must not replace that of all.
    more = attacked(["logistic", "neighbours", "boosted_trees"])
    together = more[more["attacker"] == "ensemble"].reset_index(drop=True)
    assert together.equals(before[before["attacker"] == "ensemble"].reset_index(drop=True))
    assert "boosted_trees" in set(more["attacker"])
