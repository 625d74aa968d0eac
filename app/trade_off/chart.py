"""The trade-off chart: utility against what the attacker gains. No Streamlit."""

from collections.abc import Sequence
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from app.charts import plot
from app.charts.palette import LIGHT, faded, style
from app.charts.plot import Spec
from app.page import wording
from app.settings import points, proofs
from app.settings.points import Line, Row, records, setting_label
from app.settings.views import View
from app.trade_off import marks, proven_marks
from app.trade_off.marks import Range
from app.trade_off.possible import Possible
from core.methods import METHODS, UNPROTECTED
from core.metrics import METRICS

HEIGHT = 460  # pixels
SIGN = 0.12  # of the height: room for words in the corner
UTILITY = ("utility", "utility_low", "utility_high")


def trade_off(
    table: pd.DataFrame,
    lines: Sequence[Line],
    chosen: str | None,
    view: View,
    attack_limit: float | None = None,
    cost_limit: float | None = None,
    colour: plot.Colours = LIGHT,
    between: Row | None = None,
    possible: Possible | None = None,
) -> go.Figure:
    """Utility (up) against what the strongest attacker gains over guessing (right).

    table         rows of `app.settings.outcomes.settings`
    chosen        key of the large, labelled point
    attack_limit  the attack's value (not its gain) the officer allows
    cost_limit    loss of utility the officer allows, a share
    between       the chosen setting where it is a mixture of two measured ones, `chosen` its key
    possible      what no release can do, shaded

    Every point carries its row's key as custom data. Axes depend on `table` alone, so that nothing
    jumps when the chosen point moves.
    """
    across, up = ranges(table)
    scale = view.scale
    shaded = proven_marks.impossible(possible, across, up, scale, colour) if possible else []
    if shaded:  # the words in the corner stand above what is impossible
        up = (up[0], max(up[1], 100 + SIGN * (100 - up[0])))
    rows = {row["key"]: row for row in records(table)}
    if between is not None:
        rows[between["key"]] = dict(between)
    ordered = sorted(lines, key=lambda line: not METHODS[line.method].baseline)  # methods on top
    data = [
        _line([rows[key] for key in line.keys], line, lines, number, view)
        for number, line in enumerate(ordered)
    ]
    front = points.front(records(table))
    if len(front) > 1:
        # to its upper left nobody has trained anything
        line = {"color": faded(colour["ink"], 0.16), "width": 7, "shape": "hv"}
        look = {"line": line, "hoverinfo": "skip", "legendrank": 2000}
        data.insert(0, _trace("lines", front, scale, name="best bargains (Pareto front)", **look))
    data += proven_marks.traces(records(table), view, colour)
    data[:0] = shaded
    shapes = marks.limits(table, across, up, scale, attack_limit, cost_limit, colour)
    blind = table["chance"].notna().any()  # whether guessing was measured
    left = "no better than guessing" if blind else "nothing recovered"
    notes = marks.signposts(colour, left, limited=bool(shapes), bounded=bool(shaded))
    shapes += marks.references(up, colour)
    if chosen in rows:
        data += proven_marks.chosen(rows[chosen], view, colour)
        data.append(_chosen(rows[chosen], view, colour))
        # nor are the ends of bars covered by the label
        known = proofs.proven_rows(list(rows.values()))
        ends = {f"{row['key']} proven": proven_marks.ends(row) for row in known}
        notes.append(marks.label(chosen, rows | ends, across, up, scale, colour))
    title = "attacker's gain over guessing (points)"  # short enough for a phone
    if view.target == "image":
        symbol = METRICS[view.measure].symbol
        title = (
            f"attacker's gain over drawing blind ({symbol})" if blind else f"likeness ({symbol})"
        )
    suffix, unit = (" %", "") if wording.in_percent(view.service) else ("", " (hundredths)")
    served = METRICS[view.service].title.removeprefix("plain ")
    return plot.figure(
        data,
        plot.axis(colour, title, range=[end * scale for end in across]),
        plot.axis(
            colour,
            f"{wording.service(view.task)}: {served}{unit}",
            range=list(up),
            ticksuffix=suffix,
        ),
        HEIGHT,
        legend=plot.below(),
        shapes=shapes,
        annotations=notes,
        font={"size": 14},
        **plot.CLICKS,
    )


