"""Who does not accept a report in time passes it on"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"

TIME = sa.DateTime(timezone=True)
# For reports that wait already the time begins now: no desk knew of it, and not all people are to be told at once.
FILL = """
    UPDATE report SET accept_by = CASE WHEN status = 'filed' THEN now() ELSE filed_at END
        + CASE WHEN urgent THEN interval '15 minutes' ELSE interval '24 hours' END
"""


def upgrade() -> None:
    op.add_column("report", sa.Column("accept_by", TIME))
    op.execute(FILL)
    op.alter_column("report", "accept_by", nullable=False)
    op.create_index("report_due", "report", ["accept_by"], postgresql_where=sa.text("status = 'filed'"))
    op.create_table(
        "report_event",
        sa.Column("id", sa.BigInteger(), primary_key=True),
        sa.Column("report_id", sa.Uuid(), sa.ForeignKey("report.id", ondelete="CASCADE"), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("from_desk", sa.Text(), nullable=False),
        sa.Column("to_desk", sa.Text(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
    )
    op.create_index("ix_report_event_report_id", "report_event", ["report_id"])
    op.create_index("ix_report_event_from_desk", "report_event", ["from_desk"])


def downgrade() -> None:
    op.drop_table("report_event")
    op.drop_index("report_due", "report")
    op.drop_column("report", "accept_by")
