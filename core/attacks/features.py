"""Releases as feature vectors: standardised, and turned onto their principal axes."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

# A dimension whose spread is this small beside the largest one carries rounding errors only.
NEAR_CONSTANT = 1e-6
# From this many dimensions on, features are turned onto principal axes before a dense network.
WIDE = 1024
MOST_COMPONENTS = 3072


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

    For n < d the axes span every training row: a linear or dense network that starts small loses
    nothing by being trained in their coordinates, at r/d of the cost. Computed from the smaller of
    the two Gram matrices in double precision.
    """
    n, d = features.shape
    # Beyond the cap a few axes of noise are dropped; the random projection keeps the rest.
    if min(n, d) > components:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            _, _, axes = torch.svd_lowrank(features, q=components, niter=1)
        return axes
    if n < d:
        values, vectors = torch.linalg.eigh((features @ features.T).double())
        kept = values > values.max().clamp_min(1e-30) * 1e-7
        axes = features.T @ (vectors[:, kept] / values[kept].sqrt()).float()
        return axes.flip(1)
    values, vectors = torch.linalg.eigh((features.T @ features).double())
    kept = values > values.max().clamp_min(1e-30) * 1e-10
    return vectors[:, kept].float().flip(1)


def flat_features(
    train: Tensor, others: list[Tensor], always_turn: bool = False
) -> tuple[Tensor, list[Tensor]]:
    """Standardised features of `train` and of `others`, on principal axes where they are wide.

    Returns (n, r) for each; r >= 1 even when every dimension is constant.
    """
    standard = standardiser(train)
    features = standard(train)
    if always_turn or features.shape[1] >= WIDE:
        axes = principal_axes(features)
        if axes.shape[1] == 0:
            axes = torch.zeros(features.shape[1], 1, device=features.device)
        return features @ axes, [standard(other) @ axes for other in others]
    return features, [standard(other) for other in others]
