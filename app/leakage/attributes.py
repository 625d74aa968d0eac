"""What else leaks: every attribute at every setting, sorted by surprise, and in words. Pure
pandas."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from app.page import verdict, wording
from app.settings import points
from app.settings.points import Row, Rows
from core.attacks.attackers import BEST_HEAD, WORST_CASE
from core.methods import METHODS

METHODS_SIDE_BY_SIDE = "methods"
HIDDEN, LEAKS, UNKNOWN = "hidden", "leaks", "unknown"
ROLES = {"unlisted": 0, "private": 1, "utility": 2}  # order of the rows
SUFFIX = {"unlisted": "", "private": " (to be hidden)", "utility": " (the service)"}
MEASURED = ["role", "value", "low", "high", "chance", "n", "identities"]
COLUMNS = ["attribute", "key", "state", "surprise", "attacker", "rarer", *MEASURED]


def choices(rows: Rows, row: Row) -> dict[str, str]:
    """What columns may run along: name of a knob -> its symbol, and all methods side by side."""
    found = {
        line.knob.name: line.knob.symbol for line in points.lines_through(rows, row) if line.knob
    }
    return found | {METHODS_SIDE_BY_SIDE: "all methods"}


def columns(rows: Rows, row: Row, along: str) -> list[dict[str, Any]]:
    """The settings that are the columns: those that differ from `row` in the knob `along` alone, or
    `row` and one for each other method, at its defaults."""
    by_key = {setting["key"]: setting for setting in rows}
    if along == METHODS_SIDE_BY_SIDE:
        names = list(dict.fromkeys(setting["method"] for setting in rows))
        found = [
            row if name == row["method"] else points.nearest(rows, name, {})
            for name in sorted(names, key=lambda name: METHODS[name].baseline)
        ]
        return [dict(setting) for setting in found if setting is not None]
    for line in points.lines_through(rows, row):
        if line.knob and line.knob.name == along:
            return [by_key[key] for key in line.keys]
    return [dict(row)]


def heading(row: Row, along: str) -> str:
    values = points.knob_values(row)
    if along not in values:
        return METHODS[row["method"]].title
    return points.knob_label(row["method"], {along: values[along]})


def grid(
    findings: pd.DataFrame, settings: Rows, chosen: Mapping[str, Mapping[str, str]]
) -> pd.DataFrame:
    """One row for each attribute that was attacked at each of `settings`; columns `COLUMNS`.

    chosen    key of a setting -> target -> the attacker that was strongest on validation

    `state`: `LEAKS` where the interval lies above guessing, `HIDDEN` where it does not, `UNKNOWN`
    where the attack is too weak to conclude. `surprise`: the gain over guessing of an attribute
    that is neither the service's nor to be hidden, 0 where it is not sure to be one. `rarer`:
    photographs with the rarer answer.
    """
    keys = {(row["run_id"], points.release_value(row)): row["key"] for row in settings}
    found = findings[
        findings["run_id"].isin([row["run_id"] for row in settings])
        & (findings["protocol"] == "strict")
        & findings["attacker"].isin([WORST_CASE.name, BEST_HEAD.name])
        & findings["metric"].isin(["balanced_accuracy", "accuracy"])
        & findings["target"].astype(str).str.startswith("attribute:")
    ]
    majority, rows = {}, []
    for entry in found.sort_values("metric", kind="stable").to_dict("records"):  # accuracy first
        key, target = keys.get((entry["run_id"], points.release_value(entry))), entry["target"]
        if key is None:
            continue
        if entry["metric"] == "accuracy":
            majority[key, target] = entry["chance"]
            continue
        row = {name: entry[name] for name in MEASURED} | {"key": key, "state": state(entry)}
        row["attribute"] = target.partition(":")[2]
        row["attacker"] = chosen.get(key, {}).get(target) or entry["attacker"]
        share = majority.get((key, target), math.nan)
        known = wording.known(share) and wording.known(row["n"])
        row["rarer"] = round((1 - share) * row["n"]) if known else math.nan
        surprises = row["role"] == "unlisted" and row["state"] == LEAKS
        row["surprise"] = row["value"] - row["chance"] if surprises else 0.0
        rows.append(row)
    return pd.DataFrame(rows, columns=COLUMNS).drop_duplicates(["attribute", "key"])


def state(entry: Row) -> str:
    if not entry["conclusive"]:
        return UNKNOWN
    certain = entry["low"] if wording.known(entry["low"]) else entry["value"]
    return LEAKS if certain > entry["chance"] else HIDDEN


def ordered(table: pd.DataFrame, key: str) -> list[str]:
    """The attributes, most surprising on average over the settings shown first (so that no row
    moves while a knob does); those declared at the setting `key` last."""
    here = table[table["key"] == key].set_index("attribute")["role"].to_dict()
    mean = table.groupby("attribute")["surprise"].mean()
    gain = (table["value"] - table["chance"]).groupby(table["attribute"]).mean()
    return sorted(
        mean.index,
        key=lambda name: (ROLES.get(here.get(name, "unlisted"), 0), -mean[name], -gain[name], name),
    )


def exposure(row: Row) -> float:
    """Gain over guessing as a part of the largest possible gain, in [0, 1]; NaN where unknown."""
    return math.nan if row["state"] == UNKNOWN else verdict.exposure(row)


def cell(row: Row) -> str:
    """The number in a cell: per cent, with a ring where it may as well be guessing."""
    if row["state"] == UNKNOWN:
        return "?"
    return f"{row['value'] * 100:.0f}" + ("○" if row["state"] == HIDDEN else "")


def hover(row: Row, where: str) -> str:
    label = wording.attribute_label(row["attribute"])
    declared = {"private": "to be hidden", "utility": "what the service needs"}
    lines = [f"<b>{label}</b>, {where}", declared.get(row["role"], "nobody declared it")]
    span = wording.interval(row["low"], row["high"])
    share = wording.with_span(f"told in {wording.percent(row['value'])} of cases", span)
    chance = wording.percent(row["chance"])
    share += {
        LEAKS: f"; guessing {chance}",
        HIDDEN: f": not clearly better than guessing ({chance})",
        UNKNOWN: "; attack too weak to conclude",
    }[row["state"]]
    lines += [share, f"by: {wording.attacker(row['attacker'])}"]
    photographs = f"{row['n']:,.0f} photographs of {row['identities']:,.0f} people"
    if wording.known(row["rarer"]):
        photographs += f"; the rarer answer on {row['rarer']:,.0f}"
    return "<br>".join([*lines, photographs])


def sentence(table: pd.DataFrame, row: Row, bare: pd.DataFrame | None = None) -> tuple[str, str]:
    """(verdict, what stands under it) on `row`; `bare`: the same table without protection."""
    place = points.place(row)
    mine = table[(table["key"] == row["key"]) & (table["role"] == "unlisted")]
    if mine.empty:
        return f"{place} nobody attacked an attribute that was not declared.", ""
    counts = mine["state"].value_counts()
    hidden, unknown = int(counts.get(HIDDEN, 0)), int(counts.get(UNKNOWN, 0))
    rest = (
        f"{_of(hidden, len(mine))} attributes that nobody declared stay{'s' * (hidden == 1)} hidden"
    )
    if unknown:
        rest += f", for {unknown} the attack is too weak to conclude"
    leaking = mine.sort_values("surprise", ascending=False, kind="stable").to_dict("records")
    worst = leaking[0]
    if not worst["surprise"]:
        text = f"{place} nothing else leaks for certain: {rest}."
        return text, _compared(None, bare, row)
    chance = f"chance {wording.percent(worst['chance'])}"
    inside = "; ".join(filter(None, (wording.interval(worst["low"], worst["high"]), chance)))
    text = (
        f"{place} an attacker also tells {wording.inferred(worst['attribute'])} in "
        f"{wording.percent(worst['value'])} of cases ({inside}), which nobody declared; {rest}."
    )
    others = [wording.attribute_label(e["attribute"]) for e in leaking[1:4] if e["surprise"]]
    under = f"Next: {', '.join(others)}. " if others else ""
    return text, under + _compared(worst["attribute"], bare, row)


def _of(count: int, total: int) -> str:
    """ "14 of 24", in words at both ends."""
    if count in (0, total):
        return f"all {total}" if count else f"none of {total}"
    return f"{count} of {total}"


def _compared(attribute: str | None, bare: pd.DataFrame | None, row: Row) -> str:
    """What the same attackers tell without protection."""
    if bare is None or bare.empty or set(bare["key"]) == {row["key"]}:
        return ""
    nobody = bare[bare["role"] == "unlisted"]
    hidden = int((nobody["state"] == HIDDEN).sum())
    text = f"Without protection {_of(hidden, len(nobody))} stay{'s' * (hidden == 1)} hidden"
    same = bare.loc[bare["attribute"] == attribute, "value"]
    if len(same):
        label = wording.attribute_label(str(attribute))
        value = wording.percent(same.iloc[0])
        text += f", and the attacker is right about “{label}” in {value} of cases"
    return text + "."


def numbers(table: pd.DataFrame, headings: Mapping[str, str], order: Sequence[str]) -> pd.DataFrame:
    place = {name: position for position, name in enumerate(order)}
    rows = table.assign(setting=table["key"].map(headings))
    rows = rows.sort_values("attribute", key=lambda column: column.map(place), kind="stable")
    first = ["attribute", "role", "setting", "value", "low", "high", "chance", "state", "surprise"]
    return rows[[*first, "attacker", "n", "identities", "rarer"]]
