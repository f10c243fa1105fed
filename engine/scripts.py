"""Arabic and Chinese in English words: the readers learnt neither (engine/glosses.py)."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Dict, Iterator, List, Text, Tuple

from engine.glossary import entries

CHINESE = re.compile(r"[\u3400-\u9fff]+")
WORD = re.compile(r"[\u0621-\u064a\u0671-\u06d3]+|[\u3400-\u9fff]+|[a-z0-9]+")
DIGITS = str.maketrans("٠١٢٣٤٥٦٧٨٩", "0123456789")
MARKS = re.compile(r"[\u0610-\u061a\u064b-\u065f\u0670\u0640]")
# Letters that are written one for the other.
SAME = str.maketrans("أإآٱىةؤئ", "اااايهوي")
# What Arabic joins to a word: and, in, to, the ...; who does it, with what dialects put before that; my, him, them, to
# us, the endings of the plural and of the past, and the dialects' "not".
BEFORE_NOUNS = ("وال", "بال", "فال", "عال", "هال", "لل", "ال", "و", "ف", "ب", "ل", "ع", "ك")
BEFORE_VERBS = tuple(dialect + person for dialect in (*"بكحهستم", "") for person in "يتنا")
PREFIXES = BEFORE_NOUNS + BEFORE_VERBS
SUFFIXES = tuple("وها وهم وني ونا لها لهم لنا لي تو ولي هم ها نا كم ني ين ون ات وا ه ي ك ا و ت ش".split())
FEMININE = "ه"  # a "t" before a suffix, nothing before the plural's
SHORTEST = 2  # letters that must be left of a word
MOST_WORDS, MOST_LETTERS = 4, 6  # of an entry: Arabic words, Chinese characters


def in_english(text: Text) -> Text:
    """The words that are known, in their order, with the numbers and Latin words among them; "" where none is known.

    >>> in_english("وين الشرطة؟"), in_english("我17岁"), in_english("12")
    ('where police', 'i 17 years old', '')
    """
    words = [_plain(word) for word in WORD.findall(MARKS.sub("", text.lower()).translate(DIGITS))]
    english = list(_of_words(words))
    return " ".join(english) if any(one not in words for one in english) else ""


def _plain(word: Text) -> Text:
    return unicodedata.normalize("NFKC", word).translate(SAME)


def _of_words(words: List[Text]) -> Iterator[Text]:
    at = 0
    while at < len(words):
        if CHINESE.match(words[at]):
            yield from _of_characters(words[at])
        if words[at].isascii():
            yield words[at]
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
    return {" ".join(map(_plain, key.split())): gloss for key, gloss in entries(language).items()}
