"""What the papers report on what is being looked at, each number with ours beside it (`core.published.
pairing`). Pure."""

import functools
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from app.settings import views
from app.settings.points import Row
from app.settings.views import View
from core.methods import METHODS
from core.methods.declare import VERIFICATION
from core.published import pairing, published
from core.published.pairing import Pair, Settings
from core.published.tables import of_paper

# what two rows share that print one number
SAME = ("paper", "method", "dataset", "tasks", "private", "knobs", "schedule", "setting")
SAME += ("protocol", "attacker", "target", "metric", "printed")
LEFT_OUT = ("loss",)  # says nothing to anybody who does not train the method
Rows = tuple[dict[str, Any], ...]


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

    settings  ours on what is being looked at
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
        found = [
            pairing.beside(row, settings, chosen if row["method"] == method else {}) for row in kept
        ]
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
def results(paper: str) -> Rows:
    """Every result that a paper prints. What only describes the experiment is left out."""
    return _merged(r for r in published() if r["paper"] == paper and r["role"] != "setup")


@functools.cache
def by_place(paper: str) -> dict[str, Rows]:
    """The numbers of each of a paper's tables and figures, and of what its text alone prints; none
    for those that have none."""
    return {table.place: _merged(table.rows) for table in of_paper(paper)}


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
        pairing.steps(row["method"], row["knobs"], chosen) if row["method"] == method else 0.0,
        sorted(row["schedule"].items()),
    )


def _defaults(method: str) -> dict[str, float]:
    return {knob.name: knob.default for knob in METHODS[method].knobs}


def _same_release(method: str, one: Mapping[str, float], other: Mapping[str, float]) -> bool:
    """Whether two schedules of a method release from the same layer."""
    usual = METHODS[method].presets["compact"]["schedule"]
    return all(
        one.get(choice.name, usual[choice.name]) == other.get(choice.name, usual[choice.name])
        for choice in METHODS[method].choices
        if choice.released
    )
