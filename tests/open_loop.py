"""Webhooks in an open loop: the next one leaves at its time, whether or not the last was answered."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from twilio.request_validator import RequestValidator


@dataclass(frozen=True)
class Shot:
    """One webhook on its way: the status of its answer, and how many seconds after it was due that had come."""

    status: int
    took: float


def webhook(address: str, token: str, form: dict[str, str]) -> bytes:
    """A whole HTTP request to the public ``address``, signed as Twilio does it."""
    signature = RequestValidator(token).compute_signature(f"{address}/webhooks/twilio", form)
    body = urlencode(form).encode()
    head = (
        f"POST /webhooks/twilio HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\nX-Twilio-Signature: {signature}\r\n"
        f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def fire(port: int, requests: Sequence[bytes], each_second: int) -> list[Shot]:
    """All of them, so many in a second."""
    return asyncio.run(_fire(port, requests, each_second))


async def _fire(port: int, requests: Sequence[bytes], each_second: int) -> list[Shot]:
    begun = time.perf_counter() + 0.1
    return await asyncio.gather(*(_shoot(port, one, begun + i / each_second) for i, one in enumerate(requests)))


async def _shoot(port: int, request: bytes, due: float) -> Shot:
    await asyncio.sleep(due - time.perf_counter())
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(request)
    answer = await reader.read()
    writer.close()
    return Shot(int(answer.split(b" ", 2)[1]), time.perf_counter() - due)
