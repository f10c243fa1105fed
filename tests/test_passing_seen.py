"""What the desks see of it: how long is left, what waits longest, what was passed on; and how the times are set."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from alembic import command
from flask import Flask
from flask.testing import FlaskClient

from bot import jobs
from bot.content import read
from bot.desk import people
from bot.gateway import application
from bot.routing import AcceptWithin
from bot.runtime import Runtime
from bot.settings import ROOT
from bot.store import migrate
from bot.store.models import now
from tests.desk import enters
from tests.keeper import keeper
from tests.reports import filed
from tests.towns import DANGER, OTHER, QUICK, SOON, Town, town

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


@pytest.fixture
def faro(runtime: Runtime, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    with town(runtime, tmp_path_factory.getbasetemp() / "town") as made:
        yield made


@pytest.fixture
def app(faro: Town) -> Iterator[Flask]:
    with jobs.queue(faro.runtime.settings.database).open() as queue:
        yield application(faro.runtime, queue)


def at_desk(app: Flask, faro: Town, *desks: str) -> FlaskClient:
    with faro.runtime.sessions.begin() as session:
        link = people.link(session, f"{desks[0]}@faro.invalid", "operator", list(desks), by=keeper(faro.runtime))
    client = app.test_client()
    enters(client, link, faro.runtime)
    return client


def seen(client: FlaskClient, path: str = "/desk/") -> str:
    """The words of a page."""
    response = client.get(path)
    assert response.status_code == 200, path
    return words_of(response.get_data(as_text=True))


def words_of(page: str) -> str:
    return re.sub(r" (?=[,:.])", "", " ".join(re.sub(r"<[^>]+>", " ", page).split()))


def test_the_list_says_how_long_is_left_and_begins_with_what_must_be_accepted_soonest(app: Flask, faro: Town) -> None:
    filed_at = {"late": now() - OTHER - MINUTE * 3.5, "new": now() - HOUR / 2, "old": now() - HOUR * 2.5}
    numbers = {name: faro.report(faro.files(at=at)).number for name, at in filed_at.items()}
    numbers |= {"danger": faro.report(faro.files(at=now() - MINUTE * 2.5, danger="yes")).number}
    client = at_desk(app, faro, "north-mx")
    page = seen(client)
    assert "danger now " + numbers["danger"] in page
    assert re.findall("|".join(numbers.values()), page[page.index("Urgency") :]) == [
        numbers[name] for name in ("danger", "late", "old", "new")
    ]
    for said in ("new 12 min left", "new overdue by 3 min", "new 21 h 29 min left", "new 23 h 29 min left"):
        assert said in page
    assert f"Oldest not accepted: {numbers['late']}, since {filed_at['late']:%d %b %H:%M} UTC" in page
    assert "Oldest" not in seen(client, "/desk/?show=closed")


def test_what_is_accepted_waits_no_more(app: Flask, faro: Town) -> None:
    client = at_desk(app, faro, "north-mx")
    report = faro.files(at=now())
    assert press_accept(client, f"/desk/reports/{report}/accept", follow=True) == 200
    page = seen(client)
    assert " left" not in page and "Oldest not accepted" not in page and "accepted by north-mx@" in page


def test_both_desks_see_that_it_was_passed_on_and_the_old_one_not_its_words(app: Flask, faro: Town) -> None:
    at = now() - DANGER - MINUTE
    report, passed = faro.files(at=at, danger="yes", words="me robaron en el puente"), at + DANGER
    faro.runs(passed)
    number = faro.report(report).number
    old, new = at_desk(app, faro, "north-mx"), at_desk(app, faro, "east-gt")
    listed = seen(old)
    assert f"{number}, {passed:%d %b %H:%M} UTC, to East-Gt" in listed and "puente" not in listed
    assert f"/desk/reports/{report}" not in old.get("/desk/").get_data(as_text=True)
    assert number in seen(new) and "Passed on, as nobody here" not in seen(new)
    page = seen(new, f"/desk/reports/{report}")
    assert f"{at:%d %b %H:%M} UTC: filed at North-Mx" in page
    way = "passed on from North-Mx to East-Gt, nobody there accepted it in time"
    assert f"{passed:%d %b %H:%M} UTC: {way}" in page


def test_the_line_at_the_old_desk_goes_when_the_report_is_back_or_a_week_is_over(app: Flask, faro: Town) -> None:
    long_ago = now() - timedelta(days=7.5)
    faro.files(at=long_ago)
    faro.runs(long_ago + OTHER)
    assert "Passed on, as nobody here" in seen(at_desk(app, faro, "north-mx"))
    faro.runs(long_ago + OTHER + SOON)
    faro.runs(long_ago + OTHER + SOON + OTHER)  # once around the ring
    assert "Passed on, as nobody here" not in seen(at_desk(app, faro, "north-mx"))
    other = faro.files(at=long_ago - OTHER)
    faro.runs(long_ago)
    assert faro.report(other).desk == "east-gt"
    assert "Passed on, as nobody here" not in seen(at_desk(app, faro, "north-mx"))


def test_who_accepts_too_late_is_told_in_words(app: Flask, faro: Town) -> None:
    report = faro.files(at=now() - OTHER)
    client = at_desk(app, faro, "north-mx")
    address = f"/desk/reports/{report}"
    assert "Accept this report" in seen(client, address)
    faro.runs(now())
    assert press_accept(client, f"{address}/accept") == 404
    assert faro.report(report).status == "filed"
    gone = client.get(address)
    assert gone.status_code == 404
    assert "what nobody accepts in time goes to the next one" in words_of(gone.get_data(as_text=True))


def press_accept(client: FlaskClient, address: str, follow: bool = False) -> int:
    token = re.search(r'name="csrf_token" value="([^"]+)"', client.get("/desk/").get_data(as_text=True))
    assert token is not None
    return client.post(address, data={"csrf_token": token[1]}, follow_redirects=follow).status_code


# How the times are set


def test_a_desk_without_times_of_its_own_has_fifteen_minutes_and_a_day() -> None:
    routing = read(ROOT / "content").routing
    assert {desk.accept_within for desk in routing.desks.values()} == {AcceptWithin(DANGER, OTHER)}
    assert {routing.after(desk) for desk in routing.desks} == {"demo", None} and routing.after("demo") is None


def test_a_desk_s_own_times_and_next_desk_are_read(faro: Town) -> None:
    routing = faro.runtime.shelf.content().routing
    assert routing.desks["east-gt"].accept_within == AcceptWithin(QUICK, SOON)
    assert routing.after("east-gt") == "south-hn" and routing.after("far-us") == "night"
    assert routing.time_to_accept("a desk that is no more", urgent=True) == DANGER


def test_every_report_is_filed_with_a_time(runtime: Runtime) -> None:
    before = now()
    report = filed(runtime, "demo-mx", danger="yes")
    assert before + DANGER <= report.accept_by <= now() + DANGER


OLD = datetime(2026, 1, 1, tzinfo=UTC)
INSERT = """
    INSERT INTO report (id, number, kind, inbound_id, desk, routed_by, status, crime_type, language, urgent, may_reply,
        words_sealed, filed_at)
    VALUES (gen_random_uuid(), %(number)s, 'report', %(inbound)s, 'demo', '', %(status)s, 'other', 'es', %(urgent)s,
        true, '', %(filed_at)s)
"""


def test_what_was_filed_before_has_its_whole_time_from_the_upgrade_on(database: str) -> None:
    name = database.rpartition("/")[0] + "/passing_test"
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute("DROP DATABASE IF EXISTS passing_test WITH (FORCE)")
        connection.execute("CREATE DATABASE passing_test")
    command.upgrade(migrate.config(name), "0005")
    with psycopg.connect(name) as connection:
        for n, (status, urgent) in enumerate([("filed", True), ("filed", False), ("closed", True)]):
            row = {"number": str(n), "inbound": n, "status": status, "urgent": urgent, "filed_at": OLD}
            connection.execute(INSERT, row)
    before = now()
    command.upgrade(migrate.config(name), "0008")
    with psycopg.connect(name) as connection:
        found = [row[0] for row in connection.execute("SELECT accept_by FROM report ORDER BY number")]
    assert before + DANGER - MINUTE < found[0] < now() + DANGER + MINUTE
    assert found[1] - found[0] == OTHER - DANGER and found[2] == OLD + DANGER
