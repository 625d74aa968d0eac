"""Stages whose outcome several runs share: pretrainings that a sweep trains once."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout
from torch import nn

from core.errors import Stopped
from core.methods import Model
from core.run import VERSION, home


def path_of(model: Model, number: int, record: dict[str, Any]) -> Path | None:
    """Where the outcome of stage `number` is kept for other runs; None when it is not shared."""
    described = [
        stage.shared() if callable(stage.shared) else stage.shared
        for stage in model.stages[: number + 1]
    ]
    if None in described:
        return None
    key = json.dumps(
        [
            described,
            record["data"]["fingerprint"],
            record["device_type"],
            record["threads"],
            VERSION,
        ],
        sort_keys=True,
    )
    name = hashlib.sha256(key.encode()).hexdigest()[:20]
    return home() / "pretrained" / f"{name}.safetensors"


def trained(model: Model, number: int) -> dict[str, nn.Module]:
    """The networks that stages up to `number` train: what a shared stage leaves to others. Other
    methods share the stage with other networks beside these."""
    names = {n for s in model.stages[: number + 1] for phase in s.phases for n in phase.trains}
    return {name: model.networks[name] for name in sorted(names)}


@contextmanager
def alone_with(cached: Path | None, asked_to_stop: Callable[[], bool]) -> Iterator[None]:
    """Hold the lock of a shared stage: of two trainings that need it, the second waits for the
    first and takes its outcome."""
    if cached is None:
        yield
        return
    cached.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(cached.with_suffix(".lock"))
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
