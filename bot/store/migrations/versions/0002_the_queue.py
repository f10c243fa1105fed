"""the queue: Procrastinate's own tables, as of 3.10"""

from alembic import op
from procrastinate.schema import SchemaManager

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    # Procrastinate's script has % signs that a parametrised call would read as placeholders.
    op.get_bind().connection.cursor().execute(SchemaManager.get_schema())


def downgrade() -> None:
    cursor = op.get_bind().connection.cursor()
    cursor.execute("SELECT 'DROP TABLE IF EXISTS ' || relname || ' CASCADE' FROM pg_class "
                   "WHERE relkind = 'r' AND relname LIKE 'procrastinate%'")
    for (drop,) in cursor.fetchall():
        cursor.execute(drop)
    cursor.execute("SELECT format('DROP FUNCTION IF EXISTS %s CASCADE', oid::regprocedure) FROM pg_proc "
                   "WHERE proname LIKE 'procrastinate%'")
    for (drop,) in cursor.fetchall():
        cursor.execute(drop)
    cursor.execute("SELECT format('DROP TYPE IF EXISTS %I CASCADE', typname) FROM pg_type "
                   "WHERE typname LIKE 'procrastinate%' AND typtype IN ('e', 'c')")
    for (drop,) in cursor.fetchall():
        cursor.execute(drop)
