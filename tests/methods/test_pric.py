"""PRIC: its losses, its discriminator, who is updated when, what lambda does, and its shapes."""

import copy
import math

import pytest
import torch

from core import losses, train
from core.errors import PenumbraError
from core.methods import METHODS, Batch
from core.nets import vgg
from core.nets.mutual_information import MutualInformationDiscriminator, mismatched, one_hot
from core.run import Run
from core.run_validation import checked
from core.training.networks import optimisers_of
from tests.tiny_faces import ATTRIBUTES, SMALL, tiny_faces

HIDE, INFER, ESTIMATE = 0, 1, 2  # phases of the alternation


def model_of(weight=0.1, preset="compact", seed=0, tasks=("Smiling",), private=("Male",)):
    knobs = {"lambda": weight}
    run = checked(Run("pric", "tiny", preset, tasks, private, knobs=knobs, seed=seed))
    return METHODS["pric"].model(run, ATTRIBUTES)


def batch_of(n=8, seed=1):
    """Photographs whose brightness is their first attribute, the others coins."""
    generator = torch.Generator().manual_seed(seed)
    attributes = torch.randint(0, 2, (n, 3), generator=generator).float()
    x = torch.rand(n, 3, SMALL, SMALL, generator=generator) * 0.5
    x += 0.5 * attributes[:, 0].view(-1, 1, 1, 1)
    return Batch(x, attributes, torch.arange(n), torch.Generator().manual_seed(2))


def steps(model, stage, phase, count, batch=batch_of):
    optimisers = optimisers_of(model, stage)
    for _ in range(count):
        train.update(model, phase, batch(), optimisers)


def small_discriminator(labels=2):
    torch.manual_seed(0)
    return MutualInformationDiscriminator((4, 8), SMALL, SMALL, (8, 8, 8), (16, 8), labels)


# The equations


def test_eq_4_by_hand():
    # E = ln 3 on the pair: -ln(1 + 1/3) = -ln(4/3); E = 0 on the mismatched pair: -ln 2
    bound = losses.jensen_shannon_bound(torch.tensor([math.log(3)]), torch.tensor([0.0]))
    assert bound.item() == pytest.approx(-math.log(8 / 3), rel=1e-6)


def test_eq_4_averages_over_the_batch_and_is_largest_for_a_perfect_discriminator():
    bound = losses.jensen_shannon_bound(torch.tensor([0.0, math.log(3)]), torch.tensor([0.0, 0.0]))
    assert bound.item() == pytest.approx(-(math.log(2) + math.log(4 / 3)) / 2 - math.log(2))
    blind = losses.jensen_shannon_bound(torch.zeros(3), torch.zeros(3))
    assert blind.item() == pytest.approx(-2 * math.log(2), rel=1e-6)
    perfect = losses.jensen_shannon_bound(torch.full((3,), 50.0), torch.full((3,), -50.0))
    assert perfect.item() == pytest.approx(0, abs=1e-6)


# The discriminator


def test_negatives_are_a_permutation_that_leaves_nobody_in_place():
    for seed in range(50):
        for count in (2, 3, 7, 16):
            others = mismatched(count, torch.Generator().manual_seed(seed))
            assert sorted(others.tolist()) == list(range(count))
            assert not (others == torch.arange(count)).any()
    first, second = (mismatched(64, torch.Generator().manual_seed(s)) for s in (0, 1))
    assert not torch.equal(first, second)
    with pytest.raises(PenumbraError, match="at least 2 photographs"):
        mismatched(1, torch.Generator())


def test_labels_of_several_attributes_are_pairs_side_by_side():
    labels = torch.tensor([[0.0, 1.0], [1.0, 1.0]])
    expected = torch.tensor([[1.0, 0.0, 0.0, 1.0], [0.0, 1.0, 0.0, 1.0]])
    assert torch.equal(one_hot(labels), expected)


