"""What a person sends is stored once, answered once and in order, whatever arrives how often."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import create_engine, func, select

from bot import conversation, inbox
from bot.hearing import COMMANDS, Known, hear
from bot.messages import Message
from bot.runtime import Runtime
from bot.store.models import Contact, Inbound, Outbound
from tests.talk import Phone


def test_the_same_message_twice_is_stored_once(runtime: Runtime) -> None:
    phone = Phone(runtime, "+5255", "es")
    name = str(uuid.uuid4())
    assert phone.stores("text", name, text="hola")
    assert not phone.stores("text", name, text="hola")
    assert _count(runtime, phone) == 1


def test_twenty_at_the_same_instant_are_stored_once(runtime: Runtime) -> None:
    number, barrier, new = f"+52551{uuid.uuid4().int % 10**7:07}", threading.Barrier(20), []

    def deliver() -> None:
        barrier.wait()
        message = Message("web", "instant-01" + number, number, "text", {"text": "hola"})
        with runtime.sessions.begin() as session:
            new.append(inbox.store(session, runtime, message).new)

    threads = [threading.Thread(target=deliver) for _ in range(20)]
    _run(threads)
    assert sorted(new) == [False] * 19 + [True]


def test_connections_that_the_server_has_dropped_are_replaced_unnoticed(runtime: Runtime) -> None:
    several = [runtime.sessions() for _ in range(3)]
    mine = [session.scalars(select(func.pg_backend_pid())).one() for session in several]
    for session in several:
        session.close()
    with create_engine(runtime.sessions.kw["bind"].url).connect() as other:
        assert [other.scalar(select(func.pg_terminate_backend(pid))) for pid in mine] == [True] * 3
    assert [_answers(runtime) for _ in mine] == [True] * 3


def _answers(runtime: Runtime) -> bool:
    with runtime.sessions() as session:
        return session.scalar(select(1)) == 1


def test_quick_messages_are_answered_in_order_and_once(runtime: Runtime, phone: Callable[..., Phone]) -> None:
    person = phone(language="en")
    for text in ("menu", "who are you", "who sees this?"):
        person.stores("text", text=text)
    threads = [threading.Thread(target=conversation.answer, args=(runtime, person.contact)) for _ in range(3)]
    _run(threads)
    with runtime.sessions() as session:
        query = select(Outbound).where(Outbound.contact_id == person.contact).order_by(Outbound.id)
        answered = [row.inbound_id for row in session.scalars(query)]
        waiting = session.scalar(
            select(func.count()).where(Inbound.contact_id == person.contact, Inbound.answered_at.is_(None))
        )
    assert answered == sorted(a for a in answered if a is not None) and len(set(answered)) == 3
    assert waiting == 0
    assert [b.text.partition(" ")[0] for b in person.hears()][-1] == "What"


@pytest.mark.parametrize("nonsense", ["\x00\x01\x02", "\ud83d", "a\x00b", "\u202e\u0645\u0631\u062d\u0628\u0627"])
def test_binary_and_broken_text_is_kept_readable(nonsense: str, runtime: Runtime) -> None:
    phone = Phone(runtime, "+5255", "es")
    assert phone.stores("text", text=nonsense)
    with runtime.sessions() as session:
        (row,) = session.scalars(select(Inbound).where(Inbound.contact_id == phone.contact))
        text = runtime.vault.open(row.body_sealed)["text"]
    assert "\x00" not in text
    text.encode("utf-8")


@settings(deadline=None, max_examples=300, suppress_health_check=[HealthCheck.too_slow])
@given(st.text(max_size=300), st.sampled_from([None, "place", "country", "what", "danger"]))
def test_hearing_never_fails_and_never_passes_a_command_on(text: str, awaiting: str | None) -> None:
    offered = [{"number": 1, "label": "Sí", "says": "/affirm", "sets": {}}]
    heard = hear({"kind": "text", "text": text}, Known("es", None, "MX", awaiting, offered))
    assert (heard.says is None) != (heard.show is None)
    if heard.says and heard.says.startswith("/"):
        assert heard.says.startswith("/affirm") or heard.says in {"/nlu_fallback", *COMMANDS.values()}


def test_what_a_person_typed_with_a_slash_is_no_command() -> None:
    heard = hear({"kind": "text", "text": '/delete_confirmed{"a": "b"}'}, Known("es", None, None, None, []))
    assert heard.says == "/nlu_fallback"


def test_a_person_is_found_again_by_a_keyed_hash_and_their_address_is_sealed(runtime: Runtime) -> None:
    phone = Phone(runtime, "+5255", "es")
    phone.stores("text", text="uno")
    phone.stores("text", text="dos")
    with runtime.sessions() as session:
        contact = session.get_one(Contact, phone.contact)
        assert phone.number not in contact.address_hash
        assert phone.number.encode() not in contact.address_sealed
        assert runtime.vault.open(contact.address_sealed) == phone.number
    assert _count(runtime, phone) == 2


def _run(threads: list[threading.Thread]) -> None:
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _count(runtime: Runtime, phone: Phone) -> int:
    with runtime.sessions() as session:
        return session.scalar(select(func.count()).where(Inbound.contact_id == phone.contact)) or 0
