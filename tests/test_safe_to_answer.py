"""Is it safe to answer here, and when? Asked once, obeyed by every send; whoever has the number later learns nothing.

Real database, real turns, the providers' own libraries over sockets; the engine's place is taken by `Filing`.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from flask import request
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from bot import delivery, jobs, reports, sms, telling
from bot.content import LANGUAGES, Shelf
from bot.daytimes import hours_in, only_times
from bot.engine import Engine
from bot.gateway import application
from bot.quiet import Hours, clocks, may_write, next_time, one_city
from bot.replies import Reply
from bot.reports import Told
from bot.runtime import Runtime
from bot.settings import ROOT
from bot.store.models import Contact, Inbound, Outbound, ReceiptTry, Report, now
from tests.channels import AT_HOME
from tests.desk import member
from tests.fakes.wire import Server
from tests.keeper import lines
from tests.reports import filed
from tests.talk import Phone
from tests.test_delivery import TEMPLATE, Person, Town, approved, built, shelf, town
from tests.test_follow_up import TOLD, Filing, receipt_in, said

__all__ = ["approved", "built", "shelf", "town"]
pytestmark = AT_HOME

NEUTRAL = "Hay un mensaje para usted. Para leerlo, escriba LEER."
ASKED = "¿Es seguro que le escriba aquí?"
SECRETS = re.compile(
    r"cas[eo]|dossier|dosye|denunci|report|signalement|rapò|oficina|office|bureau|biwo|escrit[oó]rio|desk|\bmesa\b|"
    r"polic|lapolis|crim|delit|delito|crime|migra|faro|[A-Z2-9]{3}-[A-Z2-9]{3}",
    re.IGNORECASE,
)


class Saying(Filing):
    """Also says what the engine and the action server say to these words."""

    def turn(self) -> dict[str, Any]:
        asked = request.get_json()
        if asked["text"] not in SAID:
            return super().turn()
        self.heard.append(asked["text"])
        reply = SAID[asked["text"]](self, int(asked["id"]))
        answer = {"replies": [reply], "form": None, "awaiting": None, "slots": {}, "intent": {"name": "x"}}
        return answer | {"likeliest": []}

    def status(self, inbound: int) -> dict[str, Any]:
        """Every case of theirs."""
        with self.runtime.sessions() as session:
            found = reports.of_contact(session, session.get_one(Inbound, inbound).contact_id)
        cases = [{"case": r.number, "desk": r.desk, "status": r.status, "outcome": r.outcome} for r in found]
        return {"reply": "report_status", "cases": cases}

    def wish(self, inbound: int) -> dict[str, Any]:
        with self.runtime.sessions.begin() as session:
            told, content = Told({"country": "MX"}, ["quiero hablar"]), self.runtime.shelf.content()
            made = reports.file_report(session, content, inbound, told, kind="request")
            return {"reply": "person_asked", **asdict(made)}


SAID: dict[str, Callable[[Saying, int], dict[str, Any]]] = {
    "¿cómo va?": Saying.status,
    "quiero hablar con alguien": Saying.wish,
    "borre todo lo mío": lambda saying, inbound: {"reply": "data_deleted"},
}


@pytest.fixture
def filing(runtime: Runtime) -> Iterator[Saying]:
    with runtime.sessions.begin() as session:
        session.execute(delete(ReceiptTry))
    made = Saying(runtime)
    with Server(made.application()) as server:
        made.runtime = replace(runtime, engine=Engine(server.url, "token"))
        yield made


# Which hours are meant


MEANT = {
    "de 6 a 9 de la noche": (18, 21), "18-21": (18, 21), "18:30 a 21h": (18.5, 21),
    "después de las 8 de la noche": (20, 24),
    "after 8 pm": (20, 24), "from 6 to 9 in the evening": (18, 21), "between 9 am and 5 pm": (9, 17),
    "das 7 às 9 da noite": (19, 21), "depois das 20h": (20, 24), "entre 18 h et 21 h": (18, 21),
    "avant 9 heures du matin": (6, 9), "6 è a 9 è diswa": (18, 21), "apre 8 è diswa": (20, 24), "nan maten": (6, 12),
    "de 10 de la noche a 6 de la mañana": (22, 6), "9 a 5 de la tarde": (9, 17), "por la tarde": (12, 18),
}  # fmt: skip


@pytest.mark.parametrize(("words", "wanted"), MEANT.items())
def test_hours_are_understood_as_people_write_them(words: str, wanted: tuple[float, float]) -> None:
    assert only_times(words) and hours_in(words) == (wanted[0] * 60, wanted[1] * 60)


@pytest.mark.parametrize("words", ["6 a 9", "after 6", "25-30", "9 a 12 de la mañana", "3"])
def test_half_of_the_day_is_not_guessed(words: str) -> None:
    assert hours_in(words) is None


@pytest.mark.parametrize("words", ["me robaron anoche", "me pegaron a las 9 de la noche", "son tres", "no"])
def test_a_story_tells_no_hours(words: str) -> None:
    assert not only_times(words)


# When that is on their own clock


def at(zone: str, *when: int) -> datetime:
    return datetime(*when, tzinfo=ZoneInfo(zone))  # type: ignore[arg-type,misc]


def test_hours_are_those_of_the_country_where_the_person_is_and_of_the_number_only_at_home() -> None:
    assert clocks("MX", "+526641234567") == ("America/Tijuana",)
    assert clocks("GT", "+526641234567") == ("America/Guatemala",)
    assert clocks(None, "+50937001234") == ("America/Port-au-Prince",)
    assert clocks(None, None) == ("America/Mexico_City",)


def test_where_a_country_has_several_clocks_it_must_be_their_hours_on_all_of_them() -> None:
    hours, where = Hours(18 * 60, 22 * 60), clocks("MX", None)
    assert len(where) > 5
    noon = at("America/Mexico_City", 2026, 11, 22, 12)
    begins = next_time(hours, where, noon)
    assert begins == at("America/Tijuana", 2026, 11, 22, 18)  # the last to have its evening
    assert may_write(hours, where, begins) and not may_write(hours, where, at("America/Cancun", 2026, 11, 22, 22))


def test_hours_too_short_for_all_clocks_of_a_country_are_those_of_its_first_and_that_is_told() -> None:
    hours, where = Hours(18 * 60, 19 * 60), clocks("US", None)
    assert one_city(hours, where, at("UTC", 2026, 11, 22, 12)) == "New York"
    assert next_time(hours, where, at("UTC", 2026, 11, 22, 12)) == at("America/New_York", 2026, 11, 22, 18)


@pytest.mark.parametrize(
    ("after", "begins"),
    [((2026, 3, 7, 23), (2026, 3, 8, 7)), ((2026, 10, 31, 23), (2026, 11, 1, 7)), ((2026, 7, 1, 8), (2026, 7, 1, 8))],
    ids=["spring", "autumn", "within"],
)  # fmt: skip
def test_the_hours_begin_at_the_same_time_of_day_when_clocks_change(after: Any, begins: Any) -> None:
    york, hours = "America/New_York", Hours(7 * 60, 9 * 60)
    assert next_time(hours, (york,), at(york, *after)) == at(york, *begins)


def test_a_time_of_day_that_spring_skips_begins_with_the_first_minute_there_is() -> None:
    hours, york = Hours(2 * 60 + 30, 6 * 60), "America/New_York"
    assert next_time(hours, (york,), at(york, 2026, 3, 8, 0)) == at(york, 2026, 3, 8, 3)


def test_hours_over_midnight_hold_on_both_sides_of_it() -> None:
    hours, where = Hours(22 * 60, 6 * 60), ("America/Guatemala",)
    held = [may_write(hours, where, at(where[0], 2026, 11, 22, hour)) for hour in (21, 22, 23, 0, 5, 6)]
    assert held == [False, True, True, True, True, False]


# The question


def row(phone: Phone) -> Contact:
    return phone.person()


@pytest.mark.parametrize("channel", ["web", "sms", "whatsapp", "telegram"])
def test_it_is_asked_once_after_the_first_report_and_no_answer_counts_as_neutral_words(
    filing: Saying, channel: str
) -> None:
    person = Phone(filing.runtime, "+5255", "es", channel)
    person.says("leer")
    last = person.says("me robaron")[-1]
    assert sms.fit(last.text).startswith(sms.fit(ASKED)) and "no dice de qu" in last.text
    assert row(person).safe == "neutral" and len(row(person).offered) == 4
    assert ASKED not in said(person.says("me robaron otra vez"))


def test_it_is_asked_after_a_wish_to_talk_to_a_person_too(filing: Saying) -> None:
    heard = said(Phone(filing.runtime, "+5255", "es").says("quiero hablar con alguien"))
    assert "Pedí que una persona" in heard and ASKED in heard


def test_who_is_not_to_be_written_to_is_not_asked(filing: Saying, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(TOLD, "may_reply", "no")
    person = Phone(filing.runtime, "+5255", "es")
    assert ASKED not in said(person.says("me robaron")) and row(person).safe is None


ANSWERS = [
    ("1", "any", None), ("a cualquier hora", "any", None), ("Nunca", "never", None), ("no me escriban", "never", None),
    ("sin detalles", "neutral", None), ("never", "never", None), ("qualquer hora", "any", None),
    ("jamais", "never", None),
    ("janm", "never", None), ("n'importe quand", "any", None), ("de 6 a 9 de la noche", "hours", (1080, 1260)),
    ("18-21", "hours", (1080, 1260)), ("after 8 pm", "hours", (1200, 1440)), ("aswè", "hours", (1080, 1320)),
]  # fmt: skip


@pytest.mark.parametrize(("words", "choice", "hours"), ANSWERS)
def test_it_is_answered_by_number_by_label_or_in_words(
    filing: Saying, words: str, choice: str, hours: tuple[int, int] | None
) -> None:
    person = Phone(filing.runtime, "+5255", "es")
    person.says("me robaron")
    asked = len(filing.heard)
    answer = said(person.says(words))
    kept = row(person)
    assert (kept.safe, kept.safe_from, kept.safe_until) == (choice, *(hours or (None, None)))
    assert "SEGURIDAD" in answer and "BORRAR" in answer
    assert len(filing.heard) == asked, "the engine was asked"


def test_some_hours_are_asked_for_and_half_a_time_is_asked_again(filing: Saying) -> None:
    person = Phone(filing.runtime, "+5255", "es")
    person.says("me robaron")
    assert "¿A qué horas" in said(person.says("2"))
    assert "¿A qué horas" in said(person.says("6 a 9")) and row(person).safe == "neutral"
    answer = said(person.says("6 a 9 de la noche"))
    assert "entre las 18:00 y las 21:00" in answer and "Mexico City" in answer
    person.says("seguridad")
    person.says("2")
    person.says("1")
    assert (row(person).safe_from, row(person).safe_until) == (360, 720)


@pytest.mark.parametrize("word", ["SEGURIDAD", "safety", "Segurança", "sécurité", "sekirite"])
def test_one_word_asks_again_and_shows_what_was_chosen(filing: Saying, word: str) -> None:
    person = Phone(filing.runtime, "+5255", "es")
    person.says("me robaron")
    person.says("4")
    shown = said(person.says(word))
    assert "Ahora vale: Nunca." in shown and ASKED in shown
    person.says("1")
    assert row(person).safe == "any"


def test_an_answer_counts_only_while_the_question_is_open(filing: Saying) -> None:
    person = Phone(filing.runtime, "+5255", "es")
    person.says("me robaron")
    report = reports_of(filing.runtime, person.contact)[0]
    with filing.runtime.sessions.begin() as session:
        telling.tell(session, filing.runtime, report, Reply("case_message", params(report)), now())
    asked = len(filing.heard)
    person.says("nunca")
    assert row(person).safe == "neutral" and len(filing.heard) == asked + 1


def test_by_sms_is_offered_on_whatsapp_where_there_is_sms(filing: Saying, town: Town) -> None:
    both = replace(filing.runtime, doors=town.runtime.doors)
    alone = replace(filing.runtime, doors=town.without("sms").runtime.doors)
    offered = [Phone(runtime, "+5255", "es", "whatsapp").says("me robaron")[-1].options for runtime in (both, alone)]
    assert "Mejor por SMS" in offered[0] and "Mejor por SMS" not in offered[1]


def test_whether_sms_may_stand_in_is_asked_after_it_and_not_of_who_wants_no_messages(
    filing: Saying, town: Town
) -> None:
    runtime = replace(filing.runtime, doors=town.runtime.doors)
    for choice, asked in (("1", True), ("3", True), ("4", False), ("5", False)):
        person = Phone(runtime, "+5255", "es", "whatsapp")
        assert "Si no puedo escribirle por WhatsApp" not in said(person.says("me robaron"))
        assert ("Si no puedo escribirle por WhatsApp" in said(person.says(choice))) is asked


# Obeyed by every send


def reports_of(runtime: Runtime, contact: Any) -> list[Report]:
    with runtime.sessions() as session:
        return reports.of_contact(session, contact)


def params(report: Report) -> dict[str, Any]:
    return {"case": report.number, "desk": "demo-mx", "next": "demo-gt", "text": "lo vimos", "outcome": "helped"}


@dataclass
class Filer:
    """Somebody on WhatsApp who has a report at a desk."""

    person: Person
    report: Report

    @property
    def runtime(self) -> Runtime:
        return self.person.runtime

    def chooses(self, choice: str | None, hours: tuple[int, int] | None = None) -> None:
        begins, ends = hours or (None, None)
        self.person.changes(safe=choice, safe_from=begins, safe_until=ends)

    def is_told(self, name: str) -> list[int]:
        with self.runtime.sessions.begin() as session:
            rows = telling.tell(session, self.runtime, self.report, Reply(name, params(self.report)), now())
            session.flush()
            return [row.id for row in rows]

    def went(self) -> list[tuple[str, str]]:
        """(channel, words) of what the phone has heard."""
        number, town = self.person.number, self.person.town
        ways = {f"whatsapp:{number}": "whatsapp", number: "sms"}
        return [(ways[m.to], m.text) for m in town.twilio.messages if m.to in ways]


def files(person: Person) -> Filer:
    with person.runtime.sessions.begin() as session:
        inbound = session.scalars(select(Inbound.id).where(Inbound.contact_id == person.contact)).first()
        content = person.runtime.shelf.content()
        made = reports.file_report(session, content, inbound or 0, Told(TOLD, ["me robaron"]))
        return Filer(person, session.scalars(select(Report).where(Report.number == made.case)).one())


def minutes_from_now(minutes: int) -> int:
    here = datetime.now(ZoneInfo("America/Mexico_City")) + timedelta(minutes=minutes)
    return here.hour * 60 + here.minute


def hours(begins: int, ends: int) -> tuple[int, int]:
    """Minutes from now, on the person's clock."""
    return minutes_from_now(begins), minutes_from_now(ends)


