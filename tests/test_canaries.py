"""Fifty people report; then everything that the server keeps is turned out, and nothing of theirs is readable in it."""

from __future__ import annotations

import subprocess
from base64 import b64encode
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
from cryptography.fernet import Fernet, InvalidToken
from sqlalchemy import select, update

from bot import delivery, jobs, media, postgres, transcript
from bot.desk.work import Work
from bot.runtime import Runtime
from bot.store.models import Inbound, Outbound, Report, now
from bot.store.people import User
from tests.conftest import Process
from tests.keeper import keeper
from tests.talk import Phone

PEOPLE = 50
AT_ONCE = 4
OPERATOR = User(email="ana@faro.test", desks=["demo-mx"])


@dataclass(frozen=True)
class Canary:
    """What one person tells: a word that is nobody else's in each thing that they say or send."""

    n: int

    def __call__(self, what: str) -> str:
        return f"zanate{what}{self.n:02}x"

    def says(self) -> tuple[str, ...]:
        return (
            f"me robaron soy {self('nombre')} mi numero es +52155{self('numero')}", "no",
            f"en tapachula junto a {self('lugar')}", f"ayer con {self('cuando')}",
            f"me quito el telefono un tal {self('culpable')} placa {self('placa')}", "no", "si",
        )  # fmt: skip


@pytest.fixture(scope="module")
def reported(runtime: Runtime, engine: Process, actions: Process) -> list[tuple[Phone, Canary]]:
    with ThreadPoolExecutor(AT_ONCE) as people:
        return list(people.map(lambda n: _reports(runtime, Canary(n)), range(PEOPLE)))


def _reports(runtime: Runtime, canary: Canary) -> tuple[Phone, Canary]:
    """To the last question; "1" would file it."""
    phone = Phone(runtime, "+5255", "es")
    for said in canary.says():
        phone.says(said)
    with runtime.sessions() as session:
        first = select(Inbound.id).where(Inbound.contact_id == phone.contact).order_by(Inbound.id).limit(1)
        inbound = session.scalars(first).one()
    media._store(runtime, inbound, "image/png", canary("foto").encode())
    return phone, canary


@pytest.fixture(scope="module")
def before(runtime: Runtime, reported: list[tuple[Phone, Canary]]) -> set[str]:
    """The canaries that the server's keys showed while the reports were being made."""
    return _readable(runtime)


@pytest.fixture(scope="module")
def filed(runtime: Runtime, reported: list[tuple[Phone, Canary]], before: set[str]) -> list[Report]:
    """Filed, accepted, asked back by the desk, answered; and everything has arrived."""
    with jobs.queue(runtime.settings.database).open() as queue:
        work = Work(runtime, queue, lambda: keeper(runtime))
        with ThreadPoolExecutor(AT_ONCE) as people:
            return list(people.map(lambda one: _works(runtime, work, *one), reported))


def _works(runtime: Runtime, work: Work, phone: Phone, canary: Canary) -> Report:
    phone.says("1")
    phone.taps("A cualquier hora")  # else the desk's words wait, under our key, until the person asks for them
    with runtime.sessions() as session:
        report = session.scalars(select(Report).where(Report.contact_id == phone.contact)).one()
    assert work.accept(OPERATOR, report.id)
    assert work.write(OPERATOR, report.id, f"¿está bien? {canary('mesa')}")
    phone.says(f"si estoy con {canary('amiga')}")
    delivery.deliver(runtime, phone.contact)
    with runtime.sessions.begin() as session:  # as its provider tells
        theirs = Outbound.contact_id == phone.contact, Outbound.status == "sent"
        session.execute(update(Outbound).where(*theirs).values(status="delivered", delivered_at=now()))
    transcript.forget_arrived(runtime, now())
    return report


