"""Charts of a study's answers: DataFrames and rows -> Plotly figures. No Streamlit in here.

Text, grid and ground colours are left to the theme of the page; what carries meaning is set here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from app.charts.figures import style
from app.charts.palette import colours, faded
from app.page import wording
from app.study import verdict
from core.methods import METHODS
from core.study.analysis.breakdown import if_all_alike

Row = Mapping[str, Any]
ROW = 54  # pixels of a setting
WRAP = 24  # letters of a setting's label in one line, so that a phone shows the chart
OFFSET = {"machine_release": 0.2, "machine_picture": -0.2}  # of a row, so that marks stay apart
MACHINES = {  # who -> (words of the legend, symbol)
    "machine_release": (verdict.MACHINE_WORDS["machine_release"], "diamond-open"),
    "machine_picture": (verdict.MACHINE_WORDS["machine_picture"], "x-thin-open"),
}
SHARES = np.linspace(0, 1, 11)  # edges of the histogram of participants
TIMES = np.geomspace(250, 128_000, 28)  # milliseconds, edges of the histogram of times
TICKS = (250, 500, 1000, 2000, 4000, 8000, 16_000, 32_000, 64_000, 128_000)
MOST_FACES = 40


def accuracy(
    rows: Sequence[Row],
    published: Row | None,
    same: bool,
    dark: bool = False,
    people: str = "people",
) -> go.Figure:
    """How often the right person is picked at each setting, from weak to strong protection.

    rows       of `app.study.verdict.rows`; those without answers keep an empty line
    published  `core.study.analysis.results.reference` where it may be compared with (as many options)
    same       whether comparing releases is trivial, so that its marks are left out
    people     who answered
    """
    colour = colours(dark)
    figure = go.Figure()
    height = [len(rows) - 1 - number for number in range(len(rows))]
    for name, (words, symbol) in MACHINES.items():
        if not (same and name == "machine_release"):
            _marks(figure, rows, [y + OFFSET[name] for y in height], name, words, symbol, colour["brick"])  # fmt: skip
    for method in dict.fromkeys(row["method"] for row in rows):
        mine = [(row, y) for row, y in zip(rows, height, strict=True) if row["method"] == method]
        _people(figure, mine, people, len({row["method"] for row in rows}) > 1, colour)
    chance = rows[0]["chance"] * 100
    figure.add_vline(x=chance, line={"color": colour["quiet"], "width": 1.5, "dash": "dot"})
    top = len(rows) - 0.45
    notes = [_note(chance, top, "guessing", "right", colour)]
    if published is not None:
        figure.add_vline(x=published["share"] * 100, line={"color": colour["quiet"], "width": 1})
        notes.append(_note(published["share"] * 100, top, "DeepObfuscator's own study", "left", colour))  # fmt: skip
    figure.update_xaxes(title="the right person is picked", ticksuffix=" %", range=[-2, 102],
                        fixedrange=True, zeroline=False, gridcolor=colour["line"])  # fmt: skip
    figure.update_yaxes(title=None, fixedrange=True, showgrid=False, zeroline=False,
                        range=[-0.6, len(rows) - 0.25], tickvals=height,
                        ticktext=[_wrapped(row["label"]) for row in rows])  # fmt: skip
    figure.update_layout(
        height=150 + ROW * len(rows), margin={"l": 10, "r": 10, "t": 10, "b": 10}, dragmode=False,
        legend={"orientation": "h", "y": 1.0, "yanchor": "bottom", "x": 0}, annotations=notes,
        uirevision="constant", showlegend=True,
    )  # fmt: skip
    return figure


def _note(x: float, y: float, text: str, side: str, colour: Mapping[str, str]) -> dict[str, Any]:
    """Words at the upper end of a vertical line; `side` is where the line stands beside them."""
    return {
        "x": x, "y": y, "text": text, "showarrow": False, "xanchor": side, "yanchor": "middle",
        "xshift": 4 if side == "left" else -4, "font": {"size": 12, "color": colour["quiet"]},
    }  # fmt: skip


def _wrapped(label: str) -> str:
    """A label in lines that a phone has room for, broken after commas."""
    lines = [""]
    for part in label.split(", "):
        if lines[-1] and len(lines[-1]) + len(part) > WRAP:
            lines[-1] += ","
            lines.append(part)
        else:
            lines[-1] += (", " if lines[-1] else "") + part
    return "<br>".join(lines)


def _bars(rows: Sequence[Row], value: str, low: str, high: str) -> dict[str, Any]:
    """Intervals across; none where there is no value."""
    return {
        "array": [(row[high] - row[value]) * 100 for row in rows], "symmetric": False,
        "arrayminus": [(row[value] - row[low]) * 100 for row in rows],
    }  # fmt: skip


def _marks(
    figure: go.Figure, rows: Sequence[Row], height: Sequence[float], name: str, words: str,
    symbol: str, tint: str,
) -> None:  # fmt: skip
    """A machine's answers to the same questions."""
    there = [(row, y) for row, y in zip(rows, height, strict=True) if wording.known(row[name])]
    if not there:
        return
    known = [row for row, _ in there]
    figure.add_trace(
        go.Scatter(
            x=[row[name] * 100 for row in known], y=[y for _, y in there], mode="markers", name=words,
            marker={"size": 10, "symbol": symbol, "color": tint, "line": {"width": 2, "color": tint}},
            error_x=_bars(known, name, f"{name}_low", f"{name}_high") | {"thickness": 1, "width": 0, "color": faded(tint, 0.6)},
            text=[
                f"<b>{row['label']}</b><br>{words}<br>{wording.percent(row[name])} "
                f"({wording.interval(row[f'{name}_low'], row[f'{name}_high'])}) of {row[f'{name}_n']} questions"
                for row in known
            ],
            hovertemplate="%{text}<extra></extra>",
        )
    )  # fmt: skip


