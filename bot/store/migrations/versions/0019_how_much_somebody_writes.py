"""How much somebody writes in a day and in a minute"""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"

TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "allowance",
        sa.Column("contact_id", sa.Uuid(), sa.ForeignKey("contact.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("messages", sa.Integer(), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.Column("minute", TIME, nullable=False),
        sa.Column("recent", sa.Integer(), nullable=False),
        sa.Column("serve_at", TIME),
        sa.Column("told_slow", sa.Boolean(), nullable=False),
        sa.Column("told_full", sa.Boolean()),
    )


def downgrade() -> None:
    op.drop_table("allowance")
