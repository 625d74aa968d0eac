"""What goes into a report on one setting: evidence, leaks, faces, limits; and the file itself."""

from __future__ import annotations

import datetime
from typing import Any

import numpy as np
import pandas as pd

from app.cache import loaders
from app.evidence import report
from app.evidence.report import Evidence, Words
from app.noise import repeated_releases
from app.page import tables, wording
from app.page.verdict import Verdict
from app.settings import points, unprotected, views
from app.settings.looking import Looking
from app.trade_off import chart
from app.trade_off.goal import Limits
from core.errors import PenumbraError
from core.metrics import METRICS, deciding

FACES = 6
SYNTHETIC = "synthetic"  # the one data set that shows nobody
Faces = list[tuple[np.ndarray, np.ndarray, float]]  # original, reconstruction, likeness


def evidence(here: Looking, row: points.Row) -> list[Evidence]:
    """The service, then every private target that was attacked at this setting."""
    view, bare = here.view, here.unprotected or {}
    service = f"{wording.service(view.task).capitalize()} ({METRICS[view.service].title})"
    numbers = [row[f"utility{end}"] for end in ("", "_low", "_high", "_chance")]
    share = wording.in_percent(view.service)
    found = [Evidence(service, *numbers, bare.get("utility"), share)]
    for target in loaders.offered("targets", view.dataset, view.preset, view.task):
        asked = view._replace(target=target)
        settings = loaders.settings(asked)
        reference = unprotected.reference(loaders.references(asked), row["method"]) or {}
        for other in points.records(settings[settings["key"] == row["key"]]):
            label = f"{wording.target_label(target)} ({METRICS[asked.measure].title})"
            weak = "" if other["conclusive"] else ": attack too weak to conclude"
            numbers = [other[name] for name in ("value", "low", "high", "chance")]
            share = wording.in_percent(asked.measure)
            found.append(Evidence(label + weak, *numbers, reference.get("value"), share))
    return found


def leaks(findings: pd.DataFrame, row: points.Row) -> pd.DataFrame:
    """Attributes that nobody mentioned, told by their strongest attacker; best told first."""
    asked = {"role": "unlisted", "attacker": views.STRONGEST, "protocol": "strict"}
    asked["metric"] = deciding()["attribute"]
    rows = points.findings_of(findings, row, **asked).sort_values("value", ascending=False)
    return rows.assign(label=rows["target"].map(wording.target_label))


def faces(row: points.Row, allowed: bool) -> tuple[Faces, str]:
    """(a few faces, "") or (none, why there are none)."""
    if not allowed:
        return [], "The photographs show real people and were left out of this report."
    try:
        drawn, _ = loaders.reconstructions(row)
    except PenumbraError as error:
        return [], f"No pictures were redrawn at this setting: {error}."
    pairs = zip(drawn["originals"], drawn["reconstructions"], drawn["ms_ssim"], strict=False)
    return [(one, other, float(likeness)) for one, other, likeness in pairs][:FACES], ""


def known_limits(row: points.Row) -> list[str]:
    seeds = int(row["seeds"])
    trainings = "One training" if seeds == 1 else f"{seeds} trainings"
    found = [
        f"The numbers hold for the data set “{row['dataset']}”: other cameras, other people and other "
        "services need their own measurement.",
        "They hold against the attackers that were tried. A stronger one may exist; that none was "
        "found is no proof.",
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
    again = repeated_releases.again(findings, row, view._replace(target=row["target"]))
    rows = points.records(here.table)
    lines = points.lines(rows, points.knob_values(row), row["method"])
    ends = limits.attack, limits.loss
    today = datetime.date.today()
    parts: dict[str, Any] = {
        "words": words,
        "subject": f"{points.name(row)}; data set “{view.dataset}”, {view.preset} networks",
        "verdict": outcome.sentence,
        "detail": outcome.detail,
        "kept": kept,
        "evidence": evidence(here, row),
        "leaks": leaks(findings, row),
        "repeated": again.sentence if again and again.worse else "",
        "chart": chart.trade_off(here.table, lines, row["key"], view, *ends),
        "faces": shown[0],
        "why_no_faces": shown[1],
        "limits": known_limits(row),
        "provenance": record,
        "commands": commands,
        "numbers": tables.of_setting(findings, row),
        "date": f"{today.day} {today:%B %Y}",
    }
    return report.report(**parts).encode()
