"""Hand-over: one desk offers a report to another, which accepts or refuses.

The report belongs to the desk that has it until the other accepts: never to both, never to none. Every step locks the
row of the report first.
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from bot import alerts, boxes, desk_keys
from bot.reports import WrongStep
from bot.runtime import Runtime
from bot.store.models import Report, ReportEvent, now
from bot.store.moves import HandOver, ReportCopy

log = logging.getLogger(__name__)

ANSWER_WITHIN = timedelta(hours=24)
LONGEST = 2_000  # letters of a note or a reason


@dataclass(frozen=True)
class Offer:
    """An open hand-over, for whoever reads its report; ``note`` is "" for whom nobody has given the key."""

    from_desk: str
    to_desk: str
    by: str
    at: datetime
    until: datetime
    note: str


def current(session: Session, report: Report) -> HandOver | None:
    query = select(HandOver).where(HandOver.report_id == report.id, HandOver.ended_at.is_(None))
    return session.scalars(query).one_or_none()


def shown(session: Session, report: Report, private: bytes | None) -> Offer | None:
    row = current(session, report)
    if row is None:
        return None
    note = _text(private, row.note_boxed)
    return Offer(row.from_desk, row.to_desk, row.asked_by, row.asked_at, row.asked_at + ANSWER_WITHIN, note)


def refusals(session: Session, report: Report, private: bytes | None) -> list[tuple[str, datetime, str]]:
    """(desk, when, reason) of each desk that has refused it."""
    query = select(HandOver).where(HandOver.report_id == report.id, HandOver.end == "refused").order_by(HandOver.id)
    return [(row.to_desk, row.ended_at, _text(private, row.reason_boxed))
            for row in session.scalars(query) if row.ended_at]  # fmt: skip


def _text(private: bytes | None, boxed: bytes | None) -> str:
    return str(boxes.take(private, boxed)["text"]) if private and boxed else ""


def reads(session: Session, report: Report, desks: Iterable[str]) -> bool:
    """Whether one of these desks may read a report that is not theirs: offered to it, or a copy of it."""
    offered = select(HandOver.id).where(HandOver.report_id == report.id, HandOver.ended_at.is_(None))
    copied = select(ReportCopy.desk).where(ReportCopy.report_id == report.id, ReportCopy.given_at.is_not(None))
    return (
        session.scalar(offered.where(HandOver.to_desk.in_(list(desks)))) is not None
        or session.scalar(copied.where(ReportCopy.desk.in_(list(desks)))) is not None
    )


def offered(session: Session, desks: Sequence[str]) -> list[tuple[Report, HandOver]]:
    """What others would hand over to these desks, the oldest first."""
    query = select(Report, HandOver).join(HandOver, HandOver.report_id == Report.id)
    query = query.where(HandOver.to_desk.in_(desks), HandOver.ended_at.is_(None)).order_by(HandOver.asked_at)
    return [(report, row) for report, row in session.execute(query)]


# The steps.


def ask(session: Session, report: Report, to: str, by: str, note: str, private: bytes) -> None:
    """Offer it to another desk, which can read it from now on. ``private``: the report's key."""
    if report.status == "closed":
        raise WrongStep("the report is closed")
    if current(session, report):
        raise WrongStep("there is an open hand-over already")
    if to == report.desk:
        raise WrongStep("choose another desk")
    row = HandOver(report_id=report.id, from_desk=report.desk, to_desk=to, asked_by=by, asked_at=now(),
                   key_given=not desk_keys.opens(session, report, to),
                   note_boxed=_boxed(report, note))  # fmt: skip
    desk_keys.box_for_desk(session, report, private, to)
    session.add(row)
    alerts.note(session, report, "handed_over", row.asked_at, desk=to)


def _boxed(report: Report, text: str) -> bytes | None:
    words = text.strip()[:LONGEST]
    return boxes.put(report.public_key, {"text": words}) if words else None


def accept(session: Session, report: Report, desks: Sequence[str], by: str) -> str:
    """It is the other desk's now, and nobody else opens it but who has a copy; returns the desk that had it."""
    row = _to(session, report, desks)
    left, at = report.desk, now()
    report.desk, report.status, report.accepted_by, report.accepted_at = row.to_desk, "accepted", by, at
    report.assigned_to = by
    _end(session, row, "accepted", at)
    keep_only(session, report)
    return left


