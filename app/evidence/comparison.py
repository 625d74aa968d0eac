"""Two settings side by side: paired differences in words, in a table and in a chart. No Streamlit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from app.charts.palette import colours, faded
from app.page import wording
from app.settings.views import View, task_target
from app.trade_off import goal
from core.metrics import intervals

Row = Mapping[str, Any]
ROLES = {"utility": "the service", "private": "private", "unlisted": "nobody mentioned it"}
BAR = 26  # pixels of one line of the chart
SYMBOLS = {"one": "circle", "other": "diamond", "": "line-ns-open"}


def differences(paired: pd.DataFrame, one: Row, other: Row, view: View) -> pd.DataFrame:
    """One row for each thing that was measured at both settings: target, label, role, one, other,
    difference (one - other), low, high, clear (its interval leaves out 0), better ("one", "other"
    or "" where that is not clear), paired; the service first, then what is private, then the rest,
    each with the largest difference first.

    paired     of `core.analysis.compare.compare(other, one)`; may be empty
    one, other rows of `app.settings.points.settings`: what the pairs do not hold (face verification, redrawn
               pictures) is compared by both intervals (MOVER, as for independent measurements)
    """
    found = [
        {"target": row["target"], "role": row["role"], "one": row["second"], "other": row["first"],
         "difference": row["difference"], "low": row["low"], "high": row["high"], "paired": True}
        for row in paired.to_dict("records")
    ]  # fmt: skip
    known = {row["target"] for row in found}
    for target, role, prefix in (
        (task_target(view.task), "utility", "utility"),
        (one.get("target", view.target), "private", ""),
    ):
        if target not in known and one.get("target") == other.get("target"):
            found.append(_unpaired(target, role, prefix, one, other))
    for row in found:
        row["label"] = wording.target_label(row["target"])
        row["clear"] = bool(row["low"] > 0 or row["high"] < 0)
        higher = row["difference"] > 0
        row["better"] = (
            "" if not row["clear"] else "one" if higher == (row["role"] == "utility") else "other"
        )
    order = list(ROLES)
    found.sort(key=lambda row: (order.index(row["role"]), -abs(row["difference"])))
    columns = ["target", "label", "role", "one", "other", "difference", "low", "high", "clear", "better", "paired"]  # fmt: skip
    return pd.DataFrame(found, columns=columns)


def _unpaired(target: str, role: str, prefix: str, one: Row, other: Row) -> dict[str, Any]:
    names = ("utility", "utility_low", "utility_high") if prefix else ("value", "low", "high")
    a, b = (tuple(float(row[n]) for n in names) for row in (one, other))
    low, high = intervals.difference(a, b)
    return {
        "target": target, "role": role, "one": a[0], "other": b[0], "difference": a[0] - b[0],
        "low": float(low), "high": float(high), "paired": False,
    }  # fmt: skip


def sentence(found: pd.DataFrame, one: Row, other: Row, view: View) -> str:
    """What differs in what the officer asked about, in one sentence."""
    attack = _of(found, one.get("target", view.target))
    service = _of(found, task_target(view.task))
    parts = []
    if attack is not None:
        how = _better(attack, attack["difference"] < 0)
        parts.append(f"hides {_hidden(attack['target'])} {how}")
    if service is not None:
        how = _better(service, service["difference"] > 0)
        parts.append(f"serves {wording.service(view.task)} {how}")
    if not parts:
        return "The two settings share nothing that was measured."
    return f"Compared with {goal.name(other)}, {goal.name(one)} {' and '.join(parts)}."


def _better(row: Mapping[str, Any], better: bool) -> str:
    """ "39.7 points better (difference 36.7 to 42.6)", "neither better nor worse (…)"."""
    scale, digits = (1, 2) if row["target"] == "image" else (100, 1)
    ends = sorted((row["low"], row["high"]), key=abs)
    if not row["clear"]:
        low, high = (f"{row[end] * scale:.{digits}f}".replace("-", "−") for end in ("low", "high"))
        return f"neither better nor worse (difference {low} to {high})"
    near, far = (f"{abs(end) * scale:.{digits}f}" for end in ends)
    amount = f"{abs(row['difference']):.2f} of likeness" if scale == 1 else wording.points(abs(row["difference"]))  # fmt: skip
    return f"{amount} {'better' if better else 'worse'} ({near} to {far})"


def drawn(found: pd.DataFrame) -> pd.DataFrame:
    """What the chart shows: what was asked about, and of the rest what differs measurably."""
    return found[(found["role"] != "unlisted") | found["clear"]]


def others(found: pd.DataFrame) -> str:
    """How many of the other attributes leak more at one setting, at the other, at neither."""
    rest = found[found["role"] == "unlisted"]
    if rest.empty:
        return ""
    counts = rest["better"].value_counts()
    more, less = int(counts.get("other", 0)), int(counts.get("one", 0))
    return (
        f"Of {len(rest)} attributes that nobody mentioned, {more} leak more at the first setting, "
        f"{less} leak more at the second, {len(rest) - more - less} do not differ measurably."
    )


def figure(found: pd.DataFrame, names: tuple[str, str], dark: bool = False) -> go.Figure:
    """Differences with their 95 % intervals, one line each; to the right the first setting is
    higher. What is better for people is told by colour and shape: teal circles for the first
    setting, sand diamonds for the second.

    found  of `differences`; pictures' likeness is drawn in hundredths
    names  of the two settings
    """
    colour = colours(dark)
    drawn = go.Figure()
    looks = {
        "one": (colour["teal"], f"better: {names[0]}"),
        "other": (colour["brick"], f"better: {names[1]}"),
        "": (colour["quiet"], "no measurable difference"),
    }
    for better, (tint, title) in looks.items():
        rows = found[found["better"] == better]
        if rows.empty:
            continue
        drawn.add_trace(
            go.Scatter(
                x=rows["difference"] * 100, y=rows["label"], mode="markers", name=title,
                marker={"size": 10, "color": tint, "symbol": SYMBOLS[better], "line": {"width": 2, "color": tint}},
                error_x={"array": (rows["high"] - rows["difference"]) * 100, "symmetric": False,
                         "arrayminus": (rows["difference"] - rows["low"]) * 100, "width": 0,
                         "color": faded(tint, 0.6)},
                customdata=rows[["one", "other", "low", "high"]] * 100,
                hovertemplate=(
                    "%{y}<br>first %{customdata[0]:.1f}, second %{customdata[1]:.1f}<br>difference "
                    "%{x:.1f} (%{customdata[2]:.1f} to %{customdata[3]:.1f})<extra></extra>"
                ),
            )
        )  # fmt: skip
    drawn.add_vline(x=0, line={"color": colour["quiet"], "width": 1.5, "dash": "dot"})
    drawn.update_xaxes(title="first minus second (points)", fixedrange=True, zeroline=False,
                       gridcolor=colour["line"])  # fmt: skip
    drawn.update_yaxes(
        title=None, fixedrange=True, showgrid=False, categoryorder="array",
        categoryarray=found["label"].tolist()[::-1], automargin=True,
    )  # fmt: skip
    drawn.update_layout(
        height=130 + BAR * len(found), margin={"l": 10, "r": 10, "t": 10, "b": 10}, dragmode=False,
        legend={"orientation": "h", "y": 1.0, "yanchor": "bottom", "x": 0},
    )  # fmt: skip
    return drawn


def table(found: pd.DataFrame) -> pd.DataFrame:
    """The numbers for people: shares in per cent."""
    return pd.DataFrame(
        {
            "What": found["label"],
            "Role": found["role"].map(ROLES),
            "First": found["one"] * 100,
            "Second": found["other"] * 100,
            "First minus second": found["difference"] * 100,
            "from": found["low"] * 100,
            "to": found["high"] * 100,
            "Same people resampled": found["paired"],
        }
    )


def _of(found: pd.DataFrame, target: str) -> dict[str, Any] | None:
    rows = found[found["target"] == target].to_dict("records")
    return rows[0] if rows else None


def _hidden(target: str) -> str:
    kind, _, name = target.partition(":")
    if kind == "attribute":
        return wording.told(name)
    return "who a person is" if kind == "identity" else "the picture"
