"""The one error type that carries a message for people."""


class PenumbraError(ValueError):
    """Something the user can mend. The message is one line: what is wrong, where, what to do."""
