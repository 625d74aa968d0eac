"""DPFE: the loss of Eq. 7, the embedded code, the noise, who is updated when, and the shapes."""

import itertools

import pytest
import torch

from core import losses, train
from core.data.on_device import to_device
from core.errors import PenumbraError
from core.methods import METHODS
from core.methods.papers import dpfe
from core.nets import darknet
from core.run import Run
from core.run_validation import checked
from core.training.batches import batch_at
from core.training.networks import optimisers_of
from tests.tiny_faces import ATTRIBUTES, SMALL, tiny_faces

QUICK = {
    "batch_size": 12,
    "pretrain_epochs": 12,
    "embed_iterations": 2,
    "tune_iterations": 1,
    "cut": 0,
}
LAYERS = {"to conv4-2", "to conv5-1", "to conv6-1", "to conv7", "head"}
EVERYTHING = LAYERS | {"encoder", "decoder"}


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return tmp_path_factory.mktemp("home")  # one pretraining for all tests


@pytest.fixture(autouse=True)
def folders(home, tmp_path, monkeypatch):
    monkeypatch.setenv("PENUMBRA_CHECKPOINTS", str(tmp_path / "checkpoints"))
    monkeypatch.setenv("PENUMBRA_HOME", str(home))


def run_of(method="dpfe", tasks=("Male",), private=("identity",), preset="compact", **change):
    return checked(Run(method, "tiny", preset, tasks=tasks, private=private, **change))


def model_of(method="dpfe", **options):
    return METHODS[method].model(run_of(method, **options), ATTRIBUTES)


def pairs(model, size=12, step=0):
    photographs = to_device(tiny_faces(size=SMALL), "defender", "cpu")
    return batch_at(photographs, 0, 3, step, size, pairs=model.stages[3].pairs)


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


def gradients(model):
    return {
        name: sum(p.grad.abs().sum().item() for p in network.parameters() if p.grad is not None)
        for name, network in model.networks.items()
    }


# The loss


@pytest.mark.parametrize(
    ("private", "known"),
    [
        (("identity",), lambda b: [b.identities]),
        (("Young",), lambda b: [b.attributes[:, [2]]]),
        (("Smiling", "Young"), lambda b: [b.attributes[:, [1, 2]]]),
        (("identity", "Young"), lambda b: [b.identities, b.attributes[:, [2]]]),
    ],
)
def test_eq_7_with_what_is_private(private, known):
    model = model_of(private=private, knobs={"beta": 2.0})
    batch = pairs(model)
    found = model.stages[3].phases[0].losses(batch)
    code = model.release(batch.x, batch.generator, 0.0)
    expected = losses.uninformative_distances(code, losses.same_secret(*known(batch)), 10.0)
    torch.testing.assert_close(found["distances"], expected)
    torch.testing.assert_close(found["total"], found["task"] + 2 * 0.01 * expected)


def test_something_must_be_private():
    with pytest.raises(PenumbraError, match="something to hide"):
        model_of(private=())
    assert model_of("dpfe_simple", private=()).own_head is not None


def test_batches_hold_everybody_twice():
    model = model_of()
    people = pairs(model).identities.view(-1, 2)
    assert torch.equal(people[:, 0], people[:, 1])
    assert len(people[:, 0].unique()) == 6


# The schedule


def test_the_stages_are_procedure_1():
    names = ["pretrain", "embed", "tune", "extract privately", "noise"]
    assert [stage.name for stage in model_of().stages] == names
    assert [s.name for s in model_of("dpfe_simple").stages] == [*names[:3], "noise"]
    paper = model_of(preset="paper").stages
    assert [s.iterations for s in paper[1:4]] == [3000, 3000, 15_000]
    assert [s.learning_rate for s in paper[1:4]] == [1e-4, 1e-6, 1e-4]
    assert {s.batch_size for s in paper} == {50}


def test_every_phase_changes_only_the_networks_it_should():
    model = model_of(schedule=QUICK)
    expected = {"pretrain": LAYERS, "embed": EVERYTHING, "tune": EVERYTHING}
    expected |= {"extract privately": EVERYTHING}
    for stage in model.stages[:-1]:
        optimisers = optimisers_of(model, stage)
        (phase,) = stage.phases
        before = snapshot(model)
        train.update(model, phase, pairs(model), optimisers)
        assert changed(before, snapshot(model)) == expected[phase.name]


