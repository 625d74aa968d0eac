"""What an attack is given and what it hands back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from core.errors import PenumbraError
from core.metrics import METRICS, intervals
from core.metrics.attributes import balanced_accuracy, choose_threshold
from core.metrics.intervals import Measured

if TYPE_CHECKING:
    import torch
    from torch import Generator, Tensor
    from torch.nn import Module

    from core.data.held import Rows
    from core.embedders.embedder import Embedder


@dataclass(frozen=True)
class OwnAttacker:
    """An attacker that a method trains against, as its paper describes it: `build` gives fresh
    weights, `learning_rate` is that of the method's training."""

    build: Callable[[], Module]
    learning_rate: float


CHECKED = 4096  # rows looked at together

# Of one attribute: "validation" -> (v,), "test" -> (n,)
Scores = Mapping[str, NDArray[Any]]


@dataclass(frozen=True)
class AttackerView:
    """All that an attacker has. Nothing of the method is in it but what leaves the device.

    Splits are "defender", "attacker", "validation" and "test"; they share no identity. An attack
    trains on "attacker", stops on "validation" and is scored on "test". "defender" is for the
    service's own fresh heads (role utility).

    release          (x float (n, 3, H, W) in [0, 1], generator) -> z, at one release value
    z                split -> float (n, …) on `device`: flat (n, d), or spatial (n, C, h, w); too
                     many for the memory are read where they are asked for (`core.data.held`)
    x                split -> uint8 (n, 3, H, W) on `device`, or likewise
    attributes       split -> int8 (n, A) of 0 and 1
    identities       split -> int64 (n,)
    tasks, private   names of the service's tasks and of the attributes to hide
    face_features    (x float (n, 3, H, W) in [0, 1]) -> unit vectors (n, d) of a face-verification
                     network trained on no test person; differentiable. None where there is none
    embedder         a second such network, made by others and not differentiable
                     (`core.embedders`); None where the data set names none
    attributes_in    (x float (n, 3, H, W) in [0, 1]) -> logits (n, A) of a network that learned the
                     attributes from the attacker's photographs as they are; None where there is none
    extra            a second source of photographs, of people in no split: {"x": uint8 (m, 3, H, W),
                     "z": their releases}, which decoders train on beside the split "attacker";
                     None where there is none
    pictured         positions in the test rows whose pictures are kept for people
    places           split -> int64 (n,): the place of each row among the split's photographs in
                     the data set (rows come in another order); empty where nobody asks
    own              "adversary" (releases -> logits of the private attributes), "reconstructor"
                     (-> pictures): what is published of the method's own attackers, which is no
                     weight of theirs. None of either where the method trains none
    plain            whether attributes are read as most papers do: classes weigh as they come, and
                     a classifier decides for itself, at a score of 0
    scratch          what attacks derive from the above and share
    """

    release: Callable[[Tensor, Generator], Tensor]
    z: dict[str, Rows]
    x: dict[str, Rows]
    attributes: dict[str, NDArray[np.int8]]
    identities: dict[str, NDArray[np.int64]]
    attribute_names: tuple[str, ...]
    tasks: tuple[str, ...]
    private: tuple[str, ...]
    device: torch.device
    face_features: Callable[[Tensor], Tensor] | None = None
    embedder: Embedder | None = None
    attributes_in: Callable[[Tensor], Tensor] | None = None
    extra: dict[str, Rows] | None = None
    pictured: NDArray[np.int64] = field(default_factory=lambda: np.arange(0))
    places: dict[str, NDArray[np.int64]] = field(default_factory=dict)
    own: Mapping[str, OwnAttacker] = field(default_factory=dict)
    plain: bool = False
    scratch: dict[str, Any] = field(default_factory=dict, init=False, compare=False, repr=False)

    @property
    def truth(self) -> dict[str, dict[str, NDArray[np.int8]]]:
        """Split -> attribute -> labels (n,)."""
        return {
            split: dict(zip(self.attribute_names, labels.T, strict=True))
            for split, labels in self.attributes.items()
        }

    def with_attacker(self, z: Rows, rows: NDArray[np.int64]) -> AttackerView:
        """The same, where the attacker learns from the releases z (m, …) of their photographs at
        `rows` (m,), which may repeat."""
        labels, people = self.attributes["attacker"][rows], self.identities["attacker"][rows]
        return replace(
            self,
            z=self.z | {"attacker": z},
            attributes=self.attributes | {"attacker": labels},
            identities=self.identities | {"attacker": people},
        )

    @property
    def threshold(self) -> float | None:
        """Of scores of attributes; None for the best on validation."""
        return 0.0 if self.plain else None

    def role(self, name: str) -> str:
        """ "utility", "private" or "unlisted"."""
        if name in self.tasks:
            return "utility"
        return "private" if name in self.private else "unlisted"


