"""Heat map of attributes x settings, and groups of people as points with intervals. No Streamlit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from app.charts.palette import colours
from app.leakage import attributes
from app.page import wording

ROW = 24  # pixels of a row of the heat map
HEAD = 64  # pixels over it
# pure white and black: whatever the ground, one of them reaches 4.5 : 1
LIGHT_INK, DARK_INK = "#FFFFFF", "#000000"
MANY = 6  # columns; more have their headings upright, and smaller numbers
UPRIGHT = 110  # pixels more for upright headings
LONGEST = 14  # characters of a heading before it is written in two lines


def heat_map(
    table: pd.DataFrame,
    order: Sequence[str],
    headings: Mapping[str, str],
    key: str,
    dark: bool = False,
) -> go.Figure:
    """Attributes (rows, in `order`) x settings (columns: key -> heading).

    table   rows of `app.leakage.attributes.grid`
    key     the chosen setting: its column is framed

    Each cell holds its number; every cell can be clicked and carries its setting's key.
    """
    colour = colours(dark)
    keys = list(headings)
    cells = {(row["attribute"], row["key"]): row for row in table.to_dict("records")}
    roles = {name: row["role"] for (name, at), row in cells.items() if at == key}
    labels = [attributes.row_label(name, roles.get(name, "unlisted")) for name in order]
    found = [[cells.get((name, at)) for at in keys] for name in order]
    places = [(i, j, row) for j, line in enumerate(found) for i, row in enumerate(line) if row]
    heat = [
        _cells(found, ink, {"size": 11 if len(keys) > MANY else 13, "color": ink}, colour)
        for ink in (LIGHT_INK, DARK_INK, None)
    ]
    # A heat map cannot be clicked to choose something; points that nobody sees can.
    points = {
        "type": "scatter", "mode": "markers", "x": [i for i, _, _ in places], "y": [j for _, j, _ in places],
        "marker": {"size": ROW, "symbol": "square", "opacity": 0}, "showlegend": False,
        "customdata": [row["key"] for _, _, row in places],
        "text": [attributes.hover(row, headings[row["key"]]) for _, _, row in places],
        "hovertemplate": "%{text}<extra></extra>", "selectedpoints": False,
    }  # fmt: skip
    declared = sum(roles.get(name, "unlisted") != "unlisted" for name in order)
    shapes = _frame(keys.index(key), len(order), colour) if key in keys else []
    shapes += _divider(len(order) - declared, colour) if declared else []
    many = len(keys) > MANY
    texts = {at: text if many else _broken(text) for at, text in headings.items()}
    bold = [f"<b>{text}</b>" if at == key else text for at, text in texts.items()]
    layout = {
        "xaxis": {"side": "top", "tickangle": -90 if many else 0, "tickvals": list(range(len(keys))), "ticktext": bold, "fixedrange": True, "tickfont": {"color": colour["ink"]},
                  "showgrid": False, "zeroline": False, "range": [-0.5, len(keys) - 0.5], "ticks": ""},
        "yaxis": {"tickvals": list(range(len(order))), "ticktext": labels, "tickfont": {"color": colour["ink"]}, "fixedrange": True,
                  "showgrid": False, "zeroline": False, "range": [len(order) - 0.5, -0.5], "ticks": "",
                  "automargin": True},
        "height": HEAD + UPRIGHT * many + ROW * len(order), "margin": {"l": 10, "r": 4, "t": 10, "b": 10},
        "hovermode": "closest", "hoverdistance": -1, "clickmode": "event+select", "dragmode": False,
        "shapes": shapes, "uirevision": "constant", "font": {"size": 13},
    }  # fmt: skip
    return go.Figure({"data": [*heat, points], "layout": layout}, _validate=False)


def _cells(
    found: Sequence[Sequence[Mapping[str, Any] | None]],
    ink: str | None,
    font: Mapping[str, Any],
    colour: Mapping[str, str],
) -> dict[str, Any]:
    """The cells whose number is read best in `ink` (a heat map writes in one colour); with None
    those about which nothing can be concluded, grey with a question mark."""
    scale = [colour["teal"], colour["sand"], colour["brick"]]

    def mine(row: Mapping[str, Any] | None) -> bool:
        if row is None:
            return False
        if row["state"] == attributes.UNKNOWN:
            return ink is None
        return _readable(_mixed(scale, attributes.exposure(row))) == ink

    here = [[row if mine(row) else None for row in line] for line in found]
    if ink is None:
        scale, font = [colour["line"]] * 3, {**font, "color": colour["ink"]}
    return {
        "type": "heatmap", "x": list(range(len(found[0]))), "y": list(range(len(found))),
        "z": [[(0.0 if ink is None else attributes.exposure(row)) if row else None for row in line]
              for line in here],
        "text": [[attributes.cell(row) if row else "" for row in line] for line in here],
        "texttemplate": "%{text}", "zmin": 0, "zmax": 1, "showscale": False, "hoverinfo": "skip",
        "xgap": 2, "ygap": 2, "colorscale": [[place / 2, tint] for place, tint in enumerate(scale)],
        "textfont": dict(font),
    }  # fmt: skip


def _mixed(scale: Sequence[str], place: float) -> tuple[float, ...]:
    """Red, green, blue at `place` in [0, 1] of three colours, as Plotly mixes them."""
    low = min(1, int(place * 2))
    ends = [[int(scale[low + end][i : i + 2], 16) for i in (1, 3, 5)] for end in (0, 1)]
    return tuple(a + (b - a) * (place * 2 - low) for a, b in zip(*ends, strict=True))


def _readable(ground: Sequence[float]) -> str:
    """Which of the two inks has the higher contrast (WCAG 2.2) on a ground."""
    here = luminance(ground)
    on_light = (luminance(_parts(LIGHT_INK)) + 0.05) / (here + 0.05)
    on_dark = (here + 0.05) / (luminance(_parts(DARK_INK)) + 0.05)
    return LIGHT_INK if on_light > on_dark else DARK_INK


def _parts(colour: str) -> tuple[int, ...]:
    return tuple(int(colour[i : i + 2], 16) for i in (1, 3, 5))


def luminance(parts: Sequence[float]) -> float:
    """Relative luminance of red, green, blue in 0…255 (WCAG 2.2)."""
    linear = [
        part / 255 / 12.92 if part / 255 <= 0.04045 else ((part / 255 + 0.055) / 1.055) ** 2.4
        for part in parts
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _broken(text: str) -> str:
    """A long heading in two lines."""
    if len(text) <= LONGEST or " " not in text:
        return text
    places = [i for i, letter in enumerate(text) if letter == " "]
    middle = min(places, key=lambda i: abs(i - len(text) / 2))
    return f"{text[:middle]}<br>{text[middle + 1 :]}"


def _frame(column: int, rows: int, colour: Mapping[str, str]) -> list[dict[str, Any]]:
    return [
        {"type": "rect", "x0": column - 0.5, "x1": column + 0.5, "y0": -0.5, "y1": rows - 0.5,
         "line": {"color": colour["ink"], "width": 2.5}}
    ]  # fmt: skip


def _divider(row: int, colour: Mapping[str, str]) -> list[dict[str, Any]]:
    """Between what nobody declared and what was."""
    return [
        {"type": "line", "xref": "paper", "x0": 0, "x1": 1, "y0": row - 0.5, "y1": row - 0.5,
         "line": {"color": colour["ink"], "width": 1.5, "dash": "dot"}}
    ]  # fmt: skip


def groups(table: pd.DataFrame, chance: float | None, dark: bool = False) -> go.Figure:
    """The attacker's success with each group, as points with intervals.

    table   rows of `app.leakage.groups.table`: attribute, label, value, low, high (shares), small, text
    chance  where guessing is, None where it has no fixed value
    """
    colour = colours(dark)
    shown = table[table["value"].notna()]
    known = shown[["low", "high", "value"]].to_numpy(float) * 100
    data = [_group_points(shown[shown["small"] == small], small, colour) for small in (False, True)]
    left = min([100.0 if chance is None else chance * 100, *known.min(1).tolist()])
    lines, notes = [], []
    if chance is not None:
        lines.append(
            {
                "type": "line",
                "x0": chance * 100,
                "x1": chance * 100,
                "yref": "paper",
                "y0": 0,
                "y1": 1,
                "line": {"dash": "dot", "width": 1.5, "color": colour["quiet"]},
            }
        )
        notes.append({"x": chance * 100, "y": 1, "yref": "paper", "yanchor": "bottom", "xanchor": "left",
                      "text": "guessing", "showarrow": False, "font": {"color": colour["quiet"]}})  # fmt: skip
    for label in table.loc[table["value"].isna(), "label"]:
        notes.append({"x": 0.02, "xref": "paper", "y": label, "xanchor": "left", "text": "too few people",
                      "showarrow": False, "font": {"color": colour["quiet"]}})  # fmt: skip
    layout = {
        "xaxis": {"ticksuffix": " %", "title": {"text": "right answers"}, "zeroline": False,
                  "fixedrange": True, "gridcolor": colour["line"], "range": [max(0, left - 3), 101]},
        "yaxis": {"fixedrange": True, "showgrid": False, "automargin": True, "categoryorder": "array",
                  "type": "category", "categoryarray": table["label"].tolist()[::-1],
                  "range": [-0.6, len(table) - 0.4]},
        "height": 110 + 36 * len(table), "margin": {"l": 10, "r": 10, "t": 24, "b": 10},
        "dragmode": False, "font": {"size": 14}, "shapes": lines, "annotations": notes,
    }  # fmt: skip
    return go.Figure({"data": [d for d in data if d["x"]], "layout": layout}, _validate=False)


def _group_points(rows: pd.DataFrame, small: bool, colour: Mapping[str, str]) -> dict[str, Any]:
    value, low, high = (rows[name].to_numpy(float) * 100 for name in ("value", "low", "high"))
    return {
        "type": "scatter", "mode": "markers", "name": "small group" if small else "group",
        "x": value.tolist(), "y": rows["label"].tolist(), "showlegend": False,
        "marker": {"size": 12, "symbol": "circle-open" if small else "circle", "color": colour["brick"],
                   "line": {"width": 2, "color": colour["brick"]}},
        "error_x": {"type": "data", "symmetric": False, "thickness": 2, "width": 0, "color": colour["brick"],
                    "array": (high - value).tolist(), "arrayminus": (value - low).tolist()},
        "text": rows["text"].tolist(), "hovertemplate": "%{text}<extra></extra>",
    }  # fmt: skip


def alt(table: pd.DataFrame, key: str) -> str:
    """The heat map for those who do not see it."""
    mine = table[(table["key"] == key) & (table["state"] == attributes.LEAKS)]
    mine = mine.sort_values("surprise", ascending=False, kind="stable")
    named = [
        f"{wording.attribute_label(row.attribute)} {wording.percent(row.value)}"
        for row in mine.head(6).itertuples()
    ]
    return "Attributes by settings, right guesses in per cent. At the chosen setting: " + (
        ", ".join(named) or "nothing is told better than by guessing"
    )
