"""Charts of a study's answers: DataFrames and rows -> Plotly figures. No Streamlit in here."""

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from app.charts import plot
from app.charts.palette import LIGHT, faded, style
from app.charts.plot import Spec
from app.page import wording
from app.settings.points import Row
from app.study import verdict
from core.methods import METHODS
from core.study.analysis.breakdown import if_all_alike

ROW = 54  # pixels of a setting
WRAP = 24  # letters of a setting's label in one line, so that a phone shows the chart
MACHINES = {  # who -> (symbol, offset from the row, so that marks stay apart)
    "machine_release": ("diamond-open", 0.2),
    "machine_picture": ("x-thin-open", -0.2),
}
SHARES = np.linspace(0, 1, 11)  # edges of the histogram of participants
TIMES = np.geomspace(250, 128_000, 28)  # milliseconds, edges of the histogram of times
TICKS = (250, 500, 1000, 2000, 4000, 8000, 16_000, 32_000, 64_000, 128_000)
MOST_FACES = 40  # half of them from either end
WRONG = (("the wrong one that most took", 0.65, "/"), ("another wrong one", 0.3, ""))
SHARE = ("share", "low", "high")


def accuracy(
    rows: Sequence[Row],
    published: Row | None,
    same: bool,
    colour: plot.Colours = LIGHT,
    people: str = "people",
) -> go.Figure:
    """How often the right person is picked at each setting, from weak to strong protection.

    rows       of `app.study.verdict.rows`; those without answers keep an empty line
    published  `core.study.analysis.results.reference` where it may be compared with (as many options)
    same       whether comparing releases is trivial, so that its marks are left out
    people     who answered
    """
    height = list(range(len(rows)))[::-1]
    placed = list(zip(rows, height, strict=True))
    data = [_machine(placed, name, colour["brick"]) for name in verdict.machines(same)]
    methods = list(dict.fromkeys(row["method"] for row in rows))
    for method in methods:
        mine = [(row, y) for row, y in placed if row["method"] == method and row["n"]]
        data.append(_people(mine, people, len(methods) > 1, colour))
    chance = rows[0]["chance"] * 100
    lines, notes = [plot.upright(chance, plot.dotted(colour))], []
    top = {"yanchor": "middle", "y": len(rows) - 0.45, "colour": colour["quiet"]}
    notes.append(plot.note("guessing", chance, xanchor="right", xshift=-4, **top))
    if published is not None:
        theirs = published["share"] * 100
        lines.append(plot.upright(theirs, {"color": colour["quiet"], "width": 1}))
        name = "DeepObfuscator's own study"
        notes.append(plot.note(name, theirs, xanchor="left", xshift=4, **top))
    labels = {"tickvals": height, "ticktext": [_wrapped(row["label"]) for row in rows]}
    return plot.figure(
        [trace for trace in data if trace],
        plot.axis(colour, "the right person is picked", ticksuffix=" %", range=[-2, 102]),
        plot.bare(range=[-0.6, len(rows) - 0.25], **labels),
        150 + ROW * len(rows),
        legend=plot.LEGEND,
        shapes=lines,
        annotations=notes,
        uirevision="constant",
        showlegend=True,
    )


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


def _machine(placed: Sequence[tuple[Row, int]], name: str, tint: str) -> Spec | None:
    (symbol, offset), (words, _) = MACHINES[name], verdict.MACHINE_WORDS[name]
    there = [(row, y + offset) for row, y in placed if wording.known(row[name])]
    if not there:
        return None
    known, places = zip(*there, strict=True)
    texts = [
        f"<b>{row['label']}</b><br>{words}<br>{verdict.with_interval(row, name)} of "
        f"{row[f'{name}_n']} questions"
        for row in known
    ]
    ends = (name, f"{name}_low", f"{name}_high")
    bars = plot.interval(known, ends, 100, color=faded(tint, 0.6), thickness=1)
    look = {"name": words, "marker": plot.marker(tint, 10, symbol, 2), "error_x": bars}
    return plot.scatter("markers", _shares(known, name), places, **look, **plot.says(texts))