def test_permuting_the_vectors_is_permuting_the_pictures():
    """The negatives get what Eq. 4 says: E(x', z, u) with x' = x permuted."""
    discriminator = small_discriminator()
    batch, z = batch_of(), torch.rand(8, 8, 8, 8)
    u = one_hot(batch.attributes[:, :1])
    others = mismatched(8, batch.generator)
    with torch.no_grad():
        pair, odd = discriminator(batch.x, z, u, others)
        permuted, _ = discriminator(batch.x[others], z, u, others)
        torch.testing.assert_close(odd, permuted, atol=1e-5, rtol=1e-4)
    assert not torch.allclose(pair, odd, atol=1e-5)


def test_the_score_depends_on_picture_features_and_labels():
    discriminator = small_discriminator()
    batch, z = batch_of(), torch.rand(8, 8, 8, 8)
    u = one_hot(batch.attributes[:, :1])
    with torch.no_grad():
        score, _ = discriminator(batch.x, z, u, slice(None))
        assert score.shape == (8,)
        for other in (
            discriminator(1 - batch.x, z, u, slice(None))[0],
            discriminator(batch.x, 1 - z, u, slice(None))[0],
            discriminator(batch.x, z, 1 - u, slice(None))[0],
        ):
            assert not torch.allclose(score, other, atol=1e-6)


# The schedule


def snapshot(model):
    return {name: copy.deepcopy(network.state_dict()) for name, network in model.networks.items()}


def changed(before, after):
    return {
        name
        for name in before
        if any(not torch.equal(before[name][key], after[name][key]) for key in before[name])
    }


EXPECTED = {
    "learn attribute": {"extractor", "private_head"},
    "hide and retain": {"extractor"},
    "infer attribute": {"private_head"},
    "estimate information": {"discriminator"},
}


@pytest.mark.parametrize("weight", [0.0, 1.0])
def test_every_phase_changes_only_the_networks_it_should(weight):
    model = model_of(weight)
    for stage in model.stages:
        optimisers = optimisers_of(model, stage)
        for phase in stage.phases:
            before = snapshot(model)
            train.update(model, phase, batch_of(), optimisers)
            assert changed(before, snapshot(model)) == EXPECTED[phase.name]


def test_pretraining_then_one_update_of_each_network_in_turn():
    attribute, information, adversarial = model_of().stages
    assert [phase.trains for phase in attribute.phases] == [("extractor", "private_head")]
    assert [phase.trains for phase in information.phases] == [("discriminator",)]
    assert [phase.trains for phase in adversarial.phases] == [
        ("extractor",),
        ("private_head",),
        ("discriminator",),
    ]


def test_the_paper_preset_has_the_published_optimiser():
    with torch.device("meta"):
        first, *_ = stages = model_of(preset="paper").stages
    assert first.epochs == 20
    assert {(s.batch_size, s.learning_rate, s.weight_decay) for s in stages} == {(128, 1e-4, 1e-4)}


def test_the_extractor_minimises_eq_6():
    values = model_of(5.0).stages[-1].phases[HIDE].losses(batch_of())
    torch.testing.assert_close(values["total"], -values["attribute"] - 5 * values["information"])


def test_lambda_zero_is_hiding_alone():
    """Without lambda the discriminator has no say: any other one gives the same extractor."""
    stage = model_of(0.0).stages[-1]
    values = stage.phases[HIDE].losses(batch_of())
    assert torch.equal(values["total"], -values["attribute"])
    assert set(values) == {"total", "attribute"}
    extractors = []
    for spoilt in (False, True):
        model = model_of(0.0)
        if spoilt:
            with torch.no_grad():
                for parameter in model.networks["discriminator"].parameters():
                    parameter.add_(1)
        optimisers = optimisers_of(model, model.stages[-1])
        for phase in model.stages[-1].phases:
            train.update(model, phase, batch_of(), optimisers)
        extractors.append(vgg_state(model))
    assert all(torch.equal(a, b) for a, b in zip(*extractors, strict=True))


