"""Whom to call: the lines with numbers, as this person can use them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby

from bot.directory import ANYWHERE, Contact, Hotline, Kind, Way, choose, contact, ways
from bot.hours import Span
from bot.replies.wording import ROUTE, Wording

# Where somebody answers. A page or an address is named only where there is nothing else.
ANSWERED = ("local", "abroad", "text", "whatsapp")
PHRASES: Mapping[Kind, str] = {
    "abroad": "from_abroad", "text": "contact_text", "whatsapp": "contact_whatsapp", "email": "contact_email",
}  # fmt: skip


def given(words: Wording, country: str | None, purposes: tuple[str, ...], named: Iterable[str]) -> tuple[Contact, ...]:
    """Those named by id, in their order, as far as this person can use them; else those whom the directory chooses."""
    hotlines = words.content.hotlines
    called = (contact(hotlines[call], words.caller) for call in named if call in hotlines)
    usable = tuple(one for one in called if one.ways)
    return usable or (choose(hotlines.values(), country, purposes, words.caller) if country else ())


def titled(words: Wording, title: str, found: Iterable[Contact]) -> list[str]:
    lines = [line(words, one) for one in found]
    return [words.say(title), *lines] if lines else []


def line(words: Wording, one: Contact) -> str:
    """``- CNDH (México; pide su nombre): 800 715 2000; desde fuera del país: +52 55...``

    The caution stands before the number, so that no page of an SMS ends between them.
    """
    name = one.hotline.name_en if words.person.language == "en" else one.hotline.name
    best = [way for way in one.ways if way.kind in ANSWERED] or one.ways[:1]
    told = [*(_way(words, one.hotline, way) for way in best), *_hours(words, one.hotline)]
    return f"- {name} ({_where(words, one.hotline)}): {'; '.join(told)}"


def _where(words: Wording, hotline: Hotline) -> str:
    place = words.say("international") if hotline.country == ANYWHERE else words.country(hotline.country)
    return f"{place}; {words.say(f'caution_{hotline.caution}')}" if hotline.caution else place


def _way(words: Wording, hotline: Hotline, way: Way) -> str:
    if phrase := PHRASES.get(way.kind):
        return words.say(phrase, number=way.value, address=way.value)
    if way.countries in ((), (hotline.country,)):
        return way.value
    return f"{way.value} ({', '.join(map(words.country, way.countries))})"


def _hours(words: Wording, hotline: Hotline) -> list[str]:
    """Nothing where nobody knows, or somebody always answers."""
    hours = hotline.hours
    if hours is None or not hours.spans:
        return []
    grouped = [(days, list(spans)) for days, spans in groupby(hours.spans, key=lambda span: span.days)]
    told = ", ".join(f"{_days(words, days)} {', '.join(map(_clock, spans))}" for days, spans in grouped)
    if hours.zone:
        return [words.say("contact_hours_in", hours=told, place=hours.zone.rpartition("/")[2].replace("_", " "))]
    if words.caller.country in (None, hotline.country) and hotline.dialled_in == (hotline.country,):
        return [words.say("contact_hours", hours=told)]
    return [words.say("contact_hours_in", hours=told, place=words.country(hotline.country))]


def _days(words: Wording, days: tuple[int, ...]) -> str:
    names = words.say("weekdays").split()
    running = len(days) > 1 and days[-1] - days[0] == len(days) - 1
    return f"{names[days[0]]}-{names[days[-1]]}" if running else "/".join(names[day] for day in days)


def _clock(span: Span) -> str:
    return "-".join(f"{minutes // 60:02}:{minutes % 60:02}" for minutes in (span.begins, span.ends))


def emergency(words: Wording, country: str | None) -> list[str]:
    """The number of that country; where this phone cannot dial it, the number of where the phone is."""
    calls = _emergencies(words, [country, words.caller.country] if _emergencies(words, [country]) else [])
    return next((lines for call in calls if (lines := list(_dialled(words, call)))), [])


def _dialled(words: Wording, call: Hotline) -> Iterator[str]:
    for way in ways(call, words.caller):
        if way.kind == "local":
            yield words.say("emergency", number=way.value, country=_where(words, call))
        elif way.kind == "abroad":
            yield words.say("emergency_abroad", number=way.value, country=words.country(call.country))


def every_emergency(words: Wording) -> list[str]:
    """A line for each number: of the countries on the way north, as nobody knows in which of them it is."""
    calls = _emergencies(words, ROUTE)
    numbers = dict.fromkeys(call.phone_local for call in calls)
    return [f"{n}: {', '.join(_where(words, call) for call in calls if call.phone_local == n)}" for n in numbers]


def _emergencies(words: Wording, countries: Iterable[str | None]) -> list[Hotline]:
    table = words.content.routing.emergency
    calls = (words.content.hotlines[table[iso]] for iso in countries if iso and iso in table)
    return [call for call in calls if call.shown]
