"""MaxEnt-ARL: its second term by hand, and who learns when."""

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


def model_of(**knobs):
    run = checked(Run("maxent_arl", "tiny", knobs=knobs))
    return METHODS["maxent_arl"].model(run, ATTRIBUTES)


def batch_of(n=12):
    generator = torch.Generator().manual_seed(1)
    x = torch.rand(n, 3, SMALL, SMALL, generator=generator)
    attributes = torch.randint(0, 2, (n, 3), generator=generator).float()
    return Batch(x, attributes, torch.arange(n), torch.Generator().manual_seed(2))


def test_knowing_by_hand():
    logits = torch.tensor([[0.0, math.log(3)], [math.log(3), -math.log(3)]])
    entropy = -(0.75 * math.log(0.75) + 0.25 * math.log(0.25))
    expected = (3 * (math.log(2) - entropy)) / 2
    assert losses.divergence_from_guessing(logits).item() == pytest.approx(expected, rel=1e-5)
    assert losses.divergence_from_guessing(torch.zeros(3, 2)).item() == pytest.approx(0, abs=1e-7)
    sure = losses.divergence_from_guessing(torch.tensor([[200.0], [-200.0]]))
    assert sure.item() == pytest.approx(math.log(2))


def phases(model):
    return {phase.name: phase for phase in model.stages[-1].phases}


def test_the_encoder_is_paid_for_ignorance_and_not_for_error():
    """Its second term knows no private label: swapping them changes nothing."""
    encode, batch = phases(model_of(alpha=2.0))["encode"], batch_of()
    found = encode.losses(batch)
    torch.testing.assert_close(found["total"], found["task"] + 2 * found["knowing"])
    swapped = batch.attributes.clone()
    swapped[:, 0] = 1 - swapped[:, 0]  # Male
    again = encode.losses(batch._replace(attributes=swapped))
    assert torch.equal(found["total"], again["total"])
    plain = phases(model_of(alpha=0.0))["encode"].losses(batch)
    assert torch.equal(plain["total"], plain["task"])


def test_every_phase_changes_only_the_networks_it_should():
    model, batch = model_of(), batch_of()
    for stage in model.stages[1:]:
        optimisers = optimisers_of(model, stage)
        for phase in stage.phases:
            before = {
                name: [t.clone() for t in network.state_dict().values()]
                for name, network in model.networks.items()
            }
            train.update(model, phase, batch, optimisers)
            changed = {
                name
                for name, network in model.networks.items()
                for old, new in zip(before[name], network.state_dict().values(), strict=True)
                if not torch.equal(old, new)
            }
            wanted = {"attack": {"discriminator"}, "encode": {"obfuscator", "classifier"}}
            assert changed == wanted[phase.name]


def test_steps_lower_what_they_should():
    model, batch = model_of(alpha=10.0), batch_of(24)
    stage = model.stages[-1]
    optimisers = optimisers_of(model, stage)
    by_name = phases(model)
    guesses = [
        train.update(model, by_name["attack"], batch, optimisers)["guess"].item() for _ in range(25)
    ]
    assert guesses[-1] < 0.8 * guesses[0]
    knowing = [
        train.update(model, by_name["encode"], batch, optimisers)["knowing"].item()
        for _ in range(25)
    ]
    assert knowing[-1] < 0.5 * knowing[0]


def test_the_release_is_what_the_last_layer_reads():
    model = model_of()
    model = train.freeze(model)
    x = batch_of().x
    z = model.release(x, torch.Generator(), None)
    assert z.shape == (12, 64)
    obfuscator, classifier = model.networks["obfuscator"], model.networks["classifier"]
    torch.testing.assert_close(model.own_head(z), classifier(obfuscator(x)))
