"""What the published methods of other authors have in common: they train, go on where they were
stopped, serve several tasks, and refuse what they cannot do."""

import pytest
import torch
from safetensors.torch import load_file

from core import train
from core.attacks.releases import draws_noise
from core.errors import PenumbraError
from core.methods import FILES, METHODS
from core.run import Run
from core.run_validation import checked
from core.training import state
from tests.tiny_faces import ATTRIBUTES, SMALL, small_presets, tiny_faces

OTHERS = [file.removeprefix("others.") for file in FILES if file.startswith("others.")]
ON_SECRETS = ["leace", "kernel_adversarial", "maxent_arl", "fair_tree"]
QUICK = {"batch_size": 6, "fewest": 2}


@pytest.fixture(autouse=True)
def folders(tmp_path, monkeypatch):
    monkeypatch.setenv("PENUMBRA_CHECKPOINTS", str(tmp_path / "checkpoints"))
    monkeypatch.setenv("PENUMBRA_HOME", str(tmp_path / "home"))
    small_presets(monkeypatch)


def run_of(name, **more):
    entries = METHODS[name].presets["compact"]["schedule"]
    schedule = {key: 1 for key in entries if key.endswith("_epochs")}
    schedule |= {key: value for key, value in QUICK.items() if key in entries}
    return checked(Run(name, "tiny", schedule=schedule, **more))


def trained(run, **options):
    folder = train.train(run, tiny_faces(size=SMALL), device="cpu", progress=False, **options)
    return train.load(folder)[2]


def released(model, seed=0, count=4):
    x = torch.rand(count, 3, SMALL, SMALL, generator=torch.Generator().manual_seed(9))
    with torch.no_grad():
        return model.release(x, torch.Generator().manual_seed(seed), None)


@pytest.mark.parametrize("name", OTHERS)
def test_each_says_what_it_is(name):
    method = METHODS[name]
    assert len(method.knobs) == 1
    assert len(method.knobs[0].grid) >= 3
    assert method.knobs[0].default in method.knobs[0].grid
    assert not method.baseline
    assert len(method.departures) >= 3
    assert all(text.endswith(".") and 40 < len(text) < 420 for text in method.departures)
    assert method.presets["compact"]["encoder"] == METHODS["original"].presets["compact"]["encoder"]


@pytest.mark.parametrize("name", OTHERS)
def test_noise_and_finite_answers_are_declared(name):
    model = trained(run_of(name))

    def release(x, generator):
        return model.release(x, generator, None)

    x = torch.randint(256, (4, 3, SMALL, SMALL), dtype=torch.uint8)
    assert draws_noise(release, x) == METHODS[name].noisy
    z = released(model, count=6)
    one_hot = z.ndim == 2 and bool(((z == 0) | (z == 1)).all()) and bool((z.sum(1) == 1).all())
    assert one_hot == METHODS[name].finite


@pytest.mark.parametrize("name", OTHERS)
def test_several_tasks_and_several_secrets(name):
    two = trained(run_of(name, tasks=("Smiling", "Young")))
    assert two.own_head(released(two)).shape == (4, 2)
    hidden = trained(run_of(name, tasks=("Smiling",), private=("Male", "Young")))
    z = released(hidden)
    assert hidden.own_head(z).shape == (4, 1)
    if hidden.training_adversary is not None:
        assert hidden.training_adversary(z).shape == (4, 2)


@pytest.mark.parametrize("name", OTHERS)
def test_nothing_private_is_refused_by_those_that_hide_it(name):
    run = run_of(name, private=())
    if name in ON_SECRETS:
        with pytest.raises(PenumbraError, match="needs something to hide"):
            METHODS[name].model(run, ATTRIBUTES)
    else:
        assert METHODS[name].model(run, ATTRIBUTES).training_adversary is None


@pytest.mark.parametrize(("name", "knob"), [("leace", "share"), ("fair_tree", "gamma")])
def test_shares_above_one_are_refused(name, knob):
    METHODS[name].model(run_of(name, knobs={knob: 1}), ATTRIBUTES)
    with pytest.raises(PenumbraError, match=f"{knob} is 1.5"):
        METHODS[name].model(run_of(name, knobs={knob: 1.5}), ATTRIBUTES)


def test_a_weight_that_leaves_no_task_is_refused():
    with pytest.raises(PenumbraError, match="lambda is 1"):
        METHODS["kernel_adversarial"].model(
            run_of("kernel_adversarial", knobs={"lambda": 1}), ATTRIBUTES
        )


@pytest.mark.parametrize("name", OTHERS)
def test_stopped_anywhere_it_goes_on_to_the_same_weights(name, tmp_path, monkeypatch):
    run = run_of(name)
    trained(run)
    unbroken = load_file(run.folder / "weights.safetensors")
    for place in ("PENUMBRA_CHECKPOINTS", "PENUMBRA_HOME"):
        monkeypatch.setenv(place, str(tmp_path / "again" / place))
    last = max(n for n, s in enumerate(METHODS[name].model(run, ATTRIBUTES).stages) if s.phases)
    save = state.save

    def save_and_stop(folder, model, optimisers, stage, step, seconds):
        save(folder, model, optimisers, stage, step, seconds)
        if (stage, step) == (last, 2):
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(state, "save", save_and_stop)
        with pytest.raises(KeyboardInterrupt):
            trained(run, save_every=0)
    trained(run)
    resumed = load_file(run.folder / "weights.safetensors")
    assert resumed.keys() == unbroken.keys()
    assert all(torch.equal(resumed[key], unbroken[key]) for key in unbroken)


@pytest.mark.parametrize("name", ["leace", "kernel_adversarial", "fair_tree"])
def test_what_is_solved_is_kept_in_full_precision(name):
    run = run_of(name)
    trained(run)
    stored = load_file(run.folder / "weights.safetensors")
    solved = [key for key in stored if key.split("/")[0] in ("eraser", "encoder", "leaves")]
    assert solved
    assert all(stored[key].dtype == torch.float32 for key in solved)
    assert all(stored[key].isfinite().all() for key in stored)


@pytest.mark.parametrize("name", ["leace", "kernel_adversarial", "fair_tree"])
def test_another_knob_takes_over_the_network(name):
    knob = METHODS[name].knobs[0]
    one, other = (run_of(name, knobs={knob.name: value}) for value in knob.grid[:2])
    first = trained(one).networks
    log = (trained(other).networks, (other.folder / "log.jsonl").read_text())
    assert log[1].count('"shared": true') == 1
    for part in ("obfuscator", "classifier"):
        for mine, its in zip(first[part].parameters(), log[0][part].parameters(), strict=True):
            assert torch.equal(mine, its)


@pytest.mark.parametrize("name", [m.name for m in METHODS.values() if m.finite])
def test_a_finite_method_says_what_its_answers_are_drawn_from(name):
    run = checked(Run(name, "tiny"))
    model = METHODS[name].model(run, ATTRIBUTES)
    x = torch.rand(4, 3, SMALL, SMALL)
    value = METHODS[name].release_values[0]
    z = model.release(x, torch.Generator().manual_seed(0), value)
    table = model.table(value)
    assert z.shape == (4, table.shape[1])
    assert z.sum(1).tolist() == [1] * 4
    assert (table >= 0).all()
    cells = model.cells(x)
    assert cells.dtype == torch.int64
    assert 0 <= cells.min() <= cells.max() < len(table)
