"""The tables of a desk's own work on a report: its notes, who was given it, and what it shares with other reports."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from bot.store.models import Base, now


class Note(Base):
    """What an operator wrote for colleagues; the person never gets it, not even with their receipt."""

    __tablename__ = "note"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    report_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("report.id", ondelete="CASCADE"), index=True)
    author: Mapped[str]
    at: Mapped[datetime] = mapped_column(default=now)
    body_boxed: Mapped[bytes]


class Given(Base):
    """A report passed from hand to hand within its desk, by e-mail address; who has it now is in `Report`."""

    __tablename__ = "given"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    report_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("report.id", ondelete="CASCADE"), index=True)
    given_by: Mapped[str]
    given_to: Mapped[str]
    at: Mapped[datetime] = mapped_column(default=now)


class Indicator(Base):
    """That a report mentions a number, without the number (bot/indicators.py). ``kind``: phone, plate, account."""

    __tablename__ = "indicator"
    __table_args__ = (Index("indicator_same", "kind", "fingerprint"),)

    report_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("report.id", ondelete="CASCADE"), primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
    fingerprint: Mapped[str] = mapped_column(primary_key=True)
