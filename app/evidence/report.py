"""A report on one setting as one self-contained HTML file: decision, evidence, pictures, protocol,
limits, and what is needed to build every figure again. What it looks like stands in `report.html`,
which escapes everything that comes from outside."""

import datetime
import functools
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import jinja2
import numpy as np
import pandas as pd
import plotly.graph_objects as go

from app.cache import loaders
from app.noise import amounts
from app.page import pictures, tables, wording
from app.page.verdict import Verdict
from app.proof import words as words_of_proof
from app.proof.counted import counted
from app.settings import only_numbers, points, proofs, unprotected, views
from app.settings.looking import Looking
from app.trade_off.chart import trade_off
from app.trade_off.goal import Limits
from core.errors import PenumbraError
from core.metrics import METRICS, deciding

FACES = 6
FACE = 128  # pixels of one picture
GROUND = "#FBFAF7"
FIRST_ROWS = 12  # attributes that are named one by one
HEADS = ("measured", "95 % interval", "guessing", "unprotected")
SYNTHETIC = "synthetic"  # the one data set that shows nobody
Line = tuple[str, list[str]]  # of a table: its label, a cell for each of `HEADS`
Faces = list[tuple[np.ndarray, np.ndarray, float]]  # original, reconstruction, likeness


class Words(NamedTuple):
    """What the officer writes; plain text."""

    title: str
    author: str
    purpose: str
    decision: str


def evidence(here: Looking, row: points.Row) -> list[Line]:
    """The service, then every private target that was attacked at this setting."""
    view, bare = here.view, here.unprotected or {}
    service = f"{wording.service(view.task).capitalize()} ({METRICS[view.service].title})"
    numbers = [row[f"utility{end}"] for end in ("", "_low", "_high", "_chance")]
    share = wording.in_percent(view.service)
    found = [(service, cells([*numbers, bare.get("utility")], share))]
    for target in loaders.offered("targets", view.dataset, view.preset, view.task):
        asked = view._replace(target=target)
        settings = loaders.settings(asked)
        reference = unprotected.reference(loaders.references(asked), row["method"]) or {}
        for other in points.records(settings[settings["key"] == row["key"]]):
            label = f"{wording.target_label(target)} ({METRICS[asked.measure].title})"
            weak = "" if other["conclusive"] else ": attack too weak to conclude"
            numbers = [other[name] for name in ("value", "low", "high", "chance")]
            share = wording.in_percent(asked.measure)
            found.append((label + weak, cells([*numbers, reference.get("value")], share)))
    return found


def cells(numbers: Sequence[float | None], share: bool = True) -> list[str]:
    """A cell for each of `HEADS`, of value, low, high, chance and value without protection;
    `share`: whether they are shares, not a likeness."""
    value, low, high, chance, bare = numbers

    def show(value: float | None) -> str:
        if not wording.known(value):
            return "–"
        return wording.percent(value, 1) if share else f"{value:.2f}"

    span = wording.interval(low, high, *((1, 100) if share else (2, 1))) or "–"
    return [show(value), span, show(chance), show(bare)]


def leaks(findings: pd.DataFrame, row: points.Row) -> pd.DataFrame:
    """Attributes that nobody mentioned, told by their strongest attacker; best told first."""
    asked = {"role": "unlisted", "attacker": views.STRONGEST, "protocol": "strict"}
    asked["metric"] = deciding()["attribute"]
    rows = points.findings_of(findings, row, **asked).sort_values("value", ascending=False)
    return rows.assign(label=rows["target"].map(wording.target_label))


def faces(row: points.Row, allowed: bool) -> tuple[Faces, str]:
    """(a few faces, "") or (none, why there are none)."""
    if said := only_numbers.of(row["dataset"]):
        return [], f"{said.whose} is here in numbers only: its photographs may not be passed on."
    if not allowed:
        return [], "The photographs show real people and were left out of this report."
    try:
        drawn, _ = loaders.reconstructions(row)
    except PenumbraError as error:
        return [], f"No pictures were redrawn at this setting: {error}."
    pairs = zip(drawn["originals"], drawn["reconstructions"], drawn["ms_ssim"], strict=False)
    return [(one, other, float(likeness)) for one, other, likeness in pairs][:FACES], ""


def proven(row: points.Row) -> dict[str, list[str]]:
    """What is proven of a setting: `said`, what is `assumed` and what would `break` it; plain text.
    Nothing in any where nothing is."""
    bounds = proofs.of_setting(loaders.of_run(row["run_id"]), row)
    if not bounds:
        return {"said": [], "assumed": [], "breaks": []}
    said = [words_of_proof.one_release(b) for b in bounds if b.metric == proofs.BOUNDS["proven"]]
    said += [*words_of_proof.more_releases(bounds, row), *words_of_proof.of_anything(bounds)]
    found = {
        "said": said,
        "assumed": words_of_proof.assumptions(row, counted(row, bounds)),
        "breaks": words_of_proof.breakers(row),
    }
    return {name: [text.replace("**", "") for text in texts] for name, texts in found.items()}


