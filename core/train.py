"""The training loop: the only one, for every method.

Everything random in step k (which photographs, noise images) is a pure function of the run's seed,
the stage and k. So the state of a training is its networks, its optimisers and k; a training that
was killed goes on from its last saved state to the same weights, bit for bit on the same device
with the same number of threads, as one that was not.
"""

from __future__ import annotations

import dataclasses
import json
import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

import torch
from filelock import FileLock, Timeout
from torch import Tensor, nn
from tqdm import tqdm

from core import device as devices
from core.data.on_device import part_indices, steps_for, to_device
from core.errors import PenumbraError, Stopped
from core.methods import METHODS, Batch, Model, Phase, Stage
from core.methods.declare import columns
from core.run import VERSION, Run, code_fingerprint
from core.run_validation import checked, from_dict
from core.storage import files
from core.training import shared_stages, state
from core.training.batches import batch_at, batches_before
from core.training.log import Log
from core.training.state import optimisers_of

if TYPE_CHECKING:
    from core.data.faces import Faces

LOG_EVERY = 10  # steps
SAVE_EVERY = 20.0  # seconds between saved states


def train(
    run: Run,
    faces: Faces,
    device: str = "auto",
    progress: bool = True,
    save_every: float = SAVE_EVERY,
) -> Path:
    """Train `run` on the defender's photographs, or go on where it was stopped. Returns its folder.

    Writes `run.json`, `log.jsonl`, `state.*` while it runs, then `weights.safetensors` and last
    `done`; a finished run is left as it is. `save_every` is in seconds.

    Raises PenumbraError when the folder is in use or belongs to other data, and Stopped on SIGTERM
    or SIGINT after saving.
    """
    run = checked(run)
    method = METHODS[run.method]
    preset = method.presets[run.preset]
    if (faces.height, faces.width) != (preset["height"], preset["width"]):
        raise PenumbraError(
            f"{run.method} {run.preset} needs {preset['height']}x{preset['width']} pixels, "
            f"got {faces.height}x{faces.width}; load the data set at that size"
        )
    columns(faces.attribute_names, (*run.tasks, *run.private))  # fails before a folder is made
    folder = run.folder
    folder.mkdir(parents=True, exist_ok=True)
    try:
        lock = FileLock(run.lock("train"), timeout=0)
        with lock, _stop_signals() as asked_to_stop:
            if not (folder / "done").is_file():
                _train(
                    run, faces, devices.choose(device), folder, progress, save_every, asked_to_stop
                )
    except Timeout as error:
        raise PenumbraError(f"{run.id} is being trained by another process; wait for it") from error
    return folder


