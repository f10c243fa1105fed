"""Answer a person: their waiting messages, oldest first, each turn in one transaction."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import replace

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot import media, outbox
from bot.engine import EngineDown
from bot.hearing import Known, hear
from bot.replies import Reply, Wording, write
from bot.runtime import Runtime
from bot.store.models import Contact, Inbound, now
from bot.turn import Turn, person

# So many waiting messages are told to the engine at once.
MOST_AHEAD = 20


def answer(runtime: Runtime, contact_id: uuid.UUID, turned: Callable[[], None] = lambda: None) -> None:
    """Answer what this person wrote, in order, until nothing waits; ``turned`` is called after each turn.

    Raises EngineDown when it must be tried again; the person has been told so, once for each message.
    """
    _announce(runtime, contact_id)
    fetched: set[int] = set()
    while _answer_next(runtime, contact_id, fetched):
        turned()


def _announce(runtime: Runtime, contact_id: uuid.UUID) -> None:
    """Several quick messages: the engine reads the later ones while the first is worked."""
    with runtime.sessions() as session:
        contact = session.get(Contact, contact_id)
        query = select(Inbound).where(Inbound.contact_id == contact_id, Inbound.answered_at.is_(None))
        waiting = list(session.scalars(query.order_by(Inbound.id).limit(MOST_AHEAD)))
    if contact is None or len(waiting) < 2:
        return
    bodies = [runtime.vault.open(inbound.body_sealed) for inbound in waiting[1:]]
    heard = [hear(body, _known_of(contact)) for body in bodies if body["kind"] == "text"]
    runtime.engine.ahead([h.says for h in heard if h.says and h.typed])


def _answer_next(runtime: Runtime, contact_id: uuid.UUID, fetched: set[int]) -> bool:
    """Take the turn of the oldest waiting message; False when none waits. Files are fetched outside any transaction."""
    try:
        with runtime.sessions.begin() as session:
            contact = _locked(session, contact_id)
            inbound = _oldest_waiting(session, contact_id) if contact else None
            if contact is None or inbound is None:
                return False
            files = media.files(runtime.vault, inbound) if inbound.id not in fetched else []
            if not files:
                Turn(runtime, session, contact, inbound).take()
    except EngineDown:
        _apologise(runtime, contact_id)
        raise
    if files:
        fetched.add(inbound.id)
        media.keep(runtime, inbound, files)
    return True


def _locked(session: Session, contact_id: uuid.UUID) -> Contact | None:
    """The person, one turn at a time; not by a lock on the row, as a webhook may have to write STOP into it now."""
    session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(str(contact_id), 0))))
    return session.get(Contact, contact_id)


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
        if body["kind"] == "stop":
            return  # it has taken effect; they want to hear less, not more
        heard = hear(body if body["kind"] == "text" else {"kind": "silence"}, _known_of(contact))
        contact.language = contact.language or heard.language
        content = runtime.shelf.content()
        here = replace(person(contact, content), country=heard.country)
        words = Wording(content, here, now())
        parts = write(words, Reply("engine_down", {}))
        outbox.put(session, runtime.vault, contact, parts, words.say, inbound.id, kind="apology")
        inbound.apologised_at = now()


def _known_of(contact: Contact) -> Known:
    return Known(contact.language, contact.country, contact.phone_country, None, ())
