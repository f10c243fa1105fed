"""Arabic and Chinese in English words, one by one: for the readers, who learnt neither, and for nobody's eyes.

No package that translates was found, and by the meaning alone Arabic is understood too seldom (docs/decisions.md). The
words are in engine/glossary/.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from pathlib import Path
from typing import Dict, Iterator, List, Text, Tuple

import yaml

FOLDER = Path(__file__).parent / "glossary"
CHINESE = re.compile(r"[\u3400-\u9fff]+")
ARABIC = re.compile(r"[\u0621-\u064a\u0671-\u06d3]+")
MARKS = re.compile(r"[\u0610-\u061a\u064b-\u065f\u0670\u0640]")
# Letters that are written one for the other.
SAME = str.maketrans("أإآٱىةؤئ", "اااايهوي")
# What Arabic joins to a word: and, in, to, the ...; my, him, them, and the endings of the plural.
PREFIXES = ("وال", "بال", "فال", "عال", "هال", "لل", "ال", "و", "ف", "ب", "ل", "ع", "ك")
SUFFIXES = ("هم", "ها", "نا", "كم", "ني", "ين", "ون", "ات", "وا", "ه", "ي", "ك", "ا")
FEMININE = "ه"  # a "t" before a suffix, nothing before the plural's
SHORTEST = 2  # letters that must be left of a word
MOST_WORDS, MOST_LETTERS = 4, 6  # of an entry: Arabic words, Chinese characters


def in_english(text: Text) -> Text:
    """The words that are known, in their order; "" where none is.

    >>> in_english("وين الشرطة؟"), in_english("警察在哪里"), in_english("hola")
    ('where police', 'police where is', '')
    """
    arabic = [_plain(word) for word in ARABIC.findall(MARKS.sub("", text))]
    return " ".join([*_of_words(arabic), *(one for run in CHINESE.findall(text) for one in _of_characters(run))])


def _plain(word: Text) -> Text:
    return unicodedata.normalize("NFKC", word).translate(SAME)


def _of_words(words: List[Text]) -> Iterator[Text]:
    at = 0
    while at < len(words):
        gloss, at = _phrase(words, at)
        if gloss:
            yield gloss


def _phrase(words: List[Text], at: int) -> Tuple[Text, int]:
    """The longest entry that begins at a word, and the word after it."""
    known = _known("ar")
    for end in range(min(at + MOST_WORDS, len(words)), at, -1):
        for first in _forms(words[at]):
            if gloss := known.get(" ".join([first, *words[at + 1 : end]])):
                return gloss, end
    return "", at + 1


def _forms(word: Text) -> Iterator[Text]:
    """The word, then what is left without what is joined to it."""
    yield word
    bare = [word[len(p) :] for p in PREFIXES if word.startswith(p) and len(word) - len(p) >= SHORTEST]
    yield from bare
    for one in (word, *bare):
        for suffix in SUFFIXES:
            if one.endswith(suffix) and len(one) - len(suffix) >= SHORTEST:
                stem = one[: -len(suffix)]
                yield from (stem, stem + FEMININE, stem.removesuffix("ت") + FEMININE)


def _of_characters(run: Text) -> Iterator[Text]:
    known, at = _known("zh"), 0
    while at < len(run):
        found = (end for end in range(min(at + MOST_LETTERS, len(run)), at, -1) if run[at:end] in known)
        end = next(found, None)
        if end:
            yield known[run[at:end]]
        at = end or at + 1


@lru_cache(maxsize=None)
def _known(language: Text) -> Dict[Text, Text]:
    written = yaml.load((FOLDER / f"{language}.yml").read_text("utf-8"), yaml.CSafeLoader)
    return {" ".join(map(_plain, str(key).split())): str(gloss) for key, gloss in written.items()}
