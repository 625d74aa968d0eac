"""Two settings side by side: paired differences in words, in a table and in a chart. No Streamlit."""

import math
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from app.charts import plot
from app.charts.palette import LIGHT, faded
from app.page import wording
from app.page.tables import ROLES
from app.settings import points, proofs
from app.settings.points import Row
from app.settings.views import View, task_target
from core.metrics import intervals

NUMBERS = ["one", "other", "difference", "low", "high"]
TITLES = ["First", "Second", "First minus second", "from", "to"]  # of `NUMBERS`, for people
COLUMNS = ["target", "label", "role", *NUMBERS, "clear", "better", "paired"]
BAR = 26  # pixels of one line of the chart
SAYS = (
    "%{y}<br>first %{customdata[0]:.1f}, second %{customdata[1]:.1f}<br>difference %{x:.1f} "
    "(%{customdata[2]:.1f} to %{customdata[3]:.1f})<extra></extra>"
)


def differences(paired: pd.DataFrame, one: Row, other: Row, view: View) -> pd.DataFrame:
    """One row for each thing that was measured at both settings: target, label, role, one, other,
    difference (one - other), low, high, clear (its interval leaves out 0), better ("one", "other"
    or "" where that is not clear), paired; the service first, then what is private, then the rest,
    each with the largest difference first.

    paired     of `core.analysis.compare.compare(other, one)`; may be empty
    one, other rows of `app.settings.outcomes.settings`: what the pairs do not hold (face
               verification, reconstructions) is compared by both intervals (MOVER, as for
               independent measurements)
    """
    names = {"second": "one", "first": "other"}
    found = paired.rename(columns=names).assign(paired=True).to_dict("records")
    known = {row["target"] for row in found}
    for target, role, ends in (
        (task_target(view.task), "utility", ("utility", "utility_low", "utility_high")),
        (one["target"], "private", ("value", "low", "high")),
    ):
        if target not in known and one["target"] == other["target"]:
            a, b = (tuple(float(row[end]) for end in ends) for row in (one, other))
            low, high = map(float, intervals.difference(a, b))
            numbers = (a[0], b[0], a[0] - b[0], low, high)
            about = {"target": target, "role": role, "paired": False}
            found.append(about | dict(zip(NUMBERS, numbers, strict=True)))
    found += _bounds(one, other)
    for row in found:
        row.setdefault("label", wording.target_label(row["target"]))
        row["clear"] = bool(row["low"] > 0 or row["high"] < 0)
        better = "one" if (row["difference"] > 0) == (row["role"] == "utility") else "other"
        row["better"] = better if row["clear"] else ""
    order = list(ROLES)
    found.sort(key=lambda row: (order.index(row["role"]), -abs(row["difference"])))
    return pd.DataFrame(found, columns=COLUMNS)


def _bounds(one: Row, other: Row) -> list[dict[str, Any]]:
    """A row of both settings' bounds where something is proven of either: they are no measurements, so
    their difference has no interval."""
    ends = [float(row["proven"]) if proofs.is_proven(row) else math.nan for row in (one, other)]
    if one["target"] != other["target"] or all(math.isnan(end) for end in ends):
        return []
    label = f"{wording.target_label(one['target'])}: no attacker beyond (proven)"
    numbers = (*ends, ends[0] - ends[1], math.nan, math.nan)
    about = {
        "target": f"proven:{one['target']}",
        "label": label,
        "role": "private",
        "paired": False,
    }
    return [about | dict(zip(NUMBERS, numbers, strict=True))]


def proven(one: Row, other: Row) -> str:
    """What is proven of two settings, in a sentence; "" where nothing is."""
    known = [proofs.is_proven(row) for row in (one, other)]
    if not any(known) or one["target"] != other["target"]:
        return ""
    secret = wording.inferred(one["target"].partition(":")[2])
    parts = [
        f"{wording.bound(row['proven'])} of cases with {points.name(row)}"
        for row, is_known in zip((one, other), known, strict=True)
        if is_known
    ]
    text = f"Proven: no attacker tells {secret} in more than {', nor in more than '.join(parts)}."
    bare = [
        points.name(row) for row, is_known in zip((one, other), known, strict=True) if not is_known
    ]
    return f"{text} Of {bare[0]} nothing is proven." if bare else text