def a_day_old(filer: Filer) -> None:
    filer.person.falls_silent()


def may_use_sms(filer: Filer) -> None:
    filer.person.falls_silent()
    filer.person.changes(sms_agreed_at=now())


def nothing_before(filer: Filer) -> None: ...


def news(filer: Filer) -> list[int]:
    return filer.person.is_owed("Aviso de la campaña", kind="notice")


def told(name: str) -> Callable[[Filer], list[int]]:
    return lambda filer: filer.is_told(name)


# What is sent, after what; and which words would give the person away.
SENDS: dict[str, tuple[Callable[[Filer], list[int]], Callable[[Filer], None]]] = {
    "accepted": (told("case_accepted"), nothing_before),
    "passed on": (told("case_passed_on"), nothing_before),
    "words of a desk": (told("case_message"), nothing_before),
    "closed": (told("case_closed"), nothing_before),
    "news": (news, nothing_before),
    "WhatsApp's template": (told("case_message"), a_day_old),
    "SMS in its place": (told("case_message"), may_use_sms),
}
# By choice: what goes of a free text, of a template, and where SMS stands in; by which channel, and in which words.
WHATSAPP, SMS, NOTHING = ("whatsapp", "full"), ("sms", "full"), None
WORDLESS = ("whatsapp", "neutral")
GOES: dict[str, tuple[Any, Any, Any]] = {
    "any": (WHATSAPP, WHATSAPP, SMS),
    "hours, now": (WHATSAPP, WHATSAPP, SMS),
    "hours, not now": (NOTHING, NOTHING, NOTHING),
    "neutral": (WORDLESS, NOTHING, ("sms", "neutral")),
    "sms": (SMS, SMS, SMS),
    "never": (NOTHING, NOTHING, NOTHING),
    "any, silent for a month": (("sms", "neutral"), NOTHING, ("sms", "neutral")),
    "hours, not now, silent for a month": (NOTHING, NOTHING, NOTHING),
    "sms, silent for a month": (("sms", "neutral"), ("sms", "neutral"), ("sms", "neutral")),
    "never, silent for a month": (NOTHING, NOTHING, NOTHING),
}


