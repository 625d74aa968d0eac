"""A photograph of one's own, two pictures under a handle, and a training stopped and resumed, in a
real browser."""

import io
import re

import pytest
from PIL import Image
from playwright.sync_api import expect

from core.run import Run
from core.run_validation import checked
from tests.browser.conftest import cut_off, settled
from tests.live_runs import bring_to_life
from tests.own_photograph.scenes import known_faces, scene
from tests.tiny_folder import register_tiny_folder

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def alive(place):
    """The default setting and its neighbour with networks, so that they can be asked."""
    for lambda1 in (1.0, 5.0):
        knobs = {"lambda1": lambda1, "lambda2": 1.0}
        run = checked(Run("deep_obfuscator", "synthetic", knobs=knobs))
        bring_to_life(place / "checkpoints" / "synthetic" / run.id, run, seed=int(lambda1))


def photograph():
    packed = io.BytesIO()
    Image.fromarray(scene(known_faces()[5], 260, 300, 120)).save(packed, "JPEG")
    return {"name": "me.jpg", "mimeType": "image/jpeg", "buffer": packed.getvalue()}


def test_upload_a_photograph_and_see_what_is_recovered(page, address, alive, place):
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


def test_stop_a_sweep_resume_it_and_take_it_from_the_list(page, address, place, monkeypatch):
    monkeypatch.setenv("PENUMBRA_HOME", str(place / "home"))
    register_tiny_folder(place / "photographs")
    page.goto(f"{address}/train?train_data=tiny&train_device=cpu&train_deep_obfuscator_lambda1=0,1")
    expect(page.locator("h2").first).to_contain_text("2 settings of DeepObfuscator")
    page.get_by_role("button", name="Start training and attacks").click()
    expect(page.get_by_text(re.compile(r"step \d+ of \d+")).first).to_be_visible()
    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_text(re.compile("stopped at step"))).to_be_visible()
    page.get_by_role("button", name="Resume").click()
    expect(page.get_by_role("button", name="Stop")).to_be_visible()
    expect(page.get_by_text(re.compile(r"step \d+ of \d+")).first).to_be_visible()
    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_role("button", name="Resume")).to_be_visible()
    page.get_by_role("button", name="Delete", exact=True).click()
    page.get_by_text("Delete what it trained as well").click()
    page.get_by_role("button", name="Delete it all").click()
    expect(page.get_by_text("No training has been started here yet")).to_be_visible()
    assert not list((place / "checkpoints" / "tiny").glob("deep_obfuscator-*"))
    assert (place / "photographs" / "labels.csv").is_file()


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
