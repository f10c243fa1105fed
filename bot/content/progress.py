"""What is still to do in the texts: missing, outdated, past their date, not reviewed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import date
from enum import Enum

from bot.content.model import COUNTRIES, LANGUAGES, SIGNATORIES, SOURCE, Content, Problem, Topic, text_path
from bot.content.texts import line_of
from bot.directory import missing

Raw = Callable[[str], str]


class State(Enum):
    """Of one text, the worst first. The value is the sign in the table."""

    MISSING = "x"
    LAPSED = "!"
    OUTDATED = "o"
    UNREVIEWED = "."
    PRESENT = "+"
    NOT_NEEDED = " "


WORST = list(State)
LEGEND = (
    "+ present and signed   . nobody has signed it   o the Spanish text has changed since   ! past its date   x missing"
)


def state(topic: Topic, country: str, language: str, today: date) -> State:
    """How one text stands on a day."""
    text, source = topic.texts.get((country, language)), topic.texts.get((country, SOURCE))
    if text is None or source is None:
        needed = not country or source is not None or (topic.by_country and country in SIGNATORIES)
        return State.MISSING if needed else State.NOT_NEEDED
    if text.valid_until < today:
        return State.LAPSED
    if text.translates not in (None, source.version):
        return State.OUTDATED
    return State.PRESENT if text.reviewed else State.UNREVIEWED


def in_country(topic: Topic, country: str, today: date) -> State:
    """The worst of the five languages."""
    return min((state(topic, country, language, today) for language in LANGUAGES), key=WORST.index)


def to_do(content: Content, raw: Raw, today: date) -> list[Problem]:
    """Each text that is missing, outdated or past its date; unsigned ones are only counted, in the table."""
    return [problem for topic in content.topics.values() for problem in _of(topic, raw, today)]


def directory_gaps(content: Content) -> list[Problem]:
    """Countries and crimes for which the directory has no emergency number, or nobody besides it."""
    gaps = (gap.partition(": ") for gap in missing(content.hotlines, content.routing.emergency))
    return [Problem(f"hotlines/{country}.yml", 1, says) for country, _, says in gaps]


def _of(topic: Topic, raw: Raw, today: date) -> Iterator[Problem]:
    for country in ("", *COUNTRIES):
        for language in LANGUAGES:
            path = text_path(topic.id, country, language)
            match state(topic, country, language, today):
                case State.MISSING:
                    yield Problem(path, 1, _missing(topic, country, language))
                case State.LAPSED if language == SOURCE:
                    text = topic.texts[(country, language)]
                    says = f"past its date ({text.valid_until}): nobody is given it until it has been checked again"
                    yield Problem(path, line_of(raw(path), "valid_until:"), says)
                case State.OUTDATED:
                    yield Problem(path, line_of(raw(path), "translates:"), _outdated(topic, country, language))


def _missing(topic: Topic, country: str, language: str) -> str:
    if (country, SOURCE) in topic.texts:
        return f"this translation is missing: write it from {text_path(topic.id, country, SOURCE)}"
    return f"this text is missing: {topic.id} is written {'for each signatory' if country else 'in every language'}"


def _outdated(topic: Topic, country: str, language: str) -> str:
    text, source = topic.texts[(country, language)], topic.texts[(country, SOURCE)]
    now = f"{text_path(topic.id, country, SOURCE)} is now {source.version}"
    return f"outdated: it translates {text.translates}, and {now}: mend the words, then the number"


def tables(content: Content, today: date) -> str:
    """Language × topic and country × topic, a sign for each; then how many of each."""
    topics = content.topics.values()
    rows = [f"{'':24}{' '.join(LANGUAGES)}   {' '.join(COUNTRIES)}"]
    for topic in topics:
        languages = "".join(f"{state(topic, '', language, today).value:3}" for language in LANGUAGES)
        countries = "".join(f"{in_country(topic, country, today).value:3}" for country in COUNTRIES)
        rows.append(f"{topic.id:24}{languages}  {countries}".rstrip())
    return "\n".join([*rows, "", LEGEND, counts(content, today)])


def counted(content: Content, today: date) -> Counter[State]:
    """How many texts stand how."""
    return Counter(
        state(topic, country, language, today)
        for topic in content.topics.values()
        for country in ("", *COUNTRIES)
        for language in LANGUAGES
    )


def written(states: Counter[State]) -> int:
    """How many there are."""
    return states.total() - states[State.MISSING] - states[State.NOT_NEEDED]


def counts(content: Content, today: date) -> str:
    """``1,520 texts: 1,500 not signed, 20 outdated``"""
    states = counted(content, today)
    named = {State.PRESENT: "signed", State.UNREVIEWED: "that nobody has signed", State.OUTDATED: "outdated",
             State.LAPSED: "past their date", State.MISSING: "missing"}  # fmt: skip
    told = ", ".join(f"{states[kind]:,} {words}" for kind, words in named.items())
    return f"{written(states):,} texts: {told}"
