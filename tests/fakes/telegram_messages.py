"""What Telegram accepts as a message, and how it says what it does not: https://core.telegram.org/bots/api#sendmessage

The words of the errors are those of https://github.com/tdlib/telegram-bot-api (Client.cpp) and of
https://core.telegram.org/method/messages.sendMessage
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.fakes.telegram_html import BadHtml, Parsed, parse, units

LONGEST = 4096
CALLBACK_DATA = 64
BOT = {"id": 7000000001, "is_bot": True, "first_name": "Faro", "username": "faro_fake_bot"}

Params = Mapping[str, Any]


class Refused(Exception):
    """Telegram's error: code, words, and ``parameters`` such as retry_after."""

    def __init__(self, description: str, code: int = 400, **parameters: Any) -> None:
        super().__init__(description)
        self.description, self.code, self.parameters = description, code, parameters

    def json(self) -> dict[str, Any]:
        answer = {"ok": False, "error_code": self.code, "description": self.description}
        return answer | ({"parameters": self.parameters} if self.parameters else {})


@dataclass(frozen=True)
class Button:
    """A button of an inline keyboard, with callback ``data`` or a ``url``."""

    text: str
    data: str | None = None
    url: str | None = None

    def json(self) -> dict[str, str]:
        given = {"text": self.text, "callback_data": self.data, "url": self.url}
        return {name: value for name, value in given.items() if value is not None}


Keyboard = tuple[tuple[Button, ...], ...]


@dataclass(frozen=True)
class Message:
    """An accepted message. ``text`` is what is shown, ``raw`` what was sent; ``at`` is monotonic seconds."""

    id: int
    chat_id: int
    text: str
    raw: str
    keyboard: Keyboard
    parse_mode: str | None
    entities: list[dict[str, Any]] = field(repr=False)
    at: float = field(default_factory=time.monotonic)

    @property
    def buttons(self) -> tuple[Button, ...]:
        return tuple(button for row in self.keyboard for button in row)

    def json(self, chat: Mapping[str, Any]) -> dict[str, Any]:
        made = {"message_id": self.id, "from": BOT, "chat": chat, "date": int(time.time()), "text": self.text}
        if self.entities:
            made["entities"] = self.entities
        if self.keyboard:
            rows = [[button.json() for button in row] for row in self.keyboard]
            made["reply_markup"] = {"inline_keyboard": rows}
        return made


def structured(params: Params, name: str) -> Any:
    """A parameter that is JSON: as text in a form, as itself in a JSON body. Raises Refused."""
    value = params.get(name)
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value) if value else None
    except ValueError:
        raise Refused(f"Bad Request: can't parse {name.replace('_', ' ')} JSON object") from None


def written(params: Params) -> Parsed:
    """The text as it will be shown. Raises Refused."""
    raw, mode = str(params.get("text") or ""), str(params.get("parse_mode") or "")
    if not raw.strip():
        raise Refused("Bad Request: message text is empty")
    if mode and mode.upper() != "HTML":
        raise Refused("Bad Request: unsupported parse_mode")
    try:
        parsed = parse(raw) if mode else Parsed(raw.strip(), structured(params, "entities") or [])
    except BadHtml as error:
        raise Refused(f"Bad Request: can't parse entities: {error}") from None
    if not parsed.text:
        raise Refused("Bad Request: text must be non-empty")
    return parsed


def keyboard(params: Params) -> Keyboard:
    """The rows of an inline keyboard; rows of none are left out. Raises Refused."""
    markup = structured(params, "reply_markup") or {}
    if not isinstance(markup, dict):
        raise Refused("Bad Request: object expected as reply markup")
    rows = (tuple(map(_button, row)) for row in markup.get("inline_keyboard", ()))
    return tuple(row for row in rows if row)


def _button(given: Mapping[str, Any]) -> Button:
    if not str(given.get("text") or "").strip():
        raise Refused("Bad Request: inline keyboard button text must be non-empty")
    button = Button(str(given["text"]), given.get("callback_data"), given.get("url"))
    if button.data is None and not button.url:
        raise Refused("Bad Request: text buttons are unallowed in the inline keyboard")
    return button


def check_size(text: str, buttons: Keyboard) -> None:
    """What only Telegram's servers behind the Bot API refuse. Raises Refused."""
    if units(text) > LONGEST:
        raise Refused("Bad Request: message is too long")
    data = [button.data for row in buttons for button in row if button.data is not None]
    if not all(1 <= len(one.encode()) <= CALLBACK_DATA for one in data):
        raise Refused("Bad Request: BUTTON_DATA_INVALID")
