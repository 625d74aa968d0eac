"""The reconstructors of DeepObfuscator's Table 2, of attackers that do not know the obfuscator."""

from __future__ import annotations

import math
from functools import partial
from itertools import pairwise

from torch import nn
from torchvision.models.resnet import BasicBlock

from core.nets.vgg import convolutions, deconvolution

WIDTHS = (64, 128, 256)  # of URec's three groups
RESIDUAL_WIDTH = 64  # of ResRec
# For pictures under SMALL pixels a side the widths of Table 2 are cut off here, as the compact
# mirrored obfuscator's are: URec's 256 channels at the picture's full size would cost a processor
# a hundred times what that one does. ResRec has no layer but its last at full size.
SMALL, WIDEST, WIDEST_RESIDUAL = 128, 16, 32
FOLDED = 16  # channels of the map that a flat release is brought to
NARROWED = 256  # numbers that a wide flat release is first brought to


class URec(nn.Sequential):
    """z -> pictures (B, 3, height, width) in [0, 1]: URec#1 (`count` 3) and URec#2 (`count` 2).

    Table 2: `count` conv3-64, up-sample, `count` conv3-128, up-sample, `count` conv3-256, conv3-3,
    conv1-3, sigmoid. Ours: batch norm and ReLU behind every convolution but the last two; the two
    up-samplings go from the release's map to the picture in equal ratios; a map larger than the
    picture is first pooled, and flat releases pass a dense layer onto a map a quarter of its size.
    """

    def __init__(self, shape: tuple[int, ...], height: int, width: int, count: int) -> None:
        entry, (channels, *start) = _entry(shape, height, width)
        most = WIDEST if min(height, width) < SMALL else max(WIDTHS)
        widths = [min(most, entry) for entry in WIDTHS]
        groups = [convolutions(a, b, count) for a, b in pairwise((channels, *widths))]
        half_way, whole = _enlarging((start[0], start[1]), (height, width))
        out = (nn.Conv2d(widths[-1], 3, 3, padding=1), nn.Conv2d(3, 3, 1), nn.Sigmoid())
        super().__init__(entry, *groups[0], half_way, *groups[1], whole, *groups[2], *out)


class ResRec(nn.Sequential):
    """z -> pictures (B, 3, height, width) in [0, 1]: ResRec.

    Table 2: transconv3-64 and two residual blocks of conv3-64, up-sample, two residual blocks of
    conv3-64, up-sample, conv1-3, sigmoid. The table brackets the transposed convolution with the
    blocks that are repeated; it is read as standing before them. Maps of another size and flat
    releases as for `URec`.
    """

    def __init__(self, shape: tuple[int, ...], height: int, width: int) -> None:
        entry, (channels, *start) = _entry(shape, height, width)
        half_way, whole = _enlarging((start[0], start[1]), (height, width))
        wide = WIDEST_RESIDUAL if min(height, width) < SMALL else RESIDUAL_WIDTH
        super().__init__(
            entry,
            *deconvolution(channels, wide),
            BasicBlock(wide, wide),
            BasicBlock(wide, wide),
            half_way,
            BasicBlock(wide, wide),
            BasicBlock(wide, wide),
            whole,
            nn.Conv2d(wide, 3, 1),
            nn.Sigmoid(),
        )


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
    inputs, folded = math.prod(shape), (FOLDED, max(1, height // 4), max(1, width // 4))
    narrow = (NARROWED,) if inputs > 4 * NARROWED else ()
    dense = [nn.Linear(a, b) for a, b in pairwise((inputs, *narrow, math.prod(folded)))]
    layers = (nn.Flatten(1), *dense, nn.ReLU(inplace=True), nn.Unflatten(1, folded))
    return nn.Sequential(*layers), folded


def _enlarging(start: tuple[int, int], end: tuple[int, int]) -> tuple[nn.Upsample, nn.Upsample]:
    """Half-way, in ratio, from one size to the other, and the other."""
    rows, columns = (round(math.sqrt(a * b)) for a, b in zip(start, end, strict=True))
    return nn.Upsample((rows, columns)), nn.Upsample(end)


urec1, urec2 = partial(URec, count=3), partial(URec, count=2)
resrec = ResRec
