"""A participant's way through a study: arrive, start, answer question after question, withdraw.

The browser makes a random token and keeps it; only its hash is stored. Everything here may be given
twice: a reload, a double click, a second tab or a repeated request changes nothing, and the first
answer to a question counts.
"""

from __future__ import annotations

import hashlib
import logging
import re
import time
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, RowMapping
from sqlalchemy.exc import IntegrityError

from core.errors import PenumbraError
from core.study import database, stopping, studies
from core.study.assignment import assign
from core.study.design import text
from core.study.tables import answers, items, panel_ids, participants, trials
from core.study.tables import studies as studies_table

TOKEN = re.compile(r"[0-9a-f]{32}")
CODE_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's base 32: nothing looks alike
CODE_LENGTH = 12  # 60 bits
LONGEST = 3_600_000  # milliseconds; a longer time says nothing any more
GRACE = 2000  # milliseconds after the limit: the way from browser to server
PANEL_ID = 120  # characters
STARTS_AT = ("open", "closed", "ready")  # where simulated participants may start

log = logging.getLogger(__name__)


def arrive(study_id: str) -> dict[str, Any]:
    """What somebody who follows a study's link needs to know: title, consent, contact, questions,
    options, practice, attention, confidence, time_limit, state and total (questions of all kinds).
    Raises PenumbraError where the link leads to no study."""
    with database.reading() as connection:
        study = studies.find(connection, study_id)
    design = study["design"]
    names = ("title", "consent", "contact", "questions", "options", "practice", "attention",
             "confidence", "time_limit")  # fmt: skip
    total = design["questions"] + design["attention"] + int(design["practice"])
    return {name: design[name] for name in names} | {"state": study["state"], "total": total}


@database.repeated
def start(study_id: str, token: str, panel_id: str | None = None, simulated: bool = False) -> str:
    """Take part, after consent: draws this participant's questions. "started", or "known" where the
    token has started before.

    Raises PenumbraError where the study is not open, has enough participants, or knows the panel id.
    """
    with database.reading() as connection:
        study = studies.find(connection, study_id)
        if _known(connection, study_id, token):
            return "known"
    if not simulated:
        stopping.look(study)
    try:
        with database.writing() as connection:
            study = studies.find(connection, study_id, lock=True)
            if _known(connection, study_id, token):
                return "known"
            _let_in(connection, study, simulated)
            admit(connection, study, token, _panel_id(panel_id), simulated, time.time())
    except IntegrityError:
        # Another request with the same token was faster, or the token belongs to another study.
        with database.reading() as connection:
            if _known(connection, study_id, token):
                return "known"
        raise PenumbraError(
            "this browser takes part in another study; open the link anew"
        ) from None
    return "started"


def admit(
    connection: Connection, study: Mapping[str, Any], token: str, panel_id: str | None, simulated: bool,
    now: float,
) -> tuple[int, list[tuple[int, list[int]]]]:  # fmt: skip
    """Write a participant with all their trials; the study's row is locked by the caller. Their id
    and trials (`assignment.assign`)."""
    study_id, number = study["id"], study["admitted"] + 1
    if panel_id is not None:
        taken = sa.select(panel_ids.c.participant_id).where(
            panel_ids.c.study_id == study_id, panel_ids.c.panel_id == panel_id
        )
        if connection.execute(taken).first():
            raise PenumbraError("this panel id has taken part already; everybody answers once")
    seed = int.from_bytes(_hash("seed", f"{study['seed']}/{number}")[:6], "big")
    wanted = [items.c[name] for name in ("id", "role", "setting", "attacker", "person")]
    found = connection.execute(sa.select(*wanted).where(items.c.study_id == study_id)).mappings()
    rows = [dict(row) for row in found]
    drawn = assign(rows, uses(connection, study_id, simulated, now), study["design"], seed)
    participant = {
        "study_id": study_id, "number": number, "token_hash": token_hash(token),
        "withdrawal_hash": _hash("withdrawal", withdrawal_code(token)).hex(), "seed": seed,
        "consented": now, "simulated": simulated,
    }  # fmt: skip
    inserted = connection.execute(sa.insert(participants).returning(participants.c.id), participant)
    participant_id = inserted.scalar_one()
    connection.execute(
        sa.insert(trials),
        [
            {"participant_id": participant_id, "position": position, "item_id": item_id,
             "option_order": order}
            for position, (item_id, order) in enumerate(drawn)
        ],
    )  # fmt: skip
    if panel_id is not None:
        row = {"participant_id": participant_id, "study_id": study_id, "panel_id": panel_id}
        connection.execute(sa.insert(panel_ids), row)
    counted = sa.update(studies_table).where(studies_table.c.id == study_id)
    connection.execute(counted, {"admitted": number})
    return participant_id, drawn


