"""Is it safe to answer here, and when? Asked once, kept with the person, obeyed by bot/veil.py; and what they write to
read what waits, to choose anew, or to clear the chat."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from bot import copying, doubt, reports, veil
from bot.daytimes import AFTERNOON, EVENING, MORNING
from bot.engine import Answer
from bot.hearing import Heard
from bot.quiet import Hours, one_city
from bot.replies import Reply
from bot.runtime import Runtime
from bot.store.models import Contact, Conversation, Inbound, Outbound, now

if TYPE_CHECKING:
    from bot.turn import Turn

# After these somebody may be written to, so they are asked whether that is safe.
CONSENT = ("copy_yes", "copy_no")
BEGINS = ("report_filed", "person_asked", *CONSENT)
# The words for what they wrote before they asked to clear the chat.
CLEARED = Answer(({"reply": "cleared"},), None, None, {}, intent=None)


def asked_after(turn: Turn, replies: list[Reply]) -> list[Reply]:
    """The question, once: where no answer comes, the neutral words are what counts. Whoever has the number now was not
    asked yet."""
    contact = turn.contact
    may = any(reply.name in BEGINS and reply.params.get("may_reply") for reply in replies)
    waited = contact.safe == "neutral" and any(reply.name in CONSENT for reply in replies)
    if not may or not (contact.safe is None or contact.doubted_at or waited):
        return []
    contact.safe = "neutral"
    if any(reply.name == "ask_copy" for reply in replies):  # one question after the other
        return []
    return [Reply("ask_safe", {"sms": has_sms(turn)})]


def has_sms(turn: Turn) -> bool:
    return turn.contact.channel == "whatsapp" and "sms" in turn.runtime.doors


def asks_sms(turn: Turn, replies: list[Reply]) -> bool:
    """Whether SMS may stand in where WhatsApp does not let us write: one question after the other."""
    names = {reply.name for reply in replies}
    if names & {"ask_safe", "ask_copy", "safe_sms", "safe_never"}:
        return False
    told = any(reply.name == "report_filed" and reply.params["may_reply"] for reply in replies)
    chosen = names & {"safe_any", "safe_hours", "safe_neutral"}
    return told or bool(chosen and doubt.shown(turn.contact, reports.of_contact(turn.session, turn.contact.id)))


def ask(turn: Turn, reply: Reply, heard: Heard, answer: Answer) -> Reply:
    chosen = None if turn.contact.doubted_at else turn.contact.safe
    return replace(reply, params={"sms": has_sms(turn), "chosen": chosen})


def choose(turn: Turn, reply: Reply, heard: Heard, answer: Answer) -> Reply:
    turn.contact.safe = reply.name.removeprefix("safe_")
    turn.contact.safe_from = turn.contact.safe_until = None
    return reply


def choose_sms(turn: Turn, reply: Reply, heard: Heard, answer: Answer) -> Reply:
    """Only where there is SMS; a button of long ago may offer what is gone."""
    return choose(turn, reply, heard, answer) if has_sms(turn) else ask(turn, Reply("ask_safe", {}), heard, answer)


def choose_hours(turn: Turn, reply: Reply, heard: Heard, answer: Answer) -> Reply:
    """Hours that were told, else it is asked which; until then nothing changes."""
    named = {"safe_morning": MORNING, "safe_afternoon": AFTERNOON, "safe_evening": EVENING}.get(reply.name)
    told = heard.hours or named
    if told is None:
        return Reply("ask_hours", {})
    contact = turn.contact
    contact.safe, (contact.safe_from, contact.safe_until) = "hours", told
    city = one_city(Hours(*told), veil.where(turn.runtime, contact), now())
    country = contact.country or contact.phone_country
    return Reply("safe_hours", {"begins": told[0], "ends": told[1], "city": city, "country": country})


def read(turn: Turn, reply: Reply, heard: Heard, answer: Answer) -> Reply:
    """What waits goes out behind this message; the same words whether there was anything."""
    opens(turn.session, turn.runtime, turn.contact)
    return Reply("read_locked", {}) if turn.contact.doubted_at else Reply("read_done", {})


def opens(session: Session, runtime: Runtime, contact: Contact) -> None:
    """They asked for what waits. Who reads a neutral line as SMS answers by SMS, and is another contact there."""
    contact.opened_at = now()
    if contact.channel != "sms":
        return
    address = runtime.vault.open(contact.address_sealed)
    same = runtime.vault.fingerprint("whatsapp", address)
    query = select(Contact).where(Contact.channel == "whatsapp", Contact.address_hash == same)
    for other in session.scalars(query.where((Contact.safe == "sms") | Contact.sms_agreed_at.is_not(None))):
        other.opened_at = now()
        held = Outbound.contact_id == other.id, Outbound.status == "held", Outbound.channel == "sms"
        session.execute(update(Outbound).where(*held).values(status="waiting", next_try_at=None))  # the sweep sends it


def clear(turn: Turn, reply: Reply, heard: Heard, answer: Answer) -> Reply:
    """Our messages have stopped in the inbox already. A half-made report goes: left open, it would ask its next
    question of whoever holds the phone, and close with a message a day later."""
    turn.session.execute(delete(Conversation).where(Conversation.contact_id == turn.contact.id))
    copying.forget(turn.session, turn.contact.id)
    turn.contact.rest_sealed = turn.contact.told_emergency = None
    return replace(reply, params={"channel": turn.contact.channel})


def is_past(contact: Contact, inbound: Inbound) -> bool:
    """Whether they asked to clear the chat after it: it is not answered, and begins nothing."""
    return inbound.id < (contact.cleared_by or 0)


def status(turn: Turn, reply: Reply, heard: Heard, answer: Answer) -> Reply:
    cases = doubt.cases(turn.session, turn.contact, reply.params["cases"])
    return replace(reply, params=dict(reply.params) | {"cases": cases})


def receipt_shown(turn: Turn, report: Any) -> None:
    """Whoever has it may read what waits."""
    doubt.settle(turn.contact, report)
    if report.contact_id == turn.contact.id:
        opens(turn.session, turn.runtime, turn.contact)


DOES: Mapping[str, Callable[[Turn, Reply, Heard, Answer], Reply]] = {
    "ask_safe": ask,
    "safe_any": choose,
    "safe_neutral": choose,
    "safe_never": choose,
    "safe_sms": choose_sms,
    "safe_hours": choose_hours,
    "safe_morning": choose_hours,
    "safe_afternoon": choose_hours,
    "safe_evening": choose_hours,
    "read": read,
    "cleared": clear,
    "report_status": status,
}
