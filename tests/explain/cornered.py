"""Photographs of which one corner alone shows an attribute, and what devices might release."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import Generator, Tensor, nn

from core.attacks import AttackerView

SIZE, PATCH = 32, 8
SPLITS = {"defender": 60, "attacker": 320, "validation": 96, "test": 160}
NAMES = ("Male", "Task")
Release = Callable[[Tensor, Generator], Tensor]


def device(flat: bool, seed: int = 0) -> nn.Module:
    """A device's network, as it was drawn: a map of 16 x 16, or 128 numbers, means of a map of
    8 x 8."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        layers: list[nn.Module] = [nn.Conv2d(3, 8, 3, 2, 1), nn.ReLU()]
        if flat:
            layers += [nn.Conv2d(8, 8, 3, 2, 1), nn.ReLU(), nn.AvgPool2d(2), nn.Flatten()]
        return nn.Sequential(*layers).requires_grad_(False)


def photographs(n: int, rng: np.random.Generator) -> tuple[Tensor, np.ndarray]:
    """uint8 (n, 3, 32, 32) and attributes (n, 2): where Male, the lower left corner is brighter;
    where Task, the upper right one."""
    labels = rng.integers(0, 2, (n, 2)).astype(np.int8)
    x = rng.normal(110, 12, (n, 3, SIZE, SIZE)) + rng.normal(0, 8, (n, 3, 1, 1))
    x[labels[:, 0] == 1, :, -PATCH:, :PATCH] += 60
    x[labels[:, 1] == 1, :, :PATCH, -PATCH:] += 60
    return torch.from_numpy(np.clip(x, 0, 255).astype(np.uint8)), labels


def view(release: Release, seed: int = 0) -> AttackerView:
    rng = np.random.default_rng(seed)
    x, z, attributes, identities = {}, {}, {}, {}
    generator = torch.Generator().manual_seed(seed)
    for number, (split, n) in enumerate(SPLITS.items()):
        x[split], attributes[split] = photographs(n, rng)
        identities[split] = number * 1000 + np.arange(n) // 4
        with torch.no_grad():
            z[split] = release(x[split].float() / 255, generator)
    return AttackerView(
        release=release,
        z=z,
        x=x,
        attributes=attributes,
        identities=identities,
        attribute_names=NAMES,
        tasks=("Task",),
        private=("Male",),
        device=torch.device("cpu"),
        pictured=np.arange(0, 48, 4),
    )
