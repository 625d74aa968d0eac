import dataclasses

import numpy as np
import torch
from scipy.stats import norm

from core.attacks import ATTACKS, Result
from core.attacks.identity import log_rank
from core.metrics import ranks
from tests.attacks.planted import shuffled, value, view


def attack(given, seed=0):
    return ATTACKS["log_rank"].run(given, torch.Generator().manual_seed(seed))


def marked(spread, dimensions=6, noisy=0):
    """A release in which every person has a place of their own; `noisy` more dimensions in which
    photographs of one person differ far more than people do."""
    given = view("coordinate")
    rng = np.random.default_rng(0)
    z = {}
    for split, people in given.identities.items():
        places = rng.normal(size=(people.max() + 1, dimensions))[people]
        z[split] = places + spread * rng.normal(size=places.shape)
        z[split] = np.hstack((z[split], 3 * rng.normal(size=(len(people), noisy))))
    return dataclasses.replace(given, z={s: torch.tensor(v).float() for s, v in z.items()})


def numbers(result):
    return {row["metric"]: row["value"] for row in result.findings}


def test_people_who_stand_apart_are_named_first():
    result = attack(marked(0.01))
    assert numbers(result) == {
        "log_rank_privacy": 0,
        "normalised_rank_mean": 1 / 40,
        "normalised_rank_std": 0,
        "rank_guarantee_0.01": 1,
        "rank_guarantee_0.05": 0,
        "rank_guarantee_0.1": 0,
    }
    assert {row["role"] for row in result.findings} == {"private"}
    assert {(row["n"], row["identities"]) for row in result.findings} == {(80, 40)}
    assert result.arrays["ranks"].shape == (80,)


def test_a_constant_release_scores_exactly_what_random_order_does():
    result = attack(view("constant"))
    for row in result.findings:
        assert row["value"] == row["chance"] == row["low"] == row["high"]
    expected = ranks.by_chance(40)
    assert numbers(result) == {
        "log_rank_privacy": round(expected["log_rank"], 4),
        "normalised_rank_mean": round(expected["rank"], 4),
        "normalised_rank_std": round(expected["deviation"], 4),
    } | {
        f"rank_guarantee_{epsilon}": round(
            float(norm.sf(epsilon, expected["rank"], expected["deviation"])), 4
        )
        for epsilon in (0.01, 0.05, 0.1)
    }


def test_noise_hides_and_intervals_hold_the_value():
    results = [attack(marked(spread)) for spread in (0.1, 0.7, 3)]
    found = [numbers(result)["log_rank_privacy"] for result in results]
    assert found[0] < found[1] < found[2]
    for row in (row for result in results for row in result.findings):
        assert row["low"] <= row["value"] <= row["high"]


def test_wide_features_are_ranked_on_their_principal_axes():
    given = marked(0.05)
    turn = torch.linalg.qr(torch.randn(3000, 6, generator=torch.Generator().manual_seed(0)))[0].T
    wide = dataclasses.replace(given, z={s: z @ turn for s, z in given.z.items()})
    assert numbers(attack(wide))["log_rank_privacy"] < 0.02
    (kept,) = wide.scratch.values()
    assert kept["test"].shape[1] <= 1024


def test_scales_learned_from_the_attackers_people_see_through_noise_in_other_directions(
    monkeypatch,
):
    given = marked(0.1, dimensions=3, noisy=12)
    chosen = numbers(attack(given))["log_rank_privacy"]
    monkeypatch.setattr(log_rank, "_by_direction", log_rank._alike)
    plain = numbers(attack(given))["log_rank_privacy"]
    assert chosen < plain - 0.1


def test_row_order_does_not_matter():
    given = marked(0.7)
    turned = shuffled(given)
    assert attack(turned).findings == attack(given).findings


def test_strangers_to_each_other_teach_the_attacker_nothing_and_are_no_error():
    given = marked(0.1)
    alone = given.identities | {"attacker": np.arange(200), "validation": np.arange(80)}
    assert (
        value(attack(dataclasses.replace(given, identities=alone)), "identity", "log_rank_privacy")
        < 0.1
    )
    alone = given.identities | {"test": np.arange(160)}
    assert attack(dataclasses.replace(given, identities=alone)) == Result()
