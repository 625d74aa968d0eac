"""Networks that read attributes of releases and can be asked where they look.

A picture or map is read by convolutions, whose last map is averaged over its places and weighed:
so the evidence is a sum over places, and Grad-CAM shows its summands.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from torch import Generator, Tensor, nn

from core.attacks import features, fitting
from core.attacks.attributes.classifiers import fit_network
from core.attacks.attributes.scoring import Candidates, labels_of
from core.attacks.interface import AttackerView
from core.data.held import mapped
from core.explain import maps
from core.metrics.attributes import balanced_accuracy, choose_threshold
from core.metrics.intervals import (
    percentile_interval,
    resample_identities,
    resampled_balanced_accuracy,
)
from core.nets.probes import PICTURE, mlp
from core.nets.vgg import convolutions

LOOKED_AT = 16  # pixels of the smaller side from which on a map is halved before it is looked at
LEAST_STEPS = 500  # on pictures, see `core.attacks.attributes.classifiers.LEAST_STEPS`


class MapReader(nn.Module):
    """z (B, C + 1, h, w), as `features.MapScaler` gives it, -> logits (B, outputs).

    Two convolutions for each halving until the smaller side is below `LOOKED_AT`, then the two
    that are looked at, `features[-1]`: 64 channels, averaged over their places and weighed. A
    picture passes a first convolution of stride 2.
    """

    def __init__(self, shape: tuple[int, int, int], outputs: int) -> None:
        super().__init__()
        channels, height, width = shape
        layers: list[nn.Module] = [nn.BatchNorm2d(channels)]
        wide = min(64, max(32, channels - 1))
        if min(height, width) >= PICTURE:
            stem = nn.Conv2d(channels, 24, 5, stride=2, padding=2, bias=False)
            layers += [stem, nn.BatchNorm2d(24), nn.ReLU()]
            layers += [*convolutions(24, 32, 1), nn.MaxPool2d(2)]
            channels, height, width, wide = 32, height // 4, width // 4, 48
        while min(height, width) >= LOOKED_AT:
            layers += [*convolutions(channels, wide, 2), nn.MaxPool2d(2)]
            channels, height, width, wide = wide, height // 2, width // 2, min(128, wide * 3 // 2)
        layers += convolutions(channels, 64, 2)
        self.features = nn.Sequential(*layers)
        self.dropout = nn.Dropout(0.3)
        self.head = nn.Linear(64, outputs)

    def forward(self, z: Tensor) -> Tensor:
        return self.head(self.dropout(self.features(z).mean((2, 3))))


class Reading(NamedTuple):
    """A network that has learned to read attributes of releases.

    network     scaled releases -> logits (n, T)
    scaler      releases -> what `network` takes
    looked_at   the layer whose map says where, or None where the release has no places
    thresholds  (T,) above which a logit means yes
    test        logits (n, T) of the test photographs
    """

    network: nn.Module
    scaler: Callable[[Tensor], Tensor]
    looked_at: nn.Module | None
    thresholds: NDArray[np.float64]
    test: NDArray[np.float32]


def learned(view: AttackerView, targets: Sequence[str], generator: Generator) -> Reading:
    """A network trained on the attacker's releases until it reads the attributes `targets` of the
    validation releases no better: a `MapReader`, or for flat releases the dense network of the
    attack `mlp`."""
    columns = [view.attribute_names.index(name) for name in targets]
    parts = {"train": "attacker", "validation": "validation", "test": "test"}
    labels = labels_of(view, "attacker", columns)
    z = view.z["attacker"]
    spatial = features.is_spatial(view)
    scaler = features.map_scaler(z) if spatial else features.standardiser(z)
    data = {part: mapped(view.z[split], scaler) for part, split in parts.items()}
    shape = tuple(data["train"].shape[1:])
    picture = spatial and min(shape[1:]) >= PICTURE

    def build() -> nn.Module:
        if spatial:
            return MapReader((shape[0], shape[1], shape[2]), len(columns))
        return mlp(shape[0], len(columns), 0.1)

    network = fit_network(
        build,
        data,
        Candidates(labels),
        generator,
        partial(features.flip_some, generator=generator) if spatial else None,
        weight_decay=1e-2 if spatial else 1e-3,  # the weaker of the two that the attack `mlp` tries
        least_steps=LEAST_STEPS if picture else 0,
    )
    validation, test = (
        fitting.predict(network, data[p]).cpu().numpy() for p in parts if p != "train"
    )
    thresholds = np.array(
        [
            choose_threshold(labels["validation"][:, i], validation[:, i])
            for i in range(len(columns))
        ]
    )
    looked_at = network.features[-1] if isinstance(network, MapReader) else None
    return Reading(network, scaler, looked_at, thresholds, test)


def score(
    view: AttackerView, name: str, logits: NDArray[np.floating], threshold: float
) -> dict[str, float | int | None]:
    """Balanced accuracy of logits (n,) of the test photographs, with its 95 % interval over people
    as `low` and `high`, `n` and `people`; None where the test photographs are all alike."""
    truth = view.attributes["test"][:, view.attribute_names.index(name)]
    resampling = resample_identities(view.identities["test"])
    said = logits > threshold
    low, high = percentile_interval(resampled_balanced_accuracy(truth, said, resampling))
    numbers = {"balanced_accuracy": balanced_accuracy(truth, said), "low": low, "high": high}
    return maps.rounded(numbers) | {"n": len(truth), "people": resampling.identities}
