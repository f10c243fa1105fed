"""Answer a person: their waiting messages, oldest first, each turn in one transaction."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from bot import aside, media, pace, slots
from bot.engine import EngineDown
from bot.hearing import hear
from bot.pace import Pace
from bot.runtime import Runtime
from bot.store.allowance import Allowance
from bot.store.models import Contact, Inbound, now
from bot.turn import Turn

# So many waiting messages are told to the engine at once.
MOST_AHEAD = 20


def answer(runtime: Runtime, contact_id: uuid.UUID, turned: Callable[[], None] = lambda: None) -> float | None:
    """Answer what this person wrote, in order, as far as their pace goes; ``turned`` is called after each turn.

    Seconds until it goes on, None when nothing waits. Raises EngineDown when it must be tried again; the person has
    been told so, once for each message.
    """
    with runtime.sessions() as session:
        row = session.get(Allowance, contact_id)
        waiting = list(session.scalars(_waiting(contact_id).order_by(Inbound.id).limit(MOST_AHEAD)))
    allowed = pace.begin(runtime, contact_id, row)
    if not allowed.turns:
        return allowed.pause
    _announce(runtime, contact_id, waiting[1 : allowed.turns])
    known = allowed.each and len(waiting) < MOST_AHEAD
    return _answer(runtime, contact_id, allowed, len(waiting) if known else None, turned)


def _answer(
    runtime: Runtime, contact_id: uuid.UUID, allowed: Pace, known: int | None, turned: Callable[[], None]
) -> float | None:
    """``known``: so many wait, and nobody need look whether there are more."""
    fetched: set[int] = set()
    taken = 0
    while taken - len(fetched) < (allowed.turns if known is None else known):
        if (wait := _answer_next(runtime, contact_id, fetched, allowed)) is None:
            return pace.end(runtime, contact_id, allowed) if allowed.slow else None
        if wait:
            return wait
        taken += 1
        turned()
    return pace.end(runtime, contact_id, allowed) if known is None else None


def _waiting(contact_id: uuid.UUID) -> Select[Inbound]:
    return select(Inbound).where(Inbound.contact_id == contact_id, Inbound.answered_at.is_(None))


def _announce(runtime: Runtime, contact_id: uuid.UUID, later: Sequence[Inbound]) -> None:
    """Several quick messages: the engine reads the later ones while the first is worked."""
    if not later:
        return
    with runtime.sessions() as session:
        contact = session.get(Contact, contact_id)
    if contact is None:
        return
    bodies = [runtime.vault.open(inbound.body_sealed) for inbound in later]
    heard = [hear(body, aside.known_of(contact)) for body in bodies if body["kind"] == "text"]
    runtime.engine.ahead(contact_id, [h.says for h in heard if h.says and h.typed])


def _answer_next(runtime: Runtime, contact_id: uuid.UUID, fetched: set[int], allowed: Pace) -> float | None:
    """Take the turn of the next waiting message; None when none waits, else 0, or in how many seconds to go on.

    Files are fetched outside any transaction.
    """
    try:
        with runtime.sessions.begin() as session:
            contact = aside.locked(session, contact_id)
            inbound = _next_waiting(session, contact, allowed) if contact else None
            if contact is None or inbound is None:
                return None
            files = media.files(runtime.vault, inbound) if inbound.id not in fetched else []
            if not files:
                Turn(runtime, session, contact, inbound).take()
    except EngineDown:
        _apologise(runtime, contact_id)
        raise
    return _fetch(runtime, inbound, files, fetched) if files else 0.0


def _fetch(runtime: Runtime, inbound: Inbound, files: list[dict[str, Any]], fetched: set[int]) -> float:
    with slots.one(runtime.doors.get(inbound.channel), runtime.settings.worker_concurrency // 2) as wait:
        if not wait:
            fetched.add(inbound.id)
            media.keep(runtime, inbound, files)
        return wait


def _next_waiting(session: Session, contact: Contact, allowed: Pace) -> Inbound | None:
    """The oldest; but STOP and the clearing word first, where somebody is answered slowly."""
    waiting = _waiting(contact.id)
    first = waiting.order_by(Inbound.id).limit(1)
    quiet = session.scalars(first.where(Inbound.id == contact.stopped_by)).first() if allowed.slow else None
    return quiet or session.scalars(first).first()


def _apologise(runtime: Runtime, contact_id: uuid.UUID) -> None:
    """Once for each waiting message: we have it, we cannot answer now, and the number for emergencies."""
    with runtime.sessions.begin() as session:
        contact = aside.locked(session, contact_id)
        inbound = _next_waiting(session, contact, pace.CALM) if contact else None
        if contact is None or inbound is None or inbound.apologised_at:
            return
        if runtime.vault.open(inbound.body_sealed)["kind"] in ("stop", "clear"):
            return  # it has taken effect; they want to hear less, not more
        aside.say(session, runtime, contact, inbound, "engine_down", "apology")
        inbound.apologised_at = now()
