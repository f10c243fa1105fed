"""How much somebody has written: today, and just now."""

from __future__ import annotations

import uuid
from datetime import date, datetime

from sqlalchemy import BigInteger, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from bot.store.models import Base


class Allowance(Base):
    """Counted by the very question that stores a message (bot/inbox.py), so that nobody fills the disk or takes the
    others' turn (bot/pace.py)."""

    __tablename__ = "allowance"

    contact_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("contact.id", ondelete="CASCADE"), primary_key=True)
    # Of this day (UTC): so many messages, and so many bytes of them and of their files, as they are kept.
    day: Mapped[date]
    messages: Mapped[int]
    bytes: Mapped[int] = mapped_column(BigInteger)
    # Of the minute that began then.
    minute: Mapped[datetime]
    recent: Mapped[int]
    # They write too fast: when some of what waits is answered next. NULL: at once, as for everybody.
    serve_at: Mapped[datetime | None]
    # Whether they were told today that they write too fast, and that no more is kept (NULL: there was room for all).
    told_slow: Mapped[bool]
    told_full: Mapped[bool | None]