def sentence(found: pd.DataFrame, one: Row, other: Row, view: View) -> str:
    by_target = {row["target"]: row for row in found.to_dict("records")}
    parts = []
    if attack := by_target.get(one["target"]):
        kind, _, name = attack["target"].partition(":")
        other_kind = "who a person is" if kind == "identity" else "the picture"
        hidden = wording.inferred(name) if kind == "attribute" else other_kind
        parts.append(f"hides {hidden} {_better(attack, attack['difference'] < 0)}")
    if service := by_target.get(task_target(view.task)):
        how = _better(service, service["difference"] > 0)
        parts.append(f"serves {wording.service(view.task)} {how}")
    if not parts:
        return "The two settings share nothing that was measured."
    return f"Compared with {points.name(other)}, {points.name(one)} {' and '.join(parts)}."


def _better(row: Row, better: bool) -> str:
    """ "39.7 points better (difference 36.7 to 42.6)", "neither better nor worse (…)"."""
    scale, digits = (1, 2) if row["target"] == "image" else (100, 1)
    ends = sorted((row["low"], row["high"]), key=abs)
    if not row["clear"]:
        low, high = (f"{row[end] * scale:.{digits}f}".replace("-", "−") for end in ("low", "high"))
        return f"neither better nor worse (difference {low} to {high})"
    near, far = (f"{abs(end) * scale:.{digits}f}" for end in ends)
    difference = abs(row["difference"])
    amount = f"{difference:.2f} of likeness" if scale == 1 else wording.points(difference)
    return f"{amount} {'better' if better else 'worse'} ({near} to {far})"


def drawn(found: pd.DataFrame) -> pd.DataFrame:
    """What the chart shows: what was asked about, and of the rest what differs measurably."""
    bounds = found["target"].str.startswith("proven:")
    return found[((found["role"] != "unlisted") | found["clear"]) & ~bounds]


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


def figure(found: pd.DataFrame, names: tuple[str, str], colour: plot.Colours = LIGHT) -> go.Figure:
    """Differences with their 95 % intervals, one line each; to the right the first setting is
    higher. What is better for people is told by colour and shape: teal circles for the first
    setting, sand diamonds for the second.

    found  of `differences`; pictures' likeness is drawn in hundredths
    names  of the two settings
    """
    data = []
    for better, tint, symbol, name in (
        ("one", colour["teal"], "circle", f"better: {names[0]}"),
        ("other", colour["brick"], "diamond", f"better: {names[1]}"),
        ("", colour["quiet"], "line-ns-open", "no measurable difference"),
    ):
        rows = found[found["better"] == better]
        if rows.empty:
            continue
        ends, faint = ("difference", "low", "high"), faded(tint, 0.6)
        look = {
            "name": name,
            "marker": plot.marker(tint, 10, symbol, 2),
            "error_x": plot.interval(rows.to_dict("records"), ends, 100, color=faint),
            "customdata": (rows[["one", "other", "low", "high"]] * 100).to_numpy(float).tolist(),
            "hovertemplate": SAYS,
        }
        data.append(plot.scatter("markers", rows["difference"] * 100, rows["label"], **look))
    order = {"categoryorder": "array", "categoryarray": found["label"].tolist()[::-1]}
    return plot.figure(
        data,
        plot.axis(colour, "first minus second (points)"),
        plot.bare(automargin=True, **order),
        130 + BAR * len(found),
        shapes=[plot.upright(0, plot.dotted(colour))],
        legend=plot.LEGEND,
    )


def table(found: pd.DataFrame) -> pd.DataFrame:
    columns = {"What": found["label"], "Role": found["role"].map(ROLES)}
    numbers = (found[NUMBERS] * 100).set_axis(TITLES, axis=1)
    return pd.DataFrame({**columns, **numbers, "Same people resampled": found["paired"]})
