"""Any measure of several targets along whatever was varied, and beside what the service keeps: which
findings are drawn. Pure pandas."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from app.page import wording
from app.settings import outcomes, points
from app.settings.points import Line, Row, Rows
from app.settings.strips import Strip
from app.settings.views import STRONGEST, View
from core.attacks import attackers as known_attackers
from core.methods import METHODS
from core.metrics import METRICS, ranks

METHOD = "method"  # the strip across methods
OVER_SEEDS = {
    **dict.fromkeys(("value", "chance"), "mean"),
    "low": "min",
    "high": "max",
    "conclusive": "all",
    "seed": "nunique",
    "attacker": "first",
    "role": "first",
}


def across_methods(rows: Rows, chosen: Row) -> Strip:
    """Each method at the setting nearest to its defaults; the chosen one's at the chosen setting."""
    steps = []
    for name in dict.fromkeys(row["method"] for row in rows):
        row = chosen if name == chosen["method"] else points.nearest(rows, name, {})
        if row is not None:
            steps.append((METHODS[name].title, row))
    return Strip(METHOD, METHOD, tuple(steps), knob=False)


def found(findings: pd.DataFrame, view: View, rows: Rows) -> pd.DataFrame:
    """The findings of a protocol about the settings `rows`, at any seed, with the `key` of each."""
    about = findings[
        (findings["dataset"] == view.dataset)
        & (findings["preset"] == view.preset)
        & (findings["protocol"] == view.protocol)
        & findings["method"].isin({row["method"] for row in rows})
        & findings["attacker"].isin(list(known_attackers()))
        & findings["metric"].isin(list(METRICS))
    ]
    about = about.assign(schedule=about["schedule"].fillna(""))
    described = [*outcomes.VARIANT, *(c for c in about if c.startswith("knob:")), "release_value"]
    keys = {row["run_id"]: row for row in rows}
    runs = about[about["run_id"].isin(list(keys))]
    # One run of several seeds stands for its setting: what describes it finds the others.
    named = runs.drop_duplicates(["run_id", "release_value"])
    named = named.assign(key=[points.where(row).key for row in points.records(named)])
    named = named.loc[named["key"].isin({row["key"] for row in rows}), [*described, "key"]]
    return about.merge(named, on=described, how="inner")


def metrics(about: pd.DataFrame) -> list[str]:
    """The measures that were taken, as `core.metrics.METRICS` orders them."""
    there = set(about["metric"].unique())
    return [name for name in METRICS if name in there]


def targets(about: pd.DataFrame, metric: str) -> list[str]:
    """What `metric` was measured of: what some setting serves or hides, then the rest, by name."""
    rows = about[about["metric"] == metric]
    named = dict.fromkeys(rows["target"].unique(), "unlisted")
    for target, role in zip(rows["target"], rows["role"], strict=True):
        if role != "unlisted":
            named[target] = role
    order = {"utility": 0, "private": 1, "unlisted": 2}
    return sorted(named, key=lambda target: (order.get(named[target], 2), target))


def attackers(about: pd.DataFrame, metric: str, wanted: Sequence[str]) -> list[str]:
    """Who was measured by `metric` on any of the targets `wanted`, the strongest first."""
    rows = about[(about["metric"] == metric) & about["target"].isin(list(wanted))]
    there = set(rows["attacker"].unique())
    chosen = [attacker.name for attacker in known_attackers().values() if attacker.serves]
    others = [name for name in known_attackers() if name in there - {STRONGEST, *chosen}]
    return [STRONGEST, *others]


def frame(
    about: pd.DataFrame, strip: Strip, metric: str, wanted: Sequence[str], who: str, protocol: str
) -> pd.DataFrame:
    """One row per step and target: step, place (of the step), key, target, role, attacker, value, low,
    high, chance, conclusive, seed (how many). Over seeds the mean, with an interval that covers
    theirs.

    who  `STRONGEST`: whoever counts by the protocol, else the first who was measured; or an attacker
    """
    rows = read_off(about, metric, wanted, who, protocol)
    parts = []
    for place, (step, setting) in enumerate(strip.steps):
        mine = rows[rows["key"] == setting["key"]]
        parts.append(mine.assign(step=step, place=place))
    return pd.concat(parts, ignore_index=True) if parts else rows.assign(step="", place=0)


