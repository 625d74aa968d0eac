"""Attribute probes: what can be read from a release about every attribute of the data set.

Each family is trained from scratch on frozen releases, one network for all attributes of a side.
The same families measure utility: trained on the defender's photographs and for the tasks alone,
they say how well the service can still do its tasks.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Generator, Tensor, nn

from core.attacks import features as flat
from core.attacks import fitting
from core.attacks.attributes import regression
from core.attacks.fitting import Candidates, Schedule
from core.attacks.interface import AttackerView, Result, attribute_rows, check_finite
from core.metrics.attributes import balanced_accuracy, choose_threshold
from core.metrics.intervals import resample_identities
from core.nets.vgg import convolutions

Labels = dict[str, NDArray[np.int8]]
# (view; split to train on; labels by "train", "validation", "test"; generator) -> scores
Family = Callable[[AttackerView, str, Labels, Generator], Candidates]


def logistic(view: AttackerView, generator: Generator) -> Result:
    """Logistic regression on the standardised, flattened release; the penalty of each attribute
    is chosen on validation."""
    return probe(view, generator, "logistic", fit_logistic)


def mlp(view: AttackerView, generator: Generator) -> Result:
    """Two hidden layers on the standardised, flattened release; weak and strong regularisation
    are both tried, and chosen per attribute on validation."""
    return probe(view, generator, "mlp", fit_mlp)


def cnn(view: AttackerView, generator: Generator) -> Result:
    """Convolutional network on a spatial release (n, C, h, w), at least as large as the training
    adversary; on pictures it begins with the layers of DeepObfuscator's Table 1, so that nothing a
    task network finds is out of its reach. Left-right flips double its data. Empty result for a
    flat release."""
    if view.z["test"].ndim != 4 or min(view.z["test"].shape[-2:]) < 4:
        return Result()
    return probe(view, generator, "cnn", fit_cnn)


def probe(
    view: AttackerView,
    generator: Generator,
    attacker: str,
    family: Family,
    splits: Sequence[str] = ("defender", "attacker"),
) -> Result:
    """Fit the family as an attacker (private and unlisted attributes) and as a fresh head of the
    service (tasks), those of the two whose split is among `splits`, and score it on test.

    Arrays: `targets` (A,) names, `validation` (A,) the balanced accuracy of each, `decisions`
    packed bits (A, ceil(n / 8)) of each over the test photographs, `kept` names of tasks and
    private attributes with their `scores` float16 (kept, n) and `validation_scores` (kept, v).
    """
    check_finite(view)
    names = view.attribute_names
    tasks = [i for i, name in enumerate(names) if name in view.tasks]
    sides = {"defender": tasks, "attacker": [i for i in range(len(names)) if i not in tasks]}
    resampling = resample_identities(view.identities["test"])
    findings = []
    asked: list[int] = []
    validation = np.full(len(names), np.nan, np.float32)
    decisions = np.zeros((len(names), len(view.z["test"])), bool)
    test_scores = np.zeros((len(names), len(view.z["test"])), np.float32)
    validation_scores = np.zeros((len(names), len(view.z["validation"])), np.float32)
    for split, columns in sides.items():
        if split not in splits or not columns or len(view.z[split]) < 2:
            continue
        asked += columns
        parts = {"train": split, "validation": "validation", "test": "test"}
        labels = {part: view.attributes[name][:, columns] for part, name in parts.items()}
        chosen = family(view, split, labels, generator)
        for output, column in enumerate(columns):
            truth = labels["validation"][:, output]
            threshold = choose_threshold(truth, chosen.validation[:, output])
            decisions[column] = chosen.test[:, output] > threshold
            test_scores[column] = chosen.test[:, output]
            validation_scores[column] = chosen.validation[:, output]
            validation[column] = balanced_accuracy(truth, chosen.validation[:, output] > threshold)
            findings += attribute_rows(
                names[column],
                view.role(names[column]),
                attacker,
                labels["test"][:, output],
                chosen.test[:, output],
                threshold,
                view.identities["test"],
                resampling,
            )
    asked.sort()
    kept = [i for i in asked if names[i] in (*view.tasks, *view.private)]
    arrays = {
        "targets": np.array([f"attribute:{names[i]}" for i in asked], dtype=str),
        "validation": validation[asked],
        "decisions": np.packbits(decisions[asked], axis=1),
        "kept": np.array([names[i] for i in kept], dtype=str),
        "scores": test_scores[kept].astype(np.float16),
        "validation_scores": validation_scores[kept].astype(np.float16),
    }
    return Result(findings, arrays)


def best_of(*families: Family) -> Family:
    """The family that is, for each attribute, whichever of `families` is the best on validation."""

    def fit(view: AttackerView, split: str, labels: Labels, generator: Generator) -> Candidates:
        best = candidates_for(labels)
        for family in families:
            found = family(view, split, labels, generator)
            test = torch.from_numpy(found.test)
            best.offer(
                found.quality, torch.from_numpy(found.validation), partial(torch.clone, test)
            )
        return best

    return fit


def candidates_for(labels: Labels) -> Candidates:
    """No scores yet, for the photographs and attributes of `labels`."""
    test, attributes = labels["test"].shape
    return Candidates.empty(attributes, len(labels["validation"]), test)


def fit_logistic(
    view: AttackerView, split: str, labels: Labels, generator: Generator
) -> Candidates:
    features = flat.flat_features(view, split, turned=True)
    truth = torch.as_tensor(labels["train"], device=features["train"].device)
    candidates = candidates_for(labels)
    for weights, intercepts in zip(*regression.fit(features["train"], truth), strict=True):
        logits = _linear(features["validation"], weights, intercepts)
        candidates.offer(
            fitting.qualities(labels["validation"], logits),
            logits,
            partial(_linear, features["test"], weights, intercepts),
        )
    return candidates


def _linear(features: Tensor, weights: Tensor, intercepts: Tensor) -> Tensor:
    return features @ weights + intercepts


def mlp_network(inputs: int, outputs: int, dropout: float) -> nn.Module:
    return nn.Sequential(
        nn.Dropout(dropout / 2),
        nn.Linear(inputs, 256),
        nn.BatchNorm1d(256),
        nn.ReLU(),
        nn.Dropout(dropout),
        nn.Linear(256, 128),
        nn.BatchNorm1d(128),
        nn.ReLU(),
        nn.Dropout(dropout),
        nn.Linear(128, outputs),
    )


def fit_mlp(view: AttackerView, split: str, labels: Labels, generator: Generator) -> Candidates:
    data = flat.flat_features(view, split)
    candidates = candidates_for(labels)
    for dropout, decay in ((0.1, 1e-3), (0.5, 1e-1)):
        fitting.train(
            partial(mlp_network, data["train"].shape[1], labels["train"].shape[1], dropout),
            data,
            labels,
            candidates,
            Schedule(weight_decay=decay),
            generator,
        )
    return candidates


LEAST_STEPS = 800  # on pictures: as many as the compact task network is trained for
PICTURE = 32  # pixels of the smaller side from which on a map is treated as a picture


class Probe(nn.Module):
    """z (B, C + 1, h, w), the last channel telling what was mirrored, -> logits (B, outputs):
    groups of two conv3 with batch norm and max-pool until the map is about 2 pixels small, then a
    hidden layer. The first group is as wide as the release, C, within limits.

    A picture first passes a stem of 16 and 32 channels, the compact obfuscator's layers: at full
    resolution, since the corners of a mouth are two pixels wide.
    """

    def __init__(self, shape: tuple[int, int, int], outputs: int, dropout: float) -> None:
        super().__init__()
        channels, height, width = shape
        layers: list[nn.Module] = [nn.BatchNorm2d(channels)]
        width_of_release = channels - 1
        if min(height, width) >= PICTURE:
            width_of_release = 32
            for out in (16, 32):
                layers += [*convolutions(channels, out, 2), nn.MaxPool2d(2)]
                channels, height, width = out, height // 2, width // 2
        side = min(height, width)
        groups = max(2, round(math.log2(side)) - 1)
        first = min(192, max(24, width_of_release))
        for group in range(groups):
            out = min(512, first * (1 + group))
            layers += convolutions(channels, out, 2)
            channels = out
            if min(height, width) >= 2:
                layers.append(nn.MaxPool2d(2))
                height, width = height // 2, width // 2
        self.features = nn.Sequential(*layers)
        self.head = nn.Sequential(
            nn.Dropout(dropout),
            nn.Linear(channels * height * width, 128),
            nn.BatchNorm1d(128),
            nn.ReLU(),
            nn.Dropout(dropout),
            nn.Linear(128, outputs),
        )

    def forward(self, z: Tensor) -> Tensor:
        return self.head(self.features(z).flatten(1))


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


def fit_cnn(view: AttackerView, split: str, labels: Labels, generator: Generator) -> Candidates:
    data = flat.scaled_maps(view, split)
    candidates = candidates_for(labels)
    channels, height, width = data["train"].shape[1:]
    # On pictures a network may stay at chance for ten epochs before it finds a small sign, a
    # smile; stopping there would pass off a network that never began as a release that is safe.
    least_steps = LEAST_STEPS if min(height, width) >= PICTURE else 0
    fitting.train(
        lambda: Probe((channels, height, width), labels["train"].shape[1], 0.3),
        data,
        labels,
        candidates,
        Schedule(least_steps=least_steps),
        generator,
        augment=flip_some,
    )
    return candidates
