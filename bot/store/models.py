"""The tables. Columns that end in ``_sealed`` hold words, places or addresses, and only a `Vault` reads them.

Those that end in ``_boxed`` no key of ours opens: a report's only its desk, and its follow-up whoever has the receipt.
"""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import BigInteger, DateTime, ForeignKey, Index, LargeBinary, Text, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


def now() -> datetime:
    return datetime.now(UTC)


class Base(DeclarativeBase):
    type_annotation_map = {
        datetime: DateTime(timezone=True),
        str: Text,
        bytes: LargeBinary,
        dict[str, Any]: JSONB,
        list[dict[str, Any]]: JSONB,
    }


class Contact(Base):
    """A person at one address of one channel."""

    __tablename__ = "contact"
    __table_args__ = (UniqueConstraint("channel", "address_hash"),)

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    channel: Mapped[str]
    address_hash: Mapped[str]
    address_sealed: Mapped[bytes]
    phone_country: Mapped[str | None]
    language: Mapped[str | None]
    # What they wrote in last that Faro does not answer in: counted, so that the campaign knows whom it misses.
    foreign_language: Mapped[str | None]
    country: Mapped[str | None]
    subscribed: Mapped[bool] = mapped_column(default=False)
    welcomed_at: Mapped[datetime | None]
    # Where the dialogue stands: form, open question, slots; sealed, as the slots hold words.
    dialogue_sealed: Mapped[bytes | None]
    form: Mapped[str | None]
    # The message that opened the form: what the person wrote since belongs to the report.
    form_since: Mapped[int | None] = mapped_column(BigInteger)
    # The options last offered, in order, so that "1" means what was on the screen.
    offered: Mapped[list[dict[str, Any]]] = mapped_column(default=list)
    # The country whose emergency number was told since the report began.
    told_emergency: Mapped[str | None]
    last_inbound_at: Mapped[datetime | None]
    # What of the last answer an SMS had no room for: the next pages, sealed; "MORE" brings them.
    rest_sealed: Mapped[bytes | None]
    # Which of our numbers they wrote to; we reply from there.
    via: Mapped[str | None]
    # The campaign named by the link that brought them (Telegram's /start parameter).
    came_by: Mapped[str | None]
    # STOP: nothing unasked from then on; the message that said so, and whether the desk may still write.
    stopped_at: Mapped[datetime | None]
    stopped_by: Mapped[int | None] = mapped_column(BigInteger)
    case_messages: Mapped[bool] = mapped_column(default=True)
    # The provider takes nothing for this person: they blocked us, or said STOP to the provider itself.
    blocked_at: Mapped[datetime | None]
    # Messages about a case may come by SMS when WhatsApp does not let us write.
    sms_agreed_at: Mapped[datetime | None]
    # WhatsApp refused a free text: its 24 hours were over sooner than we thought.
    window_shut_at: Mapped[datetime | None]
    # Whether and when it is safe to write to them (bot/safe.py): any, hours, neutral, sms, never. NULL: never asked;
    # asked and not answered is neutral. The hours in minutes after midnight, on their own clock.
    safe: Mapped[str | None]
    safe_from: Mapped[int | None]
    safe_until: Mapped[int | None]
    # They asked to read what waits for them; it may go for a short while.
    opened_at: Mapped[datetime | None]
    # From here on it may be somebody else (bot/doubt.py): nothing of what was filed before without its receipt.
    doubted_at: Mapped[datetime | None]
    # The message that asked to clear the chat: what they wrote before it is not answered.
    cleared_by: Mapped[int | None] = mapped_column(BigInteger)
    # Set when the person was erased: only the farewell is still to be delivered (bot/erasing.py takes the rest).
    erased_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(default=now)


class Inbound(Base):
    """One message or event from a person: stored before the provider hears 200."""

    __tablename__ = "inbound"
    __table_args__ = (
        UniqueConstraint("channel", "provider_id"),
        Index("inbound_waiting", "contact_id", "id", postgresql_where="answered_at IS NULL"),
    )

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    contact_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("contact.id", ondelete="CASCADE"))
    channel: Mapped[str]
    provider_id: Mapped[str]
    # NULL once it belongs to a report: then it is in a box for that.
    body_sealed: Mapped[bytes | None]
    report_boxed: Mapped[bytes | None]
    received_at: Mapped[datetime] = mapped_column(default=now)
    answered_at: Mapped[datetime | None]
    # When we had to say "I cannot answer now", so that it is said once.
    apologised_at: Mapped[datetime | None]


