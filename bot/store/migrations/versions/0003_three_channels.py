"""SMS, WhatsApp and Telegram"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    for name, kind in (
        ("rest_sealed", sa.LargeBinary()), ("via", sa.Text()), ("came_by", sa.Text()), ("stopped_at", TIME),
        ("stopped_by", sa.BigInteger()), ("blocked_at", TIME), ("sms_agreed_at", TIME), ("window_shut_at", TIME),
    ):  # fmt: skip
        op.add_column("contact", sa.Column(name, kind))
    op.add_column("contact", sa.Column("case_messages", sa.Boolean(), nullable=False, server_default=sa.true()))
    for name, kind in (
        ("reason", sa.Text()), ("channel", sa.Text()), ("provider_id", sa.Text()), ("first_tried_at", TIME),
        ("claimed_at", TIME), ("next_try_at", TIME), ("read_at", TIME),
    ):  # fmt: skip
        op.add_column("outbound", sa.Column(name, kind))
    op.add_column("outbound", sa.Column("unanswered", sa.Integer(), nullable=False, server_default="0"))
    op.drop_index("outbound_waiting", "outbound")
    unfinished = sa.text("status IN ('waiting', 'sending', 'held')")
    op.create_index("outbound_open", "outbound", ["contact_id", "id"], postgresql_where=unfinished)
    op.create_index("outbound_provider", "outbound", ["provider_id"])
    op.create_table(
        "media",
        sa.Column("id", sa.BigInteger(), primary_key=True),
        sa.Column("inbound_id", sa.BigInteger(), sa.ForeignKey("inbound.id", ondelete="CASCADE"), nullable=False),
        sa.Column("content_type", sa.Text(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("body_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
    )
    op.create_index("ix_media_inbound_id", "media", ["inbound_id"])
    op.create_table(
        "provider_event",
        sa.Column("channel", sa.Text(), primary_key=True),
        sa.Column("provider_id", sa.Text(), primary_key=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("received_at", TIME, nullable=False),
    )
    op.create_table(
        "sender",
        sa.Column("name", sa.Text(), primary_key=True),
        sa.Column("paused_until", TIME, nullable=False),
    )
    op.create_table(
        "rich_content",
        sa.Column("account", sa.Text(), primary_key=True),
        sa.Column("shape", sa.Text(), primary_key=True),
        sa.Column("sid", sa.Text(), nullable=False),
    )


def downgrade() -> None:
    for table in ("rich_content", "sender", "provider_event", "media"):
        op.drop_table(table)
    op.drop_index("outbound_provider", "outbound")
    op.drop_index("outbound_open", "outbound")
    op.create_index("outbound_waiting", "outbound", ["contact_id", "id"], postgresql_where=sa.text("status = 'waiting'"))
    for name in ("reason", "channel", "provider_id", "first_tried_at", "claimed_at", "next_try_at", "read_at", "unanswered"):
        op.drop_column("outbound", name)
    for name in (
        "rest_sealed", "via", "came_by", "stopped_at", "stopped_by", "blocked_at", "sms_agreed_at", "window_shut_at",
        "case_messages",
    ):  # fmt: skip
        op.drop_column("contact", name)
