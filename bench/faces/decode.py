"""Packing photographs against plain Pillow decoding of the same photographs.

    python -m bench.faces.decode [--dataset synthetic | --images FOLDER_OR_ZIP] [--size 64]
        [--processes 2] [--rounds 3] [--least 4000]

Ours is `core.data.packing.pack.pack` from the listed photographs to the finished pack: starting the decoding
processes, reading, checking, upright turning, cropping, resizing, writing the array, the
fingerprint. Plain is the sum of what as many processes reach at once with nothing but
`Image.open(bytes).convert("RGB").resize(size, LANCZOS)` on bytes already in memory, their start not
counted. Prints photographs per second and the ratio, round by round, in turn; the goal is at least
0.9. On a machine that is busy with other work the ratio of CPU seconds per photograph, also printed,
is the steadier figure. A small set is decoded several times over, to at least `--least` photographs.
"""

import argparse
import io
import multiprocessing
import os
import statistics
import tempfile
import time
from pathlib import Path

import numpy as np
from PIL import Image

from core.data import datasets, listing
from core.data.listing import Listing, Photograph
from core.data.packing import decode, pack


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dataset", default="synthetic")
    parser.add_argument("--images", type=Path, help="a folder or zip of photographs instead")
    parser.add_argument("--size", type=int, default=64)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--least", type=int, default=4000)
    options = parser.parse_args()

    photographs = _photographs(options.dataset, options.images)
    photographs *= -(-options.least // len(photographs))
    encoded = [decode.read(photograph) for photograph in photographs]
    print(
        f"{len(photographs)} photographs of {sum(map(len, encoded)) / len(encoded) / 1024:.1f} KB to "
        f"{options.size} x {options.size} px on {options.processes} processes"
    )
    ratios, cpu_ratios = [], []
    for number in range(options.rounds):
        plain, plain_cpu = plain_rate(encoded, options.size, options.processes)
        ours, cpu = packing_rate(photographs, options.size, options.processes)
        ratios.append(ours / plain)
        cpu_ratios.append(plain_cpu / cpu)
        print(
            f"round {number}: plain Pillow {plain:.0f}/s, packing {ours:.0f}/s, "
            f"ratio {ratios[-1]:.2f} (CPU {cpu_ratios[-1]:.2f})"
        )
    print(
        f"packing / plain Pillow: median ratio {statistics.median(ratios):.2f} (goal 0.9), by "
        f"CPU seconds {statistics.median(cpu_ratios):.2f}"
    )


def _photographs(dataset: str, images: Path | None) -> list[Photograph]:
    if images is None:
        return datasets.listed(datasets.entry_of(dataset)).photographs
    found = listing.files(images)
    return [found[name] for name in sorted(found) if name.lower().endswith(listing.IMAGE_SUFFIXES)]


def plain_rate(encoded: list[bytes], size: int, processes: int) -> tuple[float, float]:
    """Photographs per second, summed over processes that work at the same time, and CPU seconds per
    photograph."""
    parts = [(encoded[start::processes], size) for start in range(processes)]
    with multiprocessing.get_context("fork").Pool(processes) as pool:
        rates, cpu = zip(*pool.starmap(_plain, parts, chunksize=1), strict=True)
    return sum(rates), statistics.mean(cpu)


def _plain(encoded: list[bytes], size: int) -> tuple[float, float]:
    began, cpu = time.perf_counter(), time.process_time()
    for data in encoded:
        image = Image.open(io.BytesIO(data)).convert("RGB")
        np.asarray(image.resize((size, size), Image.Resampling.LANCZOS))
    cpu = time.process_time() - cpu
    return len(encoded) / (time.perf_counter() - began), cpu / len(encoded)


def packing_rate(photographs: list[Photograph], size: int, processes: int) -> tuple[float, float]:
    """Photographs per second of a whole packing into a fresh home, and CPU seconds per photograph."""
    count = len(photographs)
    people = np.arange(count) % 4
    listed = Listing(
        names=[str(position) for position in range(count)],
        photographs=photographs,
        attribute_names=("None",),
        attributes=(np.arange(count) % 2).astype(np.int8)[:, None],
        identities=[str(person) for person in people],
        split=people.astype(np.int8),
        notes=[],
    )
    with tempfile.TemporaryDirectory() as home:
        os.environ["PENUMBRA_HOME"] = home
        began, cpu = time.perf_counter(), _cpu_seconds()
        pack.pack(
            "bench", size, size, "0" * 12, lambda: listed, processes=processes, progress=False
        )
        return count / (time.perf_counter() - began), (_cpu_seconds() - cpu) / count


def _cpu_seconds() -> float:
    """Of this process and its ended children."""
    return sum(os.times()[:4])


if __name__ == "__main__":
    main()
