"""The VGG16 family of networks that DeepObfuscator (Table 1) and PRIC share.

VGG16 with batch normalisation, cut after its second max-pool. At the published widths and
218x178 the released feature map is 128 x 54 x 44: 304,128 numbers, 2.61 times the pixels.
"""

from collections import OrderedDict
from collections.abc import Callable, Sequence
from functools import partial
from typing import TypeVar

from torch import nn

from core import seeding

Network = TypeVar("Network", bound=nn.Module)
ReLU = partial(nn.ReLU, inplace=True)


class Named(nn.Sequential):
    def __init__(self, **layers: nn.Module) -> None:
        super().__init__(OrderedDict(layers))


def seeded(seed: int, name: str, build: Callable[[], Network]) -> Network:
    """A network whose initial weights depend on (seed, name) alone: networks of the same name start
    equal in every method."""
    with seeding.seeded(seeding.seed_of(f"{seed}/{name}")):
        return build()


def convolutions(channels: int, width: int, count: int) -> list[nn.Module]:
    """`count` times conv3-`width`, batch norm, ReLU: keeps height and width."""
    layers: list[nn.Module] = []
    for _ in range(count):
        layers += [nn.Conv2d(channels, width, 3, padding=1, bias=False), nn.BatchNorm2d(width)]
        layers += [ReLU()]
        channels = width
    return layers


def deconvolution(channels: int, width: int) -> list[nn.Module]:
    """deconv3-`width`, batch norm, ReLU: keeps height and width."""
    layer = nn.ConvTranspose2d(channels, width, 3, padding=1, bias=False)
    return [layer, nn.BatchNorm2d(width), ReLU()]


def fully_connected(
    inputs: int, widths: Sequence[int], activation: Callable[[], nn.Module]
) -> nn.Sequential:
    """Linear layers of `widths` units with an activation between them, none behind the last."""
    layers: list[nn.Module] = []
    for width in widths:
        layers += [nn.Linear(inputs, width), activation()]
        inputs = width
    return nn.Sequential(*layers[:-1])


class Obfuscator(nn.Sequential):
    """(B, 3, H, W) in [0, 1] -> (B, widths[1], H // 4, W // 4), non-negative."""

    def __init__(self, widths: Sequence[int]) -> None:
        first, second = widths
        super().__init__(
            *convolutions(3, first, 2),
            nn.MaxPool2d(2),
            *convolutions(first, second, 2),
            nn.MaxPool2d(2),
        )


def blocks(
    channels: int, height: int, width: int, widths: Sequence[int]
) -> tuple[nn.Sequential, int]:
    """Per entry of `widths` three convolutions and a max-pool, and how many numbers they make of a
    map of `channels` x `height` x `width`."""
    layers: list[nn.Module] = []
    for block in widths:
        layers += [*convolutions(channels, block, 3), nn.MaxPool2d(2)]
        channels, height, width = block, height // 2, width // 2
    return nn.Sequential(*layers), channels * height * width


class Classifier(Named):
    """z (B, channels, h, w) -> logits (B, outputs): the rest of VGG16 (`blocks`), with two fully
    connected layers of `dense` units. The sigmoid of Table 1 is inside the loss."""

    def __init__(
        self,
        channels: int,
        height: int,
        width: int,
        widths: Sequence[int],
        dense: int,
        outputs: int,
    ) -> None:
        features, numbers = blocks(channels, height, width, widths)
        head = fully_connected(numbers, (dense, dense, outputs), ReLU)
        super().__init__(features=features, flatten=nn.Flatten(), head=head)


class MirroredDecoder(Named):
    """z (B, widths[1], H // 4, W // 4) -> pictures (B, 3, H, W) in [0, 1].

    The obfuscator layer by layer in reverse (Table 1), its own layers `factor` times as wide.
    Up-sampling goes to the exact size the obfuscator had there (218x178 does not divide by 4).
    Table 1 names no output function; a sigmoid keeps the pixels in [0, 1], which MS-SSIM needs.
    """

    def __init__(self, widths: Sequence[int], height: int, width: int, factor: float = 1.0) -> None:
        first, second = (max(1, round(entry * factor)) for entry in widths)
        super().__init__(
            enlarge=nn.Upsample((height // 2, width // 2)),
            coarse=nn.Sequential(*deconvolution(widths[1], second), *deconvolution(second, first)),
            enlarge_again=nn.Upsample((height, width)),
            fine=nn.Sequential(
                *deconvolution(first, first), nn.ConvTranspose2d(first, 3, 3, padding=1)
            ),
            pixels=nn.Sigmoid(),
        )
