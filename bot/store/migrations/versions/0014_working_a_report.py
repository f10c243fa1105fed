"""Notes, who has a report in hand, and numbers that reports share"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"

TIME = sa.DateTime(timezone=True)


def _table(name: str, *columns: sa.Column) -> None:
    report = sa.ForeignKeyConstraint(["report_id"], ["report.id"], ondelete="CASCADE")
    op.create_table(name, *columns, report)


def upgrade() -> None:
    for name, own in (
        ("note", [sa.Column("author", sa.Text(), nullable=False), sa.Column("body_boxed", sa.LargeBinary(), nullable=False)]),
        ("given", [sa.Column("given_by", sa.Text(), nullable=False), sa.Column("given_to", sa.Text(), nullable=False)]),
    ):
        _table(
            name,
            sa.Column("id", sa.BigInteger(), primary_key=True),
            sa.Column("report_id", sa.Uuid(), nullable=False),
            sa.Column("at", TIME, nullable=False),
            *own,
        )
        op.create_index(f"ix_{name}_report_id", name, ["report_id"])
    _table(
        "indicator",
        sa.Column("report_id", sa.Uuid(), primary_key=True),
        sa.Column("kind", sa.Text(), primary_key=True),
        sa.Column("fingerprint", sa.Text(), primary_key=True),
    )
    op.create_index("indicator_same", "indicator", ["kind", "fingerprint"])
    op.add_column("report", sa.Column("assigned_to", sa.Text()))
    op.execute("UPDATE report SET assigned_to = accepted_by WHERE reduced_at IS NULL")


def downgrade() -> None:
    op.drop_column("report", "assigned_to")
    for name in ("indicator", "given", "note"):
        op.drop_table(name)
