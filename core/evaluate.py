"""Evaluation: freeze a run, release every photograph once, attack the releases.

In order: what is to be done (`core.evaluation.plan`), doing it (here), writing it (`.write`), the
worst case (`.worst_case`).
"""

import dataclasses
import time
from collections.abc import Callable, Sequence
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import Any, NamedTuple

import torch
from filelock import FileLock
from torch import Tensor
from tqdm import tqdm

from core import data, embedders, train
from core import device as devices
from core.attacks import ATTACKS, AttackerView, Result
from core.attacks.attackers import OWN_NETWORKS
from core.attacks.attributes.attribute_network import with_reader
from core.attacks.identity.face_network import face_features
from core.attacks.interface import OwnAttacker
from core.attacks.releases import by_image, view_of, with_extra
from core.data.faces import Faces
from core.errors import PenumbraError
from core.evaluation import plan, proof
from core.evaluation.control_runs import controls, needed
from core.evaluation.worst_case import write_ensemble, write_strongest
from core.evaluation.write import with_second_source, write
from core.methods import METHODS, Model
from core.run import Run
from core.seeding import generator_for, seed_of
from core.storage import attack_folders, whole_folders
from core.storage.attack_folders import Task

Report = Callable[[dict[str, Any]], None]


class Opened(NamedTuple):
    """A finished run with its frozen model on a device, and the photographs it was trained on."""

    folder: Path
    run: Run
    model: Model
    faces: Faces
    device: torch.device


def evaluate(
    run: Run | Path | str,
    attacks: Sequence[str] | None = None,
    release_values: Sequence[float] | None = None,
    device: str = "auto",
    progress: bool = True,
    report: Report = lambda state: None,
    protocol: str = "strict",
    extra: str | None = None,
) -> None:
    """Attack a finished run and keep what is found (`core.storage.attack_folders`).

    run             a Run, or its folder
    attacks         names of `core.attacks.ATTACKS`; default: all. The method's own networks are
                    always scored
    release_values  values of the release-time knob; default: its grid. Methods without one have
                    none
    report          gets {"attack", "release_value", "attacks_done", "attacks" (how many there are),
                    "seconds_left"} before each attack
    protocol        strict: nobody the attacker trains on is tested. paper: the attacker's, the
                    validation and the test photographs are shuffled, as in most papers
    extra           name of a second data set, all of whose photographs the attackers train on as
                    well. `attacks` are then those that can (default: all of these), and what they
                    find is kept as another attack's, `<attack>+<extra>`, that competes for no worst
                    case

    What is done already is left as it is, and what another process is at is left to it: several may
    evaluate one run together. The controls of the data set are computed first where they are
    missing. Raises PenumbraError when the run is unfinished or its data set has changed, and for a
    second data set that shows the same people (`core.data.second_source`).
    """
    names = plan.attack_names(attacks, extra)
    if protocol not in plan.PROTOCOLS:
        raise PenumbraError(f"unknown protocol {protocol!r}; choose strict or paper")
    opened = open_run(run.folder if isinstance(run, Run) else Path(run), device, progress)
    second = data.second_source(extra, opened.faces, progress) if extra else None
    values = plan.release_values(opened.run, release_values)
    tasks = plan.tasks(protocol, names, values, opened.model)
    pending = plan.pending(opened.folder, tasks, second)
    if pending:
        _attack(opened, pending, second, progress, report)
    # The last of several processes to come here has everything before it.
    with FileLock(opened.run.lock("strongest")):
        for value in values:
            write_ensemble(opened.folder, opened.run, opened.faces, value)
            for each in plan.PROTOCOLS:
                write_strongest(opened.folder, opened.run, each, value)
        certify(opened, values)


def certify(opened: Opened, values: Sequence[float | None], people: str | None = None) -> None:
    """Prove what can be proven of a run's releases (`core.evaluation.proof`), on the people of its data
    set whom the method has not seen and all others of the data set `people`; nothing where it is done,
    unless `people` are named."""
    other = data.second_source(people, opened.faces) if people else None
    counted = proof.people_of(opened.faces, other)
    left = [v for v in values if people or not proof.is_done(opened.folder, v)]
    proof.certify(opened.folder, opened.run, opened.model, counted, opened.device, left)


def open_run(folder: Path, device: str = "auto", progress: bool = True) -> Opened:
    """Raises PenumbraError when the run is unfinished or damaged, or its data set has changed."""
    chosen = devices.choose(device)
    run, record, model = train.load(folder, chosen)
    faces = data.load(run.dataset, *METHODS[run.method].size(run.preset), progress=progress)
    if record.get("data", {}).get("fingerprint") != faces.fingerprint:
        raise PenumbraError(
            f"{run.id} was trained on another version of {run.dataset}; train it again"
        )
    return Opened(folder, run, model, faces, chosen)


