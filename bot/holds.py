"""Legal hold: while it lasts, neither the clock nor the person's own wish erases a report."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, false, or_, select, update
from sqlalchemy.orm import Session

from bot import boxes, reports
from bot.reports import WrongStep
from bot.store.models import CaseMessage, Inbound, LegalHold, Media, Outbound, Report, now
from bot.store.people import User

HOLDERS = ("administrator",)
LONGEST_REASON = 2_000  # letters


@dataclass(frozen=True)
class Hold:
    """``set_by`` and ``reason`` are None for whoever may not know them."""

    since: datetime
    set_by: str | None
    reason: str | None


def may_set(user: User) -> bool:
    """Whether this person may set and end a hold, and read why it was set."""
    return any(user.has_role(role) for role in HOLDERS)


def held() -> ColumnElement[bool]:
    """For a query of `Report`: whether it is on hold."""
    return select(LegalHold.id).where(LegalHold.report_id == Report.id, LegalHold.ended_at.is_(None)).exists()


def current(session: Session, report: Report) -> LegalHold | None:
    query = select(LegalHold).where(LegalHold.report_id == report.id, LegalHold.ended_at.is_(None))
    return session.scalars(query).one_or_none()


def shown(session: Session, report: Report, private: bytes | None, reason: bool) -> Hold | None:
    """The hold as the report's page tells it, with who and why only if asked for the ``reason``.

    ``private``: the report's key, None for whoever has not been given it.
    """
    hold = current(session, report)
    if hold is None:
        return None
    words = boxes.take(private, hold.reason_boxed)["text"] if reason and private and hold.reason_boxed else None
    return Hold(hold.set_at, hold.set_by if reason else None, words)


def begin(session: Session, report: Report, by: str, reason: str) -> None:
    """Hold a report whose row the session has locked. Raises WrongStep without a reason, or when one lasts already."""
    words = reason.strip()[:LONGEST_REASON]
    if not words:
        raise WrongStep("a legal hold needs its reason")
    if current(session, report):
        raise WrongStep("there is a legal hold already")
    session.add(LegalHold(report_id=report.id, set_by=by, reason_boxed=boxes.put(report.public_key, {"text": words})))


def end(session: Session, report: Report, by: str) -> None:
    """Raises WrongStep when there is none."""
    hold = current(session, report)
    if hold is None:
        raise WrongStep("there is no legal hold")
    hold.ended_by, hold.ended_at = by, now()


def messages(session: Session) -> ColumnElement[bool]:
    """Which rows of `Inbound` belong to a report on hold."""
    found = session.scalars(select(Report).where(held()))
    return or_(false(), *(reports.messages(report) for report in found))


def sent() -> ColumnElement[bool]:
    """For a query of `Outbound`: whether it is a desk's message on a held report, which tells if it arrived."""
    lasts = LegalHold.report_id == CaseMessage.report_id, LegalHold.ended_at.is_(None)
    return select(CaseMessage.id).join(LegalHold, and_(*lasts)).where(CaseMessage.outbound_id == Outbound.id).exists()


def keep_files(session: Session, report: Report) -> None:
    """Hang the files of a report on the report itself, as its person's messages are about to go."""
    theirs = select(Inbound.id).where(reports.messages(report))
    session.execute(update(Media).where(Media.inbound_id.in_(theirs)).values(report_id=report.id, inbound_id=None))
