"""Which of the names in a text count, and how much each tells of where something happened."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice

from bot import gazetteer
from bot.authorities import OF_ARABIC, beside_authority
from bot.bearings import IN_LETTERS, OFFERED, PIDGIN
from bot.names import Entry, Word
from bot.numerals import NUMERALS
from bot.spans import JOINED, MOST_NAMES, Span, misspelt_spans, spans
from bot.whereabouts import Standing, firmly_placed, loosely_placed, standing, works_in

THOUSANDS = set("mil mille thousand k millones millon million milhoes milhao مليون ملايين الف الاف 千 万 百".split())
BEFORE_MONEY = {"en", "em", "in", "an"}
# "100 real people" are no hundred reals.
NOT_MONEY = set("people person persons friend friends problem problems job jobs man men woman women papers".split())
NOT_ONE = {("ni", "un"), ("solo", "un"), ("nem", "um"), ("yon", "sel"), ("un", "seul"), ("a", "single"), ("un", "solo")}
# Right before a name: it is no place. "Un boquete", "el señor Andrade", "se llama Eugene".
NO_PLACE_AFTER = set(
    "un una um uma uno unos unas uns umas une yon senor sr senora sra srta senorita don dona doutor doutora doctor"
    " doctora dr dra mr mrs ms miss mister monsieur mme madame madan seu patron boss jefe jefa licenciado"
    " licenciada lic abogado abogada advogado advogada comandante pastor llama llamo llaman llamado llamada apellida"
    " apellido chama chamo chamado chamada rele named called appelle".split()
)
# "Busco a Santiago", "mataram o Lucas": done to somebody, not to a town.
DONE_TO = set(
    "busco busca buscan buscamos buscando procuro procura procurando procuramos mato mataron matou mataram asesinaron"
    " secuestraron violaron golpearon apunalaron balearon esfaquearam estupraram sequestraram conozco conocen vi vieron"
    " denunciar denuncio acuso".split()
)
PAPERS = {"visa", "visas", "work", "permit", "job", "jobs"}  # after a country's name
SHORTEST = 3
LONG_NAME = 5  # letters: shorter ones are words in some language
JOINTS = {"de", "del", "do", "da", "du", "en", "em", "no", "na", "au", "nan", "in", "of", "an"} | OF_ARABIC
SHORT_ANSWER = 8  # words: a longer answer to "where?" is a story, where risky names need more
# ISO codes that are also words when written small: "ve", "uy", "pa", "do"...
CODES_LIKE_WORDS = {"ve", "uy", "do", "pa", "ni", "aw", "ca", "co", "pe", "sr", "bs", "tc", "se", "to", "al", "ma"}
FILLER = "en|in|em|nan|an|a|at|de|la|el|los|las|the|no|na|au|aqui|here|estoy|estamos|ciudad|city"


@dataclass(frozen=True)
class Mention:
    """``counts``: whether it stands so that the place is meant, by the rules."""

    entry: Entry
    start: int
    end: int
    standing: Standing
    counts: bool = True


def mentions_in(words: list[Word], expected: bool) -> Iterator[Mention]:
    """The names of places, whether they count, and how much each tells of where it happened."""
    before: Mention | None = None
    pidgin = any(word.plain in PIDGIN for word in words)
    known = {span[1]: span for span in islice(spans(words), MOST_NAMES)}
    within = {at: entry for entry, start, end in known.values() for at in range(start + 1, end)}
    guessed = {span[1]: span for span in misspelt_spans(words, known) if _agrees(span[0], within.get(span[1]))}
    # "do" in "Santiago do Chile" is not the Dominican Republic.
    found = (span for _, span in sorted((known | guessed).items()))
    named = [span for span in found if not (span[0].trust == "after" and words[span[1]].raw in JOINTS)]
    for at, (entry, start, end) in enumerate(named):
        joined = before is not None and _at_once(before.end, start, words)
        follows = named[at + 1] if at + 1 < len(named) else None
        entry = _in_state(entry, end, follows, words)
        mention = Mention(entry, start, end, _standing(entry, start, end, words, pidgin))
        if joined and before is not None and _follows(before.entry, entry, words[start:]):
            # "Santa Ana, El Salvador": the country stands as its town does.
            mention = replace(mention, standing=before.standing)
        elif not _counts(mention, words, expected, follows):
            before = None
            if _possible(mention, words):
                yield replace(mention, counts=False)
            continue
        before = mention
        yield replace(mention, counts=not _wished_for(mention, words))


def _possible(mention: Mention, words: list[Word]) -> bool:
    """Whether a name that does not count, by the rules, may be meant all the same (bot/weighing.py)."""
    trust = mention.entry.trust
    if _no_place(mention, words):
        return False
    if trust == "capital" and mention.entry.kind != "clue":
        first = words[mention.start]
        written = first.raw.isupper() if len(first.raw) < SHORTEST else first.raw[0].isupper()  # "La Paloma" is not LA
        return mention.start > 0 and not first.pause and written
    return trust not in ("after", "amount", "counted", "side")


def _no_place(mention: Mention, words: list[Word]) -> bool:
    """ "Un boquete" is a hole, "el señor Andrade" and "busco a Lucas" tell of men; several words are a place's."""
    named = mention.start > 0 and not words[mention.start].pause and mention.end - mention.start == 1
    if not named or mention.entry.kind not in ("place", "city", "region"):
        return False
    *_, second, last = ["", "", *(word.plain for word in words[: mention.start])]
    return last in NO_PLACE_AFTER or (last in ("a", "o") and second in DONE_TO)