def _train(
    run: Run,
    faces: Faces,
    device: torch.device,
    folder: Path,
    progress: bool,
    save_every: float,
    asked_to_stop: Callable[[], bool],
) -> None:
    model = METHODS[run.method].model(run, faces.attribute_names)
    record = _record(run, faces, device, folder, model.notes() if model.notes else {})
    for network in model.networks.values():
        network.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    parts = {
        part: to_device(faces, part_indices(faces, part), device, True)
        for part in sorted({p.part for stage in model.stages for p in stage.phases})
    }
    lengths = stage_lengths(model, len(faces.indices("defender")))
    start_stage, start_step, optimisers, seconds = state.resume(model, folder, device)
    steps_before = sum(lengths[:start_stage]) + start_step
    log = Log(folder / "log.jsonl", keep=steps_before)
    bar = tqdm(
        total=sum(lengths), initial=steps_before, unit="step", disable=not progress, desc=run.id
    )
    began = saved = time.monotonic()

    for number, stage in enumerate(model.stages):
        if number < start_stage:
            continue
        first = start_step if number == start_stage else 0
        cached = shared_stages.path_of(model, number, record)
        with shared_stages.alone_with(cached, asked_to_stop):
            if first == 0:
                optimisers = optimisers_of(model, stage)
                if cached is not None and cached.is_file():
                    files.fill_networks(
                        model.networks, files.load_tensors(cached), cached, missing_ok=True
                    )
                    bar.update(lengths[number])
                    log.note(stage.name, sum(lengths[:number]), sum(lengths))
                    continue
            if stage.prepare is not None and first == 0:
                if "all" not in parts:
                    parts["all"] = to_device(faces, part_indices(faces, "all"), device, True)
                freeze(model)
                with torch.no_grad():
                    stage.prepare(partial(batches_before, parts["all"], run.seed, number, stage))
            renewal = renewal_steps(stage, len(faces.indices("defender")))
            for step in range(first, lengths[number]):
                if renewal and step and step % renewal == 0:
                    renew(model, optimisers, stage, step // renewal)
                phase = stage.phases[step % len(stage.phases)]
                batch = batch_at(
                    parts[phase.part], run.seed, number, step, stage.batch_size, stage.pairs
                )
                losses = update(model, phase, batch, optimisers)
                bar.update()
                # Runs of as many steps as there are phases: every phase gets its turn.
                if step % LOG_EVERY < len(stage.phases) or step == lengths[number] - 1:
                    log.losses(
                        stage=stage.name,
                        step=sum(lengths[:number]) + step,
                        steps=sum(lengths),
                        phase=phase.name,
                        seconds=seconds + time.monotonic() - began,
                        losses=losses,
                    )
                stopping = asked_to_stop()
                if stopping or time.monotonic() - saved > save_every:
                    log.flush()
                    elapsed = seconds + time.monotonic() - began
                    state.save(folder, model, optimisers, number, step + 1, elapsed)
                    saved = time.monotonic()
                if stopping:
                    bar.close()
                    raise Stopped(f"{run.id} stopped at step {step + 1} of stage {stage.name}")
            if cached is not None:
                tensors = files.network_tensors(shared_stages.trained(model, number))
                files.save_tensors(cached, tensors)
    bar.close()
    log.flush()
    record["seconds"] = round(seconds + time.monotonic() - began, 2)
    record["steps"] = sum(lengths)
    finish(folder, model, record)


def stage_lengths(model: Model, photographs: int) -> list[int]:
    """Steps of each stage for a number of training photographs."""
    return [
        stage.iterations
        if stage.iterations is not None
        else steps_for(photographs, stage.batch_size, stage.epochs)
        if stage.epochs
        else 0
        for stage in model.stages
    ]


def renewal_steps(stage: Stage, photographs: int) -> int:
    """Steps between two renewals of a stage; 0 where nothing is renewed."""
    if stage.fresh is None or not stage.renew_epochs:
        return 0
    return steps_for(photographs, stage.batch_size, stage.renew_epochs)


def renew(
    model: Model, optimisers: dict[str, torch.optim.Optimizer], stage: Stage, number: int
) -> None:
    """The stage's renewal `number`: fresh weights, and optimisers that remember nothing."""
    assert stage.fresh is not None
    for name, network in stage.fresh(number).items():
        model.networks[name].load_state_dict(network.state_dict())
        optimisers[name].state.clear()


def update(
    model: Model, phase: Phase, batch: Batch, optimisers: dict[str, torch.optim.Optimizer]
) -> dict[str, Tensor]:
    """One step of one phase: only the networks in `phase.trains` change, buffers included.

    Raises PenumbraError when the loss is not finite.
    """
    for name, network in model.networks.items():
        set_trainable(network, name in phase.trains)
        if name in phase.trains:
            optimisers[name].zero_grad(set_to_none=True)
    losses = phase.losses(batch)
    losses["total"].backward()
    for name in phase.trains:
        optimisers[name].step()
    return losses


def set_trainable(network: nn.Module, trainable: bool) -> None:
    """Train mode with or without changes: a network that is not trained passes gradients on, uses
    batch statistics, and keeps its weights and its running statistics."""
    if getattr(network, "_trainable", None) is trainable:
        return
    network.train()
    network.requires_grad_(trainable)
    for module in network.modules():
        if isinstance(module, nn.modules.batchnorm._BatchNorm):
            module.track_running_stats = trainable
    network._trainable = trainable  # type: ignore[assignment]


def freeze(model: Model) -> Model:
    """Eval mode for good, with no gradients into the weights: how a release is measured."""
    for network in model.networks.values():
        set_trainable(network, True)  # so that batch norm uses its running statistics again
        network.eval().requires_grad_(False)
        network._trainable = None  # type: ignore[assignment]
    return model


def load(folder: Path, device: torch.device | str = "cpu") -> tuple[Run, dict[str, Any], Model]:
    """A finished run from its folder: (run, record of run.json, frozen model).

    Raises PenumbraError when the folder is unfinished, damaged, renamed or of another version.
    """
    record = files.read_json(folder / "run.json")
    if record.get("version") != VERSION:
        raise PenumbraError(
            f"{folder} was written by another version of Penumbra "
            f"({record.get('version')!r}, this is {VERSION}); train it again"
        )
    run = from_dict(record.get("run", {}))
    if folder.name != run.id:
        raise PenumbraError(f"{folder} holds {run.id}; give the folder its own name back")
    if not (folder / "done").is_file():
        raise PenumbraError(f"{folder} is not finished; resume it with python -m core train")
    attributes = record.get("attributes")
    if not isinstance(attributes, list) or not all(isinstance(a, str) for a in attributes):
        raise PenumbraError(f"{folder}/run.json names no attributes; train it again")
    model = without(METHODS[run.method].model(run, tuple(attributes)), record.get("left_out", []))
    weights = folder / "weights.safetensors"
    tensors = files.load_tensors(weights, record.get("weights_sha256"))
    files.fill_networks(model.networks, tensors, weights)
    for network in model.networks.values():
        network.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    return run, record, freeze(model)


def without(model: Model, names: list[str]) -> Model:
    """The model without networks that only its training needed (see `core.shipping.shipped`)."""
    gone = [model.networks[name] for name in names if name in model.networks]
    parts = ("training_adversary", "training_reconstructor", "own_head", "own_verifier")
    lost: dict[str, Any] = {
        part: None
        for part in parts
        if isinstance(function := getattr(model, part), nn.Module)
        and any(module is network for module in function.modules() for network in gone)
    }
    return dataclasses.replace(
        model,
        networks={k: v for k, v in model.networks.items() if k not in names},
        **lost,
    )


def finish(folder: Path, model: Model, record: dict[str, Any]) -> None:
    """Write weights and record, drop the training state, and mark the folder done."""
    tensors = files.halved(files.network_tensors(model.networks))
    bad = [name for name, t in tensors.items() if t.is_floating_point() and not t.isfinite().all()]
    if bad:
        raise PenumbraError(f"training diverged: {bad[0]} is not finite; lower the learning rate")
    record["weights_sha256"] = files.save_tensors(folder / "weights.safetensors", tensors)
    files.write_json(folder / "run.json", record)
    files.write_bytes(folder / "done", b"")
    for path in (folder / "state.json", *folder.glob("state-*.safetensors")):
        path.unlink(missing_ok=True)


def _record(
    run: Run, faces: Faces, device: torch.device, folder: Path, notes: dict[str, str]
) -> dict[str, Any]:
    """Content of run.json at the start. A folder begun on other data, or where the method noted
    something else, is refused."""
    record = {
        "version": VERSION,
        "run": json.loads(run.canonical()),
        "attributes": list(faces.attribute_names),
        "data": {
            "fingerprint": faces.fingerprint,
            "photographs": {
                s: len(faces.indices(s)) for s in ("defender", "attacker", "validation", "test")
            },
            "identities": len(set(faces.identities.tolist())),
        },
        "device": devices.describe(device),
        "device_type": device.type,
        "threads": torch.get_num_threads(),
        "torch": torch.__version__,
        "code": code_fingerprint(),
        "notes": notes,
    }
    path = folder / "run.json"
    if path.is_file():
        old = files.read_json(path)
        if old.get("data") != record["data"]:
            raise PenumbraError(
                f"{folder} was begun on other photographs; delete it, or restore the data set"
            )
        if (before := old.get("notes", {})) != notes:
            raise PenumbraError(f"{folder} was begun with {before}, here are {notes}; delete it")
    files.write_json(path, record)
    return record


@contextmanager
def _stop_signals() -> Iterator[Callable[[], bool]]:
    """Turn SIGTERM and SIGINT into a flag that is read between two steps."""
    asked = False

    def ask(number: int, frame: FrameType | None) -> None:
        nonlocal asked
        asked = True

    try:
        before = {s: signal.signal(s, ask) for s in (signal.SIGTERM, signal.SIGINT)}
    except ValueError:  # not the main thread: the caller handles signals
        before = {}
    try:
        yield lambda: asked
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _threads_from_environment() -> None:
    """`PENUMBRA_THREADS` sets torch's threads (two trainings side by side want one each)."""
    if count := os.environ.get("PENUMBRA_THREADS"):
        torch.set_num_threads(int(count))


_threads_from_environment()
