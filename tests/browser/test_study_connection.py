"""Lost connections: what was answered arrives when there is one again, once."""

import sqlite3

import pytest
from playwright.sync_api import expect

from core.study.storage import database
from tests.browser import participants
from tests.browser.conftest import reserved_port, running_app, start_app, studies_of
from tests.browser.participants import answer, arrive, asked, places
from tests.study.sample_study import open_study
from tests.waiting import SECONDS

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("studies")]
FOUR = {"questions": 4, "attention": 0, "practice": False, "people": 12}
LOST = "No connection. Your answer is kept here"


class Server:
    """The app at one port, which can be killed and started again."""

    def __init__(self, place, port):
        self.place, self.port = place, port
        self.address = f"http://localhost:{port}"
        self.start()

    def kill(self):
        self.process.kill()
        self.process.wait(SECONDS)

    def start(self):
        self.process = start_app(self.place, self.port)


@pytest.fixture(scope="module")
def one_server(place):
    with reserved_port() as port:
        started = Server(place, port)
        yield started
        started.kill()


@pytest.fixture
def server(one_server):
    """A server that runs when the test begins, whatever an earlier one did to it."""
    if one_server.process.poll() is not None:
        one_server.start()
    return one_server


def test_server_killed_between_click_and_acknowledgement(page, server):
    study_id = open_study(**FOUR)
    arrive(page, server.address, study_id)
    answer(page, range(1, 2), 1)
    asked(page, 2)
    server.kill()
    page.locator(".option").nth(3).click()
    expect(page.get_by_text(LOST)).to_be_visible()
    assert places(study_id) == [1]
    # it has been answered: nothing more is taken
    page.locator(".option").nth(0).evaluate("button => button.click()")
    server.start()
    asked(page, 3)
    assert places(study_id) == [1, 3]

    # nothing was asked while it was away: the next answer arrives all the same
    server.kill()
    server.start()
    page.locator(".option").nth(2).click()
    asked(page, 4)
    assert places(study_id) == [1, 3, 2]

    # killed again, and the page closed in the middle of it: the browser kept the answer
    server.kill()
    page.locator(".option").nth(1).click()
    expect(page.get_by_text(LOST)).to_be_visible()
    page.goto("about:blank")
    server.start()
    page.goto(f"{server.address}/?study={study_id}")
    participants.code(page)
    assert places(study_id) == [1, 3, 2, 1]
    assert participants.count(study_id) == 1


def test_the_word_that_an_answer_arrived_is_lost(page, address):
    """The answer is stored, the acknowledgement never comes: told again, it counts once."""
    study_id = open_study(**FOUR)
    deaf = []

    def between(route):
        upstream = route.connect_to_server()
        upstream.on_message(lambda message: None if deaf else route.send(message))

    page.route_web_socket(lambda url: "_stcore/stream" in url, between)
    arrive(page, address, study_id)
    asked(page, 1)
    deaf.append(True)
    page.locator(".option").nth(2).click()
    expect(page.get_by_text(LOST)).to_be_visible()
    assert places(study_id) == [2]
    deaf.clear()
    asked(page, 2).nth(0).click()
    asked(page, 3)
    assert places(study_id) == [2, 0]


def test_agreed_while_the_connection_was_lost(page, server):
    study_id = open_study(**FOUR)
    page.goto(f"{server.address}/?study={study_id}&panel=p1")
    agree = page.get_by_role("button", name="I agree and take part")
    expect(agree).to_be_visible()
    server.kill()
    agree.click()
    expect(page.get_by_text("No connection")).to_be_visible()
    page.goto("about:blank")
    server.start()
    page.goto(f"{server.address}/?study={study_id}&panel=p1")  # agreed already: no second consent
    answer(page, range(1, 5))
    participants.code(page)
    assert participants.count(study_id) == 1


def test_offline_for_a_while(page, address):
    study_id = open_study(**FOUR)
    arrive(page, address, study_id)
    asked(page, 1)
    page.context.set_offline(True)
    page.locator(".option").nth(1).click()
    expect(page.get_by_text(LOST)).to_be_visible()
    page.context.set_offline(False)
    asked(page, 2)
    assert places(study_id) == [1]


def test_a_database_that_others_hold(page, address, place):
    study_id = open_study(**FOUR)
    arrive(page, address, study_id)
    asked(page, 1)
    other = sqlite3.connect(studies_of(place).removeprefix("sqlite:///"), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    page.locator(".option").nth(3).click()
    expect(page.get_by_text(LOST)).to_be_visible()
    assert places(study_id) == []
    other.execute("ROLLBACK")
    other.close()
    asked(page, 2).nth(1).click()
    asked(page, 3)
    assert places(study_id) == [3, 1]


def test_a_database_that_is_away(page, tmp_path, monkeypatch):
    monkeypatch.setenv("PENUMBRA_DATABASE", studies_of(tmp_path))
    study_id = open_study(**FOUR)
    database.close()
    folder, elsewhere = tmp_path / "home" / "studies", tmp_path / "elsewhere"
    folder.rename(elsewhere)
    folder.write_text("here is no database")
    with running_app(tmp_path) as address:
        page.goto(f"{address}/?study={study_id}")
        expect(page.get_by_text("The study cannot be reached at the moment")).to_be_visible()
        assert page.get_by_text(str(tmp_path)).count() == 0
        folder.unlink()
        elsewhere.rename(folder)
        page.get_by_role("button", name="I agree and take part").click()  # it tries again by itself
        asked(page, 1)
        assert participants.count(study_id) == 1
    database.close()
