"""What settings are compared with: the service, and the attacker, without protection. Pure
pandas."""

import math
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd

from app.settings import points, variants
from app.settings.outcomes import measurements
from app.settings.views import View
from core.methods import METHODS, UNPROTECTED
from core.metrics.intervals import difference


def references(findings: pd.DataFrame, view: View) -> dict[str, dict[str, Any]]:
    """What the service and the attacker reach without protection: one row for `UNPROTECTED` and each
    method's own reference that was measured with every knob at its weakest. A row has method, title,
    `knob:<name>`, utility, utility_low, utility_high, and value (NaN where nobody attacked it as `view` asks).

    The run that serves this task alone, as its preset has it, stands for all; seeds are averaged.
    """
    attack, utility = measurements(findings, view)
    found = {}
    for name in dict.fromkeys((UNPROTECTED, *(method.reference for method in METHODS.values()))):
        weakest = {knob.name: float(knob.grid[0]) for knob in METHODS[name].knobs}
        value = METHODS[name].release_values[0]
        mine = utility[(utility["method"] == name) & points.released_at(utility, value)]
        for knob in METHODS[name].knobs:
            if knob.when == "train" and not mine.empty:  # else the column may be missing
                mine = mine[mine[f"knob:{knob.name}"] == weakest[knob.name]]
        if mine.empty:
            continue
        plainest = min(
            zip(mine["schedule"], mine["tasks"], strict=True),
            key=lambda run: variants.plainness(*run),
        )
        mine = mine[(mine["schedule"] == plainest[0]) & (mine["tasks"] == plainest[1])]
        hit = attack[attack["run_id"].isin(mine["run_id"]) & points.released_at(attack, value)]
        found[name] = {
            "method": name,
            "title": METHODS[name].title,
            "utility": float(mine["utility"].mean()),
            "utility_low": float(mine["utility_low"].min()),
            "utility_high": float(mine["utility_high"].max()),
            "value": float(hit["value"].mean()),
            **{f"knob:{knob}": value for knob, value in weakest.items()},
        }
    return found


def reference(found: Mapping[str, dict[str, Any]], method: str) -> dict[str, Any] | None:
    """Of `references`: the method's own where its network is another one; else `UNPROTECTED` where it
    can serve the task, so that all others are compared with one number, else the method's own; None
    where there is none."""
    return _own(found, method) or found.get(UNPROTECTED) or found.get(METHODS[method].reference)


def _own(found: Mapping[str, dict[str, Any]], method: str) -> dict[str, Any] | None:
    declared = METHODS[method]
    return found.get(declared.reference) if declared.another_network else None


def compared(
    table: pd.DataFrame,
    unprotected: Mapping[str, Any] | None,
    found: Mapping[str, dict[str, Any]] = MappingProxyType({}),
) -> pd.DataFrame:
    """Settings with `cost`, the utility they lose against the reference `unprotected` (NaN without
    one) or, for methods whose network is another one, against their own among the `references`
    found; and its interval, `cost_low` and `cost_high`, as for two independent measurements."""
    ends = [f"utility{end}" for end in ("", "_low", "_high")]
    against = [_own(found, method) or unprotected or {} for method in table["method"]]
    bare = tuple(np.array([row.get(name, math.nan) for row in against], float) for name in ends)
    mine = tuple(table[name].astype(float) for name in ends)
    low, high = difference(bare, mine)
    return table.assign(cost=bare[0] - mine[0], cost_low=low, cost_high=high)
