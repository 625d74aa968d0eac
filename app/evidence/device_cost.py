"""What protection costs the device, beside what it buys: findings' settings joined to `cost.json`,
the chart and the words. Pure pandas and Plotly; no Streamlit in here."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import pandas as pd
import plotly.graph_objects as go

from app.charts import figures
from app.charts.palette import colours, faded
from app.page import wording
from app.settings import points
from app.settings.views import View
from app.trade_off import chart as trade_off_chart
from core.analysis.device_cost import BUSY
from core.methods import METHODS
from core.metrics import METRICS
from core.storage.cost_file import RECORD, RELEASE

HEIGHT = 440  # pixels
SMALLEST, LARGEST = 9.0, 34.0  # pixels across a bubble: a service that only guesses, a perfect one
NOTHING = 0.45  # decades left of the cheapest bubble where those stand that cost nothing
ROOM = 0.12  # decades of margin


class Measure(NamedTuple):
    """One way of counting what a release costs. `kind` is how its numbers are said."""

    column: str
    label: str
    axis: str
    kind: str
    meaning: str


MEASURES = {
    "time": Measure(
        "milliseconds", "Time", "time on one processor core, per photograph", "milliseconds",
        "Wall-clock time of one photograph on one processor core: the median of many releases; the "
        "bar spans the middle half of them.",
    ),
    "memory": Measure(
        "peak_memory_bytes", "Memory", "peak memory, per photograph", "bytes",
        "Weights that take part, the photograph, and the most that the computation holds beside "
        "them at one time.",
    ),
    "arithmetic": Measure(
        "multiply_adds", "Arithmetic", "multiply-adds, per photograph", "count",
        "Multiplications with an addition, in convolutions and matrix products: the part of the "
        "cost that no machine changes.",
    ),
    "traffic": Measure(
        "released_bytes", "Traffic", "bytes that leave the device, per photograph", "bytes",
        "What is sent for each photograph, as 32-bit numbers; half of that as 16-bit numbers. The "
        "dotted line is the photograph as it is stored.",
    ),
    "weights": Measure(
        "parameters", "Trained numbers", "trained numbers on the device", "count",
        "Trained numbers that the device has to hold for a release.",
    ),
}  # fmt: skip
TIMED = "time"


def joined(table: pd.DataFrame, costs: pd.DataFrame) -> pd.DataFrame:
    """`app.settings.points.compared` with the fields of `core.storage.cost_file.rows` of the same run and release value;
    NaN (text: None) where the cost of a setting was not measured. Order and rows stay."""
    fields = [*RECORD, *RELEASE]
    known = costs if len(costs) else pd.DataFrame(columns=fields)
    known = known.drop_duplicates(["run_id", "release_value"])
    known = known.assign(
        run_id=known["run_id"].astype(object), release_value=known["release_value"].astype(float)
    )
    left = table.assign(
        run_id=table["run_id"].astype(object), release_value=table["release_value"].astype(float)
    )
    return left.merge(known, how="left", on=["run_id", "release_value"])


def measured(row: Mapping[str, Any]) -> bool:
    return wording.known(row.get("milliseconds"))


def without_cost(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """Run ids of settings whose cost was not measured."""
    return list(dict.fromkeys(row["run_id"] for row in rows if not measured(row)))


def busy(row: Mapping[str, Any]) -> bool:
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
    if kind == "bytes":
        for unit, size in (("MB", 1e6), ("kB", 1e3)):
            if value >= 0.9995 * size:
                return f"{_digits(value / size)} {unit}"
        return f"{value:.0f} bytes"
    for word, size in (("million", 1e6), ("thousand", 1e3)):
        if value >= 0.9995 * size:
            return f"{_digits(value / size)} {word}"
    return f"{value:.0f}"


def _round(text: str) -> str:
    """ "0.050 ms" -> "0.05 ms", "1.0 MB" -> "1 MB": as a tick reads."""
    number, _, unit = text.partition(" ")
    return f"{float(number):g} {unit}".strip() if "." in number else text


def _digits(value: float) -> str:
    """Two figures that count, never an exponent: 0.057, 1.2, 26, 917."""
    places = max(0, 1 - math.floor(math.log10(1.005 * value))) if value > 0 else 0
    return f"{value:.{min(places, 4)}f}"


def sentence(row: Mapping[str, Any]) -> str:
    """What one setting takes of the device and sends, in one sentence."""
    name = METHODS[row["method"]].title
    if not measured(row):
        return f"What {name} costs the device was not measured at this setting."
    time = amount("milliseconds", row["milliseconds"])
    return f"{name} takes {time} of a processor core and {sends(row)}."


def sends(row: Mapping[str, Any]) -> str:
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


def small_print(row: Mapping[str, Any]) -> str:
    """On what, and how, the cost of one setting was measured."""
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


def warning(row: Mapping[str, Any]) -> str:
    """Says where the time is not to be believed; "" where it is."""
    if not busy(row):
        return ""
    return (
        f"The processor did other work in {wording.percent(row['share_waited'])} of the time of "
        "this measurement, so the milliseconds are too many. The other costs are not touched. "
        f"Measure again: python -m core cost {row['run_id']}"
    )


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
        _bubbles([row for row in rows if row["method"] == method], method, view, measure, place)
        for method in dict.fromkeys(row["method"] for row in rows)
    ]
    gains = [v for row in rows for v in (row["gain_low"], row["gain_high"], row["gain"], 0.0)
             if wording.known(v)]  # fmt: skip
    low, high = min(gains, default=0.0), max([*gains, 0.1])
    notes = [_signpost(colour)]
    by_key = {row["key"]: row for row in rows}
    if chosen in by_key:
        row = by_key[chosen]
        data.append(_bubbles([row], row["method"], view, measure, place, lit=colour["light"]))
        upper = row["gain"] > (low + high) / 2
        notes.append(_label(row, place, scale, what, colour, upper))
    ticks = _ticks(rows, what)
    span = high - low
    blind = bool(table["chance"].notna().any())
    dotted = {"dash": "dot", "width": 1.5, "color": colour["quiet"]}
    shapes = [{"type": "line", "y0": 0, "y1": 0, "xref": "paper", "x0": 0, "x1": 1,
               "layer": "below", "line": dotted}]  # fmt: skip
    if measure == "traffic":
        for size in sorted({row["photograph_bytes"] for row in rows if row["photograph_bytes"]}):
            shapes.append({"type": "line", "x0": math.log10(size), "x1": math.log10(size),
                           "yref": "paper", "y0": 0, "y1": 1, "layer": "below", "line": dotted})  # fmt: skip
            notes.append({"x": math.log10(size), "y": 1, "yref": "paper", "yanchor": "top", "xshift": 5,
                          "xanchor": "left", "text": "the photograph itself", "showarrow": False,
                          "font": {"size": 12, "color": colour["quiet"]}})  # fmt: skip
    across = [place(row) for row in rows] + (
        [math.log10(row["photograph_bytes"]) for row in rows if row["photograph_bytes"]]
        if measure == "traffic" else []
    )  # fmt: skip
    layout = {
        "xaxis": {"range": [min(across, default=0) - 2 * ROOM, max(across, default=1) + 2 * ROOM],
                  "title": {"text": what.axis}, "tickvals": [t[0] for t in ticks],
                  "ticktext": [t[1] for t in ticks], "zeroline": False, "fixedrange": True,
                  "gridcolor": colour["line"]},
        "yaxis": {"range": [(low - 0.12 * span) * scale, (high + 0.1 * span) * scale],
                  "title": {"text": _up_title(view, blind)}, "zeroline": False, "fixedrange": True,
                  "gridcolor": colour["line"]},
        "legend": {"orientation": "h", "yanchor": "top", "y": -0.25, "x": 0, "itemclick": False,
                   "itemdoubleclick": False, "itemsizing": "constant", "entrywidth": 98, "font": {"size": 11}},
        "shapes": shapes, "annotations": notes, "height": HEIGHT, "hovermode": "closest",
        "margin": {"l": 10, "r": 10, "t": 10, "b": 10}, "clickmode": "event+select",
        "dragmode": False, "uirevision": "constant", "font": {"size": 14},
    }  # fmt: skip
    return go.Figure({"data": data, "layout": layout})


def _up_title(view: View, blind: bool) -> str:
    if view.target == "image":
        symbol = METRICS[view.measure].symbol
        return f"attacker's gain ({symbol})" if blind else f"likeness ({symbol})"
    return "attacker's gain (points)"


def _places(rows: Sequence[Mapping[str, Any]], what: Measure) -> Any:
    """A function: row -> its place on the logarithmic axis."""
    costs = [row[what.column] for row in rows if row[what.column] > 0]
    nothing = math.log10(min(costs, default=1.0)) - NOTHING

    def place(row: Mapping[str, Any]) -> float:
        return math.log10(row[what.column]) if row[what.column] > 0 else nothing

    return place


def _ticks(rows: Sequence[Mapping[str, Any]], what: Measure) -> list[tuple[float, str]]:
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


def bubble(row: Mapping[str, Any]) -> float:
    """Pixels across: the area grows with what the service tells beyond guessing."""
    guess = row["utility_chance"] if wording.known(row.get("utility_chance")) else 0.5
    part = (row["utility"] - guess) / max(1e-9, 1 - guess)
    part = min(1.0, max(0.0, part)) if wording.known(part) else 0.0
    return math.sqrt(SMALLEST**2 + part * (LARGEST**2 - SMALLEST**2))


def _bubbles(
    rows: list[dict[str, Any]], method: str, view: View, measure: str, place: Any, lit: str = ""
) -> dict[str, Any]:
    scale = view.scale
    look = figures.style(method)
    what = MEASURES[measure]
    doubtful = [(measure == TIMED and busy(row)) or not row["conclusive"] for row in rows]
    trace: dict[str, Any] = {
        "type": "scatter", "mode": "markers", "name": METHODS[method].title,
        "showlegend": not lit, "x": [place(row) for row in rows],
        "y": [row["gain"] * scale for row in rows], "customdata": [row["key"] for row in rows],
        "text": [hover(row, view, what) for row in rows], "hovertemplate": "%{text}<extra></extra>",
        "selectedpoints": False, "legendrank": 1500 if METHODS[method].baseline else 1000,
        "marker": {
            "size": [bubble(row) for row in rows],
            "symbol": look["symbol"].removesuffix("-open") if lit else look["symbol"],
            "color": look["color"] if lit else faded(look["color"], 0.6),
            "line": {"width": 3 if lit else 1.5, "color": lit or look["color"]},
            "opacity": [0.25 if doubt and not lit else 1 for doubt in doubtful],
        },
        "error_y": _bars(
            [(row["gain_high"] - row["gain"]) * scale for row in rows],
            [(row["gain"] - row["gain_low"]) * scale for row in rows],
            look["color"],
        ),
    }  # fmt: skip
    if measure == TIMED:
        trace["error_x"] = _bars(
            [_decades(row["milliseconds_high"], row["milliseconds"]) for row in rows],
            [_decades(row["milliseconds"], row["milliseconds_low"]) for row in rows],
            look["color"],
        )
    return trace


def _bars(above: list[float], below: list[float], colour: str) -> dict[str, Any]:
    return {
        "type": "data", "symmetric": False, "thickness": 1, "width": 0, "color": faded(colour, 0.5),
        "array": [max(0.0, v) for v in above], "arrayminus": [max(0.0, v) for v in below],
    }  # fmt: skip


def _decades(more: float, less: float) -> float:
    return max(0.0, math.log10(more / less)) if more > 0 and less > 0 else 0.0


def hover(row: Mapping[str, Any], view: View, what: Measure) -> str:
    """What a bubble says when pointed at."""
    text = f"{trade_off_chart.hover(row, view)}<br>{what.label.lower()}: {amount(what.kind, row[what.column])}"
    if what.column == MEASURES[TIMED].column and busy(row):
        text += " (measured on a busy machine)"
    return text


def _signpost(colour: Mapping[str, str]) -> dict[str, Any]:
    return {
        "x": 0, "y": 0, "xref": "paper", "yref": "paper", "xanchor": "left", "yanchor": "bottom",
        "xshift": 4, "yshift": 3, "text": "◣ <b>cheap and protected</b>", "showarrow": False,
        "font": {"size": 12, "color": colour["teal"]},
    }  # fmt: skip


def _label(
    row: Mapping[str, Any],
    place: Any,
    scale: float,
    what: Measure,
    colour: Mapping[str, str],
    upper: bool,
) -> dict[str, Any]:
    """The chosen bubble in words; below it where it lies in the upper half."""
    name = points.setting_label(row) or METHODS[row["method"]].title
    return {
        "x": place(row), "y": row["gain"] * scale, "showarrow": True, "arrowhead": 0, "arrowwidth": 1,
        "arrowcolor": colour["quiet"], "standoff": 14, "ax": -70, "ay": 62 if upper else -52,
        "text": f"<b>{name}</b><br>{amount(what.kind, row[what.column])}",
        "font": {"size": 14, "color": colour["ink"]}, "bgcolor": faded(colour["ground"], 0.8),
    }  # fmt: skip


def frame(table: pd.DataFrame, view: View) -> pd.DataFrame:
    """One row per setting with every cost, as numbers that can be sorted; missing ones are empty."""
    factor = view.scale
    rows = points.records(table)
    return pd.DataFrame(
        {
            "Method": [METHODS[row["method"]].title for row in rows],
            "Setting": [points.setting_label(row) for row in rows],
            "Attacker": [row["value"] * factor for row in rows],
            "Service": [row["utility"] * 100 for row in rows],
            "Milliseconds": table["milliseconds"].astype(float),
            "Memory, kB": table["peak_memory_bytes"].astype(float) / 1000,
            "Multiply-adds, millions": table["multiply_adds"].astype(float) / 1e6,
            "Sent, kB": table["released_bytes"].astype(float) / 1000,
            "Sent as 16-bit, kB": table["released_bytes_float16"].astype(float) / 1000,
            "Photograph, kB": table["photograph_bytes"].astype(float) / 1000,
            "Trained numbers": table["parameters"].astype(float),
            "Part of the network, %": table["share_of_multiply_adds"].astype(float) * 100,
            "Processor busy with other work, %": table["share_waited"].astype(float) * 100,
        }
    )
