"""From the provider's webhook to the provider's phone and back, with every process of Faro running."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest

from bot.settings import Settings
from bot.up import answers
from tests.conftest import Process, free_port, wait_until
from tests.fakes.telegram import FakeTelegram
from tests.fakes.twilio import FakeTwilio
from tests.fakes.twilio_webhooks import WHATSAPP

ACCOUNT, TWILIO, TELEGRAM, SECRET = "AC" + "1" * 32, "t" * 32, "110201543:" + "b" * 34, "s" * 32
QUICK = ("hola", "me robaron ayer", "en tapachula", "fue en la terminal", "se llevaron mi pasaporte")


@dataclass(frozen=True)
class Road:
    twilio: FakeTwilio
    telegram: FakeTelegram
    gateway: str

    def heard(self, channel: str, number: str) -> list[str]:
        """What that phone has received."""
        if channel == "telegram":
            return [message.text for message in list(self.telegram.messages) if f"+{message.chat_id}" == number]
        to = WHATSAPP + number if channel == "whatsapp" else number
        return [message.text for message in list(self.twilio.messages) if message.to == to]

    def says(self, channel: str, number: str, text: str) -> None:
        if channel == "telegram":
            self.telegram.send(self.telegram.updates.text(int(number[1:]), text))
        else:
            assert self.twilio.text(WHATSAPP + number if channel == "whatsapp" else number, text).status_code == 200

    def waits_for(self, channel: str, number: str, words: str) -> None:
        wait_until(lambda: any(words in text for text in self.heard(channel, number)), f"«{words}» on {channel}", 60)


@contextmanager
def built(settings: Settings, public: str | None = None) -> Iterator[Road]:
    """A gateway and a worker of their own, pointed at the made-up providers; ``public``: the address that these call,
    the gateway's own if there is no other."""
    port = free_port()
    gateway_url = f"http://127.0.0.1:{port}"
    public = public or gateway_url
    twilio = FakeTwilio(ACCOUNT, TWILIO, gateway_url=gateway_url, public_url=public,
                        number="+15005550006", whatsapp="whatsapp:+14155238886")  # fmt: skip
    telegram = FakeTelegram(TELEGRAM, SECRET, gateway_url=gateway_url)
    with twilio, telegram:
        given = settings.model_copy(
            update={"gateway_port": port, "public_url": public, "twilio_account_sid": ACCOUNT}
            | {"twilio_auth_token": TWILIO, "twilio_sms_from": "+15005550006", "twilio_api": twilio.url}
            | {"twilio_whatsapp_from": "+14155238886", "telegram_token": TELEGRAM, "telegram_api": telegram.url}
            | {"telegram_secret": SECRET}
        )
        gateway = Process("gateway", given, lambda: answers("127.0.0.1", port, "/health"))
        worker = Process("worker", given, lambda: True)
        gateway.start()
        worker.start()
        yield Road(twilio, telegram, gateway_url)
        worker.stop()
        gateway.stop()
    assert not (twilio.strays or telegram.strays)


@pytest.fixture(scope="module")
def road(settings: Settings, engine: Process, actions: Process) -> Iterator[Road]:
    with built(settings, "https://faro.example") as made:
        yield made


ROADS = [("sms", "+525512347001"), ("whatsapp", "+525512347002"), ("telegram", "+525512347003")]


@pytest.mark.parametrize(("channel", "number"), ROADS, ids=[channel for channel, _ in ROADS])
def test_a_crime_told_on_any_channel_is_asked_about_and_answered_there(road: Road, channel: str, number: str) -> None:
    road.says(channel, number, "me robaron en reynosa")
    road.waits_for(channel, number, "en peligro ahora")
    road.says(channel, number, "2")
    road.waits_for(channel, number, "Cu")


def test_five_quick_messages_by_webhook_are_answered_in_order_and_soon(road: Road) -> None:
    number = "+525512347010"
    road.says("whatsapp", number, "hola")
    road.waits_for("whatsapp", number, "Faro")
    known = len(road.heard("whatsapp", number))
    begun = time.monotonic()
    for text in QUICK:
        road.says("whatsapp", number, text)
    answered: Callable[[], bool] = lambda: len(road.heard("whatsapp", number)) >= known + len(QUICK)  # noqa: E731
    wait_until(answered, "five answers", 20)
    print(f"five quick messages, webhook to provider: {time.monotonic() - begun:.2f} s")
    assert time.monotonic() - begun < 3