def read_off(
    about: pd.DataFrame, metric: str, wanted: Sequence[str], who: str, protocol: str
) -> pd.DataFrame:
    """One row per setting and target of what `metric` is there, by `who`."""
    rows = about[(about["metric"] == metric) & about["target"].isin(list(wanted))]
    order = [*outcomes.ATTACKERS[protocol], *outcomes.UTILITY[protocol], *known_attackers()]
    rank = {name: place for place, name in reversed(list(enumerate(order)))}
    if who != STRONGEST:
        rows = rows[rows["attacker"] == who]
    rows = rows.assign(rank=rows["attacker"].map(rank)).sort_values("rank", kind="stable")
    rows = rows.drop_duplicates(["run_id", "key", "target"])
    groups = rows.groupby(["key", "target"], sort=False)
    return groups.agg(OVER_SEEDS).reset_index()


def beside_service(about: pd.DataFrame, table: pd.DataFrame, metric: str) -> list[dict[str, Any]]:
    """The settings of `table` (`app.settings.outcomes.settings`) for which `metric` of identity was
    taken: their rows with rank, rank_low, rank_high and rank_chance."""
    rows = read_off(about, metric, ["identity"], STRONGEST, "strict")
    ends = {"value": "rank", "low": "rank_low", "high": "rank_high", "chance": "rank_chance"}
    rows = rows[["key", *ends]].rename(columns=ends)
    return points.records(table.merge(rows, on="key", how="inner"))


def superiorities(rows: Rows, lines: Sequence[Line], method: str) -> list[str]:
    """One sentence for each other curve over a release-time knob: at which shares of right answers
    that of `method`, or the other one, hides people better throughout (DPFE, Definition 11)."""
    settings = {row["key"]: row for row in rows}
    curves: dict[str, list[tuple[float, float]]] = {}
    mine = None
    for line in lines:
        points_on = [settings[key] for key in line.keys if key in settings]
        if line.knob is not None and line.knob.when == "release" and len(points_on) > 1:
            name = METHODS[line.method].title + (f" ({line.variant})" if line.variant else "")
            curves[name] = [(row["utility"], row["rank"]) for row in points_on]
            mine = name if line.method == method else mine
    said: list[str] = []
    for other in curves:
        if mine is None or other == mine:
            continue
        found = ranks.superiority(curves[mine], curves[other])
        if found is None:
            said.append(f"{mine} and {other} keep nowhere the same share of right answers.")
            continue
        between = f"from {wording.percent(found.least)} to {wording.percent(found.most)} right"
        better, worse = (mine, other) if found.which > 0 else (other, mine)
        said.append(
            f"At every point {between}, {better} hides people better than {worse}."
            if found.which
            else f"Neither {mine} nor {other} hides people better throughout, {between}."
        )
    return said


def exported(rows: Rows, metric: str) -> pd.DataFrame:
    """What `beside_service` found, for the file."""
    columns = ("key", "utility", "utility_low", "utility_high")
    ranked = ("rank", "rank_low", "rank_high", "rank_chance")
    return pd.DataFrame(rows)[[*columns, *ranked]].assign(metric=metric)


def guessing(rows: pd.DataFrame | Sequence[Mapping[str, Any]], column: str) -> float | None:
    """What guessing gives, where it is the same everywhere; None otherwise."""
    frame = rows if isinstance(rows, pd.DataFrame) else pd.DataFrame(rows)
    chances = frame[column].astype(float).dropna() if column in frame else pd.Series(dtype=float)
    same = len(chances) and np.ptp(chances) < 0.005
    return float(chances.mean()) if same else None
