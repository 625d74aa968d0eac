"""Would a bigger attacker know more? The private attributes, read with less and less data."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from core.attacks.declare import Attack
from core.attacks.interface import Result, check_finite, finding
from core.methods.declare import attributes_among
from core.metrics import intervals
from core.metrics.attributes import balanced_accuracy, choose_threshold
from core.metrics.learning_curves import AT_4X, AT_16X, extrapolated

if TYPE_CHECKING:
    from torch import Generator

    from core.attacks.attributes.scoring import Labels
    from core.attacks.interface import AttackerView

SHARES = (1 / 16, 1 / 8, 1 / 4, 1 / 2, 1.0)  # of the attacker's people, each within the next
AHEAD = {4: AT_4X, 16: AT_16X}  # times the attacker's photographs -> what the curve points to
FEWEST = 8  # photographs


def data_curve(view: AttackerView, generator: Generator) -> Result:
    """How well the private attributes are read by an attacker with 1/16, 1/8, … of the attacker's
    people, all their photographs with them, and how well by the law of learning curves one with 4
    or 16 times as many photographs would.

    The attackers are the quick ones (logistic regression, kernel ridge regression, MLP), the best
    on validation at each size; so the curve may lie a little below the worst case, and what counts
    is its direction. Rows, attacker `data_curve`: `balanced_accuracy_at_4x`, `…_16x`; intervals by
    refitting the law to the curve of every resample of test identities, which covers the test
    photographs' chance and not the law's. Empty result without private attributes.

    Arrays: `attributes` (A,), `people`, `photographs` (S,), `value`, `low`, `high` (A, S) balanced
    accuracy, `ahead` (K,) photographs, `ahead_value`, `ahead_low`, `ahead_high` (A, K).
    """
    from core.attacks.attributes.kernels import fit_kernel
    from core.attacks.attributes.networks import fit_mlp
    from core.attacks.attributes.regression import fit_logistic
    from core.attacks.attributes.scoring import best_of

    names = attributes_among(view.private)
    if not names or len(view.z["attacker"]) < FEWEST / SHARES[0]:
        return Result()
    check_finite(view)
    columns = [view.attribute_names.index(name) for name in names]
    resampling = intervals.resample_identities(view.identities["test"])
    family = best_of(fit_logistic, fit_kernel, fit_mlp)
    subsets = [_of_people(view, share) for share in SHARES]
    curve: list[list[tuple[float, NDArray[np.float64]]]] = []
    for rows in subsets:
        given = view if len(rows) == len(view.z["attacker"]) else _thinned(view, rows)
        labels = _labels(given, columns)
        chosen = family(given, "attacker", labels, generator)
        curve.append(
            [
                _scored(labels, column, chosen.validation, chosen.test, resampling)
                for column in range(len(columns))
            ]
        )
    photographs = np.array([len(rows) for rows in subsets])
    people = [len(np.unique(view.identities["attacker"][rows])) for rows in subsets]
    ahead = photographs[-1] * np.array(list(AHEAD))
    values = np.array([[value for value, _ in at_size] for at_size in curve]).T  # (A, S)
    drawn = np.array([[each for _, each in at_size] for at_size in curve])  # (S, A, B)
    drawn = np.moveaxis(drawn, 0, -1)  # (A, B, S)
    drawn = np.where(np.isnan(drawn), values[:, None, :], drawn)
    reached = 1 - extrapolated(photographs, 1 - values, ahead)
    spread = 1 - extrapolated(photographs, 1 - drawn, ahead)  # (A, B, K)
    band = np.array([[intervals.percentile_interval(k) for k in a.T] for a in drawn])
    ahead_band = np.array([[intervals.percentile_interval(k) for k in a.T] for a in spread])
    findings = [
        finding(
            target=f"attribute:{name}",
            role=view.role(name),
            attacker="data_curve",
            metric=metric.name,
            value=reached[a, k],
            interval=(ahead_band[a, k, 0], ahead_band[a, k, 1]),
            chance=metric.chance,
            n=len(view.z["test"]),
            identities=resampling.identities,
        )
        for a, name in enumerate(names)
        for k, metric in enumerate(AHEAD.values())
    ]
    arrays: dict[str, NDArray[Any]] = {
        "attributes": np.array(names),
        "people": np.array(people),
        "photographs": photographs,
        "value": values.astype(np.float32),
        "low": band[..., 0].astype(np.float32),
        "high": band[..., 1].astype(np.float32),
        "ahead": ahead,
        "ahead_value": reached.astype(np.float32),
        "ahead_low": ahead_band[..., 0].astype(np.float32),
        "ahead_high": ahead_band[..., 1].astype(np.float32),
    }
    return Result(findings, arrays)


def _of_people(view: AttackerView, share: float) -> NDArray[np.int64]:
    """Rows of the attacker's photographs of the first `share` of their people, in the order in which
    they appear, which is at random and the same for every release."""
    people = view.identities["attacker"]
    _, first, codes = np.unique(people, return_index=True, return_inverse=True)
    order = np.argsort(np.argsort(first))  # identity's code -> its place
    kept = max(2, round(share * len(first)))
    return np.flatnonzero(order[codes] < kept)


def _thinned(view: AttackerView, rows: NDArray[np.int64]) -> AttackerView:
    import torch

    def less(values: dict[str, Any]) -> dict[str, Any]:
        return values | {"attacker": values["attacker"][rows]}

    return replace(
        view,
        z=view.z | {"attacker": view.z["attacker"][torch.from_numpy(rows)]},
        attributes=less(view.attributes),
        identities=less(view.identities),
    )


def _labels(view: AttackerView, columns: list[int]) -> Labels:
    parts = {"train": "attacker", "validation": "validation", "test": "test"}
    return {part: view.attributes[split][:, columns] for part, split in parts.items()}


def _scored(
    labels: Labels,
    column: int,
    validation: NDArray[np.float32],
    test: NDArray[np.float32],
    resampling: intervals.Resampling,
) -> tuple[float, NDArray[np.float64]]:
    """Balanced accuracy on test, and in every resample (B,)."""
    threshold = choose_threshold(labels["validation"][:, column], validation[:, column])
    truth, said = labels["test"][:, column], test[:, column] > threshold
    drawn = intervals.resampled_balanced_accuracy(truth, said, resampling)
    return balanced_accuracy(truth, said), drawn


DATA_CURVE = Attack(
    name="data_curve",
    title="quick attackers, given more photographs",
    target="attribute",
    made_of=("logistic", "kernel", "mlp"),
    run=data_curve,
)
