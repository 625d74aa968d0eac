"""Hardened training: off it is the paper's, on it has more, larger, several and fresh attackers."""

import itertools
import math

import pytest
import torch
from safetensors.torch import load_file

from core import losses, train
from core.errors import PenumbraError, Stopped
from core.methods import METHODS, Batch
from core.methods.papers import hardening
from core.nets.adversaries import Dense, Residual
from core.nets.decoders import FlatDecoder
from core.run import Run
from core.run_validation import checked
from core.training import networks
from core.training.networks import optimisers_of
from tests.tiny_faces import ATTRIBUTES, SMALL, tiny_faces

HARDENED = [name for name in METHODS if name.endswith("_hardened")]
GUESSED = [name for name in HARDENED if not name.startswith("adversarial_reconstruction")]
SHORT = {
    "task_epochs": 1,
    "adversary_epochs": 1,
    "autoencoder_epochs": 1,
    "attribute_epochs": 1,
    "information_epochs": 1,
    "pretrain_epochs": 1,
    "embed_iterations": 2,
    "tune_iterations": 2,
    "extract_iterations": 4,
    "adversarial_epochs": 3,
    "batch_size": 6,
}


@pytest.fixture(autouse=True)
def folders(tmp_path, monkeypatch):
    monkeypatch.setenv("PENUMBRA_CHECKPOINTS", str(tmp_path / "checkpoints"))
    monkeypatch.setenv("PENUMBRA_HOME", str(tmp_path / "home"))


def run_of(method, preset="compact", short=False, **schedule):
    known = METHODS[method].presets[preset]["schedule"]
    if short:
        schedule = {name: value for name, value in SHORT.items() if name in known} | schedule
    return checked(Run(method, "tiny", preset, schedule=schedule))


def schedule_of(run):
    return METHODS[run.method].settings(run)["schedule"]


def model_of(method, preset="compact", **schedule):
    return METHODS[method].model(run_of(method, preset, **schedule), ATTRIBUTES)


def trained(run, **options):
    return train.train(run, tiny_faces(size=SMALL), device="cpu", progress=False, **options)


def weights(folder):
    return load_file(folder / "weights.safetensors")


def same(one, other):
    return one.keys() == other.keys() and all(torch.equal(one[k], other[k]) for k in one)


def test_every_method_that_has_attackers_has_a_hardened_variant_that_says_so():
    assert [name.removesuffix("_hardened") for name in HARDENED] == [
        name
        for name, method in METHODS.items()
        if "adversary_steps" in method.presets["compact"]["schedule"]
        and not method.baseline
        and name not in HARDENED
    ]
    for name in HARDENED:
        plain, hard = METHODS[name.removesuffix("_hardened")], METHODS[name]
        assert hard.title == f"{plain.title}, hardened"
        assert hard.knobs == plain.knobs
        assert hard.hardens == plain.name
        assert hard.color != plain.color
        for preset in ("paper", "compact"):
            schedule, its = hard.presets[preset]["schedule"], plain.presets[preset]["schedule"]
            assert schedule.keys() == its.keys()
            changed = {entry for entry in its if schedule[entry] != its[entry]}
            assert set(hardening.ON) - {"bounded"} <= changed
            assert changed <= set(hardening.ON) | {"adversary_weight"}


@pytest.mark.parametrize("name", HARDENED)
def test_switched_off_it_is_the_papers_training_bit_for_bit(name):
    plain = METHODS[name.removesuffix("_hardened")]
    its = plain.presets["compact"]["schedule"]
    off = {entry: its[entry] for entry in (*hardening.OFF, "adversary_weight") if entry in its}
    hard = weights(trained(run_of(name, short=True, **off)))
    assert same(weights(trained(run_of(plain.name, short=True))), hard)


@pytest.mark.parametrize("preset", ["compact", "paper"])
@pytest.mark.parametrize("name", HARDENED)
def test_its_attackers_are_several_and_differ(name, preset):
    with torch.device("meta"):
        model = model_of(name, preset)
        plain = model_of(name.removesuffix("_hardened"), preset)
    more = [n for n in model.networks if n not in plain.networks]
    assert len(more) >= 2
    first = model.training_adversary or model.training_reconstructor
    attackers = {n: net for n, net in model.networks.items() if n.split("_")[-1] in "23"}
    assert set(attackers) <= set(more)
    assert {type(net) for net in attackers.values()} != {type(first)}
    if plain.training_adversary is not None:  # its own architecture, wider
        assert type(first) is type(plain.training_adversary)
        assert counted(first) > 1.5 * counted(plain.training_adversary)


def counted(network):
    return sum(parameter.numel() for parameter in network.parameters())


