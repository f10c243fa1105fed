"""Arabic in Latin letters and figures, as on phones without Arabic ones, in English words: "el7a2oony", "3askar".

Everybody spells it by ear, so a word is found by its consonants: those of the word as it stands, else of what is left
without what Arabic joins to it.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Dict, Iterator, List, Optional, Text, Tuple

from engine.glossary import entries

WORD = re.compile(r"[a-z0-9']+")
# 3 is ع, 7 is ح, 9 is ق: two such words at the least and one of the short ones (bot/foreign.py asks the same).
SPELLED = re.compile(r"\b(?:[a-z']+[379]|[37](?=[a-z]{2})|9(?=[a-z]{4}))[a-z0-9']*\b")
BESIDE = frozenset(
    "w wa o el fe fel f b ana mesh ma men mn 3la 3al kol dyal ya bas salam khoya sho bede mish bdi wla".split()
)
FEWEST = 2
MOST_WORDS = 3  # of an entry
SHORTEST = 2  # consonants
# One letter for all that are written for each other; vowels, and what may be one, are left out.
ARABIC = str.maketrans("بتثجحخدذرزسشصضطظعغفقكلمنهپچگڨ", "bttjhxddrzsSsdtz3Gfqklmnhbjgg", "اوي")
LATIN = (("sh", "S"), ("ch", "S"), ("kh", "x"), ("gh", "G"), ("th", "t"), ("dh", "d"), ("5", "x"), ("7", "h"))
FIGURES = {"8": "G", "9": "q", "2": "q", "6": "t"}
LETTERS = str.maketrans(FIGURES | {"v": "f", "p": "b", "c": "k"} | dict.fromkeys("aeiouwy'"))
TWICE = re.compile(r"(\D)\1+")
# ق and ج, and the ء that is written 2, are said in three ways.
SAID_OTHERWISE = (("q", ""), ("q", "g"), ("q", "k"), ("j", "g"), ("G", "r"))
BEFORE = tuple("wel bel fel lel 3al el al il hay ha bey bet ben bi be by b ye y te t ne n w f l k".split())
AFTER = tuple(
    "ouna oona oony ouny ooni ouni ni ny na hom hum kom ha ek ak ik oo ou o u i y in een at et it ch sh a".split()
)


def in_english(text: Text) -> Text:
    """The words that are known, in their order, with those that are not as they stand; "" of another language.

    >>> in_english("el7a2oony, el bab ma2fool 3alaya"), in_english("vendo 7up y w8 b4")
    ('help me the door locked on', '')
    """
    words = WORD.findall(text.lower())
    if len({word for word in words if SPELLED.fullmatch(word)}) < FEWEST or not BESIDE & set(words):
        return ""
    return " ".join(filter(None, _read(words)))


def _read(words: List[Text]) -> Iterator[Text]:
    at = 0
    while at < len(words):
        gloss, at = _phrase(words, at)
        yield gloss


def _phrase(words: List[Text], at: int) -> Tuple[Text, int]:
    """The word as it is listed, else the longest entry that begins there, else the word itself; and the one after."""
    if (gloss := _listed(words[at])) is not None:
        return gloss, at + 1
    known = _known()
    for end in range(min(at + MOST_WORDS, len(words)), at, -1):
        rest = [_sound(word) for word in words[at + 1 : end]]
        for form in _forms(words[at]):
            if gloss := known.get(" ".join([form, *rest])):
                return gloss, end
    return words[at], at + 1


def _listed(word: Text) -> Optional[Text]:
    known = entries("arabizi")
    return next(
        (known[form] for form in (word, word.removeprefix("el"), word.removeprefix("l")) if form in known), None
    )


def _forms(word: Text) -> Iterator[Text]:
    """The consonants of the word, then of what is left without what is joined to it."""
    bare = [word[len(prefix) :] for prefix in BEFORE if word.startswith(prefix)]
    stems = [word, *bare]
    stems += [one[: -len(suffix)] for one in stems for suffix in AFTER if one.endswith(suffix)]
    yield from (sound for one in stems if len(sound := _sound(one)) >= SHORTEST)


def _sound(word: Text) -> Text:
    for spelt, letter in LATIN:
        word = word.replace(spelt, letter)
    return TWICE.sub(r"\1", word.removesuffix("h").translate(LETTERS))


@lru_cache(maxsize=None)
def _known() -> Dict[Text, Text]:
    """By the consonants of all words of an entry; of two that sound alike the first."""
    known: Dict[Text, Text] = {}
    said = [(" ".join(map(_consonants, written.split())), gloss) for written, gloss in entries("ar").items()]
    for sound, gloss in said:
        if len(sound) >= SHORTEST and "" not in sound.split(" "):
            known.setdefault(sound, gloss)
    for letter, other in SAID_OTHERWISE:
        for sound, gloss in said:
            if letter in sound and len(sound.replace(letter, other)) > SHORTEST:
                known.setdefault(sound.replace(letter, other), gloss)
    return known


def _consonants(word: Text) -> Text:
    letters = re.sub("[أإآٱىءؤئًٌٍَُِّْ]", "", word)
    return TWICE.sub(r"\1", re.sub("[ةه]$", "", letters).translate(ARABIC))
