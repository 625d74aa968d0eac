"""The worst case: the strongest attacker of each target, chosen on validation data."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Done = dict[str, tuple[list[dict[str, Any]], dict[str, NDArray[Any]]]]


def strongest(done: Done) -> tuple[list[dict[str, Any]], dict[str, NDArray[Any]]]:
    """Rows of `worst_case` (`best_head` for tasks) and arrays `targets` and `chosen`, names.

    `done` maps an attack's name to its findings and arrays; those whose arrays hold `targets` and
    `validation` compete. The one with the best validation score is taken, with its test rows as
    they are: the choice never sees the test photographs. Equal scores go to the first name. It is
    conclusive where any of those that competed is.
    """
    best: dict[str, tuple[float, str]] = {}
    able: set[str] = set()  # targets that a conclusive competitor was set on
    for name in sorted(done):
        arrays = done[name][1]
        if "targets" not in arrays or "validation" not in arrays:
            continue
        offered = zip(arrays["targets"].tolist(), arrays["validation"].tolist(), strict=True)
        for target, value in offered:
            if np.isfinite(value) and value > best.get(target, (-np.inf, ""))[0]:
                best[target] = (value, name)
        able |= {row["target"] for row in done[name][0] if row.get("conclusive", True)}
    rows = []
    for target in sorted(best):
        name = best[target][1]
        for row in done[name][0]:
            if row["target"] == target:
                title = "best_head" if row["role"] == "utility" else "worst_case"
                rows.append(row | {"attacker": title, "conclusive": target in able})
    chosen = {
        "targets": np.array(sorted(best), dtype=str),
        "chosen": np.array([best[target][1] for target in sorted(best)], dtype=str),
    }
    return rows, chosen
