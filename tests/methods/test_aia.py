"""AIA: its losses by hand, who is updated when, what alpha and beta do, and the paper's shapes."""

import dataclasses
import itertools

import pytest
import torch

from core import evaluate as evaluation
from core import losses, train
from core.attacks import ATTACKS
from core.attacks.identity import verification
from core.methods import METHODS, Batch
from core.methods.declare import VERIFICATION
from core.nets import aia as nets
from core.results import findings
from core.run import Run
from core.run_validation import checked
from core.training.networks import optimisers_of
from tests.listings import only
from tests.tiny_faces import ATTRIBUTES, SMALL, tiny_faces

QUICK = {
    "autoencoder_epochs": 0.5,
    "task_epochs": 0.5,
    "adversary_epochs": 0.5,
    "adversarial_epochs": 1.5,
    "batch_size": 8,
}


@pytest.fixture(autouse=True)
def folders(tmp_path, monkeypatch):
    monkeypatch.setenv("PENUMBRA_CHECKPOINTS", str(tmp_path / "checkpoints"))
    monkeypatch.setenv("PENUMBRA_HOME", str(tmp_path / "home"))


def run_of(method="aia", preset="compact", tasks=(VERIFICATION,), private=("Male",), **more):
    return checked(Run(method, "tiny", preset, tasks=tasks, private=private, **more))


def model_of(method="aia", **more):
    return METHODS[method].model(run_of(method, **more), ATTRIBUTES)


