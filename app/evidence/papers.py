"""Every published table beside ours: pairs by paper, table and measure, their figure and their words.
Which of our numbers may stand beside a paper's is decided in `app.evidence.published`; nothing here adds to
it. Pure; no Streamlit."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from app.charts import plot
from app.charts.palette import colours, faded
from app.charts.plot import Spec
from app.evidence import published, published_words
from app.evidence.published import Pair, Report
from app.page import wording
from app.settings import points
from app.settings.views import View
from core.methods import METHODS
from core.published import METRICS, PAPERS

ALL = "all"  # of a paper's tables
FEW = 40  # numbers up to which all of a paper are shown at once
LINE = 60  # letters of a row's words, so that they fit a phone
ROW = 48  # pixels of a row of the figure: its words, and its marks under them
MISSING = {  # `app.evidence.published.missing` in words
    "people": "People were asked. Studies of your own stand under Study results, beside this figure.",
    "device": "Measured on a telephone that we do not have.",
    "count": "A count, or what guessing scores: nothing to measure again.",
    "method": "No run of {title} here.",
    "setting": "No run of {title} here that {asks}.",
    "measure": "Not measured here: {name}.",
}
THROUGH_A_NETWORK = ("face_similarity", "feature_similarity")
SIDES = {  # whose number: words of the legend, symbol, colour
    "along": ("ours, network trained along", "circle-open", "teal"),
    "afresh": ("ours, network trained afresh (strict)", "circle", "brick"),
}


def by_table(paper: str, settings: Sequence[dict[str, Any]]) -> dict[str, tuple[Pair, ...]]:
    """table, figure or section of a paper -> its numbers, each with ours.

    settings  of `app.evidence.published.measured`
    """
    return {
        place: tuple(published.beside(row, settings, {}) for row in rows)
        for place, rows in published.results(paper).items()
    }


def own_paper(method: str) -> str:
    """The paper of a method, of its hardened variant, or the first that compares with it."""
    name = METHODS[method].hardens or method
    if name in PAPERS:
        return name
    return next(
        (p for p in PAPERS if any(r["method"] == name for r in published.about(p))),
        next(iter(PAPERS)),
    )


def title(paper: str) -> str:
    return METHODS[paper].title


def usual_table(tables: Mapping[str, Sequence[Pair]]) -> str:
    """What a paper opens with: all of it while that is little, else its first table."""
    if sum(map(len, tables.values())) <= FEW:
        return ALL
    return next((place for place in tables if place.startswith("Table")), next(iter(tables)))


def chosen_pairs(tables: Mapping[str, Sequence[Pair]], place: str) -> tuple[Pair, ...]:
    """The pairs of one table, or of all."""
    if place == ALL:
        return tuple(pair for pairs in tables.values() for pair in pairs)
    return tuple(tables[place])


def measures(pairs: Sequence[Pair]) -> list[str]:
    """The metrics of some pairs: right answers first where we hold any, then those of which most
    on hiding was measured here."""
    first: dict[str, int] = {}
    for number, pair in enumerate(pairs):
        first.setdefault(pair.row["metric"], number)

    def rank(metric: str) -> tuple[bool, int, int]:
        mine = [pair for pair in pairs if pair.row["metric"] == metric and pair.ours]
        told = sum(pair.row["role"] == "private" for pair in mine)
        return metric != "accuracy" or not told, -told, first[metric]

    return sorted(first, key=rank)


def measure_name(metric: str) -> str:
    return wording.capital(METRICS[metric].name)


def sentence(paper: str, pairs: Sequence[Pair], metric: str) -> str:
    """What the paper says on what is hidden, and what we find; from what was measured only. In
    `metric` where it can be."""
    pair = spoken_of(paper, [p for p in pairs if p.row["metric"] == metric])
    pair = pair or spoken_of(paper, pairs)
    if pair is not None:
        return published_words.line(pair)
    if any(pair.row["role"] == "private" for pair in pairs):
        return (
            "Nothing was measured here of the kind that this paper prints on what is to be hidden."
        )
    return "This part of the paper has no number on what is to be hidden."


def spoken_of(paper: str, pairs: Sequence[Pair]) -> Pair | None:
    """The pair of the sentence: of the paper's own method, on what is hidden, in the paper's order;
    one measured both ways, in the very setting of the paper, before others."""
    mine = [
        pair
        for pair in pairs
        if pair.ours and pair.row["role"] == "private" and pair.row["method"] == paper
    ]

    def rank(pair: Pair) -> tuple[bool, int, bool]:
        lone = pair.along is None or pair.afresh is None
        off = sum(value == 0 for value in pair.row["knobs"].values())
        return lone, off, bool(published_words.other_setting(pair, brief=True))

    return min(mine, key=rank, default=None)


def tally(pairs: Sequence[Pair]) -> str:
    """How many printed numbers have ours beside them, and what a fresh attacker adds to the one
    trained along: both ours, on the same photographs, so that they do compare."""
    ours = [pair for pair in pairs if pair.ours]
    text = f"{len(ours)} of {len(pairs)} printed numbers have one of ours beside them."
    both = [
        pair
        for pair in ours
        if pair.row["role"] == "private"
        and pair.along is not None
        and pair.afresh is not None
        and pair.row["metric"] != "accuracy_drop"
    ]
    if not both:
        return text
    more = sum(pair.afresh > pair.along for pair in both)  # type: ignore[operator]
    if len(both) == 1:
        gets = "gets more" if more else "gets no more"
        where = "On the one thing that is hidden and that we measured both ways"
    else:
        gets = "gets more"
        where = f"In {more} of {len(both)} on what is hidden that we measured both ways"
    return f"{text} {where}, a fresh attacker {gets} than the one trained along with the method."


def differences(paper: str, pairs: Sequence[Pair], dataset: str, preset: str) -> str:
    """Why the paper's numbers and ours do not compare one by one."""
    view = View(dataset, preset, "", "", "paper")
    kept = tuple(pairs)
    report = Report(kept, (), True, True)
    text = published_words.differences(report, view, paper)
    scored = {pair.row["protocol"] for pair in pairs if pair.row["role"] in ("private", "utility")}
    if "unsaid" in scored:
        text += " The paper does not say when the attackers it scores were trained."
    if any(p.ours and p.row["metric"] in THROUGH_A_NETWORK for p in pairs):
        text += " Likeness to a face network: the paper looks through another network than we do."
    others = {published_words.other_setting(pair, brief=True) for pair in pairs if pair.ours}
    if len(others) == 1 and (other := others.pop()):
        text += f" Ours: {other}."
    return f"{text} {published_words.measures(report)}".strip()


