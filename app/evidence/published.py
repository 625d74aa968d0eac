"""What the papers report, matched with our own numbers: which published rows bear on what is being
looked at, and which of our settings is the nearest to each: of the same kind, of the same method,
and with the same parts of it switched on. That does not make the two comparable. Pure."""

import functools
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from app.page import wording
from app.settings import outcomes, views
from app.settings.points import Row
from app.settings.variants import schedule_of
from app.settings.views import View
from core.attacks import ATTACKS
from core.attacks.attackers import OWN_NETWORKS
from core.attacks.identity.log_rank import log_rank
from core.methods import METHODS
from core.methods.declare import VERIFICATION
from core.published import METRICS, published

# Whose number counts: the networks trained along with a method, and those trained afterwards.
ALONG = {
    "private": tuple(own.name for own in OWN_NETWORKS.values() if not own.serves),
    "utility": tuple(own.name for own in OWN_NETWORKS.values() if own.serves),
}
AFRESH = {
    "private": (*outcomes.ATTACKERS["strict"], log_rank.name),
    "utility": outcomes.UTILITY["strict"],
}
SIDES = {"along": ("paper", ALONG), "afresh": ("strict", AFRESH)}
NAMED = {row["attacker"] for row in published()} & ATTACKS.keys()  # attacks of ours in a paper
NETWORKS = NAMED | {
    name for _, roles in SIDES.values() for names in roles.values() for name in names
}
KINDS = {name for metric in METRICS.values() for name in metric.ours}
# what two rows share that print one number
SAME = ("paper", "method", "dataset", "tasks", "private", "knobs", "schedule", "setting")
SAME += ("protocol", "attacker", "target", "metric", "printed")
LEFT_OUT = ("loss",)  # says nothing to anybody who does not train the method
NEVER_OURS = ("people", "device", "count")  # protocols that none of our numbers is measured by
Rows = tuple[dict[str, Any], ...]
Settings = Sequence[dict[str, Any]]  # of `measured`


class Pair(NamedTuple):
    """A published row and what we have beside it.

    row      of `core.published.published`, `place` naming every place that prints the number
    missing  why there is nothing of ours: the row's protocol ("people", "device", "count"),
             "method" (no run of it), "setting" (no run of its kind), or "measure" (the runs there
             are were not measured so); "" where there is
    setting  of `measured`: ours nearest to it, or None
    along, afresh  our number by a network trained along with the method, and by the strict
             protocol's; None where there is none of this kind
    metric   what ours is measured in
    chance   what a guesser scores in it, or None
    """

    row: dict[str, Any]
    missing: str = ""
    setting: dict[str, Any] | None = None
    along: float | None = None
    afresh: float | None = None
    metric: str = ""
    chance: float | None = None

    @property
    def ours(self) -> bool:
        return not self.missing


class Report(NamedTuple):
    """Published numbers that bear on a view, the nearest first.

    private, utility              pairs on what is to be hidden, and on the service
    private_exact, utility_exact  whether the papers looked at that very thing; otherwise the pairs
                                  are the closest there is
    """

    private: tuple[Pair, ...]
    private_exact: bool
    utility: tuple[Pair, ...]
    utility_exact: bool


def report(
    settings: Settings,
    view: View,
    method: str,
    chosen: Mapping[str, float],
    schedule: Mapping[str, float],
) -> Report:
    """Every published number on `method` and its baselines that bears on `view`, with ours.

    chosen    the knob values being looked at: published settings near to them come first, and they
              stand in for knobs whose value a paper does not say
    schedule  of the variant being looked at: published settings that release from the same layer
              come first
    """
    chosen = _defaults(method) | chosen

    def pairs(role: str) -> tuple[tuple[Pair, ...], bool]:
        rows = [row for row in about(method) if row["role"] == role]
        kept = [row for row in rows if _bears_on(row, view)]
        direct = any(row["method"] == method for row in kept)
        if not direct:
            kept = [row for row in rows if role == "utility" or _of_the_same_kind(row, view)]
        found = [beside(row, settings, chosen if row["method"] == method else {}) for row in kept]
        found.sort(key=lambda pair: _distance(pair, view, method, chosen, schedule))
        return tuple(found), direct

    return Report(*pairs("private"), *pairs("utility"))


