"""Maps of releases as scatters. No Streamlit."""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from app.charts import plot
from app.charts.palette import LIGHT, faded
from app.charts.plot import Spec
from app.embedding.projections import Answers
from app.leakage import groups
from app.page import wording

HEIGHT = 400  # pixels
# Okabe-Ito; each with a symbol of its own
PEOPLE = tuple(
    zip(
        ("#D55E00", "#0072B2", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#8C6D46"),
        ("diamond", "square", "triangle-up", "star", "cross", "triangle-down", "x"),
        strict=True,
    )
)
HAS, HAS_NOT = ("#D55E00", "diamond"), ("#3C8DBC", "circle")
# Of two attributes: the first is warm or cold, the second full and dark or hollow and light.
BOTH = {
    (True, True): HAS,
    (True, False): ("#E69F00", "diamond-open"),
    (False, True): ("#0072B2", "circle"),
    (False, False): ("#56B4E9", "circle-open"),
}


def scatter(
    places: NDArray[np.float64],
    positions: NDArray[np.int64],
    people: NDArray[np.int64],
    answers: Answers,
    followed: Sequence[int],
    ringed: Sequence[int],
    texts: Sequence[str],
    axes: tuple[str, str] = ("", ""),
    colour: plot.Colours = LIGHT,
    lasso: bool = True,
) -> go.Figure:
    """One map; every point carries its photograph's position as custom data.

    places    (n, 2) in [0, 1]
    answers   attribute -> labels (n,), of the one or two that colour the points; {}: by identity
    followed  people with a colour of their own, by identity
    ringed    positions that are marked
    texts     (n,) what a point says
    axes      titles of the two axes; none where they mean nothing
    lasso     whether dragging draws one at once; on a phone it scrolls the page
    """
    data = [
        _points(name, members, places, positions, texts, look)
        for name, members, look in _groups(people, answers, followed, colour)
        if members.any()
    ]
    marked = np.isin(positions, np.asarray(list(ringed), dtype=np.int64))
    if marked.any():
        ring = {"name": "selected", "hoverinfo": "skip", "selectedpoints": False}
        ring["marker"] = plot.marker(colour["ink"], 13, "circle-open", 2)
        data.append(plot.scatter("markers", places[marked, 0], places[marked, 1], **ring))
    plain = {"range": [-0.04, 1.04], "showticklabels": False, "ticks": "", "constrain": "domain"}
    legend = plot.below() | {"font": {"size": 13}}
    return plot.figure(
        data,
        plot.bare(axes[0], **plain),
        plot.bare(axes[1], scaleanchor="x", **plain),
        HEIGHT,
        margin=plot.margins(6),
        legend=legend,
        dragmode="lasso" if lasso else False,
        newselection={"line": {"color": colour["light"], "width": 2, "dash": "solid"}},
        font={"size": 13},
        **plot.CLICKS,
    )


def _groups(
    people: NDArray[np.int64],
    answers: Answers,
    followed: Sequence[int],
    colour: plot.Colours,
) -> list[tuple[str, NDArray[np.bool_], Spec]]:
    """(name, members (n,), marker) of what is drawn, back to front."""
    if len(answers) == 1:
        ((by, labels),) = answers.items()
        return [
            (wording.capital(groups.name(by, has)), labels == has, _marker(*look))
            for has, look in ((False, HAS_NOT), (True, HAS))
        ]
    if len(answers) == 2:
        (by, labels), (second, other) = answers.items()
        return [
            (
                wording.capital(f"{groups.name(by, has)}, {groups.name(second, more)}"),
                (labels == has) & (other == more),
                _marker(*look),
            )
            for (has, more), look in reversed(BOTH.items())
        ]
    rest = ~np.isin(people, np.asarray(list(followed), dtype=np.int64))
    found = [("everybody else", rest, plot.marker(faded(colour["quiet"], 0.45), 5))]
    for person, look in zip(followed, PEOPLE, strict=False):
        found.append((person_label(person), people == person, _marker(*look, size=9)))
    return found


def person_label(person: int) -> str:
    return f"Person {person}"


def _marker(tint: str, symbol: str, size: int = 7) -> Spec:
    return plot.marker(tint, size, symbol) | {"opacity": 0.85}


def _points(
    name: str,
    members: NDArray[np.bool_],
    places: NDArray[np.float64],
    positions: NDArray[np.int64],
    texts: Sequence[str],
    marker: Spec,
) -> Spec:
    rows = np.flatnonzero(members)
    keys = {"customdata": positions[rows].tolist(), "unselected": {"marker": {"opacity": 0.25}}}
    trace = plot.scatter("markers", *places[rows].T, name=name, marker=marker)
    return trace | plot.says([texts[row] for row in rows]) | keys
