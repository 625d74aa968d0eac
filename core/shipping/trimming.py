"""Shipped runs without what only their making needed, so that all of them fit into a repository."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np

from core import results
from core.attacks import ATTACKS
from core.attacks.attackers import OWN_NETWORKS, WORST_CASE
from core.methods import METHODS, Method
from core.run import Run
from core.storage import (
    array_file,
    attack_folders,
    dataset_folders,
    files,
    run_folder,
    training_log,
)
from core.storage.attack_folders import Task

# Of an attacker's arrays: what only `ensemble` needs, which has been computed by then, and which
# pairs of photographs verification is scored on, which follows from the data set alone.
DROPPED = ("kept", "scores", "validation_scores", "first", "second", "same")
# An attacker's predictions for each test photograph, which only the strongest one is asked for.
PREDICTIONS = ("decisions", "decided", "probes", "correct")


def trim(runs: Iterable[Run]) -> None:
    """Remove from the finished ones of `runs` networks that only training needed, training logs,
    attackers' scores, lists of pairs, predictions of attackers other than the strongest, and the
    photographs beside reconstructions: these are the same in all runs of a data set and go to one
    place (`core.storage.dataset_folders.originals`). A second call changes nothing.
    """
    for run in runs:
        if run_folder.is_finished(run.folder):
            _trim_weights(run.folder, METHODS[run.method])
            training_log.drop(run.folder)
            for place in attack_folders.all_finished(run.folder):
                _trim_arrays(run.folder, place)
            for attack in ATTACKS.values():
                if attack.keeps_weights:
                    _trim_decoders(run.folder, attack.name)


def _trim_decoders(folder: Path, name: str) -> None:
    """One network is enough to reconstruct: that at the lowest release value."""
    values = attack_folders.values(folder, "strict", name)
    tasks = [Task("strict", name, value) for value in sorted(v for v in values if v is not None)]
    files = [attack_folders.weights_file(attack_folders.place(folder, task)) for task in tasks]
    for weights in [file for file in files if file.is_file()][1:]:
        weights.unlink()


def _trim_weights(folder: Path, method: Method) -> None:
    record = run_folder.read_record(folder)
    tensors = files.load_tensors(run_folder.weights_file(folder), record["weights_sha256"])
    left_out = {n.split("/")[0] for n in tensors if method.only_trains(n.split("/")[0])}
    if left_out:
        kept = {n: t for n, t in tensors.items() if n.split("/")[0] not in left_out}
        run_folder.finish(folder, kept, record | {"left_out": sorted(left_out)})


def _trim_arrays(folder: Path, attack: Path) -> None:
    if not array_file.exist(attack):
        return
    found = array_file.read(attack)
    dropped = {name for name in DROPPED if name in found}
    if "originals_webp" in found and _shared(folder, found):
        dropped |= {"originals_webp", "originals_ends"}
    kept = {name: array for name, array in found.items() if name not in dropped}
    kept = _predictions_of_the_strongest(folder, attack, kept)
    if set(kept) != set(found) or len(kept.get("decisions", ())) < len(found.get("decisions", ())):
        array_file.write(attack, kept)


def _predictions_of_the_strongest(
    folder: Path, attack: Path, found: dict[str, np.ndarray]
) -> dict[str, np.ndarray]:
    """Arrays without predictions of targets for which `worst_case` took another attacker; `decided`
    names the attributes that `decisions` are then about. Those of a method's own networks stay: they
    are compared with the strongest attacker (`core.analysis.compare.protocols`)."""
    protocol, name, value = attack_folders.task_of(attack)
    choice = Task(protocol, WORST_CASE.name, value)
    if not attack_folders.is_done(folder, choice) or name in OWN_NETWORKS:
        return found
    chosen = results.strongest(folder, value, protocol)
    strongest_for = {target for target, attacker in chosen.items() if attacker == name}
    rest = {n: array for n, array in found.items() if n not in PREDICTIONS}
    if "probes" in found and "identity" in strongest_for:
        rest |= {n: found[n] for n in ("probes", "correct")}
    if "decisions" in found:
        about = found.get("decided", found["targets"])
        rows = np.isin(about, list(strongest_for))
        if rows.any():
            rest |= {"decisions": found["decisions"][rows], "decided": about[rows]}
    return rest


def _shared(folder: Path, found: dict[str, np.ndarray]) -> bool:
    """Whether the photographs of an attack are those that its data set's runs share, which they
    become where there are none yet; of fewer photographs, the first."""
    place = dataset_folders.originals(folder)
    if place is None:
        return False
    mine = {name: found[name] for name in ("originals_webp", "originals_ends", "positions")}
    known = array_file.read(place) if array_file.exist(place) else {}
    if len(known.get("positions", ())) < len(mine["positions"]):
        array_file.write(place, mine)
        known = mine
    return all(np.array_equal(array, known[name][: len(array)]) for name, array in mine.items())
