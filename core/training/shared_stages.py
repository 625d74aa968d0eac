"""Stages whose outcome several runs share: pretrainings that a sweep trains once."""

import hashlib
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from core.errors import Stopped
from core.methods import Model
from core.run import VERSION, home
from core.storage import files


def path_of(model: Model, number: int, record: dict[str, Any]) -> Path | None:
    """Where the outcome of stage `number` is kept for other runs; None when it is not shared."""
    shared = [stage.shared for stage in model.stages[: number + 1]]
    described = [stage() if callable(stage) else stage for stage in shared]
    if None in described:
        return None
    machine = (record["data"]["fingerprint"], record["device_type"], record["threads"])
    key = json.dumps([described, *machine, VERSION], sort_keys=True)
    name = hashlib.sha256(key.encode()).hexdigest()[:20]
    return home() / "pretrained" / f"{name}.safetensors"


def taken_over(model: Model, kept: Path | None) -> bool:
    """Whether another run has left the outcome of a stage; if so, the model has it now."""
    if kept is None or not kept.is_file():
        return False
    files.fill_networks(model.networks, files.load_tensors(kept), kept, missing_ok=True)
    return True


def leave(model: Model, number: int, kept: Path) -> None:
    """Keep the outcome of stage `number` for other runs: the networks that stages up to it train.
    Other methods share the stage with other networks beside these."""
    names = {n for s in model.stages[: number + 1] for phase in s.phases for n in phase.trains}
    networks = {name: model.networks[name] for name in sorted(names)}
    files.save_tensors(kept, files.network_tensors(networks))


@contextmanager
def alone_with(kept: Path | None, asked_to_stop: Callable[[], bool]) -> Iterator[None]:
    """Hold the lock of a shared stage: of two trainings that need it, the second waits for the
    first and takes its outcome."""
    if kept is None:
        yield
        return
    kept.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(kept.with_suffix(".lock"))
    while not lock.is_locked:
        try:
            lock.acquire(timeout=1)
        except Timeout:
            if asked_to_stop():
                raise Stopped("stopped while waiting for a shared pretraining") from None
    try:
        yield
    finally:
        lock.release()
