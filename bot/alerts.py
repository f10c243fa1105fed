"""Who is alerted to which report: rows written in the very transaction that brings a report to a desk."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, exists, func, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from bot.asking import ask
from bot.hours import Span
from bot.routing import Routing
from bot.store.alerts import Alert, AlertSetting
from bot.store.models import Report, ReportEvent, now
from bot.store.people import Role, User

# Who works reports; staff and auditors see none.
ROLES = ("operator", "supervisor", "administrator")
# For so long an alert that was not sent yet counts as on its way.
ON_ITS_WAY = timedelta(minutes=5)
MIDNIGHT = 24 * 60


def note(
    session: Session, report: Report, why: str, since: datetime, at: datetime | None = None, desk: str | None = None
) -> None:
    """Alert whoever is on duty at the report's desk; a second time for the same occasion nothing is done.

    ``since``: when it came to this desk; ``at``: when they must be on duty, then by default; ``desk``: another one.
    """
    told = desk or report.desk
    rows = [
        {"user_id": setting.user_id, "report_id": report.id, "desk": told, "why": why, "since": since}
        for setting in _wanting(session, told, report.urgent)
        if on_duty(setting.duty, at or since)
    ]
    if rows:
        made = insert(Alert).values(rows).on_conflict_do_nothing().returning(Alert.id)
        for number in session.scalars(made).all():
            ask(session, "alert", alert=number)


def _wanting(session: Session, desk: str, urgent: bool) -> Sequence[AlertSetting]:
    theirs = select(AlertSetting).join(User, User.id == AlertSetting.user_id)
    query = theirs.where(User.active, User.desks.contains([desk]), User.roles.any(Role.name.in_(ROLES)))
    query = query.where(AlertSetting.way != "off", AlertSetting.address_sealed.is_not(None))
    return session.scalars(query if urgent else query.where(~AlertSetting.danger_only)).all()


def on_duty(duty: Mapping[str, Any] | None, at: datetime) -> bool:
    """Whether somebody with these hours (see `AlertSetting`) is on duty; a night belongs to the day it begins on.

    >>> from datetime import UTC
    >>> nights = {"days": [4], "begins": 22 * 60, "ends": 6 * 60, "zone": "America/Mexico_City"}
    >>> [on_duty(nights, datetime(2026, 11, 21, hour, tzinfo=UTC)) for hour in (3, 5, 11, 12)]  # Saturday; 6 h earlier
    [False, True, True, False]
    """
    if not duty:
        return True
    try:
        here = at.astimezone(ZoneInfo(duty["zone"]))
    except (KeyError, ValueError, OSError):  # a zone that is no more: rather once too often
        return True
    return any(span.holds(here) for span in _spans(duty["days"], duty["begins"], duty["ends"]))


def _spans(days: Sequence[int], begins: int, ends: int) -> list[Span]:
    if begins < ends:
        return [Span(tuple(days), begins, ends)]
    mornings = tuple((day + 1) % 7 for day in days)
    return [Span(tuple(days), begins, MIDNIGHT), Span(mornings, 0, ends)]


def remind(session: Session, routing: Routing, at: datetime) -> None:
    """Alert once more to reports in danger of which half of the time to accept is gone."""
    query = select(Report).where(Report.status == "filed", Report.urgent, Report.accept_by > at)
    for report in session.scalars(query):
        if report.accept_by - routing.time_to_accept(report.desk, urgent=True) / 2 <= at:
            note(session, report, "half_time", _came(session, report), at)


def _came(session: Session, report: Report) -> datetime:
    """When the report came to the desk where it is."""
    there = ReportEvent.report_id == report.id, ReportEvent.to_desk == report.desk, ReportEvent.kind == "passed_on"
    return session.scalar(select(func.max(ReportEvent.at)).where(*there)) or report.filed_at


def unreached(session: Session, desks: Sequence[str], at: datetime | None = None) -> dict[str, int]:
    """Desk → how many new reports nobody there knows of: all alerts failed, or there was nobody to tell of danger."""
    of_it = Alert.report_id == Report.id, Alert.desk == Report.desk
    told = exists().where(*of_it, _told(at or now()))
    wanted = or_(Report.urgent, exists().where(*of_it))
    query = select(Report.desk, func.count()).where(Report.desk.in_(desks), Report.status == "filed", ~told, wanted)
    return dict(session.execute(query.group_by(Report.desk)).tuples().all())


def _told(at: datetime) -> ColumnElement[bool]:
    under_way = Alert.status.in_(("waiting", "sending")) & (Alert.created_at > at - ON_ITS_WAY)
    return or_(Alert.status == "sent", under_way)
