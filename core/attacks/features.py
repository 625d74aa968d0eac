"""Releases as features: standardised, turned onto their principal axes, mirrored."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Generator, Tensor
from torch.nn import functional

from core.attacks.interface import AttackerView
from core.data.held import BLOCK, Rows, mapped, mean, together
from core.seeding import seeded

# A dimension whose spread is this small beside the largest one carries rounding errors only.
NEAR_CONSTANT = 1e-6
WIDE = 1024  # dimensions from which on features are turned onto principal axes
MOST_COMPONENTS = 1024
LARGE = 6000  # side of the largest Gram matrix whose axes are computed exactly
SWEEPS, SPARE = 3, 32  # through the rows, and axes to spare, in subspace iteration
SKETCH = 4096  # dimensions that keep distances where releases do not fit into memory
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


def standardiser(z: Rows) -> FlatScaler:
    """Brings each dimension of flattened releases z (n, …) to mean 0 and spread 1, near-constant
    ones to 0; z are those of the split that an attack is trained on."""
    flat = mapped(z, flattened)
    middle = mean(flat, lambda part: part)
    spread = mean(flat, lambda part: (part - middle).square()).sqrt()
    kept = (spread > NEAR_CONSTANT * spread.max()) & (spread > NEAR_CONSTANT * middle.abs())
    return FlatScaler(middle, torch.where(kept, 1 / spread.clamp_min(1e-30), 0.0))


def flattened(z: Tensor) -> Tensor:
    return z.flatten(1).float()


def map_scaler(z: Rows) -> MapScaler:
    """The same for each channel of maps z (n, C, h, w)."""
    places = (0, 2, 3)
    middle = mean(z, lambda part: part.float(), places)
    spread = mean(z, lambda part: (part.float() - middle).square(), places).sqrt()
    kept = spread > NEAR_CONSTANT * spread.max()
    return MapScaler(middle, torch.where(kept, 1 / spread.clamp_min(1e-30), 0.0))


def is_spatial(view: AttackerView) -> bool:
    """Whether releases are maps that convolutions can read."""
    z = view.z["test"]
    return z.ndim == 4 and min(z.shape[-2:]) >= LEAST_SIDE


def principal_axes(features: Rows, components: int = MOST_COMPONENTS) -> Tensor:
    """Orthonormal axes (d, r) of centred features (n, d), by falling variance, r <= components.

    Computed from the smaller of the two Gram matrices, or by subspace iteration where both are
    large or the features do not fit into memory. Axes whose variance is rounding error are left out.
    """
    n, d = features.shape
    if min(n, d) > LARGE or not isinstance(features, Tensor):
        return _iterated_axes(features, min(components + SPARE, n, d))[:, :components]
    gram = features @ features.T if n < d else features.T @ features
    values, vectors = torch.linalg.eigh(gram)
    values, vectors = values[-components:].flip(0), vectors[:, -components:].flip(1)
    kept = values > values[:1].clamp_min(1e-30) * 1e-6
    if n < d:
        return features.T @ (vectors[:, kept] / values[kept].sqrt())
    return vectors[:, kept]


def _iterated_axes(features: Rows, components: int) -> Tensor:
    """The same, by subspace iteration from random directions (Halko, Martinsson and Tropp, "Finding
    structure with randomness", SIAM Review 53, 2011, Algorithm 4.4), a block of rows at a time."""
    with seeded(0):
        axes = torch.randn(features.shape[1], components).to(features.device)
    for _ in range(SWEEPS):
        turned = torch.zeros_like(axes)
        for part in features.split(BLOCK):
            turned += part.T @ (part @ axes)
        axes = torch.linalg.qr(turned).Q
    gram = torch.zeros(components, components, device=axes.device)
    for part in features.split(BLOCK):
        found = part @ axes
        gram += found.T @ found
    values, vectors = torch.linalg.eigh(gram)
    kept = values.flip(0) > values[-1:].clamp_min(1e-30) * 1e-6
    return axes @ vectors.flip(1)[:, kept]


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
        features = {part: mapped(view.z[split], standard) for part, split in parts.items()}
        change: Callable[[Tensor], Tensor] = _as_it_is
        if turned:
            axes = principal_axes(features["train"])
            if axes.shape[1] == 0:  # a constant release has none
                axes = axes.new_zeros(len(axes), 1)
            change = axes.__rmatmul__
        view.scratch[key] = {part: together(rows, change) for part, rows in features.items()}
    return view.scratch[key]


def _as_it_is(z: Tensor) -> Tensor:
    return z


def compared(z: Rows, change: Callable[[Tensor], Tensor]) -> Tensor:
    """`change` of releases z, (n, d), for what compares distances alone: where they do not fit into
    memory, a sketch that keeps squared distances to within a few per cent (each dimension added to
    one of `SKETCH`, with a random sign: Charikar, Chen and Farach-Colton, "Finding frequent items in
    data streams", ICALP 2002)."""
    width = change(z[:1]).shape[1]
    if isinstance(z, Tensor) or width <= SKETCH:
        return together(z, change)
    generator = torch.Generator().manual_seed(0)
    place = torch.randint(SKETCH, (width,), generator=generator).to(z.device)
    sign = (2 * torch.randint(2, (width,), generator=generator) - 1).to(z.device)

    def sketch(part: Tensor) -> Tensor:
        return part.new_zeros(len(part), SKETCH).index_add_(1, place, change(part) * sign)

    return together(z, sketch)


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


def scaled_maps(view: AttackerView, train: str) -> dict[str, Rows]:
    """Spatial releases of the splits `train` (as "train"), "validation" and "test", (n, C + 1, h,
    w), scaled by the training rows (`MapScaler`)."""
    scaler = map_scaler(view.z[train])
    parts = {"train": train, "validation": "validation", "test": "test"}
    return {part: mapped(view.z[name], scaler) for part, name in parts.items()}
