"""The training loop: the only one, for every method.

Everything random in step k (which photographs, noise images) is a pure function of the run's seed,
the stage and k. So the state of a training is its networks, its optimisers and k: one that was
killed goes on from its last saved state to the same weights, bit for bit on the same device with
the same number of threads.
"""

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import torch
from filelock import FileLock, Timeout
from tqdm import tqdm

from core import device as devices
from core.data.faces import Faces
from core.data.on_device import part_indices, to_device
from core.errors import PenumbraError, Stopped
from core.methods import METHODS, Model
from core.methods.declare import columns
from core.run import Run
from core.run_validation import checked, read_run
from core.storage import files, numbers_only, run_folder
from core.storage.training_log import Log
from core.training import networks, run_record, shared_stages, state, statistics
from core.training.batches import batch_at, batches_before
from core.training.networks import freeze, optimisers_of, renew, update

LOG_EVERY = 10  # steps
SAVE_EVERY = 20.0  # seconds between saved states

if _count := os.environ.get("PENUMBRA_THREADS"):  # two trainings side by side want one each
    torch.set_num_threads(int(_count))


def train(
    run: Run,
    faces: Faces,
    device: str = "auto",
    progress: bool = True,
    save_every: float = SAVE_EVERY,
) -> Path:
    """Train `run` on the defender's photographs, or go on where it was stopped. Returns its folder;
    a finished run is left as it is. Raises PenumbraError when the folder is in use or belongs to
    other data, and Stopped on SIGTERM or SIGINT after saving. `save_every` is in seconds."""
    run = checked(run)
    height, width = METHODS[run.method].size(run.preset)
    if (faces.height, faces.width) != (height, width):
        raise PenumbraError(
            f"{run.method} {run.preset} needs {height}x{width} pixels, "
            f"got {faces.height}x{faces.width}; load the data set at that size"
        )
    columns(faces.attribute_names, (*run.tasks, *run.private))  # fails before a folder is made
    numbers_only.refuse(run.folder)
    run.folder.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(run.lock("train"), timeout=0), _stop_signals() as asked_to_stop:
            if not run_folder.is_finished(run.folder):
                _train(run, faces, devices.choose(device), progress, save_every, asked_to_stop)
    except Timeout as error:
        raise PenumbraError(f"{run.id} is being trained by another process; wait for it") from error
    return run.folder


def _train(
    run: Run,
    faces: Faces,
    device: torch.device,
    progress: bool,
    save_every: float,
    asked_to_stop: Callable[[], bool],
) -> None:
    model = METHODS[run.method].model(run, faces.attribute_names)
    described = run_record.begin(run, faces, device, model.notes() if model.notes else {})
    networks.to_device(model, device)
    wanted = {phase.part for stage in model.stages for phase in stage.phases}
    wanted |= {"all" for stage in model.stages if stage.prepare is not None}
    parts = {p: to_device(faces, part_indices(faces, p), device, True) for p in sorted(wanted)}
    photographs = len(faces.indices("defender"))
    lengths = [networks.steps_of(stage, photographs) for stage in model.stages]
    start = state.resume(model, run.folder)
    done = sum(lengths[: start.stage]) + start.step
    log = Log(run.folder, keep=done)
    bar = tqdm(total=sum(lengths), initial=done, unit="step", disable=not progress, desc=run.id)
    began = saved = time.monotonic()

    def seconds() -> float:
        return start.seconds + time.monotonic() - began

    trained = 1 + max((number for number, steps in enumerate(lengths) if steps), default=-1)

    def settle() -> None:
        if run.recipe > 1:
            value = METHODS[run.method].release_values[0]
            statistics.estimate_anew(freeze(model), faces, value, device)

    for number, stage in enumerate(model.stages[start.stage :], start.stage):
        if number == trained:
            settle()
        first = start.step if number == start.stage else 0
        before = sum(lengths[:number])
        optimisers = start.optimisers if first else optimisers_of(model, stage)
        kept = shared_stages.path_of(model, number, described)
        with shared_stages.alone_with(kept, asked_to_stop):
            if first == 0 and shared_stages.taken_over(model, kept):
                bar.update(lengths[number])
                log.note(stage.name, before, sum(lengths))
                continue
            if first == 0 and stage.prepare is not None:
                freeze(model)
                with torch.no_grad():
                    stage.prepare(partial(batches_before, parts["all"], run.seed, number, stage))
            renewal = networks.renewal_steps(stage, photographs)
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
                    place = {"stage": stage.name, "step": before + step, "steps": sum(lengths)}
                    log.losses(losses, **place, phase=phase.name, seconds=seconds())
                stopping = asked_to_stop()
                if stopping or time.monotonic() - saved > save_every:
                    log.flush()
                    state.save(run.folder, model, optimisers, number, step + 1, seconds())
                    saved = time.monotonic()
                if stopping:
                    bar.close()
                    raise Stopped(f"{run.id} stopped at step {step + 1} of stage {stage.name}")
            if kept is not None:
                shared_stages.leave(model, number, kept)
    bar.close()
    log.flush()
    if trained == len(model.stages):
        settle()
    described |= {"seconds": round(seconds(), 2), "steps": sum(lengths)}
    run_record.finish(run.folder, model, described)


def load(folder: Path, device: torch.device | str = "cpu") -> tuple[Run, dict[str, Any], Model]:
    """A finished run from its folder: (run, record of run.json, frozen model). Raises PenumbraError
    when the folder is unfinished, damaged, renamed, moved or of another version."""
    run, described = read_run(folder), run_folder.read_record(folder)
    if not run_folder.is_finished(folder):
        numbers_only.refuse(folder)
        raise PenumbraError(f"{folder} is not finished; resume it with python -m core train")
    attributes = described.get("attributes")
    if not isinstance(attributes, list) or not all(isinstance(a, str) for a in attributes):
        raise PenumbraError(f"{folder}/run.json names no attributes; train it again")
    model = METHODS[run.method].model(run, tuple(attributes))
    model = run_record.without(model, described.get("left_out", []))
    weights = run_folder.weights_file(folder)
    tensors = files.load_tensors(weights, described.get("weights_sha256"))
    files.fill_networks(model.networks, tensors, weights)
    return run, described, freeze(networks.to_device(model, device))


@contextmanager
def _stop_signals() -> Iterator[Callable[[], bool]]:
    """Turn SIGTERM and SIGINT into a flag that is read between two steps."""
    asked: list[int] = []  # not an Event: a second signal within its `set` would wait for ever
    before = {}
    if threading.current_thread() is threading.main_thread():  # else the caller handles signals
        for number in (signal.SIGTERM, signal.SIGINT):
            before[number] = signal.signal(number, lambda number, _: asked.append(number))
    try:
        yield lambda: bool(asked)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
