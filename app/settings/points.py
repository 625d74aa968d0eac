"""Findings -> the points of the trade-off: one row per setting, with what the attacker gains and
what the service keeps. Pure pandas."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from app.page import wording
from app.settings import variants
from app.settings.views import STRONGEST, View, task_target
from core.attacks import ATTACKS
from core.attacks.attackers import BEST_HEAD, HUMAN, OWN_NETWORKS
from core.methods import METHODS, UNPROTECTED, Knob
from core.metrics.intervals import difference
from core.run import checkpoints

# Whose number counts, best first.
ATTACKERS = {
    "strict": (STRONGEST, *(a.name for a in ATTACKS.values() if a.default), HUMAN.name),
    "paper": (*(own.name for own in OWN_NETWORKS.values() if not own.serves), STRONGEST),
}
UTILITY = {
    "strict": (BEST_HEAD.name,),
    "paper": (*(own.name for own in OWN_NETWORKS.values() if own.serves), BEST_HEAD.name),
}
ENDS = {"value": "", "low": "_low", "high": "_high", "chance": "_chance"}
VARIANT = ["method", "preset", "tasks", "private"]
OVER_SEEDS = {
    **dict.fromkeys(("value", "chance", "utility", "utility_chance"), "mean"),
    **dict.fromkeys(("low", "utility_low"), "min"),
    **dict.fromkeys(("high", "utility_high"), "max"),
    "conclusive": "all",
}
Row = Mapping[str, Any]  # a setting
Rows = Sequence[dict[str, Any]]  # settings as `records` gives them


class Line(NamedTuple):
    """Settings of one method that differ in one knob only, from weak to strong protection.
    `variant` says which of the method's variants it is, where there are several."""

    method: str
    knob: Knob | None
    fixed: dict[str, float]
    keys: tuple[str, ...]
    variant: str = ""


def settings(findings: pd.DataFrame, view: View) -> pd.DataFrame:
    """One row per setting: key, method, title, baseline, preset, tasks, private, `knob:<name>` (the
    release-time knob among them), run_id, release_value, value/low/high/chance of the attack,
    gain/gain_low/gain_high over guessing, utility/utility_low/utility_high/utility_chance,
    conclusive, seeds, n, identities. `compared` adds what the service loses.

    Runs that differ in their seed only become one row: the mean, and an interval that covers all of
    theirs.
    """
    attack, utility = _measurements(findings, view)
    utility = utility[["run_id", "release_value", *(f"utility{end}" for end in ENDS.values())]]
    table = attack.merge(utility, on=["run_id", "release_value"], how="inner")
    table = table[table["method"].isin(list(METHODS))].copy()
    _spread_release_value(table)
    return _finish(_over_seeds(table))


def _measurements(findings: pd.DataFrame, view: View) -> tuple[pd.DataFrame, pd.DataFrame]:
    """(what was measured of the attack, and of the service), a row per run and release value; the
    latter's columns in `ENDS` are called utility…"""
    rows = findings[
        (findings["dataset"] == view.dataset)
        & (findings["preset"] == view.preset)
        & (findings["protocol"] == view.protocol)
    ]
    chosen = view.protocol == "strict" and view.attacker != STRONGEST
    attackers = (view.attacker,) if chosen else ATTACKERS[view.protocol]
    attack = pd.concat(
        [_read_off(rows, target, view.measure, attackers) for target in view.targets]
    )
    if len(view.targets) > 1:  # the attacker takes what leaks most
        attack = attack.assign(gain=attack["value"] - attack["chance"].fillna(0.0))
        attack = attack.sort_values("gain", ascending=False, kind="stable").drop(columns="gain")
        attack = attack.drop_duplicates(["run_id", "release_value"])
    utility = _read_off(
        rows, task_target(view.task), view.service, UTILITY[view.protocol], role="utility"
    )
    renamed = utility.rename(columns={name: f"utility{end}" for name, end in ENDS.items()})
    return _guarding(attack, view.targets), renamed