def uses(connection: Connection, study_id: str, simulated: bool, now: float) -> dict[int, int]:
    """How often each item was asked, by id: answered, or about to be by somebody who has begun within
    `stopping.PATIENCE`. Those who left do not count, so that they leave no gap."""
    here = sa.or_(
        answers.c.participant_id.is_not(None),
        sa.and_(participants.c.finished.is_(None),
                participants.c.consented > now - stopping.PATIENCE),
    )  # fmt: skip
    counted = (
        sa.select(trials.c.item_id, sa.func.count())
        .join(participants, participants.c.id == trials.c.participant_id)
        .outerjoin(answers, _same_trial())
        .where(participants.c.study_id == study_id, participants.c.simulated.is_(simulated), here)
        .group_by(trials.c.item_id)
    )
    return {row[0]: row[1] for row in connection.execute(counted)}


@database.repeated
def current(study_id: str, token: str) -> dict[str, Any]:
    """Where the participant is: one of

    {"stage": "question", "position", "number" (from 1), "total", "role", "redrawn" (PNG), "options"
    (PNGs in the order on the screen), "limit" (seconds or None), "practice_right" (was the practice
    question that was just answered right? else None)}; the role is not for the browser;
    {"stage": "finished", "code" (for withdrawal), "completion"};
    {"stage": "unknown"}: the token has not started, or was withdrawn.
    """
    with database.reading() as connection:
        study = studies.find(connection, study_id)
        participant = _participant(connection, study_id, token)
        if participant is None:
            return {"stage": "unknown"}
        trial = _next_trial(connection, participant["id"])
        if trial is None:
            return {"stage": "finished", "code": withdrawal_code(token),
                    "completion": study["design"]["completion"]}  # fmt: skip
        total = sa.select(sa.func.count()).where(trials.c.participant_id == participant["id"])
        asked = studies.question(
            connection, study["design"], trial, trial["option_order"], trial["position"],
            connection.execute(total).scalar_one(),
        )  # fmt: skip
        if study["design"]["practice"] and trial["position"] == 1:
            first = (answers.c.participant_id == participant["id"], answers.c.position == 0)
            choice = connection.execute(
                sa.select(answers.c.choice).where(*first)
            ).scalar_one_or_none()
            asked["practice_right"] = choice == 0
    if trial["shown"] is None:
        with database.writing(durable=False) as connection:
            connection.execute(
                sa.update(trials).where(*_key(trials, participant["id"], trial["position"]),
                                        trials.c.shown.is_(None)),
                {"shown": time.time()},
            )  # fmt: skip
    return asked


