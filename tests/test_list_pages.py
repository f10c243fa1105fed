"""The desk's list in pages: every report stands on exactly one, and the next to look at is named on each."""

from __future__ import annotations

import re
import uuid
from datetime import timedelta

import procrastinate
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import delete

from bot import reports
from bot.gateway import application
from bot.runtime import Runtime
from bot.store.models import Report, now
from tests.channels import queue
from tests.desk import member

__all__ = ["queue"]

DESK = "pages-mx"
MANY = 2 * reports.PAGE + 5


@pytest.fixture(scope="module")
def app(runtime: Runtime, queue: procrastinate.App) -> Flask:
    return application(runtime, queue)


@pytest.fixture
def browser(app: Flask, runtime: Runtime) -> FlaskClient:
    with runtime.sessions.begin() as session:
        session.execute(delete(Report).where(Report.desk == DESK))
    return member(app, runtime, [DESK])


def lie_there(runtime: Runtime, many: int, status: str = "accepted", **values: object) -> list[str]:
    """So many reports at the desk, filed by threes in one moment; their case numbers."""
    at = now()
    with runtime.sessions.begin() as session:
        rows = [_one(n, status, **{"filed_at": at - timedelta(minutes=n // 3), **values}) for n in range(many)]
        session.add_all(rows)
        return [row.number for row in rows]


def _one(n: int, status: str, **values: object) -> Report:
    filed = {"desk": DESK, "crime_type": "robbery", "country": "MX", "language": "es", "may_reply": True}
    named = {"number": f"P{n}-{uuid.uuid4().hex[:6]}", "urgent": n % 7 == 0, "accepted_by": "ana@faro.test"}
    return Report(status=status, accept_by=now() + timedelta(hours=1), **filed | named | values)


def page(browser: FlaskClient, address: str) -> str:
    answer = browser.get(address)
    assert answer.status_code == 200
    return answer.get_data(as_text=True)


def cases(html: str) -> list[str]:
    return re.findall(r'<tr class="report[^>]* data-case="([^"]+)"', html)


def leads(html: str, name: str) -> str | None:
    found = re.search(rf'<a id="{name}-page" rel="(?:prev|next)" href="([^"]+)"', html)
    return found[1].replace("&amp;", "&") if found else None


def walk(browser: FlaskClient, address: str) -> list[list[str]]:
    """What stands on each page, from link to link."""
    found, following = [], address
    while following:
        html = page(browser, following)
        found.append(cases(html))
        following = leads(html, "next") or ""
        assert len(found) < 10
    return found


def test_every_open_report_is_on_exactly_one_page(runtime: Runtime, browser: FlaskClient) -> None:
    there = [*lie_there(runtime, MANY - 50), *lie_there(runtime, 50, "filed")]
    lie_there(runtime, 3, "closed", closed_at=now())
    found = walk(browser, "/desk/")
    assert [len(one) for one in found] == [reports.PAGE, reports.PAGE, 5]
    listed = [number for one in found for number in one]
    assert sorted(listed) == sorted(there) and len(set(listed)) == MANY


def test_the_links_lead_forth_and_back_and_keep_what_was_asked(runtime: Runtime, browser: FlaskClient) -> None:
    lie_there(runtime, MANY, "closed", closed_at=now(), language="ht")
    lie_there(runtime, 7, "closed", closed_at=now(), language="fr")
    first = page(browser, "/desk/?show=closed&language=ht")
    assert leads(first, "previous") is None
    second = page(browser, leads(first, "next") or "")
    assert "Page 2 of 3" in second and len(cases(second)) == reports.PAGE
    assert cases(page(browser, leads(second, "previous") or "")) == cases(first)
    last = page(browser, leads(second, "next") or "")
    assert leads(last, "next") is None and len(cases(last)) == 5
    whole = [number for one in walk(browser, "/desk/?show=closed&language=ht") for number in one]
    assert len(set(whole)) == MANY


def test_a_page_that_renews_itself_stays_where_it_is(runtime: Runtime, browser: FlaskClient) -> None:
    lie_there(runtime, MANY)
    shown = cases(page(browser, "/desk/?page=2"))
    again = browser.get("/desk/?page=2", headers={"X-Renews": "1", "X-Faro-Watching": "1"})
    assert cases(again.get_data(as_text=True)) == shown != []


@pytest.mark.parametrize("asked", ["9", "99999999999999999999999", "3"])
def test_beyond_the_end_stands_the_last_page(asked: str, runtime: Runtime, browser: FlaskClient) -> None:
    lie_there(runtime, MANY)
    html = page(browser, f"/desk/?page={asked}")
    assert "Page 3 of 3" in html and len(cases(html)) == 5


@pytest.mark.parametrize("asked", ["0", "-1", "x", "", "1.5"])
def test_what_is_no_page_is_the_first(asked: str, runtime: Runtime, browser: FlaskClient) -> None:
    lie_there(runtime, MANY)
    assert "Page 1 of 3" in page(browser, f"/desk/?page={asked}")


def test_a_list_of_one_page_speaks_of_none(runtime: Runtime, browser: FlaskClient) -> None:
    lie_there(runtime, reports.PAGE)
    html = page(browser, "/desk/")
    assert len(cases(html)) == reports.PAGE and "Page 1" not in html and leads(html, "next") is None


def test_the_next_report_is_named_on_each_page_wherever_it_stands(runtime: Runtime, browser: FlaskClient) -> None:
    lie_there(runtime, reports.PAGE + 5, urgent=True)
    (fresh,) = lie_there(runtime, 1, "filed", urgent=False)
    first = page(browser, "/desk/")
    assert fresh not in cases(first)
    for html in (first, page(browser, "/desk/?page=2")):
        assert f'<span class="which">{fresh}:' in html and "Nothing new." not in html


def test_a_new_report_in_danger_is_next_before_one_that_is_not(runtime: Runtime, browser: FlaskClient) -> None:
    lie_there(runtime, 2, "filed", urgent=False)
    (danger,) = lie_there(runtime, 1, "filed", urgent=True)
    assert f'<span class="which">{danger}:' in page(browser, "/desk/")
