"""A decoding process: `python -m core.data.packing.worker`, started by `core.data.packing.parallel`.

It reads one JSON line per chunk of work from standard input and answers each with one JSON line, so
it ends by itself when its parent does. A plain subprocess is used rather than `multiprocessing`,
whose safe start method imports the caller's main module again: not something a library may ask of
the scripts and app servers that call it.
"""

from __future__ import annotations

import json
import sys

from core.data.listing import Photograph
from core.data.packing.decode import decode_into


def main() -> None:
    """Write the photographs of each {"at", "photographs", "height", "width", "crop"} line into the
    file named on the command line, from byte "at" on, and answer {"checksums", "broken"}; until
    standard input closes."""
    with open(sys.argv[1], "r+b") as file:
        for line in sys.stdin:
            task = json.loads(line)
            task["photographs"] = [Photograph(*entry) for entry in task["photographs"]]
            checksums, broken = decode_into(file, **task)
            print(json.dumps({"checksums": checksums, "broken": broken}), flush=True)


if __name__ == "__main__":
    main()
