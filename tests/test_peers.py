"""Faults of the Twilio and Telegram connectors that Rasa 3.6 ships ("stock"); Faro has none of them.

What a person sends comes over a real socket from the providers' fakes into the whole gateway.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import procrastinate
import pytest
from sqlalchemy import func, select, text

from bot import delivery, jobs, outbox
from bot.gateway import application
from bot.hearing import Known, hear
from bot.replies import Option, Part
from bot.runtime import Runtime
from bot.store.models import Contact, Inbound, Media, Outbound, ProviderEvent
from bot.store.session import sessions
from tests.channels import AT_HOME
from tests.fakes.telegram_updates import Person as Chatter
from tests.fakes.telegram_updates import Update, Updates
from tests.fakes.wire import Server
from tests.test_delivery import BUSY, NOWHERE, Person, Town, passes, providers, quiet

pytestmark = AT_HOME

SAID = "¡Ayuda! ¿Dónde está el albergue? Señal @1"
MENU = ("Mis derechos", "Riesgos en el camino", "Hablar con una persona")


@pytest.fixture(scope="module")
def built(runtime: Runtime) -> Iterator[Town]:
    with providers(runtime) as made:
        yield made


@pytest.fixture(scope="module")
def queue(built: Town) -> Iterator[procrastinate.App]:
    with jobs.queue(built.runtime.settings.database).open() as app:
        yield app


@pytest.fixture(scope="module")
def edge(built: Town, queue: procrastinate.App) -> Iterator[str]:
    with Server(application(built.runtime, queue)) as web:
        yield web.url


@pytest.fixture
def town(built: Town, edge: str) -> Iterator[Town]:
    with quiet(built) as made:
        made.twilio.gateway_url = made.telegram.gateway_url = edge
        yield made


@pytest.fixture
def sms(town: Town) -> Person:
    return town.person("sms").joins()


@pytest.fixture
def chat(town: Town) -> Person:
    return town.person("telegram").joins()


def count(town: Town, table: Any, *where: Any) -> int:
    with town.runtime.sessions() as session:
        return session.scalar(select(func.count()).select_from(table).where(*where)) or 0


def stored(person: Person) -> list[dict[str, Any]]:
    """What this person has sent, the oldest first."""
    with person.runtime.sessions() as session:
        query = select(Inbound).where(Inbound.contact_id == person.contact).order_by(Inbound.id)
        return [person.runtime.vault.open(row.body_sealed) for row in session.scalars(query)]


def answers(person: Person) -> int:
    return count(person.town, Outbound, Outbound.contact_id == person.contact)


# Twilio


@pytest.mark.parametrize("signature", ["missing", "forged", ""])
def test_nobody_speaks_as_another_phone(signature: str, sms: Person) -> None:
    """Stock: Twilio's signature is not checked, so anyone can speak as any phone. Faro: 403, nothing stored."""
    before = count(sms.town, Inbound)
    twilio = sms.town.twilio
    assert twilio.deliver(twilio.incoming.text(sms.number, SAID), signature=signature).status_code == 403
    assert count(sms.town, Inbound) == before


def test_the_same_message_twice_has_one_answer(sms: Person) -> None:
    """Stock: Twilio's number of a message is never read, a repeated delivery is a second turn. Faro: one answer."""
    told = sms.town.twilio.incoming.text(sms.number, "BAJA")
    before = answers(sms)
    for _ in range(2):
        assert sms.town.twilio.deliver(told).status_code == 200
    sms.is_answered()
    assert len(stored(sms)) == 2 and answers(sms) == before + 1


@pytest.mark.parametrize("kind", ["image/jpeg", "audio/ogg"])
def test_a_photo_or_voice_without_words_is_kept_and_answered(kind: str, sms: Person) -> None:
    """Stock: a message without words gives a 500, and its files are never read. Faro: fetched, sealed, answered."""
    twilio = sms.town.twilio
    told = twilio.incoming.media(sms.number, twilio.add_media(b"bytes of it", kind), kind)
    before = answers(sms)
    assert twilio.deliver(told).status_code == 200
    sms.is_answered()
    assert answers(sms) == before + 1
    with sms.runtime.sessions() as session:
        query = select(Media).join(Inbound, Inbound.id == Media.inbound_id).where(Inbound.contact_id == sms.contact)
        [file] = session.scalars(query)
    assert file.content_type == kind and sms.runtime.vault.open_bytes(file.body_sealed) == b"bytes of it"


def test_spanish_arrives_as_it_was_written(sms: Person) -> None:
    """Stock: "¡" becomes "@" before the model reads it. Faro: stored and read letter by letter."""
    assert sms.town.twilio.text(sms.number, SAID).status_code == 200
    assert stored(sms)[-1]["text"] == SAID
    assert hear(stored(sms)[-1], Known("es", "MX", "MX", None, ())).says == SAID


