"""Studies, their pictures and items, who takes part and what they answer."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def _to(table: str, name: str, kind: Any = sa.Integer, **options: Any) -> sa.Column[Any]:
    key = sa.ForeignKey(f"{table}.id", ondelete="CASCADE")
    return sa.Column(name, kind, key, nullable=False, **options)


def upgrade() -> None:
    op.create_table(
        "studies",
        sa.Column("id", sa.String(16), primary_key=True),
        sa.Column("title", sa.String(120), nullable=False),
        sa.Column("created", sa.Float(), nullable=False),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("wanted", sa.Integer(), nullable=False),
        sa.Column("seed", sa.BigInteger(), nullable=False),
        sa.Column("design", sa.JSON(), nullable=False),
        sa.Column("admitted", sa.Integer(), nullable=False),
        sa.Column("withdrawn", sa.Integer(), nullable=False),
    )
    op.create_table(
        "pictures",
        sa.Column("id", sa.Integer(), primary_key=True),
        _to("studies", "study_id", sa.String(16), index=True),
        sa.Column("png", sa.LargeBinary(), nullable=False),
    )
    op.create_table(
        "items",
        sa.Column("id", sa.Integer(), primary_key=True),
        _to("studies", "study_id", sa.String(16), index=True),
        sa.Column("role", sa.String(12), nullable=False),
        sa.Column("setting", sa.String(120), nullable=False),
        sa.Column("dataset", sa.String(60), nullable=False),
        sa.Column("run_id", sa.String(80), nullable=False),
        sa.Column("release_value", sa.Float()),
        sa.Column("attacker", sa.String(60), nullable=False),
        sa.Column("person", sa.BigInteger(), nullable=False),
        _to("pictures", "redrawn"),
        sa.Column("options", sa.JSON(), nullable=False),
        sa.Column("machine_release", sa.Integer()),
        sa.Column("machine_picture", sa.Integer()),
        sa.Column("ms_ssim", sa.Float()),
    )
    op.create_table(
        "participants",
        sa.Column("id", sa.Integer(), primary_key=True),
        _to("studies", "study_id", sa.String(16)),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("token_hash", sa.String(64), nullable=False, unique=True),
        sa.Column("withdrawal_hash", sa.String(64), nullable=False, unique=True),
        sa.Column("seed", sa.BigInteger(), nullable=False),
        sa.Column("consented", sa.Float(), nullable=False),
        sa.Column("finished", sa.Float()),
        sa.Column("simulated", sa.Boolean(), nullable=False),
        sa.UniqueConstraint("study_id", "number"),
    )
    op.create_table(
        "panel_ids",
        _to("participants", "participant_id", primary_key=True, autoincrement=False),
        _to("studies", "study_id", sa.String(16)),
        sa.Column("panel_id", sa.String(120), nullable=False),
        sa.UniqueConstraint("study_id", "panel_id"),
    )
    op.create_table(
        "trials",
        _to("participants", "participant_id"),
        sa.Column("position", sa.Integer(), nullable=False),
        _to("items", "item_id", index=True),
        sa.Column("option_order", sa.JSON(), nullable=False),
        sa.Column("shown", sa.Float()),
        sa.PrimaryKeyConstraint("participant_id", "position"),
        sa.UniqueConstraint("participant_id", "item_id"),
    )
    op.create_table(
        "answers",
        sa.Column("participant_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("choice", sa.Integer()),
        sa.Column("confidence", sa.Integer()),
        sa.Column("milliseconds", sa.Integer()),
        sa.Column("server_milliseconds", sa.Integer()),
        sa.Column("answered", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("participant_id", "position"),
        sa.ForeignKeyConstraint(
            ["participant_id", "position"],
            ["trials.participant_id", "trials.position"],
            ondelete="CASCADE",
        ),
    )