@pytest.mark.parametrize("choice", GOES)
@pytest.mark.parametrize("send", SENDS)
def test_no_send_ignores_what_was_chosen(send: str, choice: str, town: Town, approved: Town) -> None:
    does, before = SENDS[send]
    where = approved if send == "WhatsApp's template" else town
    # After a month WhatsApp takes no free text of ours.
    channel = "sms" if choice == "any, silent for a month" and before is nothing_before else "whatsapp"
    filer = files(where.person(channel).joins())
    before(filer)
    span = {"now": hours(-60, 60), "not now": hours(60, 120)}.get(choice.split(", ")[1] if ", " in choice else "")
    filer.chooses(choice.split(",")[0], span)
    if "month" in choice:
        filer.person.changes(last_inbound_at=now() - timedelta(days=31))
    wanted = GOES[choice][{"WhatsApp's template": 1, "SMS in its place": 2}.get(send, 0)]
    does(filer)
    filer.person.deliver()
    went = filer.went()
    if wanted is NOTHING:
        assert went == []
        return
    [(channel, words)] = went
    secret = "campaña" if send == "news" else filer.report.number
    assert channel == wanted[0]
    assert (secret in words) is (wanted[1] == "full") and (words == NEUTRAL) is (wanted[1] == "neutral")


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_neutral_words_give_nothing_away(language: str, town: Town) -> None:
    person = town.person("sms").joins()
    person.changes(safe="neutral", language=language)
    files(person).is_told("case_message")
    person.deliver()
    [words] = person.heard
    assert not SECRETS.search(words.replace("LEER", "")), words


