"""The hours in which a person may be written to, on their own clock: whether it is then, and when it will be. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import phonenumbers
from phonenumbers import timezone

from bot.hours import zones

MINUTE = timedelta(minutes=1)
# Within two days every clock shows every time of day that it ever shows, also where one is skipped in spring.
AHEAD = 2 * 24 * 60
# Where nobody knows: most people who write to us are there or further south and east of it. The answer names it.
UNKNOWN = ("America/Mexico_City",)


@dataclass(frozen=True)
class Hours:
    """Minutes after midnight, ``ends`` 1440 at most. An end before the begin is on the next day."""

    begins: int
    ends: int

    def hold(self, here: datetime) -> bool:
        minute = here.hour * 60 + here.minute
        if self.begins < self.ends:
            return self.begins <= minute < self.ends
        return minute >= self.begins or minute < self.ends


def clocks(country: str | None, number: str | None) -> tuple[str, ...]:
    """The time zones in which somebody may be, never none: of their number while they are in its country, else of the
    country (ISO 3166-1 alpha-2). ``number``: in E.164."""
    its = _of_number(number) if number else None
    if its and country in (None, its[0]):
        return its[1] or zones(its[0]) or UNKNOWN
    return (zones(country) if country else ()) or UNKNOWN


def _of_number(number: str) -> tuple[str, tuple[str, ...]] | None:
    """Country and time zones of a number; no zones where the number does not tell."""
    try:
        parsed = phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        return None
    country = phonenumbers.region_code_for_number(parsed)
    known = [zone for zone in timezone.time_zones_for_number(parsed) if zone != timezone.UNKNOWN_TIMEZONE]
    return (country, tuple(known)) if country else None


def may_write(hours: Hours, where: Sequence[str], at: datetime) -> bool:
    """Whether it is one of these hours at that moment (aware), wherever of these zones the person is."""
    return _hold(hours, _counted(hours, tuple(where), at.date().toordinal()), at)


def next_time(hours: Hours, where: Sequence[str], at: datetime) -> datetime:
    """The first minute from ``at`` on (aware) that is one of these hours; UTC."""
    counted = _counted(hours, tuple(where), at.date().toordinal())
    whole = at.astimezone(UTC).replace(second=0, microsecond=0)
    minutes = (whole + n * MINUTE for n in range(AHEAD))
    return max(next((minute for minute in minutes if _hold(hours, counted, minute)), at), at)


def one_city(hours: Hours, where: Sequence[str], at: datetime) -> str | None:
    """The name of the place whose clock counts; None where those of all these zones do."""
    counted = _counted(hours, tuple(where), at.date().toordinal())
    return counted[0].rpartition("/")[2].replace("_", " ") if len(counted) == 1 else None


def _hold(hours: Hours, counted: Sequence[str], at: datetime) -> bool:
    return all(hours.hold(at.astimezone(ZoneInfo(zone))) for zone in counted)


@lru_cache(1024)
def _counted(hours: Hours, where: tuple[str, ...], day: int) -> tuple[str, ...]:
    """The zones that count: all whose clocks differ on that day. Where these hours are never on all of them at once,
    as with one evening hour for all of the United States, the first, and the person is told which."""
    noon = datetime.fromordinal(day).replace(hour=12, tzinfo=UTC)
    differing = {(noon.astimezone(ZoneInfo(z)).utcoffset(), _in_two_days(z, noon)): z for z in reversed(where)}
    counted = tuple(differing.values())
    together = any(_hold(hours, counted, noon + n * MINUTE) for n in range(24 * 60))
    return counted if together else where[:1]


def _in_two_days(zone: str, at: datetime) -> timedelta | None:
    return (at + timedelta(days=2)).astimezone(ZoneInfo(zone)).utcoffset()
