"""A report handed over from desk to desk, and its copy for a second one"""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"

TIME = sa.DateTime(timezone=True)


def _report(**more: bool) -> sa.Column:
    return sa.Column("report_id", sa.Uuid(), sa.ForeignKey("report.id", ondelete="CASCADE"), nullable=False, **more)


def upgrade() -> None:
    op.create_table(
        "hand_over",
        sa.Column("id", sa.BigInteger(), primary_key=True),
        _report(),
        sa.Column("from_desk", sa.Text(), nullable=False),
        sa.Column("to_desk", sa.Text(), nullable=False),
        sa.Column("asked_by", sa.Text(), nullable=False),
        sa.Column("asked_at", TIME, nullable=False),
        sa.Column("note_boxed", sa.LargeBinary()),
        sa.Column("key_given", sa.Boolean(), nullable=False),
        sa.Column("ended_at", TIME),
        sa.Column("end", sa.Text()),
        sa.Column("reason_boxed", sa.LargeBinary()),
    )
    op.create_index("ix_hand_over_report_id", "hand_over", ["report_id"])
    op.create_index("ix_hand_over_to_desk", "hand_over", ["to_desk"])
    open_ones = sa.text("ended_at IS NULL")
    op.create_index("hand_over_one", "hand_over", ["report_id"], unique=True, postgresql_where=open_ones)
    op.create_table(
        "report_copy",
        _report(primary_key=True),
        sa.Column("desk", sa.Text(), nullable=False),
        sa.Column("asked_at", TIME, nullable=False),
        sa.Column("given_at", TIME),
        sa.Column("wish_boxed", sa.LargeBinary()),
        sa.Column("wished_at", TIME),
    )
    op.create_index("ix_report_copy_desk", "report_copy", ["desk"])
    op.add_column("report_key", sa.Column("waiting", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.alter_column("report_key", "waiting", server_default=None)


def downgrade() -> None:
    op.execute("DELETE FROM report_key WHERE waiting")
    op.drop_column("report_key", "waiting")
    op.drop_table("report_copy")
    op.drop_table("hand_over")
