"""Waiting for what another process does: for a condition, never for a time."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")
SECONDS = 180  # only what hangs takes longer, however busy the machine is


def until(condition: Callable[[], T], problem: Callable[[], str]) -> T:
    """What `condition` returns once that is true; fails with `problem` where it never is."""
    end = time.monotonic() + SECONDS
    while not (found := condition()):
        assert time.monotonic() < end, problem()
        time.sleep(0.02)
    return found
