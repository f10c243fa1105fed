"""What befell a report, oldest first: when and by whom, never a word of what was said."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.desk import waiting
from bot.store.models import CaseMessage, LegalHold, Report
from bot.store.working import Given, Note


@dataclass(frozen=True)
class Event:
    """``desks``: the ones that its sentence names, by id; ``who``: by e-mail address."""

    at: datetime
    kind: str
    who: str = ""
    to: str = ""
    desks: tuple[str, ...] = ()


def of(session: Session, report: Report, names: bool) -> list[Event]:
    """``names``: who set and ended a legal hold too."""
    parts = (_way(session, report), _talk(session, report), _hands(session, report), _holds(session, report, names))
    found = [event for part in parts for event in part]
    return sorted(found, key=lambda event: event.at)


def _way(session: Session, report: Report) -> Iterator[Event]:
    passed = waiting.events(session, report)
    yield Event(report.filed_at, "filed", desks=(passed[0].from_desk if passed else report.desk,))
    yield from (Event(one.at, "passed_on", desks=(one.from_desk, one.to_desk)) for one in passed)
    if report.accepted_at:
        yield Event(report.accepted_at, "accepted", who=report.accepted_by or "")
    if report.closed_at:
        yield Event(report.closed_at, "closed")


def _talk(session: Session, report: Report) -> Iterator[Event]:
    rows = session.scalars(select(CaseMessage).where(CaseMessage.report_id == report.id).order_by(CaseMessage.id))
    yield from (Event(r.created_at, "wrote" if r.from_desk else "person_wrote", who=r.author or "") for r in rows)


def _hands(session: Session, report: Report) -> Iterator[Event]:
    notes = session.scalars(select(Note).where(Note.report_id == report.id).order_by(Note.id))
    yield from (Event(note.at, "noted", who=note.author) for note in notes)
    given = session.scalars(select(Given).where(Given.report_id == report.id).order_by(Given.id))
    yield from (Event(one.at, "given", who=one.given_by, to=one.given_to) for one in given)


def _holds(session: Session, report: Report, names: bool) -> Iterator[Event]:
    for hold in session.scalars(select(LegalHold).where(LegalHold.report_id == report.id)):
        yield Event(hold.set_at, "held", who=hold.set_by if names else "")
        if hold.ended_at:
            yield Event(hold.ended_at, "released", who=(hold.ended_by or "") if names else "")


def sentence(event: Event, desks: Mapping[str, str]) -> str:
    """What the page says of it; ``desks``: id → name."""
    named = [desks.get(desk, desk) for desk in event.desks]
    said = _sentences(event, [*named, "", ""])
    return f"{said[event.kind]}: {event.who}" if event.who and event.kind in ("held", "released") else said[event.kind]


def _sentences(event: Event, desks: Iterable[str]) -> Mapping[str, str]:
    first, second, *_rest = desks
    return {
        "filed": _("filed at %(desk)s", desk=first),
        "passed_on": _("passed on from %(old)s to %(new)s", old=first, new=second),
        "accepted": _("accepted by %(who)s", who=event.who),
        "wrote": _("%(who)s wrote to the person", who=event.who or _("the desk")),
        "person_wrote": _("the person wrote"),
        "noted": _("%(who)s wrote a note", who=event.who),
        "given": _("%(who)s gave it to %(to)s", who=event.who, to=event.to),
        "held": _("legal hold set"),
        "released": _("legal hold ended"),
        "closed": _("closed"),
    }
