"""What a browser says is hostile until it is checked; what is done about it is done once."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.study import participant
from core.study import studies
from core.study.participation import taking
from core.study.storage import database
from tests.examples import examples
from tests.study.sample_study import open_study, ready_study, token

SHORT = {"questions": 3, "attention": 0, "practice": False, "people": 12}
MINE = "0123456789abcdef" * 2


def said(kind, serial=1, **fields):
    return {"kind": kind, "serial": serial, **fields}


def chosen(number, place=0, serial=1, mine=MINE, **fields):
    answer = {"number": number, "place": place, "milliseconds": 900, "confidence": None}
    return said("answer", serial, token=mine, **(answer | fields))


@pytest.fixture
def study_id(tmp_path, monkeypatch):
    monkeypatch.setenv("PENUMBRA_HOME", str(tmp_path))
    monkeypatch.setenv("PENUMBRA_DATABASE", f"sqlite:///{tmp_path / 'studies.sqlite'}")
    yield open_study(**SHORT)
    database.close()


def follow(study_id, message, panel=None, buckets=None, now=0.0):
    assert participant.message(message) is not None
    return participant.follow(study_id, message, panel, {} if buckets is None else buckets, now)


def test_what_the_page_says_is_understood():
    for message in (
        said("hello", token=""),
        said("hello", token=MINE),
        said("agree", token=MINE),
        said("code"),
        said("decline"),
        said("withdraw", token="", code="ABCD-EFGH-JKLM"),
        chosen(3, None),
        chosen(1, 2, confidence=5, milliseconds=None),
    ):
        assert participant.message(message) == message


@pytest.mark.parametrize(
    "message",
    [
        None,
        "hello",
        3,
        [],
        [said("code")],
        {},
        {"kind": "hello"},
        said("start", token=MINE),
        said(["hello"], token=""),
        said({"hello": 1}, token=""),
        said(None),
        said("hello", token="x"),
        said("hello", token=MINE.upper()),
        said("hello", token=MINE * 1000),
        said("hello", token=None),
        said("hello", token=[MINE]),
        said("hello", token=MINE + "\n"),
        said("hello"),
        said("hello", token="", more=1),
        said("agree", token=""),
        said("code", serial=0),
        said("code", serial="1"),
        said("code", serial=1.5),
        said("code", serial=True),
        said("code", serial=10**9),
        said("code", serial=math.nan),
        said("withdraw", token="", code=""),
        said("withdraw", token="", code="A" * 41),
        said("withdraw", token="", code=7),
        chosen(0),
        chosen(1, -1),
        chosen(1, 1.0),
        chosen(1, "1"),
        chosen(1, True),
        chosen(1, 10**30),
        chosen(1, [0]),
        chosen(1, math.inf),
        chosen(None),
        chosen(1, milliseconds=-1),
        chosen(1, milliseconds=math.nan),
        chosen(1, milliseconds=1e9),
        chosen(1, confidence=0),
        chosen(1, confidence=6),
        chosen(1, mine=""),
        chosen(1, mine="'; DROP TABLE answers; --"),
        {str(n): n for n in range(100_000)},
    ],
)
def test_anything_else_is_not_heard(message):
    assert participant.message(message) is None


HOSTILE = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=50) | st.just(MINE),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=9), inner, max_size=4)
    ),
)


@examples(0.3)
@given(
    st.fixed_dictionaries(
        {"kind": st.sampled_from([*participant.FIELDS, "x"]) | HOSTILE},
        optional=dict.fromkeys(
            ("serial", "token", "number", "place", "milliseconds", "confidence", "code"), HOSTILE
        ),
    )
)
def test_whatever_is_heard_has_the_types_that_are_promised(message):
    heard = participant.message(message)
    if heard is not None:
        assert isinstance(heard["serial"], int)
        assert set(heard) == {"kind", "serial", *participant.FIELDS[heard["kind"]]}
        assert all(isinstance(v, int | str | None) for v in heard.values())


@pytest.mark.parametrize(
    ("parameters", "panel"),
    [
        ({}, None),
        ({"panel": "abc-7"}, "abc-7"),
        ({"PROLIFIC_PID": "5f2d"}, "5f2d"),
        ({"panel": "", "PROLIFIC_PID": "5f2d"}, "5f2d"),
        ({"panel": "x" * 121}, None),
        ({"panel": "a b"}, None),
        ({"panel": "a\x00b"}, None),
        ({"panel": "ü"}, None),
        ({"panel": "'--"}, "'--"),
    ],
)
def test_who_a_person_is_for_their_panel(parameters, panel):
    assert participant.panel_id(parameters) == panel


def test_a_whole_participation_told_twice_counts_once(study_id):
    assert follow(study_id, said("hello", token=""))["token"] == ""
    for _ in range(2):
        started = follow(study_id, said("agree", token=MINE), panel="p-1")
        assert (started["token"], started["forget"], started["note"]) == (MINE, False, None)
        assert started["current"]["number"] == 1
    for number in (1, 2, 3):
        for place in (1, 0):
            heard = follow(study_id, chosen(number, place, serial=number + 7))
            assert heard["heard"] == number + 7
    assert heard["current"]["stage"] == "finished"
    assert studies.read(study_id)["answers"] == 3
    # the same panel id, from another browser
    refused = follow(study_id, said("agree", token=token()), panel="p-1")
    assert refused["forget"]
    assert refused["token"] == ""
    assert "taken part already" in refused["note"]

    code = heard["current"]["code"]
    gone = follow(study_id, said("withdraw", token=MINE, code=code.lower()))
    assert (gone["view"], gone["forget"]) == ("withdrawn", True)
    # the word of it was lost, and it is told again; and another tab still answers
    again = follow(study_id, said("withdraw", token=MINE, code=code))
    assert (again["view"], again["forget"]) == ("withdrawn", True)
    late = follow(study_id, chosen(1))
    assert late["forget"]
    assert late["token"] == ""
    assert studies.read(study_id)["answers"] == 0
    wrong = follow(study_id, said("withdraw", token="", code=code))
    assert (wrong["view"], wrong["note"]) == ("code", participant.NO_CODE)


def test_a_hello_never_begins_a_participation(study_id):
    heard = follow(study_id, said("hello", token=MINE))
    assert (heard["forget"], heard["note"]) == (True, participant.GONE)
    assert studies.read(study_id)["participants"] == 0


def test_an_impossible_answer_is_refused_and_the_question_stays(study_id):
    follow(study_id, said("agree", token=MINE))
    for message in (chosen(1, 99), chosen(200), chosen(1, None)):  # no limit: time cannot run out
        heard = follow(study_id, message)
        assert heard["note"]
        assert heard["current"]["number"] == 1
        assert not heard["forget"]
    assert studies.read(study_id)["answers"] == 0


def test_a_study_that_is_not_open_takes_nobody(study_id):
    ready = ready_study(**SHORT)
    for closed in (ready, "nosuchstudy1", "' OR 1=1 --", "x" * 4000):
        heard = follow(closed, said("agree", token=MINE))
        assert heard["note"]
        assert heard["forget"]
    assert studies.read(ready)["participants"] == 0


def test_a_study_that_is_deleted_meanwhile(study_id):
    follow(study_id, said("agree", token=MINE))
    studies.close_study(study_id)
    studies.delete(study_id)
    heard = follow(study_id, chosen(1))
    assert heard["forget"]
    assert heard["token"] == ""


@pytest.mark.parametrize("kind", ["hello", "agree", "answer", "withdraw"])
def test_a_database_that_is_away_makes_the_browser_keep_what_it_has(study_id, monkeypatch, kind):
    def away(*arguments, **named):
        raise database.DatabaseAway("postgresql://somewhere cannot be reached")

    for name in ("start", "answer", "current", "withdraw"):
        monkeypatch.setattr(taking, name, away)
    message = {
        "hello": said("hello", token=MINE),
        "agree": said("agree", token=MINE),
        "answer": chosen(1),
        "withdraw": said("withdraw", token=MINE, code="ABCD-EFGH-JKLM"),
    }[kind]
    heard = follow(study_id, message)
    assert heard["wait"]
    assert heard["note"] == participant.AWAY
    assert not heard["forget"]


def test_who_is_in_a_hurry_waits(study_id):
    buckets = {}
    burst, seconds = participant.LIMITS["answer"]
    follow(study_id, said("agree", token=MINE), buckets=buckets)
    for serial in range(burst):
        assert not follow(study_id, chosen(1, serial=serial + 1), buckets=buckets)["wait"]
    heard = follow(study_id, chosen(2, serial=99), buckets=buckets)
    assert heard["wait"]
    assert "kept here" in heard["note"]
    assert studies.read(study_id)["answers"] == 1
    assert not follow(study_id, chosen(2), buckets=buckets, now=seconds)["wait"]
    assert studies.read(study_id)["answers"] == 2

    tries = participant.LIMITS["withdraw"][0]
    assert tries < burst
    code = taking.withdrawal_code(MINE)
    for _ in range(tries):
        follow(study_id, said("withdraw", token="", code="AAAA-AAAA-AAAA"), buckets=buckets)
    slow = follow(study_id, said("withdraw", token="", code=code), buckets=buckets)
    assert "Please wait" in slow["note"]
    assert studies.read(study_id)["participants"] == 1
    assert (
        follow(study_id, said("withdraw", token="", code=code), buckets=buckets, now=99)["view"]
        == "withdrawn"
    )


def test_a_full_bucket_then_drop_by_drop():
    bucket, waits = None, []
    for _ in range(4):
        bucket, wait = participant.take(bucket, burst=3, seconds_each=10, now=100)
        waits.append(wait)
    assert waits == [0, 0, 0, 10]
    bucket, wait = participant.take(bucket, burst=3, seconds_each=10, now=107)
    assert 2.99 < wait < 3.01
    bucket, wait = participant.take(bucket, burst=3, seconds_each=10, now=111)
    assert wait == 0
    assert participant.take(bucket, burst=3, seconds_each=10, now=111)[1] > 0


def test_asking_in_vain_costs_nothing_and_a_clock_that_goes_back_gives_nothing():
    bucket, _ = participant.take(None, burst=1, seconds_each=10, now=50)
    for now in (51, 20, 52, 53):
        bucket, wait = participant.take(bucket, burst=1, seconds_each=10, now=now)
        assert wait > 0
    assert participant.take(bucket, burst=1, seconds_each=10, now=1000)[1] == 0


@given(st.lists(st.floats(0, 60), min_size=1, max_size=60), st.integers(1, 10), st.floats(0.1, 30))
def test_never_more_than_the_burst_and_what_has_dripped(pauses, burst, seconds_each):
    bucket, now, taken = None, 0.0, 0
    for pause in pauses:
        now += pause
        bucket, wait = participant.take(bucket, burst, seconds_each, now)
        taken += not wait
        assert taken <= burst + now / seconds_each + 1e-6
        if wait:  # that is when the next one is there
            assert (
                participant.take(bucket, burst, seconds_each, now + wait * (1 + 1e-9) + 1e-9)[1]
                == 0
            )
