"""Two settings, the same people: which differences are more than chance?"""

import dataclasses
import shutil

import numpy as np
import pytest

from core import results, train
from core.__main__ import main
from core.analysis.compare import Setting, compare
from core.errors import PenumbraError
from core.evaluate import evaluate
from core.run import Run
from core.run_validation import checked
from tests.tiny_faces import SMALL, small_presets, tiny_faces

FACES = tiny_faces(identities=48, images=4, size=SMALL)
QUICK = ["logistic", "neighbours", "nearest_neighbour"]


def settle(place, patch, faces=FACES):
    patch.setenv("PENUMBRA_CHECKPOINTS", str(place / "checkpoints"))
    patch.setenv("PENUMBRA_HOME", str(place / "home"))
    patch.setattr("core.data.load", lambda *arguments, **options: faces)
    small_presets(patch)
    patch.setattr("core.evaluate.controls", lambda *arguments, **options: {})  # tested elsewhere


@pytest.fixture(scope="module")
def pixelated(tmp_path_factory):
    """The folder of a pixelation that was attacked fine (32) and very coarse (2)."""
    place = tmp_path_factory.mktemp("compared")
    with pytest.MonkeyPatch.context() as patch:
        settle(place, patch)
        run = checked(Run("pixelate", "tiny", tasks=("Smiling",), private=("Male",)))
        folder = train.train(run, FACES, device="cpu", progress=False)
        evaluate(folder, QUICK, release_values=[32, 2], device="cpu", progress=False)
    return folder


@pytest.fixture
def folder(pixelated, tmp_path, monkeypatch):
    shutil.copytree(pixelated.parent.parent, tmp_path / "checkpoints")
    settle(tmp_path, monkeypatch)
    return tmp_path / "checkpoints" / "tiny" / pixelated.name


def test_a_setting_does_not_differ_from_itself(folder):
    table = compare(Setting(folder, 32), Setting(folder, 32))
    assert (table[["difference", "low", "high"]] == 0).all().all()
    assert not table["clear"].any()


def test_values_are_those_of_the_findings_and_turning_round_turns_the_sign(folder):
    table = compare(Setting(folder, 32), Setting(folder, 2)).set_index("target")
    found = results.findings(folder.parent.parent)
    for target, row in table.iterrows():
        attacker = "nearest_neighbour" if target == "identity" else ("worst_case", "best_head")
        mine = found[(found.target == target) & (found.metric == row.metric)]
        mine = mine[mine.attacker.isin(np.atleast_1d(attacker))].set_index("release_value")["value"]
        assert row["first"] == pytest.approx(mine[32], abs=2e-4)
        assert row["second"] == pytest.approx(mine[2], abs=2e-4)
        assert row["low"] <= row["difference"] <= row["high"]
    assert {"attribute:Male", "attribute:Smiling", "identity"} <= set(table.index)
    assert table.loc["attribute:Smiling", "role"] == "utility"
    back = compare(Setting(folder, 2), Setting(folder, 32)).set_index("target")
    assert (back["difference"] == -table["difference"]).all()
    assert back["low"].to_numpy() == pytest.approx(-table["high"].to_numpy())


def test_a_smile_lost_to_coarse_pixels_is_a_clear_difference(folder):
    table = compare(Setting(folder, 32), Setting(folder, 2)).set_index("target")
    smile = table.loc["attribute:Smiling"]
    assert smile["difference"] < -0.1
    assert bool(smile["clear"])
    # Young shows nowhere: nothing can be lost.
    assert not bool(table.loc["attribute:Young", "clear"])


def test_what_cannot_be_compared_is_named(folder, monkeypatch):
    with pytest.raises(PenumbraError, match="not been attacked at release value 8"):
        compare(Setting(folder, 32), Setting(folder, 8))
    shutil.rmtree(folder / "attacks" / "strict" / "worst_case@2")
    with pytest.raises(PenumbraError, match="core evaluate"):
        compare(Setting(folder, 32), Setting(folder, 2))
    fewer = dataclasses.replace(FACES, split=np.where(FACES.split == 3, 0, FACES.split))
    monkeypatch.setattr("core.data.load", lambda *a, **k: fewer)
    with pytest.raises(PenumbraError, match="different numbers of test photographs"):
        compare(Setting(folder, 32), Setting(folder, 32))


def test_the_command_prints_the_table_and_refuses_nonsense(folder, capsys):
    assert main(["compare", f"{folder.name}@32", f"{folder.name}@2", "--format", "csv"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "target,role,metric,first,second,difference,low,high,clear"
    assert main(["compare", f"{folder.name}@often", f"{folder.name}@2"]) == 2
    assert "is no release value" in capsys.readouterr().err
    assert main(["compare", "nobody-0000000000", folder.name]) == 2
