"""Who is let in, what they are asked beside others, and when a study has enough."""

import time
from collections import Counter

import pytest

from core.errors import PenumbraError
from core.study import studies
from core.study.analysis import simulate
from core.study.participation import admission, taking, tokens
from core.study.storage import database as db
from core.study.storage.tables import items, panel_ids, participants, trials
from tests.study.participating import all_at_once, begin, forward, go_on, table
from tests.study.sample_study import open_study, ready_study, token


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
    simulate.simulate(study, 1, 0.5)  # made-up ones take nobody's place
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
    forward(monkeypatch, admission.PATIENCE + 1)
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
            order = {
                row["position"]: row["option_order"]
                for row in table(trials)
                if row["participant_id"] == number
            }[now["position"]]
            taking.answer(study, me, now["position"], order.index(0), 900)
        assert studies.read(study)["state"] == ("closed" if number == needed else "open")
    assert "narrower than 40 points" in studies.read(study)["message"]


def test_an_answer_is_acknowledged_even_where_the_end_cannot_be_seen(database, monkeypatch, caplog):
    study = open_study(target=1, questions=1, attention=0, practice=False)
    me = begin(study)

    def busy(study):
        raise db.DatabaseBusy("busy")

    monkeypatch.setattr(admission, "close_if_enough", busy)
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
        later = admission.uses(connection, study, False, time.time() + admission.PATIENCE + 1)
    assert later == {left[0]: 1}  # answers count, promises only for a while
    forward(monkeypatch, admission.PATIENCE + 1)
    others = [begin(study) for _ in range(2)]
    for one in others:
        go_on(study, one)
    answered = Counter(row["item_id"] for row in table(trials) if row["participant_id"] > 1)
    assert all(answered[item] >= 1 for item in left[1:])


def test_simulated_participants_do_not_count_for_people(database):
    study = open_study(1, questions=4, people=8, attention=0, practice=False)
    simulate.simulate(study, 1, 0.5)
    with db.reading() as connection:
        assert admission.uses(connection, study, False, time.time()) == {}
        assert sum(admission.uses(connection, study, True, time.time()).values()) == 4
    found = studies.read(study)
    assert (found["participants"], found["simulated"], found["answers"]) == (0, 1, 0)
