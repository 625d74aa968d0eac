"""When a study has enough answers: a number of participants, or intervals that are narrow enough."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from core.study.design import setting_key
from core.study.storage import database
from core.study.storage.tables import ANSWERS_TRIAL, answers, items, participants, studies, trials

# People who began longer ago and are not done count as gone: others get their place.
PATIENCE = 2 * 3600  # seconds


FINISHED = participants.c.finished.is_not(None)


def _count(connection: Connection, study_id: str, condition: sa.ColumnElement[bool]) -> int:
    """How many people, not simulated ones."""
    counted = sa.select(sa.func.count()).where(
        participants.c.study_id == study_id, participants.c.simulated.is_(False), condition
    )
    return connection.execute(counted).scalar_one()


def reason(connection: Connection, study: Mapping[str, Any]) -> str | None:
    """Why the study has enough answers, in words; None where it has not."""
    target, width = study["design"]["target"], study["design"]["stop_width"]
    if target is not None:
        done = _count(connection, study["id"], FINISHED)
        if done >= target:
            return f"{done} participants have answered everything; {target} were wanted"
    if width is not None:
        widest = _widest(connection, study)
        if widest is not None and widest < width:
            return (
                f"every setting's 95 % interval is narrower than {100 * width:g} points; the widest "
                f"has {100 * widest:.1f}"
            )
    return None


def _widest(connection: Connection, study: Mapping[str, Any]) -> float | None:
    """The widest Wilson interval of all settings, over the answers of people, done or not, those that
    did not come in time as wrong ones; None as long as one setting has no answer."""
    from core.study.analysis.statistics import wilson

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
    widths = {}
    for setting, attacker, number, correct in connection.execute(counted):
        low, high = wilson(int(correct), int(number))
        widths[setting, attacker] = high - low
    settings = {(setting_key(s), s["attacker"]) for s in study["design"]["settings"]}
    return max(widths.values()) if settings <= set(widths) else None


def look(study: Mapping[str, Any]) -> None:
    """Close an open study that has enough answers."""
    if study["state"] != "open":
        return
    with database.reading() as connection:
        found = reason(connection, study)
    if found:
        closing = sa.update(studies).where(studies.c.id == study["id"], studies.c.state == "open")
        with database.writing() as connection:
            words = f"closed by itself: {found}"
            connection.execute(closing, {"state": "closed", "message": words})


def full(connection: Connection, study: Mapping[str, Any], now: float) -> bool:
    """Whether those who are done and those who are under way are as many as are wanted."""
    target = study["design"]["target"]
    if target is None:
        return False
    here = sa.or_(FINISHED, participants.c.consented > now - PATIENCE)
    return _count(connection, study["id"], here) >= target