def missing(pair: Pair, settings: Sequence[dict[str, Any]]) -> str:
    """Why nothing of ours stands beside a number; "" where something does."""
    if pair.ours:
        return ""
    row = pair.row
    what = MISSING[published.missing(row, settings)]
    return what.format(title=METHODS[row["method"]].title, asks=_asks(row), name=_lower(row))


def _lower(row: Mapping[str, Any]) -> str:
    name = METRICS[row["metric"]].name
    if row["target"] == "attributes":
        return f"{name}, the mean over all attributes"
    return name


def _asks(row: Mapping[str, Any]) -> str:
    """What a run would have to be like: "serves Grey hair, Smile; hides Age group; has λ = 0.1"."""
    parts = []
    for column, word in (("tasks", "serves"), ("private", "hides")):
        if row[column]:
            parts.append(f"{word} {published_words.named(row[column])}")
    knobs = points.knob_label(row["method"], row["knobs"])
    schedule = ", ".join(f"{name} = {value:g}" for name, value in sorted(row["schedule"].items()))
    parts += [f"has {text}" for text in (knobs, schedule) if text]
    return " and ".join(parts) if len(parts) < 3 else "; ".join(parts)


def table(
    pairs: Sequence[Pair], settings: Sequence[dict[str, Any]], dataset: str, preset: str
) -> pd.DataFrame:
    """`published_words.table` with the reason where nothing of ours stands beside a number."""
    shown = published_words.table(pairs, View(dataset, preset, "", "", "paper"))
    reasons = [missing(pair, settings) for pair in pairs]
    if any(reasons):
        shown.insert(min(5, len(shown.columns)), "Why nothing of ours", reasons)
    return shown


def words(pair: Pair, among: Sequence[Pair]) -> str:
    """A row of the figure, as the paper calls it: "Gender · AIA\\T, α = 0, β = 0.5". What all of
    `among` have in common is left out; what is served and hidden is said only where rows would else
    read the same (the table says it always)."""
    brief = _words(pair, among, full=False)
    alike = [other for other in among if _words(other, among, full=False) == brief]
    return brief if len(alike) == 1 else _words(pair, among, full=True)


def _words(pair: Pair, among: Sequence[Pair], full: bool) -> str:
    row = pair.row
    name = row["label"] or METHODS[row["method"]].title
    if full:
        setting = published_words.setting(row, _common(among))
    else:
        knobs = points.knob_label(row["method"], row["knobs"])
        setting = "; ".join(filter(None, (knobs, row["setting"])))
    parts = [", ".join(filter(None, (name, setting)))]
    if len({published_words.subject(other.row) for other in among}) > 1:
        parts.insert(0, published_words.subject(row))
    for column in ("dataset", "place"):
        found = {other.row[column].partition("; ")[0] for other in among}
        if len(found) > 1:
            parts.append(row[column].partition("; ")[0].rpartition(", ")[2])
    return " · ".join(parts)


def _common(pairs: Sequence[Pair]) -> View:
    """What all pairs serve and hide, as a view, which says what need not be said of each."""
    tasks, hidden = ({pair.row[column] for pair in pairs} for column in ("tasks", "private"))
    task = next(iter(tasks))[:1] if len(tasks) == 1 else ()
    private = next(iter(hidden))[:1] if len(hidden) == 1 else ()
    target = "image" if private == ("identity",) else "".join(f"attribute:{p}" for p in private)
    return View("", "compact", "".join(task), target, "paper")


