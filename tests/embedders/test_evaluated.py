"""An evaluation of a data set that has a second network, from the run to the findings."""

import pytest
import torch

from core import results, train
from core.embedders import Embedder
from core.errors import PenumbraError
from core.evaluate import evaluate
from core.run import Run
from core.run_validation import checked
from tests.tiny_faces import SMALL, small_presets, tiny_faces

FACES = tiny_faces(identities=16, images=4, size=SMALL)


@pytest.fixture
def run(tmp_path, monkeypatch):
    """An "original" of tiny faces, whose controls are left out: they have their own tests."""
    monkeypatch.setenv("PENUMBRA_CHECKPOINTS", str(tmp_path / "checkpoints"))
    monkeypatch.setenv("PENUMBRA_HOME", str(tmp_path / "home"))
    monkeypatch.setattr("core.data.load", lambda *arguments, **options: FACES)
    small_presets(monkeypatch)
    monkeypatch.setattr("core.evaluate.controls", lambda *arguments, **options: {})
    given = checked(Run("original", "tiny", schedule={"task_epochs": 1, "continued_epochs": 1}))
    train.train(given, FACES, device="cpu", progress=False)
    return given


def test_both_protocols_are_measured_through_it_and_its_photographs_asked_for_once(
    run, tmp_path, monkeypatch
):
    asked = []

    def embed(x):
        asked.append(len(x))
        return torch.cat((x.mean((2, 3)), torch.ones(len(x), 1)), 1)

    second = Embedder("planted", "0" * 64, embed, tmp_path / "seen")
    monkeypatch.setattr("core.embedders.chosen", lambda faces, progress: second)
    for protocol in ("strict", "paper"):
        evaluate(run, attacks=["feature_map"], device="cpu", progress=False, protocol=protocol)
    assert sum(asked) == sum(len(FACES.indices(s)) for s in ("attacker", "validation", "test"))
    table = results.findings()
    assert results.problems() == []
    rows = table[table.attacker == "feature_map"]
    assert set(rows.protocol) == {"strict", "paper"}
    metrics = ("cosine_similarity", "top1_accuracy", "verification_auc", "tar_at_far_1e-2")
    assert set(rows.metric) == {f"{metric}_planted" for metric in metrics}


def test_a_network_that_cannot_be_had_stops_the_evaluation_with_a_line(run, monkeypatch):
    def gone(faces, progress):
        raise PenumbraError("install it again")

    monkeypatch.setattr("core.embedders.chosen", gone)
    with pytest.raises(PenumbraError, match="install it again"):
        evaluate(run, attacks=["feature_map"], device="cpu", progress=False)
    assert results.findings().empty
