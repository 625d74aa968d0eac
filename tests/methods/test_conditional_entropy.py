"""CEM: the bound against what it bounds, its clusters, and the noise."""

import math

import pytest
import torch

from core import losses, train
from core.methods import METHODS, Batch
from core.nets.closed_forms import Centres
from core.run import Run
from core.run_validation import checked
from core.training.networks import optimisers_of
from tests.tiny_faces import ATTRIBUTES, SMALL, small_presets


@pytest.fixture(autouse=True)
def small(monkeypatch):
    small_presets(monkeypatch)


def model_of(weight=1.0, **schedule):
    run = checked(Run("conditional_entropy", "tiny", knobs={"lambda": weight}, schedule=schedule))
    return METHODS["conditional_entropy"].model(run, ATTRIBUTES)


def batch_of(n=12):
    generator = torch.Generator().manual_seed(1)
    x = torch.rand(n, 3, SMALL, SMALL, generator=generator)
    attributes = torch.randint(0, 2, (n, 3), generator=generator).float()
    return Batch(x, attributes, torch.arange(n), torch.Generator().manual_seed(2))


def bound_of(z, number, noise):
    centres = torch.stack([z[number == k].mean(0) for k in number.unique()])
    return losses.information_bound(z, number, centres[number], noise).item()


def test_one_cluster_by_hand():
    z = torch.tensor([[-1.0, 0], [1, 0]])
    number = torch.zeros(2, dtype=torch.long)
    assert bound_of(z, number, 0.5) == pytest.approx(0.5 * math.log(1 + 1 / 0.25))


def test_two_clusters_by_hand():
    z = torch.tensor([[-1.0], [1], [5]])
    number = torch.tensor([0, 0, 1])
    share = 2 / 3
    by_hand = share * (0.5 * math.log(1 + 1 / 0.01) - math.log(share)) - math.log(1 / 3) / 3
    assert bound_of(z, number, 0.1) == pytest.approx(by_hand)


def informed(z, noise):
    """I(x; z + N(0, noise^2)) of equally likely places z (n, 1), by integration: the entropy of the
    mixture less that of the noise."""
    places = torch.linspace(-30, 30, 400_001, dtype=torch.float64)
    each = torch.distributions.Normal(z.double(), noise).log_prob(places[None])
    density = torch.logsumexp(each, 0) - math.log(len(z))
    entropy = -torch.trapezoid(density.exp() * density, places).item()
    return entropy - 0.5 * math.log(2 * math.pi * math.e * noise**2)


@pytest.mark.parametrize("noise", [0.1, 0.5, 2.0])
def test_it_is_above_the_information_however_photographs_are_clustered(noise):
    generator = torch.Generator().manual_seed(0)
    z = torch.cat(
        (torch.randn(20, 1, generator=generator), 4 + torch.randn(12, 1, generator=generator))
    )
    exact = informed(z, noise)
    apart = torch.arange(32) // 20
    for number in (torch.zeros(32, dtype=torch.long), apart, torch.arange(32) % 4):
        assert bound_of(z, number, noise) >= exact - 1e-4
    if noise == 0.1:  # clusters that are there make it tighter
        assert bound_of(z, apart, noise) < bound_of(z, torch.zeros_like(apart), noise)


def test_of_a_gaussian_it_is_the_information():
    z = torch.distributions.Normal(0.0, 1.0).icdf((torch.arange(2000) + 0.5) / 2000)[:, None]
    number = torch.zeros(len(z), dtype=torch.long)
    assert bound_of(z, number, 0.7) == pytest.approx(informed(z[::4], 0.7), rel=0.01)


def test_clusters_are_found_in_each_class_and_follow():
    generator = torch.Generator().manual_seed(0)
    truth = torch.tensor([[0.0, 0], [10, 0], [0, 10], [10, 10]])
    which = torch.arange(80) % 4
    z = truth[which] + 0.1 * torch.randn(80, 2, generator=generator)
    group = which // 2
    centres = Centres(2, 2, 2)
    centres.start(z, group, generator)
    number, centre = centres(z, group)
    torch.testing.assert_close(centre, truth[which], rtol=0, atol=0.2)
    assert ((number // 2) == group).all()
    centres.follow(z + 1, number, 0.5)
    assert (centres(z, group)[1] - truth[which]).mean().item() == pytest.approx(0.5, abs=0.1)


def test_a_class_of_fewer_photographs_than_clusters_has_them_twice():
    centres = Centres(2, 4, 3)
    z = torch.rand(3, 3)
    centres.start(z, torch.tensor([0, 0, 0]), torch.Generator().manual_seed(0))
    number, centre = centres(z, torch.tensor([0, 0, 0]))
    assert torch.equal(centre, z)
    assert number.max() < 4


def test_the_loss_is_the_task_and_the_weighed_bound():
    for weight in (0.0, 3.0):
        model = model_of(weight)
        found = model.stages[-1].phases[0].losses(batch_of())
        torch.testing.assert_close(found["total"], found["task"] + weight * found["information"])


def test_the_bound_falls_where_it_counts():
    found = {}
    for weight in (0.0, 20.0):
        model = model_of(weight)
        stage = model.stages[-1]
        optimisers = optimisers_of(model, stage)
        for _ in range(20):
            losses_found = train.update(model, stage.phases[0], batch_of(), optimisers)
        found[weight] = losses_found["information"].item()
    assert found[20.0] < 0.8 * found[0.0]


def test_noise_of_the_deviation_that_is_said_is_added_to_the_map():
    model = train.freeze(model_of(noise=0.25))
    x = batch_of().x
    bare = model.networks["obfuscator"](x)
    z = model.release(x, torch.Generator().manual_seed(0), None)
    assert z.shape == bare.shape == (12, 32, 8, 8)
    assert (z - bare).std().item() == pytest.approx(0.25, rel=0.02)
    assert not torch.equal(z, model.release(x, torch.Generator().manual_seed(1), None))
