"""The worst case: the strongest attacker of each target, chosen on validation data, and all of them
together."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from core.attacks import ATTACKS, Result
from core.attacks.attackers import BEST_HEAD, ENSEMBLE, OWN_NETWORKS, WORST_CASE
from core.attacks.attributes import ensemble
from core.data.faces import Faces
from core.data.order import labels_of
from core.evaluation.write import write_changes
from core.methods.declare import attributes_among
from core.run import Run
from core.storage import array_file, attack_folders
from core.storage.attack_folders import Outcome, Task

# What was trained with the method itself is no fresh attacker.
NOT_COMPETING = {WORST_CASE.name, *(n.name for n in OWN_NETWORKS.values() if not n.serves)}


def _key(row: dict[str, Any]) -> tuple[str, str]:
    return row["target"], row["metric"]


def write_ensemble(folder: Path, run: Run, faces: Faces, value: float | None) -> None:
    """The attackers together, anew from all that are done, where that changes anything."""
    outcomes = attack_folders.outcomes(folder, "strict", value)
    done = {name: outcome for name, outcome in outcomes.items() if name in ATTACKS}
    members = sorted(name for name in done if "validation_scores" in done[name][1])
    private = attributes_among(run.private)
    task = Task("strict", ENSEMBLE.name, value)
    if len(members) < 2 or not private or _members_of(folder, task) - {*members}:
        return
    scores = done[members[0]][1]
    columns = faces.columns(private)
    labels, people = {}, {}
    for split, kept in (("test", "scores"), ("validation", "validation_scores")):
        truth, people[split] = labels_of(faces, split, scores[kept].shape[1])
        labels[split] = dict(zip(private, truth[:, columns].T, strict=True))
    result = ensemble.ensemble(done, labels, people["test"], private)
    if result.findings:
        write_changes(folder, run, task, result)


def _members_of(folder: Path, task: Task) -> set[str]:
    """Who took part in the ensemble that is there. Shipped runs have it without its members' scores
    (`core.shipping.trimming`): it cannot be computed anew, and one of fewer must not replace it."""
    if not attack_folders.is_done(folder, task):
        return set()
    return set(array_file.read(attack_folders.place(folder, task))["members"].tolist())


def write_strongest(folder: Path, run: Run, protocol: str, value: float | None) -> None:
    """Choose the strongest attacker of every target anew from all that are done, and keep it as
    `worst_case`. A method's own networks compete as heads of the service, never as attackers; an
    attacker with a second data set has been given more than the others and does not compete."""
    done = {
        name: outcome
        for name, outcome in attack_folders.outcomes(folder, protocol, value).items()
        if name not in NOT_COMPETING and attack_folders.parted(name)[1] is None
    }
    if any(name in ATTACKS for name in done):
        task = Task(protocol, WORST_CASE.name, value)
        write_changes(folder, run, task, Result(*strongest(done)))


def strongest(done: dict[str, Outcome]) -> Outcome:
    """Rows of `worst_case` (`best_head` for tasks) and arrays `targets` and `chosen`, names.

    `done` maps an attack's name to its findings and arrays; those whose arrays hold `targets` and
    `validation` compete. The best on validation is taken, the first by name of equal ones, with its
    test rows as they are. It is conclusive where any of those that competed is.

    A metric among an attack's `criteria` is competed for by itself, with `criteria_validation`: who
    draws the likest picture need not draw the face that is recognised best. Arrays `criteria` and
    `criteria_chosen` then name who did.
    """
    best: dict[str, tuple[float, str]] = {}
    best_by: dict[str, tuple[float, str]] = {}  # metric -> its own competition
    able: set[str] = set()  # targets that a conclusive competitor was set on
    for name in sorted(done):
        rows, arrays = done[name]
        if "targets" not in arrays or "validation" not in arrays:
            continue
        for target, value in zip(
            arrays["targets"].tolist(), arrays["validation"].tolist(), strict=True
        ):
            if np.isfinite(value) and value > best.get(target, (-np.inf, ""))[0]:
                best[target] = (value, name)
        criteria = arrays.get("criteria", np.array([], str)).tolist()
        for metric, value in zip(criteria, arrays.get("criteria_validation", ()), strict=True):
            if np.isfinite(value) and value > best_by.get(metric, (-np.inf, ""))[0]:
                best_by[metric] = (float(value), name)
        able |= {row["target"] for row in rows if row.get("conclusive", True)}
    chosen = {target: best[target][1] for target in sorted(best)}
    chosen_by = {metric: best_by[metric][1] for metric in sorted(best_by)}

    def rows_on(target: str, name: str) -> Iterator[dict[str, Any]]:
        """Those of `name`, but of a metric with a competition of its own those of its winner."""
        for row in done[name][0]:
            if row["target"] == target:
                winner = chosen_by.get(row["metric"], name)
                same = (r for r in done[winner][0] if _key(r) == _key(row))
                yield next(same, row)

    titles = {True: BEST_HEAD.name, False: WORST_CASE.name}
    taken = [
        row | {"attacker": titles[row["role"] == "utility"], "conclusive": target in able}
        for target, name in chosen.items()
        for row in rows_on(target, name)
    ]
    arrays = {
        "targets": np.array(list(chosen), dtype=str),
        "chosen": np.array(list(chosen.values()), dtype=str),
    }
    if chosen_by:
        arrays["criteria"] = np.array(list(chosen_by), dtype=str)
        arrays["criteria_chosen"] = np.array(list(chosen_by.values()), dtype=str)
    return taken, arrays
