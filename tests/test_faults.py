"""Disk full, the database out of connections, a provider that takes 30 seconds: the person is told the truth or nothing
is acknowledged, it is stored and answered once when it works again, and nobody else waits. docs/when-things-fail.md"""

from __future__ import annotations

import contextlib
import logging
import os
import subprocess
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from twilio.request_validator import RequestValidator

from bot import jobs, postgres
from bot.gateway import application
from bot.runtime import Runtime, start
from bot.settings import Settings
from bot.store import migrate
from bot.store.models import Inbound, Outbound
from tests.channels import AT_HOME, fresh_number
from tests.conftest import Process, _connects, free_port, wait_until
from tests.test_delivery import Person, Town, passes, providers

pytestmark = [AT_HOME, pytest.mark.slow]
TOKEN = "0123456789abcdef0123456789abcdef"
CONNECTIONS = 30
SIZE = "size=96m"  # of the small disk


@dataclass(frozen=True)
class House:
    """A Faro whose PostgreSQL has few connections, and its data on a small disk where this machine lets us make one."""

    runtime: Runtime
    app: Flask
    disk: Path | None

    @property
    def database(self) -> str:
        return self.runtime.settings.database

    def client(self) -> FlaskClient:
        return self.app.test_client()

    def writes(self, sid: str, number: str, text: str = "") -> int:
        """Twilio brings a message, which no engine is asked about; the status it gets."""
        form = {"MessageSid": sid, "From": number, "To": "+15005550006", "Body": text, "NumMedia": "0"}
        address = f"{self.runtime.settings.address}/webhooks/twilio"
        signature = RequestValidator(TOKEN).compute_signature(address, form)
        return self.client().post(
            "/webhooks/twilio", data=form, headers={"X-Twilio-Signature": signature}
        ).status_code  # fmt: skip

    def stored(self, sid: str) -> int:
        with self.runtime.sessions() as session:
            return session.scalar(select(func.count()).where(Inbound.provider_id == sid)) or 0

    def answers(self, sid: str) -> int:
        with self.runtime.sessions() as session:
            theirs = select(Inbound.id).where(Inbound.provider_id == sid)
            return session.scalar(select(func.count()).where(Outbound.inbound_id.in_(theirs))) or 0


SPACE = ["unshare", "--user", "--mount", f"--map-user={os.geteuid()}", "--keep-caps"] if os.geteuid() else [
    "unshare", "--mount"]  # fmt: skip


def _small_disk(folder: Path, like: Path) -> list[str]:
    """What to put before a command so that it finds a file system of its own there, of a few megabytes, whose owner is
    that of another folder."""
    mount = f'mount -t tmpfs -o {SIZE},uid={like.stat().st_uid},gid={like.stat().st_gid} faro "$0" && exec "$@"'
    return [*SPACE, "sh", "-c", mount, str(folder)]


def _works(before: list[str]) -> bool:
    with contextlib.suppress(FileNotFoundError):
        return subprocess.run([*before, "true"], capture_output=True).returncode == 0
    return False


