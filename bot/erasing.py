"""Erase a person at their wish, and what is past its time."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from bot import copying, follow_up, holds, partners, retention
from bot.runtime import Runtime
from bot.store.models import Contact, Conversation, Inbound, Outbound, ProviderEvent, ReceiptTry, Report, now

# Long enough for the farewell to be delivered and read.
FAREWELL = timedelta(hours=1)


def erase(session: Session, contact: Contact, current: Inbound) -> list[str]:
    """Erase what we know of a person but for the message being answered; returns the cases that must stay.

    A report that no desk has accepted goes; an accepted one, or one on legal hold, stays with its desk, cut off from
    the person.
    """
    kept = _cut_off_reports(session, contact)
    session.execute(delete(Outbound).where(Outbound.contact_id == contact.id))
    session.execute(delete(Inbound).where(Inbound.contact_id == contact.id, Inbound.id != current.id))
    session.execute(delete(Conversation).where(Conversation.contact_id == contact.id))
    contact.country = contact.phone_country = contact.form = contact.told_emergency = contact.foreign_language = None
    contact.subscribed = False
    contact.via = contact.came_by = contact.rest_sealed = contact.sms_agreed_at = None
    contact.safe = contact.safe_from = contact.safe_until = contact.opened_at = contact.doubted_at = None
    contact.erased_at = now()
    return kept


def _cut_off_reports(session: Session, contact: Contact) -> list[str]:
    mine = Report.contact_id == contact.id
    partners.forget(session, contact.id)
    copying.forget(session, contact.id)
    session.execute(select(Report.id).where(mine).with_for_update())  # from here on nobody sets a hold on one of them
    session.execute(delete(Report).where(mine, Report.status == "filed", ~holds.held()))
    for report in session.scalars(select(Report).where(mine, holds.held())):
        holds.keep_files(session, report)
    kept = list(session.scalars(select(Report.number).where(mine)))
    session.execute(update(Report).where(mine).values(contact_id=None, may_reply=False))
    return kept


def forget(runtime: Runtime, at: datetime) -> None:
    """What is past the days that campaign.yml promises, and erased people whose farewell was delivered."""
    retention.reduce_due(runtime, at)
    old = at - timedelta(days=runtime.shelf.content().campaign.message_days)
    with runtime.sessions.begin() as session:
        held = holds.messages(session)
        session.execute(delete(Contact).where(Contact.erased_at < at - FAREWELL))
        session.execute(delete(Outbound).where(Outbound.created_at < old, ~holds.sent()))
        session.execute(delete(Inbound).where(Inbound.received_at < old, ~held))
        session.execute(delete(ProviderEvent).where(ProviderEvent.received_at < old))
        session.execute(delete(Conversation).where(Conversation.updated_at < old))
        session.execute(delete(ReceiptTry).where(ReceiptTry.tried_at < at - follow_up.KEPT))
        _forget_silent(session, old)


def _forget_silent(session: Session, old: datetime) -> None:
    """People of whom nothing is left: no message, no report."""
    talks = select(Inbound.id).where(Inbound.contact_id == Contact.id).exists()
    reported = select(Report.id).where(Report.contact_id == Contact.id).exists()
    session.execute(delete(Contact).where(Contact.created_at < old, ~talks, ~reported))
