"""A setting between two measured ones, where the knob is `mixed`: the device draws, once for each
photograph, by which of the two it answers. Pure Python.

Right answers of the service are then a weighted mean of the two; total variation is convex, so the
weighted mean of two bounds is a bound; and the best attacker on a mixture does no better than the
weighted mean of the best on each. A bound on two photographs, or on repeated releases, does not
follow: both would be answered by the same table.
"""

import itertools
import math
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from app.page import wording
from app.settings import points, variants
from app.settings.points import Row, Rows
from app.settings.proofs import BOUNDS, Bound
from core.methods import METHODS, Knob

STEPS = 50  # places of the slider between two neighbours
DIGITS = 6  # that the address keeps of a value
MIXED = (
    *("value", "low", "high", "gain", "gain_low", "gain_high"),
    *("utility", "utility_low", "utility_high", "utility_chance", "chance"),
    *("cost", "cost_low", "cost_high", "proven", "proven_counted"),
)
AT_KNOTS = ("proven_pair", "proven_repeated")


class Between(NamedTuple):
    """Two neighbouring settings, `weak` protecting less than `strong`."""

    weak: Row
    strong: Row
    knob: Knob

    @property
    def ends(self) -> tuple[float, float]:
        return self.weak[f"knob:{self.knob.name}"], self.strong[f"knob:{self.knob.name}"]

    def at(self, share: float) -> dict[str, Any]:
        """The setting that answers as `weak` does in this share of photographs."""
        first, second = self.ends
        return self.of(second + share * (first - second))

    def of(self, value: float) -> dict[str, Any]:
        """The setting of a value between the two; one of the two itself at an end."""
        first, second = self.ends
        for end, row in ((first, self.weak), (second, self.strong)):
            if math.isclose(value, end, abs_tol=1e-12):
                return dict(row)
        share = (value - second) / (first - second)
        mixed: dict[str, Any] = {
            name: share * self.weak[name] + (1 - share) * self.strong[name]
            for name in MIXED
            if wording.known(self.weak.get(name)) and wording.known(self.strong.get(name))
        }
        mixed |= {name: math.nan for name in (*MIXED, *AT_KNOTS) if name not in mixed}
        place = points.where(self.weak)._replace(release_value=value)
        return dict(self.weak) | {
            **mixed,
            f"knob:{self.knob.name}": value,
            "release_value": value,
            "key": place.key,
            "conclusive": self.weak["conclusive"] and self.strong["conclusive"],
            "seeds": min(self.weak["seeds"], self.strong["seeds"]),
            "between": (self.weak["key"], self.strong["key"]),
        }


def knob_of(method: str) -> Knob | None:
    """The method's knob that can stand between two values of its grid, if it has one."""
    return next((knob for knob in METHODS[method].knobs if knob.mixed), None)


def neighbours(rows: Rows) -> Iterator[Between]:
    """Pairs of settings between which every value can be released. Where a value of the grid between
    two measured ones was not measured itself, none can be told."""
    for method in dict.fromkeys(row["method"] for row in rows):
        knob = knob_of(method)
        if knob is None:
            continue
        name = f"knob:{knob.name}"
        alike: dict[tuple[Any, ...], list[Row]] = {}
        for row in points.of_method(rows, method):
            others = {k: v for k, v in points.knob_values(row).items() if k != knob.name}
            if wording.known(row[name]):
                alike.setdefault((variants.key(row), *others.items()), []).append(row)
        for line in alike.values():
            line.sort(key=lambda row: points.strength(knob, row[name]))
            for weak, strong in itertools.pairwise(line):
                low, high = sorted((weak[name], strong[name]))
                if low < high and not any(low < value < high for value in knob.grid):
                    yield Between(weak, strong, knob)


def stops(rows: Rows, knob: Knob, values: Sequence[float], held: float) -> list[float]:
    """Where the slider can stand, from weak to strong protection: `values` that were measured, evenly
    between those that can be mixed, and where it stands already (`held`)."""
    found = set(values)
    for pair in neighbours(rows):
        first, second = pair.ends
        if pair.knob.name == knob.name and first in found and second in found:
            found |= {
                float(f"{second + (first - second) * step / STEPS:.{DIGITS - 2}g}")
                for step in range(1, STEPS)
            }
            if min(first, second) < held < max(first, second):
                found.add(held)
    return sorted(found, key=lambda value: points.strength(knob, value))


def at(rows: Rows, method: str, wanted: dict[str, float]) -> dict[str, Any] | None:
    """The setting at knobs `wanted`: a measured one or a mixture of two; else the nearest measured."""
    near = points.nearest(rows, method, wanted)
    knob = knob_of(method)
    if near is None or knob is None or knob.name not in wanted:
        return near
    value = wanted[knob.name]
    for pair in neighbours(points.of_method(rows, method)):
        same = all(
            math.isclose(pair.weak[f"knob:{name}"], other)
            for name, other in wanted.items()
            if name != knob.name
        )
        if same and min(pair.ends) <= value <= max(pair.ends):
            return pair.of(value)
    return near


def bounds(
    row: Row, ends: Sequence[Row], weak: Sequence[Bound], strong: Sequence[Bound]
) -> list[Bound]:
    """What is proven of the mixture `row` of two settings, of each of which something is: the weighted
    means of bounds on one release. (A table's capacity is convex, too, and naming people grows with
    it.)"""
    name = f"knob:{_name(row)}"
    share = (row[name] - ends[1][name]) / (ends[0][name] - ends[1][name])
    other = {(bound.target, bound.metric): bound for bound in strong}
    found = []
    for one in weak:
        two = other.get((one.target, one.metric))
        if two is None or one.metric in (BOUNDS[column] for column in AT_KNOTS):
            continue
        counted = None
        if one.counted is not None and two.counted is not None:
            counted = share * one.counted + (1 - share) * two.counted
        mean = share * one.bound + (1 - share) * two.bound
        found.append(one._replace(bound=mean, counted=counted))
    return found


def is_mixture(row: Row) -> bool:
    return bool(row.get("between"))


def said(row: Row, rows: Rows) -> str:
    """Which two settings a mixture is of, in a sentence; "" of a measured one."""
    if not is_mixture(row):
        return ""
    symbol, name = _symbol(row), f"knob:{_name(row)}"
    by_key = {other["key"]: other for other in rows}
    ends = [by_key[key][name] for key in row["between"] if key in by_key]
    if len(ends) < 2:
        return ""
    share = (row[name] - ends[1]) / (ends[0] - ends[1])
    return (
        f"Between two measured settings: for {wording.percent(share)} of photographs the device answers "
        f"as at {symbol} = {ends[0]:g}, for the others as at {symbol} = {ends[1]:g}. What is proven "
        "stays proven; the numbers are the weighted means."
    )


def elsewhere(row: Row, asked: float) -> str:
    """What a page says that can only show measured settings; "" where nothing else was asked."""
    if math.isclose(row.get(f"knob:{_name(row)}", asked), asked, abs_tol=1e-9):
        return ""
    symbol = _symbol(row)
    return (
        f"{symbol} = {asked:g} lies between two measured settings; what is shown here is of "
        f"{symbol} = {row[f'knob:{_name(row)}']:g}, the nearest."
    )


def _name(row: Row) -> str:
    knob = knob_of(row["method"])
    return knob.name if knob else ""


def _symbol(row: Row) -> str:
    knob = knob_of(row["method"])
    return knob.symbol if knob else ""