def test_gradients_of_the_distances_stay_on_the_device():
    model = model_of(schedule={"cut": 1})
    batch = pairs(model)
    model.stages[3].phases[0].losses(batch)["distances"].backward()
    reached = {name for name, size in gradients(model).items() if size}
    assert reached == {"to conv4-2", "to conv5-1", "encoder"}


def test_only_the_tasks_are_learned_after_pretraining_unless_the_codes_way_is_asked_for():
    batch = pairs(model_of())
    flipped = batch._replace(attributes=batch.attributes * torch.tensor([1.0, 0.0, 0.0]))
    for entries, equal in (({}, True), ({"embed_all_attributes": 1}, False)):
        model = model_of(schedule=entries)
        totals = [
            [stage.phases[0].losses(b)["total"].item() for stage in model.stages[:4]]
            for b in (batch, flipped)
        ]
        same = [a == b for a, b in zip(*totals, strict=True)]
        assert same == [False, equal, True, True]


def test_beta_zero_leaves_the_task_loss_of_simple():
    model = model_of(knobs={"beta": 0.0})
    batch = pairs(model)
    found = model.stages[3].phases[0].losses(batch)
    assert set(found) == {"total", "task"}
    tuned = model_of("dpfe_simple").stages[2].phases[0].losses(batch)
    assert torch.equal(found["total"], tuned["total"])


def test_dpfe_without_its_last_stage_is_simple():
    faces = tiny_faces(size=SMALL)
    runs = (
        run_of(schedule=QUICK | {"extract_iterations": 0}, knobs={"beta": 5.0}),
        run_of("dpfe_simple", schedule=QUICK),
    )
    ours, simple = (
        train.load(train.train(run, faces, device="cpu", progress=False))[2] for run in runs
    )
    x = torch.rand(3, 3, SMALL, SMALL)
    bare = [m.release(x, torch.Generator(), 0.0) for m in (ours, simple)]
    assert torch.equal(*bare)
    noisy = [m.release(x, torch.Generator().manual_seed(1), 0.5) for m in (ours, simple)]
    # The covariance sums the same photographs, in another order.
    torch.testing.assert_close(*noisy, rtol=1e-4, atol=1e-4)
    assert noisy[0].shape == (3, 10)


def test_a_saved_run_releases_the_same_and_its_head_reads_noisy_codes():
    run = run_of(tasks=("Male", "Smiling"), schedule=QUICK | {"extract_iterations": 2})
    folder = train.train(run, tiny_faces(size=SMALL), device="cpu", progress=False)
    x = torch.rand(5, 3, SMALL, SMALL)
    (_, _, first), (_, _, second) = train.load(folder), train.load(folder)
    for ratio in (None, 0.0, 0.3, 8.0):
        z = first.release(x, torch.Generator().manual_seed(4), ratio)
        assert torch.equal(z, second.release(x, torch.Generator().manual_seed(4), ratio))
        assert first.own_head(z).shape == (5, 2)
    quiet, loud = (first.release(x, torch.Generator().manual_seed(4), r) for r in (0.0, 8.0))
    assert not torch.equal(first.own_head(quiet), first.own_head(loud))
    # The covariance was measured on the finished networks, over the defender's photographs.
    codes = codes_of(first, tiny_faces(size=SMALL))
    root = first.networks["encoder"].noise_root.view(10, 10)
    # (Weights are rounded to half precision after it was measured.)
    torch.testing.assert_close(root @ root, torch.cov(codes.T), rtol=0.05, atol=0.05)
    assert (root - torch.diag(root.diag())).abs().max() > 0.03, "not isotropic"


def codes_of(model, faces):
    x = torch.from_numpy(faces.images[faces.indices("defender")]).permute(0, 3, 1, 2).float() / 255
    with torch.no_grad():
        return model.release(x, torch.Generator(), 0.0)


def test_all_cuts_and_tasks_share_the_attribute_network():
    shared = [model_of(schedule={"cut": c}).stages[0].shared for c in range(4)]
    shared.append(model_of("dpfe_simple", tasks=("Young",)).stages[0].shared)
    assert all(entry == shared[0] for entry in shared)
    embedded = [model_of(schedule={"cut": c}).stages[1].shared for c in range(4)]
    embedded.append(model_of(tasks=("Young",)).stages[1].shared)
    assert len({str(entry) for entry in embedded}) == 5
    assert model_of(knobs={"beta": 5.0}).stages[2].shared == model_of().stages[2].shared