class Outbound(Base):
    """One part of a reply on its way to a person.

    ``status``: waiting → sending → sent → delivered → read; held until something changes (``reason``: why);
    failed for good, or withheld as the person does not want it (``reason``: why).
    ``kind``: reply and apology answer a message, as do too_fast and too_much (bot/pace.py); case comes from a desk;
    notice is ours, unasked; neutral says in their place that there is a message; template asks a person on WhatsApp to
    write again.
    """

    __tablename__ = "outbound"
    __table_args__ = (
        UniqueConstraint("inbound_id", "kind", "position"),
        Index("outbound_open", "contact_id", "id", postgresql_where="status IN ('waiting', 'sending', 'held')"),
        Index("outbound_provider", "provider_id"),
        Index("outbound_contact", "contact_id", "id"),
    )

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    contact_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("contact.id", ondelete="CASCADE"))
    inbound_id: Mapped[int | None] = mapped_column(ForeignKey("inbound.id", ondelete="SET NULL"))
    kind: Mapped[str] = mapped_column(default="reply")
    position: Mapped[int] = mapped_column(default=0)
    # NULL once it has arrived, where it may hold words of a report (bot/transcript.py).
    body_sealed: Mapped[bytes | None]
    options: Mapped[list[dict[str, Any]]] = mapped_column(default=list)
    status: Mapped[str] = mapped_column(default="waiting")
    reason: Mapped[str | None]
    # Where it goes when that is not the person's own channel (SMS for somebody on WhatsApp).
    channel: Mapped[str | None]
    provider_id: Mapped[str | None]
    attempts: Mapped[int] = mapped_column(default=0)
    # How often the provider's answer was lost, so that it may have arrived.
    unanswered: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime] = mapped_column(default=now)
    first_tried_at: Mapped[datetime | None]
    claimed_at: Mapped[datetime | None]
    next_try_at: Mapped[datetime | None]
    sent_at: Mapped[datetime | None]
    delivered_at: Mapped[datetime | None]
    read_at: Mapped[datetime | None]


class Media(Base):
    """A picture, a voice message or a file that came with a message."""

    __tablename__ = "media"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    # NULL once it hangs on the report itself: the person was erased while a legal hold kept the report.
    inbound_id: Mapped[int] = mapped_column(ForeignKey("inbound.id", ondelete="CASCADE"), index=True, nullable=True)
    report_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("report.id", ondelete="CASCADE"), index=True)
    content_type: Mapped[str]
    size: Mapped[int]
    # One of the two: before a report is filed, and after.
    body_sealed: Mapped[bytes | None]
    report_boxed: Mapped[bytes | None]
    created_at: Mapped[datetime] = mapped_column(default=now)


class ProviderEvent(Base):
    """What a provider told us that is no message of a person: a delivery, a post in a group. Without its words."""

    __tablename__ = "provider_event"

    channel: Mapped[str] = mapped_column(primary_key=True)
    provider_id: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str]
    received_at: Mapped[datetime] = mapped_column(default=now)


class Sender(Base):
    """One of our numbers or bots; paused while the provider asks us to slow down."""

    __tablename__ = "sender"

    name: Mapped[str] = mapped_column(primary_key=True)
    paused_until: Mapped[datetime]


class Conversation(Base):
    """The engine's memory of a conversation; only engine/tracker.py reads it."""

    __tablename__ = "conversation"

    contact_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    events: Mapped[bytes]
    updated_at: Mapped[datetime] = mapped_column(default=now)


