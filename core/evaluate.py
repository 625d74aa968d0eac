"""Evaluation: freeze a run, release every photograph once, attack the releases.

Every attack is a folder of its own, written whole or not at all: an attack that is done is never
repeated, and a killed evaluation goes on with the attack it was killed in.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from filelock import FileLock, Timeout
from torch import Tensor
from tqdm import tqdm

from core import data, embedders, results
from core import device as devices
from core.attacks import ATTACKS, ONLY_FOR, REDRAWERS, AttackerView, Result
from core.attacks.attributes import ensemble
from core.attacks.method_networks import (
    OWN,
    own_head,
    own_verifier,
    training_adversary,
    training_reconstructor,
)
from core.attacks.releases import by_image, view_of, with_extra
from core.data.faces import Faces
from core.data.order import labels_of
from core.errors import PenumbraError
from core.evaluation.control_runs import controls
from core.evaluation.face_network import face_features
from core.evaluation.worst_case import strongest
from core.methods import METHODS, Model
from core.methods.declare import attributes_among
from core.run import Run
from core.seeding import generator_for, seed_of
from core.storage import findings_file
from core.storage.attack_folders import Task, expected_seconds, finished, is_done, place, save

Report = Callable[[dict[str, Any]], None]
PROTOCOLS = ("strict", "paper")


def evaluate(
    run: Run | Path | str,
    attacks: Sequence[str] | None = None,
    release_values: Sequence[float] | None = None,
    device: str = "auto",
    threads: int | None = None,
    progress: bool = True,
    report: Report = lambda state: None,
    protocol: str = "strict",
    extra: str | None = None,
) -> None:
    """Attack a finished run and write `attacks/<protocol>/<attack>[@<release value>]/`.

    run             a Run, or its folder
    attacks         names of `core.attacks.ATTACKS`; default: all. The method's own head and its
                    training-time adversaries are always scored, under both protocols
    release_values  values of the release-time knob; default: its grid. Methods without one have
                    none
    device          auto, cpu or cuda
    threads         of torch on the CPU; default: as they are
    report          gets {"attack", "release_value", "index", "count", "seconds_left"} before each
                    attack
    protocol        strict: nobody the attacker trains on is tested. paper: the attacker's, the
                    validation and the test photographs are shuffled, so that everybody is on all
                    sides, as in most papers
    extra           name of a second data set, whose photographs, all of them, the attackers who
                    redraw pictures train on as well. `attacks` are then among
                    `core.attacks.REDRAWERS` (default: all of these), and what they find is kept as
                    another attack's: `<attack>+<extra>`. It competes for no worst case, having been
                    given more than the others

    What is done already is left as it is, and what another process is at is left to it: several may
    evaluate one run together. The controls of the data set are computed first where they are
    missing. Raises PenumbraError when the run is unfinished or its data set has changed, and for a
    second data set that shows the same people (`core.data.second_source`).
    """
    folder = run.folder if isinstance(run, Run) else Path(run)
    names = _names(attacks, extra)
    if protocol not in PROTOCOLS:
        raise PenumbraError(f"unknown protocol {protocol!r}; choose strict or paper")
    with _threads(threads):
        run, model, faces, chosen = restored(folder, device, progress)
        second = data.second_source(extra, faces, progress) if extra else None
        values = _values(run, release_values)
        own = [(p, name) for p, name in OWN if getattr(model, name) is not None]
        tasks = [
            Task(p, name, value)
            for value in values
            for p, name in [*((protocol, name) for name in names), *own]
        ]
        _attack(folder, run, model, faces, tasks, chosen, progress, report, second)
        # Whoever is the last of several processes to come here has everything before him.
        with FileLock(run.lock("strongest")):
            for value in values:
                _write_ensemble(folder, run, faces, value)
                for p in PROTOCOLS:
                    _write_strongest(folder, run, p, value)


def restored(
    folder: Path, device: str = "auto", progress: bool = True
) -> tuple[Run, Model, Faces, torch.device]:
    """A finished run with its frozen model on a device, and the photographs it was trained on.

    Raises PenumbraError when the run is unfinished or damaged, or its data set has changed.
    """
    from core import train

    chosen = devices.choose(device)
    run, record, model = train.load(folder, chosen)
    preset = METHODS[run.method].presets[run.preset]
    faces = data.load(run.dataset, preset["height"], preset["width"], progress=progress)
    if record.get("data", {}).get("fingerprint") != faces.fingerprint:
        raise PenumbraError(
            f"{run.id} was trained on another version of {run.dataset}; train it again"
        )
    return run, model, faces, chosen


def _names(attacks: Sequence[str] | None, extra: str | None) -> list[str]:
    """What the wanted attacks are called in findings."""
    able = list(REDRAWERS if extra else ATTACKS)
    names = able if attacks is None else list(attacks)
    for name in names:
        if name not in ATTACKS:
            raise PenumbraError(f"unknown attack {name!r}; choose from {', '.join(ATTACKS)}")
        if name not in able:
            raise PenumbraError(
                f"{name} has no use for the photographs of a second data set; these attacks have: "
                f"{', '.join(able)}"
            )
    return [results.given_extra(name, extra) for name in names] if extra else names


def _values(run: Run, wanted: Sequence[float] | None) -> list[float | None]:
    """The values of the release-time knob to measure; [None] for a method without one."""
    knobs = [knob for knob in METHODS[run.method].knobs if knob.when == "release"]
    if not knobs:
        if wanted:
            raise PenumbraError(f"{run.method} has no release-time knob; leave its values out")
        return [None]
    return [float(value) for value in (knobs[0].grid if wanted is None else wanted)]


def _attack(
    folder: Path,
    run: Run,
    model: Model,
    faces: Faces,
    tasks: Sequence[Task],
    device: torch.device,
    progress: bool,
    report: Report,
    second: data.SecondSource | None,
) -> None:
    pending = [task for task in tasks if not is_done(folder, task)]
    if second is not None:
        _check_version(folder, [task for task in tasks if task not in pending], second)
    if not pending:
        return
    if second is not None and progress and second.left_out:
        tqdm.write(f"{second.left_out} people of {second.dataset} are in {run.dataset}: left out")
    # All attacks, also where few are wanted: what an attacker has to reach follows from the best.
    fresh = any(task.plain in ATTACKS for task in pending)
    without = [name for name, task in ONLY_FOR.items() if task not in run.tasks]
    conclusive = controls(faces, device, progress, without=without) if fresh else {}
    lasting = expected_seconds(folder.parent, pending)
    bar = tqdm(
        total=sum(lasting.values()),
        desc=run.id,
        disable=not progress,
        bar_format="{desc} {percentage:3.0f}% |{bar}| {elapsed} gone, {remaining} left",
    )
    seen: tuple[str, float | None] | None = None
    view: AttackerView | None = None
    for index, task in enumerate(pending):
        with _taken(run, folder, task) as mine:
            if not mine:
                bar.update(lasting[task])
                continue
            left = sum(lasting[later] for later in pending[index:])
            report(
                {"attack": task.attack, "release_value": task.value, "index": index}
                | {"count": len(pending), "seconds_left": left}
            )
            shuffled = task.protocol == "paper" and task.plain in ATTACKS
            wanted = ("paper" if shuffled else "strict", task.value)
            if view is None or seen != wanted:
                view = None  # two at once may not fit into memory
                view = view_at(run, model, faces, task.value, device, progress)
                seen = wanted
                view = by_image(view, seed_of(run.dataset)) if shuffled else view
                if second is not None:
                    seed = seed_of(f"{run.seed}/extra/{second.dataset}/{task.value}")
                    view = with_extra(view, second.faces, second.rows, seed)
            bar.set_description(f"{run.id} {results.attack_name(task.attack, task.value)}")
            began = time.perf_counter()
            result = _result(view, model, run, task)
            if second is not None and task.plain in ATTACKS:
                result = _said_of_extra(result, task, view, second)
            seconds = time.perf_counter() - began
            rows = [
                row | {"conclusive": conclusive.get((task.plain, row["target"]), False)}
                if task.plain in ATTACKS
                else row
                for row in result.findings
            ]
            _write(folder, task, run, Result(rows, result.arrays, result.weights), seconds)
            bar.update(lasting[task])
            if progress:
                name = results.attack_name(task.attack, task.value)
                tqdm.write(f"{run.id} {task.protocol} {name}: {seconds:.1f} s")
    bar.close()


@contextmanager
def _taken(run: Run, folder: Path, task: Task) -> Iterator[bool]:
    """Whether a task is this process's: no other one is at it, or has done it by now."""
    lock = FileLock(run.lock(f"{task.protocol}-{results.attack_name(task.attack, task.value)}"))
    try:
        lock.acquire(timeout=0)
    except Timeout:
        yield False
        return
    try:
        yield not is_done(folder, task)
    finally:
        lock.release()


