"""The audit log: who did what at the desk, each row chained to the one before by its digest.

A row is written in the transaction of the thing itself, as its last step: one is not kept without the other.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import UTC, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot.store.audit import Action, Audit
from bot.store.models import now

if TYPE_CHECKING:  # brings all of Flask-Security, for which `faro audit verify` would wait
    from bot.store.people import User

# Two that append at once would fork the chain: any fixed number that nobody else locks does.
LOCK = 20101009
BATCH = 1000
# A page of the desk asks for itself every few seconds. A row for each would bury the others.
RENEWED = timedelta(minutes=5)


@dataclass(frozen=True)
class Link:
    """A place in the chain: the number of a row (0: before the first) and its digest, 64 hexadecimal digits."""

    number: int
    digest: str


START = Link(0, "0" * 64)


class Broken(Exception):
    """The log is not as it was written; says which row shows it first."""


def append(
    session: Session, user: User | None, action: Action, case: str | None = None, about: str | None = None
) -> None:
    """Add a row (``user`` None: somebody we do not know). The others wait from here until this transaction ends.

    ``about``: the e-mail address of the colleague to whom it was done.

    Must be the last step of a transaction: whoever has the lock waits for nothing else, so nobody waits in a circle.
    """
    session.flush()
    session.execute(select(func.pg_advisory_xact_lock(LOCK)))
    newest = session.execute(select(Audit.number, Audit.digest).order_by(Audit.number.desc()).limit(1)).one_or_none()
    last = Link(*newest) if newest else START
    row = Audit(number=last.number + 1, previous=last.digest, at=now(), action=action.value, case_number=case,
                about=about)  # fmt: skip
    if user is not None:
        row.who, row.email = user.id, user.email
        row.role = ", ".join(sorted(role.name for role in user.roles))
    row.digest = _digest(row)
    session.add(row)
    session.flush()


def renew(session: Session, user: User, action: Action, case: str | None = None) -> None:
    """A page that asks for itself again: a row only if the last one like it is `RENEWED` ago."""
    alike = select(Audit.number).where(Audit.who == user.id, Audit.action == action.value, Audit.at > now() - RENEWED)
    if session.scalar(alike.where(Audit.case_number.is_not_distinct_from(case)).limit(1)) is None:
        append(session, user, action, case)


def verify(session: Session, noted: Link | None = None) -> Link:
    """Walk the whole chain; the newest row. ``noted``: a row that somebody wrote down, which must still be there.

    Raises Broken with the first row that is changed, missing or out of order.
    """
    last = START
    for row in session.scalars(select(Audit).order_by(Audit.number).execution_options(yield_per=BATCH)):
        _check(last, row)
        last = Link(row.number, row.digest)
        if noted and noted.number == last.number and noted != last:
            raise Broken(f"row {last.number} is not the one that was written down: the log was written anew")
    if noted and noted.number > last.number:
        raise Broken(f"row {last.number + 1} is missing: the log was cut off after row {last.number}")
    return last


def _check(last: Link, row: Audit) -> None:
    if row.number < last.number + 1:
        raise Broken(f"row {row.number} is out of order")
    if row.number > last.number + 1:
        raise Broken(f"row {last.number + 1} is missing")
    if row.digest != _digest(row):
        raise Broken(f"row {row.number} is changed")
    if row.previous != last.digest:
        raise Broken(f"row {row.number} does not follow row {last.number}: one of the two is changed")


def _digest(row: Audit) -> str:
    """SHA-256 of the digest before and of the row as JSON: keys in order, no spaces, the time in UTC.

    >>> from datetime import datetime
    >>> _digest(Audit(number=1, previous="0" * 64, at=datetime(2026, 11, 22, tzinfo=UTC), action="closed"))[:16]
    '63a22796792f4f16'
    """
    written = {
        "number": row.number, "at": row.at.astimezone(UTC).isoformat(timespec="microseconds"), "who": row.who,
        "email": row.email, "role": row.role, "action": row.action, "case": row.case_number,
    }  # fmt: skip
    written |= {"about": row.about} if row.about else {}  # rows from before there was one keep their digest
    canonical = json.dumps(written, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(f"{row.previous}{canonical}".encode()).hexdigest()
