"""Reports are sealed to their desk: key pairs of desks, people and reports, and no word under the server's own keys"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"

TIME = sa.DateTime(timezone=True)
BYTES = sa.LargeBinary()
# What is emptied when it moves into a report's box.
EMPTIED = ("inbound", "outbound", "media")


def upgrade() -> None:
    _refuse_to_lose_any()
    op.add_column("user", sa.Column("public_key", BYTES))
    op.add_column("user", sa.Column("private_locked", BYTES))
    op.add_column("audit", sa.Column("about", sa.Text()))
    _key_tables()
    for table in EMPTIED:
        op.alter_column(table, "body_sealed", nullable=True)
    for table in ("inbound", "media"):
        op.add_column(table, sa.Column("report_boxed", BYTES))
    op.drop_column("report", "words_sealed")
    for name in ("public_key", "words_boxed", "receipt_key"):
        op.add_column("report", sa.Column(name, BYTES))
    op.add_column("report", sa.Column("since", sa.BigInteger()))
    op.alter_column("legal_hold", "reason_sealed", new_column_name="reason_boxed")
    op.alter_column("case_message", "body_sealed", new_column_name="body_boxed")
    op.add_column("case_message", sa.Column("follow_up_boxed", BYTES))


def _refuse_to_lose_any() -> None:
    """No desk has a key yet, so nothing that was filed before can be sealed to one."""
    readable = op.get_bind().execute(sa.text("SELECT count(*) FROM report WHERE words_sealed IS NOT NULL")).scalar()
    if readable:
        raise RuntimeError(
            f"{readable} reports were filed before reports were sealed to their desks. Work them with the version "
            "before this one until they are closed and reduced, or begin with an empty database."
        )


def _key_tables() -> None:
    op.create_table(
        "desk_key",
        sa.Column("id", sa.BigInteger(), primary_key=True),
        sa.Column("desk", sa.Text(), nullable=False),
        sa.Column("public_key", BYTES, nullable=False),
        sa.Column("made_at", TIME, nullable=False),
        sa.Column("retired_at", TIME),
    )
    op.create_index("desk_key_one", "desk_key", ["desk"], unique=True, postgresql_where=sa.text("retired_at IS NULL"))
    op.create_table(
        "recovery_key",
        sa.Column("id", sa.BigInteger(), primary_key=True),
        sa.Column("public_key", BYTES, nullable=False),
        sa.Column("made_at", TIME, nullable=False),
        sa.Column("made_by", sa.Text(), nullable=False),
    )
    op.create_table(
        "desk_key_holder",
        sa.Column("id", sa.BigInteger(), primary_key=True),
        sa.Column("desk_key_id", sa.BigInteger(), sa.ForeignKey("desk_key.id", ondelete="CASCADE"), nullable=False),
        sa.Column("user_id", sa.Integer(), sa.ForeignKey("user.id", ondelete="CASCADE")),
        sa.Column("private_boxed", BYTES, nullable=False),
        sa.UniqueConstraint("desk_key_id", "user_id", postgresql_nulls_not_distinct=True),
    )
    op.create_index("ix_desk_key_holder_user_id", "desk_key_holder", ["user_id"])
    op.create_table(
        "report_key",
        sa.Column("id", sa.BigInteger(), primary_key=True),
        sa.Column("report_id", sa.Uuid(), sa.ForeignKey("report.id", ondelete="CASCADE"), nullable=False),
        sa.Column("desk_key_id", sa.BigInteger(), sa.ForeignKey("desk_key.id"), nullable=False),
        sa.Column("private_boxed", BYTES, nullable=False),
        sa.UniqueConstraint("report_id", "desk_key_id"),
    )
    op.create_index("ix_report_key_desk_key_id", "report_key", ["desk_key_id"])


def downgrade() -> None:
    op.execute("DELETE FROM report WHERE words_boxed IS NOT NULL")  # without the desk nobody reads it
    op.drop_column("case_message", "follow_up_boxed")
    op.alter_column("case_message", "body_boxed", new_column_name="body_sealed")
    op.alter_column("legal_hold", "reason_boxed", new_column_name="reason_sealed")
    for name in ("since", "receipt_key", "words_boxed", "public_key"):
        op.drop_column("report", name)
    op.add_column("report", sa.Column("words_sealed", BYTES))
    for table in ("inbound", "media"):
        op.drop_column(table, "report_boxed")
    for table in EMPTIED:
        op.execute(f"DELETE FROM {table} WHERE body_sealed IS NULL")  # noqa: S608 (the names above)
        op.alter_column(table, "body_sealed", nullable=False)
    for table in ("report_key", "desk_key_holder", "recovery_key", "desk_key"):
        op.drop_table(table)
    op.drop_column("audit", "about")
    op.drop_column("user", "private_locked")
    op.drop_column("user", "public_key")
