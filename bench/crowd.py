"""What many people at once cost: webhooks while turns are worked, the whole path, a long queue."""

from __future__ import annotations

import statistics
import time
import uuid
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from sqlalchemy import func, select

from bench.ours import ACCOUNT, PUBLIC, TOKEN, Faro, working
from bench.talks import talk
from bench.written import Row
from bot import inbox
from bot.messages import Message
from bot.store.models import Inbound
from tests.conftest import tidy, wait_until
from tests.open_loop import fire, webhook

EACH_SECOND, SECONDS = 100, 10
AT_ONCE = 200
IN_LINE = 20  # messages of one person in the long queue
PATIENCE = 3600.0


@dataclass(frozen=True)
class Drained:
    """``last``: the rate of the last fifth against that of the first."""

    last: float
    in_order: bool


def rows(faro: Faro, queue: int) -> Iterator[Row]:
    drained = _drained(faro, queue)
    assert drained.in_order
    yield Row(f"{queue} messages queued: rate of the first fifth by the last", 1 / drained.last, limit=1.1)
    tidy(faro.settings)
    with working(faro):
        half = _most(faro) / 2
        path = _path(faro, half)
    yield Row(f"webhook to provider, p95 at {half:.0f} a second, ms", path, limit=150)
    tidy(faro.settings)
    with working(faro):
        took = _fired(faro)
    tidy(faro.settings)
    yield Row(f"webhook answered, p99, {EACH_SECOND} a second, ms", statistics.quantiles(took, n=100)[98], limit=100)


# A long queue


def _drained(faro: Faro, queue: int) -> Drained:
    people = [f"+52551{n:07}" for n in range(max(queue // IN_LINE, 1))]
    lines = [(number, talk(n % 200).lines[at % 4]) for at in range(IN_LINE) for n, number in enumerate(people)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda one: _queued(faro, *one), lines))
    with working(faro):
        wait_until(lambda: _waiting(faro) == 0, "an empty queue", PATIENCE)
    answered = _answered(faro)
    fifth = len(answered) // 5
    stamps = sorted(at for _, _, at in answered)
    first, last = stamps[fifth] - stamps[0], stamps[-1] - stamps[-1 - fifth]
    return Drained(first / last, _in_order(answered))


def _queued(faro: Faro, number: str, text: str) -> None:
    inbox.take(faro.runtime, Message("sms", str(uuid.uuid4()), number, "text", {"text": text}))


def _waiting(faro: Faro) -> int:
    with faro.runtime.sessions() as session:
        return session.scalar(select(func.count()).select_from(Inbound).where(Inbound.answered_at.is_(None))) or 0


def _answered(faro: Faro) -> list[tuple[object, int, float]]:
    """Who, the message, when."""
    with faro.runtime.sessions() as session:
        found = session.execute(select(Inbound.contact_id, Inbound.id, Inbound.answered_at))
        return [(who, message, at.timestamp()) for who, message, at in found if at]


def _in_order(answered: Sequence[tuple[object, int, float]]) -> bool:
    by_message = sorted(answered, key=lambda one: one[1])
    last: dict[object, float] = {}
    for who, _, at in by_message:
        if at < last.get(who, 0):
            return False
        last[who] = at
    return True


# From webhook to provider


def _most(faro: Faro) -> float:
    """Messages a second on the whole path when more come than can be served; each from somebody new."""
    people = [f"+52554{n:07}" for n in range(AT_ONCE)]
    due = [(0.0, number) for number in people]
    began = time.perf_counter()
    _arrive(faro, due)
    return AT_ONCE / (time.perf_counter() - began)


def _path(faro: Faro, each_second: float) -> float:
    """ms, p95, of messages that come one after the other at this rate; each from somebody new."""
    due = [(n / each_second, f"+52552{n:07}") for n in range(int(each_second * 20))]
    return 1000 * statistics.quantiles(_arrive(faro, due), n=20)[18]


def _arrive(faro: Faro, due: Sequence[tuple[float, str]]) -> list[float]:
    """Seconds from each webhook, sent at its time, to the first answer at the provider."""
    arrived: dict[str, float] = {}
    faro.twilio.on_accepted.append(lambda message: arrived.setdefault(message.to, time.perf_counter()))
    sent: dict[str, float] = {}
    began = time.perf_counter()
    with ThreadPoolExecutor(16) as pool:
        for n, (at, number) in enumerate(due):
            time.sleep(max(0, began + at - time.perf_counter()))
            sent[number] = time.perf_counter()
            pool.submit(faro.twilio.text, number, talk(500 + n).lines[1])
    wait_until(lambda: set(sent) <= set(arrived), "all answers", 300)
    faro.twilio.on_accepted.clear()
    return [arrived[number] - at for number, at in sent.items()]


# Webhooks alone


def _fired(faro: Faro) -> list[float]:
    """ms each."""
    requests = [_webhook(n) for n in range(EACH_SECOND * SECONDS)]
    shots = fire(faro.settings.gateway_port, requests, EACH_SECOND)
    assert {shot.status for shot in shots} == {200}
    return [1000 * shot.took for shot in shots]


def _webhook(n: int) -> bytes:
    form = {"MessageSid": f"SM{uuid.uuid4().hex}", "From": f"+52553{n % 97:07}", "To": "+15005550006",
            "Body": talk(n % 200).lines[1], "NumMedia": "0", "AccountSid": ACCOUNT}  # fmt: skip
    return webhook(PUBLIC, TOKEN, form)
