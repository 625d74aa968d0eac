import dataclasses

import numpy as np
import pytest
import torch

from core.attacks import ATTACKS
from core.attacks.attributes import classifiers
from core.attacks.interface import attribute_result
from core.errors import PenumbraError
from core.metrics import attributes as scores
from tests.attacks.planted import NAMES, value, view


def attack(name, given, seed=0):
    return ATTACKS[name].run(given, torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("name", ["logistic", "mlp"])
def test_a_planted_coordinate_is_found_and_an_absent_attribute_is_not(name):
    result = attack(name, view("coordinate"))
    assert value(result, "attribute:Planted") > 0.95
    assert value(result, "attribute:Task") > 0.95
    assert value(result, "attribute:Absent", column="low") < 0.55
    assert value(result, "attribute:Absent") < 0.65


def test_an_exclusive_or_of_two_coordinates_is_found_by_the_mlp_alone():
    given = view("xor", noise=0.2)
    assert value(attack("mlp", given), "attribute:Planted") > 0.9
    assert value(attack("logistic", given), "attribute:Planted") < 0.65


@pytest.fixture(scope="module")
def stripes():
    return attack("cnn", view("stripes"))


def test_a_pattern_in_a_map_is_found_by_the_cnn_and_the_same_seed_finds_the_same(stripes):
    assert value(stripes, "attribute:Planted") > 0.9
    assert value(stripes, "attribute:Task") > 0.9
    assert attack("cnn", view("stripes")).findings == stripes.findings


@pytest.mark.parametrize("name", ["logistic", "mlp", "cnn"])
def test_the_photographs_themselves_give_everything_away(name):
    result = attack(name, view("pictures", noise=0.0, size=8))
    assert value(result, "attribute:Planted") > 0.95


@pytest.mark.parametrize("name", ["logistic", "mlp"])
def test_a_constant_release_gives_chance(name):
    result = attack(name, view("constant"))
    for attribute in NAMES:
        assert value(result, f"attribute:{attribute}") == 0.5
        assert value(result, f"attribute:{attribute}", "auc") == 0.5
        assert value(result, f"attribute:{attribute}", "advantage") <= 0


def test_a_constant_map_gives_chance():
    given = view("map")
    given = dataclasses.replace(given, z={s: torch.zeros_like(z) for s, z in given.z.items()})
    assert value(attack("cnn", given), "attribute:Planted") == 0.5


def test_more_noise_weakens_the_attack():
    found = [
        value(attack("logistic", view("coordinate", noise=noise)), "attribute:Planted", "auc")
        for noise in (0.3, 1.0, 4.0)
    ]
    assert found[0] > found[1] > found[2]


def test_the_cnn_leaves_flat_releases_alone():
    result = attack("cnn", view("coordinate"))
    assert (result.findings, result.arrays, result.weights) == ([], {}, {})


def test_rows_have_roles_metrics_and_intervals():
    result = attack("logistic", view("coordinate"))
    roles = {row["target"]: row["role"] for row in result.findings}
    assert roles == {
        "attribute:Planted": "private",
        "attribute:Task": "utility",
        "attribute:Absent": "unlisted",
    }
    assert {row["metric"] for row in result.findings} == {
        "balanced_accuracy",
        "auc",
        "mcc",
        "accuracy",
        "advantage",
    }
    for row in result.findings:
        assert row["low"] <= row["value"] <= row["high"]
        assert (row["n"], row["identities"], row["attacker"]) == (160, 40, "logistic")


def test_utility_heads_learn_from_the_defender_and_attackers_from_the_attacker():
    given = view("coordinate")
    blank = {s: torch.zeros_like(z) if s == "attacker" else z for s, z in given.z.items()}
    result = attack("logistic", dataclasses.replace(given, z=blank))
    assert value(result, "attribute:Task") > 0.95
    assert value(result, "attribute:Planted") < 0.6
    blank = {s: torch.zeros_like(z) if s == "defender" else z for s, z in given.z.items()}
    result = attack("logistic", dataclasses.replace(given, z=blank))
    assert value(result, "attribute:Task") < 0.6
    assert value(result, "attribute:Planted") > 0.95


def test_arrays_say_the_same_as_the_rows():
    given = view("coordinate")
    result = attack("logistic", given)
    truth = given.attributes["test"]
    decisions = np.unpackbits(result.arrays["decisions"], axis=1, count=len(truth))
    for column, name in enumerate(result.arrays["targets"]):
        again = scores.balanced_accuracy(truth[:, column], decisions[column])
        assert again == pytest.approx(value(result, str(name)), abs=1e-4)
    assert list(result.arrays["kept"]) == ["Planted", "Task"]
    area = scores.auc(truth[:, 0], result.arrays["scores"][0])
    assert area == pytest.approx(value(result, "attribute:Planted", "auc"), abs=1e-3)
    assert all(array.dtype != object for array in result.arrays.values())


def test_nan_in_a_release_is_named():
    given = view("coordinate")
    given.z["test"][3, 2] = float("nan")
    with pytest.raises(PenumbraError, match="test photographs holds NaN"):
        attack("logistic", given)


@pytest.mark.parametrize("name", ["logistic", "mlp"])
def test_a_single_class_is_survived(name):
    given = view("coordinate")
    given.attributes["test"][:, 0] = 1  # nothing to tell apart
    given.attributes["attacker"][:, 2] = 0  # nothing to learn from
    given.attributes["validation"][:, 1] = 1  # nothing to choose by
    result = attack(name, given)
    assert {row["target"] for row in result.findings} == {"attribute:Task", "attribute:Absent"}
    assert value(result, "attribute:Task", "auc") > 0.9


def test_logistic_regression_is_scikit_learn_s():
    from sklearn.linear_model import LogisticRegression

    rng = np.random.default_rng(0)
    features = rng.normal(size=(200, 6)) * np.array([5, 3, 2, 1, 0.5, 0.1])
    features -= features.mean(0)
    features = np.linalg.qr(features)[0] * np.linalg.norm(features, axis=0)  # uncorrelated
    labels = (features[:, 2] + rng.normal(size=200) > 0.5).astype(int)
    weights, intercepts = classifiers.logistic_regression(
        torch.tensor(features).float(), torch.tensor(labels)[:, None], steps=2000
    )
    size = np.sqrt((features**2).sum(1).mean())
    for index, penalty in enumerate(classifiers.PENALTIES[:3]):
        oracle = LogisticRegression(C=1 / (200 * penalty), tol=1e-8, max_iter=5000)
        oracle.fit(features / size, labels)
        assert intercepts[index, 0].item() == pytest.approx(oracle.intercept_[0], abs=5e-3)
        assert (weights[index, :, 0] * size).tolist() == pytest.approx(
            oracle.coef_[0].tolist(), abs=2e-2
        )


def test_rows_of_a_single_class_are_left_out():
    scores = {"A": {"validation": np.arange(4.0), "test": np.zeros(4)}}
    truth = {"validation": {"A": np.array([0, 0, 1, 1])}, "test": {"A": np.ones(4, int)}}
    result = attribute_result("mlp", scores, truth, np.arange(4), lambda name: "private")
    assert result.findings == []
    assert result.arrays["validation"].tolist() == [1]


def rare(kind):
    """A view in which one in ten is Planted, and the release says so under noise."""
    given = view(kind, noise=1.5 if kind == "coordinate" else 0.3)
    rows = {}
    for split, labels in given.attributes.items():
        yes, no = np.flatnonzero(labels[:, 0] == 1), np.flatnonzero(labels[:, 0] == 0)
        rows[split] = np.sort(np.concatenate((no, yes[: len(no) // 9])))
    return dataclasses.replace(
        given,
        z={s: given.z[s][torch.from_numpy(r)] for s, r in rows.items()},
        x={s: given.x[s][torch.from_numpy(r)] for s, r in rows.items()},
        attributes={s: given.attributes[s][r] for s, r in rows.items()},
        identities={s: given.identities[s][r] for s, r in rows.items()},
    )


@pytest.mark.parametrize("name", ["logistic", "neighbours", "boosted_trees", "kernel", "mlp"])
def test_as_most_papers_count_a_classifier_decides_for_itself(name):
    given = rare("coordinate")
    strict = attack(name, given)
    plain = attack(name, dataclasses.replace(given, plain=True))
    target = "attribute:Planted"
    said = np.unpackbits(plain.arrays["decisions"][0])[: len(given.z["test"])]
    scored = plain.arrays["scores"][plain.arrays["kept"].tolist().index("Planted")]
    agree = (scored > 0) == said
    assert agree.mean() > 0.99  # but for rounding
    assert value(plain, target, "accuracy") >= value(plain, target, "accuracy", "chance") - 0.05
    assert value(plain, target) <= value(strict, target) + 0.02


def test_as_most_papers_count_networks_weigh_all_photographs_alike(monkeypatch):
    asked = []

    def fit_network(*arguments, weighted, **options):
        asked.append(weighted)

    monkeypatch.setattr(classifiers, "fit_network", fit_network)
    for plain in (False, True):
        for name in ("mlp", "cnn"):
            attack(name, dataclasses.replace(view("map"), plain=plain))
    assert set(asked[: len(asked) // 2]) == {True}
    assert set(asked[len(asked) // 2 :]) == {False}
