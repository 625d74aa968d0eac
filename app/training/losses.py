"""Losses of a training over its steps, as a figure. No Streamlit."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go

from app.charts import plot
from app.charts.palette import DASHES, LIGHT, OKABE_ITO
from app.page import wording

NO_LOSS = {"stage", "step", "steps", "phase", "seconds", "epoch", "shared"}
MOST = 600  # points of one line of a whole training: more cannot be told apart


def figure(
    log: Sequence[Mapping[str, Any]], colour: plot.Colours = LIGHT, most: int | None = None
) -> go.Figure:
    """One line for each loss in rows of `log.jsonl`; of more than `most` points, means of so many
    neighbours that they are `most`."""
    found: dict[tuple[str, str], list[tuple[float, float]]] = {}
    for row in log:
        for name, value in row.items():
            if name not in NO_LOSS and wording.known(value) and wording.known(row.get("step")):
                found.setdefault((name, str(row.get("stage"))), []).append((row["step"], value))
    names = list(dict.fromkeys(name for name, _ in found))
    if len(names) > 1 and "total" in names:  # the sum of the others says nothing more
        names.remove("total")
    data = []
    for (name, stage), series in found.items():
        if name not in names:
            continue
        turn, place = divmod(names.index(name), len(OKABE_ITO))
        title = name.replace("_", " ")
        line = {"color": OKABE_ITO[place], "width": 2, "dash": ("solid", *DASHES)[turn % 6]}
        look = {"name": title, "legendgroup": name, "line": line}
        look["showlegend"] = all(trace["legendgroup"] != name for trace in data)
        look["hovertemplate"] = f"{title} ({stage})<br>step %{{x}}: %{{y:.3f}}<extra></extra>"
        data.append(plot.scatter("lines", *_thinned(series, most), **look))
    return plot.figure(
        data,
        plot.axis(colour, "step"),
        plot.axis(colour, "loss", rangemode="tozero"),
        300,
        legend=plot.LEGEND,
        **plot.STAYS,
    )


def _thinned(series: Sequence[tuple[float, float]], most: int | None) -> list[list[float]]:
    """Steps and values, each the mean of neighbours where there are too many."""
    points = np.asarray(series, dtype=float)
    if most is not None and len(points) > most:
        points = np.stack([part.mean(0) for part in np.array_split(points, most)])
    return [points[:, 0].tolist(), points[:, 1].tolist()]


def told(log: Sequence[Mapping[str, Any]], most: int = MOST) -> str:
    """What a whole training's curves leave out."""
    steps = max(int(row["step"]) for row in log) + 1
    logged = sum("shared" not in row for row in log)
    text = f"{steps:,} steps, {logged:,} of them in the log."
    if logged > most:
        text += " Where a line would have too many points, each is the mean of neighbouring ones."
    taken = dict.fromkeys(str(row.get("stage")) for row in log if row.get("shared"))
    if taken:
        names = " and ".join(name.replace("_", " ") for name in taken)
        text += (
            f" Taken over from a training that began alike, in whose log its losses are: {names}."
        )
    return text
