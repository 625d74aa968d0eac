"""Decoders from releases to pictures: one for every shape a release can have, and those of
DeepObfuscator's Table 2, of attackers that do not know the obfuscator."""

import math
from functools import partial
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional
from torchvision.models.resnet import BasicBlock

from core.nets.vgg import MirroredDecoder, convolutions, deconvolution

NARROWED = 256  # numbers that a wide flat release is first brought to
WIDTHS = (64, 128, 256)  # of URec's three groups
RESIDUAL_WIDTH = 64  # of ResRec
# For pictures under SMALL pixels a side the widths of Table 2 are cut off here, as the compact
# mirrored obfuscator's are: URec's 256 channels at the picture's full size would cost a processor
# a hundred times what that one does. ResRec has no layer but its last at full size.
SMALL, WIDEST, WIDEST_RESIDUAL = 128, 16, 32
FOLDED = 16  # channels of the map that a flat release is brought to


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
        self.dense = nn.Sequential(*_dense(inputs, channels * math.prod(self.size)))
        self.rest = MapDecoder(channels, self.size, height, width)

    def forward(self, z: Tensor) -> Tensor:
        grown = self.dense(z.flatten(1)).unflatten(1, (self.channels, *self.size))
        return self.rest(functional.relu(grown))


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


def _dense(inputs: int, outputs: int) -> list[nn.Module]:
    """Linear layers; a wide release is narrowed first, so that they stay below two million weights."""
    narrow = (NARROWED,) if inputs > 4 * NARROWED else ()
    return [nn.Linear(a, b) for a, b in pairwise((inputs, *narrow, outputs))]


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
    folded = (FOLDED, max(1, height // 4), max(1, width // 4))
    dense = _dense(math.prod(shape), math.prod(folded))
    layers = (nn.Flatten(1), *dense, nn.ReLU(inplace=True), nn.Unflatten(1, folded))
    return nn.Sequential(*layers), folded


def _enlarging(start: tuple[int, int], end: tuple[int, int]) -> tuple[nn.Upsample, nn.Upsample]:
    """Half-way, in ratio, from one size to the other, and the other."""
    rows, columns = (round(math.sqrt(a * b)) for a, b in zip(start, end, strict=True))
    return nn.Upsample((rows, columns)), nn.Upsample(end)


def _sizes(start: tuple[int, int], end: tuple[int, int]) -> list[tuple[int, int]]:
    """Map sizes from `start` to `end`, each at most twice the one before (in either direction)."""
    sizes = [(min(start[0], end[0]), min(start[1], end[1]))]
    while sizes[-1] != end:
        rows, columns = sizes[-1]
        sizes.append((min(2 * rows, end[0]), min(2 * columns, end[1])))
    return sizes


def _grown(small: Tensor, like: Tensor) -> Tensor:
    return functional.interpolate(small, size=like.shape[-2:])


urec1, urec2 = partial(URec, count=3), partial(URec, count=2)
resrec = ResRec
