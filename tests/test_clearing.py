"""One word tells how to clear the chat and stops our messages: in any state, and whatever is broken."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from bot import conversation, delivery, jobs, reports, telling
from bot.commands import command_in
from bot.content import LANGUAGES, read
from bot.engine import Engine, EngineDown
from bot.replies import Reply
from bot.runtime import Runtime
from bot.settings import ROOT
from bot.store.models import Contact, Conversation, Outbound, Report, now
from tests.channels import AT_HOME
from tests.keeper import lines
from tests.talk import Phone
from tests.test_follow_up import Filing, filing, said

__all__ = ["filing"]
pytestmark = AT_HOME

CONTENT = read(ROOT / "content")
WORDS = ["BORRAR", "borrar.", "Erase", "CLEAR", "apagar", "Effacer !", "EFFACE", "efase"]
STEPS = {"sms": "Eliminar", "whatsapp": "Eliminar chat", "telegram": "papelera o Eliminar", "web": "cierre esta página"}
NOWHERE = "http://127.0.0.1:9"


@pytest.mark.parametrize("word", WORDS)
def test_it_is_answered_shortly_and_everything_of_ours_stops(filing: Filing, word: str) -> None:
    person = Phone(filing.runtime, "+5255", "es")
    person.says("me robaron")
    asked = len(filing.heard)
    [answer] = person.says(word)
    assert "no le escribo más" in answer.text and len(answer.text) < 420 and not answer.options
    contact = person.person()
    assert contact.stopped_at and contact.case_messages is False and contact.offered == []
    assert len(filing.heard) == asked, "the engine was asked"


@pytest.mark.parametrize("channel", STEPS)
def test_the_steps_are_those_of_the_channel(filing: Filing, channel: str) -> None:
    person = Phone(filing.runtime, "+5255", "es", channel)
    [answer] = person.says("borrar")
    assert STEPS[channel] in answer.text and '"borrar mis datos"' in answer.text
    assert ("START" if channel == "sms" else "ALTA") in answer.text


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("channel", STEPS)
def test_nothing_in_the_answer_tells_of_a_crime_or_a_report(filing: Filing, language: str, channel: str) -> None:
    person = Phone(filing.runtime, "+5255", language, channel)
    text = said(person.says("erase")).casefold()
    for telling_word in (
        "denunc",
        "report",
        "crim",
        "delit",
        "polic",
        "caso",
        "case",
        "signal",
        "rapò",
        "faro",
        "migr",
    ):
        assert telling_word not in text, telling_word


@pytest.mark.parametrize("kind", ["case", "notice"])
def test_neither_news_nor_a_desk_reaches_them_from_then_on(filing: Filing, kind: str) -> None:
    person = Phone(filing.runtime, "+5255", "es")
    person.says("me robaron")
    person.says("1")
    person.says("borrar")
    delivery.deliver(filing.runtime, person.contact)
    row_id = owed(filing.runtime, person, kind)
    delivery.deliver(filing.runtime, person.contact)
    with filing.runtime.sessions() as session:
        row = session.get_one(Outbound, row_id)
        assert (row.status in ("held", "withheld"), row.reason) == (True, "stopped")
        lines = session.scalars(
            select(Outbound).where(Outbound.contact_id == person.contact, Outbound.kind == "neutral")
        )
        assert list(lines) == []


def owed(runtime: Runtime, person: Phone, kind: str) -> int:
    with runtime.sessions.begin() as session:
        report = reports.of_contact(session, person.contact)[0]
        reply = Reply("case_accepted", {"case": report.number, "desk": report.desk})
        (row,) = telling.tell(session, runtime, report, reply, now())
        row.kind = kind
        session.flush()
        return row.id


def test_a_half_made_report_is_thrown_away_and_nobody_is_asked_about_it_later(filing: Filing) -> None:
    filing.form = "report_form"
    person = Phone(filing.runtime, "+5255", "es")
    person.says("me robaron")
    assert person.person().form == "report_form"
    with filing.runtime.sessions.begin() as session:
        session.add(Conversation(contact_id=person.contact, events=b"sealed"))
    assert "no le escribo más" in said(person.says("borrar"))
    contact = person.person()
    assert contact.form is None and contact.form_since is None
    assert filing.runtime.vault.open(contact.dialogue_sealed or b"") == {"awaiting": None, "slots": {}}
    with filing.runtime.sessions.begin() as session:
        assert session.get(Conversation, person.contact) is None
        session.get_one(Contact, person.contact).last_inbound_at = now() - timedelta(hours=30)
        assert reports.of_contact(session, person.contact) == []
    assert person.contact not in jobs.close_silent(filing.runtime)


def test_with_the_engine_down_it_is_answered_and_what_was_written_before_is_not(filing: Filing) -> None:
    person = Phone(filing.runtime, "+5255", "es")
    person.says("leer")
    away = replace(filing.runtime, engine=Engine(NOWHERE, "token", seconds=1))
    person.stores("text", text="me robaron")
    with pytest.raises(EngineDown):
        conversation.answer(away, person.contact)
    person.hears()
    person.stores("text", text="borrar")
    conversation.answer(away, person.contact)
    assert "no le escribo más" in said(person.hears())
    conversation.answer(filing.runtime, person.contact)
    assert person.hears() == []
    with filing.runtime.sessions() as session:
        assert list(session.scalars(select(Report).where(Report.contact_id == person.contact))) == []


def test_what_they_had_written_to_a_desk_before_it_still_gets_there(filing: Filing) -> None:
    person = Phone(filing.runtime, "+5255", "es")
    person.says("me robaron")
    person.says("1")
    with filing.runtime.sessions.begin() as session:
        report = reports.of_contact(session, person.contact)[0]
        reports.accept(report, "ana@faro.test")
        reports.add_line(session, report, "¿Cómo está?", "ana@faro.test")
    person.stores("text", text="me están buscando")
    person.stores("text", text="borrar")
    conversation.answer(filing.runtime, person.contact)
    assert lines(filing.runtime, report) == ["me están buscando"]


def test_who_writes_afterwards_is_answered_and_start_brings_everything_back(filing: Filing) -> None:
    person = Phone(filing.runtime, "+5255", "es")
    person.says("me robaron")
    person.says("1")
    person.says("borrar")
    row_id = owed(filing.runtime, person, "case")
    delivery.deliver(filing.runtime, person.contact)
    assert "Es todo" in said(person.says("leer"))
    person.says("alta")
    delivery.deliver(filing.runtime, person.contact)
    with filing.runtime.sessions() as session:
        assert session.get_one(Outbound, row_id).status == "sent"


# The words


ALONE = [("clear", "label_word_clear"), ("read", "label_word_read"), ("safe", "label_word_safe")]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(("command", "label"), ALONE)
def test_the_words_we_tell_are_the_words_we_know(command: str, label: str, language: str) -> None:
    assert command_in(CONTENT.phrases[language][label], CONTENT.commands) == command


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_words_to_erase_data_are_not_taken_for_it(language: str) -> None:
    named = {"es": "borrar mis datos", "en": "delete my data", "pt": "apagar meus dados", "fr": "effacer mes données",
             "ht": "efase done mwen"}[language]  # fmt: skip
    assert f'"{named}"' in CONTENT.phrases[language]["cleared_more"]
    assert command_in(named, CONTENT.commands) is None
    assert command_in(CONTENT.phrases[language]["label_delete"], CONTENT.commands) is None


ACT: tuple[str, ...] = ("stop", "start", "more", "clear", "read", "safe")


def test_no_word_is_two_commands() -> None:
    seen: dict[str, Any] = {}
    for command in ACT:
        for word in CONTENT.commands[command]:
            assert seen.setdefault(word, command) == command, word


@pytest.mark.parametrize("said_in_talk", ["seguro", "safe", "li", "borra mis datos por favor", "me borraron todo"])
def test_what_may_be_an_answer_is_no_command(said_in_talk: str) -> None:
    assert command_in(said_in_talk, CONTENT.commands) not in ACT
