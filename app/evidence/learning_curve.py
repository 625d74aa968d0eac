"""Would a bigger attacker know more? The attacker's success against the photographs he has."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from app.charts.palette import colours, faded
from app.page import wording
from core.errors import PenumbraError

LITTLE = 0.03  # a gain in balanced accuracy that is hardly one


def frame(arrays: Mapping[str, np.ndarray], attribute: str) -> pd.DataFrame:
    """One row per size, measured ones first: photographs, people (NaN ahead), value, low, high,
    ahead (bool). Empty where the attribute has no curve. Raises PenumbraError when damaged."""
    try:
        names = [str(name) for name in arrays["attributes"].tolist()]
        if attribute not in names:
            return pd.DataFrame()
        row = names.index(attribute)
        parts = []
        for start, sizes in (("", arrays["photographs"]), ("ahead_", arrays["ahead"])):
            part = {end: arrays[start + end][row].astype(float) for end in ("value", "low", "high")}
            people = np.full(len(sizes), np.nan) if start else arrays["people"].astype(float)
            parts.append(pd.DataFrame({"photographs": sizes, "people": people} | part))
            parts[-1]["ahead"] = bool(start)
        return pd.concat(parts, ignore_index=True)
    except (KeyError, IndexError, ValueError, TypeError) as error:
        raise PenumbraError(
            f"the curve over the attacker's photographs is damaged ({error}); evaluate again"
        ) from error


def sentence(curve: pd.DataFrame, attribute: str) -> str:
    """What the curve says: where the attacker stands, and whether more would help."""
    now, last = curve[~curve["ahead"]].iloc[-1], curve.iloc[-1]
    times = round(last["photographs"] / now["photographs"])
    stands = (
        f"With the photographs of {now['people']:.0f} people an attacker tells "
        f"{wording.told(attribute)} in {wording.percent(now['value'])} of cases (chance 50 %). "
    )
    span = wording.interval(last["low"], last["high"])
    points_to = f"{wording.percent(last['value'])} ({span}) with {times} times as many"
    if last["low"] > now["value"] + LITTLE:
        return f"{stands}A bigger attacker would know more: the curve points to {points_to}."
    if last["high"] < now["value"] + LITTLE:
        return f"{stands}A bigger attacker would hardly know more: the curve points to {points_to}."
    return f"{stands}A bigger attacker may know more: the curve points to {points_to}."


def figure(curve: pd.DataFrame, dark: bool = False) -> go.Figure:
    """Balanced accuracy over the attacker's photographs (logarithmic): measured with 95 % bars, and
    the band in which it would go on."""
    colour = colours(dark)
    measured, ahead = curve[~curve["ahead"]], curve[curve["ahead"]]
    on = pd.concat([measured.tail(1), ahead])
    drawn = go.Figure()
    drawn.add_trace(
        go.Scatter(
            x=[*on["photographs"], *on["photographs"][::-1]],
            y=[*(on["high"] * 100), *(on["low"][::-1] * 100)], fill="toself", mode="none",
            fillcolor=faded(colour["brick"], 0.15), hoverinfo="skip", showlegend=False,
        )
    )  # fmt: skip
    drawn.add_trace(
        go.Scatter(
            x=on["photographs"], y=on["value"] * 100, mode="lines+markers", name="where it points",
            line={"color": colour["brick"], "width": 2, "dash": "dot"},
            marker={"size": [0, *[9] * len(ahead)], "symbol": "circle-open", "line": {"width": 2}},
            customdata=np.stack([on["low"] * 100, on["high"] * 100], axis=1),
            hovertemplate="%{x:,} photographs: %{y:.1f} % (%{customdata[0]:.1f}–%{customdata[1]:.1f})<extra></extra>",
        )
    )  # fmt: skip
    drawn.add_trace(
        go.Scatter(
            x=measured["photographs"], y=measured["value"] * 100, mode="lines+markers",
            name="measured", line={"color": colour["brick"], "width": 2}, marker={"size": 9},
            error_y={"array": (measured["high"] - measured["value"]) * 100, "symmetric": False,
                     "arrayminus": (measured["value"] - measured["low"]) * 100, "width": 0},
            customdata=measured["people"],
            hovertemplate="%{x:,} photographs of %{customdata:.0f} people: %{y:.1f} %<extra></extra>",
        )
    )  # fmt: skip
    drawn.add_hline(y=50, line={"color": colour["quiet"], "width": 1, "dash": "dot"},
                    annotation_text="guessing", annotation_position="bottom right")  # fmt: skip
    drawn.update_xaxes(type="log", title="photographs the attacker learns from", fixedrange=True,
                       gridcolor=colour["line"], tickvals=list(curve["photographs"]),
                       ticktext=[f"{n:,}".replace(",", " ") for n in curve["photographs"]])  # fmt: skip
    drawn.update_yaxes(title="right guesses", ticksuffix=" %", range=[45, 101], fixedrange=True,
                       gridcolor=colour["line"], zeroline=False)  # fmt: skip
    drawn.update_layout(
        height=300, margin={"l": 10, "r": 10, "t": 10, "b": 10}, dragmode=False,
        legend={"orientation": "h", "y": 1.0, "yanchor": "bottom", "x": 0},
    )  # fmt: skip
    return drawn
