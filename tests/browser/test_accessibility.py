"""What axe-core, the usual checker, finds on every page: nothing but what the library itself brings."""

import tomllib
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from app.main import PAGES
from tests.browser.conftest import settled

pytestmark = pytest.mark.browser
ROOT = Path(__file__).parents[2]
NAVIGATION = ("list", "listitem")  # how Streamlit nests the list of pages
THEME = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text())["theme"]
# Streamlit writes white on the accent; in the dark that has 3.5 (see .streamlit/config.toml)
ON_ACCENT = f"foreground color: #ffffff, background color: {THEME['dark']['primaryColor'].lower()}"


@pytest.mark.parametrize("ground", ["light", "dark"])
def test_every_page_can_be_read_and_reached(device, address, ground):
    page = device(viewport={"width": 1360, "height": 950}, color_scheme=ground).new_page()
    found = []
    # the page of participants is nothing without a study: tests/browser/test_study.py looks at it
    for name in (listed.name for listed in PAGES):
        page.goto(f"{address}/{'' if name == PAGES[0].name else name}")
        expect(page.locator("h1").first).to_be_visible()
        settled(page)
        for violation in Axe().run(page).response["violations"]:
            nodes = violation["nodes"]
            if ground == "dark":
                nodes = [node for node in nodes if ON_ACCENT not in node["failureSummary"]]
            if nodes and violation["id"] not in NAVIGATION:
                found.append((name, violation["id"], nodes[0]["html"][:200], nodes[0]["failureSummary"][:200]))  # fmt: skip
    assert not found, "\n".join(map(str, found))
