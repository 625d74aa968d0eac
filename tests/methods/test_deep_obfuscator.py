"""DeepObfuscator: who is updated when, what lambda does, and the paper's shapes."""

import pytest
import torch

from core import losses, train
from core.methods import METHODS, Batch
from core.methods.papers.deep_obfuscator import TEST_SETS
from core.run import Run
from core.run_validation import checked
from core.storage import training_log
from core.training.networks import optimisers_of
from tests.tiny_faces import ATTRIBUTES, SMALL, tiny_faces

ALL = (*ATTRIBUTES, "High_Cheekbones", "Heavy_Makeup")


def model_of(
    lambda1=1.0, lambda2=1.0, preset="compact", seed=0, tasks=("Smiling",), private=("Male",)
):
    knobs = {"lambda1": lambda1, "lambda2": lambda2}
    run = checked(Run("deep_obfuscator", "tiny", preset, tasks, private, knobs=knobs, seed=seed))
    return METHODS["deep_obfuscator"].model(run, ALL)


def batch_of(n=8):
    generator = torch.Generator().manual_seed(1)
    x = torch.rand(n, 3, SMALL, SMALL, generator=generator)
    attributes = torch.randint(0, 2, (n, len(ALL)), generator=generator).float()
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
    values = adversarial_losses(model, phase_number)
    assert torch.equal(values["total"], values["task"])
    values["total"].backward()
    for name in ("adversary_classifier", "adversary_reconstructor"):
        assert all(p.grad is None for p in model.networks[name].parameters())


def defended(lambda1, lambda2, spoilt=None):
    """All networks' weights after two cycles, with the first weights of `spoilt` moved before."""
    model = model_of(lambda1=lambda1, lambda2=lambda2)
    if spoilt:
        with torch.no_grad():
            for parameter in model.networks[spoilt].parameters():
                parameter.add_(0.1)
    stage = model.stages[-1]
    optimisers = optimisers_of(model, stage)
    for phase in 2 * stage.phases:
        train.update(model, phase, batch_of(), optimisers)
    return snapshot(model)


CLASSIFIER, RECONSTRUCTOR = "adversary_classifier", "adversary_reconstructor"


@pytest.mark.parametrize(
    ("lambda1", "lambda2", "spoilt", "reached"),
    [
        (0.0, 1.0, CLASSIFIER, set()),
        (1.0, 0.0, RECONSTRUCTOR, set()),
        (0.0, 1.0, RECONSTRUCTOR, {"obfuscator", "classifier", CLASSIFIER}),
        (1.0, 0.0, CLASSIFIER, {"obfuscator", "classifier", RECONSTRUCTOR}),
    ],
)
def test_defending_against_one_attacker_takes_all_influence_from_the_other(
    lambda1, lambda2, spoilt, reached
):
    """Figure 2: whatever the attacker of weight zero is like, nothing else becomes different."""
    moved = changed(defended(lambda1, lambda2), defended(lambda1, lambda2, spoilt))
    assert moved - {spoilt} == reached
    assert spoilt in moved


def test_the_attacker_of_weight_zero_still_learns():
    model = model_of(lambda1=0.0, lambda2=0.0)
    stage = model.stages[-1]
    optimisers = optimisers_of(model, stage)
    before = stage.phases[2].losses(batch_of())
    for _ in range(8):
        train.update(model, stage.phases[2], batch_of(), optimisers)
    after = stage.phases[2].losses(batch_of())
    assert after["attribute"] < before["attribute"]
    assert after["reconstruction"] < before["reconstruction"]


def test_the_six_test_sets_are_section_4_5():
    smile, cheek, gender, makeup = "Smiling", "High_Cheekbones", "Male", "Heavy_Makeup"
    assert [set(tasks) | set(private) for tasks, private in TEST_SETS.values()] == [
        {smile, gender},
        {cheek, gender},
        {smile, cheek, gender},
        {smile, gender, makeup},
        {cheek, gender, makeup},
        {smile, cheek, gender, makeup},
    ]
    assert all(set(private) <= {gender, makeup} for _, private in TEST_SETS.values())
    assert METHODS["deep_obfuscator"].published_sets is TEST_SETS