@pytest.fixture(scope="module")
def house(given: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    disk = tmp_path_factory.mktemp("disk")
    changes = {"var": tmp_path_factory.mktemp("full"), "postgres_port": free_port(), "gateway_port": free_port()}
    changes |= {"twilio_auth_token": TOKEN, "twilio_account_sid": "AC1", "database_url": None, "try_phone": True}
    settings = given.model_copy(update=changes)
    command = [*postgres.prepare(settings), f"--max_connections={CONNECTIONS}"]
    smaller = _small_disk(disk, postgres.folder(settings))
    small = _works(smaller)
    server = subprocess.Popen([*smaller, *command] if small else command, stdout=-3, stderr=-3)
    try:
        wait_until(lambda: _connects(settings.database), "PostgreSQL")
        if small:
            _move(settings.database, disk)
        migrate.upgrade(settings.database)
        # made-up Twilio takes nothing here: what is asked for is only what becomes of messages that come in
        runtime = start(settings.model_copy(update={"database_url": settings.database}))
        with jobs.queue(settings.database).open() as queue:
            yield House(runtime, application(runtime, queue), disk if small else None)
    finally:
        server.send_signal(2)
        server.wait(30)


def _move(database: str, disk: Path) -> None:
    """The whole database goes to the small disk; what PostgreSQL writes first (its WAL) stays where it was."""
    base, _, name = database.rpartition("/")
    with psycopg.connect(f"{base}/template1", autocommit=True) as connection:
        connection.execute(f"CREATE TABLESPACE small LOCATION '{disk}'")
        connection.execute(f"ALTER DATABASE {name} SET TABLESPACE small")


@pytest.fixture
def worker(house: House) -> Iterator[Process]:
    """As the runner keeps it: started again when it dies."""
    process = Process("worker", house.runtime.settings, lambda: True)
    process.start()
    yield process
    process.stop()


def _goes_on(worker: Process) -> None:
    if worker.running.poll() is not None:
        worker.start()


@contextlib.contextmanager
def _full(house: House) -> Iterator[None]:
    """Until the block ends the disk has no byte left. Where no small disk can be made, PostgreSQL says so all the same
    (the same error, 53100, by the same statement): what is tested is what we make of it."""
    with psycopg.connect(house.database, autocommit=True) as connection:
        if house.disk is None:
            connection.execute(
                "CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS "
                "$$ BEGIN RAISE EXCEPTION 'No space left on device' USING ERRCODE = '53100'; END $$"
            )
            connection.execute("CREATE TRIGGER full_disk BEFORE INSERT ON inbound EXECUTE FUNCTION full_disk()")
            yield
            connection.execute("DROP FUNCTION full_disk CASCADE")
            return
        connection.execute("CREATE TABLE ballast (bytes bytea)")
        connection.execute("ALTER TABLE ballast ALTER bytes SET STORAGE EXTERNAL")
        for size in (1_000_000, 50_000, 2_000):
            with contextlib.suppress(psycopg.errors.DiskFull):
                while True:
                    connection.execute("INSERT INTO ballast VALUES (convert_to(repeat('x', %s), 'UTF8'))", [size])
        yield
        connection.execute("DROP TABLE ballast")


def _first_refused(house: House, number: str) -> str:
    """What is free in the pages that there are is used up first; then nothing is taken."""
    for _ in range(1000):
        sid = f"SM{uuid.uuid4().hex}"
        if house.writes(sid, number) != 200:
            return sid
    raise AssertionError("the disk is not full")


def test_with_a_full_disk_nothing_is_acknowledged_and_afterwards_it_is_stored_and_answered_once(
    house: House, worker: Process, caplog: pytest.LogCaptureFixture
) -> None:
    print("a small disk of its own" if house.disk else "no small disk here: the error alone")
    filler, number = fresh_number(), fresh_number()
    assert house.writes(f"SM{uuid.uuid4().hex}", number) == 200
    with caplog.at_level(logging.INFO), _full(house):
        _first_refused(house, filler)
        sid = _first_refused(house, number)
        statuses = [house.writes(sid, number) for _ in range(5)]
        assert statuses == [503] * 5 and house.stored(sid) == 0
    named = [record for record in caplog.records if record.name == "bot.gateway"]
    assert len(named) == 1 and "DiskFull" in named[0].getMessage()
    assert number not in caplog.text and filler not in caplog.text
    assert [house.writes(sid, number) for _ in range(2)] == [200, 200]  # it brings it again, and once more
    assert house.stored(sid) == 1
    _answered_once(house, worker, sid)


def _answered_once(house: House, worker: Process, sid: str) -> None:
    def answered() -> bool:
        _goes_on(worker)
        return house.answers(sid) > 0

    began = time.monotonic()
    wait_until(answered, "the answer", 240)
    print(f"answered {time.monotonic() - began:.0f} s after it worked again")
    with house.runtime.sessions() as session:
        theirs = select(Inbound.id).where(Inbound.provider_id == sid)
        positions = list(session.scalars(select(Outbound.position).where(Outbound.inbound_id.in_(theirs))))
    assert len(positions) == len(set(positions))


def test_out_of_connections_nothing_is_acknowledged_and_afterwards_everything_goes_on(
    house: House, worker: Process, caplog: pytest.LogCaptureFixture
) -> None:
    number, sid = fresh_number(), f"SM{uuid.uuid4().hex}"
    wait_until(lambda: _workers(house) > 0, "the worker")
    before = [f"SM{uuid.uuid4().hex}" for _ in range(20)]
    assert [house.writes(one, fresh_number()) for one in before] == [200] * 20  # more than the worker answers at once
    with caplog.at_level(logging.INFO), _no_connection_left(house):
        assert [house.writes(sid, number) for _ in range(3)] == [503] * 3
    assert number not in caplog.text
    assert house.stored(sid) == 0
    assert house.writes(sid, number) == 200 and house.stored(sid) == 1
    for one in (*before, sid):
        _answered_once(house, worker, one)


def _workers(house: House) -> int:
    with psycopg.connect(house.database) as connection:
        row = connection.execute("SELECT count(*) FROM procrastinate_workers").fetchone()
        return int(row[0]) if row else 0


@contextlib.contextmanager
def _no_connection_left(house: House) -> Iterator[None]:
    """All of them are ours: those that were open are ended, and each that comes free is taken."""
    taken: list[psycopg.Connection] = []
    try:
        with psycopg.connect(house.database, autocommit=True) as ender:
            for _ in range(2):  # what comes back meanwhile too
                ender.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                    "WHERE backend_type = 'client backend' AND pid <> ALL(%s)",
                    [[ender.info.backend_pid, *(one.info.backend_pid for one in taken)]],
                )
                with contextlib.suppress(psycopg.OperationalError):
                    while True:
                        taken.append(psycopg.connect(house.database, connect_timeout=5))
            yield
    finally:
        for one in taken:
            one.close()


