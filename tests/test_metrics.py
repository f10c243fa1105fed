"""What a monitor sees: parts by name, figures without a person, and nothing at all without the token."""

from __future__ import annotations

import dataclasses
import re
import shutil
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import procrastinate
import pytest
import yaml
from flask.testing import FlaskClient
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample
from sqlalchemy import text, update

from bot import figures, health, jobs, metrics, outside_jobs
from bot.content import Shelf
from bot.engine import Engine
from bot.gateway import application
from bot.runtime import Runtime
from bot.settings import ROOT
from bot.store import migrate
from bot.store.models import Inbound, Outbound, Report, now
from bot.store.session import connect, sessions
from tests.channels import Writer, fresh_number
from tests.conftest import Process, free_port, wait_until
from tests.reports import filed
from tests.talk import Phone

TOKEN = "a-token-of-27-letters-or-so"
CANARY = "canariofaro"


@pytest.fixture(scope="module")
def alone(runtime: Runtime) -> Iterator[Runtime]:
    """A Faro with a database of its own, in which only these tests count."""
    base, _, _ = runtime.settings.database.rpartition("/")
    with connect(runtime.settings.database).connect() as server:
        server = server.execution_options(isolation_level="AUTOCOMMIT")
        server.execute(text("DROP DATABASE IF EXISTS figures WITH (FORCE)"))
        server.execute(text("CREATE DATABASE figures"))
    migrate.upgrade(f"{base}/figures")
    changed = {"database_url": f"{base}/figures", "metrics_token": TOKEN, "try_phone": True}
    settings = runtime.settings.model_copy(update=changed | {"actions_port": free_port()})
    made = dataclasses.replace(runtime, settings=settings, sessions=sessions(f"{base}/figures"))
    yield made
    made.sessions.kw["bind"].dispose()


@pytest.fixture(scope="module")
def queue(alone: Runtime) -> Iterator[procrastinate.App]:
    made = jobs.queue(alone.settings.database)
    with made.open():
        yield made


@pytest.fixture(autouse=True)
def empty(alone: Runtime) -> None:
    with alone.sessions.begin() as session:
        session.execute(text("TRUNCATE contact, report, alert, procrastinate_jobs, procrastinate_workers CASCADE"))


@pytest.fixture
def client(alone: Runtime, queue: procrastinate.App) -> FlaskClient:
    return application(alone, queue).test_client()


def scraped(client: FlaskClient) -> list[Sample]:
    answer = client.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
    assert answer.status_code == 200
    return [sample for family in text_string_to_metric_families(answer.text) for sample in family.samples]


def value(client: FlaskClient, name: str, **labels: str) -> float:
    """A series that is not there counts as 0."""
    return sum(sample.value for sample in scraped(client) if sample.name == name and sample.labels == labels)


def put(runtime: Runtime, sql: str, **values: Any) -> None:
    with runtime.sessions.begin() as session:
        session.execute(text(sql), values)


def reasons(client: FlaskClient) -> set[str]:
    answer = client.get("/health/ready")
    body = answer.get_json()
    assert set(body) == {"ready", "reasons"} and body["ready"] == (not body["reasons"]) == (answer.status_code == 200)
    assert set(body["reasons"]) <= set(health.PARTS)
    return set(body["reasons"])


# Health.


def test_without_a_database_it_lives_and_is_not_ready(alone: Runtime, queue: procrastinate.App) -> None:
    nowhere = sessions(f"postgresql://faro:x@127.0.0.1:{free_port()}/faro")
    silent = Engine(f"http://127.0.0.1:{free_port()}", "token")
    client = application(dataclasses.replace(alone, sessions=nowhere, engine=silent), queue).test_client()
    assert client.get("/health/live").get_json() == {"live": True}
    assert "database" in reasons(client) and not {"migrations", "worker"} & reasons(client)
    answer = client.get("/health")
    assert answer.status_code == 503 and answer.get_json() == {"ready": False, "database": False, "engine": False}
    assert {s.labels["part"] for s in scraped(client) if s.name == metrics.READY and not s.value} >= {"database"}


def test_a_worker_that_was_not_seen_for_a_minute_is_named(client: FlaskClient, alone: Runtime) -> None:
    assert "worker" in reasons(client)
    put(alone, "INSERT INTO procrastinate_workers (last_heartbeat) VALUES (now() - interval '50 seconds')")
    assert "worker" not in reasons(client) and value(client, "faro_workers") == 1
    put(alone, "UPDATE procrastinate_workers SET last_heartbeat = now() - interval '70 seconds'")
    assert "worker" in reasons(client) and value(client, "faro_workers") == 0


