"""What somebody does behind a receipt, from any phone: add words or a file to the report, or withdraw it.

What is added goes into the report's box and to its desk; the engine never hears it.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from bot import handing, reports
from bot.engine import Answer
from bot.hearing import Heard
from bot.replies import Reply
from bot.store.models import CaseMessage, Report, now

if TYPE_CHECKING:
    from bot.turn import Turn

# So long a shown receipt counts: the phone may be somebody else's.
COUNTS = timedelta(minutes=30)
ADDED = Answer(({"reply": "receipt_added"},), None, None, {}, intent=None)

Following = Mapping[str, Any]


def begin(report: Report) -> Following:
    """A receipt was shown: what the dialogue keeps of it."""
    return {"report": str(report.id), "until": (now() + COUNTS).isoformat(), "adds": False}


def takes(turn: Turn, heard: Heard, body: Mapping[str, Any]) -> Answer | None:
    """What comes after "add" is added, whatever it says; a command, a choice or a new receipt is what it is."""
    report = _report(turn) if turn.following and turn.following["adds"] else None
    typed = heard.says is not None and bool(heard.typed)
    if report is None or not (typed or body["kind"] == "media"):
        return None
    known = select(CaseMessage.id).where(CaseMessage.inbound_id == turn.inbound.id)
    turn.session.flush()
    if turn.session.scalar(known) is None:  # else their desk talks with them here, and has it already
        reports.add_line(turn.session, report, str(body.get("text", "")), None, turn.inbound.id)
    turn.report, turn.following = report, None
    return ADDED


def _report(turn: Turn) -> Report | None:
    """The open report whose receipt was shown here, not long ago."""
    following = turn.following
    if not following or datetime.fromisoformat(following["until"]) < now():
        return None
    report = turn.session.get(Report, uuid.UUID(following["report"]), with_for_update=True)
    return report if report and report.status != "closed" else None


def add(turn: Turn, reply: Reply, heard: Heard, answer: Answer) -> Reply:
    if turn.following is None or _report(turn) is None:
        return Reply("receipt_again", {})
    turn.following = dict(turn.following) | {"adds": True}
    return reply


def ask_withdraw(turn: Turn, reply: Reply, heard: Heard, answer: Answer) -> Reply:
    report = _report(turn)
    return replace(reply, params={"desk": report.desk}) if report else Reply("receipt_again", {})


def withdraw(turn: Turn, reply: Reply, heard: Heard, answer: Answer) -> Reply:
    report = _report(turn)
    if report is None:
        return Reply("receipt_again", {})
    reports.withdraw(report)
    handing.taken_back(turn.session, report, now())
    turn.following = None
    return replace(reply, params={"desk": report.desk})


DOES: Mapping[str, Callable[[Turn, Reply, Heard, Answer], Reply]] = {
    "receipt_add": add,
    "receipt_withdraw": ask_withdraw,
    "withdrawn": withdraw,
}