@pytest.mark.parametrize("word", ["STOP", "BAJA", "¡Alto!"])
def test_stop_takes_effect_before_any_model(word: str, sms: Person) -> None:
    """Stock: STOP is a text like any other for the model, OptOutType is not read. Faro: it acts when it is stored."""
    assert sms.town.twilio.text(sms.number, word).status_code == 200
    assert sms.row.stopped_at is not None
    [notice] = sms.is_owed("aviso", kind="notice")
    assert sms.deliver() is None and "aviso" not in sms.heard
    assert sms.statuses([notice])[0] in ("held", "withheld")


def test_who_stopped_at_twilio_is_not_written_to_again_and_again(sms: Person) -> None:
    """Stock: error 21610 is ignored, each further message tries again. Faro: the first refusal is enough."""
    sms.town.twilio.stopped.add(sms.number)
    rows = sms.is_owed("uno", "dos", "tres")
    before = len(sms.town.twilio.requests)
    assert sms.deliver() is None and sms.deliver() is None
    assert len(sms.town.twilio.requests) == before + 1
    assert sms.reasons(rows) == ["blocked"] * 3


def test_a_failed_send_is_tried_again(sms: Person) -> None:
    """Stock: "max_retry 5" leaves at the first error, and the turn counts as answered. Faro: again until it passes."""
    [row] = sms.is_owed("uno")
    sms.town.prepare("sms", *[BUSY["sms"]] * 3)
    for _ in range(4):
        sms.deliver()
        passes(sms, row)
    assert sms.heard == ["uno"] and sms.statuses([row]) == ["sent"]


def test_a_slow_provider_keeps_nobody_else_waiting(town: Town, queue: procrastinate.App) -> None:
    """Stock: the call to Twilio stops the event loop, and with it everybody. Faro: nobody waits for another's."""
    people = [town.person("sms").joins() for _ in range(2)]
    slow = 0.5
    town.prepare("sms", {"delay": slow}, {"delay": slow})
    for person in people:
        person.is_owed("uno")
    began = len(town.twilio.requests)
    longest = asyncio.run(_worked(queue, town, people))
    assert [person.heard for person in people] == [["uno"], ["uno"]]
    first, second = (request.at for request in town.twilio.requests[began:])
    assert second - first < slow  # both under way at once
    assert longest < slow  # and the worker was free all the time


async def _worked(app: procrastinate.App, town: Town, people: list[Person]) -> float:
    """Do the worker's jobs; the longest time for which its loop stood still, in seconds."""
    job = procrastinate.jobs.Job(id=1, queue="", lock=None, queueing_lock=None, task_name="faro:deliver")
    context = procrastinate.JobContext(
        app=app, job=job, start_timestamp=0, additional_context={"runtime": town.runtime}, abort_reason=lambda: None
    )
    done = asyncio.gather(*(jobs.deliver(context, str(person.contact)) for person in people))
    longest = 0.0
    while not done.done():
        before = time.monotonic()
        await asyncio.sleep(0.01)
        longest = max(longest, time.monotonic() - before)
    await done
    return longest


def test_a_menu_is_one_sms_with_plain_numbers(sms: Person) -> None:
    """Stock: a text for each paragraph and each button ("1: Mis derechos (/rights)"), in any order. Faro: one."""
    options = tuple(Option(number, label, f"/intent_{number}", {}) for number, label in enumerate(MENU, 1))
    puts(sms, Part("Soy Faro.\n\n¿Qué necesita?", options))
    sms.deliver()
    [heard] = sms.heard
    assert heard == "Soy Faro.\n¿Qué necesita?\n1 Mis derechos\n2 Riesgos en el camino\n3 Hablar con una persona"
    assert sms.parts()[-1].options[2]["label"] == MENU[2]


def puts(person: Person, *parts: Part) -> None:
    with person.runtime.sessions.begin() as session:
        contact = session.get_one(Contact, person.contact)
        outbox.put(session, person.runtime.vault, contact, parts, str, None, "case")


def test_a_shared_location_is_a_place(town: Town) -> None:
    """Stock: the model gets "/locationData{'Latitude': ...", which is no JSON. Faro: degrees, and the country."""
    person = town.person("whatsapp").joins()
    told = town.twilio.incoming.location(person.sender, 14.905, -92.263)  # Tapachula
    assert town.twilio.deliver(told).status_code == 200
    assert stored(person)[-1] | {"via": None} == {"kind": "location", "lat": 14.905, "lon": -92.263, "via": None}
    heard = hear(stored(person)[-1], Known("es", None, None, None, ()))
    assert heard.told_country == "MX" and heard.place


# Telegram


