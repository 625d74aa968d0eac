"""ResNet cut at one of six layers, and the networks that Xiao et al. set against it.

He et al., CVPR 2016, from torchvision's residual blocks: bottlenecks (3, 4, 6, 3) of width 64 are
its `resnet50`, basic blocks (2, 2, 2, 2) its `resnet18`. The cuts are named as in Table 3 of Xiao et
al. (AAAI-20): "conv1" is the stem before its max-pool, "conv2" to "conv4" are torchvision's `layer1`
to `layer3`, "avgpool" is `layer4` and the pooling after it.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional
from torchvision.models.resnet import BasicBlock, Bottleneck

from core.nets.vgg import Named, deconvolution

BLOCKS: dict[str, type[BasicBlock] | type[Bottleneck]] = {
    "basic": BasicBlock,
    "bottleneck": Bottleneck,
}


def resnet(
    block: str, counts: Sequence[int], width: int, outputs: int, stride: int = 2
) -> nn.Sequential:
    """The whole network in six pieces named as the cuts; the first k + 1 of them release layer k.

    Pictures (B, 3, H, W) in [0, 1] -> (B, outputs). `counts` are the blocks of each of the four
    stages. With `stride` 1 the stem is 3x3 and keeps the size, for small pictures. Initial weights as
    torchvision's: He et al., ICCV 2015, fan-out.
    """
    channels = channels_of(block, width)
    side = 7 if stride == 2 else 3
    network = nn.Sequential()
    network.add_module(
        "conv1",
        nn.Sequential(
            nn.Conv2d(3, width, side, stride=stride, padding=side // 2, bias=False),
            nn.BatchNorm2d(width),
            nn.ReLU(inplace=True),
        ),
    )
    for number, count in enumerate(counts):
        stage = _stage(block, count, channels[number], width << number, 2 if number else 1)
        before = [] if number else [nn.MaxPool2d(3, stride=2, padding=1)]
        after = [nn.AdaptiveAvgPool2d(1), nn.Flatten(1)] if number == 3 else []
        name = "avgpool" if number == 3 else f"conv{number + 2}"
        network.add_module(name, nn.Sequential(*before, stage, *after))
    network.add_module("fc", nn.Linear(channels[-1], outputs))
    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
    return network


def channels_of(block: str, width: int) -> tuple[int, ...]:
    """Channels of the stem's map and of the four stages': (64, 256, 512, 1024, 2048) in
    ResNet-50."""
    return (width, *((width << stage) * BLOCKS[block].expansion for stage in range(4)))


def map_sizes(height: int, width: int, stride: int = 2) -> list[tuple[int, int]]:
    """Height and width of the stem's map and of the four stages': the stem (of stride 2), its
    max-pool and every later stage halve, rounding up. (112, 56, 28, 14, 7) for 224."""
    sizes = [(-(-height // stride), -(-width // stride))]
    while len(sizes) < 5:
        rows, columns = sizes[-1]
        sizes.append((-(-rows // 2), -(-columns // 2)))
    return sizes


def latent_classifier(
    rest: nn.Sequential, inputs: int, fully_connected: int, outputs: int
) -> nn.Sequential:
    """f of Xiao et al.: z -> logits (B, outputs), the pieces of `resnet` behind the cut and two
    fully connected layers on its `inputs` outputs."""
    return Named(
        **dict(rest.named_children()),
        first=nn.Linear(inputs, fully_connected),
        relu=nn.ReLU(inplace=True),
        second=nn.Linear(fully_connected, outputs),
    )


class InversionDecoder(nn.Module):
    """Dec and Dec^a of Xiao et al., Figure 6: z of layer `layer` -> pictures (B, 3, height, width)
    in [0, 1].

    The encoder layer by layer in reverse: dense layers up to the last map where the cut lies behind
    it, then up-sampling, to the size the encoder had there, and one deconv3 for each of the maps up
    to the picture. Figure 6 ends in Tanh, for pixels in [-1, 1]: here it is mapped to [0, 1].
    """

    def __init__(
        self,
        layer: int,
        channels: Sequence[int],
        outputs: int,
        height: int,
        width: int,
        factor: float = 1.0,
        stride: int = 2,
    ) -> None:
        """`channels` as `channels_of` says, `outputs` of the encoder's last layer, `stride` of its
        stem; the decoder's own layers are `factor` times as wide."""
        super().__init__()
        inputs = (*channels, outputs)[layer]
        widths = [max(1, round(entry * factor)) for entry in channels]
        sizes = [(height, width), *map_sizes(height, width, stride)]
        dense: list[nn.Module] = []
        if layer == 5:
            dense += [nn.Linear(inputs, widths[4]), nn.ReLU(inplace=True)]
            inputs = widths[4]
        if layer >= 4:
            rows, columns = sizes[5]
            dense += [
                nn.Linear(inputs, widths[4] * rows * columns),
                nn.ReLU(inplace=True),
                nn.Unflatten(1, (widths[4], rows, columns)),
            ]
            inputs = widths[4]
        self.dense = nn.Sequential(*dense)
        self.maps = nn.ModuleList()
        for number in range(min(layer, 4), 0, -1):
            fewer = widths[number - 1]
            self.maps.append(nn.Sequential(*deconvolution(inputs, fewer)))
            inputs = fewer
        self.maps.append(nn.ConvTranspose2d(inputs, 3, 3, padding=1))
        self.sizes = sizes[len(self.maps) - 1 :: -1]  # what each deconvolution is up-sampled to

    def forward(self, z: Tensor) -> Tensor:
        z = self.dense(z)
        for size, layer in zip(self.sizes, self.maps, strict=True):
            z = layer(functional.interpolate(z, size=size))
        return (torch.tanh(z) + 1) / 2


class Discriminator(nn.Module):
    """D of Xiao et al., Eqs. 2 and 3: pictures (B, 3, H, W) in [0, 1] -> logits (B,), positive for
    "a photograph".

    The paper does not describe it. Ours: one conv4 of stride 2 with leaky ReLU per entry of
    `widths` (Radford et al., ICLR 2016), the mean over the map, one linear layer; no batch norm, so
    that photographs and reconstructions are judged alike in whatever batch they come.
    """

    def __init__(self, widths: Sequence[int]) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        channels = 3
        for width in widths:
            layers += [nn.Conv2d(channels, width, 4, stride=2, padding=1), nn.LeakyReLU(0.2)]
            channels = width
        self.features = nn.Sequential(*layers)
        self.head = nn.Linear(channels, 1)

    def forward(self, pictures: Tensor) -> Tensor:
        return self.head(self.features(2 * pictures - 1).mean((2, 3))).squeeze(1)


def _stage(block: str, count: int, channels: int, width: int, stride: int) -> nn.Sequential:
    """`count` residual blocks of `width`; the first one strides, and where the shape changes its
    shortcut is a 1x1 convolution."""
    kind = BLOCKS[block]
    blocks = []
    for _ in range(count):
        shortcut = None
        if stride != 1 or channels != width * kind.expansion:
            shortcut = nn.Sequential(
                nn.Conv2d(channels, width * kind.expansion, 1, stride=stride, bias=False),
                nn.BatchNorm2d(width * kind.expansion),
            )
        blocks.append(kind(channels, width, stride, shortcut))
        channels, stride = width * kind.expansion, 1
    return nn.Sequential(*blocks)