def _opened(runtime: Runtime) -> Iterator[bytes]:
    """All that the server's own keys open, in any column of any table."""
    keys = [Fernet(key) for key in runtime.settings.keys.split(",")]
    with psycopg.connect(runtime.settings.database) as connection:
        kept = "SELECT table_name, column_name FROM information_schema.columns WHERE data_type = 'bytea'"
        for table, column in connection.execute(kept + " AND table_schema = 'public'").fetchall():
            for (value,) in connection.execute(f'SELECT "{column}" FROM "{table}"').fetchall():
                for key in keys if value else []:
                    try:
                        yield key.decrypt(bytes(value))
                    except InvalidToken:
                        continue


def _readable(runtime: Runtime) -> set[str]:
    """The canaries, by what they stand for, among what the server's keys open."""
    words = b"\n".join(_opened(runtime))
    return {what for what in WHATS for n in range(PEOPLE) if Canary(n)(what).encode() in words}


WHATS = ("nombre", "numero", "lugar", "cuando", "culpable", "placa", "foto", "mesa", "amiga")
TOLD = set(WHATS) - {"mesa", "amiga"}


def test_while_a_report_is_made_the_server_can_read_it_so_this_test_can_see(before: set[str]) -> None:
    assert before >= TOLD


def test_the_servers_own_keys_open_no_report(runtime: Runtime, filed: list[Report]) -> None:
    assert len(filed) == PEOPLE
    assert _readable(runtime) == set()


def test_nothing_is_readable_in_a_backup_with_the_queue_and_the_conversations(
    runtime: Runtime, filed: list[Report], reported: list[tuple[Phone, Canary]], tmp_path: Path
) -> None:
    dump = tmp_path / "backup.sql"
    command = [str(postgres.program("pg_dump")), "--dbname", runtime.settings.database]
    subprocess.run([*command, "--file", dump], check=True, capture_output=True)
    kept = dump.read_bytes().lower()
    assert b"procrastinate_jobs" in kept and b"conversation" in kept and str(filed[0].number).lower().encode() in kept
    secrets = [Canary(n)(what) for n in range(PEOPLE) for what in WHATS] + [p.number for p, _ in reported]
    assert [s for s in secrets if any(form in kept for form in _forms(s))] == []


def _forms(secret: str) -> Iterator[bytes]:
    """As it is, as PostgreSQL writes bytes, and as Base64 has its middle, whatever stands before it."""
    yield secret.lower().encode()
    yield secret.encode().hex().encode()
    for shift in range(3):
        whole = b64encode(b"x" * shift + secret.encode())
        yield whole[4:-4].lower()


def test_nothing_is_readable_in_a_log(runtime: Runtime, filed: list[Report], engine: Process, actions: Process) -> None:
    logs = [engine.log, actions.log]
    said = b"".join(log.read_bytes() for log in logs)
    assert [what for what in WHATS for n in range(PEOPLE) if Canary(n)(what).encode() in said] == []


def test_the_desk_reads_every_word(runtime: Runtime, filed: list[Report], reported: list[tuple[Phone, Canary]]) -> None:
    with jobs.queue(runtime.settings.database).open() as queue:
        work = Work(runtime, queue, lambda: keeper(runtime))
        for report, (_, canary) in zip(filed, reported, strict=True):
            page = work.opened(OPERATOR, report.id)
            assert page and len(page.files) == 1
            words = " ".join([*page.words, *(value for _, value in page.told), *(line.text for line in page.lines)])
            assert [what for what in WHATS if canary(what) not in words] == ["foto"]
            assert work.file(OPERATOR, report.id, page.files[0][0]) == ("image/png", canary("foto").encode())


def test_whoever_has_not_been_given_the_key_of_the_desk_reads_none(runtime: Runtime, filed: list[Report]) -> None:
    with jobs.queue(runtime.settings.database).open() as queue:
        page = Work(runtime, queue, lambda: None).opened(OPERATOR, filed[0].id)
        assert page and page.locked and not (page.words or page.told or page.lines or page.files)
