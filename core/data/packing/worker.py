"""A decoding process: `python -m core.data.packing.worker`, started by `core.data.packing.parallel`.

It ends by itself when its parent does. A plain subprocess is used rather than `multiprocessing`,
whose safe start method imports the caller's main module again: not something a library may ask of
the scripts and app servers that call it.
"""

import json
import sys

from core.data.listing import Photograph
from core.data.packing.decode import decode_into


def main() -> None:
    """Answer each JSON line on standard input, the arguments of `decode_into` for the file named on
    the command line, with one of what it returns; until standard input closes."""
    with open(sys.argv[1], "r+b") as file:
        for line in sys.stdin:
            at, photographs, *size = json.loads(line)
            found = decode_into(file, at, [Photograph(*entry) for entry in photographs], *size)
            print(json.dumps(found), flush=True)


if __name__ == "__main__":
    main()
