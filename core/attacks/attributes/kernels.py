"""Ridge regression with Gaussian kernels on releases."""

from collections.abc import Callable, Iterator
from functools import cache, partial
from itertools import groupby, product
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Generator, Tensor

from core.attacks import features as flat
from core.attacks.attributes.scoring import Candidates, Labels, qualities
from core.attacks.interface import AttackerView

# Kernel exp(-factor * distance^2 / median distance^2) between photographs.
FACTORS = (0.1, 0.3, 1.0, 3.0)
PENALTIES = (1e-3, 1e-2, 1e-1, 1.0)
# Axes are divided by their spread to this power: 0 leaves the standardised release as it is.
WHITENINGS = (0.0, 0.5)
# Settings are compared on so many rows; the best few are fitted to all that memory and time allow.
COMPARED_ON, MOST_ROWS, FITTED = 1400, 12_000, 5


class Setting(NamedTuple):
    """One of the settings that are tried; see the constants above."""

    whitening: float
    factor: float
    penalty: float


GRID = [Setting(*values) for values in product(WHITENINGS, FACTORS, PENALTIES)]


def fit_kernel(view: AttackerView, split: str, labels: Labels, generator: Generator) -> Candidates:
    features = flat.flat_features(view, split, turned=True)
    truth = torch.as_tensor(labels["train"], device=features["train"].device).double()
    order = torch.randperm(len(truth), generator=generator).to(truth.device)
    reached = [
        qualities(labels["validation"], score("validation"))
        for score in fitted(features, truth, order[:COMPARED_ON], GRID)
    ]
    candidates = Candidates(labels)
    chosen = [GRID[place] for place in _leading(np.array(reached))]
    for score in fitted(features, truth, order[:MOST_ROWS], chosen):
        candidates.offer(_centred(score, "validation"), partial(_centred, score, "test"))
    return candidates


def _centred(score: Callable[[str], Tensor], part: str) -> Tensor:
    """Scores of labels 0 and 1, so that they are above 0 for yes."""
    return score(part) - 0.5


def _leading(qualities: NDArray[np.float64]) -> list[int]:
    """Places of at most `FITTED` settings (S, A), in order, that serve the attributes best: each in
    turn is the one that adds most to the mean over attributes of the best quality so far."""
    chosen: list[int] = []
    reached = np.full(qualities.shape[1], qualities.min())
    while len(chosen) < min(FITTED, len(qualities)):
        gains = np.maximum(qualities - reached, 0).sum(1)
        gains[chosen] = -1
        chosen.append(int(gains.argmax()))
        reached = np.maximum(reached, qualities[chosen[-1]])
    return sorted(chosen)


def fitted(
    features: dict[str, Tensor], truth: Tensor, rows: Tensor, settings: list[Setting]
) -> Iterator[Callable[[str], Tensor]]:
    """For each setting, fitted to `rows`, what gives its scores (n, A) of "validation" or "test".

    features  "train", "validation", "test" -> float (n, r)
    truth     float64 (n, A) of the rows of "train": labels, or numbers of any kind
    rows      int64, positions among the rows of "train"
    """
    for whitening, alike in groupby(settings, lambda setting: setting.whitening):
        turned = _whitened(features, whitening)
        known = turned["train"][rows]
        apart = squared_distances(known, known)
        middle = apart.median().clamp_min(1e-30)
        distances = cache(partial(_to_known, turned, known))
        for setting in alike:
            factor = setting.factor / middle
            weights, offset = fit(_likeness(apart, factor), truth[rows], setting.penalty)
            yield partial(_scores, distances, factor, weights, offset)


def _to_known(features: dict[str, Tensor], known: Tensor, part: str) -> Tensor:
    return squared_distances(features[part], known)


def _scores(
    distances: Callable[[str], Tensor], factor: Tensor, weights: Tensor, offset: Tensor, part: str
) -> Tensor:
    return (_likeness(distances(part), factor) @ weights + offset).float()


def fit(likeness: Tensor, labels: Tensor, penalty: float) -> tuple[Tensor, Tensor]:
    """Weights (n, A) and offsets (A,) that minimise |K w + b - labels|^2 + penalty * w'K w, with b
    the labels' mean: K = `likeness` (n, n), labels (n, A), both float64."""
    offset = labels.mean(0)
    ridge = penalty * torch.eye(len(likeness), dtype=likeness.dtype, device=likeness.device)
    factor = torch.linalg.cholesky(likeness + ridge)
    return torch.cholesky_solve(labels - offset, factor), offset


def squared_distances(one: Tensor, other: Tensor) -> Tensor:
    """Squared Euclidean distances (n, m) of rows (n, r) and (m, r), never negative."""
    squares = one.square().sum(1)[:, None] + other.square().sum(1) - 2 * one @ other.T
    return squares.clamp_min_(0)


def _likeness(squares: Tensor, factor: Tensor) -> Tensor:
    return (squares * -factor).exp_()


def _whitened(features: dict[str, Tensor], power: float) -> dict[str, Tensor]:
    """Features in float64, each axis divided by its spread on "train" to the `power`; what hardly
    varies is not blown up."""
    spread = features["train"].double().std(0, correction=0)
    scale = spread.clamp_min(1e-3 * spread.max().clamp_min(1e-30)) ** -power
    return {part: values.double() * scale for part, values in features.items()}
