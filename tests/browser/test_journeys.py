"""The main paths of a privacy officer and an engineer, in a real browser."""

import hashlib
import re

import pytest
from playwright.sync_api import expect

from core.methods import METHODS
from tests.browser.conftest import settled

pytestmark = pytest.mark.browser
CHART = ".st-key-trade_off_chart .scatterlayer"


def first_picture(page):
    """Fingerprint of the first pair of faces as the browser shows it."""
    image = page.locator("[data-testid=stImage] img").first
    expect(image).to_be_visible()
    return hashlib.sha256(page.request.get(image.evaluate("image => image.src")).body()).hexdigest()


def test_move_lambda_and_see_verdict_curve_and_pictures_change(page, address):
    page.goto(address)
    expect(page.get_by_role("heading", name="How much protection")).to_be_visible()
    expect(page.locator(CHART)).to_be_visible()
    verdict = page.locator("h2").first
    expect(verdict).to_contain_text(
        "At λ₁ = 1, λ₂ = 1 the strongest attacker tells the gender in 82 %"
    )
    settled(page)
    ticks = page.locator(".st-key-trade_off_chart .xtick text, .st-key-trade_off_chart .ytick text")
    axes = ticks.all_text_contents()

    slider = page.get_by_role("slider").first
    slider.focus()
    page.keyboard.press("ArrowRight")
    expect(verdict).to_contain_text(
        "At λ₁ = 5, λ₂ = 1 the strongest attacker tells the gender in 69 %"
    )
    expect(
        page.locator(".st-key-trade_off_chart .annotation-text", has_text="λ₁ = 5, λ₂ = 1")
    ).to_be_visible()
    expect(ticks).to_have_text(axes)  # the axes stay
    page.wait_for_url(re.compile(r"deep_obfuscator\.lambda1=5"))

    page.get_by_role("link", name="See what the attacker recovers").click()
    expect(page.get_by_role("heading", name="What would an attacker see?")).to_be_visible()
    expect(page.locator("h2").first).to_contain_text(
        "At λ₁ = 5, λ₂ = 1 an attacker redraws the picture"
    )
    strong = first_picture(page)
    page.get_by_role("slider").first.focus()
    page.keyboard.press("ArrowLeft")
    expect(page.locator("h2").first).to_contain_text("At λ₁ = 1, λ₂ = 1")
    expect(page.locator("[data-testid=stImage] img").first).to_be_visible()
    assert first_picture(page) != strong
    assert not page.outside


def test_clicking_a_point_chooses_it(page, address):
    page.goto(address)
    expect(page.locator(CHART)).to_be_visible()
    sigma = METHODS["image_noise"].knobs[0].grid
    settled(page)
    # the strongest noise is the lowest of all points
    point = page.evaluate(
        """() => {
            const points = [...document.querySelectorAll('.st-key-trade_off_chart .trace .points path')]
            const boxes = points.map(point => point.getBoundingClientRect())
            const lowest = boxes.reduce((one, other) => (one.y > other.y ? one : other))
            return [lowest.x + lowest.width / 2, lowest.y + lowest.height / 2]
        }"""
    )
    page.mouse.move(*point)
    expect(page.locator(".hoverlayer .hovertext")).to_contain_text("Noise on the picture")
    page.mouse.click(*point)
    expect(page.locator("h2").first).to_contain_text(f"At σ = {sigma[-1]:g} the strongest attacker")
    page.wait_for_url(re.compile(r"method=image_noise"))