def references(findings: pd.DataFrame, view: View) -> dict[str, dict[str, Any]]:
    """What the service and the attacker reach without protection: one row for `UNPROTECTED` and each
    method's own reference that was measured with every knob at its weakest. A row has method, title,
    `knob:<name>`, utility, utility_low, utility_high, and value (NaN where nobody attacked it as `view` asks).

    The run that serves this task alone, as its preset has it, stands for all; seeds are averaged.
    """
    attack, utility = _measurements(findings, view)
    found = {}
    for name in dict.fromkeys((UNPROTECTED, *(method.reference for method in METHODS.values()))):
        weakest = {knob.name: float(knob.grid[0]) for knob in knobs_of(name)}
        value = next((weakest[k.name] for k in knobs_of(name) if k.when == "release"), None)
        mine = utility[(utility["method"] == name) & _released_at(utility, value)]
        for knob in knobs_of(name):
            if knob.when == "train":
                mine = mine[mine[f"knob:{knob.name}"] == weakest[knob.name]]
        if mine.empty:
            continue
        schedules = mine["schedule"].fillna("") if "schedule" in mine else mine["method"].map("")
        plainest = min(
            zip(schedules, mine["tasks"], strict=True), key=lambda run: variants.plainness(*run)
        )
        mine = mine[(schedules == plainest[0]) & (mine["tasks"] == plainest[1])]
        hit = attack[attack["run_id"].isin(mine["run_id"]) & _released_at(attack, value)]
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


def _released_at(rows: pd.DataFrame, value: float | None) -> pd.Series:
    return rows["release_value"].isna() if value is None else rows["release_value"] == value


def reference(found: Mapping[str, dict[str, Any]], method: str) -> dict[str, Any] | None:
    """The one of `references` that the chosen method is compared with, and with it the whole view:
    `UNPROTECTED` where it can serve the task, so that all methods are compared with one number,
    else the method's own; None where there is none."""
    return found.get(UNPROTECTED) or found.get(METHODS[method].reference)


def compared(table: pd.DataFrame, unprotected: Mapping[str, Any] | None) -> pd.DataFrame:
    """Settings with `cost`: the utility they lose against the unprotected reference, NaN without
    one; `cost_low`, `cost_high`: its interval, as for two independent measurements, which is wider
    than a paired one."""
    if unprotected is None:
        return table.assign(cost=math.nan, cost_low=math.nan, cost_high=math.nan)
    ends = [f"utility{end}" for end in ("", "_low", "_high")]
    bare = tuple(unprotected[name] for name in ends)
    mine = tuple(table[name].astype(float) for name in ends)
    low, high = difference(bare, mine)
    return table.assign(cost=bare[0] - mine[0], cost_low=low, cost_high=high)


def _read_off(
    rows: pd.DataFrame, target: str, measure: str, attackers: Iterable[str], role: str | None = None
) -> pd.DataFrame:
    """The rows of `measure` on `target`, one per run and release value: the first of `attackers`
    that was measured."""
    rank = {name: position for position, name in enumerate(attackers)}
    rows = rows[(rows["target"] == target) & (rows["metric"] == measure)]
    rows = rows[rows["attacker"].isin(list(rank))]
    if role:
        rows = rows[rows["role"] == role]
    rows = rows.assign(rank=rows["attacker"].map(rank)).sort_values("rank", kind="stable")
    return rows.drop_duplicates(["run_id", "release_value"]).drop(columns="rank")


def _guarding(attack: pd.DataFrame, targets: Iterable[str]) -> pd.DataFrame:
    """Leave out methods that were told to guard nothing of `targets` but something else; baselines
    guard nothing in particular and always stay."""
    baseline = attack["method"].map(lambda name: name in METHODS and METHODS[name].baseline)
    targets = list(targets)
    if not all(target.startswith("attribute:") for target in targets):
        return attack
    names = {target.partition(":")[2] for target in targets}
    guards = attack["private"].map(lambda text: bool(names & {*str(text).split(",")}))
    return attack[baseline.astype(bool) | guards.astype(bool)]


def _spread_release_value(table: pd.DataFrame) -> None:
    """Put the release-time value into its knob's own column, so that all knobs look alike."""
    for name in table["method"].unique():
        for knob in METHODS[name].knobs:
            column = f"knob:{knob.name}"
            if column not in table:
                table[column] = np.nan
            if knob.when == "release":
                mine = table["method"] == name
                table.loc[mine, column] = table.loc[mine, "release_value"]


