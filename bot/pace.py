"""One person's pace: whoever writes too fast is answered in small batches, so that others come between; and of each
person only so much is kept in a day. They are told of either, once a day. docs/when-things-fail.md"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from bot import aside
from bot.runtime import Runtime
from bot.settings import Settings
from bot.store.allowance import Allowance
from bot.store.models import Contact, Inbound, now

# After so many in a minute the jobs of a person come behind everybody else's; there is one for each message, and the
# first ones answer them all.
FIRST = 5
# So many messages in a minute are nobody's flood: twenty cries for help are answered as fast as one.
FREE = 30
PAUSE = 10.0  # seconds between two batches of somebody who writes faster
MEGABYTE = 1024 * 1024
# What files leave free of a day's room, so that words can follow them: 5, besides one file at its largest, sealed.
FOR_WORDS = 12 * MEGABYTE
# They take effect whatever came before them.
ALWAYS = ("stop", "start", "clear", "blocked", "silence")


@dataclass(frozen=True)
class Pace:
    """``turns`` are taken now; when more wait, the next ones after ``pause`` seconds.

    ``slow``: they write too fast. ``each``: whatever comes meanwhile has a job of its own that comes as soon.
    """

    turns: int
    pause: float
    slow: bool = False
    each: bool = False


CALM = Pace(25, 0.0)
EACH = Pace(25, 0.0, each=True)
SLOW = Pace(3, PAUSE, slow=True)
PAST = Pace(25, 0.0, slow=True)

# Part of bot.inbox.TAKE: counts what was `put`; a new day and a new minute begin anew, also where the clock went back.
COUNT = """
    INSERT INTO allowance AS a (contact_id, day, messages, bytes, minute, recent, told_slow)
    SELECT contact_id, %(today)s, 1, %(size)s, %(received_at)s, 1, false FROM put
    ON CONFLICT (contact_id) DO UPDATE SET
        messages = CASE WHEN a.day = excluded.day THEN a.messages ELSE 0 END + 1,
        bytes = CASE WHEN a.day = excluded.day THEN a.bytes ELSE 0 END + excluded.bytes,
        told_slow = a.day = excluded.day AND a.told_slow,
        told_full = CASE WHEN a.day = excluded.day THEN a.told_full END,
        day = excluded.day,
        minute = CASE WHEN excluded.minute BETWEEN a.minute AND a.minute + interval '1 minute'
            THEN a.minute ELSE excluded.minute END,
        recent = CASE WHEN excluded.minute BETWEEN a.minute AND a.minute + interval '1 minute'
            THEN a.recent ELSE 0 END + 1,
        serve_at = CASE WHEN excluded.minute BETWEEN a.minute AND a.minute + interval '1 minute'
            AND a.recent >= %(free)s THEN coalesce(a.serve_at, excluded.minute) ELSE a.serve_at END
    RETURNING serve_at, recent
"""
# The first message of a day that is not kept: the worker tells them.
REFUSED = """
WITH first AS (
    UPDATE allowance SET told_full = false WHERE contact_id = %(contact)s AND told_full IS NULL AND %(asked)s
    RETURNING contact_id
)
SELECT procrastinate_defer_jobs_v1(ARRAY[ROW(
    'default', 'faro:answer', 0, contact_id::text, NULL, jsonb_build_object('contact', contact_id), NULL
)::procrastinate_job_to_defer_v1]) FROM first
"""


def limits(settings: Settings, at: datetime) -> dict[str, Any]:
    """What the inbox measures a message by."""
    most = {"most_messages": settings.day_messages, "most_bytes": settings.day_megabytes * MEGABYTE}
    return {"today": at.date(), "received_at": at, "free": FREE, "first": FIRST} | most


def begin(runtime: Runtime, contact_id: uuid.UUID, row: Allowance | None) -> Pace:
    """How many turns may be taken now; tells them what there is to tell. ``row`` was just read, without a lock."""
    if row is None or (row.serve_at is None and row.told_full is not False):
        return CALM if row is None or row.recent > FIRST else EACH
    with runtime.sessions.begin() as session:
        contact = aside.locked(session, contact_id)
        row = session.get(Allowance, contact_id, with_for_update=True)
        if contact is None or row is None:
            return CALM
        if row.told_full is False:
            row.told_full = _tell(session, runtime, contact, "too_much")
        return _slowed(session, runtime, contact, row) if row.serve_at else CALM


def _slowed(session: Session, runtime: Runtime, contact: Contact, row: Allowance) -> Pace:
    waiting = list(session.scalars(_waiting(contact.id).limit(SLOW.turns + 1)))
    if waiting and waiting[0] <= (contact.cleared_by or 0):
        return PAST  # what came before they cleared the chat is not answered, so nobody waits for it
    if not row.told_slow and len(waiting) > SLOW.turns:
        row.told_slow = _tell(session, runtime, contact, "too_fast")
    wait = (row.serve_at - now()).total_seconds() if row.serve_at else 0
    if 0 < wait <= PAUSE:  # longer than that nobody waits: the clock was set back
        return Pace(0, wait, slow=True)
    row.serve_at = now() + timedelta(seconds=PAUSE)
    return SLOW


def end(runtime: Runtime, contact_id: uuid.UUID, pace: Pace) -> float | None:
    """After the turns of a pace: seconds until the next ones, None when nobody waits.

    Who waits is seen once the row is locked: a message that is put meanwhile either is seen here or has its own job.
    """
    with runtime.sessions.begin() as session:
        row = session.get(Allowance, contact_id, with_for_update=True)
        if session.scalar(_waiting(contact_id).limit(1)):
            return pace.pause
        if row is not None:
            row.serve_at = None
    return None


def _waiting(contact_id: uuid.UUID) -> Any:
    mine = Inbound.contact_id == contact_id, Inbound.answered_at.is_(None)
    return select(Inbound.id).where(*mine).order_by(Inbound.id)


def _tell(session: Session, runtime: Runtime, contact: Contact, name: str) -> bool:
    """As an answer to the newest message that we have of them; nothing more is said to who asked for silence."""
    newest = select(Inbound).where(Inbound.contact_id == contact.id).order_by(Inbound.id.desc()).limit(1)
    inbound = session.scalars(newest).first()
    if inbound is not None and not contact.stopped_at:
        aside.say(session, runtime, contact, inbound, name, name)
    return True


# Files.


def has_room(session: Session, settings: Settings, contact_id: uuid.UUID) -> bool:
    """Whether one more file is kept today."""
    row = session.get(Allowance, contact_id)
    kept = row.bytes if row and row.day == now().date() else 0
    return kept <= settings.day_megabytes * MEGABYTE - FOR_WORDS


def count_file(session: Session, inbound: int, size: int) -> None:
    sender = select(Inbound.contact_id).where(Inbound.id == inbound).scalar_subquery()
    today = Allowance.contact_id == sender, Allowance.day == now().date()
    session.execute(update(Allowance).where(*today).values(bytes=Allowance.bytes + size))