def test_out_of_the_24_hours_the_template_says_nothing_either(approved: Town, tmp_path: Path) -> None:
    neutral = "HX" + "8" * 32
    shutil.copytree(ROOT / "content", tmp_path / "content")
    (tmp_path / "content/whatsapp.yml").write_text(f"case: {{es: {TEMPLATE}}}\nneutral: {{es: {neutral}}}\n", "utf-8")
    approved.twilio.contents.made[neutral] = {"types": {"twilio/text": {"body": NEUTRAL}}, "variables": {}}
    approved.twilio.approve(neutral)
    filer = files(approved.person("whatsapp").joins())
    filer.person.town = replace(approved, runtime=replace(approved.runtime, shelf=Shelf(tmp_path / "content")))
    filer.chooses("neutral")
    filer.person.falls_silent()
    filer.is_told("case_message")
    filer.person.deliver()
    filer.person.deliver()
    assert filer.went() == [("whatsapp", NEUTRAL)]
    filer.person.says("LEER")
    filer.person.is_answered()
    filer.person.deliver()
    assert "lo vimos" in filer.went()[1][1] and NEUTRAL not in [words for _, words in filer.went()[1:]]


def test_what_has_to_wait_goes_at_the_minute_their_hours_begin_and_the_desk_sees_why(town: Town) -> None:
    filer = files(town.person("whatsapp").joins())
    filer.chooses("hours", hours(60, 120))
    (row_id,) = filer.is_told("case_message")
    wait = filer.person.deliver()
    assert wait is not None and 58 * 60 < wait <= 60 * 60
    assert filer.person.reasons([row_id]) == ["hours"]
    assert filer.person.contact not in left(filer.runtime)
    with filer.runtime.sessions.begin() as session:  # an hour passes; nobody but the sweep comes for it
        session.execute(update(Outbound).where(Outbound.id == row_id).values(next_try_at=now()))
    filer.chooses("hours", hours(0, 60))
    assert filer.person.contact in left(filer.runtime)
    assert filer.person.deliver() is None and "lo vimos" in filer.went()[0][1]


