"""Routing and the directory: pure choices over the campaign's files, with cases that staff can read and add to."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from bot.content import read
from bot.directory import ANYWHERE, Caller, Contact, choose
from bot.routing import Incident, route
from bot.settings import ROOT

CASES = yaml.safe_load((Path(__file__).parent / "cases/routing.yml").read_text("utf-8"))
CONTENT = read(ROOT / "content")
CRIMES = [name.removeprefix("crime_") for name in CONTENT.phrases["en"] if name.startswith("crime_")]


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_routing_case(case: dict[str, Any]) -> None:
    told, goes = case["told"], case["goes"]
    incident = Incident(told.get("country"), told["crime"], told.get("urgent", False), told.get("minor"))
    found = route(incident, CONTENT.routing)
    assert (found.desk, list(found.call)) == (goes["desk"], goes["call"])
    assert found.case == goes.get("by", found.case)


def directory(incident: Incident, purpose: str, limit: int = 3) -> tuple[Contact, ...]:
    caller = Caller(incident.country, "es", datetime(2026, 11, 23, 18, tzinfo=UTC))
    return choose(CONTENT.hotlines.values(), incident.country or "", (purpose,), caller, limit)


countries = st.sampled_from([*sorted(CONTENT.routing.emergency), None])
incidents = st.builds(Incident, countries, st.sampled_from(CRIMES), st.booleans(), st.sampled_from([True, False, None]))


@given(incidents)
def test_every_report_has_a_desk(incident: Incident) -> None:
    decided = route(incident, CONTENT.routing)
    assert decided.desk in CONTENT.routing.desks


@given(incidents)
def test_a_complaint_about_an_authority_never_goes_to_an_authority(incident: Incident) -> None:
    complaint = Incident(incident.country, "abuse_by_authority", incident.urgent, incident.minor)
    calls = [CONTENT.hotlines[call] for call in route(complaint, CONTENT.routing).call]
    calls += [contact.hotline for contact in directory(incident, "abuse_by_authority")]
    assert {hotline.kind for hotline in calls if hotline.country != ANYWHERE} <= {"ombudsman", "ngo", "un"}


@given(incidents)
def test_nothing_doubtful_is_given(incident: Incident) -> None:
    for contact in directory(incident, incident.crime_type, limit=9):
        assert contact.hotline.country in (incident.country, ANYWHERE)
        assert contact.hotline.confidence in ("high", "medium")


def test_every_country_has_an_emergency_number() -> None:
    assert len(CONTENT.routing.emergency) == 21
    for country, call in CONTENT.routing.emergency.items():
        assert CONTENT.hotlines[call].phone_local, country
