"""Operators are alerted; partner systems receive reports"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0012"
down_revision = "0011"

TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "alert_setting",
        sa.Column("user_id", sa.Integer(), sa.ForeignKey("user.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("way", sa.Text(), nullable=False),
        sa.Column("address_sealed", sa.LargeBinary()),
        sa.Column("secret_sealed", sa.LargeBinary()),
        sa.Column("danger_only", sa.Boolean(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("duty", postgresql.JSONB()),
        sa.Column("code_hash", sa.Text(), unique=True),
        sa.Column("code_expires_at", TIME),
    )
    op.create_table(
        "alert",
        sa.Column("id", sa.BigInteger(), primary_key=True),
        sa.Column("user_id", sa.Integer(), sa.ForeignKey("user.id", ondelete="CASCADE"), nullable=False),
        sa.Column("report_id", sa.Uuid(), sa.ForeignKey("report.id", ondelete="CASCADE")),
        sa.Column("desk", sa.Text(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("since", TIME, nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text()),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("unanswered", sa.Integer(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("first_tried_at", TIME),
        sa.Column("claimed_at", TIME),
        sa.Column("next_try_at", TIME),
        sa.Column("sent_at", TIME),
        sa.UniqueConstraint("user_id", "report_id", "why", "since"),
    )
    op.create_index("ix_alert_report_id", "alert", ["report_id"])
    op.create_index("alert_open", "alert", ["id"], postgresql_where=sa.text("status IN ('waiting', 'sending')"))
    op.create_table(
        "partner_post",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("report_id", sa.Uuid(), sa.ForeignKey("report.id", ondelete="CASCADE"), nullable=False, unique=True),
        sa.Column("partner", sa.Text(), nullable=False),
        sa.Column("body_sealed", sa.LargeBinary()),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text()),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("next_try_at", TIME),
        sa.Column("taken_at", TIME),
    )
    op.create_index(
        "partner_post_open", "partner_post", ["created_at"], postgresql_where=sa.text("status = 'waiting'")
    )


def downgrade() -> None:
    op.drop_table("partner_post")
    op.drop_table("alert")
    op.drop_table("alert_setting")