def left(runtime: Runtime) -> list[Any]:
    return jobs._left_behind(runtime)[1]


def test_an_answer_to_what_they_write_now_does_not_wait_behind_it(town: Town) -> None:
    filer = files(town.person("whatsapp").joins())
    filer.chooses("hours", hours(60, 120))
    filer.is_told("case_message")
    filer.person.deliver()
    filer.person.says("")
    filer.person.is_answered()
    wait = filer.person.deliver()
    assert wait and len(filer.went()) == 1 and "lo vimos" not in filer.went()[0][1]


@pytest.mark.parametrize(
    ("choice", "heard"), [("hours", []), ("neutral", [NEUTRAL]), ("never", []), ("any", ["Una respuesta."])]
)
def test_an_answer_that_comes_late_is_as_unasked_as_the_rest(choice: str, heard: list[str], town: Town) -> None:
    person = town.person("sms").joins()
    inbound = person.says("hola")
    person.is_owed("Una respuesta.", kind="reply", inbound=inbound)
    begins, ends = hours(60, 120)
    person.changes(safe=choice, safe_from=begins, safe_until=ends)
    with person.runtime.sessions.begin() as session:
        session.get_one(Inbound, inbound).received_at = now() - timedelta(minutes=31)
    person.deliver()
    assert person.heard == heard


