"""Whether this Faro lives, and what of it is not as it should be: names of parts, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from flask import Blueprint, Response, jsonify
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError, SQLAlchemyError

from bot.runtime import Runtime
from bot.up import answers

PARTS = ("database", "migrations", "worker", "engine", "actions", "content")
# A worker writes a heartbeat every ten seconds.
SILENT = timedelta(minutes=1)
# The engine and the action server are on this machine: who needs longer is not ready.
ASK_FOR = 2.0

WORKER = text("SELECT EXISTS (SELECT FROM procrastinate_workers WHERE last_heartbeat > now() - :silent)")


def blueprint(runtime: Runtime) -> Blueprint:
    made = Blueprint("health", __name__)

    @made.get("/health")
    def health() -> tuple[Response, int]:
        """``{"ready", "database", "engine"}``; 503 while the database is away, as nothing can be taken in."""
        database = takes_in(runtime)
        body = {"ready": database, "database": database, "engine": runtime.engine.ready(ASK_FOR)}
        return jsonify(body), 200 if database else 503

    @made.get("/health/live")
    def live() -> Response:
        """200 while this process answers; whoever restarts processes asks here, as a restart mends nothing else."""
        return jsonify(live=True)

    @made.get("/health/ready")
    def ready() -> tuple[Response, int]:
        """``{"ready", "reasons"}``; 503 while something is missing, also where messages are taken in all the same."""
        reasons = missing(runtime)
        return jsonify(ready=not reasons, reasons=reasons), 503 if reasons else 200

    return made


def missing(runtime: Runtime) -> list[str]:
    """Which of the PARTS are not as they should be; without a database nothing is known of migrations and worker."""
    return [*_of_database(runtime), *_of_others(runtime)]


def takes_in(runtime: Runtime) -> bool:
    """Whether a message that comes now can be stored."""
    try:
        with runtime.sessions() as session:
            session.execute(text("SELECT 1 FROM contact LIMIT 1"))
    except SQLAlchemyError:
        return False
    return True


def _of_database(runtime: Runtime) -> Iterator[str]:
    from bot.store import migrate  # Alembic: half a second of the gateway's start

    try:
        with runtime.sessions() as session:
            if session.scalar(text("SELECT version_num FROM alembic_version")) != migrate.head():
                yield "migrations"
            if not session.scalar(WORKER, {"silent": SILENT}):
                yield "worker"
    except ProgrammingError:  # the tables are not there yet
        yield "migrations"
    except SQLAlchemyError:
        yield "database"


def _of_others(runtime: Runtime) -> Iterator[str]:
    if not runtime.engine.ready(ASK_FOR):
        yield "engine"
    if not answers("127.0.0.1", runtime.settings.actions_port, "/health"):
        yield "actions"
    if runtime.shelf.problems:  # the last good copy is in use
        yield "content"
