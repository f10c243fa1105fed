"""What the words before a place name make of it: where it happened, where one is, or neither."""

from enum import IntEnum

from bot.bearings import (
    IN_LETTERS,
    PORTUGUESE,
    TELLS_ARRIVED,
    TELLS_ASKED,
    TELLS_BEFORE,
    TELLS_BROUGHT,
    TELLS_ELSEWHERE,
    TELLS_ELSEWHERE_ARABIC,
    TELLS_FIRM,
    TELLS_FIRM_ARABIC,
    TELLS_FIRM_PORTUGUESE,
    TELLS_HAPPENED,
    TELLS_HELD,
    TELLS_HERE,
    TELLS_LEFT,
    TELLS_SIDE,
    TELLS_WORK,
    TO_LETTER,
)
from bot.names import Word


class Standing(IntEnum):
    """How much a mention tells of where something happened; the highest in a message wins."""

    ELSEWHERE = 0  # where somebody is from, has family or wants to go
    NAMED = 1
    HERE = 2  # where the person is now; what happened may have happened before
    HAPPENED = 3
    SIDE = 4  # "on the Costa Rican side": of a place that two countries share


LOOSE = set(
    "a al at by d da de del di do inna of pon por to towards vers l pa hasta desde chez from wout pre near around reach"
    " reached rive في ف ب من الي الى على علي ع قرب قبل بعد عند".split()
)
WINDOW = 9  # words that can bear on a name
CREOLE_LONG_WE = {"mwen", "nou"}
CREOLE_WE = CREOLE_LONG_WE | {"m", "mw"}
CREOLE_OPENINGS = {"kounye", "koulye", "la", "a", "epi", "e", "men"}


def standing(before: list[Word], joined: str = "", pidgin: bool = False) -> Standing:
    """``joined``: the Arabic letter that is written together with the name; ``pidgin``: "for" is "in"."""
    lead = _lead(before)
    if pidgin and lead.endswith(" for"):
        return Standing.HAPPENED
    if TELLS_BROUGHT.search(lead):
        return Standing.HAPPENED
    if TELLS_ARRIVED.search(lead):
        return Standing.HERE
    clause = _lead(_clause(before))
    away = TELLS_ELSEWHERE.search(clause) or TELLS_ELSEWHERE_ARABIC.search(lead) or joined == TO_LETTER
    if away and not TELLS_HELD.search(lead) and not TELLS_BEFORE.search(lead):
        return Standing.ELSEWHERE
    if TELLS_SIDE.search(lead):
        return Standing.SIDE
    if TELLS_ASKED.search(lead):
        return Standing.NAMED
    if TELLS_HERE.search(f"{clause} {joined}" if joined else clause) or _creole_here(before):
        return Standing.HERE
    return Standing.HAPPENED if TELLS_HAPPENED.search(lead) or joined in set(IN_LETTERS) else Standing.NAMED


def _creole_here(before: list[Word]) -> bool:
    """ "Mwen nan X", "Mwen X depi 5 mwa", but not "pòt mwen nan X", my door in X."""
    placed = before[-1:] and before[-1].plain in ("nan", "an")
    who = before[:-1] if placed else before
    if not who or who[-1].plain not in (CREOLE_WE if placed else CREOLE_LONG_WE):
        return False
    return len(who) == 1 or who[-1].pause or who[-2].plain in CREOLE_OPENINGS


def firmly_placed(words: list[Word], start: int) -> bool:
    """Whether a preposition of place stands before that is no other word in another language."""
    lead = _lead(words[:start])
    if (
        TELLS_FIRM.search(lead)
        or TELLS_FIRM_ARABIC.search(lead)
        or (start and words[start - 1].raw in ("à", "À", "在"))
    ):
        return True
    return bool(TELLS_FIRM_PORTUGUESE.search(lead)) and any(word.plain in PORTUGUESE for word in words)


def loosely_placed(words: list[Word], start: int) -> bool:
    """Whether any little word of place stands before: enough for a long name that is hardly anything else."""
    return start > 0 and words[start - 1].plain in LOOSE


def works_in(before: list[Word]) -> bool:
    """ "trabajo en canada", "visa to Canada"."""
    return TELLS_WORK.search(_lead(before)) is not None


def left_from(before: list[Word]) -> bool:
    """ "Salió de X" of somebody else, the last that is known of them; not "salí de X"."""
    return TELLS_LEFT.search(_lead(before)) is not None


def _clause(before: list[Word]) -> list[Word]:
    """What stands after the last comma or full stop: "moro em Providence, mas foi em Tijuana"."""
    begins = (at for at in range(len(before) - 1, 0, -1) if before[at].pause)
    return before[next(begins, 0) :]


def _lead(before: list[Word]) -> str:
    return " ".join(word.plain for word in before[-WINDOW:])
