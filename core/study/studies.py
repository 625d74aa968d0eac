"""Studies from draft to closed: made, prepared (by a process of its own), opened, read, deleted."""

import os
import re
import secrets
import shutil
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from core import background
from core.errors import PenumbraError
from core.run import home
from core.study.design import DEFAULTS, check, total
from core.study.participation import admission
from core.study.participation.assignment import assign
from core.study.storage import database, location
from core.study.storage.tables import ROLES, answers, items, participants, pictures, studies

STUDY_ID = re.compile(r"[A-Za-z0-9_-]{12}")
CHANGEABLE = ("draft", "ready", "failed")  # nobody has answered yet
NO_LINK = "this link leads to no study; ask whoever sent it"
GONE = "the study was deleted meanwhile"
REPORT_EVERY = 0.5  # seconds between two notes of how far a preparation is
SIGNATURE = b"\x89PNG\r\n\x1a\n"
NUMBERED = ("id", "study_id", "redrawn", "options")  # of an item: what refers to other rows
ITEM = tuple(column.name for column in items.c if column.name not in NUMBERED)
# What `read` gives besides the counts.
COLUMNS = tuple(column.name for column in studies.c if column.name != "admitted")

_PICTURES = sa.select(pictures.c.id, pictures.c.png).where(
    pictures.c.id.in_(sa.bindparam("keys", expanding=True))
)


def create(design: Mapping[str, Any]) -> str:
    """Keep a new study as a draft; its id, which is also the end of its link. Raises PenumbraError for
    a design that `core.study.design.check` refuses."""
    checked, study_id = check(design), "-"
    while study_id[0] in "-_":  # a command would take it for an option
        study_id = secrets.token_urlsafe(9)
    row = {"id": study_id, "title": checked["title"], "created": time.time(), "state": "draft"}
    row |= {"seed": secrets.randbelow(2**53), "design": checked}
    with database.writing() as connection:
        connection.execute(sa.insert(studies), row)
    return study_id


def change(study_id: str, design: Mapping[str, Any]) -> None:
    """Another design for a study that was never open; what was prepared for the old one is dropped,
    trial runs with simulated participants as well."""
    checked = check(design)
    with database.writing() as connection:
        _changeable(connection, study_id)
        drop_material(connection, study_id)
        new = {"design": checked, "title": checked["title"]}
        _note(connection, study_id, state="draft", message="", **new)


def _changeable(connection: Connection, study_id: str) -> None:
    """Lock a study's row. Raises PenumbraError where it is being prepared or was opened."""
    study = find(connection, study_id, lock=True)
    if described_state(study)[0] not in CHANGEABLE:
        raise PenumbraError(_not_now(study))


def start_preparing(study_id: str) -> None:
    """Start the process that makes the study's pictures; `read` tells how far it is. Raises
    PenumbraError where it runs already or the study was opened."""
    with database.writing() as connection:
        _changeable(connection, study_id)
        _note(connection, study_id, state="preparing", message="", done=0, wanted=0)
        # Before the commit: nobody ever sees a study that is being prepared by no process. The
        # process in turn waits for the commit before it can write.
        background.launch(folder(study_id), ["study", "prepare", study_id])


def prepare(study_id: str) -> None:
    """Make the study's pictures and items and keep them; the study is then ready. What goes wrong is
    kept as the study's message and raised."""
    from core.study.material import stimuli

    with database.writing() as connection:
        study = find(connection, study_id, lock=True)
        process = background.living(folder(study_id))
        others = process is not None and process.pid != os.getpid()
        if study["state"] not in (*CHANGEABLE, "preparing") or others:
            raise PenumbraError(_not_now(study))
        background.sign(folder(study_id), os.getpid())
        _note(connection, study_id, state="preparing", message="", done=0, wanted=0)
    reported = 0.0

    def report(done: int, wanted: int) -> None:
        nonlocal reported
        if done < wanted and time.monotonic() - reported < REPORT_EVERY:
            return
        reported = time.monotonic()
        moved = sa.update(studies).where(studies.c.id == study_id)
        if not database.note(moved, {"done": done, "wanted": wanted}):
            raise PenumbraError(GONE)

    try:
        store_material(study_id, stimuli.build(study["design"], study["seed"], report))
    except Exception as error:
        kind = "" if isinstance(error, PenumbraError) else f"{type(error).__name__}: "
        with database.writing() as connection:
            _note(connection, study_id, state="failed", message=f"{kind}{error}"[:2000])
        raise
    finally:
        background.unsign(folder(study_id))