def known_limits(row: points.Row) -> list[str]:
    seeds = int(row["seeds"])
    trainings = "One training" if seeds == 1 else f"{seeds} trainings"
    found = [
        f"The numbers hold for the data set “{only_numbers.title(row['dataset'])}”: other cameras, other people and other "
        "services need their own measurement.",
        "What was measured holds against the attackers that were tried. A stronger one may exist; that none "
        "was found is no proof. Only what stands under “What is proven” holds against all.",
        f"{trainings} of this setting {'was' if seeds == 1 else 'were'} measured; the intervals tell "
        "what the choice of test people leaves open, not what another training would give.",
    ]
    if row["dataset"] == SYNTHETIC:
        found.append(
            "The faces are computed, of nobody: before it is used on people, measure it on "
            "photographs of people."
        )
    if not row["conclusive"]:
        found.append("The attack failed where it must succeed: nothing can be concluded from it.")
    return found


def written(
    here: Looking,
    row: points.Row,
    outcome: Verdict,
    kept: tuple[bool, str] | None,
    limits: Limits,
    words: Words,
    shown: tuple[Faces, str],
) -> bytes:
    """The report as a file. Raises PenumbraError where the setting's folder is damaged."""
    view = here.view
    record, commands = loaders.provenance(row)
    findings = loaders.of_run(row["run_id"])
    again = amounts.again(findings, row, view._replace(target=row["target"]))
    lines = points.lines(points.records(here.table), points.knob_values(row), row["method"])
    today = datetime.date.today()
    return report(
        words,
        leaks(findings, row),
        trade_off(
            here.table,
            lines,
            row["key"],
            view,
            limits.attack,
            limits.loss,
            possible=loaders.possible(view),
        ),
        shown[0],
        record,
        why_no_faces=shown[1],
        subject=f"{points.name(row)}; data set “{only_numbers.title(view.dataset)}”, "
        f"{view.preset} networks",
        verdict=outcome.sentence,
        detail=outcome.detail,
        kept=kept,
        evidence=evidence(here, row),
        proven=proven(row),
        repeated=again.sentence if again and again.worse else "",
        limits=known_limits(row),
        commands=commands,
        numbers=tables.of_setting(findings, row),
        date=f"{today.day} {today:%B %Y}",
    ).encode()


def report(
    words: Words,
    leaks: pd.DataFrame,
    chart: go.Figure,
    faces: Sequence[tuple[np.ndarray, np.ndarray, float]],
    provenance: Mapping[str, Any],
    **more: Any,
) -> str:
    """The HTML document.

    leaks      columns label, value, low, high, chance, conclusive of attributes that nobody mentioned
    provenance of `core.analysis.provenance.provenance`
    more       the rest that `report.html` names
    """
    # Plotly's own code goes into the file: the chart stays interactive without a network
    paper = {"template": "plotly_white", "paper_bgcolor": GROUND, "plot_bgcolor": GROUND}
    config = {"displayModeBar": False, "responsive": True}
    drawn = go.Figure(chart.to_dict()).update_layout(paper)
    return _template().render(
        title=words.title.strip() or "Privacy assessment of a face representation",
        words=words,
        heads=HEADS,
        leaks=_leaks(leaks),
        chart=drawn.to_html(full_html=False, include_plotlyjs=True, config=config),
        faces=[
            (pictures.data_url(pictures.row([*pair], FACE)), wording.graded(likeness))
            for *pair, likeness in faces
        ],
        width=2 * FACE,
        rebuilt=_rebuilt(provenance),
        hashes="\n".join(
            f"{found['protocol']}/{found['attack']} {found['sha256']}"
            for found in provenance["findings"]
        ),
        **more,
    )


@functools.cache
def _template() -> jinja2.Template:
    text = Path(__file__).with_suffix(".html").read_text()
    strict = {"autoescape": True, "trim_blocks": True, "undefined": jinja2.StrictUndefined}
    return jinja2.Environment(**strict).from_string(text)


def _leaks(leaks: pd.DataFrame) -> dict[str, Any]:
    if leaks.empty:
        return {"count": 0}
    known = leaks[leaks["conclusive"]]
    first = known[["label", "value", "low", "high", "chance"]].head(FIRST_ROWS)
    return {
        "count": len(leaks),
        "told": int((known["low"] > known["chance"]).sum()),
        "weak": len(leaks) - len(known),
        # nothing is known without protection
        "rows": [
            (label, cells([*numbers, None])[:3])
            for label, *numbers in first.itertuples(index=False)
        ],
    }


def _rebuilt(provenance: Mapping[str, Any]) -> dict[str, str]:
    data, here, trained = provenance["data"], provenance["here"], provenance["trained"]
    value = provenance["release_value"]
    other = "" if provenance["weights_match"] else " (the file on disk is another one)"
    if not provenance["weights_here"]:
        other = " (the file is not here)"
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
