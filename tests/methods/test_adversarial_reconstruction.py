"""Adversarial reconstruction: the equations, who is updated on whose photographs, the six cuts."""

import json
import math

import pytest
import torch

from core import losses, train
from core.errors import PenumbraError
from core.methods import METHODS, Batch
from core.nets import perceptual, resnet
from core.run import Run
from core.run_validation import checked
from core.training import networks
from core.training.networks import optimisers_of
from tests.tiny_faces import ATTRIBUTES, SMALL, tiny_faces

NAME = "adversarial_reconstruction"
METHOD = METHODS[NAME]


@pytest.fixture(autouse=True)
def no_download(monkeypatch):
    """No test loads VGG16's 528 MB: EfficientNet stands in."""
    perceptual._network.cache_clear()
    monkeypatch.setattr(perceptual, "vgg16_weights", lambda: None)
    yield
    perceptual._network.cache_clear()


def run_of(knobs=None, preset="compact", tasks=("Smiling",), seed=0, **schedule):
    return checked(
        Run(NAME, "tiny", preset, tasks, (), knobs=knobs or {}, schedule=schedule, seed=seed)
    )


def model_of(*arguments, **options):
    return METHOD.model(run_of(*arguments, **options), ATTRIBUTES)


def batch_of(n=8, seed=1):
    generator = torch.Generator().manual_seed(seed)
    x = torch.rand(n, 3, SMALL, SMALL, generator=generator)
    attributes = torch.randint(0, 2, (n, 3), generator=generator).float()
    return Batch(x, attributes, torch.arange(n), torch.Generator().manual_seed(2))


def phase_of(model, stage, name):
    stage = next(s for s in model.stages if s.name == stage)
    return stage, next(p for p in stage.phases if p.name == name)


def step(model, stage_name, phase_name, count=1):
    """`count` updates of one phase on one batch; the losses of the last."""
    stage, phase = phase_of(model, stage_name, phase_name)
    optimisers = optimisers_of(model, stage)
    for _ in range(count):
        found = train.update(model, phase, batch_of(), optimisers)
    return {name: value.item() for name, value in found.items()}


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


# --- the equations, by hand


def test_pixel_distance_is_eqs_1_and_7_in_the_range_of_tanh():
    white, grey = torch.ones(1, 3, 2, 2), torch.full((1, 3, 2, 2), 0.5)
    # 1 against 0 in [-1, 1] is a squared distance of 1; one pixel of four: a quarter
    one = grey.clone()
    one[:, :, 0, 0] = 1
    both = losses.pixel_distance(torch.cat((white, one)), torch.cat((grey, grey)))
    torch.testing.assert_close(both, torch.tensor([1.0, 0.25]))


def test_perceptual_distance_is_eqs_4_and_8():
    a = [torch.tensor([[[[1.0, 1.0]], [[0.0, 0.0]]]]), torch.tensor([[[[1.0]]]])]
    b = [torch.tensor([[[[0.0, 1.0]], [[1.0, 0.0]]]]), torch.tensor([[[[-1.0]]]])]
    # first layer: orthogonal (2) at one of two positions: 1; second: opposite: 4
    torch.testing.assert_close(losses.perceptual_distance(a, b), torch.tensor([5.0]))


def test_the_gan_losses_are_eqs_2_and_3():
    # D = sigmoid(logit): ln 3 -> 3/4, 0 -> 1/2
    logits = torch.tensor([math.log(3), 0.0])
    expected = (math.log(1 / 4) + math.log(1 / 2)) / 2
    assert losses.adversarial(logits).item() == pytest.approx(expected, rel=1e-6)
    found = losses.discrimination(torch.tensor([math.log(3)]), torch.tensor([0.0]))
    assert found.item() == pytest.approx(-math.log(3 / 4) - math.log(1 / 2), rel=1e-6)