@database.repeated
def answer(
    study_id: str, token: str, position: int, place: int | None, milliseconds: Any = None,
    confidence: int | None = None,
) -> str:  # fmt: skip
    """Keep an answer: "stored", or "known" where this question was answered before (the first counts).
    It is on the disk when this returns.

    position      of the question, as `current` gave it
    place         of the chosen option on the screen, from 0; None: time ran out
    milliseconds  from the pictures' appearance to the choice, by the browser
    confidence    1 (guessed) to 5 (sure), kept where the study asks for it
    Raises PenumbraError for values that cannot be and for a token that takes no part.
    """
    _check_answer(position, place, confidence)
    now = time.time()
    try:
        with database.writing() as connection:
            study, done = _store(connection, study_id, token, position, place,
                                 _milliseconds(milliseconds), confidence, now)  # fmt: skip
            if study is None:
                return "known"
    except IntegrityError:
        return "known"  # the same answer came twice at once
    if done:
        try:
            stopping.look(study)
        except PenumbraError as error:  # the answer is kept; the next who starts looks again
            log.warning("whether the study has enough answers could not be seen: %s", error)
    return "stored"


def _store(
    connection: Connection, study_id: str, token: str, position: int, place: int | None,
    milliseconds: int | None, confidence: int | None, now: float,
) -> tuple[dict[str, Any] | None, bool]:  # fmt: skip
    """(the study, whether this was the last question); (None, False) where the answer is known."""
    participant = _participant(connection, study_id, token, lock=True)
    if participant is None:
        raise PenumbraError(
            "this browser takes no part in the study, or its answers were withdrawn; nothing was "
            "stored: open the link anew to take part"
        )
    study = studies.find(connection, study_id)
    asked = (
        sa.select(trials.c.option_order, trials.c.shown, answers.c.answered)
        .outerjoin(answers, _same_trial())
        .where(*_key(trials, participant["id"], position))
    )
    trial = connection.execute(asked).mappings().first()
    if trial is None:
        raise PenumbraError(f"there is no question at position {position}; nothing was stored")
    if trial["answered"] is not None:
        return None, False
    since_shown = None if trial["shown"] is None else round(1000 * (now - trial["shown"]))
    row = {
        "participant_id": participant["id"], "position": position, "answered": now,
        "choice": _choice(study["design"], trial["option_order"], place,
                          since_shown if milliseconds is None else milliseconds),
        "confidence": confidence if study["design"]["confidence"] else None,
        "milliseconds": milliseconds, "server_milliseconds": _milliseconds(since_shown),
    }  # fmt: skip
    connection.execute(sa.insert(answers), row)
    done = _next_trial(connection, participant["id"]) is None
    if done:
        finished = sa.update(participants).where(participants.c.id == participant["id"])
        connection.execute(finished, {"finished": now})
    return study, done


def _choice(design: Mapping[str, Any], order: list[int], place: int | None, took: int | None) -> int | None:  # fmt: skip
    """The chosen option (0: the right one); None where time ran out."""
    limit = design["time_limit"]
    if place is None:
        if limit is None:
            raise PenumbraError("choose one of the photographs; nothing was stored")
        return None
    if place >= len(order):
        raise PenumbraError(f"there is no photograph at place {place}; nothing was stored")
    late = limit is not None and took is not None and took > 1000 * limit + GRACE
    return None if late else order[place]


def withdraw(study_id: str, code: str) -> bool:
    """Delete everything that is stored for whoever has this code: participant, questions, answers,
    panel id. False where the study knows no such code (a second time, too)."""
    plain = _plain_code(code)
    if plain is None:
        return False
    with database.writing() as connection:
        studies.find(connection, study_id)
        wanted = (
            sa.select(participants.c.id, participants.c.simulated)
            .where(participants.c.study_id == study_id,
                   participants.c.withdrawal_hash == _hash("withdrawal", plain).hex())
            .with_for_update()
        )  # fmt: skip
        found = connection.execute(wanted).first()
        if found is None:
            return False
        connection.execute(sa.delete(participants).where(participants.c.id == found.id))
        if not found.simulated:
            counted = sa.update(studies_table).where(studies_table.c.id == study_id)
            connection.execute(counted.values(withdrawn=studies_table.c.withdrawn + 1))
    return True


def withdrawal_code(token: str) -> str:
    """The code that goes with a token, as ABCD-EFGH-JKLM. It cannot be turned back."""
    number = int.from_bytes(_hash("code", token)[:8], "big")
    letters = "".join(CODE_ALPHABET[(number >> 5 * i) & 31] for i in range(CODE_LENGTH))
    return "-".join(letters[i : i + 4] for i in range(0, CODE_LENGTH, 4))