def _attack(
    opened: Opened,
    pending: Sequence[Task],
    second: data.SecondSource | None,
    progress: bool,
    report: Report,
) -> None:
    """Do all that is pending, as far as no other process is at it."""
    folder, run, model, faces, device = opened
    if second is not None and progress and second.left_out:
        tqdm.write(f"{second.left_out} people of {second.dataset} are in {run.dataset}: left out")
    fresh = [ATTACKS[task.plain] for task in pending if task.plain in ATTACKS]
    verdicts = controls(faces, device, needed(fresh, run.tasks), progress) if fresh else {}
    lasting = attack_folders.expected_seconds(folder.parent.glob("*"), pending)
    bar = tqdm(
        total=sum(lasting.values()),
        desc=run.id,
        disable=not progress,
        bar_format="{desc} {percentage:3.0f}% |{bar}| {elapsed} gone, {remaining} left",
    )
    done = 0
    for _, tasks in groupby(pending, lambda task: (_is_shuffled(task), task.value)):
        view = None  # one for all of them; two at once may not fit into memory
        for task in tasks:
            lock = run.lock(f"{task.protocol}-{task.title}")
            made = partial(plan.is_done, folder, task)
            with whole_folders.taken(attack_folders.place(folder, task), lock, made) as mine:
                if mine:
                    left = sum(lasting[later] for later in pending[done:])
                    state = {"attack": task.attack, "release_value": task.value}
                    state |= {"attacks_done": done, "attacks": len(pending), "seconds_left": left}
                    report(state)
                    view = view or _view_for(task, opened, second, progress)
                    bar.set_description(f"{run.id} {task.title}")
                    began = time.perf_counter()
                    result = _result(view, model, run, task)
                    if second is not None and task.plain in ATTACKS:
                        result = with_second_source(result, task, view, second)
                    seconds = time.perf_counter() - began
                    write(folder, run, task, result, seconds, verdicts)
                    if progress:
                        tqdm.write(f"{run.id} {task.protocol} {task.title}: {seconds:.1f} s")
            bar.update(lasting[task])
            done += 1
    bar.close()


def _is_shuffled(task: Task) -> bool:
    return task.protocol == "paper" and task.plain in ATTACKS


def _view_for(
    task: Task, opened: Opened, second: data.SecondSource | None, progress: bool
) -> AttackerView:
    view = view_at(opened, task.value, progress)
    shuffled = _is_shuffled(task)
    if shuffled:
        view = dataclasses.replace(by_image(view, seed_of(opened.run.dataset)), plain=True)
    view = with_reader(view, opened.faces, "paper" if shuffled else "strict", progress)
    if second is not None:
        seed = seed_of(f"{opened.run.seed}/extra/{second.dataset}/{task.value}")
        view = with_extra(view, second.faces, second.rows, seed)
    return view


def view_at(
    opened: Opened, value: float | None, progress: bool = False, recognisers: bool = True
) -> AttackerView:
    """Every photograph released at one value of the release-time knob; without the networks that
    recognise faces unless `recognisers`."""
    run, model, faces, device = opened.run, opened.model, opened.faces, opened.device
    shape = model.released_map

    def release(x: Tensor, generator: torch.Generator) -> Tensor:
        z = model.release(x, generator, value)
        return z if shape is None else z.reshape(len(z), *shape)

    seed = seed_of(f"{run.seed}/release/{value}")
    own = face_features(faces, device, progress) if recognisers else None
    second = embedders.chosen(faces, progress) if recognisers else None
    view = view_of(release, faces, run, device, seed, own, second)
    return dataclasses.replace(view, own=own_attackers(run, faces.attribute_names))


def own_attackers(run: Run, attributes: tuple[str, ...]) -> dict[str, OwnAttacker]:
    """What a run's method says of the attackers that it trains against, as an attacker rebuilds them
    (`AttackerView.own`)."""
    method = METHODS[run.method]
    rebuilt = dataclasses.replace(run, seed=seed_of(f"{run.seed}/rebuilt") % 2**31)

    def fresh(name: str) -> Any:
        return getattr(method.model(rebuilt, attributes), name)

    with torch.device("meta"):  # which there are, without drawing weights
        model = method.model(rebuilt, attributes)
    rate = method.settings(run)["schedule"].get("learning_rate", 1e-3)
    networks = {"adversary": "training_adversary", "reconstructor": "training_reconstructor"}
    return {
        kind: OwnAttacker(partial(fresh, name), rate)
        for kind, name in networks.items()
        if getattr(model, name) is not None
    }


def _result(view: AttackerView, model: Model, run: Run, task: Task) -> Result:
    if task.plain in ATTACKS:
        label = "" if task.protocol == "strict" else "paper/"
        # The seed of the attack itself: with a second data set it starts from the same weights.
        generator = generator_for(f"{label}{run.seed}/{task.plain}/{task.value}")
        return ATTACKS[task.plain].run(view, generator)
    return OWN_NETWORKS[task.attack].run(view, getattr(model, task.attack), task.protocol)
