"""``python -m tests.fakes``: Twilio, Telegram and three phones on one port, for a demonstration without providers.

Port, addresses, account, tokens and numbers are those of Faro's own settings, from the environment (FARO_*).
"""

from __future__ import annotations

import argparse
import signal
import threading
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from bot.settings import Settings
from tests.fakes.phones import Phones
from tests.fakes.telegram import FakeTelegram
from tests.fakes.twilio import FakeTwilio
from tests.fakes.wire import Server

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


def arguments(settings: Settings, given: Sequence[str] | None = None) -> argparse.Namespace:
    """``given``: None for those of this process."""
    port = urlsplit(settings.demo_phones or "").port or settings.gateway_port + 10
    gateway = settings.model_copy(update={"public_url": None}).address
    parser = argparse.ArgumentParser(prog="python -m tests.fakes", description=__doc__)
    parser.add_argument("--port", type=int, default=port, help="of 127.0.0.1")
    parser.add_argument("--gateway", default=gateway, help="where Faro's webhooks are")
    parser.add_argument("--public-url", default=settings.public_url, help="what is signed; else the gateway's address")
    parser.add_argument("--number", default=settings.twilio_sms_from or "+15005550006", help="Faro's for SMS")
    parser.add_argument("--whatsapp", default=settings.twilio_whatsapp_from or "+14155238886", help="Faro's there")
    return parser.parse_args(given)


def secret(settings: Settings, name: str) -> str:
    value = getattr(settings, name)
    if not value:
        raise SystemExit(f"FARO_{name.upper()} is not set")
    return str(value)


def together(twilio: FakeTwilio, telegram: FakeTelegram, phones: Phones) -> WSGIApplication:
    """All three as one application; their paths differ."""
    page = phones.app()

    def pick(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        path = environ["PATH_INFO"]
        if path.startswith("/phones"):
            return page(environ, start_response)
        return (telegram if path.startswith(("/bot", "/file/bot")) else twilio).app(environ, start_response)

    return pick


def providers(settings: Settings, given: argparse.Namespace) -> tuple[FakeTwilio, FakeTelegram]:
    public = given.public_url or given.gateway
    twilio = FakeTwilio(
        secret(settings, "twilio_account_sid"), secret(settings, "twilio_auth_token"),
        gateway_url=given.gateway, public_url=public, number=given.number, whatsapp=f"whatsapp:{given.whatsapp}",
    )  # fmt: skip
    token, told = secret(settings, "telegram_token"), secret(settings, "telegram_secret")
    return twilio, FakeTelegram(token, told, gateway_url=given.gateway, allow_http=public.startswith("http:"))


def main() -> None:
    settings = Settings.model_validate({})
    given = arguments(settings)
    twilio, telegram = providers(settings, given)
    over = threading.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, lambda *_: over.set())
    with Server(together(twilio, telegram, Phones(twilio, telegram)), given.port) as server:
        twilio.url = telegram.url = server.url
        print(f"Twilio, Telegram and the phones listen on {server.url}", flush=True)
        over.wait()


if __name__ == "__main__":
    main()
