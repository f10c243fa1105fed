"""Whoever signs in also gives a code of their device; its secret is sealed"""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    op.drop_column("user", "tf_totp_secret")  # nobody had one
    op.add_column("user", sa.Column("totp_sealed", sa.LargeBinary()))
    op.add_column("user", sa.Column("totp_counter", sa.BigInteger()))


def downgrade() -> None:
    op.drop_column("user", "totp_counter")
    op.drop_column("user", "totp_sealed")
    op.add_column("user", sa.Column("tf_totp_secret", sa.String(255)))