class Report(Base):
    """A report of a crime (``kind`` report) or the wish to speak with a person (``kind`` request).

    ``status``: filed → accepted → closed. What routing and statistics need is readable, the rest is sealed.
    Some time after closing only the statistics stay (bot/retention.py). What is nullable in the database but not in its
    type is NULL only then, and a report with ``reduced_at`` is shown to nobody.
    """

    __tablename__ = "report"
    __table_args__ = (
        Index("report_desk", "desk", "status"),
        Index("report_due", "accept_by", postgresql_where="status = 'filed'"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    number: Mapped[str] = mapped_column(unique=True, nullable=True)
    kind: Mapped[str] = mapped_column(default="report")
    # The message that filed it: filing twice from one message gives one report.
    inbound_id: Mapped[int] = mapped_column(BigInteger, unique=True, nullable=True)
    contact_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("contact.id", ondelete="SET NULL"))
    desk: Mapped[str]
    routed_by: Mapped[str] = mapped_column(nullable=True)
    # `routing.Why` as it was at filing, so that a later change of routing.yml does not change history.
    routed_why: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    status: Mapped[str] = mapped_column(default="filed")
    crime_type: Mapped[str]
    country: Mapped[str | None]
    language: Mapped[str]
    urgent: Mapped[bool]
    minor: Mapped[bool | None]
    may_reply: Mapped[bool]
    # The report's own key pair; its private half is boxed for its desks in `bot.store.keys.ReportKey`.
    public_key: Mapped[bytes] = mapped_column(nullable=True)
    words_boxed: Mapped[bytes] = mapped_column(nullable=True)
    # The person's message with which it began; the last is `inbound_id`.
    since: Mapped[int] = mapped_column(BigInteger, nullable=True)
    outcome: Mapped[str | None]
    filed_at: Mapped[datetime] = mapped_column(default=now)
    # While it is filed: when it goes to the next desk. bot/passing.py alone moves it.
    accept_by: Mapped[datetime] = mapped_column(nullable=True)
    accepted_at: Mapped[datetime | None]
    accepted_by: Mapped[str | None]
    # Who of the desk has it in hand (bot/desk/hands.py).
    assigned_to: Mapped[str | None]
    closed_at: Mapped[datetime | None]
    # What only the person knows (bot/receipt.py), hashed, and the public key it makes; and what the proof of filing
    # rests on (bot/proof.py): the desk is the first one, whichever has the report now.
    receipt_hash: Mapped[str | None] = mapped_column(unique=True)
    receipt_key: Mapped[bytes | None]
    proof_nonce: Mapped[bytes | None]
    proof_desk: Mapped[str | None]
    reduced_at: Mapped[datetime | None]


class ReceiptTry(Base):
    """A receipt that opened nothing, kept for an hour, so that nobody tries them all."""

    __tablename__ = "receipt_try"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    contact_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("contact.id", ondelete="CASCADE"), index=True)
    tried_at: Mapped[datetime] = mapped_column(default=now)


class ReportEvent(Base):
    """What befell a report on its way between desks, in order: no words, no names of people.

    ``kind``: passed_on, handed_over, not_handed_over (which changed nothing), copied. ``why``: not_accepted, the desk
    let its time go by; consent; else `bot.store.moves.HandOver.end`.
    """

    __tablename__ = "report_event"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    report_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("report.id", ondelete="CASCADE"), index=True)
    at: Mapped[datetime]
    kind: Mapped[str]
    from_desk: Mapped[str] = mapped_column(index=True)
    to_desk: Mapped[str]
    why: Mapped[str]


class LegalHold(Base):
    """While it lasts nothing of the report is erased. The row stays: who set and ended it, and when."""

    __tablename__ = "legal_hold"
    __table_args__ = (Index("legal_hold_one", "report_id", unique=True, postgresql_where="ended_at IS NULL"),)

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    report_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("report.id", ondelete="CASCADE"), index=True)
    set_by: Mapped[str]
    set_at: Mapped[datetime] = mapped_column(default=now)
    # NULL when the report was reduced: the reason is somebody's words.
    reason_boxed: Mapped[bytes | None]
    ended_by: Mapped[str | None]
    ended_at: Mapped[datetime | None]


class CaseMessage(Base):
    """One line of the talk between a desk and the person who filed."""

    __tablename__ = "case_message"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    report_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("report.id", ondelete="CASCADE"), index=True)
    from_desk: Mapped[bool]
    author: Mapped[str | None]
    body_boxed: Mapped[bytes]
    # What the desk wrote, for whoever has the receipt.
    follow_up_boxed: Mapped[bytes | None]
    inbound_id: Mapped[int | None] = mapped_column(BigInteger, unique=True)
    outbound_id: Mapped[int | None] = mapped_column(ForeignKey("outbound.id", ondelete="SET NULL"))
    created_at: Mapped[datetime] = mapped_column(default=now)
    read_at: Mapped[datetime | None]
