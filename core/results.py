"""Run folders -> tidy tables. Reads JSON and pictures only: no torch, so the app opens fast.

Whatever lies in the checkpoint folder is treated as hostile: a file that is not what it should be
becomes a `problem` of its run, never an exception.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.attacks.attackers import WORST_CASE
from core.errors import PenumbraError
from core.run import VERSION, Run
from core.run_validation import from_dict
from core.storage import (
    array_file,
    attack_folders,
    dataset_folders,
    findings_file,
    run_folder,
    whole_folders,
)
from core.storage.attack_folders import Task
from core.storage.pictures import unpacked

RUN = ("dataset", "method", "preset", "tasks", "private", "schedule")  # said of a run in each row


def read_run(folder: Path) -> Run:
    """The Run of a folder. Raises PenumbraError when run.json is missing, damaged, of another
    version, or does not belong to the folder's name."""
    record = run_folder.read_record(folder)
    if record.get("version") != VERSION:
        raise PenumbraError(
            f"{folder.name} was written by another version of Penumbra; train it again"
        )
    run = from_dict(record.get("run", {}))
    if run.id != folder.name or run.dataset != folder.parent.name:
        raise PenumbraError(
            f"{folder.parent.name}/{folder.name} holds {run.dataset}/{run.id}: "
            "give the folder its own name back"
        )
    return run


def runs(root: Path | None = None) -> pd.DataFrame:
    """One row per run folder: run_id, dataset, method, preset, tasks, private, schedule, seed, knob:<name>…,
    state (finished | training | damaged), evaluated (number of finished attacks), seconds,
    problem (one line, or None), folder."""
    rows = []
    for folder in run_folder.all_folders(root):
        row: dict[str, Any] = {"run_id": folder.name, "dataset": folder.parent.name}
        row |= {"method": folder.name.rsplit("-", 1)[0], "folder": str(folder), "problem": None}
        try:
            row |= describe(read_run(folder)) | {"state": run_folder.state(folder)}
            row["seconds"] = run_folder.read_record(folder).get("seconds")
            if row["state"] == "damaged":
                row["problem"] = (
                    f"{folder.name}: the weights are missing; delete the folder and train again"
                )
        except PenumbraError as error:
            row |= {"state": "damaged", "problem": str(error)}
        row["evaluated"] = len(attack_folders.all_finished(folder))
        rows.append(row)
    knobs = sorted({name for row in rows for name in row if name.startswith("knob:")})
    last = ("state", "evaluated", "seconds", "problem", "folder")
    return pd.DataFrame(rows, columns=["run_id", *RUN, "seed", *knobs, *last])


def findings(root: Path | None = None) -> pd.DataFrame:
    """Every finding of every finished run, one row each, with dataset, method, preset, tasks,
    private (comma-joined), schedule (what of the preset's schedule was replaced, "" for nothing) and
    one `knob:<name>` column per training knob.

    Damaged folders and damaged rows are left out; `problems` names them.
    """
    return read(root)[0]


def problems(root: Path | None = None) -> list[str]:
    """One line for everything that was left out of `findings` because it is damaged."""
    return read(root)[1]


def read(root: Path | None = None) -> tuple[pd.DataFrame, list[str]]:
    """(`findings`, `problems`) from one reading of the folder."""
    # Columns from the start: a page waits for this, and a grid of settings has 100,000 rows
    columns: dict[str, list[Any]] = {name: [] for name in findings_file.COLUMNS}
    described: dict[str, dict[str, Any]] = {}
    wrong: list[str] = []
    for folder in run_folder.all_folders(root):
        try:
            run = read_run(folder)
            state = run_folder.state(folder)
            if state == "damaged":
                raise PenumbraError(f"{folder.name}: the weights are missing; train it again")
            if state != "finished":
                continue
            described[run.id] = describe(run)
            for attack in attack_folders.all_finished(folder):
                for name, values in findings_file.columns(attack, run.id, run.seed).items():
                    columns[name] += values
        except PenumbraError as error:
            wrong.append(str(error))
    table = pd.DataFrame(columns)
    knobs = sorted({name for run in described.values() for name in run if name.startswith("knob:")})
    for name in (*RUN, *knobs):
        of_run = {run_id: run[name] for run_id, run in described.items() if name in run}
        table[name] = table["run_id"].map(of_run)
    return table, wrong


