"""Reports: filed by a person, routed to a desk, accepted, answered and closed there."""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, ScalarSelect, UnaryExpression, and_, case, func, or_, select
from sqlalchemy.orm import Session

from bot import alerts, boxes, copying, desk_keys, partner_keys
from bot.accused import accused, last_called
from bot.content import Content
from bot.directory import for_crime
from bot.receipt import ALPHABET
from bot.routing import Incident, Route, explain, route
from bot.store.models import CaseMessage, Contact, Inbound, Report, now

# Of whom nobody knows the language.
UNTOLD = "es"
# How many reports a page of the list has.
PAGE = 100
OUTCOMES = ("helped", "referred", "no_action", "withdrawn")


class WrongStep(Exception):
    """This cannot be done to a report in its present status; look at it again."""


@dataclass(frozen=True)
class Told:
    """What a person told: the slots of the report form, and every word of theirs since it began (``since``: with
    which message)."""

    slots: Mapping[str, Any]
    words: Sequence[str]
    since: int | None = None


@dataclass(frozen=True)
class Filed:
    """What the person is told about the report: case number, desk, and whom they can call: the ids that routing
    names, and by which ``purposes`` the directory of the ``country`` where it happened chooses where there are none."""

    case: str
    desk: str
    call: tuple[str, ...]
    country: str | None
    purposes: tuple[str, ...]
    may_reply: bool


def decide(
    slots: Mapping[str, Any], content: Content, words: Sequence[str], language: str | None, at: datetime
) -> Route:
    """Where a report with these slots would go; ``words``: what else was told, which may say who is accused."""
    what = replace(incident(slots, content, words), language=language or UNTOLD, at=at)
    return route(what, content.routing)


def incident(slots: Mapping[str, Any], content: Content, words: Sequence[str] = ()) -> Incident:
    country, crime = slots.get("country"), slots.get("crime_type") or "other"
    return Incident(
        country=None if country == "unknown" else country,
        crime_type=crime,
        urgent=slots.get("danger") == "yes",
        minor={"yes": True, "no": False}.get(slots.get("minor") or ""),
        accused=accused(crime, [str(slots.get("what") or ""), *words], content.accused),
    )


def file_report(
    session: Session,
    content: Content,
    inbound: int,
    told: Told,
    kind: str = "report",
    at: datetime | None = None,
    holders: partner_keys.Holders = partner_keys.NOBODY,
) -> Filed:
    """Store and route a report, sealed to its desk and those after it; ``at``: now; ``holders``: the desks' partners.

    From the same message a second call finds the first one's report. Raises desk_keys.NoKeeper.
    """
    report = session.scalars(select(Report).where(Report.inbound_id == inbound)).one_or_none()
    contact = session.get_one(Contact, session.get_one(Inbound, inbound).contact_id)
    language, filed_at = (report.language, report.filed_at) if report else (contact.language or UNTOLD, at or now())
    what = replace(incident(told.slots, content, told.words), language=language, at=filed_at)
    decided = route(what, content.routing)
    if report is None:
        report = _new(inbound, contact, told, what, decided, kind)
        report.number, report.filed_at = _number(session), filed_at
        report.accept_by = report.filed_at + content.routing.time_to_accept(report.desk, report.urgent)
        report.routed_why = asdict(explain(what, content.routing))
        session.add(report)
        way = content.routing.chain(report.desk, what.accused)
        made = desk_keys.begin(session, report, way)
        partner_keys.put(session, report, made.private, way, holders)
        report.words_boxed = boxes.put(made.public, {"slots": dict(told.slots), "words": list(told.words)})
        if kind == "report":
            second = copying.second(content.routing, what, contact.phone_country)
            copying.put_by(session, report, made.private, second)
        session.flush()
        alerts.note(session, report, "filed", report.filed_at)
    call = last_called(decided.call, what.accused, content.hotlines, content.accused)
    return Filed(report.number, report.desk, call, what.country, for_crime(what.crime_type), report.may_reply)


def _new(inbound: int, contact: Contact, told: Told, what: Incident, decided: Route, kind: str) -> Report:
    return Report(
        kind=kind,
        inbound_id=inbound,
        contact_id=contact.id,
        desk=decided.desk,
        routed_by=decided.case,
        crime_type=what.crime_type,
        country=what.country,
        language=what.language or UNTOLD,
        urgent=what.urgent,
        minor=what.minor,
        may_reply=kind == "request" or told.slots.get("may_reply") == "yes",
        since=told.since or inbound,
    )


