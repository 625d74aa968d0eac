"""What tests of participants share."""

import threading
import time
from collections.abc import Callable

import sqlalchemy as sa

from core.study import database as db
from core.study import taking
from tests.study.material import token


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
