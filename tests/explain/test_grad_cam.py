"""Who reads an attribute is asked where it lies, and the answer is known: in one corner."""

import numpy as np
import pytest
import torch
from pytorch_grad_cam import GradCAM
from torch import nn

from core.attacks.attributes import classifiers
from core.explain import grad_cam, maps, reader
from tests.explain import cornered


@pytest.fixture(autouse=True, scope="module")
def short():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(classifiers, "BATCH", 32)
        yield


def read(release, networks=(), seed=0, targets=("Male", "Task")):
    """(view, reading, chain) of a release."""
    view = cornered.view(release)
    reading = reader.learned(view, targets, torch.Generator().manual_seed(seed))
    chain = grad_cam.Chain(release, reading.scaler, reading.network, networks)
    return view, reading, chain


def corners(lit):
    """Shares of attention in the lower left quarter, where Male is, and the upper right one."""
    share = maps.shares(maps.resized(lit, 16, 16)).mean(0)
    return share[8:, :8].sum(), share[:8, 8:].sum()


def test_the_evidence_lies_where_it_was_planted_in_a_released_map():
    network = cornered.device(flat=False)
    view, reading, chain = read(lambda x, generator: network(x), [network])
    x = view.x["test"]
    decided = grad_cam.logits(chain, x, 1, 0) > reading.thresholds
    for column, name in enumerate(("Male", "Task")):
        score = reader.score(view, name, reading.test[:, column], reading.thresholds[column])
        assert score["balanced_accuracy"] > 0.95
        assert score["low"] <= score["balanced_accuracy"] <= score["high"]
        lit = grad_cam.evidence(chain, reading.looked_at, x, column, decided[:, column], 1, 0)
        assert lit.shape == (len(x), 8, 8)
        mine, other = corners(lit[decided[:, column]])[:: 1 - 2 * column]
        assert mine > 0.6 > 0.2 > other


def test_the_evidence_in_released_numbers_is_followed_back_into_the_device():
    network = cornered.device(flat=True)
    view, reading, chain = read(lambda x, generator: network(x), [network])
    x = view.x["test"]
    assert reading.looked_at is None
    layer, name = grad_cam.last_map(view.release, [network], x[:2].float() / 255)
    assert (layer, name) == (network[2], "2")
    yes = grad_cam.logits(chain, x, 1, 0)[:, 0] > reading.thresholds[0]
    score = reader.score(view, "Male", reading.test[:, 0], reading.thresholds[0])
    assert score["balanced_accuracy"] > 0.9
    lit = grad_cam.evidence(chain, layer, x, 0, yes, 1, 0)[yes]
    mine, other = corners(lit)
    assert mine > 0.6 > 0.2 > other
    # The numbers stand for places, so the gradient differs from place to place; plain Grad-CAM
    # averages it and misses the corner.
    with GradCAM(chain, [layer]) as cam:
        outputs = cam.activations_and_grads((x[yes].float() / 255).requires_grad_())
        outputs[:, 0].sum().backward()
        held = cam.activations_and_grads
        found = held.activations[-1].numpy(), held.gradients[-1].numpy()
        plain = np.maximum(cam.get_cam_image(None, layer, None, *found, False), 0)
    assert corners(plain)[0] < 0.4


def test_a_release_of_nothing_is_read_by_chance_and_has_no_map():
    view, reading, _ = read(lambda x, generator: x.new_full((len(x), 8), 0.5), targets=["Male"])
    score = reader.score(view, "Male", reading.test[:, 0], reading.thresholds[0])
    assert score["low"] <= 0.5 <= score["high"]
    network = cornered.device(True)
    sample = view.x["test"][:2].float() / 255
    assert grad_cam.last_map(view.release, [network], sample) is None

    def cut(x, generator):
        return network(x).detach()

    assert grad_cam.last_map(cut, [network], sample) is None


def test_a_network_beside_the_way_is_not_looked_at():
    network = cornered.device(True)
    beside = nn.Conv2d(3, 4, 3, padding=1)

    def release(x, generator):
        return network(x) + 0 * beside(x).mean()

    sample = torch.rand(2, 3, 32, 32)
    assert grad_cam.last_map(release, [network, beside], sample)[0] is network[2]


def test_the_same_seed_gives_the_same_maps_to_the_bit_and_noise_is_averaged(monkeypatch):
    monkeypatch.setattr(classifiers, "MOST_EPOCHS", 1)
    network = cornered.device(False)

    def noisy(x, generator):
        z = network(x)
        return z + 0.3 * torch.randn(z.shape, generator=generator)

    found = []
    for _ in range(2):
        view, reading, chain = read(noisy, [network], targets=["Male"])
        x = view.x["test"][:20]
        said = grad_cam.logits(chain, x, 3, 7)[:, 0] > reading.thresholds[0]
        found.append(grad_cam.evidence(chain, reading.looked_at, x, 0, said, 3, 7))
    assert np.array_equal(*found)
    yes = np.ones(len(x), bool)
    draws = [grad_cam.evidence(chain, reading.looked_at, x, 0, yes, 1, seed) for seed in (7, 8, 9)]
    assert not np.allclose(draws[0], draws[1])
    three = grad_cam.evidence(chain, reading.looked_at, x, 0, yes, 3, 7)
    assert three.max() > 0
    assert (three <= np.mean(draws, axis=0) + 1e-5).all()  # evidence against cancels out


def test_maps_are_kept_small():
    conv = nn.Conv2d(3, 2, 3, padding=1)
    chain = grad_cam.Chain(
        lambda x, g: x, lambda z: z, nn.Sequential(conv, nn.Flatten(), nn.Linear(2048, 1))
    )
    x = torch.randint(0, 256, (3, 3, 32, 32), dtype=torch.uint8)
    assert grad_cam.evidence(chain, conv, x, 0, np.ones(3, bool), 1, 0).shape == (3, 16, 16)
    assert all(p.grad is None or not p.grad.any() for p in chain.parameters())
