"""The embedded PostgreSQL: really started, killed and started again."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from bot import postgres
from bot.settings import Settings


def free_port() -> int:
    with socket.socket() as trial:
        trial.bind(("127.0.0.1", 0))
        return int(trial.getsockname()[1])


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    # tmp_path is closed to others, as /root is: root's server has to get past that door
    own = {"postgres_port": free_port(), "postgres_password": "not-a-secret"}
    return Settings.model_validate({"root": tmp_path, "var": tmp_path / "var"} | own)


@pytest.fixture
def started() -> Iterator[list[subprocess.Popen[bytes]]]:
    servers: list[subprocess.Popen[bytes]] = []
    yield servers
    for server in servers:
        server.send_signal(signal.SIGINT)
        server.wait(10)


def start(settings: Settings) -> subprocess.Popen[bytes]:
    return subprocess.Popen(postgres.prepare(settings), stderr=subprocess.DEVNULL)


def connect(settings: Settings) -> psycopg.Connection[tuple[object, ...]]:
    for _ in range(100):
        try:
            return psycopg.connect(settings.database, autocommit=True)
        except psycopg.OperationalError:
            time.sleep(0.1)
    raise AssertionError("the server does not answer")


def test_data_survive_a_kill(settings: Settings, started: list[subprocess.Popen[bytes]]) -> None:
    started.append(start(settings))
    with connect(settings) as connection:
        connection.execute("CREATE TABLE light AS SELECT 1 AS lit")
    started[0].kill()
    started[0].wait(10)
    assert (postgres.folder(settings) / "postmaster.pid").exists(), "a lock is left behind"
    deadline = time.monotonic() + 8
    while time.monotonic() < deadline:  # as the process runner would
        started.append(start(settings))
        time.sleep(0.3)
        if started[-1].poll() is None:
            break
    with connect(settings) as connection:
        assert connection.execute("SELECT lit FROM light").fetchone() == (1,)


def test_it_speaks_utf8_and_asks_for_a_password(settings: Settings, started: list[subprocess.Popen[bytes]]) -> None:
    started.append(start(settings))
    with connect(settings) as connection:
        shown = connection.execute("SELECT upper('ñandú'), current_setting('data_checksums')")
        assert shown.fetchone() == ("ÑANDÚ", "on")
    with pytest.raises(psycopg.OperationalError, match="authentication failed"):
        psycopg.connect(settings.database, password="guess")


def test_a_running_database_is_not_started_twice(settings: Settings, started: list[subprocess.Popen[bytes]]) -> None:
    started.append(start(settings))
    connect(settings).close()
    with pytest.raises(postgres.CannotStart, match="runs already"):
        postgres.prepare(settings)


def test_a_lock_with_the_number_of_another_program_is_forgotten(settings: Settings) -> None:
    postgres.prepare(settings)
    lock = postgres.folder(settings) / "postmaster.pid"
    lock.write_text(f"{os.getpid()}\n")
    postgres.prepare(settings)
    assert not lock.exists()


def test_a_half_made_database_is_made_anew(settings: Settings) -> None:
    half = settings.var / "postgres.new"
    half.mkdir(parents=True)
    (half / "PG_VERSION").write_text("18")
    postgres.prepare(settings)
    assert postgres.folder(settings).is_dir() and not half.exists()


def test_what_is_no_database_is_left_alone(settings: Settings) -> None:
    postgres.folder(settings).mkdir(parents=True)
    with pytest.raises(postgres.CannotStart, match="is not a database"):
        postgres.prepare(settings)


def test_another_version_is_left_alone(settings: Settings) -> None:
    data = postgres.folder(settings)
    data.mkdir(parents=True)
    (data / "PG_VERSION").write_text("16\n")
    with pytest.raises(postgres.CannotStart, match="made by PostgreSQL 16"):
        postgres.prepare(settings)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root starts it as somebody else")
def test_root_opens_no_folder_and_does_not_serve_itself(
    settings: Settings, started: list[subprocess.Popen[bytes]]
) -> None:
    settings.root.chmod(0o700)
    started.append(start(settings))
    connect(settings).close()
    assert Path(f"/proc/{started[0].pid}").stat().st_uid != 0
    assert settings.root.stat().st_mode & 0o777 == 0o700
