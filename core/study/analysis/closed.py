"""Closed studies: what may be decided by. While a study runs, its numbers stand on its own page alone."""

from __future__ import annotations

from sqlalchemy import func, select

from core.study.storage import database
from core.study.storage.tables import participants, studies


def version() -> str:
    """Changes whenever a study is closed, opened again or deleted, or answers of a closed one are
    finished or withdrawn; empty where none is closed. Raises DatabaseError."""
    count = func.count(participants.c.finished)
    query = (
        select(studies.c.id, studies.c.withdrawn, count)
        .outerjoin(participants, participants.c.study_id == studies.c.id)
        .where(studies.c.state == "closed")
        .group_by(studies.c.id, studies.c.withdrawn)
        .order_by(studies.c.id)
    )
    with database.reading() as connection:
        return ";".join(",".join(map(str, row)) for row in connection.execute(query))


def titles() -> dict[str, str]:
    """Study id -> title of every closed study, its id behind it where two are called the same."""
    query = select(studies.c.id, studies.c.title).where(studies.c.state == "closed")
    with database.reading() as connection:
        found = {row.id: row.title for row in connection.execute(query)}
    named = list(found.values())
    return {
        name: title if named.count(title) == 1 else f"{title} ({name})"
        for name, title in found.items()
    }
