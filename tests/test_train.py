"""The training loop: repeatable, resumable at any moment, and never shown finished when it is not."""

import dataclasses
import os
import re
import shutil
import signal
import subprocess
import sys

import pytest
import torch
from safetensors.torch import load_file

from core import train
from core.data.on_device import to_device
from core.errors import PenumbraError, Stopped
from core.methods import METHODS
from core.run import ROOT, Run
from core.run_validation import checked
from core.storage import files, training_log
from core.storage.run_folder import state
from core.training import networks, run_record
from core.training import state as training_state
from core.training.batches import batches_before
from tests.tiny_faces import SMALL, small_presets, tiny_faces

QUICK = {"task_epochs": 1, "adversary_epochs": 1, "adversarial_epochs": 2, "batch_size": 6}


@pytest.fixture(autouse=True)
def folders(tmp_path, monkeypatch):
    monkeypatch.setenv("PENUMBRA_CHECKPOINTS", str(tmp_path / "checkpoints"))
    monkeypatch.setenv("PENUMBRA_HOME", str(tmp_path / "home"))
    return tmp_path


@pytest.fixture(scope="module", autouse=True)
def small():
    with pytest.MonkeyPatch.context() as patch:
        small_presets(patch)
        yield


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A quick run, trained, and its pretraining; never written to by a test."""
    place = tmp_path_factory.mktemp("trained")
    with pytest.MonkeyPatch.context() as patch:
        fresh_place(patch, place)
        train_quietly(quick_run())
    return place


@pytest.fixture
def finished(trained, tmp_path):
    """A copy of the quick run's folder, to do things to."""
    shutil.copytree(trained, tmp_path, dirs_exist_ok=True)
    return quick_run().folder


@pytest.fixture
def unbroken(trained):
    """The quick run's weights."""
    (path,) = trained.glob("checkpoints/tiny/*/weights.safetensors")
    return load_file(path)


def quick_run(**change):
    return checked(dataclasses.replace(Run("deep_obfuscator", "tiny", schedule=QUICK), **change))


def fresh_place(monkeypatch, path):
    """As on another machine: no runs, no shared pretraining."""
    monkeypatch.setenv("PENUMBRA_CHECKPOINTS", str(path / "checkpoints"))
    monkeypatch.setenv("PENUMBRA_HOME", str(path / "home"))


def train_quietly(run, **options):
    return train.train(run, tiny_faces(size=SMALL), device="cpu", progress=False, **options)


def weights(folder):
    return load_file(folder / "weights.safetensors")


def same(a, b):
    return a.keys() == b.keys() and all(torch.equal(a[name], b[name]) for name in a)


def test_identical_seeds_give_identical_weights_and_another_seed_does_not(unbroken):
    assert same(unbroken, weights(train_quietly(quick_run())))
    assert not same(unbroken, weights(train_quietly(quick_run(seed=1))))


def test_a_shared_pretraining_changes_nothing_but_the_time(trained, tmp_path, monkeypatch):
    run = quick_run(knobs={"lambda1": 5})
    alone = weights(train_quietly(run))
    fresh_place(monkeypatch, tmp_path / "again")
    shutil.copytree(trained / "home", tmp_path / "again" / "home")
    folder = train_quietly(run)
    assert [row["stage"] for row in training_log.read(folder) if row.get("shared")] == [
        "task",
        "adversaries",
    ]
    assert same(alone, weights(folder))


def test_original_shares_the_task_stage_of_deep_obfuscator(finished):
    schedule = {"task_epochs": 1, "batch_size": 6, "continued_epochs": 1}
    folder = train_quietly(Run("original", "tiny", schedule=schedule))
    first, *rest = training_log.read(folder)
    assert (first["stage"], first["shared"]) == ("task", True)
    assert {row["stage"] for row in rest} == {"task, continued"}
    # Answer only is the same network: it takes both stages from there.
    folder = train_quietly(Run("answer_only", "tiny", schedule=schedule))
    assert [row.get("shared") for row in training_log.read(folder)] == [True, True]


KILLED = """
import pytest
from tests import test_train

test_train.small_presets(pytest.MonkeyPatch())
test_train.interrupt(test_train.signal.SIGKILL)
test_train.train_quietly(test_train.quick_run(), save_every=0)
"""


def interrupt(how, patch=setattr):
    """Have a training sent a signal once its third stage's third step is saved."""
    save = training_state.save

    def save_and_be_interrupted(folder, model, optimisers, stage, step, seconds):
        save(folder, model, optimisers, stage, step, seconds)
        if (stage, step) == (2, 3):
            assert how == signal.SIGKILL or signal.getsignal(how) != signal.SIG_DFL
            signal.raise_signal(how)

    patch(training_state, "save", save_and_be_interrupted)


