"""How much noise is enough: the settings of a method over the amount of noise that it adds when it
releases, what was measured there, also by an attacker that averages releases, and the words. Pure
pandas.

What is released can be drawn for any amount (`app.noise.drawn_releases`); every figure about attackers and
services is of a measured amount, which the words name.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from app.page import verdict, wording
from app.settings import points
from app.settings.views import View
from core.attacks.attributes.repeated import REPEATS, averaging
from core.attacks.identity.log_rank import log_rank
from core.methods import METHODS

RANKED = ("normalised_rank_mean", "normalised_rank_std")
PLACES = ["key", "amount", "mean", "low", "high", "deviation", "chance_mean", "chance_deviation"]
MEANING = (
    f"With {REPEATS} releases: noise is drawn anew for every release, so somebody who "
    "gets several of one photograph can average them. Place in the list: how far down all names, ranked "
    "by likelihood, the right one stands; names in random order give 50 % and a deviation of 29 %."
)


def knob_of(method: str) -> Any:
    """The knob that moves when something is released, if a method has one."""
    return next((knob for knob in METHODS[method].knobs if knob.when == "release"), None)


def methods(table: pd.DataFrame) -> list[str]:
    """Methods that add noise by such a knob: those measured at several amounts, then those of papers,
    first. One that draws an answer adds none."""
    counted = table.groupby("method")["release_value"].nunique()
    able = [name for name, method in METHODS.items() if knob_of(name) and not method.finite]
    found = [name for name in able if counted.get(name, 0)]
    return sorted(found, key=lambda name: (counted[name] < 2, METHODS[name].baseline))


def amounts(rows: points.Rows, method: str) -> list[float]:
    """Values at which noise can be drawn, weak to strong: measured ones, and the grid between."""
    knob = knob_of(method)
    name = f"knob:{knob.name}"
    measured = {row[name] for row in points.of_method(rows, method)}
    low, high = min(measured), max(measured)
    within = {float(value) for value in knob.grid if low == high or low <= value <= high}
    return sorted(measured | within, key=lambda value: points.strength(knob, value))


def nearest(rows: points.Rows, method: str, amount: float) -> list[dict[str, Any]]:
    """For each choice of the other knobs the setting nearest to `amount`, in steps of `amounts`."""
    knob = knob_of(method)
    order = {value: place for place, value in enumerate(amounts(rows, method))}
    at = np.interp(amount, sorted(order), [order[value] for value in sorted(order)])
    best: dict[tuple[float, ...], dict[str, Any]] = {}
    others = [k.name for k in METHODS[method].knobs if k.name != knob.name]

    def away(row: points.Row) -> float:
        return abs(order[row[f"knob:{knob.name}"]] - float(at))

    for row in points.of_method(rows, method):
        key = tuple(row[f"knob:{name}"] for name in others)
        if key not in best or away(row) < away(best[key]):
            best[key] = row
    return list(best.values())


def along(rows: points.Rows, row: points.Row) -> list[dict[str, Any]]:
    """The settings that differ from `row` in the amount of noise only, weak to strong."""
    knob = knob_of(row["method"])
    others = {k: value for k, value in points.knob_values(row).items() if k != knob.name}
    found = points.of_method(rows, row["method"], others)
    return sorted(found, key=lambda r: points.strength(knob, r[f"knob:{knob.name}"]))


def repeated(findings: pd.DataFrame, rows: points.Rows, view: View) -> dict[str, dict[str, float]]:
    """key -> value, low, high of an attacker that averages `REPEATS` releases, if conclusive."""
    found = {row["key"]: _averaged(findings, row, view) for row in rows}
    return {key: ends for key, ends in found.items() if ends}


def _averaged(findings: pd.DataFrame, row: points.Row, view: View) -> dict[str, float]:
    asked = {"attacker": averaging.name, "target": view.target, "metric": view.measure}
    found = points.findings_of(findings, row, protocol="strict", **asked)
    if view.protocol != "strict" or not found["conclusive"].astype(bool).any():
        return {}
    return {end: float(found[end].iloc[0]) for end in ("value", "low", "high")}


class Again(NamedTuple):
    """`sentence`, and `worse`: whether repeated releases clearly tell more than one."""

    sentence: str
    worse: bool


def again(findings: pd.DataFrame, row: points.Row, view: View) -> Again | None:
    """What `REPEATS` releases of a photograph tell beside one; None where not measured."""
    found = _averaged(findings, row, view)
    if not found:
        return None
    kind, _, name = view.target.partition(":")
    does = "names the right person" if kind == "identity" else f"tells {wording.inferred(name)}"
    got, low, high = found.values()
    digits = 1 if min(got, row["value"]) < 0.095 else 0
    reached = f"{wording.percent(got, digits)} of cases ({wording.interval(low, high, digits)})"
    instead = wording.percent(row["value"], digits)
    if METHODS[row["method"]].finite:
        return Again(
            "A device answers the same photograph alike each time. Of one that forgets and draws anew, "
            f"{REPEATS} answers let the strongest attacker {_told(does)} in {reached} instead of {instead}.",
            False,
        )
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


def _told(does: str) -> str:
    """ "tells the gender" -> "tell the gender"."""
    verb, _, rest = does.partition(" ")
    return f"{verb.removesuffix('s')} {rest}"


def ranks(findings: pd.DataFrame, rows: points.Rows) -> pd.DataFrame:
    """Over the amounts of `rows`: key, amount, mean, low, high and deviation of the right name's
    place in the list of names (0 first, 1 last), what drawing lots would give (chance_mean,
    chance_deviation), and `beyond_<share>`: DPFE's guarantee. Rows that were measured only."""
    found = []
    for row in rows:
        mine = points.findings_of(findings, row, protocol="strict", attacker=log_rank.name)
        mine = mine[mine["conclusive"].astype(bool)]
        there = {entry["metric"]: entry for entry in mine.to_dict("records")}
        if not all(name in there for name in RANKED):
            continue
        mean, deviation = (there[name] for name in RANKED)
        place = {"mean": mean["value"], "low": mean["low"], "high": mean["high"]}
        place |= {"deviation": deviation["value"]}
        place |= {"chance_mean": mean["chance"], "chance_deviation": deviation["chance"]}
        beyond = {
            f"beyond_{name.rpartition('_')[2]}": entry["value"]
            for name, entry in there.items()
            if name.startswith("rank_guarantee_")
        }
        found.append({"key": row["key"], "amount": row["release_value"], **place, **beyond})
    return pd.DataFrame(found) if found else pd.DataFrame(columns=PLACES)


