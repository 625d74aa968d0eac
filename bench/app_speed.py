"""How fast the app is: cold start to the first chart in a real Chromium, and the server's work from
a moved slider to the redrawn chart.

    python bench/app_speed.py                  on the checkpoints of this folder
    python bench/app_speed.py --made-up        on a folder with made-up numbers (tests/)

Prints both figures with the machine. A cold start counts from the start of the server process to
the first chart drawn by a browser that is already running. Script time is what one rerun of the
chart's fragment takes on the server, from the widget's message to the end of the script, without
network and browser; it is taken inside the running app. Processor time tells what is left of it
when other processes keep the cores busy.
"""

from __future__ import annotations

import argparse
import os
import platform
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip
CHART = ".st-key-trade_off_chart .scatterlayer"
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


def start(checkpoints: Path, log: Path) -> subprocess.Popen:
    environment = os.environ | {"PENUMBRA_CHECKPOINTS": str(checkpoints), "PYTHONPATH": str(ROOT)}
    return subprocess.Popen(
        [sys.executable, "-c", SHIM, str(ROOT / "app" / "main.py"), "--server.headless", "true",
         "--server.port", "0", "--server.fileWatcherType", "none"],
        cwd=ROOT, env=environment, stdout=open(log, "w"), stderr=subprocess.STDOUT,
    )  # fmt: skip


def served(process: subprocess.Popen, log: Path) -> str:
    while process.poll() is None:
        if found := re.search(r"URL: (http://localhost:\d+)", log.read_text()):
            return found[1]
        time.sleep(0.02)
    raise SystemExit(f"the app ended: {log.read_text()}")


def measure(
    checkpoints: Path, moves: int, log: Path
) -> tuple[float, list[tuple[float, float]], list[float]]:
    """(cold start in s, (wall, processor) times of the script in ms, times at the browser in ms)."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        path = (
            os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
        )
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        page = browser.new_page(viewport={"width": 1360, "height": 950})
        began = time.perf_counter()
        process = start(checkpoints, log)
        try:
            page.goto(served(process, log))
            page.locator(CHART).first.wait_for()
            cold = time.perf_counter() - began
            slider = page.get_by_role("slider").first
            seen = []
            for move in range(moves):
                before = page.locator("h3").first.inner_text()
                slider.focus()
                moved = time.perf_counter()
                page.keyboard.press("ArrowRight" if move % 2 == 0 else "ArrowLeft")
                page.wait_for_function(
                    "text => document.querySelector('h3').innerText !== text", arg=before
                )
                seen.append(1000 * (time.perf_counter() - moved))
        finally:
            process.terminate()
            process.wait(20)
            browser.close()
    found = re.findall(r"SCRIPT ([\d.]+) ([\d.]+) True", log.read_text())
    return cold, [(float(wall), float(work)) for wall, work in found], seen


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument(
        "--made-up", action="store_true", help="use made-up numbers, not the checkpoints"
    )
    parser.add_argument("--moves", type=int, default=20, help="how often the slider is moved")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        checkpoints = ROOT / "checkpoints"
        if options.made_up:
            from tests.checkpoint_folders import populate

            checkpoints = Path(place) / "checkpoints"
            populate(checkpoints)
        cold, script, seen = measure(checkpoints, options.moves, Path(place) / "log")
    print(
        f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
    )
    print(f"cold start to the first chart: {cold:.1f} s (goal 5 s)")
    for name, times in zip(
        ("on the clock", "of processor time"), zip(*script, strict=True), strict=True
    ):
        print(
            f"slider to redrawn chart, script: median {statistics.median(times):.0f} ms, "
            f"worst {max(times):.0f} ms {name} (goal 100 ms, {len(times)} moves)"
        )
    print(
        f"slider to new verdict at the browser: median {statistics.median(seen):.0f} ms, worst {max(seen):.0f} ms"
    )


if __name__ == "__main__":
    main()