def test_attackers_take_their_steps_in_a_row_and_the_others_keep_theirs():
    names = [phase.name for phase in model_of("deep_obfuscator_hardened").stages[-1].phases]
    assert names == ["defend pictures", "defend attributes", *["attack"] * 3, "recover classifier"]
    names = [phase.name for phase in model_of("pric_hardened").stages[-1].phases]
    assert names == ["hide and retain", *["infer attribute"] * 3, "estimate information"]
    stage = model_of("adversarial_reconstruction_hardened", mu1=1).stages[-1]
    names = [phase.name for phase in stage.phases]
    assert names == [*["discriminate", "attack"] * 3, "defend"]
    # The defender takes as many steps as without hardening: the stage is that much longer.
    plain = model_of("adversarial_reconstruction", mu1=1).stages[-1]
    assert stage.epochs / len(stage.phases) == pytest.approx(plain.epochs / len(plain.phases))
    steps = {
        name: model_of(name).stages[3].iterations / len(model_of(name).stages[3].phases)
        for name in ("dpfe", "dpfe_hardened")
    }
    assert steps["dpfe"] == steps["dpfe_hardened"]


def test_attackers_take_the_turn_that_is_theirs_where_it_is_the_last():
    phases = model_of("deep_obfuscator_hardened", adversary_steps=1).stages[-1].phases[:3]
    schedule = schedule_of(run_of("deep_obfuscator_hardened", adversary_steps=2))
    names = [phase.name for phase in hardening.turns(schedule, phases, ("attack",))]
    assert names == ["defend pictures", "defend attributes", "attack", "attack"]


@pytest.mark.parametrize("value", [0, 1.5, 21])
def test_counts_that_are_none_are_refused(value):
    with pytest.raises(PenumbraError, match=r"adversaries is .* whole number from 1 to 20"):
        model_of("deep_obfuscator", adversaries=value)
    with pytest.raises(PenumbraError, match=r"adversary_steps is .* whole number from 1 to 20"):
        model_of("aia", adversary_steps=value)


def test_guessing_is_the_entropy_of_the_labels():
    labels = torch.tensor([[1.0, 1.0], [0.0, 1.0], [0.0, 1.0], [0.0, 1.0]])
    by_hand = -(0.25 * math.log(0.25) + 0.75 * math.log(0.75))
    assert losses.guessing(labels).item() == pytest.approx(by_hand)
    assert losses.guessing(labels[:2, :1]).item() == pytest.approx(math.log(2))


def adversaries_of(*offsets):
    """Attackers whose logit is z plus an offset."""

    class Shifted(torch.nn.Module):
        def __init__(self, offset):
            super().__init__()
            self.offset = offset

        def forward(self, z):
            return z + self.offset

    networks = {f"n{number}": Shifted(offset) for number, offset in enumerate(offsets)}
    return hardening.Adversaries(networks, lambda number: {}, columns=[0])


def labelled(labels):
    return Batch(None, labels, None, None)


def test_the_attackers_losses_are_averaged():
    z, labels = torch.tensor([[0.0], [0.0]]), torch.tensor([[1.0], [0.0]])
    softplus = math.log(1 + math.exp(-2)), math.log(1 + math.exp(2))
    by_hand = (math.log(2) + sum(softplus) / 2) / 2
    assert adversaries_of(0.0, 2.0).cross_entropy(labelled(labels), z).item() == pytest.approx(
        by_hand
    )


def test_fooling_an_attacker_further_than_guessing_is_not_paid_for():
    labels = torch.tensor([[1.0], [0.0]])
    right = torch.tensor([[1.0], [-1.0]], requires_grad=True)
    wrong = torch.tensor([[-3.0], [3.0]], requires_grad=True)
    assert adversaries_of(0.0).cross_entropy(
        labelled(labels), wrong, bounded=1
    ).item() == pytest.approx(math.log(2))
    for z, moves in ((right, True), (wrong, False)):
        (gradient,) = torch.autograd.grad(
            adversaries_of(0.0).cross_entropy(labelled(labels), z, bounded=1), z
        )
        assert bool(gradient.any()) is moves
    (gradient,) = torch.autograd.grad(
        adversaries_of(0.0).cross_entropy(labelled(labels), wrong), wrong
    )
    assert gradient.any()
    # Each for itself: one that is wrong does not hide one that is right.
    both = adversaries_of(0.0, 0.0)
    both.networks["n1"].forward = lambda z: -z
    (gradient,) = torch.autograd.grad(both.cross_entropy(labelled(labels), right, bounded=1), right)
    assert gradient.any()


@pytest.mark.parametrize("name", GUESSED)
def test_what_the_attackers_are_paid_for_is_not_bounded(name):
    model = model_of(name)
    batch = Batch(
        torch.rand(6, 3, SMALL, SMALL, generator=torch.Generator().manual_seed(0)),
        torch.tensor([[1.0, 0, 1], [0, 1, 0]] * 3),
        torch.arange(6) // 2,
        torch.Generator().manual_seed(1),
    )
    stage = model.stages[-2 if name.startswith("dpfe") else -1]
    attackers = {n for n in model.networks if n not in model_of(name, adversaries=1).networks}
    phase = next(phase for phase in stage.phases if attackers & set(phase.trains))
    optimisers = optimisers_of(model, stage)
    first, *_, last = (train.update(model, phase, batch, optimisers)["total"] for _ in range(8))
    assert last < first


