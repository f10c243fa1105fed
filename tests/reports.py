"""A filed report, for tests that begin at the desk."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import select

from bot import reports, transcript
from bot.reports import Told
from bot.runtime import Runtime
from bot.store.models import Inbound, Report
from tests.keeper import keeper
from tests.talk import Phone


def filed(runtime: Runtime, desk: str, words: str = "me robaron", at: datetime | None = None, **slots: Any) -> Report:
    """A report at a desk of ``demo-mx`` and its like, as the action server files it."""
    keeper(runtime)
    phone = Phone(runtime, f"+5255{uuid.uuid4().int % 10**8:08}", "es")  # Hypothesis repeats what is random
    phone.stores("text", text=words)
    told = {"country": desk[-2:].upper(), "crime_type": "robbery", "may_reply": "yes", "danger": "no"} | slots
    with runtime.sessions.begin() as session:
        inbound = session.scalars(select(Inbound.id).where(Inbound.contact_id == phone.contact)).one()
        content = runtime.shelf.content()
        made = reports.file_report(session, content, inbound, Told(told, [words]), at=at)
        report = session.scalars(select(Report).where(Report.number == made.case)).one()
        transcript.into_box(session, runtime.vault, report)
        return report
