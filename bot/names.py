"""Words of a text, and what a place name stands for."""

import re
import unicodedata
from dataclasses import dataclass
from typing import Literal, NamedTuple

from bot.chinese import simplified

# A name counts: anywhere; only beside a preposition or its country; only after "in"; only so and with a capital
# (or as the whole answer to "where?"); or only straight after another name, as TX in "Laredo TX"; or after a number,
# as "600 soles", or after nothing but a number, as "50 real"; or only if nothing else is told, as INM, which is
# Mexico's far more often than Honduras's; or only as the side of a border or beside an authority, as the adjective of
# a country.
Trust = Literal["anywhere", "placed", "firm", "capital", "after", "amount", "counted", "likely", "side"]
Kind = Literal["place", "region", "country", "clue", "city"]
Key = tuple[str, ...]

# One word: letters with the $ of a currency, digits, or a single Chinese character, since Chinese
# does not space its words.
WORD = re.compile(r"[\u3400-\u9fff]|(?:(?![\u3400-\u9fff])[^\W\d_])+\$?|\d+|₡")
PAUSE = re.compile(r"[,.;:!?()\n،؛؟，。；：！？、]")
DOTTED = re.compile(r"\b(?:\w{1,2}\.){1,4}\w{1,2}\b(?!\w)\.?")


class Word(NamedTuple):
    plain: str
    raw: str
    start: int
    pause: bool = False  # a comma, full stop or line's end stands before it


@dataclass(frozen=True)
class Entry:
    """What a name stands for. Several countries: it lies in all of them, or they share the name.

    ``likeliest`` is the one mostly meant where they share it; ``small``: too small to be meant by a misspelt word;
    ``meant``: language and country, where those who write that language mostly mean one.
    """

    name: str
    countries: frozenset[str]
    kind: Kind
    subdivision: str | None = None
    trust: Trust = "anywhere"
    likeliest: str | None = None
    small: bool = False
    meant: frozenset[tuple[str, str]] = frozenset()


def words(text: str) -> list[Word]:
    """The words of a text, without case and accents.

    >>> [word.plain for word in words("¡Tecún Umán, EE.UU.!")]
    ['tecun', 'uman', 'eeuu']
    """
    text = _composed(_undotted(text))
    found, last = [], 0
    for match in WORD.finditer(text):
        pause = PAUSE.search(text, last, match.start()) is not None
        found.append(Word(plain(match[0]), match[0], match.start(), pause))
        last = match.end()
    return found


def plain(text: str) -> str:
    """
    >>> plain("Haïti")
    'haiti'
    """
    if text.isascii():
        return text.lower()
    parts = unicodedata.normalize("NFKD", text.casefold())
    return "".join(part for part in parts if not unicodedata.combining(part))


def key(name: str) -> Key:
    return tuple(map(plain, WORD.findall(_composed(_undotted(name)))))


def _undotted(text: str) -> str:
    return DOTTED.sub(lambda match: match[0].replace(".", ""), text) if "." in text else text


def _composed(text: str) -> str:
    return simplified(unicodedata.normalize("NFC", text))
