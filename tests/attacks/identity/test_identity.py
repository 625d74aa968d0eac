"""Attackers on identity, on releases in which everybody has a place of his own."""

import dataclasses

import numpy as np
import pytest
import torch
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.neighbors import KNeighborsClassifier

from core.attacks import ATTACKS, Result
from core.attacks.identity import gallery as linking
from core.attacks.identity import pair_network
from core.errors import PenumbraError
from core.evaluation.worst_case import strongest
from core.metrics.identity import cover_hart, split_gallery
from tests.attacks.planted import shuffled, value, view

NAMES = ("nearest_neighbour", "discriminant", "embedding")


@pytest.fixture(autouse=True)
def shorter(monkeypatch):
    monkeypatch.setattr(pair_network, "MOST_STEPS", 75)


def attack(name, given, seed=0):
    return ATTACKS[name].run(given, torch.Generator().manual_seed(seed))


def top1(result):
    return value(result, "identity", "top1_accuracy")


def marked(spread: float, noisy: int = 0, seed: int = 0):
    """Everybody has a place in six dimensions; `noisy` more vary three times as much, with nobody
    in particular."""
    given = view("coordinate")
    rng = np.random.default_rng(seed)
    z = {}
    for split, people in given.identities.items():
        places = rng.normal(size=(people.max() + 1, 6))[people]
        code = places + spread * rng.normal(size=places.shape)
        z[split] = np.hstack((code, 3 * rng.normal(size=(len(people), noisy))))
    turn = np.linalg.qr(rng.normal(size=(6 + noisy, 6 + noisy)))[0]
    return dataclasses.replace(given, z={s: torch.tensor(v @ turn).float() for s, v in z.items()})


@pytest.mark.parametrize("name", NAMES)
def test_people_who_stand_apart_are_named_and_confirmed(name):
    result = attack(name, marked(0.02))
    assert top1(result) > 0.9
    assert value(result, "identity", "verification_auc") > 0.97
    assert value(result, "identity", "tar_at_far_1e-2") > 0.7
    assert value(result, "identity", "top1_accuracy", "chance") == 1 / 40
    assert {row["role"] for row in result.findings} == {"private"}
    assert {row["attacker"] for row in result.findings} == {name}
    assert result.arrays["targets"].tolist() == ["identity"]
    assert result.arrays["validation"][0] > 0.9
    assert result.arrays["correct"].mean() == pytest.approx(top1(result), abs=1e-4)


@pytest.mark.parametrize("name", NAMES)
def test_a_constant_release_is_at_chance(name):
    result = attack(name, view("constant"))
    assert top1(result) < 0.08
    assert abs(value(result, "identity", "verification_auc") - 0.5) < 0.05
    assert value(result, "identity", "tar_at_far_1e-2") < 0.05


@pytest.mark.parametrize("name", NAMES)
def test_more_noise_is_weaker(name):
    found = [top1(attack(name, marked(spread))) for spread in (0.05, 0.5, 3)]
    assert found[0] > found[1] > found[2]


@pytest.mark.parametrize("name", NAMES)
def test_row_order_does_not_matter_and_the_same_seed_gives_the_same_findings(name):
    given = marked(0.5)
    turned = shuffled(given)
    assert attack(name, turned).findings == attack(name, given).findings


@pytest.mark.parametrize("name", [*NAMES, "lda_score"])
def test_nan_is_named_and_people_with_one_photograph_give_an_empty_result(name):
    given = marked(0.1)
    spoilt = given.z | {"test": given.z["test"] * torch.nan}
    with pytest.raises(PenumbraError, match="NaN"):
        attack(name, dataclasses.replace(given, z=spoilt))
    alone = given.identities | {"test": np.arange(160)}
    assert attack(name, dataclasses.replace(given, identities=alone)) == Result()


@pytest.mark.parametrize("name", NAMES)
def test_some_people_with_one_photograph_are_known_and_never_asked_for(name):
    given = marked(0.02)
    people = given.identities["test"].copy()
    people[:40] = 9000 + np.arange(40)
    result = attack(
        name, dataclasses.replace(given, identities=given.identities | {"test": people})
    )
    assert top1(result) > 0.8
    (row,) = [r for r in result.findings if r["metric"] == "top1_accuracy"]
    assert (row["n"], row["identities"]) == (60, 30)


def test_what_differs_between_photographs_of_one_person_is_learned_to_be_ignored():
    """Where most of a release is noise, plain distances fail and learned ones do not."""
    given = marked(0.05, noisy=30)
    plain, learned = (top1(attack(name, given)) for name in NAMES[:2])
    assert plain < 0.35
    assert learned > 0.8


