"""What the campaign's files must agree on with each other."""

from __future__ import annotations

import string
from collections.abc import Callable, Iterator, Mapping
from itertools import product

from bot.content import desks
from bot.content.model import COUNTRIES, LANGUAGES, Content, Problem
from bot.content.tables import case_line
from bot.content.texts import line_after, line_of
from bot.directory import CRIMES
from bot.routing import Case, Incident, Routing

Raw = Callable[[str], str]
Phrases = Mapping[str, Mapping[str, tuple[str, int]]]

TOPICS, ROUTING = "topics/topics.yml", "routing.yml"
LABEL = 20  # letters: WhatsApp's buttons


def problems(content: Content, phrases: Phrases, raw: Raw) -> list[Problem]:
    """All of them; each with the line to mend."""
    return [*_of_topics(content, raw), *_of_routing(content, raw), *_of_phrases(phrases)]


def _of_topics(content: Content, raw: Raw) -> Iterator[Problem]:
    for topic in content.topics.values():
        words = raw(TOPICS)
        line = line_of(words, f"{topic.id}:")
        for country, calls in topic.call.items():
            for says in _not_to_give(content, calls):
                yield Problem(TOPICS, line_after(words, line, f"{country}:"), f"{topic.id}, {country}: {says}")
        purposes = {purpose for hotline in content.hotlines.values() for purpose in hotline.purposes}
        for purpose in set(topic.contacts) - purposes:
            yield Problem(TOPICS, line, f"{topic.id}: no contact of the directory is for {purpose}")


def _not_to_give(content: Content, calls: tuple[str, ...]) -> Iterator[str]:
    for call in calls:
        if call not in content.hotlines:
            yield f"there is no contact {call} in hotlines/"
        elif not content.hotlines[call].shown:
            yield f"{call} is of low confidence and may not be given to people"


def _of_routing(content: Content, raw: Raw) -> Iterator[Problem]:
    routing, words = content.routing, raw(ROUTING)
    for case in (*routing.cases, routing.default):
        line = case_line(words, case.title)
        if case.desk not in routing.desks:
            yield Problem(ROUTING, line, f"{case.title}: there is no desk {case.desk}")
        if case.copy is not None and (case.copy == case.desk or case.copy not in routing.desks):
            wrong = "is the desk itself" if case.copy == case.desk else "is no desk"
            yield Problem(ROUTING, line, f"{case.title}: copy: {case.copy} {wrong}")
        for says in _not_to_give(content, case.call):
            yield Problem(ROUTING, line, f"{case.title}: {says}")
    for line, says in (
        *desks.mistakes(routing, words),
        *desks.unknown_bodies(routing, content.accused, words),
        *desks.unknown_entries(routing, content.hotlines, words),
    ):
        yield Problem(ROUTING, line, says)
    for country, call in routing.emergency.items():
        hotline = content.hotlines.get(call)
        if not (hotline and hotline.phone_local and hotline.country == country):
            line = line_of(words, f"{country}: {call}")
            yield Problem(ROUTING, line, f"emergency {country}: {call} is no number of that country")
    yield from _of_keeping(content, words)
    for case in unreachable(routing):
        says = f"{case.title}: no report can get here, the cases above take all of them"
        yield Problem(ROUTING, case_line(words, case.title), says)


def _of_keeping(content: Content, words: str) -> Iterator[Problem]:
    """No desk keeps a report longer than people are told."""
    told = content.campaign.report_days
    for desk in content.routing.desks.values():
        if desk.keep_days is not None and desk.keep_days > told:
            line = line_after(words, desks.line(words, desk.id), "keep_days:")
            says = f"{desk.id}: keep_days is {desk.keep_days}, but people are told {told} (report_days in campaign.yml)"
            yield Problem(ROUTING, line, says)


def unreachable(routing: Routing) -> list[Case]:
    """Cases that are first for no report at all."""
    named = {c for case in routing.cases for c in case.countries}
    countries = [*sorted({*COUNTRIES, *named}), None]
    languages = [*sorted({one for case in routing.cases for one in case.languages}), None]  # None: any other
    reached: set[int] = set()
    for country, crime, urgent, minor, language in product(
        countries, CRIMES, (True, False), (True, False, None), languages
    ):
        reached.update(_reached(routing, Incident(country, crime, urgent, minor, language=language)))
    return [case for n, case in enumerate(routing.cases) if n not in reached]


def _reached(routing: Routing, incident: Incident) -> Iterator[int]:
    """The cases that may be first for it: one that asks for an open desk lets it by while that is closed."""
    closed: set[str] = set()
    for n, case in enumerate(routing.cases):
        if not case.fits(incident) or (case.open and case.desk in closed):
            continue
        yield n
        opening = routing.desks[case.desk].opening if case.desk in routing.desks else None
        if not case.open or opening is None or opening.always:
            return
        closed.add(case.desk)


def _of_phrases(phrases: Phrases) -> Iterator[Problem]:
    """Every phrase in every language, with the same words in braces, labels as short as a button."""
    for language, name in product(LANGUAGES, sorted(set().union(*(phrases[language] for language in LANGUAGES)))):
        path = f"phrases/{language}.po"
        if name not in phrases[language]:
            other = next(other for other in LANGUAGES if name in phrases[other])
            yield Problem(path, 1, f"{name} is missing; it stands in {other}.po, line {phrases[other][name][1]}")
            continue
        words, line = phrases[language][name]
        try:
            own, wanted = _braces(words), _braces(phrases.get("en", {}).get(name, (words, 0))[0])
        except ValueError as error:
            yield Problem(path, line, f"{name}: braces that do not close ({error})")
            continue
        for field in sorted(wanted - own):
            yield Problem(path, line, f"{name}: {{{field}}} is missing here; the other languages have it")
        for field in sorted(own - wanted):
            yield Problem(path, line, f"{name}: {{{field}}} is not known here")
        if name.startswith("label_") and len(words) > LABEL:
            yield Problem(path, line, f"{name}: {len(words)} letters, a button shows {LABEL}")


def _braces(words: str) -> set[str]:
    return {field for _, field, _, _ in string.Formatter().parse(words) if field is not None}