def test_a_schema_of_another_version_is_named_and_messages_are_still_taken_in(
    client: FlaskClient, alone: Runtime
) -> None:
    assert "migrations" not in reasons(client)
    put(alone, "UPDATE alembic_version SET version_num = '0001'")
    try:
        assert "migrations" in reasons(client)
        assert client.get("/health").status_code == 200
    finally:
        put(alone, "UPDATE alembic_version SET version_num = :head", head=migrate.head())


def test_content_that_was_not_taken_over_is_named(alone: Runtime, queue: procrastinate.App, tmp_path: Path) -> None:
    shutil.copytree(ROOT / "content", tmp_path / "content")
    shelf = Shelf(tmp_path / "content")
    client = application(dataclasses.replace(alone, shelf=shelf), queue).test_client()
    assert "content" not in reasons(client)
    (tmp_path / "content/routing.yml").write_text("desks: [")
    wait_until(lambda: "content" in reasons(client), "the reason", 20)


def test_an_engine_and_actions_that_do_not_answer_are_named(alone: Runtime, queue: procrastinate.App) -> None:
    silent = alone.settings.model_copy(update={"actions_port": free_port()})
    engine = Engine(f"http://127.0.0.1:{free_port()}", "token")
    client = application(dataclasses.replace(alone, settings=silent, engine=engine), queue).test_client()
    assert {"engine", "actions"} <= reasons(client)


def test_with_everything_running_nothing_is_named(
    runtime: Runtime, engine: Process, actions: Process, worker: Process
) -> None:
    with jobs.queue(runtime.settings.database).open() as queue:
        client = application(runtime, queue).test_client()
        wait_until(lambda: client.get("/health/ready").status_code == 200, "Faro")
        assert reasons(client) == set()


# Who may, and what is never told.


def test_without_a_token_in_the_settings_there_is_no_such_page(alone: Runtime, queue: procrastinate.App) -> None:
    settings = alone.settings.model_copy(update={"metrics_token": None})
    client = application(dataclasses.replace(alone, settings=settings), queue).test_client()
    for said in ({}, {"Authorization": "Bearer "}, {"Authorization": "Bearer None"}):
        assert client.get("/metrics", headers=said).status_code == 404


@pytest.mark.parametrize("said", ["", "Bearer", "Bearer ", f"Bearer {TOKEN}x", TOKEN, f"Basic {TOKEN}", "Bearer ñ"])
def test_another_token_opens_nothing(said: str, client: FlaskClient) -> None:
    answer = client.get("/metrics", headers={"Authorization": said} if said else {})
    assert answer.status_code == 401 and "faro_" not in answer.text


def test_no_word_number_or_name_of_a_person_is_in_it(client: FlaskClient, alone: Runtime) -> None:
    number = "+525512349871"
    Phone(alone, number, "es").stores("text", text=f"me robaron {CANARY}")
    report = filed(alone, "demo-mx", f"soy {CANARY}")
    put(alone, "UPDATE contact SET channel = :canary", canary=CANARY)
    put(alone, "UPDATE report SET desk = :canary, crime_type = :canary", canary=CANARY)
    put(alone, "INSERT INTO outbound (contact_id, kind, position, options, status, reason, attempts, unanswered, "
        "created_at, claimed_at) SELECT id, :canary, 0, '[]', :canary, :canary, 0, 0, now(), now() FROM contact",
        canary=CANARY)  # fmt: skip
    put(alone, "INSERT INTO procrastinate_jobs (queue_name, task_name, lock) VALUES ('default', :canary, 'x')",
        canary=f"faro:{CANARY}")  # fmt: skip
    page = client.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"}).text
    assert 'channel="other",outcome="other"' in page and 'task="other"' in page
    for secret in (CANARY, number, number[1:], report.number, str(report.id), str(report.contact_id), "demo-mx"):
        assert secret.casefold() not in page.casefold()


def test_labels_and_their_values_are_a_closed_list(client: FlaskClient, alone: Runtime) -> None:
    _busy(alone, 50)
    closed = {name: {*values, "other"} for name, values in figures.LABELS.items()}
    closed |= {
        "part": set(health.PARTS),
        "le": {*map(str, map(float, figures.BOUNDS)), *map(str, figures.BOUNDS), "+Inf"},
    }
    samples = scraped(client)
    assert len(samples) > 30
    for sample in samples:
        assert all(said in closed[label] for label, said in sample.labels.items()), sample


def test_every_task_of_the_queue_has_its_name() -> None:
    tasks = {*jobs.blueprint.tasks, *outside_jobs.blueprint.tasks}
    assert {name.rpartition(":")[2] for name in tasks} == set(figures.LABELS["task"])