def vgg_state(model):
    return list(model.networks["extractor"].state_dict().values())


def gradients(model, phase):
    """Names of the networks a phase's total sends gradients to, with none of them held back."""
    model.stages[-1].phases[phase].losses(batch_of())["total"].backward()
    return {
        name
        for name, network in model.networks.items()
        if any(p.grad is not None and p.grad.abs().max() > 0 for p in network.parameters())
    }


def test_what_each_loss_depends_on():
    assert gradients(model_of(1.0), INFER) == {"extractor", "private_head"}
    assert gradients(model_of(1.0), ESTIMATE) == {"extractor", "discriminator"}
    assert gradients(model_of(0.0), HIDE) == {"extractor", "private_head"}
    assert gradients(model_of(1.0), HIDE) == {"extractor", "private_head", "discriminator"}


def test_the_information_reaches_the_extractor_through_its_features():
    with_information, without = model_of(10.0), model_of(0.0)
    for model in (with_information, without):
        model.stages[-1].phases[HIDE].losses(batch_of())["total"].backward()
    a, b = (next(m.networks["extractor"].parameters()).grad for m in (with_information, without))
    assert not torch.allclose(a, b, rtol=1e-2)


# It learns


def test_the_head_learns_the_attribute_and_the_extractor_then_hides_it():
    model = model_of(0.0)
    attribute, _, adversarial = model.stages
    before = adversarial.phases[INFER].losses(batch_of(16))["attribute"].item()
    steps(model, attribute, attribute.phases[0], 12, lambda: batch_of(16))
    learnt = adversarial.phases[INFER].losses(batch_of(16))["attribute"].item()
    assert learnt < 0.5 * before
    steps(model, adversarial, adversarial.phases[HIDE], 12, lambda: batch_of(16))
    assert adversarial.phases[INFER].losses(batch_of(16))["attribute"].item() > learnt + 0.2


def test_the_discriminator_learns_to_tell_pairs_apart():
    model = model_of()
    stage = model.stages[1]
    before = stage.phases[0].losses(batch_of())["information"].item()
    steps(model, stage, stage.phases[0], 25)
    after = stage.phases[0].losses(batch_of())["information"].item()
    assert after > before + 0.3


def test_a_large_lambda_keeps_the_information_that_the_discriminator_sees():
    kept = {}
    for weight in (0.0, 10.0):
        model = model_of(weight)
        _, information, adversarial = model.stages
        steps(model, information, information.phases[0], 25)
        steps(model, adversarial, adversarial.phases[HIDE], 10)
        kept[weight] = adversarial.phases[ESTIMATE].losses(batch_of())["information"].item()
    assert kept[10.0] > kept[0.0] + 0.05


# Runs


def test_the_task_is_unknown_while_training():
    """Another task, or several: the same weights, and no head for it."""
    models = [model_of(tasks=tasks) for tasks in (("Smiling",), ("Young", "Smiling"))]
    for model in models:
        assert model.own_head is None
        optimisers = optimisers_of(model, model.stages[-1])
        for phase in model.stages[-1].phases:
            train.update(model, phase, batch_of(), optimisers)
    assert not changed(*(snapshot(model) for model in models))
    assert [s.shared for s in models[0].stages] == [s.shared for s in models[1].stages]


def test_several_private_attributes_are_hidden_at_once():
    model = model_of(1.0, private=("Male", "Young"))
    values = model.stages[-1].phases[HIDE].losses(batch_of())
    z = model.release(batch_of().x, torch.Generator(), None)
    logits = model.training_adversary(z)
    assert logits.shape == (8, 2)
    expected = losses.cross_entropy(logits, batch_of().attributes[:, [0, 2]])
    torch.testing.assert_close(values["attribute"], expected)
    alone = model_of(1.0).networks["discriminator"].score[0].in_features
    assert model.networks["discriminator"].score[0].in_features == alone + 2


