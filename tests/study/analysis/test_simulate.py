"""Made-up participants: the skill that was planted is the skill that is found."""

import pytest
import sqlalchemy as sa

from core.errors import PenumbraError
from core.study import studies
from core.study.analysis import simulate
from core.study.analysis.statistics import wilson
from core.study.design import setting_key
from core.study.storage import database as db
from core.study.storage.tables import ANSWERS_TRIAL, answers, items, participants, trials
from tests.study.sample_study import design, open_study, ready_study, setting


def given(role: str = "question") -> list[dict]:
    """Every answer to questions of a role, with its setting and place."""
    times = participants.c.consented, participants.c.finished
    wanted = (
        sa.select(items.c.setting, items.c.person, trials.c.option_order, trials.c.shown, answers)
        .add_columns(*times)
        .select_from(answers)
        .join(trials, ANSWERS_TRIAL)
        .join(items, items.c.id == trials.c.item_id)
        .join(participants, participants.c.id == trials.c.participant_id)
        .where(items.c.role == role)
    )
    with db.reading() as connection:
        return [dict(row) for row in connection.execute(wanted).mappings()]


def shares(rows: list[dict]) -> dict[str, tuple[int, int]]:
    found: dict[str, tuple[int, int]] = {}
    for row in rows:
        right, number = found.get(row["setting"], (0, 0))
        found[row["setting"]] = (right + (row["choice"] == 0), number + 1)
    return found


SQLITE = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


@SQLITE
@pytest.mark.parametrize("skill", [0.25, 0.6, 1.0])
def test_the_planted_skill_is_found_at_every_setting(database, skill):
    study = open_study(2)
    counts = simulate.simulate(study, 60, skill, seed=1)
    found = studies.read(study)
    assert counts["participants"] == found["simulated"] == 60
    assert counts["answers"] == len(given()) + len(given("attention")) + len(given("practice"))
    for right, number in shares(given()).values():
        low, high = wilson(right, number)
        assert low <= skill <= high
        assert number > 225


@SQLITE
def test_the_interval_covers_the_skill_as_often_as_it_says(database):
    study = open_study(1)
    covered = 0
    for seed in range(10):
        simulate.simulate(study, 20, 0.4, seed)
        rows = [row for row in given() if row["participant_id"] > 20 * seed]
        ((right, number),) = shares(rows).values()
        low, high = wilson(right, number)
        covered += low <= 0.4 <= high
    assert covered >= 8


def test_every_setting_may_have_its_own_skill(database):
    study = open_study(3, questions=12)
    simulate.simulate(study, 60, [0.9, 0.5, 0.25], seed=2)
    found = shares(given())
    for number, skill in enumerate([0.9, 0.5, 0.25]):
        low, high = wilson(*found[setting_key(setting(number))])
        assert low <= skill <= high


@SQLITE
def test_they_behave_like_people(database):
    study = ready_study(2, confidence=True, time_limit=30)
    counts = simulate.simulate(study, 150, 0.5, seed=3)
    rows = given()
    assert 0.8 * 150 < counts["finished"] < 150  # a few break off
    checks = shares(given("attention"))
    ((right, number),) = checks.values()
    assert 0.9 < right / number < 1
    assert any(row["choice"] is None for row in rows)  # time ran out, now and then
    assert all(row["milliseconds"] <= 30_000 * 1.3 for row in rows)
    middle = sorted(row["milliseconds"] for row in rows)[len(rows) // 2]
    assert 3_000 < middle < 9_000
    said = [row for row in rows if row["confidence"]]
    sure = {
        hit: [row["confidence"] for row in said if (row["choice"] == 0) is hit]
        for hit in (True, False)
    }
    assert sum(sure[True]) / len(sure[True]) > sum(sure[False]) / len(sure[False]) + 0.4
    for row in rows:
        assert row["consented"] <= row["shown"] < row["answered"]
        assert row["finished"] is None or row["finished"] >= row["answered"]
    by_person = shares([row | {"setting": str(row["participant_id"])} for row in rows])
    spread = [right / number for right, number in by_person.values() if number == 10]
    assert min(spread) < 0.3
    assert max(spread) > 0.7


def test_the_same_seed_answers_alike(database):
    made = []
    for _ in range(2):
        study = ready_study(1)
        simulate.simulate(study, 10, 0.5, seed=7)
        made.append([(row["choice"], row["milliseconds"]) for row in given()])
        studies.delete(study)
    assert made[0] == made[1]


def test_they_are_no_people_and_stay_out_of_their_way(database):
    study = open_study(target=3)
    simulate.simulate(study, 30, 0.5)
    found = studies.read(study)
    assert (found["participants"], found["finished"], found["answers"]) == (0, 0, 0)
    assert found["state"] == "open"
    studies.close_study(study)
    simulate.simulate(study, 1, 0.5)
    assert studies.read(study)["simulated"] == 31


@SQLITE
def test_what_cannot_be_simulated(database):
    study = ready_study(2)
    for number in (0, 10_001):
        with pytest.raises(PenumbraError, match="simulate 1 to"):
            simulate.simulate(study, number, 0.5)
    for skill in (1.5, float("nan"), [0.1, 0.2, 0.3], []):
        with pytest.raises(PenumbraError, match="a share from 0 to 1, or 2 of them"):
            simulate.simulate(study, 5, skill)
    draft = studies.create(design())
    with pytest.raises(PenumbraError, match="prepare it first"):
        simulate.simulate(draft, 5, 0.5)
    assert studies.read(study)["simulated"] == 0
