"""The attribute network of DPFE and the narrow linear code that is embedded into it.

Tiny darknet (Redmon) in caffe-moon's version, which DPFE starts from: an extra pool after conv3,
convolutions of 1x1 padded by 1 (the maps grow by two), no learned scale after batch norm, pooling
that rounds up, and for a head the maximum and the mean of conv8, each of length 1, side by side. At
the published widths and 218x178 the cuts hold 16x31x26, 32x18x15, 64x12x11 and 128x16x15 numbers,
as in the authors' files.
"""

from collections.abc import Iterable, Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

SLOPE = 0.1  # of the leaky ReLU
LOGIT_SCALE = 3.0  # start of the learned factor on the logits: the head sees vectors of length 1
# Directions that the streaming PCA keeps between batches for each that is asked for.
SPARE_DIRECTIONS = 6


def segment(number: int, widths: Sequence[int]) -> nn.Sequential:
    """The layers between two cuts: 0 from the picture (B, 3, H, W) to conv4-2, 1 to conv5-1, 2 to
    conv6-1, 3 to conv7.

    widths: conv1, conv2, conv3, conv4-1, conv5-1, conv5-2, conv6-1, conv6-2, conv7, conv8; conv4-2
    is as wide as conv3, and wide and narrow layers alternate within a block.
    """
    one, two, narrow4, wide4, narrow5, wide5, narrow6, wide6, seven, _ = widths
    layers = (
        (
            *(_large(3, one), *_activated(one), _pool()),
            *(_large(one, two), *_activated(two), _pool()),
            *(_small(two, narrow4), *_activated(narrow4), _pool()),
            *(_large(narrow4, wide4), *_activated(wide4)),
            _small(wide4, narrow4),
        ),
        (
            *(*_activated(narrow4), _large(narrow4, wide4), *_activated(wide4), _pool()),
            _small(wide4, narrow5),
        ),
        (
            *(*_activated(narrow5), _large(narrow5, wide5)),
            *(*_activated(wide5), _small(wide5, narrow5)),
            *(*_activated(narrow5), _large(narrow5, wide5), *_activated(wide5), _pool()),
            _small(wide5, narrow6),
        ),
        (
            *(*_activated(narrow6), _large(narrow6, wide6)),
            *(*_activated(wide6), _small(wide6, narrow6)),
            *(*_activated(narrow6), _large(narrow6, wide6), *_activated(wide6)),
            _small(wide6, seven),
        ),
    )
    return nn.Sequential(*layers[number])


def _large(channels: int, width: int) -> nn.Module:
    return nn.Conv2d(channels, width, 3, padding=1, bias=False)  # batch norm makes a bias idle


def _small(channels: int, width: int) -> nn.Module:
    return nn.Conv2d(channels, width, 1, padding=1, bias=False)


def _activated(width: int) -> tuple[nn.Module, nn.Module]:
    return nn.BatchNorm2d(width, affine=False), nn.LeakyReLU(SLOPE, inplace=True)


def _pool() -> nn.Module:
    return nn.MaxPool2d(2, ceil_mode=True)


class Head(nn.Module):
    """conv7 (B, widths[8], h, w) -> logits (B, outputs), each with a learned factor."""

    def __init__(self, widths: Sequence[int], outputs: int) -> None:
        super().__init__()
        seven, eight = widths[-2:]
        self.features = nn.Sequential(*_activated(seven), _small(seven, eight), *_activated(eight))
        self.linear = nn.Linear(2 * eight, outputs)
        self.scale = nn.Parameter(torch.full((outputs,), LOGIT_SCALE))

    def forward(self, x: Tensor) -> Tensor:
        maps = self.features(x)
        pooled = [functional.normalize(p, dim=1) for p in (maps.amax((2, 3)), maps.mean((2, 3)))]
        return self.scale * self.linear(torch.cat(pooled, dim=1))


def cut_shape(cut: int, widths: Sequence[int], height: int, width: int) -> tuple[int, int, int]:
    """(C, h, w) of the feature map at a cut, for pictures of height x width."""
    with torch.device("meta"):
        x = torch.empty(1, 3, height, width)
        for number in range(cut + 1):
            x = segment(number, widths).eval()(x)
    return (x.shape[1], x.shape[2], x.shape[3])


