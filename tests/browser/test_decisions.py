"""From a limit to a report, in a real browser."""

import re

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser
CHART = ".st-key-trade_off_chart .scatterlayer"


def saved(page, tmp_path, name):
    """What a press of the button `name` downloads."""
    with page.expect_download() as download:
        page.get_by_role("button", name=name).first.click()
    path = tmp_path / download.value.suggested_filename
    download.value.save_as(path)
    return path


def test_find_a_setting_by_goal_seek_and_download_the_report(page, address, tmp_path):
    page.goto(address)
    expect(page.locator(CHART)).to_be_visible()
    page.get_by_role("spinbutton", name="Attack at most, %").fill("75")
    page.keyboard.press("Enter")
    answer = page.locator("[data-testid=stMarkdown]", has_text="measured settings keep your limits")
    expect(answer).to_be_visible()
    page.get_by_role("button", name=re.compile("^arrow_forward Go to|^Go to")).first.click()
    expect(page.get_by_text("This setting keeps your limits.")).to_be_visible()
    verdict = page.locator("h2").first.inner_text()
    page.get_by_role("link", name="Report", exact=True).click()
    expect(page.get_by_role("heading", name="What do I hand in?")).to_be_visible()
    expect(page.locator("h2").first).to_have_text(verdict)
    expect(page.get_by_text("This setting keeps your limits.")).to_be_visible()
    page.get_by_label("Decision and reasons").fill("Go ahead <b>now</b>.")
    page.get_by_label("Title").fill("Door camera")
    page.get_by_role("button", name="Write the report").click()
    report = saved(page, tmp_path, "Download the report")
    page.goto(report.as_uri())
    expect(page.get_by_role("heading", name="Door camera")).to_be_visible()
    expect(page.get_by_text("Go ahead <b>now</b>.")).to_be_visible()  # text, not markup
    expect(page.get_by_text(verdict)).to_be_visible()
    expect(page.locator(".js-plotly-plot .main-svg").first).to_be_visible()
    expect(page.get_by_role("heading", name="What an attacker would see")).to_be_visible()
    assert page.outside == [report.as_uri()]  # nothing was fetched from elsewhere


def test_a_shared_link_shows_a_fresh_browser_the_same(page, address, device):
    page.goto(f"{address}/?private=several&private_set=Male,Young&attack_limit=75&confident=False")
    expect(page.locator(CHART)).to_be_visible()
    page.get_by_role("slider").first.focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator("h2").first).to_contain_text("λ₁ = 5")
    page.wait_for_url(re.compile("lambda1=5"))
    verdict, link = page.locator("h2").first.inner_text(), page.url
    other = device().new_page()
    other.goto(link)
    expect(other.locator("h2").first).to_have_text(verdict)
    expect(other.get_by_role("spinbutton", name="Attack at most, %")).to_have_value("75")
    expect(other.get_by_role("switch", name="With 95 % confidence")).not_to_be_checked()


def test_the_chart_can_be_taken_away(page, address, tmp_path):
    page.goto(address)
    expect(page.locator(CHART)).to_be_visible()
    kinds = {
        "PNG picture of": b"\x89PNG",
        "SVG picture of": b"<svg",
        "Numbers (CSV)": b"\xef\xbb\xbfMethod,",
    }
    for name, start in kinds.items():
        path = saved(page, tmp_path, name)
        assert path.name.startswith("penumbra-trade-off.")
        assert path.read_bytes().startswith(start)
        assert path.stat().st_size > 500


def test_compare_two_settings(page, address):
    page.goto(f"{address}/compare")
    expect(page.locator("h2").first).to_contain_text("Compared with Unprotected features")
    page.get_by_role("combobox", name="Second setting").click()
    page.keyboard.type("Blurring")  # the list shows what is near
    page.get_by_role("option", name=re.compile("Blurring")).first.click()
    expect(page.locator("h2").first).to_contain_text("Compared with Blurring")
    page.wait_for_url(re.compile("with=blur-"))
