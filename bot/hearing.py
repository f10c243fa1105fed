"""What a message says, before the engine is asked: which option, which language, which place."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from bot import daytimes, foreign, gazetteer, indigenous, language, names, places, receipt
from bot.commands import Commands, command_in, fold
from bot.directory import written_in
from bot.places import Place

# The engine reads this much of one message; all of it is kept in the inbox.
READ_LETTERS = 4_000
FREE = ("place", "when_happened", "what")
# What Telegram's users type, and what is said so elsewhere too.
COMMANDS = {"/start": "/greet", "/menu": "/menu", "/help": "/menu", "/cancel": "/cancel"}
# The engine's own commands are nobody's words.
COMMANDS |= dict.fromkeys(("/restart", "/session_start", "/back"), "/nlu_fallback")
NUMBERS = {
    word: number
    for number, words in enumerate(
        ("uno una one um uma un youn", "dos two dois duas deux de", "tres three três trois twa",
         "cuatro four quatro quatre kat", "cinco five cinq senk", "seis six sis", "siete seven sete sept sèt"),
        start=1,
    )
    for word in words.split()
}  # fmt: skip
# "ayudaaaa": letters drawn out say no more than one.
REPEATED = re.compile(r"([^\W\d_])\1{2,}")
# "1", "1.", "(1)", "#1", "1️⃣", "la 1"
NUMBER = re.compile(
    r"(?:(?:la|el|the|le|a|o|opcion|opción|option|opção|número|numero|number|nimewo) )?\W{0,2}(\d{1,2})\W{0,3}"
)
WORD = re.compile(r"[^\W\d_]+")
# Words of content/words.yml that are answered without the engine, and the reply.
SHOWN = {"more": "more", "read": "read", "safe": "ask_safe"}
THUMBS = {"👍": "ok", "👌": "ok", "✅": "ok", "👎": "no", "❌": "no"}
DEFAULT_LANGUAGE = "es"
# Intents whose words name countries, but not where anybody is.
CHAT = ("out_of_scope", "bot_identity")
# An answer to a question changes the language only when it has so many words.
SWITCHES = 6


@dataclass(frozen=True)
class Known:
    """What we know of the person before this message."""

    language: str | None
    country: str | None
    phone_country: str | None
    awaiting: str | None
    offered: Sequence[Mapping[str, Any]]
    commands: Commands = field(default_factory=dict)
    in_form: bool = False


@dataclass(frozen=True)
class Heard:
    """``says`` goes to the engine; ``show`` is a reply that needs no engine; one of them is set.

    ``country`` is the best known one: what the message says, then what was known, then the number's.
    ``told_country`` is only what the message (or a shared location) says. ``wish`` is a language that
    the message names: it counts when the engine finds that a change of language is wanted.
    """

    language: str
    says: str | None = None
    show: str | None = None
    place: str | None = None
    country: str | None = None
    told_country: str | None = None
    wish: str | None = None
    cut: bool = False
    typed: str = ""
    # A reply said before all others: what became of the file that came with the words.
    note: str | None = None
    # The language of the words when Faro does not answer in it (bot/foreign.py).
    foreign: str | None = None
    # The receipt that the message holds (bot/receipt.py); the engine never hears it.
    receipt: str | None = field(default=None, repr=False)
    # When it is safe to write to them, as they told it: minutes after midnight (bot/daytimes.py).
    hours: tuple[int, int] | None = None

    def told_where(self, intent: str | None) -> str | None:
        """The country that the message tells: "who won, Colombia or Peru?" tells none of the person."""
        return None if intent in CHAT else self.told_country


def prepare() -> None:
    """Read the towns and the languages now, and not in the turn of the first who writes or shares where they are."""
    places.find("en México")
    places.at(19.4, -99.1)
    language.detect("¿Dónde puedo pedir ayuda?")
    foreign.written("¿Dónde puedo pedir ayuda?")


def hear(body: Mapping[str, Any], known: Known) -> Heard:
    """Read one stored message (see bot.messages.Message for its shapes; ``note`` says what became of its file)."""
    kind = body["kind"]
    if kind == "option":
        return _chosen(body["option"], known) if body.get("option") else _read(str(body.get("text", "")), known)
    if kind == "location":
        return _located(places.at(float(body["lat"]), float(body["lon"])), known)
    if kind == "unreadable":
        return _plain(known, show="unreadable")
    if kind == "stop" and known.in_form:  # it has taken effect already; the half-made report is left as well
        return replace(_plain(known, says="/cancel"), note="stopped")
    if kind == "stop":
        return _plain(known, show="stopped")
    if kind == "clear":  # whatever else is going on
        return _plain(known, show="cleared")
    if kind == "silence":
        return _plain(known, says="/silence")
    if kind == "start":
        return replace(_plain(known, says="/greet"), note="started") if known.in_form else _plain(known, show="started")
    return _written(kind, str(body.get("text", "")), body.get("note"), known)


def _written(kind: str, text: str, note: str | None, known: Known) -> Heard:
    """Words, or what stands for them."""
    if kind == "edited":
        return replace(_plain(known, show="edited"), typed=text)
    if kind == "contact" and known.awaiting not in FREE:
        return replace(_plain(known, show="contact_shared"), typed=text)
    if note and not text.strip():
        return _plain(known, show=note)
    return replace(_read(text, known), note=note)


def _read(text: str, known: Known) -> Heard:
    if option := pick(text, known.offered) or _other_country(text, known.offered):
        return _chosen(option, known)
    if told := _safe_when(text, known):
        return told
    if found := receipt.found_in(text):
        return _receipt(found, known)
    command = command_in(text, known.commands) or ""
    if command in SHOWN and not (command == "safe" and known.in_form):
        return _plain(known, show=SHOWN[command])
    if says := COMMANDS.get(text.strip().casefold()):
        return _plain(known, says=says)
    words = REPEATED.sub(r"\1", text.strip().lstrip("/").strip())
    if not words:
        return _plain(known, show="empty_message")
    words = THUMBS.get(words[0], words)
    if _says_nothing(words, known.awaiting) or (text.lstrip().startswith("/") and not WORD.fullmatch(words)):
        return _plain(known, says="/nlu_fallback")
    return _understood(words[:READ_LETTERS], known, cut=len(words) > READ_LETTERS)


def _receipt(found: receipt.Found, known: Known) -> Heard:
    """A receipt is answered without the engine, so that it stands in no memory but the person's."""
    show = "receipt_in_form" if known.in_form else "receipt_status"
    return replace(_plain(known, show=show if found.code else "receipt_slip"), receipt=found.code)