class Encoder(nn.Module):
    """Feature map -> code (B, width), every dimension of variance 1 (DPFE Theorem 8).

    `noise_root` is the symmetric square root of the code's covariance, flat (width * width); the
    identity until `measure_covariance`.
    """

    noise_root: Tensor

    def __init__(self, inputs: int, width: int) -> None:
        super().__init__()
        self.linear = nn.Linear(inputs, width, bias=False)
        self.normalise = nn.BatchNorm1d(width, affine=False)
        self.register_buffer("noise_root", torch.eye(width).flatten())

    def forward(self, features: Tensor) -> Tensor:
        return self.normalise(self.linear(features.flatten(1)))

    def measure_covariance(self, codes: Tensor) -> None:
        """Keep the covariance of codes (n, width), n > 1, for `noise`."""
        values, vectors = torch.linalg.eigh(torch.cov(codes.double().T))
        root = vectors * values.clamp_min(0).sqrt() @ vectors.T
        self.noise_root.copy_(root.flatten())

    def noise(self, count: int, ratio: float, generator: torch.Generator) -> Tensor:
        """Gaussian noise (count, width) of covariance `ratio` * Cov(code), from the generator."""
        width = self.linear.out_features
        drawn = torch.randn(count, width, generator=generator).to(self.noise_root)
        return ratio**0.5 * drawn @ self.noise_root.view(width, width)


class Decoder(nn.Module):
    """Code (B, width) -> feature map (B, *shape)."""

    def __init__(self, width: int, shape: Sequence[int]) -> None:
        super().__init__()
        self.shape = tuple(shape)
        channels, h, w = shape
        self.linear = nn.Linear(width, channels * h * w)

    def forward(self, code: Tensor) -> Tensor:
        return self.linear(code).view(-1, *self.shape)


def start_with_principal_axes(
    encoder: Encoder, decoder: Decoder, batches: Iterable[Tensor]
) -> None:
    """Set both halves so that in eval mode decoder(encoder(x)) is x projected onto its leading
    principal axes (DPFE Procedure 1). batches: feature maps (b, …), the first of at least 2."""
    width = encoder.linear.out_features
    mean, axes, variance = principal_axes(batches, width)
    spread = (variance + encoder.normalise.eps).sqrt()
    encoder.linear.weight.copy_(axes)
    assert encoder.normalise.running_mean is not None
    assert encoder.normalise.running_var is not None
    encoder.normalise.running_mean.copy_(axes @ mean)
    encoder.normalise.running_var.copy_(variance)
    decoder.linear.weight.copy_(axes.T * spread)  # the code was divided by its spread
    decoder.linear.bias.copy_(mean)


def principal_axes(batches: Iterable[Tensor], count: int) -> tuple[Tensor, Tensor, Tensor]:
    """Mean (d,), the `count` leading principal axes (count, d) and their variances (count,) of
    rows that come in batches (b, …), in one pass.

    Memory holds one batch and `SPARE_DIRECTIONS` times `count` rows, however many rows come. The
    axes are exact while the rows seen are fewer than those kept or the variance beyond them is
    nothing; else what is lost is variance that never was among the kept directions (Ross, Lim,
    Lin & Yang, IJCV 2008, for the update with a moving mean). Axes of no variance are zero.
    """
    kept = count * SPARE_DIRECTIONS
    seen, mean, scaled = 0, torch.zeros(0), torch.zeros(0)
    for batch in batches:
        rows = batch.flatten(1).double()
        new = len(rows)
        average = rows.mean(0)
        stack = rows - average
        if not seen:
            mean = average
        else:
            between = (seen * new / (seen + new)) ** 0.5 * (mean - average)
            stack = torch.cat((scaled, stack, between[None]))
            mean = mean + (average - mean) * (new / (seen + new))
        seen += new
        vectors = torch.linalg.eigh(stack @ stack.T).eigenvectors[:, -kept:].flip(1)
        # Rows along the principal axes, squared length the scatter along each, largest first.
        scaled = vectors.T @ stack
    lengths = scaled.norm(dim=1)
    leading = torch.zeros(count, len(mean), dtype=mean.dtype, device=mean.device)
    variance = torch.zeros(count, dtype=mean.dtype, device=mean.device)
    found = min(count, int((lengths > 1e-6 * lengths[0].clamp_min(1e-30)).sum()))
    leading[:found] = scaled[:found] / lengths[:found, None]
    variance[:found] = lengths[:found].square() / max(1, seen - 1)
    return mean.float(), leading.float(), variance.float()
