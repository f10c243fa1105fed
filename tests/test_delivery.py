"""Parts reach a person in order, once, and when they may: real database, the providers' own libraries, over sockets."""

from __future__ import annotations

import random
import shutil
import threading
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import delete, select

from bot import conversation, delivery, inbox, jobs, outbox, reports
from bot.channels import telegram, twilio
from bot.content import Shelf
from bot.gateway import application
from bot.messages import Message
from bot.replies import Part
from bot.reports import Told
from bot.runtime import Runtime
from bot.settings import ROOT
from bot.store.models import Contact, Inbound, Outbound, Report, Sender, now
from tests.channels import AT_HOME, PUBLIC, fresh_number, with_settings
from tests.fakes.telegram import FakeTelegram
from tests.fakes.twilio import FakeTwilio
from tests.fakes.twilio_messages import Message as Sent
from tests.fakes.wire import Fake, Server

pytestmark = AT_HOME

NOWHERE = "http://127.0.0.1:9"
SENDING = {"sms": "Messages.json", "whatsapp": "Messages.json", "telegram": "sendMessage"}
EVERYWHERE = pytest.mark.parametrize("channel", [*SENDING])
TEMPLATE = "HX" + "7" * 32


@dataclass(frozen=True)
class Town:
    """A Faro whose providers are the fakes."""

    runtime: Runtime
    twilio: FakeTwilio
    telegram: FakeTelegram

    def fake(self, channel: str) -> Fake:
        return self.telegram if channel == "telegram" else self.twilio

    def person(self, channel: str) -> Person:
        number = str(random.randrange(10**9, 10**10)) if channel == "telegram" else fresh_number()
        return Person(self, channel, number)

    def without(self, *channels: str) -> Town:
        left = {name: door for name, door in self.runtime.doors.items() if name not in channels}
        return replace(self, runtime=replace(self.runtime, doors=left))

    def prepare(self, channel: str, *answers: dict[str, Any]) -> None:
        """What the provider does with the next messages, in this order; ``{}``: it takes it."""
        for answer in answers:
            self.fake(channel).prepare(**{"suffix": SENDING[channel], "method": "POST"} | answer)


def error(code: int, status: int = 400) -> dict[str, Any]:
    return {"status": status, "body": {"code": code, "message": "no", "status": status}}


def refused(code: int, description: str) -> dict[str, Any]:
    return {"status": code, "body": {"ok": False, "error_code": code, "description": description}}


BUSY = {"sms": error(20500, 503), "whatsapp": error(20500, 503), "telegram": refused(503, "Service Unavailable")}
NEVER = {"sms": error(21211), "whatsapp": error(21211), "telegram": refused(400, "Bad Request: chat not found")}
FORBIDDEN = {"sms": error(21610), "whatsapp": error(21610), "telegram": refused(403, "Forbidden: bot was blocked")}
LOST = {"drop": True}


