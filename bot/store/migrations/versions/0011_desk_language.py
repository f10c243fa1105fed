"""Whoever works at the desk chooses its language"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    op.add_column("user", sa.Column("language", sa.Text()))


def downgrade() -> None:
    op.drop_column("user", "language")
