"""Telegram: what is kept of each kind of update, and what becomes of each letter; over a real socket."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import count
from typing import Any

import click.testing
import httpx
import procrastinate
import pytest
from pytest_socket import socket_allow_hosts
from sqlalchemy import NullPool, create_engine, event, func, select, text
from sqlalchemy import update as change
from sqlalchemy.orm import sessionmaker

import bot.__main__ as command
from bot import conversation, delivery, jobs, media, outbox, polling
from bot.channels import telegram as channel
from bot.channels.rendering import utf16
from bot.gateway import application
from bot.messages import Event, Letter, Message, tapped
from bot.replies import Option, Part
from bot.runtime import Runtime, start
from bot.settings import Settings
from bot.store.models import Contact, Inbound, Media, Outbound, ProviderEvent, Sender, now
from tests.conftest import free_port
from tests.fakes.telegram import FakeTelegram
from tests.fakes.telegram_arrivals import OTHER_POLL, Webhook
from tests.fakes.telegram_messages import BOT, Button
from tests.fakes.telegram_messages import Message as Sent
from tests.fakes.telegram_updates import JPEG, Person, Update, Updates
from tests.fakes.wire import Server

TOKEN, SECRET, PUBLIC = "7000000001:" + "a" * 35, "told_to-the-webhook", "https://faro.example"
WEB = httpx.Client(trust_env=False, verify=False)
PEOPLE = count(7_100_000_001)
CANARY = "palabra canaria"
GROUP = {"id": -100_500, "title": "Grupo", "type": "group"}
CHANNEL = {"id": -100_600, "title": "Canal", "type": "channel"}
SHOWN = (Option(1, "Voz", "show:voice_kept", {}), Option(2, "Foto", "show:picture_kept", {}))

Make = Callable[[Updates, Person], Update]
Body = dict[str, Any]


@dataclass(frozen=True)
class House:
    """A Faro on a real socket, whose Telegram is the fake."""

    runtime: Runtime
    queue: procrastinate.App
    fake: FakeTelegram
    url: str

    def count(self, table: Any, *where: Any) -> int:
        with self.runtime.sessions() as session:
            return session.scalar(select(func.count()).select_from(table).where(*where)) or 0

    def posts(self, **request: Any) -> httpx.Response:
        """Anything to the webhook; with the secret unless other ``headers`` are given."""
        headers = request.pop("headers", {channel.SECRET_HEADER: SECRET})
        method = request.pop("method", "POST")
        return WEB.request(method, f"{self.url}/webhooks/telegram", headers=headers, **request)


@dataclass(frozen=True)
class Someone:
    """A person with a private chat, and what Faro keeps of them."""

    house: House
    person: Person

    @property
    def make(self) -> Updates:
        return self.house.fake.updates

    def sends(self, update: Update) -> httpx.Response:
        return self.house.fake.deliver(update)

    def says(self, text: str) -> httpx.Response:
        return self.sends(self.make.text(self.person, text))

    def known(self) -> Contact | None:
        found = self.house.runtime.vault.fingerprint("telegram", str(self.person.id))
        with self.house.runtime.sessions() as session:
            return session.scalars(select(Contact).where(Contact.address_hash == found)).first()

    @property
    def contact(self) -> Contact:
        known = self.known()
        assert known is not None
        return known

    def kept(self) -> list[Body]:
        with self.house.runtime.sessions() as session:
            rows = session.scalars(select(Inbound).where(Inbound.contact_id == self.contact.id).order_by(Inbound.id))
            return [self.house.runtime.vault.open(row.body_sealed) for row in rows]

    def turns_asked(self) -> int:
        query = "SELECT count(*) FROM procrastinate_jobs WHERE task_name = 'faro:answer' AND args->>'contact' = :who"
        with self.house.runtime.sessions() as session:
            return int(session.scalar(text(query), {"who": str(self.contact.id)}) or 0)

    def offered(self, *options: Option) -> None:
        """As if these had been offered, so that their numbers mean something."""
        rows = [option.as_row() for option in options]
        with self.house.runtime.sessions.begin() as session:
            session.execute(change(Contact).where(Contact.id == self.contact.id).values(offered=rows))

    def answered(self, runtime: Runtime | None = None) -> list[str]:
        """Take the turns that wait, deliver, and what the phone shows since."""
        before = len(self.hears())
        conversation.answer(runtime or self.house.runtime, self.contact.id)
        self.delivers()
        return self.hears()[before:]

    def is_told(self, *parts: Part, kind: str = "reply") -> None:
        """Put a reply of ours into the outbox; the person has written before."""
        if self.known() is None:
            assert self.sends(self.make.sticker(self.person)).status_code == 200
        runtime = self.house.runtime
        with runtime.sessions.begin() as session:
            contact = session.get_one(Contact, self.contact.id)
            outbox.put(session, runtime.vault, contact, parts, str, None, kind)

    def delivers(self) -> float | None:
        return delivery.deliver(self.house.runtime, self.contact.id)

    def letters(self) -> list[Outbound]:
        with self.house.runtime.sessions() as session:
            query = select(Outbound).where(Outbound.contact_id == self.contact.id).order_by(Outbound.id)
            return list(session.scalars(query))

    def bubbles(self) -> list[Sent]:
        return [message for message in self.house.fake.messages if message.chat_id == self.person.id]

    def hears(self) -> list[str]:
        return [bubble.text for bubble in self.bubbles()]

    def phrase(self, name: str) -> str:
        return self.house.runtime.shelf.content().phrases["es"][name]

    def time_passes(self) -> None:
        """What waits for a moment has waited for it."""
        past = now() - timedelta(minutes=2)
        with self.house.runtime.sessions.begin() as session:
            mine = Outbound.contact_id == self.contact.id
            session.execute(change(Outbound).where(mine).values(next_try_at=past, claimed_at=past))
            session.execute(change(Sender).values(paused_until=past))


@pytest.fixture(autouse=True)
def only_here() -> None:
    socket_allow_hosts(["127.0.0.1", "::1", "localhost"], allow_unix_socket=True)


@pytest.fixture(scope="module")
def fake() -> Iterator[FakeTelegram]:
    with FakeTelegram(TOKEN, SECRET) as started:
        yield started


@pytest.fixture(scope="module")
def configured(settings: Settings, fake: FakeTelegram) -> Settings:
    return settings.model_copy(
        update={"telegram_token": TOKEN, "telegram_secret": SECRET, "telegram_api": fake.url, "public_url": PUBLIC}
    )


@pytest.fixture(scope="module")
def built(configured: Settings, fake: FakeTelegram) -> Iterator[House]:
    jobs.queue(configured.database)  # of several in one process the first goes wrong: its tasks go to the next
    runtime, queue = start(configured), jobs.queue(configured.database)
    with queue.open(), Server(application(runtime, queue)) as server:
        fake.gateway_url = server.url
        yield House(runtime, queue, fake, server.url)
    with runtime.sessions.begin() as session:  # nothing for the workers of other tests to do
        mine = "SELECT id::text FROM contact WHERE channel = 'telegram'"
        session.execute(text(f"DELETE FROM procrastinate_jobs WHERE args->>'contact' IN ({mine})"))
        session.execute(text("DELETE FROM contact WHERE channel = 'telegram'"))


@pytest.fixture
def house(built: House) -> Iterator[House]:
    """Whatever Telegram was prepared to answer was asked for, and nothing that it does not have."""
    yield built
    built.fake.check()
    built.fake.requests.clear()
    with built.runtime.sessions.begin() as session:
        session.execute(change(Sender).values(paused_until=now()))


@pytest.fixture
def someone(house: House) -> Someone:
    return Someone(house, Person(next(PEOPLE)))


@pytest.fixture
def another(house: House) -> Someone:
    return Someone(house, Person(next(PEOPLE)))


# In: messages of people.


def files(value: Any) -> Iterator[Body]:
    """Every file in an update, in order."""
    if isinstance(value, dict) and "file_id" in value:
        yield value
    elif isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from files(inner)


def file(kind: str, text: str = "") -> Callable[[Update], Body]:
    """The body of a message with one file; of several sizes the last, which is the largest."""

    def body(update: Update) -> Body:
        *_, last = files(update)
        return {"text": text, "media": [{"ref": last["file_id"], "type": kind, "size": last.get("file_size", 0)}]}

    return body


def animation(make: Updates, who: Person) -> Update:
    made = make.file(b"gif", "mp4") | {"mime_type": "video/mp4", "width": 1, "height": 1, "duration": 1}
    return make.message(who, animation=made, document=made)  # for older libraries it is a document too


def video_of_unknown_size(make: Updates, who: Person) -> Update:
    made = make.file(b"mp4", "mp4") | {"width": 1, "height": 1, "duration": 1}
    del made["file_size"]
    return make.message(who, video=made)


PLACE = {"latitude": 14.9, "longitude": -92.26}
QUOTED = {"message_id": 9, "chat": GROUP, "date": 1, "text": "what was quoted"}
POLL = {"id": "1", "question": "?", "options": [], "total_voter_count": 0, "is_closed": False, "is_anonymous": True,
        "type": "regular", "allows_multiple_answers": False, "allows_revoting": False,
        "members_only": False}  # fmt: skip
HEARD: list[tuple[str, Make, str, Body | Callable[[Update], Body]]] = [
    ("words", lambda m, w: m.text(w, "hola"), "text", {"text": "hola"}),
    ("Spanish", lambda m, w: m.text(w, "¿Dónde está el niño?"), "text", {"text": "¿Dónde está el niño?"}),
    ("Creole", lambda m, w: m.text(w, "Kòman m ka jwenn èd?"), "text", {"text": "Kòman m ka jwenn èd?"}),
    ("Arabic", lambda m, w: m.text(w, "أين أجد المساعدة؟"), "text", {"text": "أين أجد المساعدة؟"}),
    ("emoji", lambda m, w: m.text(w, "👩🏽‍🦱🙏"), "text", {"text": "👩🏽‍🦱🙏"}),
    ("half a character", lambda m, w: m.text(w, "a\ud83d\x00b"), "text", {"text": "a?b"}),
    ("the longest text", lambda m, w: m.text(w, "ñ" * 4096), "text", {"text": "ñ" * 4096}),
    ("no text", lambda m, w: m.text(w, ""), "text", {"text": ""}),
    ("markup as typed", lambda m, w: m.text(w, "<b>*_[x](y)"), "text", {"text": "<b>*_[x](y)"}),
    ("/start", lambda m, w: m.start(w), "text", {"text": "/start"}),
    ("/start of a link", lambda m, w: m.start(w, "poster-12"), "text", {"text": "/start"}),
    ("/start and words", lambda m, w: m.start(w, "me robaron ayer"), "text", {"text": "/start me robaron ayer"}),
    ("/stop", lambda m, w: m.text(w, "/stop"), "stop", {"text": "/stop"}),
    ("STOP in Spanish", lambda m, w: m.text(w, "¡Alto!"), "stop", {"text": "¡Alto!"}),
    ("mended words", lambda m, w: m.edited(w, "hola!"), "edited", {"text": "hola!"}),
    ("a mended caption", lambda m, w: m.edited(w, None, caption="mire"), "edited", {"text": "mire"}),
    ("a place", lambda m, w: m.location(w, 14.9, -92.26), "location", {"lat": 14.9, "lon": -92.26}),
    ("a live place", lambda m, w: m.location(w, 0, 0, live_period=60), "location", {"lat": 0, "lon": 0}),
    ("a named place", lambda m, w: m.location(w, 14.9, -92.26, venue={"location": PLACE, "title": "Albergue",
     "address": "Calle 1"}), "location", {"lat": 14.9, "lon": -92.26}),
    ("a contact", lambda m, w: m.message(w, contact={"phone_number": "+5255", "first_name": "Luz", "last_name": "Paz"}),
     "contact", {"text": "Luz Paz +5255"}),
    ("a contact with one name", lambda m, w: m.contact(w, "+5255"), "contact", {"text": "Alguien +5255"}),
    ("a photo", lambda m, w: m.photo(w), "media", file("image/jpeg")),
    ("a photo with words", lambda m, w: m.photo(w, "mire"), "media", file("image/jpeg", "mire")),
    ("a voice", lambda m, w: m.voice(w), "media", file("audio/ogg")),
    ("an audio file", lambda m, w: m.message(w, audio=m.file(b"ID3", "mp3") | {"duration": 3}),
     "media", file("audio/mpeg")),
    ("a video", lambda m, w: m.message(w, video=m.file(b"mp4", "mp4") | {"width": 1, "height": 1, "duration": 1,
     "mime_type": "video/3gpp"}, caption="vea"), "media", file("video/3gpp", "vea")),
    ("a video of unknown size", video_of_unknown_size, "media", file("video/mp4")),
    ("a round video", lambda m, w: m.message(w, video_note=m.file(b"mp4", "mp4") | {"length": 1, "duration": 1}),
     "media", file("video/mp4")),
    ("an animation", animation, "media", file("video/mp4")),
    ("a PDF", lambda m, w: m.document(w, caption="mi carta"), "media", file("application/pdf", "mi carta")),
    ("a program of no type", lambda m, w: m.message(w, document=m.file(b"MZ", "exe") | {"file_name": "a.exe"}),
     "media", file("")),
    ("a sticker", lambda m, w: m.sticker(w), "unreadable", {}),
    ("a dice", lambda m, w: m.message(w, dice={"emoji": "🎲", "value": 3}), "unreadable", {}),
    ("a poll", lambda m, w: m.message(w, poll=POLL), "unreadable", {}),
    ("something of a later day", lambda m, w: m.message(w, hologram={"file": 1}), "unreadable", {}),
    ("something that the library cannot read", lambda m, w: m.message(w, poll={"id": 1}), "unreadable", {}),
    ("forwarded words", lambda m, w: m.text(w, "vean", forward_origin={"type": "hidden_user", "date": 1,
     "sender_user_name": "X"}), "text", {"text": "vean"}),
    ("a reply", lambda m, w: m.text(w, "sí", reply_to_message=QUOTED), "text", {"text": "sí"}),
    ("a reply with a quote", lambda m, w: m.text(w, "sí", quote={"text": "was", "position": 1}), "text",
     {"text": "sí"}),
    ("a message by an inline bot", lambda m, w: m.text(w, "gif", via_bot=BOT), "text", {"text": "gif"}),
    ("a field of a later day", lambda m, w: m.text(w, "hola", mood={"deep": [1]}), "text", {"text": "hola"}),
    ("a message without a date", lambda m, w: m.text(w, "hola", date=0), "text", {"text": "hola"}),
    ("a message beyond all dates", lambda m, w: m.text(w, "hola", date=10**20), "unreadable", {}),
    ("a message without a sender", lambda m, w: m.text(w, "hola", **{"from": None}), "text", {"text": "hola"}),
]  # fmt: skip


def content_of(update: Update) -> Body:
    content: Body = next(value for name, value in update.items() if name != "update_id")
    return content


@pytest.mark.parametrize(("build", "kind", "body"), [h[1:] for h in HEARD], ids=[h[0] for h in HEARD])
def test_a_message_is_kept_as_it_was_said(
    build: Make, kind: str, body: Body | Callable[[Update], Body], someone: Someone
) -> None:
    update = build(someone.make, someone.person)
    answer = someone.sends(update)
    assert (answer.status_code, answer.json()) == (200, {})
    expected = body(update) if callable(body) else body
    [kept] = someone.kept()
    assert kept.pop("message", content_of(update)["message_id"]) == content_of(update)["message_id"]
    assert kept == {"kind": kind, "via": None} | expected
    assert someone.turns_asked() == 1


FLAGS: list[tuple[str, list[Make], Body]] = [
    ("a stranger", [lambda m, w: m.text(w, "hola")],
     {"came_by": None, "language": "es", "stopped": False, "case_messages": True, "blocked": False}),
    ("by a link", [lambda m, w: m.start(w, "poster-12")], {"came_by": "poster-12", "stopped": False}),
    ("by the longest link", [lambda m, w: m.start(w, "a_-9" * 16)], {"came_by": "a_-9" * 16}),
    ("the first link counts", [lambda m, w: m.start(w, "one"), lambda m, w: m.start(w, "two")], {"came_by": "one"}),
    ("words are no link", [lambda m, w: m.start(w, "me robaron ayer")], {"came_by": None}),
    ("nor is what is too long", [lambda m, w: m.start(w, "a" * 65)], {"came_by": None}),
    ("nor a caption", [lambda m, w: m.photo(w, "/start poster-12")], {"came_by": None}),
    ("STOP", [lambda m, w: m.text(w, "/stop")], {"stopped": True, "case_messages": False, "blocked": False}),
    ("STOP and START", [lambda m, w: m.text(w, "stop"), lambda m, w: m.start(w)],
     {"stopped": False, "case_messages": True}),
    ("STOP and back by a link", [lambda m, w: m.text(w, "stop"), lambda m, w: m.start(w, "x")], {"stopped": False}),
    ("STOP and something else", [lambda m, w: m.text(w, "stop"), lambda m, w: m.text(w, "hola")], {"stopped": True}),
    ("blocked", [lambda m, w: m.member(w, "kicked")], {"blocked": True, "stopped": False}),
    ("Brazilian", [lambda m, w: m.text(replace(w, language="pt-br"), "oi")], {"language": "pt"}),
    ("no language of ours", [lambda m, w: m.text(replace(w, language="zh-hans"), "你好")], {"language": None}),
    ("no language", [lambda m, w: m.text(replace(w, language=None), "hola")], {"language": None}),
    ("a language with the tap", [lambda m, w: tap(m, w, "o:1:1", language="fr")], {"language": "fr"}),
]  # fmt: skip


def tap(make: Updates, who: Person, data: str | None, **more: Any) -> Update:
    """A tap on a button of ours, or of whoever; ``more``: language, or what the query says otherwise."""
    sent = Sent(500_000, who.id, "¿?", "¿?", ((Button("x", data or ""),),), None, [])
    person = replace(who, language=more.pop("language", who.language))
    update = make.callback(sent, "x", person)
    update["callback_query"] |= more
    if data is None:
        del update["callback_query"]["data"]
    return update


@pytest.mark.parametrize(("builds", "flags"), [f[1:] for f in FLAGS], ids=[f[0] for f in FLAGS])
def test_what_is_known_of_a_person_at_once(builds: list[Make], flags: Body, someone: Someone) -> None:
    for build in builds:
        assert someone.sends(build(someone.make, someone.person)).status_code == 200
    contact = someone.contact
    found = {
        "came_by": contact.came_by,
        "language": contact.language,
        "stopped": contact.stopped_at is not None,
        "case_messages": contact.case_messages,
        "blocked": contact.blocked_at is not None,
    }
    assert found | flags == found


TAPS: list[tuple[str, str | None, Body, str, Body]] = [
    ("ours", "o:17:2", {}, "option", {"number": 2, "outbound": 17}),
    ("skip", "o:17:0", {}, "option", {"number": 0, "outbound": 17}),
    ("of a message that Telegram has forgotten", "o:17:2", {"message": {"date": 0, "message_id": 3}},
     "option", {"number": 2, "outbound": 17}),
    ("foreign", "vote-yes", {}, "text", {"text": ""}),
    ("half of ours", "o:17", {}, "text", {"text": ""}),
    ("no number", "o:17:x", {}, "text", {"text": ""}),
    ("another script's digits", "o:١٧:٢", {}, "text", {"text": ""}),
    ("beyond the database", f"o:{10**18}:1", {}, "text", {"text": ""}),
    ("too many options", "o:17:1000", {}, "text", {"text": ""}),
    ("of a game", None, {"game_short_name": "g"}, "text", {"text": ""}),
]  # fmt: skip


@pytest.mark.parametrize(("data", "more", "kind", "body"), [t[1:] for t in TAPS], ids=[t[0] for t in TAPS])
def test_a_tap_is_kept_and_the_button_stops_waiting(
    data: str | None, more: Body, kind: str, body: Body, someone: Someone
) -> None:
    if "message" in more:
        more = {"message": more["message"] | {"chat": someone.person.chat}}
    update = tap(someone.make, someone.person, data, **more)
    query = update["callback_query"]["id"]
    answer = someone.sends(update)
    assert answer.json() == {"method": "answerCallbackQuery", "callback_query_id": query}
    assert someone.house.fake.answers[-1] == {"callback_query_id": query}
    assert someone.kept() == [{"kind": kind, "via": None} | body]


def member(make: Updates, who: Person, status: str, chat: Mapping[str, Any]) -> Update:
    update = make.member(who, status)
    update["my_chat_member"]["chat"] = chat
    return update


def service(**content: Any) -> Make:
    return lambda make, who: make.message(who, chat=GROUP, **content)


EVENTS: list[tuple[str, Make, str]] = [
    ("words in a group", lambda m, w: m.text(w, CANARY, chat=GROUP), "group message"),
    ("words in a supergroup", lambda m, w: m.group(w, CANARY), "supergroup message"),
    ("mended words in a group", lambda m, w: m.edited(w, CANARY, chat=GROUP), "group message"),
    ("a command in a group", lambda m, w: m.text(w, "/start poster-12", chat=GROUP), "group message"),
    ("a photo in a group", lambda m, w: m.photo(w, CANARY, chat=GROUP), "group message"),
    ("somebody joins", service(new_chat_members=[{"id": 1, "is_bot": False, "first_name": CANARY}]), "group message"),
    ("a new title", service(new_chat_title=CANARY), "group message"),
    ("pinned in a group", service(pinned_message=QUOTED), "group message"),
    ("pinned in a private chat", lambda m, w: m.message(w, pinned_message=QUOTED | {"chat": w.chat}), "pinned_message"),
    ("messages will delete themselves", lambda m, w: m.message(w, message_auto_delete_timer_changed={
     "message_auto_delete_time": 86400}), "message_auto_delete_timer_changed"),
    ("a post", lambda m, w: m.channel_post(CANARY), "channel post"),
    ("a mended post", lambda m, w: m.update("edited_channel_post", content_of(m.channel_post(CANARY))), "channel post"),
    ("a live place that moves", lambda m, w: m.edited(w, None, location=PLACE), "edited without words"),
    ("the person lets us write", lambda m, w: m.member(w, "member"), "private member"),
    ("put into a group", lambda m, w: member(m, w, "member", GROUP), "group member"),
    ("put out of a group", lambda m, w: member(m, w, "left", GROUP), "group left"),
    ("put out of a channel", lambda m, w: member(m, w, "kicked", CHANNEL), "channel kicked"),
    ("a message of a bot", lambda m, w: m.text(w, CANARY, **{"from": BOT}), "message of a bot"),
    ("a reaction", lambda m, w: m.update("message_reaction", {"chat": w.chat, "message_id": 1, "date": 1,
     "user": w.user, "old_reaction": [], "new_reaction": []}), "message_reaction"),
    ("an empty reaction", lambda m, w: m.update("message_reaction", {}), "message_reaction"),
    ("a kind of a later Bot API", lambda m, w: m.update("telepathy", {"chat": w.chat, "thought": CANARY}), "telepathy"),
    ("nothing", lambda m, w: {"update_id": m.update("x", {})["update_id"]}, "empty"),
    ("a group's message that cannot be read", lambda m, w: m.text(w, CANARY, chat=GROUP, date="x"), "message"),
]  # fmt: skip


@pytest.mark.parametrize(("build", "kind"), [e[1:] for e in EVENTS], ids=[e[0] for e in EVENTS])
def test_what_is_no_message_of_a_person_is_kept_by_its_kind_only(build: Make, kind: str, someone: Someone) -> None:
    update, house = build(someone.make, someone.person), someone.house
    people = house.count(Contact)
    answer = someone.sends(update)
    assert (answer.status_code, answer.json()) == (200, {})
    number = str(update["update_id"])
    assert house.count(Contact) == people and house.count(Inbound, Inbound.provider_id == number) == 0
    with house.runtime.sessions() as session:
        assert session.get_one(ProviderEvent, ("telegram", number)).kind == kind
    assert someone.sends(update).status_code == 200


@pytest.mark.parametrize("where", ["a group", "an inline message"])
def test_a_button_outside_a_private_chat_only_stops_waiting(where: str, someone: Someone) -> None:
    update = tap(someone.make, someone.person, "o:17:2")
    if where == "a group":
        update["callback_query"]["message"]["chat"] = GROUP
    else:
        del update["callback_query"]["message"]
    assert someone.sends(update).json()["method"] == "answerCallbackQuery"
    assert someone.house.fake.answers[-1] == {"callback_query_id": update["callback_query"]["id"]}
    assert someone.known() is None
    with someone.house.runtime.sessions() as session:
        kept = session.get_one(ProviderEvent, ("telegram", str(update["update_id"])))
    assert kept.kind == "button outside a chat"


def test_the_same_update_twice_is_kept_once_and_answered_once(someone: Someone) -> None:
    update = someone.make.text(someone.person, "hola")
    assert [someone.sends(update).status_code for _ in range(3)] == [200] * 3
    assert len(someone.kept()) == someone.turns_asked() == 1


def test_the_same_update_twice_at_the_same_instant_is_kept_once(someone: Someone) -> None:
    update, barrier, codes = someone.make.text(someone.person, "hola"), threading.Barrier(2), list[int]()

    def post() -> None:
        barrier.wait()
        codes.append(someone.house.posts(json=update).status_code)

    threads = [threading.Thread(target=post) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert codes == [200, 200]
    assert len(someone.kept()) == someone.turns_asked() == 1


GOOD = {"update_id": 1, "message": {"message_id": 1, "date": 1, "chat": {"id": 1, "type": "private"}, "text": CANARY}}
REFUSED: list[tuple[str, Body, int]] = [
    ("a wrong secret", {"json": GOOD, "headers": {channel.SECRET_HEADER: SECRET[:-1]}}, 403),
    ("a secret with accents", {"json": GOOD, "headers": {channel.SECRET_HEADER: "ñ".encode()}}, 403),
    ("an empty secret", {"json": GOOD, "headers": {channel.SECRET_HEADER: ""}}, 403),
    ("no secret", {"json": GOOD, "headers": {}}, 403),
    ("no JSON", {"content": CANARY}, 400),
    ("broken JSON", {"content": '{"update_id": 1, ', "headers": {channel.SECRET_HEADER: SECRET,
     "Content-Type": "application/json"}}, 400),
    ("a form", {"data": {"update_id": "1", "text": CANARY}}, 400),
    ("a list", {"json": [GOOD]}, 400),
    ("a text", {"json": CANARY}, 400),
    ("nothing", {}, 400),
    ("no number", {"json": {"message": GOOD["message"]}}, 400),
    ("a number in letters", {"json": GOOD | {"update_id": "1"}}, 400),
    ("true for a number", {"json": GOOD | {"update_id": True}}, 400),
    ("null for a number", {"json": GOOD | {"update_id": None}}, 400),
    ("more than any update", {"json": GOOD | {"more": "a" * 3_000_000}}, 413),
    ("GET", {"method": "GET"}, 405),
    ("PUT", {"method": "PUT", "json": GOOD}, 405),
]  # fmt: skip


@pytest.mark.parametrize(("request_", "status"), [r[1:] for r in REFUSED], ids=[r[0] for r in REFUSED])
def test_what_is_not_telegrams_is_refused(
    request_: Body, status: int, house: House, caplog: pytest.LogCaptureFixture
) -> None:
    before = house.count(Inbound) + house.count(ProviderEvent) + house.count(Contact)
    answer = house.posts(**request_)
    assert answer.status_code == status and answer.json()["error"]
    assert house.count(Inbound) + house.count(ProviderEvent) + house.count(Contact) == before
    assert "canaria" not in caplog.text + answer.text and SECRET not in caplog.text + answer.text


def test_without_a_secret_of_ours_nobody_is_telegram() -> None:
    assert channel.is_from_telegram("s", "s")
    assert not channel.is_from_telegram("", "") and not channel.is_from_telegram("", None)


def test_without_a_token_there_is_no_webhook(runtime: Runtime, house: House) -> None:
    client = application(runtime, house.queue).test_client()
    answer = client.post("/webhooks/telegram", json=GOOD, headers={channel.SECRET_HEADER: SECRET})
    assert answer.status_code == 404


@contextmanager
def database_away(house: House, fails: int) -> Iterator[Runtime]:
    """A runtime whose first connections to the database, so many, find nobody listening."""
    engine = create_engine(house.runtime.sessions.kw["bind"].url, poolclass=NullPool, hide_parameters=True)
    left, nobody = [fails], free_port()

    @event.listens_for(engine, "do_connect")
    def aims(_dialect: Any, _record: Any, _args: Any, parameters: dict[str, Any]) -> None:
        left[0] -= 1
        if left[0] >= 0:
            parameters["port"] = nobody

    yield replace(house.runtime, sessions=sessionmaker(engine, expire_on_commit=False))
    assert left[0] < 0


def test_while_the_database_is_away_telegram_is_told_to_come_again(
    someone: Someone, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    update, house = someone.make.text(someone.person, CANARY), someone.house
    with database_away(house, 2) as away, Server(application(away, house.queue)) as server:
        monkeypatch.setattr(house.fake, "gateway_url", server.url)
        assert someone.sends(update).status_code == 503 and someone.known() is None
        assert someone.sends(update).status_code == 200
    assert [kept["text"] for kept in someone.kept()] == [CANARY]
    assert "canaria" not in caplog.text


JUNK: tuple[Any, ...] = (None, True, -1, 10**30, 1.5, "x", "", [], [None], {}, {"id": "x"})


def spoilt(value: Any) -> Iterator[Any]:
    """Each part of an update in turn missing, or something else."""
    yield from JUNK
    if isinstance(value, dict):
        for key, inner in value.items():
            yield {name: kept for name, kept in value.items() if name != key}
            yield from (value | {key: junk} for junk in spoilt(inner))
    if isinstance(value, list):
        yield from ([junk, *value[1:]] for junk in spoilt(value[0]) if value)


EVERY: dict[str, Make] = {"a tap": lambda m, w: tap(m, w, "o:1:1")}
EVERY |= {name: build for name, build, *_ in HEARD} | {name: build for name, build, *_ in EVENTS}


@pytest.mark.parametrize("name", ["a photo with words", "a contact", "a named place", "a reply", "pinned in a group",
                                  "the person lets us write", "a mended caption", "an animation", "a tap"])  # fmt: skip
def test_nothing_that_telegram_may_send_one_day_is_sent_for_ever(name: str) -> None:
    """An update that fails is repeated by Telegram, and holds up those of others."""
    make = Updates(lambda content, suffix: "file-1")
    update = EVERY[name](make, Person(1))
    for spoiled in ({"update_id": 1} | {kind: junk} for kind in update if kind != "update_id"
                    for junk in spoilt(update[kind])):  # fmt: skip
        assert isinstance(channel.read(spoiled), Message | Event)
        channel.answered(spoiled)


# Edits.


def test_words_mended_before_we_read_them_are_read_as_mended(someone: Someone) -> None:
    first = someone.make.text(someone.person, "2")
    someone.sends(first)
    someone.sends(someone.make.edited(someone.person, "1", first["message"]["message_id"]))
    someone.offered(*SHOWN)
    heard = "".join(someone.answered())
    assert someone.phrase("voice_kept") in heard
    assert someone.phrase("picture_kept") not in heard and someone.phrase("edited") not in heard


def test_words_mended_after_our_answer_get_a_word_on_that(someone: Someone) -> None:
    first = someone.make.text(someone.person, "2")
    someone.sends(first)
    someone.offered(*SHOWN)
    assert someone.phrase("picture_kept") in someone.answered()
    someone.sends(someone.make.edited(someone.person, "1", first["message"]["message_id"]))
    assert someone.answered() == [someone.phrase("edited")]


# Out: what arrives.

TYPED: list[tuple[str, str]] = [
    ("HTML", "<b>no</b> & <script>alert('1')</script> &lt; \"x\""),
    ("Markdown", "_*[a](http://b.example)*_ ~x~ `y` ||z|| #1 + - = {} . ! \\"),
    ("a broken tag", "a < b > c </b> <"),
    ("Arabic", "مرحبا، اتصل بـ 911 الآن (مجاناً)"),
    ("Creole", "Bonjou! Ou gen dwa, menm san papye."),
    ("emoji", "🚨 👩🏽‍🦱 7️⃣ ✅"),
    ("lines", "- uno\n- dos\n\n  tres"),
    ("numbers that are no links", "+52 55 1234 5678, @faro, /stop, https://faro.example/a?b=1&c=2"),
]


@pytest.mark.parametrize("words", [t[1] for t in TYPED], ids=[t[0] for t in TYPED])
def test_words_arrive_as_typed(words: str, someone: Someone) -> None:
    someone.is_told(Part(words))
    assert someone.delivers() is None
    [bubble], [letter] = someone.bubbles(), someone.letters()
    assert bubble.text == words and bubble.entities == [] and bubble.buttons == ()
    assert (letter.status, letter.provider_id, letter.reason) == ("sent", str(bubble.id), None)


LONG = [
    ("the most", "a" * 4096, 1),
    ("a letter more", "a" * 4097, 2),
    ("the most with escapes", "&" * 4096, 1),
    ("emoji count two", "👍" * 2048, 1),
    ("an emoji more", "👍" * 2048 + "a", 2),
    ("an emoji across the limit", "a" * 4095 + "👍", 2),
    ("sentences", "Usted tiene derechos. " * 600, 4),
    ("Arabic", "لديك حقوق. " * 500, 2),
]


@pytest.mark.parametrize(("words", "pieces"), [long[1:] for long in LONG], ids=[long[0] for long in LONG])
def test_a_long_text_comes_whole_in_pieces(words: str, pieces: int, someone: Someone) -> None:
    someone.is_told(Part(words, SHOWN))
    assert someone.delivers() is None
    heard = someone.bubbles()
    assert len(heard) == pieces and all(0 < utf16(bubble.text) <= 4096 for bubble in heard)
    assert "".join("".join(bubble.text for bubble in heard).split()) == "".join(words.split())
    assert [len(bubble.keyboard) for bubble in heard] == [0] * (pieces - 1) + [2]


def test_each_option_is_a_row_and_a_tap_on_it_names_the_very_message(someone: Someone) -> None:
    labels = ["Quiero denunciar un delito que sufrí en el camino", "Otro idioma", "<Ninguno> & más"]
    someone.is_told(Part("¿Qué?", tuple(Option(n, label, "/x", {}) for n, label in enumerate(labels))))
    someone.delivers()
    [bubble], [letter] = someone.bubbles(), someone.letters()
    assert [[button.text for button in row] for row in bubble.keyboard] == [
        [f"{n}. {label}"] for n, label in enumerate(labels)
    ]
    someone.sends(someone.make.callback(bubble, f"2. {labels[2]}", someone.person))
    assert someone.kept()[-1] == {"kind": "option", "number": 2, "outbound": letter.id, "via": None}


def test_the_largest_numbers_fit_a_button(someone: Someone) -> None:
    someone.says("hola")
    options = (Option(999, "a", "/x", {}),)
    letter = Letter(10**18 - 1, "telegram", str(someone.person.id), "¿?", options=options, look="keyboard")
    someone.house.runtime.doors["telegram"].send(letter)
    [button] = someone.bubbles()[0].buttons
    assert len((button.data or "").encode()) <= 64
    assert tapped(button.data or "") == {"number": 999, "outbound": 10**18 - 1}


# Out: what does not arrive.


@dataclass(frozen=True)
class Fails:
    """What the outbox says after a failure, its wait in seconds, and how often the letter has arrived in the end."""

    status: str
    reason: str
    wait: tuple[float, float] | None = None
    arrives: int = 0
    blocked: bool = False


def error(code: int, description: str, **more: Any) -> Callable[[Someone], None]:
    return lambda someone: someone.house.fake.prepare_error(code, description, suffix="/sendMessage", **more)


def answer(*status_and_body: Any, **more: Any) -> Callable[[Someone], None]:
    return lambda someone: someone.house.fake.prepare(*status_and_body, suffix="/sendMessage", **more)


MIGRATED = {"ok": False, "error_code": 400, "description": "Bad Request", "parameters": {"migrate_to_chat_id": -1}}
AGAIN, LOST = (9, 31), (58, 61)
FAILS: list[tuple[str, Callable[[Someone], Any], Fails]] = [
    ("blocked by the person", lambda s: s.house.fake.blocked.add(s.person.id),
     Fails("withheld", "blocked", blocked=True)),
    ("the person left Telegram", error(403, "Forbidden: user is deactivated"),
     Fails("withheld", "blocked", blocked=True)),
    ("no such chat", lambda s: s.house.fake.chats.pop(s.person.id), Fails("failed", "telegram BadRequest")),
    ("the chat moved", answer(400, MIGRATED), Fails("failed", "telegram ChatMigrated")),
    ("too fast", lambda s: s.house.fake.too_many(30, suffix="/sendMessage"),
     Fails("waiting", "telegram RetryAfter", (25, 30), 1)),
    ("too fast, for how long is not said", error(429, "Too Many Requests"),
     Fails("waiting", "telegram NetworkError", AGAIN, 1)),
    ("500", error(500, "Internal Server Error"), Fails("waiting", "telegram NetworkError", AGAIN, 1)),
    ("502 with a page", answer(502, b"<html>Bad Gateway</html>"), Fails("waiting", "telegram NetworkError", AGAIN, 1)),
    ("503 with nothing", answer(503, b""), Fails("waiting", "telegram NetworkError", AGAIN, 1)),
    ("a token that is no more", error(401, "Unauthorized"), Fails("waiting", "telegram InvalidToken", AGAIN, 1)),
    ("an address that is not Telegram's", answer(404, b"<html>"), Fails("waiting", "telegram InvalidToken", AGAIN, 1)),
    ("closed without a word", answer(refuse=True), Fails("sending", "telegram NetworkError", LOST, 1)),
    ("taken, then closed", answer(drop=True), Fails("sending", "telegram NetworkError", LOST, 2)),
    ("an answer in pieces", answer(200, b'{"ok": true, "resu'), Fails("sending", "telegram TelegramError", LOST, 1)),
]  # fmt: skip


@pytest.mark.parametrize(("breaks", "expected"), [f[1:] for f in FAILS], ids=[f[0] for f in FAILS])
def test_what_becomes_of_a_letter_that_was_not_sent(
    breaks: Callable[[Someone], None], expected: Fails, someone: Someone, caplog: pytest.LogCaptureFixture
) -> None:
    someone.is_told(Part(CANARY))
    breaks(someone)
    wait = someone.delivers()
    [letter] = someone.letters()
    assert (letter.status, letter.reason) == (expected.status, expected.reason)
    assert (someone.contact.blocked_at is not None) == expected.blocked
    assert wait is None if expected.wait is None else expected.wait[0] <= (wait or 0) <= expected.wait[1]
    someone.time_passes()
    assert someone.delivers() is None
    assert someone.hears() == [CANARY] * expected.arrives
    assert someone.letters()[0].status == ("sent" if expected.arrives else expected.status)
    assert "canaria" not in caplog.text and TOKEN not in caplog.text and str(someone.person.id) not in caplog.text


def test_a_wrong_token_waits_until_it_is_mended(someone: Someone, configured: Settings) -> None:
    someone.is_told(Part("hola"))
    wrong = channel.Telegram(configured.model_copy(update={"telegram_token": "7000000001:" + "b" * 35}))
    runtime = replace(someone.house.runtime, doors={"telegram": wrong})
    assert (delivery.deliver(runtime, someone.contact.id) or 0) > 1
    assert someone.letters()[0].status == "waiting"
    someone.time_passes()
    someone.delivers()
    assert someone.hears() == ["hola"]


def test_while_nobody_listens_a_letter_waits(someone: Someone) -> None:
    someone.is_told(Part("hola"))
    someone.house.fake.stop()
    assert AGAIN[0] <= (someone.delivers() or 0) <= AGAIN[1]
    someone.house.fake.start()
    assert (someone.letters()[0].status, someone.letters()[0].reason) == ("waiting", "telegram NetworkError")
    someone.time_passes()
    someone.delivers()
    assert someone.hears() == ["hola"]


def test_an_answer_that_does_not_come_in_time_is_a_lost_one(
    someone: Someone, configured: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(channel, "TIMEOUT", 0.25)
    runtime = replace(someone.house.runtime, doors={"telegram": channel.Telegram(configured)})
    someone.is_told(Part("hola"))
    someone.house.fake.prepare(delay=0.8, suffix="/sendMessage")
    assert LOST[0] <= (delivery.deliver(runtime, someone.contact.id) or 0) <= LOST[1]
    assert (someone.letters()[0].status, someone.letters()[0].reason) == ("sending", "telegram TimedOut")
    someone.time_passes()
    someone.delivers()
    assert someone.hears() == ["hola", "hola"] and someone.letters()[0].status == "sent"


def test_an_answer_that_trickles_for_ever_is_a_lost_one(
    someone: Someone, configured: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each byte comes in time, so that only the whole takes too long; here none does, but much is allowed for it."""
    door = channel.Telegram(configured)
    monkeypatch.setattr(channel, "TIMEOUT", 0.1)
    someone.is_told(Part("hola"))
    someone.house.fake.prepare(delay=0.8, suffix="/sendMessage")
    runtime = replace(someone.house.runtime, doors={"telegram": door})
    assert LOST[0] <= (delivery.deliver(runtime, someone.contact.id) or 0) <= LOST[1]
    assert someone.letters()[0].reason == "telegram TimeoutError"


