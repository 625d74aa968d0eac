"""A participant's way through a study: arrive, start, answer question after question, withdraw.

The browser makes a random token and keeps it; only its hash is stored. Everything here may be given
twice: a reload, a double click, a second tab or a repeated request changes nothing, and the first
answer to a question counts. Nothing but an explicit `start` begins.
"""

import logging
import time
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, bindparam
from sqlalchemy.exc import IntegrityError

from core.errors import PenumbraError
from core.study import studies
from core.study.design import text, total
from core.study.participation import admission
from core.study.participation.tokens import code_hash, token_hash, withdrawal_code
from core.study.storage import database
from core.study.storage.tables import ANSWERS_TRIAL, answers, items, participants, trials
from core.study.storage.tables import studies as studies_table

LONGEST = 3_600_000  # milliseconds; a longer time says nothing any more
GRACE = 2000  # milliseconds after the limit: the way from browser to server
PANEL_ID = 120  # characters
TOLD = (  # of the design, to whom follows the link
    *("title", "consent", "contact", "questions", "options", "practice", "attention"),
    *("confidence", "time_limit"),
)
MOST_POSITIONS, MOST_PLACES = 1000, 100  # far beyond what a design allows
STRANGER = (
    "this browser takes no part in the study, or its answers were withdrawn; nothing was stored: "
    "open the link anew to take part"
)

log = logging.getLogger(__name__)

# Statements that are asked for every question are put together once: with two hundred participants
# at once, putting them together took half of an answer's time.
_TAKES_PART = (
    sa.select(participants.c.id, studies_table.c.design)
    .join(studies_table, studies_table.c.id == participants.c.study_id)
    .where(participants.c.token_hash == bindparam("token"))
    .where(participants.c.study_id == bindparam("study"))
)
# One row: who answers, what the study asks, and the question with its answer, if there is one.
_ASKED = (
    _TAKES_PART.add_columns(trials.c.option_order, trials.c.shown, answers.c.answered)
    .join(trials, trials.c.participant_id == participants.c.id)
    .outerjoin(answers, ANSWERS_TRIAL)
    .where(trials.c.position == bindparam("position"))
    .with_for_update(of=participants)  # two tabs that give the last two answers take turns
)
_UNANSWERED = (
    sa.select(trials.c.position)
    .outerjoin(answers, ANSWERS_TRIAL)
    .where(trials.c.participant_id == bindparam("participant"), answers.c.position.is_(None))
    .limit(1)
)
_NEXT = (  # the first question without an answer, with its item and the study
    _TAKES_PART.add_columns(trials.c.position, trials.c.option_order, trials.c.shown)
    .add_columns(items.c.role, items.c.redrawn, items.c.options)
    .join(trials, trials.c.participant_id == participants.c.id)
    .join(items, items.c.id == trials.c.item_id)
    .outerjoin(answers, ANSWERS_TRIAL)
    .where(answers.c.position.is_(None))
    .order_by(trials.c.position)
    .limit(1)
)
_FIRST_CHOICE = sa.select(answers.c.choice).where(
    answers.c.participant_id == bindparam("participant"), answers.c.position == 0
)
_SHOWN = (
    sa.update(trials)
    .where(trials.c.participant_id == bindparam("participant"), trials.c.shown.is_(None))
    .where(trials.c.position == bindparam("place"))
    .values(shown=bindparam("now"))
)
_FINISHED = (
    sa.update(participants)
    .where(participants.c.id == bindparam("participant"))
    .values(finished=bindparam("now"))
)


def arrive(study_id: str) -> dict[str, Any]:
    """What somebody who follows a study's link needs to know: `TOLD`, state and total (questions of
    all kinds). Raises PenumbraError where the link leads to no study."""
    with database.reading() as connection:
        study = studies.find(connection, study_id)
    told = {name: study["design"][name] for name in TOLD}
    return told | {"state": study["state"], "total": total(study["design"])}


@database.repeated
def start(study_id: str, token: str, panel_id: str | None = None) -> str:
    """Take part, after consent: "started", or "known" where the token has started before. Raises
    PenumbraError where the study is not open, has enough participants, or knows the panel id."""
    panel_id = None if panel_id is None else text("panel id", panel_id, PANEL_ID) or None
    with database.reading() as connection:
        study = studies.find(connection, study_id)
        if _takes_part(connection, study_id, token):
            return "known"
    admission.close_if_enough(study)
    try:
        with database.writing(after=f"start {study_id}") as connection:
            study = studies.find(connection, study_id, lock=True)
            if _takes_part(connection, study_id, token):
                return "known"
            now = time.time()
            admission.check(connection, study, now)
            admission.admit(connection, study, token, panel_id, False, now)
    except IntegrityError:
        words = "this browser takes part in another study; open the link anew"
        raise PenumbraError(words) from None
    return "started"


