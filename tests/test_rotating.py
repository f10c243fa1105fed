"""Keys change without anything being lost: `faro keys rotate`."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

import pytest
from cryptography.fernet import Fernet, InvalidToken
from sqlalchemy import create_engine, select, text
from sqlalchemy.orm import sessionmaker

from bot import rotating
from bot.runtime import Runtime
from bot.sealing import Vault
from bot.settings import Settings
from bot.store import migrate
from bot.store.models import Base, Conversation, Media
from bot.store.session import Sessions, connect
from tests.reports import filed

OLD, NEW = Fernet.generate_key().decode(), Fernet.generate_key().decode()


@pytest.fixture
def kept(runtime: Runtime, settings: Settings) -> Iterator[Runtime]:
    """A database of its own in which a report, a conversation and a picture are sealed with the old key."""
    base, _, _ = settings.database.rpartition("/")
    server = create_engine(connect(settings.database).url, isolation_level="AUTOCOMMIT")
    with server.connect() as connection:
        connection.execute(text("DROP DATABASE IF EXISTS rotating WITH (FORCE)"))
        connection.execute(text("CREATE DATABASE rotating"))
    migrate.upgrade(f"{base}/rotating")
    sessions = sessionmaker(connect(f"{base}/rotating"), expire_on_commit=False)
    old = Vault.of(OLD, "hash")
    made = dataclasses.replace(runtime, sessions=sessions, vault=old)
    report = filed(made, "demo-mx", words="canary of the old key")
    with sessions.begin() as session:
        session.add(Conversation(contact_id=report.contact_id, events=old.seal_bytes(b"[]")))
        for _ in range(rotating.BATCH + 3):
            session.add(
                Media(inbound_id=report.inbound_id, content_type="image/png", size=1, body_sealed=old.seal_bytes(b"x"))
            )
    yield made
    sessions.kw["bind"].dispose()


def opened_by(sessions: Sessions, key: str) -> tuple[int, int]:
    """How many sealed values there are, and how many of them this key opens."""
    fernet = Fernet(key)
    with sessions() as session:
        values = [bytes(v) for column in rotating.sealed() for v in session.scalars(select(column)) if v is not None]
    return len(values), sum(_opens(fernet, value) for value in values)


def _opens(fernet: Fernet, value: bytes) -> bool:
    try:
        fernet.decrypt(value)
    except InvalidToken:
        return False
    return True


def test_after_rotating_the_old_key_opens_nothing_and_the_new_one_everything(kept: Runtime) -> None:
    before, _ = opened_by(kept.sessions, OLD)
    done = list(rotating.rotate(kept.sessions, f"{NEW},{OLD}"))
    assert sum(column.sealed_anew for column in done) == before > rotating.BATCH
    assert opened_by(kept.sessions, NEW) == (before, before)
    assert opened_by(kept.sessions, OLD) == (before, 0)


def test_what_was_interrupted_is_finished_and_nothing_is_done_twice(kept: Runtime) -> None:
    first = next(rotating.rotate(kept.sessions, f"{NEW},{OLD}"))
    done = list(rotating.rotate(kept.sessions, f"{NEW},{OLD}"))
    assert first.sealed_anew and not done[0].sealed_anew
    assert not sum(column.sealed_anew for column in rotating.rotate(kept.sessions, f"{NEW},{OLD}"))


def test_what_no_key_opens_is_counted_and_left_as_it_is(kept: Runtime) -> None:
    before, _ = opened_by(kept.sessions, OLD)
    done = list(rotating.rotate(kept.sessions, NEW))
    assert sum(column.lost for column in done) == before
    assert opened_by(kept.sessions, OLD) == (before, before)


def test_no_column_of_bytes_holds_anything_but_sealed_values() -> None:
    names = {column.name for column in rotating.sealed()}
    assert names - {"events"} == {name for name in names if name.endswith("_sealed")}
    assert all(len(table.primary_key.columns) == 1 for table in {c.table for c in rotating.sealed()})
    assert Base.metadata.tables["conversation"].columns["events"].name == "events"