def test_a_cut_that_is_none_is_refused():
    with pytest.raises(PenumbraError, match=r"cut is .* choose one of 0 \(conv4-2\)"):
        model_of(schedule={"cut": 1.5})


def test_a_few_steps_lower_the_losses():
    model = model_of(knobs={"beta": 5.0}, schedule={"cut": 1, "extract_learning_rate": 3e-3})
    batch = pairs(model)
    for number, name in ((0, "attribute"), (1, "task"), (3, "distances")):
        stage = model.stages[number]
        optimisers = optimisers_of(model, stage)
        values = [
            train.update(model, stage.phases[0], batch, optimisers)[name].item() for _ in range(8)
        ]
        assert values[-1] < 0.95 * values[0], name


# The code and its noise


def test_the_embedded_autoencoder_starts_as_the_projection_onto_the_principal_axes():
    rows = torch.randn(300, 24, generator=torch.Generator().manual_seed(0))
    rows = rows * torch.linspace(4, 0.2, 24) + torch.linspace(-3, 3, 24)
    encoder, decoder = darknet.Encoder(24, 5), darknet.Decoder(5, (6, 2, 2))
    with torch.no_grad():
        darknet.start_with_principal_axes(encoder, decoder, rows.view(-1, 6, 2, 2).split(37))
        encoder.eval()
        codes = encoder(rows)
        found = decoder(codes).flatten(1)
    centred = rows - rows.mean(0)
    axes = torch.linalg.svd(centred, full_matrices=False)[2][:5]
    torch.testing.assert_close(found, centred @ axes.T @ axes + rows.mean(0), atol=1e-2, rtol=1e-2)
    torch.testing.assert_close(torch.cov(codes.T), torch.eye(5), atol=1e-2, rtol=1e-2)


def test_embedding_uses_all_the_defenders_photographs_once():
    run = run_of(
        schedule=QUICK | {"embed_iterations": 0, "tune_iterations": 0, "extract_iterations": 0}
    )
    folder = train.train(run, tiny_faces(size=SMALL), device="cpu", progress=False)
    codes = codes_of(train.load(folder)[2], tiny_faces(size=SMALL))
    assert len(codes) == 18
    # PCA codes: centred, uncorrelated, variance 1; weights are rounded to half precision.
    torch.testing.assert_close(codes.mean(0), torch.zeros(10), atol=0.05, rtol=0)
    torch.testing.assert_close(torch.cov(codes.T), torch.eye(10), atol=0.05, rtol=0)


def test_the_noise_has_the_codes_covariance_times_the_ratio():
    encoder = darknet.Encoder(4, 3)
    mixing = torch.tensor([[2.0, 0.0, 0.0], [1.5, 0.5, 0.0], [-1.0, 0.3, 0.8]])
    codes = torch.randn(5000, 3, generator=torch.Generator().manual_seed(0)) @ mixing.T
    encoder.measure_covariance(codes)
    noise = encoder.noise(200_000, 2.5, torch.Generator().manual_seed(1))
    covariance = torch.cov(codes.T)
    torch.testing.assert_close(torch.cov(noise.T), 2.5 * covariance, atol=0.12, rtol=0.02)
    torch.testing.assert_close(noise.mean(0), torch.zeros(3), atol=0.03, rtol=0)
    assert covariance[0, 1] > 2, "the planted covariance is not isotropic"
    again = encoder.noise(200_000, 2.5, torch.Generator().manual_seed(1))
    assert torch.equal(noise, again)


def test_a_constant_dimension_gets_no_noise():
    encoder = darknet.Encoder(4, 3)
    codes = torch.randn(50, 3, generator=torch.Generator().manual_seed(0))
    codes[:, 1] = 7
    encoder.measure_covariance(codes)
    assert encoder.noise(10, 1.0, torch.Generator())[:, 1].abs().max() < 1e-5