def _result(view: AttackerView, model: Model, run: Run, task: Task) -> Result:
    if task.plain in ATTACKS:
        label = "" if task.protocol == "strict" else "paper/"
        # The seed of the attack itself: with a second data set it starts from the same weights.
        generator = generator_for(f"{label}{run.seed}/{task.plain}/{task.value}")
        return ATTACKS[task.plain](view, generator)
    network: Callable[[Tensor], Tensor] = getattr(model, task.attack)
    if task.attack == "own_head":
        return own_head(view, network, task.protocol)
    if task.attack == "own_verifier":
        return own_verifier(view, network, task.protocol)
    if task.attack == "training_adversary":
        return training_adversary(view, network)
    return training_reconstructor(view, network)


def _said_of_extra(
    result: Result, task: Task, view: AttackerView, second: data.SecondSource
) -> Result:
    """An attacker's result under the name that says what he was given, with how many photographs
    those were, how many people were left out, and of which version of the data set; no weights."""
    given = {
        "extra_photographs": np.array(len(view.extra["x"]) if view.extra else 0),
        "extra_left_out": np.array(second.left_out),
        "extra_fingerprint": np.array(second.faces.fingerprint),
    }
    rows = [row | {"attacker": task.attack} for row in result.findings]
    return replace(result, findings=rows, arrays=result.arrays | given, weights={})


