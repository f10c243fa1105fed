"""What a person wished about messages that they did not just ask for, and what follows for one of them. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from bot.quiet import Hours, may_write

# What they can choose; asked and not answered counts as neutral.
CHOICES = ("any", "hours", "neutral", "sms", "never")
# An answer is one while whoever wrote has the phone in hand; later somebody else may have it, or it may be night.
AT_ONCE = timedelta(minutes=30)


class Do(Enum):
    GO = "send it"
    WAIT = "keep it until the hours they chose"
    VEIL = "keep it, and say only that there is a message"
    KEEP = "keep it until they ask for it or choose otherwise"
    DROP = "never send it"


@dataclass(frozen=True)
class Wish:
    """``where``: the time zones in which they may be; ``silent``: so long that the phone may be another's by now."""

    choice: str | None = None
    hours: Hours | None = None
    where: tuple[str, ...] = ()
    silent: bool = False


@dataclass(frozen=True)
class Sending:
    """One message to be sent. ``kind`` as in Outbound.

    ``direct``: it answers what they wrote at this moment; ``opened``: they have just asked for what waits; ``locked``:
    it is about a report whose receipt must be shown first; ``says_nothing``: its words are neutral themselves.
    """

    kind: str
    direct: bool = False
    opened: bool = False
    locked: bool = False
    says_nothing: bool = False


def decide(sending: Sending, wish: Wish, at: datetime) -> tuple[Do, str | None]:
    """What to do and, unless it goes, the reason; ``at``: now (aware)."""
    if sending.direct or (sending.opened and not sending.locked):
        return Do.GO, None
    if wish.choice == "never":
        return (Do.KEEP if sending.kind == "case" else Do.DROP), "never"
    if sending.kind == "template" and wish.choice == "sms":
        return Do.DROP, "sms"
    if wish.choice == "hours" and wish.hours and not may_write(wish.hours, wish.where, at):
        return Do.WAIT, "hours"
    if sending.says_nothing or not (wish.choice == "neutral" or wish.silent or sending.locked):
        return Do.GO, None
    return (Do.DROP if sending.kind == "template" else Do.VEIL), "neutral"
