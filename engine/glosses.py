"""A message in English words, one by one: what the examples of one language teach helps to read the others.

No package that translates was found; the readers need no sentences, only the same words for the same things
(docs/decisions.md). The words are in engine/glossary/; Arabic and Chinese are read by engine/scripts.py.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import List, Optional, Text, Tuple

from engine.glossary import entries

LANGUAGES = ("es", "fr", "ht", "pt")
# So many of a message's words must be known in a language for it to be taken for that language.
KNOWN_SHARE = 0.6
MOST_WORDS = 4  # of an entry
WORD = re.compile(r"[a-z0-9]+")
# What Creole's phones join to a verb, "volem" for "vole m", and the fewest letters that must be left of it.
JOINED = {"mwen": "me", "yo": "them", "nou": "us", "m": "me", "w": "you", "l": "him", "n": "us", "y": "him"}
SHORTEST = 3


@dataclass(frozen=True)
class Gloss:
    """The English words, in the message's order, and whose words they stand for; what is unknown stays as it is."""

    language: Text
    english: Text


def gloss(text: Text) -> Optional[Gloss]:
    """In the language that knows most of its words; None where none knows enough, as of an English message.

    >>> gloss("Yo volèm telefòn mwen").english, gloss("on m'a volé").language, gloss("they robbed me")
    ('they robbed me my phone', 'fr', None)
    """
    words = WORD.findall(plain(text))
    share, _, language, english = max(_read(words, language) for language in LANGUAGES)
    return Gloss(language, english) if share >= KNOWN_SHARE else None


def plain(text: Text) -> Text:
    return "".join(c for c in unicodedata.normalize("NFKD", text.lower()) if not unicodedata.combining(c))


def _read(words: List[Text], language: Text) -> Tuple[float, int, Text, Text]:
    """The share of the words that the language knows, how few entries they took, the language, and all in English.

    Of two languages that know all words, it is the one that knows them as phrases.
    """
    english: List[Text] = []
    at = unknown = 0
    while at < len(words):
        found, end = _entry(words, at, language)
        unknown += found is None
        english.append(words[at] if found is None else found)
        at = end
    return (len(words) - unknown) / max(1, len(words)), -len(english), language, " ".join(english)


def _entry(words: List[Text], at: int, language: Text) -> Tuple[Optional[Text], int]:
    """The longest entry that begins at a word, and the word after it."""
    known = entries(language)
    for end in range(min(at + MOST_WORDS, len(words)), at, -1):
        found = known.get(" ".join(words[at:end]))
        if found is not None:
            return found, end
    return (_unjoined(words[at]) if language == "ht" else None), at + 1


def _unjoined(word: Text) -> Optional[Text]:
    verbs = ((word[: -len(end)], whom) for end, whom in JOINED.items() if word.endswith(end))
    known = entries("ht")
    return next((f"{known[verb]} {whom}" for verb, whom in verbs if len(verb) >= SHORTEST and verb in known), None)
