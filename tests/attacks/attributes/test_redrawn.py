"""What a network that knows photographs alone reads from redrawn pictures."""

import dataclasses

import pytest
import torch

from core import results, train
from core.attacks import ATTACKS, Result, controls
from core.attacks.attributes.attribute_network import with_reader
from core.attacks.reconstruction import training
from core.attacks.releases import view_of
from core.evaluate import evaluate
from core.metrics.attributes import auc
from core.run import Run
from core.run_validation import checked
from core.storage import dataset_folders, whole_folders
from tests.attacks.planted import value
from tests.tiny_faces import small_presets, tiny_faces

FACES = tiny_faces(identities=64, size=16)


@pytest.fixture(autouse=True, scope="module")
def settled(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PENUMBRA_CHECKPOINTS", str(tmp_path_factory.mktemp("checkpoints")))
        patch.setattr(training, "MOST_EPOCHS", 4)
        patch.setattr(training, "BATCH", 16)
        yield


def view(release, **more):
    given = view_of(release, FACES, None, torch.device("cpu"), seed=0)
    given = dataclasses.replace(given, tasks=("Smiling",), private=("Male",), **more)
    return with_reader(given, FACES, "strict")


def attack(given):
    return ATTACKS["redrawn"].run(given, torch.Generator().manual_seed(0))


@pytest.fixture(scope="module")
def opened(settled):
    return attack(view(controls.identity_release))


def test_photographs_are_read_nearly_as_well_redrawn_as_themselves(opened):
    given = view(controls.identity_release)
    logits = given.attributes_in(given.x["test"].float() / 255)[:, 0]
    themselves = auc(given.truth["test"]["Male"], logits.numpy())
    assert themselves > 0.95
    assert value(opened, "attribute:Male", "auc") > themselves - 0.03
    assert value(opened, "attribute:Male") > 0.9
    assert value(opened, "attribute:Young", column="low") < 0.55


def test_rows_and_arrays_are_a_probe_s_without_the_tasks(opened):
    told = {(row["target"], row["role"], row["attacker"]) for row in opened.findings}
    assert told == {
        ("attribute:Male", "private", "redrawn"),
        ("attribute:Young", "unlisted", "redrawn"),
    }
    assert opened.arrays["targets"].tolist() == ["attribute:Male", "attribute:Young"]
    assert opened.arrays["kept"].tolist() == ["Male"]
    assert not opened.weights


def test_from_a_constant_nothing_is_read():
    result = attack(view(controls.constant_release))
    assert value(result, "attribute:Male") == 0.5
    assert value(result, "attribute:Male", "auc") == 0.5


def test_in_pictures_of_one_half_what_the_other_half_shows_is_not_seen():
    """The reader has no other way to an attribute than the redrawn picture."""

    def lower(x, generator):
        return x.clone().index_fill_(2, torch.arange(x.shape[2] // 2), 0.5)

    result = attack(view(lower))
    assert value(result, "attribute:Male", column="low") < 0.6


def test_without_a_network_that_knows_photographs_there_is_nothing():
    result = attack(dataclasses.replace(view(controls.identity_release), attributes_in=None))
    assert (result.findings, result.arrays, result.weights) == ([], {}, {})


def test_a_run_is_asked_with_controls_and_a_network_for_each_protocol(monkeypatch):
    small_presets(monkeypatch)
    faces = tiny_faces(identities=32, size=32)
    monkeypatch.setattr("core.attacks.attributes.classifiers.LEAST_STEPS", 0)
    monkeypatch.setattr("core.attacks.attributes.classifiers.MOST_EPOCHS", 6)
    monkeypatch.setattr(training, "MOST_EPOCHS", 1)
    monkeypatch.setattr("core.data.load", lambda *arguments, **options: faces)
    for name, other in ATTACKS.items():
        if name != "redrawn":
            nothing = dataclasses.replace(other, run=lambda view, generator: Result())
            monkeypatch.setitem(ATTACKS, name, nothing)
    folder = train.train(checked(Run("image_noise", "tiny")), faces, device="cpu", progress=False)
    for protocol in ("strict", "paper"):
        evaluate(folder, ["redrawn"], [0.2], device="cpu", progress=False, protocol=protocol)
        assert whole_folders.is_done(dataset_folders.attribute_network(faces, protocol))
    found = results.findings(folder.parents[1])
    rows = found[(found.attacker == "redrawn") & (found.metric == "balanced_accuracy")]
    strict = rows[rows.protocol == "strict"].set_index("target")
    assert strict.value["attribute:Male"] > 0.8
    assert strict.conclusive["attribute:Male"]
    assert set(rows.protocol) == {"strict", "paper"}