def _people(
    there: Sequence[tuple[Row, int]], people: str, several: bool, colour: plot.Colours
) -> Spec | None:
    if not there:
        return None
    rows, places = zip(*there, strict=True)
    method = rows[0]["method"]
    tint, dash, symbol = colour["quiet"], "dot", "circle"
    if method in METHODS:
        tint, dash, symbol = style(method).values()
    name = f"{people}, {rows[0]['title']}" if several else people
    texts = [
        f"<b>{row['label']}</b><br>{people}: {verdict.with_interval(row)}<br>{row['right']} of "
        f"{row['n']} answers, {row['participants']} participants, {row['people']} faces"
        for row in rows
    ]
    look = {
        "line": {"color": faded(tint, 0.45), "width": 1.5, "dash": dash},
        "marker": plot.marker(tint, 14, symbol, 2 if symbol.endswith("-open") else 0),
        "error_x": plot.interval(rows, SHARE, 100, color=tint, thickness=2.5, width=5),
    }
    trace = plot.scatter("markers+lines", _shares(rows), places, name=name, legendrank=1, **look)
    return trace | plot.says(texts)


def _shares(rows: Sequence[Row], name: str = "share") -> list[float]:
    return [row[name] * 100 for row in rows]


def accuracy_alt(rows: Sequence[Row], same: bool, people: str = "people") -> str:
    """The chart of `accuracy` for those who do not see it."""
    parts = []
    for row in rows:
        if not row["n"]:
            parts.append(f"{row['label']}: no answers")
            continue
        by = verdict.machine([row], same)
        beside = f", {verdict.MACHINE_WORDS[by][1]} {wording.percent(row[by])}" if by else ""
        parts.append(f"{row['label']}: {people} {verdict.with_interval(row)}{beside}")
    return (
        "How often the right person is picked at each setting, guessing "
        f"{wording.percent(rows[0]['chance'])}. " + "; ".join(parts)
    )


