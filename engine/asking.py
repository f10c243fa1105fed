"""Whether a message asks or tells: by its question mark, or by its first word in the five languages."""

from __future__ import annotations

import re
import unicodedata
from typing import Text

ASKING = frozenset(
    """que cual cuales donde cuando como quien quienes puedo pueden tengo
    what which where when how who can do does is are should may
    o qual onde quando quem posso por
    quel quelle ou comment qui est puis pourquoi
    eske kisa ki kote kijan kile poukisa why""".split()
)


def asks(text: Text) -> bool:
    """One or two words without a question mark are no question: "que si", "ou sa".

    >>> asks("donde hay un albergue"), asks("me robaron"), asks("really?")
    (True, False, True)
    """
    words = plain(text).split()
    return any(mark in text for mark in "?？؟") or (len(words) > 2 and words[0] in ASKING)


def plain(text: Text) -> Text:
    """Small letters without accents, spaces for punctuation."""
    letters = unicodedata.normalize("NFD", text.lower())
    return re.sub(r"[^\w\s]", " ", "".join(c for c in letters if not unicodedata.combining(c)))
