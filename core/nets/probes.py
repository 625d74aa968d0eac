"""Networks with which attackers read frozen releases."""

import math
from collections.abc import Sequence

from torch import Tensor, nn

from core.nets.vgg import convolutions

PICTURE = 32  # pixels of the smaller side of what is read as a picture
WIDEST = 512  # channels


class ConvolutionalProbe(nn.Module):
    """z (B, C + 1, h, w), the last channel telling what was mirrored, -> logits (B, outputs):
    groups of two conv3 until the map is about 2 pixels small, the first as wide as the release, C,
    within limits; then a hidden layer. A picture first passes the compact obfuscator's layers, at
    full resolution, since the corners of a mouth are two pixels wide.
    """

    def __init__(self, shape: tuple[int, int, int], outputs: int, dropout: float) -> None:
        super().__init__()
        channels, height, width = shape
        layers: list[nn.Module] = [nn.BatchNorm2d(channels)]
        width_of_release = channels - 1
        if is_picture(channels - 1, height, width):
            width_of_release = 32
            for out in (16, 32):
                layers += [*convolutions(channels, out, 2), nn.MaxPool2d(2)]
                channels, height, width = out, height // 2, width // 2
        side = min(height, width)
        groups = max(2, round(math.log2(side)) - 1)
        first = min(192, max(24, width_of_release))
        for group in range(groups):
            out = min(512, first * (1 + group))
            layers += convolutions(channels, out, 2)
            channels = out
            if min(height, width) >= 2:
                layers.append(nn.MaxPool2d(2))
                height, width = height // 2, width // 2
        self.features = nn.Sequential(*layers)
        self.head = nn.Sequential(
            nn.Dropout(dropout),
            nn.Linear(channels * height * width, 128),
            nn.BatchNorm1d(128),
            nn.ReLU(),
            nn.Dropout(dropout),
            nn.Linear(128, outputs),
        )

    def forward(self, z: Tensor) -> Tensor:
        return self.head(self.features(z).flatten(1))


def is_picture(channels: int, height: int, width: int) -> bool:
    """Whether a map is a photograph's: grey or in colour, and not too small."""
    return channels in (1, 3) and min(height, width) >= PICTURE


def dense(
    inputs: int, widths: Sequence[int], outputs: int, dropout: float, first_dropout: float
) -> nn.Sequential:
    """Features (B, inputs) -> (B, outputs): hidden layers of `widths` with batch norm; dropout
    before the first of them and after each."""
    layers: list[nn.Module] = [nn.Dropout(first_dropout)]
    for width in widths:
        layers += [nn.Linear(inputs, width), nn.BatchNorm1d(width), nn.ReLU(), nn.Dropout(dropout)]
        inputs = width
    return nn.Sequential(*layers, nn.Linear(inputs, outputs))


def mlp(inputs: int, outputs: int, dropout: float) -> nn.Sequential:
    """Features (B, inputs) -> logits (B, outputs)."""
    return dense(inputs, (256, 128), outputs, dropout, dropout / 2)
