"""Take in what a person sends: stored once, whatever the provider repeats, before anybody is told that it arrived."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any, cast

from sqlalchemy import Table, bindparam, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from bot.commands import command_in
from bot.messages import Event, Message
from bot.places import phone_country
from bot.runtime import Runtime
from bot.sealing import Vault
from bot.store.models import Contact, Inbound, ProviderEvent, now

# Built once: to build them anew took half of the time of a webhook.
CONTACT, INBOUND = cast(Table, Contact.__table__), cast(Table, Inbound.__table__)
FIND_CONTACT = select(CONTACT.c.id).where(
    CONTACT.c.channel == bindparam("channel"), CONTACT.c.address_hash == bindparam("found")
)
NEW_CONTACT = insert(CONTACT).on_conflict_do_nothing()
NEW_INBOUND = insert(INBOUND).on_conflict_do_nothing().returning(INBOUND.c.id)

# A message may be long; what is beyond this is cut before it is stored, and the person is told.
KEEP_LETTERS = 20_000


@dataclass(frozen=True)
class Stored:
    """``new`` is False when this very message had come before."""

    contact: uuid.UUID
    inbound: int | None
    new: bool


def store(session: Session, runtime: Runtime, message: Message) -> Stored:
    """Store a message and, where needed, the person; the caller commits. STOP takes effect here, before any turn."""
    contact = _contact(session, runtime.vault, message)
    kind = _kind(session, runtime, message, contact)
    body = {"kind": kind} | {k: _clean(v) for k, v in message.body.items()}
    row = {
        "contact_id": contact,
        "channel": message.channel,
        "provider_id": _clean(message.provider_id),
        "body_sealed": runtime.vault.seal(body | {"via": _clean(message.via)}),
        "received_at": now(),
    }
    inbound = session.scalar(NEW_INBOUND, row)
    learnt = _learnt(kind, message, inbound) if inbound is not None else {}
    if learnt:
        session.execute(update(Contact).where(Contact.id == contact).values(**learnt))
    return Stored(contact, inbound, inbound is not None)


def note(session: Session, event: Event) -> bool:
    """Store that a provider told us something; whether it was new."""
    told = {"provider_id": _clean(event.provider_id), "kind": _clean(event.kind)}
    row = told | {"channel": event.channel, "received_at": now()}
    statement = insert(ProviderEvent).values(row).on_conflict_do_nothing().returning(ProviderEvent.kind)
    return session.scalar(statement) is not None


def _kind(session: Session, runtime: Runtime, message: Message, contact: uuid.UUID) -> str:
    """The message's kind; a text that is nothing but a command is that command."""
    if message.kind != "text":
        return message.kind
    command = command_in(str(message.body["text"]), runtime.shelf.content().commands)
    if command == "start":  # for everybody else it is a greeting
        stopped = select(Contact.stopped_at).where(Contact.id == contact)
        return "start" if session.scalar(stopped) else "text"
    return "stop" if command == "stop" else "text"


def _learnt(kind: str, message: Message, inbound: int) -> dict[str, Any]:
    """What a message changes before its turn comes. Columns that a turn does not write, so that neither waits."""
    learnt: dict[str, Any] = {}
    if kind == "stop":
        learnt = {"stopped_at": now(), "stopped_by": inbound, "case_messages": False}
    elif kind == "start":
        learnt = {"stopped_at": None, "stopped_by": None, "case_messages": True}
    if kind == "blocked" or (kind == "stop" and message.body.get("by_provider")):
        learnt["blocked_at"] = now()
    elif kind == "start":
        learnt["blocked_at"] = None
    return learnt | ({"language": message.language} if message.language else {})


def _clean(value: Any) -> Any:
    """PostgreSQL and JSON take neither NUL nor half a character; nobody can read them either."""
    if isinstance(value, list):
        return [_clean(inner) for inner in value]
    if isinstance(value, dict):
        return {name: _clean(inner) for name, inner in value.items()}
    if not isinstance(value, str):
        return value
    readable = value.encode("utf-8", "replace").decode("utf-8")
    return "".join(c for c in readable if c in "\n\t" or c >= " ")[:KEEP_LETTERS]


def _contact(session: Session, vault: Vault, message: Message) -> uuid.UUID:
    """The id of the person at this address; the first message makes the row, also when two come at once."""
    key = {"channel": message.channel, "found": vault.fingerprint(message.channel, message.address)}
    contact: uuid.UUID | None = session.scalar(FIND_CONTACT, key)
    if contact is None:
        session.execute(NEW_CONTACT, _stranger(vault, message, key["found"]))
        return cast(uuid.UUID, session.scalars(FIND_CONTACT, key).one())
    return contact


def _stranger(vault: Vault, message: Message, found: str) -> dict[str, Any]:
    return {
        "id": uuid.uuid4(),
        "channel": message.channel,
        "address_hash": found,
        "address_sealed": vault.seal(message.address),
        "phone_country": phone_country(message.address) if message.address.startswith("+") else None,
        "language": message.likely_language,
        "via": _clean(message.via),
        "came_by": message.came_by,
        "created_at": now(),
        "subscribed": False,
        "case_messages": True,
        "offered": [],
    }
