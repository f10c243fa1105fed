"""The campaign on paper, for places without signal: an A5 leaflet for one country, in one language."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from itertools import zip_longest

import phonenumbers

from bot.content import Content, Text, Topic
from bot.directory import Contact
from bot.replies import Person, Wording, contacts
from bot.staff.paper import BODY, SMALL, Block, CannotPrint, Paper, Square

# What a migrant may need to know when there is nobody to ask; the most urgent first.
TOPICS = (
    "rights_detention",
    "rights_asylum",
    "risks_kidnapping",
    "risks_trafficking",
    "risks_extortion",
    "help_shelter",
    "help_missing_person",
    "report_where",
    "complain_where",
)
# Phrase of the heading → the topics whose contacts stand below it: the same as the bot gives.
CONTACTS: Mapping[str, tuple[str, ...]] = {
    "leaflet_for_danger": ("report_where", "risks_kidnapping", "risks_extortion"),
    "leaflet_for_authority": ("complain_where", "rights_discrimination"),
    "leaflet_for_law": ("rights_asylum", "rights_detention", "help_legal"),
    "leaflet_for_help": ("help_shelter", "help_medical", "rights_general"),
    "leaflet_for_exploited": ("risks_trafficking", "risks_smuggling", "rights_work"),
    "leaflet_for_family": ("rights_women", "risks_sexual_violence", "rights_children"),
    "leaflet_for_missing": ("help_missing_person",),
}
PAGES = 4  # of A5: one sheet of A4, folded
MOST = 4  # contacts below one heading; fewer where the pages hold no more
# A Saturday evening: whoever reads the leaflet may do so at any hour, so of two as good comes who always answers.
CLOSED = datetime(2026, 1, 4, 3, tzinfo=UTC)
CHANNELS = {"sms": "SMS", "whatsapp": "WhatsApp", "telegram": "Telegram"}
ARTICLE = r"(,?\s+(arts?\.|articles?|initiatives?|chapters?)\s|\s+(and\s+)?\(|(?<=USC|CFR)\s).*"


def leaflet(content: Content, language: str, country: str, at: datetime) -> bytes:
    """A PDF; the same files and the same ``at`` make the same bytes.

    Raises CannotPrint for a country without an emergency number and for a letter that cannot be printed.
    """
    words = Wording(content, Person(language, country, None), at)
    if not contacts.emergency(words, country):
        known = ", ".join(sorted(content.routing.emergency))
        raise CannotPrint(f"{country}: routing.yml names no emergency number for it; it does for {known}")
    for most in range(MOST, 0, -1):
        paper = _paper(words, country, most, at)
        if paper.pages_count <= PAGES:
            break
    return bytes(paper.output())


def _paper(words: Wording, country: str, most: int, at: datetime) -> Paper:
    """``most``: contacts below one heading."""
    name, title = words.country(country), words.say("leaflet_title")
    paper = Paper(f"Faro: {title} ({name})", f"Faro · {name} · {words.today}", words.person.language, at)
    paper.cover("Faro", name, title)
    _front(paper, words, country)
    for block in (*_topics(words, country), *_contacts(words, country, most)):
        paper.block(block)
    _imprint(paper, words, country)
    return paper


def squares(content: Content) -> tuple[Square, ...]:
    """One for each channel of campaign.yml; none where it has none."""
    reach = content.campaign.reach
    return tuple(_square(channel, to) for channel in CHANNELS if (to := reach.get(channel)))


def _square(channel: str, to: str) -> Square:
    """
    >>> _square("whatsapp", "+12025550100")
    Square(name='WhatsApp', plain='+1 202-555-0100', address='https://wa.me/12025550100')
    >>> _square("telegram", "a_bot").plain
    '@a_bot'
    """
    if channel == "telegram":
        return Square(CHANNELS[channel], f"@{to}", f"https://t.me/{to}")
    address = f"sms:{to}" if channel == "sms" else f"https://wa.me/{to.removeprefix('+')}"
    return Square(CHANNELS[channel], _spaced(to), address)


def _spaced(number: str) -> str:
    if not number.startswith("+"):  # the short number of an operator
        return number
    return phonenumbers.format_number(phonenumbers.parse(number), phonenumbers.PhoneNumberFormat.INTERNATIONAL)


def _front(paper: Paper, words: Wording, country: str) -> None:
    campaign, language = words.content.campaign, words.person.language
    who = {"operator": campaign.operator[language], "complaints": campaign.complaints[language]}
    paper.framed([*contacts.emergency(words, country), words.say("emergency_advice")], 15, 1)
    paper.paragraph(words.say("leaflet_about", **who))
    if campaign.demonstration:
        paper.framed([words.say("demonstration")], BODY, 0.3)
    found = squares(words.content)
    how = [f"- {words.say(f'leaflet_how_{what}')}" for what in ("ask", "words")]
    how.append(f"- {words.say('leaflet_how_stop', start=words.say('label_word_start'))}")
    how.append(f"- {words.say('leaflet_how_careful')}")
    scan = [words.say("leaflet_scan")] if found else []
    paper.block(Block(words.say("leaflet_how"), (*how, *scan), squares=found))


def _texts(words: Wording, country: str) -> Iterator[tuple[Topic, list[Text]]]:
    """The texts in force for each topic: what holds anywhere, then what differs in this country."""
    for topic in (words.content.topics[name] for name in TOPICS):
        both = [topic.texts.get((where, words.person.language)) for where in ("", country)]
        valid = [text for text in both if text and text.valid_until >= words.today]
        if valid:
            yield topic, valid


def _topics(words: Wording, country: str) -> Iterator[Block]:
    for topic, texts in _texts(words, country):
        yield Block(words.title(topic), tuple(text.short for text in texts), _checked(words, texts))


def _checked(words: Wording, texts: list[Text]) -> str:
    oldest = min(text.checked_on for text in texts)
    if not all(text.reviewed for text in texts):
        return words.say("checked_on", date=oldest)
    names = dict.fromkeys(str(text.reviewed_by) for text in texts)
    return words.say("leaflet_reviewed", date=oldest, reviewer=", ".join(names))


def _contacts(words: Wording, country: str, most: int) -> Iterator[Block]:
    section = words.say("leaflet_contacts")
    front = words.content.routing.emergency[country]
    for phrase, topics in CONTACTS.items():
        found = [one for one in _best(words, country, topics) if one.hotline.id != front]
        if found:
            yield Block(words.say(phrase), tuple(contacts.line(words, one) for one in found[:most]), section=section)
            section = ""


def _best(words: Wording, country: str, topics: Iterable[str]) -> list[Contact]:
    """The best for each topic, then the second best; behind them those who have nothing but a page in the web."""
    night = replace(words, at=CLOSED)
    table = (words.content.topics[name] for name in topics)
    given = [contacts.given(night, country, topic.contacts, topic.call.get(country, ())) for topic in table]
    found = {one.hotline.id: one for few in zip_longest(*given) for one in few if one}
    return sorted(found.values(), key=lambda one: one.ways[0].kind not in contacts.ANSWERED)


def _imprint(paper: Paper, words: Wording, country: str) -> None:
    texts = [text for _, both in _texts(words, country) for text in both]
    if not texts:
        return
    last: date = min(text.valid_until for text in texts)
    paper.paragraph(words.say("leaflet_until", date=last), BODY, "B")
    paper.paragraph(words.say("leaflet_sources", sources="; ".join(_bases(texts))), SMALL)


def _bases(texts: list[Text]) -> list[str]:
    """The laws and treaties by name, without their articles; numbers of the directory stand for themselves."""
    parts = [part for text in texts for source in text.sources for part in re.split(r";\s+", str(source["basis"]))]
    named = [re.sub(ARTICLE, "", part).strip() for part in parts if not part.startswith("directory entry")]
    return list(dict.fromkeys(named))
