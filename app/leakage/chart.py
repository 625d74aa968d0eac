"""Heat map of attributes x settings, and groups of people as points with intervals. No Streamlit."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from app.charts import plot
from app.charts.palette import LIGHT, rgb
from app.charts.plot import Spec
from app.leakage import attributes
from app.page import wording
from app.settings.points import Row

ROW = 24  # pixels of a row of the heat map
HEAD = 64  # pixels over it
# pure white and black: whatever the ground, one of them reaches 4.5 : 1
LIGHT_INK, DARK_INK = "#FFFFFF", "#000000"
MANY = 6  # columns; more have their headings upright, and smaller numbers
UPRIGHT = 110  # pixels more for upright headings
LONGEST = 14  # characters of a heading before it is written in two lines
ENDS = ("value", "low", "high")


def heat_map(
    table: pd.DataFrame,
    order: Sequence[str],
    headings: Mapping[str, str],
    key: str,
    colour: plot.Colours = LIGHT,
) -> go.Figure:
    """Attributes (rows, in `order`) x settings (columns: key -> heading).

    table   rows of `app.leakage.attributes.grid`
    key     the chosen setting: its column is framed

    Each cell holds its number; every cell can be clicked and carries its setting's key.
    """
    keys = list(headings)
    cells = {(row["attribute"], row["key"]): row for row in table.to_dict("records")}
    roles = {name: row["role"] for (name, at), row in cells.items() if at == key}
    suffix = {name: attributes.SUFFIX.get(role, "") for name, role in roles.items()}
    labels = [wording.attribute_label(name) + suffix.get(name, "") for name in order]
    found = [[cells.get((name, at)) for at in keys] for name in order]
    places = [(i, j, row) for j, line in enumerate(found) for i, row in enumerate(line) if row]
    size = 11 if len(keys) > MANY else 13
    heat = [_cells(found, ink, size, colour) for ink in (LIGHT_INK, DARK_INK, None)]
    # A heat map cannot be clicked to choose something; points that nobody sees can.
    points = plot.scatter("markers", [i for i, _, _ in places], [j for _, j, _ in places])
    points |= {"marker": {"size": ROW, "symbol": "square", "opacity": 0}, "showlegend": False}
    texts = [attributes.hover(row, headings[row["key"]]) for _, _, row in places]
    points |= plot.says(texts, [row["key"] for _, _, row in places])
    declared = sum(roles.get(name, "unlisted") != "unlisted" for name in order)
    shapes = []
    if key in keys:
        frame, column = {"color": colour["ink"], "width": 2.5}, keys.index(key)
        shapes.append(plot.box(column - 0.5, column + 0.5, -0.5, len(order) - 0.5, frame))
    if declared:  # between what nobody declared and what was
        divider = {"color": colour["ink"], "width": 1.5, "dash": "dot"}
        shapes.append(plot.level(len(order) - declared - 0.5, divider))
    many = len(keys) > MANY
    texts = [text if many else _broken(text) for text in headings.values()]
    bold = [f"<b>{text}</b>" if at == key else text for at, text in zip(keys, texts, strict=True)]
    return plot.figure(
        [*heat, points],
        _ticks(bold, colour, side="top", tickangle=-90 if many else 0, range=_edges(keys)),
        _ticks(labels, colour, automargin=True, range=_edges(order)[::-1]),
        HEAD + UPRIGHT * many + ROW * len(order),
        margin=plot.margins(r=4),
        hoverdistance=-1,
        shapes=shapes,
        font={"size": 13},
        **plot.CLICKS,
    )


def _ticks(texts: Sequence[str], colour: plot.Colours, **more: Any) -> Spec:
    named = {"tickvals": list(range(len(texts))), "ticktext": list(texts), "ticks": ""}
    return plot.bare(tickfont={"color": colour["ink"]}, **named, **more)


def _edges(entries: Sequence[Any]) -> list[float]:
    return [-0.5, len(entries) - 0.5]


def _cells(
    found: Sequence[Sequence[Row | None]], ink: str | None, size: int, colour: plot.Colours
) -> Spec:
    """The cells whose number is read best in `ink` (a heat map writes in one colour); with None
    those about which nothing can be concluded, grey with a question mark."""
    scale = [colour["teal"], colour["sand"], colour["brick"]]

    def mine(row: Row | None) -> bool:
        if row is None:
            return False
        if row["state"] == attributes.UNKNOWN:
            return ink is None
        return _readable(_mixed(scale, attributes.exposure(row))) == ink

    def exposure(row: Row) -> float:
        return 0.0 if ink is None else attributes.exposure(row)

    here = [[row if mine(row) else None for row in line] for line in found]
    tints = [colour["line"]] * 3 if ink is None else scale
    return {
        "type": "heatmap",
        "x": list(range(len(found[0]))),
        "y": list(range(len(found))),
        "z": [[exposure(row) if row else None for row in line] for line in here],
        "text": [[attributes.cell(row) if row else "" for row in line] for line in here],
        "texttemplate": "%{text}",
        "textfont": {"size": size, "color": ink or colour["ink"]},
        "colorscale": [[place / 2, tint] for place, tint in enumerate(tints)],
        **{"zmin": 0, "zmax": 1, "showscale": False, "hoverinfo": "skip", "xgap": 2, "ygap": 2},
    }


def _mixed(scale: Sequence[str], place: float) -> tuple[float, ...]:
    """Red, green, blue at `place` in [0, 1] of three colours, as Plotly mixes them."""
    low = min(1, int(place * 2))
    ends = rgb(scale[low]), rgb(scale[low + 1])
    return tuple(a + (b - a) * (place * 2 - low) for a, b in zip(*ends, strict=True))


def _readable(ground: Sequence[float]) -> str:
    """Which of the two inks has the higher contrast (WCAG 2.2) on a ground."""
    here = luminance(ground)
    on_light = (luminance(rgb(LIGHT_INK)) + 0.05) / (here + 0.05)
    on_dark = (here + 0.05) / (luminance(rgb(DARK_INK)) + 0.05)
    return LIGHT_INK if on_light > on_dark else DARK_INK


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


def groups(table: pd.DataFrame, chance: float | None, colour: plot.Colours = LIGHT) -> go.Figure:
    """The attacker's success with each group, as points with intervals.

    table   rows of `app.leakage.groups.table`: attribute, label, value, low, high (shares), small, text
    chance  where guessing is, None or NaN where it has no fixed value
    """
    rows = table[table["value"].notna()].to_dict("records")
    data = [_group_points([r for r in rows if r["small"] == s], s, colour) for s in (False, True)]
    guess = chance if wording.known(chance) else 1.0
    left = min([guess, *(r[n] for r in rows for n in ENDS)]) * 100
    lines, notes = [], []
    if wording.known(chance):
        lines = [plot.upright(guess * 100, plot.dotted(colour))]
        top = {"yref": "paper", "yanchor": "bottom", "xanchor": "left"}
        notes = [plot.note("guessing", guess * 100, 1, colour["quiet"], None, **top)]
    few = {"xref": "paper", "xanchor": "left"}
    for label in table.loc[table["value"].isna(), "label"]:
        notes.append(plot.note("too few people", 0.02, label, colour["quiet"], None, **few))
    labels = {
        "type": "category",
        "categoryorder": "array",
        "categoryarray": table["label"].tolist()[::-1],
    }
    return plot.figure(
        [trace for trace in data if trace["x"]],
        plot.axis(colour, "right answers", ticksuffix=" %", range=[max(0, left - 3), 101]),
        plot.bare(automargin=True, range=[-0.6, len(table) - 0.4], **labels),
        110 + 36 * len(table),
        margin=plot.margins(t=24),
        font={"size": 14},
        shapes=lines,
        annotations=notes,
    )


def _group_points(rows: Sequence[Row], small: bool, colour: plot.Colours) -> Spec:
    shares, labels = [row["value"] * 100 for row in rows], [row["label"] for row in rows]
    name, symbol = ("small group", "circle-open") if small else ("group", "circle")
    return {
        **plot.scatter("markers", shares, labels, name=name, showlegend=False),
        **plot.says([row["text"] for row in rows]),
        "marker": plot.marker(colour["brick"], 12, symbol, 2),
        "error_x": plot.interval(rows, ENDS, 100, color=colour["brick"], thickness=2),
    }


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
