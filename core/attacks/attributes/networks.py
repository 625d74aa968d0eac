"""Networks trained to tell attributes: a dense one and a convolutional one."""

from __future__ import annotations

from functools import partial

from torch import Generator

from core.attacks import features as flat
from core.attacks import fitting
from core.attacks.attributes.scoring import Labels, candidates_for
from core.attacks.fitting import Candidates, Schedule
from core.attacks.interface import AttackerView
from core.nets.probes import PICTURE, ConvolutionalProbe, mlp

LEAST_STEPS = 800  # on pictures: as many as the compact task network is trained for


def fit_mlp(view: AttackerView, split: str, labels: Labels, generator: Generator) -> Candidates:
    """The family of `mlp`."""
    data = flat.flat_features(view, split)
    candidates = candidates_for(labels)
    for dropout, decay in ((0.1, 1e-3), (0.5, 1e-1)):
        fitting.train(
            partial(mlp, data["train"].shape[1], labels["train"].shape[1], dropout),
            data,
            labels,
            candidates,
            Schedule(weight_decay=decay),
            generator,
        )
    return candidates


def fit_cnn(view: AttackerView, split: str, labels: Labels, generator: Generator) -> Candidates:
    """The family of `cnn`."""
    data = flat.scaled_maps(view, split)
    candidates = candidates_for(labels)
    channels, height, width = data["train"].shape[1:]
    # On pictures a network may stay at chance for ten epochs before it finds a small sign, a
    # smile; stopping there would pass off a network that never began as a release that is safe.
    least_steps = LEAST_STEPS if min(height, width) >= PICTURE else 0
    fitting.train(
        lambda: ConvolutionalProbe((channels, height, width), labels["train"].shape[1], 0.3),
        data,
        labels,
        candidates,
        Schedule(least_steps=least_steps),
        generator,
        augment=flat.flip_some,
    )
    return candidates
