"""The worst case: the strongest attacker of each target, chosen on validation data, and all of them
together."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from core.attacks import ATTACKS, Result
from core.attacks.attackers import BEST_HEAD, ENSEMBLE, OWN_NETWORKS, WORST_CASE
from core.attacks.attributes import ensemble
from core.data.faces import Faces
from core.data.order import labels_of
from core.evaluation.write import write
from core.methods.declare import attributes_among
from core.run import Run
from core.storage import array_file, attack_folders
from core.storage.attack_folders import Task

if TYPE_CHECKING:
    from core.storage.attack_folders import Outcome

# What was trained with the method itself is no fresh attacker.
NOT_COMPETING = {WORST_CASE.name, *(n.name for n in OWN_NETWORKS.values() if not n.serves)}


def write_ensemble(folder: Path, run: Run, faces: Faces, value: float | None) -> None:
    """The attackers together, anew from all that are done, where that changes anything."""
    outcomes = attack_folders.outcomes(folder, "strict", value)
    done = {name: outcome for name, outcome in outcomes.items() if name in ATTACKS}
    taking_part = sorted(name for name in done if "validation_scores" in done[name][1])
    private = attributes_among(run.private)
    if len(taking_part) < 2 or not private or _members(folder, value) - {*taking_part}:
        return
    scores = done[taking_part[0]][1]
    sizes = {"test": scores["scores"], "validation": scores["validation_scores"]}
    truth = {split: labels_of(faces, split, given.shape[1]) for split, given in sizes.items()}
    columns = {name: list(faces.attribute_names).index(name) for name in private}
    labels = {s: {n: truth[s][0][:, c] for n, c in columns.items()} for s in sizes}
    result = ensemble.ensemble(done, labels, truth["test"][1], private)
    if result.findings:
        write(folder, run, Task("strict", ENSEMBLE.name, value), result, only_changes=True)


def _members(folder: Path, value: float | None) -> set[str]:
    """Who took part in the ensemble that is there. Shipped runs have it without its members' scores
    (`core.shipping.trimming`): it cannot be drawn anew, and one of fewer must not replace it."""
    task = Task("strict", ENSEMBLE.name, value)
    if not attack_folders.is_done(folder, task):
        return set()
    members = array_file.read(attack_folders.place(folder, task))["members"]
    return set(map(str, members.tolist()))


def write_strongest(folder: Path, run: Run, protocol: str, value: float | None) -> None:
    """Choose the strongest attacker of every target anew from all that are done, and keep it as
    `worst_case`. What a method brings along itself competes as a head of the service, never as an
    attacker; an attacker with a second data set has been given more than the others and does not
    compete."""
    done = {
        name: outcome
        for name, outcome in attack_folders.outcomes(folder, protocol, value).items()
        if name not in NOT_COMPETING and attack_folders.parted(name)[1] is None
    }
    if any(name in ATTACKS for name in done):
        task = Task(protocol, WORST_CASE.name, value)
        write(folder, run, task, Result(*strongest(done)), only_changes=True)


def strongest(done: dict[str, Outcome]) -> Outcome:
    """Rows of `worst_case` (`best_head` for tasks) and arrays `targets` and `chosen`, names.

    `done` maps an attack's name to its findings and arrays; those whose arrays hold `targets` and
    `validation` compete. The one with the best validation score is taken, with its test rows as
    they are: the choice never sees the test photographs. Equal scores go to the first name. It is
    conclusive where any of those that competed is.
    """
    best: dict[str, tuple[float, str]] = {}
    able: set[str] = set()  # targets that a conclusive competitor was set on
    for name in sorted(done):
        rows, arrays = done[name]
        if "targets" not in arrays or "validation" not in arrays:
            continue
        offered = zip(arrays["targets"].tolist(), arrays["validation"].tolist(), strict=True)
        for target, value in offered:
            if np.isfinite(value) and value > best.get(target, (-np.inf, ""))[0]:
                best[target] = (value, name)
        able |= {row["target"] for row in rows if row.get("conclusive", True)}
    chosen = {target: best[target][1] for target in sorted(best)}
    taken = []
    for target, name in chosen.items():
        for row in done[name][0]:
            if row["target"] == target:
                title = BEST_HEAD if row["role"] == "utility" else WORST_CASE
                taken.append(row | {"attacker": title.name, "conclusive": target in able})
    return taken, {
        "targets": np.array(list(chosen), dtype=str),
        "chosen": np.array(list(chosen.values()), dtype=str),
    }
