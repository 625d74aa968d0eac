"""Maps of releases as scatters. No Streamlit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from app.charts.palette import colours, faded
from app.embedding.maps import IDENTITY
from app.leakage import groups

HEIGHT = 400  # pixels
# Okabe-Ito; each with a symbol of its own
PEOPLE = (
    ("#D55E00", "diamond"), ("#0072B2", "square"), ("#009E73", "triangle-up"), ("#CC79A7", "star"),
    ("#E69F00", "cross"), ("#56B4E9", "triangle-down"), ("#8C6D46", "x"),
)  # fmt: skip
HAS, HAS_NOT = ("#D55E00", "diamond"), ("#3C8DBC", "circle")


def scatter(
    places: NDArray[np.float64],
    positions: NDArray[np.int64],
    people: NDArray[np.int64],
    by: str,
    labels: NDArray[np.bool_] | None,
    followed: Sequence[int],
    ringed: Sequence[int],
    texts: Sequence[str],
    axes: tuple[str, str] = ("", ""),
    dark: bool = False,
    lasso: bool = True,
) -> go.Figure:
    """One map; every point carries its photograph's position as custom data.

    places    (n, 2) in [0, 1]
    by        "identity", or the attribute whose `labels` (n,) colour the points
    followed  people with a colour of their own, where `by` is identity
    ringed    positions that are marked
    texts     (n,) what a point says
    axes      titles of the two axes; none where they mean nothing
    lasso     whether dragging draws one at once; on a phone it scrolls the page
    """
    colour = colours(dark)
    data = [
        _points(name, members, places, positions, texts, look)
        for name, members, look in _groups(people, by, labels, followed, colour)
        if members.any()
    ]
    marked = np.isin(positions, np.asarray(list(ringed), dtype=np.int64))
    if marked.any():
        data.append(
            {
                "type": "scatter", "mode": "markers", "name": "selected", "hoverinfo": "skip",
                "x": places[marked, 0].tolist(), "y": places[marked, 1].tolist(), "selectedpoints": False,
                "marker": {"size": 13, "symbol": "circle-open", "color": colour["ink"],
                           "line": {"width": 2, "color": colour["ink"]}},
            }
        )  # fmt: skip
    bare = {
        "range": [-0.04, 1.04], "showgrid": False, "zeroline": False, "showticklabels": False, "ticks": "",
        "fixedrange": True,
    }  # fmt: skip
    layout = {
        "xaxis": bare | {"title": {"text": axes[0]}, "constrain": "domain"},
        "yaxis": bare | {"title": {"text": axes[1]}, "scaleanchor": "x", "constrain": "domain"},
        "height": HEIGHT, "margin": {"l": 6, "r": 6, "t": 6, "b": 6}, "hovermode": "closest",
        "legend": {"orientation": "h", "yanchor": "top", "y": -0.04 if not axes[0] else -0.12, "x": 0,
                   "itemclick": False, "itemdoubleclick": False, "font": {"size": 13}},
        "clickmode": "event+select", "dragmode": "lasso" if lasso else False, "uirevision": "constant", "font": {"size": 13},
        "newselection": {"line": {"color": colour["light"], "width": 2, "dash": "solid"}},
    }  # fmt: skip
    return go.Figure({"data": data, "layout": layout}, _validate=False)


def _groups(
    people: NDArray[np.int64],
    by: str,
    labels: NDArray[np.bool_] | None,
    followed: Sequence[int],
    colour: dict[str, str],
) -> list[tuple[str, NDArray[np.bool_], dict[str, Any]]]:
    """(name, members (n,), marker) of what is drawn, back to front."""
    if by != IDENTITY and labels is not None:
        named = [(groups.name(by, has), labels == has, look) for has, look in ((False, HAS_NOT), (True, HAS))]  # fmt: skip
        return [
            (text[0].upper() + text[1:], members, _marker(*look)) for text, members, look in named
        ]
    rest = ~np.isin(people, np.asarray(list(followed), dtype=np.int64))
    grey = {"color": faded(colour["quiet"], 0.45), "symbol": "circle", "size": 5}
    found = [("everybody else", rest, grey)]
    for person, look in zip(followed, PEOPLE, strict=False):
        found.append((person_label(person), people == person, _marker(*look, size=9)))
    return found


def person_label(person: int) -> str:
    return f"Person {person}"


def _marker(tint: str, symbol: str, size: int = 7) -> dict[str, Any]:
    return {"color": tint, "symbol": symbol, "size": size, "opacity": 0.85}


def _points(
    name: str,
    members: NDArray[np.bool_],
    places: NDArray[np.float64],
    positions: NDArray[np.int64],
    texts: Sequence[str],
    marker: dict[str, Any],
) -> dict[str, Any]:
    rows = np.flatnonzero(members)
    return {
        "type": "scatter", "mode": "markers", "name": name, "x": places[rows, 0].tolist(),
        "y": places[rows, 1].tolist(), "customdata": positions[rows].tolist(),
        "text": [texts[row] for row in rows], "hovertemplate": "%{text}<extra></extra>", "marker": marker,
        "unselected": {"marker": {"opacity": 0.25}},
    }  # fmt: skip
