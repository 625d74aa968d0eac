"""Regression of a face-verification network's features on releases, and what it is worth."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Generator, Tensor, nn
from torch.nn import functional

from core.attacks import features as flat
from core.attacks import fitting
from core.attacks.identity import gallery
from core.attacks.identity.face_features import Network, faces_in, photographed
from core.attacks.interface import AttackerView, Result, finding
from core.metrics import linking as scores
from core.metrics.identity import by_chance, nearest
from core.metrics.intervals import mean_interval, resample_identities
from core.nets.probes import PICTURE, ConvolutionalProbe, dense
from core.seeding import seeded

# Ridge penalties, per row, in units of the mean variance of an axis.
PENALTIES = (1e-3, 1e-2, 1e-1, 1.0, 10.0, 100.0)
LEARNING_RATE, WEIGHT_DECAY, BATCH = 2e-3, 1e-2, 64
ENOUGH = 3e-3  # cosine that an epoch must gain to count as better
PATIENCE, DROPS, DECAY, MOST_EPOCHS = 2, 2, 0.2, 24
PICTURE_EPOCHS = 8  # on pictures, where an epoch lasts longest


class Mapped(NamedTuple):
    """What a map M makes of the releases of "validation" and "test", (n, d), and its mean cosine
    to C(x) on validation."""

    quality: float
    features: dict[str, Tensor]


def regressed(
    view: AttackerView, generator: Generator, among: gallery.Known, network: Network
) -> Result:
    """Rows and arrays of `feature_map` for one face network."""
    truth = {s: photographed(view, s, network) for s in ("attacker", "validation", "test")}
    candidates = [_ridge(view, truth), _dense(view, truth, generator)]
    if view.z["test"].ndim == 4 and min(view.z["test"].shape[-2:]) >= 4:
        candidates.append(_convolutional(view, truth, generator))
    if view.z["test"].shape[1:] == view.x["test"].shape[1:]:
        candidates.append(_looked_at(view, truth, network))
    chosen = max(candidates, key=lambda mapped: mapped.quality)
    guess = functional.normalize(chosen.features["test"])
    return _scored(view, guess, truth, among, network.suffix)


def _cosine(mapped: Tensor, truth: Tensor) -> float:
    return float(functional.cosine_similarity(mapped, truth).mean())


def _ridge(view: AttackerView, truth: dict[str, Tensor]) -> Mapped:
    """Linear regression on principal axes, whose columns are uncorrelated: each is on its own."""
    data = flat.flat_features(view, "attacker", turned=True)
    mean = truth["attacker"].mean(0)
    variance = data["train"].square().mean(0)
    covariance = data["train"].T @ (truth["attacker"] - mean) / len(data["train"])
    best = Mapped(-np.inf, {})
    for penalty in PENALTIES:
        scale = variance + (penalty * variance.mean()).clamp_min(1e-30)
        weights = covariance / scale[:, None]
        mapped = {s: data[s] @ weights + mean for s in ("validation", "test")}
        quality = _cosine(mapped["validation"], truth["validation"])
        if quality > best.quality:
            best = Mapped(quality, mapped)
    return best


def _looked_at(view: AttackerView, truth: dict[str, Tensor], network: Network) -> Mapped:
    """C shown the released pictures as they are."""
    features = {s: faces_in(view, view.z[s].clamp(0, 1), network) for s in ("validation", "test")}
    return Mapped(_cosine(features["validation"], truth["validation"]), features)


def _dense(view: AttackerView, truth: dict[str, Tensor], generator: Generator) -> Mapped:
    data = flat.flat_features(view, "attacker")
    build = partial(
        dense, data["train"].shape[1], (512, 256), truth["attacker"].shape[1], 0.2, 0.05
    )
    return _train(build, data, truth, generator)


def _convolutional(view: AttackerView, truth: dict[str, Tensor], generator: Generator) -> Mapped:
    data = flat.scaled_maps(view, "attacker")
    shape = tuple(data["train"].shape[1:])
    build = partial(ConvolutionalProbe, shape, truth["attacker"].shape[1], 0.1)  # type: ignore[arg-type]
    return _train(build, data, truth, generator, flat.flip_some)


def _train(
    build: Callable[[], nn.Module],
    data: dict[str, Tensor],
    truth: dict[str, Tensor],
    generator: Generator,
    augment: Callable[[Tensor, Generator], Tensor] | None = None,
) -> Mapped:
    """The running average of the weights of M after the epoch that came nearest on validation."""
    device = data["train"].device
    with seeded(generator, device):
        network = build().to(device)
        if data["train"].ndim == 4:
            network = network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        optimiser = torch.optim.AdamW(
            network.parameters(), LEARNING_RATE, weight_decay=WEIGHT_DECAY, fused=True
        )

        def loss(rows: Tensor) -> Tensor:
            rows = rows.to(device)
            batch = data["train"][rows]
            with fitting.half_precision(device):
                mapped = network(batch if augment is None else augment(batch, generator))
            return (mapped.float() - truth["attacker"][rows]).square().sum(1).mean()  # Eq. 10

        def look(average: nn.Module) -> float:
            return _cosine(fitting.predict(average, data["validation"]), truth["validation"])

        small = data["train"].ndim != 4 or min(data["train"].shape[-2:]) < PICTURE
        count, size = len(data["train"]), min(BATCH, len(data["train"]))
        epochs = range(MOST_EPOCHS if small else PICTURE_EPOCHS)
        average, best = fitting.fit(
            network,
            optimiser,
            (fitting.batches(count, size, generator) for _ in epochs),
            loss,
            look,
            fitting.Patience(optimiser, PATIENCE, DROPS, DECAY, ENOUGH),
        )
        features = {s: fitting.predict(average, data[s]) for s in ("validation", "test")}
        return Mapped(best, features)


def _scored(
    view: AttackerView,
    guess: Tensor,
    truth: dict[str, Tensor],
    among: gallery.Known,
    suffix: str,
) -> Result:
    people = view.identities["test"]
    cosines = (guess * truth["test"]).sum(1).double().cpu().numpy()
    blind = functional.normalize(truth["attacker"].mean(0), dim=0)
    guessed, seen = guess.cpu().numpy(), truth["test"].cpu().numpy()
    named = people[among.gallery][nearest(guessed[among.probes], seen[among.gallery])]
    correct = named == people[among.probes]
    Measured = tuple[float, tuple[float, float], float | None, NDArray[Any]]
    measured: dict[str, Measured] = {
        "cosine_similarity": (
            float(cosines.mean()),
            mean_interval(cosines, resample_identities(people)),
            float((truth["test"] @ blind).mean()),
            people,
        ),
        "top1_accuracy": (
            float(correct.mean()),
            mean_interval(correct, resample_identities(people[among.probes])),
            by_chance(people, among.gallery, among.probes),
            people[among.probes],
        ),
    }
    near = scores.nearness(guessed, seen, among.pairs)
    for metric, (value, interval, chance) in scores.score(among.pairs, near, people).items():
        measured[metric] = (value, interval, chance, people[among.probes])
    rows = [
        finding(
            target="features",
            role="private",
            attacker="feature_map",
            metric=f"{metric}{suffix}",
            value=value,
            interval=interval,
            chance=chance,
            n=len(asked),
            identities=len(np.unique(asked)),
        )
        for metric, (value, interval, chance, asked) in measured.items()
    ]
    return Result(rows, {f"cosines{suffix}": cosines.astype(np.float16)})
