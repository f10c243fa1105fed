"""Reports: filed by a person, routed to a desk, accepted, answered and closed there."""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from cryptography.fernet import InvalidToken
from sqlalchemy import ColumnElement, and_, case, func, or_, select
from sqlalchemy.orm import Session

from bot.content import Content
from bot.directory import for_crime
from bot.receipt import ALPHABET
from bot.routing import Incident, Route, explain, route
from bot.sealing import Vault
from bot.store.models import CaseMessage, Contact, Inbound, Report, now

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


def decide(slots: Mapping[str, Any], content: Content) -> Route:
    """Where a report with these slots goes."""
    return route(incident(slots), content.routing)


def incident(slots: Mapping[str, Any]) -> Incident:
    country = slots.get("country")
    return Incident(
        country=None if country == "unknown" else country,
        crime_type=slots.get("crime_type") or "other",
        urgent=slots.get("danger") == "yes",
        minor={"yes": True, "no": False}.get(slots.get("minor") or ""),
    )


def file_report(
    session: Session,
    vault: Vault,
    content: Content,
    inbound: int,
    told: Told,
    kind: str = "report",
    at: datetime | None = None,
) -> Filed:
    """Store and route a report; from the same message a second call finds the first one's report. ``at``: now."""
    decided = decide(told.slots, content)
    report = session.scalars(select(Report).where(Report.inbound_id == inbound)).one_or_none()
    if report is None:
        report = _new(session, vault, inbound, told, decided, kind)
        report.filed_at = at or now()
        report.accept_by = report.filed_at + content.routing.time_to_accept(report.desk, report.urgent)
        report.routed_why = asdict(explain(incident(told.slots), content.routing))
        session.add(report)
        session.flush()
    what = incident(told.slots)
    return Filed(report.number, report.desk, decided.call, what.country, for_crime(what.crime_type), report.may_reply)


def _new(session: Session, vault: Vault, inbound: int, told: Told, decided: Route, kind: str) -> Report:
    message = session.get_one(Inbound, inbound)
    contact = session.get_one(Contact, message.contact_id)
    what = incident(told.slots)
    return Report(
        number=_number(session),
        kind=kind,
        inbound_id=inbound,
        contact_id=contact.id,
        desk=decided.desk,
        routed_by=decided.case,
        crime_type=what.crime_type,
        country=what.country,
        language=contact.language or "es",
        urgent=what.urgent,
        minor=what.minor,
        may_reply=kind == "request" or told.slots.get("may_reply") == "yes",
        words_sealed=vault.seal({"slots": dict(told.slots), "words": list(told.words), "since": told.since}),
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


def messages(vault: Vault, report: Report) -> ColumnElement[bool]:
    """Which rows of `Inbound` belong to a report: what was written while making it, and the person's lines since."""
    talk = select(CaseMessage.id).where(CaseMessage.report_id == report.id, CaseMessage.inbound_id == Inbound.id)
    try:
        since = vault.open(report.words_sealed).get("since") or report.inbound_id
    except InvalidToken:  # its key was thrown away; when it began is as lost as its words
        since = report.inbound_id
    made = and_(Inbound.contact_id == report.contact_id, Inbound.id.between(since, report.inbound_id))
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


def at_desks(session: Session, desks: Sequence[str], closed: bool = False) -> list[tuple[Report, int]]:
    """The reports of these desks with their unread lines: open or closed. Urgent ones come first, then what
    must be accepted soonest, then the newest."""
    unread = (
        select(func.count())
        .where(CaseMessage.report_id == Report.id, ~CaseMessage.from_desk, CaseMessage.read_at.is_(None))
        .scalar_subquery()
    )
    status = Report.status == "closed" if closed else Report.status != "closed"
    deadline = case((Report.status == "filed", Report.accept_by)).asc().nulls_last()
    query = (
        select(Report, unread)
        .where(Report.desk.in_(desks), Report.reduced_at.is_(None), status)
        .order_by(Report.urgent.desc(), deadline, Report.filed_at.desc())
        .limit(500)
    )
    return [(report, count) for report, count in session.execute(query)]


def accept(report: Report, operator: str) -> None:
    """Raises WrongStep when somebody was faster."""
    if report.status != "filed":
        raise WrongStep("accepted already")
    report.status, report.accepted_at, report.accepted_by = "accepted", now(), operator


def close(report: Report, outcome: str) -> None:
    """Raises WrongStep when the report was not accepted, or the outcome is none of OUTCOMES."""
    if report.status != "accepted" or outcome not in OUTCOMES:
        raise WrongStep("only an accepted report can be closed, with an outcome")
    report.status, report.closed_at, report.outcome = "closed", now(), outcome


def add_line(
    session: Session, vault: Vault, report: Report, text: str, author: str | None, inbound: int | None = None
) -> CaseMessage:
    """One more line of the talk; without an author it is the person's."""
    line = CaseMessage(
        report_id=report.id,
        from_desk=author is not None,
        author=author,
        body_sealed=vault.seal({"text": text}),
        inbound_id=inbound,
    )
    session.add(line)
    return line
