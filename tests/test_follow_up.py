"""Who holds a receipt follows the report from any phone; whoever guesses learns nothing. Real database, real turns."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, replace
from datetime import timedelta
from typing import Any

import pytest
from argon2 import low_level
from flask import Flask, request
from nacl.pwhash import argon2id
from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from bot import conversation, follow_up, jobs, receipt, reports
from bot.desk.work import Work
from bot.engine import Engine
from bot.erasing import erase, forget
from bot.reports import Told
from bot.runtime import Runtime
from bot.store.models import Base, Contact, Inbound, ReceiptTry, Report, now
from bot.store.people import User
from bot.turn import Turn
from tests.channels import AT_HOME
from tests.fakes.wire import Server
from tests.keeper import keeper
from tests.talk import Bubble, Phone

pytestmark = AT_HOME

OPERATOR = User(email="ana@faro.test", desks=["demo-mx"])
TOLD = {"country": "MX", "crime_type": "robbery", "may_reply": "yes", "danger": "no"}
UNKNOWN = "No encuentro nada con ese recibo"


@dataclass
class Filing:
    """In the engine's place on the wire: files whatever is said to it, as rules and action server do in the end."""

    runtime: Runtime
    heard: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    form: str | None = None

    def application(self) -> Flask:
        app = Flask("filing")
        app.post("/ahead")(self.ahead)
        app.post("/turn")(self.turn)
        return app

    def ahead(self) -> dict[str, Any]:
        self.heard.append(request.get_data(as_text=True))
        return {}

    def turn(self) -> dict[str, Any]:
        self.heard.append(request.get_data(as_text=True))
        asked = request.get_json()
        reply = {"reply": "ask_what"} if self.form else {"reply": "report_filed", **self._filed(int(asked["id"]))}
        answer = {"replies": [reply], "form": self.form, "awaiting": None, "slots": {}, "intent": {"name": "affirm"}}
        self.said.append(json.dumps(answer))
        return answer | {"likeliest": []}

    def _filed(self, inbound: int) -> dict[str, Any]:
        with self.runtime.sessions.begin() as session:
            told, content = Told(TOLD, ["me robaron"]), self.runtime.shelf.content()
            return asdict(reports.file_report(session, content, inbound, told))


@pytest.fixture
def filing(runtime: Runtime) -> Iterator[Filing]:
    with runtime.sessions.begin() as session:
        session.execute(delete(ReceiptTry))
    made = Filing(runtime)
    with Server(made.application()) as server:
        made.runtime = replace(runtime, engine=Engine(server.url, "token"))
        yield made


@pytest.fixture
def work(runtime: Runtime) -> Iterator[Work]:
    queue = jobs.queue(runtime.settings.database)
    with queue.open():
        yield Work(runtime, queue, lambda: keeper(runtime))


@pytest.fixture
def hashes(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, ...]]:
    """Every Argon2 hash that is made, by its arguments."""
    made: list[tuple[Any, ...]] = []
    real = argon2id.kdf

    def spy(*given: Any) -> bytes:
        made.append((*given, hashed := real(*given)))
        return hashed

    monkeypatch.setattr(argon2id, "kdf", spy)
    return made


def someone(filing: Filing, language: str | None = "es", channel: str = "web") -> Phone:
    return Phone(filing.runtime, "+5255", language, channel)


def report_of(filing: Filing, person: Phone) -> Report:
    with filing.runtime.sessions() as session:
        return session.scalars(select(Report).where(Report.contact_id == person.contact)).one()


def told(person: Phone, text: str = "me robaron") -> str:
    """What they say is filed; the receipt that they are told."""
    return receipt_in(person.says(text))


def receipt_in(heard: list[Bubble]) -> str:
    [found] = [found for bubble in heard if (found := receipt.found_in(bubble.text)) and found.code]
    return found.written


def said(bubbles: list[Bubble]) -> str:
    return "\n".join(bubble.text for bubble in bubbles)


def another() -> str:
    return receipt.shown(receipt.make())


# What is told when a report is filed


def test_the_receipt_is_told_once_in_a_message_of_its_own_and_the_number_in_another(filing: Filing) -> None:
    person = someone(filing)
    given = told(person)
    filed, own, _ = person.last[-3:]  # then they are asked whether it is safe to write here
    assert given not in filed.text and report_of(filing, person).number in filed.text
    assert given in own.text and "quien lo tenga puede leer" in own.text and "anotarlo como otra cosa" in own.text
    assert given not in said(person.says(given))


@pytest.mark.parametrize("channel", ["sms", "whatsapp", "telegram"])
def test_on_every_channel_the_receipt_arrives_whole_and_not_behind_more(filing: Filing, channel: str) -> None:
    person = someone(filing, channel=channel)
    assert receipt.check(told(person))
    with filing.runtime.sessions() as session:
        rest = session.get_one(Contact, person.contact).rest_sealed
        pages = filing.runtime.vault.open(rest) if rest else []
    assert not any(receipt.found_in(page) for page in pages)