def _over_seeds(table: pd.DataFrame) -> pd.DataFrame:
    knobs = [column for column in table if column.startswith("knob:")]
    extra = [c for c in ("schedule",) if c in table]  # a quick trial is a setting of its own
    by = [*VARIANT, *extra, *knobs]
    table = table.sort_values(["seed", "run_id"])
    groups = table.groupby(by, dropna=False, sort=False)
    merged = {column: groups[column].transform(how) for column, how in OVER_SEEDS.items()}
    table = table.assign(**merged, seeds=groups["seed"].transform("nunique"))
    return table.drop_duplicates(by)


def _finish(table: pd.DataFrame) -> pd.DataFrame:
    guess = table["chance"].astype(float).fillna(0.0)
    for column, gain in (("value", "gain"), ("low", "gain_low"), ("high", "gain_high")):
        table[gain] = table[column].astype(float) - guess
    table["title"] = table["method"].map(lambda name: METHODS[name].title)
    table["baseline"] = table["method"].map(lambda name: METHODS[name].baseline).astype(bool)
    table["key"] = [
        row.run_id if pd.isna(row.release_value) else f"{row.run_id}@{row.release_value:g}"
        for row in table.itertuples()
    ]
    schedules = table["schedule"].fillna("").tolist() if "schedule" in table else [""] * len(table)
    ranks = [
        (*protection(row), schedule)
        for row, schedule in zip(records(table), schedules, strict=True)
    ]
    return table.iloc[sorted(range(len(table)), key=ranks.__getitem__)].reset_index(drop=True)


def protection(row: Row) -> tuple[int, tuple[float, ...]]:
    """Sorts settings by method, and from weak to strong protection within each."""
    values = knob_values(row)
    strengths = (strength(k, values[k.name]) for k in knobs_of(row["method"]) if k.name in values)
    return list(METHODS).index(row["method"]), tuple(strengths)


def knobs_of(method: str) -> tuple[Knob, ...]:
    return METHODS[method].knobs


def strength(knob: Knob, value: float) -> float:
    """A number that grows with protection (a knob's grid is declared from weak to strong)."""
    return value if knob.grid[-1] >= knob.grid[0] else -value


