"""DataFrame -> Plotly figure. No Streamlit in here.

Text, grid and ground colours are left to the theme of the page; what carries meaning is set here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from app import wording
from app.label_place import label_offset
from app.palette import DASHES, METHOD_SYMBOLS, SYMBOLS, colours, faded
from app.points import Line, View, records, setting_label
from core.methods import METHODS

HEIGHT = 460  # pixels
WIDTH = 760  # as on a laptop, to place the label; the chart itself fills its column
PLOTTED = 300  # pixels of the height that axis titles and a legend of three rows leave
LOSS_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")  # Okabe-Ito


def trade_off(
    table: pd.DataFrame,
    lines: Sequence[Line],
    chosen: str | None,
    view: View,
    attack_limit: float | None = None,
    cost_limit: float | None = None,
    dark: bool = False,
) -> go.Figure:
    """Utility (up) against what the strongest attacker gains over guessing (right).

    table         rows of `app.points.settings`
    chosen        key of the large, labelled point
    attack_limit  the attack's value (not its gain) the officer allows
    cost_limit    loss of utility the officer allows, a share

    Every point carries its row's key as custom data. Axes depend on `table` alone, so that nothing
    jumps when the chosen point moves.
    """
    colour = colours(dark)
    across, up = ranges(table)
    scale = axis_scale(view)
    rows = {row["key"]: row for row in records(table)}
    data = [
        _line([rows[key] for key in line.keys], line, lines, number, view)
        for number, line in enumerate(_ordered(lines))
    ]
    blind = table["chance"].notna().any()  # whether guessing was measured
    shapes = _limits(table, across, up, scale, attack_limit, cost_limit, colour)
    left = "no better than guessing" if blind else "nothing recovered"
    notes = _signposts(colour, left, limited=bool(shapes))
    shapes += _references(up, colour)
    if chosen in rows:
        data.append(_chosen(rows[chosen], view, colour))
        notes.append(_chosen_label(chosen, rows, across, up, scale, colour))
    layout = {
        "xaxis": {
            "range": [across[0] * scale, across[1] * scale], "title": {"text": _across_title(view, blind)},
            "zeroline": False, "gridcolor": colour["line"], "fixedrange": True,
        },
        "yaxis": {
            "range": list(up), "ticksuffix": " %", "zeroline": False, "gridcolor": colour["line"],
            "fixedrange": True, "title": {"text": f"{wording.service(view.task)}: right answers"},
        },
        "legend": {"orientation": "h", "yanchor": "top", "y": -0.22, "x": 0, "itemclick": False,
                   "itemdoubleclick": False},
        "shapes": shapes, "annotations": notes, "height": HEIGHT, "hovermode": "closest",
        "margin": {"l": 10, "r": 10, "t": 10, "b": 10}, "clickmode": "event+select",
        "dragmode": False, "uirevision": "constant", "font": {"size": 14},
    }  # fmt: skip
    # A slider waits for this figure: its plain dicts are checked by the tests, not here again
    return go.Figure({"data": data, "layout": layout}, _validate=False)


def _references(up: tuple[float, float], colour: Mapping[str, str]) -> list[dict[str, Any]]:
    """Dotted lines where the attacker, and where the service, only guess."""
    dotted = {"dash": "dot", "width": 1.5, "color": colour["quiet"]}
    lines = [{"type": "line", "x0": 0, "x1": 0, "yref": "paper", "y0": 0, "y1": 1}]
    if up[0] < 50 < up[1]:
        lines.append({"type": "line", "y0": 50, "y1": 50, "xref": "paper", "x0": 0, "x1": 1})
    return [line | {"layer": "below", "line": dotted} for line in lines]


def _signposts(colour: Mapping[str, str], left: str, limited: bool) -> list[dict[str, Any]]:
    """Words that say how to read the chart: where guessing is, where it is good to be."""
    guessing = {
        "x": 0, "y": 0, "yref": "paper", "yanchor": "bottom", "xanchor": "left", "xshift": 5,
        "text": left, "showarrow": False, "font": {"size": 12, "color": colour["quiet"]},
    }  # fmt: skip
    good = {
        "x": 0, "y": 1, "yref": "paper", "xanchor": "left", "yanchor": "top", "xshift": 5,
        "yshift": -3, "showarrow": False, "font": {"size": 12, "color": colour["teal"]},
        "text": "◤ <b>within your limits</b>" if limited else "◤ <b>the place to be</b>",
    }  # fmt: skip
    return [guessing, good]


def ranges(table: pd.DataFrame) -> tuple[tuple[float, float], tuple[float, float]]:
    """((left, right), (bottom, top)) of the chart: gains as shares, utility in per cent. All
    intervals are inside; guessing always is."""

    def extremes(*columns: str) -> tuple[float, float]:
        found = [v for name in columns for v in table[name].tolist() if wording.known(v)]
        return min(found, default=0.0), max(found, default=1.0)

    gains = extremes("gain", "gain_low", "gain_high")
    left, right = min(0.0, gains[0]), max(0.1, gains[1])
    span = right - left
    bottom, top = (100 * v for v in extremes("utility", "utility_low", "utility_high"))
    height = max(4.0, top - bottom)
    return (
        (left - 0.05 * span, right + 0.07 * span),
        (bottom - 0.12 * height, min(101.5, top + 0.22 * height)),
    )


def axis_scale(view: View) -> float:
    """Factor of the horizontal axis: shares are drawn as points, likeness of pictures as it is."""
    return 1.0 if view.target == "image" else 100.0


def _across_title(view: View, blind: bool = True) -> str:
    """Short enough for a phone; who the attacker is and what they want stands in the verdict."""
    if view.target == "image":
        return "attacker's gain over drawing blind (MS-SSIM)" if blind else "likeness (MS-SSIM)"
    return "attacker's gain over guessing (points)"


def _ordered(lines: Sequence[Line]) -> list[Line]:
    """Baselines first, so that the methods lie on top of them."""
    return sorted(lines, key=lambda line: not METHODS[line.method].baseline)


def style(method: str) -> dict[str, Any]:
    """Colour, dash and symbol of a method, the same everywhere: methods are coloured and solid,
    with a symbol of their own; hardened variants dashed, with their method's symbol, hollow;
    baselines grey with a dash and a symbol; unprotected is a hollow ring."""
    baselines = [name for name, entry in METHODS.items() if entry.baseline and name != "original"]
    if method == "original":
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


def _line(
    rows: list[dict[str, Any]], line: Line, lines: Sequence[Line], number: int, view: View
) -> dict[str, Any]:
    """One curve with its intervals; a line without a knob is points alone."""
    scale = axis_scale(view)
    method = METHODS[line.method]
    look = style(line.method)
    mine = [e for e in lines if (e.method, e.variant) == (line.method, line.variant)]
    main = mine[0] is line or method.baseline
    ring = line.method == "original"
    quiet = line.knob is None and len(mine) > 1
    # an attack too weak to conclude leaves a ghost, no claim
    opacity = [0.25 if not row["conclusive"] else 0.45 if quiet else 1 for row in rows]
    title = f"{method.title} ({line.variant})" if line.variant else method.title
    if len(mine) > 1 and line.knob is not None:
        title = f"{title}, {line.knob.symbol}"
    return {
        "type": "scatter",
        "x": [row["gain"] * scale for row in rows],
        "y": [row["utility"] * 100 for row in rows],
        "mode": "markers" if line.knob is None else "lines+markers",
        "name": title,
        "showlegend": not quiet,
        "customdata": [row["key"] for row in rows],
        "line": {"color": look["color"], "width": 2, "dash": look["dash"] if main else "dash"},
        "marker": {
            "color": look["color"],
            "size": 15 if ring else 6 if quiet else 9,
            "symbol": look["symbol"] if main else "diamond",
            "line": {"width": 2.5 if ring else 0, "color": look["color"]},
            "opacity": opacity,
        },
        "selectedpoints": False,
        "error_x": _error(rows, "gain", scale, look["color"], 0.3 if method.baseline else 0.5),
        "error_y": _error(rows, "utility", 100, look["color"], 0.3 if method.baseline else 0.5),
        "text": [hover(row, view) for row in rows],
        "hovertemplate": "%{text}<extra></extra>",
        "legendrank": 1000 + number + (500 if method.baseline else 0),
    }


def _error(
    rows: list[dict[str, Any]], name: str, scale: float, colour: str, alpha: float
) -> dict[str, Any]:
    middle, low, high = (
        [row[column] * scale for row in rows] for column in (name, f"{name}_low", f"{name}_high")
    )
    return {
        "type": "data",
        "symmetric": False,
        "array": [max(0.0, h - m) for m, h in zip(middle, high, strict=True)],
        "arrayminus": [max(0.0, m - lower) for m, lower in zip(middle, low, strict=True)],
        "thickness": 1,
        "width": 0,
        "color": faded(colour, alpha),
    }


def hover(row: Mapping[str, Any], view: View) -> str:
    """What a point says when pointed at."""
    name = METHODS[row["method"]].title
    setting = setting_label(row)
    measure = view.measure
    lines = [f"<b>{name}</b>" + (f", {setting}" if setting else "")]
    if not row["conclusive"]:
        lines.append("attack too weak to conclude")
    span = _span(row, "", measure)
    lines.append(f"attacker: {wording.score(measure, row['value'])}{span}")
    service = wording.service(view.task)
    lines.append(f"{service}: {wording.percent(row['utility'], 1)}{_span(row, 'utility_', '')}")
    return "<br>".join(lines)


def _span(row: Mapping[str, Any], prefix: str, measure: str) -> str:
    digits, scale = (2, 1) if measure == "ms_ssim" else (1, 100)
    text = wording.interval(row[f"{prefix}low"], row[f"{prefix}high"], digits, scale)
    return f" ({text})" if text else ""


def _chosen(row: Mapping[str, Any], view: View, colour: Mapping[str, str]) -> dict[str, Any]:
    """The large point, lit by the accent."""
    look = style(row["method"])
    return {
        "type": "scatter", "mode": "markers", "name": "chosen", "showlegend": False,
        "x": [float(row["gain"]) * axis_scale(view)], "y": [float(row["utility"]) * 100],
        "customdata": [row["key"]], "text": [hover(row, view)], "hovertemplate": "%{text}<extra></extra>",
        # a hollow symbol has no rim that could be lit
        "marker": {"size": 20, "color": look["color"], "symbol": look["symbol"].removesuffix("-open"),
                   "line": {"width": 3, "color": colour["light"]}},
        "selectedpoints": False,
    }  # fmt: skip


def _chosen_label(
    chosen: str,
    rows: Mapping[str, Mapping[str, Any]],
    across: tuple[float, float],
    up: tuple[float, float],
    scale: float,
    colour: Mapping[str, str],
) -> dict[str, Any]:
    """The chosen setting in words, joined to its point by a thin line, where no point is covered."""

    def pixels(row: Mapping[str, Any]) -> tuple[float, float]:
        return (
            (row["gain"] - across[0]) / (across[1] - across[0]) * WIDTH,
            (row["utility"] * 100 - up[0]) / (up[1] - up[0]) * PLOTTED,
        )

    row = rows[chosen]
    others = [pixels(other) for key, other in rows.items() if key != chosen]
    right, above = label_offset(pixels(row), others, WIDTH, PLOTTED)
    return {
        "x": float(row["gain"]) * scale, "y": float(row["utility"]) * 100, "showarrow": True,
        "text": f"<b>{setting_label(row) or METHODS[row['method']].title}</b>",
        "ax": right, "ay": -above, "arrowhead": 0, "arrowwidth": 1, "arrowcolor": colour["quiet"],
        "standoff": 10, "font": {"size": 15, "color": colour["ink"]},
        "bgcolor": faded(colour["ground"], 0.8),
    }  # fmt: skip


def _limits(
    table: pd.DataFrame,
    across: tuple[float, float],
    up: tuple[float, float],
    scale: float,
    attack_limit: float | None,
    cost_limit: float | None,
    colour: Mapping[str, str],
) -> list[dict[str, Any]]:
    """The shape that shades what fulfils the officer's limits."""
    if attack_limit is None and cost_limit is None:
        return []
    right, bottom = across[1], up[0]
    if attack_limit is not None:
        chance = table["chance"].astype(float).mean()
        right = attack_limit - (0.0 if pd.isna(chance) else chance)
    if cost_limit is not None and table["cost"].notna().any():
        reference = (table["utility"] + table["cost"]).dropna().iloc[0]
        bottom = (reference - cost_limit) * 100
    right = min(across[1], max(across[0], right))
    bottom = min(up[1], max(up[0], bottom))
    shape = {
        "type": "rect", "x0": across[0] * scale, "x1": right * scale, "y0": bottom, "y1": up[1],
        "layer": "below", "fillcolor": faded(colour["teal"], 0.13),
        "line": {"width": 1, "color": faded(colour["teal"], 0.5)},
    }  # fmt: skip
    return [shape]


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
