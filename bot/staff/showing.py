"""A text as a phone would show it, and what it costs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from bot import sms
from bot.channels.rendering import render
from bot.content.model import Content
from bot.replies import Person, Reply, Wording, write
from bot.replies.wording import Part


@dataclass(frozen=True)
class Shown:
    """One message on a phone. ``when``: sent at once, or when the person asks for MORE. ``cost`` in plain words."""

    text: str
    options: tuple[str, ...]
    when: str
    cost: str


def shown(content: Content, topic: str, language: str, country: str | None, channel: str, at: datetime) -> list[Shown]:
    """What somebody in this country, with a phone of that country, gets who asks for the topic."""
    words = Wording(content, Person(language, country, country, brief=channel == "sms"), at)
    rendered = render(channel, write(words, Reply("topic", {"topic": topic, "in_form": False})), words.say)
    made = [_part(part, channel) for part in rendered.parts]
    return [*made, *(Shown(page, (), "after MORE", cost(page, channel)) for page in rendered.rest)]


def _part(part: Part, channel: str) -> Shown:
    options = () if channel == "sms" else tuple(f"{option.number}. {option.label}" for option in part.options)
    return Shown(part.text, options, "at once", cost(part.text, channel))


def cost(text: str, channel: str) -> str:
    """``2 segments, GSM-7`` on SMS; a message of the session on WhatsApp; nothing elsewhere."""
    if channel == "sms":
        size = sms.measure(text)
        return f"{size.segments} segment{'s' if size.segments != 1 else ''}, {size.encoding}, {size.units} units"
    return "1 message of the session" if channel == "whatsapp" else "free"


def on_paper(parts: list[Shown]) -> Iterator[str]:
    """The same as lines for a terminal."""
    for part in parts:
        yield f"--- {part.when}: {part.cost}"
        yield part.text
        yield from part.options
