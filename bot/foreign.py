"""The language of a text that Faro does not answer in: by its script, or an indigenous one by its letters."""

from __future__ import annotations

import unicodedata
from collections import Counter

from bot import indigenous
from bot.language import LONGEST

# How Unicode begins the names of a script's letters → the language of the taxonomy that is likeliest in it.
SCRIPTS = {"ARABIC": "ar", "CJK": "zh", "CYRILLIC": "ru", "DEVANAGARI": "hi", "BENGALI": "bn"}
# Letters of Persian that Arabic does not have.
PERSIAN = frozenset("پچژگکی")


def written(text: str) -> str | None:
    """The language (BCP 47), None where it may be one that Faro speaks.

    >>> written("سرقوا هاتفي"), written("گوشی من را دزدیدند"), written("我的手机被抢了"), written("me robaron")
    ('ar', 'fa', 'zh', None)
    """
    return _by_script(text[:LONGEST]) or indigenous.recognised(text)


def _by_script(text: str) -> str | None:
    letters = [letter for letter in text if letter.isalpha()]
    scripts = Counter(unicodedata.name(letter, "").partition(" ")[0] for letter in letters)
    script, many = scripts.most_common(1)[0] if scripts else ("", 0)
    if script == "ARABIC" and PERSIAN & set(letters):
        return "fa"
    return SCRIPTS.get(script) if many * 2 > len(letters) else None
