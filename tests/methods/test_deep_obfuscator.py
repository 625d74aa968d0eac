"""DeepObfuscator: who is updated when, what lambda does, and the paper's shapes."""

import pytest
import torch

from core import train
from core.methods import METHODS, Batch
from core.run import Run, checked
from core.training_state import optimisers_of
from tests.tiny_faces import ATTRIBUTES


def model_of(lambda1=1.0, lambda2=1.0, preset="compact", seed=0):
    run = checked(
        Run(
            "deep_obfuscator",
            "tiny",
            preset,
            knobs={"lambda1": lambda1, "lambda2": lambda2},
            seed=seed,
        )
    )
    return METHODS["deep_obfuscator"].build(run, ATTRIBUTES)


def batch_of(n=8):
    generator = torch.Generator().manual_seed(1)
    x = torch.rand(n, 3, 64, 64, generator=generator)
    attributes = torch.randint(0, 2, (n, 3), generator=generator).float()
    return Batch(x, attributes, torch.arange(n), torch.Generator().manual_seed(2))


def snapshot(model):
    return {
        name: {key: value.clone() for key, value in network.state_dict().items()}
        for name, network in model.networks.items()
    }


def changed(before, after):
    return {
        name
        for name in before
        if any(not torch.equal(before[name][key], after[name][key]) for key in before[name])
    }


EXPECTED = {
    "task": {"obfuscator", "classifier"},
    "defend pictures": {"obfuscator"},
    "defend attributes": {"obfuscator"},
    "attack": {"adversary_classifier", "adversary_reconstructor"},
    "recover classifier": {"classifier"},
}


def test_every_phase_changes_only_the_networks_it_should():
    model = model_of()
    for stage in model.stages:
        optimisers = optimisers_of(model, stage)
        for phase in stage.phases:
            before = snapshot(model)
            train.update(model, phase, batch_of(), optimisers)
            assert changed(before, snapshot(model)) == EXPECTED[phase.name]


def test_the_cycle_is_algorithm_1():
    adversarial = model_of().stages[-1]
    assert [phase.name for phase in adversarial.phases] == [
        "defend pictures",
        "defend attributes",
        "attack",
        "recover classifier",
    ]


def adversarial_losses(model, phase_number):
    return model.stages[-1].phases[phase_number].losses(batch_of())


def test_defender_totals_follow_eqs_5_and_9():
    model = model_of(lambda1=2.0, lambda2=3.0)
    pictures = adversarial_losses(model, 0)
    expected = pictures["task"] + 3 * (pictures["noise"] - pictures["reconstruction"])
    torch.testing.assert_close(pictures["total"], expected)
    attributes = adversarial_losses(model, 1)
    torch.testing.assert_close(
        attributes["total"], attributes["task"] - 2 * attributes["attribute"]
    )


@pytest.mark.parametrize("phase_number", [0, 1])
def test_lambda_zero_leaves_the_task_loss_and_its_gradient(phase_number):
    model = model_of(lambda1=0.0, lambda2=0.0)
    losses = adversarial_losses(model, phase_number)
    assert torch.equal(losses["total"], losses["task"])
    losses["total"].backward()
    for name in ("adversary_classifier", "adversary_reconstructor"):
        assert all(p.grad is None for p in model.networks[name].parameters())


def test_the_attack_phase_sends_no_gradient_to_the_obfuscator():
    model = model_of()
    adversarial_losses(model, 2)["total"].backward()
    assert all(p.grad is None for p in model.networks["obfuscator"].parameters())
    assert any(p.grad is not None for p in model.networks["adversary_classifier"].parameters())


def test_defending_makes_the_adversaries_worse():
    """Steps on the obfuscator alone raise the loss of the adversary they defend against."""
    model = model_of(lambda1=10.0)
    stage = model.stages[-1]
    optimisers = optimisers_of(model, stage)
    attack, defend = stage.phases[2], stage.phases[1]
    for _ in range(5):
        train.update(model, attack, batch_of(), optimisers)
    before = attack.losses(batch_of())["attribute"].item()
    for _ in range(5):
        train.update(model, defend, batch_of(), optimisers)
    assert attack.losses(batch_of())["attribute"].item() > before + 0.05


def test_the_noise_image_is_fresh_for_every_batch_and_repeatable():
    model = model_of()
    first, again, other = (batch_of() for _ in range(3))
    other = other._replace(generator=torch.Generator().manual_seed(3))
    values = [model.stages[-1].phases[0].losses(b)["noise"].item() for b in (first, again, other)]
    assert values[0] == values[1] != values[2]


def test_paper_preset_has_the_shapes_of_table_1():
    model = model_of(preset="paper")
    with torch.no_grad():
        z = train.freeze(model).release(torch.rand(1, 3, 218, 178), torch.Generator(), None)
        assert tuple(z.shape) == (1, 128, 54, 44)
        assert model.training_reconstructor(z).shape == (1, 3, 218, 178)
        assert model.own_head(z).shape == (1, 1)
    # VGG16's first four convolutions (without bias, which batch norm makes idle) and their norms
    expected = 9 * (3 * 64 + 64 * 64 + 64 * 128 + 128 * 128) + 2 * (64 + 64 + 128 + 128)
    assert sum(p.numel() for p in model.networks["obfuscator"].parameters()) == expected


def test_networks_of_the_same_name_start_equal_in_every_method():
    ours = model_of(seed=5).networks
    original = METHODS["original"].build(checked(Run("original", "tiny", seed=5)), ATTRIBUTES)
    for name in ("obfuscator", "classifier"):
        for a, b in zip(ours[name].parameters(), original.networks[name].parameters(), strict=True):
            assert torch.equal(a, b)
