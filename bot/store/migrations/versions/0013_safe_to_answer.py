"""Whether and when it is safe to write to a person, and whether it is still the same one"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"

TIME = sa.DateTime(timezone=True)
COLUMNS = {
    "safe": sa.Text(), "safe_from": sa.Integer(), "safe_until": sa.Integer(), "opened_at": TIME, "doubted_at": TIME,
    "cleared_by": sa.BigInteger(),
}  # fmt: skip


def upgrade() -> None:
    for name, kind in COLUMNS.items():
        op.add_column("contact", sa.Column(name, kind))
    # Whose desk may write and who was never asked: the safest that still lets them be reached.
    op.execute("""UPDATE contact SET safe = 'neutral' WHERE EXISTS (
        SELECT 1 FROM report WHERE report.contact_id = contact.id AND report.may_reply AND report.status <> 'closed')""")


def downgrade() -> None:
    for name in COLUMNS:
        op.drop_column("contact", name)
    op.execute("DELETE FROM outbound WHERE kind = 'neutral'")
