"""Who did what at the desk: rows that are only added"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.create_table(
        "audit",
        sa.Column("number", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("who", sa.Integer()),
        sa.Column("email", sa.Text()),
        sa.Column("role", sa.Text()),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("case_number", sa.Text()),
        sa.Column("previous", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
    )
    op.create_index("audit_case", "audit", ["case_number", "number"])
    op.create_index("audit_email", "audit", ["email", "number"])
    op.create_index("audit_who", "audit", ["who", "at"])
    op.execute("""
        CREATE FUNCTION audit_stays() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            RAISE EXCEPTION 'rows of the audit log are neither changed nor taken away';
        END $$
    """)
    op.execute("""
        CREATE TRIGGER audit_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON audit
        FOR EACH STATEMENT EXECUTE FUNCTION audit_stays()
    """)


def downgrade() -> None:
    op.drop_table("audit")
    op.execute("DROP FUNCTION audit_stays")
