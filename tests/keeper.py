"""Who can open what the tests file: the first administrator, before anybody chooses a password."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot import boxes, desk_keys
from bot.desk import people
from bot.desk_keys import Held
from bot.runtime import Runtime
from bot.store.models import CaseMessage, Report
from bot.store.people import User

_keepers: list[Held] = []


def keeper(runtime: Runtime) -> Held:
    """The first administrator's key, made with the first who asks; a restored database has that of the one it was.

    Once known it is kept: a test may have had them choose a password since.
    """
    with runtime.sessions.begin() as session:
        known = next((held for held in _keepers if _is_there(session, held)), None)
        if known is None:
            people.begin(session, runtime.settings)
            user = session.scalars(select(User).where(User.email == people.FIRST)).one()
            known = Held(user.id, boxes.unlock_by_link(user.private_locked or b"", runtime.settings.first_link))
            _keepers.append(known)
    return known


def _is_there(session: Session, held: Held) -> bool:
    user = session.get(User, held.user_id)
    return user is not None and user.public_key == boxes.of_private(held.private).public


def lines(runtime: Runtime, report: Report) -> list[str]:
    """What the person has written to the desk, as an operator reads it."""
    with runtime.sessions() as session:
        private = desk_keys.private_of(session, report, keeper(runtime))
        query = select(CaseMessage).where(CaseMessage.report_id == report.id, ~CaseMessage.from_desk)
        rows = session.scalars(query.order_by(CaseMessage.id))
        return [boxes.take(private, row.body_boxed)["text"] for row in rows]