@pytest.mark.parametrize("number", list(TEST_SETS))
def test_several_tasks_and_private_attributes_at_once(number):
    tasks, private = TEST_SETS[number]
    model = model_of(lambda1=2.0, tasks=tasks, private=private)
    stage, batch = model.stages[-1], batch_of()
    values = stage.phases[1].losses(batch)
    with torch.no_grad():
        z = model.release(batch.x, torch.Generator(), None)
        answers, guesses = model.own_head(z), model.training_adversary(z)
    assert answers.shape == (8, len(tasks))
    assert guesses.shape == (8, len(private))
    labels = [batch.attributes[:, [ALL.index(n) for n in names]] for names in (tasks, private)]
    expected = [losses.cross_entropy(answers, labels[0]), losses.cross_entropy(guesses, labels[1])]
    torch.testing.assert_close(values["task"], expected[0])
    torch.testing.assert_close(values["attribute"], expected[1])
    torch.testing.assert_close(values["total"], expected[0] - 2 * expected[1])
    train.update(model, stage.phases[1], batch, optimisers_of(model, stage))


@pytest.mark.parametrize(("lambda1", "lambda2"), [(1, 1), (0, 0)])
def test_the_log_holds_the_three_curves_of_figure_6(lambda1, lambda2, tmp_path, monkeypatch):
    """Task, attribute and reconstruction loss in every group of logged steps."""
    monkeypatch.setenv("PENUMBRA_CHECKPOINTS", str(tmp_path / "checkpoints"))
    monkeypatch.setenv("PENUMBRA_HOME", str(tmp_path / "home"))
    schedule = {"task_epochs": 1, "adversary_epochs": 1, "adversarial_epochs": 8, "batch_size": 6}
    knobs = {"lambda1": lambda1, "lambda2": lambda2}
    run = Run("deep_obfuscator", "tiny", knobs=knobs, schedule=schedule)
    folder = train.train(run, tiny_faces(size=SMALL), device="cpu", progress=False)
    rows = [r for r in training_log.read(folder) if r["stage"] == "adversarial"]
    first = rows[0]["step"]
    groups = {(row["step"] - first) // train.LOG_EVERY for row in rows}
    assert groups == {0, 1, 2}
    for group in groups:
        here = [row for row in rows if (row["step"] - first) // train.LOG_EVERY == group]
        assert {row["phase"] for row in here} == {
            phase.name for phase in model_of().stages[-1].phases
        }
        for name in ("task", "attribute", "reconstruction"):
            assert any(name in row for row in here)


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


@pytest.mark.parametrize(("entry", "recipe"), [(1, 2), (0, 2), (1, 1)])
def test_the_noise_image_is_one_for_all_or_fresh_for_every_batch(entry, recipe):
    run = Run("deep_obfuscator", "tiny", schedule={"fixed_noise": entry}, recipe=recipe)
    model = METHODS["deep_obfuscator"].model(checked(run), ALL)
    first, again, other = (batch_of() for _ in range(3))
    other = other._replace(generator=torch.Generator().manual_seed(3))
    values = [model.stages[-1].phases[0].losses(b)["noise"].item() for b in (first, again, other)]
    assert values[0] == values[1]
    assert (values[1] == values[2]) is (entry == 1 and recipe == 2)


def test_paper_preset_has_the_shapes_of_table_1():
    with torch.device("meta"):
        model = model_of(preset="paper")
        z = model.release(torch.rand(2, 3, 218, 178), torch.Generator(), None)
    assert tuple(z.shape) == (2, 128, 54, 44)
    assert model.training_reconstructor(z).shape == (2, 3, 218, 178)
    assert model.own_head(z).shape == (2, 1)
    # VGG16's first four convolutions (without bias, which batch norm makes idle) and their norms
    expected = 9 * (3 * 64 + 64 * 64 + 64 * 128 + 128 * 128) + 2 * (64 + 64 + 128 + 128)
    assert sum(p.numel() for p in model.networks["obfuscator"].parameters()) == expected


def test_networks_of_the_same_name_start_equal_in_every_method():
    ours = model_of(seed=5).networks
    original = METHODS["original"].model(checked(Run("original", "tiny", seed=5)), ALL)
    for name in ("obfuscator", "classifier"):
        for a, b in zip(ours[name].parameters(), original.networks[name].parameters(), strict=True):
            assert torch.equal(a, b)
