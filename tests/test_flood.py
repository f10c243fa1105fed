"""Whoever writes too fast is told once and answered at a limited pace, in order; nobody else waits for it; and of one
person only so much is kept in a day. What is measured by the clock: tests/test_flood_others.py."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from bot import conversation, inbox, pace
from bot.messages import Message
from bot.pace import CALM, FREE, PAUSE, SLOW
from bot.reports import of_contact
from bot.runtime import Runtime
from bot.store.allowance import Allowance
from bot.store.models import Contact, Inbound, Outbound, now
from tests.channels import AT_HOME, Kept, fresh_number, kept, with_settings
from tests.keeper import keeper
from tests.talk import Phone
from tests.test_delivery import Town, built, town

__all__ = ["built", "kept", "town"]
pytestmark = AT_HOME


class Quick(Phone):
    """Somebody whose messages need no engine."""

    def floods(self, many: int) -> None:
        for _ in range(many):
            self.stores("unreadable")

    def is_served(self) -> float | None:
        return conversation.answer(self.runtime, self.contact)

    def is_served_to_the_end(self) -> None:
        while self.is_served() is not None:
            self.waits()

    def waits(self) -> None:
        """The pause is over."""
        self.counts(serve_at=now() - timedelta(seconds=1))

    def counts(self, **values: object) -> None:
        with self.runtime.sessions.begin() as session:
            row = session.get_one(Allowance, self.contact)
            for name, value in values.items():
                setattr(row, name, value)

    def answered(self) -> list[int]:
        """Their messages in the order in which they were answered."""
        replies = select(Outbound.inbound_id).where(Outbound.contact_id == self.contact, Outbound.kind == "reply")
        with self.runtime.sessions() as session:
            return list(dict.fromkeys(number for number in session.scalars(replies.order_by(Outbound.id)) if number))

    def messages(self) -> list[int]:
        with self.runtime.sessions() as session:
            mine = select(Inbound.id).where(Inbound.contact_id == self.contact)
            return list(session.scalars(mine.order_by(Inbound.id)))

    def told(self, name: str) -> list[str]:
        rows = select(Outbound.body_sealed).where(Outbound.contact_id == self.contact, Outbound.kind == name)
        with self.runtime.sessions() as session:
            return [self.runtime.vault.open(body)["text"] for body in session.scalars(rows)]


@pytest.fixture
def person(runtime: Runtime) -> Iterator[Quick]:
    made = Quick(runtime, fresh_number(), "es")
    yield made
    made.is_served_to_the_end()  # no worker of a later test has to


# The pace


def test_twenty_quick_messages_are_answered_at_once_and_in_order(person: Quick) -> None:
    person.floods(20)
    assert person.is_served() is None
    assert person.answered() == person.messages() and len(person.messages()) == 20
    assert person.told("too_fast") == []


def test_a_flood_is_answered_in_small_batches_in_order_and_told_once(person: Quick) -> None:
    person.floods(FREE + 30)
    assert person.is_served() == PAUSE
    assert len(person.answered()) == SLOW.turns
    again = person.is_served()
    assert again is not None and 0 < again <= PAUSE and len(person.answered()) == SLOW.turns  # not before its time
    person.is_served_to_the_end()
    assert person.answered() == person.messages() and len(person.messages()) == FREE + 30
    (line,) = person.told("too_fast")
    assert "más rápido" in line and "911" in line


def test_after_a_flood_one_is_served_like_everybody_and_not_told_again_that_day(person: Quick) -> None:
    person.floods(FREE + 30)
    person.is_served_to_the_end()
    person.counts(recent=0)
    person.floods(2)
    assert person.is_served() is None and person.answered() == person.messages()
    person.floods(FREE + 30)
    person.is_served_to_the_end()
    assert person.answered() == person.messages() and len(person.told("too_fast")) == 1


def test_a_long_wait_of_somebody_who_wrote_slowly_is_no_flood_but_lets_others_come_between(person: Quick) -> None:
    """As after an outage."""
    for _ in range(3):
        person.floods(20)
        person.counts(minute=now() - timedelta(minutes=5))
    assert person.is_served() == CALM.pause
    assert len(person.answered()) == CALM.turns
    assert person.is_served() == CALM.pause and person.is_served() is None
    assert person.answered() == person.messages() and person.told("too_fast") == []


def test_a_flood_asks_for_few_jobs_and_none_of_its_messages_is_left_without_one(runtime: Runtime, kept: Kept) -> None:
    person = Quick(runtime, fresh_number(), "es")
    person.stores("unreadable")
    before = kept.jobs(person.contact)
    for _ in range(FREE + 50):
        inbox.take(runtime, Message("web", uuid.uuid4().hex, person.number, "unreadable", {}))
    assert kept.jobs(person.contact) - before == FREE
    person.is_served_to_the_end()
    inbox.take(runtime, Message("web", uuid.uuid4().hex, person.number, "unreadable", {}))
    assert kept.jobs(person.contact) - before == FREE + 1
    person.is_served_to_the_end()


def test_a_clock_that_was_set_back_makes_no_pause_longer(person: Quick) -> None:
    person.floods(FREE + 10)
    person.is_served()
    person.counts(serve_at=now() + timedelta(hours=1))
    assert person.is_served() == PAUSE and len(person.answered()) == 2 * SLOW.turns


@pytest.mark.parametrize("word", ["STOP", "BORRAR CHAT"])
def test_stop_and_the_clearing_word_act_at_once_and_are_answered_before_the_flood(word: str, person: Quick) -> None:
    person.floods(FREE + 30)
    person.is_served()
    person.stores("text", text=word)
    assert person.person().stopped_at
    person.waits()
    person.is_served()
    assert person.messages()[-1] in person.answered()
    with person.runtime.sessions() as session:
        assert session.get_one(Inbound, person.messages()[-2]).answered_at is None


def test_what_was_written_before_clearing_is_not_waited_for(person: Quick) -> None:
    person.floods(FREE + 30)
    person.is_served()
    person.stores("text", text="borrar chat")
    person.waits()
    assert [person.is_served() for _ in range(3)] == [0.0, 0.0, None]
    assert person.answered() == [*person.messages()[: SLOW.turns], person.messages()[-1]]


# What is kept of one person in a day


@pytest.fixture
def little(runtime: Runtime) -> Iterator[Quick]:
    """Somebody of whom 20 messages are kept in a day."""
    made = Quick(with_settings(runtime, day_messages=20), fresh_number(), "es")
    yield made
    made.is_served_to_the_end()


def test_beyond_the_days_messages_nothing_is_kept_and_one_line_says_so(little: Quick, kept: Kept) -> None:
    little.floods(20)
    little.is_served()
    for _ in range(5):
        new = inbox.take(little.runtime, Message("web", uuid.uuid4().hex, little.number, "text", {"text": "oigan"}))
        assert not new
    assert len(little.messages()) == 20 and kept.jobs(little.contact) == 1  # which tells them
    for _ in range(3):
        little.is_served()
    (line,) = little.told("too_much")
    assert "24 horas" in line and "911" in line
    assert little.answered() == little.messages()


def test_beyond_the_days_messages_stop_and_start_still_work(little: Quick) -> None:
    little.floods(30)
    assert little.stores("text", text="stop") and little.person().stopped_at
    little.is_served_to_the_end()
    assert little.messages()[-1] in little.answered()
    assert little.stores("text", text="start") and not little.person().stopped_at


def test_the_next_day_there_is_room_again_and_it_is_told_anew(little: Quick) -> None:
    for _ in range(2):
        little.floods(20)
        assert not little.stores("unreadable")
        inbox.take(little.runtime, Message("web", uuid.uuid4().hex, little.number, "unreadable", {}))
        little.is_served_to_the_end()
        little.counts(day=now().date() - timedelta(days=1), recent=0)
    assert len(little.told("too_much")) == 2 and little.answered() == little.messages()


def test_the_same_message_twice_counts_once(little: Quick) -> None:
    for _ in range(5):
        little.stores("unreadable", "twice-" + little.number)
    assert _count(little) == 1


def test_words_are_counted_by_the_bytes_that_are_kept(person: Quick) -> None:
    person.stores("text", text="a" * 9_000)
    with person.runtime.sessions() as session:
        size = session.scalar(select(func.length(Inbound.body_sealed)).where(Inbound.contact_id == person.contact))
        assert session.get_one(Allowance, person.contact).bytes == size
    person.counts(bytes=person.runtime.settings.day_megabytes * pace.MEGABYTE - 100)
    assert not person.stores("text", text="hola")
    with person.runtime.sessions.begin() as session:  # no engine here
        session.get_one(Inbound, person.messages()[0]).answered_at = now()


def test_files_count_and_leave_room_for_words(town: Town, kept: Kept) -> None:
    someone = town.person("whatsapp").joins()
    first = _sends_file(town, someone.sender, someone.does)
    someone.is_answered()
    with someone.runtime.sessions.begin() as session:
        row = session.get_one(Allowance, someone.contact)
        assert row.bytes > 100_000 and len(kept.files(first)) == 1
        row.bytes = someone.runtime.settings.day_megabytes * pace.MEGABYTE - pace.FOR_WORDS + 1
    asked = len(town.twilio.requests)
    second = _sends_file(town, someone.sender, someone.does)
    someone.is_answered()
    assert kept.files(second) == [] and len(town.twilio.requests) == asked  # not even fetched
    assert "más archivos" in kept.said(second)[0]
    third = someone.says("")
    someone.is_answered()
    assert kept.said(third)


def _sends_file(town: Town, sender: str, does: Callable[[dict[str, str]], int]) -> int:
    url = town.twilio.add_media(b"\xff\xd8" + bytes(100_000), "image/jpeg")
    return does(town.twilio.incoming.media(sender, url, "image/jpeg"))


def _count(person: Quick) -> int:
    with person.runtime.sessions() as session:
        return session.get_one(Allowance, person.contact).messages


# A report in the middle of it


def test_a_flood_in_the_middle_of_a_report_loses_nothing_of_it(phone: Callable[..., Phone], runtime: Runtime) -> None:
    keeper(runtime)
    number = phone("+525512", "es").number
    person = Quick(runtime, number, "es")
    person.says("me robaron en tapachula")
    person.floods(FREE + 10)
    for words in ("no", "ayer", "me quitaron el telefono y la canariada", "2", "1", "1"):
        person.stores("text", text=words)
    person.is_served_to_the_end()
    assert person.answered() == person.messages()
    with runtime.sessions() as session:
        (report,) = of_contact(session, person.contact)
        assert session.get_one(Contact, person.contact).form is None
        boxed = select(Inbound.id).where(Inbound.contact_id == person.contact, Inbound.report_boxed.is_not(None))
        assert Counter(session.scalars(boxed)) == Counter(person.messages())
        assert report.since == person.messages()[0] and report.inbound_id == person.messages()[-1]
