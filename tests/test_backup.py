"""A backup brings back everything, to whoever has the key and to nobody else; what is damaged changes nothing."""

from __future__ import annotations

import dataclasses
import io
import stat
import subprocess
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from cryptography.fernet import Fernet
from hypothesis import given as taking
from hypothesis import strategies as st
from sqlalchemy import select

from bot import backups, boxes, desk_keys, dumping, media, sealed_file
from bot.backup_commands import PUBLIC
from bot.backups import Refused
from bot.boxes import Pair, WrongKey
from bot.desk import recovery
from bot.engine import Engine
from bot.runtime import Runtime
from bot.sealed_file import Damaged
from bot.settings import ROOT, Settings
from bot.store import migrate
from bot.store.models import Inbound, Media, Report
from bot.store.session import sessions
from bot.up import answers
from tests.conftest import Process, free_port
from tests.keeper import keeper
from tests.reports import filed
from tests.talk import Phone

CANARY = "canariofaro"
KEY = boxes.pair()


@pytest.fixture
def empty(settings: Settings) -> Iterator[Settings]:
    """An empty database on the same server."""
    name = f"restored_{uuid.uuid4().hex[:8]}"
    with psycopg.connect(settings.database, autocommit=True) as server:
        server.execute(f"CREATE DATABASE {name}")
        yield settings.model_copy(update={"database_url": settings.database.rpartition("/")[0] + f"/{name}"})
        server.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def made(settings: Settings, runtime: Runtime, tmp_path: Path) -> Path:
    """A backup with somebody in it."""
    Phone(runtime, "+5255", "es").stores("text", text=f"me robaron {CANARY}")
    backups.backup(settings, KEY.public, tmp_path / "made")
    return tmp_path / "made"


def rows(settings: Settings) -> dict[str, tuple[int, str]]:
    """Of every table how many rows there are, and a digest of all that they hold."""
    with psycopg.connect(settings.database) as connection:
        tables = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
        return {name: _sum(connection, name) for (name,) in tables}


def _sum(connection: psycopg.Connection, table: str) -> tuple[int, str]:
    query = f"SELECT count(*), md5(coalesce(string_agg(t::text, '|' ORDER BY t::text), '')) FROM \"{table}\" t"
    found = connection.execute(query.encode()).fetchone()
    assert found
    return int(found[0]), str(found[1])


def words(runtime: Runtime, report: Report) -> str:
    """All that an operator reads of a report."""
    with runtime.sessions() as session:
        return str(boxes.take(desk_keys.private_of(session, report, keeper(runtime)), report.words_boxed))


# What comes back.


def test_everything_comes_back_as_it_was(settings: Settings, empty: Settings, made: Path) -> None:
    done = backups.restore(empty, KEY.private, made)
    assert rows(empty) == rows(settings)
    assert done.keys_fit and done.people == rows(settings)["contact"][0] > 0
    assert migrate.is_current(empty.database)


def test_a_desk_reads_in_the_restored_database_what_was_filed_before(
    runtime: Runtime, settings: Settings, empty: Settings, tmp_path: Path
) -> None:
    report = filed(runtime, "demo-mx", f"me robaron {CANARY}")
    backups.backup(settings, KEY.public, tmp_path / "made")
    backups.restore(empty, KEY.private, tmp_path / "made")
    restored = dataclasses.replace(runtime, settings=empty, sessions=sessions(empty.database))
    with restored.sessions() as session:
        there = session.get_one(Report, report.id)
    assert words(restored, there) == words(runtime, report)
    assert CANARY in words(restored, there)


def test_somebody_in_the_middle_of_a_report_goes_on_and_files_it(
    phone: Callable[..., Phone], runtime: Runtime, settings: Settings, empty: Settings, tmp_path: Path
) -> None:
    person = phone("+525512350901", "es")
    for said in ("me robaron en tapachula", "no", "ayer"):
        person.says(said)
    with runtime.sessions() as session:
        first = session.scalars(select(Inbound.id).where(Inbound.contact_id == person.contact)).first()
    media._store(runtime, first or 0, "image/png", b"a picture")
    backups.backup(settings, KEY.public, tmp_path / "made")
    backups.restore(empty, KEY.private, tmp_path / "made")
    person.says("esto ya no esta en la copia")
    for there in _running_on(runtime, empty):
        again = Phone(there, person.number, "es")
        asked = again.says("me quitaron el telefono")
        assert "menor" in asked[-1].text or "18" in asked[-1].text
        again.says("2")
        again.says("1")
        again.says("1")
        with there.sessions() as session:
            report = session.scalars(select(Report).where(Report.contact_id == person.contact)).one()
            assert report.crime_type == "robbery" and report.country == "MX"
            assert session.scalars(select(Media).where(Media.report_boxed.is_not(None))).all()
        assert "me robaron en tapachula" in words(there, report) and "me quitaron el telefono" in words(there, report)
    with runtime.sessions() as session:
        assert not session.scalars(select(Report).where(Report.contact_id == person.contact)).all()


