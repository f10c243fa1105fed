"""The words for one person: phrases and options, in their language and for their country."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from bot.content import INSTEAD, Content, Text, Topic
from bot.content.model import MENUS
from bot.directory import Caller
from bot.places import country_name

Params = Mapping[str, Any]

# Offered when nobody knows where the person is, the others are written: with "skip" a list of WhatsApp holds no more.
ROUTE = ("MX", "GT", "HN", "US", "SV", "NI", "CR", "PA", "CO")


@dataclass(frozen=True)
class Option:
    """One numbered choice. ``says`` is what the engine hears when it is chosen, ``sets`` what we learn by it."""

    number: int
    label: str
    says: str
    sets: Mapping[str, str]

    def as_row(self) -> dict[str, Any]:
        return {"number": self.number, "label": self.label, "says": self.says, "sets": dict(self.sets)}


@dataclass(frozen=True)
class Part:
    """One message on a phone. ``look``: plain, buttons, list or keyboard; ``opener`` is the label that opens a list.

    ``alone``: never joined with others into one text.
    """

    text: str
    options: tuple[Option, ...] = ()
    look: str = "plain"
    opener: str = ""
    alone: bool = False


@dataclass(frozen=True)
class Person:
    """What a reply needs to know of whom it is for. ``phone_country``: where their number was issued.

    ``brief``: every text costs them and us, so the short form comes first.
    """

    language: str
    country: str | None
    phone_country: str | None
    brief: bool = False


@dataclass(frozen=True)
class Reply:
    """A reply by name. ``params`` fill its words; see content/phrases/en.po for what each needs."""

    name: str
    params: Mapping[str, Any]


@dataclass(frozen=True)
class Wording:
    """The content in use, for one person. ``at``: now (aware, UTC); it decides who is open and what has lapsed."""

    content: Content
    person: Person
    at: datetime

    @property
    def today(self) -> date:
        return self.at.date()

    @property
    def caller(self) -> Caller:
        """Where the phone is now counts as known only when what was told and its number agree: people also tell where
        something happened, and numbers travel."""
        here = self.person.country if self.person.country == self.person.phone_country else None
        return Caller(here, self.person.language, self.at)

    def say(self, name: str, **params: Any) -> str:
        return self.content.phrases[self.person.language][name].format_map(params)

    def country(self, iso: str) -> str:
        return country_name(iso, self.person.language)

    def desk(self, desk_id: str) -> str:
        desk = self.content.routing.desks.get(desk_id)
        return desk.name[self.person.language] if desk else desk_id

    def options(self, *choices: tuple[str, str] | tuple[str, str, dict[str, str]]) -> tuple[Option, ...]:
        """Numbered from 1; `skip` is always 0, as people were told."""
        made: list[Option] = []
        for choice in choices:
            label, says, sets = (*choice, {})[:3]
            number = 0 if says == "/skip" else len([o for o in made if o.number]) + 1
            made.append(Option(number, label, says, sets))
        return tuple(made)

    def menu(self, *guesses: str) -> tuple[Option, ...]:
        """What one can do here, short enough for a small phone; first the topics that may have been meant."""
        meant = [(self.title(t), f"/{g}") for g in guesses if (t := self.content.topics.get(g)) and t.texts]
        menus = [(self.say(f"label_{menu}"), f"show:menu_{menu}") for menu in MENUS]
        acts = [("report", "/report_crime"), ("person", "/talk_to_person"), ("privacy", "/privacy")]
        named = [(self.say(f"label_{name}"), says) for name, says in acts]
        # With more than two guesses the list is too long for WhatsApp.
        return self.options(*meant[:2], *menus, *named, (self.say("label_language"), "/change_language"))

    def title(self, topic: Topic) -> str:
        found = self.best(topic)
        return found[1].title if found else topic.id

    def best(self, topic: Topic) -> tuple[str, Text] | None:
        """The text in the person's language, else in the language named for that in `INSTEAD`."""
        mine = self.person.language
        for language in dict.fromkeys((mine, INSTEAD[mine], "es", "en")):
            if text := topic.texts.get(("", language)):
                return language, text
        return None

    def skip(self) -> tuple[str, str]:
        return (self.say("label_skip"), "/skip")

    def with_notice(self, text: str) -> str:
        return f"{text}\n\n{self.say('demonstration')}" if self.content.campaign.demonstration else text