def choices(faces: pd.DataFrame, colour: plot.Colours = LIGHT) -> go.Figure:
    """What was chosen for each face of `breakdown.faces`, the least recognised first."""
    shown = faces
    if len(faces) > MOST_FACES:
        shown = pd.concat([faces.head(MOST_FACES // 2), faces.tail(MOST_FACES // 2)])
    names = [f"person {person}" for person in shown["person"]]
    wrong = [sorted(taken[1:], reverse=True) for taken in shown["choices"]]
    parts = [("the right person", [taken[0] for taken in shown["choices"]], colour["brick"], "")]
    for place in range(max(map(len, wrong), default=0)):
        name, alpha, pattern = WRONG[min(place, 1)]
        counts = [taken[place] if place < len(taken) else 0 for taken in wrong]
        parts.append((name, counts, faded(colour["quiet"], alpha), pattern))
    parts.append(("time ran out", shown["timed_out"].tolist(), colour["sand"], "x"))
    data: list[Spec] = []
    rim = {"width": 1, "color": colour["ground"]}
    for name, counts, tint, pattern in parts:
        if not any(counts):
            continue
        pairs = [[count, n] for count, n in zip(counts, shown["n"], strict=True)]
        shape = {"fillmode": "overlay", "shape": pattern, "fgcolor": colour["ground"], "size": 5}
        says = f"%{{y}}<br>{name}: %{{customdata[0]}} of %{{customdata[1]}}<extra></extra>"
        first = all(trace["name"] != name for trace in data)
        look = {"marker": {"color": tint, "pattern": shape, "line": rim}, "orientation": "h"}
        look |= {"name": name, "legendgroup": name, "showlegend": first}
        shares = [100 * count / n for count, n in pairs]
        data.append(plot.bar(shares, names, customdata=pairs, hovertemplate=says, **look))
    return plot.figure(
        data,
        plot.axis(colour, "of the answers", ticksuffix=" %", range=[0, 100]),
        {"autorange": "reversed", "fixedrange": True, "type": "category"},
        150 + 24 * len(shown),
        barmode="stack",
        bargap=0.25,
        legend=plot.LEGEND | {"traceorder": "normal"},
    )


def participants(people: pd.DataFrame, chance: float, colour: plot.Colours = LIGHT) -> go.Figure:
    """How many participants were right how often, beside what luck alone would spread."""
    places = np.searchsorted(SHARES[1:-1], people["share"].to_numpy(float) - 1e-9)
    found = np.bincount(places, minlength=len(SHARES) - 1)
    middle = (SHARES[1:] + SHARES[:-1]) * 50
    names = [f"{low:.0f}–{high:.0f} %" for low, high in itertools.pairwise(SHARES * 100)]
    says = "%{customdata} right: %{y} participants<extra></extra>"
    look = {"width": 9.2, "marker": {"color": faded(colour["teal"], 0.75)}, "customdata": names}
    counted = plot.bar(middle, found, name="participants", hovertemplate=says, **look)
    line = {"color": colour["ink"], "width": 1.5, "dash": "dash", "shape": "spline"}
    look = {"line": line, "marker": {"size": 6, "symbol": "circle-open"}, "customdata": names}
    look["hovertemplate"] = "%{customdata} right: %{y:.1f} by luck alone<extra></extra>"
    name = "if all were equally good"
    luck = plot.scatter("lines+markers", middle, if_all_alike(people, SHARES), name=name, **look)
    return _low(
        [counted, luck],
        plot.axis(colour, "of a participant's answers are right", ticksuffix=" %", range=[0, 100]),
        plot.axis(colour, "participants", rangemode="tozero"),
        shapes=[plot.upright(chance * 100, plot.dotted(colour))],
        annotations=[plot.guessing(chance * 100, 1, xanchor="left", yanchor="top", yref="paper")],
    )


def times(answers: pd.DataFrame, colour: plot.Colours = LIGHT) -> go.Figure:
    """How long right and wrong answers took, each as a share of its kind; logarithmic."""
    middle = np.sqrt(TIMES[1:] * TIMES[:-1])
    data, medians = [], []
    for name, tint, dash in (
        ("right", colour["brick"], "solid"),
        ("wrong", colour["quiet"], "dash"),
    ):
        kind = answers["right"] == (name == "right")
        took = answers.loc[kind, "milliseconds"].dropna().astype(float)
        if took.empty:
            continue
        counts, _ = np.histogram(took.clip(TIMES[0], TIMES[-1]), TIMES)
        says = f"about %{{customdata:.1f}} s: %{{y:.0f}} % of the {name} answers<extra></extra>"
        line = {"color": tint, "dash": dash}
        look = {"line": line | {"width": 2, "shape": "hvh"}, "fill": "tozeroy"}
        look |= {"fillcolor": faded(tint, 0.12), "customdata": (middle / 1000).tolist()}
        look |= {"name": f"{name} ({len(took)})", "hovertemplate": says}
        data.append(plot.scatter("lines", middle, 100 * counts / counts.sum(), **look))
        medians.append(plot.upright(float(took.median()), line | {"width": 1.5}))
    ticks = {"tickvals": TICKS, "ticktext": [wording.seconds(t).replace(".0", "") for t in TICKS]}
    ends = [np.log10(TIMES[0]), np.log10(TIMES[-1])]
    title = "time to answer (line: median)"
    return _low(
        data,
        plot.axis(colour, title, type="log", range=ends, **ticks),
        plot.axis(colour, "of these answers", ticksuffix=" %", rangemode="tozero"),
        shapes=medians,
    )


SURE = {1: "1, guessed", 2: "2", 3: "3", 4: "4", 5: "5, sure"}


def calibration(table: pd.DataFrame, chance: float, colour: plot.Colours = LIGHT) -> go.Figure:
    """How often people were right by how sure they were, of
    `core.study.analysis.breakdown.calibration`."""
    rows = table.to_dict("records")
    look = {"line": {"color": faded(colour["teal"], 0.5), "width": 1.5}, "name": "people"}
    look["marker"] = {"size": 12, "color": colour["teal"]}
    look["error_y"] = plot.interval(rows, SHARE, 100, color=colour["teal"], thickness=2, width=5)
    said = plot.says([f"{verdict.with_interval(row)} of {row['n']} answers" for row in rows])
    sure = [row["confidence"] for row in rows]
    people = plot.scatter("markers+lines", sure, _shares(rows), showlegend=False, **look, **said)
    ticks = {"tickvals": list(SURE), "ticktext": list(SURE.values()), "range": [0.6, 5.4]}
    return _low(
        [people],
        plot.bare("how sure they said they were", **ticks),
        plot.axis(colour, "right", ticksuffix=" %", range=[-2, 102]),
        shapes=[plot.level(chance * 100, plot.dotted(colour))],
        annotations=[plot.guessing(1, chance * 100, xanchor="right", yanchor="top", xref="paper")],
    )


def _low(data: Sequence[Spec], x: Spec, y: Spec, **layout: Any) -> go.Figure:
    return plot.figure(data, x, y, 300, legend=plot.LEGEND, **layout)
