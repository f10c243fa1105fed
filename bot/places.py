"""Where a message says something happened: places by name, by coordinates, by phone number."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice

import phonenumbers

from bot import gazetteer, misspelt, names
from bot.gazetteer import Gazetteer
from bot.names import Entry, Word
from bot.whereabouts import Standing, firmly_placed, loosely_placed, standing

# How far a message is searched for misspelt names, and how many are tried.
MOST_WORDS, MOST_GUESSES = 120, 4
JOINED = "بفلو"
SHORT_ARABIC = 4
MOST_NAMES = 60  # no story names more; a text that does is a trick to keep us busy
PAPERS = {"visa", "visas", "work", "permit", "job", "jobs"}  # after a country's name
LONG_NAME = 5  # letters: shorter ones are words in some language
BREATH = 2  # words between two places that are said together
SHORT_ANSWER = 8  # words: a longer answer to "where?" is a story, where risky names need more
# ISO codes that are also words when written small: "ve", "uy", "pa", "do"...
CODES_LIKE_WORDS = {"ve", "uy", "do", "pa", "ni", "aw", "ca", "co", "pe", "sr", "bs", "tc", "se", "to", "al", "ma"}
Span = tuple[Entry, int, int]  # a name, its first word and the one after its last
SPECIFIC = {"place": 0, "city": 1, "region": 2, "country": 3, "clue": 4}


@dataclass(frozen=True)
class Place:
    """A named place. No country: several share the name. No name: only the country is told."""

    name: str
    country: str | None
    subdivision: str | None


@dataclass(frozen=True)
class Mention:
    entry: Entry
    start: int
    end: int
    standing: Standing


def find(text: str, hint: str | None = None, expected: bool = False, number: str | None = None) -> Place | None:
    """The place where the message says something happened. A wrong country is worse than none.

    ``hint`` is the country the person is known to be in and settles a shared name; ``number`` is where their phone
    was issued, which counts unless the name mostly means another country. ``expected``: we asked "where?".

    >>> find("soy de honduras y me robaron en tapachula")
    Place(name='Tapachula', country='MX', subdivision='MX-CHP')
    >>> find("mi hijo Santiago tiene fiebre") is None
    True
    """
    words = names.words(text)
    mentions = list(_told(words, expected))
    named = [mention for mention in mentions if mention.entry.kind != "clue"]
    if not named:
        lands = {land for mention in mentions for land in mention.entry.countries}
        return Place("", lands.pop(), None) if len(lands) == 1 else None
    best = max(mention.standing for mention in named)
    told = [mention for mention in named if mention.standing == best]
    others = [mention for mention in mentions if mention not in told]
    return _settled(told, others, hint, number)


def country_in(text: str) -> str | None:
    """The country of a message that answers "which country?".

    >>> country_in("MX"), country_in("estoy en Guate"), country_in("ve")
    ('MX', 'GT', None)
    """
    known = gazetteer.load()
    bare = text.strip(" .,!¡?¿")
    if bare.upper() in known.countries:
        return None if bare in CODES_LIKE_WORDS else bare.upper()
    whole = known.answers.get(names.key(text))
    if whole:
        return whole
    place = find(text, expected=True)
    return place.country if place else None


def country_name(iso: str, language: str) -> str:
    """
    >>> country_name("US", "ht"), country_name("HT", "fr")
    ('Etazini', 'Haïti')
    """
    names = gazetteer.load().countries[iso]["names"]
    return str((names.get(language) or names.get("es") or names["en"])[0])


def at(lat: float, lon: float) -> Place | None:
    """The nearest town; within some 6 km of a border ask, for it may be the one across the line.

    The library knows where towns have their centre, not where a border runs: it puts the centre of
    Ciudad Juárez in El Paso, that of Mexicali in Calexico, and San Ysidro in Tijuana.
    """
    # Imported here: it brings scipy, which takes a second that most processes never need.
    import reverse_geocode

    if not (-90 <= lat <= 90 and -180 <= lon <= 180):
        return None
    town = reverse_geocode.get((lat, lon))
    if town["country_code"] not in gazetteer.load().countries:
        return None
    return Place(town["city"], town["country_code"], None)


def present_form(number: str) -> str:
    """Mexican mobile numbers had a 1 after the country code until August 2019, and WhatsApp still writes it.

    >>> present_form("+5215512345678"), present_form("+525512345678")
    ('+525512345678', '+525512345678')
    """
    return f"+52{number[4:]}" if number.startswith("+521") and len(number) == 14 else number


def phone_country(number: str) -> str | None:
    """Where an E.164 number was issued; +1 is told apart by its area code.

    >>> phone_country("+18095551234"), phone_country("+5215512345678"), phone_country("+1"), phone_country("hola")
    ('DO', 'MX', None, None)
    """
    try:
        parsed = phonenumbers.parse(present_form(number))
    except phonenumbers.NumberParseException:
        return None
    region = phonenumbers.region_code_for_number(parsed)
    valid = phonenumbers.is_valid_number(parsed) and region and region.isalpha()
    return region if valid else None


def spans(words: list[Word]) -> Iterator[Span]:
    """The names in a text, the longest at each word."""
    known = gazetteer.load()
    start = 0
    while start < len(words):
        for first in _read_as(words[start].plain):
            if found := _longest(known, first, words, start):
                found = _further(known, words, found)
                yield found
                start = found[2] - 1
                break
        start += 1


def _read_as(word: str) -> Iterator[str]:
    """Arabic joins "in", "to" and "and" to the name as one letter."""
    yield word
    if word[0] in JOINED and len(word) > SHORT_ARABIC:
        yield word[1:]


def _longest(known: Gazetteer, first: str, words: list[Word], start: int) -> Span | None:
    longest = start + known.longest.get(first, 0)
    for end in range(min(longest, len(words)), start, -1):
        entry = known.names.get((first, *(word.plain for word in words[start + 1 : end])))
        if entry:
            return entry, start, end
    return None


def _further(known: Gazetteer, words: list[Word], found: Span) -> Span:
    """A doubtful name may hide a sure one that begins within it: "la villa" in "la villa 31"."""
    if found[0].trust == "anywhere":
        return found
    inner = (_longest(known, words[at].plain, words, at) for at in range(found[1] + 1, found[2]))
    return next((span for span in inner if span and span[0].trust == "anywhere" and span[2] > found[2]), found)


def _misspelt(words: list[Word], known: dict[int, Span]) -> Iterator[Span]:
    """Where a place is to be expected and no ``known`` name stands."""
    placed = (
        at for at in range(1, min(len(words), MOST_WORDS)) if loosely_placed(words, at) or firmly_placed(words, at)
    )
    for start in islice(placed, MOST_GUESSES):
        # "sanpedro sula": more than the San Pedro that it begins with, if it sounds the very same
        found = misspelt.meant(words, start, alike=start in known)
        further = found and (start not in known or found[1] > known[start][2] and len(words[found[1] - 1].plain) > 1)
        if found and further:
            yield found[0], start, found[1]


def _told(words: list[Word], expected: bool) -> Iterator[Mention]:
    """The names that tell where, and not where somebody is from or goes to."""
    before: Mention | None = None
    known = {span[1]: span for span in islice(spans(words), MOST_NAMES)}
    within = {at: entry for entry, start, end in known.values() for at in range(start + 1, end)}
    guessed = {span[1]: span for span in _misspelt(words, known) if _agrees(span[0], within.get(span[1]))}
    named = [span for _, span in sorted((known | guessed).items())]
    for at, (entry, start, end) in enumerate(named):
        joined = before is not None and before.end == start
        follows = named[at + 1] if at + 1 < len(named) else None
        mention = Mention(entry, start, end, standing(words[:start]))
        if joined and before is not None and _follows(before.entry, entry, words[start:]):
            # "Santa Ana, El Salvador": the country stands as its town does.
            mention = replace(mention, standing=before.standing)
        elif not _counts(mention, words, expected, follows):
            before = None
            continue
        before = mention
        if mention.standing != Standing.ELSEWHERE and not _wished_for(mention, words):
            yield mention


def _wished_for(mention: Mention, words: list[Word]) -> bool:
    """ "Canada visa", "USA work permit": where somebody wants to go, unless it is said where they are."""
    papers = mention.end < len(words) and words[mention.end].plain in PAPERS
    return papers and mention.standing == Standing.NAMED and mention.entry.kind == "country"


def _agrees(guess: Entry, known: Entry | None) -> bool:
    """No part of a name is guessed to be somewhere else: "tijuca" in "Barra da Tijuca" is not Tijuana."""
    return known is None or bool(guess.countries & known.countries)


def _follows(inner: Entry, outer: Entry, rest: list[Word]) -> bool:
    # ON, NO, ME, PA... are words too: a code is in capitals or the last word.
    code = outer.trust == "after" and not rest[0].raw.isupper() and len(rest) > 1
    return _within(inner, outer) and not code


def _within(inner: Entry, outer: Entry) -> bool:
    larger = outer.kind in ("region", "country") and inner.kind != "clue"
    return larger and bool(inner.countries & outer.countries) and inner.name != outer.name


def _counts(
    mention: Mention,
    words: list[Word],
    expected: bool,
    follows: Span | None,
) -> bool:
    entry, trust = mention.entry, mention.entry.trust
    if trust == "anywhere":
        return True
    if trust == "after":
        return _brazilian_state(mention, words)
    if trust == "amount":
        return mention.start > 0 and words[mention.start - 1].plain.isdigit()
    named = words[mention.start : mention.end]
    if entry.kind == "clue" or sum(len(word.plain) for word in named) < 3:
        return all(word.raw.isupper() for word in named) and (entry.kind == "clue" or expected)
    if entry.kind == "country" and trust == "placed" and mention.start and named[0].raw.istitle():
        return True
    alone = expected and len(named) >= len(_content(words))
    if alone or (follows and follows[1] == mention.end and _names_larger(entry, follows[0])):
        return True
    if trust == "placed" and expected and len(words) <= SHORT_ANSWER:
        return True
    capital = words[mention.start].raw[0].isupper()
    long = sum(len(word.plain) for word in named) >= LONG_NAME
    if trust == "placed" and entry.kind != "country" and long and loosely_placed(words, mention.start):
        return True
    return firmly_placed(words, mention.start) and (trust == "placed" or capital)


def _brazilian_state(mention: Mention, words: list[Word]) -> bool:
    """ "em sp": no other language has this "in", and in Brazil states go by their two letters."""
    state = mention.entry.kind == "region" and mention.entry.countries == {"BR"}
    after_in = mention.start > 0 and words[mention.start - 1].plain == "em"
    return state and after_in and words[mention.start].plain not in CODES_LIKE_WORDS


def _names_larger(inner: Entry, outer: Entry) -> bool:
    return _within(inner, outer) and outer.trust in ("anywhere", "placed")


def _content(words: list[Word]) -> list[Word]:
    return [word for word in words if not re.fullmatch(FILLER, word.plain)]


FILLER = "en|in|em|nan|an|a|at|de|la|el|los|las|the|no|na|au|aqui|here|estoy|estamos|ciudad|city"


def _settled(told: list[Mention], others: list[Mention], hint: str | None, number: str | None) -> Place | None:
    lands = frozenset.intersection(*(mention.entry.countries for mention in told))
    if not lands:  # two countries told alike: asking is better than choosing
        return None
    entry = min(told, key=_vagueness).entry
    for mention in others:
        # A country merely named may be where somebody fled to: it settles no shared name; a place beside it does.
        if mention.standing != Standing.NAMED or mention.entry.kind == "clue" or _beside(mention, told):
            lands = (lands & mention.entry.countries) or lands
    if hint in lands:
        lands = frozenset({hint})
    elif number in lands and entry.likeliest in (None, number):
        lands = frozenset({number})
    country = next(iter(lands)) if len(lands) == 1 else None
    regions = [mention.entry.subdivision for mention in told + others] if country else []
    code = next((code for code in [entry.subdivision, *regions] if _in(code, country)), None)
    return Place(entry.name, country, code)


def _beside(mention: Mention, told: list[Mention]) -> bool:
    """A town or region said in one breath with a place: "the rio grande crossing by eagle pass"."""
    near = any(0 <= mention.start - other.end <= BREATH for other in told)
    return near and mention.entry.kind != "country" and len(mention.entry.countries) == 1


def _vagueness(mention: Mention) -> tuple[bool, int, int]:
    return mention.entry.trust == "after", SPECIFIC[mention.entry.kind], mention.start


def _in(code: str | None, country: str | None) -> bool:
    return code is not None and country is not None and code.startswith(country)
