"""`log.jsonl` of a run: a JSON object for each logged step of its training. Needs no torch."""

import json
import os
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from core.errors import PenumbraError
from core.storage import files
from core.torch_types import Tensor

NAME = "log.jsonl"
MOST_STEPS = 10**12
LONGEST_ROW = 400  # bytes of a logged step, at most, as far as reading the end of a log goes


def exists(folder: Path) -> bool:
    return (folder / NAME).is_file()


def drop(folder: Path) -> None:
    (folder / NAME).unlink(missing_ok=True)


def read(folder: Path, last: int | None = None) -> list[dict[str, Any]]:
    """The rows of a training's log, or about the `last` ones without reading the whole of it; lines
    that a kill has cut short, or that are not ours, are left out."""
    if not exists(folder):
        return []
    with open(folder / NAME, "rb") as file:
        if last is not None:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - last * LONGEST_ROW))
        lines = file.read().decode(errors="replace").splitlines()
    rows = []
    for line in lines[-last:] if last else lines:
        with suppress(ValueError, RecursionError):
            rows.append(json.loads(line))
    return [row for row in rows if isinstance(row, dict) and _counts(row)]


def _counts(row: dict[str, Any]) -> bool:
    """Whether a row says which step it is about, and of how many, in numbers that can be counted
    with."""
    found = row.get("step"), row.get("steps", 0)
    return all(type(number) is int and 0 <= number < MOST_STEPS for number in found)


class Log:
    """What a training says while it runs: rows gathered in memory as device scalars and written
    rarely, so that logging never makes a GPU wait."""

    def __init__(self, folder: Path, keep: int) -> None:
        """Drop the rows of steps from `keep` on: they will be trained, and written, again."""
        self.folder = folder
        self.waiting: list[dict[str, Any]] = []
        self.flushed = time.monotonic()
        kept = [row for row in read(folder) if row["step"] < keep]
        files.write_bytes(folder / NAME, "".join(map(_line, kept)).encode())

    def note(self, stage: str, step: int, steps: int) -> None:
        """A stage that was not trained but taken over from another run."""
        self.waiting.append({"stage": stage, "step": step, "steps": steps, "shared": True})
        self.flush()

    def losses(self, losses: dict[str, Tensor], **row: Any) -> None:
        self.waiting.append(row | {"losses": {k: v.detach() for k, v in losses.items()}})
        if time.monotonic() - self.flushed > 1:
            self.flush()

    def flush(self) -> None:
        """Raises PenumbraError when a loss is not finite: nothing after it is worth training."""
        rows = []
        for row in self.waiting:
            losses = {k: float(v) for k, v in row.pop("losses", {}).items()}
            bad = [k for k, v in losses.items() if not -1e30 < v < 1e30]
            if bad:
                raise PenumbraError(
                    f"training diverged in stage {row['stage']}, step {row['step']}: the loss "
                    f"{bad[0]!r} is not finite; use a smaller knob value or learning rate"
                )
            row["seconds"] = round(row.get("seconds", 0.0), 2)
            rows.append(row | {k: round(v, 5) for k, v in losses.items()})
        with open(self.folder / NAME, "a", encoding="utf-8") as file:
            file.writelines(map(_line, rows))
        self.waiting, self.flushed = [], time.monotonic()


def _line(row: dict[str, Any]) -> str:
    return json.dumps(row) + "\n"