def _at_once(end: int, start: int, words: list[Word]) -> bool:
    """Whether a name follows another with nothing but "of" or "in" between: "san josé da costa rica"."""
    return end == start or (start == end + 1 and words[end].plain in JOINTS)


def _standing(entry: Entry, start: int, end: int, words: list[Word], pidgin: bool) -> Standing:
    letter = words[start].plain[0] if _joined(start, end, words) else ""
    stands = standing(words[:start], letter, pidgin)
    if entry.kind == "clue" and stands == Standing.ELSEWHERE:
        return Standing.NAMED  # "hand me over to ICE": people go to the institutions of where they are
    if start and words[start - 1].plain == "from" and _side_after(end, words):
        return Standing.ELSEWHERE
    if entry.kind == "country" and (beside_authority(start, end, words) or _side_after(end, words)):
        return Standing.SIDE if _side_after(end, words) else Standing.HAPPENED
    return Standing.HAPPENED if stands == Standing.SIDE and entry.kind != "country" else stands


def _joined(start: int, end: int, words: list[Word]) -> bool:
    """Whether the name is known only without its first letter, as Arabic writes "in" and "to"."""
    written = tuple(word.plain for word in words[start:end])
    return written[0][0] in JOINED and written not in gazetteer.load().names


def _side_after(end: int, words: list[Word]) -> bool:
    return end < len(words) and words[end].plain == "side"


def _wished_for(mention: Mention, words: list[Word]) -> bool:
    """ "Canada visa", "vi en facebook trabajo en canada": where somebody wants to go, not where they are."""
    if mention.entry.kind != "country":
        return False
    papers = mention.end < len(words) and words[mention.end].plain in PAPERS
    offered = works_in(words[: mention.start]) and any(word.plain in OFFERED for word in words)
    return offered or (papers and mention.standing == Standing.NAMED)


def _agrees(guess: Entry, known: Entry | None) -> bool:
    """No part of a name is guessed to be somewhere else: "tijuca" in "Barra da Tijuca" is not Tijuana."""
    return known is None or bool(guess.countries & known.countries)


def _follows(inner: Entry, outer: Entry, rest: list[Word]) -> bool:
    # ON, NO, ME, PA... are words too: a code is in capitals or the last word.
    code = outer.trust == "after" and not rest[0].raw.isupper() and len(rest) > 1
    return _within(inner, outer) and not code


def _in_state(town: Entry, end: int, follows: Span | None, words: list[Word]) -> Entry:
    """ "Miramar, FL": a state's letters right after a town that we know in another country."""
    if follows is None or follows[1] != end or not words[end].pause or not words[end].raw.isupper():
        return town
    state = follows[0]
    lettered = state.trust == "after" and state.kind == "region" and town.kind != "country"
    if not lettered or town.countries & state.countries:
        return town
    return replace(town, countries=state.countries, subdivision=state.subdivision, trust="anywhere")


def _within(inner: Entry, outer: Entry) -> bool:
    """ "Santa Ana, El Salvador"; "La Victoria, Lima": a city after a district whose name others share."""
    settles = len(inner.countries) > 1 and len(outer.countries) == 1 and outer.trust in ("anywhere", "placed")
    settles &= outer.kind != "clue"
    larger = (settles or outer.kind in ("region", "country")) and inner.kind != "clue"
    return larger and bool(inner.countries & outer.countries) and inner.name != outer.name


