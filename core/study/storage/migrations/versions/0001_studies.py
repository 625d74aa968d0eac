"""Studies, their pictures and items, who takes part and what they answer."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "studies",
        sa.Column("id", sa.String(16), nullable=False),
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
        sa.PrimaryKeyConstraint("id", name="pk_studies"),
    )
    op.create_table(
        "pictures",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("study_id", sa.String(16), nullable=False),
        sa.Column("png", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_pictures"),
        _of_study("pictures"),
    )
    op.create_index("ix_pictures_study_id", "pictures", ["study_id"])
    op.create_table(
        "items",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("study_id", sa.String(16), nullable=False),
        sa.Column("role", sa.String(12), nullable=False),
        sa.Column("setting", sa.String(120), nullable=False),
        sa.Column("dataset", sa.String(60), nullable=False),
        sa.Column("run_id", sa.String(80), nullable=False),
        sa.Column("release_value", sa.Float(), nullable=True),
        sa.Column("attacker", sa.String(60), nullable=False),
        sa.Column("person", sa.BigInteger(), nullable=False),
        sa.Column("redrawn", sa.Integer(), nullable=False),
        sa.Column("options", sa.JSON(), nullable=False),
        sa.Column("machine_release", sa.Integer(), nullable=True),
        sa.Column("machine_picture", sa.Integer(), nullable=True),
        sa.Column("ms_ssim", sa.Float(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_items"),
        _of_study("items"),
        sa.ForeignKeyConstraint(
            ["redrawn"], ["pictures.id"], name="fk_items_redrawn", ondelete="CASCADE"
        ),
    )
    op.create_index("ix_items_study_id", "items", ["study_id"])
    op.create_table(
        "participants",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("study_id", sa.String(16), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("token_hash", sa.String(64), nullable=False),
        sa.Column("withdrawal_hash", sa.String(64), nullable=False),
        sa.Column("seed", sa.BigInteger(), nullable=False),
        sa.Column("consented", sa.Float(), nullable=False),
        sa.Column("finished", sa.Float(), nullable=True),
        sa.Column("simulated", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_participants"),
        _of_study("participants"),
        sa.UniqueConstraint("study_id", "number", name="uq_participants_study_id_number"),
        sa.UniqueConstraint("token_hash", name="uq_participants_token_hash"),
        sa.UniqueConstraint("withdrawal_hash", name="uq_participants_withdrawal_hash"),
    )
    op.create_table(
        "panel_ids",
        sa.Column("participant_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("study_id", sa.String(16), nullable=False),
        sa.Column("panel_id", sa.String(120), nullable=False),
        sa.PrimaryKeyConstraint("participant_id", name="pk_panel_ids"),
        sa.ForeignKeyConstraint(
            ["participant_id"],
            ["participants.id"],
            name="fk_panel_ids_participant_id",
            ondelete="CASCADE",
        ),
        _of_study("panel_ids"),
        sa.UniqueConstraint("study_id", "panel_id", name="uq_panel_ids_study_id_panel_id"),
    )
    op.create_table(
        "trials",
        sa.Column("participant_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("item_id", sa.Integer(), nullable=False),
        sa.Column("option_order", sa.JSON(), nullable=False),
        sa.Column("shown", sa.Float(), nullable=True),
        sa.PrimaryKeyConstraint("participant_id", "position", name="pk_trials"),
        sa.UniqueConstraint("participant_id", "item_id", name="uq_trials_participant_id_item_id"),
        sa.ForeignKeyConstraint(
            ["participant_id"],
            ["participants.id"],
            name="fk_trials_participant_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["item_id"], ["items.id"], name="fk_trials_item_id", ondelete="CASCADE"
        ),
    )
    op.create_index("ix_trials_item_id", "trials", ["item_id"])
    op.create_table(
        "answers",
        sa.Column("participant_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("choice", sa.Integer(), nullable=True),
        sa.Column("confidence", sa.Integer(), nullable=True),
        sa.Column("milliseconds", sa.Integer(), nullable=True),
        sa.Column("server_milliseconds", sa.Integer(), nullable=True),
        sa.Column("answered", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("participant_id", "position", name="pk_answers"),
        sa.ForeignKeyConstraint(
            ["participant_id", "position"],
            ["trials.participant_id", "trials.position"],
            name="fk_answers_participant_id_position",
            ondelete="CASCADE",
        ),
    )


def _of_study(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["study_id"], ["studies.id"], name=f"fk_{table}_study_id", ondelete="CASCADE"
    )


def downgrade() -> None:
    for table in ("answers", "trials", "panel_ids", "participants", "items", "pictures", "studies"):
        op.drop_table(table)
