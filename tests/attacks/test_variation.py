"""Variations of photographs."""

import torch

from core.attacks import variation
from core.data.held import Held


def test_variations_stay_photographs_of_the_same_face():
    x = torch.rand(200, 3, 20, 20, generator=torch.Generator().manual_seed(0))
    varied = variation.varied(x, torch.Generator().manual_seed(0))
    assert varied.shape == x.shape
    assert varied.min() >= 0
    assert varied.max() <= 1
    grey, turned = varied.mean(1).flatten(1), x.flip(3).mean(1).flatten(1)

    def alike(one, other):
        return torch.corrcoef(torch.cat((one, other)))[: len(one), len(one) :].diag()

    plain, mirrored = alike(grey, x.mean(1).flatten(1)), alike(grey, turned)
    some = (plain > 0.8).sum(), (mirrored > 0.8).sum()  # those that were not moved sideways or up
    assert min(some) > 5


def test_turning_keeps_the_middle_and_moves_the_rim_by_a_few_pixels():
    side = 33
    x = torch.zeros(40, 1, side, side)
    x[:, :, :, side // 2] = 1  # an upright line
    x = x.expand(-1, 3, -1, -1)
    found = variation.turned(x, torch.Generator().manual_seed(0))
    assert found.shape == x.shape
    columns = torch.arange(side).float()

    def place(row):
        line = found[:, 0, row]
        return (line * columns).sum(1) / line.sum(1)

    assert (place(side // 2) - side // 2).abs().max() < 0.1
    moved = place(0) - side // 2
    assert moved.abs().max() < side / 2 * 0.15  # tan 8 degrees is .14
    assert moved.min() < -1
    assert moved.max() > 1
    assert torch.allclose(place(side - 1) - side // 2, -moved, atol=0.2)


def test_whole_or_held_they_are_photographs():
    x = torch.randint(256, (300, 3, 12, 16), dtype=torch.uint8)
    whole = variation.again(x, torch.Generator().manual_seed(0))
    assert (whole.shape, whole.dtype) == (x.shape, x.dtype)
    held = Held(x.__getitem__, torch.arange(300), x.device, (3, 12, 16))
    again = variation.again(held, torch.Generator().manual_seed(0))
    assert again.shape == x.shape
    assert again[:5].dtype == torch.uint8
    assert not torch.equal(whole, x)
