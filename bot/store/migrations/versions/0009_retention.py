"""A closed report is reduced to its statistics; a legal hold keeps it; routing says why"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0009"
down_revision = "0008"

TIME = sa.DateTime(timezone=True)
# What a reduced report has lost.
LOST = ("number", "inbound_id", "routed_by", "words_sealed", "accept_by")


def upgrade() -> None:
    op.add_column("report", sa.Column("routed_why", postgresql.JSONB()))
    op.add_column("report", sa.Column("reduced_at", TIME))
    for name in LOST:
        op.alter_column("report", name, nullable=True)
    op.alter_column("media", "inbound_id", nullable=True)
    op.add_column("media", sa.Column("report_id", sa.Uuid(), sa.ForeignKey("report.id", ondelete="CASCADE")))
    op.create_index("ix_media_report_id", "media", ["report_id"])
    op.create_table(
        "legal_hold",
        sa.Column("id", sa.BigInteger(), primary_key=True),
        sa.Column("report_id", sa.Uuid(), sa.ForeignKey("report.id", ondelete="CASCADE"), nullable=False),
        sa.Column("set_by", sa.Text(), nullable=False),
        sa.Column("set_at", TIME, nullable=False),
        sa.Column("reason_sealed", sa.LargeBinary()),
        sa.Column("ended_by", sa.Text()),
        sa.Column("ended_at", TIME),
    )
    op.create_index("ix_legal_hold_report_id", "legal_hold", ["report_id"])
    op.create_index(
        "legal_hold_one", "legal_hold", ["report_id"], unique=True, postgresql_where=sa.text("ended_at IS NULL")
    )


def downgrade() -> None:
    op.drop_table("legal_hold")
    op.execute("DELETE FROM media WHERE inbound_id IS NULL")
    op.drop_column("media", "report_id")
    op.alter_column("media", "inbound_id", nullable=False)
    op.execute("DELETE FROM report WHERE reduced_at IS NOT NULL")  # before, they were deleted
    for name in LOST:
        op.alter_column("report", name, nullable=False)
    op.drop_column("report", "reduced_at")
    op.drop_column("report", "routed_why")
