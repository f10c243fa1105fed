"""Telegram: what its updates say, and how a letter leaves. https://core.telegram.org/bots/api"""

from __future__ import annotations

import asyncio
import hmac
import logging
import re
from collections.abc import Coroutine, Mapping
from concurrent.futures import TimeoutError as TookTooLong
from datetime import timedelta
from html import escape
from threading import Thread
from typing import Any

import httpx
import telegram
from telegram import InlineKeyboardButton, InlineKeyboardMarkup, LinkPreviewOptions, Update
from telegram.error import (
    BadRequest,
    ChatMigrated,
    Conflict,
    Forbidden,
    InvalidToken,
    NetworkError,
    RetryAfter,
    TelegramError,
    TimedOut,
)
from telegram.request import HTTPXRequest

from bot.content import LANGUAGES
from bot.messages import Event, Kind, Letter, Message, NotSent, Then, tap, tapped
from bot.settings import Settings

log = logging.getLogger(__name__)

SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105 (a header's name)
# What we want to hear of; https://core.telegram.org/bots/api#update
UPDATES = ["message", "edited_message", "callback_query", "my_chat_member", "channel_post", "edited_channel_post"]
# What a link may bring; whatever else stands behind /start is a person's words.
# https://core.telegram.org/bots/features#deep-linking
LINK = re.compile(r"/start ([A-Za-z0-9_-]{1,64})")
# What happens in a private chat without anything being said: nobody waits for an answer to it.
HAPPENINGS = (
    "pinned_message", "message_auto_delete_timer_changed", "chat_background_set", "write_access_allowed",
    "connected_website",
)  # fmt: skip
TIMEOUT = 10.0  # seconds


# In: what Telegram posts.


def is_from_telegram(secret: str, given: str | None) -> bool:
    """Whether the header carries our secret; compared in constant time."""
    return bool(secret) and hmac.compare_digest(secret.encode(), (given or "").encode())


def read(data: Mapping[str, Any]) -> Message | Event:
    """What one update says; an Event when it is no message of a person. Raises ValueError when it is no update."""
    number = data.get("update_id")
    if type(number) is not int:
        raise ValueError("no update")
    try:
        update = Update.de_json(dict(data), None)
        found = next((kind for kind in READERS if getattr(update, kind) is not None), None)
        return READERS[found](update) if found else Event("telegram", str(number), _kind_of(data))
    except Exception as error:  # refused, it would come again and again, before those of others
        log.warning("telegram: an update was not read: %s", type(error).__name__)
        return _unread(str(number), data)


def _unread(number: str, data: Mapping[str, Any]) -> Message | Event:
    """What the library cannot read: told to the person, where there is one."""
    message = data.get("message")
    chat = message.get("chat") if isinstance(message, dict) else None
    if isinstance(chat, dict) and chat.get("type") == "private" and type(chat.get("id")) is int:
        return Message("telegram", number, str(chat["id"]), "unreadable", {})
    return Event("telegram", number, _kind_of(data))


def _kind_of(data: Mapping[str, Any]) -> str:
    return next((str(key)[:40] for key in data if key != "update_id"), "empty")


def _message(update: Update) -> Message | Event:
    message = update.message
    assert message is not None
    if event := _no_word_of_a_person(message):
        return Event("telegram", str(update.update_id), event)
    kind, body = _said(message)
    if link := LINK.fullmatch(message.text or ""):
        body["text"] = "/start"
    return _from(update, message, kind, body | {"message": message.message_id}, link[1] if link else None)


def _no_word_of_a_person(message: telegram.Message) -> str | None:
    """What else it is; a bot that were answered might answer, and so on."""
    if message.chat.type != "private":
        return f"{message.chat.type} message"
    if message.from_user and message.from_user.is_bot:
        return "message of a bot"
    return next((name for name in HAPPENINGS if getattr(message, name)), None)


def _edited(update: Update) -> Message | Event:
    """Somebody mends what they wrote; a shared position that moves on is nothing to answer."""
    message = update.edited_message
    assert message is not None
    words = message.text or message.caption
    event = _no_word_of_a_person(message) or (None if words else "edited without words")
    if event:
        return Event("telegram", str(update.update_id), event)
    return _from(update, message, "edited", {"text": words, "message": message.message_id})


def _tapped(update: Update) -> Message | Event:
    query = update.callback_query
    assert query is not None
    chat = query.message.chat if query.message else None
    if chat is None or chat.type != "private":
        return Event("telegram", str(update.update_id), "button outside a chat")
    option = tapped(query.data or "")
    kind: Kind = "option" if option else "text"
    return Message("telegram", str(update.update_id), str(chat.id), kind, option or {"text": ""},
                   likely_language=_language(query.from_user))  # fmt: skip


def _member(update: Update) -> Message | Event:
    """Blocked or unblocked. Who comes back sends /start next, so there is nothing to say to it."""
    change = update.my_chat_member
    assert change is not None
    gone = change.new_chat_member.status in ("kicked", "left")
    if change.chat.type != "private" or not gone:
        return Event("telegram", str(update.update_id), f"{change.chat.type} {change.new_chat_member.status}")
    return Message("telegram", str(update.update_id), str(change.chat.id), "blocked", {})


def _post(update: Update) -> Event:
    return Event("telegram", str(update.update_id), "channel post")


READERS = {
    "message": _message, "edited_message": _edited, "callback_query": _tapped, "my_chat_member": _member,
    "channel_post": _post, "edited_channel_post": _post,
}  # fmt: skip


def _from(
    update: Update, message: telegram.Message, kind: Any, body: dict[str, Any], came_by: str | None = None
) -> Message:
    return Message(
        "telegram", str(update.update_id), str(message.chat.id), kind, body,
        likely_language=_language(message.from_user), came_by=came_by,
    )  # fmt: skip


def _language(user: telegram.User | None) -> str | None:
    code = (user.language_code or "").partition("-")[0] if user else ""
    return code if code in LANGUAGES else None


def _said(message: telegram.Message) -> tuple[str, dict[str, Any]]:
    if message.text is not None:
        return "text", {"text": message.text}
    if message.location is not None:
        return "location", {"lat": message.location.latitude, "lon": message.location.longitude}
    if message.contact is not None:
        name = " ".join(filter(None, [message.contact.first_name, message.contact.last_name]))
        return "contact", {"text": f"{name} {message.contact.phone_number}".strip()}
    file = _file(message)
    return ("media", {"text": message.caption or "", "media": [file]}) if file else ("unreadable", {})


def _file(message: telegram.Message) -> dict[str, Any] | None:
    """The file of a message: its id at Telegram, type and size in bytes; of a photo the largest."""
    if message.photo:
        photo = message.photo[-1]
        return {"ref": photo.file_id, "type": "image/jpeg", "size": photo.file_size or 0}
    for name, usual in (("voice", "audio/ogg"), ("audio", "audio/mpeg"), ("video", "video/mp4"),
                        ("video_note", "video/mp4"), ("document", "")):  # fmt: skip
        if file := getattr(message, name):
            return {"ref": file.file_id, "type": getattr(file, "mime_type", None) or usual, "size": file.file_size or 0}
    return None


def answered(data: Mapping[str, Any]) -> dict[str, str]:
    """What Telegram shall do at once: end the waiting of a tapped button. {} for anything else."""
    query = data.get("callback_query")
    if not isinstance(query, dict) or not isinstance(query.get("id"), str):
        return {}
    return {"method": "answerCallbackQuery", "callback_query_id": query["id"]}


# Out: what Telegram takes.


class Telegram:
    """Sends letters and fetches files, from any thread; the library's own loop runs in one of its own."""

    def __init__(self, settings: Settings) -> None:
        self.bot = bot(settings)
        # Before its colon a token has the bot's number, which would have to be asked for otherwise.
        self.name = "bot " + (settings.telegram_token or "").rpartition(":")[0]
        self.loop = asyncio.new_event_loop()
        Thread(target=self.loop.run_forever, daemon=True, name="telegram").start()

    def sender(self, letter: Letter) -> str:
        return self.name

    def send(self, letter: Letter) -> str:
        """Hand one letter over; Telegram's number for it. Raises NotSent."""
        sent = self._wait(
            self.bot.send_message(
                chat_id=int(letter.to),
                text=escape(letter.text, quote=False),
                parse_mode="HTML",
                reply_markup=keyboard(letter),
                link_preview_options=LinkPreviewOptions(is_disabled=True),
            )
        )
        return str(sent.message_id)

    def fetch(self, ref: str, limit: int) -> bytes | None:
        """A file that came with a message; None when it is larger than ``limit`` bytes. Raises NotSent."""
        return self._wait(self._download(ref, limit))

    async def _download(self, ref: str, limit: int) -> bytes | None:
        file = await self.bot.get_file(ref)
        if (file.file_size or 0) > limit:
            return None
        kept = bytes(await file.download_as_bytearray())
        return kept if len(kept) <= limit else None

    def _wait[T](self, work: Coroutine[Any, Any, T]) -> T:
        running = asyncio.run_coroutine_threadsafe(work, self.loop)
        try:
            return running.result(3 * TIMEOUT)
        except (TelegramError, TookTooLong) as error:
            running.cancel()
            raise not_sent(error) from None


def bot(settings: Settings) -> telegram.Bot:
    """The library's bot, bare; can be pointed at another address, as in a demonstration.

    ``async with bot.request`` closes it. Not ``async with bot``: that asks who we are, with the token in its error.
    """
    logging.getLogger("telegram").setLevel(logging.CRITICAL)  # below it are answers that it could not read, whole
    address = (settings.telegram_api or "https://api.telegram.org").rstrip("/")
    wire = HTTPXRequest(16, read_timeout=TIMEOUT, write_timeout=TIMEOUT, connect_timeout=TIMEOUT, pool_timeout=TIMEOUT)
    return telegram.Bot(
        settings.telegram_token or "",
        base_url=f"{address}/bot",
        base_file_url=f"{address}/file/bot",
        request=wire,
        get_updates_request=wire,
    )


def keyboard(letter: Letter) -> InlineKeyboardMarkup | None:
    """One row for each option: labels stay whole on a small phone."""
    if letter.look != "keyboard" or not letter.options:
        return None
    rows = [[InlineKeyboardButton(f"{o.number}. {o.label}", callback_data=tap(letter.outbound, o))]
            for o in letter.options]  # fmt: skip
    return InlineKeyboardMarkup(rows)


def not_sent(error: BaseException) -> NotSent:
    """What to do about an error of the library's; its words are not repeated, as they may hold ours."""
    code = f"telegram {type(error).__name__}"
    if isinstance(error, RetryAfter):
        wait = error.retry_after
        return NotSent(Then.SLOW_DOWN, code, wait.total_seconds() if isinstance(wait, timedelta) else float(wait))
    if isinstance(error, Forbidden):
        return NotSent(Then.STOPPED, code)
    if isinstance(error, (BadRequest, ChatMigrated)):
        return NotSent(Then.GIVE_UP, code)
    if isinstance(error, (InvalidToken, Conflict)):  # ours to mend, within the day
        return NotSent(Then.RETRY, code)
    return NotSent(Then.LOOK if _may_have_arrived(error) else Then.RETRY, code)


def _may_have_arrived(error: BaseException) -> bool:
    """Whether the words had left when the line broke; without a connection they had not, and a 5xx is an answer.

    A bare TelegramError is a 200 that cannot be read.
    """
    if isinstance(error, TookTooLong) or type(error) is TelegramError:
        return True
    never = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
    broken = isinstance(error.__cause__, httpx.HTTPError) and not isinstance(error.__cause__, never)
    return isinstance(error, (TimedOut, NetworkError)) and broken
