"""`findings.jsonl.gz`: the rows of one attack, a JSON object a line. Packed, because a grid of
settings repeats the same words thousands of times."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from core.errors import PenumbraError
from core.storage import files

NAME = "findings.jsonl.gz"
LARGEST = 32 << 20  # bytes unpacked


def write(folder: Path, rows: Sequence[dict[str, Any]]) -> None:
    """Write the rows of an attack; equal rows give equal bytes."""
    text = "".join(json.dumps(row, allow_nan=False, separators=(",", ":")) + "\n" for row in rows)
    files.write_bytes(folder / NAME, gzip.compress(text.encode(), mtime=0))


def read(folder: Path) -> list[Any]:
    """The rows again. Raises PenumbraError when the file is missing, damaged or too large."""
    try:
        unpack = zlib.decompressobj(wbits=31)  # 31: with gzip's header
        content = unpack.decompress((folder / NAME).read_bytes(), LARGEST)
        if unpack.unconsumed_tail:
            raise PenumbraError(f"{folder / NAME} is too large to be ours; evaluate again")
        if not unpack.eof:
            raise EOFError("it ends too early")
        # one list for the parser: several times as fast as a line at a time
        return json.loads(f"[{','.join(content.decode().splitlines())}]")
    except PenumbraError:
        raise
    except (OSError, EOFError, zlib.error, ValueError, RecursionError) as error:
        raise PenumbraError(
            f"{folder / NAME} cannot be read ({error}); delete its folder and evaluate again"
        ) from error
