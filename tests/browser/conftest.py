"""The app in a process of its own, seen through a real Chromium."""

import os
import re
import shutil
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Page, expect, sync_playwright

from core import explain
from core.run import Run
from core.run_validation import checked
from core.storage import explanations, run_folder
from core.study.storage import database
from tests.checkpoint_folders import populate
from tests.live_runs import bring_to_life
from tests.waiting import SECONDS, until

ROOT = Path(__file__).parents[2]
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
BROWSERS = ("chromium-headless-shell", "chromium", "google-chrome")
WIDE = {"width": 1360, "height": 950}
MAPPED = np.arange(0, 400, 4, dtype=np.int32)  # positions of the photographs on a map


def chromium() -> str:
    """Path of the browser, of Debian's headless one where it is there: it takes half the processor
    time. A missing one fails the tests: they are never skipped."""
    found = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, BROWSERS)), None)
    if not found:
        pytest.fail(
            "no Chromium for the browser tests: install Debian's package `chromium-headless-shell`, "
            "or name another in the environment variable CHROMIUM"
        )
    return found


@pytest.fixture(scope="session")
def place(tmp_path_factory):
    """Folder of the app under test: `checkpoints` is populated, `home` is fresh. Two settings have
    networks that can be asked, and all of them have the same map: a grid of points."""
    place = tmp_path_factory.mktemp("app")
    populate(place / "checkpoints")
    for lambda1 in (1.0, 5.0):
        knobs = {"lambda1": lambda1, "lambda2": 1.0}
        run = checked(Run("deep_obfuscator", "synthetic", knobs=knobs))
        bring_to_life(place / "checkpoints" / "synthetic" / run.id, run, seed=int(lambda1))
    for folder in run_folder.all_folders(place / "checkpoints"):
        for value in explain.release_values(folder):
            explanations.save(explanations.place(folder, "embedding", value), *grid_of_points())
    return place


def grid_of_points() -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """Arrays and facts of a map with a point for each of `MAPPED`."""
    across, down = np.meshgrid(np.linspace(0, 65_535, 10), np.linspace(0, 65_535, 10))
    grid = np.stack([across.ravel(), down.ravel()], axis=1).astype(np.uint16)
    row = {"silhouette": 0.3, "purity": 0.7, "low": 0.6, "high": 0.8, "chance": 0.5}
    facts = {
        "apart": {"identity": row, "Male": row},
        "photographs": len(MAPPED),
        "people": 40,
        "seed": 0,
        "numbers": 128,
        "axes": 50,
        "variance": [0.4, 0.2],
    }
    return dict.fromkeys(("tsne", "umap", "pca"), grid) | {"positions": MAPPED}, facts


@pytest.fixture(scope="session")
def address(place):
    """Address of the running app."""
    with running_app(place) as found:
        yield found


@contextmanager
def reserved_port() -> Iterator[int]:
    """A port that nobody else is given meanwhile, however often a server of ours leaves it."""
    with socket.socket() as held:
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        held.bind(("localhost", 0))  # and not listening: a server may, others are not given it
        yield held.getsockname()[1]


@contextmanager
def running_app(place: Path) -> Iterator[str]:
    """Address of the app on the folders of `place`."""
    with reserved_port() as port:
        process = start_app(place, port)
        try:
            yield f"http://localhost:{port}"
        finally:
            process.terminate()
            process.wait(SECONDS)


