"""What protection costs the device, beside what it buys: words, table and chart. No Streamlit."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import pandas as pd
import plotly.graph_objects as go

from app.charts import plot
from app.charts.palette import LIGHT, faded, style
from app.charts.plot import Spec
from app.page import wording
from app.settings import points
from app.settings.points import Row
from app.settings.views import View
from app.trade_off import chart as trade_off
from core.analysis.device_cost import BUSY
from core.methods import METHODS
from core.metrics import METRICS
from core.storage.cost_file import RECORD, RELEASE

HEIGHT = 440  # pixels
SMALLEST, LARGEST = 9.0, 34.0  # pixels across a bubble: a service that only guesses, a perfect one
NOTHING = 0.45  # decades left of the cheapest bubble where those stand that cost nothing
ROOM = 0.12  # decades of margin


class Measure(NamedTuple):
    column: str
    label: str
    axis: str
    kind: str  # "milliseconds", "bytes" or "count"
    meaning: str


MEASURES = {
    "time": Measure(
        "milliseconds",
        "Time",
        "time on one processor core, per photograph",
        "milliseconds",
        "Wall-clock time of one photograph on one processor core: the median of many releases; the "
        "bar spans the middle half of them.",
    ),
    "memory": Measure(
        "peak_memory_bytes",
        "Memory",
        "peak memory, per photograph",
        "bytes",
        "Weights that take part, the photograph, and the most that the computation holds beside "
        "them at one time.",
    ),
    "arithmetic": Measure(
        "multiply_adds",
        "Arithmetic",
        "multiply-adds, per photograph",
        "count",
        "Multiplications with an addition, in convolutions and matrix products: the part of the "
        "cost that no machine changes.",
    ),
    "traffic": Measure(
        "released_bytes",
        "Traffic",
        "bytes that leave the device, per photograph",
        "bytes",
        "What is sent for each photograph, as 32-bit numbers; half of that as 16-bit numbers. The "
        "dotted line is the photograph as it is stored.",
    ),
    "weights": Measure(
        "parameters",
        "Trained numbers",
        "trained numbers on the device",
        "count",
        "Trained numbers that the device has to hold for a release.",
    ),
}


def joined(table: pd.DataFrame, costs: pd.DataFrame) -> pd.DataFrame:
    """`app.settings.unprotected.compared` with the cost of the same run and release value, a row
    each; NaN (text: None) where it was not measured."""
    known = costs if len(costs) else pd.DataFrame(columns=[*RECORD, *RELEASE])
    alike = {"run_id": object, "release_value": float}
    known = known.drop_duplicates(list(alike)).astype(alike)
    return table.astype(alike).merge(known, how="left", on=list(alike))


def measured(row: Row) -> bool:
    return wording.known(row.get("milliseconds"))


def busy(row: Row) -> bool:
    """Whether other work kept the processor from the measurement: its times are too long."""
    return wording.known(row.get("share_waited")) and row["share_waited"] > BUSY


def amount(kind: str, value: float | None) -> str:
    """1234567 bytes -> "1.2 MB"; 0 of anything -> "none"."""
    if not wording.known(value):
        return "–"
    if value == 0:
        return "none"
    if kind == "milliseconds":
        return f"{_digits(value)} ms"
    millions, thousands, ones = (
        ("MB", "kB", " bytes") if kind == "bytes" else ("million", "thousand", "")
    )
    for unit, size in ((millions, 1e6), (thousands, 1e3)):
        if value >= 0.9995 * size:
            return f"{_digits(value / size)} {unit}"
    return f"{value:.0f}{ones}"


def _digits(value: float) -> str:
    """Two figures that count, never an exponent: 0.057, 1.2, 26, 917. `value` > 0."""
    places = max(0, 1 - math.floor(math.log10(1.005 * value)))
    return f"{value:.{min(places, 4)}f}"


def sentence(row: Row) -> str:
    name = METHODS[row["method"]].title
    if not measured(row):
        return f"What {name} costs the device was not measured at this setting."
    time = amount("milliseconds", row["milliseconds"])
    return f"{name} takes {time} of a processor core and {sends(row)}."


def sends(row: Row) -> str:
    """ "sends 33 kB per photograph, 13 times the photograph itself (2.6 kB)"."""
    released, photograph = row["released_bytes"], row["photograph_bytes"]
    text = f"sends {amount('bytes', released)} per photograph"
    if not photograph:
        return text
    if released < photograph:
        return f"{text} instead of {amount('bytes', photograph)}"
    times = released / photograph
    more = "as much as" if round(times, 1) == 1 else f"{_digits(times)} times"
    return f"{text}, {more} the photograph itself ({amount('bytes', photograph)})"


def small_print(row: Row) -> str:
    if not measured(row):
        return ""
    low, high = (amount("milliseconds", row[f"milliseconds_{end}"]) for end in ("low", "high"))
    cores = "one core" if row["threads"] == 1 else f"{row['threads']:.0f} cores"
    machine = row["machine"].partition(",")[0]  # the rest counts threads, which are said before
    text = (
        f"Measured on {cores} of {machine}, torch {row['torch']}: {row['repeats']:.0f} "
        f"releases, half of them between {low} and {high}; a phone's processor is another. The "
        f"photograph: {row['photograph']}."
    )
    share = row.get("share_of_multiply_adds")
    if wording.known(share):
        text += f" The device computes {wording.percent(share)} of the whole network."
    return text


def warning(row: Row) -> str:
    """Says where the time is not to be believed; "" where it is."""
    if not busy(row):
        return ""
    return (
        f"The processor did other work in {wording.percent(row['share_waited'])} of the time of "
        "this measurement, so the milliseconds are too many. The other costs are not touched. "
        f"Measure again: python -m core cost {row['run_id']}"
    )


def frame(table: pd.DataFrame, view: View) -> pd.DataFrame:
    """One row per setting with every cost, as numbers that can be sorted; missing ones are
    empty."""
    cost = table[[*RELEASE, "photograph_bytes"]].astype(float)
    return pd.DataFrame(
        {
            "Method": table["method"].map(lambda name: METHODS[name].title),
            "Setting": [points.setting_label(row) for row in points.records(table)],
            "Attacker": table["value"] * view.scale,
            "Service": table["utility"] * 100,
            "Milliseconds": cost["milliseconds"],
            "Memory, kB": cost["peak_memory_bytes"] / 1000,
            "Multiply-adds, millions": cost["multiply_adds"] / 1e6,
            "Sent, kB": cost["released_bytes"] / 1000,
            "Sent as 16-bit, kB": cost["released_bytes_float16"] / 1000,
            "Photograph, kB": cost["photograph_bytes"] / 1000,
            "Trained numbers": cost["parameters"],
            "Part of the network, %": cost["share_of_multiply_adds"] * 100,
            "Processor busy with other work, %": cost["share_waited"] * 100,
        }
    )


def chart(
    table: pd.DataFrame, chosen: str | None, view: View, measure: str, colour: plot.Colours = LIGHT
) -> go.Figure:
    """Cost (right, logarithmic) against what the attacker gains over guessing (up); the larger a
    bubble, the better the service. What costs nothing stands left of the scale.

    table    of `joined`
    chosen   key of the bubble that is lit and labelled
    measure  key of `MEASURES`

    Custom data of each bubble is its row's key. Axes depend on `table` and `measure` alone.
    """
    scale, what = view.scale, MEASURES[measure]
    rows = [row for row in points.records(table) if measured(row)]
    costs = [row[what.column] for row in rows if row[what.column] > 0]
    nothing = math.log10(min(costs, default=1.0)) - NOTHING
    for row in rows:
        cost = row[what.column]
        row["place"] = math.log10(cost) if cost > 0 else nothing
        row["cost_text"] = amount(what.kind, cost)
    data = [
        _bubbles([row for row in rows if row["method"] == method], view, what)
        for method in dict.fromkeys(row["method"] for row in rows)
    ]
    gains = [row[name] for row in rows for name in ("gain_low", "gain_high", "gain")]
    gains = [0.0, *filter(wording.known, gains)]
    low, high = min(gains), max([*gains, 0.1])
    corner = {"xref": "paper", "yref": "paper", "xanchor": "left", "yanchor": "bottom"}
    corner |= {"xshift": 4, "yshift": 3}
    notes = [plot.note("◣ <b>cheap and protected</b>", 0, 0, colour["teal"], **corner)]
    shapes = [plot.level(0, plot.dotted(colour), layer="below")]
    for row in rows:
        if row["key"] == chosen:
            data.append(_bubbles([row], view, what, lit=colour["light"]))
            upper = row["gain"] > (low + high) / 2  # the label stands below it there
            name = points.setting_label(row) or METHODS[row["method"]].title
            at = row["place"], row["gain"] * scale, (-70, -62 if upper else 52)
            font = {"size": 14, "color": colour["ink"]}
            label = plot.label(f"<b>{name}</b><br>{row['cost_text']}", *at, colour)
            notes.append(label | {"standoff": 14, "font": font})
    across = [row["place"] for row in rows]
    if measure == "traffic":
        sizes = sorted({row["photograph_bytes"] for row in rows if row["photograph_bytes"]})
        top = {"yref": "paper", "yanchor": "top", "xshift": 5, "xanchor": "left"}
        for size in map(math.log10, sizes):
            across.append(size)
            shapes.append(plot.upright(size, plot.dotted(colour), layer="below"))
            notes.append(plot.note("the photograph itself", size, 1, colour["quiet"], **top))
    ticks = _ticks(costs, what.kind)
    if len(costs) < len(rows) or not costs:
        ticks = {nothing: "none"} | ticks
    ends = [min(across, default=0) - 2 * ROOM, max(across, default=1) + 2 * ROOM]
    margin = high - low
    heights = [(low - 0.12 * margin) * scale, (high + 0.1 * margin) * scale]
    title = "attacker's gain (points)"
    if view.target == "image":
        symbol, blind = METRICS[view.measure].symbol, table["chance"].notna().any()
        title = f"attacker's gain ({symbol})" if blind else f"likeness ({symbol})"
    small = {"itemsizing": "constant", "entrywidth": 98, "font": {"size": 11}}
    named = {"tickvals": [*ticks], "ticktext": [*ticks.values()]}
    return plot.figure(
        data,
        plot.axis(colour, what.axis, range=ends, **named),
        plot.axis(colour, title, range=heights),
        HEIGHT,
        legend=plot.below() | small,
        shapes=shapes,
        annotations=notes,
        font={"size": 14},
        **plot.CLICKS,
    )


def _ticks(costs: Sequence[float], kind: str) -> dict[float, str]:
    """Place -> text on the axis of costs above 0: 1, 2 and 5 of each decade while they are few."""
    if not costs:
        return {}
    low, high = math.log10(min(costs)) - ROOM, math.log10(max(costs)) + ROOM
    steps = (1, 2, 5) if high - low < 2.2 else (1,)
    found = {
        math.log10(step) + decade: _round(amount(kind, step * 10.0**decade))
        for decade in range(math.floor(low), math.ceil(high) + 1)
        for step in steps
    }
    found = {place: text for place, text in found.items() if low <= place <= high}
    if len(found) < 2:  # all cost about the same: say how much
        return {math.log10(cost): amount(kind, cost) for cost in sorted({min(costs), max(costs)})}
    return found


def _bubbles(rows: Sequence[Row], view: View, what: Measure, lit: str = "") -> Spec:
    """Settings of one method; `lit`: colour of the chosen one's rim."""
    scale, timed = view.scale, what.kind == "milliseconds"
    method = METHODS[rows[0]["method"]]
    tint, _, symbol = style(method.name).values()
    doubtful = [(timed and busy(row)) or not row["conclusive"] for row in rows]
    sizes, fill = [bubble(row) for row in rows], tint if lit else faded(tint, 0.6)
    full = symbol.removesuffix("-open") if lit else symbol
    marker = plot.marker(fill, sizes, full, 3 if lit else 1.5, lit or tint)
    marker["opacity"] = [0.25 if doubt and not lit else 1 for doubt in doubtful]
    bars = {"color": faded(tint, 0.5), "thickness": 1}
    texts = [
        f"{trade_off.hover(row, view)}<br>{what.label.lower()}: {row['cost_text']}"
        + " (measured on a busy machine)" * (timed and busy(row))
        for row in rows
    ]
    places, gains = [row["place"] for row in rows], [row["gain"] * scale for row in rows]
    trace = {
        **plot.scatter("markers", places, gains, name=method.title, showlegend=not lit),
        **plot.says(texts, [row["key"] for row in rows]),
        "legendrank": 1500 if method.baseline else 1000,
        "marker": marker,
        "error_y": plot.interval(rows, ("gain", "gain_low", "gain_high"), scale, **bars),
    }
    if timed:
        above = [_decades(row["milliseconds_high"], row["milliseconds"]) for row in rows]
        below = [_decades(row["milliseconds"], row["milliseconds_low"]) for row in rows]
        trace["error_x"] = plot.bars(above, below, **bars)
    return trace


def bubble(row: Row) -> float:
    """Pixels across: the area grows with what the service tells beyond guessing."""
    guess = row["utility_chance"] if wording.known(row.get("utility_chance")) else 0.5
    part = (row["utility"] - guess) / max(1e-9, 1 - guess)
    part = min(1.0, max(0.0, part)) if wording.known(part) else 0.0
    return math.sqrt(SMALLEST**2 + part * (LARGEST**2 - SMALLEST**2))


def _decades(more: float, less: float) -> float:
    return math.log10(more / less) if more > 0 and less > 0 else 0.0


def _round(text: str) -> str:
    """ "0.050 ms" -> "0.05 ms", "1.0 MB" -> "1 MB": as a tick reads."""
    number, _, unit = text.partition(" ")
    return f"{float(number):g} {unit}".strip() if "." in number else text