def test_a_lost_answer_is_repeated_once_and_no_more(someone: Someone) -> None:
    someone.is_told(Part("uno"), Part("dos"))
    someone.house.fake.prepare(drop=True, suffix="/sendMessage", times=2)
    someone.delivers()
    assert (someone.delivers() or 0) > 50, "the repeat waits, and so does what stands behind it"
    someone.time_passes()
    assert someone.delivers() is None
    assert someone.hears() == ["uno", "uno", "dos"]
    assert [(letter.status, letter.reason) for letter in someone.letters()] == [
        ("failed", "no answer"), ("sent", None),
    ]  # fmt: skip


def test_after_two_deaths_of_ours_in_the_middle_it_is_given_up(someone: Someone) -> None:
    someone.is_told(Part("uno"))
    with someone.house.runtime.sessions.begin() as session:
        mine = change(Outbound).where(Outbound.contact_id == someone.contact.id)
        session.execute(mine.values(status="sending", unanswered=1, attempts=2, first_tried_at=now()))
    someone.time_passes()
    assert someone.delivers() is None and someone.hears() == []
    assert (someone.letters()[0].status, someone.letters()[0].reason) == ("failed", "no answer")


def test_too_fast_for_one_is_too_fast_for_all(someone: Someone, another: Someone) -> None:
    someone.is_told(Part("hola"))
    another.is_told(Part("hola"))
    someone.house.fake.too_many(30, suffix="/sendMessage")
    assert 25 < (someone.delivers() or 0) <= 30
    asked = len(someone.house.fake.requests)
    assert 25 < (another.delivers() or 0) <= 30
    assert len(someone.house.fake.requests) == asked and another.letters()[0].attempts == 0
    with someone.house.runtime.sessions() as session:
        assert session.get(Sender, "bot 7000000001") is not None
    someone.time_passes()
    assert (someone.delivers(), another.delivers()) == (None, None)
    assert someone.hears() == another.hears() == ["hola"]


