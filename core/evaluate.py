"""Strict evaluation: freeze a run, release every photograph once, attack the releases.

Every attack is a folder of its own, written whole or not at all: an attack that is done is never
repeated, and a killed evaluation goes on with the attack it was killed in.
"""

from __future__ import annotations

import io
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import torch
from filelock import FileLock, Timeout
from torch import Tensor
from tqdm import tqdm

from core import checkpoint, data, findings_file, results
from core import device as devices
from core.attacks import ATTACKS, ONLY_FOR, Exposed, Result
from core.attacks import controls as control
from core.attacks.exposing import expose
from core.attacks.own import (
    OWN,
    own_head,
    own_verifier,
    training_adversary,
    training_reconstructor,
)
from core.attacks.strongest import strongest
from core.data.faces import Faces
from core.errors import PenumbraError
from core.face_network import face_features
from core.methods import METHODS, Model
from core.run import Run, checkpoints

Report = Callable[[dict[str, Any]], None]
Task = tuple[str, str, float | None]  # protocol, attack, release value


def evaluate(
    run: Run | Path | str,
    attacks: Sequence[str] | None = None,
    release_values: Sequence[float] | None = None,
    device: str = "auto",
    threads: int | None = None,
    progress: bool = True,
    report: Report = lambda state: None,
) -> None:
    """Attack a finished run and write `attacks/<protocol>/<attack>[@<release value>]/`.

    run             a Run, or its folder
    attacks         names of `core.attacks.ATTACKS`; default: all. The method's own head and its
                    training-time adversaries (paper protocol) are always scored
    release_values  values of the release-time knob; default: its grid. Methods without one have
                    none
    device          auto, cpu or cuda
    threads         of torch on the CPU; default: as they are
    report          gets {"attack", "release_value", "index", "count"} before each attack

    What is done already is left as it is. The controls of the data set are computed first where
    they are missing. Raises PenumbraError when the run is unfinished, its data set has changed or
    another process evaluates it.
    """
    from core import train

    folder = run.folder if isinstance(run, Run) else Path(run)
    names = list(ATTACKS) if attacks is None else list(attacks)
    for name in names:
        if name not in ATTACKS:
            raise PenumbraError(f"unknown attack {name!r}; choose from {', '.join(ATTACKS)}")
    with _threads(threads):
        chosen = devices.choose(device)
        run, record, model = train.load(folder, chosen)
        preset = METHODS[run.method].presets[run.preset]
        faces = data.load(run.dataset, preset["height"], preset["width"], progress=progress)
        if record.get("data", {}).get("fingerprint") != faces.fingerprint:
            raise PenumbraError(
                f"{run.id} was trained on another version of {run.dataset}; train it again"
            )
        try:
            with FileLock(run.lock("evaluate"), timeout=0):
                values = _values(run, release_values)
                _evaluate(folder, run, model, faces, names, values, chosen, progress, report)
        except Timeout as error:
            raise PenumbraError(f"{run.id} is being evaluated by another process") from error


def _values(run: Run, wanted: Sequence[float] | None) -> list[float | None]:
    """The values of the release-time knob to measure; [None] for a method without one."""
    knobs = [knob for knob in METHODS[run.method].knobs if knob.when == "release"]
    if not knobs:
        if wanted:
            raise PenumbraError(f"{run.method} has no release-time knob; leave its values out")
        return [None]
    return [float(value) for value in (knobs[0].grid if wanted is None else wanted)]


def _evaluate(
    folder: Path,
    run: Run,
    model: Model,
    faces: Faces,
    names: list[str],
    values: list[float | None],
    device: torch.device,
    progress: bool,
    report: Report,
) -> None:
    own = [task for task in OWN if _has(model, task[1])]
    tasks: list[Task] = [
        (protocol, name, value)
        for value in values
        for protocol, name in [*(("strict", name) for name in names), *own]
    ]
    pending = [task for task in tasks if not _is_done(folder, task)]
    # All attacks, also where few are wanted: what an attacker has to reach follows from the best.
    strict = any(name in ATTACKS for _, name, _ in pending)
    without = [name for name, task in ONLY_FOR.items() if task not in run.tasks]
    conclusive = controls(faces, device, progress, without=without) if strict else {}
    bar = tqdm(total=len(pending), unit="attack", desc=run.id, disable=not progress)
    exposed: Exposed | None = None
    exposed_at: float | None = None
    for index, task in enumerate(pending):
        protocol, name, value = task
        report({"attack": name, "release_value": value, "index": index, "count": len(pending)})
        if exposed is None or exposed_at != value:
            exposed, exposed_at = _exposed(run, model, faces, value, device, progress), value
        began = time.perf_counter()
        generator = control.generator_for(f"{run.seed}/{name}/{value}")
        if name in ATTACKS:
            result = ATTACKS[name](exposed, generator)
        elif name == "own_head":
            result = own_head(exposed, _tensor_function(model.own_head), protocol)
        elif name == "own_verifier":
            result = own_verifier(exposed, _tensor_function(model.own_verifier), protocol)
        elif name == "training_adversary":
            result = training_adversary(exposed, _tensor_function(model.training_adversary))
        else:
            result = training_reconstructor(exposed, _tensor_function(model.training_reconstructor))
        seconds = time.perf_counter() - began
        _write(folder, task, run, result, conclusive, seconds)
        bar.update()
        if progress:
            tqdm.write(f"{run.id} {results.attack_name(name, value)}: {seconds:.1f} s")
    bar.close()
    for value in values:
        _write_strongest(folder, run, value)


