"""Where an attack's outcome lies on disk: written whole or not at all, never repeated."""

from __future__ import annotations

import io
import shutil
import statistics
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from core import results
from core.storage import files, findings_file

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

UNKNOWN_SECONDS = 20.0  # what an attack is taken to last before any has been timed


class Task(NamedTuple):
    """One attack on one release value: what is done once and kept. `attack` is what it is called in
    findings, with the second data set that it was given, if any: "resrec", "resrec+celeba"."""

    protocol: str
    attack: str
    value: float | None

    @property
    def plain(self) -> str:
        """The attack itself."""
        return results.parted(self.attack)[0]


def place(folder: Path, task: Task) -> Path:
    """`attacks/<protocol>/<attack>[@<release value>]` of a run's folder."""
    return folder / "attacks" / task.protocol / results.attack_name(task.attack, task.value)


def is_done(folder: Path, task: Task) -> bool:
    return (place(folder, task) / "done").is_file()


def finished(folder: Path, protocol: str, value: float | None) -> dict[str, Path]:
    """Attack -> folder of what is done under one protocol at one release value."""
    found = {}
    for path in results.attack_folders(folder):
        name = path.name.split("@")[0]
        if path.parent.name == protocol and path.name == results.attack_name(name, value):
            found[name] = path
    return found


def save(
    target: Path,
    rows: list[dict[str, Any]],
    arrays: Mapping[str, NDArray[Any]],
    weights: Mapping[str, Tensor],
    seconds: float = 0.0,
) -> None:
    """Write an attack's folder beside its place, move it there whole, and mark it done (`done`
    holds the seconds it took, for estimates)."""
    partial = target.with_name(f".{target.name}.part")
    for old in (partial, target):
        if old.exists():
            shutil.rmtree(old)
    partial.mkdir(parents=True)
    findings_file.write(partial, rows)
    if arrays:
        write_arrays(partial / "arrays.npz", arrays)
    if weights:
        files.save_tensors(partial / "weights.safetensors", dict(weights))
    partial.rename(target)
    files.write_bytes(target / "done", f"{seconds:.2f}\n".encode())


def write_arrays(path: Path, arrays: Mapping[str, NDArray[Any]]) -> None:
    """Write an attack's arrays whole or not at all."""
    packed = io.BytesIO()
    np.savez_compressed(packed, **arrays)  # type: ignore[arg-type]
    files.write_bytes(path, packed.getvalue())


def expected_seconds(dataset: Path, tasks: Iterable[Task]) -> dict[Task, float]:
    """How long each task may take: the median of what it took the data set's other runs, in any
    release value; `UNKNOWN_SECONDS` where none has been timed."""
    taken: dict[tuple[str, str], float] = {}
    found = {}
    for task in tasks:
        key = (task.protocol, task.attack)
        if key not in taken:
            marks = dataset.glob(f"*/attacks/{task.protocol}/{task.attack}*/done")
            known = [_seconds(mark) for mark in marks if mark.parent.name.split("@")[0] == key[1]]
            timed = [seconds for seconds in known if seconds > 0]
            taken[key] = statistics.median(timed) if timed else UNKNOWN_SECONDS
        found[task] = taken[key]
    return found


def _seconds(mark: Path) -> float:
    """0 where the file holds no number: an estimate is not worth an error."""
    try:
        return max(0.0, float(mark.read_text()[:20]))
    except (OSError, ValueError):
        return 0.0
