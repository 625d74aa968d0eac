"""Whether anything in the checkpoint folder has changed, asked before every redraw."""

from __future__ import annotations

import os

# (checkpoint folder, how many times `times` found, their sum, `app.study.findings.version`)
Mark = tuple[str, int, int, str]
DEPTH = 5  # <dataset>/<run>/attacks/<protocol>/<attack>
FILES_DOWN_TO = 3  # run.json, done and the like; a run's parts are written as whole folders


def times(root: str) -> list[int]:
    """When each folder below `root`, and each file of a run, was last changed, in ns.

    A folder changes when something in it is made, replaced or removed. That is how everything here
    is written (`core.storage.files`), so the thousands of files inside need not be asked.
    """
    found: list[int] = []
    _add(root, 1, found)
    return found


def _add(folder: str, depth: int, found: list[int]) -> None:
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                below = entry.is_dir(follow_symlinks=False)
                if below or depth <= FILES_DOWN_TO:
                    found.append(entry.stat(follow_symlinks=False).st_mtime_ns)
                if below and depth < DEPTH:
                    _add(entry.path, depth + 1, found)
    except FileNotFoundError:
        return  # removed while it was being looked at: the next look says so
