"""A participant's way, with everything that can go wrong on it."""

from collections import Counter
from functools import partial

import pytest

from core.errors import PenumbraError
from core.study import studies
from core.study.participation import taking, tokens
from core.study.storage.tables import answers, items, participants, pictures, trials
from tests.study.participating import all_at_once, begin, forward, go_on, table
from tests.study.sample_study import open_study, token

SQLITE = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


def test_the_whole_way(database):
    study = open_study(completion="Code 1234")
    told = taking.arrive(study)
    assert set(told) == {*taking.TOLD, "state", "total"}
    assert not {"settings", "people", "target"} & set(told)
    assert (told["total"], told["state"]) == (13, "open")
    me = token()
    assert taking.current(study, me) == {"stage": "unknown"}
    assert taking.start(study, me) == "started"
    seen = []
    while (now := taking.current(study, me))["stage"] == "question":
        seen.append((now["number"], now["role"]))
        assert now["total"] == 13
        assert taking.answer(study, me, now["position"], 1, 1200.5) == "stored"
    assert [number for number, _ in seen] == list(range(1, 14))
    assert Counter(role for _, role in seen) == {"practice": 1, "attention": 2, "question": 10}
    assert now == {
        "stage": "finished",
        "code": tokens.withdrawal_code(me),
        "completion": "Code 1234",
    }
    found = studies.read(study)
    assert (found["participants"], found["finished"], found["answers"]) == (1, 1, 13)
    (person,) = table(participants)
    assert person["finished"] >= person["consented"]


def test_what_is_stored_says_what_was_chosen(database):
    study = open_study(confidence=True)
    me = begin(study)
    wanted = []
    for position in range(13):
        now = taking.current(study, me)
        place = position % 4
        wanted.append(now["options"][place])
        taking.answer(study, me, position, place, 1000 + position, 1 + position % 5)
    files = {row["id"]: row["png"] for row in table(pictures)}
    asked = {row["id"]: row for row in table(items)}
    given = {row["position"]: row for row in table(answers)}
    for trial in table(trials):
        answer = given[trial["position"]]
        item = asked[trial["item_id"]]
        assert files[item["options"][answer["choice"]]] == wanted[trial["position"]]
        assert answer["milliseconds"] == 1000 + trial["position"]
        assert answer["confidence"] == 1 + trial["position"] % 5
        assert 0 <= answer["server_milliseconds"] < 60_000
        assert answer["answered"] >= trial["shown"]


def test_nothing_that_is_sent_names_the_right_one(database):
    """Not the keys, the sizes, nor the order: the right option is anywhere."""
    study = open_study(questions=24, people=24)
    told = {
        "stage",
        "position",
        "number",
        "total",
        "role",
        "redrawn",
        "options",
        "limit",
        "practice_right",
    }
    places = Counter()
    for _ in range(4):
        me = begin(study)
        right = {row["position"]: row["option_order"].index(0) for row in table(trials)}
        while (now := taking.current(study, me))["stage"] == "question":
            assert set(now) == told
            assert len({len(png) for png in [now["redrawn"], *now["options"]]}) == 1
            places[right[now["position"]]] += 1
            taking.answer(study, me, now["position"], 0)
    assert set(places) == {0, 1, 2, 3}
    assert min(places.values()) > 0.2 * sum(places.values())


def test_practice_is_judged_once(database):
    study = open_study()
    for place in range(4):
        me = begin(study)
        first = taking.current(study, me)
        assert (first["role"], first["practice_right"]) == ("practice", None)
        order = next(row["option_order"] for row in reversed(table(trials)) if row["position"] == 0)
        taking.answer(study, me, 0, place)
        assert taking.current(study, me)["practice_right"] is (order[place] == 0)
        taking.answer(study, me, 1, 0)
        assert taking.current(study, me)["practice_right"] is None
    without = open_study(practice=False)
    me = begin(without)
    taking.answer(without, me, 0, 0)
    assert taking.current(without, me)["practice_right"] is None


# Twice -----------------------------------------------------------------------------------------


def test_starting_twice_is_starting_once(database):
    study = open_study()
    me = token()
    said = all_at_once(lambda _: taking.start(study, me, panel_id="P1"), 8)
    assert Counter(said) == {"started": 1, "known": 7}
    assert len(table(participants)) == 1
    assert len(table(trials)) == 13
    assert taking.start(study, me, panel_id="another") == "known"
    studies.close_study(study)
    assert taking.start(study, me) == "known"  # a reload after the study has ended


def test_the_first_answer_counts_however_often_it_comes(database):
    study = open_study()
    me = begin(study)
    said = all_at_once(lambda place: taking.answer(study, me, 0, place % 4, place), 8)
    assert Counter(said) == {"stored": 1, "known": 7}
    (kept,) = table(answers)
    assert said[kept["milliseconds"]] == "stored"
    assert taking.answer(study, me, 0, 3, 99) == "known"
    assert table(answers) == [kept]


