"""Which indigenous language of the Americas somebody writes: Faro speaks none, but an interpreter may.

Profiles (data/profiles/, made by scripts/profiles) hold how often groups of one to three letters
stand in that language's Universal Declaration of Human Rights. Of the taxonomy's ``recognised``,
Guerrero Nahuatl (ngu) is never told: the package of the Declarations has none in it.
What has no profile can come out as a neighbour: any Quechua as quz, Tojolabal as tzh. That is good
enough to offer an interpreter, but nobody should be told which language we take theirs for.
"""

from __future__ import annotations

import json
import math
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from bot import language
from bot.language import ENOUGH_LETTERS, ENOUGH_WORDS, FULL, LONGEST, OVERLAP, UNSEEN

PROFILES = Path(__file__).parent.parent / "data" / "profiles"
# Logarithm of how many times likelier than in any language we speak. Place names, laughter and
# misspelt Spanish stay below; of pieces of five words kept out of the profiles 95 in 100 pass.
SURE = 15.0
# Share of the groups of three that the profile has seen. Sentences kept out of it have 0.8 and more,
# languages that nothing here knows (Somali, Swahili, Shuar) 0.5, though likelier than in Spanish.
SHOWN = 0.65
# Every sign that people type for a glottal stop or an ejective, and mostly leave out.
APOSTROPHES = re.compile("['`´‘’‛′ʹʻʼʾʿˀ\ua78b\ua78c]")

NEVER = math.log(UNSEEN)

Chances = Mapping[str, float]  # group of letters → its chance, among groups of that length


CODES = frozenset(path.stem for path in PROFILES.glob("*.json")) - {*FULL}


@dataclass(frozen=True)
class Table:
    """Profiles laid side by side: for a group of letters, the logarithm of its chance in each language."""

    codes: tuple[str, ...]
    rows: Mapping[str, tuple[float, ...]]


def recognised(text: str) -> str | None:
    """The indigenous language of a text (ISO 639-3), None unless it is clearly one of them.

    >>> recognised("Juntaqeeteb chijunil li poyanam chiru li chaqrab"), recognised("me duele mucho la muela")
    ('kek', None)
    """
    plain = fold(text[:LONGEST])[:LONGEST]
    code = likeliest(plain, _shipped())
    # Towns have Mayan and Nahuatl names in every language. Looking them up is slow, so only at need.
    return code if code and likeliest(language.without_places(plain), _shipped()) == code else None


def fold(text: str) -> str:
    """As people type on a phone: small letters without accents and apostrophes.

    >>> fold("Ri Qatz’ij ütz")
    'ri qatzij utz'
    """
    parts = unicodedata.normalize("NFKD", APOSTROPHES.sub("", text.casefold()))
    return "".join(part for part in parts if not unicodedata.combining(part))


def words_of(plain: str) -> list[str]:
    return re.findall(r"[^\W\d_]+", plain)


def groups(words: Iterable[str]) -> Iterator[str]:
    """All groups of one to three letters; a space is where a word begins or ends.

    >>> list(groups(["ri"]))
    ['r', 'i', ' r', 'ri', 'i ', ' ri', 'ri ']
    """
    for word in words:
        spaced = f" {word} "
        yield from word
        yield from (spaced[at : at + 2] for at in range(len(word) + 1))
        yield from (spaced[at : at + 3] for at in range(len(word)))


def likeliest(plain: str, table: Table) -> str | None:
    """The language of a folded text, if it is long enough and surely in none that we speak."""
    words = dict.fromkeys(words_of(plain))
    if len(words) < ENOUGH_WORDS or sum(map(len, words)) < ENOUGH_LETTERS:
        return None
    # Each group counts once: else "jajajaja jajaja" would be as good as a page of Tzeltal.
    seen = dict.fromkeys(groups(words))
    rows = [table.rows[group] for group in seen if group in table.rows]  # what none has seen tells nothing
    if not rows:
        return None
    weights = dict(zip(table.codes, map(sum, zip(*rows, strict=True)), strict=True))
    best = max(weights, key=lambda code: weights[code])
    sure = (weights[best] - max(weights[code] for code in FULL)) * OVERLAP >= SURE
    return best if sure and _shown(seen, table, best) >= SHOWN else None


def _shown(seen: Iterable[str], table: Table, code: str) -> float:
    at, threes = table.codes.index(code), [group for group in seen if len(group) == 3]
    return sum(group in table.rows and table.rows[group][at] > NEVER for group in threes) / len(threes)


def table(profiles: Mapping[str, Chances]) -> Table:
    """These profiles beside those of the languages we speak."""
    every = {**profiles, **_spoken()}
    known = dict.fromkeys(group for chances in every.values() for group in chances)
    rows = {group: tuple(math.log(of.get(group, 0) + UNSEEN) for of in every.values()) for group in known}
    return Table(tuple(every), rows)


def chances(counts: Mapping[str, int]) -> Chances:
    total: Counter[int] = Counter()
    for group, count in counts.items():
        total[len(group)] += count
    return {group: count / total[len(group)] for group, count in counts.items()}


@cache
def _shipped() -> Table:
    read = (json.loads((PROFILES / f"{code}.json").read_text("utf-8")) for code in sorted(CODES))
    return table({profile["name"]: chances(profile["freq"]) for profile in read})


def _spoken() -> dict[str, Chances]:
    """The languages we speak, their groups of letters folded as the text is."""
    factory = language.factory()
    added: dict[str, dict[str, float]] = {code: defaultdict(float) for code in FULL}
    for group, shares in factory.word_lang_prob_map.items():
        for code, share in zip(factory.langlist, shares, strict=True):
            added[code][fold(group)] += share
    return dict(added)
