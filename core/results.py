"""Run folders -> tidy tables, without torch, so that the app opens fast.

Whatever lies in the checkpoint folder is treated as hostile: a file that is not what it should be
becomes a `problem` of its run, never an exception.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pandas as pd

from core.attacks.attackers import WORST_CASE
from core.errors import PenumbraError, damaged
from core.run import RECIPE, Run
from core.run_validation import read_run
from core.storage import array_file, attack_folders, findings_file, run_folder, whole_folders
from core.storage.attack_folders import Task

RUN = ("dataset", "method", "preset", "tasks", "private", "schedule")  # said of a run in each row


def runs(root: Path | None = None) -> pd.DataFrame:
    """One row per run folder: run_id, dataset, method, preset, tasks, private, schedule, seed, knob:<name>…,
    state (of `run_folder.state`), evaluated (number of finished attacks), seconds, problem (one
    line, or None), folder."""
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
    last = ("state", "evaluated", "seconds", "problem", "folder")
    return pd.DataFrame(rows, columns=["run_id", *RUN, "seed", *_knobs(rows), *last])


def _knobs(described: Iterable[dict[str, Any]]) -> list[str]:
    """The columns `knob:<name>` of `describe`, in order."""
    return sorted({name for row in described for name in row if name.startswith("knob:")})


def findings(root: Path | None = None) -> pd.DataFrame:
    """Every finding of every run that is finished or here in numbers, one row each, with dataset,
    method, preset, tasks, private (comma-joined), schedule (what of the preset's schedule was
    replaced, "" for nothing) and one `knob:<name>` column per training knob.

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
            run, state = read_run(folder), run_folder.state(folder)
            if state == "damaged":
                raise PenumbraError(f"{folder.name}: the weights are missing; train it again")
            if state not in run_folder.MEASURED:
                continue
            described[run.id] = describe(run)
            for attack in attack_folders.all_finished(folder):
                for name, values in findings_file.columns(attack, run.id, run.seed).items():
                    columns[name] += values
        except PenumbraError as error:
            wrong.append(str(error))
    table = pd.DataFrame(columns)
    for name in (*RUN, *_knobs(described.values())):
        of_run = {run_id: run[name] for run_id, run in described.items() if name in run}
        table[name] = table["run_id"].map(of_run)
    return table, wrong


def describe(run: Run) -> dict[str, Any]:
    """What every row of a run's findings says of the run: `RUN`, seed, `knob:<name>`. An earlier
    recipe counts as an entry of the schedule."""
    schedule = sorted(run.schedule.items())
    if run.recipe != RECIPE:
        schedule.append(("recipe", run.recipe))
    return {
        "dataset": run.dataset,
        "method": run.method,
        "preset": run.preset,
        "tasks": ",".join(run.tasks),
        "private": ",".join(run.private),
        "schedule": ", ".join(f"{name}={value:g}" for name, value in schedule),
        "seed": run.seed,
        **{f"knob:{name}": value for name, value in run.knobs.items()},
    }


def replaced(schedule: str) -> list[str]:
    """A finding's "cut=2, recipe=1" without its recipe: ["cut=2"]."""
    return [part for part in schedule.split(", ") if part and not is_earlier(part)]


def is_earlier(schedule: str) -> bool:
    """Whether a finding's schedule says that an earlier recipe trained it."""
    return "recipe=" in schedule


def schedule_of(text: object) -> dict[str, float]:
    """A finding's "cut=2, layer=3", taken apart; {} of anything that is no text."""
    words = text.split(", ") if isinstance(text, str) else []
    found = (part.partition("=") for part in words if part)
    return {name: float(value) for name, _, value in found}


def strongest(
    folder: Path | str, release_value: float | None = None, protocol: str = "strict"
) -> dict[str, str]:
    """Target -> the attacker of a run that `worst_case` took for it; empty where none competed.
    Raises PenumbraError when its file is damaged."""
    choice = attack_folders.place(Path(folder), Task(protocol, WORST_CASE.name, release_value))
    if not whole_folders.is_done(choice) or not array_file.exist(choice):
        return {}
    found = array_file.read(choice)
    with damaged(f"{choice} does not say who is strongest", "evaluate again"):
        return dict(zip(found["targets"].tolist(), found["chosen"].tolist(), strict=True))