def _safe_when(text: str, known: Known) -> Heard | None:
    """A typed answer to whether and when it is safe to write to them, while that is the open question."""
    offered = {str(option["says"]).removeprefix("show:") for option in known.offered}
    if "copy_yes" in offered:
        said = fold(text)
        answer = next((name for name in ("copy_yes", "copy_no") if said in known.commands.get(name, ())), None)
        return _plain(known, show=answer) if answer else None
    if not any(name.startswith("safe_") for name in offered):
        return None
    if daytimes.only_times(text):
        return replace(_plain(known, show="safe_hours"), hours=daytimes.hours_in(text))
    command = command_in(text, known.commands)
    return _plain(known, show=command) if command in offered else None


def _says_nothing(words: str, awaiting: str | None) -> bool:
    """Emoji, dots, numbers that nobody offered: no guess is made at what they mean.

    A single letter may be yes or no, and a number may be a date.
    """
    letters = sum(c.isalpha() for c in words)
    if letters == 1:
        return words.casefold() not in ("s", "n", "y", "o", "w")
    return letters == 0 and not (awaiting in FREE and any(c.isdigit() for c in words))


def pick(text: str, offered: Sequence[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    """The option a person means by its number or its exact label.

    >>> yes = {"number": 1, "label": "Sí", "says": "/affirm", "sets": {}}
    >>> pick(" 1. ", [yes]) == pick("sí", [yes]) == yes, pick("11", [yes])
    (True, None)
    """
    typed = text.strip()
    written = NUMBER.fullmatch(typed.casefold())
    number = int(written[1]) if written else NUMBERS.get(typed.casefold())
    for option in offered:
        if option["number"] == number or option["label"].casefold() == typed.rstrip(".!").casefold():
            return option
    return None


def _other_country(text: str, offered: Sequence[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    """As the options of some countries, but for another one: its name was written, and nothing else."""
    alike = next((option for option in offered if "country" in option["sets"] and "{" not in option["says"]), None)
    country = gazetteer.load().answers.get(names.key(text)) if alike else None
    return {**alike, "sets": {"country": country}} if alike and country else None


def _chosen(option: Mapping[str, Any], known: Known) -> Heard:
    sets = option["sets"]
    heard_language = sets.get("language") or known.language or DEFAULT_LANGUAGE
    country = sets.get("country")
    best = country or known.country or known.phone_country
    says = str(option["says"])
    shows = says.startswith("show:")
    return Heard(
        language=heard_language,
        says=None if shows else _with_entities(says, {"country": best}),
        show=says.removeprefix("show:") if shows else None,
        country=best,
        told_country=country,
        wish=sets.get("language"),
    )


def _with_entities(says: str, entities: Mapping[str, str | None]) -> str:
    """An intent as the engine reads it, with what we know besides: ``/intent{"country": "MX"}``."""
    intent, brace, rest = says.partition("{")
    given = json.loads(brace + rest) if brace else {}
    known = {k: v for k, v in entities.items() if v} | given
    return intent + (json.dumps(known, ensure_ascii=False) if known else "")


def _located(place: Place | None, known: Known) -> Heard:
    if place is None:
        return _plain(known, says="/located")
    intent = "/answer" if known.awaiting in ("place", "country") else "/located"
    entities = {"place": place.name if known.awaiting == "place" else None, "country": place.country}
    return Heard(
        language=known.language or DEFAULT_LANGUAGE,
        says=_with_entities(intent, entities),
        place=place.name,
        country=place.country or known.country or known.phone_country,
        told_country=place.country,
    )


def _understood(words: str, known: Known, cut: bool) -> Heard:
    other = foreign.written(words)
    if other in indigenous.CODES and not known.awaiting:  # the engine knows nothing of it: no guess is made
        return replace(_plain(known, show="not_spoken"), typed=words, foreign=other)
    return replace(_placed(words, known, cut), foreign=other)


def _placed(words: str, known: Known, cut: bool) -> Heard:
    wish = language.wished(words) if len(words.split()) <= 8 else None
    spoken = _language(words, known)
    place = places.find(words, known.country, known.awaiting == "place", known.phone_country, spoken)
    said = places.country_in(words) if known.awaiting == "country" else None
    told = said or (place.country if place else None)
    # A place that several countries have is no reason to guess: the form asks.
    shared = place is not None and bool(place.name) and told is None
    return Heard(
        language=spoken,
        says=words,
        place=(place.name or None) if place else None,
        country=None if shared else told or known.country or known.phone_country,
        told_country=told,
        wish=wish,
        cut=cut,
        typed=words,
    )


def _language(words: str, known: Known) -> str:
    if known.language and known.awaiting and len(words.split()) < SWITCHES:
        return known.language
    likely = written_in(known.phone_country) if known.phone_country else None
    return language.detect(words, known.language, likely) or known.language or likely or DEFAULT_LANGUAGE


def _plain(known: Known, says: str | None = None, show: str | None = None) -> Heard:
    best = known.country or known.phone_country
    return Heard(known.language or DEFAULT_LANGUAGE, says=says, show=show, country=best)