def keep_only(session: Session, report: Report, further: Iterable[str] = ()) -> None:
    """Nobody opens it any more but the desk that has it, those ``further`` on its way, who was asked to take it, and
    whoever has a copy; to a copy that the person has not agreed to yet, its key waits again."""
    offer, copy = current(session, report), session.get(ReportCopy, report.id)
    reading = {report.desk, *further, *([offer.to_desk] if offer else [])}
    if copy and copy.desk not in reading:
        reading.add(copy.desk)
        if copy.given_at is None:
            desk_keys.put_by(session, report, copy.desk)
    desk_keys.take_back(session, report, but=reading)


def refuse(session: Session, report: Report, desks: Sequence[str], reason: str) -> None:
    """It stays where it is, and they open it no more."""
    row = _to(session, report, desks)
    if not reason.strip():
        raise WrongStep("say why you refuse it")
    row.reason_boxed = _boxed(report, reason)
    _stays(session, report, row, "refused", now())


def withdraw(session: Session, report: Report) -> None:
    _stays(session, report, _open(session, report), "withdrawn", now())


def closes(session: Session, report: Report) -> None:
    """Raises WrongStep while another desk is asked to take it."""
    if current(session, report):
        raise WrongStep("withdraw the hand-over first")


def passed_on(session: Session, report: Report, further: Iterable[str], at: datetime) -> None:
    """Nobody accepted the report itself in time, and another desk has it now: an offer of the first one is over, and
    so is the key of whom it cannot come to any more."""
    if row := current(session, report):
        _end(session, row, "passed_on", at)
    keep_only(session, report, further)


def taken_back(session: Session, report: Report, at: datetime) -> None:
    """The person has withdrawn the report, and it goes nowhere any more: whoever was asked to take it cannot."""
    if row := current(session, report):
        _end(session, row, "withdrawn", at)
    keep_only(session, report)


def _open(session: Session, report: Report) -> HandOver:
    row = current(session, report)
    if row is None:
        raise WrongStep("there is no open hand-over")
    return row


def _to(session: Session, report: Report, desks: Sequence[str]) -> HandOver:
    row = _open(session, report)
    if row.to_desk not in desks:
        raise WrongStep("it was not handed over to your desk")
    return row


def _stays(session: Session, report: Report, row: HandOver, end: str, at: datetime) -> None:
    """As long as nobody has accepted the report, the other desk keeps a key that it had before, further on the way."""
    _end(session, row, end, at)
    keep_only(session, report, () if report.status != "filed" else _others(session, report, row))


def _others(session: Session, report: Report, row: HandOver) -> list[str]:
    """The desks that had the key of a report before it was offered."""
    had = desk_keys.desks(session, report)
    return [desk for desk in had if desk != row.to_desk or not row.key_given]


def _end(session: Session, row: HandOver, end: str, at: datetime) -> None:
    row.end, row.ended_at = end, at
    kind = "handed_over" if end == "accepted" else "not_handed_over"
    session.add(ReportEvent(report_id=row.report_id, at=at, kind=kind, from_desk=row.from_desk, to_desk=row.to_desk,
                            why=end))  # fmt: skip


# The clock.


def run(runtime: Runtime, at: datetime) -> None:
    """What was not answered in time is over, and stays where it is; each in a transaction of its own."""
    with runtime.sessions() as session:
        late = select(HandOver.report_id).where(*_late(at))
        found = list(session.scalars(late))
    for report_id in found:
        try:
            with runtime.sessions.begin() as session:
                _over(session, report_id, at)
        except Exception as error:  # what fails with one must not hold up those behind it
            log.error("a hand-over was not ended: %s", type(error).__name__)


def _late(at: datetime) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return HandOver.ended_at.is_(None), HandOver.asked_at <= at - ANSWER_WITHIN


def _over(session: Session, report_id: uuid.UUID, at: datetime) -> None:
    report = session.get(Report, report_id, with_for_update={"skip_locked": True})
    row = current(session, report) if report else None
    if report and row and row.asked_at <= at - ANSWER_WITHIN:
        _stays(session, report, row, "no_answer", at)
