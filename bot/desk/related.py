"""Other reports that mention the same phone, plate or account: known by fingerprints alone, none of them opened."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Row, and_, select
from sqlalchemy.orm import Session, aliased

from bot.indicators import KINDS
from bot.store.models import Report
from bot.store.working import Indicator

MOST = 50  # of one kind


@dataclass(frozen=True)
class Ours:
    """One at a desk of who looks."""

    id: uuid.UUID
    number: str
    filed_at: datetime


@dataclass(frozen=True)
class Shared:
    """Who shares a number of this ``kind``. Of other desks only their ids, one for each report: whom to ask."""

    kind: str
    ours: tuple[Ours, ...]
    elsewhere: tuple[str, ...]

    @property
    def count(self) -> int:
        return len(self.ours) + len(self.elsewhere)


def of(session: Session, report: Report, desks: Sequence[str]) -> list[Shared]:
    """``desks``: of who looks."""
    found = {kind: _others(session, report, kind) for kind in KINDS}
    return [_shared(kind, rows, desks) for kind, rows in found.items() if rows]


def _others(session: Session, report: Report, kind: str) -> Sequence[Row[uuid.UUID, str, datetime, str]]:
    mine = aliased(Indicator)
    same = and_(Indicator.kind == mine.kind, Indicator.fingerprint == mine.fingerprint)
    query = (
        select(Report.id, Report.number, Report.filed_at, Report.desk)
        .join(Indicator, Indicator.report_id == Report.id)
        .join(mine, same)
        .where(mine.report_id == report.id, mine.kind == kind, Report.id != report.id, Report.reduced_at.is_(None))
        .distinct()
        .order_by(Report.filed_at.desc())
        .limit(MOST)
    )
    return session.execute(query).all()


def _shared(kind: str, rows: Sequence[Row[uuid.UUID, str, datetime, str]], desks: Sequence[str]) -> Shared:
    ours = tuple(Ours(row.id, row.number, row.filed_at) for row in rows if row.desk in desks)
    return Shared(kind, ours, tuple(sorted(row.desk for row in rows if row.desk not in desks)))