def _running_on(runtime: Runtime, restored: Settings) -> Iterator[Runtime]:
    """An engine and an action server of its own, as `faro up` starts them, and whoever answers people."""
    ports = {"engine_port": free_port(), "actions_port": free_port()}
    here = restored.model_copy(update=ports | {"var": restored.var / "restored"})
    here.var.mkdir(exist_ok=True)
    actions = Process("actions", here, lambda: answers("127.0.0.1", here.actions_port, "/health"))
    engine = Process("engine", here, lambda: answers("127.0.0.1", here.engine_port, "/webhooks/faro/"))
    try:
        actions.start()
        engine.start()
        asked = Engine(here.engine_urls, here.engine_token)
        yield dataclasses.replace(runtime, settings=here, sessions=sessions(here.database), engine=asked)
    finally:
        for process in (actions, engine):
            if hasattr(process, "running"):
                process.stop()


# Who reads it.


def test_nothing_of_anybody_is_readable_in_the_file_which_is_its_owners_alone(made: Path, settings: Settings) -> None:
    kept = made.read_bytes()
    for plain in (b"PGDMP", b"contact", b"procrastinate", CANARY.encode(), settings.keys.encode()):
        assert plain not in kept
    assert stat.S_IMODE(made.stat().st_mode) == 0o600
    assert [path.name for path in made.parent.iterdir()] == ["made"]


def test_with_what_the_server_has_it_is_not_opened(made: Path, empty: Settings, settings: Settings) -> None:
    for private in (KEY.public, boxes.pair().private, Fernet.generate_key()[:32]):
        with pytest.raises(Refused, match="does not open"):
            backups.restore(empty, private, made)
    assert rows(empty) == {}


# What is refused.


def test_a_database_that_is_not_empty_is_left_as_it_is(settings: Settings, made: Path) -> None:
    before = rows(settings)
    with pytest.raises(Refused, match="not empty"):
        backups.restore(settings, KEY.private, made)
    assert rows(settings) == before


def test_a_changed_or_cut_file_changes_nothing(made: Path, empty: Settings) -> None:
    whole = made.read_bytes()
    places = [0, 5, len(sealed_file.MAGIC), 90, 110, 130, 136, len(whole) // 2, len(whole) - 20, len(whole) - 1]
    spoilt = [whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :] for at in places]
    spoilt += [whole[:at] for at in (*places, len(whole) - 21)] + [whole + b"x", whole + whole]
    for content in spoilt:
        made.write_bytes(content)
        with pytest.raises(Refused):
            backups.restore(empty, KEY.private, made)
    assert rows(empty) == {}
    made.write_bytes(whole)
    backups.restore(empty, KEY.private, made)


def test_a_file_that_is_changed_while_it_is_restored_leaves_the_database_empty(made: Path, empty: Settings) -> None:
    def half() -> Iterator[bytes]:
        with made.open("rb") as file:
            dump = backups._dump_in(file, KEY.private)
            yield next(dump)[:20_000]
            raise Damaged

    with pytest.raises(Damaged):
        dumping.put_back(empty, half())
    assert rows(empty) == {}


