"""Do two settings differ, or what two protocols say of one? Paired where both are scored on the same
people: these are then resampled together."""

import functools
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core import data, results
from core.attacks.attackers import WORST_CASE
from core.data.faces import Faces
from core.data.order import labels_of
from core.errors import PenumbraError, damaged
from core.methods import METHODS
from core.metrics import deciding, intervals
from core.metrics.attributes import balanced_accuracy
from core.run import Run
from core.storage import array_file, findings_file, numbers_only
from core.storage.attack_folders import finished

# Who inside the training attacks each kind of target.
INSIDE = {"attribute": "training_adversary", "image": "training_reconstructor"}
WORST = WORST_CASE.name
AGAIN = "delete this folder and run python -m core evaluate"
COLUMNS = ("target", "role", "metric", "first", "second", "difference", "low", "high", "clear")


class Setting(NamedTuple):
    """A run's folder and the value of its release-time knob, None where it has none."""

    folder: Path
    value: float | None = None


def compare(first: Setting, second: Setting) -> pd.DataFrame:
    """What the strongest attackers (and best fresh heads) reach at two settings, and the difference
    second - first with its paired 95 % interval (`core.metrics.intervals.paired_interval`); columns
    `COLUMNS`, a row for each attribute both were attacked for and one for identity. `clear`: the
    interval leaves out 0.

    Raises PenumbraError where the two have not been attacked on the same photographs, or before
    decisions were kept.
    """
    runs = [results.read_run(setting.folder) for setting in (first, second)]
    sizes = [METHODS[run.method].size(run.preset) for run in runs]
    if runs[0].dataset != runs[1].dataset or sizes[0] != sizes[1]:
        raise PenumbraError(
            f"{runs[0].id} and {runs[1].id} were not measured on the same photographs: compare "
            "runs of one data set at one size"
        )
    numbers_only.refuse(first.folder)
    faces = tested_faces(runs[0])
    found = [decided(setting) for setting in (first, second)]
    counts = {len(said) for decided in found for said in decided.values()}
    rows = []
    if counts:
        labels, people = labels_of(faces, "test", max(counts))
        if counts != {len(people)}:
            raise PenumbraError(
                "the two runs were attacked on different numbers of test photographs: "
                "evaluate both again on a machine with as much memory"
            )
        resampling = intervals.resample_identities(people)
        for target in sorted(set(found[0]) & set(found[1])):
            name = target.partition(":")[2]
            truth = labels[:, list(faces.attribute_names).index(name)]
            if truth.min() == truth.max():
                continue
            said = [decided[target] for decided in found]
            values = [balanced_accuracy(truth, each) for each in said]
            drawn = [
                intervals.resampled_balanced_accuracy(truth, each, resampling) for each in said
            ]
            role = "utility" if name in runs[0].tasks else "unlisted"
            role = "private" if name in runs[0].private else role
            rows.append(_row(target, role, deciding()["attribute"], values, drawn))
    rows += _identity(first, second, faces)
    if not rows:
        raise PenumbraError(
            "the two runs share no measured target: attack both with python -m core evaluate"
        )
    return pd.DataFrame(rows, columns=list(COLUMNS))


def tested_faces(run: Run) -> Faces:
    """The photographs a run was measured on, at its size."""
    return data.load(run.dataset, *METHODS[run.method].size(run.preset), progress=False)


def attacked(setting: Setting) -> dict[str, Path]:
    """Attack -> folder of what is finished by the strict protocol. Raises PenumbraError where no
    strongest attacker was chosen."""
    done = finished(setting.folder, "strict", setting.value)
    if WORST_CASE.name not in done:
        at = "" if setting.value is None else f" at release value {setting.value:g}"
        raise PenumbraError(
            f"{setting.folder.name} has not been attacked{at}: run python -m core evaluate"
        )
    return done


def decided(setting: Setting, only: str | None = None) -> dict[str, NDArray[np.bool_]]:
    """Attribute target -> decisions (n,) of the strongest attacker on the test photographs; of one
    target where `only` names it."""
    done = attacked(setting)
    read = functools.cache(array_file.read)
    found = {}
    for target, name in results.strongest(setting.folder, setting.value).items():
        if target.startswith("attribute:") and name in done and only in (None, target):
            said = decisions(read(done[name]), done[name], target)
            if said is not None:
                found[target] = said
    return found


