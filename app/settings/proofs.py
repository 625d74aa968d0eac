"""What is proven of settings: bounds that no attacker exceeds, beside what attackers were measured to
reach. Pure pandas."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import pandas as pd

from app.settings import points
from app.settings.views import View
from core.attacks.attackers import CERTIFICATE
from core.metrics import certificates as metrics

# Columns of a setting, and the metric each is read off: bounds on the view's own measure
BOUNDS = {
    "proven": metrics.PROVEN.name,
    "proven_pair": metrics.PROVEN_PAIR.name,
    "proven_repeated": metrics.PROVEN_REPEATED.name,
}
# Beside `proven`: what the best attacker could do on the very people counted, and how many they are
COLUMNS = (*BOUNDS, "proven_counted", "proven_people")
MEASURED_BY = "balanced_accuracy"  # what the bounds are on


class Bound(NamedTuple):
    """`metric` of `target` is at most `bound`, whoever attacks; the best that anybody could do on the
    `people` counted is `counted` (None where that says nothing)."""

    target: str
    metric: str
    bound: float
    counted: float | None
    people: int
    chance: float


def rows(findings: pd.DataFrame) -> pd.DataFrame:
    """The findings that are bounds on every attacker."""
    return findings[(findings["protocol"] == "proof") & (findings["attacker"] == CERTIFICATE.name)]


def beside(attack: pd.DataFrame, findings: pd.DataFrame, view: View) -> pd.DataFrame:
    """`attack` (a row per run and release value) with `COLUMNS`, NaN where nothing is proven of its
    target, or where another measure is looked at."""
    known = rows(findings)
    if known.empty or view.protocol != "strict" or view.measure != MEASURED_BY:
        return attack.assign(**dict.fromkeys(COLUMNS, float("nan")))
    place = ["run_id", "release_value", "target"]
    for column, metric in BOUNDS.items():
        names = {"value": column}
        if column == "proven":
            names |= {"low": "proven_counted", "identities": "proven_people"}
        mine = known.loc[known["metric"] == metric, [*place, *names]].rename(columns=names)
        attack = attack.merge(mine.drop_duplicates(place), on=place, how="left")
    return attack


def of_setting(findings: pd.DataFrame, row: points.Row) -> list[Bound]:
    """All that is proven of one setting, in the order of the metrics."""
    mine = points.findings_of(rows(findings), row).sort_values("target", kind="stable")
    order = {name: place for place, name in enumerate((*BOUNDS.values(), *OTHERS))}
    found = [
        Bound(
            entry["target"],
            entry["metric"],
            float(entry["value"]),
            None if pd.isna(entry["low"]) else float(entry["low"]),
            int(entry["identities"]),
            float(entry["chance"]),
        )
        for entry in mine.to_dict("records")
        if entry["metric"] in order and not pd.isna(entry["value"])
    ]
    return sorted(found, key=lambda bound: order[bound.metric])


OTHERS = (metrics.PROVEN_NAMED.name, metrics.CAPACITY.name)


def is_proven(row: Mapping[str, Any]) -> bool:
    """Whether something is proven of a setting's target."""
    value = row.get("proven")
    return isinstance(value, float) and value == value


def proven_rows(settings: points.Rows) -> list[dict[str, Any]]:
    return [row for row in settings if is_proven(row)]
