"""A small residual network that turns a face into a unit vector: near for one person, far for two.

The face-verification network C of Xiao et al. where no pretrained one is at hand. With fewer than
400,000 weights it is trained in minutes on some thousands of photographs, and shipped in less than
a megabyte.
"""

import math

from torch import Tensor, nn
from torch.nn import functional

DIMENSIONS = 128
WIDTHS = (32, 56, 80)
SMALLEST = 8  # pixels of the smaller side from which the network works


class Residual(nn.Module):
    """(B, inputs, h, w) -> (B, outputs, h / stride, w / stride)."""

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False),
            nn.BatchNorm2d(outputs),
            nn.PReLU(outputs),
            nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False),
            nn.BatchNorm2d(outputs),
        )
        self.shortcut: nn.Module = nn.Identity()
        if stride > 1 or inputs != outputs:
            self.shortcut = nn.Sequential(
                nn.AvgPool2d(stride, ceil_mode=True) if stride > 1 else nn.Identity(),
                nn.Conv2d(inputs, outputs, 1, bias=False),
                nn.BatchNorm2d(outputs),
            )

    def forward(self, maps: Tensor) -> Tensor:
        return self.shortcut(maps) + self.body(maps)


class FaceEmbedding(nn.Module):
    """x (B, 3, H, W) in [0, 1] -> unit vectors (B, DIMENSIONS).

    A stem that halves the picture until its smaller side is about 32 pixels, three residual
    stages, and a weighted sum over positions, one set of weights per channel (Chen et al.,
    "MobileFaceNets", CCBR 2018). Raises ValueError below SMALLEST pixels.
    """

    def __init__(self, height: int, width: int, widths: tuple[int, int, int] = WIDTHS) -> None:
        super().__init__()
        if min(height, width) < SMALLEST:
            raise ValueError(f"a face of {height}x{width} pixels is too small to embed")
        layers: list[nn.Module] = []
        channels = 3
        for _ in range(max(0, round(math.log2(min(height, width) / 32)))):
            layers += [
                nn.Conv2d(channels, widths[0], 3, 2, 1, bias=False),
                nn.BatchNorm2d(widths[0]),
                nn.PReLU(widths[0]),
            ]
            channels, height, width = widths[0], (height + 1) // 2, (width + 1) // 2
        for place, outputs in enumerate(widths):
            stride = 2 if place or channels != 3 else 1
            layers += [Residual(channels, outputs, stride), Residual(outputs, outputs, 1)]
            channels = outputs
            if stride == 2:
                height, width = (height + 1) // 2, (width + 1) // 2
        self.maps = nn.Sequential(*layers)
        self.gather = nn.Sequential(
            nn.Conv2d(channels, channels, (height, width), groups=channels, bias=False),
            nn.BatchNorm2d(channels),
            nn.Flatten(),
            nn.Linear(channels, DIMENSIONS, bias=False),
            nn.BatchNorm1d(DIMENSIONS),
        )

    def forward(self, x: Tensor) -> Tensor:
        return functional.normalize(self.gather(self.maps(4 * x - 2)).float())
