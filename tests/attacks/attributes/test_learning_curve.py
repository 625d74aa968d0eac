"""Success against the attacker's data."""

import dataclasses

import numpy as np
import pytest
import torch

from core.attacks.attributes.learning_curve import SHARES, data_curve
from tests.attacks.planted import view


def measured(given):
    return data_curve.run(given, torch.Generator().manual_seed(0))


def larger():
    """Three times as many attacker's photographs as the planted releases have, for a curve."""
    parts = [view("coordinate", seed, noise=1.5) for seed in range(3)]
    given = parts[0]
    return dataclasses.replace(
        given,
        z=given.z | {"attacker": torch.cat([p.z["attacker"] for p in parts])},
        attributes=given.attributes
        | {"attacker": np.concatenate([p.attributes["attacker"] for p in parts])},
        identities=given.identities
        | {
            "attacker": np.concatenate(
                [p.identities["attacker"] + 9000 * i for i, p in enumerate(parts)]
            )
        },
    )


@pytest.fixture(scope="module")
def curve_of_larger():
    return measured(larger())


def test_more_data_reads_more_and_the_curve_says_what_is_ahead(curve_of_larger):
    found = curve_of_larger.arrays
    assert found["attributes"].tolist() == ["Planted"]
    assert found["photographs"].tolist() == [round(s * 150) * 4 for s in SHARES]
    assert found["people"].tolist() == [round(s * 150) for s in SHARES]
    curve = found["value"][0]
    assert curve[-1] > curve[0] + 0.03  # .046 to .06 by how a processor rounds
    assert (found["low"] <= found["value"]).all()
    assert (found["value"] <= found["high"]).all()
    assert found["ahead"].tolist() == [2400, 9600]
    assert curve[-1] - 0.02 <= found["ahead_value"][0, 0] <= found["ahead_value"][0, 1] <= 1
    assert (found["ahead_low"] <= found["ahead_high"]).all()


def test_rows_are_of_private_attributes_and_point_ahead(curve_of_larger):
    rows = curve_of_larger.findings
    assert {(r["target"], r["attacker"], r["role"]) for r in rows} == {
        ("attribute:Planted", "data_curve", "private")
    }
    assert [r["metric"] for r in rows] == ["balanced_accuracy_at_4x", "balanced_accuracy_at_16x"]


def test_a_constant_release_points_nowhere():
    given = view("coordinate")
    blank = {split: torch.zeros_like(z) for split, z in given.z.items()}
    found = measured(dataclasses.replace(given, z=blank))
    assert (found.arrays["value"] == 0.5).all()
    assert [row["value"] for row in found.findings] == [0.5, 0.5]


def test_the_whole_is_what_the_attackers_reach_with_everything():
    assert measured(view("coordinate", noise=0.2)).arrays["value"][0, -1] > 0.95


def test_nothing_private_or_too_few_photographs_make_no_curve():
    given = view("coordinate")
    assert measured(dataclasses.replace(given, private=())).findings == []
    few = {s: v[:100] for s, v in given.z.items()}
    labels = {s: v[:100] for s, v in given.attributes.items()}
    assert measured(dataclasses.replace(given, z=few, attributes=labels)).findings == []
