"""Every place name we know, to be looked up word by word: the gazetteer, then geonames' cities."""

import csv
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from bot.chinese import CHINESE
from bot.cities import cities
from bot.names import Entry, Key, Trust, key, plain

NAMES = {"also", "risky", "words"}  # columns of several
CONTENT = Path(__file__).parent.parent / "content"


@dataclass(frozen=True)
class Gazetteer:
    names: dict[Key, Entry]
    longest: dict[str, int]  # first word of a name -> words in the longest such name
    countries: dict[str, dict[str, Any]]
    answers: dict[Key, str] = field(default_factory=dict)  # how people answer "which country?"


@cache
def load() -> Gazetteer:
    data = yaml.load((CONTENT / "places.yml").read_text(encoding="utf-8"), yaml.CSafeLoader)
    everyday = {key(name) for name in data["everyday"]}
    known = {country["iso"]: country for country in data["countries"]}
    names: dict[Key, Entry] = {}
    # The first source that knows a name decides, except that a second country makes it shared.
    for name, entry in _gazetteer(data):
        _add(names, name, entry)
    lands = frozenset(known)
    for at, entry in cities(data, lands):
        names.setdefault(at, entry)
    for place in _rows("small_places.csv"):
        for name, entry in _place(place):
            old = names.setdefault(key(name), replace(entry, small=True))
            if old.kind == "city" and not old.countries & entry.countries and name == entry.name:
                names[key(name)] = replace(old, countries=old.countries | entry.countries)
            if old.trust == "placed" and old.countries == entry.countries and CHINESE.search(name):
                names[key(name)] = replace(entry, small=True)  # somebody has seen that it is no word
    for name, entry in _main_cities(data["regions"]):
        _add(names, name, entry)
    for name, iso in data["mostly"].items():
        names[key(name)] = replace(names[key(name)], countries=frozenset({iso}))
    for language, meant in data["mostly_in"].items():
        for name, iso in meant.items():
            entry = names[key(name)]
            names[key(name)] = replace(entry, meant=entry.meant | {(language, iso)})
    for name, entry in _codes(data):
        names.setdefault(key(name), entry)
    for name, entry in _adjectives(data["countries"]):
        names.setdefault(key(name), entry)
    for at in everyday & names.keys():
        names[at] = replace(names[at], trust="capital")
    for name in data["after_in"]:
        names[key(name)] = replace(names[key(name)], trust="firm")
    for name, iso in _counted(data["clues"]):
        names[key(name)] = Entry("", frozenset({iso}), "clue", trust="counted")
    # A lone letter or number names nothing, and Creole's "Nò" (north) is Portuguese for "in".
    for at in [at for at in names if len("".join(at)) < 2 or "".join(at).isdigit() or at[0] == "no"]:
        del names[at]
    return Gazetteer(names, _longest(names), known, _answers(data["countries"]))


def _rows(file: str) -> Iterator[dict[str, Any]]:
    """The lines of a table; a cell of names holds several, with semicolons between."""
    with (CONTENT / file).open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            cells: dict[str, Any] = {column: cell or None for column, cell in row.items()}
            names = {
                column: [name.strip() for name in row[column].split(";") if name.strip()]
                for column in row.keys() & NAMES
            }
            yield cells | names


def _add(names: dict[Key, Entry], name: str, entry: Entry) -> None:
    at = key(name)
    old = names.get(at)
    if old is None:
        names[at] = entry
    elif entry.kind != "clue" and not entry.countries <= old.countries:
        careful = old if old.trust != "anywhere" else replace(old, trust=entry.trust)
        # Of a shared name only the name itself is true of both: Cartagena is called Cartago, and is not Costa Rica's.
        names[at] = replace(careful, name=name, countries=old.countries | entry.countries)
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
    for clue in [*data["clues"], *_rows("institutions.csv")]:
        yield from _clue(clue)


def _clue(clue: dict[str, Any]) -> Iterator[tuple[str, Entry]]:
    """What several countries have in common settles a shared name; a phone's number tells where it was bought."""
    lands = frozenset([clue["country"]] if isinstance(clue["country"], str) else clue["country"])
    sure, currency = clue["strength"] == "sure", clue["kind"] == "currency"
    of_the_way = not sure and clue["kind"] in ("phrase", "programme")
    of_the_way |= clue["strength"] == "ambiguous" and currency  # everybody pays in dollars
    if of_the_way or "tells" in clue or not lands:
        return
    trust: Trust = "anywhere" if sure else "amount" if currency else "likely"
    likely = clue["strength"] == "likely" and not sure
    entry = Entry("", frozenset([_first(clue["country"])]) if likely else lands, "clue", trust=trust)
    for text in [clue["text"], *clue["also"]]:
        yield text, entry


def _counted(clues: list[dict[str, Any]]) -> Iterator[tuple[str, str]]:
    """One of a currency, mostly another word: "50 real", "300 sol"."""
    return ((name, clue["country"]) for clue in clues for name in clue.get("counted", []))


def _first(country: str | list[str]) -> str:
    return country if isinstance(country, str) else country[0]


def _place(place: dict[str, Any]) -> Iterator[tuple[str, Entry]]:
    countries = place["country"] if isinstance(place["country"], list) else [place["country"]]
    title = re.sub(r" \(.*\)$", "", place["name"])
    base = Entry(
        title, frozenset(countries), "place", place["subdivision"], likeliest=countries[0] if countries[1:] else None
    )
    risky = {key(name) for name in place.get("risky", [])}
    words = {key(name) for name in place.get("words", [])}
    for country, names in place.get("by_country", {}).items():
        for name in names:
            entry = replace(base, name=name, countries=frozenset({country}))
            yield name, _trusted(entry, name, risky)
    settled = {key(name) for names in place.get("by_country", {}).values() for name in names}
    for name in [title, *place["also"], *place.get("also_unsure", [])]:
        if key(name) not in settled:
            # The main name of a nickname is the nickname: better to repeat what was written.
            shown = name if place["kind"] == "nickname" else title
            entry = replace(base, name=shown)
            yield name, replace(entry, trust="capital") if key(name) in words else _trusted(entry, name, risky)


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


def _adjectives(countries: list[dict[str, Any]]) -> Iterator[tuple[str, Entry]]:
    for country in countries:
        entry = Entry(country["names"]["es"][0], frozenset({country["iso"]}), "country", trust="side")
        demonyms = [*country["demonyms"]["names"].values(), country["demonyms"].get("colloquial") or []]
        for name in (name for names in demonyms for name in names):
            yield name, entry
            if name.isalpha() and name[-1] in "aeioukn":  # several: "colombianos", "guatémaltèques"
                yield f"{name}s", entry


def _answers(countries: list[dict[str, Any]]) -> dict[Key, str]:
    return {
        key(name): country["iso"]
        for country in countries
        for names in [*country["names"].values(), country["nicknames"], [country["iso3"]]]
        for name in names
    }