# Blocked, and back.


def test_who_blocked_us_gets_nothing_until_they_write_again(someone: Someone) -> None:
    someone.is_told(Part("uno"), Part("dos"))
    someone.house.fake.blocked.add(someone.person.id)
    assert someone.delivers() is None
    assert [(letter.status, letter.reason) for letter in someone.letters()] == [("withheld", "blocked")] * 2
    assert len([r for r in someone.house.fake.requests if r.path.endswith("/sendMessage")]) == 1
    someone.is_told(Part("su caso"), kind="case")
    assert someone.delivers() is None and someone.letters()[-1].status == "held"
    someone.sends(someone.make.member(someone.person, "member"))
    someone.sends(someone.make.sticker(someone.person))
    heard = someone.answered()
    assert someone.phrase("unreadable") in heard and "su caso" in heard
    assert someone.contact.blocked_at is None


def test_who_blocks_us_by_telegrams_button_gets_nothing_more(someone: Someone) -> None:
    someone.sends(someone.make.sticker(someone.person))
    someone.sends(someone.make.member(someone.person, "kicked"))
    assert someone.answered() == []
    assert {letter.status for letter in someone.letters()} == {"withheld"}
    someone.sends(someone.make.member(someone.person, "member"))
    someone.sends(someone.make.sticker(someone.person))
    assert someone.phrase("unreadable") in someone.answered()


