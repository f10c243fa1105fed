"""What the desk shows of time: how long a report may still wait, which waits longest, and what was passed on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.runtime import Runtime
from bot.store.models import Report, ReportEvent

# For how long a desk still sees what was taken from it.
SHOWN = timedelta(days=7)
MOST_SHOWN = 100


@dataclass(frozen=True)
class PassedOn:
    """A report that these desks had and let go by: not its words."""

    number: str
    at: datetime
    to_desk: str


@dataclass(frozen=True)
class Waiting:
    """``oldest``: the report that waits longest to be accepted."""

    oldest: Report | None
    passed_on: list[PassedOn]


def waiting(runtime: Runtime, desks: Sequence[str], at: datetime) -> Waiting:
    """What waits at these desks, and what they lost within the last days, the newest first."""
    filed = select(Report).where(Report.desk.in_(desks), Report.status == "filed").order_by(Report.filed_at).limit(1)
    with runtime.sessions() as session:
        return Waiting(session.scalars(filed).one_or_none(), _passed_on(session, desks, at))


def _passed_on(session: Session, desks: Sequence[str], at: datetime) -> list[PassedOn]:
    """Without what has come back to one of these desks: that stands in the list itself."""
    newest = (
        select(Report.number, ReportEvent.at, ReportEvent.to_desk)
        .join(Report, Report.id == ReportEvent.report_id)
        .where(ReportEvent.kind == "passed_on", ReportEvent.from_desk.in_(desks), ReportEvent.at > at - SHOWN)
        .where(Report.desk.not_in(desks))
        .distinct(ReportEvent.report_id)
        .order_by(ReportEvent.report_id, ReportEvent.id.desc())
        .subquery()
    )
    return [PassedOn(*row) for row in session.execute(select(newest).order_by(newest.c.at.desc()).limit(MOST_SHOWN))]


def events(session: Session, report: Report) -> list[ReportEvent]:
    """Its way between desks, in order."""
    query = select(ReportEvent).where(ReportEvent.report_id == report.id).order_by(ReportEvent.id)
    return list(session.scalars(query))


def left(report: Report, at: datetime) -> str:
    """How long a report may still wait to be accepted; "" once somebody has."""
    return told(report.accept_by - at) if report.status == "filed" else ""


def told(rest: timedelta) -> str:
    """
    >>> told(timedelta(minutes=12, seconds=59)), told(timedelta(hours=23, minutes=5)), told(timedelta(days=3))
    ('12 min left', '23 h 5 min left', '3 days left')
    >>> told(timedelta(seconds=5)), told(timedelta(minutes=-61))
    ('less than a minute left', 'overdue by 1 h 1 min')
    """
    if rest > timedelta(0):
        return _("%(time)s left", time=_span(rest))
    return _("overdue by %(time)s", time=_span(-rest))


def _span(time: timedelta) -> str:
    hours, minutes = divmod(int(time.total_seconds()) // 60, 60)
    if hours >= 48:
        return ngettext("%(num)s day", "%(num)s days", hours // 24)
    words = [f"{hours} h"] * (hours > 0) + [f"{minutes} min"] * (minutes > 0)
    return " ".join(words) or _("less than a minute")
