"""Measurements of the running app."""

import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from core.run import ROOT

FLAGS = ["--disable-gpu", "--disable-quic"]  # beside Playwright's own
DECODED = """() => [...document.querySelectorAll('[data-testid=stMain] [data-testid=stImage] img')]
    .every(image => image.complete)"""
SHIM = """
import sys, time
from streamlit.runtime.scriptrunner import script_runner
run = script_runner.ScriptRunner._run_script
def timed(self, data):
    wall, work = time.perf_counter(), time.thread_time()
    run(self, data)
    wall, work = 1000 * (time.perf_counter() - wall), 1000 * (time.thread_time() - work)
    print(f"SCRIPT {wall:.1f} {work:.1f} {bool(data.fragment_id_queue)}", flush=True)
script_runner.ScriptRunner._run_script = timed
from streamlit.web.cli import main
sys.argv = ["streamlit", "run", *sys.argv[1:]]
main()
"""


class App(NamedTuple):
    address: str
    pid: int
    log: Path  # of every rerun of a script, too: "SCRIPT <ms> <ms of processor time> <fragment?>"


@contextmanager
def running() -> Iterator[App]:
    """The app on the shipped runs, in a process of its own. Raises SystemExit where it does not
    start."""
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    environment["PENUMBRA_CHECKPOINTS"] = str(ROOT / "checkpoints")
    options = ["--server.headless=true", "--server.port=0", "--server.fileWatcherType=none"]
    command = [sys.executable, "-c", SHIM, str(ROOT / "app" / "main.py"), *options]
    with tempfile.NamedTemporaryFile("w", encoding="utf-8") as out:
        process = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=out, stderr=subprocess.STDOUT
        )
        log = Path(out.name)
        try:
            while not (
                found := re.search(r"URL: (http://localhost:\d+)", log.read_text(encoding="utf-8"))
            ):
                if process.poll() is not None:
                    raise SystemExit(f"the app ended: {log.read_text(encoding='utf-8')}")
                time.sleep(0.02)
            yield App(found[1], process.pid, log)
        finally:
            process.terminate()
            process.wait(20)


def stream(address: str, **options: Any) -> Any:
    """The app's own websocket, to be connected to as a browser's page is."""
    from websockets.asyncio.client import connect

    where = address.replace("http", "ws") + "/_stcore/stream"
    return connect(where, subprotocols=["streamlit"], max_size=None, origin=address, **options)


def launched(playwright: Any) -> Any:
    known = ("chromium", "google-chrome", "chromium-headless-shell")  # first what people look with
    path = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, known)), None)
    return playwright.chromium.launch(executable_path=path, args=FLAGS)


def settled(page: Any) -> None:
    """Wait until the server has nothing more to say."""
    page.locator("[data-testid=stApp][data-test-script-state=notRunning]").wait_for()


def machine() -> str:
    return (
        f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores, "
        f"Python {platform.python_version()}, load {os.getloadavg()[0]:.1f}"
    )