def test_a_better_discriminator_has_a_lower_loss_and_a_fooled_one_pleases_the_decoder():
    high, low = torch.tensor([2.0]), torch.tensor([-2.0])
    assert losses.discrimination(high, low) < losses.discrimination(low, high)
    assert losses.adversarial(high) < losses.adversarial(low)


def test_the_decoder_s_total_is_eq_5():
    pixel, gan, g = torch.tensor(0.3), torch.tensor(-0.5), torch.tensor(4.0)
    assert losses.inversion(pixel, gan, g, 2.0, 0.1).item() == pytest.approx(0.3 - 1.0 + 0.4)


# --- the alternation

BOTH = {"encoder", "latent_classifier"}


@pytest.mark.parametrize(
    ("options", "cycle"),
    [
        ({}, ["attack", "defend"]),
        ({"mu1": 0.1, "mu2": 0.1}, ["discriminate", "attack", "defend"]),
        ({"layer": 0}, ["attack", "defend"]),
    ],
)
def test_every_phase_changes_only_the_networks_it_should(options, cycle):
    model = model_of({"lambda1": 1, "lambda2": 1 if "mu2" in options else 0}, **options)
    assert [phase.name for phase in model.stages[-1].phases] == cycle
    expected = {
        "task": BOTH,
        "discriminate": {"discriminator"},
        "attack": {"decoder"},
        "defend": BOTH,
    }
    for stage in model.stages:
        for phase in stage.phases:
            before = snapshot(model)
            step(model, stage.name, phase.name)
            assert changed(before, snapshot(model)) == expected[phase.name]


def test_the_attacker_learns_on_other_people_than_the_protector():
    for stage in model_of(mu1=0.1).stages:
        for phase in stage.phases:
            theirs = phase.name in ("attack", "discriminate")
            assert phase.part == ("adversary" if theirs else "protector")


def test_gradients_reach_only_what_they_should():
    model = model_of({"lambda1": 1, "lambda2": 1}, mu1=0.1, mu2=0.1)
    reached = {"discriminate": {"discriminator"}, "attack": {"decoder"}, "defend": BOTH}
    for name, expected in reached.items():
        _, phase = phase_of(model, "adversarial", name)
        for other, network in model.networks.items():
            networks.set_trainable(network, other in phase.trains)
            network.zero_grad(set_to_none=True)
        phase.losses(batch_of())["total"].backward()
        with_gradient = {
            other
            for other, network in model.networks.items()
            if any(p.grad is not None for p in network.parameters())
        }
        assert with_gradient == expected


def test_totals_are_put_together_as_eqs_5_and_9_say():
    model = model_of({"lambda1": 2, "lambda2": 3}, mu1=0.5, mu2=0.25)
    found = phase_of(model, "adversarial", "attack")[1].losses(batch_of())
    expected = found["pixel"] + 0.5 * found["adversarial"] + 0.25 * found["perceptual"]
    torch.testing.assert_close(found["total"], expected)
    found = phase_of(model, "adversarial", "defend")[1].losses(batch_of())
    expected = found["task"] - 2 * found["pixel"] - 3 * found["perceptual"]
    torch.testing.assert_close(found["total"], expected)


def test_without_lambda_defending_is_the_baseline_of_table_1():
    """One step of Eq. 9 at lambda1 = lambda2 = 0 leaves the weights of one step of the BCE."""
    defended, plain = (model_of({"lambda1": 0, "lambda2": 0}) for _ in range(2))
    found = step(defended, "adversarial", "defend", count=2)
    step(plain, "task", "task", count=2)
    assert found["total"] == found["task"]
    after, expected = snapshot(defended), snapshot(plain)
    assert not changed(expected, after)


def test_each_lambda_adds_its_term_alone():
    assert set(step(model_of({"lambda1": 1}), "adversarial", "defend")) == {
        "total",
        "task",
        "pixel",
    }
    only = step(model_of({"lambda1": 0, "lambda2": 1}), "adversarial", "defend")
    assert set(only) == {"total", "task", "perceptual"}


