"""Partner systems further on a report's way hold its key in a box, and get its files"""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    op.create_table(
        "partner_key",
        sa.Column("id", sa.BigInteger(), primary_key=True),
        sa.Column("report_id", sa.Uuid(), sa.ForeignKey("report.id", ondelete="CASCADE"), nullable=False),
        sa.Column("desk", sa.Text(), nullable=False),
        sa.Column("partner", sa.Text(), nullable=False),
        sa.Column("private_boxed", sa.LargeBinary(), nullable=False),
        sa.UniqueConstraint("report_id", "desk"),
    )
    # What waits was sealed in the old way, by which nothing is sent any more: the desk is told that it was not taken.
    op.execute("UPDATE partner_post SET status = 'failed', reason = 'sealed before' WHERE status = 'waiting'")
    op.drop_column("partner_post", "body_sealed")
    op.add_column("partner_post", sa.Column("desk", sa.Text(), nullable=False, server_default=""))
    op.add_column("partner_post", sa.Column("why", sa.Text(), nullable=False, server_default="filed"))
    op.alter_column("partner_post", "desk", server_default=None)
    op.alter_column("partner_post", "why", server_default=None)
    file = sa.ForeignKey("media.id", ondelete="CASCADE")
    op.add_column("partner_post", sa.Column("media_id", sa.BigInteger(), file))
    op.create_index("ix_partner_post_media_id", "partner_post", ["media_id"])
    op.drop_constraint("partner_post_report_id_key", "partner_post")
    op.create_unique_constraint(
        "partner_post_once", "partner_post", ["report_id", "partner", "media_id"], postgresql_nulls_not_distinct=True
    )


def downgrade() -> None:
    op.execute("DELETE FROM partner_post a USING partner_post b WHERE a.report_id = b.report_id AND a.id > b.id")
    op.drop_constraint("partner_post_once", "partner_post")
    op.create_unique_constraint("partner_post_report_id_key", "partner_post", ["report_id"])
    op.drop_index("ix_partner_post_media_id", "partner_post")
    for name in ("media_id", "why", "desk"):
        op.drop_column("partner_post", name)
    op.add_column("partner_post", sa.Column("body_sealed", sa.LargeBinary()))
    op.drop_table("partner_key")
