"""What a person is told, unasked, about a report of theirs."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from bot import outbox
from bot.addressee import person
from bot.replies import Reply, Wording, write
from bot.runtime import Runtime
from bot.store.models import Contact, Outbound, Report


def tell(session: Session, runtime: Runtime, report: Report, reply: Reply, at: datetime) -> list[Outbound]:
    """Say something about a report to the person who filed it, in their language, if they allowed it."""
    if not report.may_reply or report.contact_id is None:
        return []
    contact = session.get_one(Contact, report.contact_id)
    content = runtime.shelf.content()
    words = Wording(content, person(contact, content), at)
    parts = write(words, reply)
    if reply.name == "case_message":  # "1" or "never" now answers the desk
        contact.offered = []
    return outbox.put(session, runtime.vault, contact, parts, words.say, None, "case", report.number)
