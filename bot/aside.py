"""What is said aside of any turn: that we cannot answer now, that somebody writes too fast, or too much."""

from __future__ import annotations

import uuid
from dataclasses import replace

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot import outbox
from bot.addressee import person
from bot.hearing import Known, hear
from bot.replies import Reply, Wording, write
from bot.runtime import Runtime
from bot.store.models import Contact, Inbound, now


def locked(session: Session, contact_id: uuid.UUID) -> Contact | None:
    """The person, one turn at a time; not by a lock on the row, as a webhook may have to write STOP into it now."""
    session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(str(contact_id), 0))))
    return session.get(Contact, contact_id)


def known_of(contact: Contact) -> Known:
    return Known(contact.language, contact.country, contact.phone_country, None, ())


def say(session: Session, runtime: Runtime, contact: Contact, inbound: Inbound, name: str, kind: str) -> None:
    """In the person's language, as far as this message shows it; each of these ends with the number for emergencies."""
    body = runtime.vault.open(inbound.body_sealed) if inbound.body_sealed else {"kind": "silence"}
    heard = hear(body if body["kind"] == "text" else {"kind": "silence"}, known_of(contact))
    contact.language = contact.language or heard.language
    content = runtime.shelf.content()
    words = Wording(content, replace(person(contact, content), country=heard.country), now())
    outbox.put(session, runtime.vault, contact, write(words, Reply(name, {})), words.say, inbound.id, kind)
