"""Whether a victim is a child, learnt from 15,900 examples: the reports of data/nlu (``minor: true``) and data/child.

It is asked where the rules (bot/minors.py) see no child: the two miss other messages (docs/decisions.md has figures).
Of Arabic and Chinese nothing is learnt.
"""

import re
from collections.abc import Iterator

from bot.ages import ALSO_WORDS, GROWN, NUMBERS
from bot.learnt import DATA, NOT_LEARNT, share

EXAMPLES = DATA / "child"
WEIGHTS = DATA / "child.json"
LIKELY = 0.45  # at 0.35 more grown-ups than children were found anew, on messages by other hands
TOKEN = re.compile(r"[a-z]+|\d+|[.,;:!?%$/]")
BEFORE, AFTER = 4, 3  # words that bear on a number
AGES = ((3, "to 2"), (8, "to 7"), (13, "to 12"), (GROWN, "to 17"), (120, "grown"))


def likely(plain: str) -> bool:
    """``plain``: as `bot.minors.spelt` gives it."""
    return not NOT_LEARNT.search(plain) and share(WEIGHTS, features(plain)) > LIKELY


def features(plain: str) -> list[str]:
    """What is true of a message: its words, each two of them, and what stands around each number that may be an age."""
    tokens = TOKEN.findall(plain)
    return list(dict.fromkeys([*_words(tokens), *_numbers(tokens)]))


def _words(tokens: list[str]) -> Iterator[str]:
    yield from tokens
    yield from (f"{one} {other}" for one, other in zip(tokens, tokens[1:], strict=False))


def _numbers(tokens: list[str]) -> Iterator[str]:
    for at, token in enumerate(tokens):
        if (number := _number(token)) is None:
            continue
        age = next((name for least, name in AGES if number < least), None)
        if age is None:
            continue
        young = "young" if number < GROWN else "grown"
        yield f"{age} {'digits' if token.isdigit() else 'word'}"
        for far in (*range(-BEFORE, 0), *range(1, AFTER + 1)):
            beside = _beside(tokens, at + far)
            yield f"{age} {far} {beside}"
            yield f"{young} {far} {beside}"
            if far < 0:
                yield f"{young} after {beside}"


def _number(token: str) -> int | None:
    return int(token) if token.isdigit() else None if token in ALSO_WORDS else NUMBERS.get(token)


def _beside(tokens: list[str], at: int) -> str:
    """The word there, whatever number, or nothing: before the first and after the last."""
    if not 0 <= at < len(tokens):
        return "^"
    return "#" if tokens[at].isdigit() else tokens[at]
