"""Whom to call: what may be given to whom, and from where."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import phonenumbers
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from phonenumbers import PhoneNumberType

from bot.content import LANGUAGES, read
from bot.directory import (
    ANYWHERE,
    CAUTIONS,
    CRIMES,
    ENFORCEMENT,
    IMMIGRATION,
    Caller,
    Contact,
    choose,
    hotline,
    missing,
    ways,
)
from bot.replies import Person, Wording, contacts
from bot.settings import ROOT

CASES = yaml.load((Path(__file__).parent / "cases/directory.yml").read_text("utf-8"), yaml.BaseLoader)
CONTENT = read(ROOT / "content")
HOTLINES = CONTENT.hotlines
ENTRIES = [row for path in sorted((ROOT / "content/hotlines").glob("*.yml")) for row in yaml.safe_load(path.open())]
COUNTRIES = sorted({h.country for h in HOTLINES.values()} - {ANYWHERE})
MONDAY = "2026-11-23 18:00"
WORDS = {"why", "country", "purpose", "language", "at", "caller", "first", "gives", "never", "ways", "nobody"}


def moment(words: str) -> datetime:
    return datetime.fromisoformat(words).replace(tzinfo=UTC)


def chosen(case: Mapping[str, Any]) -> tuple[Contact, ...]:
    where = case.get("caller", case["country"])
    caller = Caller(None if where == "null" else where, case.get("language", "es"), moment(case.get("at", MONDAY)))
    purpose = case["purpose"]
    purposes = (purpose,) if isinstance(purpose, str) else tuple(purpose)
    return choose(HOTLINES.values(), case["country"], purposes, caller)


@pytest.mark.parametrize("case", CASES, ids=[case["why"] for case in CASES])
def test_case(case: dict[str, Any]) -> None:
    assert set(case) <= WORDS, "unknown word"
    named = {case.get("first"), *case.get("gives", ()), *case.get("never", ()), *case.get("ways", {})} - {None}
    assert named <= set(HOTLINES), "no such entry"
    found = chosen(case)
    ids = [contact.hotline.id for contact in found]
    assert ids[0] == case["first"] if "first" in case else True, ids
    assert set(case.get("gives", ())) <= set(ids), ids
    assert not set(case.get("never", ())) & set(ids), ids
    assert ("nobody" in case) == (not ids), ids
    reached = {contact.hotline.id: [way.kind for way in contact.ways] for contact in found}
    assert {name: reached.get(name) for name in case.get("ways", {})} == case.get("ways", {})


def test_there_are_cases_enough_for_every_rule() -> None:
    assert len(CASES) >= 40


purposes = st.sampled_from(sorted({p for h in HOTLINES.values() for p in h.purposes}))
somewhere = st.sampled_from([*COUNTRIES, "DE", None])
moments = st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31), timezones=st.just(UTC))
callers = st.builds(Caller, somewhere, st.sampled_from(LANGUAGES), moments)
asked = st.lists(purposes, min_size=1, max_size=3, unique=True).map(tuple)


@given(st.sampled_from(COUNTRIES), asked, callers, st.integers(1, 9))
def test_what_is_chosen_may_be_given_and_can_be_used(
    country: str, asked_for: tuple[str, ...], caller: Caller, limit: int
) -> None:
    found = choose(HOTLINES.values(), country, asked_for, caller, limit)
    assert len(found) <= limit
    assert found == choose(reversed(HOTLINES.values()), country, asked_for, caller, limit)  # type: ignore[call-overload]
    for contact in found:
        assert contact.hotline.confidence in ("high", "medium")
        assert contact.hotline.country in (country, ANYWHERE)
        assert contact.ways and set(contact.hotline.purposes) & set(asked_for)
        assert contact.hotline.kind != "consulate" or "consular" in asked_for
        assert not (contact.open and contact.hotline.hours is None)
        assert "abuse_by_authority" not in asked_for or contact.hotline.caution not in IMMIGRATION
    assert not found or found[0].hotline.caution != ENFORCEMENT
    warned = [contact.hotline.caution in IMMIGRATION for contact in found]
    assert warned == sorted(warned)


@given(st.sampled_from(sorted(HOTLINES)), callers)
def test_nobody_abroad_is_offered_a_free_or_short_number(name: str, caller: Caller) -> None:
    entry = HOTLINES[name]
    for way in ways(entry, caller):
        if way.kind in ("local", "text"):
            assert caller.country in (None, *entry.dialled_in)
            assert way.countries == entry.dialled_in
        if way.kind == "abroad":
            number = phonenumbers.parse(way.value)
            assert phonenumbers.is_valid_number(number)
            assert phonenumbers.number_type(number) != PhoneNumberType.TOLL_FREE
    if not entry.shown:
        assert ways(entry, caller) == ()


@given(st.sampled_from(sorted(HOTLINES)), callers)
def test_where_nobody_knows_where_the_phone_is_every_number_is_offered(name: str, caller: Caller) -> None:
    entry = HOTLINES[name]
    values = [way.value for way in ways(entry, replace(caller, country=None))]
    wanted = [entry.phone_local, entry.phone_intl, entry.text, entry.whatsapp, entry.web, entry.email]
    assert values == ([value for value in wanted if value] if entry.shown else [])


# -- what stands in the files

FIELDS = (
    "id country name name_en kind purposes phone_local phone_intl text whatsapp email web hours languages free "
    "anonymous source source_date confidence"
).split()


def test_every_entry_has_every_field() -> None:
    assert len(ENTRIES) == len(HOTLINES) >= 329
    for entry in ENTRIES:
        assert set(FIELDS) <= set(entry) <= {*FIELDS, "note", "caution", "dialled_in"}, entry["id"]
        assert entry["source"] and entry["source_date"] and entry["confidence"] in ("high", "medium", "low")


def test_a_local_number_of_a_consulate_says_where_it_is_dialled() -> None:
    elsewhere = {name: h.dialled_in for name, h in HOTLINES.items() if h.dialled_in != (h.country,)}
    assert elsewhere == {
        "co-consular-mx-west": ("MX",),
        "hn-consular-siamigha": ("US", "CA"),
        "mx-consular-ciam": ("US", "CA"),
        "mx-consular-ciam-tollfree": ("US",),
        "sv-consular-mx": ("MX",),
        "sv-consular-us-ca": ("US", "CA"),
    }


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_caution_is_said_with_the_contact(language: str) -> None:
    words = Wording(CONTENT, Person(language, None, None), moment(MONDAY))
    warned = [h for h in HOTLINES.values() if h.caution and h.shown]
    assert {h.caution for h in warned} == set(CAUTIONS)
    for entry in warned:
        for contact in contacts.given(words, entry.country, entry.purposes, [entry.id]):
            assert words.say(f"caution_{contact.hotline.caution}") in contacts.line(words, contact)


WARNED = [
    ("us-hsi-ice-tip-line", "immigration"),
    ("ca-cbsa-border-watch", "immigration"),
    ("us-uscis", "lawyer_first"),
    ("hn-anonymous-143", "police_run"),
    ("ni-police-118", "state_run"),
    ("mx-cndh", "asks_name"),
    ("ht-police-114", "may_not_answer"),
    ("cu-police-106", "dial_seven"),
]


@pytest.mark.parametrize(("name", "caution"), WARNED)
def test_the_warning_of_a_note_is_a_caution(name: str, caution: str) -> None:
    assert HOTLINES[name].caution == caution


def test_no_entry_with_a_warning_in_its_note_is_without_a_caution() -> None:
    warned = [h for h in HOTLINES.values() if h.shown and h.note.startswith("SAFETY") or "SAFETY:" in h.note]
    assert warned and all(h.caution for h in warned)


WRONG = [
    ({"hours": "9 to 5"}, "hours are like"),
    ({"hours": "Mon-Fri 18:00-06:00"}, "on the same day"),
    ({"caution": "dragons"}, "caution is one of"),
    ({"confidence": "sure"}, "confidence is one of"),
    ({"phone": "911"}, "unknown word phone"),
]


@pytest.mark.parametrize(("changed", "says"), WRONG)
def test_a_mistake_in_an_entry_is_named(changed: dict[str, str], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        hotline(ENTRIES[0] | changed)
    with pytest.raises(KeyError):
        hotline({name: value for name, value in ENTRIES[0].items() if name != "web"})


# -- the line on the phone

AWAY = "desde fuera del país: +50640008500; atiende lun-vie 08:00-16:00"
LINES = [
    ("mx-cndh", "MX", "MX", "- Comisión Nacional de los Derechos Humanos (CNDH) (México; pide su nombre): 800 715"),
    ("cr-ombudsman", "CR", None, f"(Costa Rica): 4000-8500; {AWAY}"),
    ("cr-ombudsman", "MX", "MX", f"(Costa Rica): {AWAY} (hora: Costa Rica)"),
    ("cr-labour", "CR", "CR", "800-872-2256; atiende lun/mar/jue/vie 08:00-15:30, mié 13:00-15:30"),
    ("us-ice-detention-line", "US", "US", "1-888-351-4024; atiende lun-vie 08:00-20:00 (hora: New York)"),
    ("mx-consular-ciam", "US", "US", "(México): 520 623 7874 (Estados Unidos, Canadá)"),
    ("us-ndvh", "MX", "MX", "(Estados Unidos): https://www.thehotline.org"),
    ("hn-migration-complaints", "HN", "HN", "): correo: denuncias@inm.gob.hn"),
    ("int-icrc-family-links", "CU", "CU", "(internacional): https://familylinks.icrc.org"),
]


@pytest.mark.parametrize(("name", "country", "number", "says"), LINES)
def test_line(name: str, country: str, number: str | None, says: str) -> None:
    words = Wording(CONTENT, Person("es", country, number), moment(MONDAY))
    (contact,) = contacts.given(words, country, (), [name])
    assert says in contacts.line(words, contact)


def test_contacts_named_one_by_one_keep_their_order_and_lose_what_this_phone_cannot_use() -> None:
    named = ("us-emergency", "us-nhth", "hn-oprohm", "us-freedom-for-immigrants")
    here = Wording(CONTENT, Person("es", "US", "US"), moment(MONDAY))
    away = Wording(CONTENT, Person("es", "MX", "MX"), moment(MONDAY))
    assert [c.hotline.id for c in contacts.given(here, "US", (), named)] == [*named[:2], named[3]]
    assert [c.hotline.id for c in contacts.given(away, "US", (), ["us-childhelp", "gt-pnc-110"])] == ["us-childhelp"]
    assert contacts.given(away, "GT", ("abuse_by_authority",), ["gt-pnc-110"])[0].hotline.id == "gt-pdh-1555"


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_emergency_number_is_short_and_says_its_country(language: str) -> None:
    lines = contacts.every_emergency(Wording(CONTENT, Person(language, None, None), moment(MONDAY)))
    assert lines[0].startswith("911: ") and len(lines) == 5 and sum(map(len, lines)) < 200


def test_whoever_cannot_dial_the_emergency_number_has_the_one_of_where_the_phone_is() -> None:
    words = Wording(CONTENT, Person("es", "US", "US"), moment(MONDAY))
    assert "911 (Estados Unidos)" in contacts.emergency(words, "GT")[0]
    unsure = replace(words, person=Person("es", "GT", "US"))
    assert "110 (Guatemala)" in contacts.emergency(unsure, "GT")[0]


# -- what is missing


def test_what_is_missing_is_named() -> None:
    emergency = {country: call for country, call in CONTENT.routing.emergency.items() if country != "AR"}
    listed = missing(HOTLINES, emergency)
    assert "AR: no emergency number that may be given" in listed
    assert not [words for words in missing(HOTLINES, CONTENT.routing.emergency) if "no emergency number" in words]
    assert any(words.startswith("VE: nobody besides the emergency number for kidnapping") for words in listed)
    assert not any(words.startswith("MX:") for words in listed)


def test_the_crimes_are_those_that_people_can_report() -> None:
    assert {f"crime_{crime}" for crime in CRIMES} == {
        name for name in CONTENT.phrases["en"] if name.startswith("crime_")
    }
