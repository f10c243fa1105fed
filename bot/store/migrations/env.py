"""Alembic's door to our tables."""

from alembic import context

import bot.store.alerts
import bot.store.allowance
import bot.store.audit
import bot.store.moves
import bot.store.people
import bot.store.working  # noqa: F401 (their tables belong to Base too)
from bot.store.models import Base
from bot.store.session import connect


def ours(thing: object, name: str | None, kind: str, reflected: bool, compare_to: object) -> bool:
    """The queue keeps its own tables (bot/store/migrations/versions/0001)."""
    return not (name or "").startswith("procrastinate")


with connect(context.config.attributes["database"]).connect() as connection:
    context.configure(connection=connection, target_metadata=Base.metadata, include_object=ours)
    with context.begin_transaction():
        context.run_migrations()
