"""How fast the app is, in a real Chromium: cold start to the first chart, a moved slider to the redrawn
chart and picture, and the first visit of every page.

    python -m bench.app.speed                  on the checkpoints of this folder
    python -m bench.app.speed --made-up        on a folder with made-up numbers (tests/)

Prints every figure with the machine. A cold start counts from the start of the server process to the
first chart drawn by a browser that is already running. Script time is what one rerun of a page's
fragment takes on the server, from the widget's message to the end of the script, without network and
browser; it is taken inside the running app, and processor time tells what is left of it when other
processes keep the cores busy. At the browser a slider counts from the key press to the new picture
being there and decoded. A page's first visit is the first since the server started, from the click
in the navigation to its heading, verdict and main figure being there.
"""

from __future__ import annotations

import argparse
import io
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
from typing import Any, NamedTuple

import psutil

from app.main import PAGES
from core.run import ROOT

FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
CHART = ".st-key-trade_off_chart .scatterlayer"
FIGURE = "[data-testid=stMain] :is(.js-plotly-plot .main-svg, [data-testid=stImage] img)"
AWAITED = {  # pages whose first visit waits for something else than a figure
    "report": "[data-testid=stForm]",
    "studies": "[data-testid=stMain] [data-testid=stMultiSelect]",
    "study_results": "[data-testid=stMain] [data-testid=stBaseButton-primary]",
    "train": "[data-testid=stMain] [data-testid=stCode]",
}
OWN = "A photograph of one's own"
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


class Measured(NamedTuple):
    """cold: seconds; script: (wall, processor) ms of every rerun of a fragment after a slider moved,
    by page; browser: ms from the key press, by page; visits: seconds by page."""

    cold: float
    script: dict[str, list[tuple[float, float]]]
    browser: dict[str, list[float]]
    visits: dict[str, float]
    upload: float  # seconds from the first photograph of one's own to what is recovered
    memory: float  # GB of the server after that


def start(checkpoints: Path, log: Path) -> subprocess.Popen[bytes]:
    environment = os.environ | {"PENUMBRA_CHECKPOINTS": str(checkpoints), "PYTHONPATH": str(ROOT)}
    options = [
        "--server.headless",
        "true",
        "--server.port",
        "0",
        "--server.fileWatcherType",
        "none",
    ]
    return subprocess.Popen(
        [sys.executable, "-c", SHIM, str(ROOT / "app" / "main.py"), *options],
        cwd=ROOT,
        env=environment,
        stdout=open(log, "w"),
        stderr=subprocess.STDOUT,
    )


def served(process: subprocess.Popen[bytes], log: Path) -> str:
    while process.poll() is None:
        if found := re.search(r"URL: (http://localhost:\d+)", log.read_text()):
            return found[1]
        time.sleep(0.02)
    raise SystemExit(f"the app ended: {log.read_text()}")


def launched(playwright: Any) -> Any:
    path = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    return playwright.chromium.launch(executable_path=path, args=FLAGS)


def settled(page: Any) -> None:
    """Wait until the server has nothing more to say."""
    page.locator("[data-testid=stApp][data-test-script-state=notRunning]").wait_for()


def visit(page: Any, title: str, wanted: str) -> float:
    """Seconds from the click on a page's link to its heading and figure."""
    old = page.locator("h1").first.inner_text()
    began = time.perf_counter()
    page.get_by_role("link", name=title, exact=True).first.click()
    page.wait_for_function("text => document.querySelector('h1')?.innerText !== text", arg=old)
    page.locator(wanted).first.wait_for(state="attached")
    page.wait_for_function(DECODED)
    taken = time.perf_counter() - began
    settled(page)
    return taken


DECODED = """() => [...document.querySelectorAll('[data-testid=stMain] [data-testid=stImage] img')]
    .every(image => image.complete)"""


def moved(page: Any, moves: int) -> list[float]:
    """ms from each press of an arrow key on the first slider to the new verdict, with every picture
    decoded."""
    seen = []
    for move in range(moves):
        settled(page)
        before = page.locator("h2").first.inner_text()
        page.get_by_role("slider").first.focus()
        pressed = time.perf_counter()
        page.keyboard.press("ArrowRight" if move % 2 == 0 else "ArrowLeft")
        page.wait_for_function(
            "text => document.querySelector('h2').innerText !== text", arg=before, polling="raf"
        )
        page.wait_for_function(DECODED, polling="raf")
        seen.append(1000 * (time.perf_counter() - pressed))
    return seen


