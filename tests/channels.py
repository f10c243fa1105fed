"""What the tests of the providers share: the real gateway on a socket, somebody who writes, and what is kept of it."""

from __future__ import annotations

import contextlib
import random
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import procrastinate
import pytest
from sqlalchemy import func, select, text

from bot import inbox, jobs, outbox
from bot.channels.doors import doors
from bot.gateway import application
from bot.messages import Message
from bot.replies.wording import Option, Part
from bot.runtime import Runtime
from bot.settings import Settings
from bot.store.models import Contact, Inbound, Media, Outbound, ProviderEvent, now
from tests.fakes.wire import Server

# A request to anywhere else fails the test (pytest-socket).
AT_HOME = pytest.mark.allow_hosts(["127.0.0.1", "::1", "localhost"])
PUBLIC = "https://faro.example"


def with_settings(runtime: Runtime, **changes: Any) -> Runtime:
    """The same runtime under other settings, its doors with them."""
    changed: Settings = runtime.settings.model_copy(update=changes)
    return replace(runtime, settings=changed, doors=doors(changed))


@contextlib.contextmanager
def served(runtime: Runtime, queue: procrastinate.App) -> Iterator[str]:
    """The address of the whole gateway on a socket."""
    with Server(application(runtime, queue)) as server:
        yield server.url


def fresh_number() -> str:
    """A phone number of Mexico that nobody has had before."""
    return f"+5255{random.randrange(10**7, 10**8)}"


def options(*labels: str) -> tuple[Option, ...]:
    return tuple(Option(number, label, "/menu", {}) for number, label in enumerate(labels, 1))


@dataclass(frozen=True)
class Kept:
    """What the database holds, opened where it is sealed."""

    runtime: Runtime

    def inbound(self, provider_id: str) -> Inbound | None:
        with self.runtime.sessions() as session:
            return session.scalars(select(Inbound).where(Inbound.provider_id == provider_id)).first()

    def event(self, kind: str) -> int:
        """How many events of this kind were noted."""
        return self._count(select(func.count()).where(ProviderEvent.kind == kind))

    def outbound(self, row: int) -> Outbound:
        with self.runtime.sessions() as session:
            return session.get_one(Outbound, row)

    def person(self, contact: uuid.UUID) -> Contact:
        with self.runtime.sessions() as session:
            return session.get_one(Contact, contact)

    def files(self, inbound: int) -> list[Media]:
        with self.runtime.sessions() as session:
            return list(session.scalars(select(Media).where(Media.inbound_id == inbound).order_by(Media.id)))

    def said(self, inbound: int) -> list[str]:
        """The texts that answer a message."""
        with self.runtime.sessions() as session:
            rows = session.scalars(select(Outbound).where(Outbound.inbound_id == inbound).order_by(Outbound.id))
            return [self.runtime.vault.open(row.body_sealed)["text"] for row in rows]

    def body(self, inbound: Inbound) -> dict[str, Any]:
        opened: dict[str, Any] = self.runtime.vault.open(inbound.body_sealed)
        return opened

    def jobs(self, contact: uuid.UUID, task: str = "faro:answer") -> int:
        asked = {"task": task, "contact": str(contact)}
        query = text("SELECT count(*) FROM procrastinate_jobs WHERE task_name = :task AND args->>'contact' = :contact")
        return self._count(query.bindparams(**asked))

    def total(self) -> int:
        """Messages of everybody."""
        return self._count(select(func.count()).select_from(Inbound))

    def change(self, row: int, **values: Any) -> None:
        """Set columns of one part, as if time had passed or a process had died."""
        with self.runtime.sessions.begin() as session:
            part = session.get_one(Outbound, row)
            for name, value in values.items():
                setattr(part, name, value)

    def dump(self, *tables: str) -> str:
        """All that these tables hold, as somebody reads it who has stolen them."""
        with self.runtime.sessions() as session:
            return "\n".join(str(row) for t in tables for row in session.execute(text(f"SELECT t::text FROM {t} t")))

    def _count(self, query: Any) -> int:
        with self.runtime.sessions() as session:
            return int(session.scalar(query) or 0)


@dataclass(frozen=True)
class Writer:
    """Somebody at one address, who has written and is answered; nothing is asked of the engine."""

    runtime: Runtime
    channel: str
    number: str
    via: str

    def writes(self, kind: Any = "unreadable", body: Mapping[str, Any] | None = None) -> int:
        """The message's number; it counts as answered."""
        message = Message(self.channel, uuid.uuid4().hex, self.number, kind, dict(body or {}), via=self.via)
        with self.runtime.sessions.begin() as session:
            stored = inbox.store(session, self.runtime, message)
            contact = session.get_one(Contact, stored.contact)
            contact.last_inbound_at = session.get_one(Inbound, stored.inbound).answered_at = now()
            contact.language, contact.via = "es", self.via
            return stored.inbound or 0

    def is_owed(self, *parts: Part, kind: str = "reply") -> list[int]:
        """Parts that wait to be sent to them; their numbers."""
        inbound = self.writes()
        with self.runtime.sessions.begin() as session:
            contact = session.get_one(Contact, self.contact)
            answers = inbound if kind in ("reply", "apology") else None
            rows = outbox.put(session, self.runtime.vault, contact, parts, str, answers, kind)
            session.flush()
            return [row.id for row in rows]

    @property
    def contact(self) -> uuid.UUID:
        found = self.runtime.vault.fingerprint(self.channel, self.number)
        with self.runtime.sessions() as session:
            return session.scalars(select(Contact.id).where(Contact.address_hash == found)).one()


@pytest.fixture(scope="module")
def queue(runtime: Runtime) -> Iterator[procrastinate.App]:
    """One for all gateways of a module: a second one would take its tasks away."""
    made = jobs.queue(runtime.settings.database)
    with made.open():
        yield made


@pytest.fixture(scope="session")
def kept(runtime: Runtime) -> Kept:
    return Kept(runtime)
