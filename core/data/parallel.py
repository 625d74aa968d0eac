"""Decoding many photographs into one array, on all cores."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
from tqdm import tqdm

from core.data.decode import decode_chunk
from core.data.listing import Photograph
from core.errors import PenumbraError
from core.run import ROOT

CHUNK = 64  # photographs per piece of work

# (position of the first photograph, the photographs) -> (checksums, [position, reason] of broken)
Decoder = Callable[[int, list[Photograph]], tuple[list[int], list[list]]]


def decode_all(
    photographs: list[Photograph],
    images: np.ndarray,
    array_file: Path,
    crop: float = 1.0,
    processes: int | None = None,
    progress: bool = True,
    label: str = "",
) -> tuple[list[int], list[list]]:
    """Decode into `images`, uint8 (N, H, W, 3), the memory map of `array_file`.

    `processes` work at the same time, this one among them; by default one per usable core. Returns
    the checksum of each photograph's bytes and [position, reason] of the broken ones. Raises
    PenumbraError when a decoding process dies.
    """
    count = len(photographs)
    processes = min(processes or usable_cores(), -(-count // CHUNK))
    checksums: list[int] = [0] * count
    broken: list[list] = []
    failures: list[Exception] = []
    todo, turn = iter(range(0, count, CHUNK)), threading.Lock()
    bar = tqdm(total=count, desc=f"packing {label}", unit="img", disable=not progress)

    def work_off(decoder: Decoder) -> None:
        """Take piece after piece until none is left or somebody failed."""
        while not failures:
            with turn:
                start = next(todo, None)
            if start is None:
                return
            part = photographs[start : start + CHUNK]
            sums, bad = decoder(start, part)
            with turn:
                checksums[start : start + len(part)] = sums
                broken.extend(bad)
                bar.update(len(part))

    def serve(worker: subprocess.Popen) -> None:
        try:
            work_off(lambda start, part: _ask(worker, array_file, crop, start, part))
        except (OSError, ValueError) as error:  # a PenumbraError is a ValueError
            failures.append(error)

    workers = [_start_worker() for _ in range(processes - 1)]
    threads = [threading.Thread(target=serve, args=(worker,), daemon=True) for worker in workers]
    try:
        for thread in threads:
            thread.start()
        # This process decodes, too: at once, while the others are still starting.
        work_off(lambda start, part: decode_chunk(part, images, start, crop))
        for thread in threads:
            thread.join()
    finally:
        for worker in workers:
            worker.kill()
            worker.communicate()
        bar.close()
    if failures:
        raise failures[0]
    return checksums, broken


def _start_worker() -> subprocess.Popen:
    environment = dict(os.environ, OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1")
    environment["PYTHONPATH"] = os.pathsep.join(
        part for part in (str(ROOT), environment.get("PYTHONPATH", "")) if part
    )
    return subprocess.Popen(
        [sys.executable, "-m", "core.data.worker"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=environment,
    )


def _ask(
    worker: subprocess.Popen, array_file: Path, crop: float, start: int, part: list[Photograph]
) -> tuple[list[int], list[list]]:
    """Have a worker decode one piece. Raises PenumbraError when it is dead."""
    assert worker.stdin is not None
    assert worker.stdout is not None
    task = {"images": str(array_file), "start": start, "crop": crop, "photographs": part}
    try:
        worker.stdin.write(json.dumps(task) + "\n")
        worker.stdin.flush()
        line = worker.stdout.readline()
    except BrokenPipeError:
        line = ""
    if not line:
        raise PenumbraError(
            f"a decoding process ended with status {worker.wait()}; free some memory and try again"
        )
    answer = json.loads(line)
    return answer["checksums"], answer["broken"]


def usable_cores() -> int:
    """Cores this process may use, which a container may hold below the machine's."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
