"""Numbers that two reports share: one fingerprint however they are written, no number to be read, no report opened."""

from __future__ import annotations

import html
import re
import uuid
from dataclasses import replace

import phonenumbers
import procrastinate
import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from phonenumbers import PhoneNumberFormat
from sqlalchemy import delete, select

from bot import indicators, reports, transcript
from bot.gateway import application
from bot.indicators import Found, find
from bot.retention import reduce_due
from bot.runtime import Runtime
from bot.sealing import Vault
from bot.store.models import Contact, Inbound, Report, now
from bot.store.working import Indicator
from tests.channels import queue, with_settings
from tests.desk import member
from tests.reports import filed

__all__ = ["queue"]

LENGTHS = {"MX": 10, "GT": 8, "US": 10, "CO": 10, "HN": 8, "BR": 11, "HT": 8}
numbers = st.sampled_from(sorted(LENGTHS)).flatmap(
    lambda country: st.tuples(st.just(country), st.from_regex(f"[2-9][0-9]{{{LENGTHS[country] - 1}}}", fullmatch=True))
)


def valid(country: str, national: str) -> phonenumbers.PhoneNumber:
    """Hypothesis tries another where this is none, or where it is written without its first digits."""
    number = phonenumbers.parse(national, country)
    assume(phonenumbers.is_valid_number_for_region(number, country))
    assume(phonenumbers.national_significant_number(number) == national)
    return number


def phones(text: str, *countries: str) -> set[str]:
    return {found.value for found in find(text, countries) if found.kind == "phone"}


@given(numbers)
def test_one_number_in_five_spellings_is_one_number(given_one: tuple[str, str]) -> None:
    country, national = given_one
    number = valid(country, national)
    spellings = [
        phonenumbers.format_number(number, PhoneNumberFormat.E164),
        phonenumbers.format_number(number, PhoneNumberFormat.INTERNATIONAL),
        phonenumbers.format_number(number, PhoneNumberFormat.NATIONAL),
        national,
        " ".join(national[i : i + 2] for i in range(0, len(national), 2)),
    ]
    for spelling in spellings:
        assert phones(f"me escribió del {spelling}, y luego", country) == {spellings[0]}, spelling


@settings(suppress_health_check=[HealthCheck.filter_too_much])  # two of two must be numbers that a carrier gives
@given(numbers, numbers)
def test_two_numbers_are_never_one(first: tuple[str, str], second: tuple[str, str]) -> None:
    one, two = valid(*first), valid(*second)
    assume(one != two)
    vault = Vault.of("q" * 43 + "=", "hash key")
    marks = [
        {indicators.fingerprint(vault, f) for f in find(f"llama del {n} siempre", [country]) if f.kind == "phone"}
        for n, (country, _) in ((first[1], first), (second[1], second))
    ]
    assert marks[0] and marks[1] and not marks[0] & marks[1]


@pytest.mark.parametrize(
    "spelling",
    ["+52 1 55 1234 5678", "5215512345678", "044 55 1234 5678", "0052 55 1234 5678", "٥٥١٢٣٤٥٦٧٨", "(55)1234-5678"],
)  # fmt: skip
def test_old_and_foreign_ways_to_write_it_are_the_same_number(spelling: str) -> None:
    assert phones(f"su número es {spelling}.", "MX") == {"+525512345678"}


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("un coche con placas ABC-123-A", "plate", "ABC123A"),
        ("La placa era abc 12 34 y se fue", "plate", "ABC1234"),
        ("placas: abc1234", "plate", "ABC1234"),
        ("license plate number 7ABC123, blue", "plate", "7ABC123"),
        ("un carro bra2e19 sin plaque: BRA2E19", "plate", "BRA2E19"),
        ("plak la se AA-12345", "plate", "AA12345"),
        ("deposité a la CLABE 032180000118359719", "account", "032180000118359719"),
        ("clabe 032 180 00011835971 9", "account", "032180000118359719"),
        ("tarjeta 4242 4242-4242 4242", "account", "4242424242424242"),
        ("IBAN es91 2100 0418 4502 0005 1332 y no", "account", "ES9121000418450200051332"),
        ("a la cuenta 0123456789 de un banco", "account", "0123456789"),
        ("kont 0012-3456-789", "account", "00123456789"),
    ],
)
def test_plates_and_accounts_are_found_however_they_are_written(text: str, kind: str, value: str) -> None:
    assert Found(kind, value) in find(text, ["MX"])


@pytest.mark.parametrize(
    "text",
    [
        "me robaron 5000 pesos el 12 de marzo de 2026 a las 10",
        "no tenía placa, eran 5 hombres",
        "placa no la vi, eran las 10",
        "eran 3 carros con placas tapadas",
        "mi caso es ABC-12D",
        "tarjeta 4242424242424241 no",
        "estoy en el km 1234 de la 57",
    ],
)
def test_other_numbers_are_no_indicator(text: str) -> None:
    found = find(text, ["MX"])
    assert not found - {Found("account", "4242424242424241")}


@given(st.text(max_size=200))
def test_whatever_is_written_it_is_no_failure(text: str) -> None:
    find(text, ["MX", "US"])


# What is kept


def rows(runtime: Runtime, report: Report) -> list[Indicator]:
    with runtime.sessions() as session:
        return list(session.scalars(select(Indicator).where(Indicator.report_id == report.id)))