def store_material(study_id: str, material: Mapping[str, Any]) -> None:
    """Keep what `core.study.material.stimuli.build` made, in one transaction: the study is then ready.
    Raises PenumbraError for material that does not hold together and for a study that was opened."""
    with database.writing() as connection:
        study = find(connection, study_id, lock=True)
        if study["state"] not in (*CHANGEABLE, "preparing"):
            raise PenumbraError(_not_now(study))
        _check(material, study["design"])
        drop_material(connection, study_id)
        rows = [{"study_id": study_id, "png": png} for png in material["pictures"]]
        inserted = sa.insert(pictures).returning(pictures.c.id, sort_by_parameter_order=True)
        ids = list(connection.execute(inserted, rows).scalars())
        kept = []
        for item in material["items"]:
            options = [ids[option] for option in item["options"]]
            places = {"study_id": study_id, "redrawn": ids[item["redrawn"]], "options": options}
            kept.append({name: item[name] for name in ITEM} | places)
        connection.execute(sa.insert(items), kept)
        _note(connection, study_id, state="ready", message="", admitted=0)


def open_study(study_id: str) -> None:
    """Let participants in. Raises PenumbraError where the study is not prepared or has enough."""
    with database.writing() as connection:
        study = find(connection, study_id, lock=True)
        if study["state"] not in ("ready", "closed", "open"):
            raise PenumbraError("a study is opened when its pictures are ready: prepare it first")
        reason = admission.enough(connection, study)
        if reason:
            raise PenumbraError(
                f"this study has enough answers: {reason}; make another like it to ask for more"
            )
        _note(connection, study_id, state="open", message="")


def close_study(study_id: str) -> None:
    """Let nobody new in; participants who have begun may finish."""
    with database.writing() as connection:
        study = find(connection, study_id, lock=True)
        if study["state"] not in ("open", "closed"):
            raise PenumbraError("this study is not open")
        _note(connection, study_id, state="closed")


def delete(study_id: str) -> None:
    """Remove a study with everything that was answered. There is no way back."""
    with database.writing() as connection:
        study = find(connection, study_id, lock=True)
        connection.execute(sa.delete(studies).where(studies.c.id == study_id))
    database.wipe()
    process = background.living(folder(study_id))
    if study["state"] == "preparing" and process is not None:
        process.terminate()
    shutil.rmtree(folder(study_id), ignore_errors=True)  # the preparation's notes, if any


def read(study_id: str) -> dict[str, Any]:
    """A study: id, title, created (seconds since 1970), state (of `tables.STATES`), message (why it
    failed, or closed by itself), done and wanted (steps of its preparation), seed, design, withdrawn,
    and the number of participants, those who finished, answers (all without simulated ones), and
    simulated participants."""
    check_id(study_id)
    found = _looked_at(sa.select(studies).where(studies.c.id == study_id))
    if not found:
        raise PenumbraError(NO_LINK)
    return found[0]


def list_studies() -> list[dict[str, Any]]:
    """All studies as `read` gives them, newest first."""
    if not location.exists():
        return []
    return _looked_at(sa.select(studies).order_by(studies.c.created.desc(), studies.c.id))


def sample(study_id: str, seed: int) -> list[dict[str, Any]]:
    """What one participant would be asked: a dict for each question, as
    `core.study.participation.taking.current` gives them. Stores nothing."""
    with database.reading() as connection:
        study = find(connection, study_id)
        wanted = sa.select(items).where(items.c.study_id == study_id)
        rows = {row["id"]: row for row in database.rows(connection, wanted)}
        if not rows:
            raise PenumbraError("this study has no pictures yet: prepare it first")
        trials = assign(list(rows.values()), {}, study["design"], seed)
        return [
            question(connection, study["design"], rows[item_id], order, position)
            for position, (item_id, order) in enumerate(trials)
        ]


def find(connection: Connection, study_id: str, lock: bool = False) -> dict[str, Any]:
    """A study's row; `lock` keeps others from changing it until the transaction ends. Raises
    PenumbraError where there is none."""
    check_id(study_id)
    wanted = sa.select(studies).where(studies.c.id == study_id)
    found = database.rows(connection, wanted.with_for_update() if lock else wanted)
    if not found:
        raise PenumbraError(NO_LINK)
    return _filled(found[0])


def _filled(row: Mapping[str, Any]) -> dict[str, Any]:
    """A study's row, with the default of each field that came later than it."""
    return {**row, "design": {**DEFAULTS, **row["design"]}}


def check_id(study_id: str) -> None:
    """Raises PenumbraError for what cannot be a study's id."""
    if not isinstance(study_id, str) or not STUDY_ID.fullmatch(study_id):
        raise PenumbraError(NO_LINK)