@dataclass
class Person:
    """Somebody at one address. They write through their provider's own words, and hear what the fake has taken."""

    town: Town
    channel: str
    number: str
    contact: uuid.UUID = field(default=uuid.UUID(int=0))

    @property
    def runtime(self) -> Runtime:
        return self.town.runtime

    @property
    def sender(self) -> str:
        return f"whatsapp:{self.number}" if self.channel == "whatsapp" else self.number

    def says(self, text: str) -> int:
        """Stored and not yet answered; the message's number."""
        if self.channel == "telegram":
            return self.does(self.town.telegram.updates.text(int(self.number), text))
        return self.does(self.town.twilio.incoming.text(self.sender, text))

    def taps(self, choice: int) -> int:
        """An option of the newest message that has some."""
        if self.channel == "telegram":
            shown = next(m for m in reversed(self.town.telegram.messages) if m.keyboard)
            return self.does(self.town.telegram.updates.callback(shown, str(shown.buttons[choice - 1].data)))
        if self.channel == "sms":
            return self.says(str(choice))
        sent = next(m for m in reversed(self.town.twilio.messages) if m.choices)
        return self.does(self.town.twilio.incoming.tap(self.sender, sent.choices[choice - 1], sent.sid))

    def does(self, told: dict[str, Any]) -> int:
        if self.channel == "telegram":
            self.town.telegram.queue(told)  # so that it knows the chat
        else:
            self.town.twilio.meets(told)
        read = telegram.read(told) if self.channel == "telegram" else twilio.read(told)
        assert isinstance(read, Message), read
        return self.stores(read)

    def stores(self, message: Message) -> int:
        with self.runtime.sessions.begin() as session:
            stored = inbox.store(session, self.runtime, message)
        self.contact = stored.contact
        assert stored.inbound is not None
        return stored.inbound

    def joins(self) -> Person:
        """Has written, was answered and heard it: what follows is unasked."""
        if self.channel == "telegram":
            self.does(self.town.telegram.updates.sticker(int(self.number)))
        else:
            self.says("")
        self.is_answered()
        assert self.deliver() is None
        self.town.twilio.messages.clear()
        self.town.telegram.messages.clear()
        return self

    def is_answered(self) -> None:
        """Their turn, of which nothing may need the engine."""
        conversation.answer(self.runtime, self.contact)

    def is_owed(self, *texts: str, kind: str = "case", inbound: int | None = None) -> list[int]:
        """Parts that wait; their numbers. ``inbound`` is what they answer."""
        made = []
        with self.runtime.sessions.begin() as session:
            contact = session.get_one(Contact, self.contact)
            if inbound is not None:
                session.get_one(Inbound, inbound).answered_at = now()
            for position, text in enumerate(texts):  # one at a time: all in one is one SMS
                put = (session, self.runtime.vault, contact, [Part(text)], str, inbound, kind, "ABC-234")
                rows = outbox.put(*put)
                rows[0].position = position
                session.flush()
                made.append(rows[0].id)
        return made

    def deliver(self) -> float | None:
        return delivery.deliver(self.runtime, self.contact)

    @property
    def heard(self) -> list[str]:
        if self.channel == "telegram":
            return [m.text for m in self.town.telegram.messages if str(m.chat_id) == self.number]
        return [m.text for m in self.town.twilio.messages if m.to == self.sender]

    @property
    def row(self) -> Contact:
        with self.runtime.sessions() as session:
            return session.get_one(Contact, self.contact)

    def changes(self, **values: Any) -> None:
        with self.runtime.sessions.begin() as session:
            contact = session.get_one(Contact, self.contact)
            for name, value in values.items():
                setattr(contact, name, value)

    def falls_silent(self) -> None:
        """Their last message is a day old: WhatsApp takes no free text any more."""
        self.changes(last_inbound_at=now() - timedelta(hours=25))
        self.town.twilio.close_window(self.sender)

    def parts(self, kind: str | None = None) -> list[Outbound]:
        query = select(Outbound).where(Outbound.contact_id == self.contact).order_by(Outbound.id)
        with self.runtime.sessions() as session:
            return [row for row in session.scalars(query) if kind in (None, row.kind)]

    def statuses(self, rows: Sequence[int]) -> list[str]:
        return [row.status for row in self.parts() if row.id in rows]

    def reasons(self, rows: Sequence[int]) -> list[str | None]:
        return [row.reason for row in self.parts() if row.id in rows]


def passes(person: Person, *rows: int, hours: float = 0) -> None:
    """Time passes for these parts: what they wait for is over; ``hours`` more since the first try."""
    with person.runtime.sessions.begin() as session:
        for row in session.scalars(select(Outbound).where(Outbound.id.in_(rows))):
            for name in ("next_try_at", "claimed_at"):
                if getattr(row, name):
                    setattr(row, name, now() - timedelta(seconds=61))
            if row.first_tried_at:
                row.first_tried_at -= timedelta(seconds=61, hours=hours)


@contextmanager
def providers(runtime: Runtime) -> Iterator[Town]:
    """Started once for a file, with numbers of its own, as a pause is kept by number."""
    account, token, bot = "AC" + uuid.uuid4().hex, uuid.uuid4().hex, random.randrange(10**9, 10**10)
    sms, whatsapp = (f"+1500{random.randrange(10**6, 10**7)}" for _ in range(2))
    ours = {"number": sms, "whatsapp": f"whatsapp:{whatsapp}", "gateway_url": NOWHERE, "public_url": PUBLIC}
    chats_token, secret = f"{bot}:{'a' * 35}", uuid.uuid4().hex
    with FakeTwilio(account, token, **ours) as calls, FakeTelegram(chats_token, secret, gateway_url=NOWHERE) as chats:
        made = with_settings(
            runtime, public_url=PUBLIC, twilio_api=calls.url, twilio_account_sid=account, twilio_auth_token=token,
            twilio_sms_from=sms, twilio_whatsapp_from=whatsapp, telegram_api=chats.url, telegram_token=chats_token,
            telegram_secret=secret,
        )  # fmt: skip
        yield Town(made, calls, chats)


@contextmanager
def quiet(built: Town) -> Iterator[Town]:
    """Nobody has written yet, nothing is prepared; whatever a test prepares must be used."""
    for fake in (built.twilio, built.telegram):
        fake.messages.clear()
        fake.requests.clear()
        fake.on_accepted.clear()
    yield built
    built.twilio.settle()
    built.twilio.check()
    built.telegram.check()
    with built.runtime.sessions.begin() as session:
        session.execute(delete(Sender))


@pytest.fixture(scope="module")
def built(runtime: Runtime) -> Iterator[Town]:
    with providers(runtime) as made:
        yield made


@pytest.fixture
def town(built: Town) -> Iterator[Town]:
    with quiet(built) as made:
        yield made


