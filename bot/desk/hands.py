"""Who of a desk has a report in hand: whoever accepted it, until they give it to a colleague."""

from __future__ import annotations

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from bot import desk_keys
from bot.reports import WrongStep
from bot.store.models import Report
from bot.store.people import User
from bot.store.working import Given


def colleagues(session: Session, report: Report) -> list[str]:
    """By e-mail address: who works at its desk and can read it, but for whom it is with."""
    users = session.scalars(select(User).where(User.active, User.desks.contains([report.desk])).order_by(User.email))
    return [u.email for u in users if u.email != report.assigned_to and desk_keys.holds(session, report.desk, u)]


def give(session: Session, report: Report, by: str, to: str) -> None:
    """Raises WrongStep unless it is accepted, and ``to`` one of its `colleagues`."""
    if report.status != "accepted":
        raise WrongStep("only an accepted report can be given to a colleague")
    if to not in colleagues(session, report):
        raise WrongStep("choose a colleague of this desk who can read the report")
    report.assigned_to = to
    session.add(Given(report_id=report.id, given_by=by, given_to=to))


def nobody() -> ColumnElement[bool]:
    """For a query of `Report`: nobody has it, or somebody who works here no more."""
    here = select(User.email).where(User.active)
    return or_(Report.assigned_to.is_(None), Report.assigned_to.not_in(here))
