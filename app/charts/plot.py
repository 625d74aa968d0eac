"""A small chart builder: traces, axes, reference lines and layouts as Plotly's plain dicts.

Text, grid and ground colours are left to the theme of the page; what carries meaning is set by the
charts. Figures are not validated here, since a slider waits for some of them: tests do that.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import plotly.graph_objects as go

from app.charts.palette import faded

Spec = dict[str, Any]
Colours = Mapping[str, str]  # role -> colour, as `app.charts.palette.LIGHT`

FIXED = {"itemclick": False, "itemdoubleclick": False}  # a legend that hides nothing
LEGEND = {"orientation": "h", "y": 1.0, "yanchor": "bottom", "x": 0}  # above the plot
# A chart in which a click chooses a point, and that stays as it is when the page is redrawn.
STAYS = {"uirevision": "constant", "hovermode": "closest"}
CLICKS = {"clickmode": "event+select", **STAYS}


def figure(data: Sequence[Spec], x: Spec, y: Spec, height: int, **layout: Any) -> go.Figure:
    """A chart, `height` pixels high; `layout`: what Plotly calls so."""
    common = {"xaxis": x, "yaxis": y, "height": height, "margin": margins(), "dragmode": False}
    return go.Figure({"data": list(data), "layout": common | layout}, _validate=False)


def margins(all_round: int = 10, **sides: int) -> Spec:
    """Pixels around the plot; `l`, `r`, `t` or `b` where a side has another number."""
    return dict.fromkeys("lrtb", all_round) | sides


def axis(colour: Colours, title: str | None = None, **more: Any) -> Spec:
    """An axis with a grid that cannot be dragged."""
    return _axis(title, **{"gridcolor": colour["line"], "zeroline": False} | more)


def bare(title: str | None = None, **more: Any) -> Spec:
    """An axis without a grid."""
    return _axis(title, showgrid=False, zeroline=False, **more)


def _axis(title: str | None, **more: Any) -> Spec:
    return {"fixedrange": True, **({} if title is None else {"title": {"text": title}}), **more}


def below() -> Spec:
    """A legend at the lower edge of the chart: the plot leaves room for it and for the axis's title,
    however many rows it has."""
    return {"orientation": "h", "yref": "container", "yanchor": "bottom", "y": 0, "x": 0, **FIXED}


def scatter(mode: str, x: Iterable[Any], y: Iterable[Any], **more: Any) -> Spec:
    """Points, lines or both (`mode` as Plotly calls it)."""
    return {"type": "scatter", "mode": mode, "x": _listed(x), "y": _listed(y), **more}


def bar(x: Iterable[Any], y: Iterable[Any], **more: Any) -> Spec:
    return {"type": "bar", "x": _listed(x), "y": _listed(y), **more}


def _listed(values: Iterable[Any]) -> list[Any]:
    return values.tolist() if hasattr(values, "tolist") else list(values)


def marker(
    colour: Any, size: Any, symbol: str = "circle", rim: Any = None, lit: str | None = None
) -> Spec:
    """A marker; `rim`: width of its outline, `lit`: the outline's colour where it has its own."""
    look = {"color": colour, "size": size, "symbol": symbol}
    return look if rim is None else look | {"line": {"width": rim, "color": lit or colour}}


def says(texts: Sequence[str], keys: Sequence[Any] | None = None) -> Spec:
    """What each point says when pointed at; with `keys` it can be clicked, and does not fade."""
    said = {"text": list(texts), "hovertemplate": "%{text}<extra></extra>"}
    return said if keys is None else said | {"customdata": list(keys), "selectedpoints": False}


def interval(
    rows: Iterable[Mapping[str, Any]], ends: Sequence[str], scale: float, **look: Any
) -> Spec:
    """Error bars of `rows`; `ends`: what the middle, the lower and the upper end are called
    there."""
    found = [[row[end] * scale for end in ends] for row in rows]
    return bars([high - at for at, _, high in found], [at - low for at, low, _ in found], **look)


def bars(above: Iterable[float], below: Iterable[float], **look: Any) -> Spec:
    """Error bars that reach so far above and below their points."""
    lengths = {"array": [max(0.0, v) for v in above], "arrayminus": [max(0.0, v) for v in below]}
    return {"type": "data", "symmetric": False, **lengths, "width": 0, **look}


def dotted(colour: Colours) -> Spec:
    """The line that stands for guessing."""
    return {"dash": "dot", "width": 1.5, "color": colour["quiet"]}


def upright(x: float, line: Spec, **more: Any) -> Spec:
    """A reference line over the whole height, at `x`."""
    ends = {"x0": x, "x1": x, "yref": "paper", "y0": 0, "y1": 1}
    return {"type": "line", **ends, "line": line, **more}


def level(y: float, line: Spec, **more: Any) -> Spec:
    """A reference line over the whole width, at `y`."""
    ends = {"y0": y, "y1": y, "xref": "paper", "x0": 0, "x1": 1}
    return {"type": "line", **ends, "line": line, **more}


def note(text: str, x: Any, y: Any, colour: str, size: float | None = 12, **more: Any) -> Spec:
    font = {"color": colour} if size is None else {"size": size, "color": colour}
    return {"x": x, "y": y, "text": text, "showarrow": False, "font": font, **more}


def guessing(x: float, y: float, **place: str) -> Spec:
    """The word at the line that stands for guessing."""
    return {"x": x, "y": y, "text": "guessing", "showarrow": False, **place}


def label(
    text: str, x: float, y: float, offset: tuple[float, float], colour: Colours, **more: Any
) -> Spec:
    """Words joined to a point by a thin line; `offset`: pixels to the right and up."""
    joint = {"arrowhead": 0, "arrowwidth": 1, "arrowcolor": colour["quiet"], "standoff": 10}
    look = {"font": {"size": 15, "color": colour["ink"]}, "bgcolor": faded(colour["ground"], 0.8)}
    place = {"x": x, "y": y, "ax": offset[0], "ay": -offset[1]}
    return {"text": text, "showarrow": True, **place, **joint, **look, **more}


def box(left: float, right: float, bottom: float, top: float, line: Spec) -> Spec:
    return {"type": "rect", "x0": left, "x1": right, "y0": bottom, "y1": top, "line": line}