def _has(model: Model, name: str) -> bool:
    return getattr(model, name) is not None


def _tensor_function(function: Callable[[Tensor], Tensor] | None) -> Callable[[Tensor], Tensor]:
    assert function is not None  # `OWN` was filtered by `_has`
    return function


def _exposed(
    run: Run,
    model: Model,
    faces: Faces,
    value: float | None,
    device: torch.device,
    progress: bool = False,
) -> Exposed:
    shape = model.released_map

    def release(x: Tensor, generator: torch.Generator) -> Tensor:
        z = model.release(x, generator, value)
        return z if shape is None else z.reshape(len(z), *shape)

    return expose(
        release,
        faces,
        run,
        device,
        control.seed_of(f"{run.seed}/release/{value}"),
        face_features(faces, device, progress),
    )


def controls(
    dataset: str | Faces,
    device: torch.device | str = "auto",
    progress: bool = True,
    height: int = 64,
    width: int = 64,
    without: Sequence[str] = (),
) -> dict[tuple[str, str], bool]:
    """(attacker, target) -> conclusive, for a data set at one size; computed once and kept.

    Each attack (but those of `without`) is run on the photographs themselves and on a constant release, in `checkpoints/<dataset>/_controls/<HxW>-<fingerprint>/attacks/strict/`.
    """
    if isinstance(dataset, str):
        dataset = data.load(dataset, height, width, progress=progress)
    if isinstance(device, str):
        device = devices.choose(device)
    faces = dataset
    names = [name for name in ATTACKS if name not in without]
    place = f"{faces.height}x{faces.width}-{faces.fingerprint[:12]}"
    folder = checkpoints() / faces.dataset / "_controls" / place
    folder.mkdir(parents=True, exist_ok=True)
    rows: dict[str, list[dict[str, Any]]] = {control.IDENTITY: [], control.CONSTANT: []}
    # A second process waits here and then finds the work done.
    with FileLock(folder / ".lock"):
        for kind, release in control.RELEASES.items():
            pending = [
                n for n in names if not (_control_folder(folder, n, kind) / "done").is_file()
            ]
            seen = face_features(faces, device, progress)
            exposed = expose(release, faces, None, device, 0, seen) if pending else None
            for name in pending:
                assert exposed is not None
                began = time.perf_counter()
                result = ATTACKS[name](exposed, control.generator_for(f"control/{name}"))
                _save(_control_folder(folder, name, kind), result.findings, {}, {})
                if progress:
                    seconds = time.perf_counter() - began
                    tqdm.write(f"control {name} on the {kind} release: {seconds:.1f} s")
            for name in names:
                rows[kind] += findings_file.read(_control_folder(folder, name, kind))
    return control.verdicts(rows[control.IDENTITY], rows[control.CONSTANT])


def _control_folder(folder: Path, name: str, kind: str) -> Path:
    return folder / "attacks" / "strict" / f"{name}@{kind}"


def _attack_folder(folder: Path, task: Task) -> Path:
    protocol, name, value = task
    return folder / "attacks" / protocol / results.attack_name(name, value)


def _is_done(folder: Path, task: Task) -> bool:
    return (_attack_folder(folder, task) / "done").is_file()


def _write(
    folder: Path,
    task: Task,
    run: Run,
    result: Result,
    conclusive: dict[tuple[str, str], bool],
    seconds: float,
) -> None:
    protocol, name, value = task
    rows = [
        {
            "run_id": run.id,
            **row,
            "protocol": protocol,
            "release_value": value,
            "seed": run.seed,
            "conclusive": conclusive.get((name, row["target"]), False) if name in ATTACKS else True,
        }
        for row in result.findings
    ]
    _save(_attack_folder(folder, task), rows, result.arrays, result.weights, seconds)


def _write_strongest(folder: Path, run: Run, value: float | None) -> None:
    """Choose the strongest attacker of every attribute anew from all that are done."""
    done = {}
    for place in results.attack_folders(folder):
        name = place.name.split("@")[0]
        mine = place.parent.name == "strict" and place.name == results.attack_name(name, value)
        if mine and name != "worst_case" and (place / "arrays.npz").is_file():
            done[name] = (findings_file.read(place), results.arrays(place))
    rows, arrays = strongest(done)
    target = _attack_folder(folder, ("strict", "worst_case", value))
    if not (target / "done").is_file() or findings_file.read(target) != rows:
        _save(target, rows, arrays, {})


def _save(
    target: Path,
    rows: list[dict[str, Any]],
    arrays: dict[str, Any],
    weights: dict[str, Tensor],
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
        packed = io.BytesIO()
        np.savez_compressed(packed, **arrays)
        checkpoint.write_bytes(partial / "arrays.npz", packed.getvalue())
    if weights:
        checkpoint.save_tensors(partial / "weights.safetensors", weights)
    partial.rename(target)
    checkpoint.write_bytes(target / "done", f"{seconds:.2f}\n".encode())


@contextmanager
def _threads(count: int | None) -> Iterator[None]:
    before = torch.get_num_threads()
    if count is not None:
        torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)
