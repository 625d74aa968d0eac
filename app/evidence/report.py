"""One self-contained HTML file about one setting: decision, evidence, pictures, protocol, limits, and
what is needed to build every figure again. Pure: texts and numbers in, HTML out; what it looks like
stands in `report.html`, which escapes everything that comes from outside."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import jinja2
import numpy as np
import pandas as pd
import plotly.graph_objects as go

from app.page import pictures, wording

FACE = 128  # pixels of one picture
GROUND = "#FBFAF7"
FIRST_ROWS = 12  # attributes that are named one by one
HEADS = ("measured", "95 % interval", "guessing", "unprotected")


class Words(NamedTuple):
    """What the officer writes; plain text."""

    title: str
    author: str
    purpose: str
    decision: str


class Evidence(NamedTuple):
    """One line of the table of evidence: shares, or likeness for the picture."""

    label: str
    value: float
    low: float
    high: float
    chance: float | None
    unprotected: float | None
    share: bool = True


def report(
    words: Words,
    evidence: Sequence[Evidence],
    leaks: pd.DataFrame,
    chart: go.Figure,
    faces: Sequence[tuple[np.ndarray, np.ndarray, float]],
    provenance: Mapping[str, Any],
    **more: Any,
) -> str:
    """The report as an HTML document.

    leaks      columns label, value, low, high, chance, conclusive of attributes that nobody mentioned
    faces      (original, reconstruction, likeness) of pictures that may be shown
    provenance of `core.analysis.provenance.provenance`
    more       the rest that `report.html` names
    """
    hashes = (f"{f['protocol']}/{f['attack']} {f['sha256']}" for f in provenance["findings"])
    return _template().render(
        title=words.title.strip() or "Privacy assessment of a face representation",
        words=words,
        heads=HEADS,
        evidence=[_row(line) for line in evidence],
        leaks=_leaks(leaks),
        chart=_chart(chart),
        faces=[_face(*face) for face in faces],
        width=2 * FACE,
        rebuilt=_rebuilt(provenance),
        hashes="\n".join(hashes),
        **more,
    )


@functools.cache
def _template() -> jinja2.Template:
    text = Path(__file__).with_suffix(".html").read_text()
    strict = {"autoescape": True, "trim_blocks": True, "undefined": jinja2.StrictUndefined}
    return jinja2.Environment(**strict).from_string(text)


def _row(line: Evidence) -> tuple[str, list[str]]:
    """The label of a row of the table, and a cell for each of `HEADS`."""

    def show(value: float | None) -> str:
        if not wording.known(value):
            return "–"
        return wording.percent(value, 1) if line.share else f"{value:.2f}"

    span = wording.interval(line.low, line.high, *((1, 100) if line.share else (2, 1))) or "–"
    return line.label, [show(line.value), span, show(line.chance), show(line.unprotected)]


def _chart(figure: go.Figure) -> str:
    """The chart with Plotly's own code inside the file: it stays interactive without a network."""
    paper = {"template": "plotly_white", "paper_bgcolor": GROUND, "plot_bgcolor": GROUND}
    config = {"displayModeBar": False, "responsive": True}
    drawn = go.Figure(figure.to_dict()).update_layout(paper)
    return drawn.to_html(full_html=False, include_plotlyjs=True, config=config)


def _leaks(leaks: pd.DataFrame) -> dict[str, Any]:
    if leaks.empty:
        return {"count": 0}
    known = leaks[leaks["conclusive"]]
    first = known[["label", "value", "low", "high", "chance"]].head(FIRST_ROWS)
    rows = [_row(Evidence(*found, None)) for found in first.itertuples(index=False)]
    return {
        "count": len(leaks),
        "told": int((known["low"] > known["chance"]).sum()),
        "weak": len(leaks) - len(known),
        "rows": [
            (label, cells[:3]) for label, cells in rows
        ],  # nothing is known without protection
    }


def _face(original: np.ndarray, reconstruction: np.ndarray, likeness: float) -> tuple[str, str]:
    picture = pictures.data_url(pictures.row([original, reconstruction], FACE))
    return picture, f"{wording.likeness(likeness)} · {likeness:.2f}"


def _rebuilt(provenance: Mapping[str, Any]) -> dict[str, str]:
    data, here, trained = provenance["data"], provenance["here"], provenance["trained"]
    value = provenance["release_value"]
    other = "" if provenance["weights_match"] else " (the file on disk is another one)"
    packages = here["packages"].items()
    return {
        "Setting": provenance["run"] + ("" if value is None else f", release value {value:g}"),
        "Run": provenance["run_id"],
        "Data": f"{data['name']}, {data.get('fingerprint', 'fingerprint not recorded')}",
        "Weights (SHA-256)": f"{provenance['weights_sha256']}{other}",
        "Findings (SHA-256)": provenance["findings_sha256"],
        "Code that trained": trained.get("code", "not recorded"),
        "Code that made this report": here["code"],
        "Trained on": f"{trained.get('device', 'not recorded')}, torch {trained.get('torch', '?')}",
        "Installed here": ", ".join(f"{name} {version}" for name, version in packages),
    }
