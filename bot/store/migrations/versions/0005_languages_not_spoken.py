"""Who writes in a language that Faro does not answer in is counted by that language"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.add_column("contact", sa.Column("foreign_language", sa.Text()))


def downgrade() -> None:
    op.drop_column("contact", "foreign_language")
