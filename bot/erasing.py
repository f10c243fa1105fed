"""Erase a person at their wish, and what is past its time."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from bot.content import Campaign
from bot.store.models import Contact, Conversation, Inbound, Outbound, ProviderEvent, ReceiptTry, Report, now

# Long enough for the farewell to be delivered and read.
FAREWELL = timedelta(hours=1)


def erase(session: Session, contact: Contact, current: Inbound) -> list[str]:
    """Erase what we know of a person but for the message being answered; returns the cases that must stay.

    A report that no desk has accepted goes; an accepted one stays with its desk, cut off from the person.
    """
    kept = _cut_off_reports(session, contact)
    session.execute(delete(Outbound).where(Outbound.contact_id == contact.id))
    session.execute(delete(Inbound).where(Inbound.contact_id == contact.id, Inbound.id != current.id))
    session.execute(delete(Conversation).where(Conversation.contact_id == contact.id))
    contact.country = contact.phone_country = contact.form = contact.told_emergency = contact.foreign_language = None
    contact.subscribed = False
    contact.via = contact.came_by = contact.rest_sealed = contact.sms_agreed_at = None
    contact.erased_at = now()
    return kept


def _cut_off_reports(session: Session, contact: Contact) -> list[str]:
    mine = Report.contact_id == contact.id
    session.execute(delete(Report).where(mine, Report.status == "filed"))
    kept = list(session.scalars(select(Report.number).where(mine)))
    session.execute(update(Report).where(mine).values(contact_id=None, may_reply=False))
    return kept


def forget(session: Session, campaign: Campaign) -> None:
    """What is past the days that campaign.yml promises, and erased people whose farewell was delivered."""
    old = now() - timedelta(days=campaign.message_days)
    session.execute(delete(Contact).where(Contact.erased_at < now() - FAREWELL))
    session.execute(delete(Outbound).where(Outbound.created_at < old))
    session.execute(delete(Inbound).where(Inbound.received_at < old))
    session.execute(delete(ProviderEvent).where(ProviderEvent.received_at < old))
    session.execute(delete(Conversation).where(Conversation.updated_at < old))
    session.execute(delete(ReceiptTry).where(ReceiptTry.tried_at < now() - timedelta(hours=1)))
    ended = now() - timedelta(days=campaign.report_days)
    session.execute(delete(Report).where(Report.closed_at < ended))
    _forget_silent(session, old)


def _forget_silent(session: Session, old: object) -> None:
    """People of whom nothing is left: no message, no report."""
    talks = select(Inbound.id).where(Inbound.contact_id == Contact.id).exists()
    reported = select(Report.id).where(Report.contact_id == Contact.id).exists()
    session.execute(delete(Contact).where(Contact.created_at < old, ~talks, ~reported))
