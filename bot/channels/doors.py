"""Which channel goes through which door; only those that the campaign has configured are open."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from bot.channels.telegram import Telegram
from bot.channels.twilio import Twilio
from bot.channels.web import Web
from bot.messages import Letter
from bot.settings import Settings


class Door(Protocol):
    """How letters leave by one provider."""

    def sender(self, letter: Letter) -> str:
        """The number or bot of ours that it leaves from; one that is too fast is paused by this name."""

    def send(self, letter: Letter) -> str:
        """The provider's id of it. Raises NotSent."""

    def fetch(self, ref: str, limit: int) -> bytes | None:
        """A file that came with a message; None when it is larger than ``limit`` bytes. Raises NotSent."""


def doors(settings: Settings) -> Mapping[str, Door]:
    found: dict[str, Door] = {"web": Web()}
    if settings.twilio_auth_token and settings.twilio_account_sid:
        found["sms"] = found["whatsapp"] = Twilio(settings)
    if settings.telegram_token:
        found["telegram"] = Telegram(settings)
    return found
