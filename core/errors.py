"""The errors that carry a message for people."""


class PenumbraError(ValueError):
    """Something the user can mend. The message is one line: what is wrong, where, what to do."""


class Stopped(Exception):
    """A training was asked to stop; its state is saved and the same command goes on with it."""
