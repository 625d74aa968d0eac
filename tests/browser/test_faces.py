"""A photograph of one's own, and two pictures under a handle, in a real browser."""

import io
import re

import pytest
from PIL import Image
from playwright.sync_api import expect

from tests.browser.conftest import cut_off, settled
from tests.own_photograph.scenes import known_faces, scene

pytestmark = pytest.mark.browser


def photograph():
    packed = io.BytesIO()
    Image.fromarray(scene(known_faces()[5], 260, 300, 120)).save(packed, "JPEG")
    return {"name": "me.jpg", "mimeType": "image/jpeg", "buffer": packed.getvalue()}


def test_upload_a_photograph_and_see_what_is_recovered(page, address, place):
    page.goto(f"{address}/reconstructions")
    page.get_by_role("radio", name="Your own photograph").click()
    expect(page.get_by_text("never stored")).to_be_visible()
    before = {path for path in place.rglob("*") if path.suffix != ".log"}
    page.locator("input[type=file]").set_input_files(photograph())
    verdict = page.locator("h2").first
    expect(verdict).to_contain_text("From your photograph this attacker recovers")
    expect(page.get_by_text("as the network sees it")).to_be_visible()
    recovered = page.get_by_role("img", name=re.compile("^Your face as recovered"))
    source = recovered.get_attribute("src")
    expect(page.get_by_alt_text("Your face, original", exact=True).first).to_be_visible()

    page.get_by_role("slider").first.focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_url(re.compile(r"deep_obfuscator\.lambda1=5"))
    expect(recovered).not_to_have_attribute("src", source)

    page.set_viewport_size({"width": 390, "height": 844})
    expect(recovered).to_be_visible()
    assert not cut_off(page)
    assert {path for path in place.rglob("*") if path.suffix != ".log"} == before
    assert not page.outside


def test_swipe_with_the_keyboard_and_the_mouse(page, address):
    page.goto(f"{address}/reconstructions?face=2")
    handle = page.get_by_role("slider", name=re.compile("Face 2: share of the original"))
    expect(handle).to_be_visible()
    above = page.locator("img.above")
    clip = "image => getComputedStyle(image).clipPath"
    start = above.evaluate(clip)
    handle.focus()
    for _ in range(10):
        page.keyboard.press("ArrowRight")
    expect(handle).to_have_value("60")
    assert handle.get_attribute("aria-valuetext") == "60 % original"
    assert above.evaluate(clip) != start
    page.keyboard.press("Home")
    expect(handle).to_have_value("0")
    settled(page)
    box = handle.bounding_box()
    page.mouse.click(box["x"] + box["width"] * 0.75, box["y"] + box["height"] / 2)
    assert 65 <= int(handle.input_value()) <= 85

    # another setting brings other pictures; the handle stays where it is
    place = handle.input_value()
    other = page.get_by_alt_text("Face 2, recovered", exact=True)
    source = other.get_attribute("src")
    page.get_by_role("slider").first.focus()
    page.keyboard.press("ArrowRight")
    expect(other).not_to_have_attribute("src", source)
    expect(handle).to_have_value(place)
    assert not page.outside


def test_compare_two_faces_over_lambda(page, address):
    """Two faces, each from weak to strong protection: the reader sees which is recovered better."""
    page.goto(f"{address}/reconstructions?face=1")
    steps = page.get_by_role("img", name=re.compile(r"^Face \d+ recovered at λ₁ = "))
    expect(steps.first).to_be_visible()

    def told():
        return [step.get_attribute("alt") for step in steps.all()]

    first = told()
    assert [re.search(r"λ₁ = ([\d.]+)", text)[1] for text in first] == ["0", "1", "5"]
    page.get_by_role("combobox", name="Face", exact=True).click()
    page.get_by_role("option", name="Face 3", exact=True).click()
    expect(page.get_by_role("img", name=re.compile("^Face 3 recovered at")).first).to_be_visible()
    page.wait_for_url(re.compile("face=3"))
    second = told()
    assert [text.replace("Face 1", "Face 3") for text in first] != second  # another face, others
    page.get_by_role("slider").first.focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator("h2").first).to_contain_text("λ₁ = 5")
    assert told() == second  # the film stays, the light on it moves
