"""How much noise is enough: the settings of a method over the amount of noise that it adds when it
releases, what was measured there, and the words. Pure pandas; no Streamlit.

What is released can be drawn for any amount (`app.noise.drawn_releases`); every figure about attackers and
services is of a measured amount, which the words name.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from app.noise import repeated_releases
from app.page import verdict, wording
from app.settings import points
from app.settings.views import View
from core.attacks.identity.log_rank import log_rank
from core.methods import METHODS

RANKED = ("normalised_rank_mean", "normalised_rank_std")
PLACES = ["key", "amount", "mean", "low", "high", "deviation", "chance_mean", "chance_deviation"]
MEANING = (
    f"With {repeated_releases.REPEATS} releases: noise is drawn anew for every release, so somebody who "
    "gets several of one photograph can average them. Place in the list: how far down all names, ranked "
    "by likelihood, the right one stands; names in random order give 50 % and a deviation of 29 %."
)


def knob_of(method: str) -> Any:
    """The knob that moves when something is released, if a method has one."""
    return next((knob for knob in METHODS[method].knobs if knob.when == "release"), None)


def methods(table: pd.DataFrame) -> list[str]:
    """Methods of a view's settings that have such a knob: those measured at several amounts, then
    those of papers, first."""
    counted = table.groupby("method")["release_value"].nunique()
    found = [name for name in METHODS if counted.get(name, 0) and knob_of(name)]
    return sorted(found, key=lambda name: (counted[name] < 2, METHODS[name].baseline))


def amounts(rows: points.Rows, method: str) -> list[float]:
    """Values at which the noise can be drawn, weak to strong: the measured ones, and the knob's grid
    between the weakest and the strongest of them (all of it where one was measured)."""
    knob = knob_of(method)
    name = f"knob:{knob.name}"
    measured = {row[name] for row in points.of_method(rows, method)}
    low, high = min(measured), max(measured)
    within = {float(value) for value in knob.grid if low == high or low <= value <= high}
    return sorted(measured | within, key=lambda value: points.strength(knob, value))


def nearest(rows: points.Rows, method: str, amount: float) -> list[dict[str, Any]]:
    """For each choice of the method's other knobs the setting measured nearest to `amount`, in
    steps of `amounts`."""
    knob = knob_of(method)
    order = {value: place for place, value in enumerate(amounts(rows, method))}
    at = np.interp(amount, sorted(order), [order[value] for value in sorted(order)])
    best: dict[tuple[float, ...], dict[str, Any]] = {}
    others = [k.name for k in points.knobs_of(method) if k.name != knob.name]

    def away(row: Mapping[str, Any]) -> float:
        return abs(order[row[f"knob:{knob.name}"]] - float(at))

    for row in points.of_method(rows, method):
        key = tuple(row[f"knob:{name}"] for name in others)
        if key not in best or away(row) < away(best[key]):
            best[key] = row
    return list(best.values())


def along(rows: points.Rows, row: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The settings that differ from `row` in the amount of noise only, weak to strong."""
    knob = knob_of(row["method"])
    others = {k: value for k, value in points.knob_values(row).items() if k != knob.name}
    found = points.of_method(rows, row["method"], others)
    return sorted(found, key=lambda r: points.strength(knob, r[f"knob:{knob.name}"]))


def repeated(findings: pd.DataFrame, rows: points.Rows, view: View) -> dict[str, dict[str, Any]]:
    """key of a setting -> value, low, high of an attacker that averages `repeated_releases.REPEATS`
    releases of one photograph; only where that was measured, and can be concluded from."""
    if view.protocol != "strict":
        return {}
    mine = _strict(findings, rows, repeated_releases.averaging.name)
    mine = mine[(mine["target"] == view.target) & (mine["metric"] == view.measure)]
    by = {(r["run_id"], r["release_value"]): r for r in mine.to_dict("records")}
    found = {row["key"]: by.get((row["run_id"], row["release_value"])) for row in rows}
    return {
        key: {name: float(row[name]) for name in ("value", "low", "high")}
        for key, row in found.items()
        if row is not None
    }


def _strict(findings: pd.DataFrame, rows: points.Rows, attacker: str) -> pd.DataFrame:
    """What an attacker found at some settings, where that can be concluded from."""
    return findings[
        (findings["attacker"] == attacker)
        & (findings["protocol"] == "strict")
        & findings["run_id"].isin([row["run_id"] for row in rows])
        & findings["conclusive"].astype(bool)
    ]


def ranks(findings: pd.DataFrame, rows: points.Rows) -> pd.DataFrame:
    """Over the amounts of `rows`: key, amount, mean, low, high and deviation of the right name's
    place in the list of names (0 first, 1 last), what drawing lots would give (chance_mean,
    chance_deviation), and `beyond_<share>`: DPFE's guarantee. Rows that were measured only."""
    by: dict[tuple[str, float], dict[str, dict[str, Any]]] = {}
    for entry in _strict(findings, rows, log_rank.name).to_dict("records"):
        by.setdefault((entry["run_id"], entry["release_value"]), {})[entry["metric"]] = entry
    found = []
    for row in rows:
        there = by.get((row["run_id"], row["release_value"]), {})
        if all(name in there for name in RANKED):
            mean, deviation = (there[name] for name in RANKED)
            chances = {"chance_mean": mean["chance"], "chance_deviation": deviation["chance"]}
            found.append(
                {"key": row["key"], "amount": row["release_value"], "mean": mean["value"]}
                | {"low": mean["low"], "high": mean["high"], "deviation": deviation["value"]}
                | chances
                | {
                    f"beyond_{name.rpartition('_')[2]}": entry["value"]
                    for name, entry in there.items()
                    if name.startswith("rank_guarantee_")
                }
            )
    return pd.DataFrame(found) if found else pd.DataFrame(columns=PLACES)


