"""What is proven, drawn into the trade-off: a bar from each measured worst case to the bound that no
attacker exceeds, the best that is proven at each bound, and what is impossible. No Streamlit."""

from typing import Any

import pandas as pd

from app.charts import plot
from app.charts.palette import faded
from app.charts.plot import Spec
from app.page import wording
from app.settings import proofs
from app.settings.points import Row, Rows, name, records
from app.settings.views import View
from app.trade_off import possible as line
from app.trade_off.marks import Range
from app.trade_off.possible import Possible

BOUND = "proven: no attacker beyond"
BEST = "best proven"
IMPOSSIBLE = "impossible"
RANK = 1400  # in the legend: behind methods, before baselines
SAME = 1e-9


def gains(table: pd.DataFrame) -> list[float]:
    """What no attacker gains more than at the settings of a table: the axis has to hold it, too."""
    return [_gain(row, row["proven"]) for row in proofs.proven_rows(records(table))]


def traces(rows: Rows, view: View, colour: plot.Colours) -> list[Spec]:
    """The bars, with their caps, and the line of the best proven; nothing where nothing is proven."""
    known = proofs.proven_rows(rows)
    if not known:
        return []
    across: list[float | None] = []
    up: list[float | None] = []
    for row in known:
        across += [row["gain"] * view.scale, _gain(row, row["proven"]) * view.scale, None]
        up += [row["utility"] * 100, row["utility"] * 100, None]
    look = {"color": colour["teal"], "width": 2, "dash": "dot"}
    bars = plot.scatter("lines", across, up, name=BOUND, line=look, hoverinfo="skip")
    bars |= {"legendrank": RANK, "legendgroup": BOUND, "showlegend": False}
    caps = plot.scatter(
        "markers",
        [_gain(row, row["proven"]) * view.scale for row in known],
        [row["utility"] * 100 for row in known],
        name=BOUND,
        marker=plot.marker(colour["teal"], 15, "line-ns-open", 3),
    )
    caps |= plot.says([_said(row, view) for row in known], [row["key"] for row in known])
    caps |= {"legendrank": RANK, "legendgroup": BOUND}
    best = line.best_proven(known)
    if len(best) < 2:
        return [bars, caps]
    chance = known[0]["chance"]
    curve = plot.scatter(
        "lines",
        [(x - chance) * view.scale for x, _ in best],
        [y * 100 for _, y in best],
        name=BEST,
        line={"color": colour["teal"], "width": 2.5},
        hoverinfo="skip",
        legendrank=RANK + 1,
    )
    return [curve, bars, caps]


def chosen(row: Row, view: View, colour: plot.Colours) -> list[Spec]:
    """The chosen setting's own bar, so that it is seen among others; nothing where nothing is proven."""
    if not proofs.is_proven(row):
        return []
    ends = [row["gain"] * view.scale, _gain(row, row["proven"]) * view.scale]
    size = {"size": [0, 22], "symbol": "line-ns-open", "line": {"width": [0, 4]}}
    return [
        plot.scatter(
            "lines+markers",
            ends,
            [row["utility"] * 100] * 2,
            name=BOUND,
            line={"color": colour["light"], "width": 4},
            marker=size | {"color": colour["light"]},
            showlegend=False,
            hoverinfo="skip",
        )
    ]


def ends(row: Row) -> Row:
    """A row that stands where a setting's bar ends."""
    return dict(row) | {"gain": _gain(row, row["proven"])}


def _gain(row: Row, value: float) -> float:
    return value - (row["chance"] if wording.known(row["chance"]) else 0.0)


def _said(row: Row, view: View) -> str:
    return "<br>".join(
        (
            f"<b>{name(row)}</b>",
            f"no attacker beyond: {wording.bound(row['proven'])} (proven, 95 % confidence)",
            f"strongest trained: {wording.measured(view.measure, row['value'], row['low'], row['high'])}",
            f"counted on {row['proven_people']:,.0f} people",
        )
    )


def impossible(
    possible: Possible, across: Range, up: Range, scale: float, colour: plot.Colours
) -> list[Spec]:
    """The region that no release reaches on the people counted, shaded; nothing where it lies outside
    the chart."""
    corners = [((x - 0.5) * scale, y * 100) for x, y in line.outer(possible.frontier)]
    right, top = across[1] * scale, min(up[1], 100.0)
    corners = [(across[0] * scale, corners[0][1]), *corners]
    inside = [(min(x, right), y) for x, y in corners if x <= right] or corners[:1]
    if inside[-1][0] < right:
        inside.append((right, possible.best(0.5 + right / scale) * 100))
    shown = [(x, min(max(y, up[0]), top)) for x, y in inside]
    if all(y >= top - SAME for _, y in shown):
        return []
    ring: list[tuple[Any, Any]] = [*shown, (right, top), (across[0] * scale, top)]
    return [
        plot.scatter(
            "lines",
            [x for x, _ in ring],
            [y for _, y in ring],
            name=IMPOSSIBLE,
            fill="toself",
            fillcolor=faded(colour["ink"], 0.13),
            line={"width": 0},
            hoverinfo="skip",
            legendrank=RANK + 2,
        )
    ]
