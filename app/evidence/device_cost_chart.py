"""What protection costs the device against what the attacker gains, as a figure. No Streamlit."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from app.charts import plot
from app.charts.palette import colours, faded, style
from app.charts.plot import Spec
from app.evidence.device_cost import MEASURES, TIMED, Measure, amount, busy, measured
from app.page import wording
from app.settings import points
from app.settings.views import View
from app.trade_off import chart as trade_off
from core.methods import METHODS
from core.metrics import METRICS

HEIGHT = 440  # pixels
SMALLEST, LARGEST = 9.0, 34.0  # pixels across a bubble: a service that only guesses, a perfect one
NOTHING = 0.45  # decades left of the cheapest bubble where those stand that cost nothing
ROOM = 0.12  # decades of margin

Row = Mapping[str, Any]
Place = Callable[[Row], float]  # of a setting on the logarithmic axis


def chart(
    table: pd.DataFrame, chosen: str | None, view: View, measure: str, dark: bool = False
) -> go.Figure:
    """Cost (right, logarithmic) against what the attacker gains over guessing (up); the larger a
    bubble, the better the service. What costs nothing stands left of the scale.

    table    of `joined`
    chosen   key of the bubble that is lit and labelled
    measure  key of `MEASURES`

    Custom data of each bubble is its row's key. Axes depend on `table` and `measure` alone.
    """
    colour = colours(dark)
    rows = [row for row in points.records(table) if measured(row)]
    what = MEASURES[measure]
    place = _places(rows, what)
    scale = view.scale
    data = [
        _bubbles([row for row in rows if row["method"] == method], view, what, place)
        for method in dict.fromkeys(row["method"] for row in rows)
    ]
    gains = [row[name] for row in rows for name in ("gain_low", "gain_high", "gain")]
    gains = [0.0, *filter(wording.known, gains)]
    low, high = min(gains), max([*gains, 0.1])
    notes = [_signpost(colour)]
    shapes = [plot.level(0, plot.dotted(colour), layer="below")]
    by_key = {row["key"]: row for row in rows}
    if chosen in by_key:
        row = by_key[chosen]
        data.append(_bubbles([row], view, what, place, lit=colour["light"]))
        upper = row["gain"] > (low + high) / 2  # the label stands below it there
        name = points.setting_label(row) or METHODS[row["method"]].title
        text = f"<b>{name}</b><br>{amount(what.kind, row[what.column])}"
        at = place(row), row["gain"] * scale, (-70, -62 if upper else 52)
        font = {"size": 14, "color": colour["ink"]}
        notes.append(plot.label(text, *at, colour) | {"standoff": 14, "font": font})
    across = [place(row) for row in rows]
    if measure == "traffic":
        sizes = sorted({row["photograph_bytes"] for row in rows if row["photograph_bytes"]})
        top = {"yref": "paper", "yanchor": "top", "xshift": 5, "xanchor": "left"}
        for size in map(math.log10, sizes):
            across.append(size)
            shapes.append(plot.upright(size, plot.dotted(colour), layer="below"))
            notes.append(plot.note("the photograph itself", size, 1, colour["quiet"], **top))
    places, texts = zip(*_ticks(rows, what), strict=True)
    ends = [min(across, default=0) - 2 * ROOM, max(across, default=1) + 2 * ROOM]
    margin = high - low
    heights = [(low - 0.12 * margin) * scale, (high + 0.1 * margin) * scale]
    small = {"itemsizing": "constant", "entrywidth": 98, "font": {"size": 11}}
    return plot.figure(
        data,
        plot.axis(colour, what.axis, range=ends, tickvals=places, ticktext=texts),
        plot.axis(colour, _up_title(view, bool(table["chance"].notna().any())), range=heights),
        HEIGHT,
        legend=plot.below(-0.25) | small,
        shapes=shapes,
        annotations=notes,
        font={"size": 14},
        **plot.CLICKS,
    )


def _up_title(view: View, blind: bool) -> str:
    if view.target == "image":
        symbol = METRICS[view.measure].symbol
        return f"attacker's gain ({symbol})" if blind else f"likeness ({symbol})"
    return "attacker's gain (points)"


def _places(rows: Sequence[Row], what: Measure) -> Place:
    costs = [row[what.column] for row in rows if row[what.column] > 0]
    nothing = math.log10(min(costs, default=1.0)) - NOTHING
    return lambda row: math.log10(row[what.column]) if row[what.column] > 0 else nothing


def _ticks(rows: Sequence[Row], what: Measure) -> list[tuple[float, str]]:
    """(place, text) of the axis: 1, 2 and 5 of each decade while they are few, else 1 alone;
    "none" where something costs nothing."""
    costs = [row[what.column] for row in rows if row[what.column] > 0]
    if not costs:
        return [(-NOTHING, "none")]
    low, high = math.log10(min(costs)) - ROOM, math.log10(max(costs)) + ROOM
    steps = (1, 2, 5) if high - low < 2.2 else (1,)
    found = [
        (math.log10(step) + decade, _round(amount(what.kind, step * 10.0**decade)))
        for decade in range(math.floor(low), math.ceil(high) + 1)
        for step in steps
    ]
    ticks = [tick for tick in found if low <= tick[0] <= high]
    if len(ticks) < 2:  # all cost about the same: say how much
        ticks = [(math.log10(v), amount(what.kind, v)) for v in sorted({min(costs), max(costs)})]
    if any(row[what.column] == 0 for row in rows):
        ticks.insert(0, (math.log10(min(costs)) - NOTHING, "none"))
    return ticks


def bubble(row: Row) -> float:
    """Pixels across: the area grows with what the service tells beyond guessing."""
    guess = row["utility_chance"] if wording.known(row.get("utility_chance")) else 0.5
    part = (row["utility"] - guess) / max(1e-9, 1 - guess)
    part = min(1.0, max(0.0, part)) if wording.known(part) else 0.0
    return math.sqrt(SMALLEST**2 + part * (LARGEST**2 - SMALLEST**2))


def _bubbles(rows: Sequence[Row], view: View, what: Measure, place: Place, lit: str = "") -> Spec:
    """Settings of one method; `lit`: colour of the chosen one's rim."""
    scale = view.scale
    method = METHODS[rows[0]["method"]]
    tint, _, symbol = style(method.name).values()
    timed = what is MEASURES[TIMED]
    doubtful = [(timed and busy(row)) or not row["conclusive"] for row in rows]
    sizes, fill = [bubble(row) for row in rows], tint if lit else faded(tint, 0.6)
    full = symbol.removesuffix("-open") if lit else symbol
    marker = plot.marker(fill, sizes, full, 3 if lit else 1.5, lit or tint)
    marker["opacity"] = [0.25 if doubt and not lit else 1 for doubt in doubtful]
    bars = {"color": faded(tint, 0.5), "thickness": 1}
    gains = [row["gain"] * scale for row in rows]
    trace = {
        **plot.scatter("markers", map(place, rows), gains, name=method.title, showlegend=not lit),
        **plot.says([hover(row, view, what) for row in rows], [row["key"] for row in rows]),
        "legendrank": 1500 if method.baseline else 1000,
        "marker": marker,
        "error_y": plot.interval(rows, ("gain", "gain_low", "gain_high"), scale, **bars),
    }
    if timed:
        above = [_decades(row["milliseconds_high"], row["milliseconds"]) for row in rows]
        below = [_decades(row["milliseconds"], row["milliseconds_low"]) for row in rows]
        trace["error_x"] = plot.bars(above, below, **bars)
    return trace


def _decades(more: float, less: float) -> float:
    return max(0.0, math.log10(more / less)) if more > 0 and less > 0 else 0.0


def hover(row: Row, view: View, what: Measure) -> str:
    """What a bubble says when pointed at."""
    text = f"{trade_off.hover(row, view)}<br>{what.label.lower()}: {amount(what.kind, row[what.column])}"
    return text + " (measured on a busy machine)" * (what is MEASURES[TIMED] and busy(row))


def _signpost(colour: plot.Colours) -> Spec:
    corner = {"xref": "paper", "yref": "paper", "xanchor": "left", "yanchor": "bottom"}
    shifted = {"xshift": 4, "yshift": 3}
    return plot.note("◣ <b>cheap and protected</b>", 0, 0, colour["teal"], **corner, **shifted)


def _round(text: str) -> str:
    """ "0.050 ms" -> "0.05 ms", "1.0 MB" -> "1 MB": as a tick reads."""
    number, _, unit = text.partition(" ")
    return f"{float(number):g} {unit}".strip() if "." in number else text
