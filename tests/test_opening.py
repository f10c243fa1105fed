"""Routing by language and by opening hours: only to an open desk where a case asks for one, and always to some desk."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.content import Reader, Shelf, read
from bot.content.agreeing import unreachable
from bot.content.desks import desk as read_desk
from bot.content.model import COUNTRIES, LANGUAGES
from bot.content.tables import routing as read_routing
from bot.content.texts import Mistake
from bot.hours import Opening, parse, zones
from bot.routing import ANY, Case, Desk, Incident, Routing, explain, route
from bot.runtime import Runtime
from bot.settings import ROOT
from bot.store.models import Report
from tests.reports import filed

CONTENT = read(ROOT / "content")
WRITTEN = ["24/7", "unknown", "Mon-Fri 08:00-16:00", "Mon-Sun 20:00-24:00", "Mon-Fri 08:00-20:00 ET", "Sat 00:00-24:00"]
YEAR = datetime(2026, 1, 1, tzinfo=UTC)
MEXICO = ZoneInfo("America/Mexico_City")


def opening(hours: str, country: str) -> Opening | None:
    found = parse(hours)
    return Opening(found, country) if found else None


@st.composite
def tables(draw: st.DrawFn) -> Routing:
    """Any table whose last desk belongs to no authority, as `faro content check` asks."""
    bodies = st.sampled_from([(), ("police",), ("migration",), ("police", "migration")])
    hours = st.builds(opening, st.sampled_from(WRITTEN), st.sampled_from(COUNTRIES))
    desks = [Desk(f"desk{n}", {}, "MX", bodies=draw(bodies), opening=draw(hours)) for n in range(4)]
    listed = {desk.id: desk for desk in [*desks, Desk("free", {}, None, opening=draw(hours))]}
    languages = st.lists(st.sampled_from(LANGUAGES), max_size=2, unique=True).map(tuple)
    urgent = st.sampled_from([True, False, None])
    cases = st.builds(Case, st.just("a case"), st.sampled_from(list(listed)), urgent=urgent, languages=languages,
                      open=st.booleans())  # fmt: skip
    named = [replace(case, title=f"case {n}") for n, case in enumerate(draw(st.lists(cases, max_size=8)))]
    return Routing(listed, {}, tuple(named), Case("default", draw(st.sampled_from(list(listed)))))


minutes = st.integers(0, 366 * 24 * 60 - 1).map(lambda minute: YEAR + timedelta(minutes=minute))
incidents = st.builds(
    Incident, st.sampled_from([*COUNTRIES, None]), st.sampled_from(["kidnapping", "abuse_by_authority"]), st.booleans(),
    st.none(), st.sampled_from([frozenset(), frozenset({"police"}), frozenset({ANY})]), st.sampled_from(LANGUAGES),
    minutes,
)  # fmt: skip


# The promise


@settings(deadline=None, max_examples=400)
@given(tables(), incidents)
def test_at_any_minute_each_report_has_a_desk_that_is_not_accused_and_was_open_where_that_was_asked(
    table: Routing, what: Incident
) -> None:
    found = route(what, table)
    desk = table.desks[found.desk]  # one, and one of the table
    assert not desk.those_of(what.accused)
    case = next((case for case in table.cases if case.title == found.case), table.default)
    assert not case.languages or what.language in case.languages
    assert what.at is not None
    if case.open and desk.opening:
        assert clocks_say_open(desk.opening, what.at)


def clocks_say_open(kept: Opening, at: datetime) -> bool:
    """By arithmetic of its own, minute for minute, on each clock that may be meant."""
    if kept.always:
        return True
    here = [at.astimezone(ZoneInfo(zone)) for zone in ([kept.hours.zone] if kept.hours.zone else zones(kept.country))]
    spans = [(day * 1440 + s.begins, day * 1440 + s.ends) for s in kept.hours.spans for day in s.days]
    in_week = [clock.weekday() * 1440 + clock.hour * 60 + clock.minute for clock in here]
    return bool(in_week) and all(any(begins <= minute < ends for begins, ends in spans) for minute in in_week)


@settings(deadline=None, max_examples=200)
@given(tables(), incidents)
def test_the_explanation_is_of_what_was_done_and_names_no_fitting_condition(table: Routing, what: Incident) -> None:
    why = explain(what, table)
    assert (why.case or "default") == route(what, table).case
    if why.unfit and why.unfit[0] == "open":
        assert isinstance(why.unfit[1], str) and datetime.fromisoformat(why.unfit[1].split("/")[0])


@given(incidents)
def test_the_campaigns_own_table_asks_neither(what: Incident) -> None:
    later = replace(what, at=what.at and what.at + timedelta(hours=12), language="ht")
    assert route(what, CONTENT.routing) == route(later, CONTENT.routing)


# Over a day, in the zone of the country


def by_day(hours: str, country: str = "GT") -> Routing:
    """A desk by day, another at night."""
    day = read_desk("", "day", {"name": {}, "country": country, "hours": hours})
    cases = (Case("by day", "day", open=True),)
    return Routing({"day": day, "night": Desk("night", {}, None)}, {}, cases, Case("default", "night"))


def at_desk(table: Routing, at: datetime, language: str = "es") -> str:
    return route(Incident("GT", "robbery", False, None, language=language, at=at), table).desk


@pytest.mark.parametrize(
    ("clock", "desk"),
    [("2026-11-23T07:59", "night"), ("2026-11-23T08:00", "day"), ("2026-11-23T15:59", "day"),
     ("2026-11-23T16:00", "night"), ("2026-11-22T12:00", "night")],
)  # fmt: skip
def test_a_desk_is_open_by_the_clock_of_its_country_to_the_minute(clock: str, desk: str) -> None:
    at = datetime.fromisoformat(clock).replace(tzinfo=ZoneInfo("America/Guatemala"))
    assert at_desk(by_day("Mon-Fri 08:00-16:00"), at.astimezone(UTC)) == desk


def test_where_a_country_has_several_clocks_it_is_open_while_all_say_so() -> None:
    table = by_day("Mon-Fri 08:00-16:00", "MX")  # from Tijuana to Cancún there are three hours in winter
    hours = {hour: at_desk(table, datetime(2026, 11, 23, hour, tzinfo=MEXICO)) for hour in range(24)}
    assert [hour for hour, desk in hours.items() if desk == "day"] == [10, 11, 12, 13, 14]
    named = by_day("Mon-Fri 08:00-16:00 America/Mexico_City", "MX")
    hours = {hour: at_desk(named, datetime(2026, 11, 23, hour, tzinfo=MEXICO)) for hour in range(24)}
    assert [hour for hour, desk in hours.items() if desk == "day"] == list(range(8, 16))


def test_a_desk_keeps_the_hours_of_its_entry_in_the_directory(tmp_path: Path) -> None:
    copy = tmp_path / "content"
    copy.mkdir()
    for part in (ROOT / "content").iterdir():
        (copy / part.name).symlink_to(part)
    (copy / "routing.yml").unlink()
    known = next(one for one in CONTENT.hotlines.values() if one.hours and one.hours.spans)
    raw = (ROOT / "content/routing.yml").read_text("utf-8")
    (copy / "routing.yml").write_text(raw.replace("  demo-mx:\n", f"  demo-mx:\n    hours: {known.id}\n", 1), "utf-8")
    kept = Reader(copy).read().routing.desks["demo-mx"].opening
    assert known.hours and kept == Opening(known.hours, known.country)


# What staff write


def test_a_case_names_languages_and_asks_for_an_open_desk() -> None:
    table = yaml.safe_load((ROOT / "tests/broken/good/routing.yml").read_text("utf-8"))
    table["cases"] = [{"case": "one", "language": ["ht", "fr"], "open": True, "desk": "desk-mx"}]
    (case,) = read_routing(yaml.safe_dump(table)).cases
    assert (case.languages, case.open) == (("ht", "fr"), True)


@pytest.mark.parametrize("word", ["country", "language", "open", "urgent", "minor", "crime"])
def test_the_default_asks_nothing(word: str) -> None:
    table = yaml.safe_load((ROOT / "content/routing.yml").read_text("utf-8"))
    table["default"][word] = True
    with pytest.raises(Mistake, match=f"default: {word}: it takes whatever is left"):
        read_routing(yaml.safe_dump(table))


def case(title: str, desk: str, **asks: Any) -> Case:
    return Case(title, desk, **asks)


def test_the_check_knows_that_an_open_desk_can_be_closed() -> None:
    desks = by_day("Mon-Fri 08:00-16:00").desks
    found = [
        unreachable(Routing(desks, {}, cases, Case("default", "night")))
        for cases in (
            (case("by day", "day", open=True), case("else", "night")),
            (case("always open", "night", open=True), case("else", "day")),
            (case("in creole", "day", languages=("ht",)), case("else", "day")),
            (case("else", "day"), case("in creole", "day", languages=("ht",))),
        )
    ]
    assert [[one.title for one in ones] for ones in found] == [[], ["else"], [], ["in creole"]]


# When it is filed


def test_a_report_goes_by_its_language_and_the_clock_and_keeps_why(runtime: Runtime, tmp_path: Path) -> None:
    faro = replace(runtime, shelf=shelf(tmp_path))
    night = datetime(2026, 11, 24, 3, 12, tzinfo=MEXICO)
    for at, desk in ((night, "demo-gt"), (night + timedelta(hours=7), "demo-mx")):
        report = filed(faro, "demo-mx", at=at)
        assert report.desk == desk
        with faro.sessions() as session:
            why = session.get_one(Report, report.id).routed_why or {}
        assert why["unfit"] == (["open", "2026-11-24T03:12"] if desk == "demo-gt" else ["language", "es"])


def shelf(folder: Path) -> Shelf:
    """The campaign's, with a case for Creole first, then one by day, then one for the night."""
    copy = folder / "content"
    copy.mkdir()
    for part in (ROOT / "content").iterdir():
        (copy / part.name).symlink_to(part)
    (copy / "routing.yml").unlink()
    table = yaml.safe_load((ROOT / "content/routing.yml").read_text("utf-8"))
    table["desks"]["demo-mx"]["hours"] = "Mon-Fri 08:00-18:00 America/Mexico_City"
    table["cases"] = [
        {"case": "in Creole", "language": "ht", "desk": "demo"},
        {"case": "by day", "open": True, "desk": "demo-mx"},
        {"case": "at night", "desk": "demo-gt"},
    ]
    (copy / "routing.yml").write_text(yaml.safe_dump(table), "utf-8")
    return Shelf(copy)