def test_one_model_serves_the_whole_grid():
    model = train.freeze(model_of())
    x = torch.rand(8, 3, SMALL, SMALL, generator=torch.Generator().manual_seed(0))
    noise_ratio, beta = METHODS["dpfe"].knobs
    assert (noise_ratio.when, beta.when) == ("release", "train")
    assert METHODS["dpfe_simple"].knobs == (noise_ratio,)
    with torch.no_grad():
        bare = model.release(x, torch.Generator(), 0.0)
        found = [
            (model.release(x, torch.Generator().manual_seed(3), r) - bare).var().item()
            for r in noise_ratio.grid
        ]
    assert found[0] == 0
    for ratio, variance in zip(noise_ratio.grid[1:], found[1:], strict=True):
        assert variance == pytest.approx(ratio * found[8], rel=1e-3)  # the ninth ratio is 1
    assert found[8] == pytest.approx(1, abs=0.6)


# The published network


def test_the_codes_of_the_paper_preset():
    model = model_of(preset="paper")
    encoder, decoder = (model.networks[name] for name in ("encoder", "decoder"))
    assert encoder.linear.weight.shape == (10, 30_720)
    assert decoder.linear.weight.shape == (30_720, 10)
    frozen = train.freeze(model)
    with torch.no_grad():
        z = frozen.release(torch.rand(1, 3, 218, 178), torch.Generator(), 0.1)
        assert z.shape == (1, 10)
        assert frozen.own_head(z).shape == (1, 1)


def test_networks_of_a_name_start_equal_at_every_cut():
    low, high = (model_of(schedule={"cut": c}, seed=5).networks for c in (0, 3))
    for name in LAYERS:
        for a, b in zip(low[name].parameters(), high[name].parameters(), strict=True):
            assert torch.equal(a, b)


def test_the_papers_attribute_sets_are_nested_and_offered():
    sets = list(dpfe.ATTRIBUTE_SETS.values())
    assert [len(names) for names in sets] == [1, 2, 3, 4, 5]
    assert all(set(a) < set(b) for a, b in itertools.pairwise(sets))
    assert METHODS["dpfe"].published_sets["GAS"] == (("Male", "Young", "Smiling"), ("identity",))
    assert METHODS["dpfe"].tasks == ("Male",)
    assert METHODS["dpfe"].private == ("identity",)


def test_the_code_may_be_wider_or_narrower():
    faces = tiny_faces(size=SMALL)
    run = run_of(schedule=QUICK | {"code_width": 4, "extract_iterations": 1})
    model = train.load(train.train(run, faces, device="cpu", progress=False))[2]
    z = model.release(torch.rand(3, 3, SMALL, SMALL), torch.Generator().manual_seed(0), 0.5)
    assert z.shape == (3, 4)
    assert model.noise()["root"].shape == (4, 4)
    other = [model_of(schedule={"code_width": w}).stages for w in (4, 10)]
    assert [a.shared == b.shared for a, b in zip(*other, strict=True)][:3] == [True, False, False]
    assert other[1][1].shared == model_of().stages[1].shared
    for width in (0, 2.5, 1001):
        with pytest.raises(PenumbraError, match="whole numbers from 1 to 1000"):
            checked(run_of(schedule={"code_width": width}))


def test_the_attribute_network_is_released_undivided():
    faces = tiny_faces(size=SMALL)
    m0 = run_of("dpfe_m0", private=("Male",), tasks=("Smiling",), schedule={"pretrain_epochs": 1})
    dpfe = model_of(schedule={"pretrain_epochs": 1})
    model = model_of("dpfe_m0", schedule={"pretrain_epochs": 1})
    assert model.stages[0].shared == dpfe.stages[0].shared
    assert [stage.name for stage in model.stages] == ["pretrain"]
    finished = train.load(train.train(m0, faces, device="cpu", progress=False))[2]
    x = torch.rand(3, 3, SMALL, SMALL)
    z = finished.release(x, torch.Generator(), None)
    assert z.reshape(3, *finished.released_map).ndim == 4
    names = [*finished.networks]
    whole = x
    for name in names:
        whole = finished.networks[name](whole)
    place = faces.attribute_names.index("Smiling")
    torch.testing.assert_close(finished.own_head(z)[:, 0], whole[:, place])
    sizes = {model_of("dpfe_m0", schedule={"cut": c}).released_map for c in range(4)}
    assert len(sizes) == 4
