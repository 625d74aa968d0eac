"""Does every machine answer a photograph alike? The integers of a certified run, computed in several ways.

    python -m bench.certified_cells RUN                    # of all photographs of its data set
    python -m bench.certified_cells RUN --dataset OTHER    # of another one's

Prints how many photographs get another integer with other batches, other threads, without oneDNN and
with channels in another order, and the SHA-256 of all integers, to be compared between machines.
"""

import argparse
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch

from core import data
from core.cli.options import folders
from core.data.on_device import read
from core.errors import PenumbraError
from core.evaluate import open_run


@contextmanager
def threads(count: int) -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("run")
    parser.add_argument("--dataset", help="whose photographs; default: the run's own")
    parser.add_argument("--most", type=int, default=10_000, help="photographs")
    options = parser.parse_args()
    opened = open_run(folders([options.run])[0], "cpu")
    model, faces = opened.model, opened.faces
    if model.cells is None:
        raise PenumbraError(f"{opened.run.id} releases no integers")
    if options.dataset:
        faces = data.load(options.dataset, faces.height, faces.width)
    rows = np.arange(len(faces))[: options.most]
    read_cells = model.cells

    def cells(batch: int, channels_last: bool = True) -> np.ndarray:
        found = []
        with torch.no_grad():
            for part in np.array_split(rows, -(-len(rows) // batch)):
                x = read(faces, part).float() / 255
                found.append(read_cells(x if channels_last else x.contiguous()))
        return torch.cat(found).numpy()

    usual = cells(256)
    print(f"{len(rows)} photographs, {len(np.unique(usual))} integers")
    ways = {"batches of 7": (7, True), "channels first": (256, False)}
    for name, way in ways.items():
        print(f"{name}: {(cells(*way) != usual).sum()} differ")
    with threads(2 if torch.get_num_threads() == 1 else 1):
        print(f"{torch.get_num_threads()} thread(s): {(cells(256) != usual).sum()} differ")
    with torch.backends.mkldnn.flags(enabled=False):
        print(f"without oneDNN: {(cells(256) != usual).sum()} differ")
    print(f"SHA-256 {hashlib.sha256(usual.astype('<i8').tobytes()).hexdigest()}")


if __name__ == "__main__":
    main()