@pytest.fixture(scope="module")
def edge(built: Town) -> Iterator[str]:
    """The address of the web's edge."""
    with jobs.queue(built.runtime.settings.database).open() as queue, Server(application(built.runtime, queue)) as web:
        yield web.url


@pytest.fixture
def gateway(town: Town, edge: str) -> Iterator[Town]:
    """Twilio can report on what it took."""
    town.twilio.gateway_url = edge
    yield town
    town.twilio.settle()
    town.twilio.gateway_url = NOWHERE


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Shelf:
    """The campaign's content, with a template that WhatsApp has approved."""
    folder = tmp_path_factory.mktemp("approved") / "content"
    shutil.copytree(ROOT / "content", folder)
    (folder / "whatsapp.yml").write_text(f"case: {{es: {TEMPLATE}}}\nnotice: {{}}\n", "utf-8")
    return Shelf(folder)


@pytest.fixture
def approved(town: Town, shelf: Shelf) -> Town:
    """WhatsApp has approved a template for news of a case."""
    body = {"body": "Hay noticias de su caso {{1}}. Escriba y se las digo."}
    town.twilio.contents.made[TEMPLATE] = {"types": {"twilio/text": body}, "variables": {"1": "ABC-234"}}
    town.twilio.approve(TEMPLATE)
    return replace(town, runtime=replace(town.runtime, shelf=shelf))


# In order, and again when it may pass


@EVERYWHERE
def test_parts_go_out_in_order(channel: str, town: Town) -> None:
    person = town.person(channel).joins()
    rows = person.is_owed("uno", "dos", "tres")
    assert person.deliver() is None
    assert person.heard == ["uno", "dos", "tres"]
    assert person.statuses(rows) == ["sent"] * 3
    assert all(part.provider_id and part.sent_at and part.attempts == 1 for part in person.parts())


@EVERYWHERE
def test_a_part_that_fails_is_tried_again_at_its_time_and_the_next_waits_for_it(channel: str, town: Town) -> None:
    person = town.person(channel).joins()
    rows = person.is_owed("uno", "dos", "tres")
    town.prepare(channel, {}, BUSY[channel])
    wait = person.deliver()
    assert wait is not None and 10 <= wait <= 30
    assert person.heard == ["uno"] and person.statuses(rows) == ["sent", "waiting", "waiting"]
    assert (person.deliver() or 0) > 5  # too soon
    assert person.heard == ["uno"]
    passes(person, rows[1])
    assert person.deliver() is None
    assert person.heard == ["uno", "dos", "tres"] and person.statuses(rows) == ["sent"] * 3
    assert [part.attempts for part in person.parts("case")] == [1, 2, 1]


@EVERYWHERE
def test_what_does_not_pass_for_a_day_has_failed_and_the_next_part_goes_on(channel: str, town: Town) -> None:
    person = town.person(channel).joins()
    rows = person.is_owed("uno", "dos")
    town.prepare(channel, BUSY[channel], BUSY[channel])
    person.deliver()
    passes(person, rows[0], hours=24)
    assert person.deliver() is None
    assert person.heard == ["dos"] and person.statuses(rows) == ["failed", "sent"]


@EVERYWHERE
def test_what_will_never_pass_has_failed_and_the_next_part_goes_on(channel: str, town: Town) -> None:
    person = town.person(channel).joins()
    rows = person.is_owed("uno", "dos", "tres")
    town.prepare(channel, {}, NEVER[channel])
    assert person.deliver() is None
    assert person.heard == ["uno", "tres"] and person.statuses(rows) == ["sent", "failed", "sent"]
    assert all(reason is None or reason.startswith(("twilio 21211", "telegram ")) for reason in person.reasons(rows))


@pytest.mark.parametrize("threads", [2, 5])
@EVERYWHERE
def test_no_part_goes_twice_when_several_deliver_at_once(channel: str, threads: int, town: Town) -> None:
    person = town.person(channel).joins()
    rows = person.is_owed("uno", "dos", "tres")
    town.prepare(channel, {"delay": 0.15})
    at_once([person.deliver] * threads)
    assert person.heard == ["uno", "dos", "tres"] and person.statuses(rows) == ["sent"] * 3


