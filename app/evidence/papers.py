"""Pairs of `app.evidence.published` by paper, table and measure: figure and words. No Streamlit."""

import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from app.charts import plot
from app.charts.palette import LIGHT, faded
from app.charts.plot import Spec
from app.evidence import published, published_words
from app.page import wording
from app.settings import points
from app.settings.points import Row
from core.attacks.attackers import OWN_NETWORKS
from core.methods import METHODS
from core.published import METRICS, PAPERS, counterparts, pairing, reasons
from core.published.pairing import Pair, Settings
from core.published.tables import named

ALL = "all"  # of a paper's tables
FEW = 40  # numbers up to which all of a paper are shown at once
LINE = 60  # letters of a row's words, so that they fit a phone
ROW = 48  # pixels of a row of the figure: its words, and its marks under them
ALONG = tuple(own.name for own in OWN_NETWORKS.values() if not own.serves)
SIDES = {  # whose number: words of the legend, symbol, colour
    "as_paper": ("ours, as the paper", "circle-open", "teal"),
    "strict": ("ours, strict", "circle", "brick"),
}
COLUMNS = ["words", "role", "dataset", "printed", *SIDES, "chance", "other", "balanced"]
AHEAD = ("The paper", "Ours, as the paper", "Ours, strict")  # columns before the reasons
THROUGH_A_NETWORK = ("face_similarity", "feature_similarity")


def by_table(
    paper: str, settings: Settings, here: tuple[str, str] | None = None
) -> dict[str, tuple[Pair, ...]]:
    """Every table and figure of a paper, and places of its text that print numbers of their own ->
    its numbers, each with ours; `ALL` that are printed anywhere first.

    here  as of `core.published.pairing.beside`
    """
    places = {ALL: published.results(paper)} | published.by_place(paper)
    return {
        place: tuple(pairing.beside(row, settings, here=here) for row in rows)
        for place, rows in places.items()
    }


def title(paper: str, place: str) -> str:
    """ "Table 3: MS-SSIM for different attack reconstructors"."""
    return "All that the paper prints" if place == ALL else f"{place}: {named(paper, place).title}"


def not_made(paper: str, place: str) -> str:
    """Why a table or figure has no numbers here; "" where it has."""
    return "" if place == ALL else named(paper, place).reason


def own_paper(method: str) -> str:
    """The paper of a method, of its hardened variant, or the first that compares with it."""
    name = METHODS[method].hardens or method
    if name in PAPERS:
        return name
    compare = (p for p in PAPERS if any(row["method"] == name for row in published.about(p)))
    return next(compare, next(iter(PAPERS)))


def usual_table(tables: Mapping[str, Sequence[Pair]]) -> str:
    """What a paper opens with: all of it while that is little, else its first table."""
    if len(tables[ALL]) <= FEW:
        return ALL
    return next(place for place, pairs in tables.items() if place != ALL and pairs)


def measures(pairs: Sequence[Pair]) -> list[str]:
    """The metrics of some pairs: right answers first where we hold any on what is hidden, then
    those of which most on hiding was measured here."""
    first: dict[str, int] = {}
    for number, pair in enumerate(pairs):
        first.setdefault(pair.row["metric"], number)

    def rank(metric: str) -> tuple[bool, int, int]:
        mine = [pair for pair in pairs if pair.row["metric"] == metric and pair.ours]
        hiding = sum(pair.row["role"] == "private" for pair in mine)
        return metric != "accuracy" or not hiding, -hiding, first[metric]

    return sorted(first, key=rank)


def measure_name(metric: str) -> str:
    return wording.capital(METRICS[metric].name)


def sentence(paper: str, pairs: Sequence[Pair], metric: str) -> str:
    """What the paper says on what is hidden, and what we find; in `metric` where it can be."""
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
    """The pair of the sentence: measured both ways, in the paper's very setting, before others."""
    mine = [
        pair
        for pair in pairs
        if pair.ours and pair.row["role"] == "private" and pair.row["method"] == paper
    ]

    def rank(pair: Pair) -> tuple[bool, bool, int, bool]:
        lone = pair.as_paper is None or pair.strict is None
        off = sum(value == 0 for value in pair.row["knobs"].values())
        return not pair.row["printed"], lone, off, bool(published_words.other_setting(pair))

    return min(mine, key=rank, default=None)


def tally(pairs: Sequence[Pair]) -> str:
    """How many printed numbers have ours beside them, and what a fresh attacker adds, both ours."""
    printed = [pair for pair in pairs if pair.row["printed"]]
    ours = sum(pair.ours for pair in printed)
    text = f"{ours} of {len(printed)} printed numbers have one of ours beside them."
    if not printed:
        text = (
            f"{sum(pair.ours for pair in pairs)} of {len(pairs)} drawn numbers are measured here."
        )
    hidden = (p for p in pairs if p.row["role"] == "private" and p.row["metric"] != "accuracy_drop")
    own = [p for p in hidden if p.row["attacker"] in ALONG]
    both = [(p.as_paper, p.strict) for p in own if p.as_paper is not None and p.strict is not None]
    if not both:
        return text
    more = sum(strict > paper for paper, strict in both)
    where = f"In {more} of {len(both)} on what is hidden that we measured both ways"
    gets = "gets more"
    if len(both) == 1:
        where = "On the one thing that is hidden and that we measured both ways"
        gets = "gets more" if more else "gets no more"
    return f"{text} {where}, a fresh attacker {gets} than the one trained along with the method."


