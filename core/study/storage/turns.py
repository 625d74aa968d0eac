"""Waiting in the order in which one came, among the threads of this process.

SQLite's own waiting sleeps and looks again, and SQLAlchemy's pool gives a connection to the thread that
asks at the right moment: with two hundred participants at once some waited for seconds while
late-comers were served.
"""

import threading
from collections import deque
from collections.abc import Hashable, Iterator
from contextlib import contextmanager

PATIENCE = 30  # seconds


class NoTurn(Exception):
    """Others were there for too long."""


class Turns:
    """So many threads hold a place at once; the others wait, and enter as they came."""

    def __init__(self, places: int) -> None:
        self.guard = threading.Lock()
        self.hurried: deque[threading.Lock] = deque()
        self.waiting: deque[threading.Lock] = deque()
        self.places = places

    @contextmanager
    def taken(self, ahead: bool = False) -> Iterator[None]:
        """Holds a place; `ahead` of all that can wait. Raises NoTurn after `PATIENCE`."""
        lane, mine = self.hurried if ahead else self.waiting, threading.Lock()
        with self.guard:
            free = self.places > 0
            if free:
                self.places -= 1
            else:
                mine.acquire()
                lane.append(mine)
        if not free:
            self._wait(mine, lane)
        try:
            yield
        finally:
            self._give_back()

    def _wait(self, mine: threading.Lock, lane: deque[threading.Lock]) -> None:
        came = False
        try:
            came = mine.acquire(timeout=PATIENCE)
        finally:  # also where the thread is interrupted: a place is never given to nobody
            if not came:
                with self.guard:
                    left = mine in lane
                    if left:
                        lane.remove(mine)
                if not left:  # the place came in the very moment: hand it on
                    self._give_back()
        if not came:
            raise NoTurn

    def _give_back(self) -> None:
        with self.guard:
            if lane := self.hurried or self.waiting:
                lane.popleft().release()
            else:
                self.places += 1


_all: dict[tuple[Hashable, str], Turns] = {}


def in_turn(where: Hashable, what: str, places: int = 1) -> Turns:
    """The turns of what is named so; the first who names it says how many may be in at once."""
    return _all.setdefault((where, what), Turns(places))
