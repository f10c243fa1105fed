"""Notes of the operators for each other, in the report's box; nothing of them ever goes to the person."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot import boxes
from bot.reports import WrongStep
from bot.store.models import Report
from bot.store.working import Note

LONGEST = 4_000  # letters


@dataclass(frozen=True)
class Shown:
    """``text`` is "" for whoever has not been given the desk's key."""

    text: str
    author: str
    at: datetime


def write(session: Session, report: Report, text: str, author: str) -> None:
    """Also on a closed report. Raises WrongStep without words."""
    words = text.strip()[:LONGEST]
    if not words:
        raise WrongStep("a note needs words")
    body = boxes.put(report.public_key, {"text": words})
    session.add(Note(report_id=report.id, author=author, body_boxed=body))


def of(session: Session, report: Report, private: bytes | None) -> list[Shown]:
    """The oldest first."""
    rows = session.scalars(select(Note).where(Note.report_id == report.id).order_by(Note.id))
    return [Shown(boxes.take(private, n.body_boxed)["text"] if private else "", n.author, n.at) for n in rows]
