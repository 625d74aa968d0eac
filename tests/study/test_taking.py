"""A participant's way, with everything that can go wrong on it."""

import hashlib
import re
import threading
import time
from collections import Counter
from collections.abc import Callable

import pytest
import sqlalchemy as sa

from core.errors import PenumbraError
from core.study import admission, stopping, studies, taking, tokens
from core.study import database as db
from core.study.tables import answers, items, metadata, panel_ids, participants, pictures, trials
from tests.study.material import open_study, ready_study, token


def begin(study: str, **more) -> str:
    """The token of somebody who has started."""
    me = token()
    assert taking.start(study, me, **more) == "started"
    return me


def go_on(study: str, me: str, place: int = 0, until: int | None = None) -> dict:
    """Answers question after question; where that leads."""
    while (now := taking.current(study, me))["stage"] == "question" and now["position"] != until:
        taking.answer(study, me, now["position"], place, 1500)
    return now


def forward(monkeypatch, seconds: float) -> None:
    """Let so much time pass."""
    now = time.time() + seconds
    monkeypatch.setattr(time, "time", lambda: now)


def table(of: sa.Table) -> list[dict]:
    with db.reading() as connection:
        return [dict(row) for row in connection.execute(sa.select(of)).mappings()]


def all_at_once(work: Callable[[int], object], number: int) -> list:
    """What `number` threads get that begin in the same moment; errors are raised."""
    gate, found = threading.Barrier(number), [None] * number

    def one(place: int) -> None:
        gate.wait()
        try:
            found[place] = work(place)
        except Exception as error:
            found[place] = error

    threads = [threading.Thread(target=one, args=(place,)) for place in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for outcome in found:
        if isinstance(outcome, Exception):
            raise outcome
    return found


def test_the_whole_way(database):
    study = open_study(completion="Code 1234")
    told = taking.arrive(study)
    assert set(told) == {"title", "consent", "contact", "questions", "options", "practice", "attention",
                         "confidence", "time_limit", "state", "total"}  # fmt: skip
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
    places = Counter()
    for _ in range(10):
        me = begin(study)
        right = {row["position"]: row["option_order"].index(0) for row in table(trials)}
        while (now := taking.current(study, me))["stage"] == "question":
            assert set(now) == {"stage", "position", "number", "total", "role", "redrawn", "options",
                                "limit", "practice_right"}  # fmt: skip
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
    for _ in range(10):
        me = begin(study)
        assert all_at_once(lambda n, me=me: taking.answer(study, me, n, 0), 2) == ["stored"] * 2
        assert taking.current(study, me)["stage"] == "finished"
    assert studies.read(study)["finished"] == 10


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


@pytest.mark.parametrize(
    "bad", ["", "g" * 32, "A" * 32, "0" * 31, "0" * 33, "0" * 32 + "\n", "' OR '1'='1", None, 5, b"0" * 32]
)  # fmt: skip
def test_what_is_no_token(database, bad):
    study = open_study()
    for call in (
        lambda: taking.start(study, bad),
        lambda: taking.current(study, bad),
        lambda: taking.answer(study, bad, 0, 0),
    ):
        with pytest.raises(PenumbraError, match="token is damaged"):
            call()
    assert table(participants) == []


@pytest.mark.parametrize(
    ("position", "place", "confidence"),
    [(13, 0, None), (-1, 0, None), (10**30, 0, None), ("0", 0, None), (None, 0, None), (True, 0, None),
     (0, 4, None), (0, -1, None), (0, 10**30, None), (0, "1", None), (0, 1.0, None), (0, True, None),
     (0, None, None), (0, 0, 0), (0, 0, 6), (0, 0, "5"), (0, 0, True)],
)  # fmt: skip
def test_what_is_no_answer(database, position, place, confidence):
    study = open_study(confidence=True)
    me = begin(study)
    with pytest.raises(PenumbraError, match="nothing was stored"):
        taking.answer(study, me, position, place, 100, confidence)
    assert table(answers) == []
    assert taking.answer(study, me, 0, 0) == "stored"


@pytest.mark.parametrize(
    ("sent", "kept"),
    [(1234.9, 1234), (0, 0), (-5, 0), (1e300, 3_600_000), (10**400, 3_600_000), (float("inf"), 3_600_000),
     (float("nan"), None), (None, None), ("12", None), (True, None), ([1], None)],
)  # fmt: skip
def test_times_that_cannot_be(database, sent, kept):
    study = open_study()
    me = begin(study)
    taking.answer(study, me, 0, 0, sent)
    assert table(answers)[0]["milliseconds"] == kept


def test_confidence_is_kept_where_it_is_asked_for(database):
    study = open_study()
    me = begin(study)
    taking.answer(study, me, 0, 0, 100, 4)
    assert table(answers)[0]["confidence"] is None


def test_a_time_limit(database, monkeypatch):
    study = open_study(time_limit=10, questions=12, people=12, attention=0, practice=False)
    me = begin(study)
    given = [
        (None, 10_000, None), (None, None, None),  # time ran out
        (1, 9_000, 1), (1, 12_000, 1),  # in time, and just after it with the way to the server
        (1, 12_001, None), (1, 3_600_000, None),  # late
    ]  # fmt: skip
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


# Who is let in -----------------------------------------------------------------------------------


def test_only_open_studies_take_people(database):
    for study, message in [
        (studies.create(studies.read(open_study())["design"]), "not begun"),
        (ready_study(), "not begun"),
    ]:
        with pytest.raises(PenumbraError, match=message):
            taking.start(study, token())
    study = open_study()
    me = begin(study)
    taking.answer(study, me, 0, 0)
    studies.close_study(study)
    with pytest.raises(PenumbraError, match="has ended"):
        taking.start(study, token())
    assert go_on(study, me)["stage"] == "finished"  # who is in may finish


def test_a_panel_id_takes_part_once_in_a_study(database):
    study, other = open_study(), open_study(seed=1)
    begin(study, panel_id="  P-77 ")
    with pytest.raises(PenumbraError, match="everybody answers once"):
        taking.start(study, token(), panel_id="P-77")
    begin(other, panel_id="P-77")
    begin(study, panel_id="p-77")
    for _ in range(2):
        begin(study, panel_id="   ")  # none
    assert sorted(row["panel_id"] for row in table(panel_ids)) == ["P-77", "P-77", "p-77"]
    for bad in ("x" * 121, "a\0b", "a\u202eb", 7):
        with pytest.raises(PenumbraError, match="panel id"):
            taking.start(study, token(), panel_id=bad)
    before = len(table(participants))
    said = []

    def start(_: int) -> str:
        try:
            return taking.start(study, token(), panel_id="P-99")
        except PenumbraError as error:
            return str(error)

    said = all_at_once(start, 6)
    assert said.count("started") == 1
    assert len(table(participants)) == before + 1


def test_the_target_number_closes_the_study(database):
    study = open_study(target=3)
    everybody = [begin(study) for _ in range(3)]
    with pytest.raises(PenumbraError, match="as many participants as it needs"):
        taking.start(study, token())
    assert studies.read(study)["state"] == "open"
    taking.start(study, token(), simulated=True)  # made-up ones take nobody's place
    for me in everybody:
        go_on(study, me)
    found = studies.read(study)
    assert found["state"] == "closed"
    assert "3 participants have answered everything" in found["message"]
    with pytest.raises(PenumbraError, match="has ended"):
        taking.start(study, token())
    with pytest.raises(PenumbraError, match="has enough answers"):
        studies.open_study(study)
    taking.withdraw(study, tokens.withdrawal_code(everybody[0]))
    studies.open_study(study)  # a place is free again
    begin(study)


def test_many_who_finish_in_the_same_moment_close_the_study(database):
    study = open_study(target=6, questions=1, attention=0, practice=False)
    everybody = [begin(study) for _ in range(6)]
    all_at_once(lambda n: taking.answer(study, everybody[n], 0, 0), 6)
    assert studies.read(study)["state"] == "closed"


def test_who_left_gives_their_place_to_another(database, monkeypatch):
    study = open_study(target=1)
    begin(study)
    with pytest.raises(PenumbraError, match="within two hours"):
        taking.start(study, token())
    forward(monkeypatch, stopping.PATIENCE + 1)
    begin(study)


def test_narrow_intervals_close_the_study(database):
    """Of two settings with n answers each, all right: Wilson's interval is z² / (n + z²) wide."""
    study = open_study(
        2, target=None, stop_width=0.4, questions=2, people=4, attention=1, practice=True
    )
    needed = 1 + int(1.96**2 * (1 - 0.4) / 0.4)  # answers for each setting
    for number in range(1, needed + 1):
        me = begin(study)
        while (now := taking.current(study, me))["stage"] == "question":
            order = {row["position"]: row["option_order"] for row in table(trials)
                     if row["participant_id"] == number}[now["position"]]  # fmt: skip
            taking.answer(study, me, now["position"], order.index(0), 900)
        assert studies.read(study)["state"] == ("closed" if number == needed else "open")
    assert "narrower than 40 points" in studies.read(study)["message"]


def test_an_answer_is_acknowledged_even_where_the_end_cannot_be_seen(database, monkeypatch, caplog):
    study = open_study(target=1, questions=1, attention=0, practice=False)
    me = begin(study)

    def busy(study):
        raise db.DatabaseBusy("busy")

    monkeypatch.setattr(stopping, "look", busy)
    assert taking.answer(study, me, 0, 0) == "stored"
    assert "could not be seen" in caplog.text
    monkeypatch.undo()


# Balance ---------------------------------------------------------------------------------------


def counts(study: str) -> Counter:
    """How often each question was drawn."""
    questions = {row["id"] for row in table(items) if row["role"] == "question"}
    drawn = Counter(dict.fromkeys(questions, 0))
    drawn.update(row["item_id"] for row in table(trials) if row["item_id"] in questions)
    return drawn


def test_who_starts_in_the_same_moment_is_balanced(database):
    study = open_study(3)
    all_at_once(lambda _: begin(study), 24)
    drawn = counts(study)  # 240 trials for 72 questions
    assert set(drawn.values()) <= {2, 3, 4, 5}
    assert max(drawn.values()) - min(drawn.values()) <= 2
    assert sorted(row["number"] for row in table(participants)) == list(range(1, 25))


def test_who_leaves_does_not_unbalance(database, monkeypatch):
    study = open_study(1, questions=4, people=8, attention=0, practice=False, target=100)
    me = begin(study)
    taking.answer(study, me, 0, 0)
    left = [row["item_id"] for row in table(trials)]
    with db.reading() as connection:
        assert set(admission.uses(connection, study, False, time.time())) == set(left)
        later = admission.uses(connection, study, False, time.time() + stopping.PATIENCE + 1)
    assert later == {left[0]: 1}  # answers count, promises only for a while
    forward(monkeypatch, stopping.PATIENCE + 1)
    others = [begin(study) for _ in range(2)]
    for one in others:
        go_on(study, one)
    answered = Counter(row["item_id"] for row in table(trials) if row["participant_id"] > 1)
    assert all(answered[item] >= 1 for item in left[1:])


def test_simulated_participants_do_not_count_for_people(database):
    study = open_study(1, questions=4, people=8, attention=0, practice=False)
    begin(study, simulated=True)
    with db.reading() as connection:
        assert admission.uses(connection, study, False, time.time()) == {}
        assert sum(admission.uses(connection, study, True, time.time()).values()) == 4
    found = studies.read(study)
    assert (found["participants"], found["simulated"], found["answers"]) == (0, 1, 0)


# Withdrawal ------------------------------------------------------------------------------------


def test_withdrawal_leaves_nothing(database):
    study = open_study()
    stays, goes = begin(study, panel_id="stays"), begin(study, panel_id="goes")
    go_on(study, stays)
    code = go_on(study, goes)["code"]
    assert re.fullmatch("([0-9A-HJKMNP-TV-Z]{4}-){2}[0-9A-HJKMNP-TV-Z]{4}", code)
    typed = " " + code.lower().replace("-", "").replace("0", "o").replace("1", "l") + " "
    assert taking.withdraw(study, typed)
    assert not taking.withdraw(study, code)
    found = studies.read(study)
    assert (found["participants"], found["answers"], found["withdrawn"]) == (1, 13, 1)
    assert [row["panel_id"] for row in table(panel_ids)] == ["stays"]
    assert {row["participant_id"] for row in table(trials)} == {1}
    assert taking.current(study, goes) == {"stage": "unknown"}
    with pytest.raises(
        PenumbraError, match="takes no part in the study, or its answers were withdrawn"
    ):
        taking.answer(study, goes, 0, 0)
    assert len(table(participants)) == 1
    assert begin(study, panel_id="goes")  # and may take part anew, when asked
    assert [row["number"] for row in table(participants)] == [1, 3]


def test_who_is_not_done_can_withdraw_as_well(database):
    study = open_study()
    me = begin(study)
    taking.answer(study, me, 0, 0)
    assert taking.withdraw(study, tokens.withdrawal_code(me))
    assert taking.current(study, me) == {"stage": "unknown"}
    assert [len(table(one)) for one in (participants, trials, answers)] == [0, 0, 0]


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_what_is_withdrawn_is_overwritten_on_the_disk(database):
    study = open_study()
    me = begin(study, panel_id="somebody-we-will-look-for")
    path = database.removeprefix("sqlite:///")

    def found() -> bool:
        with db.writing() as connection:
            pass
        with db.engine().connect() as connection:
            raw = connection.connection.driver_connection
            raw.rollback()
            raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        with open(path, "rb") as file:
            return b"somebody-we-will-look-for" in file.read()

    assert found()
    taking.withdraw(study, tokens.withdrawal_code(me))
    assert not found()


@pytest.mark.parametrize(
    "code",
    ["", "0000-0000-0000", "x" * 10_000, "U" * 12, "' OR '1'='1", None, 7, "é" * 12, "0" * 13],
)
def test_what_is_no_code(database, code):
    study = open_study()
    begin(study)
    assert not taking.withdraw(study, code)
    assert studies.read(study)["participants"] == 1


def test_nothing_stored_leads_back_to_the_browser(database):
    study = open_study()
    me = begin(study)
    code = tokens.withdrawal_code(me)
    held = str([table(one) for one in metadata.sorted_tables if one is not pictures])
    for secret in (me, code, code.replace("-", ""), hashlib.sha256(me.encode()).hexdigest()):
        assert secret not in held
    assert tokens.token_hash(me) in held
    assert tokens.withdrawal_code(token()) != code
