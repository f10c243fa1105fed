"""What passes between a provider's door and the rest of Faro: messages in, letters out, and why one was not sent."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Literal

from bot.replies.wording import Option

Kind = Literal[
    "text", "edited", "option", "location", "media", "contact", "unreadable", "stop", "start", "blocked", "silence"
]


class Then(Enum):
    """What to do about a message that was not sent."""

    RETRY = "it may pass later"
    SLOW_DOWN = "we are too fast: everybody waits"
    LOOK = "the answer was lost: it may have been taken"
    GIVE_UP = "it will never pass"
    STOPPED = "the person does not want to hear from us"
    WINDOW = "WhatsApp's 24 hours are over"


class NotSent(Exception):
    """A provider did not take a message. ``code`` is its own error code; ``after`` is in seconds."""

    def __init__(self, then: Then, code: str, after: float | None = None) -> None:
        super().__init__(f"{then.name.lower()} {code}")
        self.then = then
        self.code = code
        self.after = after


@dataclass(frozen=True)
class Message:
    """One message as a channel read it. ``body`` depends on ``kind``:

    text, edited: ``{"text"}``; option: ``{"number", "outbound"}``; location: ``{"lat", "lon"}``;
    media: ``{"text", "media": [{"ref", "type", "size"}]}``; contact: ``{"text"}``; unreadable: ``{}``;
    stop, start: ``{"by_provider"}`` when the provider has acted on it and answered; blocked, silence (from our
    own clock): ``{}``. ``message`` in a body is the provider's number of it, for later edits.

    ``language`` was chosen; ``likely_language`` is only a hint. ``via`` is our number that they wrote to, ``came_by``
    the campaign whose link brought them.
    """

    channel: str
    provider_id: str
    address: str
    kind: Kind
    body: dict[str, Any] = field(repr=False)
    language: str | None = None
    likely_language: str | None = None
    via: str | None = None
    came_by: str | None = None


@dataclass(frozen=True)
class Event:
    """Something else that a provider told us: kept by its id and kind only."""

    channel: str
    provider_id: str
    kind: str


@dataclass(frozen=True)
class Report:
    """What became of a message of ours. ``outbound`` is our own id of it, where the provider brought it back.

    ``status``: sent, delivered, read or failed, then with ``reason`` and what to do next.
    """

    channel: str
    provider_id: str
    message: str
    outbound: int | None
    status: str
    reason: str | None
    then: Then


@dataclass(frozen=True)
class Letter:
    """One part of a reply with its envelope.

    ``outbound`` names it to us when the provider reports on it; ``to`` is a phone number (+52...) or a Telegram chat;
    ``via`` the number of ours they wrote to; ``look`` and ``opener`` as in Part; ``template`` a Content SID with
    its ``variables``, sent in place of the text.
    """

    outbound: int
    channel: str
    to: str
    text: str = field(repr=False)
    via: str | None = None
    options: tuple[Option, ...] = ()
    look: str = "plain"
    opener: str = ""
    template: str | None = None
    variables: tuple[str, ...] = ()


def tap(outbound: int, option: Option) -> str:
    """What a button carries: which message offered it, and its number (at most 24 letters)."""
    return f"o:{outbound}:{option.number}"


def tapped(data: str) -> dict[str, Any] | None:
    """The body of an option (see bot.inbox.Message) from what a button carried; None when it is not ours.

    >>> tapped("o:17:2"), tapped("o:17"), tapped("hola")
    ({'number': 2, 'outbound': 17}, None, None)
    """
    mark, _, rest = data.partition(":")
    outbound, _, number = rest.partition(":")
    if mark != "o" or not (outbound.isascii() and outbound.isdigit() and number.isascii() and number.isdigit()):
        return None
    if len(outbound) > 18 or len(number) > 3:
        return None
    return {"number": int(number), "outbound": int(outbound)}
