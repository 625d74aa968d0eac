"""The method's own attackers, trained afresh: their very architectures, and none of their weights."""

import dataclasses

import pytest
import torch

from core.attacks import ATTACKS
from core.attacks.attributes import classifiers
from core.attacks.interface import OwnAttacker
from core.evaluate import own_attackers
from core.methods import METHODS
from core.nets.aia import TanhAdversary
from core.nets.decoders import decoder_for
from core.nets.probes import ConvolutionalProbe
from core.run import Run
from core.run_validation import checked
from tests.attacks.planted import value, view
from tests.tiny_faces import ATTRIBUTES


def attacked(name, given, **own):
    given = dataclasses.replace(given, own=own)
    return ATTACKS[name].run(given, torch.Generator().manual_seed(0))


def test_the_adversary_reads_private_attributes_alone():
    given = dataclasses.replace(view("coordinate"), private=("Planted", "Absent"))
    inputs = given.z["test"][0].numel()
    own = OwnAttacker(lambda: TanhAdversary(inputs, 16, 2), 1e-2)
    result = attacked("retrained_adversary", given, adversary=own)
    assert {row["target"] for row in result.findings} == {"attribute:Planted", "attribute:Absent"}
    assert value(result, "attribute:Planted") > 0.95
    assert value(result, "attribute:Absent", column="low") < 0.55
    again = attacked("retrained_adversary", given, adversary=own)
    assert again.findings == result.findings


def test_the_reconstructor_draws_as_every_decoder():
    given = view("pictures", noise=0.0, size=32)
    shape = tuple(given.z["test"].shape[1:])
    own = OwnAttacker(lambda: decoder_for(shape, 32, 32), 1e-3)
    result = attacked("retrained_reconstructor", given, reconstructor=own)
    assert value(result, "image", "ms_ssim") > 0.9


def test_without_such_a_network_there_is_nothing_to_find():
    for name in ("retrained_adversary", "retrained_reconstructor"):
        assert attacked(name, view("coordinate")).findings == []


def parameters(network):
    return sum(weights.numel() for weights in network.parameters())


@pytest.mark.parametrize("preset", ["compact", "paper"])
@pytest.mark.parametrize("method", METHODS)
def test_a_fresh_probe_is_as_large_as_the_adversary_of_the_training(method, preset):
    run = checked(Run(method, "tiny", preset, METHODS[method].tasks, METHODS[method].private))
    with torch.device("meta"):
        model = METHODS[method].model(run, ATTRIBUTES)
        own = own_attackers(run, ATTRIBUTES)
        for kind, name in (
            ("adversary", "training_adversary"),
            ("reconstructor", "training_reconstructor"),
        ):
            network = getattr(model, name)
            assert (kind in own) is (network is not None)
            if network is not None:
                assert parameters(own[kind].build()) == parameters(network)


def test_a_wide_map_is_read_by_a_wide_network_and_a_picture_through_the_stem():
    with torch.device("meta"):
        wide = parameters(ConvolutionalProbe((129, 54, 44), 1, 0.3))
        picture = parameters(ConvolutionalProbe((4, 64, 64), 1, 0.3))
    assert wide > 5e6 > picture
    assert classifiers.is_picture(3, 64, 64)
    assert classifiers.is_picture(1, 64, 64)
    assert not classifiers.is_picture(128, 54, 44)


def test_rebuilt_attackers_have_other_weights_than_the_training_began_with():
    run = checked(Run("deep_obfuscator", "tiny"))
    begun = METHODS[run.method].model(run, ATTRIBUTES).training_adversary
    rebuilt = own_attackers(run, ATTRIBUTES)["adversary"].build()
    assert not any(
        torch.equal(one, other)
        for one, other in zip(begun.parameters(), rebuilt.parameters(), strict=True)
        if one.ndim > 1
    )
