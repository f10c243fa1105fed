"""Take in what a person sends: stored once, whatever the provider repeats, before anybody is told that it arrived."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from bot.places import phone_country
from bot.sealing import Vault
from bot.store.models import Contact, Inbound, now

# A message may be long; what is beyond this is cut before it is stored, and the person is told.
KEEP_LETTERS = 20_000


@dataclass(frozen=True)
class Message:
    """One message as a channel read it. ``body`` depends on ``kind``:

    text: ``{"text"}``; option: ``{"number"}``; location: ``{"lat", "lon"}``; unreadable: ``{}``;
    silence (from our own clock): ``{}``.
    """

    channel: str
    provider_id: str
    address: str
    kind: Literal["text", "option", "location", "unreadable", "silence"]
    body: dict[str, Any]
    language: str | None = None


@dataclass(frozen=True)
class Stored:
    """``new`` is False when this very message had come before."""

    contact: uuid.UUID
    inbound: int | None
    new: bool


def store(session: Session, vault: Vault, message: Message) -> Stored:
    """Store a message and, where needed, the person; the caller commits."""
    contact = _contact(session, vault, message)
    if message.language:
        session.get_one(Contact, contact).language = message.language
    body = {"kind": message.kind} | {k: _clean(v) for k, v in message.body.items()}
    row = {
        "contact_id": contact,
        "channel": message.channel,
        "provider_id": message.provider_id,
        "body_sealed": vault.seal(body),
        "received_at": now(),
    }
    statement = insert(Inbound).values(row).on_conflict_do_nothing().returning(Inbound.id)
    inbound = session.scalar(statement)
    return Stored(contact, inbound, inbound is not None)


def _clean(value: Any) -> Any:
    """PostgreSQL and JSON take neither NUL nor half a character; nobody can read them either."""
    if not isinstance(value, str):
        return value
    readable = value.encode("utf-8", "replace").decode("utf-8")
    return "".join(c for c in readable if c in "\n\t" or c >= " ")[:KEEP_LETTERS]


def _contact(session: Session, vault: Vault, message: Message) -> uuid.UUID:
    """The id of the person at this address; the first message makes the row, also when two come at once."""
    found = vault.fingerprint(message.channel, message.address)
    row = {
        "id": uuid.uuid4(),
        "channel": message.channel,
        "address_hash": found,
        "address_sealed": vault.seal(message.address),
        "phone_country": phone_country(message.address),
        "created_at": now(),
        "subscribed": False,
        "offered": [],
    }
    session.execute(insert(Contact).values(row).on_conflict_do_nothing())
    query = select(Contact.id).where(Contact.channel == message.channel, Contact.address_hash == found)
    return session.scalars(query).one()
