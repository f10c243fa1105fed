"""When a part of Faro is away the person is told so, with the emergency number, and is answered when it is back."""

from __future__ import annotations

import subprocess
import uuid
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select

from bot import conversation, jobs
from bot.engine import EngineDown
from bot.runtime import Runtime
from bot.store.models import Contact, Conversation, Inbound, Outbound, Report, now
from bot.turn import Turn
from tests.conftest import Process
from tests.talk import Phone


def test_with_the_engine_away_one_line_with_the_number_then_the_answer_and_reports_go_on(
    phone: Callable[..., Phone], engine: Process, runtime: Runtime
) -> None:
    person, reporting = phone("+50498760001", "es"), phone("+525512340005", "es")
    person.says("hola")
    reporting.says("me robaron en tapachula")
    engine.kill()
    try:
        person.stores("text", text="que derechos tengo si me detienen")
        for _ in range(3):
            with pytest.raises(EngineDown):
                conversation.answer(runtime, person.contact)
        apology = person.hears()
        assert len(apology) == 1
        assert "911 (Honduras)" in apology[0].text and "no puedo responder" in apology[0].text
    finally:
        engine.start()
    conversation.answer(runtime, person.contact)
    answer = person.hears()
    assert len(answer) == 1 and "Honduras" in answer[0].text and "detenid" in answer[0].text
    assert "Cuándo" in reporting.says("no")[-1].text


def test_with_the_action_server_away_a_report_is_not_lost_and_filed_once(
    phone: Callable[..., Phone], actions: Process, runtime: Runtime
) -> None:
    person = phone("+525512340001", "es")
    for said in ("me robaron en tapachula", "no", "ayer", "me quitaron el telefono", "2", "1"):
        person.says(said)
    actions.kill()
    try:
        person.stores("text", text="1")
        with pytest.raises(EngineDown):
            conversation.answer(runtime, person.contact)
        assert "911" in person.hears()[0].text
        assert _reports(runtime, person) == []
    finally:
        actions.start()
    conversation.answer(runtime, person.contact)
    filed = _reports(runtime, person)
    assert len(filed) == 1 and filed[0].number in person.hears()[0].text


def test_a_turn_that_died_after_the_engine_answered_is_answered_once(
    phone: Callable[..., Phone], runtime: Runtime
) -> None:
    person = phone("+525512340002", "es")
    person.says("me robaron en tapachula")
    person.stores("text", text="no")
    with runtime.sessions() as session:  # the turn up to the engine's answer, and then the worker dies
        inbound = session.scalars(select(Inbound).where(Inbound.contact_id == person.contact)).all()[-1]
        contact = session.get_one(Contact, person.contact)
        Turn(runtime, session, contact, inbound).take()
        session.rollback()
    conversation.answer(runtime, person.contact)
    heard = person.hears()
    assert len(heard) == 1 and "Cuándo" in heard[0].text


def test_filing_twice_from_one_message_gives_one_report(phone: Callable[..., Phone], runtime: Runtime) -> None:
    person = phone("+525512340003", "es")
    for said in ("me robaron en tapachula", "no", "ayer", "me quitaron el telefono", "2", "1"):
        person.says(said)
    person.stores("text", text="1")
    with runtime.sessions() as session:
        inbound = session.scalars(select(Inbound).where(Inbound.contact_id == person.contact)).all()[-1]
        contact = session.get_one(Contact, person.contact)
        Turn(runtime, session, contact, inbound).take()
        session.rollback()  # the report is filed, the answer is lost
    conversation.answer(runtime, person.contact)
    assert len(_reports(runtime, person)) == 1
    assert _reports(runtime, person)[0].number in person.hears()[0].text