def differences(paper: str, pairs: Sequence[Pair], dataset: str, preset: str) -> str:
    text = published_words.differences(pairs, paper, dataset, preset)
    scored = {pair.row["protocol"] for pair in pairs if pair.row["role"] in ("private", "utility")}
    if "unsaid" in scored:
        text += " The paper does not say when the attackers it scores were trained."
    if any(p.ours and p.row["metric"] in THROUGH_A_NETWORK for p in pairs):
        text += " Likeness to a face network: the paper looks through another network than we do."
    others = {published_words.other_setting(pair) for pair in pairs if pair.ours}
    if len(others) == 1 and (other := others.pop()):
        text += f" Ours: {other}."
    return f"{text} {published_words.measures(pairs, pairs)}".strip()


def missing(pair: Pair) -> str:
    """Why nothing of ours stands beside a number; "" where something does."""
    row = pair.row
    if pair.missing == "setting" and (asks := _asks(row)):
        title = METHODS[row["method"]].title
        return reasons.MISSING["setting"].format(title=title, asks=asks)
    return reasons.why(pair)


def _asks(row: Row) -> str:
    """What a run would have to be like: "serves Grey hair, Smile; hides Age group; has λ = 0.1"."""
    parts = []
    free = counterparts.INDIFFERENT.get(row["method"], ())
    for column, word in (("tasks", "serves"), ("private", "hides")):
        if row[column] and column not in free:
            parts.append(f"{word} {published_words.named(row[column])}")
    knobs = points.knob_label(row["method"], row["knobs"])
    schedule = ", ".join(f"{name} = {value:g}" for name, value in sorted(row["schedule"].items()))
    parts += [f"has {text}" for text in (knobs, schedule) if text]
    return " and ".join(parts) if len(parts) < 3 else "; ".join(parts)


def table(pairs: Sequence[Pair]) -> pd.DataFrame:
    """`published_words.table` with the reason where nothing of ours stands beside a number."""
    shown = published_words.table(pairs)
    reasons = [missing(pair) for pair in pairs]
    if any(reasons):
        place = max(list(shown).index(name) for name in AHEAD if name in shown)
        shown.insert(place + 1, "Why nothing of ours", reasons)
    return shown


def words(pair: Pair, among: Sequence[Pair]) -> str:
    """A row of the figure: "Gender · AIA\\T, α = 0, β = 0.5". What all of `among` have in common is
    left out; what is served and hidden is said only where rows would else read the same."""
    brief = _words(pair, among, full=False)
    alike = [other for other in among if _words(other, among, full=False) == brief]
    return brief if len(alike) == 1 else _words(pair, among, full=True)


def _words(pair: Pair, among: Sequence[Pair], full: bool) -> str:
    row = pair.row
    name = row["label"] or METHODS[row["method"]].title
    if full:
        tasks, hidden = ({other.row[column] for other in among} for column in ("tasks", "private"))
        common = (next(iter(found))[:1] if len(found) == 1 else () for found in (tasks, hidden))
        setting = published_words.setting(row, *common)
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


def frame(pairs: Sequence[Pair], metric: str) -> pd.DataFrame:
    """The figure's numbers, one row per number of one metric that is printed or measured: words, role, printed,
    as_paper, strict, chance (in the metric's unit), other (our setting, where it is another and not the
    same in all rows), balanced (whether ours counts both answers the same)."""
    mine = [p for p in pairs if p.row["metric"] == metric and (p.row["printed"] or p.ours)]
    others = [published_words.other_setting(pair) if pair.ours else "" for pair in mine]
    alike = len({other for other, pair in zip(others, mine, strict=True) if pair.ours}) < 2
    rows = [
        {
            "words": words(pair, mine),
            "role": pair.row["role"],
            "dataset": pair.row["dataset"],
            "printed": counterparts.comparable(pair.row),
            "as_paper": pair.as_paper,
            "strict": pair.strict,
            "chance": pair.chance,
            "other": "" if alike else other,
            "balanced": pair.metric == "balanced_accuracy",
        }
        for pair, other in zip(mine, others, strict=True)
    ]
    numbers = ["printed", "as_paper", "strict", "chance"]
    table = pd.DataFrame(rows, columns=COLUMNS).astype(dict.fromkeys(numbers, float))
    table[numbers] *= 100 if METRICS[metric].unit in ("%", "points") else 1
    return table


def chart(numbers: pd.DataFrame, metric: str, colour: plot.Colours = LIGHT) -> go.Figure:
    """One row per printed number: the paper's as a cross, ours as rings and dots, joined; guessing
    as a short line. Words stand above each row, so that a phone has room for the marks.

    numbers  of `frame`
    """
    unit = METRICS[metric].unit
    ends = f" {unit}" if unit else ""
    above = {"xref": "paper", "xanchor": "left", "yanchor": "bottom", "yshift": 8, "align": "left"}
    notes, shapes, lines = [], [], 1
    for place, row in enumerate(numbers.to_dict("records")):
        ours = wording.known(row["as_paper"]) or wording.known(row["strict"])
        text = row["words"] if ours else f"{row['words']} · not measured here"
        if row["other"]:
            text += f" · ≈ ours: {row['other']}"
        wrapped = textwrap.wrap(text, LINE, break_long_words=False)
        lines = max(lines, len(wrapped))
        text = "<br>".join(wrapped)
        tint = colour["ink" if ours else "quiet"]
        notes.append(plot.note(text if ours else f"<i>{text}</i>", 0, place, tint, 12.5, **above))
        known = [row[n] for n in ("printed", "as_paper", "strict") if wording.known(row[n])]
        if len(known) > 1:
            line = {"width": 1.5, "color": faded(colour["quiet"], 0.6)}
            joint = {"x0": min(known), "x1": max(known), "y0": place, "y1": place}
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
    percent = unit == "%"
    named = measure_name(metric) + (f" ({unit})" if unit and not percent else "")
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
