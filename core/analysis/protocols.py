"""One setting under both protocols: what its paper would have reported, and what is there."""

import math
from pathlib import Path
from typing import Any

import pandas as pd

from core import results
from core.analysis.compare import Setting, attacked, decisions, tested_faces
from core.attacks.attackers import WORST_CASE
from core.data.order import labels_of
from core.errors import PenumbraError
from core.metrics import deciding, intervals
from core.storage import array_file, findings_file
from core.storage.attack_folders import finished

# Who inside the training attacks each kind of target.
INSIDE = {"attribute": "training_adversary", "image": "training_reconstructor"}
WORST = WORST_CASE.name


def protocols(setting: Setting) -> pd.DataFrame:
    """What a setting hides, as its paper would have measured it, beside the strict protocol.

    A row for each private target and each way of reporting that was measured: `reported_by` is the
    attacker of the training itself (`INSIDE`), or the strongest fresh one that has other
    photographs of the same people; `attacker` is the strict protocol's strongest; `difference` is
    strict - `paper`; `clear`: its 95 % interval leaves out 0. `paired`: both decided about the same
    photographs, and the interval is that of the difference within the same resamples; else it is
    made of the two intervals as if they were independent (`core.metrics.intervals.difference`).

    Raises PenumbraError where nothing was measured by the paper protocol.
    """
    strict, paper = attacked(setting), finished(setting.folder, "paper", setting.value)
    strongest = results.strongest(setting.folder, setting.value)
    strongest_fresh = results.strongest(setting.folder, setting.value, "paper")
    rows = []
    for target, found in _deciding(strict[WORST]).items():
        inside = INSIDE.get(target.partition(":")[0], "")
        attacker = strongest.get(target, WORST)
        fresh = strongest_fresh.get(target, "")
        for name, place in ((inside, paper.get(inside)), (fresh, paper.get(WORST))):
            reported = _deciding(place).get(target) if place and name else None
            if place is None or reported is None:
                continue
            drawn = None
            if name == inside and attacker in strict:
                drawn = _paired(setting, place, strict[attacker], target)
            low, high = drawn or _apart(reported, found)
            rows.append(
                {
                    "target": target,
                    "metric": found["metric"],
                    "reported_by": name,
                    "paper": reported["value"],
                    "attacker": attacker,
                    "strict": found["value"],
                    "difference": round(found["value"] - reported["value"], 4),
                    "low": round(low, 4),
                    "high": round(high, 4),
                    "clear": low > 0 or high < 0,
                    "paired": drawn is not None,
                }
            )
    if not rows:
        raise PenumbraError(
            f"{setting.folder.name} was measured by the strict protocol only: run python -m core "
            "evaluate with --protocol paper"
        )
    return pd.DataFrame(rows)


def _apart(paper: dict[str, Any], strict: dict[str, Any]) -> tuple[float, float]:
    """95 % interval of strict - paper from two rows, as for independent measurements."""
    one, two = (tuple(row[n] for n in ("value", "low", "high")) for row in (strict, paper))
    if None in (*one, *two):
        return math.nan, math.nan
    low, high = intervals.difference(one, two)
    return float(low), float(high)


def _deciding(attack: Path) -> dict[str, dict[str, Any]]:
    """Private target -> the row that decides about it."""
    return {
        row["target"]: row
        for row in findings_file.read(attack)
        if row["role"] == "private"
        and row["metric"] == deciding().get(str(row["target"]).partition(":")[0])
        and row["value"] is not None
    }


def _paired(setting: Setting, paper: Path, strict: Path, target: str) -> tuple[float, float] | None:
    """Paired interval of strict - paper; None where one of the two attackers kept no decisions
    about the test photographs."""
    if not all(map(array_file.exist, (paper, strict))):
        return None
    one, other = (decisions(array_file.read(place), place, target) for place in (paper, strict))
    if one is None or other is None or len(one) != len(other):
        return None
    faces = tested_faces(results.read_run(setting.folder))
    labels, people = labels_of(faces, "test", len(one))
    truth = labels[:, list(faces.attribute_names).index(target.partition(":")[2])]
    resampling = intervals.resample_identities(people)
    reported, reached = (
        intervals.resampled_balanced_accuracy(truth, each, resampling) for each in (one, other)
    )
    return intervals.paired_interval(reached, reported)
