"""What a participant's browser says, and what it is told. Everything that comes is hostile until
`message` has checked it: anybody can send anything over the page's connection."""

import logging
import re
from collections.abc import Mapping
from typing import Any

from app.page import wording
from core.errors import PenumbraError
from core.study.participation import taking
from core.study.participation.tokens import TOKEN
from core.study.storage.database import DatabaseError

LONGEST_CODE = 40  # characters that somebody may type where a code is asked for
PANEL_ID = re.compile(r"[\x21-\x7e]{1,120}")  # as long as `core.study.storage.tables` keeps
LONGEST_ADDRESS = 40  # characters of a study's id in the address
# What each kind of message holds beside `kind` and `serial`.
FIELDS: dict[str, set[str]] = {
    "hello": {"token"},
    "agree": {"token"},
    "answer": {"token", "number", "place", "milliseconds", "confidence"},
    "withdraw": {"token", "code"},
    "code": set(),
    "decline": set(),
}
# field -> (lowest, highest, may be missing); `core.study.participation.taking` knows the study's own bounds
NUMBERS = {
    "serial": (1, 1_000_000, False),
    "number": (1, 1000, False),
    "place": (0, 100, True),
    "milliseconds": (0, 86_400_000, True),
    "confidence": (1, 5, True),
}
# kind of message -> (how many at once, seconds until another), of one session. A code is guessed in
# no time that people have, however often it is tried; this keeps the database quiet.
LIMITS = {
    "agree": (5, 20.0),
    "answer": (20, 1.0),
    "withdraw": (5, 30.0),
}
OTHERS = (40, 0.5)
AWAY = (
    "The study cannot be reached at the moment. Answers that you gave are kept; this page tries again "
    "by itself."
)
GONE = (
    "The participation that this browser knew is not there any more: it was withdrawn. Nothing is kept "
    "of it."
)
NO_CODE = (
    "Nothing is kept under this code. Either it was deleted already, or a character is wrong: a code "
    "looks like ABCD-EFGH-JKLM."
)

# How a session goes on where nothing was done; the keys are those of `follow`.
STAYS = {"view": None, "note": None, "forget": False, "wait": False, "current": None}

# What a bucket that fills up again drop by drop holds: (drops, when that was, in seconds of one
# monotonic clock).
Bucket = tuple[float, float]

log = logging.getLogger(__name__)


def message(received: Any) -> dict[str, Any] | None:
    """What the browser said, the fields of its kind alone; None for what the page never says."""
    if not isinstance(received, Mapping) or len(received) > 8:
        return None
    kind = received.get("kind")
    if not isinstance(kind, str) or kind not in FIELDS:
        return None
    names = {"serial", *FIELDS[kind]}
    if set(received) != names | {"kind"}:
        return None
    if not all(_fine(name, received[name]) for name in names):
        return None
    if kind in ("agree", "answer") and not received["token"]:
        return None
    return {"kind": kind, **{name: received[name] for name in names}}


def _fine(name: str, value: Any) -> bool:
    if name == "token":
        return isinstance(value, str) and (not value or bool(TOKEN.fullmatch(value)))
    if name == "code":
        return isinstance(value, str) and 0 < len(value) <= LONGEST_CODE
    low, high, missing = NUMBERS[name]
    if value is None:
        return missing
    return isinstance(value, int) and not isinstance(value, bool) and low <= value <= high


def panel_id(parameters: Mapping[str, str]) -> str | None:
    """Who the person is for the panel that sent them, from the address."""
    found = parameters.get("panel") or parameters.get("PROLIFIC_PID") or ""
    return found if PANEL_ID.fullmatch(found) else None


def follow(
    study_id: str,
    received: Mapping[str, Any],
    panel: str | None,
    buckets: dict[str, Bucket],
    now: float,
) -> dict[str, Any]:
    """Does what a checked message asks for. Returns how the session goes on:

    heard   the message's `serial`
    token   whose participation is shown; "" for nobody's
    view    "code", "declined" or "withdrawn" where that is shown instead
    note    a line for the person, or None
    forget  the browser's token leads to nothing and is to be forgotten
    wait    nothing was done: the browser keeps what it has and says it again
    current what `core.study.participation.taking.current` says of the token, where that was asked, or None

    buckets  of this session, by kind of message; filled in here
    now      seconds of a monotonic clock
    """
    kind, token = received["kind"], received.get("token", "")
    answer = STAYS | {"heard": received["serial"], "token": token}
    burst, seconds = LIMITS.get(kind, OTHERS)
    counted = kind if kind in LIMITS else "other"
    buckets[counted], wait = take(buckets.get(counted), burst, seconds, now)
    if wait:
        again = "Your answer is kept here; this page sends it again by itself."
        whole = max(1, round(wait + 0.5))
        asked = f"That was very often. Please wait {whole} second{'s' if whole > 1 else ''}."
        # what a person typed anew may be given up; what this page holds is tried again
        if kind == "withdraw":
            return answer | {"view": "code", "note": asked}
        return answer | {"wait": True, "note": f"{asked} {again}" if kind == "answer" else asked}
    try:
        return answer | _done(study_id, received, panel)
    except DatabaseError as problem:
        log.warning("a participant was asked to wait: %s", problem)
        return answer | {"wait": True, "note": AWAY}


def take(
    bucket: Bucket | None, burst: int, seconds_each: float, now: float
) -> tuple[Bucket, float]:
    """Takes one drop. Returns the bucket afterwards and how many seconds to wait: 0 where the drop
    was there, else nothing was taken.

    bucket        what the last call returned, None at first: a full one
    burst         how many drops it holds
    seconds_each  how long it takes until another drop is there
    now           seconds; a clock that goes backwards gives no drops
    """
    drops, then = bucket or (float(burst), now)
    latest = max(then, now)
    drops = min(float(burst), drops + (latest - then) / seconds_each)
    if drops >= 1:
        return (drops - 1, latest), 0.0
    return (drops, latest), (1 - drops) * seconds_each


def _current(study_id: str, token: str) -> dict[str, Any]:
    """Where the participant is; nowhere in a study that was deleted meanwhile."""
    try:
        return taking.current(study_id, token)
    except DatabaseError:
        raise
    except PenumbraError:
        return {"stage": "unknown"}


def sentence(problem: PenumbraError) -> str:
    return f"{wording.capital(str(problem))}."


def _done(study_id: str, received: Mapping[str, Any], panel: str | None) -> dict[str, Any]:
    kind, token = received["kind"], received.get("token", "")
    if kind in ("code", "decline"):
        return {"view": "declined" if kind == "decline" else "code"}
    note, deleted = None, False
    try:
        if kind == "agree":
            taking.start(study_id, token, panel_id=panel)
        elif kind == "answer":
            given = (received[name] for name in ("place", "milliseconds", "confidence"))
            taking.answer(study_id, token, received["number"] - 1, *given)
        elif kind == "withdraw":
            deleted = taking.withdraw(study_id, received["code"])
    except DatabaseError:
        raise
    except PenumbraError as problem:
        note = sentence(problem)
    current = _current(study_id, token) if token else None
    unknown = current is not None and current["stage"] == "unknown"
    if kind == "withdraw":
        # told again because the word of it was lost: the token's participation is gone as well
        deleted = deleted or unknown
        view, note = ("withdrawn", None) if deleted else ("code", note or NO_CODE)
        return {"view": view, "forget": unknown, "note": note}
    if unknown:
        return {"token": "", "note": note or GONE, "forget": True}
    return {"note": note, "current": current}
