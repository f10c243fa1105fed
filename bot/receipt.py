"""The receipt: ten characters that only the person knows, and that open the follow-up of a report from any phone.

Pure: what one looks like, whether it was typed right, where one stands in a message. bot/follow_up.py looks it up.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import product

# Without letters and digits that are mistaken for each other when read out over a bad line.
ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
SIZE = 10
# The signs between groups, also the dashes that phones put in place of a hyphen.
BETWEEN = re.compile(r"[\s\-\u2010-\u2015.]+")
WRITTEN = re.compile(
    r"(?<![\w-])[A-Z0-9]{4}([\s\-\u2010-\u2015]?)[A-Z0-9]{4}\1[A-Z0-9]{2}(?![\w-])", re.IGNORECASE | re.ASCII
)
# What is in no receipt was misread; the check character says as what, when one of these alone fits.
MISREAD = {sign: look for signs, look in (("0O", "QDCGU8"), ("1IL", "7JT")) for sign in signs}
MOST_MISREAD = 2
# A longer message tells something; what stands in it is a number plate or a document, unless it is hyphenated.
SHORT = 60
FEWEST_LETTERS = 3


@dataclass(frozen=True)
class Found:
    """What in a message looks like a receipt, as ``written``; ``code`` is the receipt, None when it has a slip."""

    written: str = field(repr=False)
    code: str | None = field(repr=False)


def make() -> str:
    """A new receipt, as `check` returns it: 9 random characters (31^9 = 2.6e13) and one to check them."""
    while True:
        drawn = "".join(secrets.choice(ALPHABET) for _ in range(SIZE - 1))
        code = drawn + ALPHABET[-_weighed("2" + drawn[::-1]) % len(ALPHABET)]
        if _no_word(shown(code)):  # else "secuestran" might be one
            return code


def shown(code: str) -> str:
    """In groups, as it is told.

    >>> shown("K7QX2M9PRT")
    'K7QX-2M9P-RT'
    """
    return "-".join((code[:4], code[4:8], code[8:]))


def check(text: str) -> str | None:
    """The receipt that was typed, without spaces, hyphens and small letters; None when there is a slip in it.

    One wrong character and two neighbours swapped are always found.
    """
    bare = BETWEEN.sub("", text).upper()
    if len(bare) != SIZE or sum(sign in MISREAD for sign in bare) > MOST_MISREAD:
        return None
    if not set(bare) <= {*ALPHABET, *MISREAD}:
        return None
    readings = map("".join, product(*(MISREAD.get(sign, sign) for sign in bare)))
    right = [reading for reading in readings if _weighed(reading[::-1]) == 0]
    return right[0] if len(right) == 1 else None


def _weighed(backwards: str) -> int:
    """The sum modulo 31 of each character times its place, counted from the check character.

    31 is prime and no two places weigh the same, so that neither a changed character nor a swap leaves the sum as it
    was.
    """
    return sum(place * ALPHABET.index(sign) for place, sign in enumerate(backwards, 1)) % len(ALPHABET)


def found_in(text: str) -> Found | None:
    """The receipt that a message holds, or what was meant as one and has a slip."""
    written = [part for part in _candidates(text) if _no_word(part)]
    right = (Found(part, code) for part in written if (code := check(part)))
    return next(right, None) or next((Found(part, None) for part in written if _meant(part, text)), None)


def _candidates(text: str) -> Iterator[str]:
    whole = text.strip(" \n.,;:!¡()\"'")
    short = len(text) <= SHORT
    if short and len(BETWEEN.sub("", whole)) == SIZE:
        yield whole
    for match in WRITTEN.finditer(text):
        if short or _hyphenated(match):
            yield match[0]


def _hyphenated(match: re.Match[str]) -> bool:
    return bool(match[1].strip())


def _no_word(written: str) -> bool:
    """Whether it is neither words nor a number: letters enough, and digits among them or each sign by itself."""
    parts = BETWEEN.split(written.strip())
    mixed = any(any(c.isdigit() for c in part) and any(c.isalpha() for c in part) for part in parts)
    apart = len(parts) == SIZE and any(part.isdigit() for part in parts)
    return (mixed or apart) and sum(c.isalpha() for c in written) >= FEWEST_LETTERS


def _meant(written: str, text: str) -> bool:
    """A slip is told only of what can hardly be anything else: in our groups, hyphenated or nothing beside it."""
    match = WRITTEN.fullmatch(written)
    return match is not None and (_hyphenated(match) or written == text.strip())


def hidden(text: str) -> str:
    """The message without the receipt it holds, for those who may read the message and not the answers."""
    found = found_in(text)
    return text.replace(found.written, "…") if found and found.code else text
