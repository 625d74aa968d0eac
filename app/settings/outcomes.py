"""Findings -> outcomes: what the attacker gains and the service keeps. Pure pandas."""

from collections.abc import Iterable

import numpy as np
import pandas as pd

from app.settings import points, proofs
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
# a quick trial, with another schedule, is a setting of its own
VARIANT = ["method", "preset", "tasks", "private", "schedule"]
OVER_SEEDS = {
    **dict.fromkeys(("value", "chance", "utility", "utility_chance"), "mean"),
    **dict.fromkeys(("low", "utility_low"), "min"),
    **dict.fromkeys(("high", "utility_high"), "max"),
    "conclusive": "all",
}


def settings(findings: pd.DataFrame, view: View) -> pd.DataFrame:
    """One row per setting: key, method, title, preset, tasks, private, `knob:<name>` (the
    release-time knob among them), run_id, release_value, value/low/high/chance of the attack,
    gain/gain_low/gain_high over guessing, utility/utility_low/utility_high/utility_chance,
    conclusive, seeds, n, identities, and `app.settings.proofs.COLUMNS`: what no attacker exceeds.
    `app.settings.unprotected.compared` adds what the service loses.

    Runs that differ in their seed only become one row: the mean, and an interval that covers all of
    theirs.
    """
    attack, utility = measurements(findings, view)
    utility = utility[["run_id", "release_value", *(f"utility{end}" for end in ENDS.values())]]
    attack = proofs.beside(attack, findings, view)
    table = attack.merge(utility, on=["run_id", "release_value"], how="inner")
    table = table[table["method"].isin(list(METHODS))].copy()
    _spread_release_value(table)
    return _finish(_over_seeds(table))


def measurements(findings: pd.DataFrame, view: View) -> tuple[pd.DataFrame, pd.DataFrame]:
    """(what was measured of the attack, of the service), a row per run and release value; the
    latter's columns in `ENDS` are called utility…"""
    rows = findings[
        (findings["dataset"] == view.dataset)
        & (findings["preset"] == view.preset)
        & (findings["protocol"] == view.protocol)
    ]
    rows = rows.assign(schedule=rows["schedule"].fillna(""))
    chosen = view.protocol == "strict" and view.attacker != STRONGEST
    attackers = (view.attacker,) if chosen else ATTACKERS[view.protocol]
    if view.protocol == "paper":
        rows = rows[~_asked_of_another(rows, view.target.partition(":")[0])]
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
    return _guarding(attack, view), renamed


def _asked_of_another(rows: pd.DataFrame, kind: str) -> pd.Series:
    """Findings of a training's own attackers where the method's paper asks one that was trained
    afterwards, and where such a one was measured."""
    later = [name for name, method in METHODS.items() if method.asked_afresh(kind)]
    own = rows["attacker"].isin(ATTACKERS["paper"]) & (rows["attacker"] != STRONGEST)
    place = ["run_id", "release_value", "target"]
    fresh = (rows["attacker"] == STRONGEST).groupby([rows[name] for name in place], dropna=False)
    return own & rows["method"].isin(later) & fresh.transform("any").astype(bool)


def _read_off(
    rows: pd.DataFrame, target: str, measure: str, attackers: Iterable[str], role: str | None = None
) -> pd.DataFrame:
    """One row per run and release value: of the first of `attackers` that was measured."""
    rank = {name: position for position, name in enumerate(attackers)}
    rows = rows[(rows["target"] == target) & (rows["metric"] == measure)]
    rows = rows[rows["attacker"].isin(list(rank))]
    if role:
        rows = rows[rows["role"] == role]
    rows = rows.assign(rank=rows["attacker"].map(rank)).sort_values("rank", kind="stable")
    return rows.drop_duplicates(["run_id", "release_value"]).drop(columns="rank")


def _guarding(attack: pd.DataFrame, view: View) -> pd.DataFrame:
    """Without methods that guard only other attributes than the view's; baselines stay."""
    kind, _, names = view.target.partition(":")
    if kind != "attribute":
        return attack
    baselines = [name for name, method in METHODS.items() if method.baseline]
    wanted = {*names.split(",")}
    others = attack["private"].astype(str).str.split(",").map(wanted.isdisjoint).astype(bool)
    return attack[attack["method"].isin(baselines) | ~others]


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
    by = [*VARIANT, *(column for column in table if column.startswith("knob:"))]
    table = table.sort_values(["seed", "run_id"])
    groups = table.groupby(by, dropna=False, sort=False)
    merged = {column: groups[column].transform(how) for column, how in OVER_SEEDS.items()}
    if table["proven"].notna().any():  # of several trainings what holds for each of them
        for column in proofs.BOUNDS:
            whole = groups[column].transform("count") == groups[column].transform("size")
            merged[column] = groups[column].transform("max").where(whole)
    table = table.assign(**merged, seeds=groups["seed"].transform("nunique"))
    return table.drop_duplicates(by)


def _finish(table: pd.DataFrame) -> pd.DataFrame:
    guess = table["chance"].astype(float).fillna(0.0)
    for column, gain in (("value", "gain"), ("low", "gain_low"), ("high", "gain_high")):
        table[gain] = table[column].astype(float) - guess
    table["title"] = [METHODS[name].title for name in table["method"]]
    rows = points.records(table)
    table["key"] = [points.where(row).key for row in rows]
    ranks = [(*points.protection(row), row["schedule"]) for row in rows]
    return table.iloc[sorted(range(len(table)), key=ranks.__getitem__)].reset_index(drop=True)