# Files.


def kept_files(someone: Someone) -> list[Media]:
    with someone.house.runtime.sessions() as session:
        mine = select(Media).join(Inbound, Media.inbound_id == Inbound.id)
        return list(session.scalars(mine.where(Inbound.contact_id == someone.contact.id)))


def asked_for(someone: Someone) -> list[str]:
    return [request.path.split("/")[-1] for request in someone.house.fake.requests]


KEPT: list[tuple[str, Make, str, str]] = [
    ("a photo", lambda m, w: m.photo(w), "image/jpeg", "picture_kept"),
    ("a voice", lambda m, w: m.voice(w), "audio/ogg", "voice_kept"),
    ("a PDF", lambda m, w: m.document(w), "application/pdf", "file_kept"),
    ("a video", video_of_unknown_size, "video/mp4", "file_kept"),
]


@pytest.mark.parametrize(("build", "kind", "says"), [k[1:] for k in KEPT], ids=[k[0] for k in KEPT])
def test_a_file_is_fetched_and_kept_encrypted(build: Make, kind: str, says: str, someone: Someone) -> None:
    update = build(someone.make, someone.person)
    *_, last = files(update)
    content = someone.house.fake._files[last["file_id"]][1]
    someone.sends(update)
    assert someone.phrase(says) in someone.answered()
    [kept] = kept_files(someone)
    assert (kept.content_type, kept.size) == (kind, len(content)) and content not in (kept.body_sealed or b"")
    assert someone.house.runtime.vault.open_bytes(kept.body_sealed) == content


