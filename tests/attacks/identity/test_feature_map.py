"""The feature-level attack, with a planted "face-verification network"."""

import dataclasses

import numpy as np
import pytest
import torch
from torch.nn import functional

from core.attacks import ATTACKS, Result
from core.attacks.identity import feature_regression
from core.embedders import Embedder
from core.errors import PenumbraError
from tests.attacks.planted import shuffled, value, view

CODES = 6


@pytest.fixture(autouse=True)
def shorter(monkeypatch):
    monkeypatch.setattr(feature_regression, "MOST_EPOCHS", 6)


def attack(given, seed=0):
    return ATTACKS["feature_map"].run(given, torch.Generator().manual_seed(seed))


def seen(x):
    """C: the directions of the brightness of six stripes of a photograph (n, 3, 12, 12)."""
    return functional.normalize(x.mean((1, 3)).reshape(len(x), CODES, 2).mean(2) - 0.5)


def striped(kind: str, noise: float = 0.1):
    """Photographs whose stripes are as bright as their person's code says. kind: what is released
    of them, "photograph", "code" (flat, turned at random), "curved" or "constant"."""
    given = view("constant")
    rng = np.random.default_rng(0)
    turn = np.linalg.qr(rng.normal(size=(CODES, CODES)))[0]
    x, z = {}, {}
    for split, people in given.identities.items():
        codes = rng.normal(0, 0.12, (people.max() + 1, CODES))[people]
        codes += rng.normal(0, 0.02, codes.shape)
        pictures = 0.5 + codes.repeat(2, 1)[:, None, :, None] + np.zeros((1, 3, 1, 12))
        x[split] = torch.from_numpy((pictures.clip(0, 1) * 255).round().astype(np.uint8))
        released = {
            "photograph": x[split].numpy() / 255,
            "code": codes @ turn,
            "curved": np.exp(12 * codes @ turn) ** 0.5,
            "constant": np.full((len(codes), 4), 2.0),
        }[kind]
        if kind != "constant":
            released = released + noise * 0.12 * rng.normal(size=released.shape)
        z[split] = torch.from_numpy(released).float()
    return dataclasses.replace(given, x=x, z=z, face_features=seen)


def number(result, metric, column="value"):
    return value(result, "features", metric, column)


def test_the_photographs_themselves_are_seen_through_and_their_people_named():
    result = attack(striped("photograph"))
    assert number(result, "cosine_similarity") > 0.9
    assert number(result, "top1_accuracy") > 0.8
    assert number(result, "verification_auc") > 0.95
    assert number(result, "tar_at_far_1e-2") > 0.6
    assert number(result, "cosine_similarity", "chance") < 0.4
    assert {row["role"] for row in result.findings} == {"private"}
    assert {row["attacker"] for row in result.findings} == {"feature_map"}
    assert {(row["metric"], row["n"]) for row in result.findings} == {
        ("cosine_similarity", 160),
        ("top1_accuracy", 80),
        ("verification_auc", 80),
        ("tar_at_far_1e-2", 80),
    }
    assert result.arrays["cosines"].shape == (160,)


def test_flat_codes_are_found_and_more_noise_is_weaker():
    found = [number(attack(striped("code", noise)), "cosine_similarity") for noise in (0.1, 1, 5)]
    assert found[0] > 0.9
    assert found[0] > found[1] > found[2]


def test_a_curved_code_needs_the_network_and_gets_it():
    given = striped("curved", noise=0.0)
    whole = number(attack(given), "cosine_similarity")
    straight = feature_regression._ridge(
        given, {s: seen(x.float() / 255) for s, x in given.x.items()}
    )
    assert (
        whole
        > functional.cosine_similarity(
            straight.features["test"], seen(given.x["test"].float() / 255)
        ).mean()
    )
    assert whole > 0.85


def test_a_constant_release_is_at_chance():
    result = attack(striped("constant"))
    chance = number(result, "cosine_similarity", "chance")
    assert number(result, "cosine_similarity") == pytest.approx(chance, abs=0.1)
    assert number(result, "top1_accuracy") < 0.08
    assert abs(number(result, "verification_auc") - 0.5) < 0.1


def test_row_order_does_not_matter():
    given = striped("code", 0.5)
    turned = shuffled(given)
    assert attack(turned).findings == attack(given).findings


def test_a_second_network_is_mapped_to_beside_the_first(tmp_path):
    given = striped("code")
    own = attack(given)

    def other(x):  # the same stripes, upside down: another network's view of the same faces
        return 3 * seen(x).flip(1)

    second = Embedder("planted", "0" * 64, other, tmp_path)
    both = attack(dataclasses.replace(given, embedder=second))
    through = [row for row in both.findings if row["metric"].endswith("_planted")]
    assert [row for row in both.findings if row not in through] == own.findings
    assert {row["metric"] for row in through} == {
        f"{row['metric']}_planted" for row in own.findings
    }
    assert number(both, "cosine_similarity_planted") > 0.9
    assert number(both, "top1_accuracy_planted") > 0.8
    assert both.arrays["cosines"].tolist() == own.arrays["cosines"].tolist()
    assert both.arrays["cosines_planted"].shape == (160,)
    alone = attack(dataclasses.replace(given, face_features=None, embedder=second))
    assert {row["metric"] for row in alone.findings} == {row["metric"] for row in through}


def test_without_a_network_or_second_photographs_it_does_not_apply_and_nan_is_named():
    given = striped("code")
    assert attack(dataclasses.replace(given, face_features=None)) == Result()
    alone = given.identities | {"test": np.arange(160)}
    assert attack(dataclasses.replace(given, identities=alone)) == Result()
    spoilt = given.z | {"test": given.z["test"] * torch.nan}
    with pytest.raises(PenumbraError, match="NaN"):
        attack(dataclasses.replace(given, z=spoilt))


def test_the_network_learns_from_the_attackers_photographs_alone():
    given = striped("code", 0.5)
    noise = torch.randn(given.z["defender"].shape, generator=torch.Generator().manual_seed(0))
    changed = dataclasses.replace(given, z=given.z | {"defender": noise})
    assert attack(changed).findings == attack(given).findings
