"""Nothing unasked goes out but as the person wished: every message passes here on its way to a provider."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import ColumnElement, exists, func, select
from sqlalchemy.orm import Session

from bot import doubt
from bot.addressee import person
from bot.places import present_form
from bot.policy import ANSWERS
from bot.quiet import Hours, clocks, next_time
from bot.replies import Wording
from bot.runtime import Runtime
from bot.store.models import Contact, Inbound, Outbound, now
from bot.wishes import AT_ONCE, Do, Sending, Wish, decide

WAITS = Outbound.status == "held", Outbound.reason == "hours"


def send_elsewhere(session: Session, row: Outbound, contact: Contact) -> None:
    """By SMS in place of WhatsApp, if they chose that; what they ask for is answered where they ask."""
    asked = contact.channel != "whatsapp" or _is_direct(session, row) or _is_opened(row, contact)
    if contact.safe == "sms" and not asked:
        row.channel = "sms"


def may_go(runtime: Runtime, session: Session, row: Outbound, contact: Contact) -> bool:
    """Whether it can be sent now; where not, the row is marked with the reason, and a neutral line goes if need be."""
    if row.kind == "neutral" and not _veiled(session, contact):
        row.status, row.reason = "withheld", "opened"  # what it announced has gone
        return False
    wished = wish(runtime, contact, now())
    do, reason = decide(_sending(runtime, session, row, contact), wished, now())
    if do is Do.GO:
        return True
    row.status, row.reason = "withheld" if do is Do.DROP else "held", reason
    row.first_tried_at, row.attempts = None, 0
    if do is Do.WAIT and wished.hours:
        row.next_try_at = next_time(wished.hours, wished.where, now())
    if do is Do.VEIL and not _announced(session, row):
        session.add(_neutral(runtime, contact))
    return False


def wish(runtime: Runtime, contact: Contact, at: datetime) -> Wish:
    """What they chose, as it counts now."""
    content = runtime.shelf.content()
    silent = doubt.long_silent(contact, content, at)
    if contact.safe != "hours" or contact.safe_from is None or contact.safe_until is None:
        return Wish(contact.safe, silent=silent)
    hours = Hours(contact.safe_from, contact.safe_until)
    return Wish("hours", hours, where(runtime, contact), silent)


def where(runtime: Runtime, contact: Contact) -> tuple[str, ...]:
    """The time zones in which they may be now."""
    address = present_form(str(runtime.vault.open(contact.address_sealed)))
    country = person(contact, runtime.shelf.content()).country
    return clocks(country, address if address.startswith("+") else None)


def _sending(runtime: Runtime, session: Session, row: Outbound, contact: Contact) -> Sending:
    body = runtime.vault.open(row.body_sealed)
    neutral = runtime.shelf.content().templates.get("neutral", {}).values()
    return Sending(
        row.kind,
        direct=_is_direct(session, row),
        opened=_is_opened(row, contact),
        locked=doubt.locked(session, contact, body.get("about")),
        says_nothing=row.kind == "neutral" or body.get("template") in neutral,
    )


def _is_direct(session: Session, row: Outbound) -> bool:
    """It answers what they wrote just now. What is answered late is as unasked as the rest: it rings in the night."""
    if row.kind not in ANSWERS or row.inbound_id is None:
        return False
    return now() - session.get_one(Inbound, row.inbound_id).received_at < AT_ONCE


def _is_opened(row: Outbound, contact: Contact) -> bool:
    opened = contact.opened_at
    return opened is not None and row.created_at <= opened and now() - opened < AT_ONCE


def _veiled(session: Session, contact: Contact) -> bool:
    return _some(session, contact.id, Outbound.status == "held", Outbound.reason == "neutral")


def _announced(session: Session, row: Outbound) -> bool:
    """Whether a neutral line has gone, or will, since this was put into the outbox."""
    since = Outbound.created_at >= row.created_at
    return _some(
        session, row.contact_id, since, Outbound.kind == "neutral", Outbound.status.not_in(("failed", "withheld"))
    )


def _some(session: Session, contact: uuid.UUID, *which: ColumnElement[bool]) -> bool:
    return bool(session.scalar(select(exists().where(Outbound.contact_id == contact, *which))))


def _neutral(runtime: Runtime, contact: Contact) -> Outbound:
    content = runtime.shelf.content()
    words = Wording(content, person(contact, content), now())
    text = words.say("neutral_message", word=words.say("label_word_read"))
    sealed = runtime.vault.seal({"text": text, "look": "plain", "opener": "", "about": None})
    return Outbound(contact_id=contact.id, inbound_id=None, kind="neutral", body_sealed=sealed)


# What waits for the hours they chose comes back by itself.


def opens_in(runtime: Runtime, contact: uuid.UUID) -> float | None:
    """Seconds until the hours begin for which something of this person's waits."""
    with runtime.sessions() as session:
        first = session.scalar(select(func.min(Outbound.next_try_at)).where(Outbound.contact_id == contact, *WAITS))
    return max((first - now()).total_seconds(), 0.05) if first else None


def due(session: Session, late: datetime) -> list[uuid.UUID]:
    """People for whom the hours have begun that something waited for."""
    query = select(Outbound.contact_id).where(*WAITS, Outbound.next_try_at < late)
    return list(session.scalars(query.distinct()))