def test_a_filed_report_and_each_later_line_leave_fingerprints_and_no_number(runtime: Runtime) -> None:
    report = filed(runtime, "demo-mx", "me llamó el 55 4321 8765")
    assert [row.kind for row in rows(runtime, report)] == ["phone"]
    with runtime.sessions.begin() as session:
        contact = report.contact_id
        assert contact
        later = Inbound(contact_id=contact, channel="web", provider_id=uuid.uuid4().hex,
                        body_sealed=runtime.vault.seal({"kind": "text", "text": "y las placas ABC-123-A"}))  # fmt: skip
        session.add(later)
        session.flush()
        session.add(reports.add_line(session, report, "y las placas ABC-123-A", None, later.id))
        session.flush()
        transcript.into_box(session, runtime.vault, session.get_one(Report, report.id))
    kept = rows(runtime, report)
    assert sorted(row.kind for row in kept) == ["phone", "plate"]
    assert all(re.fullmatch("[0-9a-f]{64}", row.fingerprint) for row in kept)


def test_the_persons_own_number_is_none(runtime: Runtime) -> None:
    report = filed(runtime, "demo-mx")
    with runtime.sessions.begin() as session:
        assert report.contact_id
        own = str(runtime.vault.open(session.get_one(Contact, report.contact_id).address_sealed))
        row = session.get_one(Report, report.id)
        indicators.note(session, runtime.vault, row, f"mi número es {own} o {own[3:]}, el de ellos 55 4321 8765")
    assert len(rows(runtime, report)) == 1


def test_nothing_is_found_with_a_guess_but_without_the_hash_key(runtime: Runtime) -> None:
    """Who has the database alone can try every number there is and finds none; who has the key can: the threat model
    says so."""
    report = filed(runtime, "demo-mx", "me llamó el 55 4321 8765")
    (row,) = rows(runtime, report)
    guess = Found("phone", "+525543218765")
    others = [replace(runtime.vault, hash_key=key) for key in (b"", b"indicator:phone", uuid.uuid4().hex.encode())]
    assert row.fingerprint not in {indicators.fingerprint(vault, guess) for vault in others}
    assert row.fingerprint == indicators.fingerprint(runtime.vault, guess)
    assert row.fingerprint not in (
        indicators.fingerprint(runtime.vault, replace(guess, kind="account")),
        runtime.vault.fingerprint("sms", guess.value),
    )


def test_they_go_with_the_report(runtime: Runtime) -> None:
    reduced, erased = (filed(runtime, "demo-mx", "me llamó el 55 4321 8765") for _ in range(2))
    with runtime.sessions.begin() as session:
        row = session.get_one(Report, reduced.id)
        row.status, row.closed_at = "closed", now().replace(year=2020)
        session.execute(delete(Report).where(Report.id == erased.id))  # as bot/erasing.py does
    reduce_due(runtime, now())
    assert rows(runtime, reduced) == [] and rows(runtime, erased) == []


# What an operator sees


@pytest.fixture(scope="module")
def app(runtime: Runtime, queue: procrastinate.App) -> Flask:
    return application(with_settings(runtime, try_phone=True), queue)


def related(client: FlaskClient, report: Report) -> str:
    page = html.unescape(client.get(f"/desk/reports/{report.id}").get_data(as_text=True))
    found = re.search(r'(?s)<section data-part="related".*?</section>', page)
    assert found
    return found[0]


def fresh() -> str:
    """A phone number that no other test has written."""
    return f"55{uuid.uuid4().int % 9 + 1}{uuid.uuid4().int % 10**7:07}"


def test_the_page_names_the_others_of_ones_own_desks_and_of_the_rest_only_the_desk(
    app: Flask, runtime: Runtime
) -> None:
    number = fresh()
    report, other, foreign, without = (
        filed(runtime, "demo-mx", f"del {number}"), filed(runtime, "demo-mx", f"+52{number} me llamó"),
        filed(runtime, "demo-gt", f"llamaron de +52 {number}, palabracanaria"), filed(runtime, "demo-mx"),
    )  # fmt: skip
    with runtime.sessions.begin() as session:
        session.get_one(Report, foreign.id).desk = "demo-gt"
    shown = related(member(app, runtime, ["demo-mx"]), report)
    assert "2 other reports mention the same phone number:" in shown
    assert f'href="/desk/reports/{other.id}">{other.number}</a>' in shown
    assert "one at " in shown and "Guatemala" in shown
    for secret in (foreign.number, str(foreign.id), "palabracanaria", number, without.number):
        assert secret not in shown
    both = related(member(app, runtime, ["demo-gt", "demo-mx"]), report)
    assert foreign.number in both and "one at " not in both


def test_a_report_alone_with_its_numbers_says_nothing(app: Flask, runtime: Runtime) -> None:
    report = filed(runtime, "demo-mx", f"del {fresh()}")
    assert "mention" not in related(member(app, runtime, ["demo-mx"]), report)


def test_to_see_that_they_are_related_opens_no_other_report(app: Flask, runtime: Runtime) -> None:
    """The link leads to a page that is logged and asks for the key, as always; the other desk's stays shut."""
    number = fresh()
    report, foreign = filed(runtime, "demo-mx", f"del {number}"), filed(runtime, "demo-gt", f"del +52{number}")
    client = member(app, runtime, ["demo-mx"])
    assert "1 other report mentions" in related(client, report)
    assert client.get(f"/desk/reports/{foreign.id}").status_code == 404