def without_size(someone: Someone) -> None:
    """Telegram need not say how large a file is."""
    fake = someone.house.fake
    path = list(fake._files.values())[-1][0]
    result = {"file_id": "x", "file_unique_id": "x", "file_path": path}
    fake.prepare(200, {"ok": True, "result": result}, suffix="/getFile")


def no_size_in_update(make: Updates, who: Person) -> Update:
    update = make.photo(who)
    for size in update["message"]["photo"]:
        del size["file_size"]
    return update


NOT_KEPT: list[tuple[str, Make, Callable[[Someone], Any], list[str]]] = [
    ("too large, as the update says", lambda m, w: m.photo(w), lambda s: None, []),
    ("too large, as Telegram says when asked", no_size_in_update, lambda s: None, ["getFile"]),
    ("too large, as it turns out", no_size_in_update, without_size, ["getFile", "file"]),
    ("a program", lambda m, w: m.message(w, document=m.file(b"MZ", "exe") | {"file_name": "a.exe"}),
     lambda s: None, []),
    ("gone", no_size_in_update, lambda s: s.house.fake._files.clear(), ["getFile"]),
]  # fmt: skip


@pytest.mark.parametrize(("build", "before", "asks"), [n[1:] for n in NOT_KEPT], ids=[n[0] for n in NOT_KEPT])
def test_a_file_that_cannot_be_kept_is_said_so(
    build: Make, before: Callable[[Someone], None], asks: list[str], someone: Someone, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(media, "LARGEST", len(JPEG) - 1)
    someone.sends(build(someone.make, someone.person))
    before(someone)
    assert someone.phrase("file_refused") in someone.answered()
    assert kept_files(someone) == []
    assert [name if name == "getFile" else "file" for name in asked_for(someone) if name != "sendMessage"] == asks


def test_a_file_is_asked_for_again_when_telegram_fails(someone: Someone, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(media, "TRIES", (0.0, 0.0, 0.0))
    someone.sends(someone.make.photo(someone.person))
    someone.house.fake.prepare_error(502, "Bad Gateway", suffix="/getFile")
    someone.house.fake.prepare(drop=True, suffix=".jpg")
    assert someone.phrase("picture_kept") in someone.answered()


def test_a_file_that_telegram_never_gives_does_not_hold_up_the_answer(
    someone: Someone, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(media, "TRIES", (0.0, 0.0))
    someone.sends(someone.make.photo(someone.person))
    someone.house.fake.prepare(404, b"", suffix=".jpg", times=2)
    assert someone.phrase("file_refused") in someone.answered()


# Without a webhook.


def poll(runtime: Runtime, until: Callable[[], bool], seconds: float = 20) -> None:
    """`faro telegram poll` until something holds."""

    async def polled() -> None:
        task = asyncio.create_task(polling.poll(runtime))
        async with asyncio.timeout(seconds):
            while not until():
                if task.done():
                    task.result()
                await asyncio.sleep(0.02)
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        assert task.cancelled()

    asyncio.run(polled())


def confirmed(house: House, update: Update) -> Callable[[], bool]:
    """Whether Telegram was asked for what comes after it, which ends it there."""
    return lambda: offsets(house)[-1:] == [update["update_id"] + 1]


def offsets(house: House) -> list[int]:
    asked = [request for request in house.fake.requests if request.path.lower().endswith("/getupdates")]
    return [int(request.form.get("offset", 0)) for request in asked]


@pytest.fixture
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(polling, "PAUSE", 0.05)
    monkeypatch.setattr(polling, "LONG_POLL", 1)


def test_polled_updates_are_kept_like_those_of_the_webhook(soon: None, someone: Someone) -> None:
    made = [build(someone.make, someone.person) for name, build, *_ in HEARD]
    for update in made:
        someone.house.fake.queue(update)
    poll(someone.house.runtime, confirmed(someone.house, made[-1]))
    assert [kept["kind"] for kept in someone.kept()] == [kind for _, _, kind, _ in HEARD]


def test_a_polled_tap_stops_waiting(soon: None, someone: Someone) -> None:
    old, fresh = (tap(someone.make, someone.person, "o:17:2") for _ in range(2))
    old["callback_query"]["message"] = {"chat": someone.person.chat, "message_id": 3, "date": 0}
    someone.make.open_callbacks.remove(old["callback_query"]["id"])
    for update in (old, fresh):
        someone.house.fake.queue(update)
    poll(someone.house.runtime, confirmed(someone.house, fresh))
    assert [kept["number"] for kept in someone.kept()] == [2, 2]
    assert someone.house.fake.answers[-1] == {"callback_query_id": fresh["callback_query"]["id"]}


def test_the_next_updates_are_asked_for_only_when_the_last_are_stored(
    soon: None, someone: Someone, caplog: pytest.LogCaptureFixture
) -> None:
    first, second = (someone.make.text(someone.person, CANARY) for _ in range(2))
    for update in (first, second):
        someone.house.fake.queue(update)
    with database_away(someone.house, 2) as away:
        poll(away, confirmed(someone.house, second))
    assert offsets(someone.house) == [0, 0, second["update_id"] + 1]
    assert len(someone.kept()) == 2 and "canaria" not in caplog.text and "OperationalError" in caplog.text


POLL_FAILS: list[tuple[str, Callable[[FakeTelegram], None]]] = [
    ("500", lambda f: f.prepare_error(500, "Internal Server Error", suffix="pdates")),
    ("502 with a page", lambda f: f.prepare(502, b"<html>", suffix="pdates")),
    ("too fast", lambda f: f.prepare_error(429, "Too Many Requests", suffix="pdates")),
    ("closed", lambda f: f.prepare(drop=True, suffix="pdates")),
    ("cut off in a person's words", lambda f: f.prepare(200, b'[{"text": "palabra canaria', suffix="pdates")),
    ("at the very start", lambda f: f.prepare_error(502, "Bad Gateway")),
]


@pytest.mark.parametrize("fails", [p[1] for p in POLL_FAILS], ids=[p[0] for p in POLL_FAILS])
def test_polling_goes_on_after_a_failure(
    fails: Callable[[FakeTelegram], None], soon: None, someone: Someone, caplog: pytest.LogCaptureFixture
) -> None:
    update = someone.make.text(someone.person, CANARY)
    someone.house.fake.queue(update)
    fails(someone.house.fake)
    poll(someone.house.runtime, confirmed(someone.house, update))
    assert len(someone.kept()) == 1
    assert "canaria" not in caplog.text and TOKEN not in caplog.text


def test_too_fast_a_poll_waits_as_long_as_telegram_says(
    soon: None, someone: Someone, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(polling, "PAUSE", 0.0)
    update = someone.make.text(someone.person, "hola")
    someone.house.fake.queue(update)
    someone.house.fake.too_many(1, suffix="pdates")
    poll(someone.house.runtime, confirmed(someone.house, update))
    first, second, *_ = (r.at for r in someone.house.fake.requests if r.path.endswith("pdates"))
    assert second - first >= 1


def test_an_update_that_cannot_be_read_does_not_stop_those_behind_it(
    soon: None, someone: Someone, caplog: pytest.LogCaptureFixture
) -> None:
    broken = someone.make.message(someone.person, text=CANARY, date=10**20)
    good = someone.make.text(someone.person, "hola")
    for update in (broken, good):
        someone.house.fake.queue(update)
    poll(someone.house.runtime, confirmed(someone.house, good))
    assert [kept["kind"] for kept in someone.kept()] == ["unreadable", "text"]
    assert "canaria" not in caplog.text


def test_nothing_is_polled_while_a_webhook_is_set(soon: None, house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(house.fake._arrivals, "webhook", Webhook("https://elsewhere.example"))
    with pytest.raises(polling.CannotPoll, match="faro telegram set-webhook --remove"):
        poll(house.runtime, lambda: False)


def test_of_two_that_poll_one_ends_with_a_reason(soon: None, house: House) -> None:
    house.fake.prepare_error(409, OTHER_POLL, suffix="pdates")
    with pytest.raises(polling.CannotPoll, match="only one may listen"):
        poll(house.runtime, lambda: False)


def test_a_token_that_telegram_does_not_know_is_said_so_and_not_shown(
    soon: None, house: House, configured: Settings
) -> None:
    wrong = replace(house.runtime, settings=configured.model_copy(update={"telegram_token": "1:wrong"}))
    with pytest.raises(polling.CannotPoll, match="FARO_TELEGRAM_TOKEN") as problem:
        poll(wrong, lambda: False)
    assert "1:wrong" not in str(problem.value)


# The commands.


@pytest.fixture
def faro(configured: Settings, house: House, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Any]]:
    """Run `faro telegram ...`, with settings changed."""
    monkeypatch.setattr("bot.runtime.start", lambda settings: replace(house.runtime, settings=settings))  # quicker
    levels = {name: logging.getLogger(name).level for name in logging.root.manager.loggerDict}

    def run(*arguments: str, **changes: Any) -> click.testing.Result:
        monkeypatch.setattr(command, "_settings", lambda: configured.model_copy(update=changes))
        return click.testing.CliRunner().invoke(command.main, ["telegram", *arguments])

    yield run
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)


def test_the_webhook_is_set_with_its_secret_and_ended(house: House, faro: Callable[..., Any]) -> None:
    done = faro("set-webhook")
    assert done.exit_code == 0 and f"{PUBLIC}/webhooks/telegram" in done.output
    assert house.fake.webhook == Webhook(f"{PUBLIC}/webhooks/telegram", SECRET, tuple(channel.UPDATES), 40)
    waiting = house.fake.updates.text(next(PEOPLE), "hola")
    house.fake.queue(waiting)
    removed = faro("set-webhook", "--remove")
    assert removed.exit_code == 0 and "faro telegram poll" in removed.output and house.fake.webhook.url == ""
    assert house.fake._arrivals._queue == [waiting], "what waits is kept"
    house.fake._arrivals._queue.clear()


REFUSALS: list[tuple[str, list[str], Body, str]] = [
    ("an http address", ["set-webhook"], {"public_url": "http://faro.example"}, "FARO_PUBLIC_URL"),
    ("no address", ["set-webhook"], {"public_url": None}, "FARO_PUBLIC_URL"),
    ("a port that Telegram does not call", ["set-webhook"], {"public_url": "https://faro.example:9000"}, "ports"),
    ("no token", ["set-webhook"], {"telegram_token": None}, "FARO_TELEGRAM_TOKEN"),
    ("a wrong token", ["set-webhook"], {"telegram_token": "1:wrong"}, "Telegram says"),
    ("a wrong token to remove it", ["set-webhook", "--remove"], {"telegram_token": "1:wrong"}, "Telegram says"),
    ("no token to poll with", ["poll"], {"telegram_token": None}, "FARO_TELEGRAM_TOKEN"),
    ("a wrong token to poll with", ["poll"], {"telegram_token": "1:wrong"}, "FARO_TELEGRAM_TOKEN"),
]


@pytest.mark.parametrize(("arguments", "changes", "says"), [r[1:] for r in REFUSALS], ids=[r[0] for r in REFUSALS])
def test_a_command_that_cannot_work_says_why(
    arguments: list[str], changes: Body, says: str, house: House, faro: Callable[..., Any]
) -> None:
    done = faro(*arguments, **changes)
    assert done.exit_code == 1 and done.output.startswith("Error: ") and says in done.output
    assert "1:wrong" not in done.output and house.fake.webhook.url == ""
