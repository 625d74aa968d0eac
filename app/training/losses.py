"""Losses of a training over its steps, as a figure. No Streamlit."""

from collections.abc import Mapping, Sequence
from typing import Any

import plotly.graph_objects as go

from app.charts import plot
from app.charts.palette import DASHES, LIGHT, OKABE_ITO
from app.page import wording

NO_LOSS = {"stage", "step", "steps", "phase", "seconds", "epoch"}


def figure(log: Sequence[Mapping[str, Any]], colour: plot.Colours = LIGHT) -> go.Figure:
    """One line for each loss in rows of `log.jsonl`."""
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
        data.append(plot.scatter("lines", *zip(*series, strict=True), **look))
    return plot.figure(
        data,
        plot.axis(colour, "step"),
        plot.axis(colour, "loss", rangemode="tozero"),
        300,
        legend=plot.LEGEND,
        **plot.STAYS,
    )
