"""One self-contained HTML file about one setting: decision, evidence, pictures, protocol, limits, and
what is needed to build every figure again. Pure: texts and numbers in, HTML out; everything that
comes from outside is escaped."""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from PIL import Image

from app.page import wording
from app.page.pictures import row as side_by_side

FACE = 128  # pixels of one picture
GROUND = "#FBFAF7"
FIRST_ROWS = 12  # attributes that are named one by one

LOOK = """
:root { color-scheme: light; }
body { font: 16px/1.55 "Source Sans 3", "Source Sans Pro", system-ui, sans-serif; color: #1F2430;
  background: #FBFAF7; max-width: 52rem; margin: 2.5rem auto; padding: 0 1.25rem;
  font-variant-numeric: tabular-nums; }
h1 { font-size: 1.9rem; line-height: 1.2; margin: 0 0 .3rem; } h2 { font-size: 1.25rem; margin: 2.4rem 0 .5rem; }
.lead { font-size: 1.25rem; line-height: 1.4; font-weight: 600; } .quiet { color: #5A606D; font-size: .92rem; }
.box { border: 1px solid #E4E0D8; border-left: 4px solid #C8791B; border-radius: 6px; padding: .8rem 1rem; background: #fff; }
.kept { border-left-color: #1F7A7A; } .broken { border-left-color: #A34632; }
table { border-collapse: collapse; width: 100%; font-size: .95rem; }
th, td { text-align: left; padding: .35rem .6rem .35rem 0; border-bottom: 1px solid #E4E0D8; vertical-align: top; }
td.number, th.number { text-align: right; white-space: nowrap; }
.wide { overflow-x: auto; } code, pre { font-family: ui-monospace, monospace; font-size: .85rem; overflow-wrap: anywhere; }
pre { background: #F3F0EA; padding: .7rem .9rem; border-radius: 6px; white-space: pre-wrap; }
.faces { display: flex; flex-wrap: wrap; gap: .9rem; } figure { margin: 0; } figcaption { font-size: .85rem; color: #5A606D; }
img { image-rendering: pixelated; max-width: 100%; height: auto; }
@media print { body { margin: 0; max-width: none; background: #fff; } h2 { break-after: avoid; } figure, tr, .box { break-inside: avoid; } }
"""


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
    subject: str,
    verdict: str,
    detail: str,
    kept: tuple[bool, str] | None,
    evidence: Sequence[Evidence],
    leaks: pd.DataFrame,
    repeated: str,
    chart: go.Figure,
    faces: Sequence[tuple[np.ndarray, np.ndarray, float]],
    why_no_faces: str,
    limits: Sequence[str],
    provenance: Mapping[str, Any],
    commands: Sequence[str],
    numbers: pd.DataFrame,
    date: str,
) -> str:
    """The report as an HTML document.

    subject    which setting it is about: method, knobs, data set
    verdict, detail  of `app.page.verdict`
    kept       whether the officer's limits are kept and the sentence that says so; None without any
    leaks      columns label, value, low, high, chance, conclusive of attributes that nobody mentioned
    repeated   what repeated releases tell, or ""
    faces      (original, redrawn, likeness) of pictures that may be shown; why_no_faces says why
               there are none
    provenance of `core.analysis.provenance.provenance`
    numbers    every figure of the setting, in words
    date       of the report, as it is to be read
    """
    title = words.title.strip() or "Privacy assessment of a face representation"
    by = f"{escape(words.author.strip())}, " if words.author.strip() else ""
    parts = [
        f"<h1>{escape(title)}</h1>",
        f"<p><strong>{escape(subject)}</strong></p>",
        f'<p class="quiet">{by}{escape(date)}. Made with Penumbra; every number in it was measured.</p>',
        _section("Decision", _decision(words, verdict, detail, kept)),
        _section("Evidence", _evidence(evidence, HEADS) + _box(repeated) + _chart(chart)),
        _section("What else it gives away", _leaks(leaks)),
        _section("What an attacker would see", _faces(faces, why_no_faces)),
        _section("How it was measured", PROTOCOL),
        _section("Limits of this report", _list(limits)),
        _section("To build every figure again", _rebuild(provenance, commands)),
        _section("Every number of this setting", _table(numbers)),
    ]
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" '
        f'content="width=device-width, initial-scale=1"><title>{escape(title)}</title>'
        f"<style>{LOOK}</style></head><body>{''.join(parts)}</body></html>"
    )


PROTOCOL = (
    "<p>Strict protocol: attackers are trained after the method is frozen, on people whom neither "
    "the method nor the test has seen; each is stopped on a third group of people and scored on a "
    "fourth. Of all attackers the one that does best on the third group counts. Right guesses are "
    "balanced: both answers count the same, so that guessing gives 50&nbsp;%. Intervals hold 95&nbsp;%; "
    "they resample people, not photographs. An attacker that fails where it must succeed, on "
    "unprotected features, or succeeds where it must fail, on a constant, is said to be too weak to "
    "conclude.</p>"
)


def _section(title: str, body: str) -> str:
    return f"<section><h2>{escape(title)}</h2>{body}</section>"


def _paragraphs(text: str) -> str:
    return "".join(f"<p>{escape(part)}</p>" for part in text.splitlines() if part.strip())


def _list(items: Sequence[str]) -> str:
    return f"<ul>{''.join(f'<li>{escape(item)}</li>' for item in items)}</ul>"


def _decision(words: Words, verdict: str, detail: str, kept: tuple[bool, str] | None) -> str:
    text = f'<p class="lead">{escape(verdict)}</p><p class="quiet">{escape(detail)}</p>'
    if kept is not None:
        text += f'<p class="box {"kept" if kept[0] else "broken"}">{escape(kept[1])}</p>'
    if words.purpose.strip():
        text += f"<h3>Purpose</h3>{_paragraphs(words.purpose)}"
    decided = _paragraphs(words.decision) or '<p class="quiet">No decision was written down.</p>'
    return f"{text}<h3>Decided</h3>{decided}"