def upload(page: Any, address: str) -> float:
    """Seconds until a synthetic face on a plain ground, brought along, has been recovered."""
    from PIL import Image

    from core import data

    picture = Image.new("RGB", (640, 640), (120, 130, 140))
    picture.paste(
        Image.fromarray(data.preview("synthetic", 1, 256)[0]).resize((256, 256)), (200, 180)
    )
    packed = io.BytesIO()
    picture.save(packed, "JPEG")
    page.goto(f"{address}/reconstructions?whose=own")
    place = page.locator("[data-testid=stFileUploaderDropzoneInput]")
    place.wait_for(state="attached")
    settled(page)
    began = time.perf_counter()
    place.set_input_files(
        {"name": "face.jpg", "mimeType": "image/jpeg", "buffer": packed.getvalue()}
    )
    page.locator("h2").first.wait_for()
    return time.perf_counter() - began


def measure(checkpoints: Path, moves: int, log: Path) -> Measured:
    from playwright.sync_api import sync_playwright

    browser_times: dict[str, list[float]] = {}
    script: dict[str, list[tuple[float, float]]] = {}
    with sync_playwright() as playwright:
        browser = launched(playwright)
        page = browser.new_page(viewport={"width": 1360, "height": 950})
        page.set_default_timeout(60_000)
        began = time.perf_counter()
        process = start(checkpoints, log)
        try:
            address = served(process, log)
            page.goto(address)
            page.locator(CHART).first.wait_for()
            cold = time.perf_counter() - began
            settled(page)
            visits = {
                listed.title: visit(page, listed.title, AWAITED.get(listed.name, FIGURE))
                for listed in PAGES[1:]
            }
            for title in ("Trade-off", "Reconstructions"):
                visit(page, title, FIGURE)
                said = len(log.read_text())
                browser_times[title] = moved(page, moves)
                settled(page)
                found = re.findall(r"SCRIPT ([\d.]+) ([\d.]+) True", log.read_text()[said:])
                script[title] = [(float(wall), float(work)) for wall, work in found]
            own = upload(page, address)
            browser_times[OWN] = moved(page, moves)
            memory = psutil.Process(process.pid).memory_info().rss / 1e9
        finally:
            process.terminate()
            process.wait(20)
            browser.close()
    return Measured(cold, script, browser_times, visits, own, memory)


def machine() -> str:
    """The machine in words, as every measurement names it."""
    return (
        f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores, "
        f"Python {platform.python_version()}, load {os.getloadavg()[0]:.1f}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument(
        "--made-up", action="store_true", help="use made-up numbers, not the checkpoints"
    )
    parser.add_argument("--moves", type=int, default=20, help="how often each slider is moved")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        checkpoints = ROOT / "checkpoints"
        if options.made_up:
            from tests.checkpoint_folders import populate

            checkpoints = Path(place) / "checkpoints"
            populate(checkpoints)
        found = measure(checkpoints, options.moves, Path(place) / "log")
    print(machine())
    print(f"cold start to the first chart: {found.cold:.1f} s (goal 5 s)")
    for title, times in found.script.items():
        for name, column in zip(
            ("on the clock", "of processor time"), zip(*times, strict=True), strict=True
        ):
            print(
                f"{title}: moved slider, script: median {statistics.median(column):.0f} ms, "
                f"worst {max(column):.0f} ms {name} (goal 100 ms, {len(times)} moves)"
            )
    for title, seen in found.browser.items():
        print(
            f"{title}: moved slider, at the browser: median {statistics.median(seen):.0f} ms, "
            f"worst {max(seen):.0f} ms (goal 250 ms)"
        )
    print(
        f"{OWN}: recovered {found.upload:.1f} s after the first one was brought; the server then "
        f"holds {found.memory:.2f} GB"
    )
    for title, seconds in found.visits.items():
        print(f"{title}: first visit {seconds:.2f} s (goal 1.5 s)")


if __name__ == "__main__":
    main()
