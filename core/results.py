"""Run folders -> tidy tables. Reads JSON and pictures only: no torch, so the app opens fast.

Whatever lies in the checkpoint folder is treated as hostile: a file that is not what it should be
becomes a `problem` of its run, never an exception.
"""

from __future__ import annotations

import io
import math
import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from core.errors import PenumbraError
from core.run import NAME, RUN_ID, VERSION, Run, checkpoints, state
from core.run_validation import from_dict
from core.storage import files, findings_file
from core.storage.pictures import unpacked

FINDING = {  # column -> type of a finding row
    "run_id": str,
    "target": str,
    "role": str,
    "attacker": str,
    "protocol": str,
    "release_value": float,
    "metric": str,
    "value": float,
    "low": float,
    "high": float,
    "chance": float,
    "n": int,
    "identities": int,
    "seed": int,
    "conclusive": bool,
}
RUN = ("dataset", "method", "preset", "tasks", "private", "schedule")
LARGEST_ARRAYS = 64 << 20
# An attack, and the second data set that it was given, if any: "resrec", "resrec+celeba".
ATTACK = re.compile(rf"([a-z0-9_]{{1,40}})(?:\+({NAME.pattern}))?")


def run_folders(root: Path | None = None) -> list[Path]:
    """Every folder that is, or claims to be, a run: `<dataset>/<run_id>/`, in name order."""
    root = checkpoints() if root is None else root
    if not root.is_dir():
        return []
    return [
        folder
        for dataset in sorted(root.iterdir())
        if dataset.is_dir() and not dataset.is_symlink()
        for folder in sorted(dataset.iterdir())
        if folder.is_dir() and not folder.is_symlink() and RUN_ID.fullmatch(folder.name)
    ]


def read_run(folder: Path) -> Run:
    """The Run of a folder. Raises PenumbraError when run.json is missing, damaged, of another
    version, or does not belong to the folder's name."""
    record = files.read_json(folder / "run.json")
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
    for folder in run_folders(root):
        row: dict[str, Any] = {"run_id": folder.name, "dataset": folder.parent.name}
        row |= {"method": folder.name.rsplit("-", 1)[0], "folder": str(folder)}
        try:
            row |= describe(read_run(folder))
            row["state"] = state(folder)
            row["problem"] = (
                f"{folder.name}: the weights are missing; delete the folder and train again"
                if row["state"] == "damaged"
                else None
            )
            row["seconds"] = files.read_json(folder / "run.json").get("seconds")
        except PenumbraError as error:
            row |= {"state": "damaged", "problem": str(error)}
        row["evaluated"] = len(attack_folders(folder))
        rows.append(row)
    columns = ["run_id", *RUN, "seed", "state", "evaluated", "seconds", "problem", "folder"]
    table = pd.DataFrame(rows)
    for column in columns:
        if column not in table:
            table[column] = pd.Series(dtype=object)
    knobs = sorted(c for c in map(str, table) if c.startswith("knob:"))
    return table[[*columns[:8], *knobs, *columns[8:]]]


def attack_folders(folder: Path) -> list[Path]:
    """Finished `attacks/<protocol>/<attack>[@<release value>]` folders of a run."""
    return sorted(path.parent for path in folder.glob("attacks/*/*/done"))


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
    columns: dict[str, list[Any]] = {name: [] for name in (*FINDING, *RUN)}
    knobs: dict[str, list[tuple[int, int, float]]] = {}  # knob -> rows (from, to) and its value
    wrong: list[str] = []
    for folder in run_folders(root):
        try:
            run = read_run(folder)
            if state(folder) == "damaged":
                raise PenumbraError(f"{folder.name}: the weights are missing; train it again")
            if state(folder) != "finished":
                continue
            described = describe(run)
            for attack in attack_folders(folder):
                start = len(columns["run_id"])
                for name, values in read_findings(attack, run).items():
                    columns[name] += values
                count = len(columns["run_id"]) - start
                for name, value in described.items():
                    if name in RUN:
                        columns[name] += [value] * count
                    elif name.startswith("knob:"):
                        knobs.setdefault(name, []).append((start, start + count, value))
        except PenumbraError as error:
            wrong.append(str(error))
    table = pd.DataFrame(columns)
    for name in sorted(knobs):
        column = np.full(len(table), np.nan)
        for first, last, value in knobs[name]:
            column[first:last] = value
        table[name] = column
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


def read_findings(attack: Path, run: Run) -> dict[str, list[Any]]:
    """Rows of one attack's folder as columns of `FINDING`. Raises PenumbraError naming the first
    bad row."""
    rows = findings_file.read(attack)
    found: dict[str, list[Any]] = {}
    for name, kind in FINDING.items():
        try:
            found[name] = _column(rows, name, kind)
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            number = next(n for n, row in enumerate(rows, 1) if not _fine(row, name, kind))
            raise PenumbraError(
                f"{run.id}: row {number} of {attack.name}/{findings_file.NAME} is damaged; "
                "delete that attack's folder and evaluate again"
            ) from error
    if not {*found["run_id"]} <= {None, run.id}:
        raise PenumbraError(
            f"{run.id}: {attack.name}/{findings_file.NAME} holds rows of another run; delete that "
            "attack's folder and evaluate again"
        )
    found["run_id"], found["seed"] = [run.id] * len(rows), [run.seed] * len(rows)
    return found


REQUIRED = ("target", "role", "attacker", "metric", "value")
TYPES: dict[type, set[type]] = {  # what JSON may hold for a column
    str: {str, type(None)},
    float: {float, int, type(None)},
    int: {int, type(None)},
    bool: {bool, type(None)},
}


