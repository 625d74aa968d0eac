"""What an attack found, completed by what it is about, and written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np

from core.attacks import ATTACKS, AttackerView, Result
from core.data import SecondSource
from core.run import Run
from core.storage import attack_folders, findings_file
from core.storage.attack_folders import Task


def write(folder: Path, run: Run, task: Task, result: Result, seconds: float = 0.0) -> None:
    """Keep a result in the run's folder, its rows completed by the run, the protocol, the release
    value and the seed; `conclusive` is true where a row does not say otherwise."""
    place = attack_folders.place(folder, task)
    rows = _completed(run, task, result)
    attack_folders.save(place, rows, result.arrays, result.weights, seconds)


def write_changes(folder: Path, run: Run, task: Task, result: Result) -> None:
    """`write`, unless the folder holds these rows already."""
    place = attack_folders.place(folder, task)
    done = attack_folders.is_done(folder, task)
    if not done or findings_file.read(place) != _completed(run, task, result):
        write(folder, run, task, result)


def _completed(run: Run, task: Task, result: Result) -> list[dict]:
    return [
        {"run_id": run.id, "conclusive": True}
        | row
        | {"protocol": task.protocol, "release_value": task.value, "seed": run.seed}
        for row in result.findings
    ]


def with_verdicts(result: Result, task: Task, conclusive: Mapping[tuple[str, str], bool]) -> Result:
    """A result whose rows say whether the attacker is strong enough to conclude from, by the
    controls' (attacker, target) -> verdict. A method's own networks have no controls."""
    if task.plain not in ATTACKS:
        return result
    rows = [
        row | {"conclusive": conclusive.get((task.plain, row["target"]), False)}
        for row in result.findings
    ]
    return replace(result, findings=rows)


def with_second_source(
    result: Result, task: Task, view: AttackerView, second: SecondSource
) -> Result:
    """The result of an attacker with a second data set, under the name that says so, with how many
    photographs that gave, how many people were left out, and its version; no weights."""
    given = {
        "extra_photographs": np.array(len(view.extra["x"]) if view.extra else 0),
        "extra_left_out": np.array(second.left_out),
        "extra_fingerprint": np.array(second.faces.fingerprint),
    }
    rows = [row | {"attacker": task.attack} for row in result.findings]
    return Result(rows, result.arrays | given)
