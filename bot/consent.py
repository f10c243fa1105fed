"""The question whether a second desk may have a copy of the report, and what the person answers (bot/copying.py)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from bot import copying
from bot.engine import Answer
from bot.hearing import Heard
from bot.replies import Reply

if TYPE_CHECKING:
    from bot.turn import Turn


def asked_after(turn: Turn, replies: list[Reply]) -> list[Reply]:
    """The question, behind the very message that filed the report."""
    if not any(reply.name == "report_filed" for reply in replies):
        return []
    found = copying.waiting(turn.session, turn.contact.id)
    if found is None or found[0].inbound_id != turn.inbound.id:
        return []
    return [Reply("ask_copy", {"case": found[0].number, "desk": found[1].desk})]


def yes(turn: Turn, reply: Reply, heard: Heard, answer: Answer) -> Reply:
    found = copying.waiting(turn.session, turn.contact.id)
    if found is None or not copying.give(turn.session, *found):
        return Reply("copy_none", {})
    report, copy = found
    return Reply("copy_yes", {"case": report.number, "desk": copy.desk, "may_reply": report.may_reply})


def no(turn: Turn, reply: Reply, heard: Heard, answer: Answer) -> Reply:
    found = copying.waiting(turn.session, turn.contact.id)
    if found is None:
        return Reply("copy_none", {})
    copying.forget(turn.session, turn.contact.id)
    return Reply("copy_no", {"may_reply": found[0].may_reply})


DOES: Mapping[str, Callable[[Turn, Reply, Heard, Answer], Reply]] = {"copy_yes": yes, "copy_no": no}