def test_a_report_left_for_a_day_is_closed_kindly_and_once(phone: Callable[..., Phone], runtime: Runtime) -> None:
    person = phone("+525512340004", "en")
    person.says("i was robbed in tapachula")
    with runtime.sessions.begin() as session:
        session.get_one(Contact, person.contact).last_inbound_at = now() - timedelta(hours=25)
    assert person.contact in jobs.close_silent(runtime)
    conversation.answer(runtime, person.contact)
    (kind,) = person.hears()
    assert "closed the report" in kind.text
    assert person.person().form is None
    assert person.contact not in jobs.close_silent(runtime)


CANARY = "canariofaro"


def test_no_word_number_or_name_is_readable_in_database_logs_or_queue(
    phone: Callable[..., Phone], runtime: Runtime, engine: Process, actions: Process
) -> None:
    number = "+525512349876"
    person = phone(number, "es")
    for said in (f"me robaron {CANARY} en tapachula", "no", "ayer", f"se llama {CANARY} Pérez", "2", "1", "1"):
        person.says(said)
    assert "caso" in person.last[0].text
    with runtime.sessions() as session:
        columns = [*_texts(session, Contact), *_texts(session, Inbound), *_texts(session, Outbound)]
        columns += [*_texts(session, Conversation), *_texts(session, Report)]
        queue = session.connection().exec_driver_sql("SELECT args::text FROM procrastinate_jobs").all()
    kept = "\n".join(columns) + str(queue)
    logs = engine.log.read_text(errors="replace") + actions.log.read_text(errors="replace")
    for secret in (CANARY, number, number[3:], "tapachula", "Pérez"):
        assert secret.casefold() not in kept.casefold(), f"{secret} is readable in the database"
        assert secret.casefold() not in logs.casefold(), f"{secret} is readable in a log"


def _texts(session: object, table: type) -> list[str]:
    rows = session.execute(select(table.__table__)).all()  # type: ignore[attr-defined]
    return [str(value) for row in rows for value in row]


def _reports(runtime: Runtime, person: Phone) -> list[Report]:
    with runtime.sessions() as session:
        return list(session.scalars(select(Report).where(Report.contact_id == person.contact)))


def test_erasing_a_person_leaves_nothing_but_an_accepted_case(phone: Callable[..., Phone], runtime: Runtime) -> None:
    person = phone("+525512340006", "en")
    for said in ("i was robbed in tapachula", "no", "today", "they took my phone", "2", "1", "1"):
        person.says(said)
    with runtime.sessions.begin() as session:
        report = session.scalars(select(Report).where(Report.contact_id == person.contact)).one()
        report.status = "accepted"
    person.says("delete my data")
    heard = person.says("yes")
    assert report.number in heard[0].text
    with runtime.sessions() as session:
        assert session.get_one(Report, report.id).contact_id is None
        assert session.get(Conversation, person.contact) is None
        left = session.scalars(select(Inbound).where(Inbound.contact_id == person.contact)).all()
        assert len(left) == 1  # the message that asked for it, for an hour


def test_the_engine_refuses_whoever_is_not_the_worker(runtime: Runtime, engine: Process) -> None:
    import httpx

    address = f"{runtime.settings.engine_urls[0]}/turn"
    asked = {"contact": str(uuid.uuid4()), "id": "1", "text": "hola", "metadata": {}}
    assert httpx.post(address, json=asked, trust_env=False).status_code == 403
    wrong = {"authorization": "Bearer wrong"}
    assert httpx.post(address, json=asked, headers=wrong, trust_env=False).status_code == 403


def test_only_the_gateway_may_listen_to_the_world(runtime: Runtime, engine: Process, actions: Process) -> None:
    listening = subprocess.run(["cat", "/proc/net/tcp", "/proc/net/tcp6"], capture_output=True, text=True).stdout
    for port in (runtime.settings.engine_port, runtime.settings.actions_port):
        rows = [row.split()[1] for row in listening.splitlines() if f":{port:04X} " in row and " 0A " in row]
        assert rows and all(row.startswith("0100007F:") for row in rows), port
