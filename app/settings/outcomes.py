"""Findings -> outcomes: one row per setting, with what the attacker gains and what the service keeps.
Pure pandas."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd

from app.settings import points
from app.settings.views import STRONGEST, View, task_target
from core.attacks import ATTACKS
from core.attacks.attackers import BEST_HEAD, HUMAN, OWN_NETWORKS
from core.methods import METHODS

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


def settings(findings: pd.DataFrame, view: View) -> pd.DataFrame:
    """One row per setting: key, method, title, baseline, preset, tasks, private, `knob:<name>` (the
    release-time knob among them), run_id, release_value, value/low/high/chance of the attack,
    gain/gain_low/gain_high over guessing, utility/utility_low/utility_high/utility_chance,
    conclusive, seeds, n, identities. `app.settings.unprotected.compared` adds what the service loses.

    Runs that differ in their seed only become one row: the mean, and an interval that covers all of
    theirs.
    """
    attack, utility = measurements(findings, view)
    utility = utility[["run_id", "release_value", *(f"utility{end}" for end in ENDS.values())]]
    table = attack.merge(utility, on=["run_id", "release_value"], how="inner")
    table = table[table["method"].isin(list(METHODS))].copy()
    _spread_release_value(table)
    return _finish(_over_seeds(table))


def measurements(findings: pd.DataFrame, view: View) -> tuple[pd.DataFrame, pd.DataFrame]:
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
        (*points.protection(row), schedule)
        for row, schedule in zip(points.records(table), schedules, strict=True)
    ]
    return table.iloc[sorted(range(len(table)), key=ranks.__getitem__)].reset_index(drop=True)