def test_what_our_own_clock_says_is_no_answer(filing: Saying) -> None:
    person = Phone(filing.runtime, "+5255", "es")
    person.says("hola")
    assert [bubble.kind for bubble in person.sends("silence")] == ["notice"] * len(person.last)


# Reading what waits


def test_only_their_own_word_brings_what_waits_behind_the_neutral_line(town: Town) -> None:
    filer = files(town.person("whatsapp").joins())
    filer.chooses("neutral")
    rows = [*filer.is_told("case_message"), *filer.is_told("case_closed")]
    filer.person.deliver()
    assert [words for _, words in filer.went()] == [NEUTRAL]
    assert filer.person.reasons(rows) == ["neutral"] * 2
    filer.person.says("")
    filer.person.is_answered()
    filer.person.deliver()
    assert filer.person.statuses(rows) == ["held"] * 2 and len(filer.went()) == 2
    filer.person.says("Leer.")
    filer.person.is_answered()
    filer.person.deliver()
    assert filer.person.statuses(rows) == ["sent"] * 2
    assert "lo vimos" in filer.went()[2][1] and "Es todo" in filer.went()[-1][1]
    filer.is_told("case_message")  # later, it begins anew
    filer.person.changes(opened_at=now() - timedelta(hours=1))
    filer.person.deliver()
    assert filer.went()[-1][1] == NEUTRAL


@pytest.mark.parametrize("word", ["leer", "READ", "ler", "Lire", "mesaj"])
def test_who_wants_nothing_sent_can_still_ask(filing: Saying, word: str) -> None:
    person = Phone(filing.runtime, "+5255", "es")
    person.says("me robaron")
    person.says("4")
    report = reports_of(filing.runtime, person.contact)[0]
    with filing.runtime.sessions.begin() as session:
        (row_id,) = [r.id for r in tell_now(session, filing.runtime, report)]
    deliver(filing, person)
    assert status(filing, row_id) == "held"
    assert "Es todo" in said(person.says(word))
    deliver(filing, person)
    assert status(filing, row_id) == "sent"


