"""Decoding many photographs into one array, on all cores."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from queue import SimpleQueue

import numpy as np
from tqdm import tqdm

from core.data.listing import Photograph
from core.data.packing.decode import decode_into
from core.errors import PenumbraError
from core.run import ROOT

# Photographs in a piece of work: large enough that handing it over costs nothing, small enough that
# nobody waits long for the last one, and decoded no larger than PIECE_BYTES.
PIECES_EACH = 24
LEAST, MOST = 32, 512
PIECE_BYTES = 32 * 2**20

# (first byte in the array file, the photographs) -> (checksums, [position, reason] of broken ones)
Decoder = Callable[[int, list[Photograph]], tuple[list[int], list[list]]]


def decode_all(
    photographs: list[Photograph],
    array_file: Path,
    height: int,
    width: int,
    crop: float = 1.0,
    processes: int | None = None,
    progress: bool = True,
    label: str = "",
) -> tuple[list[int], list[list]]:
    """Decode into a new .npy file, uint8 (N, height, width, 3).

    `processes` work at the same time, this one among them; by default one per usable core. Returns
    the checksum of each photograph's bytes and [position, reason] of the broken ones. Raises
    PenumbraError when a decoding process dies.
    """
    count, row = len(photographs), height * width * 3
    array = np.lib.format.open_memmap(
        array_file, mode="w+", dtype=np.uint8, shape=(count, height, width, 3)
    )
    first_byte = array.offset
    del array
    # Usable cores: a container may hold them below the machine's.
    can_ask = hasattr(os, "sched_getaffinity")
    processes = processes or (len(os.sched_getaffinity(0)) if can_ask else os.cpu_count() or 1)
    chunk = min(max(LEAST, count // (processes * PIECES_EACH)), MOST, max(1, PIECE_BYTES // row))
    processes = min(processes, max(1, count // LEAST))
    starts = range(0, count, chunk)
    checksums: list[int] = []
    broken: list[list] = []
    workers = [_start_worker(array_file) for _ in range(processes - 1)]
    idle: SimpleQueue[Decoder] = SimpleQueue()
    bar = tqdm(total=count, desc=f"packing {label}", unit="img", disable=not progress)

    def decoded(start: int) -> tuple[list[int], list[list]]:
        decoder = idle.get()
        try:
            return decoder(first_byte + start * row, photographs[start : start + chunk])
        finally:
            idle.put(decoder)

    try:
        with open(array_file, "r+b") as file, ThreadPoolExecutor(processes) as pool:
            # This process decodes, too: at once, while the others are still starting.
            idle.put(lambda at, part: decode_into(file, at, part, height, width, crop))
            for worker in workers:
                idle.put(partial(_ask, worker, (height, width, crop)))
            try:
                for start, (sums, bad) in zip(starts, pool.map(decoded, starts), strict=True):
                    checksums += sums
                    broken += [[start + position, reason] for position, reason in bad]
                    bar.update(len(sums))
            finally:
                pool.shutdown(wait=False, cancel_futures=True)
    finally:
        for worker in workers:
            worker.kill()
            worker.communicate()
        bar.close()
    return checksums, broken


def _start_worker(array_file: Path) -> subprocess.Popen:
    paths = filter(None, (str(ROOT), os.environ.get("PYTHONPATH")))
    threads = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    return subprocess.Popen(
        [sys.executable, "-m", "core.data.packing.worker", str(array_file)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | threads | {"PYTHONPATH": os.pathsep.join(paths)},
    )


def _ask(
    worker: subprocess.Popen, size: tuple[int, int, float], at: int, part: list[Photograph]
) -> tuple[list[int], list[list]]:
    """Have a worker `decode_into` its file. Raises PenumbraError when it is dead."""
    assert worker.stdin is not None
    assert worker.stdout is not None
    try:
        worker.stdin.write(json.dumps((at, part, *size)) + "\n")
        worker.stdin.flush()
        line = worker.stdout.readline()
    except BrokenPipeError:
        line = ""
    if not line:
        raise PenumbraError(
            f"a decoding process ended with status {worker.wait()}; free some memory and disk and try again"
        )
    return json.loads(line)
