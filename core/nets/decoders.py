"""Decoders from releases to pictures, one for every shape a release can have."""

from __future__ import annotations

import math
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

from core.nets.vgg import MirroredDecoder, convolutions


def decoder_for(shape: tuple[int, ...], height: int, width: int) -> nn.Module:
    """A decoder from releases of `shape` (without the batch) to pictures (B, 3, height, width): the
    mirrored obfuscator for maps a quarter of the picture's size, a U-Net for those as large."""
    channels, *size = shape
    if size == [height, width]:
        return PictureDecoder(channels)
    if size == [height // 4, width // 4] and channels >= 8:
        return MirroredDecoder((max(16, channels // 2), channels), height, width)
    return upsampling_decoder(shape, height, width)


def upsampling_decoder(shape: tuple[int, ...], height: int, width: int) -> nn.Module:
    """`MapDecoder` for releases that are maps, `FlatDecoder` for others."""
    if len(shape) != 3:
        return FlatDecoder(math.prod(shape), height, width)
    return MapDecoder(shape[0], (shape[1], shape[2]), height, width)


class PictureDecoder(nn.Module):
    """z (B, C, H, W) -> pictures (B, 3, H, W): a U-Net of three scales (Ronneberger et al., MICCAI
    2015) that adds to a learned mixture of z's channels, at the start z itself where it has three.
    """

    def __init__(self, channels: int, widths: tuple[int, int, int] = (16, 32, 48)) -> None:
        super().__init__()
        fine, middle, coarse = widths
        self.mixture = nn.Conv2d(channels, 3, 1)
        if channels == 3:
            with torch.no_grad():
                self.mixture.weight.copy_(torch.eye(3)[:, :, None, None])
                self.mixture.bias.zero_()  # type: ignore[union-attr]
        self.down1 = nn.Sequential(*convolutions(channels, fine, 1))
        self.down2 = nn.Sequential(*convolutions(fine, middle, 2))
        self.bottom = nn.Sequential(*convolutions(middle, coarse, 3))
        self.up2 = nn.Sequential(*convolutions(coarse + middle, middle, 2))
        self.up1 = nn.Sequential(*convolutions(middle + fine, fine, 1))
        self.out = nn.Conv2d(fine, 3, 3, padding=1)
        nn.init.zeros_(self.out.weight)
        nn.init.zeros_(self.out.bias)  # type: ignore[arg-type]

    def forward(self, z: Tensor) -> Tensor:
        fine = self.down1(z)
        middle = self.down2(functional.max_pool2d(fine, 2))
        coarse = self.bottom(functional.max_pool2d(middle, 2))
        middle = self.up2(torch.cat((_grown(coarse, middle), middle), 1))
        fine = self.up1(torch.cat((_grown(middle, fine), fine), 1))
        return self.mixture(z) + self.out(fine)


class MapDecoder(nn.Module):
    """z (B, C, h, w) -> pictures (B, 3, H, W): doubles the map until the picture's size is reached;
    larger maps are first pooled to it."""

    def __init__(self, channels: int, size: tuple[int, int], height: int, width: int) -> None:
        super().__init__()
        self.sizes = _sizes(size, (height, width))
        first = min(128, max(48, channels))
        stages = []
        for step in range(len(self.sizes)):
            out = max(16, first >> step)
            stages.append(nn.Sequential(*convolutions(channels, out, 2)))
            channels = out
        self.stages = nn.ModuleList(stages)
        self.out = nn.Conv2d(channels, 3, 3, padding=1)

    def forward(self, z: Tensor) -> Tensor:
        for size, stage in zip(self.sizes, self.stages, strict=True):
            if z.shape[-2] > size[0] or z.shape[-1] > size[1]:
                z = functional.adaptive_avg_pool2d(z, size)
            elif tuple(z.shape[-2:]) != size:
                z = functional.interpolate(z, size=size)
            z = stage(z)
        return torch.sigmoid(self.out(z))


class FlatDecoder(nn.Module):
    """z (B, d) -> pictures (B, 3, H, W), by a map of about 4 pixels a side."""

    def __init__(self, inputs: int, height: int, width: int, channels: int = 48) -> None:
        super().__init__()
        halvings = max(0, round(math.log2(min(height, width) / 4)))
        self.size = (max(1, height >> halvings), max(1, width >> halvings))
        self.channels = channels
        # A wide release is narrowed first: the dense layer stays below two million weights.
        narrow = (256,) if inputs > 1024 else ()
        widths = (inputs, *narrow, channels * math.prod(self.size))
        self.dense = nn.Sequential(*(nn.Linear(a, b) for a, b in pairwise(widths)))
        self.rest = MapDecoder(channels, self.size, height, width)

    def forward(self, z: Tensor) -> Tensor:
        grown = self.dense(z.flatten(1)).unflatten(1, (self.channels, *self.size))
        return self.rest(functional.relu(grown))


def _sizes(start: tuple[int, int], end: tuple[int, int]) -> list[tuple[int, int]]:
    """Map sizes from `start` to `end`, each at most twice the one before (in either direction)."""
    sizes = [(min(start[0], end[0]), min(start[1], end[1]))]
    while sizes[-1] != end:
        rows, columns = sizes[-1]
        sizes.append((min(2 * rows, end[0]), min(2 * columns, end[1])))
    return sizes


def _grown(small: Tensor, like: Tensor) -> Tensor:
    return functional.interpolate(small, size=like.shape[-2:])
