"""Everybody files at once while the worker is killed again and again: each report once, routed, sealed, and told."""

from __future__ import annotations

import random
import time
import uuid
from collections import Counter

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session, make_transient

from bot import desk_keys, inbox
from bot.messages import Message
from bot.runtime import Runtime
from bot.settings import Settings
from bot.store.models import Contact, Conversation, Inbound, Outbound, Report
from tests.conftest import Process, tidy
from tests.talk import Phone

# `--thousand`: as many as are promised; else so few that it can be run with all the other tests.
FEW, MANY = (60, 2), (1000, 10)
LAST_QUESTION = ("me robaron en tapachula", "no", "ayer", "me quitaron el telefono", "2", "1")
PATIENCE = 1200  # seconds until all are answered


@pytest.fixture
def crowd(runtime: Runtime, engine: Process, actions: Process, pytestconfig: pytest.Config) -> list[str]:
    """The numbers of so many people, each with one answer left to give."""
    tidy(runtime.settings)
    people, _ = MANY if pytestconfig.getoption("--thousand") else FEW
    first = Phone(runtime, "+525510000000", "es")
    for said in LAST_QUESTION:
        first.says(said)
    with runtime.sessions.begin() as session:
        return [_like(session, runtime, first, n) for n in range(people)]


def _like(session: Session, runtime: Runtime, first: Phone, n: int) -> str:
    """Somebody who has said what ``first`` said; her own number."""
    number, contact_id = f"+5255{20_000_000 + n}", uuid.uuid4()
    where = {"address_sealed": runtime.vault.seal(number), "address_hash": runtime.vault.fingerprint("web", number)}
    contact = _copy(session, session.get_one(Contact, first.contact), id=contact_id, **where)
    rows = session.scalars(select(Inbound).where(Inbound.contact_id == first.contact).order_by(Inbound.id)).all()
    said = [_copy(session, row, id=None, contact_id=contact_id, provider_id=str(uuid.uuid4())) for row in rows]
    _copy(session, session.get_one(Conversation, first.contact), contact_id=contact_id)
    session.flush()
    contact.form_since = said[0].id
    return number


def _copy[Row: (Contact, Inbound, Conversation)](session: Session, row: Row, **changed: object) -> Row:
    session.expunge(row)
    make_transient(row)
    for name, value in changed.items():
        setattr(row, name, value)
    session.add(row)
    session.flush()
    return row


def test_each_is_filed_once_and_told_once_whenever_the_worker_dies(
    runtime: Runtime, settings: Settings, crowd: list[str], pytestconfig: pytest.Config
) -> None:
    _, kills = MANY if pytestconfig.getoption("--thousand") else FEW
    for number in crowd:
        inbox.take(runtime, Message("web", str(uuid.uuid4()), number, "text", {"text": "1"}))
    worker, chance = Process("worker", settings, lambda: True), random.Random(10)
    worker.start()
    began, killed = time.monotonic(), 0
    try:
        while (filed := _filed(runtime)) < len(crowd) or _waiting(runtime):
            assert time.monotonic() - began < PATIENCE, f"{filed} of {len(crowd)} after {killed} kills"
            if killed < kills and filed > len(crowd) * killed / (kills + 1):
                time.sleep(chance.random())
                worker.kill()
                worker.start()
                killed += 1
            time.sleep(0.2)
    finally:
        worker.stop()
    print(f"{len(crowd)} reports, {killed} kills, {time.monotonic() - began:.0f} s")
    assert killed == kills
    _check(runtime, len(crowd))


def _filed(runtime: Runtime) -> int:
    with runtime.sessions() as session:
        return session.scalar(select(func.count()).select_from(Report).where(Report.receipt_hash.is_not(None))) or 0


def _waiting(runtime: Runtime) -> int:
    with runtime.sessions() as session:
        return session.scalar(select(func.count()).where(Inbound.answered_at.is_(None))) or 0


def _check(runtime: Runtime, people: int) -> None:
    with runtime.sessions() as session:
        reports = session.scalars(select(Report)).all()
        assert Counter(report.contact_id for report in reports) == Counter({report.contact_id for report in reports})
        assert len(reports) == len({report.number for report in reports}) == people
        assert {(report.desk, report.status) for report in reports} == {("demo-mx", "filed")}
        assert all(desk_keys.opens(session, report, report.desk) for report in reports)
        theirs = Outbound.contact_id.in_({report.contact_id for report in reports})
        told = Counter(session.scalars(select(Outbound.contact_id).where(Outbound.kind == "reply", theirs)))
        assert len(told) == people and len(set(told.values())) == 1, Counter(told.values())
        left = select(func.count()).where(Inbound.contact_id == reports[0].contact_id, Inbound.body_sealed.is_not(None))
        assert session.scalar(left) == 0
        kept = {report.contact_id for report in reports}
        assert session.scalar(select(func.count()).where(Conversation.contact_id.in_(kept))) == 0
