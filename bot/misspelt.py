"""Place names written as they sound or with a slip of the thumb: "en tapachla", "a ciuda juares".

Only where a preposition of place stands before, and never for words that people use otherwise (data/words.txt, made
by ``scripts/profiles words`` from the examples, and data/common_words.txt, the 20,000 commonest of Spanish, English,
Portuguese and French by wordfreq 3.1.1, CC BY-SA 4.0): a wrong country is worse than none.
"""

import re
from functools import cache
from pathlib import Path

from rapidfuzz import process
from rapidfuzz.distance import OSA

from bot import gazetteer
from bot.names import Entry, Word

DATA = Path(__file__).parent.parent / "data"
WORDS, COMMON = DATA / "words.txt", DATA / "common_words.txt"
SHORTEST = 6  # letters, spaces not counted
# From so many letters on a second slip is forgiven.
LONG = 9
MOST_WORDS = 3
SHORTEST_USUAL = 3  # "la" makes no name unusual
# Letters that sound alike in Spanish, Portuguese or Creole, or are often left out; in this order.
ALIKE = [
    (re.compile(pattern), sound)
    for pattern, sound in (
        ("qu(?=[ei])", "k"), ("c(?=[ei])", "s"), ("ch|sh", "x"), ("ph", "f"), ("gu(?=[ei])", "g"), ("ou|w", "u"),
        ("c", "k"), ("[zx]", "s"), ("v", "b"), ("ll|y", "i"), ("h", ""), (r"(.)\1", r"\1"),
    )
]  # fmt: skip


# Arabic has no g, p, v or ch, and writes the vowels of a foreign name or leaves them out.
ARABIC_ALIKE = str.maketrans("غجگقڤپچثطذظصخحىة", "گگگكفبشتتززسههيه")
ARABIC_VOWELS = re.compile("^ال|(?<!^)[اويهءآأإؤئ]")
ARABIC_SHORTEST = 4  # consonants


def meant(words: list[Word], start: int, alike: bool = False) -> tuple[Entry, int] | None:
    """The place whose name the words from ``start`` on seem to be, and the end of it; the longest, or none.

    ``alike``: only what sounds the same.
    """
    for end in range(min(start + MOST_WORDS, len(words)), start, -1):
        part = words[start:end]
        written = "".join(word.plain for word in part)
        usual = [word.plain in _usual() for word in part if len(word.plain) >= SHORTEST_USUAL]
        # "ciuda juares" is a city, slips and all; "servico que" is none.
        # Nor is one made of "brasier ya".
        strict = alike or (len(part) > 1 and (any(usual) or len(part[-1].plain) < SHORTEST_USUAL))
        if _telling(written) and not all(usual) and (entry := _likest(sounded(written), strict)):
            return entry, end
    return None


def _telling(written: str) -> bool:
    """Long enough, and in letters whose sounds are known: ours, or Arabic's, which writes names as it hears them."""
    return len(written) >= SHORTEST and written.isalpha() and (written.isascii() or _arabic(written))


def _arabic(written: str) -> bool:
    return all("\u0600" <= letter <= "\u06ff" for letter in written)


def sounded(name: str) -> str:
    """
    >>> sounded("juarez") == sounded("juares"), sounded("tecunuman")
    (True, 'tekunuman')
    """
    if _arabic(name):
        return ARABIC_VOWELS.sub("", name.translate(ARABIC_ALIKE))
    for pattern, sound in ALIKE:
        name = pattern.sub(sound, name)
    return name


def _likest(sound: str, alike: bool) -> Entry | None:
    """The one country's place that sounds so, or nearly."""
    known = _sounds()
    if sound in known:
        return known[sound]
    if alike or not sound.isascii():
        return None
    slips = 2 if len(sound) >= LONG else 1
    near = process.extract(sound, known.keys(), scorer=OSA.distance, score_cutoff=slips, limit=3)
    best = [known[name] for name, distance, _ in near if distance == near[0][1] and name[0] == sound[0]]
    return best[0] if len({entry.countries for entry in best}) == 1 else None


@cache
def _sounds() -> dict[str, Entry]:
    """By sound: the names that count anywhere, thus no small town's."""
    found: dict[str, Entry] = {}
    for at, entry in gazetteer.load().names.items():
        written = "".join(at)
        sought = entry.trust == "anywhere" and not entry.small and entry.kind in ("place", "region", "city")
        sound = sounded(written) if sought and _telling(written) else ""
        if sound.isascii() and sound or len(sound) >= ARABIC_SHORTEST:
            found.setdefault(sound, entry)
    return found


@cache
def _usual() -> frozenset[str]:
    return frozenset(word for file in (WORDS, COMMON) for word in file.read_text("utf-8").split())
