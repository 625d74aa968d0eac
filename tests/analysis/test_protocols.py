"""What a paper's protocol reports beside the strict one."""

import shutil

import numpy as np
import pytest

from core import train
from core.__main__ import main
from core.analysis.compare import Setting, protocols
from core.errors import PenumbraError
from core.evaluate import evaluate
from core.run import Run
from core.run_validation import checked
from core.storage import array_file, findings_file
from tests.tiny_faces import SMALL, small_presets, tiny_faces

FACES = tiny_faces(identities=48, images=4, size=SMALL)
QUICK = ["logistic", "nearest_neighbour"]
SCHEDULE = {"task_epochs": 2, "adversary_epochs": 1, "adversarial_epochs": 1, "batch_size": 8}


def settle(place, patch):
    patch.setenv("PENUMBRA_CHECKPOINTS", str(place / "checkpoints"))
    patch.setenv("PENUMBRA_HOME", str(place / "home"))
    patch.setattr("core.data.load", lambda *arguments, **options: FACES)
    small_presets(patch)
    patch.setattr("core.evaluate.controls", lambda *arguments, **options: {})  # tested elsewhere


@pytest.fixture(scope="module")
def attacked(tmp_path_factory):
    """The folder of a tiny DeepObfuscator, attacked by both protocols."""
    place = tmp_path_factory.mktemp("protocols")
    with pytest.MonkeyPatch.context() as patch:
        settle(place, patch)
        run = checked(Run("deep_obfuscator", "tiny", schedule=SCHEDULE))
        folder = train.train(run, FACES, device="cpu", progress=False)
        for protocol in ("strict", "paper"):
            evaluate(folder, QUICK, device="cpu", progress=False, protocol=protocol)
    return folder


@pytest.fixture
def folder(attacked, tmp_path, monkeypatch):
    shutil.copytree(attacked.parent.parent, tmp_path / "checkpoints")
    settle(tmp_path, monkeypatch)
    return tmp_path / "checkpoints" / "tiny" / attacked.name


def number(folder, protocol, attacker, target, metric):
    for row in findings_file.read(folder / "attacks" / protocol / attacker):
        if (row["target"], row["metric"]) == (target, metric):
            return row["value"]
    raise LookupError(attacker)


def test_every_way_of_reporting_stands_beside_the_strict_number(folder):
    table = protocols(Setting(folder)).set_index(["target", "reported_by"])
    male, identity = "attribute:Male", "identity"
    assert set(table.index) == {
        (male, "training_adversary"),
        (male, "logistic"),
        (identity, "nearest_neighbour"),
    }
    for (target, name), row in table.iterrows():
        assert row["strict"] == number(folder, "strict", row.attacker, target, row.metric)
        assert row["paper"] == number(folder, "paper", name, target, row.metric)
        assert row["difference"] == pytest.approx(row["strict"] - row["paper"], abs=1e-4)
        assert row["low"] <= row["difference"] <= row["high"]
        assert row["clear"] == (row["low"] > 0 or row["high"] < 0)
    assert table.loc[(male, "training_adversary"), "paired"]
    assert not table.loc[(male, "logistic"), "paired"]


def test_two_who_decide_alike_do_not_differ_at_all(folder):
    own = folder / "attacks" / "paper" / "training_adversary"
    found = array_file.read(own)
    strict = array_file.read(folder / "attacks" / "strict" / "logistic")
    said = strict["decisions"][strict["targets"].tolist().index("attribute:Male")]
    np.savez_compressed(own / "arrays.npz", **(found | {"decisions": said[None]}))
    table = protocols(Setting(folder)).set_index("reported_by")
    assert tuple(table.loc["training_adversary", ["low", "high"]]) == (0, 0)


def test_without_decisions_the_interval_is_made_of_both(folder):
    own = folder / "attacks" / "paper" / "training_adversary"
    found = array_file.read(own)
    del found["decisions"]
    np.savez_compressed(own / "arrays.npz", **found)
    row = protocols(Setting(folder)).set_index("reported_by").loc["training_adversary"]
    assert not row["paired"]
    assert row["low"] <= row["difference"] <= row["high"]


def test_what_was_not_measured_is_said(folder, capsys):
    assert main(["compare", folder.name]) == 0
    assert "training_adversary" in capsys.readouterr().out
    shutil.rmtree(folder / "attacks" / "paper")
    with pytest.raises(PenumbraError, match="--protocol paper"):
        protocols(Setting(folder))
    shutil.rmtree(folder / "attacks" / "strict")
    with pytest.raises(PenumbraError, match="has not been attacked"):
        protocols(Setting(folder))
