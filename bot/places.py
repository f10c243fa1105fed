"""Where a message says something happened: places by name, by coordinates, by phone number."""

from dataclasses import dataclass, replace

import phonenumbers

from bot import gazetteer, names
from bot.mentions import CODES_LIKE_WORDS, Mention, mentions_in
from bot.names import Entry, Word
from bot.weighing import outweighing
from bot.whereabouts import Standing, left_from

BREATH = 2  # words between two places that are said together
TOWNS = ("place", "city", "region")
SPECIFIC = {"place": 0, "city": 1, "region": 2, "country": 3, "clue": 4}


@dataclass(frozen=True)
class Place:
    """A named place. No country: several share the name. No name: only the country is told."""

    name: str
    country: str | None
    subdivision: str | None


@dataclass(frozen=True)
class Known:
    """What else settles a shared name: countries of the person and of their phone, the message's language."""

    hint: str | None
    number: str | None
    language: str | None


def find(
    text: str,
    hint: str | None = None,
    expected: bool = False,
    number: str | None = None,
    language: str | None = None,
) -> Place | None:
    """The place where the message says something happened. A wrong country is worse than none.

    ``hint`` is the country the person is known to be in and settles a shared name; ``number`` is where their phone
    was issued, which counts unless the name mostly means another country. ``expected``: we asked "where?".
    ``language``: what it is written in, which tells which San Antonio is meant.

    >>> find("soy de honduras y me robaron en tapachula")
    Place(name='Tapachula', country='MX', subdivision='MX-CHP')
    >>> find("mi hijo Santiago tiene fiebre") is None
    True
    """
    words = names.words(text)
    known = Known(hint, number, language)
    said = list(mentions_in(words, expected))
    found = _by_rules(words, [mention for mention in said if mention.counts], known)
    told = [] if expected or _sided(said) else outweighing(words, said, found.country if found else None)
    weighed = _settled(told[:1], told[1:], known) if told else None
    return weighed if weighed and weighed.country else found


def _by_rules(words: list[Word], said: list[Mention], known: Known) -> Place | None:
    mentions = [mention for mention in said if mention.standing != Standing.ELSEWHERE]
    named = [mention for mention in mentions if mention.entry.kind != "clue"]
    named = named or [mention for mention in said if _last_seen(mention, words)]
    if not named:
        return _by_clues(mentions, known.language)
    told = _foremost(named)
    # Whoever goes on to a place beside it tells where that lies: "sou wout Linden pou Lethem".
    others = [mention for mention in said if mention not in told and (mention in mentions or _beside(mention, told))]
    return _settled(told, others, known)


def _sided(said: list[Mention]) -> bool:
    """ "A Oyapok coté brésil": a side said right after its town leaves nothing to weigh."""
    sides = [mention for mention in said if mention.standing == Standing.SIDE]
    return any(0 <= side.start - town.end <= BREATH for side in sides for town in said if town.entry.kind in TOWNS)


def _by_clues(mentions: list[Mention], language: str | None) -> Place | None:
    """The country of an institution or a currency; of what is only likely its own, where nothing else is told."""
    sure = [mention.entry.countries for mention in mentions if mention.entry.trust != "likely"]
    likely = [_meant(mention.entry, mention.entry.countries, language) for mention in mentions]
    lands = set().union(*(sure or [one for one in likely if len(one) == 1]))
    return Place("", lands.pop(), None) if len(lands) == 1 else None


def _meant(entry: Entry, lands: frozenset[str], language: str | None) -> frozenset[str]:
    """The one of several countries that those who write a language mostly mean."""
    return frozenset(land for spoken, land in entry.meant if spoken == language and land in lands) or lands


def _foremost(named: list[Mention]) -> list[Mention]:
    """The mentions that stand highest; of places in several countries those of the first, as people tell in order.

    Of countries merely named none comes before another.
    """
    best = max(mention.standing for mention in named)
    towns = [mention for mention in named if mention.entry.kind in TOWNS and mention.standing == Standing.NAMED]
    if best == Standing.HERE and towns:
        # Where people are now is not where it happened, if they name another town.
        best, named = Standing.NAMED, towns
    told = [mention for mention in named if mention.standing == best]
    if best == Standing.SIDE:
        side = told[0].entry.countries
        within = [mention for mention in named if mention.standing != best and mention.entry.countries & side]
        return [replace(mention, entry=replace(mention.entry, countries=side)) for mention in within] or told[:1]
    if best == Standing.NAMED and told[0].entry.kind not in TOWNS:
        return told
    if beyond := _between(told[0], named):
        return [told[0], beyond]
    if city := _city_of(told[0], named):
        return [city]
    lands, first = told[0].entry.countries, []
    for mention in told:
        if lands & mention.entry.countries:
            lands &= mention.entry.countries
            first.append(mention)
    return first


def _city_of(district: Mention, named: list[Mention]) -> Mention | None:
    """The city or region right after a district whose name others share, or a region's name: "Flores, Buenos Aires".

    Two towns of one country each are two towns, as people tell in order.
    """
    after = (mention for mention in named if mention.start == district.end and mention.entry.kind != "country")
    city = next(after, None)
    doubtful = len(district.entry.countries) > 1 or district.entry.kind == "region" or district.entry.trust == "placed"
    return city if city and doubtful and not district.entry.countries & city.entry.countries else None


def _between(first: Mention, named: list[Mention]) -> Mention | None:
    """ "Between Colombia and Panama" is neither."""
    countries = (mention for mention in named if mention.entry.kind == "country" == first.entry.kind)
    return next((mention for mention in countries if 0 <= mention.start - first.end <= 1), None)


def _last_seen(mention: Mention, words: list[Word]) -> bool:
    """ "He left Tapachula on 3 May": all that is known of where somebody went missing."""
    town = mention.entry.kind in TOWNS and mention.standing == Standing.ELSEWHERE
    return town and left_from(words[: mention.start])


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


def _settled(told: list[Mention], others: list[Mention], known: Known) -> Place | None:
    lands = frozenset.intersection(*(mention.entry.countries for mention in told))
    if not lands:  # two countries told alike: asking is better than choosing
        return None
    entry = min(told, key=_vagueness).entry
    for mention in others:
        # A country merely named may be where somebody fled to: it settles no shared name; a place beside it does.
        if mention.standing != Standing.NAMED or mention.entry.kind == "clue" or _beside(mention, told):
            lands = (lands & mention.entry.countries) or lands
    if known.hint in lands:
        lands = frozenset({known.hint})
    elif known.number in lands and entry.likeliest in (None, known.number):
        lands = frozenset({known.number})
    elif len(lands) > 1:
        lands = _meant(entry, lands, known.language)
    country = next(iter(lands)) if len(lands) == 1 else None
    regions = [mention.entry.subdivision for mention in told + others] if country else []
    code = next((code for code in [entry.subdivision, *regions] if _in(code, country)), None)
    return Place(entry.name, country, code)


def _beside(mention: Mention, told: list[Mention]) -> bool:
    """A town or region said in one breath with a place, "the crossing by eagle pass"; a country right after it."""
    breath = 0 if mention.entry.kind == "country" else BREATH
    near = any(0 <= mention.start - other.end <= breath for other in told)
    return near and len(mention.entry.countries) == 1


def _vagueness(mention: Mention) -> tuple[bool, int, int]:
    return mention.entry.trust == "after", SPECIFIC[mention.entry.kind], mention.start


def _in(code: str | None, country: str | None) -> bool:
    return code is not None and country is not None and code.startswith(country)
