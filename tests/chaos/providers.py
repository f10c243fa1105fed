"""The made-up providers of a run: they bring what people say until it is taken, and misbehave when told to."""

from __future__ import annotations

import contextlib
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any, Self

import httpx
from flask import g, has_request_context

from bot.settings import Settings
from tests.fakes import telegram_messages, twilio_messages
from tests.fakes.telegram import FakeTelegram
from tests.fakes.twilio import FakeTwilio
from tests.fakes.twilio_webhooks import WHATSAPP

ACCOUNT, TWILIO, TELEGRAM = "AC" + "1" * 32, "t" * 32, "110201543:" + "b" * 34
PUBLIC = "https://faro.example"
AGAIN = 0.5  # seconds until a webhook that got no 200 is sent once more
GIVE_UP = 300.0  # seconds
FAULTS = {
    "sms": ("500", "429", "nothing", "nothing, not taken"),
    "whatsapp": ("500", "429", "nothing", "nothing, not taken"),
    # Telegram cannot be asked what it took. Twice without an answer and a part is given up: see docs/nothing-lost.md.
    "telegram": ("500", "429", "nothing"),
}


@dataclass(frozen=True)
class Heard:
    """One text on a phone. ``answered``: the provider's own answer left it; ``at``: monotonic seconds."""

    id: str
    text: str
    at: float
    answered: bool


@dataclass(frozen=True)
class Phone:
    """An address of one channel (``+52...``)."""

    channel: str
    number: str


class NotTaken(Exception):
    """Faro has not said 200 for a very long time."""


class Providers:
    """Both fakes, and what has arrived on each phone, in order."""

    def __init__(self, gateway_port: int, secret: str) -> None:
        gateway = f"http://127.0.0.1:{gateway_port}"
        self.twilio = FakeTwilio(ACCOUNT, TWILIO, gateway_url=gateway, public_url=PUBLIC)
        self.telegram = FakeTelegram(TELEGRAM, secret, gateway_url=gateway)
        self.heard: dict[Phone, list[Heard]] = defaultdict(list)
        self.taken = self.repeated = 0
        self.reports: Sequence[int] = (0, 1, 2)  # how often Twilio tells what became of a message, in turn
        self._later = ThreadPoolExecutor(4)
        self._lock = threading.Lock()
        self.twilio.on_accepted.append(self._by_twilio)
        self.telegram.on_accepted.append(self._by_telegram)

    def __enter__(self) -> Self:
        self.twilio.start()
        self.telegram.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._later.shutdown(cancel_futures=True)
        self.twilio.stop()
        self.telegram.stop()

    def changes(self) -> dict[str, Any]:
        """The settings of a Faro that is connected to them."""
        return {
            "public_url": PUBLIC, "twilio_account_sid": ACCOUNT, "twilio_auth_token": TWILIO,
            "twilio_sms_from": "+15005550006", "twilio_whatsapp_from": "+14155238886", "twilio_api": self.twilio.url,
            "telegram_token": TELEGRAM, "telegram_api": self.telegram.url,
        }  # fmt: skip

    def connected(self, settings: Settings) -> Settings:
        return settings.model_copy(update=self.changes())

    def brings(self, phone: Phone, text: str, again_after: float | None = None) -> str:
        """Bring one message until it is taken; its id. ``again_after``: and a second time, so much later."""
        if phone.channel == "telegram":
            update = self.telegram.updates.text(int(phone.number[1:]), text)
            name, bring = str(update["update_id"]), lambda: self.telegram.deliver(update)
        else:
            params = self.twilio.incoming.text(_address(phone), text)
            name, bring = params["MessageSid"], lambda: self.twilio.deliver(params)
        _insist(bring)
        with self._lock:
            self.taken += 1
        if again_after is not None:
            self.repeated += 1
            self._later.submit(_try, bring, again_after)
        return name

    def misbehave(self, channel: str, how: str) -> None:
        """The answer to the next message of that provider."""
        fake = self.telegram if channel == "telegram" else self.twilio
        which: dict[str, Any] = {
            "method": "POST",
            "suffix": "sendMessage" if channel == "telegram" else "Messages.json",
        }
        if how.startswith("nothing"):
            fake.prepare(**{"refuse" if "not taken" in how else "drop": True}, **which)
        elif how == "429" and channel == "telegram":
            self.telegram.too_many(2, **which)
        elif channel == "telegram":
            self.telegram.prepare_error(int(how), "Internal Server Error", **which)
        else:
            code, status = (20429, 429) if how == "429" else (20500, 500)
            self.twilio.prepare_error(code, "no", status, headers={"Retry-After": "2"}, **which)

    def behave(self) -> None:
        """Forget what was not asked for any more."""
        self.twilio.forget()
        self.telegram.forget()

    def _by_twilio(self, message: twilio_messages.Message) -> None:
        channel = "whatsapp" if message.to.startswith(WHATSAPP) else "sms"
        self._hears(Phone(channel, message.to.removeprefix(WHATSAPP)), message.sid, message.text)
        times = self.reports[len(self.twilio.messages) % len(self.reports)]
        for status in ("sent", "delivered"):
            report = partial(self.twilio.report, message, status)
            for _ in range(times):
                self._later.submit(_try, report)

    def _by_telegram(self, message: telegram_messages.Message) -> None:
        self._hears(Phone("telegram", f"+{message.chat_id}"), str(message.id), message.text)

    def _hears(self, phone: Phone, name: str, text: str) -> None:
        dropped = has_request_context() and (prepared := g.get("prepared")) and prepared.drop
        with self._lock:
            self.heard[phone].append(Heard(name, text, time.monotonic(), not dropped))


def _address(phone: Phone) -> str:
    return WHATSAPP + phone.number if phone.channel == "whatsapp" else phone.number


def _insist(bring: Callable[[], httpx.Response]) -> None:
    until = time.monotonic() + GIVE_UP
    while (answer := _try(bring)) is None or not answer.is_success:
        if time.monotonic() > until:
            raise NotTaken
        time.sleep(AGAIN)


def _try(bring: Callable[[], httpx.Response | None], after: float = 0) -> httpx.Response | None:
    """None: nobody answered, or there was nothing to bring."""
    time.sleep(after)
    with contextlib.suppress(httpx.HTTPError):
        return bring()
    return None