def _number(session: Session) -> str:
    while True:
        letters = "".join(secrets.choice(ALPHABET) for _ in range(6))
        number = f"{letters[:3]}-{letters[3:]}"
        if not session.scalar(select(Report.id).where(Report.number == number)):
            return number


def of_contact(session: Session, contact: uuid.UUID) -> list[Report]:
    """The person's reports, the newest first."""
    query = select(Report).where(Report.contact_id == contact).order_by(Report.filed_at.desc())
    return list(session.scalars(query))


def messages(report: Report) -> ColumnElement[bool]:
    """Which rows of `Inbound` belong to a report: what was written while making it, and the person's lines since."""
    talk = select(CaseMessage.id).where(CaseMessage.report_id == report.id, CaseMessage.inbound_id == Inbound.id)
    made = and_(Inbound.contact_id == report.contact_id, Inbound.id.between(report.since, report.inbound_id))
    return or_(made, talk.exists())


def open_thread(session: Session, contact: uuid.UUID) -> Report | None:
    """The person's open case in which a desk has written last, if any: what they say goes there."""
    query = (
        select(Report)
        .join(CaseMessage, CaseMessage.report_id == Report.id)
        .where(Report.contact_id == contact, Report.status == "accepted", CaseMessage.from_desk)
        .order_by(CaseMessage.id.desc())
        .limit(1)
    )
    return session.scalars(query).first()


def at_desks(
    session: Session, desks: Sequence[str], closed: bool = False, *which: ColumnElement[bool], page: int = 1
) -> list[tuple[Report, int]]:
    """The reports of these desks with their unread lines: open or closed, and ``which`` of them; one page."""
    query = select(Report, unread()).where(*listed(desks, closed), *which).order_by(*in_order())
    found = session.execute(query.limit(PAGE).offset((page - 1) * PAGE))
    return [(report, count) for report, count in found]


def listed(desks: Sequence[str], closed: bool) -> tuple[ColumnElement[bool], ...]:
    """For a query of `Report`: what stands in the list of these desks."""
    status = Report.status == "closed" if closed else Report.status != "closed"
    return Report.desk.in_(desks), Report.reduced_at.is_(None), status


def unread() -> ScalarSelect[int]:
    """For a query of `Report`: how many lines of the person nobody has seen yet."""
    lines = CaseMessage.report_id == Report.id, ~CaseMessage.from_desk, CaseMessage.read_at.is_(None)
    return select(func.count()).where(*lines).correlate(Report).scalar_subquery()


def in_order() -> tuple[UnaryExpression[Any], ...]:
    """Urgent ones come first, then what must be accepted soonest, then the newest; never two in the same place."""
    deadline = case((Report.status == "filed", Report.accept_by)).asc().nulls_last()
    return Report.urgent.desc(), deadline, Report.filed_at.desc(), Report.id.asc()


def weight() -> ColumnElement[int]:
    """Of a report that is new or has unread lines: which is looked at first. A new one before one with lines, and
    danger before both."""
    return case((Report.status == "filed", 2), else_=1) + case((Report.urgent, 2), else_=0)


def accuses(report: Report) -> frozenset[str]:
    """The bodies that were accused when it was filed."""
    return frozenset((report.routed_why or {}).get("accused", ()))


def accept(report: Report, operator: str) -> None:
    """Raises WrongStep when somebody was faster."""
    if report.status != "filed":
        raise WrongStep("accepted already")
    report.status, report.accepted_at, report.accepted_by = "accepted", now(), operator
    report.assigned_to = operator


def close(report: Report, outcome: str) -> None:
    """Raises WrongStep when the report was not accepted, or the outcome is none of OUTCOMES."""
    if report.status != "accepted" or outcome not in OUTCOMES:
        raise WrongStep("only an accepted report can be closed, with an outcome")
    report.status, report.closed_at, report.outcome = "closed", now(), outcome


def withdraw(report: Report) -> None:
    """By the person who filed it, whose wish needs nobody's step before."""
    report.status, report.closed_at, report.outcome = "closed", now(), "withdrawn"


def add_line(
    session: Session, report: Report, text: str, author: str | None, inbound: int | None = None
) -> CaseMessage:
    """One more line of the talk; without an author it is the person's. The desk's own opens with the receipt too."""
    told = {"text": text}
    line = CaseMessage(
        report_id=report.id,
        from_desk=author is not None,
        author=author,
        body_boxed=boxes.put(report.public_key, told),
        follow_up_boxed=boxes.put(report.receipt_key, told) if author and report.receipt_key else None,
        inbound_id=inbound,
    )
    session.add(line)
    return line