def _column(rows: list[dict[str, Any]], name: str, kind: type) -> list[Any]:
    """One column; nothing becomes NaN in numbers, and True for `conclusive`. Raises the usual kinds
    of errors where a value is missing or is not of its kind."""
    values = [row[name] for row in rows] if name in REQUIRED else [row.get(name) for row in rows]
    kinds = {*map(type, values)}
    if not kinds <= TYPES[kind]:
        raise TypeError(name)
    if kind is str:
        if any(value is not None and len(value) > 200 for value in {*values}):
            raise ValueError(name)
        return values
    if kind is float:
        return [math.nan if value is None else float(value) for value in values]
    return [True if value is None else value for value in values] if kind is bool else values


def _fine(row: Any, name: str, kind: type) -> bool:
    try:
        _column([row], name, kind)
    except (ValueError, TypeError, KeyError, AttributeError):
        return False
    return True


def arrays(folder: Path) -> dict[str, np.ndarray]:
    """`arrays.npz` of one attack folder. Raises PenumbraError when missing, damaged or too large."""
    path = folder / "arrays.npz"
    try:
        if path.stat().st_size > LARGEST_ARRAYS:
            raise PenumbraError(f"{path} is too large to be ours; evaluate the run again")
        with np.load(io.BytesIO(path.read_bytes()), allow_pickle=False) as file:
            if sum(info.file_size for info in file.zip.infolist()) > LARGEST_ARRAYS:
                raise PenumbraError(f"{path} unpacks to too much; evaluate the run again")
            return {name: file[name] for name in file.files}
    except PenumbraError:
        raise
    except Exception as error:  # numpy and zipfile raise many kinds on damaged files
        raise PenumbraError(f"{path} cannot be read ({error}); evaluate the run again") from error


def given_extra(attack: str, dataset: str) -> str:
    """What an attack is called that was given the photographs of a second data set, too: in
    findings, and in the name of its folder."""
    return f"{attack}+{dataset}"


def parted(attack: str) -> tuple[str, str | None]:
    """(the attack itself, the second data set that it was given, or None) of an attack's name. A
    name that is none of ours comes back whole, with None."""
    found = ATTACK.fullmatch(attack)
    return (found[1], found[2]) if found else (attack, None)


def attack_name(attack: str, release_value: float | None = None) -> str:
    """Folder name of an attack: `<attack>` or `<attack>@<release value>`, where `<attack>` may name
    a second data set (`given_extra`)."""
    if release_value is None or math.isnan(release_value):
        return attack
    return f"{attack}@{release_value:g}"


def pictures(
    folder: Path | str,
    attack: str = "mirrored_decoder",
    release_value: float | None = None,
    protocol: str = "strict",
) -> dict[str, np.ndarray]:
    """What one attacker redrew: `originals` and `reconstructions` uint8 (n, H, W, 3) of the same
    fixed test photographs, `positions` among the test photographs, and `ms_ssim`, `ssim`, `psnr`
    of each picture.

    Raises PenumbraError when the attack has not been run, or its file is damaged.
    """
    if not ATTACK.fullmatch(attack):  # it may come from a stranger's findings
        raise PenumbraError(f"{attack[:60]!r} is no attack's name; delete that finding's folder")
    place = Path(folder) / "attacks" / protocol / attack_name(attack, release_value)
    if not (place / "done").is_file():
        raise PenumbraError(
            f"{Path(folder).name} has no finished {attack}; run python -m core evaluate"
        )
    found = arrays(place)
    if "originals_webp" not in found:
        found |= _originals(Path(folder), found.get("positions", np.arange(0)))
    return found | {name: unpacked(name, found) for name in ("originals", "reconstructions")}


def shared_originals(folder: Path) -> Path | None:
    """The file with the photographs that trimmed runs of a data set no longer hold themselves:
    `<dataset>/_originals/<fingerprint, 12 digits>/arrays.npz`; None where a run does not say which
    data it was trained on."""
    data = files.read_json(folder / "run.json").get("data")
    fingerprint = data.get("fingerprint") if isinstance(data, dict) else None
    if not isinstance(fingerprint, str) or not re.fullmatch("[0-9a-f]{64}", fingerprint):
        return None
    return folder.parent / "_originals" / fingerprint[:12] / "arrays.npz"


def _originals(folder: Path, positions: np.ndarray) -> dict[str, np.ndarray]:
    """`originals_webp`, `originals_ends` of the photographs at `positions`. Raises PenumbraError
    where the data set's folder does not hold just them."""
    place = shared_originals(folder)
    if place is None or not place.is_file():
        raise PenumbraError(
            f"{folder.name} holds no originals, and {folder.parent.name}/_originals was not copied "
            "with it; copy it, too, or evaluate again"
        )
    found = arrays(place.parent)
    count = len(positions)
    if not np.array_equal(found.get("positions", np.arange(0))[:count], positions):
        raise PenumbraError(f"{place} holds other photographs than {folder.name}; evaluate again")
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
    place = Path(folder) / "attacks" / protocol / attack_name("worst_case", release_value)
    if not (place / "done").is_file() or not (place / "arrays.npz").is_file():
        return {}
    found = arrays(place)
    try:
        return dict(zip(found["targets"].tolist(), found["chosen"].tolist(), strict=True))
    except (KeyError, ValueError, TypeError) as error:
        raise PenumbraError(f"{place} does not say who is strongest; evaluate again") from error
