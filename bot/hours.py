"""When a contact answers: its hours as content/hotlines/ writes them, and whether that is now."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from importlib import resources
from zoneinfo import ZoneInfo

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
# How offices of the United States and Canada name the zone they keep.
ZONES = {
    "ET": "America/New_York", "CT": "America/Chicago", "MT": "America/Denver", "PT": "America/Los_Angeles",
}  # fmt: skip
DAY = f"(?:{'|'.join(DAYS)})"
CLOCK = r"\d\d:\d\d-\d\d:\d\d"
WEEK = re.compile(rf"(?P<days>{DAY}(?:[,-]{DAY})*) (?P<clocks>{CLOCK}(?: and {CLOCK})*)")
LISTED = re.compile(rf"{WEEK.pattern}(?:[;,] {WEEK.pattern})*".replace("?P<days>", "").replace("?P<clocks>", ""))
# "08:00-16:00 local": the zone of the country, which is meant anyway. A recording helps nobody at night.
TAIL = re.compile(rf" (?P<zone>local|{'|'.join(ZONES)})$")
RECORDINGS = "; recordings 24/7"
# Somebody answers at any hour, whenever the case is worked.
ALWAYS = re.compile(r"24/7|line open 24/7, cases handled .*")
SCHEDULE = re.compile(rf"weekdays \(({CLOCK}) in a \d{{4}} schedule\)")
REMARK = re.compile(r" \([^()]*\)$")


@dataclass(frozen=True)
class Span:
    """``days``: 0 is Monday. ``begins`` and ``ends``: minutes after midnight, 1440 at most."""

    days: tuple[int, ...]
    begins: int
    ends: int

    def holds(self, here: datetime) -> bool:
        return here.weekday() in self.days and self.begins <= here.hour * 60 + here.minute < self.ends


@dataclass(frozen=True)
class Hours:
    """``zone``: where the hours name one; else they are those of the contact's country. No spans: day and night."""

    spans: tuple[Span, ...] = ()
    zone: str | None = None


def parse(words: str) -> Hours | None:
    """The hours as a row of content/hotlines/ says them; None where nobody knows.

    What was only announced is not known. A remark in brackets is for staff. Raises ValueError.

    >>> parse("Mon-Fri 08:00-20:00 ET")
    Hours(spans=(Span(days=(0, 1, 2, 3, 4), begins=480, ends=1200),), zone='America/New_York')
    >>> parse("24/7"), parse("24/7 (as announced)"), parse("unknown")
    (Hours(spans=(), zone=None), None, None)
    """
    if words == "unknown" or words.endswith("(as announced)"):
        return None
    plain = REMARK.sub("", SCHEDULE.sub(r"Mon-Fri \1", words)).removesuffix(RECORDINGS)
    if ALWAYS.fullmatch(plain):
        return Hours()
    tail = TAIL.search(plain)
    week = plain[: tail.start()] if tail else plain
    if not LISTED.fullmatch(week):
        raise ValueError(f'hours are like "24/7", "unknown" or "Mon-Fri 08:00-16:00; Sat 08:00-12:00", not "{words}"')
    spans = tuple(span for found in WEEK.finditer(week) for span in _spans(found["days"], found["clocks"]))
    return Hours(spans, ZONES.get(tail["zone"]) if tail else None)


def _spans(days: str, clocks: str) -> Iterator[Span]:
    which = tuple(day for part in days.split(",") for day in _days(part))
    for clock in clocks.split(" and "):
        begins, ends = map(_minutes, clock.split("-"))
        if not begins < ends <= 24 * 60:
            raise ValueError(f"{clock}: hours end after they begin, on the same day")
        yield Span(which, begins, ends)


def _days(part: str) -> range:
    first, _, last = part.partition("-")
    days = range(DAYS.index(first), DAYS.index(last or first) + 1)
    if not days:
        raise ValueError(f"{part}: a week begins on Monday")
    return days


def _minutes(clock: str) -> int:
    hour, minute = map(int, clock.split(":"))
    if minute > 59:
        raise ValueError(f"{clock} is no time of day")
    return hour * 60 + minute


def is_open(hours: Hours | None, country: str, at: datetime) -> bool | None:
    """Whether somebody answers at that moment (aware). None: nobody knows, or it differs between the zones of the
    country, and which of them is meant is not written."""
    if hours is None:
        return None
    if not hours.spans:
        return True
    answers = {any(span.holds(clock) for span in hours.spans) for clock in _clocks(hours, country, at)}
    return answers.pop() if len(answers) == 1 else None


def _clocks(hours: Hours, country: str, at: datetime) -> Iterable[datetime]:
    """That moment by each clock that may be meant."""
    return [at.astimezone(ZoneInfo(zone)) for zone in ([hours.zone] if hours.zone else zones(country))]


@dataclass(frozen=True)
class Opening:
    """When a desk is worked; ``country``: whose clocks its hours are told by, where they name no zone."""

    hours: Hours
    country: str

    @property
    def always(self) -> bool:
        return not self.hours.spans

    def holds(self, at: datetime) -> bool:
        """Whether it is surely open; where several clocks may be meant, by all of them."""
        return is_open(self.hours, self.country, at) is True

    def told(self, at: datetime) -> str:
        """What the clocks say there: the day and minute, and where they differ "/" and the last of them."""
        here = sorted({f"{clock:%Y-%m-%dT%H:%M}" for clock in _clocks(self.hours, self.country, at)})
        return "/".join(dict.fromkeys(here[:1] + here[-1:]))


@cache
def zones(country: str) -> tuple[str, ...]:
    """The time zones of a country (ISO 3166-1 alpha-2), from the table of the IANA database."""
    table = resources.files("tzdata").joinpath("zoneinfo/zone.tab").read_text("utf-8")
    rows = (line.split("\t") for line in table.splitlines() if not line.startswith("#"))
    return tuple(row[2] for row in rows if row[0] == country)
