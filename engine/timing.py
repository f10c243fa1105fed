"""Whether a message's words say that what it tells of is over, or that it goes on: engine/timing.yml.

The readers learn words, but not that a date, a hospital left behind or "since three hours" decides; a message that says
one and not the other is a danger by less, or only by more.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from pathlib import Path
from typing import Dict, List, Optional, Text

import yaml

from engine.chinese import simplified

SOURCE = Path(__file__).with_suffix(".yml")
OVER, NOW = "over", "now"
# Two marks of exclamation call for help in any language.
CALL = re.compile(r"[!！]{2}")
NO_SPACES = "zh"


def said(text: Text) -> Optional[Text]:
    """``"over"``, ``"now"``, or None where neither is said, or both.

    >>> said("nos tuvieron 9 dias y nos soltaron"), said("lo tienen desde ayer, auxilio"), said("me robaron")
    ('over', 'now', None)
    """
    plain = _plain(text)
    over = _patterns()[OVER].search(plain) is not None
    now = _patterns()[NOW].search(plain) is not None or CALL.search(text) is not None
    return None if over == now else OVER if over else NOW


@lru_cache(maxsize=None)
def _patterns() -> Dict[Text, re.Pattern[Text]]:
    data = yaml.load(SOURCE.read_text(encoding="utf-8"), yaml.CSafeLoader)
    return {when: re.compile("|".join(_alternatives(languages))) for when, languages in data.items()}


def _alternatives(languages: Dict[Text, List[Text]]) -> List[Text]:
    return [
        f"(?:{pattern})" if language == NO_SPACES else rf"\b(?:{pattern})\b"
        for language, patterns in languages.items()
        for pattern in patterns
    ]


def _plain(text: Text) -> Text:
    """Without case and accents, in simplified characters, and with no apostrophe or hyphen in a word."""
    parts = unicodedata.normalize("NFKD", simplified(text.casefold()))
    letters = "".join(part for part in parts if not unicodedata.combining(part))
    return re.sub(r"['’`-]", " ", letters)