def test_renewals_go_round_with_other_weights_every_time():
    run = run_of("deep_obfuscator_hardened")
    make = itertools.repeat(lambda: Dense((2, 4, 4), 1))
    group = hardening.adversaries(run, schedule_of(run), "guesser", [next(make), next(make)])
    assert list(group.networks) == ["guesser", "guesser_2", "guesser_3"]
    renewed = [group.fresh(number) for number in range(1, 7)]
    assert [list(entry) for entry in renewed] == [["guesser"], ["guesser_2"], ["guesser_3"]] * 2
    first = [group.networks["guesser"], renewed[0]["guesser"], renewed[3]["guesser"]]
    for one, other in itertools.combinations(first, 2):
        assert not torch.equal(one.layers[1].weight, other.layers[1].weight)
    again = group.fresh(4)["guesser"]
    assert same(again.state_dict(), renewed[3]["guesser"].state_dict())


def test_a_renewal_starts_one_attacker_and_its_optimiser_afresh_and_touches_nothing_else():
    model = model_of("pric_hardened")
    stage = model.stages[-1]
    optimisers = optimisers_of(model, stage)
    batch = Batch(
        torch.rand(4, 3, SMALL, SMALL), torch.eye(4)[:, :3], torch.arange(4), torch.Generator()
    )
    for phase in stage.phases:
        train.update(model, phase, batch, optimisers)
    before = {
        n: {k: v.clone() for k, v in net.state_dict().items()} for n, net in model.networks.items()
    }
    train.renew(model, optimisers, stage, 2)
    for name, network in model.networks.items():
        changed = not same(before[name], network.state_dict())
        assert changed == (name == "private_head_2")
        assert bool(optimisers[name].state) != (name == "private_head_2")
    expected = stage.fresh(2)["private_head_2"].state_dict()
    assert same(expected, model.networks["private_head_2"].state_dict())


def test_a_training_stopped_around_a_renewal_resumes_to_the_same_weights(tmp_path, monkeypatch):
    run = run_of("deep_obfuscator_hardened", short=True, renew_epochs=1)
    unbroken = weights(trained(run))
    monkeypatch.setenv("PENUMBRA_CHECKPOINTS", str(tmp_path / "again"))
    monkeypatch.setenv("PENUMBRA_HOME", str(tmp_path / "elsewhere"))
    renewed, renew, update, count = [], train.renew, train.update, itertools.count()

    def noted(model, optimisers, stage, number):
        renewed.append(number)
        renew(model, optimisers, stage, number)

    class Ctrl:
        asked = False

    def counted_update(*arguments):
        Ctrl.asked = next(count) % 3 == 2
        return update(*arguments)

    monkeypatch.setattr(train, "renew", noted)
    monkeypatch.setattr(train, "update", counted_update)
    monkeypatch.setattr(train, "_stop_signals", lambda: _given(lambda: Ctrl.asked))
    stops = 0
    while True:
        try:
            folder = trained(run)
            break
        except Stopped:
            stops, Ctrl.asked = stops + 1, False
    assert stops > 3
    assert renewed == sorted(set(renewed))  # each once, none lost
    assert len(renewed) > 1
    assert same(unbroken, weights(folder))


class _given:
    def __init__(self, value):
        self.value = value

    def __enter__(self):
        return self.value

    def __exit__(self, *problem):
        return False


def test_no_renewals_where_none_are_asked_for():
    stage = model_of("deep_obfuscator").stages[-1]
    assert networks.renewal_steps(stage, 1000) == 0
    stage = model_of("deep_obfuscator_hardened", renew_epochs=2, batch_size=10).stages[-1]
    assert networks.renewal_steps(stage, 1000) == 200


@pytest.mark.parametrize("network", [Residual, Dense])
@pytest.mark.parametrize("shape", [(12, 16, 16), (3, 54, 44), (10, 1, 1), (64, 2, 2)])
def test_other_attackers_read_maps_of_any_size_folded_or_flat(network, shape):
    attacker = network(shape, 2).eval()
    z = torch.rand(3, *shape)
    assert attacker(z).shape == (3, 2)
    assert torch.equal(attacker(z), attacker(z.flatten(1)))
    assert counted(network(shape, 2, width=2)) > counted(attacker)


def test_the_other_redrawer_fits_a_flat_release():
    run = run_of("adversarial_reconstruction_hardened")
    group = hardening.decoders(
        run,
        schedule_of(run),
        "decoder",
        lambda factor: FlatDecoder(5, 64, 64),
        (5,),
        64,
        64,
    )
    for decoder in group.networks.values():
        assert decoder(torch.rand(2, 5)).shape == (2, 3, 64, 64)


def test_dpfe_with_attackers_needs_an_attribute_for_them_to_guess():
    with pytest.raises(PenumbraError, match="cannot have identity"):
        checked(Run("dpfe_hardened", "tiny", private=("identity",)))
    run = Run("dpfe", "tiny", private=("identity",), schedule={"adversary_weight": 1})
    with pytest.raises(PenumbraError, match="name a private attribute"):
        METHODS["dpfe"].model(checked(run), ATTRIBUTES)
