"""Runs of one method that share their knobs and still are not one setting: another schedule or cut,
more tasks, more to hide. Each such variant has curves and sliders of its own. Pure Python."""

from collections.abc import Mapping, Sequence
from typing import Any

from app.page import wording
from core import results
from core.methods import METHODS

Rows = Sequence[dict[str, Any]]


def key(row: Mapping[str, Any]) -> str:
    """What tells a row's variant from others of its method: "schedule|tasks|private"."""
    return "|".join((row["schedule"], row["tasks"], row["private"]))


def keys(rows: Rows, method: str) -> list[str]:
    """The variants of a method, the plainest first: its own schedule, the fewest attributes."""
    found = {key(row) for row in rows if row["method"] == method}
    return sorted(found, key=lambda variant: plainness(*variant.split("|")))


def plainness(schedule: str, *attributes: str) -> tuple[bool, bool, int, tuple[str, ...]]:
    """Sorts what was trained with the method's own schedule, then by the newest recipe, then with few
    attributes, first."""
    many = sum(text.count(",") for text in attributes)
    return (
        bool(results.replaced(schedule)),
        results.is_earlier(schedule),
        many,
        (*attributes, schedule),
    )


def only(rows: Rows, method: str, variant: str) -> list[dict[str, Any]]:
    """`rows` without the other variants of `method`; those of other methods stay."""
    return [row for row in rows if row["method"] != method or key(row) == variant]


def entry_words(method: str, name: str, value: float) -> str:
    """One value of an entry of the schedule, as its method calls it: "conv4", "mu2 = 1"."""
    declared = {choice.name: choice.values for choice in METHODS[method].choices}
    values = declared.get(name, ())
    known = value in range(len(values))
    return values[int(value)] if known else f"{name.replace('_', ' ')} = {value:g}"


def schedule_words(method: str, schedule: str) -> str:
    """What was replaced, in the method's words: "layer=3" -> "released behind layer 3"; not the
    recipe."""
    words = {choice.name: choice.words for choice in METHODS[method].choices}
    parts = []
    for part in results.replaced(schedule):
        name, _, value = part.partition("=")
        said = words.get(name)
        parts.append(said.format(float(value)) if said else f"{name.replace('_', ' ')} {value}")
    return ", ".join(parts)


def label(method: str, variant: str, among: Sequence[str]) -> str:
    """What is special `among` a method's variants: "released behind layer 3"; "" for an only
    one."""
    own, every = variant.split("|"), [other.split("|") for other in among]
    parts = [schedule_words(method, own[0])]
    if results.is_earlier(own[0]) and not all(results.is_earlier(other[0]) for other in every):
        parts.append("trained by an earlier recipe")
    for place, said in ((1, "service"), (2, "hidden")):
        if len({other[place] for other in every}) > 1:
            names = [wording.attribute_label(name) for name in own[place].split(",") if name]
            parts.append(f"{said}: {', '.join(names) or 'nothing'}")
    return "; ".join(filter(None, parts))
