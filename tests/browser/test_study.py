"""Taking part in a study in a real browser: with keys, with fingers, twice, and not at all."""

import re
import time

import pytest
from playwright.sync_api import expect

from core.study import studies as kept_studies
from tests.browser import participants
from tests.browser.conftest import cut_off, settled
from tests.browser.participants import answer, arrive, asked, places, stored
from tests.study.sample_study import open_study, ready_study

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("studies")]
SHORT = {"questions": 3, "attention": 0, "practice": False, "people": 12}
PHONE = {"width": 390, "height": 844}
BLOCKED = """Object.defineProperty(
    window, 'localStorage', { get() { throw new Error('blocked') } })"""


def kept(page, study_id):
    """What the browser keeps of a study."""
    name = f"penumbra.study.{study_id}"
    return page.evaluate("name => JSON.parse(localStorage.getItem(name))", name)


def test_whole_participation_with_the_keyboard(page, address):
    study_id = open_study(questions=4, attention=1, practice=True, confidence=True, people=12)
    before = participants.rows()["panel_ids"]
    began = time.monotonic()
    page.goto(f"{address}/?study={study_id}&panel=somebody-7")
    expect(page.get_by_role("heading", name="Who is it?")).to_be_visible()
    expect(page.get_by_role("button", name="I agree and take part")).to_be_visible()
    assert kept(page, study_id) is None  # nothing is kept before consent
    page.get_by_role("button", name="I agree and take part").focus()
    page.keyboard.press("Enter")
    pressed = [(3, 1), (1, 5), (4, 2), (2, 3), (2, 2), (1, 4)]
    for number, (option, sure) in enumerate(pressed, 1):
        asked(page, number)
        expect(page.get_by_text("This one is for practice")).to_be_visible(visible=number == 1)
        expect(page.get_by_text("Now it counts")).to_be_visible(visible=number == 2)
        page.keyboard.press(str(option))
        chosen = page.get_by_role("button", name=f"Photograph {option}")
        expect(chosen).to_have_attribute("aria-pressed", "true")
        page.keyboard.press(str(sure))
    code = participants.code(page)
    most = 1000 * (time.monotonic() - began)
    assert re.fullmatch(r"[A-Z0-9]{4}(-[A-Z0-9]{4}){2}", code)
    assert "panel" not in page.url
    assert places(study_id) == [option - 1 for option, _ in pressed]
    given = stored(study_id)[1]
    assert [given[position]["confidence"] for position in range(6)] == [sure for _, sure in pressed]
    times = [given[position]["milliseconds"] for position in range(6)]
    assert min(times) >= 250  # nothing can be chosen earlier
    assert sum(times) < most
    assert participants.rows()["panel_ids"] == before + 1

    page.reload()
    assert participants.code(page) == code
    assert not page.outside


def test_whole_participation_with_a_finger(device, address):
    study_id = open_study(**SHORT, confidence=True)
    phone = device(viewport=PHONE, has_touch=True, is_mobile=True, device_scale_factor=3).new_page()
    phone.goto(f"{address}/?study={study_id}")
    phone.get_by_role("button", name="I agree and take part").tap()
    for number, (first, option) in enumerate([(0, 3), (2, 2), (1, 0)], 1):
        options = asked(phone, number)
        settled(phone)
        boxes = [picture.bounding_box() for picture in phone.locator("img:visible").all()]
        assert len({(box["width"], box["height"]) for box in boxes[1:]}) == 1
        assert all(box["width"] == box["height"] for box in boxes)
        options.nth(first).tap()
        options.nth(option).tap()  # the choice may be changed until its confidence is given
        last = phone.get_by_role("button", name="4", exact=True)
        settled(phone)
        box = last.bounding_box()
        assert box["y"] + box["height"] <= PHONE["height"]  # all of it without scrolling
        last.tap()
    expect(phone.locator("output.code")).to_be_visible()
    assert not cut_off(phone)
    assert places(study_id) == [3, 2, 0]


