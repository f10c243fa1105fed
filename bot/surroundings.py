"""What stands around a named place, as features: by them it is weighed whether it happened there (bot/weighing.py)."""

from collections.abc import Iterator, Sequence

from bot.mentions import Mention
from bot.names import Word

BEFORE, AFTER = 8, 5  # words that may bear on a name
NEAR, NEXT = 3, 2  # of these also how far away each stands
BESIDE = 2  # words before another place of the message
SHORT_NAME = 5  # letters: such a name is a word in some language, or letters of an office
CROWD = 2


def around(words: list[Word], mentions: Sequence[Mention], at: int) -> list[str]:
    """Of the one of the mentions: what it is, the words beside it, the other places and the words before those.

    Its own name is not among them, unless it is short, so that what is learnt of one place is known of all.
    """
    mention = mentions[at]
    others = [other for other in mentions if other is not mention and other.counts and other.entry.kind != "clue"]
    return list(dict.fromkeys([*_itself(words, mention), *_words(words, mention), *_beside(words, mention, others)]))


def _itself(words: list[Word], mention: Mention) -> Iterator[str]:
    entry = mention.entry
    yield f"kind {entry.kind}"
    yield f"trust {entry.trust}"
    yield f"stands {_stands(mention)}"
    yield f"stands {_stands(mention)} {entry.kind}"
    yield f"lands {min(len(entry.countries), 3)}"
    yield f"words {min(len(words) // 8, 5)}"
    if entry.small:
        yield "small"
    first = words[mention.start].plain
    if mention.end - mention.start == 1 and len(first) <= SHORT_NAME:
        yield f"named {first}"


def _words(words: list[Word], mention: Mention) -> Iterator[str]:
    before = words[max(0, mention.start - BEFORE) : mention.start][::-1]
    after = words[mention.end : mention.end + AFTER]
    yield from (f"before {word.plain}" for word in before)
    yield from (f"before {far} {word.plain}" for far, word in enumerate(before[:NEAR]))
    yield from (f"pause before {far}" for far, word in enumerate(before) if word.pause)
    if len(before) > 1:
        yield f"two before {before[1].plain} {before[0].plain}"
    yield from (f"after {word.plain}" for word in after)
    yield from (f"after {far} {word.plain}" for far, word in enumerate(after[:NEXT]))
    if after and after[0].pause:
        yield "pause after"
    if not after:
        yield "last"
    if not before:
        yield "first"


def _beside(words: list[Word], mention: Mention, others: list[Mention]) -> Iterator[str]:
    apart = [other for other in others if not other.entry.countries & mention.entry.countries]
    towns = any(other.entry.kind != "country" for other in others)
    yield f"apart {min(len(apart), CROWD)}"
    yield f"alike {min(len(others) - len(apart), CROWD)}"
    yield f"{mention.entry.kind} beside towns {towns}"
    yield f"stands {_stands(mention)} beside {' '.join(sorted({_stands(other) for other in apart}))}"
    for other in apart:
        side = "left" if other.start < mention.start else "right"
        yield side
        yield f"{side} {_stands(other)} {other.entry.kind}"
        yield f"{side} {other.entry.kind} of {mention.entry.kind}"
        yield f"{side} {min(abs(other.start - mention.start) // 3, 4)}"
        yield from (f"{side} {word.plain}" for word in words[max(0, other.start - BESIDE) : other.start])


def _stands(mention: Mention) -> str:
    return mention.standing.name if mention.counts else "NO"