def at_once(calls: Sequence[Callable[[], object]]) -> None:
    barrier = threading.Barrier(len(calls))

    def run(call: Callable[[], object]) -> None:
        barrier.wait()
        call()

    threads = [threading.Thread(target=run, args=(call,)) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


# The answer was lost


class Died(BaseException):
    """The process is gone, without a word."""


def dies(person: Person, where: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Deliver, and die at this step; what is left is a part as `sending`."""

    def gone(*_: object) -> None:
        raise Died

    with monkeypatch.context() as patch:
        patch.setattr(delivery, where, gone)
        with pytest.raises(Died):
            person.deliver()


TWILIO = pytest.mark.parametrize("channel", ["sms", "whatsapp"])
AFTER, BEFORE = "_record_sent", "_send"


def looked_up(town: Town) -> int:
    return sum(r.method == "GET" and r.path.endswith("Messages.json") for r in town.twilio.requests)


@TWILIO
def test_who_dies_after_twilio_took_it_asks_and_does_not_repeat(
    channel: str, town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    person = town.person(channel).joins()
    rows = person.is_owed("uno", "dos")
    dies(person, AFTER, monkeypatch)
    assert person.heard == ["uno"] and person.statuses(rows) == ["sending", "waiting"]
    assert (person.deliver() or 0) > 50 and looked_up(town) == 0  # another may be sending it this moment
    passes(person, rows[0])
    assert person.deliver() is None
    assert person.heard == ["uno", "dos"] and person.statuses(rows) == ["sent", "sent"]
    assert looked_up(town) == 1
    assert person.parts("case")[0].provider_id == town.twilio.messages[0].sid


@TWILIO
def test_who_dies_before_twilio_took_it_asks_and_sends_it(
    channel: str, town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    person = town.person(channel).joins()
    rows = person.is_owed("uno", "dos")
    dies(person, BEFORE, monkeypatch)
    passes(person, rows[0])
    assert person.heard == []
    assert person.deliver() is None
    assert person.heard == ["uno", "dos"] and person.statuses(rows) == ["sent", "sent"]
    assert looked_up(town) == 1


@TWILIO
@pytest.mark.parametrize(("line", "repeated"), [(LOST, False), ({"refuse": True}, True)], ids=["taken", "not taken"])
def test_when_the_line_breaks_twilio_is_asked_first(
    line: dict[str, Any], repeated: bool, channel: str, town: Town
) -> None:
    person = town.person(channel).joins()
    rows = person.is_owed("uno", "dos")
    town.prepare(channel, line)
    assert person.deliver() == 60
    sent_before = len(person.heard)
    assert person.statuses(rows) == ["sending", "waiting"]
    passes(person, rows[0])
    assert person.deliver() is None
    assert person.heard == ["uno", "dos"] and (sent_before == 0) == repeated


@TWILIO
def test_as_long_as_twilio_cannot_be_asked_nothing_is_repeated(channel: str, town: Town) -> None:
    person = town.person(channel).joins()
    rows = person.is_owed("uno", "dos")
    town.prepare(channel, LOST)
    for answer in (error(20500, 503), LOST, error(20429, 429)):
        town.prepare(channel, answer | {"method": "GET"})
    person.deliver()
    for _ in range(3):
        passes(person, rows[0])
        assert person.deliver() == 60
        assert person.heard == ["uno"] and person.statuses(rows) == ["sending", "waiting"]
    passes(person, rows[0])
    assert person.deliver() is None
    assert person.heard == ["uno", "dos"]


def test_the_same_words_said_before_are_not_taken_for_what_was_lost(town: Town) -> None:
    person = town.person("sms").joins()
    rows = person.is_owed("No le entiendo.", "No le entiendo.")
    town.prepare("sms", {}, {"refuse": True})
    person.deliver()
    passes(person, rows[1])
    assert person.deliver() is None
    assert person.heard == ["No le entiendo."] * 2
    assert len({part.provider_id for part in person.parts("case")}) == 2


def test_telegram_cannot_be_asked_and_gets_it_once_more(town: Town) -> None:
    person = town.person("telegram").joins()
    rows = person.is_owed("uno", "dos")
    town.prepare("telegram", LOST)
    assert person.deliver() == 60
    passes(person, rows[0])
    assert person.deliver() is None
    assert person.heard == ["uno", "uno", "dos"] and person.statuses(rows) == ["sent", "sent"]


def test_telegram_gets_nothing_a_third_time(town: Town) -> None:
    person = town.person("telegram").joins()
    rows = person.is_owed("uno", "dos")
    town.prepare("telegram", LOST, LOST)
    person.deliver()
    passes(person, rows[0])
    assert person.deliver() is None
    assert person.heard == ["uno", "uno", "dos"]
    assert person.statuses(rows) == ["failed", "sent"] and person.reasons(rows) == ["no answer", None]


def test_who_dies_twice_with_telegram_does_not_try_a_third_time(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    person = town.person("telegram").joins()
    rows = person.is_owed("uno", "dos")
    for _ in range(2):
        dies(person, AFTER, monkeypatch)
        passes(person, rows[0])
    assert person.deliver() is None
    assert person.heard == ["uno", "uno", "dos"]
    assert person.statuses(rows) == ["failed", "sent"] and person.reasons(rows) == ["no answer", None]


@EVERYWHERE
def test_what_was_lost_for_a_day_is_given_up(channel: str, town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    person = town.person(channel).joins()
    rows = person.is_owed("uno", "dos")
    dies(person, BEFORE, monkeypatch)
    passes(person, rows[0], hours=24)
    assert person.deliver() is None
    assert person.heard == ["dos"]
    assert person.statuses(rows) == ["failed", "sent"] and person.reasons(rows) == ["no answer", None]


@EVERYWHERE
@pytest.mark.parametrize("kind", ["notice", "case"])
def test_who_says_stop_before_the_answer_is_missed_gets_nothing_more(
    kind: str, channel: str, town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    person = town.person(channel).joins()
    rows = person.is_owed("aviso", kind=kind)
    dies(person, BEFORE, monkeypatch)
    person.says("BAJA")
    passes(person, rows[0])
    assert person.deliver() is None
    assert person.heard == []
    assert person.statuses(rows) == ["withheld" if kind == "notice" else "held"]


# Too fast


@EVERYWHERE
def test_too_fast_pauses_the_number_for_everybody_and_no_other(channel: str, town: Town) -> None:
    first, second = town.person(channel).joins(), town.person(channel).joins()
    other = town.person({"telegram": "sms", "sms": "whatsapp", "whatsapp": "telegram"}[channel]).joins()
    for person in (first, second, other):
        person.is_owed("uno")
    slow = {"status": 429, "headers": {"Retry-After": "60"}, "body": {"ok": False, "error_code": 429, "code": 20429,
            "description": "Too Many Requests: retry after 60", "parameters": {"retry_after": 60}}}  # fmt: skip
    town.prepare(channel, slow)
    assert 50 < (first.deliver() or 0) <= 60
    before = len(town.fake(channel).requests)
    assert 50 < (second.deliver() or 0) <= 60
    assert 50 < (first.deliver() or 0) <= 60
    assert second.heard == [] and len(town.fake(channel).requests) == before
    assert other.deliver() is None and other.heard == ["uno"]


def test_a_shorter_pause_does_not_end_a_longer_one(town: Town) -> None:
    with town.runtime.sessions.begin() as session:
        for seconds in (60, 5):
            delivery._pause(session, "+15005550000", seconds)
        until = session.scalars(select(Sender.paused_until).where(Sender.name == "+15005550000")).one()
    assert until > now() + timedelta(seconds=50)


# STOP


@EVERYWHERE
def test_after_stop_there_is_one_answer_and_nothing_unasked(channel: str, town: Town) -> None:
    person = town.person(channel).joins()
    before = person.is_owed("aviso", kind="notice")
    person.says("BAJA")
    person.is_answered()
    after = person.is_owed("otro aviso", kind="notice")
    assert person.deliver() is None
    assert len(person.heard) == 1 and person.heard[0].startswith("No le mandaremos")
    assert person.statuses(before + after) == ["withheld"] * 2
    assert person.reasons(before + after) == ["stopped"] * 2


@EVERYWHERE
def test_after_stop_what_was_asked_before_is_not_answered_and_what_is_asked_later_is(channel: str, town: Town) -> None:
    person = town.person(channel).joins()
    earlier = person.says("hola")
    answer = person.is_owed("una", "dos", kind="reply", inbound=earlier)
    person.says("BAJA")
    later = person.says("¿dónde hay un albergue?")
    wanted = person.is_owed("tres", kind="reply", inbound=later)
    assert person.deliver() is None
    assert person.heard == ["tres"]
    assert person.statuses(answer + wanted) == ["withheld", "withheld", "sent"]


def test_stop_between_two_parts_withholds_the_second(town: Town) -> None:
    person = town.person("whatsapp").joins()
    rows = person.is_owed("una", "dos", kind="reply", inbound=person.says("hola"))

    def stops(_: object) -> None:
        person.says("BAJA")

    town.twilio.on_accepted.append(stops)
    assert person.deliver() is None
    assert person.heard == ["una"] and person.statuses(rows) == ["sent", "withheld"]


def files_a_case(person: Person) -> Report:
    with person.runtime.sessions.begin() as session:
        told = Told({"country": "MX", "crime_type": "robbery", "may_reply": "yes", "danger": "no"}, ["me robaron"])
        inbound = session.scalars(select(Inbound.id).where(Inbound.contact_id == person.contact)).first()
        content = person.runtime.shelf.content()
        filed = reports.file_report(session, content, inbound or 0, told)
        return session.scalars(select(Report).where(Report.number == filed.case)).one()


@EVERYWHERE
def test_after_stop_a_case_waits_until_they_say_that_it_may_write(channel: str, town: Town) -> None:
    person = town.person(channel).joins()
    files_a_case(person)
    person.says("BAJA")
    person.is_answered()
    rows = person.is_owed("La unidad escribe.")
    assert person.deliver() is None
    assert "La unidad escribe." not in person.heard
    assert person.statuses(rows) == ["held"] and person.reasons(rows) == ["stopped"]
    person.taps(1)
    person.is_answered()
    assert person.deliver() is None
    assert person.heard.count("La unidad escribe.") == 1 and person.statuses(rows) == ["sent"]
    unasked = person.is_owed("aviso", kind="notice")
    person.deliver()
    assert person.statuses(unasked) == ["withheld"]


@EVERYWHERE
def test_after_start_everything_goes_again(channel: str, town: Town) -> None:
    person = town.person(channel).joins()
    person.says("BAJA")
    person.is_answered()
    rows = person.is_owed("La unidad escribe.", "Y otra vez.")
    person.deliver()
    assert person.statuses(rows) == ["held"] * 2
    person.says("ALTA")
    person.is_answered()
    rows += person.is_owed("aviso", kind="notice")
    assert person.deliver() is None
    assert person.statuses(rows) == ["sent"] * 3
    assert person.heard.index("La unidad escribe.") < person.heard.index("Y otra vez.")


# Blocked


def test_stop_to_the_provider_itself_is_answered_by_nobody_and_start_brings_what_waited(town: Town) -> None:
    person = town.person("sms").joins()
    person.says("STOP")  # Twilio says in OptOutType that it has acted on it
    person.is_answered()
    rows = person.is_owed("La unidad escribe.")
    assert person.deliver() is None
    assert person.heard == [] and person.reasons(rows) == ["blocked"]
    person.says("START")
    person.is_answered()
    assert person.deliver() is None
    assert person.heard[0] == "La unidad escribe." and person.statuses(rows) == ["sent"]


def test_who_blocked_the_bot_hears_nothing_until_they_write(town: Town) -> None:
    person = town.person("telegram").joins()
    person.does(town.telegram.updates.member(int(person.number), "kicked"))
    rows = person.is_owed("La unidad escribe.", "Y otra vez.")
    assert person.deliver() is None and person.heard == []
    assert person.statuses(rows) == ["held"] * 2 and person.reasons(rows) == ["blocked"] * 2
    town.telegram.queue(town.telegram.updates.member(int(person.number), "member"))
    person.does(town.telegram.updates.sticker(int(person.number)))
    person.is_answered()
    assert person.deliver() is None
    assert person.heard[:2] == ["La unidad escribe.", "Y otra vez."] and len(person.heard) == 3


@EVERYWHERE
def test_a_block_that_shows_only_when_we_write_keeps_the_words_of_a_desk(channel: str, town: Town) -> None:
    person = town.person(channel).joins()
    answers = person.is_owed("respuesta", kind="reply", inbound=person.says("hola"))
    rows = person.is_owed("La unidad escribe.")
    town.prepare(channel, FORBIDDEN[channel])
    assert person.deliver() is None
    assert person.heard == [] and person.statuses(answers + rows) == ["withheld", "held"]
    person.joins()
    assert person.statuses(rows) == ["sent"]


def test_the_words_of_a_desk_that_met_the_block_themselves_are_kept(town: Town) -> None:
    person = town.person("telegram").joins()
    rows = person.is_owed("La unidad escribe.")
    town.prepare("telegram", FORBIDDEN["telegram"])
    assert person.deliver() is None
    assert person.statuses(rows) == ["held"] and person.reasons(rows) == ["blocked"]
    person.joins()
    assert person.statuses(rows) == ["sent"]


# WhatsApp's 24 hours


def test_out_of_the_24_hours_one_template_goes_and_the_words_follow_their_answer(approved: Town) -> None:
    person = approved.person("whatsapp").joins()
    person.falls_silent()
    rows = person.is_owed("La unidad escribe.", "Y otra vez.")
    assert person.deliver() is None
    assert person.deliver() is None
    assert person.heard == ["Hay noticias de su caso ABC-234. Escriba y se las digo."]
    assert person.statuses(rows) == ["held"] * 2 and person.reasons(rows) == ["window"] * 2
    person.says("")
    person.is_answered()
    assert person.deliver() is None
    assert person.heard[1:3] == ["La unidad escribe.", "Y otra vez."] and len(person.heard) == 4
    assert person.statuses(rows) == ["sent"] * 2


def test_a_template_that_whatsapp_refuses_is_not_sent_again_and_again(gateway: Town, approved: Town) -> None:
    person = approved.person("whatsapp").joins()
    person.falls_silent()
    approved.twilio.contents.approved.clear()
    rows = person.is_owed("La unidad escribe.")
    person.deliver()
    approved.twilio.settle()
    for _ in range(3):
        assert person.deliver() is None
    assert len(approved.twilio.messages) == 1 and person.statuses(rows) == ["held"]
    [template] = person.parts("template")
    assert (template.status, template.reason) == ("failed", "twilio 63016")


def test_a_template_still_waiting_is_not_sent_to_who_has_written(approved: Town) -> None:
    person = approved.person("whatsapp").joins()
    person.falls_silent()
    person.is_owed("La unidad escribe.")
    approved.prepare("whatsapp", BUSY["whatsapp"])
    person.deliver()
    person.says("")
    person.is_answered()
    passes(person, person.parts("template")[0].id)
    assert person.deliver() is None
    assert [part.status for part in person.parts("template")] == ["withheld"]
    assert "La unidad escribe." in person.heard


def test_out_of_the_24_hours_a_case_goes_by_sms_if_they_agreed(town: Town) -> None:
    person = town.person("whatsapp").joins()
    person.falls_silent()
    person.changes(sms_agreed_at=now())
    rows = person.is_owed("La unidad escribió: «está bien»")
    assert person.deliver() is None
    [sent] = town.twilio.messages
    assert (sent.to, sent.sender) == (person.number, town.twilio.number)
    assert sent.text == 'La unidad escribio: "esta bien"' and sent.content_sid is None
    assert person.statuses(rows) == ["sent"]


def test_who_refuses_the_sms_too_gets_the_words_when_they_write(town: Town) -> None:
    person = town.person("whatsapp").joins()
    person.falls_silent()
    person.changes(sms_agreed_at=now())
    rows = person.is_owed("La unidad escribe.")
    town.twilio.stopped.add(person.number)
    assert person.deliver() is None
    assert person.statuses(rows) == ["held"] and person.reasons(rows) == ["window"]
    assert person.row.sms_agreed_at is None and person.row.blocked_at is None
    person.says("")
    person.is_answered()
    person.deliver()
    assert person.heard[0] == "La unidad escribe."


@pytest.mark.parametrize("kind", ["case", "notice"])
def test_out_of_the_24_hours_with_no_way_the_words_wait(kind: str, town: Town) -> None:
    person = town.person("whatsapp").joins()
    person.falls_silent()
    rows = person.is_owed("uno", "dos", kind=kind)
    assert person.deliver() is None
    assert town.twilio.messages == []
    assert person.statuses(rows) == ["held"] * 2 and person.reasons(rows) == ["window"] * 2


def test_no_sms_without_a_number_for_sms(town: Town) -> None:
    town = town.without("sms")
    person = town.person("whatsapp").joins()
    person.falls_silent()
    person.changes(sms_agreed_at=now())
    rows = person.is_owed("uno")
    assert person.deliver() is None
    assert person.statuses(rows) == ["held"] and person.reasons(rows) == ["window"]


def test_a_window_that_was_shut_sooner_than_we_thought_is_no_failure(gateway: Town) -> None:
    person = gateway.person("whatsapp").joins()
    gateway.twilio.close_window(person.sender)  # and we do not know
    rows = person.is_owed("uno")
    assert person.deliver() is None
    assert person.statuses(rows) == ["sent"]
    gateway.twilio.settle()  # undelivered, 63016
    assert person.deliver() is None
    assert person.statuses(rows) == ["held"] and person.reasons(rows) == ["window"]
    person.joins()
    assert person.statuses(rows) == ["sent"] and person.parts("case")[0].provider_id


def test_who_writes_while_the_refusal_is_on_its_way_has_opened_the_window(gateway: Town) -> None:
    person = gateway.person("whatsapp").joins()
    rows = person.is_owed("uno")
    person.deliver()
    [sent] = gateway.twilio.messages
    person.says("")
    person.is_answered()
    gateway.twilio.report(sent, "undelivered", 63016)
    person.deliver()
    assert person.heard.count("uno") == 2 and person.statuses(rows) == ["sent"]


def test_a_late_report_on_a_message_that_failed_changes_nothing(gateway: Town) -> None:
    person = gateway.person("whatsapp").joins()
    gateway.twilio.close_window(person.sender)
    rows = person.is_owed("uno")
    person.deliver()
    gateway.twilio.settle()
    person.deliver()
    [sent] = gateway.twilio.messages
    for late in ("queued", "sent", "failed"):
        gateway.twilio.report(sent, late)
    assert person.statuses(rows) == ["held"]


def test_a_failure_that_is_reported_before_the_answer_counts(gateway: Town) -> None:
    person = gateway.person("sms").joins()
    rows = person.is_owed("uno")
    gateway.twilio.on_accepted.append(lambda sent: reports_on(gateway, sent, "undelivered", 30003))
    for _ in range(2):
        assert (person.deliver() or 0) > 5
        assert person.statuses(rows) == ["waiting"]
        passes(person, *rows)
    gateway.twilio.on_accepted.clear()
    assert person.deliver() is None
    assert person.statuses(rows) == ["sent"]


def test_a_delivery_that_is_reported_before_the_answer_counts(gateway: Town) -> None:
    person = gateway.person("sms").joins()
    rows = person.is_owed("uno")
    gateway.twilio.on_accepted.append(lambda sent: reports_on(gateway, sent, "delivered"))
    assert person.deliver() is None
    assert person.statuses(rows) == ["delivered"]


def reports_on(town: Town, sent: Sent, status: str, code: int | None = None) -> None:
    answer = town.twilio.report(sent, status, code)
    assert answer is not None and answer.status_code == 200


def test_the_day_of_tries_begins_anew_for_what_was_held(gateway: Town) -> None:
    person = gateway.person("whatsapp").joins()
    gateway.twilio.close_window(person.sender)
    rows = person.is_owed("uno")
    person.deliver()
    gateway.twilio.settle()
    person.deliver()
    passes(person, *rows, hours=72)
    gateway.prepare("whatsapp", BUSY["whatsapp"])
    person.says("")
    person.is_answered()
    person.deliver()
    assert person.statuses(rows) == ["waiting"]


# A channel is closed


@EVERYWHERE
def test_what_waits_for_a_closed_channel_goes_when_it_is_back(channel: str, town: Town) -> None:
    person = town.person(channel).joins()
    rows = person.is_owed("uno", "dos")
    person.town = town.without(channel)
    assert person.deliver() is None
    assert person.statuses(rows) == ["held"] * 2 and person.reasons(rows) == ["closed"] * 2
    assert not left_behind(person)
    person.town = town
    assert left_behind(person)
    assert person.deliver() is None
    assert person.heard == ["uno", "dos"]


@TWILIO
def test_what_was_being_sent_when_the_channel_closed_is_asked_for_later(
    channel: str, town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    person = town.person(channel).joins()
    rows = person.is_owed("uno", "dos")
    dies(person, AFTER, monkeypatch)
    passes(person, rows[0])
    person.town = town.without(channel)
    assert person.deliver() == 60 and person.statuses(rows) == ["sending", "waiting"]
    person.town = town
    assert person.deliver() is None
    assert person.heard == ["uno", "dos"]


# Nobody is forgotten


def left_behind(person: Person) -> bool:
    return person.contact in jobs._left_behind(person.runtime)[1]


OLD, YET = timedelta(minutes=2), timedelta(hours=1)
DUE = [
    ("waits since long", {"status": "waiting", "created_at": -OLD}, True),
    ("waits since a moment", {"status": "waiting"}, False),
    ("its next try is due", {"status": "waiting", "created_at": -YET, "next_try_at": -OLD}, True),
    ("its next try is in an hour", {"status": "waiting", "created_at": -YET, "next_try_at": YET}, False),
    ("a process died with it", {"status": "sending", "created_at": -YET, "claimed_at": -OLD}, True),
    ("is being sent", {"status": "sending", "created_at": -YET, "claimed_at": timedelta()}, False),
    *((f"is {status}", {"status": status, "created_at": -YET, "claimed_at": -OLD}, False)
      for status in ("held", "sent", "delivered", "read", "failed", "withheld")),
]  # fmt: skip


@pytest.mark.parametrize(("columns", "due"), [d[1:] for d in DUE], ids=[d[0] for d in DUE])
def test_the_sweep_finds_what_is_due_and_nothing_else(columns: dict[str, Any], due: bool, town: Town) -> None:
    person = town.person("sms").joins()
    [row] = person.is_owed("uno")
    with person.runtime.sessions.begin() as session:
        part = session.get_one(Outbound, row)
        for name, value in columns.items():
            setattr(part, name, value if name == "status" else now() + value)
    assert left_behind(person) is due


def fails_now(person: Person, *texts: str) -> None:
    """Tried an hour after it was made; the next try is in an hour."""
    first, *_ = rows = person.is_owed(*texts)
    person.town.prepare("sms", BUSY["sms"])
    person.deliver()
    with person.runtime.sessions.begin() as session:
        for part in session.scalars(select(Outbound).where(Outbound.id.in_(rows))):
            part.created_at -= YET
            part.next_try_at = now() + YET if part.id == first else None
            part.claimed_at = part.claimed_at and now() - YET


def test_the_sweep_leaves_alone_what_is_tried_again_in_an_hour(town: Town) -> None:
    person = town.person("sms").joins()
    fails_now(person, "uno")
    assert not left_behind(person)


def test_the_sweep_leaves_alone_who_waits_behind_it(town: Town) -> None:
    person = town.person("sms").joins()
    fails_now(person, "uno", "dos")
    assert not left_behind(person)


def test_who_writes_again_does_not_wait_behind_what_was_put_off(town: Town) -> None:
    """The answer may be an emergency number: what was put off for hours is tried at once, and the answer after it."""
    person = town.person("sms").joins()
    fails_now(person, "uno")
    with person.runtime.sessions.begin() as session:
        outbox.hurry(session, session.get_one(Contact, person.contact))
    person.is_owed("dos")
    assert person.deliver() is None
    assert person.heard == ["uno", "dos"]
