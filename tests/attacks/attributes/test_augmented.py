"""An attacker who varies their photographs and releases them again."""

import dataclasses

import numpy as np
import pytest
import torch

from core.attacks.attributes import scoring
from core.attacks.attributes.augmented import COPIES, augmented
from core.attacks.releases import released
from core.errors import PenumbraError
from tests.attacks.planted import value, view


def of_photographs(release):
    given = view("coordinate", size=16)
    z = {s: released(release, x, i) for i, (s, x) in enumerate(given.x.items())}
    return dataclasses.replace(given, release=release, z=z)


def shrunk(x, generator):
    return torch.nn.functional.avg_pool2d(x, 2)


def halves(x, generator):
    """Flat: how much lighter the upper half is, which says who is Planted, and two idle numbers."""
    upper = x[:, :, :8].mean((1, 2, 3)) - x[:, :, 8:].mean((1, 2, 3))
    return torch.stack((upper, x.mean((1, 2, 3)), x.std((1, 2, 3))), 1)


@pytest.mark.parametrize("release", [shrunk, halves])
def test_it_reads_what_survives_the_variations(release):
    result = augmented.run(of_photographs(release), torch.Generator().manual_seed(0))
    assert value(result, "attribute:Planted", "balanced_accuracy") > 0.9
    assert {row["role"] for row in result.findings} == {"private", "unlisted"}
    assert {row["attacker"] for row in result.findings} == {"augmented"}
    assert set(result.arrays) >= {"targets", "validation", "decisions"}  # it competes


def test_it_learns_from_releases_of_other_photographs_with_the_same_labels(monkeypatch):
    seen = []

    def probe(given, generator, attacker, family, splits):
        seen.append((given, splits))

    monkeypatch.setattr(scoring, "probe", probe)
    whole = of_photographs(halves)
    augmented.run(whole, torch.Generator().manual_seed(0))
    ((given, splits),) = seen
    assert splits == ["attacker"]
    n = len(whole.z["attacker"])
    z = given.z["attacker"]
    assert len(z) == (1 + COPIES) * n
    assert torch.equal(z[:n], whole.z["attacker"])
    assert not torch.isclose(z[n:, 1], whole.z["attacker"].repeat(COPIES, 1)[:, 1]).all()
    for name in ("attributes", "identities"):
        copies = np.split(getattr(given, name)["attacker"], 1 + COPIES)
        assert all(np.array_equal(copy, copies[0]) for copy in copies)
    for part in ("validation", "test"):
        assert given.z[part] is whole.z[part]


def test_a_release_that_breaks_on_a_variation_is_named():
    given = of_photographs(halves)
    broken = dataclasses.replace(given, release=lambda x, generator: halves(x, generator) * np.nan)
    with pytest.raises(PenumbraError, match="NaN"):
        augmented.run(broken, torch.Generator().manual_seed(0))
