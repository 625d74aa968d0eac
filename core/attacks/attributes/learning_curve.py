"""Would a bigger attacker know more? The private attributes, read with less and less data."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.attacks.declare import attack
from core.attacks.interface import AttackerView, Result
from core.attacks.interface import rows as rows_of
from core.methods.declare import attributes_among
from core.metrics import intervals
from core.metrics.attributes import balanced_accuracy, choose_threshold
from core.metrics.intervals import Measured
from core.metrics.learning_curves import AT_4X, AT_16X, extrapolated
from core.torch_types import Generator

SHARES = (1 / 16, 1 / 8, 1 / 4, 1 / 2, 1.0)  # of the attacker's people, each within the next
AHEAD = {4: AT_4X, 16: AT_16X}  # times the attacker's photographs -> what the curve points to
FEWEST = 8  # photographs


@attack(
    title="quick attackers, given more photographs",
    target="attribute",
    made_of=("logistic", "kernel", "mlp"),
)
def data_curve(view: AttackerView, generator: Generator) -> Result:
    """How well the private attributes are read by an attacker with 1/16, 1/8, … of the attacker's
    people, and how well by the law of learning curves one with 4 or 16 times as many photographs
    would: the best on validation of logistic regression, kernel ridge regression and MLP.

    Intervals of `balanced_accuracy_at_4x`, `…_16x` are made by refitting the law to the curve of
    every resample of test identities. Empty result without private attributes.

    Arrays: `attributes` (A,), `people`, `photographs` (S,), `value`, `low`, `high` (A, S) balanced
    accuracy, `ahead` (K,) photographs, `ahead_value`, `ahead_low`, `ahead_high` (A, K).
    """
    from core.attacks.attributes.classifiers import fit_logistic, fit_mlp
    from core.attacks.attributes.kernels import fit_kernel
    from core.attacks.attributes.scoring import best_of, labels_of
    from core.data.held import subset

    names = attributes_among(view.private)
    if not names or len(view.z["attacker"]) < FEWEST / SHARES[0]:
        return Result()
    columns = [view.attribute_names.index(name) for name in names]
    people = view.identities["attacker"]
    resampling = intervals.resample_identities(view.identities["test"])
    family = best_of(fit_logistic, fit_kernel, fit_mlp)
    subsets = [_of_people(view, share) for share in SHARES]
    values, drawn = np.empty((len(names), len(SHARES))), []
    for size, rows in enumerate(subsets):
        given = view
        if len(rows) < len(people):
            given = view.with_attacker(subset(view.z["attacker"], rows), rows)
        labels = labels_of(given, "attacker", columns)
        chosen = family(given, "attacker", labels, generator)
        at_size = []
        for a in range(len(names)):
            threshold = choose_threshold(labels["validation"][:, a], chosen.validation[:, a])
            truth, said = labels["test"][:, a], chosen.test[:, a] > threshold
            values[a, size] = balanced_accuracy(truth, said)
            again = intervals.resampled_balanced_accuracy(truth, said, resampling)
            at_size.append(np.where(np.isnan(again), values[a, size], again))
        drawn.append(at_size)
    resampled: NDArray[np.float64] = np.moveaxis(np.array(drawn), 0, -1)  # (A, B, S)
    photographs = np.array([len(rows) for rows in subsets])
    ahead = photographs[-1] * np.array(list(AHEAD))
    reached = 1 - extrapolated(photographs, 1 - values, ahead)
    band = _intervals(resampled)
    ahead_band = _intervals(1 - extrapolated(photographs, 1 - resampled, ahead))
    findings = []
    for a, name in enumerate(names):
        measured = {
            metric.name: Measured(reached[a, k], tuple(ahead_band[a, k]), metric.chance)
            for k, metric in enumerate(AHEAD.values())
        }
        findings += rows_of(
            measured, view.identities["test"], f"attribute:{name}", "data_curve", view.role(name)
        )
    arrays: dict[str, NDArray[Any]] = {
        "attributes": np.array(names),
        "people": np.array([len(np.unique(people[rows])) for rows in subsets]),
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


def _intervals(drawn: NDArray[np.float64]) -> NDArray[np.float64]:
    """Intervals (A, K, 2) of resampled values (A, B, K)."""
    return np.array([[intervals.percentile_interval(k) for k in a.T] for a in drawn])


def _of_people(view: AttackerView, share: float) -> NDArray[np.int64]:
    """Rows of the attacker's photographs of the first `share` of their people, in the random order
    in which they appear."""
    people = view.identities["attacker"]
    _, first, codes = np.unique(people, return_index=True, return_inverse=True)
    order = np.argsort(np.argsort(first))  # identity's code -> its place
    kept = max(2, round(share * len(first)))
    return np.flatnonzero(order[codes] < kept)
