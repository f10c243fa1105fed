"""Bring the database to the schema that this code expects."""

from __future__ import annotations

import functools
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text

from bot.store.session import connect

MIGRATIONS = Path(__file__).parent / "migrations"
# Two processes that start together must not both migrate: any fixed number does.
LOCK = 20101008


def config(database: str) -> Config:
    alembic = Config()
    alembic.set_main_option("script_location", str(MIGRATIONS))
    alembic.attributes["database"] = database
    return alembic


def upgrade(database: str) -> None:
    """Run what is missing; the tables are analysed afterwards, as the queue is slow without statistics."""
    engine = connect(database)
    with engine.connect() as holder:
        holder.execute(text(f"SELECT pg_advisory_lock({LOCK})"))
        command.upgrade(config(database), "head")
        holder.execute(text("ANALYZE"))
        holder.commit()
    engine.dispose()


def is_current(database: str) -> bool:
    """Whether the schema is the one of this code. Raises sqlalchemy.exc.OperationalError without a database."""
    engine = connect(database)
    with engine.connect() as connection:
        here = MigrationContext.configure(connection).get_current_revision()
    engine.dispose()
    return here == head()


@functools.cache
def head() -> str | None:
    """The newest revision that this code knows."""
    return ScriptDirectory(str(MIGRATIONS)).get_current_head()


def knows(revision: str) -> bool:
    """Whether this code can work with a database of this revision, or bring it to its own."""
    return revision in {script.revision for script in ScriptDirectory(str(MIGRATIONS)).walk_revisions()}
