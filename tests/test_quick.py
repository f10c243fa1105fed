"""Five quick messages by one person: in order, each answered once, and soon."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

from sqlalchemy import select

from bot import conversation
from bot.runtime import Runtime
from bot.store.models import Inbound, Outbound
from tests.talk import Phone

BURST = ("hola", "me robaron ayer", "en tapachula", "fue en la terminal", "se llevaron mi pasaporte")
# Issue: 0.3 s on two free cores, where the usual way (a lock that is polled each second) takes 4 s.
ALLOWED = 0.45  # seconds; a shared machine may be half as slow again


def test_five_quick_messages_are_answered_in_order_and_soon(runtime: Runtime, phone: Callable[..., Phone]) -> None:
    warm = phone("+5255")
    warm.says("hola")
    taken = []
    for _ in range(3):
        person = phone("+5255")
        for words in BURST:
            person.stores("text", text=words)
        begun = time.monotonic()
        conversation.answer(runtime, person.contact)
        taken.append(time.monotonic() - begun)
        _in_order(runtime, person)
    print(f"five quick messages: {min(taken):.3f} s")
    assert min(taken) < ALLOWED


def _in_order(runtime: Runtime, person: Phone) -> None:
    with runtime.sessions() as session:
        mine = select(Inbound.id).where(Inbound.contact_id == person.contact)
        asked = list(session.scalars(mine.order_by(Inbound.id)))
        rows = session.execute(
            select(Outbound.inbound_id).where(Outbound.contact_id == person.contact).order_by(Outbound.id)
        )
        answered = [row[0] for row in rows]
    assert len(asked) == len(BURST) and list(dict.fromkeys(answered)) == asked


def test_a_long_conversation_does_not_grow_slow(phone: Callable[..., Phone]) -> None:
    """The usual connector's turn took seven times longer at turn 300 than at the beginning."""
    for _ in range(4):  # what else the machine does can only add
        grown = _grown(phone("+5255"))
        print(f"turn 101-120 against turn 11-30: {grown:.2f}")
        if grown < 1.5:
            break
    assert grown < 1.5


def _grown(person: Phone) -> float:
    taken = []
    for turn in range(120):
        begun = time.monotonic()
        person.says(("hola", "gracias", "qué derechos tengo", "menu")[turn % 4])
        taken.append(time.monotonic() - begun)
    return statistics.median(taken[-20:]) / statistics.median(taken[10:30])
