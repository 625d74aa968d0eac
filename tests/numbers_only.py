"""Checkpoint folders of which only numbers are left, as they come with Penumbra."""

from __future__ import annotations

import json
from pathlib import Path

from core.methods import METHODS
from core.results import read_run
from core.shipping import real_faces
from core.shipping.numbers_export import export
from core.storage import numbers_only, run_folder


def numbers_of(root: Path, into: Path, dataset: str = "celeba_64") -> None:
    """Export every run of a data set in `root`, written by `tests.checkpoint_folders`."""
    for folder in sorted(path for path in (root / dataset).iterdir() if path.is_dir()):
        if run_folder.has_record(folder):
            record = run_folder.read_record(folder)
            counts = {"fingerprint": "5e" * 32, "photographs": {"test": 400}, "identities": 50}
            (folder / "run.json").write_text(json.dumps(record | {"data": counts}))
            values = METHODS[read_run(folder).method].release_values
            numbers_only.declare(export(folder, into, values).parent, real_faces.SETS[dataset].said)
