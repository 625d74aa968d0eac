"""What the papers report, matched with our own numbers: which published rows bear on what is being
looked at, and which of our settings is the nearest to each. Pure; `app.evidence.published_words` says it.

Nothing here makes the two comparable. A number of ours stands beside a paper's only where it is of
the same kind, of the same method, and of a setting that switches the same parts of it on.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from app.page import wording
from app.settings import points, views
from app.settings.views import View
from core.attacks.attackers import OWN_NETWORKS
from core.attacks.identity.log_rank import LOG_RANK
from core.methods import METHODS
from core.methods.declare import VERIFICATION
from core.published import METRICS, published

# Whose number counts: the networks trained along with a method, and those trained afterwards.
ALONG = {
    "private": tuple(own.name for own in OWN_NETWORKS.values() if not own.serves),
    "utility": tuple(own.name for own in OWN_NETWORKS.values() if own.serves),
}
AFRESH = {
    "private": (*points.ATTACKERS["strict"], LOG_RANK.name),
    "utility": points.UTILITY["strict"],
}
SIDES = ("along", "afresh")
NETWORKS = {name for side in (ALONG, AFRESH) for names in side.values() for name in names}
KINDS = {name for metric in METRICS.values() for name in metric.ours}
# What two rows share that print one number.
SAME = ("paper", "method", "dataset", "tasks", "private", "knobs", "schedule", "setting")
SAME += ("protocol", "attacker", "target", "metric", "printed")
LEFT_OUT = ("loss",)  # says nothing to anybody who does not train the method
NEVER_OURS = ("people", "device", "count")  # protocols that none of our numbers is measured by
Key = tuple[str, str, str, str]  # protocol, target, attacker, metric


class Pair(NamedTuple):
    """A published row and what we have beside it.

    row      of `core.published.published`, `place` naming every place that prints the number
    setting  of `measured`: ours nearest to it, or None
    along, afresh  our number by a network trained along with the method, and by the strict
             protocol's; None where there is none of this kind
    metric   what ours is measured in, "" without one
    chance   what a guesser scores in it, or None
    """

    row: dict[str, Any]
    setting: dict[str, Any] | None
    along: float | None = None
    afresh: float | None = None
    metric: str = ""
    chance: float | None = None

    @property
    def ours(self) -> bool:
        return self.along is not None or self.afresh is not None


class Report(NamedTuple):
    """Published numbers that bear on a view, the nearest first.

    private, utility              pairs on what is to be hidden, and on the service
    private_exact, utility_exact  whether the papers looked at that very thing; otherwise the pairs
                                  are the closest there is
    """

    private: tuple[Pair, ...]
    utility: tuple[Pair, ...]
    private_exact: bool
    utility_exact: bool


def report(
    settings: Sequence[dict[str, Any]],
    view: View,
    method: str,
    chosen: Mapping[str, float],
    schedule: Mapping[str, float] | None = None,
) -> Report:
    """Every published number on `method` and its baselines that bears on `view`, with ours.

    settings  of `measured`
    chosen    the knob values being looked at: published settings near to them come first, and they
              stand in for knobs whose value a paper does not say
    schedule  of the variant being looked at: published settings that release from the same layer
              come first
    """
    rows = about(method)
    chosen = {knob.name: knob.default for knob in points.knobs_of(method)} | dict(chosen)
    found = {}
    for role, exact, close in (
        ("private", _bears_on_target, _of_the_same_kind),
        ("utility", _bears_on_task, lambda row, view: True),
    ):
        mine = [row for row in rows if row["role"] == role]
        kept = [row for row in mine if exact(row, view)]
        direct = any(row["method"] == method for row in kept)
        kept = kept if direct else [row for row in mine if close(row, view)]
        pairs = [beside(row, settings, chosen if row["method"] == method else {}) for row in kept]
        order = {id(p): _distance(p, view, method, chosen, schedule or {}) for p in pairs}
        found[role] = (tuple(sorted(pairs, key=lambda pair: order[id(pair)])), direct)
    return Report(
        found["private"][0], found["utility"][0], found["private"][1], found["utility"][1]
    )


@functools.cache
def about(method: str) -> tuple[dict[str, Any], ...]:
    """What the papers print on a method and, where it is a paper's own, on that paper's baselines:
    one row per number, which may be printed at several places. Empty where no paper has any."""
    rows = [row for row in published() if row["role"] in ("private", "utility")]
    mine = {row["paper"] for row in rows if row["method"] == method}
    baseline = METHODS[method].baseline
    return _merged(
        row
        for row in rows
        if row["paper"] in mine
        and (row["method"] == method or (not baseline and METHODS[row["method"]].baseline))
    )


@functools.cache
def results(paper: str) -> dict[str, tuple[dict[str, Any], ...]]:
    """Every result that a paper prints, by the table, figure or section that prints it first:
    what is hidden, what the service keeps, what the device pays. What only describes the
    experiment is left out."""
    rows = [row for row in published() if row["paper"] == paper and row["role"] != "setup"]
    found: dict[str, list[dict[str, Any]]] = {}
    for row in _merged(rows):
        found.setdefault(row["place"].partition("; ")[0], []).append(row)
    return {place: tuple(rows) for place, rows in found.items()}


def _merged(rows: Iterable[dict[str, Any]]) -> tuple[dict[str, Any], ...]:
    """One row per number; `place` and `note` name all there is where it is printed repeatedly."""
    merged: dict[tuple[Any, ...], dict[str, Any]] = {}
    for row in rows:
        if row["metric"] in LEFT_OUT:
            continue
        key = tuple(
            tuple(sorted(row[name].items())) if isinstance(row[name], dict) else row[name]
            for name in SAME
        )
        if key in merged:
            for name in ("place", "note"):
                if row[name] not in merged[key][name]:
                    merged[key][name] = "; ".join(filter(None, (merged[key][name], row[name])))
        else:
            merged[key] = dict(row)
    return tuple(merged.values())


def _bears_on_target(row: Mapping[str, Any], view: View) -> bool:
    name = view.target.partition(":")[2]
    general = row["target"] == "private" and name and name in row["private"]
    return row["target"] == view.target or bool(general)


def _of_the_same_kind(row: Mapping[str, Any], view: View) -> bool:
    return _kind(row["target"]) == _kind(view.target)


def _kind(target: str) -> str:
    return "attribute" if target == "private" else target.partition(":")[0]


def _bears_on_task(row: Mapping[str, Any], view: View) -> bool:
    if row["target"] == views.task_target(view.task):
        return True
    named = row["target"] == "task" and (not row["tasks"] or view.task in row["tasks"])
    everything = row["target"] == "attributes" and view.task != VERIFICATION
    return named or everything


def _distance(
    pair: Pair,
    view: View,
    method: str,
    chosen: Mapping[str, float],
    schedule: Mapping[str, float],
) -> tuple[Any, ...]:
    """Sorts pairs: what we can set something beside, and what is nearest to the view, first."""
    row = pair.row
    hidden = view.target.partition(":")[2]
    return (
        row["protocol"] == "count",
        row["target"] in ("task", "private", "attributes"),
        row["method"] == method and not _same_release(method, row["schedule"], schedule),
        (view.task not in row["tasks"]) + bool(hidden and hidden not in row["private"]),
        row["metric"] in ("accuracy_drop", "accuracy_gain"),
        len(row["tasks"]) + len(row["private"]),
        row["method"] != method,
        not pair.ours,
        row["metric"] != view.measure,
        _apart(row["method"], row["knobs"], chosen) if row["method"] == method else 0.0,
        sorted(row["schedule"].items()),
    )


def _apart(method: str, one: Mapping[str, float], other: Mapping[str, float]) -> float:
    """How far knob settings lie apart, in steps of each knob's grid (which is seldom even); knobs
    named in both only."""
    total = 0.0
    for knob in points.knobs_of(method):
        if knob.name in one and knob.name in other:
            grid = sorted(knob.grid)
            places = np.interp([one[knob.name], other[knob.name]], grid, range(len(grid)))
            total += abs(float(places[0] - places[1])) / max(1, len(grid) - 1)
    return total


def measured(findings: pd.DataFrame, dataset: str, preset: str) -> list[dict[str, Any]]:
    """Our own settings: `method`, `tasks` and `private` (tuples), `schedule` and `knobs` (dicts, the
    release-time knob among the latter), and `numbers`: `Key` -> (value, chance), the mean over
    seeds. What an attack too weak to conclude says is left out."""
    rows = findings[(findings["dataset"] == dataset) & (findings["preset"] == preset)]
    rows = rows[rows["attacker"].isin(NETWORKS) & rows["metric"].isin(KINDS)]
    rows = rows[rows["conclusive"].astype(bool) & rows["method"].isin(list(METHODS))]
    trained = [column for column in rows if column.startswith("knob:")]
    names = ["method", "tasks", "private", "schedule", "release_value", *trained]
    sums: dict[tuple[Any, ...], dict[Key, list[tuple[float, float]]]] = {}
    keys = ("protocol", "target", "attacker", "metric", "value", "chance")
    for entry in zip(*(rows[name] for name in (*names, *keys)), strict=True):
        setting = tuple(None if v != v else v for v in entry[: len(names)])  # NaN is not itself
        protocol, target, attacker, metric, value, chance = entry[len(names) :]
        numbers = sums.setdefault(setting, {})
        numbers.setdefault((protocol, target, attacker, metric), []).append((value, chance))
    return [
        _setting(dict(zip(names, setting, strict=True)))
        | {
            "numbers": {
                key: tuple(sum(column) / len(seeds) for column in zip(*seeds, strict=True))
                for key, seeds in numbers.items()
            }
        }
        for setting, numbers in sums.items()
    ]


def _setting(entry: Mapping[str, Any]) -> dict[str, Any]:
    method = METHODS[entry["method"]]
    knobs = {}
    for knob in method.knobs:
        column = "release_value" if knob.when == "release" else f"knob:{knob.name}"
        if entry.get(column) is not None:
            knobs[knob.name] = float(entry[column])
    return {
        "method": method.name,
        "tasks": tuple(filter(None, (entry["tasks"] or "").split(","))),
        "private": tuple(filter(None, (entry["private"] or "").split(","))),
        "schedule": schedule_of(entry["schedule"]),
        "knobs": knobs,
    }


def schedule_of(text: str | None) -> dict[str, float]:
    """What was replaced in a schedule, from a finding's "cut=2, layer=3"; {} of anything that is
    no text."""
    words = text.split(", ") if isinstance(text, str) else []
    found = (part.partition("=") for part in words if part)
    return {name: float(value) for name, _, value in found}


def beside(
    row: dict[str, Any], settings: Sequence[dict[str, Any]], chosen: Mapping[str, float]
) -> Pair:
    """A published row with our number for the nearest of `settings`, where one is of its kind."""
    if row["protocol"] in NEVER_OURS:
        return Pair(row, None)
    defaults = {knob.name: knob.default for knob in points.knobs_of(row["method"])}
    wanted = defaults | dict(chosen) | row["knobs"]

    def away(setting: Mapping[str, Any]) -> tuple[Any, ...]:
        return (
            set(setting["tasks"]) != set(row["tasks"]),
            set(setting["private"]) != set(row["private"]),
            len(set(setting["schedule"].items()) ^ set(row["schedule"].items())),
            _apart(row["method"], setting["knobs"], wanted),
        )

    near = [s for s in settings if s["method"] == row["method"] and _like(row, s, wanted)]
    for setting in sorted(near, key=away):
        for metric in METRICS[row["metric"]].ours:
            sides = {side: _number(row, setting, side, metric, settings) for side in SIDES}
            if any(sides.values()):
                values = {side: found[0] if found else None for side, found in sides.items()}
                guesses = [
                    found[1] for found in sides.values() if found and wording.known(found[1])
                ]
                guess = next(iter(guesses), None)
                return Pair(row, setting, values["along"], values["afresh"], metric, guess)
    return Pair(row, None)


def missing(row: Mapping[str, Any], settings: Sequence[dict[str, Any]]) -> str:
    """Why nothing of ours stands beside a published row: its protocol ("people", "device",
    "count"), "method" (no run of it), "setting" (no run of its kind), or "measure" (the runs there
    are were not measured so)."""
    if row["protocol"] in NEVER_OURS:
        return str(row["protocol"])
    wanted = {knob.name: knob.default for knob in points.knobs_of(row["method"])} | row["knobs"]
    mine = [setting for setting in settings if setting["method"] == row["method"]]
    if not mine:
        return "method"
    return "measure" if any(_like(row, s, wanted) for s in mine) else "setting"


def _like(row: Mapping[str, Any], setting: Mapping[str, Any], wanted: Mapping[str, float]) -> bool:
    """Whether a setting of ours may stand beside a published row: it releases from the same layer,
    hides or serves what the number is about, and switches the same knobs on (a knob at 0 leaves a
    part of the method out: no neighbour of a setting that has it)."""
    if not _same_release(row["method"], row["schedule"], setting["schedule"]):
        return False
    name = row["target"].partition(":")[2] or row["target"]
    if (
        row["role"] == "utility"
        and name not in ("task", "attributes")
        and name not in setting["tasks"]
    ):
        return False
    attribute = row["role"] == "private" and row["target"].startswith("attribute:")
    if attribute and not METHODS[row["method"]].baseline and name not in setting["private"]:
        return False
    return all(
        (value == 0) == (wanted[knob] == 0)
        for knob, value in setting["knobs"].items()
        if knob in wanted
    )


def _same_release(method: str, one: Mapping[str, float], other: Mapping[str, float]) -> bool:
    """Whether two schedules of a method release from the same layer."""
    usual = METHODS[method].presets["compact"]["schedule"]
    return all(
        one.get(choice.name, usual[choice.name]) == other.get(choice.name, usual[choice.name])
        for choice in METHODS[method].choices
        if choice.released
    )


def _number(
    row: Mapping[str, Any],
    setting: Mapping[str, Any],
    side: str,
    metric: str,
    settings: Sequence[dict[str, Any]],
) -> tuple[float, float] | None:
    """(value, chance) of a setting as the row measures: of its target, or the mean over several."""
    found = [_read(row, setting, side, metric, target) for target in _aimed_at(row, setting)]
    if not found or None in found:
        return None
    value, chance = (sum(column) / len(found) for column in zip(*found, strict=True))  # type: ignore[arg-type]
    if row["metric"] != "accuracy_drop":
        return value, chance
    reference = METHODS[row["method"]].reference
    same = [s for s in settings if s["method"] == reference and s["tasks"] == setting["tasks"]]
    bare = [_number(dict(row, metric=""), s, side, metric, settings) for s in same]
    before = next((entry for entry in bare if entry), None)
    return None if before is None else (before[0] - value, math.nan)


def _aimed_at(row: Mapping[str, Any], setting: Mapping[str, Any]) -> tuple[str, ...]:
    """The findings' targets that a published target is the mean over."""
    if row["target"] == "task":
        return tuple(views.task_target(name) for name in setting["tasks"])
    if row["target"] == "private":
        return tuple(f"attribute:{name}" for name in setting["private"])
    if row["target"] == "attributes":
        served = {views.task_target(name) for name in setting["tasks"]}
        known = {key[1] for key in setting["numbers"] if key[1].startswith("attribute:")}
        return tuple(sorted(known)) if len(known) > 1 and known <= served else ()
    return (row["target"],)


def _read(
    row: Mapping[str, Any], setting: Mapping[str, Any], side: str, metric: str, target: str
) -> tuple[float, float] | None:
    protocol, networks = ("paper", ALONG) if side == "along" else ("strict", AFRESH)
    keys = ((protocol, target, network, metric) for network in networks[row["role"]])
    return next((setting["numbers"][key] for key in keys if key in setting["numbers"]), None)
