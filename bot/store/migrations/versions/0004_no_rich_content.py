"""Shapes of buttons are found at Twilio by their name: the table that was to remember them was never read"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.drop_table("rich_content")


def downgrade() -> None:
    op.create_table(
        "rich_content",
        sa.Column("account", sa.Text(), primary_key=True),
        sa.Column("shape", sa.Text(), primary_key=True),
        sa.Column("sid", sa.Text(), nullable=False),
    )
