"""Releases as feature vectors: standardised, and turned onto their principal axes."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Generator, Tensor

from core.attacks.interface import AttackerView
from core.seeding import seeded

# A dimension whose spread is this small beside the largest one carries rounding errors only.
NEAR_CONSTANT = 1e-6
WIDE = 1024  # dimensions from which on features are turned onto principal axes
MOST_COMPONENTS = 1024
LARGE = 6000  # side of the largest Gram matrix whose axes are computed exactly


@dataclass(frozen=True)
class Standardiser:
    """Mean and spread of flat features: z -> (z - mean) * scale, near-constant dimensions to 0."""

    mean: Tensor
    scale: Tensor

    def __call__(self, z: Tensor) -> Tensor:
        return (z.flatten(1).float() - self.mean) * self.scale


def standardiser(z: Tensor) -> Standardiser:
    """Statistics of z (n, …), flattened; meant for the split an attack is trained on."""
    flat = z.flatten(1).float()
    mean = flat.mean(0)
    spread = (flat - mean).square().mean(0).sqrt()
    kept = (spread > NEAR_CONSTANT * spread.max()) & (spread > NEAR_CONSTANT * mean.abs())
    return Standardiser(mean, torch.where(kept, 1 / spread.clamp_min(1e-30), 0.0))


def principal_axes(features: Tensor, components: int = MOST_COMPONENTS) -> Tensor:
    """Orthonormal axes (d, r) of centred features (n, d), by falling variance, r <= components.

    Computed from the smaller of the two Gram matrices, or by a random projection where both are
    large. Axes whose variance is rounding error are left out.
    """
    n, d = features.shape
    if min(n, d) > LARGE:
        with seeded(0):
            return torch.svd_lowrank(features, q=components, niter=2)[2]
    gram = features @ features.T if n < d else features.T @ features
    values, vectors = torch.linalg.eigh(gram)
    values, vectors = values[-components:].flip(0), vectors[:, -components:].flip(1)
    kept = values > values[:1].clamp_min(1e-30) * 1e-6
    if n < d:
        return features.T @ (vectors[:, kept] / values[kept].sqrt())
    return vectors[:, kept]


def flat_features(view: AttackerView, train: str, turned: bool | None = None) -> dict[str, Tensor]:
    """Standardised features of the splits `train` (as "train"), "validation" and "test", (n, r).

    By default wide features are turned onto the leading principal axes of the training rows: for a
    linear or dense network that starts small it is the same problem, at a fraction of the cost.
    `turned` forces it either way. Kept in `view.scratch` for the attacks that follow.
    """
    z = view.z[train]
    turned = z[0].numel() >= WIDE if turned is None else turned
    key = f"flat features/{train}/{turned}"
    if key not in view.scratch:
        standard = standardiser(z)
        features = {"train": standard(z)}
        axes = principal_axes(features["train"]) if turned else None
        if axes is not None and axes.shape[1] == 0:  # a constant release has none
            axes = torch.zeros(features["train"].shape[1], 1, device=z.device)
        features |= {part: standard(view.z[part]) for part in ("validation", "test")}
        if axes is not None:
            features = {part: values @ axes for part, values in features.items()}
        view.scratch[key] = features
    return view.scratch[key]


@dataclass(frozen=True)
class MapScaler:
    """Mean and scale of each channel of spatial releases: z (n, C, h, w) -> (n, C + 1, h, w), each
    channel brought to mean 0 and spread 1, near-constant ones to 0, and one channel of zeros for
    what an augmentation has to tell."""

    mean: Tensor
    scale: Tensor

    def __call__(self, z: Tensor) -> Tensor:
        maps = torch.nn.functional.pad((z.float() - self.mean) * self.scale, (0, 0, 0, 0, 0, 1))
        return maps.contiguous(memory_format=torch.channels_last)


def map_scaler(z: Tensor) -> MapScaler:
    """Statistics of z (n, C, h, w), per channel; meant for the split an attack is trained on."""
    z = z.float()
    mean = z.mean((0, 2, 3), keepdim=True)
    spread = (z - mean).square().mean((0, 2, 3), keepdim=True).sqrt()
    kept = spread > 1e-6 * spread.max()
    return MapScaler(mean, torch.where(kept, 1 / spread.clamp_min(1e-30), 0.0))


def flip_some(z: Tensor, generator: Generator) -> Tensor:
    """Mirror a random third of the rows of z (n, C, h, w) left to right, except for the last
    channel, which becomes 1 where the row was mirrored.

    Faces are nearly symmetric, so flips are worth almost twice the data; but a leak need not be.
    The last channel and the majority that is not mirrored let the network learn such a leak too.
    """
    flipped = (torch.rand(len(z), generator=generator) < 1 / 3).to(z.device)[:, None, None, None]
    z = torch.where(flipped, z.flip(3), z)
    z[:, -1:] = flipped
    return z


def scaled_maps(view: AttackerView, train: str) -> dict[str, Tensor]:
    """Spatial releases of the splits `train` (as "train"), "validation" and "test", (n, C + 1, h,
    w), scaled by the training rows (`MapScaler`)."""
    scaler = map_scaler(view.z[train])
    parts = {"train": train, "validation": "validation", "test": "test"}
    return {part: scaler(view.z[name]) for part, name in parts.items()}
