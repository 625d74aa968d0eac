"""White-box inversion on releases whose inverse is known."""

import dataclasses

import numpy as np
import pytest
import torch

from core.attacks import ATTACKS
from core.attacks.features import standardiser
from core.attacks.reconstruction import pixel_descent
from tests.attacks.planted import value, view

SIZE = 16


@pytest.fixture(autouse=True, scope="module")
def quick():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pixel_descent, "PICTURES", 8)
        patch.setattr(pixel_descent, "STEPS", 60)
        yield


def with_release(release, seed=0, **more):
    """The planted photographs and what `release` makes of them."""
    given = view("pictures")
    z = {
        split: release(x.float() / 255, torch.Generator().manual_seed(seed))
        for split, x in given.x.items()
    }
    return dataclasses.replace(given, release=release, z=z, **more)


def attack(given, seed=0):
    return ATTACKS["inversion"].run(given, torch.Generator().manual_seed(seed))


def mixing(columns):
    generator = torch.Generator().manual_seed(1)
    return torch.linalg.qr(torch.randn(3 * SIZE**2, columns, generator=generator))[0]


def linear(x, generator):
    return x.flatten(1) @ MATRIX


MATRIX = mixing(3 * SIZE**2)


@pytest.fixture(scope="module")
def undone(quick):
    return attack(with_release(linear))


def test_an_invertible_release_is_undone(undone):
    result = undone
    assert value(result, "image", "ms_ssim") > 0.95
    assert value(result, "image", "psnr") > 25
    assert value(result, "image", "ms_ssim", "n") == 8
    assert result.arrays["positions"].tolist() == [0, 5, 9]
    assert result.arrays["targets"].tolist() == ["image"]
    assert 0.9 < result.arrays["validation"][0] <= 1
    assert not result.weights


def test_a_map_is_undone_too():
    result = attack(with_release(lambda x, generator: x[:, :, ::2, ::2] * 3 - 1))
    chance = value(result, "image", "ms_ssim", "chance")
    assert value(result, "image", "ms_ssim") > chance + 0.2


def test_a_constant_gives_the_mean_face():
    result = attack(with_release(lambda x, generator: x.new_full((len(x), 8, 4, 4), 0.5)))
    row = value(result, "image", "ms_ssim"), value(result, "image", "ms_ssim", "chance")
    assert row[0] == pytest.approx(row[1], abs=0.02)


def test_nothing_to_differentiate_leaves_the_nearest_photograph():
    given = with_release(lambda x, generator: (x.mean((2, 3)) > 0.5).float().flatten(1))
    assert value(attack(given), "image", "ms_ssim", "n") == 8


def test_noise_is_averaged_out():
    """What is drawn anew at each step costs the attack little."""

    def noisy(x, generator):
        return linear(x, generator) + 0.02 * torch.randn(
            len(x), MATRIX.shape[1], generator=generator
        )

    assert value(attack(with_release(noisy)), "image", "ms_ssim") > 0.85


def test_the_truth_is_never_looked_at_and_the_same_seed_gives_the_same_findings(undone):
    given = with_release(linear)
    poisoned = dataclasses.replace(given, x=given.x | {"test": given.x["test"].flip(0)})
    first, second = undone, attack(poisoned)
    name = "reconstructions_webp"
    assert (first.arrays[name] == second.arrays[name]).all()
    assert first.arrays["validation"] == second.arrays["validation"]
    assert value(first, "image", "ms_ssim") > value(second, "image", "ms_ssim") + 0.1


def test_the_start_is_kept_by_feature_distance(monkeypatch):
    """Two starts, of which the worse-looking one releases exactly what was observed."""
    given = with_release(lambda x, generator: x.mean((2, 3)))
    truth = given.x["test"][pixel_descent.chosen(given, 12)].float() / 255
    same_release = truth.mean((2, 3), keepdim=True).expand_as(truth)
    monkeypatch.setattr(pixel_descent, "FIRST_STEPS", 0)
    starts = [(truth + 0.2).clamp(0, 1), same_release.clone()]
    monkeypatch.setattr(pixel_descent.Search, "starts", lambda *_: starts)
    search = pixel_descent.Search(given, pixel_descent.scaler_of(given.z["attacker"]))
    released = given.z["test"][pixel_descent.chosen(given, 12)]
    pictures, _ = search.begun(released, torch.Generator())
    assert torch.equal(pictures, same_release)


def test_the_pictured_come_first():
    given = dataclasses.replace(view("pictures"), pictured=np.array([3, 9, 150]))
    assert pixel_descent.chosen(given, 6).tolist() == [3, 9, 150, 0, 1, 2]
    assert pixel_descent.chosen(given, 2).tolist() == [3, 9]
    assert len(pixel_descent.chosen(given, 1000)) == 160


def test_total_variation_by_hand():
    picture = torch.zeros(1, 3, 2, 3)
    picture[:, :, 0, 0] = 1.0  # of 3 neighbours below one another one differs, of 4 beside one
    assert pixel_descent.total_variation(picture).item() == pytest.approx(1 / 3 + 1 / 4)


def test_flat_releases_are_measured_in_units_of_the_attackers_spread():
    given = with_release(linear)
    scaled = pixel_descent.scaler_of(given.z["attacker"])(given.z["test"])
    expected = standardiser(given.z["attacker"])(given.z["test"])
    assert torch.allclose(scaled, expected)
