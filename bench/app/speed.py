"""How fast the app is, in a real Chromium: cold start to the first chart, a moved slider to the redrawn
chart and picture, and the first visit of every page.

    python -m bench.app.speed

Prints every figure with the machine. A cold start counts from the start of the server process to the
first chart drawn by a browser that is already running. Script time is what one rerun of a page's
fragment takes on the server, from the widget's message to the end of the script, without network and
browser; it is taken inside the running app, and processor time tells what is left of it when other
processes keep the cores busy. At the browser a slider counts from the key press to the new picture
being there and decoded. A page's first visit is the first since the server started, from the click
in the navigation to its heading, verdict and main figure being there.
"""

import argparse
import io
import re
import time
from statistics import median
from typing import Any

import psutil

from app.main import PAGES
from bench.app import DECODED, launched, machine, running, settled

CHART = ".st-key-trade_off_chart .scatterlayer"
FIGURE = "[data-testid=stMain] :is(.js-plotly-plot .main-svg, [data-testid=stImage] img)"
AWAITED = {  # pages whose first visit waits for something else than a figure
    "report": "[data-testid=stForm]",
    "studies": "[data-testid=stMain] [data-testid=stMultiSelect]",
    "study_results": "[data-testid=stMain] [data-testid=stBaseButton-primary]",
    "train": "[data-testid=stMain] [data-testid=stCode]",
}
OWN = "A photograph of one's own"


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


def move(page: Any, title: str, moves: int) -> None:
    """Prints how long it takes from each press of an arrow key on the first slider to the new
    verdict, with every picture decoded."""
    seen = []
    for number in range(moves):
        settled(page)
        before = page.locator("h2").first.inner_text()
        page.get_by_role("slider").first.focus()
        pressed = time.perf_counter()
        page.keyboard.press("ArrowRight" if number % 2 == 0 else "ArrowLeft")
        page.wait_for_function(
            "text => document.querySelector('h2').innerText !== text", arg=before, polling="raf"
        )
        page.wait_for_function(DECODED, polling="raf")
        seen.append(1000 * (time.perf_counter() - pressed))
    settled(page)
    print(
        f"{title}: moved slider, at the browser: median {median(seen):.0f} ms, "
        f"worst {max(seen):.0f} ms (goal 250 ms)"
    )


def upload(page: Any, address: str) -> float:
    """Seconds until a synthetic face on a plain ground, brought along, has been recovered."""
    from PIL import Image

    from core import data

    picture = Image.new("RGB", (640, 640), (120, 130, 140))
    face = Image.fromarray(data.preview("synthetic", 1, 256)[0])
    picture.paste(face.resize((256, 256)), (200, 180))
    packed = io.BytesIO()
    picture.save(packed, "JPEG")
    page.goto(f"{address}/reconstructions?data=synthetic&whose=own")
    place = page.locator("[data-testid=stFileUploaderDropzoneInput]")
    place.wait_for(state="attached")
    settled(page)
    began = time.perf_counter()
    file = {"name": "face.jpg", "mimeType": "image/jpeg", "buffer": packed.getvalue()}
    place.set_input_files(file)
    page.locator("h2").first.wait_for()
    return time.perf_counter() - began


def measure(moves: int) -> None:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = launched(playwright)
        page = browser.new_page(viewport={"width": 1360, "height": 950})
        page.set_default_timeout(60_000)
        began = time.perf_counter()
        with running() as app:
            page.goto(f"{app.address}/?data=synthetic")
            page.locator(CHART).first.wait_for()
            cold = time.perf_counter() - began
            print(f"cold start to the first chart: {cold:.1f} s (goal 5 s)")
            settled(page)
            for listed in PAGES[1:]:
                seconds = visit(page, listed.title, AWAITED.get(listed.name, FIGURE))
                print(f"{listed.title}: first visit {seconds:.2f} s (goal 1.5 s)")
            for title in ("Trade-off", "Reconstructions"):
                visit(page, title, FIGURE)
                before = len(app.log.read_text())
                move(page, title, moves)
                times = re.findall(r"SCRIPT ([\d.]+) ([\d.]+) True", app.log.read_text()[before:])
                names = ("on the clock", "of processor time")
                for name, texts in zip(names, zip(*times, strict=True), strict=True):
                    column = [*map(float, texts)]
                    print(
                        f"{title}: moved slider, script: median {median(column):.0f} ms, "
                        f"worst {max(column):.0f} ms {name} (goal 100 ms, {len(column)} moves)"
                    )
            taken = upload(page, app.address)
            move(page, OWN, moves)
            memory = psutil.Process(app.pid).memory_info().rss / 1e9
            print(
                f"{OWN}: recovered {taken:.1f} s after the first one was brought; the server then "
                f"holds {memory:.2f} GB"
            )
        browser.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--moves", type=int, default=20, help="how often each slider is moved")
    options = parser.parse_args()
    print(machine())
    measure(options.moves)


if __name__ == "__main__":
    main()