def sentence(
    row: points.Row,
    weakest: points.Row,
    strongest: points.Row,
    again: Mapping[str, float] | None,
    view: View,
) -> str:
    """What this much noise does against the least that was measured; of the least, what the most does.

    row, weakest, strongest  settings of `along`
    again                    of `repeated`, or None
    """
    if not row["conclusive"]:
        return verdict.verdict(row, None, view).sentence
    knob = knob_of(row["method"])
    shown, other = verdict.score(row["value"], view), verdict.score(weakest["value"], view)
    span = wording.interval(row["low"], row["high"], *_scale(view, row))
    kind, _, name = view.target.partition(":")
    attacker = "the strongest" if view.protocol == "strict" else "the method's own"
    people = "people pick the person of a redrawn face"
    tells = f"{attacker} attacker tells {wording.inferred(name)}"
    does = verdict.reaches(kind, shown, people, tells)
    chance = (
        f"; guessing {verdict.score(row['chance'], view)}" if wording.known(row["chance"]) else ""
    )
    text = f"{points.place(row)} {does}" + (f" ({span}{chance})" if span else "")
    repeats = ""
    if again is not None:
        repeats = (
            f", and {'of' if kind == 'image' else 'in'} {verdict.score(again['value'], view)} with "
            f"{REPEATS} releases of one photograph"
        )
    if row["key"] != weakest["key"] and weakest["conclusive"]:
        bare = weakest[f"knob:{knob.name}"]
        without = "without noise" if bare == 0 else f"at {knob.symbol} = {bare:g}"
        lost = _service(weakest, row, view)
        text += f" instead of {other} {without}{repeats}; {lost} by the noise alone"
    elif strongest["key"] != row["key"] and strongest["conclusive"]:
        most = strongest[f"knob:{knob.name}"]
        text += (
            f"{repeats}; the most that was measured, {knob.symbol} = {most:g}, leaves "
            f"{verdict.score(strongest['value'], view)}, and {_service(row, strongest, view)}"
        )
    else:
        text += repeats
    return f"{text}."


def _service(before: points.Row, after: points.Row, view: View) -> str:
    """ "smile detection loses 3.1 points"."""
    service, lost = wording.service(view.task), before["utility"] - after["utility"]
    if round(abs(lost) * 100, 1) == 0:
        return f"{service} loses nothing measurable"
    return f"{service} {'loses' if lost > 0 else 'gains'} {wording.points(abs(lost))}"


def _scale(view: View, row: points.Row) -> tuple[int, float]:
    """(digits, factor) of the view's measure."""
    if not wording.in_percent(view.measure):
        return 2, 1.0
    return (1 if min(abs(row["value"]), 1.0) < 0.095 else 0), 100.0


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
    table, factor = pd.DataFrame(rows), view.scale
    place = found.set_index("key")[["mean", "deviation"]].astype(float)
    averaged = {key: entry["value"] for key, entry in again.items()}
    return pd.DataFrame(
        {
            "Setting": [points.setting_label(row) for row in rows],
            "Attacker": table["value"] * factor,
            "from": table["low"] * factor,
            "to": table["high"] * factor,
            f"With {REPEATS} releases": table["key"].map(averaged) * factor,
            "Guessing": table["chance"].astype(float) * factor,
            "Service": table["utility"] * 100,
            "Place in the list, %": table["key"].map(place["mean"]) * 100,
            "Its deviation, %": table["key"].map(place["deviation"]) * 100,
        }
    )