@pytest.mark.parametrize("secret", ["", "guessed"])
def test_nobody_speaks_as_telegram(secret: str, chat: Person) -> None:
    """Stock: what is verified is the bot's own name, not who asks. Faro: without the secret 403, nothing stored."""
    before = count(chat.town, Inbound)
    telegram = chat.town.telegram
    assert telegram.deliver(telegram.updates.text(int(chat.number), "hola"), secret=secret).status_code == 403
    assert count(chat.town, Inbound) == before


@pytest.mark.parametrize("path", ["/webhooks/telegram", "/webhooks/telegram/set_webhook", "/set_webhook"])
def test_nobody_else_tells_telegram_where_we_are(path: str, town: Town, queue: procrastinate.App) -> None:
    """Stock: an open page registers the webhook for whoever opens it. Faro: there is no such page."""
    client = application(town.runtime, queue).test_client()
    assert client.get(path).status_code in (404, 405)
    assert town.telegram.requests == [] and not town.telegram.webhook.url


def test_an_update_costs_no_call_to_telegram(chat: Person) -> None:
    """Stock: each update asks Telegram who the bot is; 8 updates, 8 calls. Faro: none."""
    before = len(chat.town.telegram.requests)
    for _ in range(8):
        assert chat.town.telegram.deliver(chat.town.telegram.updates.text(int(chat.number), "hola")).status_code == 200
    assert len(chat.town.telegram.requests) == before and len(stored(chat)) == 9


def test_the_same_update_twice_has_one_answer(chat: Person) -> None:
    """Stock: an update that Telegram repeats is a second turn. Faro: one answer."""
    told = chat.town.telegram.updates.sticker(int(chat.number))
    before = answers(chat)
    for _ in range(2):
        assert chat.town.telegram.deliver(told).status_code == 200
    chat.is_answered()
    assert len(stored(chat)) == 2 and answers(chat) == before + 1


@pytest.mark.parametrize("kind", ["photo", "photo with words", "voice"])
def test_a_photo_or_voice_on_telegram_is_kept(kind: str, chat: Person) -> None:
    """Stock: voice and photos, words and all, are answered with "success" and dropped. Faro: stored with the words."""
    make, who = chat.town.telegram.updates, int(chat.number)
    told = make.voice(who) if kind == "voice" else make.photo(who, SAID if "words" in kind else None)
    before = answers(chat)
    assert chat.town.telegram.deliver(told).status_code == 200
    assert stored(chat)[-1]["kind"] == "media"
    assert stored(chat)[-1]["text"] == (SAID if "words" in kind else "")
    if "words" not in kind:  # words are for the engine
        chat.is_answered()
        assert answers(chat) == before + 1


ODD: dict[str, Callable[[Updates, Chatter], Update]] = {
    "unblocked": lambda make, who: make.member(who, "member"),
    "a post in a channel": lambda make, who: make.channel_post("hola"),
    "a group": lambda make, who: make.group(who, "hola"),
    "an edit without words": lambda make, who: make.edited(who, ""),
    "a kind not known yet": lambda make, who: make.text(who, "") | {"message": None, "gift_box": {"chat": who.chat}},
}


@pytest.mark.parametrize("kind", ODD)
def test_what_is_no_message_is_noted_and_not_answered(kind: str, chat: Person) -> None:
    """Stock: a block or a post gives a 500, so that Telegram repeats it; an empty edit is a turn. Faro: 200, noted."""
    told = ODD[kind](chat.town.telegram.updates, Chatter(int(chat.number)))
    told = {name: value for name, value in told.items() if value is not None}
    assert chat.town.telegram.deliver(told).status_code == 200
    assert len(stored(chat)) == 1
    assert count(chat.town, ProviderEvent, ProviderEvent.provider_id == str(told["update_id"])) == 1


def test_a_block_is_known_and_an_edit_is_no_new_message(chat: Person) -> None:
    """Stock: a block gives a 500, an edit is a message like any other. Faro: nothing is sent; the edit is one."""
    make, who = chat.town.telegram.updates, int(chat.number)
    for told in (make.edited(who, "me robaron en Tapachula"), make.member(who, "kicked")):
        assert chat.town.telegram.deliver(told).status_code == 200
    assert [body["kind"] for body in stored(chat)[1:]] == ["edited", "blocked"]
    assert chat.row.blocked_at is not None