def sentence(
    row: Mapping[str, Any],
    weakest: Mapping[str, Any],
    strongest: Mapping[str, Any],
    again: Mapping[str, float] | None,
    view: View,
) -> str:
    """What this much noise does against the least that was measured; of the least, what the most
    does.

    row, weakest, strongest  settings of `along`
    again                    of `repeated`, or None
    """
    if not row["conclusive"]:
        return verdict.verdict(row, None, view).sentence
    knob = knob_of(row["method"])
    shown, other = score(row["value"], view), score(weakest["value"], view)
    span = wording.interval(row["low"], row["high"], *_scale(view, row))
    kind, _, name = view.target.partition(":")
    attacker = "strongest" if view.protocol == "strict" else "method's own"
    does = {
        "image": f"an attacker redraws the picture with a likeness of {shown}",
        "identity": "an attacker with other photographs of the same people names the right person "
        f"in {shown} of cases",
        "recognition": f"people pick the person of a redrawn face in {shown} of cases",
    }.get(kind, f"the {attacker} attacker tells {wording.inferred(name)} in {shown} of cases")
    chance = f"; guessing {score(row['chance'], view)}" if wording.known(row["chance"]) else ""
    text = f"{points.place(row)} {does}" + (f" ({span}{chance})" if span else "")
    repeats = ""
    if again is not None:
        repeats = (
            f", and {'of' if kind == 'image' else 'in'} {score(again['value'], view)} with "
            f"{repeated_releases.REPEATS} releases of one photograph"
        )
    if row["key"] != weakest["key"] and weakest["conclusive"]:
        bare = weakest[f"knob:{knob.name}"]
        without = "without noise" if bare == 0 else f"at {knob.symbol} = {bare:g}"
        text += f" instead of {other} {without}{repeats}; {_service(weakest, row, view)} by it"
    elif strongest["key"] != row["key"] and strongest["conclusive"]:
        most = strongest[f"knob:{knob.name}"]
        text += (
            f"{repeats}; the most that was measured, {knob.symbol} = {most:g}, leaves "
            f"{score(strongest['value'], view)}, and {_service(row, strongest, view)}"
        )
    else:
        text += repeats
    return f"{text}."


def _service(before: Mapping[str, Any], after: Mapping[str, Any], view: View) -> str:
    """ "smile detection loses 3.1 points"."""
    service, lost = wording.service(view.task), before["utility"] - after["utility"]
    if round(abs(lost) * 100, 1) == 0:
        return f"{service} loses nothing measurable"
    return f"{service} {'loses' if lost > 0 else 'gains'} {wording.points(abs(lost))}"


def _scale(view: View, row: Mapping[str, Any]) -> tuple[int, float]:
    """(digits, factor) of the view's measure."""
    if not wording.in_percent(view.measure):
        return 2, 1.0
    return (1 if min(abs(row["value"]), 1.0) < 0.095 else 0), 100.0


def score(value: float, view: View) -> str:
    """A value of the view's measure."""
    if not wording.in_percent(view.measure):
        return f"{value:.2f}"
    return wording.percent(value, wording.digits_of(value))


def rank_sentence(found: pd.DataFrame, key: str) -> str:
    """Where in the list of names the right one stands at one setting; "" where not measured."""
    mine = found[found["key"] == key]
    if mine.empty:
        return ""
    row = mine.iloc[0]
    text = (
        "An attacker who ranks all names finds the right one "
        f"{wording.percent(row['mean'])} of the way down the list on average "
        f"({wording.interval(row['low'], row['high'])}; names in random order: "
        f"{wording.percent(row['chance_mean'])}), give or take {wording.percent(row['deviation'])} "
        f"(random order: {wording.percent(row['chance_deviation'])})."
    )
    beyond = row.get("beyond_0.1")
    if wording.known(beyond):
        text += (
            " By DPFE’s own guarantee it stands beyond the first 10 % of names in "
            f"{wording.percent(beyond)} of cases."
        )
    return text


def frame(
    rows: points.Rows, again: Mapping[str, Mapping[str, float]], found: pd.DataFrame, view: View
) -> pd.DataFrame:
    """One row per measured amount, as numbers."""
    factor = view.scale
    place = {row["key"]: row for row in found.to_dict("records")}

    def of(key: str, name: str) -> float:
        return place[key][name] * 100 if key in place else math.nan

    def repeats(key: str) -> float:
        return again[key]["value"] * factor if key in again else math.nan

    return pd.DataFrame(
        {
            "Setting": [points.setting_label(row) for row in rows],
            "Attacker": [row["value"] * factor for row in rows],
            "from": [row["low"] * factor for row in rows],
            "to": [row["high"] * factor for row in rows],
            f"With {repeated_releases.REPEATS} releases": [repeats(row["key"]) for row in rows],
            "Guessing": [float(row["chance"]) * factor for row in rows],
            "Service": [row["utility"] * 100 for row in rows],
            "Place in the list, %": [of(row["key"], "mean") for row in rows],
            "Its deviation, %": [of(row["key"], "deviation") for row in rows],
        }
    )