@pytest.mark.parametrize("language", ["es", "en", "pt", "fr", "ht"])
def test_it_is_told_in_every_language(filing: Filing, language: str) -> None:
    person = someone(filing, language)
    given = told(person, "ok")
    assert filing.runtime.shelf.content().phrases[language]["report_receipt"].format(receipt=given) in said(person.last)


def test_the_receipt_is_stored_only_as_a_hash_and_reaches_neither_engine_nor_queue(
    filing: Filing, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    person, borrowed = someone(filing), someone(filing)
    given = told(person)
    borrowed.says(f"mi recibo es {given.lower()}")
    report = report_of(filing, person)
    assert report.receipt_hash == follow_up.stretched(filing.runtime.vault, given.replace("-", ""))[0]
    with filing.runtime.sessions() as session:
        written = [_readable(session, filing, row) for table in _tables() for row in session.execute(select(table))]
        queue = session.connection().exec_driver_sql("SELECT args::text FROM procrastinate_jobs").all()
    for kept in (given, given.replace("-", "")):
        everything = "\n".join([*filing.heard, *filing.said, caplog.text, str(queue)])
        assert kept.casefold() not in everything.casefold()
        assert sum(kept.casefold() in text.casefold() for text in written) == (1 if "-" in kept else 0)


def _tables() -> list[Any]:
    return list(Base.metadata.tables.values())


def _readable(session: Session, filing: Filing, row: Any) -> str:
    """A row with its seals opened, as whoever has our keys can read it."""
    values = [_opened(filing, value) for value in row]
    return "\n".join(map(str, values))


def _opened(filing: Filing, value: Any) -> Any:
    try:
        return filing.runtime.vault.open_bytes(value).decode() if isinstance(value, bytes) else value
    except Exception:  # no seal of ours
        return value


def test_it_is_hashed_by_argon2id_with_64_megabytes(filing: Filing, hashes: list[tuple[Any, ...]]) -> None:
    told(someone(filing))
    [(size, code, salt, rounds, memory, made)] = hashes
    assert memory >= 64 * 1024 * 1024 and rounds >= 2 and len(salt) == 16
    assert made == low_level.hash_secret_raw(code, salt, rounds, memory // 1024, 1, size, low_level.Type.ID)


def test_who_has_another_hash_key_cannot_make_the_hash(filing: Filing) -> None:
    other = replace(filing.runtime.vault, hash_key=b"another")
    assert follow_up.stretched(other, "K7QX2M9PRT") != follow_up.stretched(filing.runtime.vault, "K7QX2M9PRT")


def test_a_turn_that_is_taken_again_tells_a_receipt_that_opens(filing: Filing) -> None:
    """The report is filed, the answer is lost: the receipt that was never told is worth nothing."""
    person = someone(filing)
    person.stores("text", text="me robaron")
    with filing.runtime.sessions() as session:
        inbound = session.scalars(select(Inbound).where(Inbound.contact_id == person.contact)).one()
        Turn(filing.runtime, session, session.get_one(Contact, person.contact), inbound).take()
        session.rollback()
    conversation.answer(filing.runtime, person.contact)
    given = receipt_in(person.hears())
    assert report_of(filing, person).number in said(person.says(given))


# What it opens


@pytest.mark.parametrize("channel", ["web", "sms", "telegram"])
def test_a_receipt_opens_where_the_report_stands_from_a_borrowed_phone(
    filing: Filing, work: Work, channel: str
) -> None:
    person = someone(filing)
    given = told(person)
    report = report_of(filing, person)
    borrowed = someone(filing, None, channel)
    heard = said(borrowed.says(given))
    assert report.number in heard and "en espera" in heard and now().date().isoformat() in heard
    assert work.accept(OPERATOR, report.id) and work.write(OPERATOR, report.id, "Venga mañana a las 9")
    heard = said(borrowed.says(f"Mi recibo: {given}"))
    assert "Venga mañana a las 9" in heard and report.number in heard
    assert work.close(OPERATOR, report.id, "helped")
    assert "cerrado por Mesa" in said(borrowed.says(given.lower().replace("-", " ")))


def test_it_names_neither_the_crime_nor_the_words(filing: Filing) -> None:
    given = told(someone(filing))
    heard = said(someone(filing).says(given)).casefold()
    assert "robo" not in heard and "robaron" not in heard and "te dejaron" not in heard


def test_a_phone_of_whom_nothing_is_known_hears_the_language_of_the_report(filing: Filing) -> None:
    given = told(someone(filing, "fr"))
    borrowed = someone(filing, None)
    assert "Depuis" in said(borrowed.says(given)) and borrowed.person().language == "fr"


def test_the_case_number_opens_nothing(filing: Filing) -> None:
    person = someone(filing)
    told(person)
    number = report_of(filing, person).number
    assert receipt.found_in(number) is None
    with filing.runtime.sessions.begin() as session:
        assert follow_up.find(session, filing.runtime.vault, number, person.contact) is None


def test_a_slip_is_told_without_looking_anything_up(filing: Filing, hashes: list[tuple[Any, ...]]) -> None:
    code = next(c for c in iter(receipt.make, "") if c[1].isdigit() and c[2].isalpha() and c[3].isalpha())
    wrong = receipt.shown(("A" if code[0] != "A" else "B") + code[1:])
    person = someone(filing)
    assert "Parece un recibo" in said(person.says(wrong))
    assert not hashes and not filing.heard and _tries(filing, person) == 0


def test_in_a_report_the_receipt_waits_and_is_not_kept_with_its_words(filing: Filing) -> None:
    given = told(someone(filing))
    filing.form, filing.heard[:] = "report_form", []
    person = someone(filing)
    person.says("me robaron")
    assert "Estamos a mitad de una denuncia" in said(person.says(f"lo que pasó: {given}"))
    assert given not in str(filing.heard) and person.person().form == "report_form"
    with filing.runtime.sessions() as session:
        newest = select(Inbound).where(Inbound.contact_id == person.contact).order_by(Inbound.id.desc())
        kept = filing.runtime.vault.open(session.scalars(newest.limit(1)).one().body_sealed)
    assert kept["text"] == "lo que pasó: …"


def test_an_operator_reads_no_receipt_of_whom_they_write_with(filing: Filing, work: Work) -> None:
    person = someone(filing)
    given = told(person)
    report = report_of(filing, person)
    assert work.accept(OPERATOR, report.id) and work.write(OPERATOR, report.id, "¿Cómo está?")
    person.says(given)
    person.sends("edited", text=f"era {given}", message="1")
    opened = work.opened(OPERATOR, report.id)
    assert opened and given not in str(opened.lines) and opened.lines[-1].text == "era …"


# Whoever guesses


def _tries(filing: Filing, person: Phone) -> int:
    with filing.runtime.sessions() as session:
        query = select(func.count()).where(ReceiptTry.contact_id == person.contact)
        return session.scalar(query) or 0


def test_after_five_wrong_ones_in_an_hour_a_right_one_is_not_found_either_and_later_it_is(filing: Filing) -> None:
    person = someone(filing)
    given = told(person)
    number = report_of(filing, person).number
    guesser = someone(filing)
    answers = [said(guesser.says(another())[-1:]) for _ in range(5)]
    assert said(guesser.says(given)) == answers[-1] and UNKNOWN in answers[-1]
    assert number in said(someone(filing).says(given)), "nobody else is held up"
    with filing.runtime.sessions.begin() as session:
        session.execute(update(ReceiptTry).values(tried_at=now() - timedelta(minutes=61)))
    assert number in said(guesser.says(given))


def test_right_ones_are_not_counted(filing: Filing) -> None:
    person = someone(filing)
    given = told(person)
    for _ in range(7):
        assert UNKNOWN not in said(person.says(given))
    assert _tries(filing, person) == 0


def test_after_two_hundred_wrong_ones_of_all_together_nothing_is_found(filing: Filing) -> None:
    person, crowd = someone(filing), someone(filing)
    given = told(person)
    crowd.stores("text", text="hola")
    with filing.runtime.sessions.begin() as session:
        session.add_all(ReceiptTry(contact_id=crowd.contact) for _ in range(199))
    assert UNKNOWN not in said(person.says(given))
    with filing.runtime.sessions.begin() as session:
        session.add(ReceiptTry(contact_id=crowd.contact))
    assert UNKNOWN in said(person.says(given))


@pytest.mark.parametrize("way", ["right", "unknown", "misspelt", "nonsense", "too many"])
def test_exactly_one_hash_is_made_whatever_comes_of_it(filing: Filing, hashes: list[tuple[Any, ...]], way: str) -> None:
    person = someone(filing)
    given = told(person)
    hashes.clear()
    typed = {"unknown": another(), "misspelt": given[::-1], "nonsense": "?"}.get(way, given)
    with filing.runtime.sessions.begin() as session:
        if way == "too many":
            session.add_all(ReceiptTry(contact_id=person.contact) for _ in range(5))
        found = follow_up.find(session, filing.runtime.vault, typed, person.contact)
    assert (found is not None) == (way == "right") and len(hashes) == 1


def test_a_report_that_was_erased_is_opened_by_nothing(filing: Filing) -> None:
    person = someone(filing)
    given = told(person)
    with filing.runtime.sessions.begin() as session:
        newest = select(Inbound).where(Inbound.contact_id == person.contact)
        erase(session, session.get_one(Contact, person.contact), session.scalars(newest).one())
    assert UNKNOWN in said(someone(filing).says(given))


def test_wrong_ones_are_forgotten_after_an_hour(filing: Filing) -> None:
    person = someone(filing)
    person.says(another())
    with filing.runtime.sessions.begin() as session:
        session.execute(update(ReceiptTry).values(tried_at=now() - timedelta(minutes=61)))
    forget(filing.runtime, now())
    assert _tries(filing, person) == 0