def resumes_to(unbroken, run):
    """An interrupted run goes on to the same weights, and logs no step twice."""
    assert state(run.folder) == "training"
    assert not (run.folder / "done").exists()
    with pytest.raises(PenumbraError, match="not finished"):
        train.load(run.folder)
    folder = train_quietly(run)
    steps = [row["step"] for row in training_log.read(folder) if "phase" in row]
    assert steps == sorted(set(steps)), "a step was logged twice"
    assert not list(folder.glob("state*"))
    return same(unbroken, weights(folder))


def test_a_killed_training_resumes_to_the_same_weights(unbroken):
    command = [sys.executable, "-c", KILLED]
    environment = os.environ | {"PYTHONPATH": str(ROOT), "PENUMBRA_THREADS": "1"}
    killed = subprocess.run(command, env=environment, cwd=ROOT)
    assert killed.returncode == -signal.SIGKILL
    assert resumes_to(unbroken, quick_run())


def test_a_stopped_training_resumes_to_the_same_weights(unbroken, monkeypatch):
    with monkeypatch.context() as patch:
        interrupt(signal.SIGTERM, patch.setattr)
        with pytest.raises(Stopped, match="step 4 of stage adversarial"):
            train_quietly(quick_run(), save_every=0)
    assert resumes_to(unbroken, quick_run())


def test_a_state_torn_by_a_kill_is_refused_in_words():
    run = quick_run()
    run.folder.mkdir(parents=True)
    run_record.begin(run, tiny_faces(size=SMALL), torch.device("cpu"), {})
    (run.folder / "state-2-1.safetensors").write_bytes(b"half a file")
    files.write_json(
        run.folder / "state.json",
        {
            "stage": 2,
            "step": 1,
            "seconds": 1.0,
            "file": "state-2-1.safetensors",
            "sha256": "0" * 64,
        },
    )
    with pytest.raises(PenumbraError, match="its hash differs"):
        train_quietly(run)


def test_a_finished_run_is_left_alone(finished):
    before = (finished / "weights.safetensors").stat().st_mtime_ns
    assert train_quietly(quick_run()) == finished
    assert (finished / "weights.safetensors").stat().st_mtime_ns == before


def test_other_photographs_under_the_same_name_are_refused():
    run = quick_run()
    run.folder.mkdir(parents=True)
    run_record.begin(run, tiny_faces(size=SMALL, seed=1), torch.device("cpu"), {})
    with pytest.raises(PenumbraError, match="other photographs"):
        train_quietly(run)


def test_a_wrong_size_and_an_unknown_attribute_are_refused():
    with pytest.raises(PenumbraError, match="needs 32x32"):
        train.train(quick_run(), tiny_faces(size=40), device="cpu", progress=False)
    with pytest.raises(PenumbraError, match="no attribute 'Bald'"):
        train_quietly(quick_run(private=("Bald",)))


def test_saved_and_loaded_run_gives_the_identical_release(finished):
    _, _, loaded = train.load(finished)
    _, _, again = train.load(finished)
    x = torch.rand(4, 3, SMALL, SMALL)
    z = loaded.release(x, torch.Generator(), None)
    assert torch.equal(z, again.release(x, torch.Generator(), None))
    assert z.shape == (4, 32, 8, 8)
    stored = weights(finished)
    for name, tensor in loaded.networks["obfuscator"].state_dict().items():
        assert torch.equal(tensor, stored[f"obfuscator/{name}"].to(tensor.dtype))


def test_damaged_foreign_and_renamed_folders_are_refused(finished, tmp_path):
    folder = finished
    renamed = folder.with_name("deep_obfuscator-0000000000")
    folder.rename(renamed)
    with pytest.raises(PenumbraError, match="give the folder its own name back"):
        train.load(renamed)
    renamed.rename(folder)
    copied = shutil.copytree(folder, tmp_path / "elsewhere" / folder.name)
    with pytest.raises(PenumbraError, match=f"'tiny', .* move it to {re.escape(str(folder))}"):
        train.load(copied)
    train.load(shutil.copytree(folder, tmp_path / "tiny" / folder.name))
    content = (folder / "weights.safetensors").read_bytes()
    (folder / "weights.safetensors").write_bytes(content[:-100])
    with pytest.raises(PenumbraError, match="hash differs"):
        train.load(folder)
    record = files.read_json(folder / "run.json")
    files.write_json(folder / "run.json", record | {"version": 99})
    with pytest.raises(PenumbraError, match="another version"):
        train.load(folder)
    (folder / "run.json").write_text("{")
    with pytest.raises(PenumbraError, match="cannot be read"):
        train.load(folder)


