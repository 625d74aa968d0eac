"""The networks of the Adversarial Image Anonymizer (AIA, section 5.2).

The representation g that AIA releases is a vector: the encoder's last map, flattened (Eq. 3). Who
holds g knows that, so the networks that read it begin by folding it back into the map.

The paper gives channels and layer types. Ours: 3x3 kernels that keep the size, a leaky slope of
.2, in the adversary a max-pool after every second convolution, and He's initial weights, without
which six layers with no normalisation hardly begin to learn. No network has batch normalisation:
the paper names none.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

SLOPE = 0.2
# Luma of ITU-R BT.601, what torchvision and Pillow use.
GREY = (0.299, 0.587, 0.114)


def greyscale(x: Tensor) -> Tensor:
    """Colour pictures (B, 3, H, W) -> luma (B, 1, H, W), in the same range."""
    red, green, blue = x.unbind(1)
    return (GREY[0] * red + GREY[1] * green + GREY[2] * blue).unsqueeze(1)


def map_shape(widths: Sequence[int], height: int, width: int) -> tuple[int, int, int]:
    """Shape of the map that g is the flattened form of."""
    return widths[-1], height // 2 ** len(widths), width // 2 ** len(widths)


class Encoder(nn.Sequential):
    """Grey pictures (B, 1, H, W) in [0, 1] -> g (B, widths[-1] * (H // 4) * (W // 4)).

    Per entry of `widths` a block of Eq. 2: convolution, leaky ReLU, average pool; then Eq. 3.
    """

    def __init__(self, widths: Sequence[int]) -> None:
        layers: list[nn.Module] = []
        channels = 1
        for out in widths:
            layers += [*_convolution(channels, out), nn.AvgPool2d(2)]
            channels = out
        super().__init__(*layers, nn.Flatten())


class Decoder(nn.Module):
    """g (B, C * h * w) -> logits of grey pictures (B, 1, H, W); their sigmoid is x' of Eq. 5.

    Per entry of `widths` a block of Eq. 4, convolution, leaky ReLU and up-sampling (to the exact
    size the encoder had there), then a convolution to one channel. For g of `shape` (C, h, w).
    """

    def __init__(
        self, shape: tuple[int, int, int], widths: Sequence[int], height: int, width: int
    ) -> None:
        super().__init__()
        self.shape = shape
        channels, blocks = shape[0], []
        for out in widths:
            blocks.append(nn.Sequential(*_convolution(channels, out)))
            channels = out
        self.blocks = nn.ModuleList(blocks)
        steps = range(len(widths) - 1, -1, -1)
        self.sizes = [(height // 2**step, width // 2**step) for step in steps]
        self.last = nn.Conv2d(channels, 1, 3, padding=1)

    def forward(self, g: Tensor) -> Tensor:
        maps = folded(g, self.shape)
        for block, size in zip(self.blocks, self.sizes, strict=True):
            maps = functional.interpolate(block(maps), size=size)
        return self.last(maps)


class Adversary(nn.Module):
    """g (B, C * h * w) -> logits (B, outputs), one private attribute each.

    Six convolutions and one linear layer. The softmax over two classes that the paper puts behind
    it is the sigmoid of one logit, which is inside the loss.
    """

    def __init__(self, shape: tuple[int, int, int], widths: Sequence[int], outputs: int) -> None:
        super().__init__()
        self.shape = shape
        channels, height, width = shape
        layers: list[nn.Module] = []
        for number, out in enumerate(widths):
            layers += _convolution(channels, out)
            channels = out
            if number % 2 and min(height, width) > 1:
                layers.append(nn.MaxPool2d(2))
                height, width = height // 2, width // 2
        self.features = nn.Sequential(*layers)
        self.head = nn.Linear(channels * height * width, outputs)

    def forward(self, g: Tensor) -> Tensor:
        return self.head(self.features(folded(g, self.shape)).flatten(1))


class TanhAdversary(nn.Sequential):
    """g (B, inputs) -> logits (B, outputs): the three-layer network of Eq. 6, whose sigmoid is
    inside the loss. The paper does not give the width of its hidden layer."""

    def __init__(self, inputs: int, hidden: int, outputs: int) -> None:
        super().__init__(
            nn.Flatten(), nn.Linear(inputs, hidden), nn.Tanh(), nn.Linear(hidden, outputs)
        )


class TaskNetwork(nn.Module):
    """g (B, C * h * w) -> (B, outputs): three convolutions, and three fully connected layers of
    `fully_connected`, `fully_connected` and `outputs` units.

    One branch of the Siamese network, whose outputs are an embedding; with attributes as tasks, a
    classifier of the same shape, whose outputs are logits.
    """

    def __init__(
        self,
        shape: tuple[int, int, int],
        widths: Sequence[int],
        fully_connected: int,
        outputs: int,
    ) -> None:
        super().__init__()
        self.shape = shape
        channels, height, width = shape
        layers: list[nn.Module] = []
        for out in widths:
            layers += _convolution(channels, out)
            channels = out
        self.features = nn.Sequential(*layers)
        self.head = nn.Sequential(
            nn.Linear(channels * height * width, fully_connected),
            nn.LeakyReLU(SLOPE),
            nn.Linear(fully_connected, fully_connected),
            nn.LeakyReLU(SLOPE),
            nn.Linear(fully_connected, outputs),
        )

    def forward(self, g: Tensor) -> Tensor:
        return self.head(self.features(folded(g, self.shape)).flatten(1))


class Scaled(nn.Module):
    """The outputs of a network times a number."""

    def __init__(self, network: nn.Module, factor: float) -> None:
        super().__init__()
        self.network, self.factor = network, factor

    def forward(self, z: Tensor) -> Tensor:
        return self.network(z) * self.factor


class EntryRange(nn.Module):
    """Smallest and largest entry of each channel of g, as buffers `low` and `high` (C,)."""

    low: Tensor
    high: Tensor

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.register_buffer("low", torch.zeros(channels))
        self.register_buffer("high", torch.ones(channels))


def folded(g: Tensor, shape: tuple[int, int, int]) -> Tensor:
    """g (B, C * h * w) as the map (B, C, h, w) it was; a map stays one."""
    return g.reshape(len(g), *shape)


def _convolution(channels: int, width: int) -> list[nn.Module]:
    layer = nn.Conv2d(channels, width, 3, padding=1)
    nn.init.kaiming_normal_(layer.weight, SLOPE, nonlinearity="leaky_relu")
    assert layer.bias is not None
    nn.init.zeros_(layer.bias)
    return [layer, nn.LeakyReLU(SLOPE)]
