"""What somebody does on a phone of the page, as the provider tells it to Faro."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.fakes import telegram_messages, twilio_messages
from tests.fakes.telegram_updates import JPEG, OGG, Update, Updates
from tests.fakes.twilio import FakeTwilio
from tests.fakes.twilio_rules import Choice
from tests.fakes.twilio_webhooks import WHATSAPP, Params

MEDIA = {"photo": (JPEG, "image/jpeg"), "voice": (OGG, "audio/ogg")}
# What Twilio itself answers an SMS, in English, at no charge:
# https://help.twilio.com/articles/223134027-Twilio-support-for-opt-out-keywords-SMS-STOP-filtering-
AUTOMATIC = {
    "STOP": "You have successfully been unsubscribed. You will not receive any more messages from this number. "
    "Reply START to resubscribe.",
    "START": "You have successfully been re-subscribed to messages from this number. Reply HELP for help. "
    "Reply STOP to unsubscribe. Msg&Data Rates May Apply.",
    "HELP": "Reply STOP to unsubscribe. Msg&Data Rates May Apply.",
}

Body = Mapping[str, Any]
Source = twilio_messages.Message | telegram_messages.Message


class NotPossible(Exception):
    """The phone cannot do that; says why, for the page's developer."""


def on_twilio(twilio: FakeTwilio, sender: str, body: Body, source: Source | None) -> Params:
    """Raises NotPossible; an SMS has no options and no location."""
    incoming = twilio.incoming
    if isinstance(source, twilio_messages.Message):
        item = bool(source.rendered and source.rendered.items)
        return incoming.tap(sender, chosen(source, body["option"]), source.sid, item)
    if body.get("media") in MEDIA:
        content, kind = MEDIA[body["media"]]
        return incoming.media(sender, twilio.add_media(content, kind), kind)
    if "lat" in body and sender.startswith(WHATSAPP):
        return incoming.location(sender, *_place(body))
    return incoming.text(sender, "STOP" if body.get("stop") else _text(body))


def on_telegram(make: Updates, chat: int, body: Body, source: Source | None) -> Update:
    """Raises NotPossible."""
    if isinstance(source, telegram_messages.Message):
        return make.callback(source, chosen(source, body["option"]).id)
    if body.get("media") in MEDIA:
        return make.photo(chat) if body["media"] == "photo" else make.voice(chat)
    if "lat" in body:
        return make.location(chat, *_place(body))
    return make.member(chat, "kicked") if body.get("stop") else make.text(chat, _text(body))


def said(channel: str, body: Body, source: Source | None) -> str:
    """What the phone shows of it; what has no words stands in brackets. Raises NotPossible."""
    if source:
        return chosen(source, body["option"]).title
    if body.get("media") in MEDIA:
        return f"[{body['media']}]"
    if "lat" in body:
        return "{}, {}".format(*_place(body))
    if body.get("stop"):
        return "[blocked]" if channel == "telegram" else "STOP"
    return _text(body)


def offer(source: Source | None) -> dict[str, Any]:
    """What can be tapped, for the page; ``opener``: the words on the button that opens a list, else empty."""
    options = [{"id": choice.id, "label": choice.title, "more": choice.description} for choice in choices(source)]
    rendered = source.rendered if isinstance(source, twilio_messages.Message) else None
    return {"options": options, "opener": rendered.button if rendered else ""}


def choices(source: Source | None) -> tuple[Choice, ...]:
    """What can be tapped; a button that is a link cannot."""
    if isinstance(source, telegram_messages.Message):
        return tuple(Choice(button.data, button.text) for button in source.buttons if button.data)
    return source.choices if source else ()


def chosen(source: Source, option: Any) -> Choice:
    """Raises NotPossible."""
    found = next((choice for choice in choices(source) if choice.id == option), None)
    if found is None:
        raise NotPossible("option: not one of that message")
    return found


def _text(body: Body) -> str:
    if not isinstance(body.get("text"), str) or not body["text"].strip():
        raise NotPossible("text: missing, or not possible on this phone")
    return str(body["text"])


def _place(body: Body) -> tuple[float, float]:
    lat, lon = body.get("lat"), body.get("lon")
    if not isinstance(lat, int | float) or not isinstance(lon, int | float):
        raise NotPossible("lat, lon: not numbers")
    return float(lat), float(lon)