def _people(
    figure: go.Figure, there: Sequence[tuple[Row, float]], people: str, several: bool,
    colour: Mapping[str, str],
) -> None:  # fmt: skip
    """People's answers at the settings of one method."""
    there = [(row, y) for row, y in there if row["n"]]
    if not there:
        return
    rows = [row for row, _ in there]
    method = rows[0]["method"]
    look = style(method) if method in METHODS else {"color": colour["quiet"], "dash": "dot", "symbol": "circle"}  # fmt: skip
    figure.add_trace(
        go.Scatter(
            x=[row["share"] * 100 for row in rows], y=[y for _, y in there], mode="markers+lines",
            name=f"{people}, {rows[0]['title']}" if several else people, legendrank=1,
            line={"color": faded(look["color"], 0.45), "width": 1.5, "dash": look["dash"]},
            marker={"size": 14, "symbol": look["symbol"], "color": look["color"],
                    "line": {"width": 2 if look["symbol"].endswith("-open") else 0, "color": look["color"]}},
            error_x=_bars(rows, "share", "low", "high") | {"thickness": 2.5, "width": 5, "color": look["color"]},
            text=[
                f"<b>{row['label']}</b><br>{people}: {verdict.with_interval(row)}<br>{row['right']} of "
                f"{row['n']} answers, {row['participants']} participants, {row['people']} faces"
                for row in rows
            ],
            hovertemplate="%{text}<extra></extra>",
        )
    )  # fmt: skip


def accuracy_alt(rows: Sequence[Row], same: bool, people: str = "people") -> str:
    """The chart of `accuracy` for those who do not see it."""
    parts = []
    for row in rows:
        if not row["n"]:
            parts.append(f"{row['label']}: no answers")
            continue
        by = verdict.machine([row], same)
        beside = f", {verdict.MACHINE_NAMES[by]} {wording.percent(row[by])}" if by else ""
        parts.append(f"{row['label']}: {people} {verdict.with_interval(row)}{beside}")
    return (
        "How often the right person is picked at each setting, guessing "
        f"{wording.percent(rows[0]['chance'])}. " + "; ".join(parts)
    )


