"""Updates as Telegram makes them, complete: https://core.telegram.org/bots/api#update"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import count
from typing import Any

from tests.fakes.telegram_html import units
from tests.fakes.telegram_messages import BOT, Message

Update = dict[str, Any]
JPEG = bytes.fromhex("ffd8ffe000104a46494600010100000100010000ffd9")
OGG = b"OggS\x00\x02" + b"\x00" * 58
# They rise over all fakes, and after a restart too: a gateway that knows a number takes it for a repeat.
UPDATE_IDS = count(int(time.time()))


@dataclass(frozen=True)
class Person:
    """``id`` is the chat's too. ``language`` as the person's app says, or None."""

    id: int
    language: str | None = "es"
    first_name: str = "Alguien"

    @property
    def user(self) -> dict[str, Any]:
        known = {"language_code": self.language} if self.language else {}
        return {"id": self.id, "is_bot": False, "first_name": self.first_name} | known

    @property
    def chat(self) -> dict[str, Any]:
        return {"id": self.id, "first_name": self.first_name, "type": "private"}


class Updates:
    """Makes updates with ids that rise; ``keep`` stores a file and returns its file_id.

    Whoever writes is a `Person`, or only a chat id. ``more`` is added to the message.
    """

    def __init__(self, keep: Callable[[bytes, str], str]) -> None:
        self._keep = keep
        self._message_ids, self._callbacks = count(10_001), count(4_100_000_001)
        self.open_callbacks: set[str] = set()

    def text(self, who: Person | int, text: str, **more: Any) -> Update:
        return self.message(who, text=text, **_commands(text), **more)

    def start(self, who: Person | int, parameter: str = "", **more: Any) -> Update:
        return self.text(who, f"/start {parameter}".strip(), **more)

    def edited(self, who: Person | int, text: str | None, message_id: int = 10_000, **more: Any) -> Update:
        """``text`` None: of a message without words of its own, as ``more`` says."""
        words = {} if text is None else {"text": text}
        message = self._said(_person(who), message_id=message_id, edit_date=int(time.time()), **words, **more)
        return self.update("edited_message", message)

    def callback(self, message: Message, button: str, who: Person | None = None) -> Update:
        """A tap on a button, by its text or its data. Raises StopIteration when the message has no such button."""
        person = who or Person(message.chat_id)
        tapped = next(one for one in message.buttons if button in (one.text, one.data))
        query = str(next(self._callbacks))
        self.open_callbacks.add(query)
        content = {"id": query, "from": person.user, "message": message.json(person.chat), "data": tapped.data}
        return self.update("callback_query", content | {"chat_instance": "-84"})

    def location(self, who: Person | int, lat: float, lon: float, **more: Any) -> Update:
        return self.message(who, location={"latitude": lat, "longitude": lon}, **more)

    def contact(self, who: Person | int, number: str, **more: Any) -> Update:
        person = _person(who)
        shared = {"phone_number": number, "first_name": person.first_name, "user_id": person.id}
        return self.message(person, contact=shared, **more)

    def photo(self, who: Person | int, caption: str | None = None, content: bytes = JPEG, **more: Any) -> Update:
        sizes = [
            self.file(content, "jpg") | {"width": width, "height": width * 3 // 4} for width in (90, 320, 1280)
        ]  # fmt: skip
        return self.message(who, photo=sizes, **({"caption": caption} if caption else {}), **more)

    def voice(self, who: Person | int, content: bytes = OGG, **more: Any) -> Update:
        return self.message(who, voice=self.file(content, "oga") | {"duration": 3, "mime_type": "audio/ogg"}, **more)

    def document(self, who: Person | int, name: str = "carta.pdf", content: bytes = b"%PDF-1.4", **more: Any) -> Update:
        made = self.file(content, "pdf") | {"file_name": name, "mime_type": "application/pdf"}
        return self.message(who, document=made, **more)

    def sticker(self, who: Person | int, emoji: str = "👍", **more: Any) -> Update:
        form = {"width": 512, "height": 512, "is_animated": False, "is_video": False, "type": "regular"}
        return self.message(who, sticker=self.file(b"RIFF", "webp") | form | {"emoji": emoji}, **more)

    def group(self, who: Person | int, text: str, chat: int = -1_001_500_000_001, **more: Any) -> Update:
        place = {"id": chat, "title": "Grupo", "type": "supergroup"}
        return self.message(who, chat=place, text=text, **_commands(text), **more)

    def channel_post(self, text: str, chat: int = -1_001_600_000_001) -> Update:
        place = {"id": chat, "title": "Canal", "type": "channel"}
        made = {"message_id": next(self._message_ids), "sender_chat": place, "chat": place, "date": int(time.time())}
        return self.update("channel_post", made | {"text": text})

    def member(self, who: Person | int, status: str) -> Update:
        """The person stopped the bot (``kicked``) or let it write again (``member``)."""
        person, before = _person(who), "member" if status == "kicked" else "kicked"
        was, now = _membership(before), _membership(status)
        change = {"chat": person.chat, "from": person.user, "date": int(time.time())}
        return self.update("my_chat_member", change | {"old_chat_member": was, "new_chat_member": now})

    def message(self, who: Person | int, **content: Any) -> Update:
        """Any content that has no method of its own here."""
        return self.update("message", self._said(_person(who), message_id=next(self._message_ids), **content))

    def update(self, kind: str, content: Mapping[str, Any]) -> Update:
        """Any kind of update."""
        return {"update_id": next(UPDATE_IDS), kind: dict(content)}

    def file(self, content: bytes, suffix: str) -> dict[str, Any]:
        """What every kind of file has."""
        file_id = self._keep(content, suffix)
        return {"file_id": file_id, "file_unique_id": file_id[-12:], "file_size": len(content)}

    def _said(self, person: Person, **content: Any) -> dict[str, Any]:
        return {"from": person.user, "chat": person.chat, "date": int(time.time())} | content


def _person(who: Person | int) -> Person:
    return Person(who) if isinstance(who, int) else who


def _commands(text: str) -> dict[str, Any]:
    if not text.startswith("/"):
        return {}
    return {"entities": [{"type": "bot_command", "offset": 0, "length": units(text.split()[0])}]}


def _membership(status: str) -> dict[str, Any]:
    return {"user": BOT, "status": status} | ({"until_date": 0} if status == "kicked" else {})
