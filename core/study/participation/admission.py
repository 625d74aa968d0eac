"""Letting a participant in: who may, and what they will be asked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from core.errors import PenumbraError
from core.study.participation import stopping, tokens
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


def check(connection: Connection, study: Mapping[str, Any], now: float) -> None:
    """Raises PenumbraError, to be read by people who want to take part, where it takes nobody."""
    if study["state"] == "closed":
        raise PenumbraError("this study has ended; thank you for your interest")
    if study["state"] != "open":
        raise PenumbraError("this study has not begun yet; try again when you are asked to")
    if stopping.full(connection, study, now):
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
    `stopping.PATIENCE`: those who left leave no gap."""
    since = participants.c.consented > now - stopping.PATIENCE
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
