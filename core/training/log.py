"""What a training says while it runs (`core.storage.run_folder.read_log`)."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from torch import Tensor

from core.errors import PenumbraError
from core.storage import run_folder


class Log:
    """Rows gathered in memory as device scalars and written rarely, so that logging
    never makes a GPU wait."""

    def __init__(self, folder: Path, keep: int) -> None:
        """Drop the rows of steps from `keep` on: they will be trained, and written, again."""
        self.folder = folder
        self.waiting: list[dict[str, Any]] = []
        self.flushed = time.monotonic()
        rows = run_folder.read_log(folder)
        rows = [row for row in rows if row.get("step", -1) < keep]
        run_folder.write_log(folder, rows, append=False)

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
        run_folder.write_log(self.folder, rows)
        self.waiting, self.flushed = [], time.monotonic()
