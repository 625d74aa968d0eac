"""Would a bigger attacker know more? The attacker's success against the photographs it has."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from app.charts import plot
from app.charts.palette import LIGHT, faded
from app.page import wording
from core.errors import damaged

LITTLE = 0.03  # a gain in balanced accuracy that is hardly one


def frame(arrays: Mapping[str, np.ndarray], attribute: str) -> pd.DataFrame:
    """One row per size, measured ones first: photographs, people (NaN ahead), value, low, high,
    ahead (bool). Empty where the attribute has no curve. Raises PenumbraError when damaged."""
    ends = ("value", "low", "high")
    with damaged("the curve over the attacker's photographs is damaged", "evaluate again"):
        names = [str(name) for name in arrays["attributes"].tolist()]
        if attribute not in names:
            return pd.DataFrame()
        row = names.index(attribute)
        known = {name: arrays[name][row].astype(float) for name in ends}
        further = {name: arrays[f"ahead_{name}"][row].astype(float) for name in ends}
        sizes = {"photographs": arrays["photographs"], "people": arrays["people"].astype(float)}
        measured = pd.DataFrame({**sizes, **known, "ahead": False})
        ahead = pd.DataFrame({"photographs": arrays["ahead"], **further, "ahead": True})
        curve = pd.concat([measured, ahead], ignore_index=True)
        curve["photographs"] = curve["photographs"].astype(int)
        if not len(measured) or not (curve["photographs"] > 0).all():
            raise ValueError("no sizes")
        return curve


def sentence(curve: pd.DataFrame, attribute: str) -> str:
    now, last = curve[~curve["ahead"]].iloc[-1], curve.iloc[-1]
    times = round(last["photographs"] / now["photographs"])
    stands = (
        f"With the photographs of {now['people']:.0f} people an attacker tells "
        f"{wording.inferred(attribute)} in {wording.percent(now['value'])} of cases (chance 50 %). "
    )
    span = wording.interval(last["low"], last["high"])
    points_to = f"{wording.percent(last['value'])} ({span}) with {times} times as many"
    would = "may"
    if last["low"] > now["value"] + LITTLE:
        would = "would"
    elif last["high"] < now["value"] + LITTLE:
        would = "would hardly"
    return f"{stands}A bigger attacker {would} know more: the curve points to {points_to}."


def figure(curve: pd.DataFrame, colour: plot.Colours = LIGHT) -> go.Figure:
    """Balanced accuracy over the attacker's photographs, and the band in which it would go on."""
    measured, ahead = curve[~curve["ahead"]], curve[curve["ahead"]]
    on = pd.concat([measured.tail(1), ahead])
    sizes, low, high = on["photographs"], on["low"] * 100, on["high"] * 100
    line = {"color": colour["brick"], "width": 2}
    band = plot.scatter("none", [*sizes, *sizes[::-1]], [*high, *low[::-1]], showlegend=False)
    band |= {"fill": "toself", "fillcolor": faded(colour["brick"], 0.15), "hoverinfo": "skip"}
    points_to = {
        **plot.scatter("lines+markers", sizes, on["value"] * 100, name="where it points"),
        "line": line | {"dash": "dot"},
        "marker": {"size": [0, *[9] * len(ahead)], "symbol": "circle-open", "line": {"width": 2}},
        "customdata": np.stack([low, high], axis=1).tolist(),
        "hovertemplate": "%{x:,} photographs: %{y:.1f} % "
        "(%{customdata[0]:.1f}–%{customdata[1]:.1f})<extra></extra>",
    }
    known = {
        **plot.scatter(
            "lines+markers", measured["photographs"], measured["value"] * 100, name="measured"
        ),
        "line": line,
        "marker": {"size": 9},
        "error_y": plot.interval(measured.to_dict("records"), ("value", "low", "high"), 100),
        "customdata": measured["people"].tolist(),
        "hovertemplate": "%{x:,} photographs of %{customdata:.0f} people: %{y:.1f} %<extra></extra>",
    }
    names = [f"{n:,}".replace(",", " ") for n in curve["photographs"]]
    ticks = {"tickvals": curve["photographs"].tolist(), "ticktext": names}
    return plot.figure(
        [band, points_to, known],
        plot.axis(colour, "photographs the attacker learns from", type="log", **ticks),
        plot.axis(colour, "right guesses", ticksuffix=" %", range=[45, 101]),
        300,
        shapes=[plot.level(50, plot.dotted(colour) | {"width": 1})],
        annotations=[plot.guessing(1, 50, xref="paper", xanchor="right", yanchor="top")],
        legend=plot.LEGEND,
    )
