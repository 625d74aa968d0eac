"""`findings.jsonl.gz`: the rows of one attack, a JSON object a line. Packed, because a grid of
settings repeats the same words thousands of times."""

import gzip
import json
import math
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from core.errors import PenumbraError
from core.storage import files

NAME = "findings.jsonl.gz"
LARGEST = 32 << 20  # bytes unpacked
COLUMNS = {  # of a row -> type
    "run_id": str,
    "target": str,
    "role": str,
    "attacker": str,
    "protocol": str,
    "release_value": float,
    "metric": str,
    "value": float,
    "low": float,
    "high": float,
    "chance": float,
    "n": int,
    "identities": int,
    "seed": int,
    "conclusive": bool,
}
REQUIRED = ("target", "role", "attacker", "metric", "value")
LONGEST = 200  # characters of a text
DAMAGED = (ValueError, TypeError, KeyError, AttributeError, OverflowError)


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


def columns(folder: Path, run_id: str, seed: int) -> dict[str, list[Any]]:
    """The rows as `COLUMNS`, checked: nothing becomes NaN in numbers, and True for `conclusive`.
    Raises PenumbraError naming the first bad row, or where rows are another run's."""
    rows = read(folder)
    where = f"{folder.name}/{NAME}"
    again = "delete that attack's folder and evaluate again"
    try:
        found = _columns(rows)
    except DAMAGED as error:
        number = next(n for n, row in enumerate(rows, 1) if _is_damaged(row))
        raise PenumbraError(f"{run_id}: row {number} of {where} is damaged; {again}") from error
    if not {*found["run_id"]} <= {None, run_id}:
        raise PenumbraError(f"{run_id}: {where} holds rows of another run; {again}")
    return found | {"run_id": [run_id] * len(rows), "seed": [seed] * len(rows)}


def _columns(rows: list[dict[str, Any]]) -> dict[str, list[Any]]:
    """Raises one of `DAMAGED` where a value is missing or is not of its kind."""
    found: dict[str, list[Any]] = {}
    for name, kind in COLUMNS.items():
        required = name in REQUIRED
        values = [row[name] for row in rows] if required else [row.get(name) for row in rows]
        allowed = {kind, type(None)} | ({int} if kind is float else set())  # as JSON has them
        if not {*map(type, values)} <= allowed:
            raise TypeError(name)
        if kind is str and any(value is not None and len(value) > LONGEST for value in {*values}):
            raise ValueError(name)
        if kind is float:
            values = [math.nan if value is None else float(value) for value in values]
        found[name] = [value is not False for value in values] if kind is bool else values
    return found


def _is_damaged(row: Any) -> bool:
    try:
        _columns([row])
    except DAMAGED:
        return True
    return False
