"""Whether a message may be sent to a person now, and what to do when sending failed. Pure: no database, no network."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from bot.messages import NotSent, Then

# https://www.twilio.com/docs/whatsapp/key-concepts#the-24-hour-window; a minute less, as clocks differ
WINDOW = timedelta(hours=24) - timedelta(minutes=1)
# What may pass is tried for a day: 0 s, 20 s, 100 s, 7 min, 28 min, 2 h, then every 6 h.
TRY_FOR = timedelta(hours=24)
FIRST_WAIT, LONGEST_WAIT, GROWS = 20.0, 6 * 3600.0, 4.0
# A lost answer: after so long we look whether the message arrived, or repeat it, once.
LOOK_AFTER = timedelta(seconds=60)
# What answers a message of the person's.
ANSWERS = ("reply", "apology", "too_fast", "too_much")
SLOW_DOWN_FOR = 5.0  # seconds, where the provider does not say


class Way(Enum):
    SEND = "send it"
    HOLD = "keep it until something changes"
    WITHHOLD = "never send it"
    BY_SMS = "send it as SMS instead"
    ASK = "hold it, and send the approved template that asks for an answer"


@dataclass(frozen=True)
class Case:
    """What the decision rests on. ``after_stop``: it answers a message that came after STOP; ``window_open``: None
    where a channel has no such thing."""

    kind: str
    stopped: bool = False
    after_stop: bool = False
    case_messages: bool = True
    blocked: bool = False
    after_block: bool = False
    window_open: bool | None = None
    has_template: bool = False
    asked_already: bool = False
    sms_agreed: bool = False


@dataclass(frozen=True)
class Decision:
    way: Way
    reason: str | None = None


SEND = Decision(Way.SEND)


def decide(case: Case) -> Decision:
    """Blocked, then stopped, then WhatsApp's window; a template is what is sent when the window is shut."""
    answers = case.kind in ANSWERS
    if case.blocked and not (answers and case.after_block):
        return Decision(Way.WITHHOLD if answers else Way.HOLD, "blocked")
    if case.stopped and not _wanted(case, answers):
        return Decision(Way.WITHHOLD if answers or case.kind != "case" else Way.HOLD, "stopped")
    if case.kind == "template":  # it asks them to write, which they may have done by now
        return Decision(Way.WITHHOLD, "window") if case.window_open else SEND
    return _outside(case) if case.window_open is False else SEND


def _wanted(case: Case, answers: bool) -> bool:
    """After STOP: answers to what they wrote since, and their case if they said so."""
    return case.after_stop if answers else case.kind in ("case", "template") and case.case_messages


def _outside(case: Case) -> Decision:
    if case.has_template:
        return Decision(Way.HOLD if case.asked_already else Way.ASK, "window")
    by_sms = case.sms_agreed and case.kind == "case"  # people agree to that for their case only
    return Decision(Way.BY_SMS if by_sms else Way.HOLD, "window")


def window_open(last_inbound: datetime | None, shut: datetime | None, now: datetime) -> bool:
    """Whether WhatsApp takes free text: the person wrote within 24 hours, and since it last refused."""
    if last_inbound is None or (shut is not None and shut >= last_inbound):
        return False
    return now < last_inbound + WINDOW


@dataclass(frozen=True)
class Next:
    """``status`` for the outbox; ``wait`` in seconds until the next try; ``pause`` the sender for so long."""

    status: str
    reason: str
    wait: float | None = None
    pause: float | None = None


# It may have arrived twice by now: there is no third time.
NO_ANSWER = Next("failed", "no answer")


def after_failure(error: NotSent, attempts: int, tried_for: timedelta, unanswered: int) -> Next:
    """What becomes of a message that was not sent at its try number ``attempts``.

    ``unanswered``: how often it may have arrived without our hearing of it.
    """
    if error.then in (Then.STOPPED, Then.WINDOW):  # known of the person now, so that `decide` says what follows
        return Next("waiting", error.code)
    if error.then is Then.GIVE_UP or tried_for > TRY_FOR:
        return Next("failed", error.code)
    if error.then is Then.SLOW_DOWN:
        pause = error.after or SLOW_DOWN_FOR
        return Next("waiting", error.code, wait=pause, pause=pause)
    if error.then is Then.LOOK:
        return NO_ANSWER if unanswered > 1 else Next("sending", error.code, wait=LOOK_AFTER.total_seconds())
    return Next("waiting", error.code, wait=back_off(attempts))


def back_off(attempts: int) -> float:
    """Seconds until the next try: four times longer each time, and never the same for two messages."""
    return min(FIRST_WAIT * GROWS ** (attempts - 1), LONGEST_WAIT) * random.uniform(0.5, 1.5)  # noqa: S311 (not a secret)
