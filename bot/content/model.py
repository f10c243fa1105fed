"""What the campaign's files hold, as the rest of Faro sees it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from bot.accused import Body
from bot.commands import Commands
from bot.directory import Hotline
from bot.routing import Routing

LANGUAGES = ("es", "en", "pt", "fr", "ht")
# The language that a text is written in first; the others translate it.
SOURCE = "es"
# Where a text is missing in a language, the next in this order that has it is given, with a word of apology.
INSTEAD = {"es": "en", "en": "es", "pt": "es", "fr": "en", "ht": "fr"}
# The governments of 8 October 2010, then the others whose people are on the same roads (ISO 3166-1 alpha-2).
SIGNATORIES = ("AR", "BZ", "BR", "CA", "CO", "CR", "DO", "EC", "GT", "HN", "JM", "MX", "NI", "PA", "PE", "SV", "US")
# Of the main menu; each lists its topics.
MENUS = ("rights", "life", "risks", "help")
COUNTRIES = (*SIGNATORIES, "CL", "CU", "HT", "VE")


@dataclass(frozen=True)
class Problem:
    """What is wrong in a file, or still to do there. ``path`` is below content/; ``line`` counts from 1."""

    path: str
    line: int
    says: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.says}"


class ContentError(Exception):
    """Files of the campaign are wrong; says which, where, and what to mend."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(map(str, self.problems)))


@dataclass(frozen=True)
class Text:
    """One text in one language, for one country or for all.

    ``version`` changes with its words; ``translates`` is the version of the Spanish text it was made from. Sources
    and dates of a translation are those of the Spanish text.
    """

    title: str
    short: str
    full: str
    sources: tuple[Mapping[str, Any], ...]
    checked_on: date
    valid_until: date
    version: str
    translates: str | None
    reviewed_by: str | None
    reviewed_on: date | None
    reviewed_version: str | None

    @property
    def reviewed(self) -> bool:
        """Somebody signed these very words."""
        return bool(self.reviewed_by) and self.reviewed_version == self.version


@dataclass(frozen=True)
class Topic:
    """``texts``: (country or "", language) → text.

    ``call``: country → entries of the directory; ``contacts``: purposes to choose by where none are named.
    ``by_country``: each of the 17 signatories should have a text of its own.
    """

    id: str
    menu: str | None
    contacts: tuple[str, ...]
    call: Mapping[str, tuple[str, ...]]
    by_country: bool
    texts: Mapping[tuple[str, str], Text]


@dataclass(frozen=True)
class Campaign:
    """``reach``: channel → the number or name by which people reach it, for leaflets."""

    demonstration: bool
    operator: Mapping[str, str]
    complaints: Mapping[str, str]
    message_days: int
    report_days: int
    receipt_after_days: int
    reach: Mapping[str, str | None]


@dataclass(frozen=True)
class Content:
    """``templates``: purpose → language → Content SID of a template that WhatsApp has approved.

    ``quick_replies``: what an operator can begin a message with, each in every language.
    ``accused``: the authorities by id, with the words that people use for them.
    """

    topics: Mapping[str, Topic]
    hotlines: Mapping[str, Hotline]
    routing: Routing
    phrases: Mapping[str, Mapping[str, str]]
    campaign: Campaign
    commands: Commands
    templates: Mapping[str, Mapping[str, str]]
    quick_replies: tuple[Mapping[str, str], ...]
    accused: Mapping[str, Body]


def text_path(topic: str, country: str, language: str) -> str:
    """Where a text stands, below content/.

    >>> text_path("rights_work", "MX", "ht")
    'topics/rights_work/MX.ht.md'
    """
    return f"topics/{topic}/{country}{'.' if country else ''}{language}.md"
