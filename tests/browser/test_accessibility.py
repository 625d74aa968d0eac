"""What axe-core, the usual checker, finds on every page and in a study: nothing but what Streamlit
itself brings."""

import json
import re
import tomllib
from pathlib import Path

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import expect

from app.charts.palette import DARK, rgb
from app.main import PAGES
from tests.browser.conftest import WIDE, cut_off, settled
from tests.browser.participants import asked, code
from tests.study.sample_study import open_study

pytestmark = pytest.mark.browser
ROOT = Path(__file__).parents[2]
PHONE = {"width": 390, "height": 844}
NAVIGATION = ("list", "listitem")  # how Streamlit nests the list of pages
THEME = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text("utf-8"))["theme"]
# Streamlit writes white on the accent; in the dark that has 3.5 (see .streamlit/config.toml)
ON_ACCENT = f"foreground color: #ffffff, background color: {THEME['dark']['primaryColor'].lower()}"

TOUCHED = """() => [...document.querySelectorAll('[data-testid=stPlotlyChart]')].some(chart => {
    const boxes = select => [...chart.querySelectorAll(select)].map(one => one.getBoundingClientRect())
    return boxes('.legend').some(legend => boxes('.xtitle').some(title =>
        title.top < legend.bottom && legend.top < title.bottom
        && title.left < legend.right && legend.left < title.right))
})"""


@pytest.mark.parametrize("section", dict.fromkeys(page.section for page in PAGES))
def test_every_page_can_be_read_and_reached(page, address, section):
    found = []
    for name in each_page(page, address, section):
        found += [(name, *each) for each in violations(page)]
        page.set_viewport_size(PHONE)
        if cut_off(page):
            found.append((name, "wider than a phone"))
        if page.evaluate(TOUCHED):
            found.append((name, "an axis's title touches a legend"))
        page.set_viewport_size(WIDE)
        switch_ground(page, "dark")
        found += [(name, "dark", *each) for each in violations(page, "color-contrast")]
        switch_ground(page, "light")
    assert not found, "\n".join(map(str, found))


def test_a_page_that_is_opened_in_the_dark_has_contrast(device, address):
    """Its charts are drawn for the dark as well; those of a page that turns dark later are not."""
    page = device(viewport=WIDE, color_scheme="dark").new_page()
    page.goto(address)
    label = page.locator(".st-key-trade_off_chart .annotation-text", has_text="λ₁ = 1").first
    inks = ["rgb({}, {}, {})".format(*rgb(DARK[name])) for name in ("ink", "quiet")]
    expect(label).to_have_css("fill", re.compile("|".join(map(re.escape, inks))))
    settled(page)
    found = list(violations(page, "color-contrast"))
    assert not found, "\n".join(map(str, found))


def switch_ground(page, ground):
    """As a machine does that turns dark in the evening, with the page open."""
    colour = "getComputedStyle(document.querySelector('[data-testid=stApp]')).backgroundColor"
    before = page.evaluate(colour)
    page.emulate_media(color_scheme=ground)
    page.wait_for_function(f"before => {colour} !== before", arg=before)
    settled(page)


def each_page(page, address, section=None):
    """The name of each page of a section, or of all, once it is shown: the first by its address, the
    others by the navigation."""
    question = page.locator("h1").first  # which each page asks in words of its own
    before = None
    for listed in PAGES:
        if section not in (None, listed.section):
            continue
        if before:
            page.get_by_test_id("stSidebarNav").get_by_role("link", name=listed.title).click()
            expect(question).not_to_have_text(before)
        else:
            page.goto(f"{address}/{'' if listed is PAGES[0] else listed.name}")
            expect(question).to_be_visible()
        settled(page)
        before = question.inner_text()
        yield listed.name


@pytest.mark.usefixtures("studies")
def test_every_participant_can_read_and_reach_it(page, address):
    study_id = open_study(
        questions=1,
        attention=0,
        practice=False,
        people=12,
        confidence=True,
        time_limit=300,
        completion="Code C1",
    )
    page.set_viewport_size(PHONE)
    page.goto(f"{address}/?study={study_id}")
    found = []

    def look(where):
        settled(page)
        found.extend((where, *each) for each in violations(page, excused=False))
        switch_ground(page, "dark")
        found.extend((where, "dark", *each) for each in violations(page, excused=False))
        switch_ground(page, "light")

    agree = page.get_by_role("button", name="I agree and take part")
    expect(agree).to_be_visible()
    look("consent")
    page.get_by_role("button", name="Withdraw with a code").click()
    expect(page.get_by_label("Withdrawal code")).to_be_visible()
    look("code")
    page.get_by_role("button", name="Back to the study").click()
    agree.click()
    asked(page, 1).nth(1).click()
    look("question")
    page.get_by_role("button", name="3", exact=True).click()
    code(page)
    look("thanks")
    assert not found, "\n".join(map(str, found))


def violations(page, *rules, excused=True):
    """(rule, part of the page, what is wrong) for each rule, all of them or `rules`; without what
    Streamlit brings, where that is `excused`."""
    options = {"resultTypes": ["violations"]} | ({"runOnly": list(rules)} if rules else {})
    page.evaluate(f"window.axe || eval({json.dumps(AXE_SCRIPT)})")
    for violation in page.evaluate("options => axe.run(options)", options)["violations"]:
        nodes = violation["nodes"]
        if excused:
            nodes = [node for node in nodes if ON_ACCENT not in node["failureSummary"]]
        if nodes and not (excused and violation["id"] in NAVIGATION):
            yield violation["id"], nodes[0]["html"][:200], nodes[0]["failureSummary"][:200]