def choices(faces: pd.DataFrame, dark: bool = False) -> go.Figure:
    """What was chosen for each face of one setting, the least recognised first; at most `MOST_FACES`
    of them, from both ends.

    faces  of `core.study.analysis.breakdown.faces`
    """
    colour = colours(dark)
    shown = both_ends(faces, MOST_FACES)
    figure = go.Figure()
    names = [f"person {person}" for person in shown["person"]]
    wrong = [sorted(taken[1:], reverse=True) for taken in shown["choices"]]
    most = max(map(len, wrong), default=0)
    parts = [("the right person", [taken[0] for taken in shown["choices"]], colour["brick"], "")]
    for place in range(most):
        parts.append((
            "the wrong one that most took" if place == 0 else "another wrong one",
            [taken[place] if place < len(taken) else 0 for taken in wrong],
            faded(colour["quiet"], 0.65 if place == 0 else 0.3), "/" if place == 0 else "",
        ))  # fmt: skip
    parts.append(("time ran out", shown["timed_out"].tolist(), colour["sand"], "x"))
    seen: set[str] = set()
    for name, counts, tint, pattern in parts:
        if not any(counts):
            continue
        figure.add_trace(
            go.Bar(
                x=[100 * count / n for count, n in zip(counts, shown["n"], strict=True)], y=names,
                orientation="h", name=name, legendgroup=name, showlegend=name not in seen,
                marker={"color": tint, "pattern": {"fillmode": "overlay", "shape": pattern, "fgcolor": colour["ground"], "size": 5},
                        "line": {"width": 1, "color": colour["ground"]}},
                customdata=[[count, n] for count, n in zip(counts, shown["n"], strict=True)],
                hovertemplate=f"%{{y}}<br>{name}: %{{customdata[0]}} of %{{customdata[1]}}<extra></extra>",
            )
        )  # fmt: skip
        seen.add(name)
    figure.update_xaxes(title="of the answers", ticksuffix=" %", range=[0, 100], fixedrange=True,
                        zeroline=False, gridcolor=colour["line"])  # fmt: skip
    figure.update_yaxes(autorange="reversed", fixedrange=True, title=None, type="category")
    figure.update_layout(
        barmode="stack", height=150 + 24 * len(shown), bargap=0.25, dragmode=False,
        margin={"l": 10, "r": 10, "t": 10, "b": 10},
        legend={"orientation": "h", "y": 1.0, "yanchor": "bottom", "x": 0, "traceorder": "normal"},
    )  # fmt: skip
    return figure


