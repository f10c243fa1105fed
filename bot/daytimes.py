"""Which hours of the day somebody means: "de 6 a 9 de la noche", "18-21", "after 8 pm". Pure; nothing is guessed."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

DAY = 24 * 60
# Longer words tell something else.
LONGEST = 60
MORNING, AFTERNOON, EVENING = (6 * 60, 12 * 60), (12 * 60, 18 * 60), (18 * 60, 22 * 60)
# How each part of the day is said, without accents: Spanish, English, Portuguese, French, Haitian Creole.
PARTS = {
    "morning": r"manana\b|madrugada|manha\b|morning|matin\b|maten|a\.? ?m\b\.?",
    "afternoon": r"tarde|afternoon|apres[- ]midi|apremidi|p\.? ?m\b\.?",
    "evening": r"noche|noite|evening|tonight|night|soir|soiree|aswe|diswa|nwit|nuit",
}
PART = "|".join(f"(?P<{name}>{words})" for name, words in PARTS.items())
TWELVES = (
    (re.compile(r"\b(?:mediodia|medio dia|meio[- ]dia|noon|midday|(?<!apres[- ])midi)\b"), "12:00"),
    (re.compile(r"\b(?:medianoche|media noche|meia[- ]noite|midnight|minuit|minwi)\b"), "24:00"),
)  # fmt: skip
CLOCK = re.compile(rf"(?<!\d)(\d{{1,2}})(?:\s?[:.h]\s?(\d\d))?(?!\d)(?P<then>[^\d]*?(?:{PART}))?")
FROM = re.compile(r"\b(?:despues|desde|a partir|depois|after|from|since|apres(?![- ]midi)|des|apre|depi)\b")
UNTIL = re.compile(r"\b(?:antes|hasta|ate|before|until|till|avant|jusqu\w*|anvan|jiska)\b")
PART_ALONE = re.compile(rf"\b(?:{PART})")
# What may stand between times; any other word makes it a story.
FILLING = frozenset(
    """a ak al am an and antre between as at ate da das de del dela des do dos du e el en entre et h heure heures hora
    horas hour hours hs in l la las le les los na nan o on only oclock or os ou para par pela pelas pelo pm por q que s
    sa seulement solo so sele selman son soti the to u un y""".split()
)


@dataclass(frozen=True)
class Time:
    """``hour`` as it was said; ``part`` of the day where one was."""

    hour: int
    minute: int
    part: str | None

    @property
    def sure(self) -> bool:
        """Not "9", and not "12 in the morning", which some say of noon and others of midnight."""
        if self.hour == 12 and self.part == "morning":
            return False
        return self.part is not None or self.hour > 12 or self.hour == 0

    def minutes(self, part: str | None) -> int:
        """After midnight; midnight at the end of a day is 1440."""
        hour = self.hour
        if part == "evening" and hour == 12:
            return DAY + self.minute
        if hour > 12 or part is None:
            return hour * 60 + self.minute
        late = (part == "afternoon") or (part == "evening" and hour > 4)
        return (hour % 12 + (12 if late else 0)) * 60 + self.minute


def hours_in(text: str) -> tuple[int, int] | None:
    """(begin, end) in minutes after midnight, at most 1440; an end before the begin is on the next day.

    None where no hours are told, or half of the day was left open ("6 to 9").

    >>> hours_in("de 6 a 9 de la noche"), hours_in("18-21"), hours_in("after 8 pm"), hours_in("6 a 9")
    ((1080, 1260), (1080, 1260), (1200, 1440), None)
    """
    if len(text) > LONGEST:
        return None
    said = _plain(text)
    times = [_time(found) for found in CLOCK.finditer(said)]
    if any(time.hour > 24 or time.minute > 59 for time in times):
        return None
    if not times:
        return _part_alone(said)
    if len(times) == 1:
        return _one(times[0], said)
    return _two(*times) if len(times) == 2 else None


def only_times(text: str) -> bool:
    """Whether the whole message tells hours, also such as leave half of the day open.

    >>> only_times("6 a 9"), only_times("me robaron anoche a las 9")
    (True, False)
    """
    said = _plain(text)
    if len(text) > LONGEST or not (CLOCK.search(said) or PART_ALONE.search(said)):
        return False
    for pattern in (PART_ALONE, FROM, UNTIL):
        said = pattern.sub(" ", said)
    return all(word in FILLING for word in re.findall(r"[^\W\d_]+", said))


def _plain(text: str) -> str:
    marked = unicodedata.normalize("NFKD", text.casefold())
    said = "".join(c for c in marked if not unicodedata.combining(c))
    for words, clock in TWELVES:
        said = words.sub(clock, said)
    return said


def _time(found: re.Match[str]) -> Time:
    part = next((name for name in PARTS if found[name]), None)
    return Time(int(found[1]), int(found[2] or 0), part)


def _part_alone(said: str) -> tuple[int, int] | None:
    named = {name for found in PART_ALONE.finditer(said) for name in PARTS if found[name]}
    whole = {"morning": MORNING, "afternoon": AFTERNOON, "evening": EVENING}
    return whole[named.pop()] if len(named) == 1 else None


def _one(time: Time, said: str) -> tuple[int, int] | None:
    """After a time: for the rest of that day. Before it: from the morning on. At a time: for an hour."""
    if not time.sure:
        return None
    at = time.minutes(time.part)
    if FROM.search(said):
        return _span(at, DAY)
    if UNTIL.search(said):
        return _span(MORNING[0] if at > MORNING[0] else 0, at)
    return _span(at, at + 60)


def _two(first: Time, second: Time) -> tuple[int, int] | None:
    """What is said of the second counts for the first ("6 to 9 pm"), but where that turned them round ("9 to 5 pm")."""
    if not second.sure and not (first.sure and first.part is None):
        return None
    ends = second.minutes(second.part)
    if first.sure:
        return _span(first.minutes(first.part), ends)
    begins = first.minutes(second.part)
    if begins < ends:
        return _span(begins, ends)
    return _span((first.hour % 12 + (12 if second.part == "morning" else 0)) * 60 + first.minute, ends)


def _span(begins: int, ends: int) -> tuple[int, int] | None:
    begins, ends = begins % DAY, (ends - 1) % DAY + 1
    return None if begins == ends % DAY and ends != DAY else (begins, ends)
