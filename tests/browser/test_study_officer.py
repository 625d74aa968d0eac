"""An officer's way: a study is set up, opened and answered; its result stands where
decisions are made. And the door before it all."""

import os
from urllib.parse import quote

import pytest
from argon2 import PasswordHasher
from playwright.sync_api import expect

from core.run import Run
from core.run_validation import checked
from core.study import studies as kept_studies
from tests.browser.conftest import running_app
from tests.browser.participants import answer, arrive, code, truth
from tests.browser.received import as_bytes
from tests.checkpoint_folders import write_run
from tests.live_runs import bring_to_life
from tests.study.asked_runs import give_data
from tests.tiny_folder import register_tiny_folder
from tests.waiting import SECONDS

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("studies")]
HOSTILE = '<img src=x onerror="document.title=1"> **Who?** '


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """An app with a protected setting and the unprotected one, whose networks can be asked, of a data
    set with 50 test people."""
    place = tmp_path_factory.mktemp("app")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PENUMBRA_HOME", str(place / "home"))
        patch.setenv("PENUMBRA_CHECKPOINTS", str(place / "checkpoints"))
        register_tiny_folder(place / "photographs", identities=200)
        for run in map(checked, (Run("deep_obfuscator", "tiny"), Run("original", "tiny"))):
            write_run(place / "checkpoints", run, strength=0.5)
            bring_to_life(run.folder, run)
            give_data(run)
    return place


@pytest.fixture(scope="module")
def address(place):
    """Address of the app on it."""
    with running_app(place) as found:
        yield found


def test_from_the_form_to_the_trade_off(page, device, address):
    page.goto(f"{address}/studies")
    title = page.get_by_role("textbox", name="Title")
    title.fill(HOSTILE)
    title.press("Enter")
    expect(page.get_by_text("10 questions on 1 setting")).to_be_visible()
    page.get_by_role("button", name="Make the study").click()
    page.get_by_role("button", name="Open the study").click()
    expect(page.get_by_text("The link for participants.")).to_be_visible()
    link = page.get_by_text("/?study=").first.inner_text().strip()
    (study,) = kept_studies.list_studies()
    assert link == f"{address}/?study={study['id']}"

    person = device().new_page()
    arrive(person, address, study["id"])
    expect(person.get_by_text("**Who?**")).to_have_count(0)  # the title is no markup …
    expect(person.get_by_text("Question 1 of")).to_be_visible()
    for number, known in enumerate(truth(study["id"])[1], 1):
        answer(person, range(number, number + 1), known["right"])
    assert code(person)
    assert person.locator("img[src=x]").count() == 0  # … and runs nothing
    assert person.title() != "1"

    expect(page.get_by_text("1 finished")).to_be_visible()
    page.get_by_role("button", name="Close the study").click()
    expect(page.get_by_role("button", name="Open the study")).to_be_visible()
    page.get_by_role("button", name="Results").first.click()
    expect(page.get_by_role("heading", name="Do people recognise the face?")).to_be_visible()
    expect(page.locator(".js-plotly-plot").first).to_be_visible()

    target = quote(f"recognition:{HOSTILE.strip()}")
    page.goto(f"{address}/?private={target}")
    verdict = page.locator("h2").first
    expect(verdict).to_contain_text("people pick the person of a redrawn face out of 4 in 100")
    assert page.locator("img[src=x]").count() == 0
    assert not page.outside


def test_the_door(device, place, monkeypatch):
    monkeypatch.setenv("PENUMBRA_PASSWORD_HASH", PasswordHasher(1, 64, 1).hash("correct horse"))
    with running_app(place) as address:
        page = device().new_page()
        frames = []
        page.on("websocket", lambda s: s.on("framereceived", lambda data: frames.append(data)))
        page.goto(f"{address}/study_results")
        expect(page.get_by_text("These pages are for officers")).to_be_visible()
        received = b"".join(map(as_bytes, frames))
        for word in (b"trade_off", b"Trade-off", b"deep_obfuscator", b"synthetic"):
            assert word not in received
        page.get_by_role("textbox", name="Password").fill("wrong")
        page.get_by_role("button", name="Come in").click()
        expect(page.get_by_text("That is not the password.")).to_be_visible()
        page.get_by_role("textbox", name="Password").fill("correct horse")
        page.get_by_role("button", name="Come in").click()
        expect(page.get_by_role("heading", name="Do people recognise the face?")).to_be_visible()


def test_without_a_password_no_way_leads_in_through_a_proxy(address):
    """What a proxy on this machine passes on is somebody else's: it says so in its headers."""
    from websockets.sync.client import connect

    assert "PENUMBRA_PASSWORD_HASH" not in os.environ
    host = address.removeprefix("http://")
    for headers, fine in (({}, True), ({"X-Forwarded-For": "203.0.113.7"}, False)):
        with connect(
            f"ws://{host}/_stcore/stream",
            subprotocols=["streamlit"],
            origin=address,
            additional_headers=headers,
            max_size=None,
        ) as socket:
            assert (b"Trade-off" in _everything(socket)) is fine


def _everything(socket) -> bytes:
    """All that the server sends until its script has ended."""
    from streamlit.proto.BackMsg_pb2 import BackMsg
    from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

    message = BackMsg()
    message.rerun_script.query_string = ""
    socket.send(message.SerializeToString())
    found = b""
    while True:
        frame = socket.recv(timeout=SECONDS)
        found += frame
        told = ForwardMsg()
        told.ParseFromString(frame)
        if told.WhichOneof("type") == "script_finished":
            return found
