"""A copy for a second desk, where two countries are concerned: only if the person says yes, within a day.

After filing the server cannot open a report, so its key is boxed for the second desk at filing and put by
(`ReportKey.waiting`). On no, on STOP, on "delete my data" and after a day without an answer it is destroyed.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Select, delete, select, update
from sqlalchemy.orm import Session

from bot import alerts, boxes, desk_keys
from bot.routing import Incident, Routing, route
from bot.runtime import Runtime
from bot.store.keys import DeskKey, ReportKey
from bot.store.models import Report, ReportEvent, now
from bot.store.moves import ReportCopy

# Crimes that cross borders: there the country of the person's phone is asked to help too.
CROSSING = ("kidnapping", "human_trafficking")
ANSWER_WITHIN = timedelta(hours=24)
LONGEST = 2_000  # letters of a wish


@dataclass(frozen=True)
class Copy:
    """A copy as both desks see it; ``wish``: what the second desk has asked the first, "" for nothing."""

    desk: str
    since: datetime
    wish: str
    wished_at: datetime | None


def second(routing: Routing, what: Incident, phone_country: str | None) -> str | None:
    """The desk that might get a copy: the one its case names, else that of the country of the person's phone."""
    first = route(what, routing).desk
    case = next((case for case in routing.cases if routing.takes(case, what)), None)
    found = case.copy if case else None
    if found is None and what.crime_type in CROSSING and what.country and phone_country not in (None, what.country):
        there = route(replace(what, country=phone_country), routing).desk
        found = there if routing.desks[there].country == phone_country else None
    return None if found in (None, first) or routing.barred(found, what.accused) else found


def put_by(session: Session, report: Report, private: bytes, desk: str | None) -> None:
    """Box the key of a report that is just being filed, for the time until the person has answered."""
    if desk is None:
        return
    desk_keys.box_for_desk(session, report, private, desk, waiting=True)
    session.add(ReportCopy(report_id=report.id, desk=desk, asked_at=report.filed_at))


def waiting(session: Session, contact: uuid.UUID) -> tuple[Report, ReportCopy] | None:
    """The newest copy that the person has not answered about."""
    query = select(Report, ReportCopy).join(ReportCopy, ReportCopy.report_id == Report.id)
    mine = query.where(Report.contact_id == contact, ReportCopy.given_at.is_(None), ReportCopy.asked_at > _since(now()))
    found = session.execute(mine.order_by(ReportCopy.asked_at.desc()).limit(1).with_for_update()).one_or_none()
    return (found[0], found[1]) if found else None


def _since(at: datetime) -> datetime:
    return at - ANSWER_WITHIN


def give(session: Session, report: Report, copy: ReportCopy) -> bool:
    """The person said yes; whether the desk can read it now."""
    keys = ReportKey.id.in_(_keys(ReportCopy.report_id == report.id))
    session.execute(update(ReportKey).where(keys).values(waiting=False))
    if not desk_keys.opens(session, report, copy.desk):
        session.delete(copy)  # a hand-over took the key with it
        return False
    copy.given_at = now()
    session.add(ReportEvent(report_id=report.id, at=copy.given_at, kind="copied", from_desk=report.desk,
                            to_desk=copy.desk, why="consent"))  # fmt: skip
    alerts.note(session, report, "copied", copy.given_at, desk=copy.desk)
    return True


def forget(session: Session, contact: uuid.UUID) -> None:
    """No: whatever of this person waits for an answer is destroyed."""
    _destroy(session, ReportCopy.report_id.in_(select(Report.id).where(Report.contact_id == contact)))


def run(runtime: Runtime, at: datetime) -> None:
    """No answer in time is no."""
    with runtime.sessions.begin() as session:
        _destroy(session, ReportCopy.asked_at <= _since(at))


def _destroy(session: Session, which: ColumnElement[bool]) -> None:
    open_ones = which & ReportCopy.given_at.is_(None)
    # `waiting` is asked of the very row that goes: the person may say yes at this moment
    session.execute(delete(ReportKey).where(ReportKey.waiting, ReportKey.id.in_(_keys(open_ones))))
    session.execute(delete(ReportCopy).where(open_ones))


def _keys(which: ColumnElement[bool]) -> Select[int]:
    """The keys that wait for these copies."""
    rows = select(ReportKey.id).join(DeskKey, DeskKey.id == ReportKey.desk_key_id)
    theirs = (ReportCopy.report_id == ReportKey.report_id) & (ReportCopy.desk == DeskKey.desk)
    return rows.join(ReportCopy, theirs).where(ReportKey.waiting, which)


# At the desks.


def shown(session: Session, report: Report, private: bytes | None) -> Copy | None:
    row = session.get(ReportCopy, report.id)
    if row is None or row.given_at is None or row.desk == report.desk:
        return None
    wish = str(boxes.take(private, row.wish_boxed)["text"]) if private and row.wish_boxed else ""
    return Copy(row.desk, row.given_at, wish, row.wished_at)


def at_desks(session: Session, desks: Sequence[str]) -> list[Report]:
    """Open reports of which these desks have a copy, the newest first."""
    query = select(Report).join(ReportCopy, ReportCopy.report_id == Report.id)
    theirs = ReportCopy.desk.in_(desks), ReportCopy.given_at.is_not(None), Report.desk.not_in(desks)
    return list(session.scalars(query.where(*theirs, Report.status != "closed").order_by(ReportCopy.given_at.desc())))


def wish(session: Session, report: Report, desks: Sequence[str], text: str) -> bool:
    """The second desk asks the first for the report; a new wish takes the place of the one before."""
    row = session.get(ReportCopy, report.id)
    if row is None or row.given_at is None or row.desk not in desks or not text.strip():
        return False
    row.wish_boxed = boxes.put(report.public_key, {"text": text.strip()[:LONGEST]})
    row.wished_at = now()
    return True
