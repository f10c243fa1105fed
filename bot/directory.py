"""Which contacts to give, and how this caller can reach them: a pure choice over content/hotlines/."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from bot import hours
from bot.hours import Hours

KINDS = ("authority", "ombudsman", "ngo", "un", "consulate")
CONFIDENCES = ("high", "medium", "low")
# Each is said, as the phrase caution_<name>, wherever the contact is given; see content/hotlines/README.md.
CAUTIONS = (
    "immigration", "immigration_told", "police_run", "police_told", "state_run", "lawyer_first", "asks_name",
    "calls_nobody", "may_not_answer", "no_reports", "dial_seven",
)  # fmt: skip
# An office of immigration itself is never the first that is given, and none of these is for a complaint.
ENFORCEMENT = "immigration"
IMMIGRATION = (ENFORCEMENT, "immigration_told")
# Given after all others, in this order.
LAST = ("no_reports", "lawyer_first", "immigration_told", ENFORCEMENT)
# Bodies that work across borders stand in a file of their own.
ANYWHERE = "INT"
# Elsewhere Spanish.
WRITTEN_IN = {"BR": "pt", "HT": "ht", "US": "en", "CA": "en", "JM": "en", "BZ": "en"}
# What is said as "other" is no purpose: whoever helps with anything helps with that.
GENERAL = "general_help"
CRIMES = (
    "kidnapping", "extortion", "human_trafficking", "migrant_smuggling", "robbery", "assault", "sexual_violence",
    "homicide", "threats", "missing_person", "fraud", "abuse_by_authority", "labour_exploitation", "discrimination",
    "other",
)  # fmt: skip

Kind = Literal["local", "abroad", "text", "whatsapp", "web", "email"]


@dataclass(frozen=True)
class Hotline:
    """One entry of the directory; the fields are explained in content/hotlines/README.md.

    ``languages``: none where nobody knows. ``dialled_in``: the countries where ``phone_local`` and ``text`` work.
    """

    id: str
    country: str
    name: str
    name_en: str
    kind: str
    purposes: tuple[str, ...]
    phone_local: str | None
    phone_intl: str | None
    text: str | None
    whatsapp: str | None
    email: str | None
    web: str | None
    hours: Hours | None
    languages: tuple[str, ...]
    free: bool | None
    anonymous: bool | None
    confidence: str
    source: str
    source_date: str
    note: str
    caution: str | None
    dialled_in: tuple[str, ...]

    @property
    def shown(self) -> bool:
        """Whether a migrant may be given this entry: not one that only general knowledge vouches for."""
        return self.confidence != "low"

    def speaks(self, wanted: str) -> bool:
        """Where the languages are not known, what is spoken in that country."""
        return wanted in (self.languages or (written_in(self.country),))


def written_in(country: str) -> str:
    """What people of a country write to each other in, of our languages."""
    return WRITTEN_IN.get(country, "es")


@dataclass(frozen=True)
class Caller:
    """Who asks. ``country``: where the phone is now, None when nobody knows; ``at``: the moment, aware."""

    country: str | None
    language: str
    at: datetime


@dataclass(frozen=True)
class Way:
    """One way to reach a contact. ``countries``: where a local or a short number works; none: anywhere."""

    kind: Kind
    value: str
    countries: tuple[str, ...] = ()


@dataclass(frozen=True)
class Contact:
    """A contact that this caller can reach, by these ways, the best first. ``open``: now; None when nobody knows."""

    hotline: Hotline
    ways: tuple[Way, ...]
    open: bool | None


def hotline(entry: Mapping[str, Any]) -> Hotline:
    """One row of content/hotlines/. Raises KeyError for a field that is missing, ValueError for a wrong one."""
    names = Hotline.__dataclass_fields__
    if unknown := set(entry) - set(names):
        raise ValueError(f"{entry['id']}: unknown word {sorted(unknown)[0]}")
    read: dict[str, Any] = {
        "purposes": tuple(entry["purposes"]),
        "hours": hours.parse(entry["hours"]),
        "languages": () if entry["languages"] == "unknown" else tuple(entry["languages"]),
        "free": _known(entry["free"]),
        "anonymous": _known(entry["anonymous"]),
        "source_date": str(entry["source_date"]),
        "note": entry.get("note") or "",
        "caution": entry.get("caution"),
        "dialled_in": tuple(entry.get("dialled_in") or (entry["country"],)),
    }
    found = Hotline(**{name: read[name] if name in read else entry[name] for name in names})
    _check(found)
    return found


def _known(value: object) -> bool | None:
    return value if isinstance(value, bool) else None


def _check(found: Hotline) -> None:
    for field, value, allowed in (
        ("kind", found.kind, KINDS),
        ("confidence", found.confidence, CONFIDENCES),
        ("caution", found.caution, (None, *CAUTIONS)),
    ):
        if value not in allowed:
            raise ValueError(f"{found.id}: {field} is one of {', '.join(filter(None, allowed))}, not {value}")


def ways(hotline: Hotline, caller: Caller) -> tuple[Way, ...]:
    """What this caller can use, the best first; nothing of an entry that may not be given.

    Free and short numbers work in their own country only, so from abroad they are not offered, nor the page about a
    number for emergencies; where nobody knows where the phone is, they are offered beside the number that works from
    anywhere.
    """
    return tuple(_ways(hotline, caller)) if hotline.shown else ()


def _ways(hotline: Hotline, caller: Caller) -> Iterator[Way]:
    there = caller.country in (None, *hotline.dialled_in)
    if hotline.phone_local and there:
        yield Way("local", hotline.phone_local, hotline.dialled_in)
    if hotline.phone_intl and not (hotline.phone_local and caller.country in hotline.dialled_in):
        yield Way("abroad", hotline.phone_intl)
    if hotline.text and there:
        yield Way("text", hotline.text, hotline.dialled_in)
    if hotline.whatsapp:
        yield Way("whatsapp", hotline.whatsapp)
    if hotline.web and (there or not (hotline.phone_local and "emergency" in hotline.purposes)):
        yield Way("web", hotline.web)
    if hotline.email:
        yield Way("email", hotline.email)


def contact(hotline: Hotline, caller: Caller) -> Contact:
    return Contact(hotline, ways(hotline, caller), hours.is_open(hotline.hours, hotline.country, caller.at))


def choose(
    hotlines: Iterable[Hotline], country: str, purposes: tuple[str, ...], caller: Caller, limit: int = 3
) -> tuple[Contact, ...]:
    """The best contacts of a country for the purposes, the first purpose first; where it has none that this caller
    can reach, bodies that work across borders.

    A complaint about an authority is never sent to an authority, nor where immigration learns of it; a consulate
    serves its own nationals, so it is given only where a consulate is what was asked for. Better nobody than an
    office of immigration as the only one.
    """
    fitting = [h for h in hotlines if h.country in (country, ANYWHERE) and fits(h, purposes)]
    for place in (country, ANYWHERE):
        reached = (contact(h, caller) for h in fitting if h.country == place)
        found = sorted((c for c in reached if c.ways), key=lambda c: _rank(c, purposes, caller))
        if found and found[0].hotline.caution != ENFORCEMENT:
            return tuple(found[:limit])
    return ()


def fits(hotline: Hotline, purposes: tuple[str, ...]) -> bool:
    """Whether it may be chosen for one of the purposes, by whoever."""
    authority = hotline.kind == "authority" and hotline.country != ANYWHERE
    return (
        bool(set(purposes) & set(hotline.purposes))
        and not ("abuse_by_authority" in purposes and (authority or hotline.caution in IMMIGRATION))
        and not (hotline.kind == "consulate" and "consular" not in purposes)
    )


def _rank(contact: Contact, purposes: tuple[str, ...], caller: Caller) -> tuple[bool | int | str, ...]:
    """What one had better not call oneself comes last. Phones before web pages, then the purpose asked for first, then
    the surer; of the same worth, who is not closed now, then the more special, then who speaks the caller's language,
    then who is known to be open."""
    hotline = contact.hotline
    return (
        LAST.index(hotline.caution) + 1 if hotline.caution in LAST else 0,
        contact.ways[0].kind not in ("local", "abroad"),
        min(purposes.index(p) for p in hotline.purposes if p in purposes),
        hotline.confidence != "high",
        contact.open is False,
        len(hotline.purposes),
        not hotline.speaks(caller.language),
        contact.open is not True,
        hotline.id,
    )


def for_crime(crime: str) -> tuple[str, ...]:
    """The purposes to choose by after a report of this crime.

    >>> for_crime("fraud"), for_crime("other")
    (('fraud',), ('other', 'general_help'))
    """
    return (crime, GENERAL) if crime == "other" else (crime,)


def missing(hotlines: Mapping[str, Hotline], emergency: Mapping[str, str]) -> list[str]:
    """What somebody in each country of the directory could not be given: the emergency number, or for each crime
    one more contact besides it. ``emergency``: country → id, as in routing.yml."""
    countries = sorted({h.country for h in hotlines.values()} - {ANYWHERE})
    return [words for country in countries for words in _missing(hotlines, country, emergency.get(country))]


def _missing(hotlines: Mapping[str, Hotline], country: str, call: str | None) -> Iterator[str]:
    caller = Caller(country, written_in(country), datetime.now(UTC))
    called = hotlines.get(call or "")
    if not (called and any(way.kind == "local" for way in ways(called, caller))):
        yield f"{country}: no emergency number that may be given"
    others = [h for h in hotlines.values() if h.id != call]
    without = [crime for crime in CRIMES if not choose(others, country, for_crime(crime), caller, limit=1)]
    if without:
        yield f"{country}: nobody besides the emergency number for {', '.join(without)}"