def test_divergence_is_reported_and_never_finished():
    run = quick_run(schedule=QUICK | {"learning_rate": 1e8, "adversarial_learning_rate": 1e8})
    with pytest.raises(PenumbraError, match="diverged"):
        train_quietly(run)
    assert state(run.folder) == "training"


def test_training_learns_the_planted_task():
    faces = tiny_faces(identities=48, images=4, size=SMALL)
    run = checked(Run("original", "tiny", schedule={"task_epochs": 10, "batch_size": 16}))
    _, _, model = train.load(train.train(run, faces, device="cpu", progress=False))
    test = faces.indices("test")
    x = torch.from_numpy(faces.images[test]).permute(0, 3, 1, 2).float() / 255
    with torch.no_grad():
        logits = model.own_head(model.release(x, torch.Generator(), None))[:, 0]
    labels = torch.from_numpy(faces.attributes[test, 1]).bool()
    assert ((logits > 0) == labels).float().mean() > 0.95


@pytest.mark.parametrize("name", list(METHODS))
def test_every_method_trains_and_releases(name):
    entries = METHODS[name].presets["compact"]["schedule"]
    schedule = {
        key: QUICK.get(key, 4 if key == "extract_iterations" else 1)
        for key in entries
        if key in QUICK or key.endswith(("_epochs", "_iterations"))
    }
    _, _, model = train.load(train_quietly(Run(name, "tiny", schedule=schedule)))
    x = torch.rand(2, 3, SMALL, SMALL)
    values = [k.grid[0] for k in METHODS[name].knobs if k.when == "release"] or [None]
    z = model.release(x, torch.Generator().manual_seed(0), values[0])
    again = model.release(x, torch.Generator().manual_seed(0), values[0])
    assert z.shape[0] == 2
    assert z.isfinite().all()
    assert torch.equal(z, again)


def test_a_stage_prepares_once_with_frozen_networks_before_its_first_step(monkeypatch):
    seen, plain = [], METHODS["deep_obfuscator"].build

    def build(run, settings, attributes):
        model = plain(run, settings, attributes)

        def prepare(batches):
            frozen = not any(p.requires_grad for p in model.networks["obfuscator"].parameters())
            seen.append((frozen, [len(batch.x) for batch in batches(9)]))
            with torch.no_grad():
                model.networks["classifier"].head[-1].bias.fill_(7)

        first = dataclasses.replace(model.stages[0], prepare=prepare, shared=None, batch_size=4)
        return dataclasses.replace(model, stages=(first,))

    method = dataclasses.replace(METHODS["deep_obfuscator"], build=build)
    monkeypatch.setitem(METHODS, "deep_obfuscator", method)
    folder = train_quietly(quick_run(schedule=QUICK | {"task_epochs": 0.2}))
    assert seen == [(True, [4, 4, 4])]
    _, _, model = train.load(folder)
    assert model.networks["classifier"].head[-1].bias.item() > 6.9


def test_a_stage_may_count_steps_instead_of_epochs():
    model = METHODS["original"].model(checked(Run("original", "tiny")), ("Male", "Smiling"))
    stage = dataclasses.replace(model.stages[0], batch_size=10, epochs=2)
    stages = [dataclasses.replace(stage, iterations=count) for count in (None, 7, 0)]
    assert [networks.steps_of(each, 45) for each in stages] == [9, 7, 0]


def test_preparing_never_repeats_photographs_to_reach_a_number():
    faces = tiny_faces(size=SMALL)  # 18 of them are the defender's
    model = METHODS["original"].model(checked(Run("original", "tiny")), faces.attribute_names)
    stage = dataclasses.replace(model.stages[0], batch_size=5)
    batches = list(batches_before(to_device(faces, "defender", "cpu"), 0, 0, stage, 50_000))
    assert len({x.numpy().tobytes() for batch in batches for x in batch.x}) == 18
    assert [len(batch.x) for batch in batches] == [5, 5, 5, 3]
    assert [len(batch.identities) for batch in batches] == [5, 5, 5, 3]


def test_reserved_words_are_for_methods_that_understand_them():
    with pytest.raises(PenumbraError, match="cannot have verification"):
        checked(Run("original", "synthetic", tasks=("verification",)))
