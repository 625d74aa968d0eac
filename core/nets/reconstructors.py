"""The reconstructors of DeepObfuscator's Table 2, of attackers who do not know the obfuscator."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional
from torchvision.models.resnet import BasicBlock

from core.nets.vgg import convolutions

WIDTHS = (64, 128, 256)  # of URec's three groups
RESIDUAL_WIDTH = 64  # of ResRec
# For pictures under SMALL pixels a side the widths of Table 2 are cut off here, as the compact
# mirrored obfuscator's are: URec's 256 channels at the picture's full size would cost a processor
# a hundred times what that one does. ResRec has no layer but its last at full size.
SMALL, WIDEST, WIDEST_RESIDUAL = 128, 16, 32
FOLDED = 16  # channels of the map that a flat release is brought to
NARROWED = 256  # numbers that a wide flat release is first brought to


class URec(nn.Module):
    """z -> pictures (B, 3, height, width) in [0, 1]: URec#1 (`count` 3) and URec#2 (`count` 2).

    Table 2: `count` conv3-64, up-sample, `count` conv3-128, up-sample, `count` conv3-256, conv3-3,
    conv1-3, sigmoid. Batch norm and ReLU follow every convolution but the last two, as in the
    project's other VGG-like networks; the table, which names none, has "U-net" for a family, but
    neither a way down nor a shortcut. The two up-samplings go from the release's map to the
    picture in equal ratios, twofold each for a map a quarter of its size. Ours: a map as large as
    the picture is not enlarged, a larger one first pooled, and flat releases pass one dense layer
    onto a map a quarter of the picture's size.
    """

    def __init__(self, shape: tuple[int, ...], height: int, width: int, count: int) -> None:
        super().__init__()
        self.entry, (channels, *start) = _entry(shape, height, width)
        self.sizes = _sizes((start[0], start[1]), (height, width))
        most = WIDEST if min(height, width) < SMALL else max(WIDTHS)
        widths = [min(most, entry) for entry in WIDTHS]
        groups = []
        for out in widths:
            groups.append(nn.Sequential(*convolutions(channels, out, count)))
            channels = out
        self.groups = nn.ModuleList(groups)
        self.out = nn.Sequential(nn.Conv2d(channels, 3, 3, padding=1), nn.Conv2d(3, 3, 1))

    def forward(self, z: Tensor) -> Tensor:
        z = self.groups[0](self.entry(z))
        for size, group in zip(self.sizes, list(self.groups)[1:], strict=True):
            z = group(functional.interpolate(z, size=size))
        return torch.sigmoid(self.out(z))


class ResRec(nn.Module):
    """z -> pictures (B, 3, height, width) in [0, 1]: ResRec.

    Table 2: transconv3-64 and two residual blocks of conv3-64, up-sample, two residual blocks of
    conv3-64, up-sample, conv1-3, sigmoid. (The table brackets the transposed convolution with the
    blocks that are repeated; it is read as standing before them, since it has one convolution, not
    two, and only the up-samplings make the map four times as large.) Blocks as torchvision's; for
    maps of another size and flat releases as `URec`.
    """

    def __init__(self, shape: tuple[int, ...], height: int, width: int) -> None:
        super().__init__()
        self.entry, (channels, *start) = _entry(shape, height, width)
        self.sizes = _sizes((start[0], start[1]), (height, width))
        wide = WIDEST_RESIDUAL if min(height, width) < SMALL else RESIDUAL_WIDTH
        self.first = nn.Sequential(
            nn.ConvTranspose2d(channels, wide, 3, padding=1, bias=False),
            nn.BatchNorm2d(wide),
            nn.ReLU(inplace=True),
            BasicBlock(wide, wide),
            BasicBlock(wide, wide),
        )
        self.second = nn.Sequential(BasicBlock(wide, wide), BasicBlock(wide, wide))
        self.out = nn.Conv2d(wide, 3, 1)

    def forward(self, z: Tensor) -> Tensor:
        z = self.first(self.entry(z))
        z = self.second(functional.interpolate(z, size=self.sizes[0]))
        return torch.sigmoid(self.out(functional.interpolate(z, size=self.sizes[1])))


def _entry(
    shape: tuple[int, ...], height: int, width: int
) -> tuple[nn.Module, tuple[int, int, int]]:
    """What brings a release of `shape` to a map no larger than the picture, and that map's shape."""
    if len(shape) == 3:
        channels, rows, columns = shape
        if rows <= height and columns <= width:
            return nn.Identity(), (channels, rows, columns)
        size = (min(rows, height), min(columns, width))
        return nn.AdaptiveAvgPool2d(size), (channels, *size)
    return _unfolding(math.prod(shape), (FOLDED, max(1, height // 4), max(1, width // 4)))


def _unfolding(inputs: int, folded: tuple[int, int, int]) -> tuple[nn.Module, tuple[int, int, int]]:
    narrow = inputs > 4 * NARROWED
    layers: list[nn.Module] = [nn.Flatten(1)]
    if narrow:
        layers.append(nn.Linear(inputs, NARROWED))
    layers += [
        nn.Linear(NARROWED if narrow else inputs, math.prod(folded)),
        nn.ReLU(inplace=True),
        nn.Unflatten(1, folded),
    ]
    return nn.Sequential(*layers), folded


def _sizes(start: tuple[int, int], end: tuple[int, int]) -> list[tuple[int, int]]:
    """Half-way, in ratio, from one size to the other, and the other."""
    rows, columns = (round(math.sqrt(a * b)) for a, b in zip(start, end, strict=True))
    return [(rows, columns), end]


def urec1(shape: tuple[int, ...], height: int, width: int) -> nn.Module:
    """URec#1 for releases of `shape` (without the batch)."""
    return URec(shape, height, width, 3)


def urec2(shape: tuple[int, ...], height: int, width: int) -> nn.Module:
    """URec#2 for releases of `shape` (without the batch)."""
    return URec(shape, height, width, 2)


def resrec(shape: tuple[int, ...], height: int, width: int) -> nn.Module:
    """ResRec for releases of `shape` (without the batch)."""
    return ResRec(shape, height, width)
