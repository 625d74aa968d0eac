"""Photographs as they might also have been taken."""

import math

import torch
from torch import Generator, Tensor
from torch.nn import functional

from core.data.held import BLOCK, Rows, mapped

SHIFT = 1 / 20  # of the side, at most, in each direction
COLOUR = 0.2  # most by which brightness, contrast and colours are changed
TURN = 8.0  # degrees to either side, at most


def varied(x: Tensor, generator: Generator) -> Tensor:
    """Photographs (n, 3, H, W) as they might also have been taken: half of them mirrored, each
    moved by a few pixels, made lighter or darker and tinted. Edges are repeated outwards."""
    n, _, height, width = x.shape

    def drawn(*shape: int) -> Tensor:
        return 2 * torch.rand(n, *shape, generator=generator).to(x.device) - 1

    x = torch.where(drawn(1, 1, 1) < 0, x.flip(3), x)
    down = (drawn(1) * SHIFT * height).round() + torch.arange(height, device=x.device)
    right = (drawn(1) * SHIFT * width).round() + torch.arange(width, device=x.device)
    down, right = down.long().clamp(0, height - 1), right.long().clamp(0, width - 1)
    each = torch.arange(n, device=x.device)[:, None, None]
    x = x[each, :, down[:, :, None], right[:, None, :]].permute(0, 3, 1, 2)
    gain = 1 + COLOUR * drawn(1, 1, 1) + COLOUR / 2 * drawn(3, 1, 1)
    return (gain * x + COLOUR / 2 * drawn(1, 1, 1)).clamp(0, 1)


def turned(x: Tensor, generator: Generator) -> Tensor:
    """Photographs (n, 3, H, W), each turned by at most `TURN` degrees about its middle."""
    height, width = x.shape[2:]
    angle = math.radians(TURN) * (2 * torch.rand(len(x), generator=generator) - 1).to(x.device)
    cosine, sine, zero = angle.cos(), angle.sin(), torch.zeros_like(angle)
    # In units of half the sides, as `affine_grid` has them.
    rows = (cosine, -sine * height / width, zero), (sine * width / height, cosine, zero)
    ways = torch.stack([torch.stack(row, 1) for row in rows], 1)
    grid = functional.affine_grid(ways, list(x.shape), align_corners=False)
    return functional.grid_sample(x, grid, padding_mode="border", align_corners=False)


def again(x: Rows, generator: Generator) -> Rows:
    """Photographs uint8 (n, 3, H, W), each `turned` and `varied`."""

    def change(part: Tensor) -> Tensor:
        pixels = varied(turned(part.float() / 255, generator), generator)
        return pixels.mul(255).round().to(torch.uint8)

    if isinstance(x, Tensor):
        return torch.cat([change(part) for part in x.split(BLOCK)])
    return mapped(x, change)
