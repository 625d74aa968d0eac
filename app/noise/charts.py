"""Attacker, service and ranks over the amount of noise, and a code, as figures. No Streamlit."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from app.charts import plot
from app.charts.palette import LIGHT, faded
from app.charts.plot import Spec
from app.noise.amounts import REPEATS, knob_of
from app.page import wording
from app.settings import points
from app.settings.views import View
from core.methods import Knob

HEIGHT = 400  # pixels
BARS = 300
ENDS = ("value", "low", "high")
SERVED = ("utility", "utility_low", "utility_high")
LOWER, UPPER = 0.38, 0.53  # top of the service's panel, bottom of the attacker's


def curve(
    rows: points.Rows,
    again: Mapping[str, Mapping[str, float]],
    chosen: str,
    drawn: float,
    view: View,
    colour: plot.Colours = LIGHT,
) -> go.Figure:
    """Attacker, also one that averages releases (upper panel), and the service (lower), over the measured
    amounts (evenly spaced, weak to strong), with 95 % intervals and what guessing gives.

    rows   of `along`
    again  of `repeated`
    drawn  the amount on the slider, measured or not: an upright line
    """
    knob = knob_of(rows[0]["method"])
    factor, unit = view.scale, " %" if wording.in_percent(view.measure) else ""
    values = [row[f"knob:{knob.name}"] for row in rows]
    repeats = [(place, again[row["key"]]) for place, row in enumerate(rows) if row["key"] in again]

    def series(
        name: str, tint: str, dash: str, symbol: str, entries: Any, ends: Any, **more: Any
    ) -> Spec:
        places, found = zip(*entries, strict=True)
        scale, behind = (factor, unit) if more["yaxis"] == "y" else (100, " %")
        heights = [entry[ends[0]] * scale for entry in found]
        at = f"{knob.symbol} = %{{customdata}}: %{{y:.3g}}{behind}<extra>{name}</extra>"
        look = {
            "line": {"color": tint, "width": 2, "dash": dash},
            "marker": plot.marker(tint, 9, symbol),
        }
        bars = plot.interval(found, ends, scale, color=faded(tint, 0.6), thickness=1)
        texts = [wording.number(values[place]) for place in places]
        more |= {"name": name, "customdata": texts, "hovertemplate": at, "error_y": bars}
        return plot.scatter("lines+markers", places, heights, **look, **more)

    upper = {"yaxis": "y", "showlegend": bool(repeats)}
    every = list(enumerate(rows))
    data = [series("one release", colour["brick"], "solid", "circle", every, ENDS, **upper)]
    if repeats:
        name = f"{REPEATS} releases of the photograph"
        data.append(series(name, colour["brick"], "dot", "circle-open", repeats, ENDS, **upper))
    lower = {"yaxis": "y2", "showlegend": False}
    data.append(series("service", colour["light"], "solid", "square", every, SERVED, **lower))
    for place, row in every:
        if row["key"] == chosen:
            lit = plot.marker(colour["brick"], 18, "circle", 3, colour["light"])
            point = plot.scatter("markers", [place], [row["value"] * factor], marker=lit)
            data.append(point | {"showlegend": False, "hoverinfo": "skip"})
    band = {"width": 6, "color": faded(colour["light"], 0.25)}
    place = float(np.interp(drawn, sorted(values), np.argsort(values)))
    shapes = [plot.upright(place, band, layer="below")]
    chances = [row["chance"] * factor for row in rows if wording.known(row["chance"])]
    if chances:
        shapes.append(plot.level(float(np.mean(chances)), plot.dotted(colour), layer="below"))
    does = {
        "identity": "attacker names the right person",
        "image": "likeness of what the attacker redraws",
        "recognition": "people pick the right person",
    }
    kind, _, name = view.target.partition(":")
    title = f"<b>{does.get(kind) or f'attacker tells {wording.inferred(name)}'}</b>"
    title += " · dotted: guessing" if chances else ""
    service = f"<b>{wording.service(view.task)} is right</b>"
    corner = {"xref": "paper", "yref": "paper", "xanchor": "left", "yanchor": "bottom"}
    return plot.figure(
        data,
        _amounts(knob, values, colour) | {"anchor": "y2"},
        plot.axis(colour, domain=[UPPER, 1], ticksuffix=unit),
        HEIGHT,
        yaxis2=plot.axis(colour, domain=[0, LOWER], ticksuffix=" %", anchor="x"),
        shapes=shapes,
        annotations=[
            plot.note(title, 0, 1.0, colour["brick"], 13, **corner),
            plot.note(service, 0, LOWER, colour["light"], 13, **corner),
        ],
        margin=plot.margins(t=30),
        legend=plot.below(),
        **plot.STAYS,
    )


def _amounts(knob: Knob, values: Sequence[float], colour: plot.Colours) -> Spec:
    """The axis that the figures over the amount of noise share."""
    ticks = {"tickvals": list(range(len(values))), "ticktext": [wording.number(v) for v in values]}
    title = f"{knob.symbol}, weak to strong protection"
    return plot.axis(colour, title, range=[-0.35, len(values) - 0.65], **ticks)


def rank_chart(
    found: pd.DataFrame, knob: Knob, chosen: str, colour: plot.Colours = LIGHT
) -> go.Figure:
    """Mean place of the right name over the amount of noise, with its standard deviation (thin) and
    the 95 % interval of the mean (thick); dotted: names in random order, and their deviation.

    found  of `ranks`, weak to strong
    """
    percent = found[["mean", "low", "high", "deviation"]].astype(float) * 100
    tint, places, names = colour["brick"], range(len(found)), ("mean", "low", "high")
    plain = {"hoverinfo": "skip", "showlegend": False, "marker": plot.marker(tint, 8, "line-ew")}
    reach = [percent["deviation"]] * 2
    thin = plot.bars(*reach, color=faded(tint, 0.55), thickness=2)
    rows = percent.to_dict("records")
    thick = plot.interval(rows, names, 1, color=faded(tint, 0.9), thickness=7)
    data = [
        plot.scatter("markers", places, percent["mean"], name=name, error_y=bars, **plain)
        for name, bars in (
            ("standard deviation of the place", thin),
            ("95 % interval of the mean", thick),
        )
    ]
    lit = [key == chosen for key in found["key"]]
    marker = {"size": [17 if mark else 10 for mark in lit], "color": colour["brick"]}
    marker["line"] = {"width": [3 if mark else 0 for mark in lit], "color": colour["light"]}
    says = "%{y:.1f} %, give or take %{customdata:.1f}<extra>mean place</extra>"
    look = {"line": {"color": colour["brick"], "width": 2}, "marker": marker, "hovertemplate": says}
    middle = plot.scatter("lines+markers", places, percent["mean"], name="mean place", **look)
    data.append(middle | {"customdata": percent["deviation"].tolist()})
    mean, deviation = (
        float(found[f"chance_{name}"].astype(float).mean()) * 100 for name in ("mean", "deviation")
    )
    spread = plot.dotted(colour) | {"width": 1, "color": faded(colour["quiet"], 0.6)}
    corner = {"xref": "paper", "xanchor": "right", "yanchor": "bottom"}
    return plot.figure(
        data,
        _amounts(knob, found["amount"].tolist(), colour),
        plot.axis(colour, "place in the list of names", range=[0, 100], ticksuffix=" %"),
        HEIGHT,
        shapes=[
            plot.level(mean, plot.dotted(colour), layer="below"),
            *(plot.level(mean + side * deviation, spread, layer="below") for side in (1, -1)),
        ],
        annotations=[plot.note("random order", 1, mean, colour["quiet"], **corner)],
        legend=plot.LEGEND | plot.FIXED,
        **plot.STAYS,
    )


def bars(
    before: np.ndarray,
    after: np.ndarray,
    mean: np.ndarray,
    spread: np.ndarray,
    most: float,
    colour: plot.Colours = LIGHT,
) -> go.Figure:
    """The numbers of one face's code: without noise (hollow) and as released (filled), and how far
    people's numbers spread (band of one standard deviation). `most` is the largest ratio that can
    be drawn: it sets the axis, so that nothing jumps when the slider moves."""
    names = [str(number + 1) for number in range(len(before))]
    reach = float((np.abs(mean) + 2.2 * math.sqrt(1 + most) * spread).max())
    reach = max(reach, 1.05 * float(np.abs(before).max()), 1.05 * float(np.abs(after).max()))

    def drawn(values: np.ndarray, name: str, offset: float, marker: Spec) -> Spec:
        says = f"number %{{x}}: %{{y:.2f}}<extra>{name}</extra>"
        more = {"name": name, "width": 0.34, "offset": offset, "hovertemplate": says}
        return plot.bar(names, values, marker=marker, **more)

    band = {"base": (mean - spread).tolist(), "width": 0.96, "name": "spread over all faces"}
    band |= {"hoverinfo": "skip", "marker": {"color": faded(colour["quiet"], 0.16)}}
    hollow = {
        "color": faded(colour["brick"], 0.25),
        "line": {"width": 1.5, "color": colour["brick"]},
    }
    return plot.figure(
        [
            plot.bar(names, 2 * spread, **band),
            drawn(before, "without noise", -0.36, hollow),
            drawn(after, "released", 0.02, {"color": colour["teal"]}),
        ],
        {
            "title": {"text": "the numbers that leave the device"},
            "fixedrange": True,
            "type": "category",
        },
        plot.axis(colour, range=[-reach, reach], zeroline=True, zerolinecolor=colour["quiet"]),
        BARS,
        barmode="overlay",
        legend=plot.LEGEND | plot.FIXED,
        **plot.STAYS,
    )
