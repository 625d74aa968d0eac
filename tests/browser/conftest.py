"""The app in a process of its own, seen through a real Chromium."""

import os
import re
import shutil
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest
from playwright.sync_api import expect, sync_playwright

from core.study.storage import database
from tests.checkpoint_folders import populate

ROOT = Path(__file__).parents[2]
FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip
SECONDS = 60  # the longest that a start or a redraw may take on a busy machine


def chromium() -> str:
    """Path of the browser. A missing one fails the tests: they are never skipped."""
    found = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    if not found:
        pytest.fail(
            "no Chromium for the browser tests: install Debian's package `chromium`, or name another "
            "in the environment variable CHROMIUM"
        )
    return found


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """Folder of the app under test: `checkpoints` is populated, `home` is fresh."""
    place = tmp_path_factory.mktemp("app")
    populate(place / "checkpoints")
    return place


@pytest.fixture(scope="module")
def address(place):
    """Address of the running app."""
    process, found = start_app(place)
    try:
        yield found
    finally:
        process.terminate()
        process.wait(20)


def start_app(place: Path, port: int = 0) -> tuple[subprocess.Popen, str]:
    """The app on the folders of `place`, at any port or this one, and its address."""
    environment = os.environ | {
        "PENUMBRA_CHECKPOINTS": str(place / "checkpoints"), "PENUMBRA_HOME": str(place / "home"),
        "PENUMBRA_DATABASE": studies_of(place), "PENUMBRA_THREADS": "1", "OMP_NUM_THREADS": "1",
    }  # fmt: skip
    log = place / "app.log"
    with open(log, "w") as output:
        # from another folder, as a newcomer may: the app finds its own parts
        process = subprocess.Popen(
            [sys.executable, "-m", "streamlit", "run", str(ROOT / "app" / "main.py"),
             "--server.headless", "true", "--server.port", str(port),
             "--server.fileWatcherType", "none"],
            cwd=place, env=environment, stdout=output, stderr=subprocess.STDOUT,
        )  # fmt: skip
    try:
        return process, _wait_until_served(process, log)
    except BaseException:
        process.terminate()
        process.wait(20)
        raise


def studies_of(place: Path) -> str:
    """Address of the study database of an app on `place`."""
    return f"sqlite:///{place / 'home' / 'studies' / 'studies.sqlite'}"


def _wait_until_served(process: subprocess.Popen, log: Path) -> str:
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        found = re.search(r"URL: http://localhost:(\d+)", log.read_text())
        if found:
            place = f"http://localhost:{found[1]}"
            with urllib.request.urlopen(f"{place}/_stcore/health", timeout=10) as answer:
                assert answer.status == 200
            return place
        assert process.poll() is None, f"the app ended: {log.read_text()}"
        time.sleep(0.1)  # polling a condition, not in its place
    pytest.fail(f"the app did not start within {SECONDS} s: {log.read_text()}")


@pytest.fixture(scope="module")
def studies(place):
    """Lets the test see the app's studies, and make some."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PENUMBRA_DATABASE", studies_of(place))
        yield
    database.close()


@pytest.fixture(scope="module")
def browser():
    expect.set_options(timeout=SECONDS * 1000)
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
        yield started
        started.close()


@pytest.fixture
def page(browser):
    """A fresh browser tab; requests that leave this machine are noted in `page.outside`."""
    tab = browser.new_page(viewport={"width": 1360, "height": 950})
    tab.set_default_timeout(SECONDS * 1000)
    tab.outside = []

    def note(request) -> None:
        if not re.match(r"(https?|wss?)://localhost[:/]|data:|blob:", request.url):
            tab.outside.append(request.url)

    tab.on("request", note)
    yield tab
    tab.close()
