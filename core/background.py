"""Long work as a process of its own, known by a file: a page can be reloaded or closed meanwhile.

`process.json` in the work's folder holds the process's number and when it began; a process that
only inherited the number does not count.
"""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import psutil

from core.errors import PenumbraError
from core.run import ROOT
from core.storage import files


def launch(folder: Path, arguments: Sequence[str]) -> None:
    """Start `python -m core <arguments>`, detached; what it prints goes to `folder/output.txt`."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    environment = os.environ | {"PYTHONPATH": paths, "PYTHONUNBUFFERED": "1"}
    with open(folder / "output.txt", "ab") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "core", *arguments],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    sign(folder, process.pid)


def sign(folder: Path, pid: int) -> None:
    """Note that the process `pid` does the work of `folder`."""
    started = psutil.Process(pid).create_time()
    files.write_json(folder / "process.json", {"pid": pid, "started": started})


def unsign(folder: Path) -> None:
    """The work of `folder` has ended, though the process may go on with something else."""
    (folder / "process.json").unlink(missing_ok=True)


def living(folder: Path) -> psutil.Process | None:
    """The process that does the work of `folder`; None where there is none or it has ended."""
    try:
        entry = files.read_json(folder / "process.json")
        process = psutil.Process(int(entry["pid"]))
        if abs(process.create_time() - float(entry["started"])) > 1:
            return None
        if process.status() == psutil.STATUS_ZOMBIE:
            process.wait(0)  # our own ended child: collect it
            return None
        return process
    except (PenumbraError, KeyError, TypeError, ValueError, psutil.Error):
        return None
