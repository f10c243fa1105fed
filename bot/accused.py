"""Whom a person accuses: the authorities of content/accused.yml, found by the words that people use for them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from bot.commands import fold
from bot.directory import Hotline
from bot.routing import ANY

# The crime of which an authority is accused.
CRIME = "abuse_by_authority"


@dataclass(frozen=True)
class Body:
    """``name``: language → what it is called in a sentence, with its article; ``words``: finds it in what was told;
    ``cautions``: those by which the directory marks its numbers."""

    id: str
    name: Mapping[str, str]
    words: re.Pattern[str]
    cautions: frozenset[str] = frozenset()


def body(name: str, row: Mapping[str, Any]) -> Body:
    """One authority. A word that ends in * stands for every word that begins so. Raises ValueError."""
    words = [str(word) for listed in row["words"].values() for word in listed]
    if bad := [word for word in words if len(fold(word)) < 3]:
        raise ValueError(f"{name}: {bad[0]} has too few letters to be found in a text")
    patterns = sorted({re.escape(fold(word)) + (r"\w*" if word.endswith("*") else "") for word in words})
    found = re.compile(rf"\b(?:{'|'.join(patterns)})\b")
    return Body(name, row["name"], found, frozenset(row.get("cautions", ())))


def accused(crime: str, told: Iterable[str], bodies: Mapping[str, Body]) -> frozenset[str]:
    """Whom they accuse, ANY where they name nobody we know; nobody where it is no abuse by an authority.

    >>> police = body("police", {"name": {"es": "la policía"}, "words": {"es": ["policía*"], "en": ["cop", "cops"]}})
    >>> [sorted(accused(CRIME, [words], {"police": police})) for words in ("dos POLICIAS me pegaron", "los de verde")]
    [['police'], ['any']]
    >>> accused("robbery", ["fui a la policía"], {"police": police})
    frozenset()
    """
    if crime != CRIME:
        return frozenset()
    text = fold(" ".join(told))
    return frozenset(one.id for one in bodies.values() if one.words.search(text)) or frozenset({ANY})


def last_called(
    call: Iterable[str], who: frozenset[str], hotlines: Mapping[str, Hotline], bodies: Mapping[str, Body]
) -> tuple[str, ...]:
    """The numbers to give, in their order, but those that the directory marks as of an accused body come last."""
    theirs = {caution for one in bodies.values() if one.id in who or ANY in who for caution in one.cautions}
    return tuple(sorted(call, key=lambda one: one in hotlines and hotlines[one].caution in theirs))