def tell_now(session: Session, runtime: Runtime, report: Report) -> list[Outbound]:
    rows = telling.tell(session, runtime, report, Reply("case_message", params(report)), now())
    session.flush()
    return rows


def deliver(filing: Saying, person: Phone) -> None:
    delivery.deliver(filing.runtime, person.contact)


def status(filing: Saying, row_id: int) -> str:
    with filing.runtime.sessions() as session:
        return session.get_one(Outbound, row_id).status


def test_a_neutral_line_that_came_by_sms_is_answered_by_sms(town: Town) -> None:
    filer = files(town.person("whatsapp").joins())
    filer.chooses("neutral")
    may_use_sms(filer)
    filer.is_told("case_message")
    filer.person.deliver()
    assert filer.went() == [("sms", NEUTRAL)]
    texting = Person(town, "sms", filer.person.number)
    texting.says("leer")
    texting.is_answered()
    filer.person.deliver()
    assert [channel for channel, words in filer.went() if "lo vimos" in words] == ["sms"]


def test_who_stops_the_sms_that_was_safe_gets_no_whatsapp_in_its_place(town: Town) -> None:
    filer = files(town.person("whatsapp").joins())
    filer.chooses("sms")
    filer.is_told("case_message")
    town.twilio.stopped.add(filer.person.number)
    filer.person.deliver()
    assert filer.went() == [] and filer.person.row.safe == "never"


# Changed and recycled numbers


MONTH = timedelta(days=30, minutes=1)


def falls_silent(filing: Saying, person: Phone) -> None:
    with filing.runtime.sessions.begin() as session:
        session.execute(update(Contact).where(Contact.id == person.contact).values(last_inbound_at=now() - MONTH))
        session.execute(update(Report).where(Report.contact_id == person.contact).values(filed_at=now() - MONTH))


def asking(person: Phone) -> list[Any]:
    return person.says("¿cómo va?")


def test_after_a_month_nothing_is_told_without_the_receipt_and_all_is_as_before_with_it(filing: Saying) -> None:
    person = Phone(filing.runtime, "+5255", "es")
    receipt = receipt_in(person.says("me robaron"))
    number = reports_of(filing.runtime, person.contact)[0].number
    assert number in said(asking(person))
    falls_silent(filing, person)
    assert number not in said(asking(person))
    assert number not in said(person.says("STOP")) and number not in said(person.says("leer"))
    assert number in said(person.says(receipt))
    assert number in said(asking(person)) and row(person).doubted_at is None


def test_whoever_has_the_number_now_hears_the_same_whether_there_is_a_report_or_not(filing: Saying) -> None:
    reported, wrote, new = (Phone(filing.runtime, "+5255", "es") for _ in range(3))
    reported.says("me robaron")
    wrote.says("leer")
    for person in (reported, wrote):
        falls_silent(filing, person)
    for words in ("¿cómo va?", "leer", "seguridad", "STOP", "sí", "1"):
        heard = [said(person.says(words)) for person in (reported, wrote)]
        if words in ("sí", "1"):
            continue
        assert heard[0] == heard[1], words
        if words == "¿cómo va?":
            assert heard[0] == said(new.says(words))


def test_what_a_stranger_writes_does_not_reach_the_desk_nor_do_its_words_reach_them(filing: Saying) -> None:
    person = Phone(filing.runtime, "+5255", "es")
    receipt = receipt_in(person.says("me robaron"))
    person.says("1")
    report = reports_of(filing.runtime, person.contact)[0]
    with filing.runtime.sessions.begin() as session:
        theirs = session.get_one(Report, report.id)
        reports.accept(theirs, "ana@faro.test")
        reports.add_line(session, theirs, "¿Cómo está?", "ana@faro.test")
    falls_silent(filing, person)
    person.says("leer")
    with filing.runtime.sessions.begin() as session:
        (row_id,) = [r.id for r in tell_now(session, filing.runtime, report)]
        assert reports.open_thread(session, person.contact) is not None
    person.says("hola quien es")
    deliver(filing, person)
    person.says("leer")
    deliver(filing, person)
    assert status(filing, row_id) == "held" and lines(filing.runtime, report) == []
    person.says(receipt)
    deliver(filing, person)
    assert status(filing, row_id) == "sent"
    person.says("estoy bien")
    assert lines(filing.runtime, report) == ["estoy bien"]


