"""Routing explains itself: which case fitted, and why not the one before it."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given

from bot.content import read
from bot.content.desks import desk
from bot.desk.why import sentence
from bot.routing import Case, Incident, Routing, explain, route
from bot.runtime import Runtime
from bot.settings import ROOT
from bot.store.models import Report
from tests.reports import filed
from tests.test_routing import incidents

CASES = yaml.safe_load((Path(__file__).parent / "cases/why.yml").read_text("utf-8"))
CONTENT = read(ROOT / "content")
PHRASES = CONTENT.phrases["en"]


def table(row: dict[str, Any]) -> Routing:
    """The campaign's, or that of the row."""
    if "case" not in row:
        return CONTENT.routing
    return replace(CONTENT.routing, cases=(_case(row["above"]), _case(row["case"])))


def _case(row: dict[str, Any]) -> Case:
    listed: dict[str, Any] = {
        name: tuple(row[key].split()) for name, key in (("countries", "country"), ("crimes", "crime")) if key in row
    }
    asked: dict[str, Any] = {
        "urgent": row.get("urgent"),
        "minor": row.get("minor"),
        "languages": tuple(row.get("language", "").split()),
    }
    return Case(row["case"], "demo-mx", **asked, open=row.get("open", False), **listed)


def with_hours(routing: Routing, hours: str | None) -> Routing:
    """The same, where the Mexican desk keeps these hours."""
    row = {"name": {}, "country": "MX"} | ({"hours": hours} if hours else {})
    return replace(routing, desks={**routing.desks, "demo-mx": desk("", "demo-mx", row)})


@pytest.mark.parametrize("row", CASES, ids=[row["name"] for row in CASES])
def test_one_sentence_says_why(row: dict[str, Any]) -> None:
    told = row["told"]
    at = told.get("at") and datetime.fromisoformat(told["at"])
    incident = Incident(told.get("country"), told["crime"], told.get("urgent", False), told.get("minor"),
                        language=told.get("language"), at=at)  # fmt: skip
    why = asdict(explain(incident, with_hours(table(row), row.get("hours"))))
    assert sentence(json.loads(json.dumps(why)), PHRASES) == row["says"]


def test_a_table_without_cases_says_that_the_default_decided() -> None:
    why = explain(Incident("MX", "robbery", False, None), replace(CONTENT.routing, cases=()))
    assert sentence(asdict(why), PHRASES) == "No case fitted, so the default decided."


@given(incidents)
def test_the_explanation_is_of_the_case_that_routing_took(incident: Incident) -> None:
    why, taken = explain(incident, CONTENT.routing), route(incident, CONTENT.routing)
    assert (why.case or "default") == taken.case
    assert sentence(asdict(why), PHRASES).endswith(".")


@given(incidents)
def test_a_case_fits_when_each_of_its_conditions_does(incident: Incident) -> None:
    for case in CONTENT.routing.cases:
        assert case.fits(incident) == all(fits for _, fits in case.compared(incident))


def test_a_report_keeps_why_it_went_where_it_went(runtime: Runtime) -> None:
    report = filed(runtime, "demo-mx", country="MX", crime_type="kidnapping", danger="yes")
    with runtime.sessions() as session:
        why = session.get_one(Report, report.id).routed_why
    assert why == {
        "case": "danger right now in Mexico",
        "fitted": [["country", "MX"], ["urgent", True]],
        "before": "abuse by an authority in the United States",
        "unfit": ["country", "MX"],
        "skipped": None,
        "accused": [],
    }
