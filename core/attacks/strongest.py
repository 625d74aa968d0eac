"""The worst case: the strongest attacker of each attribute, chosen on validation data."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Done = dict[str, tuple[list[dict[str, Any]], dict[str, NDArray[Any]]]]


def strongest(done: Done) -> tuple[list[dict[str, Any]], dict[str, NDArray[Any]]]:
    """Rows of `worst_case` (`best_head` for tasks) and arrays `attributes` and `chosen`, names.

    `done` maps an attack's name to its findings and arrays; those whose arrays hold `attributes`
    and `validation_balanced_accuracy` compete. The one with the best validation score is taken,
    with its test rows as they are: the choice never sees the test photographs. Equal scores go to
    the first name. It is conclusive where any of those that competed is.
    """
    best: dict[str, tuple[float, str]] = {}
    able: set[str] = set()  # targets that a conclusive competitor was set on
    for name in sorted(done):
        arrays = done[name][1]
        if "validation_balanced_accuracy" not in arrays or "attributes" not in arrays:
            continue
        for attribute, value in zip(
            arrays["attributes"].tolist(),
            arrays["validation_balanced_accuracy"].tolist(),
            strict=True,
        ):
            if np.isfinite(value) and value > best.get(attribute, (-np.inf, ""))[0]:
                best[attribute] = (value, name)
        able |= {row["target"] for row in done[name][0] if row.get("conclusive", True)}
    rows = []
    for attribute in sorted(best):
        name = best[attribute][1]
        for row in done[name][0]:
            if row["target"] in (f"attribute:{attribute}", attribute):
                title = "best_head" if row["role"] == "utility" else "worst_case"
                rows.append(row | {"attacker": title, "conclusive": row["target"] in able})
    chosen = {
        "attributes": np.array(sorted(best), dtype=str),
        "chosen": np.array([best[attribute][1] for attribute in sorted(best)], dtype=str),
    }
    return rows, chosen