def test_reload_and_back_lose_nothing(page, address):
    study_id = open_study(**SHORT)
    arrive(page, address, study_id)
    answer(page, range(1, 2), 1)
    asked(page, 2)
    page.reload()
    asked(page, 2)
    page.goto("about:blank")
    page.go_back()
    asked(page, 2).nth(3).click()
    asked(page, 3)
    page.goto(f"{address}/?study={study_id}")
    asked(page, 3).nth(2).click()
    participants.code(page)
    assert places(study_id) == [1, 3, 2]
    assert participants.count(study_id) == 1
    # an interrupted time measures nothing
    given = stored(study_id)[1]
    assert [given[at]["milliseconds"] is None for at in range(3)] == [False, True, True]


def test_double_click_and_double_key_answer_once(page, address):
    study_id = open_study(**(SHORT | {"questions": 4}))
    page.goto(f"{address}/?study={study_id}")
    page.get_by_role("button", name="I agree and take part").dblclick()
    asked(page, 1).nth(1).evaluate("button => { button.click(); button.click(); }")
    asked(page, 2)
    page.keyboard.press("3")
    page.keyboard.press("4")
    # slow second clicks, which come until the next question takes answers
    asked(page, 3).nth(0).evaluate("""async (button) => {
        const section = button.closest('section')
        const frame = () => new Promise(requestAnimationFrame)
        button.click()
        while (!section.querySelector('.progress').textContent.startsWith('Question 4')) await frame()
        while (section.querySelector('.pictures.coming')) await frame()
        while (button.ariaDisabled === 'true') { button.click(); await frame() }
    }""")
    asked(page, 4).nth(1).dblclick(delay=20)
    participants.code(page)
    assert places(study_id) == [1, 2, 0, 1]
    assert participants.count(study_id) == 1


def test_two_tabs_are_one_participant(device, address):
    study_id = open_study(**SHORT)
    one = device()
    first, second = one.new_page(), one.new_page()
    agree = "I agree and take part"
    for tab in (first, second):
        tab.goto(f"{address}/?study={study_id}")
        expect(tab.get_by_role("button", name=agree)).to_be_visible()
    for tab in (first, second):
        tab.bring_to_front()
        tab.get_by_role("button", name=agree).click()
        asked(tab, 1)
    first.bring_to_front()
    asked(first, 1).nth(2).click()
    asked(first, 2)
    second.bring_to_front()
    second.locator(".option").nth(0).click()  # the same question once more: the first counts
    asked(second, 2).nth(1).click()
    asked(second, 3).nth(3).click()
    participants.code(second)
    first.bring_to_front()
    first.locator(".option").nth(0).click()
    participants.code(first)
    assert places(study_id) == [2, 1, 3]
    assert participants.count(study_id) == 1


def test_time_runs_out_and_the_choice_is_nobody(device, address):
    study_id = open_study(**SHORT, time_limit=300)
    page = device().new_page()
    page.clock.install()
    arrive(page, address, study_id)
    asked(page, 1).nth(1).click()
    asked(page, 2)
    expect(page.get_by_role("timer")).to_have_text(re.compile(r"(300|2\d\d) s"))
    page.clock.fast_forward(300_000)
    asked(page, 3).nth(0).click()  # nothing was chosen in question 2
    participants.code(page)
    assert places(study_id) == [1, None, 0]


def test_time_in_another_tab_is_not_measured(page, address):
    study_id = open_study(**SHORT)
    arrive(page, address, study_id)
    asked(page, 1)
    page.evaluate("""() => {
        for (const hidden of [true, false]) {
            Object.defineProperty(document, 'hidden', { value: hidden, configurable: true })
            document.dispatchEvent(new Event('visibilitychange'))
        }
    }""")
    page.locator(".option").nth(1).click()
    answer(page, range(2, 4))
    participants.code(page)
    given = stored(study_id)[1]
    assert [given[at]["milliseconds"] is None for at in range(3)] == [True, False, False]


