"""The trade-off chart: utility against what the attacker gains. Points -> Plotly figure, no Streamlit.

Text, grid and ground colours are left to the theme of the page; what carries meaning is set here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from app.charts.figures import style
from app.charts.label_place import label_offset
from app.charts.palette import colours, faded
from app.page import wording
from app.settings import points
from app.settings.points import Line, records, setting_label
from app.settings.views import View
from core.methods import METHODS, UNPROTECTED
from core.metrics import METRICS

HEIGHT = 460  # pixels
WIDTHS = (760, 260)  # of the plot on a laptop and on a phone, to place the label
PLOTTED = 300  # pixels of the height that axis titles and a legend of three rows leave
# pixels from the upper left corner to what marks the place to be, along its length
SIGN = ((20, 12), (60, 12), (100, 12), (140, 12))


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

    table         rows of `app.settings.points.settings`
    chosen        key of the large, labelled point
    attack_limit  the attack's value (not its gain) the officer allows
    cost_limit    loss of utility the officer allows, a share

    Every point carries its row's key as custom data. Axes depend on `table` alone, so that nothing
    jumps when the chosen point moves.
    """
    colour = colours(dark)
    across, up = ranges(table)
    scale = view.scale
    rows = {row["key"]: row for row in records(table)}
    data = [
        _line([rows[key] for key in line.keys], line, lines, number, view)
        for number, line in enumerate(_ordered(lines))
    ]
    front = points.front([rows[key] for key in rows])
    if len(front) > 1:
        data.insert(0, _front(front, scale, colour))
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
            "range": list(up), "zeroline": False, "gridcolor": colour["line"], "fixedrange": True,
            "ticksuffix": " %" if wording.in_percent(view.service) else "",
            "title": {"text": _up_title(view)},
        },
        "legend": {"orientation": "h", "yanchor": "top", "y": -0.22, "x": 0, "itemclick": False,
                   "itemdoubleclick": False},
        "shapes": shapes, "annotations": notes, "height": HEIGHT, "hovermode": "closest",
        "margin": {"l": 10, "r": 10, "t": 10, "b": 10}, "clickmode": "event+select",
        "dragmode": False, "uirevision": "constant", "font": {"size": 14},
    }  # fmt: skip
    # A slider waits for this figure: its plain dicts are checked by the tests, not here again
    return go.Figure({"data": data, "layout": layout}, _validate=False)


def _front(
    rows: Sequence[Mapping[str, Any]], scale: float, colour: Mapping[str, str]
) -> dict[str, Any]:
    """The Pareto front: to its upper left nobody has trained anything."""
    return {
        "type": "scatter", "mode": "lines", "name": "best bargains (Pareto front)",
        "x": [row["gain"] * scale for row in rows], "y": [row["utility"] * 100 for row in rows],
        "line": {"color": faded(colour["ink"], 0.16), "width": 7, "shape": "hv"}, "hoverinfo": "skip",
        "legendrank": 2000,
    }  # fmt: skip


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


def _across_title(view: View, blind: bool = True) -> str:
    """Short enough for a phone; who the attacker is and what they want stands in the verdict."""
    if view.target == "image":
        symbol = METRICS[view.measure].symbol
        return f"attacker's gain over drawing blind ({symbol})" if blind else f"likeness ({symbol})"
    return "attacker's gain over guessing (points)"


def _up_title(view: View) -> str:
    name = METRICS[view.service].title
    unit = "" if wording.in_percent(view.service) else " (hundredths)"
    return f"{wording.service(view.task)}: {name.removeprefix('plain ')}{unit}"


def _ordered(lines: Sequence[Line]) -> list[Line]:
    """Baselines first, so that the methods lie on top of them."""
    return sorted(lines, key=lambda line: not METHODS[line.method].baseline)


def _line(
    rows: list[dict[str, Any]], line: Line, lines: Sequence[Line], number: int, view: View
) -> dict[str, Any]:
    """One curve with its intervals; a line without a knob is points alone."""
    scale = view.scale
    method = METHODS[line.method]
    look = style(line.method)
    mine = [e for e in lines if (e.method, e.variant) == (line.method, line.variant)]
    main = mine[0] is line or method.baseline
    ring = line.method == UNPROTECTED
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
    said = wording.score(view.service, row["utility"])
    lines.append(f"{service}: {said}{_span(row, 'utility_', view.service)}")
    return "<br>".join(lines)


def _span(row: Mapping[str, Any], prefix: str, measure: str) -> str:
    text = wording.score_interval(measure, row[f"{prefix}low"], row[f"{prefix}high"])
    return f" ({text})" if text else ""


def _chosen(row: Mapping[str, Any], view: View, colour: Mapping[str, str]) -> dict[str, Any]:
    """The large point, lit by the accent."""
    look = style(row["method"])
    return {
        "type": "scatter", "mode": "markers", "name": "chosen", "showlegend": False,
        "x": [float(row["gain"]) * view.scale], "y": [float(row["utility"]) * 100],
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

    def pixels(row: Mapping[str, Any], width: float) -> tuple[float, float]:
        return (
            (row["gain"] - across[0]) / (across[1] - across[0]) * width,
            (row["utility"] * 100 - up[0]) / (up[1] - up[0]) * PLOTTED,
        )

    row = rows[chosen]
    rest = [other for key, other in rows.items() if key != chosen]
    scenes = [
        (
            pixels(row, width),
            [*(pixels(other, width) for other in rest), *((x, PLOTTED - y) for x, y in SIGN)],
            width,
        )
        for width in WIDTHS
    ]
    right, above = label_offset(scenes, PLOTTED)
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
