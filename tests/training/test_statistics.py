"""After a training, batch norm has the statistics of the photographs, and the weights are as before."""

import dataclasses

import pytest
import torch

from core import train
from core.data.on_device import read
from core.methods import METHODS
from core.run import Run
from core.run_validation import checked
from core.training import statistics
from core.training.networks import freeze, set_trainable
from tests.tiny_faces import ATTRIBUTES, small_presets, tiny_faces

QUICK = {"task_epochs": 1, "adversary_epochs": 1, "adversarial_epochs": 2, "batch_size": 6}
FACES = tiny_faces(size=32)


@pytest.fixture(autouse=True)
def folders(tmp_path, monkeypatch):
    monkeypatch.setenv("PENUMBRA_CHECKPOINTS", str(tmp_path / "checkpoints"))
    monkeypatch.setenv("PENUMBRA_HOME", str(tmp_path / "home"))
    small_presets(monkeypatch)


def model_of(method, **more):
    run = checked(Run(method, "tiny", **more))
    with torch.random.fork_rng():
        return METHODS[method].model(run, ATTRIBUTES)


def pixels():
    return read(FACES, FACES.indices("defender")).float() / 255


def norms(network):
    return [layer for layer in network.modules() if isinstance(layer, statistics.BatchNorm)]


def test_encoder_and_adversary_answer_as_they_would_in_training():
    """All the defender's photographs are one batch here: its statistics are those of the batch."""
    model = freeze(model_of("deep_obfuscator"))
    x, value = pixels(), None
    assert len(x) <= statistics.BATCH
    stale = model.release(x, torch.Generator(), value)
    statistics.estimate_anew(model, FACES, value, torch.device("cpu"))
    z = model.release(x, torch.Generator(), value)
    found = {name: getattr(model, name)(z) for name in ("own_head", "training_adversary")}
    for network in model.networks.values():
        set_trainable(network, False)  # batch statistics, and nothing is kept
        for layer in network.modules():
            if isinstance(layer, torch.nn.Dropout):
                layer.eval()
    wanted = model.release(x, torch.Generator(), value)
    assert not torch.allclose(stale, wanted, rtol=0.1, atol=0.1)
    # a batch's own variance divides by n, running statistics by n - 1
    assert torch.allclose(z, wanted, rtol=0.02, atol=0.02)
    for name, outputs in found.items():
        assert torch.allclose(outputs, getattr(model, name)(wanted), rtol=0.1, atol=0.1), name


def test_what_nothing_passes_through_and_every_weight_stay():
    model = freeze(model_of("pric"))
    before = {
        n: {k: v.clone() for k, v in w.state_dict().items()} for n, w in model.networks.items()
    }
    statistics.estimate_anew(model, FACES, None, torch.device("cpu"))
    for name, network in model.networks.items():
        assert not network.training
        for key, value in network.state_dict().items():
            reached = name != "discriminator" and key.endswith(("running_mean", "running_var"))
            if not reached and not key.endswith("num_batches_tracked"):
                assert torch.equal(value, before[name][key]), (name, key)
    assert all(
        layer.momentum == 0.1 for network in model.networks.values() for layer in norms(network)
    )
    assert not torch.equal(
        model.networks["extractor"].state_dict()[
            next(k for k in before["extractor"] if k.endswith("running_mean"))
        ],
        before["extractor"][next(k for k in before["extractor"] if k.endswith("running_mean"))],
    )


def test_a_training_ends_with_them_and_one_of_the_first_recipe_does_not():
    run = checked(Run("deep_obfuscator", "tiny", schedule=QUICK | {"fixed_noise": 0}))
    found = {}
    for recipe in (1, 2):
        folder = train.train(dataclasses.replace(run, recipe=recipe), FACES, "cpu", progress=False)
        found[recipe] = train.load(folder)[2]
    for name, network in found[1].networks.items():
        for key, value in network.state_dict().items():
            same = torch.equal(value, found[2].networks[name].state_dict()[key])
            assert same or key.endswith(("running_mean", "running_var", "num_batches_tracked"))
    z = found[2].release(pixels(), torch.Generator(), None)
    statistics.estimate_anew(found[2], FACES, None, torch.device("cpu"))
    assert torch.allclose(z, found[2].release(pixels(), torch.Generator(), None), atol=1e-2)
    assert not torch.allclose(z, found[1].release(pixels(), torch.Generator(), None), atol=1e-2)


def test_noise_is_scaled_by_the_code_that_is_released():
    """DPFE takes the covariance of its code after the statistics have settled."""
    quick = {"batch_size": 6, "pretrain_iterations": 2, "embed_iterations": 2}
    quick |= {"tune_iterations": 2, "extract_iterations": 2}
    schedule = METHODS["dpfe"].presets["compact"]["schedule"]
    run = Run("dpfe", "tiny", tasks=("Male",), private=("identity",))
    run = checked(
        dataclasses.replace(run, schedule={k: v for k, v in quick.items() if k in schedule})
    )
    model = train.load(train.train(run, FACES, "cpu", progress=False))[2]
    codes = model.release(pixels(), torch.Generator(), 0.0)
    root = model.noise()["root"]
    assert torch.allclose(root @ root, torch.cov(codes.T), rtol=0.1, atol=0.05)
