"""Three phones on top of both fakes, for a page: what one writes becomes the provider's webhook, signed.

``GET /phones/<sms|whatsapp|telegram>/messages?number=&after=`` and ``POST`` of one of ``text``, ``option`` with ``of``,
``lat`` with ``lon``, ``media`` (photo, voice), ``stop``; each with ``number`` (E.164) and an ``id`` of the page's own.
"""

from __future__ import annotations

import contextlib
import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import httpx
from flask import Blueprint, Flask, Response, jsonify, request

from tests.fakes import telegram_messages, twilio_messages
from tests.fakes.gestures import AUTOMATIC, NotPossible, Source, offer, on_telegram, on_twilio, said
from tests.fakes.telegram import FakeTelegram
from tests.fakes.telegram_updates import Update
from tests.fakes.twilio import FakeTwilio
from tests.fakes.twilio_webhooks import WHATSAPP, Params

NUMBER = re.compile(r"\+[1-9]\d{6,14}")


@dataclass(frozen=True)
class Bubble:
    """One message on a phone, ``by`` me, faro or the provider itself. ``source``: what was accepted of Faro's."""

    id: int
    channel: str
    number: str
    text: str
    source: Source | None
    status: str
    at: str
    by: str


class Phones:
    """``pause``: seconds between the stages of a delivery."""

    def __init__(self, twilio: FakeTwilio, telegram: FakeTelegram, pause: float = 0.4) -> None:
        self.twilio, self.telegram, self.pause = twilio, telegram, pause
        self._bubbles: list[Bubble] = []
        self._first = int(time.time())  # ids rise over a restart too, as a page asks for those after the last
        self._sent: dict[str, int] = {}
        self._lock = threading.Lock()
        twilio.on_accepted.append(self._twilio_accepted)
        telegram.on_accepted.append(self._telegram_accepted)

    def blueprint(self) -> Blueprint:
        made = Blueprint("phones", __name__, url_prefix="/phones")
        path = "/<any(sms,whatsapp,telegram):channel>/messages"
        made.add_url_rule("/health", "health", lambda: jsonify(ready=True))
        made.add_url_rule(path, "read", self._read, methods=["GET"])
        made.add_url_rule(path, "write", self._write, methods=["POST"])
        return made

    def app(self) -> Flask:
        app = Flask("phones", static_folder=None)
        app.register_blueprint(self.blueprint())
        return app

    def _read(self, channel: str) -> Response:
        number, after = request.args.get("number", ""), request.args.get("after", 0, type=int)
        own = [b for b in list(self._bubbles) if (b.channel, b.number) == (channel, number) and b.id > after]
        return jsonify(messages=[self._shown(bubble) for bubble in own])

    def _write(self, channel: str) -> tuple[Response, int]:
        """202; 400 with what is wrong; 502 when the gateway did not take it."""
        body: Any = request.get_json(silent=True)
        try:
            if not isinstance(body, dict) or not NUMBER.fullmatch(str(body.get("number"))):
                raise NotPossible("number: not a phone number with its country code")
            return self._once(channel, body)
        except NotPossible as error:
            return jsonify(error=str(error)), 400

    def _once(self, channel: str, body: dict[str, Any]) -> tuple[Response, int]:
        """A message that the page sends again, under its ``id``, goes out once."""
        key = str(body["id"]) if "id" in body else ""
        if key in self._sent:
            return jsonify(stored=True, new=False, id=self._sent[key]), 202
        source = self._offering(channel, body) if "option" in body else None
        text, send = said(channel, body, source), self._gesture(channel, body, source)
        at = self._add(channel, body["number"], text, None, "sending")
        taken = _taken(send)
        self._bubbles[at] = replace(self._bubbles[at], status="sent" if taken else "failed")
        if taken and key:
            self._sent[key] = self._bubbles[at].id
        return jsonify(stored=taken, new=True, id=self._bubbles[at].id), 202 if taken else 502

    def _gesture(self, channel: str, body: dict[str, Any], source: Source | None) -> Callable[[], bool]:
        """How it goes out; True when Faro has taken it. Raises NotPossible."""
        number = body["number"]
        if channel == "telegram":
            update = on_telegram(self.telegram.updates, int(number[1:]), body, source)
            return lambda: self._to_telegram(update)
        params = on_twilio(self.twilio, number if channel == "sms" else WHATSAPP + number, body, source)
        return lambda: self._to_twilio(channel, number, params)

    def _to_twilio(self, channel: str, number: str, params: Params) -> bool:
        """Twilio answers some words by itself, whatever Faro does."""
        if automatic := AUTOMATIC.get(params.get("OptOutType", "")):
            self._add(channel, number, automatic, None, "delivered", by="provider")
        return self.twilio.deliver(params).is_success

    def _to_telegram(self, update: Update) -> bool:
        """Whoever had stopped the bot starts it again by writing."""
        chat = update.get("message", {}).get("chat", {}).get("id")
        if chat in self.telegram.blocked:
            self.telegram.send(self.telegram.updates.member(chat, "member"))
        return self.telegram.send(update)

    def _offering(self, channel: str, body: dict[str, Any]) -> Source:
        wanted = (body.get("of"), channel, body["number"])
        found = (b.source for b in self._bubbles if (b.id, b.channel, b.number) == wanted and b.source)
        source = next(found, None)
        if source is None:
            raise NotPossible("of: no such message of Faro's")
        return self._current(source)

    def _current(self, source: Source) -> Source:
        """A Telegram message as it stands now; its keyboard may have been taken away."""
        if isinstance(source, twilio_messages.Message):
            return source
        return next(message for message in self.telegram.messages if message.id == source.id)

    def _twilio_accepted(self, message: twilio_messages.Message) -> None:
        channel = "whatsapp" if message.to.startswith(WHATSAPP) else "sms"
        self._add(channel, message.to.removeprefix(WHATSAPP), message.text, message, "", by="faro")
        if not message.error_code:
            threading.Thread(target=self._arrives, args=(message,), daemon=True).start()

    def _telegram_accepted(self, message: telegram_messages.Message) -> None:
        self._add("telegram", f"+{message.chat_id}", message.text, message, "delivered", by="faro")

    def _arrives(self, message: twilio_messages.Message) -> None:
        stages = ("sent", "delivered", "read") if message.to.startswith(WHATSAPP) else ("sent", "delivered")
        for stage in stages:
            if self.twilio.stopping.wait(self.pause):
                return
            with contextlib.suppress(httpx.HTTPError):  # the gateway may be down, the phone is not
                self.twilio.report(message, stage)

    def _add(self, channel: str, number: str, text: str, source: Source | None, status: str, by: str = "me") -> int:
        """Its place in the list."""
        with self._lock:
            at = len(self._bubbles)
            now = datetime.now(UTC).isoformat()
            self._bubbles.append(Bubble(self._first + at, channel, number, text, source, status, now, by))
        return at

    def _shown(self, bubble: Bubble) -> dict[str, Any]:
        source = self._current(bubble.source) if bubble.source else None
        status = self.twilio.statuses[source.sid] if isinstance(source, twilio_messages.Message) else bubble.status
        shown = {"id": bubble.id, "from": bubble.by, "text": bubble.text, "at": bubble.at, "status": status}
        return shown | {"cost": _cost(bubble)} | offer(source)


def _taken(send: Callable[[], bool]) -> bool:
    try:
        return send()
    except httpx.HTTPError:
        return False


def _cost(bubble: Bubble) -> dict[str, Any]:
    """What the provider charges for it."""
    if bubble.channel == "telegram" or bubble.by == "provider":
        return {"unit": "none", "count": 0, "encoding": None}
    if bubble.channel == "whatsapp":
        return {"unit": "message", "count": 1, "encoding": None}
    from bot.sms import measure

    size = measure(bubble.text)
    return {"unit": "segment", "count": size.segments, "encoding": size.encoding}
