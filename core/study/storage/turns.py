"""Waiting in the order in which one came, among the threads of this process.

SQLite's own waiting sleeps and looks again, and SQLAlchemy's pool gives a connection to whoever asks
at the right moment: with two hundred participants at once some waited for seconds while late-comers
were served.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Hashable, Iterator
from contextlib import contextmanager

PATIENCE = 30  # seconds


class NoTurn(Exception):
    """Others were there for too long."""


class Turns:
    """A context that so many threads are in at once; the others wait and enter as they came, those
    in `ahead()` before all who are not."""

    def __init__(self, places: int) -> None:
        self.guard = threading.Lock()
        self.hurried: deque[threading.Lock] = deque()
        self.waiting: deque[threading.Lock] = deque()
        self.places = places

    def __enter__(self) -> None:
        self._enter(self.waiting)

    @contextmanager
    def ahead(self) -> Iterator[None]:
        """The same for what cannot wait."""
        self._enter(self.hurried)
        try:
            yield
        finally:
            self.__exit__()

    def _enter(self, lane: deque[threading.Lock]) -> None:
        with self.guard:
            if self.places:
                self.places -= 1
                return
            mine = threading.Lock()
            mine.acquire()
            lane.append(mine)
        came = False
        try:
            came = mine.acquire(timeout=PATIENCE)
        finally:  # also where the thread is interrupted: a turn is never given to nobody
            if not came:
                self._leave(mine, lane)
        if not came:
            raise NoTurn

    def _leave(self, mine: threading.Lock, lane: deque[threading.Lock]) -> None:
        with self.guard:
            if mine in lane:
                lane.remove(mine)
                return
        self.__exit__()  # the turn came in the very moment: hand it on

    def __exit__(self, *error: object) -> None:
        with self.guard:
            if lane := self.hurried or self.waiting:
                lane.popleft().release()
            else:
                self.places += 1


_all: dict[tuple[Hashable, str], Turns] = {}


def in_turn(where: Hashable, what: str, places: int = 1) -> Turns:
    """The turns of what is named so; the first who names it says how many may be in at once."""
    return _all.setdefault((where, what), Turns(places))
