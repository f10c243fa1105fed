"""What leaves the house besides answers to people: alerts to operators, and reports for partner systems."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

import bot.store.people  # noqa: F401 (the table of users, which ours point to)
from bot.store.models import Base, now


class AlertSetting(Base):
    """How one member of a desk wants to be alerted; without a row: not at all.

    ``way``: off, sms, telegram, email or webhook; the address is a number, a chat, an e-mail address or a URL.
    ``duty``: ``{"days": [0...], "begins", "ends", "zone"}``, 0 is Monday, in minutes after midnight; None: always.
    """

    __tablename__ = "alert_setting"

    user_id: Mapped[int] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"), primary_key=True)
    way: Mapped[str] = mapped_column(default="off")
    # NULL while Telegram is chosen and the person has not yet written to our bot.
    address_sealed: Mapped[bytes | None]
    # By which their own system knows that a webhook comes from us.
    secret_sealed: Mapped[bytes | None]
    danger_only: Mapped[bool] = mapped_column(default=False)
    language: Mapped[str] = mapped_column(default="es")
    duty: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    # SHA-256 of the code that connects a Telegram chat, once.
    code_hash: Mapped[str | None] = mapped_column(unique=True)
    code_expires_at: Mapped[datetime | None]


class Alert(Base):
    """One person told of one occasion: that a report came to a desk (``since``), and why it is told.

    ``why``: filed, passed_on, handed_over, copied, half_time, or test without a report. ``status``: waiting → sending →
    sent; failed for good, or dropped as it was true no more (``reason``: why).
    """

    __tablename__ = "alert"
    __table_args__ = (
        UniqueConstraint("user_id", "report_id", "why", "since"),
        Index("alert_open", "id", postgresql_where="status IN ('waiting', 'sending')"),
    )

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"))
    report_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("report.id", ondelete="CASCADE"), index=True)
    desk: Mapped[str]
    why: Mapped[str]
    since: Mapped[datetime]
    status: Mapped[str] = mapped_column(default="waiting")
    reason: Mapped[str | None]
    attempts: Mapped[int] = mapped_column(default=0)
    # How often it may have arrived without our hearing of it.
    unanswered: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime] = mapped_column(default=now)
    first_tried_at: Mapped[datetime | None]
    claimed_at: Mapped[datetime | None]
    next_try_at: Mapped[datetime | None]
    sent_at: Mapped[datetime | None]


# One row for each file, and one for the report itself.
ONCE = "partner_post_once"


class PartnerPost(Base):
    """A report, or a file of it (``media_id``), on its way to a partner's system. No words: these are the report's.

    ``desk`` and ``why`` (filed, passed_on, handed_over): to which desk it came, and how. ``status``: waiting → taken;
    failed for good, or dropped as another desk has the report now (``reason``: why).
    """

    __tablename__ = "partner_post"
    __table_args__ = (
        Index("partner_post_open", "created_at", postgresql_where="status = 'waiting'"),
        UniqueConstraint("report_id", "partner", "media_id", name=ONCE, postgresql_nulls_not_distinct=True),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    report_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("report.id", ondelete="CASCADE"))
    partner: Mapped[str]
    media_id: Mapped[int | None] = mapped_column(ForeignKey("media.id", ondelete="CASCADE"), index=True)
    desk: Mapped[str]
    why: Mapped[str]
    status: Mapped[str] = mapped_column(default="waiting")
    reason: Mapped[str | None]
    attempts: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime] = mapped_column(default=now)
    # Also until when a process that has it in hand is waited for.
    next_try_at: Mapped[datetime | None]
    taken_at: Mapped[datetime | None]