@database.repeated
def current(study_id: str, token: str) -> dict[str, Any]:
    """Where the participant is: one of

    {"stage": "question", "position", "number" (from 1), "total", "role" (not for the browser),
    "redrawn" (PNG), "options" (PNGs in the order on the screen), "limit" (seconds or None),
    "practice_right" (of the practice question that was just answered, else None)};
    {"stage": "finished", "code" (for withdrawal), "completion"};
    {"stage": "unknown"}: the token has not started, or was withdrawn.
    """
    with database.reading() as connection:
        trial = connection.execute(_NEXT, _named(study_id, token)).mappings().first()
        if trial is None:
            participant = _takes_part(connection, study_id, token)
            if participant is None:
                studies.find(connection, study_id)
                return {"stage": "unknown"}
            completion = participant["design"]["completion"]
            return {"stage": "finished", "code": withdrawal_code(token), "completion": completion}
        design, position = trial["design"], trial["position"]
        order = trial["option_order"]
        asked = studies.question(connection, design, dict(trial), order, position)
        key = {"participant": trial["id"]}
        if design["practice"] and position == 1:
            choice = connection.execute(_FIRST_CHOICE, key).scalar_one_or_none()
            asked["practice_right"] = choice == 0
    if trial["shown"] is None:
        database.note(_SHOWN, key | {"place": position, "now": time.time()})
    return asked


@database.repeated
def answer(
    study_id: str,
    token: str,
    position: int,
    place: int | None,
    milliseconds: Any = None,
    confidence: int | None = None,
) -> str:
    """Keep an answer: "stored", or "known" where this question was answered before (the first counts).
    It is on the disk when this returns.

    place         of the chosen option on the screen, from 0; None: time ran out
    milliseconds  from the pictures' appearance to the choice, by the browser
    confidence    1 (guessed) to 5 (sure), kept where the study asks for it

    Raises PenumbraError for values that cannot be and for a token that takes no part.
    """
    _whole("position", position, 0, MOST_POSITIONS)
    if place is not None:
        _whole("place", place, 0, MOST_PLACES)
    if confidence is not None:
        _whole("confidence", confidence, 1, 5)
    try:
        with database.writing() as connection:
            given = {"confidence": confidence, "milliseconds": _milliseconds(milliseconds)}
            outcome = _store(connection, study_id, token, position, place, given)
    except IntegrityError:
        return "known"  # the same answer came twice at once
    if outcome != "finished":
        return outcome
    try:
        with database.reading() as connection:
            study = studies.find(connection, study_id)
        admission.close_if_enough(study)
    except PenumbraError as error:  # the answer is kept; the next who starts looks again
        log.warning("whether the study has enough answers could not be seen: %s", error)
    return "stored"


def _store(
    connection: Connection,
    study_id: str,
    token: str,
    position: int,
    place: int | None,
    given: dict[str, int | None],
) -> str:
    """ "stored", "known", or "finished" where it was stored and was the last."""
    wanted, now = _named(study_id, token) | {"position": position}, time.time()
    trial = connection.execute(_ASKED, wanted).mappings().first()
    if trial is None:
        if _takes_part(connection, study_id, token) is None:
            raise PenumbraError(STRANGER)
        raise PenumbraError(f"there is no question at position {position}; nothing was stored")
    if trial["answered"] is not None:
        return "known"
    design = trial["design"]
    since_shown = None if trial["shown"] is None else _milliseconds(1000 * (now - trial["shown"]))
    took = since_shown if given["milliseconds"] is None else given["milliseconds"]
    row = given | {"participant_id": trial["id"], "position": position, "answered": now}
    if not design["confidence"]:
        row["confidence"] = None
    row["choice"] = _choice(design["time_limit"], trial["option_order"], place, took)
    connection.execute(sa.insert(answers), row | {"server_milliseconds": since_shown})
    key = {"participant": trial["id"]}
    if connection.execute(_UNANSWERED, key).first() is not None:
        return "stored"
    connection.execute(_FINISHED, key | {"now": now})
    return "finished"


def _choice(limit: int | None, order: list[int], place: int | None, took: int | None) -> int | None:
    """The chosen option (0: the right one); None where time ran out."""
    if place is None:
        if limit is None:
            raise PenumbraError("choose one of the photographs; nothing was stored")
        return None
    if place >= len(order):
        raise PenumbraError(f"there is no photograph at place {place}; nothing was stored")
    late = limit is not None and took is not None and took > 1000 * limit + GRACE
    return None if late else order[place]


def withdraw(study_id: str, code: str) -> bool:
    """Delete everything that is stored for the participant who has this code. False where the study
    knows no such code (a second time, too)."""
    if (hashed := code_hash(code)) is None:
        return False
    with database.writing() as connection:
        studies.find(connection, study_id)
        wanted = (
            sa.select(participants.c.id, participants.c.simulated)
            .where(participants.c.study_id == study_id, participants.c.withdrawal_hash == hashed)
            .with_for_update()
        )
        found = connection.execute(wanted).first()
        if found is None:
            return False
        connection.execute(sa.delete(participants).where(participants.c.id == found.id))
        if not found.simulated:
            counted = sa.update(studies_table).where(studies_table.c.id == study_id)
            connection.execute(counted.values(withdrawn=studies_table.c.withdrawn + 1))
    database.wipe()
    return True


def _named(study_id: str, token: str) -> dict[str, str]:
    """Raises PenumbraError for what is no study's id or no token."""
    studies.check_id(study_id)
    return {"study": study_id, "token": token_hash(token)}


def _takes_part(connection: Connection, study_id: str, token: str) -> sa.RowMapping | None:
    """The participant's id and what the study asks; None where the token takes no part in it."""
    return connection.execute(_TAKES_PART, _named(study_id, token)).mappings().first()


def _whole(name: str, value: Any, least: int, most: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise PenumbraError(f"{value!r:.40} is no {name}; nothing was stored")


def _milliseconds(value: Any) -> int | None:
    """Within 0 and an hour; None for what is no time."""
    if isinstance(value, bool) or not isinstance(value, int | float) or value != value:
        return None
    return int(min(max(value, 0), LONGEST))