def token_hash(token: str) -> str:
    """What is stored of a browser's token."""
    return _hash("token", token).hex()


def _plain_code(code: str) -> str | None:
    """A code as it was given out, however it was typed; None for what is none."""
    if not isinstance(code, str) or len(code) > 60:
        return None
    letters = re.sub(r"[\s-]", "", code).upper().translate(str.maketrans("OIL", "011"))
    if len(letters) != CODE_LENGTH or not set(letters) <= set(CODE_ALPHABET):
        return None
    return "-".join(letters[i : i + 4] for i in range(0, CODE_LENGTH, 4))


def _hash(purpose: str, value: str) -> bytes:
    """SHA-256 with its purpose in it: hashes for different purposes say nothing about each other."""
    return hashlib.sha256(f"penumbra study {purpose}\0{value}".encode()).digest()


def _let_in(connection: Connection, study: Mapping[str, Any], simulated: bool) -> None:
    if simulated:
        if study["state"] not in STARTS_AT:
            raise PenumbraError("this study has no pictures yet: prepare it first")
    elif study["state"] == "closed":
        raise PenumbraError("this study has ended; thank you for your interest")
    elif study["state"] != "open":
        raise PenumbraError("this study has not begun yet; try again when you are asked to")
    elif stopping.full(connection, study):
        raise PenumbraError(
            "this study has as many participants as it needs; a place may become free within two "
            "hours, if somebody does not finish"
        )


def _panel_id(value: Any) -> str | None:
    return None if value is None else text("panel id", value, PANEL_ID) or None


def _check_answer(position: Any, place: Any, confidence: Any) -> None:
    for name, value, least, most in (
        ("position", position, 0, 1000), ("place", place, 0, 1000), ("confidence", confidence, 1, 5)
    ):  # fmt: skip
        if value is None and name != "position":
            continue
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            raise PenumbraError(f"{value!r:.40} is no {name}; nothing was stored")


def _milliseconds(value: Any) -> int | None:
    """Within 0 and an hour; None for what is no time."""
    if isinstance(value, bool) or not isinstance(value, int | float) or value != value:
        return None
    return int(min(max(value, 0), LONGEST))


def _known(connection: Connection, study_id: str, token: str) -> bool:
    return _participant(connection, study_id, token) is not None


def _participant(connection: Connection, study_id: str, token: str, lock: bool = False) -> RowMapping | None:  # fmt: skip
    if not isinstance(token, str) or not TOKEN.fullmatch(token):
        raise PenumbraError("this browser's token is damaged; open the study's link anew")
    wanted = sa.select(participants.c.id).where(
        participants.c.token_hash == token_hash(token),
        participants.c.study_id == study_id,
    )
    return connection.execute(wanted.with_for_update() if lock else wanted).mappings().first()


def _next_trial(connection: Connection, participant_id: int) -> dict[str, Any] | None:
    """The first question without an answer, with its item."""
    wanted = (
        sa.select(trials.c.position, trials.c.option_order, trials.c.shown, items.c.role,
                  items.c.redrawn, items.c.options)
        .join(items, items.c.id == trials.c.item_id)
        .outerjoin(answers, _same_trial())
        .where(trials.c.participant_id == participant_id, answers.c.position.is_(None))
        .order_by(trials.c.position)
        .limit(1)
    )  # fmt: skip
    row = connection.execute(wanted).mappings().first()
    return None if row is None else dict(row)


def _same_trial() -> sa.ColumnElement[bool]:
    return sa.and_(
        answers.c.participant_id == trials.c.participant_id, answers.c.position == trials.c.position
    )


def _key(table: sa.Table, participant_id: int, position: int) -> tuple[sa.ColumnElement[bool], ...]:
    return table.c.participant_id == participant_id, table.c.position == position
