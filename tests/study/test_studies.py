"""Studies from draft to closed, and the process that makes their pictures."""

import itertools
import os
import signal
import time

import pytest
import sqlalchemy as sa

from core import background
from core.errors import PenumbraError
from core.study import studies
from core.study.material import stimuli
from core.study.participation import taking
from core.study.storage import database as db
from core.study.storage import tables
from tests.study import sample_study
from tests.study.sample_study import design, open_study, ready_study, token
from tests.waiting import until

HOSTILE = ["", "x" * 13, "../../../etc/", "' OR 1=1 --", "é" * 12, "a\0bcdefghijk"]
HOSTILE += [None, 7, b"abcdefghijkl"]


def rows(table: sa.Table) -> int:
    with db.reading() as connection:
        return connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one()


def ended(study: str) -> dict:
    """The study when its preparation has ended."""

    def found():
        read = studies.read(study)
        return read if read["state"] != "preparing" else None

    return until(found, lambda: "the preparation never ends")


def test_a_new_study(database):
    before = time.time()
    study = studies.create(design(2, title="  Who is it? "))
    found = studies.read(study)
    assert studies.STUDY_ID.fullmatch(study)
    assert found["state"] == "draft"
    assert found["title"] == "Who is it?"
    assert before <= found["created"] <= time.time()
    assert found["design"] == design(2)
    counts = ("participants", "finished", "answers", "withdrawn", "simulated")
    assert {found[name] for name in counts} == {0}
    assert studies.list_studies() == [found]
    with pytest.raises(PenumbraError, match="give the study a title"):
        studies.create({"settings": [sample_study.setting()]})
    assert len({studies.create(design())[0] for _ in range(60)} & set("-_")) == 0


def test_designs_from_before_a_field_was_added_are_filled_up(database):
    study = ready_study()
    with db.writing() as connection:
        old = {k: v for k, v in design().items() if k != "confidence"}
        connection.execute(sa.update(tables.studies), {"design": old})
    assert studies.read(study)["design"] == design()
    studies.open_study(study)
    assert taking.arrive(study)["confidence"] is False


def test_newest_first(database, monkeypatch):
    made = []
    for moment in (30.0, 10.0, 20.0):
        monkeypatch.setattr(time, "time", lambda moment=moment: moment)
        made.append(studies.create(design()))
    assert [study["id"] for study in studies.list_studies()] == [made[0], made[2], made[1]]


def test_a_change_drops_what_was_made(database):
    study = ready_study()
    studies.change(study, design(3, title="Another"))
    found = studies.read(study)
    assert (found["state"], found["title"]) == ("draft", "Another")
    assert rows(tables.items) == rows(tables.pictures) == 0


def test_a_study_that_was_opened_stays_as_it_is(database):
    study = open_study()
    for change in (
        lambda: studies.change(study, design(3)),
        lambda: studies.start_preparing(study),
        lambda: studies.prepare(study),
        lambda: studies.store_material(study, sample_study.material(design())),
    ):
        with pytest.raises(PenumbraError, match="make another like it"):
            change()
    assert studies.read(study)["design"] == design()
    assert studies.read(study)["state"] == "open"


def test_open_and_close(database):
    draft = studies.create(design())
    with pytest.raises(PenumbraError, match="prepare it first"):
        studies.open_study(draft)
    with pytest.raises(PenumbraError, match="not open"):
        studies.close_study(draft)
    study = ready_study()
    for _ in range(2):
        studies.open_study(study)
        assert studies.read(study)["state"] == "open"
        studies.close_study(study)
        assert studies.read(study)["state"] == "closed"


def test_delete_takes_everything(database):
    kept, study = open_study(), open_study(seed=1)
    for place in (kept, study):
        me = token()
        taking.start(place, me, panel_id="P 7")
        taking.answer(place, me, 0, 0)
    studies.delete(study)
    with pytest.raises(PenumbraError, match="leads to no study"):
        studies.read(study)
    assert studies.read(kept)["answers"] == 1
    assert rows(tables.participants) == rows(tables.answers) == rows(tables.panel_ids) == 1
    studies.delete(kept)
    assert not any(map(rows, tables.metadata.sorted_tables))


def test_what_is_no_study(database):
    kept = open_study()
    calls = [studies.read, studies.open_study, studies.close_study, studies.delete]
    calls += [studies.start_preparing, studies.prepare, taking.arrive]
    calls += [
        lambda s: studies.change(s, design()),
        lambda s: studies.sample(s, 0),
        lambda s: taking.start(s, token()),
        lambda s: taking.current(s, token()),
        lambda s: taking.answer(s, token(), 0, 0),
        lambda s: taking.withdraw(s, "0000-0000-0000"),
    ]
    for study, call in itertools.product(HOSTILE, calls):
        with pytest.raises(PenumbraError, match="this link leads to no study; ask whoever sent it"):
            call(study)
    assert studies.read(kept)["state"] == "open"


# Preparation -----------------------------------------------------------------------------------


