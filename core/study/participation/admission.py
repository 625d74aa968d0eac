"""Letting a participant in: who may, what they will be asked, and when a study has enough answers."""

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from core.errors import PenumbraError
from core.study.analysis.statistics import wilson
from core.study.design import setting_key
from core.study.participation import tokens
from core.study.participation.assignment import Trial, assign
from core.study.storage import database
from core.study.storage.tables import (
    ANSWERS_TRIAL,
    answers,
    items,
    panel_ids,
    participants,
    studies,
    trials,
)

# People who began longer ago and are not done count as gone: others get their place.
PATIENCE = 2 * 3600  # seconds
FINISHED = participants.c.finished.is_not(None)


def check(connection: Connection, study: Mapping[str, Any], now: float) -> None:
    """Raises PenumbraError, to be read by people who want to take part, where it takes nobody."""
    if study["state"] == "closed":
        raise PenumbraError("this study has ended; thank you for your interest")
    if study["state"] != "open":
        raise PenumbraError("this study has not begun yet; try again when you are asked to")
    target = study["design"]["target"]
    done_or_under_way = sa.or_(FINISHED, participants.c.consented > now - PATIENCE)
    if target is not None and _count(connection, study["id"], done_or_under_way) >= target:
        raise PenumbraError(
            "this study has as many participants as it needs; a place may become free within two "
            "hours, if somebody does not finish"
        )


def admit(
    connection: Connection,
    study: Mapping[str, Any],
    token: str,
    panel_id: str | None,
    simulated: bool,
    now: float,
) -> tuple[int, list[Trial]]:
    """Write a participant with all their trials: (participant id, trials of `assignment.assign`). The
    caller has locked the study's row. Raises PenumbraError for a panel id that took part."""
    study_id, number = study["id"], study["admitted"] + 1
    if panel_id is not None:
        taken = sa.select(panel_ids.c.participant_id).where(
            panel_ids.c.study_id == study_id, panel_ids.c.panel_id == panel_id
        )
        if connection.execute(taken).first():
            raise PenumbraError("this panel id has taken part already; everybody answers once")
    wanted = [items.c[name] for name in ("id", "role", "setting", "attacker", "person")]
    rows = database.rows(connection, sa.select(*wanted).where(items.c.study_id == study_id))
    seed = tokens.seed(study["seed"], number)
    drawn = assign(rows, uses(connection, study_id, simulated, now), study["design"], seed)
    participant = {"study_id": study_id, "number": number, "seed": seed, "consented": now}
    participant |= {"token_hash": tokens.token_hash(token), "simulated": simulated}
    participant["withdrawal_hash"] = tokens.code_hash(tokens.withdrawal_code(token))
    inserted = connection.execute(sa.insert(participants).returning(participants.c.id), participant)
    participant_id = inserted.scalar_one()
    key = {"participant_id": participant_id}
    asked = [
        key | {"position": position, "item_id": item_id, "option_order": order}
        for position, (item_id, order) in enumerate(drawn)
    ]
    connection.execute(sa.insert(trials), asked)
    if panel_id is not None:
        named = key | {"study_id": study_id, "panel_id": panel_id}
        connection.execute(sa.insert(panel_ids), named)
    connection.execute(sa.update(studies).where(studies.c.id == study_id), {"admitted": number})
    return participant_id, drawn


def uses(connection: Connection, study_id: str, simulated: bool, now: float) -> dict[int, int]:
    """Item id -> how often it was answered, or is about to be by somebody who has begun within
    `PATIENCE`: those who left leave no gap."""
    since = participants.c.consented > now - PATIENCE
    under_way = sa.and_(participants.c.finished.is_(None), since)
    here = sa.or_(answers.c.participant_id.is_not(None), under_way)
    counted = (
        sa.select(trials.c.item_id, sa.func.count())
        .join(participants, participants.c.id == trials.c.participant_id)
        .outerjoin(answers, ANSWERS_TRIAL)
        .where(participants.c.study_id == study_id, participants.c.simulated.is_(simulated), here)
        .group_by(trials.c.item_id)
    )
    return {row[0]: row[1] for row in connection.execute(counted)}


def _count(connection: Connection, study_id: str, condition: sa.ColumnElement[bool]) -> int:
    """How many people, not simulated ones."""
    counted = sa.select(sa.func.count()).where(
        participants.c.study_id == study_id, participants.c.simulated.is_(False), condition
    )
    return connection.execute(counted).scalar_one()


def enough(connection: Connection, study: Mapping[str, Any]) -> str | None:
    """Why the study has enough answers, in words; None where it has not."""
    target, width = study["design"]["target"], study["design"]["stop_width"]
    if target is not None and (done := _count(connection, study["id"], FINISHED)) >= target:
        return f"{done} participants have answered everything; {target} were wanted"
    if width is not None and (widest := _widest(connection, study)) < width:
        return (
            f"every setting's 95 % interval is narrower than {100 * width:g} points; the widest "
            f"has {100 * widest:.1f}"
        )
    return None


def _widest(connection: Connection, study: Mapping[str, Any]) -> float:
    """The widest Wilson interval of all settings, over the answers of people, done or not, those that
    did not come in time as wrong ones; 1 as long as one setting has no answer."""
    right = sa.func.sum(sa.case((answers.c.choice == 0, 1), else_=0))
    counted = (
        sa.select(items.c.setting, items.c.attacker, sa.func.count(), right)
        .select_from(participants)
        .join(trials, trials.c.participant_id == participants.c.id)
        .join(items, items.c.id == trials.c.item_id)
        .join(answers, ANSWERS_TRIAL)
        .where(participants.c.study_id == study["id"], participants.c.simulated.is_(False))
        .where(items.c.role == "question")
        .group_by(items.c.setting, items.c.attacker)
    )
    widths = {(setting_key(s), s["attacker"]): 1.0 for s in study["design"]["settings"]}
    for setting, attacker, number, correct in connection.execute(counted):
        low, high = wilson(int(correct), int(number))
        widths[setting, attacker] = high - low
    return max(widths.values())


def close_if_enough(study: Mapping[str, Any]) -> None:
    """Close an open study that has enough answers."""
    if study["state"] != "open":
        return
    with database.reading() as connection:
        found = enough(connection, study)
    if found:
        closing = sa.update(studies).where(studies.c.id == study["id"], studies.c.state == "open")
        with database.writing() as connection:
            words = f"closed by itself: {found}"
            connection.execute(closing, {"state": "closed", "message": words})
