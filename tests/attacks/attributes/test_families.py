"""Attribute attackers beside the networks: neighbours, kernels and boosted trees."""

import dataclasses

import numpy as np
import pytest
import torch
from sklearn.kernel_ridge import KernelRidge
from sklearn.neighbors import KNeighborsClassifier

from core.attacks import ATTACKS
from core.attacks.attributes import classifiers, kernels
from core.attacks.attributes.classifiers import votes
from core.errors import PenumbraError
from tests.attacks.planted import NAMES, shuffled, value, view

FAMILIES = ("neighbours", "kernel", "boosted_trees")


def attack(name, given, seed=0):
    return ATTACKS[name].run(given, torch.Generator().manual_seed(seed))


@pytest.mark.parametrize(
    ("name", "enough"), [("neighbours", 0.75), ("kernel", 0.9), ("boosted_trees", 0.9)]
)
def test_a_planted_coordinate_is_found_and_an_absent_attribute_is_not(name, enough):
    result = attack(name, view("coordinate", noise=0.2))
    assert value(result, "attribute:Planted") > enough
    assert value(result, "attribute:Task") > enough - 0.05
    assert value(result, "attribute:Absent", column="low") < 0.55


@pytest.mark.parametrize(("name", "enough"), [("kernel", 0.7), ("boosted_trees", 0.65)])
def test_an_exclusive_or_of_two_coordinates_is_found(name, enough):
    assert value(attack(name, view("xor", noise=0.1)), "attribute:Planted") > enough


@pytest.mark.parametrize("name", ["kernel", "boosted_trees"])
def test_a_pattern_of_one_pixel_s_period_is_found(name):
    assert value(attack(name, view("stripes")), "attribute:Planted") > 0.9


@pytest.mark.parametrize("name", FAMILIES)
def test_the_photographs_themselves_give_everything_away(name):
    assert value(attack(name, view("pictures", noise=0.0)), "attribute:Planted") > 0.95


@pytest.mark.parametrize("name", FAMILIES)
def test_a_constant_release_gives_chance(name):
    result = attack(name, view("constant"))
    for attribute in NAMES:
        assert value(result, f"attribute:{attribute}") == 0.5
        assert value(result, f"attribute:{attribute}", "auc") == 0.5


@pytest.mark.parametrize("name", FAMILIES)
def test_an_attribute_that_nobody_has_is_no_crash(name):
    given = view("coordinate")
    bare = {s: labels.copy() for s, labels in given.attributes.items()}
    for labels in bare.values():
        labels[:, 2] = 0
    result = attack(name, dataclasses.replace(given, attributes=bare))
    assert not [row for row in result.findings if row["target"] == "attribute:Absent"]
    assert value(result, "attribute:Planted") > 0.7


@pytest.mark.parametrize("name", FAMILIES)
def test_the_order_of_the_test_photographs_does_not_matter(name):
    given = view("coordinate")
    one, other = (attack(name, e).findings for e in (given, shuffled(given)))
    assert [r["value"] for r in one] == pytest.approx([r["value"] for r in other], abs=1e-4)


@pytest.mark.parametrize("name", FAMILIES)
def test_a_release_that_is_not_finite_is_refused(name):
    given = view("coordinate")
    given.z["test"][3, 2] = float("nan")
    with pytest.raises(PenumbraError, match="diverged"):
        attack(name, given)


def test_kernel_ridge_agrees_with_scikit_learn():
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(40, 3)), rng.integers(0, 2, (40, 2)).astype(float)
    squares = kernels.squared_distances(torch.from_numpy(x), torch.from_numpy(x))
    likeness = torch.exp(-0.7 * squares)
    weights, offset = kernels.fit(likeness, torch.from_numpy(y), 0.1)
    mean = y.mean(0)
    oracle = KernelRidge(alpha=0.1, kernel="rbf", gamma=0.7).fit(x, y - mean)
    assert np.allclose((likeness @ weights + offset).numpy(), oracle.predict(x) + mean)


def test_the_settings_that_are_fitted_serve_every_attribute():
    qualities = np.full((8, 3), 0.5)
    qualities[1] = (0.7, 0.7, 0.5)
    qualities[4, 2], qualities[6, 0] = 0.9, 0.8
    assert {1, 4, 6} <= set(kernels._leading(qualities))
    assert len(kernels._leading(qualities)) == kernels.FITTED


def test_more_rows_than_settings_are_compared_on_are_used(monkeypatch):
    given = view("xor", noise=0.1)
    whole = value(attack("kernel", given), "attribute:Planted", "auc")
    monkeypatch.setattr(kernels, "COMPARED_ON", 60)
    assert value(attack("kernel", given), "attribute:Planted", "auc") > whole - 0.1
    monkeypatch.setattr(kernels, "MOST_ROWS", 60)
    assert value(attack("kernel", given), "attribute:Planted", "auc") < whole


def test_votes_agree_with_scikit_learn():
    rng = np.random.default_rng(3)
    known, asked = rng.normal(size=(50, 4)), rng.normal(size=(30, 4))
    labels = rng.integers(0, 2, (50, 2))
    found = votes(*(torch.from_numpy(a).float() for a in (known, labels, asked)))
    assert max(found) <= 50
    for k in (1, 5):
        near = KNeighborsClassifier(k).fit(known, labels[:, 0]).kneighbors(asked)[0]
        oracle = KNeighborsClassifier(k, weights=lambda d, near=near: 1 / (d + d[:, :1])).fit(
            known, labels[:, 0]
        )
        assert np.allclose(found[k][:, 0].numpy(), oracle.predict_proba(asked)[:, 1], atol=1e-5)


def test_the_error_of_the_nearest_neighbour_bounds_anybody_s():
    def bound(given):
        return value(attack("neighbours", given), "attribute:Planted", "bayes_error_bound")

    clear, hidden = view("pictures", noise=0.0), view("coordinate", noise=8.0)
    assert bound(clear) < 0.03
    # Nobody errs more often than by guessing, and 1NN at chance promises no less than nearly that.
    assert 0.2 < bound(hidden) <= 0.5
    rows = [r for r in attack("neighbours", hidden).findings if r["metric"] == "bayes_error_bound"]
    assert {row["target"] for row in rows} == {"attribute:Planted", "attribute:Absent"}
    for row in rows:
        assert row["low"] <= row["value"] <= row["high"]


def test_the_trees_look_at_their_number_on_validation():
    assert classifiers.LOOK_AT[-1] == classifiers.MOST_TREES
    result = attack("boosted_trees", view("coordinate", noise=2.0))
    assert value(result, "attribute:Planted") > 0.5