@functools.cache
def about(method: str) -> Rows:
    """What the papers print on a method and, where it is a paper's own, on its baselines."""
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
def results(paper: str) -> dict[str, Rows]:
    """Every result that a paper prints, by the table, figure or section that prints it first. What
    only describes the experiment is left out."""
    rows = [row for row in published() if row["paper"] == paper and row["role"] != "setup"]
    found: dict[str, list[dict[str, Any]]] = {}
    for row in _merged(rows):
        found.setdefault(row["place"].partition("; ")[0], []).append(row)
    return {place: tuple(rows) for place, rows in found.items()}


def _merged(rows: Iterable[dict[str, Any]]) -> Rows:
    """One row per number; `place` and `note` name all there is where it is printed repeatedly."""
    merged: dict[str, dict[str, Any]] = {}
    for row in rows:
        if row["metric"] in LEFT_OUT:
            continue
        first = merged.setdefault(repr([row[name] for name in SAME]), dict(row))
        for name in ("place", "note"):
            if row[name] not in first[name]:
                first[name] = "; ".join(filter(None, (first[name], row[name])))
    return tuple(merged.values())


def _bears_on(row: Row, view: View) -> bool:
    """Whether a number is about the very target, or the very task, of a view."""
    if row["role"] != "utility":
        hidden = row["target"] == "private" and view.target.partition(":")[2] in row["private"]
        return hidden or row["target"] == view.target
    if row["target"] == "task":
        return not row["tasks"] or view.task in row["tasks"]
    everything = row["target"] == "attributes" and view.task != VERIFICATION
    return everything or row["target"] == views.task_target(view.task)


def _of_the_same_kind(row: Row, view: View) -> bool:
    kind = "attribute" if row["target"] == "private" else row["target"].partition(":")[0]
    return kind == view.target.partition(":")[0]


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
    """In steps of each knob's grid (which is seldom even); knobs named in both only."""
    total = 0.0
    for knob in METHODS[method].knobs:
        if knob.name in one and knob.name in other:
            grid = sorted(knob.grid)
            places = np.interp([one[knob.name], other[knob.name]], grid, range(len(grid)))
            total += abs(float(places[0] - places[1])) / max(1, len(grid) - 1)
    return total


def _defaults(method: str) -> dict[str, float]:
    return {knob.name: knob.default for knob in METHODS[method].knobs}


def measured(findings: pd.DataFrame, dataset: str, preset: str) -> list[dict[str, Any]]:
    """Our own settings: `method`, `tasks` and `private` (tuples), `schedule` and `knobs` (dicts,
    the release-time knob among the latter), and `numbers`: (protocol, target, attacker, metric) ->
    (value, chance), the mean over seeds. What an attack too weak to conclude says is left out."""
    rows = findings[(findings["dataset"] == dataset) & (findings["preset"] == preset)]
    rows = rows[rows["attacker"].isin(NETWORKS) & rows["metric"].isin(KINDS)]
    rows = rows[rows["conclusive"].astype(bool) & rows["method"].isin(list(METHODS))]
    knobs = [column for column in rows if column.startswith("knob:")]
    run = ["method", "tasks", "private", "schedule", "release_value", *knobs]
    key = ["protocol", "target", "attacker", "metric"]
    means = rows.groupby([*run, *key], dropna=False, sort=False)[["value", "chance"]].mean()
    found: dict[tuple[Any, ...], dict[str, Any]] = {}
    for entry, value, chance in means.itertuples():
        entry = tuple(None if v != v else v for v in entry)  # NaN is not itself
        setting = found.get(entry[: len(run)])
        if setting is None:
            setting = found[entry[: len(run)]] = _setting(dict(zip(run, entry, strict=False)))
        setting["numbers"][entry[len(run) :]] = value, chance
    return list(found.values())


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
        "numbers": {},
    }


