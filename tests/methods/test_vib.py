"""VIB: the rate by hand and by numbers, what is drawn, and what beta does."""

import math

import pytest
import torch

from core import losses, train
from core.methods import METHODS, Batch
from core.run import Run
from core.run_validation import checked
from core.training.networks import optimisers_of
from tests.tiny_faces import ATTRIBUTES, SMALL, small_presets


@pytest.fixture(autouse=True)
def small(monkeypatch):
    small_presets(monkeypatch)


def model_of(beta=0.01, **schedule):
    run = checked(Run("vib", "tiny", knobs={"beta": beta}, schedule=schedule))
    return METHODS["vib"].model(run, ATTRIBUTES)


def batch_of(n=12):
    generator = torch.Generator().manual_seed(1)
    x = torch.rand(n, 3, SMALL, SMALL, generator=generator)
    attributes = torch.randint(0, 2, (n, 3), generator=generator).float()
    return Batch(x, attributes, torch.arange(n), torch.Generator().manual_seed(2))


def test_the_rate_by_hand():
    mean, deviation = torch.tensor([[1.0, 0.0]]), torch.tensor([[1.0, 0.5]])
    by_hand = 0.5 * (1 + (0.25 - math.log(0.25) - 1))
    assert losses.divergence_from_normal(mean, deviation).item() == pytest.approx(by_hand)
    assert losses.divergence_from_normal(torch.zeros(3, 2), torch.ones(3, 2)).item() == 0


def test_the_rate_is_the_integral_that_it_stands_for():
    for mean, deviation in ((0.7, 0.3), (-1.5, 2.0)):
        z = torch.linspace(-20, 20, 200_001, dtype=torch.float64)
        p = torch.distributions.Normal(mean, deviation).log_prob(z)
        q = torch.distributions.Normal(0.0, 1.0).log_prob(z)
        integral = torch.trapezoid(p.exp() * (p - q), z).item()
        found = losses.divergence_from_normal(torch.tensor([[mean]]), torch.tensor([[deviation]]))
        assert found.item() == pytest.approx(integral, rel=1e-4)


def test_what_leaves_is_a_draw_around_the_mean():
    model = train.freeze(model_of())
    x = batch_of(3).x
    raw = model.networks["gaussian"](model.networks["obfuscator"](x))
    mean, deviation = raw[:, :32], torch.nn.functional.softplus(raw[:, 32:] - 5)
    draws = torch.stack(
        [model.release(x, torch.Generator().manual_seed(seed), None) for seed in range(400)]
    )
    assert draws.shape[1:] == (3, 32)
    error = (draws.mean(0) - mean) / (deviation / 20)
    assert error.abs().max() < 5
    assert (draws.std(0) / deviation).mean().item() == pytest.approx(1, abs=0.02)
    same = model.release(x, torch.Generator().manual_seed(3), None)
    assert torch.equal(same, draws[3])


def test_the_loss_follows_eq_17():
    for beta in (0.0, 0.3):
        (stage,) = model_of(beta).stages
        found = stage.phases[0].losses(batch_of())
        torch.testing.assert_close(found["total"], found["task"] + beta * found["rate"])
    assert set(stage.phases[0].trains) == {"obfuscator", "gaussian", "head"}


def test_a_price_lowers_the_rate():
    rates = {}
    for beta in (0.0, 1.0):
        model = model_of(beta)
        (stage,) = model.stages
        optimisers = optimisers_of(model, stage)
        for _ in range(20):
            found = train.update(model, stage.phases[0], batch_of(), optimisers)
        rates[beta] = found["rate"].item()
    assert rates[1.0] < 0.5 * rates[0.0]


def test_the_code_is_as_wide_as_is_said():
    model = train.freeze(model_of(code_width=5))
    z = model.release(batch_of().x, torch.Generator(), None)
    assert z.shape == (12, 5)
    assert model.own_head(z).shape == (12, 1)
