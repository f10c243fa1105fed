"""What a translator's program shows one by one, and what holds it together: ids, marks, versions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from bot.content.texts import version_of

TITLE_PART, SMS_PART = "title", "sms"
NOTHING = "-"  # in place of a version: there was no translation


class Mark(Enum):
    """How far a unit is. The value is XLIFF's word for it (XLIFF 1.2, the attribute ``state``)."""

    UNFINISHED = "needs-translation"
    TRANSLATED = "translated"
    FINAL = "final"


@dataclass(frozen=True)
class Unit:
    """``id``: ``topics/rights_work/MX#full.3``, ``phrases#welcome``; ``target``: "" where there is none."""

    id: str
    source: str
    target: str
    mark: Mark
    note: str = ""


@dataclass(frozen=True)
class Sent:
    """What went out of one text or phrase: its number of paragraphs, the version of the Spanish, that of the words
    in the other language (``NOTHING`` where there were none)."""

    paragraphs: int
    source: str
    target: str


@dataclass(frozen=True)
class Parcel:
    """What a file holds. ``sent``: id of a text or phrase → what went out of it."""

    language: str
    sent: Mapping[str, Sent]
    units: tuple[Unit, ...]


def fingerprint(words: Mapping[str, str]) -> str:
    """Eight hexadecimal digits that change with the words in any part; ``NOTHING`` for {}."""
    return version_of("", "", "\0".join(words.values())) if words else NOTHING


def unit_id(piece: str, part: str) -> str:
    return f"{piece}#{part}" if part else piece


def piece_of(unit: str) -> str:
    """The text or phrase that a unit belongs to.

    >>> piece_of("topics/rights_work/MX#full.3"), piece_of("phrases#welcome")
    ('topics/rights_work/MX', 'phrases#welcome')
    """
    return unit if unit.startswith("phrases#") else unit.rpartition("#")[0]


def parts_of(piece: str, paragraphs: int) -> list[str]:
    """The parts that a text of so many paragraphs has; a phrase is one part without a name."""
    if piece.startswith("phrases#"):
        return [""]
    title = [TITLE_PART] if piece.count("/") == 1 else []
    return [*title, SMS_PART, *(f"full.{n}" for n in range(1, paragraphs + 1))]
