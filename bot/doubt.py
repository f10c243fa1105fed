"""Whether a number is still the same person's: numbers are given to new people, and phones change hands.

Who has been silent for long, or whose number the provider no longer knows, is in doubt: of what was filed before,
nothing is shown, sent or passed on until a receipt of theirs was shown (bot/receipt.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.content import Content
from bot.store.models import Contact, Report

# Nobody has the number, or nobody has WhatsApp on it: https://www.twilio.com/docs/api/errors. Of a changed number
# nobody tells us: a Telegram chat belongs to an account, and Twilio does not pass WhatsApp's own notice on.
GONE = ("twilio 30005", "twilio 63003", "twilio 63024")


def long_silent(contact: Contact, content: Content, at: datetime) -> bool:
    last = contact.last_inbound_at or contact.created_at
    return at - last >= timedelta(days=content.campaign.receipt_after_days)


def notice(contact: Contact, content: Content, at: datetime) -> None:
    """They write at ``at``, after too long a silence: from here on as to a stranger."""
    if contact.last_inbound_at and long_silent(contact, content, at):
        begin(contact, at)


def gone(contact: Contact, code: str | None, at: datetime) -> None:
    """The provider says that the number is nobody's now."""
    if code in GONE:
        begin(contact, at)


def begin(contact: Contact, at: datetime) -> None:
    """What was on the screen, or waited for MORE, is not for whoever writes now."""
    contact.doubted_at, contact.welcomed_at = at, None
    contact.offered, contact.rest_sealed = [], None


def settle(contact: Contact, report: Report) -> None:
    """A receipt was shown. That of a report filed since proves nothing: whoever has the number now can file, too."""
    if report.contact_id == contact.id and hides(contact, report):
        contact.doubted_at = None


def hides(contact: Contact, report: Report) -> bool:
    return contact.doubted_at is not None and report.filed_at < contact.doubted_at


def shown(contact: Contact, reports: Iterable[Report]) -> list[Report]:
    return [report for report in reports if not hides(contact, report)]


def locked(session: Session, contact: Contact, number: str | None) -> bool:
    """Whether a message about the case with this number is for somebody who has to show its receipt first."""
    if contact.doubted_at is None or number is None:
        return False
    report = session.scalars(select(Report).where(Report.number == number)).one_or_none()
    return report is None or hides(contact, report)


def cases(session: Session, contact: Contact, told: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Of the cases that the engine names, those that may be told here."""
    return [case for case in told if not locked(session, contact, case["case"])]
