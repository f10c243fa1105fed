"""The tables of keys: what a desk's reports are sealed to, and who can open them. Never a private key by itself."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from bot.store.models import Base, now
from bot.store.people import User


class DeskKey(Base):
    """A desk's key pair. A new one takes its place when somebody leaves the desk; the old one stays in the table."""

    __tablename__ = "desk_key"
    __table_args__ = (Index("desk_key_one", "desk", unique=True, postgresql_where="retired_at IS NULL"),)

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    desk: Mapped[str]
    public_key: Mapped[bytes]
    made_at: Mapped[datetime] = mapped_column(default=now)
    retired_at: Mapped[datetime | None]


class RecoveryKey(Base):
    """The public half of the key that an administrator printed. There is one at most."""

    __tablename__ = "recovery_key"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    public_key: Mapped[bytes]
    made_at: Mapped[datetime] = mapped_column(default=now)
    made_by: Mapped[str]


class DeskKeyHolder(Base):
    """A desk's private key, boxed for one of its people or (``user_id`` NULL) for the recovery key."""

    __tablename__ = "desk_key_holder"
    __table_args__ = (UniqueConstraint("desk_key_id", "user_id", postgresql_nulls_not_distinct=True),)

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    desk_key_id: Mapped[int] = mapped_column(ForeignKey("desk_key.id", ondelete="CASCADE"))
    user_id: Mapped[int | None] = mapped_column(ForeignKey(User.id, ondelete="CASCADE"), index=True)
    private_boxed: Mapped[bytes]


class ReportKey(Base):
    """A report's private key, boxed for one desk."""

    __tablename__ = "report_key"
    __table_args__ = (UniqueConstraint("report_id", "desk_key_id"),)

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    report_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("report.id", ondelete="CASCADE"))
    desk_key_id: Mapped[int] = mapped_column(ForeignKey("desk_key.id"), index=True)
    private_boxed: Mapped[bytes]
    # For a copy to which the person has not agreed yet (bot/copying.py): nobody is let open anything with it.
    waiting: Mapped[bool] = mapped_column(default=False)


class PartnerKey(Base):
    """A report's private key, boxed for the partner system of a desk that has the report, or may get it."""

    __tablename__ = "partner_key"
    __table_args__ = (UniqueConstraint("report_id", "desk"),)

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    report_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("report.id", ondelete="CASCADE"))
    desk: Mapped[str]
    partner: Mapped[str]
    private_boxed: Mapped[bytes]
