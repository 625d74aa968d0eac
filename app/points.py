"""Findings -> the points of the trade-off: one row per setting, with what the attacker gains and
what the service keeps. Pure pandas."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from app import wording
from core.methods import METHODS, Knob

# What is read off for each kind of target, and whose number counts, best first.
MEASURE = {"attribute": "balanced_accuracy", "identity": "top1_accuracy", "image": "ms_ssim"}
ATTACKERS = {
    "strict": ("worst_case", "mirrored_decoder", "nearest_neighbour"),
    "paper": ("training_adversary", "training_reconstructor"),
}
UTILITY = {"strict": ("best_head",), "paper": ("own_head", "best_head")}
UTILITY_MEASURE = "balanced_accuracy"
VARIANT = ["method", "preset", "tasks", "private"]
UNPROTECTED = "original"


class View(NamedTuple):
    """What is being looked at: kept in the sidebar and in the URL."""

    dataset: str
    preset: str
    task: str
    target: str
    protocol: str

    @property
    def measure(self) -> str:
        return MEASURE[self.target.partition(":")[0]]


class Line(NamedTuple):
    """Settings of one method that differ in one knob only, from weak to strong protection."""

    method: str
    knob: Knob | None
    fixed: dict[str, float]
    keys: tuple[str, ...]


def datasets(findings: pd.DataFrame) -> list[str]:
    """Data sets with findings; the synthetic one, which comes with Penumbra, first."""
    return sorted(findings["dataset"].unique(), key=lambda name: (name != "synthetic", name))


def presets(findings: pd.DataFrame, dataset: str) -> list[str]:
    return sorted(findings.loc[findings["dataset"] == dataset, "preset"].unique())


def tasks(findings: pd.DataFrame, dataset: str, preset: str) -> list[str]:
    """Attributes that some run of the data set was trained to serve, most runs first."""
    rows = findings[(findings["dataset"] == dataset) & (findings["preset"] == preset)]
    rows = rows[(rows["role"] == "utility") & rows["target"].str.startswith("attribute:")]
    counted = rows.groupby("target")["run_id"].nunique().sort_index()
    ordered = counted.sort_values(ascending=False, kind="stable").index
    return [target.partition(":")[2] for target in ordered]


def targets(findings: pd.DataFrame, dataset: str, preset: str) -> list[str]:
    """What may be attacked: declared private attributes, most runs first, then identity and the
    picture itself, as far as findings hold them."""
    rows = findings[(findings["dataset"] == dataset) & (findings["preset"] == preset)]
    rows = rows[(rows["role"] == "private") & rows["metric"].isin(MEASURE.values())]
    counted = rows.groupby("target")["run_id"].nunique().sort_index()
    order = {"identity": 1, "image": 2}
    known = [t for t in counted.index if t.partition(":")[0] in MEASURE]
    return sorted(known, key=lambda target: (order.get(target, 0), -counted[target]))


def settings(findings: pd.DataFrame, view: View) -> pd.DataFrame:
    """One row per setting: key, method, title, baseline, preset, tasks, private, `knob:<name>` (the
    release-time knob among them), run_id, release_value, value/low/high/chance of the attack,
    gain/gain_low/gain_high over guessing, utility/utility_low/utility_high/utility_chance, cost
    (utility lost against the unprotected features), conclusive, seeds, n, identities.

    Runs that differ in their seed only become one row: the mean, and an interval that covers all of
    theirs.
    """
    rows = findings[
        (findings["dataset"] == view.dataset)
        & (findings["preset"] == view.preset)
        & (findings["protocol"] == view.protocol)
    ]
    attack = _read_off(rows, view.target, view.measure, ATTACKERS[view.protocol])
    attack = _guarding(attack, view.target)
    utility = _read_off(
        rows, f"attribute:{view.task}", UTILITY_MEASURE, UTILITY[view.protocol], role="utility"
    )
    utility = utility[["run_id", "release_value", "value", "low", "high", "chance"]]
    renamed = {name: f"utility_{name}" for name in ("low", "high", "chance")}
    utility = utility.rename(columns=renamed | {"value": "utility"})
    table = attack.merge(utility, on=["run_id", "release_value"], how="inner")
    table = table[table["method"].isin(list(METHODS))].copy()
    _spread_release_value(table)
    return _finish(_over_seeds(table), view)


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


def _guarding(attack: pd.DataFrame, target: str) -> pd.DataFrame:
    """Leave out methods that were told to guard something else; baselines guard nothing in
    particular and always stay."""
    baseline = attack["method"].map(lambda name: name in METHODS and METHODS[name].baseline)
    name = target.partition(":")[2]
    if not name:
        return attack
    guards = attack["private"].map(lambda text: name in str(text).split(","))
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
    rows = []
    for _, group in table.sort_values(["seed", "run_id"]).groupby(by, dropna=False, sort=False):
        row = group.iloc[0].to_dict()
        for name in ("value", "chance", "utility", "utility_chance"):
            row[name] = group[name].mean()
        for name in ("", "utility_"):
            row[f"{name}low"], row[f"{name}high"] = (
                group[f"{name}low"].min(),
                group[f"{name}high"].max(),
            )
        row["seeds"] = group["seed"].nunique()
        row["conclusive"] = bool(group["conclusive"].all())
        rows.append(row)
    columns = [*table.columns, "seeds"]
    return pd.DataFrame(rows, columns=list(dict.fromkeys(columns)))


def _finish(table: pd.DataFrame, view: View) -> pd.DataFrame:
    guess = table["chance"].astype(float).fillna(0.0)
    for name in ("value", "low", "high"):
        table[name.replace("value", "gain") if name == "value" else f"gain_{name}"] = (
            table[name].astype(float) - guess
        )
    table["title"] = table["method"].map(lambda name: METHODS[name].title)
    table["baseline"] = table["method"].map(lambda name: METHODS[name].baseline).astype(bool)
    table["key"] = [
        row.run_id if pd.isna(row.release_value) else f"{row.run_id}@{row.release_value:g}"
        for row in table.itertuples()
    ]
    reference = unprotected(table)
    table["cost"] = np.nan if reference is None else reference["utility"] - table["utility"]
    order = {name: position for position, name in enumerate(METHODS)}
    table = table.sort_values(
        ["method", "key"], key=lambda c: c.map(order) if c.name == "method" else c
    )
    return table.reset_index(drop=True)


def unprotected(table: pd.DataFrame) -> pd.Series | None:
    """The row of the unprotected features, if it was measured."""
    rows = table[table["method"] == UNPROTECTED]
    return rows.iloc[0] if len(rows) else None


def knobs_of(method: str) -> tuple[Knob, ...]:
    return METHODS[method].knobs


def strength(knob: Knob, value: float) -> float:
    """A number that grows with protection (a knob's grid is declared from weak to strong)."""
    return value if knob.grid[-1] >= knob.grid[0] else -value


def values(
    table: pd.DataFrame, method: str, knob: Knob, others: Mapping[str, float]
) -> list[float]:
    """Values of `knob` that were measured with the other knobs at `others`, weak to strong."""
    rows = matching(table[table["method"] == method], others)
    return sorted(rows[f"knob:{knob.name}"].dropna().unique(), key=lambda v: strength(knob, v))


def matching(table: pd.DataFrame, knobs: Mapping[str, float]) -> pd.DataFrame:
    """Rows whose knobs have these values."""
    keep = np.ones(len(table), dtype=bool)
    for name, value in knobs.items():
        keep &= np.isclose(table[f"knob:{name}"].astype(float), value)
    return table[keep]


def defaults(table: pd.DataFrame, method: str) -> dict[str, float]:
    """Knob values of the measured setting nearest to the method's declared defaults."""
    rows = table[table["method"] == method]
    knobs = knobs_of(method)
    if not knobs or not len(rows):
        return {}
    span = {k.name: (max(k.grid) - min(k.grid)) or 1.0 for k in knobs}
    distance = sum(
        (rows[f"knob:{k.name}"].astype(float) - k.default).abs() / span[k.name] for k in knobs
    )
    nearest = rows.loc[distance.idxmin()]
    return {k.name: float(nearest[f"knob:{k.name}"]) for k in knobs}


def nearest(table: pd.DataFrame, method: str, wanted: Mapping[str, float]) -> pd.Series | None:
    """The measured setting of `method` nearest to `wanted`; None when it has none."""
    rows = table[table["method"] == method]
    if not len(rows):
        return None
    distance = pd.Series(0.0, index=rows.index)
    for knob in knobs_of(method):
        span = (max(knob.grid) - min(knob.grid)) or 1.0
        away = (rows[f"knob:{knob.name}"].astype(float) - wanted.get(knob.name, knob.default)).abs()
        distance += away.fillna(0.0) / span
    return rows.loc[distance.idxmin()]


def lines(
    table: pd.DataFrame, chosen: Mapping[str, float] | None = None, method: str = ""
) -> list[Line]:
    """The curves of the chart: for each method one line per knob that was moved, with the other
    knobs where they stand for the chosen setting of `method`, or at their defaults. Settings on no
    line stand alone."""
    found: list[Line] = []
    for name in table["method"].unique():
        rows = table[table["method"] == name]
        at = dict(chosen) if chosen and name == method else defaults(table, name)
        on_a_line: set[str] = set()
        for knob in knobs_of(name):
            fixed = {other: value for other, value in at.items() if other != knob.name}
            members = matching(rows, fixed)
            members = members.drop_duplicates(f"knob:{knob.name}")
            if len(members) < 2:
                continue
            by = members[f"knob:{knob.name}"].map(lambda v, knob=knob: strength(knob, v))
            keys = tuple(members.loc[by.sort_values().index, "key"])
            on_a_line |= set(keys)
            found.append(Line(name, knob, fixed, keys))
        alone = tuple(key for key in rows["key"] if key not in on_a_line)
        if alone:
            found.append(Line(name, None, {}, alone))
    return found


def setting_label(row: Mapping[str, Any]) -> str:
    """ "λ₁ = 1, λ₂ = 2" of a row; the title of a method without knobs."""
    parts = [
        f"{knob.symbol} = {row[f'knob:{knob.name}']:g}"
        for knob in knobs_of(row["method"])
        if wording.known(row.get(f"knob:{knob.name}"))
    ]
    return ", ".join(parts)


def within(row: Mapping[str, Any], attack_limit: float | None, cost_limit: float | None) -> bool:
    """Whether a setting fulfils the officer's limits: the attack's value at most `attack_limit`,
    the utility lost at most `cost_limit` (shares in [0, 1])."""
    if attack_limit is not None and not row["value"] <= attack_limit:
        return False
    return cost_limit is None or bool(row["cost"] <= cost_limit)