def records(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Settings as dicts: a handful of rows is walked through faster in Python than asked with
    pandas, and a slider has no time to lose."""
    columns = {name: table[name].tolist() for name in table}
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def of_method(
    rows: Rows, method: str, knobs: Mapping[str, float] | None = None
) -> list[dict[str, Any]]:
    """Settings of a method whose knobs have these values."""
    wanted = {f"knob:{name}": value for name, value in (knobs or {}).items()}
    return [
        row
        for row in rows
        if row["method"] == method
        and all(math.isclose(row[column], value) for column, value in wanted.items())
    ]


def values(rows: Rows, method: str, knob: Knob, others: Mapping[str, float]) -> list[float]:
    """Values of `knob` that were measured with the other knobs at `others`, weak to strong."""
    found = {row[f"knob:{knob.name}"] for row in of_method(rows, method, others)}
    return sorted(filter(wording.known, found), key=lambda value: strength(knob, value))


def defaults(rows: Rows, method: str) -> dict[str, float]:
    """Knob values of the measured setting nearest to the method's declared defaults."""
    row = nearest(rows, method, {})
    return {} if row is None else {k.name: row[f"knob:{k.name}"] for k in knobs_of(method)}


def nearest(rows: Rows, method: str, wanted: Mapping[str, float]) -> dict[str, Any] | None:
    """The measured setting of `method` nearest to `wanted` (knobs not named: their defaults);
    None when it has none."""

    def distance(row: Mapping[str, Any]) -> float:
        total = 0.0
        for knob in knobs_of(method):
            span = (max(knob.grid) - min(knob.grid)) or 1.0
            value = row[f"knob:{knob.name}"]
            away = abs(value - wanted.get(knob.name, knob.default)) / span
            total += away if wording.known(away) else 0.0
        return total

    return min(of_method(rows, method), key=distance, default=None)


def lines(rows: Rows, chosen: Mapping[str, float] | None = None, method: str = "") -> list[Line]:
    """The curves of the chart: for each variant of a method one line per knob that was moved, with
    the other knobs where they stand for the chosen setting of `method`, or at their defaults.
    Settings on no line stand alone."""
    found: list[Line] = []
    for name in dict.fromkeys(row["method"] for row in rows):
        among = variants.keys(rows, name)
        for variant in among:
            mine = [row for row in of_method(rows, name) if variants.key(row) == variant]
            at = dict(chosen) if chosen and name == method else defaults(mine, name)
            found += _lines(mine, name, at, variants.label(name, variant, among))
    return found


def _lines(rows: Rows, name: str, at: Mapping[str, float], variant: str) -> list[Line]:
    """The curves of one variant of a method, whose knobs stand `at`."""
    found: list[Line] = []
    on_a_line: set[str] = set()
    for knob in knobs_of(name):
        fixed = {other: value for other, value in at.items() if other != knob.name}
        members: dict[float, str] = {}  # value of the knob -> key
        for row in of_method(rows, name, fixed):
            if wording.known(row[f"knob:{knob.name}"]):
                members.setdefault(row[f"knob:{knob.name}"], row["key"])
        if len(members) < 2:
            continue
        ordered = sorted(members, key=lambda value, knob=knob: strength(knob, value))  # type: ignore[misc]
        keys = tuple(members[value] for value in ordered)
        on_a_line |= set(keys)
        found.append(Line(name, knob, fixed, keys, variant))
    alone = tuple(row["key"] for row in rows if row["key"] not in on_a_line)
    if alone:
        found.append(Line(name, None, {}, alone, variant))
    return found


def lines_through(rows: Rows, row: Row) -> list[Line]:
    """The curves of a setting's method that it lies on."""
    found = lines(of_method(rows, row["method"]), knob_values(row), row["method"])
    return [line for line in found if row["key"] in line.keys]


def front(rows: Rows) -> list[dict[str, Any]]:
    """The Pareto front: settings than which no other is better in one respect and as good in the
    other, from little gain of the attacker to much. Attacks too weak to conclude are left out."""
    best, found = -math.inf, []
    known = [row for row in rows if row["conclusive"]]
    for row in sorted(known, key=lambda row: (row["gain"], -row["utility"])):
        if row["utility"] > best:
            best = row["utility"]
            found.append(row)
    return found


def release_value(row: Row) -> float | None:
    """The release-time knob's value of a setting; None for a method without one."""
    value = row["release_value"]
    return float(value) if wording.known(value) else None


class Place(NamedTuple):
    """Where what was measured of a setting is kept."""

    dataset: str
    run_id: str
    release_value: float | None

    @property
    def folder(self) -> Path:
        return checkpoints() / self.dataset / self.run_id


def where(row: Row) -> Place:
    return Place(row["dataset"], row["run_id"], release_value(row))


def findings_of(findings: pd.DataFrame, row: Row, **same: Any) -> pd.DataFrame:
    """The findings of one setting whose columns have the values `same`."""
    found = findings[findings["run_id"] == row["run_id"]]
    found = found[_released_at(found, release_value(row))]
    for column, value in same.items():
        found = found[found[column] == value]
    return found


def name(row: Row) -> str:
    """A setting with its method: "DPFE, β = 1, r = 0.5"."""
    return ", ".join(filter(None, (METHODS[row["method"]].title, setting_label(row))))


def place(row: Row) -> str:
    """How a sentence about a setting begins: "At λ₁ = 1", "With DPFE"."""
    setting = setting_label(row)
    return f"At {setting}" if setting else f"With {METHODS[row['method']].title}"


def knob_values(row: Row) -> dict[str, float]:
    """Knob name -> its value at a setting."""
    found = {knob.name: row.get(f"knob:{knob.name}") for knob in knobs_of(row["method"])}
    return {name: value for name, value in found.items() if wording.known(value)}


def setting_label(row: Row) -> str:
    """ "λ₁ = 1, λ₂ = 2" of a row; the title of a method without knobs."""
    parts = [knob_label(row["method"], knob_values(row))]
    if isinstance(row.get("schedule"), str) and row["schedule"]:
        parts.append(variants.schedule_words(row["method"], row["schedule"]))
    return ", ".join(filter(None, parts))


def knob_label(method: str, values: Mapping[str, float]) -> str:
    """ "λ₁ = 1, λ₂ = 2" of the knobs that have a value."""
    known = [knob for knob in knobs_of(method) if knob.name in values]
    return ", ".join(f"{knob.symbol} = {values[knob.name]:g}" for knob in known)