def test_the_discriminant_is_no_weaker_than_scikit_learns():
    given = marked(0.5, noisy=20)
    people = given.identities
    z = {split: tensor.numpy() for split, tensor in given.z.items()}
    theirs = LinearDiscriminantAnalysis().fit(z["attacker"], people["attacker"])
    turned = theirs.transform(z["test"])
    gallery, probes = split_gallery(given.x["test"].numpy(), people["test"])
    neighbour = KNeighborsClassifier(1).fit(turned[gallery], people["test"][gallery])
    sklearn = neighbour.score(turned[probes], people["test"][probes])
    assert sklearn > 0.3
    assert top1(attack("discriminant", given)) >= sklearn - 0.03


def test_the_discriminant_learns_from_the_attackers_people_alone():
    given = marked(0.3, noisy=10)
    strangers = given.identities | {"attacker": np.arange(200)}
    assert attack("discriminant", dataclasses.replace(given, identities=strangers)) == Result()
    other = given.identities | {"defender": np.arange(120)}
    changed = dataclasses.replace(given, identities=other)
    assert attack("discriminant", changed).findings == attack("discriminant", given).findings


def test_a_curved_code_is_found_in_a_narrow_release():
    """What tells people apart is how far a point lies from the middle, in each of six planes;
    the direction in which it lies there is drawn anew for every photograph."""
    given = view("coordinate")
    rng = np.random.default_rng(0)
    z = {}
    for split, people in given.identities.items():
        radius = rng.uniform(0.2, 2, (people.max() + 1, 6))[people]
        angle = rng.uniform(0, 2 * np.pi, radius.shape)
        z[split] = torch.tensor(np.hstack((radius * np.cos(angle), radius * np.sin(angle)))).float()
    result = attack("discriminant", dataclasses.replace(given, z=z))
    assert top1(result) > 0.25
    assert top1(attack("nearest_neighbour", dataclasses.replace(given, z=z))) < 0.15


def test_codes_without_any_spread_within_a_person_are_found():
    assert top1(attack("discriminant", marked(0.0))) == 1


def test_without_pairs_of_validation_people_the_first_way_is_taken():
    given = marked(0.05)
    alone = dataclasses.replace(given, identities=given.identities | {"validation": np.arange(80)})
    result = attack("discriminant", alone)
    assert top1(result) > 0.9
    assert np.isnan(result.arrays["validation"]).all()
    assert attack("embedding", alone) == Result()  # nothing says when to stop


def test_the_bound_on_the_bayes_error_is_that_of_the_nearest_neighbours():
    result = attack("nearest_neighbour", marked(0.5))
    bound = value(result, "identity", "bayes_error_bound")
    assert bound == pytest.approx(cover_hart(1 - top1(result), 40), abs=1e-3)
    low, high = (value(result, "identity", "bayes_error_bound", c) for c in ("low", "high"))
    assert low <= bound <= high


def test_the_worst_case_on_identity_is_the_strongest_on_validation():
    given = marked(0.05, noisy=30)
    done = {}
    for name in NAMES[:2]:
        result = attack(name, given)
        done[name] = (result.findings, result.arrays)
    rows, chosen = strongest(done)
    assert chosen["chosen"].tolist() == ["discriminant"]
    assert {row["attacker"] for row in rows} == {"worst_case"}


def test_pairs_are_judged_by_the_way_that_tells_validation_pairs_apart_best():
    given = marked(0.1)
    rng = np.random.default_rng(0)

    def places(split):
        return given.z[split].numpy()

    def lengths(split):  # the same directions, lengths at random: only the cosine helps
        return places(split) * rng.uniform(0.2, 5, (len(places(split)), 1)).astype(np.float32)

    plain, unit = linking.Matcher(lengths), linking.Matcher(lengths, unit=True)
    naming, confirming = linking.best(given, [plain, unit])
    assert naming is unit
    assert confirming is unit


def test_lda_score_tells_people_who_stand_apart_from_noise():
    near, far = (attack("lda_score", marked(spread)) for spread in (0.3, 3.0))
    apart, mixed = (value(r, "identity", "lda_ratio") for r in (near, far))
    assert apart > 3 * mixed > 3 * value(far, "identity", "lda_ratio", "chance") * 0.7
    total = sum(value(near, "identity", m) for m in ("lda_within", "lda_between"))
    assert 0.7 < total < 1.4
    constant = attack("lda_score", view("constant"))
    assert {row["value"] for row in constant.findings} == {0}
