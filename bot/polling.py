"""Telegram without a public address: ask for updates instead of being called. And tell Telegram where to call us."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

from sqlalchemy.exc import OperationalError
from telegram import Bot
from telegram.error import Conflict, InvalidToken, TelegramError

from bot import webhooks
from bot.channels import telegram
from bot.runtime import Runtime

log = logging.getLogger(__name__)

LONG_POLL = 30  # seconds that Telegram holds a request open while nothing comes
PAUSE = 3.0  # seconds after a failure


class CannotPoll(Exception):
    """Telegram will not give updates this way; says what to do."""


async def poll(runtime: Runtime) -> None:
    """Take in updates until cancelled; the next ones are asked for only when the last are stored."""
    bot = telegram.bot(runtime.settings)
    offset = 0
    async with bot.request:
        while True:
            offset = await _take_some(runtime, bot, offset)


async def _take_some(runtime: Runtime, bot: Bot, offset: int) -> int:
    """The offset to ask from next time; the same again when something failed, as Telegram keeps them for a day."""
    try:
        updates = await _updates(bot, offset)
        for data in updates:
            await asyncio.to_thread(webhooks.take, runtime, telegram.read(data))
            await _answer_tap(bot, data)
            offset = int(data["update_id"]) + 1
    except Conflict as conflict:
        hint = "only one may listen; `faro telegram set-webhook --remove` ends a webhook"
        raise CannotPoll(f"{conflict.message}: {hint}") from None
    except InvalidToken:
        raise CannotPoll("Telegram does not know FARO_TELEGRAM_TOKEN") from None
    except (TelegramError, OperationalError) as error:
        log.warning("poll: %s; trying again", type(error).__name__)
        await asyncio.sleep(telegram.not_sent(error).after or PAUSE)
    return offset


async def _updates(bot: Bot, offset: int) -> list[dict[str, Any]]:
    """As they came: the library's own get_updates stops at one that it cannot read, and logs it with its words."""
    asked = {"offset": offset, "timeout": LONG_POLL, "allowed_updates": telegram.UPDATES}
    # in small letters, which Telegram takes too, as the library warns of a method that it has itself
    found: list[dict[str, Any]] = await bot.do_api_request(
        "getupdates", asked, read_timeout=LONG_POLL + telegram.TIMEOUT
    )
    return found


async def _answer_tap(bot: Bot, data: dict[str, Any]) -> None:
    """End the waiting of a tapped button. One that is too old cannot be answered any more, which hurts nobody."""
    if tap := telegram.answered(data):
        try:
            await bot.answer_callback_query(tap["callback_query_id"])
        except TelegramError as error:
            log.warning("poll: a button was not answered: %s", type(error).__name__)


async def set_webhook(runtime: Runtime) -> str:
    """Have Telegram call us; the address it was told. Raises TelegramError."""
    settings = runtime.settings
    url = f"{settings.address}/webhooks/telegram"
    bot = telegram.bot(settings)
    async with bot.request:
        await bot.set_webhook(url, secret_token=settings.telegram_secret, allowed_updates=telegram.UPDATES)
    return url


async def remove_webhook(runtime: Runtime) -> None:
    """End it, so that `faro telegram poll` can be used; what waits at Telegram is kept. Raises TelegramError."""
    bot = telegram.bot(runtime.settings)
    async with bot.request:
        await bot.delete_webhook(drop_pending_updates=False)
