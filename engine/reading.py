"""What of a message each way of reading it gets."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import Text

from engine import arabizi, glosses, scripts, vectors

# The model of meaning knows no Creole: it reads what the words are in English.
MEANT_IN_ENGLISH = ("ht",)


@dataclass(frozen=True)
class Reading:
    """``letters``: its words, and the same in English; ``meaning``: what is embedded.

    ``latin``: whether the readers learnt what it is written in. ``english``: where not, the words known; else "".
    """

    latin: bool
    letters: Text
    meaning: Text
    english: Text = ""


def reading(text: Text) -> Reading:
    """Of as much of a text as counts."""
    text = vectors.read(text)
    if not latin(text):
        return Reading(False, text, text, scripts.in_english(text))
    if english := arabizi.in_english(text):
        return Reading(False, text, text, english)
    found = glosses.gloss(text)
    if found is None:
        return Reading(True, text, text)
    return Reading(True, f"{text} {found.english}", found.english if found.language in MEANT_IN_ENGLISH else text)


def latin(text: Text) -> bool:
    """Whether most letters of a text are in the script of the examples."""
    letters = [c for c in text if c.isalpha()]
    return sum("LATIN" in unicodedata.name(c, "") for c in letters) * 2 >= len(letters)
