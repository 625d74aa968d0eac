"""Lines of a measure over what was varied, one for each target; and a measure of identity against the
service. No Streamlit."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from app.charts import plot
from app.charts.palette import DASHES, LIGHT, OKABE_ITO, faded, style
from app.charts.plot import Spec
from app.page import wording
from app.settings import points
from app.settings.points import Line
from app.settings.strips import Strip
from app.settings.views import View
from app.trade_off import measures
from core.methods import METHODS
from core.metrics import METRICS

HEIGHT = 400  # pixels
ENTRY = 15  # more for each entry of a legend below the plot: on a phone each is a line
ENDS = ("value", "low", "high")
ROLES = {"utility": "solid", "private": "dash", "unlisted": "dot"}  # what serves is drawn through
SERVED = ("utility", "utility_low", "utility_high")
RANKED = ("rank", "rank_low", "rank_high")


def along(
    frame: pd.DataFrame,
    strip: Strip,
    metric: str,
    wanted: Sequence[str],
    colour: plot.Colours = LIGHT,
) -> go.Figure:
    """A line for each target, evenly over the steps of `strip`, with 95 % intervals.

    frame  of `measures.frame`
    """
    scale = METRICS[metric].scale
    data = []
    for number, target in enumerate(wanted):
        rows = frame[frame["target"] == target].sort_values("place").to_dict("records")
        if rows:
            data.append(_line(rows, target, number, strip, metric))
    shapes, notes = _guessing(measures.guessing(frame, "chance"), scale, 1, colour)
    names = [name for name, _ in strip.steps]
    ticks = {"tickvals": list(range(len(names))), "ticktext": names}
    if strip.name == measures.METHOD:
        ticks["tickangle"] = -35  # turned the other way the last would be outside, and left out
    ends = [-0.4, len(names) - 0.6]
    title = f"{strip.title}, from weak to strong protection" if strip.knob else strip.title
    return plot.figure(
        data,
        plot.axis(colour, title, range=ends, automargin=True, **ticks),
        plot.axis(colour, axis_title(metric)),
        HEIGHT,
        legend=plot.LEGEND,
        shapes=shapes,
        annotations=notes,
        **plot.STAYS,
    )


def _line(
    rows: Sequence[Mapping[str, Any]], target: str, number: int, strip: Strip, metric: str
) -> Spec:
    scale = METRICS[metric].scale
    turn, place = divmod(number, len(OKABE_ITO))
    tint = OKABE_ITO[place]
    roles = {row["role"] for row in rows}
    role = next(iter(roles)) if len(roles) == 1 else ""
    dash = ROLES.get(role, DASHES[turn % len(DASHES)])
    marker = plot.marker(tint, 9, ("circle", "diamond", "square", "cross")[turn % 4])
    marker["opacity"] = [1 if row["conclusive"] else 0.25 for row in rows]
    joined = strip.name != measures.METHOD  # methods come in no order
    values = [float(row["value"]) * scale for row in rows]
    trace = plot.scatter(
        "lines+markers" if joined else "markers",
        [row["place"] for row in rows],
        values,
        name=_named(target, role),
        line={"color": tint, "width": 2, "dash": dash},
        marker=marker,
        error_y=plot.interval(rows, ENDS, scale, color=faded(tint, 0.5), thickness=1),
    )
    return trace | plot.says([hover(row, metric) for row in rows])


def _named(target: str, role: str) -> str:
    suffix = {"utility": " (the service)", "private": " (hidden)"}.get(role, "")
    return wording.target_label(target) + suffix


def hover(row: Mapping[str, Any], metric: str) -> str:
    lines = [f"<b>{wording.target_label(row['target'])}</b>, {row['step']}"]
    if not row["conclusive"]:
        lines.append("attack too weak to conclude")
    lines.append(wording.measured(metric, row["value"], row["low"], row["high"]))
    lines.append(f"by: {wording.attacker(row['attacker'])}")
    if wording.known(row["chance"]):
        lines.append(f"guessing: {wording.score(metric, row['chance'])}")
    if row["seed"] > 1:
        lines.append(f"mean of {row['seed']} trainings")
    return "<br>".join(lines)


def axis_title(metric: str) -> str:
    about = METRICS[metric]
    symbol = f" ({about.symbol})" if about.symbol else ""
    return f"{about.title}{symbol}" + (f", {about.unit}" if about.unit else "")


def against_service(
    rows: Sequence[Mapping[str, Any]],
    lines: Sequence[Line],
    chosen: str,
    metric: str,
    view: View,
    colour: plot.Colours = LIGHT,
) -> go.Figure:
    """A measure of how hidden people are (up) against what the service keeps (right): curves of the
    methods' knobs, the chosen setting ringed.

    rows  of `measures.beside_service`
    """
    scale, by_key = METRICS[metric].scale, {row["key"]: row for row in rows}
    data = []
    for line in lines:
        there = [by_key[key] for key in line.keys if key in by_key]
        if there:
            mine = [e for e in lines if e.method == line.method]
            data.append(_curve(there, line, mine.index(line), len(mine) > 1, metric, view))
    if chosen in by_key:
        row = by_key[chosen]
        ring = {"name": "chosen", "showlegend": False, "hoverinfo": "skip"}
        ring["marker"] = plot.marker(colour["light"], 18, "circle-open", 3)
        at = [100 * float(row["utility"])], [scale * float(row["rank"])]
        data.append(plot.scatter("markers", *at, **ring))
    shapes, notes = _guessing(measures.guessing(rows, "rank_chance"), scale, 0, colour)
    served = METRICS[view.service].title.removeprefix("plain ")
    suffix = " (%)" if wording.in_percent(view.service) else " (hundredths)"
    return plot.figure(
        data,
        plot.axis(colour, f"{wording.service(view.task)}: {served}{suffix}"),
        plot.axis(colour, axis_title(metric)),
        HEIGHT + ENTRY * sum(trace.get("showlegend", True) for trace in data),
        legend=plot.below(),
        shapes=shapes,
        annotations=notes,
        **plot.STAYS,
    )


def _guessing(
    blind: float | None, scale: float, end: int, colour: plot.Colours
) -> tuple[list[Spec], list[Spec]]:
    """(shapes, annotations): the level of guessing, named at the left (0) or right `end`."""
    if blind is None:
        return [], []
    place = {"xref": "paper", "xanchor": "right" if end else "left", "yanchor": "bottom"}
    level = plot.level(blind * scale, plot.dotted(colour), layer="below")
    return [level], [plot.guessing(end, blind * scale, **place)]


def _curve(
    rows: Sequence[Mapping[str, Any]],
    line: Line,
    number: int,
    several: bool,
    metric: str,
    view: View,
) -> Spec:
    scale, method = METRICS[metric].scale, METHODS[line.method]
    tint, dash, symbol = style(line.method).values()
    name = f"{method.title} ({line.variant})" if line.variant else method.title
    if several and line.knob is not None:
        name += f", {line.knob.symbol}"
    look: Spec = {"name": name, "line": {"color": tint, "width": 2, "dash": dash}}
    look["showlegend"] = line.knob is not None or not several
    if number:
        look["line"]["dash"] = DASHES[number % len(DASHES)]
    marker = plot.marker(tint, 9, "diamond" if number else symbol)
    trace = plot.scatter(
        "markers" if line.knob is None else "lines+markers",
        [100 * float(row["utility"]) for row in rows],
        [scale * float(row["rank"]) for row in rows],
        marker=marker,
        error_x=plot.interval(rows, SERVED, 100, color=faded(tint, 0.4), thickness=1),
        error_y=plot.interval(rows, RANKED, scale, color=faded(tint, 0.4), thickness=1),
        **look,
    )
    texts = [
        "<br>".join(
            (
                f"<b>{points.name(row)}</b>",
                wording.measured(metric, *(row[end] for end in RANKED)),
                f"{wording.service(view.task)}: "
                + wording.measured(view.service, *(row[end] for end in SERVED)),
            )
        )
        for row in rows
    ]
    return trace | plot.says(texts)