def _trace(mode: str, rows: Sequence[Row], scale: float, **more: Any) -> Spec:
    gains = [float(row["gain"]) * scale for row in rows]
    return plot.scatter(mode, gains, [float(row["utility"]) * 100 for row in rows], **more)


def ranges(table: pd.DataFrame) -> tuple[Range, Range]:
    """((left, right), (bottom, top)): gains as shares, utility in per cent; intervals inside."""

    def extremes(*columns: str) -> Range:
        found = [v for name in columns for v in table[name].tolist() if wording.known(v)]
        return min(found, default=0.0), max(found, default=1.0)

    gains = extremes("gain", "gain_low", "gain_high")
    left, right = min(0.0, gains[0]), max(0.1, gains[1], *proven_marks.gains(table))
    span = right - left
    bottom, top = (100 * v for v in extremes("utility", "utility_low", "utility_high"))
    height = max(4.0, top - bottom)
    return (
        (left - 0.05 * span, right + 0.07 * span),
        (bottom - 0.12 * height, min(101.5, top + 0.22 * height)),
    )


def _line(rows: Sequence[Row], line: Line, lines: Sequence[Line], number: int, view: View) -> Spec:
    """One curve with its intervals; a line without a knob is points alone."""
    scale = view.scale
    method = METHODS[line.method]
    tint, dash, symbol = style(line.method).values()
    mine = [e for e in lines if (e.method, e.variant) == (line.method, line.variant)]
    main = mine[0] is line or method.baseline
    ring = line.method == UNPROTECTED
    quiet = line.knob is None and len(mine) > 1
    title = f"{method.title} ({line.variant})" if line.variant else method.title
    if len(mine) > 1 and line.knob is not None:
        title = f"{title}, {line.knob.symbol}"
    marker = plot.marker(
        tint, 15 if ring else 6 if quiet else 9, symbol if main else "diamond", 2.5 if ring else 0
    )
    # an attack too weak to conclude leaves a ghost, no claim
    marker["opacity"] = [0.25 if not r["conclusive"] else 0.45 if quiet else 1 for r in rows]
    bars = {"color": faded(tint, 0.3 if method.baseline else 0.5), "thickness": 1}
    return {
        **_trace("markers" if line.knob is None else "lines+markers", rows, scale, name=title),
        **plot.says([hover(row, view) for row in rows], [row["key"] for row in rows]),
        "showlegend": not quiet,
        "line": {"color": tint, "width": 2, "dash": dash if main else "dash"},
        "marker": marker,
        "error_x": plot.interval(rows, ("gain", "gain_low", "gain_high"), scale, **bars),
        "error_y": plot.interval(rows, UTILITY, 100, **bars),
        "legendrank": 1000 + number + (500 if method.baseline else 0),
    }


def hover(row: Row, view: View) -> str:
    name, setting = METHODS[row["method"]].title, setting_label(row)
    lines = [", ".join(filter(None, (f"<b>{name}</b>", setting)))]
    if not row["conclusive"]:
        lines.append("attack too weak to conclude")
    if proofs.is_proven(row):
        lines.append(f"no attacker beyond: {wording.bound(row['proven'])} (proven)")
    for who, measure, prefix, value in (
        ("attacker", view.measure, "", row["value"]),
        (wording.service(view.task), view.service, "utility_", row["utility"]),
    ):
        ends = row[f"{prefix}low"], row[f"{prefix}high"]
        lines.append(f"{who}: {wording.measured(measure, value, *ends)}")
    return "<br>".join(lines)


def _chosen(row: Row, view: View, colour: plot.Colours) -> Spec:
    tint, _, symbol = style(row["method"]).values()
    # a hollow symbol has no rim that could be lit
    marker = plot.marker(tint, 20, symbol.removesuffix("-open"), 3, colour["light"])
    trace = _trace("markers", [row], view.scale, name="chosen", showlegend=False)
    return trace | {"marker": marker} | plot.says([hover(row, view)], [row["key"]])
