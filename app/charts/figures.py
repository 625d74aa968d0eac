"""DataFrame -> Plotly figure. No Streamlit in here. The trade-off chart has a file of its own.

Text, grid and ground colours are left to the theme of the page; what carries meaning is set here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from app.charts.palette import DASHES, METHOD_SYMBOLS, SYMBOLS, colours
from app.page import wording
from core.methods import METHODS, UNPROTECTED

LOSS_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")  # Okabe-Ito


def style(method: str) -> dict[str, Any]:
    """Colour, dash and symbol of a method, the same everywhere: methods are coloured and solid,
    with a symbol of their own; hardened variants dashed, with their method's symbol, hollow;
    baselines grey with a dash and a symbol; unprotected is a hollow ring."""
    baselines = [name for name, entry in METHODS.items() if entry.baseline and name != UNPROTECTED]
    if method == UNPROTECTED:
        return {"color": METHODS[method].color, "dash": "solid", "symbol": "circle-open"}
    if method in baselines:
        position = baselines.index(method)
        return {
            "color": METHODS[method].color,
            "dash": DASHES[position % len(DASHES)],
            "symbol": SYMBOLS[position % len(SYMBOLS)],
        }
    if hardens := METHODS[method].hardens:
        symbol = style(hardens)["symbol"] + "-open"
        return {"color": METHODS[method].color, "dash": "longdash", "symbol": symbol}
    papers = [name for name, entry in METHODS.items() if not entry.baseline and not entry.hardens]
    symbol = METHOD_SYMBOLS[papers.index(method) % len(METHOD_SYMBOLS)]
    return {"color": METHODS[method].color, "dash": "solid", "symbol": symbol}


def protocols(pairs: pd.DataFrame, dark: bool = False) -> go.Figure:
    """The attack's value under both protocols, one row per setting.

    pairs  columns label, strict, paper (shares), chance
    """
    colour = colours(dark)
    figure = go.Figure()
    for row in pairs.itertuples():
        figure.add_trace(
            go.Scatter(
                x=[row.paper * 100, row.strict * 100], y=[row.label] * 2, mode="lines",
                line={"color": colour["quiet"], "width": 1.5}, showlegend=False, hoverinfo="skip",
            )
        )  # fmt: skip
    for name, title, symbol, tint in (
        ("paper", "as in the paper", "circle-open", colour["teal"]),
        ("strict", "strict", "circle", colour["brick"]),
    ):
        figure.add_trace(
            go.Scatter(
                x=pairs[name] * 100, y=pairs["label"], mode="markers", name=title,
                marker={"size": 12, "symbol": symbol, "color": tint, "line": {"width": 2, "color": tint}},
                hovertemplate="%{y}: %{x:.1f} %<extra>" + title + "</extra>",
            )
        )  # fmt: skip
    figure.update_xaxes(ticksuffix=" %", title="right guesses of the attacker", fixedrange=True,
                        zeroline=False, gridcolor=colour["line"])  # fmt: skip
    figure.update_yaxes(title=None, fixedrange=True, showgrid=False)
    figure.update_layout(
        height=120 + 34 * len(pairs), margin={"l": 10, "r": 10, "t": 10, "b": 10}, dragmode=False,
        legend={"orientation": "h", "y": 1.0, "yanchor": "bottom", "x": 0},
    )  # fmt: skip
    return figure


def losses(log: Sequence[Mapping[str, Any]], dark: bool = False) -> go.Figure:
    """Losses over the steps of a training, one line per loss, from rows of `log.jsonl`."""
    colour = colours(dark)
    skip = {"stage", "step", "steps", "phase", "seconds", "epoch"}
    figure = go.Figure()
    found: dict[tuple[str, str], list[tuple[float, float]]] = {}
    for row in log:
        for name, value in row.items():
            if name not in skip and wording.known(value) and wording.known(row.get("step")):
                found.setdefault((name, str(row.get("stage"))), []).append((row["step"], value))
    names = list(dict.fromkeys(name for name, _ in found))
    if len(names) > 1 and "total" in names:  # the sum of the others says nothing more
        names.remove("total")
        found = {key: series for key, series in found.items() if key[0] != "total"}
    shown = set()
    for (name, stage), series in found.items():
        position = names.index(name)
        figure.add_trace(
            go.Scatter(
                x=[step for step, _ in series], y=[value for _, value in series], mode="lines",
                name=name.replace("_", " "), legendgroup=name, showlegend=name not in shown,
                line={"color": LOSS_COLOURS[position % len(LOSS_COLOURS)], "width": 2,
                      "dash": ("solid", *DASHES)[position // len(LOSS_COLOURS) % 6]},
                hovertemplate=f"{name.replace('_', ' ')} ({stage})<br>step %{{x}}: %{{y:.3f}}<extra></extra>",
            )
        )  # fmt: skip
        shown.add(name)
    figure.update_xaxes(title="step", gridcolor=colour["line"], zeroline=False, fixedrange=True)
    figure.update_yaxes(title="loss", gridcolor=colour["line"], zeroline=False, fixedrange=True,
                        rangemode="tozero")  # fmt: skip
    figure.update_layout(
        height=300, margin={"l": 10, "r": 10, "t": 10, "b": 10}, hovermode="closest", dragmode=False,
        legend={"orientation": "h", "y": 1.0, "yanchor": "bottom", "x": 0}, uirevision="constant",
    )  # fmt: skip
    return figure
