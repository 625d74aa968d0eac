"""What is to be done: which attacks, at which release values, and what of it is done already."""

from collections.abc import Sequence
from pathlib import Path

from core.attacks import ATTACKS
from core.attacks.attackers import OWN_NETWORKS
from core.data import SecondSource
from core.errors import PenumbraError
from core.methods import METHODS, Model
from core.run import Run
from core.storage import array_file, attack_folders
from core.storage.attack_folders import Task

PROTOCOLS = ("strict", "paper")


def attack_names(attacks: Sequence[str] | None, extra: str | None) -> list[str]:
    """What the wanted attacks (default: all but those on request) are called in findings; with a second data set `extra`,
    those that can use it. Raises PenumbraError for one that does not exist or cannot."""
    able = [a.name for a in ATTACKS.values() if a.accepts_second_source or not extra]
    usual = [name for name in able if not ATTACKS[name].on_request]
    names = usual if attacks is None else list(attacks)
    for name in names:
        if name not in ATTACKS:
            raise PenumbraError(f"unknown attack {name!r}; choose from {', '.join(ATTACKS)}")
        if name not in able:
            raise PenumbraError(
                f"{name} has no use for the photographs of a second data set; these attacks have: "
                f"{', '.join(able)}"
            )
    return [attack_folders.with_extra(name, extra) for name in names] if extra else names


def release_values(run: Run, wanted: Sequence[float] | None) -> list[float | None]:
    """The values of the release-time knob (default: its grid); [None] for a method without one."""
    usual = METHODS[run.method].release_values
    if usual == [None] and wanted:
        raise PenumbraError(f"{run.method} has no release-time knob; leave its values out")
    return usual if wanted is None or usual == [None] else [float(value) for value in wanted]


def tasks(
    protocol: str, names: Sequence[str], values: Sequence[float | None], model: Model
) -> list[Task]:
    """One release value after the other, so that photographs are released once for all attacks; the
    method's own networks are scored under both protocols."""
    own = [
        (each, network.name)
        for network in OWN_NETWORKS.values()
        for each in network.protocols
        if getattr(model, network.name) is not None
    ]
    wanted = [*((protocol, name) for name in names), *own]
    return [Task(each, name, value) for value in values for each, name in wanted]


def is_done(folder: Path, task: Task) -> bool:
    """Whether nothing of a task is left to do. A decoder of the training that was scored before its
    pictures were kept has these left: scored again, it gives the same numbers."""
    if not attack_folders.is_done(folder, task):
        return False
    own = OWN_NETWORKS.get(task.attack)
    draws = own is not None and own.keeps_pictures
    return not draws or array_file.exist(attack_folders.place(folder, task))


def pending(folder: Path, wanted: Sequence[Task], second: SecondSource | None) -> list[Task]:
    """The tasks that are not done. Raises PenumbraError where a finished attack was given another
    version of the second data set."""
    done = [task for task in wanted if is_done(folder, task)]
    for task in done:
        if second is None or task.plain == task.attack:
            continue
        place = attack_folders.place(folder, task)
        if str(array_file.read(place).get("extra_fingerprint")) != second.faces.fingerprint:
            raise PenumbraError(
                f"{place} was measured with another version of {second.dataset}; "
                "delete this folder and evaluate again"
            )
    return [task for task in wanted if task not in done]