def batch_of(n=8):
    generator = torch.Generator().manual_seed(1)
    x = torch.rand(n, 3, SMALL, SMALL, generator=generator)
    attributes = torch.randint(0, 2, (n, 3), generator=generator).float()
    return Batch(x, attributes, torch.arange(n) // 2, torch.Generator().manual_seed(2))


def phases_of(model):
    return {(stage.name, phase.name): phase for stage in model.stages for phase in stage.phases}


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


# The equations


def test_eq_7_draws_the_same_together_and_pushes_the_different_apart():
    distances = torch.tensor([3.0, 0.5, 3.0])
    different = torch.tensor([0, 1, 1])
    # 3^2 / 2, (2 - .5)^2 / 2, and nothing beyond the margin
    expected = (4.5 + 1.125 + 0) / 3
    assert losses.contrastive(distances, different, 2.0).item() == pytest.approx(expected)


def test_pairs_are_neighbours_and_strangers_the_next_person():
    embeddings = torch.tensor([[0.0, 0], [3, 4], [0, 1], [0, 3]])
    distances, different = losses.pair_distances(embeddings, torch.tensor([7, 7, 9, 9]))
    torch.testing.assert_close(distances, torch.tensor([5, 2, 3, 18**0.5]))
    assert different.tolist() == [False, False, True, True]
    # Somebody who comes twice in a batch is no stranger to himself.
    distances, different = losses.pair_distances(embeddings, torch.tensor([7, 7, 7, 7]))
    assert (distances.tolist(), different.tolist()) == ([5, 2], [False, False])


def test_equal_embeddings_have_a_finite_gradient():
    embeddings = torch.zeros(4, 3, requires_grad=True)
    distances, different = losses.pair_distances(embeddings, torch.tensor([1, 1, 2, 2]))
    losses.contrastive(distances, different, 2.0).backward()
    assert embeddings.grad.isfinite().all()


def test_greyscale_is_the_luma_of_the_photograph():
    x = torch.tensor([1.0, 0.5, 0.25]).view(1, 3, 1, 1)
    assert nets.greyscale(x).item() == pytest.approx(0.299 + 0.587 / 2 + 0.114 / 4)
    model = model_of()
    x = torch.rand(2, 3, SMALL, SMALL)
    grey = nets.greyscale(x).expand(-1, 3, -1, -1)
    release = [model.release(pictures, torch.Generator(), None) for pictures in (x, grey)]
    torch.testing.assert_close(*release)  # colour does not leave the device


# The training

EXPECTED = {
    "autoencoder": {"encoder", "decoder"},
    "task": {"siamese", "classifier"},
    "adversary": {"adversary"},
    "anonymise": {"encoder", "decoder"},
}


def test_every_phase_changes_only_the_networks_it_should():
    model = model_of(tasks=(VERIFICATION, "Smiling"))
    assert [stage.name for stage in model.stages] == [
        "autoencoder",
        "task",
        "adversary",
        "adversarial",
    ]
    assert [phase.name for phase in model.stages[-1].phases] == ["anonymise", "adversary", "task"]
    for stage in model.stages:
        optimisers = optimisers_of(model, stage)
        for phase in stage.phases:
            before = snapshot(model)
            train.update(model, phase, batch_of(), optimisers)
            assert changed(before, snapshot(model)) == EXPECTED[phase.name]


def test_eq_5_is_the_cross_entropy_of_the_reconstruction_against_the_original():
    model, batch = model_of(), batch_of()
    found = phases_of(model)["autoencoder", "autoencoder"].losses(batch)["total"]
    x = nets.greyscale(batch.x)
    redrawn = torch.sigmoid(model.networks["decoder"](model.networks["encoder"](x)))
    expected = -(x * redrawn.log() + (1 - x) * (1 - redrawn).log()).mean()
    torch.testing.assert_close(found, expected, rtol=1e-5, atol=1e-6)


def test_eq_8_reaches_the_encoder_through_all_terms_and_the_decoder_through_the_first():
    model = model_of()
    found = phases_of(model)["adversarial", "anonymise"].losses(batch_of())
    decoder = list(model.networks["decoder"].parameters())
    encoder = list(model.networks["encoder"].parameters())
    for name in ("task", "adversary"):
        assert any(
            g is not None
            for g in torch.autograd.grad(found[name], encoder, retain_graph=True, allow_unused=True)
        )
        assert all(
            g is None
            for g in torch.autograd.grad(found[name], decoder, retain_graph=True, allow_unused=True)
        )


def test_total_follows_eq_8_and_weight_zero_removes_a_term():
    found = {}
    for alpha, beta in ((0.25, 0.75), (0.0, 0.75), (0.25, 0.0), (0.0, 0.0)):
        model = model_of(knobs={"alpha": alpha, "beta": beta})
        found[alpha, beta] = phases_of(model)["adversarial", "anonymise"].losses(batch_of())
    whole = found[0.25, 0.75]
    expected = whole["autoencoder"] + 0.25 * whole["task"] - 0.75 * whole["adversary"]
    torch.testing.assert_close(whole["total"], expected)
    assert "task" not in found[0.0, 0.75]  # AIA\T
    assert "adversary" not in found[0.25, 0.0]
    assert torch.equal(found[0.0, 0.0]["total"], found[0.0, 0.0]["autoencoder"])


def test_both_weights_zero_are_the_original_baseline():
    faces = tiny_faces(size=SMALL)
    schedule = {"schedule": QUICK}
    plain = train.train(run_of(knobs={"alpha": 0, "beta": 0}, **schedule), faces, "cpu", False)
    original = train.train(run_of("aia_original", **schedule), faces, "cpu", False)
    models = [train.load(folder)[2] for folder in (plain, original)]
    first, second = (snapshot(model) for model in models)
    assert first.keys() == second.keys()
    assert not changed(first, second)


def test_a_frozen_adversary_stays_as_it_was_pretrained():
    stage = model_of(schedule={"frozen_adversary": 1}).stages[-1]
    assert [phase.name for phase in stage.phases] == ["anonymise", "task"]


def test_pairs_are_drawn_where_verification_is_a_task():
    assert [stage.pairs for stage in model_of().stages] == [False, True, False, True]
    assert not any(stage.pairs for stage in model_of(tasks=("Smiling",)).stages)


def test_several_tasks_add_up_and_several_private_attributes_are_several_outputs():
    model = model_of(tasks=(VERIFICATION, "Smiling"), private=("Male", "Young"))
    found = phases_of(model)["task", "task"].losses(batch_of())
    torch.testing.assert_close(found["total"], found["verification"] + found["attributes"])
    g = model.release(batch_of().x, torch.Generator(), None)
    assert model.training_adversary(g).shape == (8, 2)
    assert model.own_head(g).shape == (8, 1)
    assert model_of(tasks=("Smiling",)).own_verifier is None
    assert model_of().own_head is None
    assert model_of(private=()).training_adversary is None


def test_steps_lower_the_losses_they_should():
    model = model_of(knobs={"alpha": 0, "beta": 1})
    batch = batch_of(16)
    for stage in model.stages[:3]:
        (phase,) = stage.phases
        optimisers = optimisers_of(model, stage)
        values = [train.update(model, phase, batch, optimisers)["total"].item() for _ in range(12)]
        assert values[-1] < values[0] - 0.001, stage.name
    adversary, anonymise = (
        phases_of(model)["adversarial", name] for name in ("adversary", "anonymise")
    )
    optimisers = optimisers_of(model, model.stages[-1])
    before = adversary.losses(batch)["total"].item()
    for _ in range(16):
        train.update(model, anonymise, batch, optimisers)
    assert adversary.losses(batch)["total"].item() > before + 0.01


# The release


def test_saved_and_loaded_the_release_is_the_same_vector():
    folder = train.train(run_of(schedule=QUICK), tiny_faces(size=SMALL), "cpu", False)
    x = torch.rand(2, 3, SMALL, SMALL)
    first, second = (train.load(folder)[2] for _ in range(2))
    z = first.release(x, torch.Generator(), None)
    assert torch.equal(z, second.release(x, torch.Generator(), None))
    assert z.shape == (2, 12 * 8 * 8)
    # What reads it takes it flat or folded back into the map.
    folded = z.reshape(2, *first.released_map)
    assert torch.equal(first.training_adversary(z), first.training_adversary(folded))
    assert torch.equal(first.own_verifier(z), first.own_verifier(folded))


def test_the_decoder_of_the_training_draws_grey_pictures():
    model = model_of()
    g = model.release(batch_of(2).x, torch.Generator(), None)
    pictures = model.training_reconstructor(g)
    assert pictures.shape == (2, 3, SMALL, SMALL)
    assert torch.equal(pictures[:, :1], torch.sigmoid(model.networks["decoder"](g)))
    assert torch.equal(pictures[:, 0], pictures[:, 2])
    folded = model.training_reconstructor(g.reshape(2, *model.released_map))
    assert torch.equal(pictures, folded)


def test_random_replaces_a_share_of_the_entries_by_numbers_from_their_range():
    folder = train.train(run_of("aia_random", schedule=QUICK), tiny_faces(size=SMALL), "cpu", False)
    _, _, model = train.load(folder)
    faces = tiny_faces(size=SMALL)
    x = torch.from_numpy(faces.images[faces.indices("defender")]).permute(0, 3, 1, 2) / 255

    def released(value):
        return model.release(x, torch.Generator().manual_seed(0), value)

    plain, half, all_of_it = released(0.0), released(0.5), released(1.0)
    assert (half != plain).float().mean().item() == pytest.approx(0.5, abs=0.02)
    assert (all_of_it != plain).float().mean().item() > 0.999
    maps, drawn = (z.reshape(-1, *model.released_map) for z in (plain, all_of_it))
    low, high = maps.amin((0, 2, 3)), maps.amax((0, 2, 3))
    spread = (high - low).clamp(min=1e-3)
    assert ((drawn.amin((0, 2, 3)) - low).abs() < 0.02 * spread + 1e-3).all()
    assert ((drawn.amax((0, 2, 3)) - high).abs() < 0.02 * spread + 1e-3).all()
    original = train.train(run_of("aia_original", schedule=QUICK), faces, "cpu", False)
    _, _, same = train.load(original)
    assert torch.equal(plain, same.release(x, torch.Generator(), None))


def test_evaluated_as_a_map_and_verified_fresh_and_by_its_own_network(monkeypatch, tmp_path):
    faces = tiny_faces(identities=32, size=SMALL)
    seen = []

    def plain_distances(view, generator):
        seen.append(tuple(view.z["test"].shape[1:]))
        pairs = verification.drawn(view)
        z = {split: view.z[split].flatten(1).numpy() for split in pairs}
        return verification.scored(view, z, "siamese", pairs)

    only(monkeypatch, ATTACKS, ["siamese"])
    attack = dataclasses.replace(ATTACKS["siamese"], run=plain_distances)
    monkeypatch.setitem(ATTACKS, "siamese", attack)
    monkeypatch.setattr("core.data.load", lambda *arguments, **options: faces)
    folder = train.train(run_of(schedule=QUICK), faces, "cpu", False)
    evaluation.evaluate(folder, device="cpu", progress=False)
    assert seen == [(3, 32, 32), (8, 8, 8), (12, 8, 8)]  # both controls, then the run
    table = findings(tmp_path / "checkpoints")
    table = table[table.target == VERIFICATION]
    assert set(zip(table.protocol, table.attacker, strict=True)) == {
        ("strict", "siamese"),
        ("strict", "own_verifier"),
        ("strict", "best_head"),
        ("paper", "own_verifier"),
    }
    assert set(table.role) == {"utility"}


# The paper's shapes


def conv(*widths):
    """Weights and biases of 3x3 convolutions one after the other."""
    return sum(9 * a * b + b for a, b in itertools.pairwise(widths))


def test_paper_preset_has_the_channels_of_section_5_2():
    with torch.device("meta"):
        model = model_of(preset="paper")
    assert model.released_map == (12, 54, 44)
    sizes = {n: sum(p.numel() for p in net.parameters()) for n, net in model.networks.items()}
    assert sizes["encoder"] == conv(1, 8, 12)
    assert sizes["decoder"] == conv(12, 256, 128, 1)
    # Six convolutions; three max-pools leave 6 x 5 of the map's 54 x 44.
    assert sizes["adversary"] == conv(12, 32, 64, 64, 128, 128, 256) + 256 * 6 * 5 + 1
    dense = (8 * 54 * 44 + 1) * 500 + 501 * 500 + 501 * 128
    assert sizes["siamese"] == conv(12, 4, 8, 8) + dense
    x = torch.rand(2, 3, 218, 178, device="meta")
    g = model.release(x, torch.Generator(), None)
    assert g.shape == (2, 12 * 54 * 44)
    assert model.networks["decoder"](g).shape == (2, 1, 218, 178)
    assert model.own_verifier(g).shape == (2, 128)
    assert model.training_adversary(g).shape == (2, 1)


def test_the_adversary_of_eq_6():
    run = run_of(schedule={"tanh_adversary": 1})
    adversary = METHODS["aia"].model(run, ATTRIBUTES).training_adversary
    kinds = [type(layer).__name__ for layer in adversary]
    assert kinds == ["Flatten", "Linear", "Tanh", "Linear"]
    g = torch.rand(2, 12 * 8 * 8)
    first, second = adversary[1], adversary[3]
    expected = second.weight @ torch.tanh(first.weight @ g[0] + first.bias) + second.bias
    torch.testing.assert_close(adversary(g)[0], expected)
    assert torch.equal(adversary(g), adversary(g.reshape(2, 12, 8, 8)))


def test_grids_run_from_weak_to_strong_protection():
    knobs = {knob.name: knob for knob in METHODS["aia"].knobs}
    assert knobs["alpha"].grid == (1, 0.75, 0.5, 0.25, 0)
    assert knobs["beta"].grid == (0, 0.25, 0.5, 0.75, 1)
    assert METHODS["aia_random"].knobs[0].when == "release"
    assert run_of().knobs == {"alpha": 0.5, "beta": 0.5}


def test_a_baseline_shares_its_last_stage_only_with_the_same_attackers():
    plain, more = (
        model_of("aia_original", schedule=schedule).stages[-1]
        for schedule in ({}, {"adversary_steps": 2})
    )
    assert plain.shared is not None
    assert plain.shared == model_of("aia_random").stages[-2].shared
    assert plain.shared != more.shared
