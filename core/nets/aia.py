"""The networks of the Adversarial Image Anonymizer (AIA, section 5.2).

The representation g that AIA releases is the encoder's last map, flattened (Eq. 3); networks that
read it fold it back into the map. The paper gives channels and layer types. Ours: 3x3 kernels that
keep the size, a leaky slope of .2, in the adversary a max-pool after every second convolution, and
He's initial weights, without which six layers with no normalisation hardly begin to learn.
"""

from collections.abc import Callable, Sequence
from functools import partial
from itertools import pairwise

import torch
from torch import Tensor, nn

from core.nets.vgg import Named, fully_connected

SLOPE = 0.2
LeakyReLU = partial(nn.LeakyReLU, SLOPE)
# Luma of ITU-R BT.601, what torchvision and Pillow use.
GREY = (0.299, 0.587, 0.114)


def greyscale(x: Tensor) -> Tensor:
    """Colour pictures (B, 3, H, W) -> luma (B, 1, H, W), in the same range."""
    red, green, blue = x.unbind(1)
    return (GREY[0] * red + GREY[1] * green + GREY[2] * blue).unsqueeze(1)


def map_shape(widths: Sequence[int], height: int, width: int) -> tuple[int, int, int]:
    """Shape of the map that g is the flattened form of."""
    return widths[-1], height // 2 ** len(widths), width // 2 ** len(widths)


class Fold(nn.Module):
    """g (B, C * h * w) as the map (B, C, h, w) of `shape` that it was; a map stays one."""

    def __init__(self, shape: tuple[int, int, int]) -> None:
        super().__init__()
        self.shape = shape

    def forward(self, g: Tensor) -> Tensor:
        return g.reshape(len(g), *self.shape)


class Encoder(nn.Sequential):
    """Grey pictures (B, 1, H, W) in [0, 1] -> g (B, C * h * w), by Eqs. 2 and 3."""

    def __init__(self, widths: Sequence[int]) -> None:
        super().__init__(*_convolutions((1, *widths), lambda: [nn.AvgPool2d(2)]), nn.Flatten())


class Decoder(Named):
    """g of `shape` (C, h, w), flattened -> logits of grey pictures (B, 1, H, W); their sigmoid is x'
    of Eq. 5. Blocks of Eq. 4, up-sampled to the size the encoder had there, then one convolution.
    """

    def __init__(
        self, shape: tuple[int, int, int], widths: Sequence[int], height: int, width: int
    ) -> None:
        blocks: list[nn.Module] = []
        for number, (channels, out) in enumerate(pairwise((shape[0], *widths)), 1):
            step = 2 ** (len(widths) - number)
            enlarge = nn.Upsample((height // step, width // step))
            blocks.append(nn.Sequential(*_convolution(channels, out), enlarge))
        super().__init__(
            fold=Fold(shape),
            blocks=nn.Sequential(*blocks),
            last=nn.Conv2d(widths[-1], 1, 3, padding=1),
        )


class Adversary(Named):
    """g (B, C * h * w) -> logits (B, outputs), one private attribute each: convolutions and one
    linear layer. The paper's softmax over two classes is the sigmoid of one logit, inside the loss.
    """

    def __init__(self, shape: tuple[int, int, int], widths: Sequence[int], outputs: int) -> None:
        channels, height, width = shape
        layers: list[nn.Module] = []
        for number, (before, out) in enumerate(pairwise((channels, *widths))):
            layers += _convolution(before, out)
            if number % 2 and min(height, width) > 1:
                layers.append(nn.MaxPool2d(2))
                height, width = height // 2, width // 2
        super().__init__(
            fold=Fold(shape),
            features=nn.Sequential(*layers),
            flatten=nn.Flatten(),
            head=nn.Linear(widths[-1] * height * width, outputs),
        )


class TanhAdversary(nn.Sequential):
    """g (B, inputs) -> logits (B, outputs): the three-layer network of Eq. 6, whose sigmoid is
    inside the loss."""

    def __init__(self, inputs: int, hidden: int, outputs: int) -> None:
        super().__init__(
            nn.Flatten(), nn.Linear(inputs, hidden), nn.Tanh(), nn.Linear(hidden, outputs)
        )


class TaskNetwork(Named):
    """g (B, C * h * w) -> (B, outputs): one branch of the Siamese network, whose outputs are an
    embedding; with attributes as tasks, a classifier of the same shape, whose outputs are logits.
    """

    def __init__(
        self, shape: tuple[int, int, int], widths: Sequence[int], dense: int, outputs: int
    ) -> None:
        inputs = widths[-1] * shape[1] * shape[2]
        super().__init__(
            fold=Fold(shape),
            features=nn.Sequential(*_convolutions((shape[0], *widths))),
            flatten=nn.Flatten(),
            head=fully_connected(inputs, (dense, dense, outputs), LeakyReLU),
        )


class Pictures(nn.Module):
    """What a `Decoder` draws, as pictures (B, 3, H, W) in [0, 1], all three channels the grey."""

    def __init__(self, decoder: nn.Module) -> None:
        super().__init__()
        self.decoder = decoder

    def forward(self, z: Tensor) -> Tensor:
        return self.decoder(z).sigmoid().expand(-1, 3, -1, -1)


class Scaled(nn.Module):
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


def _convolutions(
    widths: Sequence[int], behind: Callable[[], list[nn.Module]] = list
) -> list[nn.Module]:
    """Convolutions from each width to the next, with what stands `behind` each."""
    layers: list[nn.Module] = []
    for channels, out in pairwise(widths):
        layers += [*_convolution(channels, out), *behind()]
    return layers


def _convolution(channels: int, width: int) -> list[nn.Module]:
    layer = nn.Conv2d(channels, width, 3, padding=1)
    nn.init.kaiming_normal_(layer.weight, SLOPE, nonlinearity="leaky_relu")
    assert layer.bias is not None
    nn.init.zeros_(layer.bias)
    return [layer, LeakyReLU()]
