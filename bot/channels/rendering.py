"""From a reply to what one channel can show: one SMS text, WhatsApp's buttons and lists, Telegram's keyboard."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from bot import sms
from bot.replies.wording import Option, Part

Say = Callable[[str], str]

# Twilio refuses a longer text with error 21617, on SMS and on WhatsApp.
# https://www.twilio.com/docs/api/errors/21617
WHATSAPP_TEXT = 1_600
# https://www.twilio.com/docs/content/twilio-quick-reply (in a session: three buttons)
# https://www.twilio.com/docs/content/twiliolist-picker
RICH_BODY, BUTTONS, BUTTON_TITLE, LIST_ITEMS, ROW = 1_024, 3, 20, 10, 72
SHORT_QUESTION = 120  # letters
# https://core.telegram.org/bots/api#sendmessage
TELEGRAM_TEXT = 4_096


@dataclass(frozen=True)
class Rendered:
    """``parts`` are sent now; ``rest`` are the pages of an SMS that wait for "MORE"."""

    parts: tuple[Part, ...]
    rest: tuple[str, ...] = ()


def render(channel: str, parts: Sequence[Part], say: Say) -> Rendered:
    """What is sent on this channel for one reply; ``say`` gives a phrase in the person's language."""
    return RENDERERS[channel](parts, say)


def for_web(parts: Sequence[Part], say: Say) -> Rendered:
    return Rendered(tuple(parts))


def for_sms(parts: Sequence[Part], say: Say) -> Rendered:
    """One text for the whole reply, its options numbered; each further text costs, so it is sent when asked for.

    A short question stays beside its options on the first page, whatever was said before it. Only the welcome,
    once for each person, is a text of its own: it must not push the answer off the page.
    """
    alone = [Part(sms.fit(part.text.replace("\n\n", "\n"))) for part in parts if part.alone]
    said = [part for part in parts if not part.alone]
    if not said:
        return Rendered(tuple(alone))
    *before, last = said
    options = next((part.options for part in reversed(said) if part.options), ())
    asked = bool(before and last.options) and len(last.text) <= SHORT_QUESTION
    text = "\n".join(part.text for part in (before if asked else said))
    block = "\n".join(filter(None, [last.text if asked else "", numbered(options)]))
    first, *rest = sms.pages(text, block, say("more_hint"))
    # Whoever is in danger has the number first, before any welcome.
    made = (*alone, Part(first, options)) if parts[0].alone else (Part(first, options), *alone)
    return Rendered(made, tuple(rest))


def for_whatsapp(parts: Sequence[Part], say: Say) -> Rendered:
    """Each message costs, so what is said before a question goes with it where there is room."""
    return Rendered(tuple(made for part in _joined(parts) for made in _whatsapp(part, say)))


def _joined(parts: Sequence[Part]) -> list[Part]:
    made: list[Part] = []
    for part in parts:
        last = made[-1] if made else None
        if last and not (last.alone or part.alone or last.options) and len(last.text) + len(part.text) < RICH_BODY - 2:
            made[-1] = replace(part, text=f"{last.text}\n\n{part.text}")
        else:
            made.append(part)
    return made


def _whatsapp(part: Part, say: Say) -> list[Part]:
    look = _look(part.options)
    if look == "plain":
        text = "\n".join(filter(None, [part.text, numbered(part.options)]))
        *before, last = cut(text, WHATSAPP_TEXT)
        return [*map(Part, before), Part(last, part.options)]
    before, last = cut(part.text, WHATSAPP_TEXT), say("pick_one")
    with_numbers = f"{before[-1]}\n{numbered(part.options)}"  # what is sent when Twilio takes no buttons
    if len(before[-1]) <= RICH_BODY and len(with_numbers) <= WHATSAPP_TEXT:
        last = before.pop()
    return [*map(Part, before), Part(last, part.options, look, opener=say("list_button"))]


def _look(options: Sequence[Option]) -> str:
    if not options or len(options) > LIST_ITEMS or max(len(option.label) for option in options) > ROW:
        return "plain"
    short = all(len(option.label) <= BUTTON_TITLE for option in options)
    return "buttons" if short and len(options) <= BUTTONS else "list"


def for_telegram(parts: Sequence[Part], say: Say) -> Rendered:
    made: list[Part] = []
    for part in parts:
        *before, last = cut(part.text, TELEGRAM_TEXT, utf16)
        made += [*map(Part, before), replace(part, text=last, look="keyboard" if part.options else "plain")]
    return Rendered(tuple(made))


RENDERERS: Mapping[str, Callable[[Sequence[Part], Say], Rendered]] = {
    "web": for_web,
    "sms": for_sms,
    "whatsapp": for_whatsapp,
    "telegram": for_telegram,
}


def numbered(options: Sequence[Option]) -> str:
    """The options as people type them, a line each."""
    return "\n".join(f"{option.number} {option.label}" for option in options)


def utf16(text: str) -> int:
    """Length as Telegram counts it, in UTF-16 code units: https://core.telegram.org/api/entities#entity-length"""
    return len(text.encode("utf-16-le")) // 2


def cut(text: str, limit: int, size: Callable[[str], int] = len) -> list[str]:
    """Pieces of at most ``limit``, cut after a paragraph, a line, a sentence or a word, where there is one.

    >>> cut("One two. Three four.", 12)
    ['One two.', 'Three four.']
    """
    pieces = []
    while size(text) > limit:
        fits = text[:limit]
        while size(fits) > limit:
            fits = fits[:-1]
        end = _end(fits)
        pieces.append(text[:end].rstrip())
        text = text[end:].lstrip()
    return [piece for piece in (*pieces, text) if piece] or [""]


def _end(fits: str) -> int:
    """Where to cut: the best kind of end that leaves the piece at least half full."""
    for pattern in (r"\n\n", r"\n", r"[.!?:;。] ", r"\s"):
        ends = [match.end() for match in re.finditer(pattern, fits)]
        if ends and ends[-1] > len(fits) / 2:
            return ends[-1]
    return len(fits)