def start_app(place: Path, port: int) -> subprocess.Popen:
    """The app on the folders of `place`, as soon as it answers at this port."""
    environment = os.environ | {
        "PENUMBRA_CHECKPOINTS": str(place / "checkpoints"),
        "PENUMBRA_HOME": str(place / "home"),
        "PENUMBRA_DATABASE": studies_of(place),
        "PENUMBRA_THREADS": "1",
        "OMP_NUM_THREADS": "1",
        "PYTHONPATH": str(Path(__file__).parent / "few_attackers"),
    }
    served = f"--server.port {port} --server.headless true --server.fileWatcherType none".split()
    log = place / "app.log"
    with open(log, "w", encoding="utf-8") as output:
        # from another folder, as a newcomer may: the app finds its own parts
        process = subprocess.Popen(
            [sys.executable, "-m", "streamlit", "run", str(ROOT / "app" / "main.py"), *served],
            cwd=place,
            env=environment,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        _wait_until_served(process, log, f"http://localhost:{port}")
    except BaseException:
        process.kill()
        process.wait(SECONDS)
        raise
    return process


def studies_of(place: Path) -> str:
    """Address of the study database of an app on `place`."""
    return f"sqlite:///{place / 'home' / 'studies' / 'studies.sqlite'}"


def _wait_until_served(process: subprocess.Popen, log: Path, address: str) -> None:
    def healthy() -> bool:
        assert process.poll() is None, f"the app ended: {log.read_text(encoding='utf-8')}"
        with suppress(OSError), urllib.request.urlopen(f"{address}/_stcore/health") as answer:
            return answer.status == 200
        return False

    until(healthy, lambda: f"the app did not start: {log.read_text(encoding='utf-8')}")


@pytest.fixture(scope="module")
def studies(place):
    """Lets the test see the app's studies, and make some."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PENUMBRA_DATABASE", studies_of(place))
        yield
    database.close()


@pytest.fixture(scope="session")
def browser():
    expect.set_options(timeout=SECONDS * 1000)
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
        yield started
        started.close()


# A spinner drawn sixty times a second takes up to a third of the processor time of a page that loads.
STILL = """{
    const still = new CSSStyleSheet()
    still.replaceSync('*, ::before, ::after { animation: none !important; transition: none !important }')
    document.adoptedStyleSheets.push(still)
}"""


@pytest.fixture
def device(browser):
    """Makes devices of their own (contexts): nothing is shared with another, all end with the test.
    Nothing moves in them by itself, components' insides aside."""
    made = []

    def new(**options):
        made.append(browser.new_context(**options))
        made[-1].set_default_timeout(SECONDS * 1000)
        made[-1].add_init_script(STILL)
        return made[-1]

    yield new
    for context in made:
        context.close()


@pytest.fixture(scope="session")
def tab(browser):
    """The one tab of all tests: a renderer that has compiled the app's scripts loads a page in less than
    half of the time that a new one takes."""
    context = browser.new_context(viewport=WIDE)
    context.set_default_timeout(SECONDS * 1000)
    context.add_init_script(STILL)
    yield context.new_page()
    context.close()


@pytest.fixture
def page(tab):
    """A browser tab that remembers nothing of earlier tests; requests that leave this machine are noted
    in `page.outside`. A test that installs a clock or an init script, which cannot be taken back, makes
    a device of its own."""
    tab.outside = []
    visited = set()

    def note(request) -> None:
        if local := re.match(r"(?:https?|wss?)(://localhost:\d+)/", request.url):
            visited.add(f"http{local[1]}")
        elif not re.match("data:|blob:", request.url):
            tab.outside.append(request.url)

    tab.on("request", note)
    yield tab
    tab.remove_listener("request", note)
    tab.unroute_all(behavior="ignoreErrors")
    tab.context.set_offline(False)
    tab.set_viewport_size(WIDE)
    tab.emulate_media(color_scheme="light")
    tab.goto("about:blank")
    tab.context.clear_cookies()
    session = tab.context.new_cdp_session(tab)
    for origin in visited:
        session.send("Storage.clearDataForOrigin", {"origin": origin, "storageTypes": "all"})
    session.detach()


SETTLED = """() => {
    const all = (root, select) => [...root.querySelectorAll(select)]
    const roots = [document, ...all(document, '*').map(one => one.shadowRoot).filter(Boolean)]
    const moving = roots.flatMap(root => root.getAnimations()).filter(
        one => one.playState === 'running' && one.effect.getComputedTiming().endTime !== Infinity)
    return document.querySelector('[data-testid=stApp]')?.dataset.testScriptState === 'notRunning'
        && !document.querySelector('[data-stale=true], [data-testid=stSkeleton]')
        && all(document, '[data-testid=stPlotlyChart]').every(one => one.querySelector('.main-svg'))
        && roots.flatMap(root => all(root, 'img')).every(one => one.complete || one.loading === 'lazy')
        && document.fonts.status === 'loaded' && !moving.length
}"""


def settled(page: Page) -> None:
    """Wait until nothing on the page changes any more: its script has ended, everything is drawn and
    nothing is fading. Whatever is measured on a page (places, colours, sizes) is measured after it."""
    page.wait_for_function(SETTLED)


def cut_off(page: Page) -> bool:
    """Is the page, once it is drawn, wider than the window?"""
    settled(page)
    wide = page.evaluate("document.querySelector('[data-testid=stMain]').scrollWidth")
    return wide > page.viewport_size["width"]
