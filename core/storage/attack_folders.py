"""`attacks/<protocol>/<attack>[@<release value>]/` of a run: what an attack found, kept once.

findings.jsonl.gz     metric rows (`core.storage.findings_file`)
arrays.npz            decisions, curves, packed pictures (`core.storage.array_file`)
weights.safetensors   the attacker's network, where a page needs it
done                  the seconds that the attack took, for estimates
"""

import math
import re
import statistics
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from numpy.typing import NDArray

from core.errors import PenumbraError
from core.run import NAME
from core.storage import array_file, files, findings_file, whole_folders
from core.torch_types import Tensor

Outcome = tuple[list[dict[str, Any]], dict[str, NDArray[Any]]]  # findings, arrays

UNKNOWN_SECONDS = 20.0  # what an attack is taken to last before any has been timed
# An attack, and the second data set that it was given, if any: "resrec", "resrec+celeba".
ATTACK = re.compile(rf"([a-z0-9_]{{1,40}})(?:\+({NAME.pattern}))?")


def with_extra(attack: str, dataset: str) -> str:
    """The name, in findings and on disk, of an attack that was given a second data set as well."""
    return f"{attack}+{dataset}"


def parted(attack: str) -> tuple[str, str | None]:
    """(the attack itself, the second data set or None) of an attack's name; a name that is none of
    ours comes back whole."""
    found = ATTACK.fullmatch(attack)
    return (found[1], found[2]) if found else (attack, None)


def at_value(name: str, release_value: float | None = None) -> str:
    """`<name>` or `<name>@<release value>`: the name of a folder that is about one value."""
    none = release_value is None or math.isnan(release_value)
    return name if none else f"{name}@{release_value:g}"


class Task(NamedTuple):
    """One attack, by its name in findings, on one release value: what is done once and kept."""

    protocol: str
    attack: str
    value: float | None

    @property
    def plain(self) -> str:
        """The attack's name without a second data set."""
        return parted(self.attack)[0]

    @property
    def title(self) -> str:
        return at_value(self.attack, self.value)


def place(run_folder: Path, task: Task) -> Path:
    return run_folder / "attacks" / task.protocol / task.title


def is_done(run_folder: Path, task: Task) -> bool:
    return whole_folders.is_done(place(run_folder, task))


def all_finished(run_folder: Path) -> list[Path]:
    """The folders of every attack on a run that is done, by name."""
    return sorted(path.parent for path in run_folder.glob(f"attacks/*/*/{whole_folders.DONE}"))


def finished(run_folder: Path, protocol: str, value: float | None) -> dict[str, Path]:
    """Attack -> folder of what is done under one protocol at one release value."""
    named = {path: path.name.partition("@")[0] for path in all_finished(run_folder)}
    return {
        name: path
        for path, name in named.items()
        if path.parent.name == protocol and path.name == at_value(name, value)
    }


def outcomes(run_folder: Path, protocol: str, value: float | None) -> dict[str, Outcome]:
    """Attack -> (findings, arrays) of what is `finished` and has arrays."""
    return {
        name: (findings_file.read(path), array_file.read(path))
        for name, path in finished(run_folder, protocol, value).items()
        if array_file.exist(path)
    }


def values(run_folder: Path, protocol: str, attack: str) -> set[float | None]:
    """The release values at which an attack is done; {None} for a method without such a knob."""
    return {
        task_of(path).value
        for path in all_finished(run_folder)
        if path.parent.name == protocol and path.name.partition("@")[0] == attack
    }


def task_of(attack: Path) -> Task:
    """What an attack's folder is about. Raises PenumbraError for a release value that is none."""
    name, at, value = attack.name.partition("@")
    try:
        return Task(attack.parent.name, name, float(value) if at else None)
    except ValueError:
        raise PenumbraError(
            f"{attack} names no release value; delete this folder and evaluate again"
        ) from None


def save(
    attack: Path,
    rows: list[dict[str, Any]],
    found: Mapping[str, NDArray[Any]],
    weights: Mapping[str, Tensor],
    seconds: float = 0.0,
) -> None:
    """Write an attack's folder, in place of what was there."""
    with whole_folders.written_whole(attack, f"{seconds:.2f}\n") as folder:
        findings_file.write(folder, rows)
        if found:
            array_file.write(folder, found)
        if weights:
            files.save_tensors(weights_file(folder), dict(weights))


def weights_file(attack: Path) -> Path:
    return attack / "weights.safetensors"


def seconds(attack: Path) -> float:
    """What a finished attack took; 0 where that was not noted: an estimate is not worth an error."""
    try:
        noted = float((attack / whole_folders.DONE).read_text()[:20])
    except (OSError, ValueError):
        return 0.0
    return noted if 0 < noted < 1e9 else 0.0


def expected_seconds(runs: Iterable[Path], tasks: Iterable[Task]) -> dict[Task, float]:
    """How long each task may take: the median of what it took the folders `runs`, at any release
    value; `UNKNOWN_SECONDS` where none has been timed."""
    folders = list(runs)

    @cache
    def usual(protocol: str, attack: str) -> float:
        alike = (each for run in folders for each in run.glob(f"attacks/{protocol}/{attack}*"))
        timed = [seconds(path) for path in alike if path.name.partition("@")[0] == attack]
        return statistics.median([each for each in timed if each] or [UNKNOWN_SECONDS])

    return {task: usual(task.protocol, task.attack) for task in tasks}
