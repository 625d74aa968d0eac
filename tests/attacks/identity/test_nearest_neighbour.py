import dataclasses

import numpy as np
import torch

from core.attacks import ATTACKS, Result
from tests.attacks.planted import shuffled, value, view


def attack(given, seed=0):
    return ATTACKS["nearest_neighbour"].run(given, torch.Generator().manual_seed(seed))


def marked(spread: float):
    """A release in which every person has a place of their own."""
    given = view("coordinate")
    rng = np.random.default_rng(0)
    z = {}
    for split, people in given.identities.items():
        places = rng.normal(size=(people.max() + 1, 6))[people]
        z[split] = torch.tensor(places + spread * rng.normal(size=places.shape)).float()
    return dataclasses.replace(given, z=z)


def test_people_who_stand_apart_are_recognised():
    result = attack(marked(0.01))
    assert value(result, "identity", "top1_accuracy") == 1
    assert value(result, "identity", "top1_accuracy", "chance") == 1 / 40
    assert len(result.arrays["probes"]) == 80


def test_a_constant_release_is_at_chance_and_noise_weakens():
    assert value(attack(view("constant")), "identity", "top1_accuracy") < 0.08
    found = [value(attack(marked(s)), "identity", "top1_accuracy") for s in (0.1, 0.7, 3)]
    assert found[0] > found[1] > found[2]


def test_the_scale_of_a_coordinate_does_not_matter():
    given = marked(0.5)
    factor = torch.tensor([1, 1, 1, 1, 1, 1000.0])
    scaled = dataclasses.replace(given, z={s: z * factor for s, z in given.z.items()})
    first, second = (value(attack(g), "identity", "top1_accuracy") for g in (given, scaled))
    assert first == second


def test_row_order_does_not_matter():
    given = marked(0.7)
    turned = shuffled(given)
    assert attack(turned).findings == attack(given).findings


def test_without_second_photographs_there_is_nothing_to_find():
    given = marked(0.1)
    alone = given.identities | {"test": np.arange(160)}
    assert attack(dataclasses.replace(given, identities=alone)) == Result()
