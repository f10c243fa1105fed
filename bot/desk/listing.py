"""The list of reports in pages, and which of all of them is the next to look at, on whichever page it stands."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select

from bot import reports
from bot.desk import filters
from bot.desk.filters import Counts, Wanted
from bot.desk.work import Row, row_of
from bot.runtime import Runtime
from bot.store.models import Report
from bot.store.people import User


@dataclass(frozen=True)
class Pages:
    """Which page is shown, and which is the last."""

    number: int
    last: int


def pages(wanted: Wanted, counts: Counts) -> Pages:
    """The page that was asked for, else the last, as the list may have become shorter since."""
    last = max(1, -(-counts.whose[wanted.whose] // reports.PAGE))
    return Pages(min(max(wanted.page, 1), last), last)


def next_of(runtime: Runtime, wanted: Wanted, counts: Counts, user: User) -> Row | None:
    """A new report before one with unread lines, and of the same kind the one in danger first; None: nothing is new."""
    if wanted.closed or not counts.waiting:
        return None
    unread = reports.unread()
    query = select(Report, unread).where(*reports.listed(user.desks, False), *filters.clauses(wanted, user))
    waits = query.where((Report.status == "filed") | (unread > 0))
    with runtime.sessions() as session:
        found = session.execute(waits.order_by(reports.weight().desc(), *reports.in_order()).limit(1)).one_or_none()
    return row_of(*found) if found else None