def folder(study_id: str) -> Path:
    """Where the process that prepares a study leaves its notes."""
    check_id(study_id)
    return home() / "studies" / study_id


def question(
    connection: Connection,
    design: Mapping[str, Any],
    item: Mapping[str, Any],
    order: list[int],
    position: int,
) -> dict[str, Any]:
    """What a page needs to ask one question; see `core.study.participation.taking.current`."""
    shown = [item["options"][index] for index in order]
    png = pngs(connection, [item["redrawn"], *shown])
    return {
        "stage": "question",
        "position": position,
        "number": position + 1,
        "total": total(design),
        "role": item["role"],
        "redrawn": png[item["redrawn"]],
        "options": [png[key] for key in shown],
        "limit": design["time_limit"],
        "practice_right": None,
    }


def pngs(connection: Connection, keys: list[int]) -> dict[int, bytes]:
    return {row.id: row.png for row in connection.execute(_PICTURES, {"keys": keys})}


def counted(connection: Connection, ids: Sequence[str]) -> dict[str, list[tuple[int, ...]]]:
    """Study id -> (participants, those who finished, answers) of people, and of simulated ones."""
    person = participants.c
    done = sa.case((person.finished.is_not(None), person.id))
    numbers = (person.id.distinct(), done.distinct(), answers.c.position)
    query = (
        sa.select(person.study_id, person.simulated, *map(sa.func.count, numbers))
        .outerjoin_from(participants, answers, answers.c.participant_id == person.id)
        .where(person.study_id.in_(ids))
        .group_by(person.study_id, person.simulated)
    )
    found: dict[str, list[tuple[int, ...]]] = {study_id: [(0, 0, 0)] * 2 for study_id in ids}
    for study_id, simulated, *number in connection.execute(query):
        found[study_id][simulated] = tuple(number)
    return found


def drop_material(connection: Connection, study_id: str) -> None:
    """Remove pictures and items, and the simulated participants that tried them out."""
    for table in (participants, items, pictures):
        connection.execute(sa.delete(table).where(table.c.study_id == study_id))


def described_state(study: Mapping[str, Any]) -> tuple[str, str]:
    """State and message; a preparation whose process is gone has failed."""
    if study["state"] == "preparing" and background.living(folder(study["id"])) is None:
        return "failed", (
            "the preparation ended without a word (stopped, or out of memory); prepare it again"
        )
    return study["state"], study["message"]


def _check(material: Mapping[str, Any], design: Mapping[str, Any]) -> None:
    pngs, options = material["pictures"], design["options"]
    if not all(png.startswith(SIGNATURE) for png in pngs) or len(set(map(len, pngs))) != 1:
        raise PenumbraError("a study's pictures are PNGs of one length: the length would tell them")
    for item in material["items"]:
        used = [item["redrawn"], *item["options"]]
        if item["role"] not in ROLES or len(set(item["options"])) != options:
            raise PenumbraError(f"a {item['role']} item has not {options} different options")
        if not all(0 <= index < len(pngs) for index in used):
            raise PenumbraError(f"a {item['role']} item refers to a picture that is not there")


def _not_now(study: Mapping[str, Any]) -> str:
    if study["state"] == "preparing":
        return "this study is being prepared; wait until that has ended"
    return "a study that was opened stays as it is, so that all are asked the same: make another like it"


def _note(connection: Connection, study_id: str, **values: Any) -> None:
    """Change a study's row. Raises PenumbraError where it was deleted meanwhile."""
    noted = sa.update(studies).where(studies.c.id == study_id)
    if connection.execute(noted, values).rowcount == 0:
        raise PenumbraError(GONE)


def _looked_at(query: sa.Select[Any]) -> list[dict[str, Any]]:
    """Studies as `read` gives them; looked at twice where a preparation seems to have ended without a
    word: that may have come between the row and the look for the process."""
    for _ in range(2):
        with database.reading() as connection:
            rows = [_filled(row) for row in database.rows(connection, query)]
            found = _described(connection, rows)
        if [row["state"] for row in rows] == [entry["state"] for entry in found]:
            break
    return found


def _described(connection: Connection, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    counts = counted(connection, [row["id"] for row in rows])
    described = []
    for row in rows:
        (people, finished, given), (made_up, *_) = counts[row["id"]]
        state, message = described_state(row)
        entry = {name: row[name] for name in COLUMNS} | {"state": state, "message": message}
        entry |= {"participants": people, "finished": finished, "answers": given}
        described.append(entry | {"simulated": made_up})
    return described