def test_without_a_private_attribute_there_is_nothing_to_train():
    with pytest.raises(PenumbraError, match="name at least one"):
        model_of(private=())


def test_runs_share_their_pretraining_unless_they_differ_in_it():
    described = [stage.shared for stage in model_of(0.0).stages]
    assert described[-1] is None
    assert described == [stage.shared for stage in model_of(10.0).stages]
    with torch.device("meta"):
        others = model_of(seed=1), model_of(private=("Young",)), model_of(preset="paper")
    assert all(described[0] != other.stages[0].shared for other in others)


def test_the_grid_runs_from_the_weakest_protection_to_the_strongest():
    (knob,) = METHODS["pric"].knobs
    assert knob.grid == (10.0, 5.0, 1.0, 0.5, 0.1, 0.0)


def test_the_published_sets_are_figures_3_and_4():
    assert METHODS["pric"].published_sets == {
        "young": (("Gray_Hair", "Smiling"), ("Young",)),
        "gender": (("Heavy_Makeup", "Smiling"), ("Male",)),
    }


def test_a_saved_run_gives_the_identical_release(tmp_path, monkeypatch):
    monkeypatch.setenv("PENUMBRA_CHECKPOINTS", str(tmp_path / "checkpoints"))
    monkeypatch.setenv("PENUMBRA_HOME", str(tmp_path / "home"))
    schedule = {
        name: 1 for name in METHODS["pric"].presets["compact"]["schedule"] if "epochs" in name
    }
    run = Run("pric", "tiny", schedule=schedule | {"batch_size": 6})
    folder = train.train(run, tiny_faces(size=SMALL), device="cpu", progress=False)
    x = torch.rand(3, 3, SMALL, SMALL)
    _, _, first = train.load(folder)
    _, _, second = train.load(folder)
    z = first.release(x, torch.Generator(), None)
    assert z.shape == (3, 32, 8, 8)
    assert torch.equal(z, second.release(x, torch.Generator(), None))


# The paper's shapes


def test_paper_preset_has_the_published_shapes():
    with torch.device("meta"):
        model = model_of(preset="paper")
        extractor, head, discriminator = model.networks.values()
        x = torch.empty(2, 3, 218, 178)
        z = extractor(x)
        assert z.shape == (2, 128, 54, 44)
        assert head(z).shape == (2, 1)
        assert discriminator.stem(x).shape == z.shape
        matched, mismatched = discriminator(x, z, torch.empty(2, 2), torch.tensor([1, 0]))
        assert matched.shape == mismatched.shape == (2,)
    # VGG16's convolutions without bias, and their norms: blocks 1-2, then 3-5
    first = 9 * (3 * 64 + 64 * 64 + 64 * 128 + 128 * 128) + 2 * (64 + 64 + 128 + 128)
    rest = 9 * (128 * 256 + 2 * 256 * 256 + 256 * 512 + 5 * 512 * 512) + 2 * 3 * (256 + 512 + 512)
    assert counted(extractor) == first
    vector = 512 * 6 * 5
    dense = vector * 4096 + 4096 + 4096 * 4096 + 4096 + 4096 + 1
    assert counted(head) == rest + dense
    dense = (2 * vector + 2) * 4096 + 4096 + 4096 * 512 + 512 + 512 + 1
    assert counted(discriminator) == first + rest + dense


def counted(network):
    return sum(parameter.numel() for parameter in network.parameters())


def test_compact_and_paper_have_the_same_layers():
    with torch.device("meta"):
        layers = [
            [[type(module) for module in network.modules()] for network in model.networks.values()]
            for model in (model_of(), model_of(preset="paper"))
        ]
    assert layers[0] == layers[1]


def test_the_extractor_is_the_shared_backbone():
    assert isinstance(model_of().networks["extractor"], vgg.Obfuscator)
