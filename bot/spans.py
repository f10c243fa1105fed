"""Where the names of places stand in a text, rightly written or not."""

from collections.abc import Iterator
from itertools import islice

from bot import gazetteer, misspelt
from bot.bearings import IN_LETTERS
from bot.gazetteer import Gazetteer
from bot.names import Entry, Word
from bot.whereabouts import firmly_placed, loosely_placed

# How far a message is searched for misspelt names, and how many are tried.
MOST_WORDS, MOST_GUESSES = 120, 4
JOINED = "بفلو"
SHORT_ARABIC = 4
MOST_NAMES = 60  # no story names more; a text that does is a trick to keep us busy
Span = tuple[Entry, int, int]  # a name, its first word and the one after its last


def spans(words: list[Word]) -> Iterator[Span]:
    """The names in a text, the longest at each word."""
    known = gazetteer.load()
    start = 0
    while start < len(words):
        for first in _read_as(words[start].plain):
            found = _longest(known, first, words, start)
            if found and not (first != words[start].plain and len(first) < SHORT_ARABIC and found[2] == start + 1):
                found = _further(known, words, found)
                yield found
                start = found[2] - 1
                break
        start += 1


def _read_as(word: str) -> Iterator[str]:
    """Arabic joins "in", "to" and "and" to the name as one letter, and "the" as two."""
    yield word
    bare = word[1:] if word[0] in JOINED and len(word) >= SHORT_ARABIC else word
    if bare != word:
        yield bare
    if bare.startswith("ال") and len(bare) > SHORT_ARABIC:
        yield bare[2:]


def _longest(known: Gazetteer, first: str, words: list[Word], start: int) -> Span | None:
    longest = start + known.longest.get(first, 0)
    for end in range(min(longest, len(words)), start, -1):
        entry = known.names.get((first, *(word.plain for word in words[start + 1 : end])))
        if entry:
            return entry, start, end
    return None


def _further(known: Gazetteer, words: list[Word], found: Span) -> Span:
    """A doubtful name may hide a sure one that begins within it: "la villa" in "la villa 31"."""
    if found[0].trust == "anywhere":
        return found
    inner = (_longest(known, words[at].plain, words, at) for at in range(found[1] + 1, found[2]))
    return next((span for span in inner if span and span[0].trust == "anywhere" and span[2] > found[2]), found)


def misspelt_spans(words: list[Word], known: dict[int, Span]) -> Iterator[Span]:
    """Where a place is to be expected and no ``known`` name stands."""
    placed = (
        at
        for at in range(1, min(len(words), MOST_WORDS))
        if loosely_placed(words, at) or firmly_placed(words, at) or _unjoined(words, at) is not words
    )
    for start in islice(placed, MOST_GUESSES):
        # "sanpedro sula": more than the San Pedro that it begins with, if it sounds the very same
        found = misspelt.meant(_unjoined(words, start), start, alike=start in known)
        further = found and (start not in known or found[1] > known[start][2] and len(words[found[1] - 1].plain) > 1)
        if found and further:
            yield found[0], start, found[1]


def _unjoined(words: list[Word], at: int) -> list[Word]:
    """With an Arabic "in" taken from the word at ``at``; the same list where none is joined to it."""
    word = words[at].plain
    if word[0] not in IN_LETTERS or len(word) <= SHORT_ARABIC:
        return words
    return [*words[:at], words[at]._replace(plain=word[1:]), *words[at + 1 :]]
