"""The tables of the study database. Times are seconds since 1970, UTC.

What people answered holds no name and no address. A panel's id lies in a table of its own, so that
answers can be handed out without it.
"""

from typing import Any

import sqlalchemy as sa

# Named constraints: a migration has to be able to drop them by name on every database.
metadata = sa.MetaData(
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


def _to(table: str, name: str, kind: Any = sa.Integer, **options: Any) -> sa.Column[Any]:
    """A column that refers to rows of `table` and is deleted with them."""
    key = sa.ForeignKey(f"{table}.id", ondelete="CASCADE")
    return sa.Column(name, kind, key, nullable=False, **options)


studies = sa.Table(
    "studies",
    metadata,
    sa.Column("id", sa.String(16), primary_key=True),  # the link: 12 random url-safe characters
    sa.Column("title", sa.String(120), nullable=False),
    sa.Column("created", sa.Float, nullable=False),
    sa.Column("state", sa.String(12), nullable=False),
    sa.Column("message", sa.Text, nullable=False, default=""),
    sa.Column("done", sa.Integer, nullable=False, default=0),  # steps of the preparation
    sa.Column("wanted", sa.Integer, nullable=False, default=0),
    sa.Column("seed", sa.BigInteger, nullable=False),  # of people, distractors, assignment
    sa.Column("design", sa.JSON, nullable=False),  # of `core.study.design`
    sa.Column("admitted", sa.Integer, nullable=False, default=0),  # so far, withdrawn ones too
    sa.Column("withdrawn", sa.Integer, nullable=False, default=0),  # had everything deleted
)

pictures = sa.Table(
    "pictures",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    _to("studies", "study_id", sa.String(16), index=True),
    sa.Column("png", sa.LargeBinary, nullable=False),  # all of a study's are equally long
)

items = sa.Table(
    "items",  # a reconstruction with its options: the same for everybody who is asked it
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    _to("studies", "study_id", sa.String(16), index=True),
    sa.Column("role", sa.String(12), nullable=False),
    sa.Column("setting", sa.String(120), nullable=False),  # `core.study.design.setting_key`
    sa.Column("dataset", sa.String(60), nullable=False),
    sa.Column("run_id", sa.String(80), nullable=False),
    sa.Column("release_value", sa.Float),
    sa.Column("attacker", sa.String(60), nullable=False),
    sa.Column("person", sa.BigInteger, nullable=False),
    _to("pictures", "redrawn"),
    sa.Column("options", sa.JSON, nullable=False),  # ids of pictures, the right one first
    # The option (0: the right one) taken by 1NN on releases, and by a face network that sees the
    # same pictures.
    sa.Column("machine_release", sa.Integer),
    sa.Column("machine_picture", sa.Integer),
    sa.Column("ms_ssim", sa.Float),
)

participants = sa.Table(
    "participants",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    _to("studies", "study_id", sa.String(16)),
    sa.Column("number", sa.Integer, nullable=False),  # 1, 2, … in order of consent
    # of what the browser holds, and of the code for withdrawal
    sa.Column("token_hash", sa.String(64), nullable=False, unique=True),
    sa.Column("withdrawal_hash", sa.String(64), nullable=False, unique=True),
    sa.Column("seed", sa.BigInteger, nullable=False),  # of question order and option order
    sa.Column("consented", sa.Float, nullable=False),
    sa.Column("finished", sa.Float),
    sa.Column("simulated", sa.Boolean, nullable=False, default=False),
    sa.UniqueConstraint("study_id", "number"),
)

panel_ids = sa.Table(
    "panel_ids",
    metadata,
    _to("participants", "participant_id", primary_key=True, autoincrement=False),
    _to("studies", "study_id", sa.String(16)),
    sa.Column("panel_id", sa.String(120), nullable=False),
    sa.UniqueConstraint("study_id", "panel_id"),
)

trials = sa.Table(
    "trials",  # what a participant is asked, in order; written whole when they consent
    metadata,
    _to("participants", "participant_id"),
    sa.Column("position", sa.Integer, nullable=False),  # 0, 1, …
    _to("items", "item_id", index=True),
    # place on the screen -> index into the item's options
    sa.Column("option_order", sa.JSON, nullable=False),
    sa.Column("shown", sa.Float),  # first time it was sent to the browser
    sa.PrimaryKeyConstraint("participant_id", "position"),
    sa.UniqueConstraint("participant_id", "item_id"),
)

answers = sa.Table(
    "answers",  # at most one for each trial: the key says so
    metadata,
    sa.Column("participant_id", sa.Integer, nullable=False),
    sa.Column("position", sa.Integer, nullable=False),
    sa.Column("choice", sa.Integer),  # index into the item's options (0: right); null: time ran out
    sa.Column("confidence", sa.Integer),  # 1 (guessed) to 5 (sure)
    sa.Column("milliseconds", sa.Integer),  # from the pictures' appearance, by the browser
    sa.Column("server_milliseconds", sa.Integer),  # from sending the question
    sa.Column("answered", sa.Float, nullable=False),
    sa.PrimaryKeyConstraint("participant_id", "position"),
    sa.ForeignKeyConstraint(
        ["participant_id", "position"],
        ["trials.participant_id", "trials.position"],
        ondelete="CASCADE",
    ),
)

# An answer belongs to a trial; for joins.
ANSWERS_TRIAL = sa.and_(
    answers.c.participant_id == trials.c.participant_id, answers.c.position == trials.c.position
)
