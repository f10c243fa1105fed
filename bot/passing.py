"""Accept or pass on: a report that no desk accepted in time goes to the next one, and the person is told.

Where a report stands is only in the database (its desk and ``accept_by``), so it does not matter which worker runs
this, how often, or for how long none did.
"""

from __future__ import annotations

import logging
import uuid
from datetime import datetime

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from bot import alerts, desk_keys, handing, partners, reports
from bot.replies import Reply
from bot.routing import Routing
from bot.runtime import Runtime
from bot.store.models import Report, ReportEvent
from bot.telling import tell

log = logging.getLogger(__name__)


def run(runtime: Runtime, at: datetime) -> list[uuid.UUID]:
    """Take every report whose time is over at ``at`` one desk further; the people to whom something is on its way.

    Each goes in a transaction of its own and at most once, however long ago its time was over: the next desk has all of
    its own time.
    """
    with runtime.sessions() as session:
        due = select(Report.id).where(*_due(at)).order_by(Report.urgent.desc(), Report.accept_by)
        found = list(session.scalars(due))
    people = [_tried(runtime, report, at) for report in found]
    return [contact for contact in people if contact is not None]


def _due(at: datetime) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return Report.status == "filed", Report.accept_by <= at


def _tried(runtime: Runtime, report_id: uuid.UUID, at: datetime) -> uuid.UUID | None:
    """What fails with one report must not hold up those behind it; it is tried again with the next run."""
    try:
        with runtime.sessions.begin() as session:
            return pass_on(session, runtime, report_id, at)
    except Exception as error:
        log.error("a report was not passed on: %s", type(error).__name__)
        return None


def pass_on(session: Session, runtime: Runtime, report_id: uuid.UUID, at: datetime) -> uuid.UUID | None:
    """Take a report one desk further if it is still due and nobody has it in hand; the person, if they are told.

    Where there is no other desk it stays, and its time begins anew: every report always has a desk.
    """
    query = select(Report).where(Report.id == report_id, *_due(at)).with_for_update(skip_locked=True)
    report = session.scalars(query).one_or_none()
    if report is None:
        return None
    routing = runtime.shelf.content().routing
    left, taken = report.desk, _next(session, routing, report)
    report.desk = taken or left
    report.accept_by = at + routing.time_to_accept(report.desk, report.urgent)
    if not taken:
        return None
    handing.passed_on(session, report, routing.chain(taken, reports.accuses(report)), at)
    return _noted(session, runtime, report, left, at)


def _next(session: Session, routing: Routing, report: Report) -> str | None:
    """The first desk on the way that was given the report's key, which a table changed since filing may not have."""
    further = routing.chain(report.desk, reports.accuses(report))[1:]
    return next((desk for desk in further if desk_keys.opens(session, report, desk)), None)


def _noted(session: Session, runtime: Runtime, report: Report, left: str, at: datetime) -> uuid.UUID | None:
    """Both desks and the person see it. In a ring of desks nobody is told of the same desk again and again."""
    known = _was_at(session, report, report.desk)
    alerts.note(session, report, "passed_on", at)
    partners.arrived(session, runtime, report, "passed_on")
    session.add(ReportEvent(report_id=report.id, at=at, kind="passed_on", from_desk=left, to_desk=report.desk,
                            why="not_accepted"))  # fmt: skip
    if known:
        return None
    params = {"case": report.number, "desk": left, "next": report.desk}
    sent = tell(session, runtime, report, Reply("case_passed_on", params), at)
    return report.contact_id if sent else None


def _was_at(session: Session, report: Report, desk: str) -> bool:
    there = or_(ReportEvent.from_desk == desk, ReportEvent.to_desk == desk) & (ReportEvent.kind == "passed_on")
    return bool(
        session.scalar(select(select(ReportEvent.id).where(ReportEvent.report_id == report.id, there).exists()))
    )
