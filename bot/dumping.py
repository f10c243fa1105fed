"""PostgreSQL's own pg_dump and pg_restore, as streams: out of the database of the settings, and into it."""

from __future__ import annotations

import re
import subprocess
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from bot import postgres
from bot.settings import Settings

DUMP = ("pg_dump", "--format=custom", "--no-owner", "--no-privileges", "--lock-wait-timeout=60s")
RESTORE = ("pg_restore", "--single-transaction", "--exit-on-error", "--no-owner", "--no-privileges")
# Of an extension are objects that a server's keeper put into every database.
OURS = """SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e')"""


class Failed(Exception):
    """The program did not do it; why, without a value of anybody's row."""


def is_empty(settings: Settings) -> bool:
    with psycopg.connect(settings.database, connect_timeout=5) as connection:
        return connection.execute(OURS).fetchone() == (0,)


def revision(settings: Settings) -> str:
    """The schema's. Raises psycopg.Error where there is none."""
    with psycopg.connect(settings.database, connect_timeout=5) as connection:
        found = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    return str(found[0]) if found else ""


def dump(settings: Settings, size: int) -> Iterator[bytes]:
    """The dump in pieces of ``size`` bytes at most. Raises Failed, at the latest when it ends."""
    with _program(settings, DUMP, stdout=subprocess.PIPE) as process:
        assert process.stdout
        while piece := process.stdout.read(size):
            yield piece


def put_back(settings: Settings, pieces: Iterable[bytes]) -> None:
    """In one transaction: when the dump or ``pieces`` fails, nothing has changed. Raises Failed."""
    with _program(settings, RESTORE, stdin=subprocess.PIPE) as process:
        assert process.stdin
        for piece in pieces:
            process.stdin.write(piece)


@contextmanager
def _program(settings: Settings, command: tuple[str, ...], **pipes: int) -> Iterator[subprocess.Popen[bytes]]:
    """A program of PostgreSQL at work on the database; ended when anything fails. Raises Failed when it does."""
    name, *options = command
    given = {name: str(said) for name, said in conninfo_to_dict(settings.database).items() if said is not None}
    # a command line can be read by everybody on the machine
    environment = settings.environment() | {"PGPASSWORD": given.pop("password", ""), "LC_ALL": "C"}
    line = [str(postgres.program(name)), *options, f"--dbname={make_conninfo(**given)}"]
    with tempfile.TemporaryFile() as words:
        process = subprocess.Popen(line, env=environment, stderr=words, cwd="/", **pipes)  # type: ignore[call-overload]
        try:
            yield process
            _close(process)
        except BrokenPipeError:  # it has ended before its input: its words say why
            pass
        except BaseException:
            process.kill()  # before its input ends, which it could take for the end of the dump
            raise
        finally:
            status = _ended(process)
        if status:
            words.seek(0)
            raise Failed(f"{name}: {_reason(words.read())}")


def _close(process: subprocess.Popen[bytes]) -> None:
    if process.stdin:
        process.stdin.close()


def _ended(process: subprocess.Popen[bytes]) -> int:
    if process.stdout:
        process.stdout.close()
    return process.wait()


def _reason(words: bytes) -> str:
    """The first line, without what stands in quotes: that may be a value of somebody's row."""
    lines = words.decode(errors="replace").strip().splitlines() or ["no reason given"]
    return re.sub(r'"[^"]*"|\([^()]*\)', "…", lines[0])