def _counts(mention: Mention, words: list[Word], expected: bool, follows: Span | None) -> bool:
    trust = mention.entry.trust
    if _no_place(mention, words):
        return False
    if trust in ("anywhere", "likely") or mention.standing == Standing.SIDE:
        return True
    if trust == "after":
        return _brazilian_state(mention, words)
    if trust in ("amount", "counted"):
        return _amount(mention, words)
    if trust == "side":
        return beside_authority(mention.start, mention.end, words)
    return not _longer_name(mention, words, follows) and _careful(mention, words, expected, follows)


def _amount(mention: Mention, words: list[Word]) -> bool:
    """ "600 soles", "12 mil córdobas", "4 milhões de guarani", "paga en bolivianos"."""
    before = [word.plain for word in words[max(mention.start - 2, 0) : mention.start]]
    number = before[0] if before[-1:] == ["de"] else "".join(before[-1:])
    if number.isdigit() or number in NUMERALS | THOUSANDS or tuple(before) in NOT_ONE:
        return mention.end == len(words) or words[mention.end].plain not in NOT_MONEY
    return number in BEFORE_MONEY and mention.entry.trust == "amount"


def _careful(mention: Mention, words: list[Word], expected: bool, follows: Span | None) -> bool:
    """Whether a name that is also something else stands so that the place is meant."""
    entry, trust = mention.entry, mention.entry.trust
    named = words[mention.start : mention.end]
    letters = sum(len(word.plain) for word in named)
    if entry.kind == "clue" or letters < SHORTEST:
        return named[-1].raw.isupper() and (entry.kind == "clue" or expected)  # "el ICE"
    if entry.kind == "country" and trust == "placed" and mention.start and named[0].raw.istitle():
        return True
    alone = expected and len(named) >= len(_content(words))
    if alone or (follows and follows[1] == mention.end and _told_by(entry, follows[0])):
        return True
    if trust == "placed" and expected and len(words) <= SHORT_ANSWER:
        return True
    if trust == "placed" and entry.kind != "country" and letters >= LONG_NAME and loosely_placed(words, mention.start):
        return True
    if trust == "placed" and (_titled(named) or _in_joined(mention, words)):
        return True
    if trust == "firm" and mention.standing == Standing.HAPPENED and letters >= LONG_NAME and named[0].raw.istitle():
        return True  # "no mercado de Posadas"
    return firmly_placed(words, mention.start) and (trust in ("placed", "firm") or named[0].raw[0].isupper())


def _titled(named: list[Word]) -> bool:
    """ "Boca Chica": several words, each with a capital, are no words but a name."""
    return len(named) > 1 and all(word.raw.istitle() for word in named)


def _in_joined(mention: Mention, words: list[Word]) -> bool:
    """Arabic's "in", written as one with the name of one country's place."""
    joined = words[mention.start].plain[0] in IN_LETTERS and _joined(mention.start, mention.end, words)
    return joined and len(mention.entry.countries) == 1


def _longer_name(mention: Mention, words: list[Word], follows: Span | None) -> bool:
    """ "Cerro Castillo", "Praça da República": a doubtful name within a longer one that we do not know."""
    if not words[mention.start].raw.istitle() or mention.entry.kind in ("country", "clue"):
        return False
    next_one = words[mention.end] if mention.end < len(words) else None
    goes_on = next_one is not None and not next_one.pause and next_one.raw.istitle() and len(next_one.raw) > 1
    return goes_on and not (follows and follows[1] == mention.end)


def _brazilian_state(mention: Mention, words: list[Word]) -> bool:
    """ "em sp": no other language has this "in", and in Brazil states go by their two letters."""
    state = mention.entry.kind == "region" and mention.entry.countries == {"BR"}
    after_in = mention.start > 0 and words[mention.start - 1].plain == "em"
    return state and after_in and words[mention.start].plain not in CODES_LIKE_WORDS


def _told_by(name: Entry, next_one: Entry) -> bool:
    """Whether the name right after it says that it is one: a larger place, or one of its country, "SJL, lima"."""
    beside = name.countries == next_one.countries and len(name.countries) == 1 and name.name != next_one.name
    towns = {name.kind, next_one.kind} <= {"place", "city", "region"}
    return (_within(name, next_one) or (beside and towns)) and next_one.trust in ("anywhere", "placed")


def _content(words: list[Word]) -> list[Word]:
    return [word for word in words if not re.fullmatch(FILLER, word.plain)]