def describe(run: Run) -> dict[str, Any]:
    """What every row of a run's findings says of the run: `RUN`, seed, `knob:<name>`."""
    return {
        "dataset": run.dataset,
        "method": run.method,
        "preset": run.preset,
        "tasks": ",".join(run.tasks),
        "private": ",".join(run.private),
        "schedule": ", ".join(f"{name}={value:g}" for name, value in sorted(run.schedule.items())),
        "seed": run.seed,
        **{f"knob:{name}": value for name, value in run.knobs.items()},
    }


def pictures(
    folder: Path | str,
    attack: str,
    release_value: float | None = None,
    protocol: str = "strict",
) -> dict[str, NDArray[Any]]:
    """What one attacker redrew: `originals` and `reconstructions` uint8 (n, H, W, 3) of the same
    fixed test photographs, `positions` among the test photographs, and `ms_ssim`, `ssim`, `psnr`
    of each picture.

    Raises PenumbraError when the attack has not been run, or its file is damaged.
    """
    if not attack_folders.ATTACK.fullmatch(attack):  # it may come from a stranger's findings
        raise PenumbraError(f"{attack[:60]!r} is no attack's name; delete that finding's folder")
    folder, task = Path(folder), Task(protocol, attack, release_value)
    if not attack_folders.is_done(folder, task):
        raise PenumbraError(f"{folder.name} has no finished {attack}; run python -m core evaluate")
    found = array_file.read(attack_folders.place(folder, task))
    if "originals_webp" not in found:
        found |= _originals(folder, found.get("positions", np.arange(0)))
    return found | {name: unpacked(name, found) for name in ("originals", "reconstructions")}


def _originals(folder: Path, positions: NDArray[Any]) -> dict[str, NDArray[Any]]:
    """`originals_webp`, `originals_ends` of the photographs at `positions`, from where a data set
    keeps those of its trimmed runs. Raises PenumbraError where these are not just them."""
    shared = dataset_folders.originals(folder)
    if shared is None or not array_file.exist(shared):
        raise PenumbraError(
            f"{folder.name} holds no originals, and {folder.parent.name}/_originals was not copied "
            "with it; copy it, too, or evaluate again"
        )
    found = array_file.read(shared)
    count = len(positions)
    if not np.array_equal(found.get("positions", np.arange(0))[:count], positions):
        raise PenumbraError(f"{shared} holds other photographs than {folder.name}; evaluate again")
    return {
        "originals_webp": found["originals_webp"],
        "originals_ends": found["originals_ends"][:count],
    }


def strongest(
    folder: Path | str, target: str, release_value: float | None = None, protocol: str = "strict"
) -> str | None:
    """The attacker that `worst_case` took for `target` of a run; None where none competed.

    Raises PenumbraError when its file is damaged.
    """
    return strongest_of_all(folder, release_value, protocol).get(target)


def strongest_of_all(
    folder: Path | str, release_value: float | None = None, protocol: str = "strict"
) -> dict[str, str]:
    """Target -> the attacker that `worst_case` took for it; empty where none competed.

    Raises PenumbraError when its file is damaged.
    """
    choice = attack_folders.place(Path(folder), Task(protocol, WORST_CASE.name, release_value))
    if not whole_folders.is_done(choice) or not array_file.exist(choice):
        return {}
    found = array_file.read(choice)
    try:
        return dict(zip(found["targets"].tolist(), found["chosen"].tolist(), strict=True))
    except (KeyError, ValueError, TypeError) as error:
        raise PenumbraError(f"{choice} does not say who is strongest; evaluate again") from error