HEADS = ("measured", "95 % interval", "guessing", "unprotected")


def _evidence(evidence: Sequence[Evidence], heads: Sequence[str]) -> str:
    head = "<th></th>" + "".join(f'<th class="number">{escape(text)}</th>' for text in heads)
    rows = "".join(_evidence_row(line, len(heads)) for line in evidence)
    return f'<div class="wide"><table><tr>{head}</tr>{rows}</table></div>'


def _box(text: str) -> str:
    return f'<p class="box broken">{escape(text)}</p>' if text else ""


def _evidence_row(line: Evidence, columns: int) -> str:
    def show(value: float | None) -> str:
        if not wording.known(value):
            return "–"
        return wording.percent(value, 1) if line.share else f"{value:.2f}"

    span = wording.interval(line.low, line.high, *((1, 100) if line.share else (2, 1))) or "–"
    cells = [show(line.value), span, show(line.chance), show(line.unprotected)]
    return f"<tr><td>{escape(line.label)}</td>" + "".join(
        f'<td class="number">{escape(cell)}</td>' for cell in cells[:columns]
    ) + "</tr>"  # fmt: skip


def _chart(figure: go.Figure) -> str:
    """The chart with Plotly's own code inside the file: it stays interactive without a network."""
    paper = {"template": "plotly_white", "paper_bgcolor": GROUND, "plot_bgcolor": GROUND}
    drawn = (
        go.Figure(figure.to_dict())
        .update_layout(paper)
        .to_html(
            full_html=False,
            include_plotlyjs=True,
            config={"displayModeBar": False, "responsive": True},
        )
    )
    return f"<figure>{drawn}<figcaption>All measured settings; this one is the large point.</figcaption></figure>"


def _leaks(leaks: pd.DataFrame) -> str:
    if leaks.empty:
        return "<p>No attribute beyond those named above was attacked.</p>"
    known = leaks[leaks["conclusive"]]
    clear = known[known["low"] > known["chance"]]
    weak = len(leaks) - len(known)
    text = (
        f"<p>{len(clear)} of {len(leaks)} attributes that nobody mentioned can be told better than by "
        f"guessing, with 95 % confidence{f'; on {weak} the attack was too weak to conclude' if weak else ''}. "
        "Those that are told best:</p>"
    )
    lines = [
        Evidence(row["label"], row["value"], row["low"], row["high"], row["chance"], None)
        for row in known.head(FIRST_ROWS).to_dict("records")
    ]
    return text + _evidence(lines, HEADS[:3])


def _faces(faces: Sequence[tuple[np.ndarray, np.ndarray, float]], why_none: str) -> str:
    if not faces:
        return f"<p>{escape(why_none)}</p>"
    shown = "".join(
        f'<figure><img width="{2 * FACE}" alt="Original left, recovered right" '
        f'src="data:image/png;base64,{_png(original, redrawn)}"><figcaption>'
        f"{wording.likeness(likeness)} · {likeness:.2f}</figcaption></figure>"
        for original, redrawn, likeness in faces
    )
    return f'<div class="faces">{shown}</div><p class="quiet">Original left, recovered right.</p>'


def _png(original: np.ndarray, redrawn: np.ndarray) -> str:
    buffer = io.BytesIO()
    Image.fromarray(side_by_side([original, redrawn], FACE)).save(buffer, "PNG", optimize=True)
    return base64.b64encode(buffer.getvalue()).decode()


def _rebuild(provenance: Mapping[str, Any], commands: Sequence[str]) -> str:
    data, here, trained = provenance["data"], provenance["here"], provenance["trained"]
    weights = f"{provenance['weights_sha256']}" + (
        "" if provenance["weights_match"] else " (the file on disk is another one)"
    )
    value = provenance["release_value"]
    lines = {
        "Setting": provenance["run"] + ("" if value is None else f", release value {value:g}"),
        "Run": provenance["run_id"],
        "Data": f"{data['name']}, {data.get('fingerprint', 'fingerprint not recorded')}",
        "Weights (SHA-256)": weights,
        "Findings (SHA-256)": provenance["findings_sha256"],
        "Code that trained": trained.get("code", "not recorded"),
        "Code that made this report": here["code"],
        "Trained on": f"{trained.get('device', 'not recorded')}, torch {trained.get('torch', '?')}",
        "Installed here": ", ".join(f"{name} {version}" for name, version in here["packages"].items()),
    }  # fmt: skip
    table = "".join(
        f"<tr><td>{escape(name)}</td><td><code>{escape(str(text))}</code></td></tr>"
        for name, text in lines.items()
    )
    parts = "\n".join(
        f"{part['protocol']}/{part['attack']} {part['sha256']}" for part in provenance["findings"]
    )
    return (
        f"<p>The same code, data and seed give the same numbers on the same kind of machine:</p>"
        f"<pre>{escape(chr(10).join(commands))}</pre><table>{table}</table>"
        f"<details><summary>Hash of each attack's findings</summary><pre>{escape(parts)}</pre></details>"
    )


def _table(numbers: pd.DataFrame) -> str:
    head = "".join(f"<th>{escape(str(name))}</th>" for name in numbers)
    rows = "".join(
        "<tr>" + "".join(f"<td>{escape(str(cell))}</td>" for cell in row) + "</tr>"
        for row in numbers.itertuples(index=False)
    )
    return (
        f"<details><summary>{len(numbers)} rows</summary>"
        f'<div class="wide"><table><tr>{head}</tr>{rows}</table></div></details>'
    )