def test_what_the_encoder_gains_ends_at_the_mean_face_unless_switched_off():
    batch = batch_of()
    limit = losses.pixel_distance(batch.x.mean(0, keepdim=True), batch.x).mean().item()
    bounded, free = (
        phase_of(model_of(bounded=value), "adversarial", "defend")[1].losses(batch)["pixel"].item()
        for value in (1, 0)
    )
    # An untrained decoder does worse than the mean face on noise.
    assert free > limit
    assert bounded <= limit + 1e-6


def test_attacking_and_defending_work_against_each_other():
    model = model_of({"lambda1": 5}, bounded=0)
    attack = phase_of(model, "adversarial", "attack")[1]
    start = attack.losses(batch_of())["pixel"].item()
    step(model, "decoder", "attack", count=30)
    learnt = attack.losses(batch_of())["pixel"].item()
    assert learnt < start - 0.01
    step(model, "adversarial", "defend", count=10)
    assert attack.losses(batch_of())["pixel"].item() > learnt + 0.005


def test_the_other_losses_fall_too():
    model = model_of(mu1=0.1)
    for stage, phase, name in (
        ("task", "task", "task"),
        ("decoder", "discriminate", "discrimination"),
    ):
        first = step(model, stage, phase)[name]
        assert step(model, stage, phase, count=10)[name] < first - 0.05


# --- the cuts


@pytest.mark.parametrize("layer", range(6))
def test_the_six_cuts_release_their_maps_and_share_their_initial_weights(layer):
    model, deepest = model_of(layer=layer), model_of()
    x = torch.rand(2, 3, SMALL, SMALL)
    z = train.freeze(model).release(x, torch.Generator(), None)
    sides = resnet.map_sizes(SMALL, SMALL)
    channels = resnet.channels_of("basic", METHOD.presets["compact"]["base"])
    expected = (
        (channels[layer], *sides[layer])
        if layer < 4
        else (channels[4] if layer == 4 else METHOD.presets["compact"]["outputs"],)
    )
    assert tuple(z.shape[1:]) == expected
    pictures = model.training_reconstructor(z)
    assert pictures.shape == x.shape
    assert 0 <= pictures.min() <= pictures.max() <= 1
    assert model.own_head(z).shape == (2, 1)
    everything = train.freeze(deepest)
    torch.testing.assert_close(
        model.own_head(z),
        everything.own_head(everything.release(x, torch.Generator(), None)),
    )


def test_a_stem_for_small_pictures_keeps_more_of_them_and_is_trained_apart():
    x = torch.rand(2, 3, SMALL, SMALL)
    (his, ours), (old, new) = (
        [get(model_of(layer=3, **more)) for more in ({}, {"stem": 1})]
        for get in (lambda m: m.release(x, torch.Generator(), None), lambda m: m.stages[0].shared)
    )
    side = SMALL // 16
    assert his.shape[2:] == (side, side)
    assert ours.shape == (2, 2 * his.shape[1], 2 * side, 2 * side)
    model = model_of(layer=3, stem=1)
    assert model.training_reconstructor(ours).shape == x.shape
    assert old["schedule"] | {"stem": 1} == new["schedule"]


@pytest.mark.parametrize(
    ("layer", "shape"),
    [
        (0, (64, 112, 112)),
        (1, (256, 56, 56)),
        (2, (512, 28, 28)),
        (3, (1024, 14, 14)),
        (4, (2048,)),
        (5, (1000,)),
    ],
)
def test_paper_preset_is_resnet_50_with_two_layers_and_figure_6(layer, shape):
    with torch.device("meta"):
        model = model_of(preset="paper", layer=layer, tasks=ATTRIBUTES)
        z = model.release(torch.rand(2, 3, 224, 224), torch.Generator(), None)
    assert tuple(z.shape[1:]) == shape
    assert model.own_head(z).shape == (2, 3)
    assert model.training_reconstructor(z).shape == (2, 3, 224, 224)
    count = sum(p.numel() for name in BOTH for p in model.networks[name].parameters())
    two = 1000 * 512 + 512 + 512 * 3 + 3
    assert count == 25_557_032 + two  # torchvision's resnet50


