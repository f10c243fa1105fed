"""A report's private key in boxes for partner systems: for each desk on its way that has one (docs/partner.md).

Only the partner opens such a box. It goes as the desk's own does: when the desk can no longer get the report.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from bot import boxes
from bot.store.keys import PartnerKey
from bot.store.models import Report


@dataclass(frozen=True)
class Holder:
    """A partner system by its name in FARO_PARTNERS, and its public key."""

    partner: str
    public: bytes


# Desk → the partner system that gets its reports.
Holders = Mapping[str, Holder]
NOBODY: Holders = {}


def put(session: Session, report: Report, private: bytes, desks: Iterable[str], holders: Holders) -> None:
    """Box the report's key for the partners of these desks, while somebody still has it."""
    for desk in desks:
        if holder := holders.get(desk):
            boxed = {"partner": holder.partner, "private_boxed": boxes.put_bytes(holder.public, private)}
            row = insert(PartnerKey).values(report_id=report.id, desk=desk, **boxed)
            session.execute(row.on_conflict_do_update(index_elements=("report_id", "desk"), set_=boxed))


def take_back(session: Session, report: Report, but: Iterable[str] = (), desk: str | None = None) -> None:
    """As `desk_keys.take_back`: what was not sent by then never is."""
    theirs = PartnerKey.desk == desk if desk else PartnerKey.desk.not_in(list(but))
    session.execute(delete(PartnerKey).where(PartnerKey.report_id == report.id, theirs))


def of(session: Session, report: uuid.UUID, partner: str) -> bytes | None:
    """The report's key as this partner can open it."""
    query = select(PartnerKey.private_boxed).where(PartnerKey.report_id == report, PartnerKey.partner == partner)
    return session.scalar(query.order_by(PartnerKey.id.desc()).limit(1))
