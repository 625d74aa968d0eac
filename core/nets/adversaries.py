"""Adversaries of other architectures than the papers', for hardened training; the networks of the
strict evaluation's attackers are others."""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional
from torchvision.models.resnet import BasicBlock

from core.nets.aia import Fold
from core.nets.vgg import Named

SMALLEST = 4  # pixels of the side at which residual stages stop halving
POOLED = 8  # pixels of the side of the map that the dense network reads


class Residual(nn.Module):
    """Maps z (B, C, h, w), or flattened (B, C * h * w), -> logits (B, outputs).

    Basic residual blocks (He et al., CVPR 2016) halve the map down to 4 pixels and double the
    channels from 32 * `width` to at most 128 * `width`; then global average and maximum.
    """

    def __init__(self, shape: tuple[int, int, int], outputs: int, width: float = 1.0) -> None:
        super().__init__()
        self.fold = Fold(shape)
        channels, out = shape[0], max(4, round(32 * width))
        most = 4 * out
        layers: list[nn.Module] = [nn.BatchNorm2d(channels)]
        side = min(shape[1:])
        stride = 2
        while stride == 2:
            stride = 2 if side > SMALLEST else 1
            shortcut = nn.Sequential(
                nn.Conv2d(channels, out, 1, stride=stride, bias=False), nn.BatchNorm2d(out)
            )
            layers.append(BasicBlock(channels, out, stride, shortcut))
            channels, out, side = out, min(most, 2 * out), -(-side // 2)
        self.features = nn.Sequential(*layers)
        self.head = nn.Linear(2 * channels, outputs)

    def forward(self, z: Tensor) -> Tensor:
        maps = self.features(self.fold(z))
        pooled = (functional.adaptive_avg_pool2d(maps, 1), functional.adaptive_max_pool2d(maps, 1))
        return self.head(torch.cat([entry.flatten(1) for entry in pooled], 1))


class Dense(Named):
    """Maps z (B, C, h, w), or flattened, -> logits (B, outputs): averaged down to 8 pixels a side,
    two hidden layers of 128 * `width` units."""

    def __init__(self, shape: tuple[int, int, int], outputs: int, width: float = 1.0) -> None:
        pooled = (min(POOLED, shape[1]), min(POOLED, shape[2]))
        hidden = max(4, round(128 * width))
        inputs = shape[0] * math.prod(pooled)
        layers = nn.Sequential(
            nn.BatchNorm1d(inputs),
            nn.Linear(inputs, hidden),
            nn.BatchNorm1d(hidden),
            nn.ReLU(),
            nn.Linear(hidden, hidden),
            nn.BatchNorm1d(hidden),
            nn.ReLU(),
            nn.Linear(hidden, outputs),
        )
        super().__init__(
            fold=Fold(shape),
            pool=nn.AdaptiveAvgPool2d(pooled),
            flatten=nn.Flatten(),
            layers=layers,
        )