def test_half_a_dump_in_a_whole_file_leaves_the_database_empty(made: Path, empty: Settings) -> None:
    with made.open("rb") as file:
        dump = b"".join(backups._dump_in(file, KEY.private))
    for short in (dump[:1000], dump[: len(dump) // 2], dump[:-10]):
        with pytest.raises(dumping.Failed, match="pg_restore"):
            dumping.put_back(empty, [short])
        assert rows(empty) == {}


def test_a_backup_of_a_newer_faro_is_refused(empty: Settings, tmp_path: Path) -> None:
    with (tmp_path / "newer").open("wb") as file:
        sealed_file.write(file, KEY.public, [b'{"revision": "9999", "made_at": "x"}', b"PGDMP"])
    with pytest.raises(Refused, match="newer"):
        backups.restore(empty, KEY.private, tmp_path / "newer")


def test_an_older_schema_is_brought_to_the_present_one(settings: Settings, empty: Settings, tmp_path: Path) -> None:
    from alembic import command

    older = empty.model_copy(update={"database_url": empty.database + "_older"})
    with psycopg.connect(settings.database, autocommit=True) as server:
        server.execute(f"CREATE DATABASE {older.database.rpartition('/')[2]}".encode())
        command.upgrade(migrate.config(older.database), "0015")
        backups.backup(older, KEY.public, tmp_path / "older")
        server.execute(f"DROP DATABASE {older.database.rpartition('/')[2]} WITH (FORCE)".encode())
    backups.restore(empty, KEY.private, tmp_path / "older")
    assert migrate.is_current(empty.database)


def test_where_pg_dump_fails_there_is_no_file(settings: Settings, tmp_path: Path) -> None:
    """Somebody who may not read all tables: it fails in the middle."""
    name = f"half_{uuid.uuid4().hex[:8]}"
    with psycopg.connect(settings.database, autocommit=True) as server:
        server.execute(f"CREATE ROLE {name} LOGIN PASSWORD 'x'".encode())
        server.execute(f"GRANT SELECT ON alembic_version, contact TO {name}".encode())
        rest = settings.database.rpartition("@")[2]
        who = settings.model_copy(update={"database_url": f"postgresql://{name}:x@{rest}"})
        with pytest.raises(Refused, match="pg_dump"):
            backups.backup(who, KEY.public, tmp_path / "made")
        server.execute(f"REVOKE ALL ON alembic_version, contact FROM {name}; DROP ROLE {name}".encode())
    assert list(tmp_path.iterdir()) == []


def test_no_backup_is_written_over_another(settings: Settings, made: Path) -> None:
    before = made.read_bytes()
    with pytest.raises(Refused, match="there already"):
        backups.backup(settings, KEY.public, made)
    assert made.read_bytes() == before


def test_another_env_than_that_of_then_is_said(empty: Settings, made: Path) -> None:
    for changes in ({"keys": Fernet.generate_key().decode()}, {"hash_key": "another"}):
        with psycopg.connect(empty.database, autocommit=True) as connection:
            connection.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
        assert not backups.restore(empty.model_copy(update=changes), KEY.private, made).keys_fit


# The file by itself: whatever is in it, and whatever befalls it.

PIECES = st.lists(st.binary(max_size=50), max_size=5)
PAIR = Pair(KEY.public, KEY.private)


def sealed(pieces: list[bytes]) -> bytes:
    file = io.BytesIO()
    sealed_file.write(file, PAIR.public, pieces)
    return file.getvalue()


def opened(content: bytes) -> list[bytes]:
    return list(sealed_file.read(io.BytesIO(content), PAIR.private))


@taking(PIECES)
def test_what_was_put_in_comes_out(pieces: list[bytes]) -> None:
    assert opened(sealed(pieces)) == pieces


@taking(PIECES, st.data())
def test_a_flipped_bit_anywhere_is_refused(pieces: list[bytes], data: st.DataObject) -> None:
    content = bytearray(sealed(pieces))
    content[data.draw(st.integers(0, len(content) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    with pytest.raises((Damaged, WrongKey)):
        opened(bytes(content))


@taking(PIECES, st.data())
def test_a_cut_or_a_longer_file_is_refused(pieces: list[bytes], data: st.DataObject) -> None:
    content = sealed(pieces)
    shorter = content[: data.draw(st.integers(0, len(content) - 1))]
    for changed in (shorter, content + data.draw(st.binary(min_size=1, max_size=30))):
        with pytest.raises((Damaged, WrongKey)):
            opened(changed)


# At the terminal.


@pytest.mark.slow
def test_at_the_terminal_from_the_keys_to_a_machine_without_a_database(
    settings: Settings, given: Settings, runtime: Runtime, tmp_path: Path
) -> None:
    """The whole way of docs/backup.md: keys, backup, and a restore that starts PostgreSQL for itself."""
    Phone(runtime, "+5255", "es").stores("text", text="hola")
    said = _faro(settings.environment(), "keys", "backup").stdout.split()
    public = next(word for word in said if word.startswith("FARO_BACKUP_KEY=")).partition("=")[2]
    private, file = said[-1], tmp_path / "made"
    assert public.startswith(PUBLIC) and boxes.of_private(recovery.read(private)).public == recovery.read(public[7:])
    done = _faro(settings.environment() | {"FARO_BACKUP_KEY": public}, "backup", str(file))
    assert done.returncode == 0 and f"{file.stat().st_size:,} bytes" in done.stdout
    elsewhere = given.model_copy(update={"var": tmp_path / "var", "postgres_port": free_port()})
    env = {name: value for name, value in elsewhere.environment().items() if name != "DATABASE_URL"}
    done = _faro(env, "restore", str(file), said=private + "\n")
    assert done.returncode == 0, done.stderr
    assert f"{rows(settings)['contact'][0]} people" in done.stdout and private not in done.stdout + done.stderr
    assert not answers("127.0.0.1", elsewhere.postgres_port, "/")
    again = _faro(env, "restore", str(file), said=private + "\n")
    assert again.returncode == 1 and "not empty" in again.stderr


def _faro(env: dict[str, str], *words: str, said: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [ROOT / ".venv/bin/faro", *words], env=env, cwd=ROOT, input=said, capture_output=True, text=True
    )


@pytest.mark.parametrize(
    "key", ["", recovery.shown(KEY.private), "public-x", "x"], ids=["none", "the private one", "bad", "no key"]
)
def test_without_a_public_key_nothing_is_written(key: str, settings: Settings, tmp_path: Path) -> None:
    done = _faro(settings.environment() | {"FARO_BACKUP_KEY": key}, "backup", str(tmp_path / "made"))
    assert done.returncode == 1 and "FARO_BACKUP_KEY" in done.stderr and not list(tmp_path.iterdir())


def test_a_slip_in_the_private_key_is_noticed(made: Path, settings: Settings) -> None:
    done = _faro(settings.environment(), "restore", str(made), said=recovery.shown(KEY.private)[:-1] + "\n")
    assert done.returncode == 1 and "slip" in done.stderr