def test_buttons_are_answered_short_and_one_below_the_other(chat: Person) -> None:
    """Stock: taps are never answered, long ones refused at 64 bytes, all buttons in one row. Faro: none of that."""
    options = tuple(Option(n, label, "/answer" + '{"what": "' + "ñ" * 60 + '"}', {}) for n, label in enumerate(MENU, 1))
    puts(chat, Part("¿Qué necesita?", options))
    chat.deliver()
    [sent] = chat.town.telegram.messages
    assert [len(row) for row in sent.keyboard] == [1, 1, 1]
    assert all(len(str(button.data).encode()) <= 64 for button in sent.buttons)
    assert (
        chat.town.telegram.deliver(chat.town.telegram.updates.callback(sent, str(sent.buttons[1].data))).status_code
        == 200
    )
    assert [method for method, _ in chat.town.telegram.executed][-1] == "answercallbackquery"
    assert stored(chat)[-1]["number"] == 2


def test_a_long_text_goes_in_pieces(chat: Person) -> None:
    """Stock: more than 4,096 is refused and lost. Faro: in pieces, cut between words."""
    long = "Usted tiene derechos. " * 400
    puts(chat, Part(long.strip()))
    chat.deliver()
    assert len(chat.heard) == 3 and " ".join(chat.heard) == long.strip()


def test_telegram_is_given_the_time_it_asks_for(chat: Person) -> None:
    """Stock: 429 is an error like any other. Faro: everybody waits as long as Telegram said."""
    chat.is_owed("uno")
    chat.town.telegram.too_many(30, suffix="sendMessage")
    assert 25 < (chat.deliver() or 0) <= 30 and 25 < (chat.deliver() or 0) <= 30
    assert chat.heard == []


def test_who_blocked_the_bot_is_not_written_to_again_and_again(chat: Person) -> None:
    """Stock: "blocked by the user" is not understood. Faro: the first refusal is enough, a desk's words are kept."""
    chat.town.telegram.blocked.add(int(chat.number))
    rows = chat.is_owed("uno", "dos")
    before = len(chat.town.telegram.requests)
    assert chat.deliver() is None and chat.deliver() is None
    assert len(chat.town.telegram.requests) == before + 1 and chat.reasons(rows) == ["blocked"] * 2


def test_a_desk_can_write_unasked_also_from_inside_an_event_loop(chat: Person) -> None:
    """Stock: "asyncio.run() cannot be called from a running event loop", and the webhook is set anew. Faro: sent."""
    chat.is_owed("La unidad escribe.")

    async def inside() -> None:
        delivery.deliver(chat.runtime, chat.contact)

    asyncio.run(inside())
    assert chat.heard == ["La unidad escribe."]
    assert {request.path.rpartition("/")[2] for request in chat.town.telegram.requests} == {"sendMessage"}


# What is kept


def test_nothing_that_is_stored_can_be_read_without_the_keys(town: Town) -> None:
    """Stock: numbers and words stand in the tables as they are, several times. Faro: in no table, not one of them."""
    sms, chat = town.person("sms").joins(), town.person("telegram").joins()
    words = "Canarito vive en la calle Xochiquetzal 47"
    town.twilio.text(sms.number, words)
    town.telegram.deliver(town.telegram.updates.text(int(chat.number), words))
    for person in (sms, chat):
        person.is_owed(words)
        person.deliver()
    kept = _everything(town)
    assert str(sms.contact) in kept and str(chat.contact) in kept
    for secret in (sms.number[1:], chat.number, *words.split()[::5], "Canarito", "Xochiquetzal"):
        assert secret not in kept and secret.encode().hex() not in kept


def _everything(town: Town) -> str:
    """Every row of every table, as somebody reads it who has stolen the database."""
    with town.runtime.sessions() as session:
        tables = session.scalars(text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")).all()
        rows = (row for t in tables for row in session.scalars(text(f'SELECT t::text FROM "{t}" t')))
        return "\n".join(rows)


@pytest.mark.parametrize("channel", ["sms", "telegram"])
def test_while_the_database_is_away_nothing_is_answered_and_nothing_is_lost(
    channel: str, town: Town, queue: procrastinate.App
) -> None:
    """Stock: the turn goes on with an empty memory, and is kept in memory only. Faro: 503, so that it comes again."""
    away = replace(town.runtime, sessions=sessions(f"postgresql://nobody@{NOWHERE.removeprefix('http://')}/none"))
    person = town.person(channel)
    make = town.telegram.updates
    told = make.sticker(int(person.number)) if channel == "telegram" else town.twilio.incoming.text(person.number, "")
    back = town.twilio.gateway_url
    with Server(application(away, queue)) as web:
        town.twilio.gateway_url = town.telegram.gateway_url = web.url
        assert comes(town, channel, told) == 503
    assert person.heard == [] and town.twilio.requests == [] and town.telegram.requests == []
    town.twilio.gateway_url = town.telegram.gateway_url = back
    assert comes(town, channel, told) == 200


def comes(town: Town, channel: str, told: dict[str, Any]) -> int:
    answer = town.telegram.deliver(told) if channel == "telegram" else town.twilio.deliver(told)
    return answer.status_code
