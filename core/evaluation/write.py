"""What an attack found, completed by what it is about, and written."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from core.attacks import ATTACKS, AttackerView, Result
from core.data import SecondSource
from core.run import Run
from core.storage import array_file, attack_folders, findings_file
from core.storage.attack_folders import Task

Verdicts = Mapping[tuple[str, str], bool]  # (attacker, target) -> conclusive, by the controls


def write(
    folder: Path,
    run: Run,
    task: Task,
    result: Result,
    seconds: float = 0.0,
    verdicts: Verdicts | None = None,
) -> None:
    """Keep a result in the run's folder, its rows `_completed`."""
    rows = _completed(run, task, result, verdicts or {})
    place = attack_folders.place(folder, task)
    attack_folders.save(place, rows, result.arrays, result.weights, seconds)


def write_changes(folder: Path, run: Run, task: Task, result: Result) -> None:
    """`write`, unless the folder holds these rows already, and of its arrays none that is another
    (shipped runs have lost some: `core.shipping.trimming`)."""
    place = attack_folders.place(folder, task)
    if attack_folders.is_done(folder, task):
        kept = array_file.read(place) if array_file.exist(place) else {}
        same = all(np.array_equal(kept.get(n, a), a) for n, a in result.arrays.items())
        if same and findings_file.read(place) == _completed(run, task, result, {}):
            return
    write(folder, run, task, result)


def _completed(run: Run, task: Task, result: Result, verdicts: Verdicts) -> list[dict]:
    """Rows with the run, the protocol, the release value and the seed. `conclusive` is an attack's
    verdict; of others, which have no controls, true where a row does not say otherwise."""
    about = {"protocol": task.protocol, "release_value": task.value, "seed": run.seed}
    first: dict[str, Any] = {"run_id": run.id, "conclusive": True}
    rows = [first | row | about for row in result.findings]
    if task.plain in ATTACKS:
        for row in rows:
            row["conclusive"] = verdicts.get((task.plain, row["target"]), False)
    return rows


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