def beside(row: dict[str, Any], settings: Settings, chosen: Mapping[str, float]) -> Pair:
    """A published row with our number for the nearest of `settings`, where one is of its kind."""
    if row["protocol"] in NEVER_OURS:
        return Pair(row, row["protocol"])
    wanted = _defaults(row["method"]) | chosen | row["knobs"]
    mine = [setting for setting in settings if setting["method"] == row["method"]]
    near = [setting for setting in mine if _like(row, setting, wanted)]

    def away(setting: Row) -> tuple[Any, ...]:
        return (
            set(setting["tasks"]) != set(row["tasks"]),
            set(setting["private"]) != set(row["private"]),
            len(set(setting["schedule"].items()) ^ set(row["schedule"].items())),
            _apart(row["method"], setting["knobs"], wanted),
        )

    for setting in sorted(near, key=away):
        for metric in METRICS[row["metric"]].ours:
            sides = {side: _number(row, setting, side, metric, settings) for side in SIDES}
            found = {side: number for side, number in sides.items() if number is not None}
            if found:
                values = {side: value for side, (value, _) in found.items()}
                guesses = [guess for _, guess in found.values() if wording.known(guess)]
                guess = guesses[0] if guesses else None
                return Pair(row, "", setting, metric=metric, chance=guess, **values)
    return Pair(row, "measure" if near else "setting" if mine else "method")


def _like(row: Row, setting: Row, wanted: Mapping[str, float]) -> bool:
    """Whether a setting of ours may stand beside a published row: it releases from the same layer,
    hides or serves what the number is about, and switches the same knobs on (at 0 a part of the
    method is out)."""
    kind, _, name = row["target"].partition(":")
    if row["role"] == "utility":
        about = kind in ("task", "attributes") or (name or kind) in setting["tasks"]
    else:
        bare = kind != "attribute" or METHODS[row["method"]].baseline
        about = row["role"] != "private" or bare or name in setting["private"]
    return (
        about
        and _same_release(row["method"], row["schedule"], setting["schedule"])
        and all(
            (value == 0) == (wanted[knob] == 0)
            for knob, value in setting["knobs"].items()
            if knob in wanted
        )
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
    row: Row, setting: Row, side: str, metric: str, settings: Settings
) -> tuple[float, float] | None:
    """(value, chance) of a setting as the row measures: of its target, or the mean over several."""
    protocol, networks = SIDES[side]
    # An attack of ours that the paper names is set beside itself, or there is nothing.
    named = (row["attacker"],) if row["attacker"] in NAMED else networks[row["role"]]
    found = []
    for target in _targets(row, setting):
        keys = ((protocol, target, network, metric) for network in named)
        number = next((setting["numbers"][key] for key in keys if key in setting["numbers"]), None)
        if number is None:
            return None
        found.append(number)
    if not found:
        return None
    value, chance = (sum(column) / len(found) for column in zip(*found, strict=True))
    if row["metric"] != "accuracy_drop":
        return value, chance
    reference = METHODS[row["method"]].reference
    same = [s for s in settings if s["method"] == reference and s["tasks"] == setting["tasks"]]
    bare = (_number({**row, "metric": ""}, s, side, metric, settings) for s in same)
    before = next(filter(None, bare), None)
    return None if before is None else (before[0] - value, math.nan)


def _targets(row: Row, setting: Row) -> tuple[str, ...]:
    """The findings' targets that a published target is the mean over."""
    served = tuple(views.task_target(name) for name in setting["tasks"])
    if row["target"] == "task":
        return served
    if row["target"] == "private":
        return tuple(f"attribute:{name}" for name in setting["private"])
    if row["target"] == "attributes":
        known = {key[1] for key in setting["numbers"] if key[1].startswith("attribute:")}
        return tuple(sorted(known)) if len(known) > 1 and known <= {*served} else ()
    return (row["target"],)
