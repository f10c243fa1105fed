"""When a contact answers: as the files write it, in its own time, and never more than is known."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from bot.hours import Hours, Span, is_open, parse, zones
from bot.settings import ROOT

ENTRIES = [row for path in sorted((ROOT / "content/hotlines").glob("*.yml")) for row in yaml.safe_load(path.open())]
COUNTRIES = sorted({entry["country"] for entry in ENTRIES} - {"INT"})
WEEK = (0, 1, 2, 3, 4)
WRITTEN = [
    ("unknown", None),
    ("24/7 (as announced)", None),
    ("24/7", Hours()),
    ("line open 24/7, cases handled Mon-Fri 06:00-20:00, Sat 08:00-12:00 (as of 2010)", Hours()),
    ("Mon-Fri 08:00-16:00", Hours((Span(WEEK, 480, 960),))),
    ("Mon-Fri 08:00-16:00 local; recordings 24/7", Hours((Span(WEEK, 480, 960),))),
    ("Mon-Fri 08:00-24:00 (2024)", Hours((Span(WEEK, 480, 1440),))),
    ("Mon-Fri 08:30-17:00 (Ecuador)", Hours((Span(WEEK, 510, 1020),))),
    ("Mon-Fri 08:00-20:00 ET", Hours((Span(WEEK, 480, 1200),), "America/New_York")),
    ("weekdays (08:00-20:00 in a 2025 schedule)", Hours((Span(WEEK, 480, 1200),))),
    ("Mon-Fri 10:00-13:00 and 14:00-19:00", Hours((Span(WEEK, 600, 780), Span(WEEK, 840, 1140)))),
    (
        "Mon,Tue,Thu,Fri 08:00-15:30; Wed 13:00-15:30 (as of 2020)",
        Hours((Span((0, 1, 3, 4), 480, 930), Span((2,), 780, 930))),
    ),
    (
        "Mon-Fri 06:00-18:00, Sat-Sun 08:00-12:00 (El Salvador time)",
        Hours((Span(WEEK, 360, 1080), Span((5, 6), 480, 720))),
    ),
]


@pytest.mark.parametrize(("words", "hours"), WRITTEN, ids=[words for words, _ in WRITTEN])
def test_hours_are_read_as_the_files_write_them(words: str, hours: Hours | None) -> None:
    assert parse(words) == hours


def test_every_hour_of_the_directory_is_read() -> None:
    for entry in ENTRIES:
        assert parse(entry["hours"]) is not None or "announced" in entry["hours"] or entry["hours"] == "unknown"


PLAINLY_NOT = (
    "", "Mon", "Mon-Fri", "Lun-Vie 08:00-16:00", "08:00-16:00", "Mon-Fri 08:00-16:00 UTC", "Mon-Fri 08:00-25:00",
    "Mon-Fri 08:60-16:00", "Mon-Fri 18:00-06:00", "Fri-Mon 08:00-16:00", "24/7 or so",
)  # fmt: skip


@pytest.mark.parametrize("words", PLAINLY_NOT)
def test_hours_that_say_nothing_plain_are_refused(words: str) -> None:
    with pytest.raises(ValueError, match="."):
        parse(words)


OPEN = [
    # Costa Rica is six hours behind UTC.
    ("Mon-Fri 08:00-16:00", "CR", "2026-11-23 13:59", False),
    ("Mon-Fri 08:00-16:00", "CR", "2026-11-23 14:00", True),
    ("Mon-Fri 08:00-16:00", "CR", "2026-11-23 22:00", False),
    ("Mon-Fri 08:00-16:00", "CR", "2026-11-22 18:00", False),
    # A Saturday in London is still Friday night in Costa Rica.
    ("Mon-Fri 08:00-24:00", "CR", "2026-11-28 05:59", True),
    ("Mon-Fri 08:00-24:00", "CR", "2026-11-28 06:00", False),
    # Canada: open in all of its zones, in some, in none.
    ("Mon-Fri 08:00-16:00", "CA", "2026-11-23 17:00", True),
    ("Mon-Fri 08:00-16:00", "CA", "2026-11-23 13:00", None),
    ("Mon-Fri 08:00-16:00", "CA", "2026-11-22 18:00", False),
    # The zone that is named, in winter and in summer.
    ("Mon-Fri 08:00-20:00 ET", "US", "2026-11-23 12:30", False),
    ("Mon-Fri 08:00-20:00 ET", "US", "2026-07-20 12:30", True),
    ("24/7", "HT", "2026-11-22 07:00", True),
    ("unknown", "HT", "2026-11-23 18:00", None),
    ("Mon-Fri 08:00-16:00", "INT", "2026-11-23 18:00", None),
]


@pytest.mark.parametrize(("hours", "country", "at", "answer"), OPEN)
def test_open(hours: str, country: str, at: str, answer: bool | None) -> None:
    assert is_open(parse(hours), country, datetime.fromisoformat(at).replace(tzinfo=UTC)) is answer


@given(st.datetimes(timezones=st.just(UTC)))
def test_unknown_hours_are_never_open(at: datetime) -> None:
    assert is_open(None, "MX", at) is None


def test_every_country_has_its_time() -> None:
    assert all(zones(country) for country in COUNTRIES) and len(COUNTRIES) == 21
