"""Releases as features: standardised, turned onto their principal axes, mirrored."""

from dataclasses import dataclass

import torch
from torch import Generator, Tensor
from torch.nn import functional

from core.attacks.interface import AttackerView
from core.seeding import seeded

# A dimension whose spread is this small beside the largest one carries rounding errors only.
NEAR_CONSTANT = 1e-6
WIDE = 1024  # dimensions from which on features are turned onto principal axes
MOST_COMPONENTS = 1024
LARGE = 6000  # side of the largest Gram matrix whose axes are computed exactly
LEAST_SIDE = 4  # cells of a map that convolutions can read


@dataclass(frozen=True)
class Scaler:
    """z -> (z - mean) * scale, both of shapes that broadcast to z's (n, …); maps in channels-last
    order."""

    mean: Tensor
    scale: Tensor

    def __call__(self, z: Tensor) -> Tensor:
        scaled = (z.float() - self.mean) * self.scale
        return scaled.contiguous(memory_format=torch.channels_last) if z.ndim == 4 else scaled


class FlatScaler(Scaler):
    """Flattens z first: (n, d)."""

    def __call__(self, z: Tensor) -> Tensor:
        return super().__call__(z.flatten(1))


class MapScaler(Scaler):
    """Adds a channel of zeros for what an augmentation has to tell: (n, C + 1, h, w)."""

    def __call__(self, z: Tensor) -> Tensor:
        padded = functional.pad(super().__call__(z), (0, 0, 0, 0, 0, 1))
        return padded.contiguous(memory_format=torch.channels_last)


def standardiser(z: Tensor) -> FlatScaler:
    """Brings each dimension of flattened releases z (n, …) to mean 0 and spread 1, near-constant
    ones to 0; z are those of the split that an attack is trained on."""
    flat = z.flatten(1).float()
    mean = flat.mean(0)
    spread = (flat - mean).square().mean(0).sqrt()
    kept = (spread > NEAR_CONSTANT * spread.max()) & (spread > NEAR_CONSTANT * mean.abs())
    return FlatScaler(mean, torch.where(kept, 1 / spread.clamp_min(1e-30), 0.0))


def map_scaler(z: Tensor) -> MapScaler:
    """The same for each channel of maps z (n, C, h, w)."""
    z = z.float()
    mean = z.mean((0, 2, 3), keepdim=True)
    spread = (z - mean).square().mean((0, 2, 3), keepdim=True).sqrt()
    kept = spread > NEAR_CONSTANT * spread.max()
    return MapScaler(mean, torch.where(kept, 1 / spread.clamp_min(1e-30), 0.0))


def is_spatial(view: AttackerView) -> bool:
    """Whether releases are maps that convolutions can read."""
    z = view.z["test"]
    return z.ndim == 4 and min(z.shape[-2:]) >= LEAST_SIDE


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
    parts = {"train": train, "validation": "validation", "test": "test"}
    turned = view.z[train][0].numel() >= WIDE if turned is None else turned
    key = f"flat features/{train}/{turned}"
    if key not in view.scratch:
        standard = standardiser(view.z[train])
        features = {part: standard(view.z[split]) for part, split in parts.items()}
        if turned:
            axes = principal_axes(features["train"])
            if axes.shape[1] == 0:  # a constant release has none
                axes = axes.new_zeros(len(axes), 1)
            features = {part: values @ axes for part, values in features.items()}
        view.scratch[key] = features
    return view.scratch[key]


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
