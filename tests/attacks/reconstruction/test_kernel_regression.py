import dataclasses

import numpy as np
import pytest
import torch

from core.attacks import ATTACKS
from core.errors import PenumbraError
from tests.attacks.planted import shuffled, value, view


def attack(given, seed=0):
    return ATTACKS["kernel_redrawer"].run(given, torch.Generator().manual_seed(seed))


def bent(seed=0):
    """Pictures that follow from three numbers by a curve; the release is those numbers."""
    given = view("constant", seed)
    rng = np.random.default_rng(seed)
    patterns = rng.normal(0, 0.15, (3, 3, 16, 16))
    x, z = {}, {}
    for split, old in given.x.items():
        numbers = rng.uniform(-1, 1, (len(old), 3))
        pictures = 0.5 + np.tensordot(np.sin(4 * numbers), patterns, 1)
        x[split] = torch.from_numpy((pictures.clip(0, 1) * 255).round().astype(np.uint8))
        z[split] = torch.from_numpy(numbers).float()
    return dataclasses.replace(given, x=x, z=z)


def linear_error(given):
    """Mean squared error of the best straight line from the release to the test pictures."""
    pixels = {split: x.flatten(1).double() / 255 for split, x in given.x.items()}
    known = {s: torch.cat((z, torch.ones(len(z), 1)), 1).double() for s, z in given.z.items()}
    line = torch.linalg.lstsq(known["attacker"], pixels["attacker"]).solution
    return float((known["test"] @ line - pixels["test"]).square().mean())


def test_pictures_that_follow_from_a_few_numbers_by_a_curve_are_redrawn():
    given = bent()
    found = attack(given)
    error = 10 ** (-value(found, "image", "psnr") / 10)
    assert error < linear_error(given) / 20
    assert value(found, "image", "ms_ssim") > 0.97


def test_a_constant_gives_the_mean_picture():
    blind = attack(view("constant"))
    for metric in ("ms_ssim", "ssim", "psnr"):
        chance = value(blind, "image", metric, "chance")
        assert value(blind, "image", metric) == pytest.approx(chance, abs=2e-3)


def test_whole_photographs_are_redrawn_as_far_as_the_axes_go():
    assert value(attack(view("pictures", noise=0.0)), "image", "ms_ssim") > 0.7


def test_what_is_kept_is_what_was_redrawn_and_repeats_itself():
    given = bent()
    first, second = attack(given), attack(given)
    assert first.findings == second.findings
    assert all((first.arrays[key] == second.arrays[key]).all() for key in first.arrays)
    assert first.arrays["positions"].tolist() == given.pictured.tolist()
    assert first.arrays["ms_ssim"].min() > 0.9
    assert not first.weights


def test_the_order_of_the_test_photographs_does_not_matter():
    given = bent()
    turned = shuffled(given)
    for row, other in zip(attack(given).findings, attack(turned).findings, strict=True):
        assert row["metric"] == other["metric"]
        assert row["value"] == pytest.approx(other["value"], abs=2e-4)


def test_a_release_that_is_not_finite_is_named():
    given = view("map")
    given.z["test"][3] = torch.nan
    with pytest.raises(PenumbraError, match="NaN"):
        attack(given)
