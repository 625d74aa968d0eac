"""A setting, one row of `app.settings.outcomes.settings`: name, knobs, neighbours, curves."""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from app.page import wording
from app.settings import variants
from core.methods import METHODS, Knob
from core.run import checkpoints

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


def released_at(rows: pd.DataFrame, value: float | None) -> pd.Series:
    return rows["release_value"].isna() if value is None else rows["release_value"] == value


def protection(row: Row) -> tuple[int, tuple[float, ...]]:
    """Sorts settings by method, and from weak to strong protection within each."""
    values = knob_values(row)
    strengths = (
        strength(k, values[k.name]) for k in METHODS[row["method"]].knobs if k.name in values
    )
    return list(METHODS).index(row["method"]), tuple(strengths)


def strength(knob: Knob, value: float) -> float:
    """A number that grows with protection (a knob's grid is declared from weak to strong)."""
    return value if knob.grid[-1] >= knob.grid[0] else -value


def records(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Settings as dicts: faster walked through in Python than asked with pandas; a slider waits."""
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
    return {} if row is None else {k.name: row[f"knob:{k.name}"] for k in METHODS[method].knobs}


def nearest(rows: Rows, method: str, wanted: Mapping[str, float]) -> dict[str, Any] | None:
    """The measured setting nearest to `wanted` (other knobs: their defaults), if any."""

    def distance(row: Mapping[str, Any]) -> float:
        total = 0.0
        for knob in METHODS[method].knobs:
            span = (max(knob.grid) - min(knob.grid)) or 1.0
            value = row[f"knob:{knob.name}"]
            away = abs(value - wanted.get(knob.name, knob.default)) / span
            total += away if wording.known(away) else 0.0
        return total

    return min(of_method(rows, method), key=distance, default=None)


def lines(rows: Rows, chosen: Mapping[str, float] | None = None, method: str = "") -> list[Line]:
    """For each variant of a method one line per knob that was moved, with the other knobs where
    they stand for the chosen setting of `method`, or at their defaults. Settings on no line stand
    alone."""
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
    for knob in METHODS[name].knobs:
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
    """The Pareto front, from little gain of the attacker to much; conclusive attacks only."""
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

    @property
    def key(self) -> str:
        at = "" if self.release_value is None else f"@{self.release_value:g}"
        return self.run_id + at


def where(row: Row) -> Place:
    return Place(row["dataset"], row["run_id"], release_value(row))


def findings_of(findings: pd.DataFrame, row: Row, **same: Any) -> pd.DataFrame:
    """The findings of one setting whose columns have the values `same`."""
    found = findings[findings["run_id"] == row["run_id"]]
    found = found[released_at(found, release_value(row))]
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
    found = {knob.name: row.get(f"knob:{knob.name}") for knob in METHODS[row["method"]].knobs}
    return {name: value for name, value in found.items() if wording.known(value)}


def setting_label(row: Row) -> str:
    """ "λ₁ = 1, λ₂ = 2" of a row; the title of a method without knobs."""
    parts = [knob_label(row["method"], knob_values(row))]
    if isinstance(row.get("schedule"), str) and row["schedule"]:
        parts.append(variants.schedule_words(row["method"], row["schedule"]))
    return ", ".join(filter(None, parts))


def knob_label(method: str, values: Mapping[str, float]) -> str:
    """ "λ₁ = 1, λ₂ = 2" of the knobs that have a value."""
    known = [knob for knob in METHODS[method].knobs if knob.name in values]
    return ", ".join(f"{knob.symbol} = {values[knob.name]:g}" for knob in known)
