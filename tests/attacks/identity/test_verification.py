import dataclasses
import math

import numpy as np
import pytest
import torch

from core.attacks import ATTACKS, Result
from core.attacks.attackers import own_verifier
from core.attacks.identity import pair_network, verification
from core.evaluation.worst_case import strongest
from core.methods.declare import VERIFICATION
from tests.attacks.planted import shuffled, value, view


def attack(given, seed=0):
    return ATTACKS["siamese"].run(given, torch.Generator().manual_seed(seed))


def marked(kind: str = "flat", spread: float = 0.2, nuisance: float = 4.0):
    """A release in which every person has a place of their own among the first half of the
    coordinates (or channels); the other half is noise that drowns plain distances."""
    given = view("coordinate")
    rng = np.random.default_rng(0)
    z = {}
    for split, people in given.identities.items():
        places = rng.normal(size=(people.max() + 1, 6))[people]
        places = np.concatenate((places, np.zeros_like(places)), axis=1)
        noise = rng.normal(size=places.shape) * np.repeat((spread, nuisance), 6)
        z[split] = torch.tensor(places + noise).float()
        if kind == "map":
            grain = torch.tensor(rng.normal(size=(len(people), 12, 4, 4))).float()
            z[split] = z[split][:, :, None, None] + 0.1 * grain
    return dataclasses.replace(given, z=z, tasks=("Task", VERIFICATION))


def verified(result, metric="accuracy", column="value"):
    return value(result, VERIFICATION, metric, column)


@pytest.fixture(scope="module")
def flat(short):
    return attack(marked())


@pytest.mark.parametrize("kind", ["flat", "map"])
def test_unseen_people_who_stand_apart_are_verified(kind, flat):
    given = marked(kind)
    result = flat if kind == "flat" else attack(given)
    assert verified(result) > 0.9
    assert verified(result, "auc") > 0.95
    # Plain distances would not do: the head has learned what to look at.
    pairs = verification.drawn(given)
    plain = {s: given.z[s].flatten(1).numpy() for s in pairs}
    assert verified(verification.scored(given, plain, "plain", pairs)) < 0.75


def test_rows_and_arrays(flat):
    given, result = marked(), flat
    assert [row["metric"] for row in result.findings] == ["balanced_accuracy", "auc", "accuracy"]
    for row in result.findings:
        assert (row["target"], row["role"], row["attacker"]) == (VERIFICATION, "utility", "siamese")
        assert row["low"] <= row["value"] <= row["high"]
        # Six pairs of four photographs, and as many of two people, for each of forty people.
        assert (row["chance"], row["n"], row["identities"]) == (0.5, 480, 40)
    kept = result.arrays
    people = given.identities["test"]
    assert ((people[kept["first"]] == people[kept["second"]]) == kept["same"]).all()
    right = (kept["distances"] < kept["threshold"]) == kept["same"]
    assert right.mean() == pytest.approx(verified(result), abs=0.01)
    assert all(array.dtype != object for array in kept.values())


@pytest.mark.parametrize("shape", [(12,), (4, 4, 4)])
def test_a_constant_release_is_at_chance(shape):
    given = marked()
    z = {split: torch.full((len(z), *shape), 3.7) for split, z in given.z.items()}
    result = attack(dataclasses.replace(given, z=z))
    assert verified(result) == verified(result, "balanced_accuracy") == 0.5
    assert verified(result, "auc") == 0.5


def test_more_noise_weakens_verification(flat):
    noisier = (attack(marked(spread=spread)) for spread in (1.0, 4.0))
    found = [verified(result, "auc") for result in (flat, *noisier)]
    assert found[0] > found[1] > found[2]


def test_it_learns_from_the_defender_and_from_nobody_else(flat):
    given = marked()
    blank = {s: torch.zeros_like(z) if s == "attacker" else z for s, z in given.z.items()}
    assert attack(dataclasses.replace(given, z=blank)).findings == flat.findings
    blank = {s: torch.zeros_like(z) if s == "defender" else z for s, z in given.z.items()}
    assert verified(attack(dataclasses.replace(given, z=blank))) == 0.5


def test_where_verification_is_no_task_nothing_is_measured():
    assert attack(dataclasses.replace(marked(), tasks=("Task",))) == Result()


@pytest.mark.parametrize("split", ["defender", "validation", "test"])
def test_without_second_photographs_nothing_is_measured(split):
    given = marked()
    alone = given.identities | {split: np.arange(len(given.identities[split]))}
    assert attack(dataclasses.replace(given, identities=alone)) == Result()


def test_the_same_seed_gives_the_same_findings_and_row_order_does_not_matter(flat):
    assert attack(marked()).findings == flat.findings
    assert verified(attack(shuffled(marked()))) == pytest.approx(verified(flat), abs=0.005)


def test_pair_loss_by_hand():
    # Cosines are 1 with the own second photograph and 0 with the stranger's, over .1.
    embeddings = torch.tensor([[2.0, 0], [1, 0], [0, 1], [0, 3]])
    loss = pair_network.pair_loss(embeddings, torch.tensor([5, 5, 6, 6]))
    assert loss.item() == pytest.approx(math.log(1 + math.exp(-10)), rel=1e-3)
    assert pair_network.pair_loss(embeddings.roll(1, 0), torch.tensor([5, 5, 6, 6])) > 9
    # One person twice in a batch is no stranger to himself.
    alone = pair_network.pair_loss(torch.ones(4, 2), torch.tensor([5, 5, 5, 5]))
    assert alone.item() == pytest.approx(0)


def test_the_method_s_own_network_strict_and_as_the_paper_decides():
    given = marked(spread=0.1)

    def network(scale):
        return lambda z: z[:, :6] * scale

    # People are some 3.5 apart and their photographs .35: a boundary at 1 is right at that scale,
    # and calls everybody a stranger at another.
    assert verified(own_verifier.run(given, network(1.0), "paper")) > 0.95
    assert verified(own_verifier.run(given, network(100.0), "paper")) == 0.5
    strict = own_verifier.run(given, network(100.0), "strict")
    assert verified(strict) > 0.95
    assert strict.findings[0]["attacker"] == "own_verifier"
    alone = given.identities | {"test": np.arange(160)}
    without = dataclasses.replace(given, identities=alone)
    assert own_verifier.run(without, network(1.0), "strict") == Result()


def test_the_best_verifier_is_chosen_on_validation():
    given = marked(spread=0.1)
    good = own_verifier.run(given, lambda z: z[:, :6], "strict")
    bad = own_verifier.run(given, lambda z: z[:, 6:], "strict")
    rows, arrays = strongest({n: (r.findings, r.arrays) for n, r in {"b": good, "a": bad}.items()})
    assert [row["attacker"] for row in rows] == ["best_head"] * 3
    assert [row["value"] for row in rows] == [row["value"] for row in good.findings]
    assert arrays["chosen"].tolist() == ["b"]
