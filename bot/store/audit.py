"""The table of who did what at the desk; only bot/audit.py writes to it, and the database lets nobody change it."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import BigInteger, Index
from sqlalchemy.orm import Mapped, mapped_column

from bot.store.models import Base


class Action(StrEnum):
    """What can stand in the log. A word here is never renamed: the digests of the rows hold it."""

    SIGNED_IN = "signed in"
    SIGN_IN_FAILED = "sign-in failed"
    WRONG_CODE = "wrong code"
    SECOND_FACTOR_SET = "second factor set up"
    KEY_ADDED = "security key added"
    KEY_REMOVED = "security key removed"
    WRONG_KEY = "wrong security key"
    SIGNED_OUT = "signed out"
    PASSWORD_CHANGED = "password changed"  # noqa: S105 (the name of an action)
    LIST_READ = "list read"
    REPORT_READ = "report read"
    FILE_READ = "file read"
    LOG_READ = "log read"
    ACCEPTED = "accepted"
    MESSAGE_SENT = "message sent"
    CLOSED = "closed"
    INVITED = "invited"
    KEY_GIVEN = "key given"
    REMOVED = "removed"
    RECOVERY_MADE = "recovery key made"
    NOTED = "note written"
    GIVEN = "given to a colleague"
    EXPORTED = "exported"
    HOLD_SET = "legal hold set"
    HOLD_ENDED = "legal hold ended"
    HANDED_OVER = "handed over"
    HAND_OVER_TAKEN = "hand-over accepted"
    HAND_OVER_REFUSED = "hand-over refused"
    HAND_OVER_WITHDRAWN = "hand-over withdrawn"
    REPORT_WISHED = "report wished for"
    ALERTS_CHANGED = "alerts changed"
    REFUSED = "refused"


class Audit(Base):
    """One thing that somebody did. No words of a report, ever."""

    __tablename__ = "audit"
    __table_args__ = (
        Index("audit_case", "case_number", "number"),
        Index("audit_email", "email", "number"),
        Index("audit_who", "who", "at"),
    )

    # 1, 2, 3...: without a gap, so that a row taken away is missed.
    number: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    at: Mapped[datetime]
    # The user's id, address and role as they were then; none of a sign-in that failed for somebody we do not know.
    who: Mapped[int | None]
    email: Mapped[str | None]
    role: Mapped[str | None]
    action: Mapped[str]
    case_number: Mapped[str | None]
    # Whom of the desk's people it was done to.
    about: Mapped[str | None]
    # SHA-256, in hexadecimal: of the row before, and of that and this row.
    previous: Mapped[str]
    digest: Mapped[str]