@dataclass(frozen=True)
class Result:
    """What an attack found: `rows`, what else is kept of it (never objects), its network's weights.
    All three may be empty: the attack does not apply to this release."""

    findings: list[dict[str, Any]] = field(default_factory=list)
    arrays: dict[str, NDArray[Any]] = field(default_factory=dict)
    weights: dict[str, Tensor] = field(default_factory=dict)


def check_finite(view: AttackerView) -> None:
    """Raises PenumbraError when a release holds NaN or infinite values."""
    import torch

    for split, z in view.z.items():
        if not all(torch.isfinite(part).all() for part in z.split(CHECKED)):
            raise PenumbraError(
                f"the release of the {split} photographs holds NaN or infinite values: "
                "the run's training has diverged; train it again with a smaller knob value"
            )


def attribute_result(
    attacker: str,
    scores: Mapping[str, Scores],
    truth: Mapping[str, Mapping[str, NDArray[np.int8]]],
    identities: NDArray[np.int64],
    role: Callable[[str], str],
    threshold: float | None = None,
) -> Result:
    """What `scores` of attributes, by name, are worth: decided by a `threshold`, or by the one of
    each attribute that is best on validation.

    truth       "validation", "test" -> attribute -> labels
    identities  (n,) of the test photographs

    No findings of an attribute whose test labels hold a single class.
    Arrays: `targets` (A,) names, `validation` (A,) the balanced accuracy of each, `decisions`
    packed bits (A, ceil(n / 8)) of each over the test photographs, `kept` names of tasks and
    private attributes with their `scores` float16 (kept, n) and `validation_scores` (kept, v).
    """
    resampling = intervals.resample_identities(identities)
    findings, validation, decisions = [], [], []
    for name, given in scores.items():
        labels = truth["validation"][name]
        limit = choose_threshold(labels, given["validation"]) if threshold is None else threshold
        validation.append(balanced_accuracy(labels, given["validation"] > limit))
        decisions.append(given["test"] > limit)
        labels = truth["test"][name]
        if labels.size and labels.min() < labels.max():  # else there is nothing to tell apart
            measured = intervals.scored(
                METRICS.values(), labels, decisions[-1], given["test"], resampling
            )
            findings += rows(measured, identities, f"attribute:{name}", attacker, role(name))
    kept = [name for name in scores if role(name) != "unlisted"]

    def stacked(part: str) -> NDArray[np.float16]:
        found = np.array([scores[name][part] for name in kept], np.float16)
        return found.reshape(len(kept), -1 if kept else 0)

    arrays = {
        "targets": np.array([f"attribute:{name}" for name in scores], dtype=str),
        "validation": np.array(validation, np.float32),
        "decisions": np.packbits(
            np.array(decisions, bool).reshape(len(scores), len(identities)), axis=1
        ),
        "kept": np.array(kept, dtype=str),
        "scores": stacked("test"),
        "validation_scores": stacked("validation"),
    }
    return Result(findings, arrays)


def rows(
    measured: Mapping[str, Measured],
    people: NDArray[np.int64],
    target: str,
    attacker: str,
    role: str = "private",
) -> list[dict[str, Any]]:
    """A row for each metric that was `measured` on photographs (n,) of `people`, numbers rounded to
    four decimals (their intervals are a hundred times wider)."""

    def rounded(number: float | None) -> float | None:
        return None if number is None or not np.isfinite(number) else round(float(number), 4)

    about = {"target": target, "role": role, "attacker": attacker}
    counts = {"n": len(people), "identities": len(np.unique(people))}
    return [
        about
        | {"metric": metric, "value": rounded(value), "low": rounded(low), "high": rounded(high)}
        | {"chance": rounded(chance)}
        | counts
        for metric, (value, (low, high), chance) in measured.items()
    ]
