"""Attacker, service and ranks over the amount of noise, as figures. Pure Plotly; no Streamlit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from app.charts.palette import colours, faded
from app.noise import repeated_releases
from app.noise.amounts import knob_of
from app.page import wording
from app.settings import points
from app.settings.views import View
from core.methods import Knob

HEIGHT = 400  # pixels
LOWER, UPPER = 0.38, 0.53  # top of the service's panel, bottom of the attacker's


def curve(
    rows: points.Rows,
    again: Mapping[str, Mapping[str, float]],
    chosen: str,
    drawn: float,
    view: View,
    dark: bool = False,
) -> go.Figure:
    """Attacker and whoever averages releases (upper panel), and the service (lower), over the measured
    amounts (evenly spaced, weak to strong), with 95 % intervals and what guessing gives.

    rows   of `along`
    again  of `repeated`
    drawn  the amount on the slider, measured or not: an upright line
    """
    colour = colours(dark)
    knob = knob_of(rows[0]["method"])
    assert knob is not None
    factor, unit = view.scale, " %" if wording.in_percent(view.measure) else ""
    values = [row[f"knob:{knob.name}"] for row in rows]
    places = list(range(len(rows)))
    ends = ("value", "low", "high")
    repeats = [(place, again[row["key"]]) for place, row in enumerate(rows) if row["key"] in again]
    served = ("utility", "utility_low", "utility_high")
    series: list[tuple[Any, ...]] = [
        ("one release", colour["brick"], "solid", "circle", rows, places, ends, factor, "y"),
        ("service", colour["light"], "solid", "square", rows, places, served, 100, "y2"),
    ]
    if repeats:
        name = f"{repeated_releases.REPEATS} releases of the photograph"
        series.insert(1, (name, colour["brick"], "dot", "circle-open", [r[1] for r in repeats],
                          [r[0] for r in repeats], ends, factor, "y"))  # fmt: skip
    data: list[dict[str, Any]] = []
    for name, tint, dash, symbol, entries, at, (middle, low, high), scale, axis in series:
        data.append(
            {
                "type": "scatter",
                "x": at, "y": [e[middle] * scale for e in entries], "name": name, "mode": "lines+markers",
                "yaxis": axis, "showlegend": axis == "y" and len(repeats) > 0,
                "line": {"color": tint, "width": 2, "dash": dash},
                "marker": {"symbol": symbol, "size": 9, "color": tint},
                "error_y": {"type": "data", "symmetric": False, "thickness": 1, "width": 0,
                         "color": faded(tint, 0.6),
                         "array": [max(0.0, e[high] - e[middle]) * scale for e in entries],
                         "arrayminus": [max(0.0, e[middle] - e[low]) * scale for e in entries]},
                "customdata": [wording.number(values[place]) for place in at],
                "hovertemplate": f"{knob.symbol} = %{{customdata}}: %{{y:.3g}}{unit if axis == 'y' else ' %'}"
                f"<extra>{name}</extra>",
            }
        )  # fmt: skip
    keys = [row["key"] for row in rows]
    if chosen in keys:
        data.append(
            {"type": "scatter", "x": [keys.index(chosen)], "y": [rows[keys.index(chosen)]["value"] * factor],
                       "mode": "markers", "showlegend": False, "hoverinfo": "skip",
                       "marker": {"size": 18, "color": colour["brick"], "symbol": "circle",
                               "line": {"width": 3, "color": colour["light"]}}}
        )  # fmt: skip
    at_slider = _place(drawn, values)
    shapes: list[dict[str, Any]] = [
        {"type": "line", "x0": at_slider, "x1": at_slider, "yref": "paper", "y0": 0, "y1": 1,
         "layer": "below", "line": {"width": 6, "color": faded(colour["light"], 0.25)}}
    ]  # fmt: skip
    chances = [row["chance"] * factor for row in rows if wording.known(row["chance"])]
    if chances:
        guess = float(np.mean(chances))
        shapes.append({"type": "line", "xref": "paper", "x0": 0, "x1": 1, "y0": guess, "y1": guess,
                       "layer": "below", "line": {"dash": "dot", "width": 1.5, "color": colour["quiet"]}})  # fmt: skip
    title = {
        "identity": "attacker names the right person",
        "image": "likeness of what the attacker redraws",
        "recognition": "people pick the right person",
    }.get(
        view.target.partition(":")[0],
        f"attacker tells {wording.told(view.target.partition(':')[2])}",
    )
    notes = [
        {"x": 0, "xref": "paper", "y": top, "yref": "paper", "xanchor": "left", "yanchor": "bottom",
         "text": text, "showarrow": False, "font": {"size": 13, "color": tint}}
        for top, text, tint in (
            (1.0, f"<b>{title}</b>" + (" · dotted: guessing" if chances else ""), colour["brick"]),
            (LOWER, f"<b>{wording.service(view.task)} is right</b>", colour["light"]),
        )
    ]  # fmt: skip
    axis = {"gridcolor": colour["line"], "fixedrange": True, "zeroline": False}
    layout = _over_amounts(knob, values, colour) | {
        "shapes": shapes, "annotations": notes, "margin": {"l": 10, "r": 10, "t": 30, "b": 10},
        "yaxis": {**axis, "domain": [UPPER, 1], "ticksuffix": unit},
        "yaxis2": {**axis, "domain": [0, LOWER], "ticksuffix": " %", "anchor": "x"},
    }  # fmt: skip
    layout["xaxis"]["anchor"] = "y2"
    layout["legend"] |= {"y": -0.2, "yanchor": "top"}
    # a slider waits for this figure: its plain dicts are checked by the tests, not here again
    return go.Figure({"data": data, "layout": layout}, _validate=False)


def _over_amounts(knob: Knob, values: Sequence[float], colour: Mapping[str, str]) -> dict[str, Any]:
    """Axis, legend and size that the figures over the amount of noise share."""
    return {
        "xaxis": {
            "tickvals": list(range(len(values))), "ticktext": [wording.number(v) for v in values],
            "title": {"text": f"{knob.symbol}, weak to strong protection"},
            "range": [-0.35, len(values) - 0.65], "fixedrange": True, "zeroline": False,
            "gridcolor": colour["line"],
        },
        "height": HEIGHT, "margin": {"l": 10, "r": 10, "t": 10, "b": 10}, "dragmode": False,
        "uirevision": "constant", "hovermode": "closest",
        "legend": {"orientation": "h", "y": 1.0, "yanchor": "bottom", "x": 0, "itemclick": False,
                   "itemdoubleclick": False},
    }  # fmt: skip


def _place(amount: float, values: Sequence[float]) -> float:
    """Where an amount lies among the measured ones, which stand one step apart."""
    pairs = sorted(zip(values, range(len(values)), strict=True))
    return float(np.interp(amount, [p[0] for p in pairs], [p[1] for p in pairs]))


def rank_chart(found: pd.DataFrame, knob: Knob, chosen: str, dark: bool = False) -> go.Figure:
    """Mean place of the right name over the amount of noise, with its standard deviation (thin) and
    the 95 % interval of the mean (thick); dotted: names in random order, and their deviation.

    found  of `ranks`, weak to strong
    """
    colour = colours(dark)
    places = list(range(len(found)))
    percent = found[["mean", "low", "high", "deviation"]].astype(float) * 100
    figure = go.Figure()
    for name, above, below, width, alpha in (
        ("standard deviation of the place", percent["deviation"], percent["deviation"], 2, 0.55),
        ("95 % interval of the mean", percent["high"] - percent["mean"],
         percent["mean"] - percent["low"], 7, 0.9),
    ):  # fmt: skip
        figure.add_trace(
            go.Scatter(
                x=places, y=percent["mean"], mode="markers", name=name, hoverinfo="skip",
                showlegend=False,
                marker={"size": 8, "color": colour["brick"], "symbol": "line-ew"},
                error_y={"type": "data", "symmetric": False, "array": above, "arrayminus": below,
                         "thickness": width, "width": 0, "color": faded(colour["brick"], alpha)},
            )
        )  # fmt: skip
    lit = [3 if key == chosen else 0 for key in found["key"]]
    figure.add_trace(
        go.Scatter(
            x=places, y=percent["mean"], mode="lines+markers", name="mean place",
            line={"color": colour["brick"], "width": 2},
            marker={"size": [17 if mark else 10 for mark in lit], "color": colour["brick"],
                    "line": {"width": lit, "color": colour["light"]}},
            customdata=percent["deviation"],
            hovertemplate="%{y:.1f} %, give or take %{customdata:.1f}<extra>mean place</extra>",
        )
    )  # fmt: skip
    mean = float(found["chance_mean"].astype(float).mean()) * 100
    deviation = float(found["chance_deviation"].astype(float).mean()) * 100
    for height, text in ((mean, "random order"), (mean + deviation, ""), (mean - deviation, "")):
        figure.add_hline(
            y=height, layer="below", line={"dash": "dot", "width": 1.5 if text else 1,
                                           "color": colour["quiet"] if text else faded(colour["quiet"], 0.6)},
            annotation_text=text, annotation_position="top right",
            annotation_font={"size": 12, "color": colour["quiet"]},
        )  # fmt: skip
    figure.update_layout(_over_amounts(knob, found["amount"].tolist(), colour))
    figure.update_yaxes(range=[0, 100], ticksuffix=" %", title="place in the list of names",
                        fixedrange=True, gridcolor=colour["line"], zeroline=False)  # fmt: skip
    return figure
