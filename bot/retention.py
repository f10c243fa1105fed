"""A report that was closed long enough ago is reduced to its statistics: no word, no person, no hour of day."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Column, delete, null, or_, select, update
from sqlalchemy.orm import Session

import bot.store.working  # noqa: F401 (its tables are about reports too)
from bot import holds, reports
from bot.content import Content
from bot.runtime import Runtime
from bot.store.models import Base, CaseMessage, Conversation, Inbound, LegalHold, Outbound, Report

log = logging.getLogger(__name__)

# What stays. Every other column is emptied, and every other table's rows about the report go: closed by default.
STAYS = {
    "id", "kind", "desk", "status", "crime_type", "country", "language", "urgent", "minor", "outcome",
}  # fmt: skip
# Kept to the day: the hour at which a desk worked would lead back to a person who knows when they wrote.
DAYS = ("filed_at", "accepted_at", "closed_at")
# Who set and ended a hold, and when, stays; the reason does not.
STAYING_TABLES = {LegalHold.__tablename__}


def reduce_due(runtime: Runtime, at: datetime) -> int:
    """Reduce every report past its days, each in one transaction; returns how many. One that fails stops no other."""
    done = 0
    for report_id in _past(runtime, at):
        try:
            with runtime.sessions.begin() as session:
                done += reduce_one(session, runtime, report_id, at)
        except Exception as error:  # tried again in an hour
            log.error("a report was not reduced: %s", type(error).__name__)
    return done


def is_due(report: Report, content: Content, at: datetime) -> bool:
    """Whether the days of its desk, else those of the campaign, are over since it was closed."""
    desk = content.routing.desks.get(report.desk)
    days = (desk.keep_days if desk else None) or content.campaign.report_days
    return report.reduced_at is None and report.closed_at is not None and report.closed_at <= at - timedelta(days=days)


def _past(runtime: Runtime, at: datetime) -> list[uuid.UUID]:
    content = runtime.shelf.content()
    query = select(Report).where(Report.status == "closed", Report.reduced_at.is_(None), ~holds.held())
    with runtime.sessions() as session:
        return [report.id for report in session.scalars(query) if is_due(report, content, at)]


def reduce_one(session: Session, runtime: Runtime, report_id: uuid.UUID, at: datetime) -> bool:
    """Whether it was; not when somebody has it in hand or has set a hold since it was found."""
    report = session.get(Report, report_id, with_for_update={"skip_locked": True})
    # The hold is looked for after the row is locked: whoever sets one locks the row first.
    if report is None or not is_due(report, runtime.shelf.content(), at) or holds.current(session, report):
        return False
    _erase_messages(session, report)
    for column in _pointing_here():
        session.execute(delete(column.table).where(column == report.id))
    session.execute(update(LegalHold).where(LegalHold.report_id == report.id).values(reason_boxed=None))
    session.execute(update(Report).where(Report.id == report.id).values(_reduced(report, at)))
    return True


def _erase_messages(session: Session, report: Report) -> None:
    """What the person wrote for it, with its files, and what they were answered. A hold on another report keeps its
    own."""
    theirs = reports.messages(report) & ~holds.messages(session)
    answered = Outbound.inbound_id.in_(select(Inbound.id).where(theirs))
    written = select(CaseMessage.id).where(CaseMessage.report_id == report.id, CaseMessage.outbound_id == Outbound.id)
    session.execute(delete(Outbound).where(or_(answered, written.exists())))
    session.execute(delete(Inbound).where(theirs))
    # The engine's memory holds the last words; of somebody who has written since, only newer ones and not for long.
    silent = Conversation.updated_at < report.closed_at
    session.execute(delete(Conversation).where(Conversation.contact_id == report.contact_id, silent))


def _pointing_here() -> Iterator[Column[Any]]:
    """Every column of another table that names a report."""
    for table in reversed(Base.metadata.sorted_tables):
        if table.name not in STAYING_TABLES:
            yield from (column for column in table.columns if column.references(Report.__table__.c.id))


def _reduced(report: Report, at: datetime) -> Mapping[str, Any]:
    """The values of all columns that change."""
    emptied = {column.name: null() for column in Report.__table__.columns if column.name not in STAYS}
    days = {name: _day(getattr(report, name)) for name in DAYS}
    return emptied | days | {"may_reply": False, "reduced_at": _day(at)}


def _day(at: datetime | None) -> datetime | None:
    return at and at.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
