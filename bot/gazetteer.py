"""Every place name we know, to be looked up word by word: the gazetteer, then geonames' cities."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from bot.cities import cities
from bot.names import Entry, Key, key, plain

SOURCE = Path(__file__).parent.parent / "content" / "places.yml"


@dataclass(frozen=True)
class Gazetteer:
    names: dict[Key, Entry]
    longest: dict[str, int]  # first word of a name -> words in the longest such name
    countries: dict[str, dict[str, Any]]
    answers: dict[Key, str] = field(default_factory=dict)  # how people answer "which country?"


@cache
def load() -> Gazetteer:
    data = yaml.load(SOURCE.read_text(encoding="utf-8"), yaml.CSafeLoader)
    everyday = {key(name) for name in data["everyday"]}
    known = {country["iso"]: country for country in data["countries"]}
    names: dict[Key, Entry] = {}
    # The first source that knows a name decides, except that a second country makes it shared.
    for name, entry in _gazetteer(data):
        _add(names, key(name), entry)
    lands = frozenset(known)
    for at, entry in cities(data, lands):
        names.setdefault(at, entry)
    for place in data["small_places"]:
        for name, entry in _place(place):
            names.setdefault(key(name), replace(entry, small=True))
    for name, entry in _main_cities(data["regions"]):
        _add(names, key(name), entry)
    for name, iso in data["mostly"].items():
        names[key(name)] = replace(names[key(name)], countries=frozenset({iso}))
    for name, entry in _codes(data):
        names.setdefault(key(name), entry)
    for at in everyday & names.keys():
        names[at] = replace(names[at], trust="capital")
    # A lone letter or number names nothing, and Creole's "Nò" (north) is Portuguese for "in".
    for at in [at for at in names if len("".join(at)) < 2 or "".join(at).isdigit() or at[0] == "no"]:
        del names[at]
    return Gazetteer(names, _longest(names), known, _answers(data["countries"]))


def _add(names: dict[Key, Entry], at: Key, entry: Entry) -> None:
    old = names.get(at)
    if old is None:
        names[at] = entry
    elif entry.kind != "clue" and not entry.countries <= old.countries:
        careful = old if old.trust != "anywhere" else replace(old, trust=entry.trust)
        names[at] = replace(careful, countries=old.countries | entry.countries)
    elif entry.kind == "country" and old.kind == "region":  # Guatemala, the land before its province
        names[at] = entry


def _longest(names: Iterable[Key]) -> dict[str, int]:
    longest: dict[str, int] = defaultdict(int)
    for name in names:
        longest[name[0]] = max(longest[name[0]], len(name))
    return dict(longest)


def _gazetteer(data: dict[str, Any]) -> Iterator[tuple[str, Entry]]:
    for place in data["places"]:
        yield from _place(place)
    for region in data["regions"]:
        yield from _region(region)
    for country in data["countries"]:
        yield from _country(country)
    for clue in data["clues"]:
        # Likely and ambiguous clues would guess, and a phone's number tells where it was bought.
        paid = clue["kind"] == "currency" and clue["strength"] == "likely"
        if (clue["strength"] == "sure" or paid) and "tells" not in clue and isinstance(clue["country"], str):
            entry = Entry("", frozenset({clue["country"]}), "clue", trust="amount" if paid else "anywhere")
            for text in [clue["text"], *clue["also"]]:
                yield text, entry


def _place(place: dict[str, Any]) -> Iterator[tuple[str, Entry]]:
    countries = place["country"] if isinstance(place["country"], list) else [place["country"]]
    title = re.sub(r" \(.*\)$", "", place["name"])
    base = Entry(
        title, frozenset(countries), "place", place["subdivision"], likeliest=countries[0] if countries[1:] else None
    )
    risky = {key(name) for name in place.get("risky", [])}
    for country, names in place.get("by_country", {}).items():
        for name in names:
            entry = replace(base, name=name, countries=frozenset({country}))
            yield name, _trusted(entry, name, risky)
    settled = {key(name) for names in place.get("by_country", {}).values() for name in names}
    for name in [title, *place["also"], *place.get("also_unsure", [])]:
        if key(name) not in settled:
            # The main name of a nickname is the nickname: better to repeat what was written.
            shown = name if place["kind"] == "nickname" else title
            yield name, _trusted(replace(base, name=shown), name, risky)


def _region(region: dict[str, Any]) -> Iterator[tuple[str, Entry]]:
    base = Entry(region["name"], frozenset({region["country"]}), "region", region["code"], likeliest=region["country"])
    risky = {key(name) for name in [*region.get("risky", []), *region.get("short", [])]}
    codes = {key(name) for name in region.get("short_risky") or []}
    for name in [region["name"], *region["names"]]:
        if key(name) not in codes:
            # "Coahuila" rather than "Coahuila de Zaragoza", when that is what was written.
            shown = name if f" {plain(name)} " in f" {plain(region['name'])} " else region["name"]
            yield name, _trusted(replace(base, name=shown), name, risky)


def _main_cities(regions: list[dict[str, Any]]) -> Iterator[tuple[str, Entry]]:
    """The main cities of a region that geonames does not have, or has as another country's."""
    for region in regions:
        for city in region.get("cities", []):
            yield city, Entry(city, frozenset({region["country"]}), "city", region["code"], "placed")


def _country(country: dict[str, Any]) -> Iterator[tuple[str, Entry]]:
    iso, spoken = country["iso"], country["names"]
    base = Entry(spoken["es"][0], frozenset({iso}), "country")
    demonyms = {name for names in country["demonyms"]["names"].values() for name in names}
    # "una mujer argentina": a name that is a demonym too does not say where.
    risky = {key(name) for name in [*country.get("risky", []), *demonyms]}
    for name in [*(name for names in spoken.values() for name in names), *country["nicknames"]]:
        yield name, _trusted(base, name, risky)


def _trusted(entry: Entry, name: str, risky: set[Key]) -> Entry:
    at = key(name)
    letters = "".join(at)
    if len(letters) < 3 and letters.isascii():
        return replace(entry, trust="capital")
    short = len(letters) == 3 and letters.isascii()
    return replace(entry, trust="placed") if short or at in risky else entry


def _codes(data: dict[str, Any]) -> Iterator[tuple[str, Entry]]:
    for region in data["regions"]:
        for name in region.get("short_risky") or []:
            lands = frozenset({region["country"]})
            yield name, Entry(name, lands, "region", region["code"], "after")
    for country in data["countries"]:
        yield country["iso"], Entry("", frozenset({country["iso"]}), "country", None, "after")


def _answers(countries: list[dict[str, Any]]) -> dict[Key, str]:
    return {
        key(name): country["iso"]
        for country in countries
        for names in [*country["names"].values(), country["nicknames"], [country["iso3"]]]
        for name in names
    }