def test_preparing_tells_how_far_it_is_and_ends_ready(database, monkeypatch):
    study = studies.create(design(2))
    seen = []

    def build(wanted, seed, progress):
        assert wanted == design(2)
        assert seed == studies.read(study)["seed"]
        for done in range(3):
            progress(done, 3)
        seen.append(studies.read(study))
        progress(3, 3)
        seen.append(studies.read(study))
        return sample_study.material(wanted)

    monkeypatch.setattr(stimuli, "build", build)
    studies.prepare(study)
    assert [(entry["state"], entry["wanted"]) for entry in seen] == [("preparing", 3)] * 2
    assert seen[1]["done"] == 3
    assert studies.read(study)["state"] == "ready"
    assert background.living(studies.folder(study)) is None  # this process goes on with other work
    studies.prepare(study)  # once more, for example after a run was trained anew
    assert rows(tables.items) == len(sample_study.material(design(2))["items"])


def test_what_goes_wrong_is_kept(database, monkeypatch):
    study = studies.create(design())

    def build(wanted, seed, progress):
        raise failure

    monkeypatch.setattr(stimuli, "build", build)
    for failure, message in [
        (PenumbraError("too few people match"), "too few people match"),
        (MemoryError("no room"), "MemoryError: no room"),
    ]:
        with pytest.raises(type(failure)):
            studies.prepare(study)
        found = studies.read(study)
        assert (found["state"], found["message"]) == ("failed", message)
    monkeypatch.setattr(
        stimuli, "build", lambda wanted, seed, progress: sample_study.material(wanted)
    )
    studies.prepare(study)
    assert (studies.read(study)["state"], studies.read(study)["message"]) == ("ready", "")


def test_a_study_that_is_deleted_meanwhile_ends_its_preparation(database, monkeypatch):
    study = studies.create(design())

    def build(wanted, seed, progress):
        with db.writing() as connection:
            connection.execute(sa.delete(tables.studies))
        progress(1, 1)
        raise AssertionError("the preparation went on")

    monkeypatch.setattr(stimuli, "build", build)
    with pytest.raises(PenumbraError, match="deleted meanwhile"):
        studies.prepare(study)


def test_the_process_that_prepares(database):
    """A process of its own: here it fails, because the run is not there, and says so."""
    study = studies.create(design())
    studies.start_preparing(study)
    process = background.living(studies.folder(study))
    process.suspend()  # else it might have ended before we look
    assert studies.read(study)["state"] == "preparing"
    for refused in (
        studies.start_preparing,
        studies.prepare,
        lambda s: studies.change(s, design()),
    ):
        with pytest.raises(PenumbraError, match="being prepared"):
            refused(study)
    process.resume()
    found = ended(study)
    assert found["state"] == "failed"
    assert "deep_obfuscator-0000000000" in found["message"]


def test_a_last_word_that_comes_between_two_looks_is_heard(database, monkeypatch):
    """The row is read while the process lives; when it is looked for, it has said why and ended."""
    study = studies.create(design())
    with db.writing() as connection:
        studies._note(connection, study, state="preparing")

    def ends(folder):
        with db.writing() as connection:
            studies._note(connection, study, state="failed", message="its own words")

    monkeypatch.setattr(background, "living", ends)
    assert studies.read(study)["message"] == "its own words"


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_process_that_was_killed_is_noticed(database):
    study = studies.create(design())
    studies.start_preparing(study)
    process = background.living(studies.folder(study))
    os.kill(process.pid, signal.SIGKILL)
    found = ended(study)
    assert found["state"] == "failed"
    assert "prepare it again" in found["message"]
    assert studies.list_studies()[0]["state"] == "failed"
    studies.start_preparing(study)
    assert studies.read(study)["state"] == "preparing"
    studies.delete(study)  # ends the process
    until(lambda: background.living(studies.folder(study)) is None, lambda: "it never ends")
    assert studies.list_studies() == []


def test_material_that_does_not_hold_together_is_refused(database):
    study = studies.create(design())
    for spoil, message in [
        (lambda m: m["pictures"].__setitem__(0, m["pictures"][0] + b"x"), "of one length"),
        (lambda m: m["pictures"].__setitem__(0, b"GIF89a" + m["pictures"][0][6:]), "of one length"),
        (lambda m: m["items"][0].update(redrawn=10_000), "not there"),
        (lambda m: m["items"][0].update(redrawn=-1), "not there"),
        (lambda m: m["items"][0].update(options=[0, 1, 2]), "4 different options"),
        (lambda m: m["items"][0].update(options=[0, 1, 2, 2]), "4 different options"),
        (lambda m: m["items"][0].update(role="trick"), "trick"),
    ]:
        made = sample_study.material(design())
        spoil(made)
        with pytest.raises(PenumbraError, match=message):
            studies.store_material(study, made)
    assert studies.read(study)["state"] == "draft"
    assert rows(tables.pictures) == 0


def test_the_preview_asks_as_the_study_would_and_stores_nothing(database):
    study = studies.create(design())
    with pytest.raises(PenumbraError, match="prepare it first"):
        studies.sample(study, 0)
    study = ready_study(time_limit=20)
    before = [rows(table) for table in tables.metadata.sorted_tables]
    asked = studies.sample(study, 3)
    assert [entry["number"] for entry in asked] == list(range(1, 14))
    assert {entry["total"] for entry in asked} == {13}
    assert {entry["limit"] for entry in asked} == {20}
    assert studies.sample(study, 3) == asked
    assert studies.sample(study, 4) != asked
    assert [rows(table) for table in tables.metadata.sorted_tables] == before
    studies.open_study(study)
    me = token()
    taking.start(study, me)
    assert set(taking.current(study, me)) == set(asked[0])