def decisions(
    arrays: Mapping[str, NDArray[Any]], attack: Path, target: str
) -> NDArray[np.bool_] | None:
    """Decisions (n,) of the attacker in folder `attack`, with these `arrays`, about one attribute
    of the test photographs; None where it kept none. Raises PenumbraError where they are damaged."""
    if "decisions" not in arrays:
        return None
    with damaged(f"{attack} is damaged", AGAIN):
        about = (arrays["decided"] if "decided" in arrays else arrays["targets"]).tolist()
        if target not in about:
            return None
        count = next(row["n"] for row in findings_file.read(attack) if row["target"] == target)
        packed = arrays["decisions"][about.index(target)]
        if not 0 < count <= 8 * len(packed):
            raise ValueError(f"{count} decisions in {len(packed)} bytes")
        return np.unpackbits(packed, count=count).astype(bool)


def named(setting: Setting) -> tuple[NDArray[np.int64], NDArray[np.bool_]] | None:
    """(probes, whether each was named rightly) by the strongest attacker on identity; None where it
    kept none."""
    name = results.strongest(setting.folder, setting.value).get("identity", "")
    place = finished(setting.folder, "strict", setting.value).get(name)
    arrays = array_file.read(place) if place is not None and array_file.exist(place) else {}
    if "probes" not in arrays or "correct" not in arrays:
        return None
    return arrays["probes"].astype(np.int64), arrays["correct"].astype(bool)


def _identity(first: Setting, second: Setting, faces: Faces) -> list[dict[str, Any]]:
    one, two = named(first), named(second)
    if one is None or two is None or not np.array_equal(one[0], two[0]):
        return []
    people = labels_of(faces, "test", len(faces.indices("test")))[1][one[0]]
    resampling = intervals.resample_identities(people)
    correct = [found[1].astype(float) for found in (one, two)]
    drawn = [intervals.resampled_mean(each, resampling) for each in correct]
    values = [float(each.mean()) for each in correct]
    return [_row("identity", "private", deciding()["identity"], values, drawn)]


def _row(
    target: str, role: str, metric: str, values: list[float], drawn: list[NDArray[np.float64]]
) -> dict[str, Any]:
    low, high = intervals.paired_interval(drawn[1], drawn[0])
    clear = not math.isnan(low) and (low > 0 or high < 0)
    rounded = [round(v, 4) for v in (*values, values[1] - values[0], low, high)]
    return dict(zip(COLUMNS, (target, role, metric, *rounded, clear), strict=True))


def protocols(setting: Setting) -> pd.DataFrame:
    """What a setting hides, as its paper would have measured it, beside the strict protocol.

    A row for each private target and each way of reporting that was measured: `reported_by` is the
    attacker of the training itself (`INSIDE`), or the strongest fresh one that has other
    photographs of the same people; `as_published`: whether that is whom the method's paper asks
    (`core.methods.Method.paper_attackers`), such rows first; `attacker` is the strict protocol's
    strongest; `difference` is strict - `paper`; `clear`: its 95 % interval leaves out 0. `paired`:
    both decided about the same photographs, and the interval is that of the difference within the
    same resamples; else it is made of the two intervals as if they were independent
    (`core.metrics.intervals.difference`).

    Raises PenumbraError where nothing was measured by the paper protocol.
    """
    strict, paper = attacked(setting), finished(setting.folder, "paper", setting.value)
    strongest = results.strongest(setting.folder, setting.value)
    strongest_fresh = results.strongest(setting.folder, setting.value, "paper")
    method = METHODS[results.read_run(setting.folder).method]
    rows: list[dict[str, Any]] = []
    for target, found in _private_rows(strict[WORST]).items():
        kind = target.partition(":")[0]
        inside = INSIDE.get(kind, "")
        attacker = strongest.get(target, WORST)
        fresh = strongest_fresh.get(target, "")
        for name, place in ((inside, paper.get(inside)), (fresh, paper.get(WORST))):
            reported = _private_rows(place).get(target) if place and name else None
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
                    "as_published": method.asked_afresh(kind) == (name != inside),
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
    rows.sort(key=lambda row: not row["as_published"])
    return pd.DataFrame(rows)


def _apart(paper: dict[str, Any], strict: dict[str, Any]) -> tuple[float, float]:
    """95 % interval of strict - paper from two rows, as for independent measurements."""
    one, two = (tuple(row[n] for n in ("value", "low", "high")) for row in (strict, paper))
    if None in (*one, *two):
        return math.nan, math.nan
    low, high = intervals.difference(one, two)
    return float(low), float(high)


def _private_rows(attack: Path) -> dict[str, dict[str, Any]]:
    """Private target -> the row that decides about it."""
    with damaged(f"{attack} is damaged", AGAIN):
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
