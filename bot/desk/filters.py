"""Which reports the list shows: asked in its address, so that it stays when the page renews itself."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from flask import request
from sqlalchemy import ColumnElement, func, select, true
from sqlalchemy.orm import Session

from bot.desk import hands
from bot.runtime import Runtime
from bot.store.models import CaseMessage, Report
from bot.store.people import User

WHOSE = ("all", "mine", "nobody")
NAMES = ("status", "danger", "crime", "country", "language")
NO_COUNTRY = "none"


@dataclass(frozen=True)
class Wanted:
    """``whose``: one of WHOSE; ``asked``: of NAMES only what was asked for; ``page``: from 1."""

    closed: bool
    whose: str
    asked: Mapping[str, str]
    page: int = 1

    @property
    def address(self) -> dict[str, str]:
        """For `url_for`: the same list again, from its first page."""
        whose = {"whose": self.whose} if self.whose != "all" else {}
        return ({"show": "closed"} if self.closed else {}) | whose | dict(self.asked)

    @property
    def narrow(self) -> bool:
        return self.whose != "all" or bool(self.asked)


@dataclass(frozen=True)
class Counts:
    """``whose``: how many of each, whatever else is asked for; ``waiting``: new and unread, of all at these desks."""

    whose: Mapping[str, int]
    waiting: int
    values: Mapping[str, Sequence[str]]


def wanted() -> Wanted:
    """What the address of this request asks for; words that mean nothing are not heard."""
    asked = {name: value for name in NAMES if (value := request.args.get(name, "").replace("\0", ""))}
    whose = request.args.get("whose", "all")
    return Wanted(
        request.args.get("show") == "closed",
        whose if whose in WHOSE else "all",
        asked,
        request.args.get("page", 1, int),
    )


def clauses(wanted: Wanted, user: User) -> list[ColumnElement[bool]]:
    return [*(_asked(name, value) for name, value in wanted.asked.items()), _whose(wanted.whose, user)]


def _asked(name: str, value: str) -> ColumnElement[bool]:
    if name == "danger":
        return Report.urgent.is_(value == "yes")
    if name == "country" and value == NO_COUNTRY:
        return Report.country.is_(None)
    columns = {"status": Report.status, "crime": Report.crime_type, "country": Report.country}
    return columns.get(name, Report.language) == value


def _whose(whose: str, user: User) -> ColumnElement[bool]:
    return {"mine": Report.assigned_to == user.email, "nobody": hands.nobody()}.get(whose, true())


def counts(runtime: Runtime, wanted: Wanted, user: User) -> Counts:
    with runtime.sessions() as session:
        return _counts(session, wanted, user)


def _counts(session: Session, wanted: Wanted, user: User) -> Counts:
    at = (Report.desk.in_(user.desks), Report.reduced_at.is_(None))
    shown = (*at, Report.status == "closed" if wanted.closed else Report.status != "closed")
    others = [_asked(name, value) for name, value in wanted.asked.items()]
    columns = [func.count().filter(_whose(whose, user)) for whose in WHOSE]
    found = session.execute(select(*columns).select_from(Report).where(*shown, *others)).one()
    return Counts(dict(zip(WHOSE, found, strict=True)), _waiting(session, at), _values(session, shown))


def _waiting(session: Session, at: Iterable[ColumnElement[bool]]) -> int:
    fresh = select(func.count()).select_from(Report).where(*at, Report.status == "filed")
    lines = select(func.count()).select_from(CaseMessage).join(Report, Report.id == CaseMessage.report_id)
    unread = lines.where(*at, Report.status != "closed", ~CaseMessage.from_desk, CaseMessage.read_at.is_(None))
    return (session.scalar(fresh) or 0) + (session.scalar(unread) or 0)


def _values(session: Session, shown: Iterable[ColumnElement[bool]]) -> dict[str, list[str]]:
    """What there is to choose: of crime, country and language only what the list has."""
    columns = {"crime": Report.crime_type, "country": Report.country, "language": Report.language}
    found = {name: session.scalars(select(column).distinct().where(*shown)) for name, column in columns.items()}
    return {name: sorted(value or NO_COUNTRY for value in values) for name, values in found.items()}
