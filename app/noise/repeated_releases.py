"""What somebody finds out who gets one photograph's release again and again. Pure pandas."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import pandas as pd

from app.page import wording
from app.settings import points
from app.settings.views import View
from core.attacks.attributes.repeated import REPEATS, averaging


class Again(NamedTuple):
    """`sentence`, and `worse`: whether repeated releases clearly tell more than one."""

    sentence: str
    worse: bool


def again(findings: pd.DataFrame, row: Mapping[str, Any], view: View) -> Again | None:
    """What `REPEATS` releases of the same photograph tell at one setting beside what one tells;
    None where that was not measured: the release holds no noise, or another target is asked."""
    asked = {"protocol": "strict", "attacker": averaging.name, "target": view.target}
    found = points.findings_of(findings, row, **asked, metric=view.measure)
    if view.protocol != "strict" or found.empty or not bool(found["conclusive"].iloc[0]):
        return None
    kind, _, name = view.target.partition(":")
    does = "names the right person" if kind == "identity" else f"tells {wording.inferred(name)}"
    got, low, high = (float(found[end].iloc[0]) for end in ("value", "low", "high"))
    digits = 1 if min(got, row["value"]) < 0.095 else 0
    reached = f"{wording.percent(got, digits)} of cases ({wording.interval(low, high, digits)})"
    instead = wording.percent(row["value"], digits)
    if low > row["value"]:
        return Again(
            f"The noise is drawn anew each time: whoever gets {REPEATS} releases of one photograph "
            f"averages it away and {does} in {reached} instead of {instead}.",
            True,
        )
    return Again(
        f"Getting {REPEATS} releases of one photograph, and averaging them, hardly helps: the "
        f"attacker then {does} in {reached}, with one release in {instead}.",
        False,
    )
