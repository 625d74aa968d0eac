"""What a formula fills in instead of training: erasers, kernel encoders, trees, cluster centres.

All is kept in vectors, which are stored in full precision (`core.storage.files.halved`), as they were
when it was solved.
"""

import math

import torch
from torch import Tensor, nn


class Eraser(nn.Module):
    """x (B, inputs) -> y - share * left @ right @ y, where y (B, width) are places on axes of x: LEACE's
    affine map, of rank `concepts` at most. All is 0 before it is filled."""

    mean: Tensor
    axes: Tensor
    left: Tensor
    right: Tensor

    def __init__(self, inputs: int, width: int, concepts: int) -> None:
        super().__init__()
        self.shape = (inputs, width, concepts)
        self.register_buffer("mean", torch.zeros(inputs))
        self.register_buffer("axes", torch.zeros(width * inputs))
        self.register_buffer("left", torch.zeros(width * concepts))
        self.register_buffer("right", torch.zeros(concepts * width))

    def forward(self, x: Tensor, share: float = 1.0) -> Tensor:
        inputs, width, concepts = self.shape
        y = (x - self.mean) @ self.axes.view(width, inputs).T
        told = y @ self.right.view(concepts, width).T
        return y - share * told @ self.left.view(width, concepts).T

    def back(self, z: Tensor) -> Tensor:
        """What z (B, width) is among x: (B, inputs), without what lies on no axis."""
        inputs, width, _ = self.shape
        return z @ self.axes.view(width, inputs) + self.mean

    def turn(self, mean: Tensor, axes: Tensor) -> None:
        """mean (inputs,), axes (width, inputs), orthonormal or 0."""
        self.mean.copy_(mean)
        self.axes.copy_(axes.flatten())

    def fill(self, left: Tensor, right: Tensor) -> None:
        """left (width, concepts), right (concepts, width)."""
        self.left.copy_(left.flatten())
        self.right.copy_(right.flatten())


class KernelEncoder(nn.Module):
    """x (B, inputs) -> codes (B, width): a linear map of `count` random Fourier features of a Gaussian
    kernel (Rahimi & Recht, NIPS 2007). Directions and phases are drawn when it is built; codes are
    0 before it is filled."""

    directions: Tensor
    phases: Tensor
    centre: Tensor
    scale: Tensor
    weights: Tensor
    offset: Tensor

    def __init__(self, inputs: int, count: int, width: int) -> None:
        super().__init__()
        self.shape = (inputs, count, width)
        self.register_buffer("directions", torch.randn(inputs * count))
        self.register_buffer("phases", 2 * math.pi * torch.rand(count))
        self.register_buffer("centre", torch.zeros(inputs))
        self.register_buffer("scale", torch.ones(inputs))
        self.register_buffer("weights", torch.zeros(count * width))
        self.register_buffer("offset", torch.zeros(width))

    def lift(self, x: Tensor) -> Tensor:
        """Random features (B, count); their inner products are kernel values, on average."""
        inputs, count, _ = self.shape
        turned = ((x - self.centre) * self.scale) @ self.directions.view(inputs, count)
        return (2 / count) ** 0.5 * torch.cos(turned + self.phases)

    def forward(self, x: Tensor) -> Tensor:
        _, count, width = self.shape
        return self.lift(x) @ self.weights.view(count, width) - self.offset

    def scale_by(self, centre: Tensor, scale: Tensor) -> None:
        self.centre.copy_(centre)
        self.scale.copy_(scale)

    def fill(self, weights: Tensor, offset: Tensor) -> None:
        """weights (count, width), offset (width,)."""
        self.weights.copy_(weights.flatten())
        self.offset.copy_(offset)


class Leaves(nn.Module):
    """x (B, inputs) -> (B, count) of 0 and 1, one-hot: the leaf of a decision tree over `axes` linear
    maps of x. A leaf is a box: its rows lie above `low` and not above `high` on every axis. All rows
    are in the first leaf before it is filled."""

    mean: Tensor
    axes: Tensor
    low: Tensor
    high: Tensor

    def __init__(self, inputs: int, axes: int, count: int) -> None:
        super().__init__()
        self.shape = (inputs, axes, count)
        most = torch.finfo(torch.float32).max
        self.register_buffer("mean", torch.zeros(inputs))
        self.register_buffer("axes", torch.zeros(axes * inputs))
        self.register_buffer("low", torch.full((count * axes,), most))
        self.register_buffer("high", torch.full((count * axes,), -most))
        self.low[:axes], self.high[:axes] = -most, most

    def turned(self, x: Tensor) -> Tensor:
        """What the tree decides by: (B, axes)."""
        inputs, axes, _ = self.shape
        return (x - self.mean) @ self.axes.view(axes, inputs).T

    def forward(self, x: Tensor) -> Tensor:
        _, axes, count = self.shape
        places = self.turned(x)[:, None]
        above = places > self.low.view(count, axes)
        return (above & (places <= self.high.view(count, axes))).all(2).to(x)

    def turn(self, mean: Tensor, axes: Tensor) -> None:
        """mean (inputs,), axes (axes, inputs)."""
        self.mean.copy_(mean)
        self.axes.copy_(axes.flatten())

    def fill(self, low: Tensor, high: Tensor) -> None:
        """low, high (leaves, axes), -inf and inf where a leaf is not bounded; no more leaves than
        there is room for."""
        _, axes, count = self.shape
        most = torch.finfo(torch.float32).max
        for name, found, empty in (("low", low, most), ("high", high, -most)):
            whole = torch.full((count, axes), empty)
            whole[: len(found)] = found.float().clamp(-most, most)
            getattr(self, name).copy_(whole.flatten())


class Centres(nn.Module):
    """Centres of `clusters` clusters in each of `groups` groups of maps of `size` numbers. They follow
    the maps that they see."""

    places: Tensor

    def __init__(self, groups: int, clusters: int, size: int) -> None:
        super().__init__()
        self.shape = (groups * clusters, size)
        self.clusters = clusters
        self.register_buffer("places", torch.zeros(groups * clusters * size))

    def forward(self, z: Tensor, group: Tensor) -> tuple[Tensor, Tensor]:
        """z (B, size) and its groups (B,) -> the number of each row's nearest centre among its group's
        (B,), and that centre (B, size)."""
        places = self.places.view(*self.shape)
        with torch.no_grad():
            mine = places.view(-1, self.clusters, self.shape[1])[group]
            nearest = (z[:, None] - mine).square().sum(2).argmin(1)
        number = group * self.clusters + nearest
        return number, places[number]

    @torch.no_grad()
    def follow(self, z: Tensor, number: Tensor, pace: float) -> None:
        """Move each centre by `pace` of the way to the mean of the rows z (B, size) that it got."""
        places = self.places.view(*self.shape)
        for centre in number.unique():
            places[centre].lerp_(z[number == centre].mean(0), pace)

    @torch.no_grad()
    def start(self, z: Tensor, group: Tensor, generator: torch.Generator, rounds: int = 10) -> None:
        """k-means in each group of rows z (n, size), from rows drawn at random."""
        places = self.places.view(-1, self.clusters, self.shape[1])
        for number in range(len(places)):
            rows = z[group == number]
            if not len(rows):
                continue
            drawn = torch.randperm(len(rows), generator=generator)[: self.clusters]
            drawn = drawn.repeat(self.clusters)[: self.clusters]
            places[number] = rows[drawn.to(rows.device)]
            for _ in range(rounds):
                nearest = torch.cdist(rows, places[number]).argmin(1)
                for cluster in nearest.unique():
                    places[number, cluster] = rows[nearest == cluster].mean(0)
