"""What a provider reports of a message that it took: sent, delivered, read, or not after all."""

from __future__ import annotations

import uuid

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot import delivery, inbox, policy
from bot.messages import Event, NotSent, Report
from bot.store.models import Outbound, now

# A message never goes back: Twilio's reports may come in any order.
RANK = {"waiting": 0, "held": 0, "sending": 1, "sent": 2, "delivered": 3, "read": 4, "failed": 5, "withheld": 5}
BROUGHT = ("sent", "delivered", "read")
ARRIVED = ("delivered", "read")


def take(session: Session, report: Report) -> uuid.UUID | None:
    """Write a report down; the person to whom something can be sent again because of it."""
    if not inbox.note(session, Event(report.channel, report.provider_id, report.status)):
        return None
    row = _row(session, report) if "\x00" not in report.message else None
    if row is None:
        return None
    if report.status in ARRIVED and row.status not in ARRIVED:
        row.provider_id = report.message
        _reached(row, report.status)  # it has arrived, even where we had given up on it or meant to try again
        return None
    if not _is_about(row, report):
        return None
    row.provider_id = report.message
    if report.status == "failed":
        return _failed(session, row, report)
    if RANK[report.status] > RANK[row.status]:
        _reached(row, report.status)
    return None


def _row(session: Session, report: Report) -> Outbound | None:
    """By our own name for it, else by the provider's."""
    query = select(Outbound).where(Outbound.provider_id == report.message)
    if report.outbound is not None:
        query = select(Outbound).where(Outbound.id == report.outbound)
    return session.scalars(query.with_for_update()).first()


def _is_about(row: Outbound, report: Report) -> bool:
    """Whether it is about the message last sent, which has not failed: of any other nothing more is to be learnt."""
    if row.status == "sending":
        return row.provider_id != report.message
    return row.provider_id is None or (row.provider_id == report.message and row.status in BROUGHT)


def _reached(row: Outbound, status: str) -> None:
    row.status, row.reason, row.next_try_at = status, None, None
    row.sent_at = row.sent_at or now()
    if status in ("delivered", "read"):
        row.delivered_at = row.delivered_at or now()
    if status == "read":
        row.read_at = now()


def _failed(session: Session, row: Outbound, report: Report) -> uuid.UUID | None:
    """Taken by the provider, but not brought: again later where that helps, as nothing has arrived."""
    if RANK[row.status] >= RANK["delivered"]:
        return None
    error = NotSent(report.then, report.reason or "not delivered")
    tried_for = now() - (row.first_tried_at or row.created_at)
    after = policy.after_failure(error, row.attempts, tried_for, unanswered=0)
    if row.body_sealed is None:  # its words are gone, as it had been with the provider for so long
        after = policy.Next("failed", error.code)
    delivery.apply(session, row, after, report.then)
    return row.contact_id if after.status == "waiting" else None
