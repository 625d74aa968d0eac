"""What settings are compared with: the service, and the attacker, without protection. Pure
pandas."""

import math
from collections.abc import Mapping
from typing import Any

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
            if knob.when == "train":
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
    """Of `references`: `UNPROTECTED` where it can serve the task, so that all methods are compared
    with one number, else the method's own; None where there is none."""
    return found.get(UNPROTECTED) or found.get(METHODS[method].reference)


def compared(table: pd.DataFrame, unprotected: Mapping[str, Any] | None) -> pd.DataFrame:
    """Settings with `cost`, the utility they lose against the unprotected reference (NaN without
    one), and its interval, `cost_low` and `cost_high`, as for two independent measurements."""
    if unprotected is None:
        return table.assign(cost=math.nan, cost_low=math.nan, cost_high=math.nan)
    ends = [f"utility{end}" for end in ("", "_low", "_high")]
    bare = tuple(unprotected[name] for name in ends)
    mine = tuple(table[name].astype(float) for name in ends)
    low, high = difference(bare, mine)
    return table.assign(cost=bare[0] - mine[0], cost_low=low, cost_high=high)