def test_a_reload_shows_the_same_and_keeps_when_it_was_first_shown(database, monkeypatch):
    study = open_study()
    me = begin(study)
    first = taking.current(study, me)
    (shown,) = {row["shown"] for row in table(trials)} - {None}
    forward(monkeypatch, 60)
    assert taking.current(study, me) == first
    assert {row["shown"] for row in table(trials)} - {None} == {shown}
    taking.answer(study, me, 0, 0)
    assert 59_000 < table(answers)[0]["server_milliseconds"] < 120_000


def test_two_tabs_finish_once(database):
    """The last two questions are answered in the same moment: somebody has to notice the end."""
    study = open_study(questions=2, attention=0, practice=False)
    for _ in range(6):
        me = begin(study)
        assert all_at_once(lambda n, me=me: taking.answer(study, me, n, 0), 2) == ["stored"] * 2
        assert taking.current(study, me)["stage"] == "finished"
    assert studies.read(study)["finished"] == 6


def test_a_stale_tab_may_answer_any_open_question(database):
    study = open_study()
    me = begin(study)
    assert taking.answer(study, me, 5, 0) == "stored"
    assert taking.current(study, me)["position"] == 0
    assert go_on(study, me)["stage"] == "finished"


def test_tokens_of_other_studies_do_not_mix(database):
    study, other = open_study(), open_study(seed=1)
    me = begin(study)
    assert taking.current(other, me) == {"stage": "unknown"}
    with pytest.raises(PenumbraError, match="takes no part"):
        taking.answer(other, me, 0, 0)
    with pytest.raises(PenumbraError, match="another study"):
        taking.start(other, me)
    assert not taking.withdraw(other, tokens.withdrawal_code(me))
    assert studies.read(study)["participants"] == 1


# Bounds ----------------------------------------------------------------------------------------


LETTERS = ("", "g" * 32, "A" * 32, "0" * 31, "0" * 33, "0" * 32 + "\n", "' OR '1'='1")


@SQLITE
def test_what_is_no_token(database):
    study = open_study()
    for bad in (*LETTERS, None, 5, b"0" * 32):
        for call in (taking.start, taking.current, partial(taking.answer, position=0, place=0)):
            with pytest.raises(PenumbraError, match="token is damaged"):
                call(study, bad)
    assert table(participants) == []


@SQLITE
def test_what_is_no_answer(database):
    study = open_study(confidence=True)
    me = begin(study)
    bad = [{"position": position} for position in (13, -1, 10**30, "0", None, True)]
    bad += [{"place": place} for place in (4, -1, 10**30, "1", 1.0, True, None)]
    bad += [{"confidence": confidence} for confidence in (0, 6, "5", True)]
    for wrong in bad:
        given = {"position": 0, "place": 0, "milliseconds": 100, "confidence": None} | wrong
        with pytest.raises(PenumbraError, match="nothing was stored"):
            taking.answer(study, me, **given)
    assert table(answers) == []
    assert taking.answer(study, me, 0, 0) == "stored"


def test_times_that_cannot_be(database):
    study = open_study()
    me = begin(study)
    sent = {1234.9: 1234, 0: 0, -5: 0} | dict.fromkeys((1e300, 10**400, float("inf")), 3_600_000)
    sent |= dict.fromkeys((float("nan"), None, "12", (1,)))
    for position, milliseconds in enumerate(sent):
        taking.answer(study, me, position, 0, milliseconds)
    taking.answer(study, me, 12, 0, True)
    assert [row["milliseconds"] for row in table(answers)] == [*sent.values(), None]


def test_confidence_is_kept_where_it_is_asked_for(database):
    study = open_study()
    me = begin(study)
    taking.answer(study, me, 0, 0, 100, 4)
    assert table(answers)[0]["confidence"] is None


def test_a_time_limit(database, monkeypatch):
    study = open_study(time_limit=10, questions=12, people=12, attention=0, practice=False)
    me = begin(study)
    ran_out = [(None, 10_000, None), (None, None, None)]
    in_time = [(1, 9_000, 1), (1, 12_000, 1)]  # the last with the way to the server
    given = [*ran_out, *in_time, (1, 12_001, None), (1, 3_600_000, None)]
    for position, (place, milliseconds, _) in enumerate(given):
        assert taking.answer(study, me, position, place, milliseconds) == "stored"
    # A browser that says nothing is judged by the server's own time, where it knows one.
    assert taking.answer(study, me, 6, 1) == "stored"
    taking.current(study, me)
    forward(monkeypatch, 20)
    assert taking.answer(study, me, 7, 1) == "stored"
    orders = {row["position"]: row["option_order"] for row in table(trials)}
    kept = {row["position"]: row["choice"] for row in table(answers)}
    for position, (_, _, place) in enumerate([*given, (1, None, 1), (1, None, None)]):
        assert kept[position] == (None if place is None else orders[position][place])
