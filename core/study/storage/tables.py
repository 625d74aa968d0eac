"""The tables of the study database. Times are seconds since 1970, UTC.

What people answered holds no name and no address. A panel's id lies in a table of its own, so that
answers can be handed out without it.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    UniqueConstraint,
    and_,
)

# Named constraints: a migration has to be able to drop them by name on every database.
metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# draft: may still be changed; preparing: its pictures are being made; ready: may be looked through
# and opened; open: takes participants; closed: takes no new ones; failed: `message` says why.
STATES = ("draft", "preparing", "ready", "open", "closed", "failed")
ROLES = ("practice", "attention", "question")


def _study_id() -> Column[str]:
    key = ForeignKey("studies.id", ondelete="CASCADE")
    return Column("study_id", String(16), key, nullable=False)


def _participant_id(**options: Any) -> Column[int]:
    key = ForeignKey("participants.id", ondelete="CASCADE")
    return Column("participant_id", Integer, key, **options)


studies = Table(
    "studies",
    metadata,
    Column("id", String(16), primary_key=True),  # the link: 12 random url-safe characters
    Column("title", String(120), nullable=False),
    Column("created", Float, nullable=False),
    Column("state", String(12), nullable=False),
    Column("message", Text, nullable=False, default=""),
    Column("done", Integer, nullable=False, default=0),  # steps of the preparation
    Column("wanted", Integer, nullable=False, default=0),
    Column("seed", BigInteger, nullable=False),  # of people, distractors, assignment
    Column("design", JSON, nullable=False),  # of `core.study.design`
    # participants so far, withdrawn ones too
    Column("admitted", Integer, nullable=False, default=0),
    Column("withdrawn", Integer, nullable=False, default=0),  # how many had everything deleted
)

pictures = Table(
    "pictures",
    metadata,
    Column("id", Integer, primary_key=True),
    _study_id(),
    Column("png", LargeBinary, nullable=False),  # all of a study's are equally long
    Index(None, "study_id"),
)

items = Table(
    "items",  # a redrawn face with its options: the same for everybody who is asked it
    metadata,
    Column("id", Integer, primary_key=True),
    _study_id(),
    Column("role", String(12), nullable=False),
    Column("setting", String(120), nullable=False),  # `<run_id>` or `<run_id>@<release value>`
    Column("dataset", String(60), nullable=False),
    Column("run_id", String(80), nullable=False),
    Column("release_value", Float),
    Column("attacker", String(60), nullable=False),
    Column("person", BigInteger, nullable=False),
    Column("redrawn", Integer, ForeignKey("pictures.id", ondelete="CASCADE"), nullable=False),
    Column("options", JSON, nullable=False),  # ids of pictures, the right one first
    Column("machine_release", Integer),  # the option (0: the right one) that 1NN on releases takes
    Column("machine_picture", Integer),  # that a face network takes who sees the same pictures
    Column("ms_ssim", Float),
    Index(None, "study_id"),
)

participants = Table(
    "participants",
    metadata,
    Column("id", Integer, primary_key=True),
    _study_id(),
    Column("number", Integer, nullable=False),  # 1, 2, … in order of consent
    Column("token_hash", String(64), nullable=False),  # SHA-256 of what the browser holds
    Column("withdrawal_hash", String(64), nullable=False),
    Column("seed", BigInteger, nullable=False),  # of question order and option order
    Column("consented", Float, nullable=False),
    Column("finished", Float),
    Column("simulated", Boolean, nullable=False, default=False),
    UniqueConstraint("study_id", "number"),
    UniqueConstraint("token_hash"),
    UniqueConstraint("withdrawal_hash"),
)

panel_ids = Table(
    "panel_ids",
    metadata,
    _participant_id(primary_key=True, autoincrement=False),
    _study_id(),
    Column("panel_id", String(120), nullable=False),
    UniqueConstraint("study_id", "panel_id"),
)

trials = Table(
    "trials",  # what a participant is asked, in order; written whole when they consent
    metadata,
    _participant_id(nullable=False),
    Column("position", Integer, nullable=False),  # 0, 1, …
    Column("item_id", Integer, ForeignKey("items.id", ondelete="CASCADE"), nullable=False),
    Column(
        "option_order", JSON, nullable=False
    ),  # place on the screen -> index into item's options
    Column("shown", Float),  # first time it was sent to the browser
    PrimaryKeyConstraint("participant_id", "position"),
    UniqueConstraint("participant_id", "item_id"),
    Index(None, "item_id"),
)

answers = Table(
    "answers",  # at most one for each trial: the key says so
    metadata,
    Column("participant_id", Integer, nullable=False),
    Column("position", Integer, nullable=False),
    Column("choice", Integer),  # index into the item's options (0: right); null: time ran out
    Column("confidence", Integer),  # 1 (guessed) to 5 (sure)
    Column("milliseconds", Integer),  # from the pictures' appearance to the answer, by the browser
    Column("server_milliseconds", Integer),  # from sending the question to the answer's arrival
    Column("answered", Float, nullable=False),
    PrimaryKeyConstraint("participant_id", "position"),
    ForeignKeyConstraint(
        ["participant_id", "position"],
        ["trials.participant_id", "trials.position"],
        ondelete="CASCADE",
    ),
)

# An answer belongs to a trial; for joins.
ANSWERS_TRIAL = and_(
    answers.c.participant_id == trials.c.participant_id, answers.c.position == trials.c.position
)