def test_withdrawal_deletes_everything(page, address):
    study_id = open_study(**SHORT)
    before = participants.rows()
    arrive(page, address, study_id, "&PROLIFIC_PID=5f2d")
    answer(page, range(1, 4))
    participants.code(page)
    assert participants.rows()["panel_ids"] == before["panel_ids"] + 1
    page.get_by_role("button", name="Delete my answers").click()
    page.get_by_role("button", name="Keep it").click()
    page.get_by_role("button", name="Delete my answers").click()
    page.get_by_role("button", name="Delete all of it").click()
    expect(page.get_by_role("heading", name="Everything was deleted")).to_be_visible()
    assert participants.rows() == before
    assert kept_studies.read(study_id)["withdrawn"] == 1
    assert kept(page, study_id) is None

    # and with the code, by somebody who lost the page
    arrive(page, address, study_id)
    answer(page, range(1, 4))
    code = participants.code(page)
    page.get_by_role("button", name="Somebody else wants to take part").click()
    page.get_by_role("button", name="I noted the code").click()
    page.get_by_role("button", name="Withdraw with a code").click()
    page.get_by_label("Withdrawal code").fill("AAAA-AAAA-AAAA")
    page.get_by_role("button", name="Delete everything").click()
    expect(page.get_by_text("Nothing is kept under this code")).to_be_visible()
    page.goto(f"{address}/?study={study_id}&withdraw")
    page.get_by_label("Withdrawal code").fill(f" {code.lower().replace('-', ' ')} ")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Everything was deleted")).to_be_visible()
    assert participants.rows() == before


def test_somebody_else_on_the_same_device(page, address):
    study_id = open_study(**SHORT)
    arrive(page, address, study_id)
    answer(page, range(1, 4), 1)
    first = participants.code(page)
    page.get_by_role("button", name="Somebody else wants to take part").click()
    page.get_by_role("button", name="I noted the code").click()
    page.get_by_role("button", name="I agree and take part").click()
    answer(page, range(1, 4), 2)
    assert participants.code(page) != first
    assert [places(study_id, number) for number in (1, 2)] == [[1, 1, 1], [2, 2, 2]]


def test_a_browser_that_keeps_nothing(device, address):
    study_id = open_study(**SHORT)
    blocked = device()
    blocked.add_init_script(BLOCKED)
    page = blocked.new_page()
    arrive(page, address, study_id)
    asked(page, 1)
    expect(page.get_by_text("reloading it would begin anew")).to_be_visible()
    answer(page, range(1, 4), 1)
    participants.code(page)
    assert places(study_id) == [1, 1, 1]


def test_not_taking_part_keeps_nothing(page, address):
    study_id = open_study(**SHORT)
    page.goto(f"{address}/?study={study_id}")
    page.get_by_role("button", name="I do not take part").click()
    expect(page.get_by_role("heading", name="You are not taking part")).to_be_visible()
    assert kept(page, study_id) is None
    assert participants.count(study_id) == 0
    kept_studies.close_study(study_id)
    page.get_by_role("button", name="Back to the study").click()
    expect(page.get_by_text("This study has ended")).to_be_visible()
    page.goto(f"{address}/?study=neverexisted")
    expect(page.get_by_role("heading", name="There is no study here")).to_be_visible()


def test_an_officer_looks_through_a_study_and_nothing_is_kept(page, address):
    before = participants.rows()
    study_id = ready_study(
        questions=2, attention=0, practice=True, people=12, title="Looked through"
    )
    page.goto(f"{address}/studies")
    page.locator(f".st-key-preview_{study_id} button").click()
    for number in (1, 2, 3):
        asked(page, number)
        page.keyboard.press("2")
    expect(page.get_by_text("That was the last question")).to_be_visible()
    assert participants.rows() == before
    assert kept(page, study_id) is None
