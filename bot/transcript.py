"""What was said on the way to a report, and since: put into the report's box, and gone from where the server reads."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, delete, or_, select, update
from sqlalchemy.orm import Session

from bot import boxes, indicators, reports
from bot.runtime import Runtime
from bot.sealing import Vault
from bot.store.models import Conversation, Inbound, Media, Outbound, Report

# Nothing more is done with these; what is only "sent" may still be told to have failed, and is then sent again.
ENDED = ("delivered", "read", "failed", "withheld")
# The kinds of message that carry words of theirs; see bot.messages.Message.
WORDS = ("text", "media", "contact")
TOLD_BY_THEN = timedelta(hours=1)


def words(session: Session, vault: Vault, contact: uuid.UUID, began: int, until: int) -> list[str]:
    """Every word of theirs from one message to another, as stored: also what was too long for the engine."""
    query = select(Inbound).where(Inbound.contact_id == contact, Inbound.id.between(began, until))
    rows = [row for row in session.scalars(query.order_by(Inbound.id)) if row.body_sealed]
    bodies = [vault.open(row.body_sealed) for row in rows]
    texts = [body["text"].strip() for body in bodies if body["kind"] in WORDS]
    return [text for text in texts if text and not text.isdigit()]


def into_box(session: Session, vault: Vault, report: Report) -> None:
    """Every message that belongs to the report, with its files; what Faro answered to it, if it has arrived; and the
    engine's memory of it. A message that is in the box already stays there."""
    query = select(Inbound).where(reports.messages(report), Inbound.body_sealed.is_not(None))
    theirs = session.scalars(query).all()
    for inbound in theirs:
        _put(session, vault, report, inbound)
    for file in session.scalars(select(Media).where(Media.inbound_id.in_([inbound.id for inbound in theirs]))):
        if file.body_sealed is not None:
            file.report_boxed = boxes.put_bytes(report.public_key, vault.open_bytes(file.body_sealed))
            file.body_sealed = None
    session.flush()
    # Whoever wrote it: a line may come from a borrowed phone.
    session.execute(delete(Conversation).where(Conversation.contact_id.in_({row.contact_id for row in theirs})))
    answers = Outbound.inbound_id.in_(select(Inbound.id).where(reports.messages(report)))
    session.execute(update(Outbound).where(answers, Outbound.status.in_(ENDED)).values(body_sealed=None))


def _put(session: Session, vault: Vault, report: Report, inbound: Inbound) -> None:
    assert inbound.body_sealed is not None
    body = vault.open(inbound.body_sealed)
    indicators.note(session, vault, report, str(body.get("text") or ""))  # the last time that we can read it
    inbound.report_boxed = boxes.put(report.public_key, body)
    inbound.body_sealed = None


def forget_arrived(runtime: Runtime, at: datetime) -> None:
    """Our own words about a report go once they have arrived, or can no longer be told not to have."""
    late = and_(Outbound.status == "sent", Outbound.sent_at < at - TOLD_BY_THEN)
    over = or_(Outbound.status.in_(ENDED), late)
    with runtime.sessions.begin() as session:
        session.execute(update(Outbound).where(Outbound.body_sealed.is_not(None), over, _about_a_report())
                        .values(body_sealed=None))  # fmt: skip


def _about_a_report() -> ColumnElement[bool]:
    boxed = select(Inbound.id).where(Inbound.id == Outbound.inbound_id, Inbound.report_boxed.is_not(None))
    return or_(Outbound.kind.in_(("case", "template")), boxed.exists())