def _check_version(folder: Path, done: Sequence[Task], second: data.SecondSource) -> None:
    """Raise PenumbraError where a finished attack was given another version of a second data set."""
    for task in done:
        if task.plain == task.attack:
            continue
        version = results.arrays(place(folder, task)).get("extra_fingerprint")
        if version is None or str(version) != second.faces.fingerprint:
            raise PenumbraError(
                f"{place(folder, task)} was measured with another version of {second.dataset}; "
                "delete this folder and evaluate again"
            )


def view_at(
    run: Run,
    model: Model,
    faces: Faces,
    value: float | None,
    device: torch.device,
    progress: bool = False,
    recognisers: bool = True,
) -> AttackerView:
    """Every photograph released at one value of the release-time knob; without the networks that
    recognise faces unless `recognisers`."""
    shape = model.released_map

    def release(x: Tensor, generator: torch.Generator) -> Tensor:
        z = model.release(x, generator, value)
        return z if shape is None else z.reshape(len(z), *shape)

    return view_of(
        release,
        faces,
        run,
        device,
        seed_of(f"{run.seed}/release/{value}"),
        face_features(faces, device, progress) if recognisers else None,
        embedders.chosen(faces, progress) if recognisers else None,
    )


def _write(folder: Path, task: Task, run: Run, result: Result, seconds: float = 0.0) -> None:
    """Save a result, its rows completed by what they are about; `conclusive` is true where a row
    does not say otherwise."""
    rows = [
        {"run_id": run.id, "conclusive": True}
        | row
        | {"protocol": task.protocol, "release_value": task.value, "seed": run.seed}
        for row in result.findings
    ]
    save(place(folder, task), rows, result.arrays, result.weights, seconds)


def _write_ensemble(folder: Path, run: Run, faces: Faces, value: float | None) -> None:
    """The attackers together, anew from all that are done, where that changes anything."""
    done = {
        name: (findings_file.read(path), results.arrays(path))
        for name, path in finished(folder, "strict", value).items()
        if name in ATTACKS and (path / "arrays.npz").is_file()
    }
    private = attributes_among(run.private)
    taking_part = {name for name in done if "validation_scores" in done[name][1]}
    if len(taking_part) < 2 or not private or _members(folder, value) - taking_part:
        return
    scored = [done[name][1] for name in sorted(taking_part)]
    sizes = {"test": scored[0]["scores"], "validation": scored[0]["validation_scores"]}
    truth = {s: labels_of(faces, s, given.shape[1]) for s, given in sizes.items()}
    columns = {name: list(faces.attribute_names).index(name) for name in private}
    labels = {s: {n: truth[s][0][:, c] for n, c in columns.items()} for s in sizes}
    result = ensemble.ensemble(done, labels, truth["test"][1], private)
    task = Task("strict", ensemble.NAME, value)
    if result.findings and not _says(folder, task, result):
        _write(folder, task, run, result)


def _members(folder: Path, value: float | None) -> set[str]:
    """Who took part in the ensemble that is there. Shipped runs have it without its members' scores
    (`core.shipping.trimming`): it cannot be drawn anew, and one of fewer members must not replace it."""
    task = Task("strict", ensemble.NAME, value)
    if not is_done(folder, task):
        return set()
    return set(map(str, results.arrays(place(folder, task))["members"].tolist()))


def _says(folder: Path, task: Task, result: Result) -> bool:
    """Whether what is on disk already has a result's numbers."""
    if not is_done(folder, task):
        return False
    old = findings_file.read(place(folder, task))
    return [
        {key: row.get(key) for key in new} for row, new in zip(old, result.findings, strict=False)
    ] == (result.findings) and len(old) == len(result.findings)


def _write_strongest(folder: Path, run: Run, protocol: str, value: float | None) -> None:
    """Choose the strongest attacker of every target anew from all that are done. What a method
    brings along itself competes as a head of the service, never as an attacker; an attacker with a
    second data set has been given more than the others and does not compete."""
    done = {
        name: (findings_file.read(path), results.arrays(path))
        for name, path in finished(folder, protocol, value).items()
        if name not in ("worst_case", "training_adversary", "training_reconstructor")
        and results.parted(name)[1] is None
        and (path / "arrays.npz").is_file()
    }
    if not any(name in ATTACKS for name in done):
        return
    rows, arrays = strongest(done)
    target = place(folder, Task(protocol, "worst_case", value))
    if not (target / "done").is_file() or findings_file.read(target) != rows:
        save(target, rows, arrays, {})


@contextmanager
def _threads(count: int | None) -> Iterator[None]:
    before = torch.get_num_threads()
    if count is not None:
        torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)