def test_a_layer_or_a_bound_that_does_not_exist_is_refused():
    with pytest.raises(PenumbraError, match=r"choose one of 0 \(conv1\), .* 5 \(fc\)"):
        model_of(layer=6)
    with pytest.raises(PenumbraError, match=r"layer is 0\.5"):
        model_of(layer=0.5)
    with pytest.raises(PenumbraError, match="bounded is 2"):
        model_of(bounded=2)


def test_several_tasks_share_one_encoder():
    model = model_of(tasks=("Smiling", "Male", "Young"))
    z = train.freeze(model).release(torch.rand(2, 3, SMALL, SMALL), torch.Generator(), None)
    assert model.own_head(z).shape == (2, 3)
    assert model.training_adversary is None


# --- pretraining, record, files


def shared_of(*arguments, **options):
    stages = model_of(*arguments, **options).stages
    return [s.shared() if callable(s.shared) else s.shared for s in stages]


def test_pretraining_is_shared_between_knob_values_and_nothing_else():
    usual = shared_of({"lambda1": 1})
    assert usual[2] is None
    assert shared_of({"lambda1": 5, "lambda2": 10}) == usual
    assert shared_of(bounded=0) == usual
    attacker = shared_of(mu2=1)
    assert attacker[0] == usual[0]
    assert attacker[1] != usual[1]
    assert attacker[1]["g"] == perceptual.EFFICIENTNET
    for other in ({"seed": 1}, {"layer": 3}, {"tasks": ("Male",)}, {"batch_size": 8}):
        assert shared_of(**other)[0] != usual[0]


QUICK = {"batch_size": 6, "task_epochs": 1, "adversary_epochs": 1, "adversarial_epochs": 1}


@pytest.fixture
def folders(tmp_path, monkeypatch):
    monkeypatch.setenv("PENUMBRA_CHECKPOINTS", str(tmp_path / "checkpoints"))
    monkeypatch.setenv("PENUMBRA_HOME", str(tmp_path / "home"))


@pytest.mark.usefixtures("folders")
def test_a_run_records_its_perceptual_network_and_releases_the_same_when_loaded():
    run = run_of({"lambda2": 1}, **QUICK)
    folder = train.train(run, tiny_faces(size=SMALL), device="cpu", progress=False)
    _, record, model = train.load(folder)
    assert record["notes"] == {"perceptual_network": "EfficientNet perceptual distance"}
    assert set(model.networks) == {"encoder", "latent_classifier", "decoder"}
    x = torch.rand(4, 3, SMALL, SMALL)
    first, second = (m.release(x, torch.Generator(), None) for m in (model, train.load(folder)[2]))
    assert torch.equal(first, second)


@pytest.mark.usefixtures("folders")
def test_a_training_is_not_resumed_with_another_perceptual_network():
    run = run_of({"lambda2": 1}, **QUICK)
    folder = train.train(run, tiny_faces(size=SMALL), device="cpu", progress=False)
    (folder / "done").unlink()
    path = folder / "run.json"
    record = json.loads(path.read_text())
    record["notes"] = {"perceptual_network": "VGG16 perceptual distance"}
    path.write_text(json.dumps(record))
    with pytest.raises(PenumbraError, match=r"was begun with .*VGG16.* here are .*EfficientNet"):
        train.train(run, tiny_faces(size=SMALL), device="cpu", progress=False)


@pytest.mark.usefixtures("folders")
def test_a_run_that_needs_no_perceptual_network_loads_none(monkeypatch):
    def refuse():
        raise AssertionError("loaded")

    monkeypatch.setattr(perceptual, "_network", refuse)
    monkeypatch.setattr(refuse, "cache_clear", lambda: None, raising=False)
    folder = train.train(run_of(**QUICK), tiny_faces(size=SMALL), device="cpu", progress=False)
    assert train.load(folder)[1]["notes"] == {}
