"""Receipts that only the person knows, and the proof of filing"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    for name, kind in (("receipt_hash", sa.Text()), ("proof_nonce", sa.LargeBinary()), ("proof_desk", sa.Text())):
        op.add_column("report", sa.Column(name, kind))
    op.create_unique_constraint("report_receipt_hash_key", "report", ["receipt_hash"])
    op.create_table(
        "receipt_try",
        sa.Column("id", sa.BigInteger(), primary_key=True),
        sa.Column("contact_id", sa.Uuid(), sa.ForeignKey("contact.id", ondelete="CASCADE"), nullable=False),
        sa.Column("tried_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index("ix_receipt_try_contact_id", "receipt_try", ["contact_id"])


def downgrade() -> None:
    op.drop_table("receipt_try")
    for name in ("receipt_hash", "proof_nonce", "proof_desk"):
        op.drop_column("report", name)