# A provider that takes 30 seconds


@pytest.fixture(scope="module")
def slow_town(runtime: Runtime) -> Iterator[Town]:
    with providers(runtime) as made:
        yield made


def test_a_provider_that_takes_30_seconds_holds_up_no_other_and_each_message_is_sent_once(slow_town: Town) -> None:
    runtime = slow_town.runtime
    waiting = [slow_town.person("sms").joins() for _ in range(4)]
    others = [slow_town.person("telegram").joins() for _ in range(3)]
    rows = [person.is_owed("uno")[0] for person in waiting]
    slow_town.prepare("sms", *[{"delay": 30}] * len(waiting))
    begun = Process("worker", runtime.settings, lambda: True)
    begun.start()
    try:
        with jobs.queue(runtime.settings.database).open() as queue:
            for person in waiting:
                jobs.ask_deliver(queue, person.contact)
            wait_until(lambda: len(slow_town.twilio.messages) >= 2, "two that wait for the provider", 120)
            for person in others:
                person.is_owed("dos")
                jobs.ask_deliver(queue, person.contact)
        began = time.monotonic()
        wait_until(lambda: all("dos" in person.heard for person in others), "the other provider's", 9)
        print(f"the others have theirs after {time.monotonic() - began:.1f} s")
        wait_until(lambda: len(slow_town.twilio.messages) == len(waiting), "all of them", 60)
        wait_until(lambda: _tried(waiting, rows), "the last answer given up", 40)
    finally:
        begun.stop()
    for person, row in zip(waiting, rows, strict=True):
        passes(person, row)
        person.deliver()
        assert person.statuses([row]) == ["sent"] and person.heard == ["uno"]
    slow_town.twilio.check()


def _tried(waiting: list[Person], rows: list[int]) -> bool:
    """Each has been handed over and its answer was lost."""
    return all(person.reasons([row]) == ["twilio no answer"] for person, row in zip(waiting, rows, strict=True))