def test_the_receipt_of_a_report_filed_since_opens_nothing_filed_before(filing: Saying) -> None:
    person = Phone(filing.runtime, "+5255", "es")
    person.says("me robaron")
    old = reports_of(filing.runtime, person.contact)[0].number
    falls_silent(filing, person)
    heard = person.says("me asaltaron")
    new = reports_of(filing.runtime, person.contact)[0].number
    assert ASKED in said(heard), "whoever has the number now was not asked"
    assert new in said(person.says(receipt_in(heard)))
    status_told = said(asking(person))
    assert new in status_told and old not in status_told


def test_a_number_that_the_provider_no_longer_knows_is_in_doubt(town: Town) -> None:
    person = town.person("sms").joins()
    person.is_owed("Aviso.")
    town.prepare("sms", {"status": 400, "body": {"code": 30005, "message": "no", "status": 400}})
    person.deliver()
    assert person.row.doubted_at is not None


def test_data_erased_from_a_number_in_doubt_names_no_case(filing: Saying) -> None:
    person, other = Phone(filing.runtime, "+5255", "es"), Phone(filing.runtime, "+5255", "es")
    person.says("me robaron")
    other.says("leer")
    with filing.runtime.sessions.begin() as session:
        session.execute(update(Report).where(Report.contact_id == person.contact).values(status="accepted"))
    for phone in (person, other):
        falls_silent(filing, phone)
    told = [said(phone.says("borre todo lo mío")) for phone in (person, other)]
    assert told[0] == told[1] and "Lo que una oficina ya tenga" in told[0]


# What the desk sees


SEEN = [
    ({"safe": "never"}, "Nothing is sent"), ({"safe": "neutral"}, "first hears only"), ({"safe": "sms"}, "by SMS"),
    ({"safe": "hours", "safe_from": 1080, "safe_until": 1260}, "Only from 18:00 to 21:00"),
    ({"safe": "any", "doubted_at": datetime(2100, 1, 1, tzinfo=UTC)}, "somebody else by now"),
]  # fmt: skip


@pytest.mark.parametrize(("columns", "words"), SEEN)
def test_the_operator_sees_it_before_writing(columns: dict[str, Any], words: str, runtime: Runtime) -> None:
    report = filed(runtime, "demo-mx")
    with runtime.sessions.begin() as session:
        reports.accept(session.get_one(Report, report.id), "ana@faro.test")
        session.execute(update(Contact).where(Contact.id == report.contact_id).values(**columns))
    with jobs.queue(runtime.settings.database).open() as queue:
        app = application(runtime, queue)
        page = member(app, runtime, ["demo-mx"]).get(f"/desk/reports/{report.id}").get_data(as_text=True)
    assert words in page


@pytest.mark.parametrize(
    ("choice", "why"),
    [("hours", "waits for the hours"), ("never", "never to be written to"), ("neutral", "hears that")],
)
def test_the_desk_reads_why_its_words_wait(choice: str, why: str, runtime: Runtime) -> None:
    report = filed(runtime, "demo-mx")
    begins, ends = hours(60, 120)
    with runtime.sessions.begin() as session:
        theirs = session.get_one(Report, report.id)
        reports.accept(theirs, "ana@faro.test")
        values = {"safe": choice, "safe_from": begins, "safe_until": ends}
        session.execute(update(Contact).where(Contact.id == report.contact_id).values(**values))
        line = reports.add_line(session, theirs, "lo vimos", "ana@faro.test")
        line.outbound_id = tell_now(session, runtime, theirs)[0].id
    assert report.contact_id
    delivery.deliver(runtime, report.contact_id)
    with jobs.queue(runtime.settings.database).open() as queue:
        app = application(runtime, queue)
        page = member(app, runtime, ["demo-mx"]).get(f"/desk/reports/{report.id}").get_data(as_text=True)
    assert why in page
