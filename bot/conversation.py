"""Answer a person: their waiting messages, oldest first, each turn in one transaction."""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot import outbox
from bot.engine import EngineDown
from bot.hearing import Known, hear
from bot.replies import Reply, Wording, write
from bot.runtime import Runtime
from bot.store.models import Contact, Inbound, now
from bot.turn import Turn, person


def answer(runtime: Runtime, contact_id: uuid.UUID) -> None:
    """Answer what this person wrote, in order, until nothing waits.

    Raises EngineDown when it must be tried again; the person has been told so, once for each message.
    """
    while _answer_next(runtime, contact_id):
        pass


def _answer_next(runtime: Runtime, contact_id: uuid.UUID) -> bool:
    try:
        with runtime.sessions.begin() as session:
            contact = _locked(session, contact_id)
            inbound = _oldest_waiting(session, contact_id) if contact else None
            if contact is None or inbound is None:
                return False
            Turn(runtime, session, contact, inbound).take()
            return True
    except EngineDown:
        _apologise(runtime, contact_id)
        raise


def _locked(session: Session, contact_id: uuid.UUID) -> Contact | None:
    """The person's row, one turn at a time; the action server may still refer to it meanwhile (key share)."""
    return session.get(Contact, contact_id, with_for_update={"key_share": True})


def _oldest_waiting(session: Session, contact_id: uuid.UUID) -> Inbound | None:
    query = (
        select(Inbound)
        .where(Inbound.contact_id == contact_id, Inbound.answered_at.is_(None))
        .order_by(Inbound.id)
        .limit(1)
    )
    return session.scalars(query).first()


def _apologise(runtime: Runtime, contact_id: uuid.UUID) -> None:
    """Once for each waiting message: we have it, we cannot answer now, and the number for emergencies."""
    with runtime.sessions.begin() as session:
        contact = _locked(session, contact_id)
        inbound = _oldest_waiting(session, contact_id)
        if contact is None or inbound is None or inbound.apologised_at:
            return
        body = runtime.vault.open(inbound.body_sealed)
        heard = hear(body if body["kind"] == "text" else {"kind": "silence"}, _known_of(contact))
        contact.language = contact.language or heard.language
        content = runtime.shelf.content()
        here = replace(person(contact, content), country=heard.country)
        words = Wording(content, here, date.today())
        parts = write(words, Reply("engine_down", {}))
        outbox.put(session, runtime.vault, contact, parts, inbound.id, kind="apology")
        inbound.apologised_at = now()


def _known_of(contact: Contact) -> Known:
    return Known(contact.language, contact.country, contact.phone_country, None, ())
