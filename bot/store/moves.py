"""The tables of a report on its way to another desk: handed over to one, or copied to a second with consent."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from bot.store.models import Base, now


class HandOver(Base):
    """One desk offers a report to another; until that one accepts, it stays where it is.

    ``end``: NULL while it is open; accepted, refused, withdrawn, no_answer, or passed_on: nobody accepted the report.
    """

    __tablename__ = "hand_over"
    __table_args__ = (Index("hand_over_one", "report_id", unique=True, postgresql_where="ended_at IS NULL"),)

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    report_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("report.id", ondelete="CASCADE"), index=True)
    from_desk: Mapped[str]
    to_desk: Mapped[str] = mapped_column(index=True)
    asked_by: Mapped[str]
    asked_at: Mapped[datetime] = mapped_column(default=now)
    note_boxed: Mapped[bytes | None]
    # Whether the desk got the report's key by this: then it loses it again unless it accepts.
    key_given: Mapped[bool]
    ended_at: Mapped[datetime | None]
    end: Mapped[str | None]
    reason_boxed: Mapped[bytes | None]


class ReportCopy(Base):
    """A second desk that may read a report, once the person has said yes (``given_at``); on no the row is gone."""

    __tablename__ = "report_copy"

    report_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("report.id", ondelete="CASCADE"), primary_key=True)
    desk: Mapped[str] = mapped_column(index=True)
    asked_at: Mapped[datetime] = mapped_column(default=now)
    given_at: Mapped[datetime | None]
    # What the second desk wishes of the first: for it alone, not for the person.
    wish_boxed: Mapped[bytes | None]
    wished_at: Mapped[datetime | None]