def frame(pairs: Sequence[Pair], metric: str) -> pd.DataFrame:
    """The figure's numbers, one row per printed number of one metric: words, role, printed, along,
    afresh, chance (each in the unit of `unit`), other (our setting, where it is another and not the
    same in all rows), balanced (whether ours counts both answers the same)."""
    mine = [pair for pair in pairs if pair.row["metric"] == metric]
    others = [published_words.other_setting(pair, brief=True) if pair.ours else "" for pair in mine]
    alike = len({other for other, pair in zip(others, mine, strict=True) if pair.ours}) < 2
    factor = unit(metric)[0]

    def scaled(value: float | None) -> float | None:
        return value * factor if wording.known(value) else None  # type: ignore[operator]

    rows = [
        {
            "words": words(pair, mine),
            "role": pair.row["role"],
            "dataset": pair.row["dataset"],
            "printed": scaled(pair.row["value"]),
            "along": scaled(pair.along),
            "afresh": scaled(pair.afresh),
            "chance": scaled(pair.chance),
            "other": "" if alike else other,
            "balanced": pair.metric == "balanced_accuracy",
        }
        for pair, other in zip(mine, others, strict=True)
    ]
    numbers = ("printed", "along", "afresh", "chance")
    return pd.DataFrame(rows).astype(dict.fromkeys(numbers, float))


def unit(metric: str) -> tuple[float, str]:
    """(factor, what stands behind a number) of a metric's axis."""
    kind = METRICS[metric].kind
    units = {"share": (100.0, " %"), "points": (100.0, " points"), "dB": (1.0, " dB")}
    return units.get(kind, (1.0, ""))


def chart(numbers: pd.DataFrame, metric: str, dark: bool = False) -> go.Figure:
    """One row per printed number: the paper's as a cross, ours as rings and dots, joined; guessing
    as a short line. Words stand above each row, so that a phone has room for the marks.

    numbers  of `frame`
    """
    colour = colours(dark)
    ends = unit(metric)[1]
    notes, shapes, lines = [], [], 1
    for place, row in enumerate(numbers.to_dict("records")):
        ours = wording.known(row["along"]) or wording.known(row["afresh"])
        text = row["words"] if ours else f"{row['words']} · not measured here"
        if row["other"]:
            text += f" · ≈ ours: {row['other']}"
        wrapped = textwrap.wrap(text, LINE, break_long_words=False)
        lines = max(lines, len(wrapped))
        text = "<br>".join(wrapped)
        look = {
            "xref": "paper",
            "xanchor": "left",
            "yanchor": "bottom",
            "yshift": 8,
            "align": "left",
        }
        tint = colour["ink" if ours else "quiet"]
        notes.append(plot.note(text if ours else f"<i>{text}</i>", 0, place, tint, 12.5, **look))
        marks = [row[n] for n in ("printed", "along", "afresh") if wording.known(row[n])]
        if len(marks) > 1:
            line = {"width": 1.5, "color": faded(colour["quiet"], 0.6)}
            joint = {"x0": min(marks), "x1": max(marks), "y0": place, "y1": place}
            shapes.append({"type": "line", "layer": "below", "line": line, **joint})

    def marks(column: str, name: str, marker: Spec, also: str = "", **more: Any) -> Spec:
        more |= {"marker": marker, "hovertemplate": f"%{{x:.4g}}{ends}{also}<extra>{name}</extra>"}
        return plot.scatter("markers", numbers[column], range(len(numbers)), name=name, **more)

    guess = {"symbol": "line-ns", "size": 14, "line": {"width": 2, "color": colour["quiet"]}}
    cross = {"symbol": "x-thin", "size": 10, "line": {"width": 2.5, "color": colour["ink"]}}
    data = [
        marks("chance", "guessing, here", guess, hoverinfo="x"),
        marks("printed", "printed in the paper", cross),
    ]
    balanced = ["balanced" if balanced else "" for balanced in numbers["balanced"]]
    for side, (name, symbol, tint) in SIDES.items():
        tints = [colour["light" if role == "utility" else tint] for role in numbers["role"]]
        mark = plot.marker(tints, 12, symbol, 2)
        data.append(marks(side, name, mark, " %{customdata}", customdata=balanced))
    percent = ends == " %"
    named = measure_name(metric) + (f" ({ends.strip()})" if ends.strip() and not percent else "")
    return plot.figure(
        data,
        plot.axis(colour, named, ticksuffix=ends if percent else ""),
        {"range": [len(numbers) - 0.6, -0.8], "visible": False, "fixedrange": True},
        150 + (ROW + 15 * (lines - 1)) * len(numbers),
        annotations=notes,
        shapes=shapes,
        hovermode="closest",
        legend=plot.LEGEND | plot.FIXED,
    )
