"""Maps of releases and the heat map under a real pointer: lasso, thumbnails, a click on a cell."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import MAPPED, cut_off, settled
from tests.waiting import until

pytestmark = pytest.mark.browser
POINTS = """name => [...document.querySelectorAll(`.st-key-${name} .trace .points path`)].map(point => {
    const box = point.getBoundingClientRect()
    return [box.x + box.width / 2, box.y + box.height / 2]
})"""
# the face beside the pointer lies in a component, whose inside is not the page's
FACE = """() => {
    const within = root => {
        for (const part of root.querySelectorAll("*")) {
            if (part.classList.contains("face")) return part
            const inner = part.shadowRoot && within(part.shadowRoot)
            if (inner) return inner
        }
    }
    const face = within(document)
    return face && face.style.display === "block" ? Number(face.dataset.position) : null
}"""


def draw_around(page, points):
    """A lasso around points, in a margin narrower than half their distance."""
    left, right = (pick(x for x, _ in points) for pick in (min, max))
    top, bottom = (pick(y for _, y in points) for pick in (min, max))
    page.mouse.move(left - 6, top - 6)
    page.mouse.down()
    for x, y in ((right + 6, top - 6), (right + 6, bottom + 6), (left - 6, bottom + 6)):
        page.mouse.move(x, y, steps=6)
    page.mouse.move(left - 6, top - 6, steps=6)
    page.mouse.up()


def point_at(page, point):
    """Move to a point and a little about it until its face is there: a chart that is drawn anew
    under a pointer at rest does not know of it."""

    def seen():
        for away in (2, 0):
            page.mouse.move(point[0] + away, point[1])
        return page.evaluate(FACE) is not None

    until(seen, lambda: "no face beside the pointer")


def test_a_lasso_shows_the_faces_and_rings_them_on_both_maps(page, address):
    page.goto(f"{address}/embeddings")
    expect(page.get_by_role("heading", name="Does protection mix people up?")).to_be_visible()
    expect(page.locator(".st-key-map_here .scatterlayer .trace").first).to_be_visible()
    expect(page.get_by_text("Draw around points")).to_be_visible()
    settled(page)
    points = sorted(page.evaluate(POINTS, "map_here"), key=lambda point: (point[1], point[0]))
    assert len(points) == len(MAPPED)
    row = sorted(points[:10])[:3]  # of the top row the first three

    point_at(page, row[1])
    assert page.evaluate(FACE) in MAPPED
    draw_around(page, row)
    expect(page.get_by_text(re.compile("^3 photographs of [123] p"))).to_be_visible()
    faces = page.get_by_role("img", name=re.compile(r"^Person \d+"))
    expect(faces).to_have_count(3)
    for name in ("map_before", "map_here"):
        expect(page.locator(f".st-key-{name} .legendtext", has_text="selected")).to_be_visible()
        assert len(page.evaluate(POINTS, name)) == len(MAPPED) + 3

    page.get_by_role("slider").first.focus()  # the same faces at another setting
    page.keyboard.press("ArrowRight")
    expect(page.locator("h2").first).to_contain_text("λ₁ = 5")
    expect(faces).to_have_count(3)
    page.get_by_role("button", name="Clear").click()
    expect(page.get_by_text("Draw around points")).to_be_visible()
    assert not page.outside


def test_on_a_phone_a_tap_shows_one_face_and_nothing_is_cut_off(device, address):
    mobile = "Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 Chrome/140.0 Mobile Safari/537.36"
    phone = device(
        viewport={"width": 390, "height": 1400}, has_touch=True, user_agent=mobile
    ).new_page()
    phone.goto(f"{address}/embeddings?map=pca")
    expect(phone.locator(".st-key-map_here .scatterlayer .trace").first).to_be_visible()
    expect(phone.get_by_text("Tap a point")).to_be_visible()
    phone.locator(".st-key-map_here").scroll_into_view_if_needed()
    settled(phone)
    phone.mouse.click(*phone.evaluate(POINTS, "map_here")[0])
    expect(phone.get_by_text(re.compile("^1 photograph of 1 person"))).to_be_visible()
    expect(phone.get_by_role("img", name=re.compile(r"^Person \d+"))).to_have_count(1)
    assert not cut_off(phone)


def test_clicking_a_cell_chooses_its_setting(page, address):
    page.goto(f"{address}/leaks")
    cells = page.locator(".st-key-chart_leaks .heatmaplayer")
    expect(cells.first).to_be_visible()
    expect(page.locator("h2").first).to_contain_text("At λ₁ = 1, λ₂ = 1 an attacker also tells")
    settled(page)
    box = cells.first.bounding_box()
    page.mouse.click(box["x"] + box["width"] * 0.95, box["y"] + 10)
    expect(page.locator("h2").first).to_contain_text("At λ₁ = 5, λ₂ = 1 an attacker also tells")
    page.wait_for_url(re.compile(r"deep_obfuscator\.lambda1=5"))
    page.set_viewport_size({"width": 390, "height": 844})
    assert not cut_off(page)