# What is told is what is there.


def test_a_message_that_nobody_answers_is_counted_with_its_age(client: FlaskClient, alone: Runtime) -> None:
    assert value(client, "faro_messages_unanswered") == value(client, "faro_oldest_unanswered_seconds") == 0
    for _ in range(2):
        Phone(alone, "+5255", "es").stores("text", text="hola")
    put(alone, "UPDATE inbound SET received_at = now() - interval '10 min' WHERE id = (SELECT min(id) FROM inbound)")
    assert value(client, "faro_messages_unanswered") == 2
    assert 600 <= value(client, "faro_oldest_unanswered_seconds") < 660


def test_turn_time_is_from_the_messages_arrival_to_its_answer(client: FlaskClient, alone: Runtime) -> None:
    for took in ("1.5", "4", "45", "4000"):
        Phone(alone, "+5255", "es").stores("text", text="hola")
        put(alone, "UPDATE inbound SET answered_at = received_at + cast(:took AS interval) WHERE answered_at IS NULL",
            took=f"{took} seconds")  # fmt: skip
    Phone(alone, "+5255", "es").stores("text", text="yesterday's")
    put(
        alone,
        "UPDATE inbound SET answered_at = now(), received_at = now() - interval '1 day' WHERE answered_at IS NULL",
    )
    within = {bound: value(client, "faro_turn_seconds_bucket", le=bound) for bound in ("1", "2", "5", "60", "+Inf")}
    assert within == {"1": 0, "2": 1, "5": 2, "60": 3, "+Inf": 4}
    assert value(client, "faro_turn_seconds_gsum") == pytest.approx(4050.5, abs=0.1)


def test_deliveries_are_counted_by_channel_and_by_what_became_of_them(client: FlaskClient, alone: Runtime) -> None:
    _owed(alone, "sms", status="failed", reason="21211", claimed_at=now())
    _owed(alone, "sms", status="failed", reason="no answer", claimed_at=now())
    _owed(alone, "whatsapp", status="delivered")
    _owed(alone, "whatsapp", status="sent", channel="sms")
    _owed(alone, "telegram", status="waiting", attempts=3)
    told = {tuple(s.labels.values()): s.value for s in scraped(client) if s.name == "faro_deliveries"}
    assert told == {
        ("sms", "failed"): 2, ("whatsapp", "delivered"): 1, ("sms", "sent"): 1, ("telegram", "retrying"): 1,
    }  # fmt: skip
    assert value(client, "faro_failures", kind="refused") == value(client, "faro_failures", kind="unanswered") == 1
    put(alone, "UPDATE outbound SET created_at = now() - interval '2 hours'")
    assert value(client, "faro_deliveries", channel="sms", outcome="failed") == 0
    assert value(client, "faro_oldest_undelivered_seconds") >= 7200


def test_the_queue_is_told_by_task_with_the_age_of_what_is_due(
    client: FlaskClient, alone: Runtime, queue: procrastinate.App
) -> None:
    jobs.ask_deliver(queue, uuid.uuid4())
    queue.configure_task("faro:deliver", schedule_in={"hours": 1}).defer(contact="x")
    queue.configure_task("faro:answer").defer(contact="x")
    put(alone, "UPDATE procrastinate_events SET at = now() - interval '5 min'")
    told = {tuple(sorted(s.labels.values())): s.value for s in scraped(client) if s.name == "faro_queue_jobs"}
    assert told == {("deliver", "due"): 1, ("deliver", "later"): 1, ("answer", "due"): 1}
    assert 300 <= value(client, "faro_queue_oldest_seconds", task="deliver") < 360
    put(alone, "UPDATE procrastinate_jobs SET status = 'doing' WHERE task_name = 'faro:answer'")
    put(alone, "UPDATE procrastinate_jobs SET status = 'failed' WHERE task_name = 'faro:answer'")
    assert value(client, "faro_failures", kind="job_failed") == 1
    assert value(client, "faro_queue_jobs", task="answer", state="due") == 0


def test_reports_that_wait_are_told_by_danger_with_their_age(client: FlaskClient, alone: Runtime) -> None:
    filed(alone, "demo-mx", danger="yes")
    old, taken = filed(alone, "demo-mx"), filed(alone, "demo-mx")
    with alone.sessions.begin() as session:
        session.execute(update(Report).where(Report.id == taken.id).values(status="accepted"))
    put(alone, "UPDATE report SET filed_at = now() - interval '2 hours', accept_by = now() - interval '20 min' "
        "WHERE id = :old", old=old.id)  # fmt: skip
    assert (
        value(client, "faro_reports_waiting", danger="yes") == value(client, "faro_reports_waiting", danger="no") == 1
    )
    assert 7200 <= value(client, "faro_oldest_waiting_report_seconds", danger="no") < 7260
    assert value(client, "faro_oldest_waiting_report_seconds", danger="yes") < 60
    assert 1200 <= value(client, "faro_overdue_report_seconds") < 1260


