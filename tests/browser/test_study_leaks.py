"""The right answer is nowhere in what a participant's browser receives, and nothing of the app is."""

import base64
import copy
import hashlib
import io
import json
import random

import pytest
from PIL import Image
from playwright.sync_api import expect
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from app.main import PAGES
from core.study.participation import taking
from core.study.storage import database
from tests.browser import participants
from tests.browser.participants import arrive, asked, truth
from tests.browser.received import PREFIX, Received, leaks, recorded
from tests.study import sample_study

PEOPLE = 3  # who take part in the browser
MADE_UP = 12  # who take part in the tests of the search itself
DESIGN = {"questions": 6, "attention": 2, "practice": True, "people": 12}
OTHER_PAGES = [page.name for page in PAGES]
# What a run, a role, an item and the rest of the app are called.
SECRETS = [
    *[
        "deep_obfuscator",
        "mirrored_decoder",
        "synthetic",
        "release_value",
        "machine_release",
        "machine_picture",
    ],
    *["ms_ssim", "attention", 'role"', "option_order", "practice_right", 'position"', "Trade-off"],
    *(page.title for page in PAGES if len(page.title) > 12),
    *(f"pages/{name}" for name in OTHER_PAGES),
    *(name for name in OTHER_PAGES if "_" in name),
]


@pytest.mark.browser
@pytest.mark.usefixtures("studies")
def test_nothing_that_the_browser_receives_tells_the_answer(device, address):
    study_id = sample_study.open_study(**DESIGN)
    everybody = []
    for number in range(1, PEOPLE + 1):
        page = device(viewport={"width": 1000, "height": 900}).new_page()
        chance = random.Random(number)

        def take_part(page=page, chance=chance):
            arrive(page, address, study_id, f"&panel=person{chance.random()}")
            for question in range(1, 10):
                asked(page, question).nth(chance.randrange(4)).click()
            participants.code(page)

        everybody.append((recorded(page, take_part), truth(study_id)[number]))
    assert [len(questions) for _, questions in everybody] == [9] * PEOPLE
    assert leaks(everybody, SECRETS) == []


@pytest.mark.browser
@pytest.mark.usefixtures("studies")
@pytest.mark.parametrize("path", ["", "trade_off", "take_part", "studies", "no_such_page"])
def test_every_address_shows_the_study_alone(page, address, path):
    study_id = sample_study.open_study(**DESIGN)

    def look():
        page.goto(f"{address}/{path}?study={study_id}")
        expect(page.get_by_role("button", name="I agree and take part")).to_be_visible()
        expect(page).to_have_title("Who is it?")
        assert page.locator("[data-testid=stDialog]").count() == 0
        assert page.locator("[data-testid=stSidebarNav], [data-testid=stLogo]").count() == 0

    received = recorded(page, look)
    messages = [ForwardMsg.FromString(frame) for frame in received.frames]
    navigation = [one.navigation for one in messages if one.WhichOneof("type") == "navigation"]
    assert {named.page_name for one in navigation for named in one.app_pages} == {"Study"}
    # the page that a person's address names comes back to them; no other does
    assert leaks([(received, [])], [secret for secret in SECRETS if secret != path]) == []
    assert not page.outside


# ---- the search itself: what it is there to find is planted, once of each kind


@pytest.fixture
def honest(tmp_path, monkeypatch):
    """What browsers would receive of a made-up study, and the truth."""
    monkeypatch.setenv("PENUMBRA_DATABASE", f"sqlite:///{tmp_path / 'studies.sqlite'}")
    study_id = sample_study.open_study(**DESIGN)
    everybody = []
    for number in range(1, MADE_UP + 1):
        token = sample_study.token()
        taking.start(study_id, token)
        drawn = []
        while (found := taking.current(study_id, token))["stage"] == "question":
            drawn.append(
                {
                    "study": study_id,
                    "heard": 1,
                    "note": None,
                    "forget": False,
                    "wait": False,
                    "stage": "question",
                    "number": found["number"],
                    "total": found["total"],
                    "redrawn": in_page(found["redrawn"]),
                    "options": list(map(in_page, found["options"])),
                    "limit": None,
                    "confidence": False,
                    "remark": "",
                }
            )
            taking.answer(study_id, token, found["position"], 0)
        everybody.append((drawn, truth(study_id)[number]))
    yield everybody
    database.close()


def in_page(png):
    return PREFIX + base64.b64encode(png).decode()


def sent(everybody, secrets=SECRETS):
    """What is found in it."""
    as_received = []
    for drawn, told in everybody:
        frames = []
        for data in drawn:
            message = ForwardMsg()
            message.delta.new_element.bidi_component.json = json.dumps(data)
            frames.append(message.SerializeToString())
        as_received.append((Received(frames, [], []), told))
    return leaks(as_received, secrets)


def test_nothing_is_found_where_there_is_nothing(honest):
    assert sent(honest) == []


def name_the_role(data, told):
    data["role"] = told["role"]


def name_the_run(data, told):
    data["remark"] = "deep_obfuscator-0000000000"


def remark_on_attention(data, told):
    data["remark"] = "Look well." if told["role"] == "attention" else ""


def right_first(data, told):
    data["options"].insert(0, data["options"].pop(told["right"]))
    told["right"] = 0


def longer(data, told):
    right = told["right"]
    png = base64.b64decode(data["options"][right].removeprefix(PREFIX))
    data["options"][right] = in_page(png + bytes(3))


def show_the_photograph_itself(data, told):
    data["redrawn"] = data["options"][told["right"]]


def pack_better(data, told):
    """The right option's pixels take fewer bytes; the rest of its length is padding."""
    right = told["right"]
    png = base64.b64decode(data["options"][right].removeprefix(PREFIX))
    colour = tuple(hashlib.sha256(png).digest()[:3])
    packed = io.BytesIO()
    Image.new("RGB", (sample_study.SIZE, sample_study.SIZE), colour).save(packed, "PNG")
    data["options"][right] = in_page(sample_study._padded(packed.getvalue(), len(png) - 12))


@pytest.mark.parametrize(
    ("plant", "found"),
    [
        (name_the_role, "the component is given ['role'] at question"),
        (name_the_run, "'deep_obfuscator' is in what the browser receives"),
        (remark_on_attention, "remark tells questions of one kind from the others"),
        (right_first, "place guesses 96 of 96"),
        (pack_better, "packed size guesses 18 of 18"),
        (longer, "pictures differ in length"),
        (show_the_photograph_itself, "a participant sees one picture twice"),
    ],
)
def test_a_planted_leak_is_found(honest, plant, found):
    planted = copy.deepcopy(honest)
    for drawn, told in planted:
        for data, secret in zip(drawn, told, strict=True):
            plant(data, secret)
    assert found in sent(planted)
