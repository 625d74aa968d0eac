"""The errors that carry a message for people."""

from collections.abc import Iterator
from contextlib import contextmanager

# What is raised by code that finds something else in a file than was written there.
DAMAGE = (
    LookupError,
    ValueError,
    TypeError,
    AttributeError,
    ArithmeticError,
    OSError,
    StopIteration,
)


class PenumbraError(ValueError):
    """Something the user can mend. The message is one line: what is wrong, where, what to do."""


class Stopped(Exception):
    """A training was asked to stop; its state is saved and the same command goes on with it."""


@contextmanager
def damaged(what: str, again: str) -> Iterator[None]:
    """For code that takes apart what a file holds: where that is not what Penumbra wrote, a
    PenumbraError says `what` is wrong, why, and what to do, `again`."""
    try:
        yield
    except PenumbraError:
        raise
    except DAMAGE as error:
        raise PenumbraError(f"{what} ({str(error) or type(error).__name__}); {again}") from error
