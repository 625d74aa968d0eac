"""What tests of participants share."""

import threading
import time
from collections.abc import Callable

import sqlalchemy as sa

from core.study import studies
from core.study.participation import taking
from core.study.storage import database as db
from core.study.storage.tables import participants, trials
from tests.study import sample_study
from tests.study.sample_study import token


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


def answered(
    run_id: str, title: str = "Who?", answers: int = 12, right: int = 9
) -> tuple[str, str]:
    """(id, token) of an open study of one setting, with so many answers of one person, of which so
    many are right."""
    wanted = sample_study.design() | {
        "settings": [sample_study.setting(run_id=run_id)],
        "title": title,
    }
    wanted |= {"questions": answers, "practice": False, "attention": 0}
    name = studies.create(wanted)
    studies.store_material(name, sample_study.material(wanted))
    studies.open_study(name)
    me = begin(name)
    for row in table(trials):
        if row["participant_id"] == max(person["id"] for person in table(participants)):
            option = 0 if row["position"] < right else 1
            taking.answer(name, me, row["position"], row["option_order"].index(option))
    return name, me


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