def test_that_we_had_to_say_we_cannot_answer_is_counted(client: FlaskClient, alone: Runtime) -> None:
    Phone(alone, "+5255", "es").stores("text", text="hola")
    with alone.sessions.begin() as session:
        session.execute(update(Inbound).values(apologised_at=now()))
    assert value(client, "faro_failures", kind="engine_away") == 1


def test_with_20000_of_everything_a_scrape_takes_less_than_a_second(client: FlaskClient, alone: Runtime) -> None:
    _busy(alone, 20_000)
    took = []
    for _ in range(5):  # the machine is shared: the best counts
        begun = time.monotonic()
        scraped(client)
        took.append(time.monotonic() - begun)
    print(f"a scrape: {min(took) * 1000:.0f} ms")
    assert min(took) < 1
    assert value(client, "faro_messages_unanswered") == 10_000


def _owed(runtime: Runtime, on: str, **values: Any) -> None:
    """A part on its way to somebody new on a channel."""
    writer = Writer(runtime, on, fresh_number(), "")
    writer.writes()
    with runtime.sessions.begin() as session:
        session.add(Outbound(contact_id=writer.contact, kind="notice", **values))


def _busy(runtime: Runtime, n: int) -> None:
    """So many people, messages (every other one waiting), parts and jobs (with their events)."""
    put(runtime, "INSERT INTO contact (id, channel, address_hash, address_sealed, subscribed, case_messages, offered, "
        "created_at) SELECT gen_random_uuid(), 'sms', n, '', false, true, '[]', now() FROM generate_series(1, :n) n",
        n=n)  # fmt: skip
    put(runtime, "INSERT INTO inbound (contact_id, channel, provider_id, received_at, answered_at) "
        "SELECT id, 'sms', id, now(), CASE WHEN row_number() OVER () % 2 = 0 THEN now() END FROM contact")  # fmt: skip
    put(runtime, "INSERT INTO outbound (contact_id, kind, position, options, status, attempts, unanswered, created_at) "
        "SELECT id, 'reply', 0, '[]', CASE WHEN row_number() OVER () % 2 = 0 THEN 'waiting' ELSE 'sent' END, 0, 0, "
        "now() FROM contact")  # fmt: skip
    put(runtime, "INSERT INTO procrastinate_jobs (queue_name, task_name) SELECT 'default', 'faro:answer' FROM contact")


# The alerts that docs/ says to set.

PAGE = (ROOT / "docs/alerts-to-set.md").read_text("utf-8")
RULES = yaml.safe_load((ROOT / "docs/alerts-to-set.yml").read_text("utf-8"))["groups"][0]["rules"]


def test_there_are_five_alerts_and_the_page_says_of_each_what_to_do() -> None:
    names = [rule["alert"] for rule in RULES]
    assert names == re.findall(r"^## (Faro\w+)$", PAGE, re.M) and len(names) == 5
    for section in re.split(r"^## ", PAGE, flags=re.M)[1:-1]:
        for part in ("**For people**", "**Do**", "    "):
            assert part in section, section.splitlines()[0]
    assert all(rule["for"] and rule["annotations"]["summary"] for rule in RULES)


def test_every_metric_and_label_of_an_alert_is_told(client: FlaskClient, alone: Runtime) -> None:
    _busy(alone, 4)
    filed(alone, "demo-mx")
    told = {sample.name for sample in scraped(client)}
    closed = figures.LABELS | {"part": health.PARTS}
    for rule in RULES:
        used = set(re.findall(r"\bfaro_\w+", rule["expr"]))
        assert used and used <= told, rule["alert"]
        for label, _, said in re.findall(r'(\w+)(=~?|!=)"([^"]*)"', rule["expr"]):
            assert set(said.split("|")) <= set(closed[label]), rule["alert"]


def test_every_metric_that_is_told_stands_on_the_page(client: FlaskClient) -> None:
    told = {re.sub(r"_(bucket|gcount|gsum)$", "", sample.name) for sample in scraped(client)}
    named = {gauge.name for gauge in figures.GAUGES} | {"faro_turn_seconds", metrics.READY}
    assert told <= named and all(f"`{name}`" in PAGE for name in named)
