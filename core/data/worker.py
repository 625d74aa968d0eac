"""A decoding process: `python -m core.data.worker`, started by `core.data.parallel`.

It reads one JSON line per chunk of work from standard input and answers each with one JSON line, so
it ends by itself when its parent does. A plain subprocess is used rather than `multiprocessing`,
whose safe start method imports the caller's main module again: not something a library may ask of
the scripts and app servers that call it.
"""

from __future__ import annotations

import json
import sys

import numpy as np

from core.data.decode import decode_chunk
from core.data.listing import Photograph


def main() -> None:
    """Serve {"images", "start", "crop", "photographs"} lines with {"checksums", "broken"} lines
    until standard input closes; pixels go straight into the memory-mapped file "images"."""
    opened = ""
    for line in sys.stdin:
        task = json.loads(line)
        if task["images"] != opened:
            opened = task["images"]
            images = np.load(opened, mmap_mode="r+", allow_pickle=False)
        photographs = [Photograph(*entry) for entry in task["photographs"]]
        checksums, broken = decode_chunk(photographs, images, task["start"], task["crop"])
        print(json.dumps({"checksums": checksums, "broken": broken}), flush=True)


if __name__ == "__main__":
    main()
