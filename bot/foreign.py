"""The language of a text that Faro does not answer in: by its script, or an indigenous one by its letters."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter

from bot import indigenous
from bot.language import LONGEST

# How Unicode begins the names of a script's letters → the language of the taxonomy that is likeliest in it.
SCRIPTS = {"ARABIC": "ar", "CJK": "zh", "CYRILLIC": "ru", "DEVANAGARI": "hi", "BENGALI": "bn"}
# Letters of Persian that Arabic does not have; Iraqis and Moroccans write the first four of them, too, on a keyboard
# with Arabic's own k and y.
SHARED, PERSIAN, ARABS = frozenset("پچژگ"), frozenset("کی"), frozenset("كي")
ARABIC = re.compile(r"[ةى]|\bو?ب?ال(?!ان\b|آن\b)\w{3,}|\b(?:في|هسه|احنا|حنا)\b")
# Arabic in Latin letters, as on phones without Arabic ones: 3 is ع, 7 is ح, 2 is ء, 9 is ق.
SPELLED = re.compile(r"\b(?:[a-z']+[379]|[37](?=[a-z]{2})|9(?=[a-z]{4}))[a-z0-9']*\b")
SPELLED_BESIDE = set(
    "w wa o el fe fel f b ana mesh ma men mn 3la 3al kol dyal ya bas salam khoya sho bede mish bdi wla".split()
)
FEWEST_SPELLED = 2


def written(text: str) -> str | None:
    """The language (BCP 47), None where it may be one that Faro speaks.

    >>> written("سرقوا هاتفي"), written("گوشی من را دزدیدند"), written("我的手机被抢了"), written("me robaron")
    ('ar', 'fa', 'zh', None)
    """
    return _by_script(text[:LONGEST]) or _spelled(text[:LONGEST]) or indigenous.recognised(text)


def _by_script(text: str) -> str | None:
    letters = [letter for letter in text if letter.isalpha()]
    scripts = Counter(unicodedata.name(letter, "").partition(" ")[0] for letter in letters)
    script, many = scripts.most_common(1)[0] if scripts else ("", 0)
    if script == "ARABIC" and (PERSIAN & set(letters) or (SHARED & set(letters) and not _arabs(text))):
        return "fa"
    return SCRIPTS.get(script) if many * 2 > len(letters) else None


def _arabs(text: str) -> bool:
    return bool(ARABS & set(text) or ARABIC.search(text))


def _spelled(text: str) -> str | None:
    """
    >>> _spelled("sara2o shantety w ana nayem 3al korsy, kol 7aga"), _spelled("ya me voy a las 3 pm w8 b4")
    ('ar', None)
    """
    small = text.lower()
    strange = set(SPELLED.findall(small))
    return "ar" if len(strange) >= FEWEST_SPELLED and SPELLED_BESIDE & set(small.split()) else None
