"""What an attack is given and what it hands back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from core.errors import PenumbraError
from core.metrics import METRICS, attributes, intervals

if TYPE_CHECKING:
    import torch
    from torch import Generator, Tensor

    from core.embedders.embedder import Embedder


@dataclass(frozen=True)
class AttackerView:
    """All that an attacker has. Nothing of the method is in it but what leaves the device.

    Splits are "defender", "attacker", "validation" and "test"; they share no identity. An attack
    trains on "attacker", stops on "validation" and is scored on "test". "defender" is for the
    service's own fresh heads (role utility).

    release          (x float (n, 3, H, W) in [0, 1], generator) -> z, at one release value
    z                split -> float (n, …) on `device`: flat (n, d), or spatial (n, C, h, w)
    x                split -> uint8 (n, 3, H, W) on `device`
    attributes       split -> int8 (n, A) of 0 and 1
    identities       split -> int64 (n,)
    attribute_names  the A names
    tasks, private   names of the service's tasks and of the attributes to hide
    device           where networks are to be trained
    face_features    (x float (n, 3, H, W) in [0, 1]) -> unit vectors (n, d) of a face-verification
                     network that no one of the test people was used to train; differentiable.
                     None where there is none
    embedder         a second such network, made by others and not differentiable, which is asked
                     only to measure (`core.embedders`); None where the data set names none
    extra            a second source of photographs, of people in no split: {"x": uint8 (m, 3, H, W),
                     "z": their releases}, which the attackers who redraw pictures train on beside
                     the split "attacker"; None where there is none
    pictured         positions in the test rows whose pictures are kept for people
    places           split -> int64 (n,): the place of each row among the split's photographs in
                     the data set (rows come in another order); empty where nobody asks
    scratch          what attacks derive from the above and share, such as features on principal
                     axes
    """

    release: Callable[[Tensor, Generator], Tensor]
    z: dict[str, Tensor]
    x: dict[str, Tensor]
    attributes: dict[str, NDArray[np.int8]]
    identities: dict[str, NDArray[np.int64]]
    attribute_names: tuple[str, ...]
    tasks: tuple[str, ...]
    private: tuple[str, ...]
    device: torch.device
    face_features: Callable[[Tensor], Tensor] | None = None
    embedder: Embedder | None = None
    extra: dict[str, Tensor] | None = None
    pictured: NDArray[np.int64] = field(default_factory=lambda: np.arange(0))
    places: dict[str, NDArray[np.int64]] = field(default_factory=dict)
    scratch: dict[str, Any] = field(default_factory=dict, init=False, compare=False, repr=False)

    def role(self, name: str) -> str:
        """ "utility", "private" or "unlisted"."""
        if name in self.tasks:
            return "utility"
        return "private" if name in self.private else "unlisted"


@dataclass(frozen=True)
class Result:
    """What an attack found. All three may be empty: the attack does not apply to this release.

    findings  rows with target, role, attacker, metric, value, low, high, chance, n, identities;
              `core.evaluate` adds the run, the protocol, the release value and `conclusive`
    arrays    for `arrays.npz`; never objects
    weights   for `weights.safetensors`
    """

    findings: list[dict[str, Any]] = field(default_factory=list)
    arrays: dict[str, NDArray[Any]] = field(default_factory=dict)
    weights: dict[str, Tensor] = field(default_factory=dict)


def check_finite(view: AttackerView) -> None:
    """Raises PenumbraError when a release holds NaN or infinite values."""
    import torch

    for split, z in view.z.items():
        if not torch.isfinite(z).all():
            raise PenumbraError(
                f"the release of the {split} photographs holds NaN or infinite values: "
                "the run's training has diverged; train it again with a smaller knob value"
            )


def attribute_rows(
    name: str,
    role: str,
    attacker: str,
    labels: NDArray[Any],
    test_scores: NDArray[Any],
    threshold: float,
    identities: NDArray[np.int64],
    resampling: intervals.Resampling | None = None,
) -> list[dict[str, Any]]:
    """Rows of every metric of one attribute from scores (n,) of test photographs.

    No rows when the test labels hold a single class: there is nothing to tell apart.
    """
    if labels.size == 0 or labels.min() == labels.max():
        return []
    if resampling is None:
        resampling = intervals.resample_identities(identities)
    decisions = test_scores > threshold
    measured = intervals.scored(METRICS.values(), labels, decisions, test_scores, resampling)
    return [
        finding(
            target=f"attribute:{name}",
            role=role,
            attacker=attacker,
            metric=metric,
            value=value,
            interval=interval,
            chance=attributes.chance(labels, METRICS[metric]),
            n=labels.size,
            identities=resampling.identities,
        )
        for metric, (value, interval) in measured.items()
    ]


def finding(
    *,
    target: str,
    role: str,
    attacker: str,
    metric: str,
    value: float,
    interval: tuple[float, float],
    chance: float | None,
    n: int,
    identities: int,
) -> dict[str, Any]:
    """One row, numbers rounded to four decimals (their intervals are a hundred times wider)."""
    low, high = interval

    def rounded(number: float | None) -> float | None:
        return None if number is None or not np.isfinite(number) else round(float(number), 4)

    return {
        "target": target,
        "role": role,
        "attacker": attacker,
        "metric": metric,
        "value": rounded(value),
        "low": rounded(low),
        "high": rounded(high),
        "chance": rounded(chance),
        "n": int(n),
        "identities": int(identities),
    }
