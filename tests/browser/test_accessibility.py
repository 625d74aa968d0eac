"""What axe-core, the usual checker, finds on every page: nothing but what the library itself brings."""

from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

pytestmark = pytest.mark.browser
PAGES = sorted(path.stem for path in (Path(__file__).parents[2] / "pages").glob("*.py"))
NAVIGATION = ("list", "listitem")  # how Streamlit nests the list of pages
# Streamlit writes white on the accent; in the dark that has 3.5 (see .streamlit/config.toml)
ON_ACCENT = ('baseweb="tag"', "stBaseButton-primary", "stBaseButton-primaryFormSubmit")


@pytest.mark.parametrize("ground", ["light", "dark"])
def test_every_page_can_be_read_and_reached(browser, address, ground):
    page = browser.new_page(viewport={"width": 1360, "height": 950}, color_scheme=ground)
    found = []
    for name in PAGES:
        page.goto(f"{address}/{'' if name == 'trade_off' else name}")
        expect(page.locator("h1").first).to_be_visible()
        page.locator("[data-testid=stApp][data-test-script-state=notRunning]").wait_for()
        for violation in Axe().run(page).response["violations"]:
            nodes = violation["nodes"]
            if ground == "dark" and violation["id"] == "color-contrast":
                nodes = [node for node in nodes if not _on_accent(page, node["target"][0])]
            if nodes and violation["id"] not in NAVIGATION:
                found.append((name, violation["id"], nodes[0]["html"][:200], nodes[0]["failureSummary"][:200]))  # fmt: skip
    page.close()
    assert not found, "\n".join(map(str, found))


def _on_accent(page, selector):
    around = page.locator(selector).first.evaluate(
        "node => node.closest('[data-baseweb=tag], button')?.outerHTML ?? ''"
    )
    return any(mark in around[:400] for mark in ON_ACCENT)