def both_ends(faces: pd.DataFrame, most: int) -> pd.DataFrame:
    """The first and the last rows, `most` at most, in order."""
    if len(faces) <= most:
        return faces
    return pd.concat([faces.head(most - most // 2), faces.tail(most // 2)])


def participants(people: pd.DataFrame, chance: float, dark: bool = False) -> go.Figure:
    """How many participants were right how often, beside what luck alone would spread.

    people  of `core.study.analysis.breakdown.participants`
    """
    colour = colours(dark)
    found = np.bincount(
        np.searchsorted(SHARES[1:-1], people["share"].to_numpy(float) - 1e-9), minlength=len(SHARES) - 1
    )  # fmt: skip
    middle = (SHARES[1:] + SHARES[:-1]) * 50
    names = [f"{low:.0f}–{high:.0f} %" for low, high in zip(SHARES * 100, SHARES[1:] * 100)]  # noqa: B905
    figure = go.Figure(
        go.Bar(
            x=middle, y=found, width=9.2, name="participants", marker={"color": faded(colour["teal"], 0.75)},
            customdata=names, hovertemplate="%{customdata} right: %{y} participants<extra></extra>",
        )
    )  # fmt: skip
    figure.add_trace(
        go.Scatter(
            x=middle, y=if_all_alike(people, SHARES), name="if all were equally good", mode="lines+markers",
            line={"color": colour["ink"], "width": 1.5, "dash": "dash", "shape": "spline"},
            marker={"size": 6, "symbol": "circle-open"},
            customdata=names, hovertemplate="%{customdata} right: %{y:.1f} by luck alone<extra></extra>",
        )
    )  # fmt: skip
    figure.add_vline(x=chance * 100, line={"color": colour["quiet"], "width": 1.5, "dash": "dot"},
                     annotation_text="guessing", annotation_position="top right")  # fmt: skip
    figure.update_xaxes(title="of a participant's answers are right", ticksuffix=" %", range=[0, 100],
                        fixedrange=True, gridcolor=colour["line"], zeroline=False)  # fmt: skip
    figure.update_yaxes(title="participants", rangemode="tozero", fixedrange=True,
                        gridcolor=colour["line"], zeroline=False)  # fmt: skip
    return _low(figure)


def times(answers: pd.DataFrame, dark: bool = False) -> go.Figure:
    """How long right and wrong answers took, each as a share of its kind; logarithmic.

    answers  with milliseconds and right
    """
    colour = colours(dark)
    figure = go.Figure()
    middle = np.sqrt(TIMES[1:] * TIMES[:-1])
    for right, name, tint, dash in (
        (True, "right", colour["brick"], "solid"),
        (False, "wrong", colour["quiet"], "dash"),
    ):
        took = answers.loc[answers["right"] == right, "milliseconds"].dropna().astype(float)
        if took.empty:
            continue
        counts, _ = np.histogram(took.clip(TIMES[0], TIMES[-1]), TIMES)
        figure.add_trace(
            go.Scatter(
                x=middle, y=100 * counts / counts.sum(), mode="lines", name=f"{name} ({len(took)})",
                line={"color": tint, "width": 2, "dash": dash, "shape": "hvh"}, fill="tozeroy",
                fillcolor=faded(tint, 0.12), customdata=middle / 1000,
                hovertemplate=f"about %{{customdata:.1f}} s: %{{y:.0f}} % of the {name} answers<extra></extra>",
            )
        )  # fmt: skip
        figure.add_vline(x=float(took.median()), line={"color": tint, "width": 1.5, "dash": dash})
    figure.update_xaxes(type="log", title="time to answer (line: median)", fixedrange=True, tickvals=TICKS,
                        ticktext=[wording.seconds(t).replace(".0", "") for t in TICKS],
                        range=[np.log10(TIMES[0]), np.log10(TIMES[-1])], gridcolor=colour["line"])  # fmt: skip
    figure.update_yaxes(title="of these answers", ticksuffix=" %", rangemode="tozero", fixedrange=True,
                        gridcolor=colour["line"], zeroline=False)  # fmt: skip
    return _low(figure)


SURE = {1: "1, guessed", 2: "2", 3: "3", 4: "4", 5: "5, sure"}


def calibration(table: pd.DataFrame, chance: float, dark: bool = False) -> go.Figure:
    """How often people were right by how sure they were, of `core.study.analysis.breakdown.calibration`."""
    colour = colours(dark)
    rows = table.to_dict("records")
    bars = _bars(rows, "share", "low", "high")
    figure = go.Figure(
        go.Scatter(
            x=[row["confidence"] for row in rows], y=[row["share"] * 100 for row in rows],
            mode="markers+lines", name="people", line={"color": faded(colour["teal"], 0.5), "width": 1.5},
            marker={"size": 12, "color": colour["teal"]},
            error_y=bars | {"thickness": 2, "width": 5, "color": colour["teal"]},
            text=[f"{verdict.with_interval(row)} of {row['n']} answers" for row in rows],
            hovertemplate="%{text}<extra></extra>", showlegend=False,
        )
    )  # fmt: skip
    figure.add_hline(y=chance * 100, line={"color": colour["quiet"], "width": 1.5, "dash": "dot"},
                     annotation_text="guessing", annotation_position="bottom right")  # fmt: skip
    figure.update_xaxes(title="how sure they said they were", tickvals=list(SURE), ticktext=list(SURE.values()),
                        range=[0.6, 5.4], fixedrange=True, showgrid=False, zeroline=False)  # fmt: skip
    figure.update_yaxes(title="right", ticksuffix=" %", range=[-2, 102], fixedrange=True,
                        gridcolor=colour["line"], zeroline=False)  # fmt: skip
    return _low(figure)


def _low(figure: go.Figure) -> go.Figure:
    """The look of a chart in a folder."""
    return figure.update_layout(
        height=300, margin={"l": 10, "r": 10, "t": 10, "b": 10}, dragmode=False,
        legend={"orientation": "h", "y": 1.0, "yanchor": "bottom", "x": 0},
    )  # fmt: skip
