"""A clock that jumps an hour, forward or back: nobody is stuck, nothing goes out twice, no session grows longer."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import procrastinate
import pytest
from flask import Flask
from sqlalchemy import text

from bot import clocks, inbox, jobs
from bot.gateway import application
from bot.messages import Message
from bot.runtime import Runtime
from bot.store.models import Inbound, Sender, now
from tests.channels import AT_HOME, PUBLIC, Kept, fresh_number, kept, queue, with_settings
from tests.desk import browser, is_in, member, signs_in
from tests.test_delivery import Town, built, error, passes, town
from tests.test_passing import faro, where
from tests.towns import DANGER, START
from tests.towns import Town as Desks

__all__ = ["built", "faro", "kept", "queue", "town"]
pytestmark = AT_HOME
HOUR = timedelta(hours=1)


# Back: what was written by the later time


def test_a_part_claimed_in_the_future_is_not_stuck_and_arrives_once(town: Town, kept: Kept) -> None:
    person = town.person("sms").joins()
    (row,) = person.is_owed("uno")
    town.prepare("sms", {"drop": True})
    person.deliver()
    kept.change(row, claimed_at=now() + HOUR)  # and then the clock is set back
    wait = person.deliver()
    assert wait is not None and wait > 3600 and person.statuses([row]) == ["sending"]
    clocks.mend(town.runtime, now())
    assert (person.deliver() or 0) <= 60
    passes(person, row)
    assert person.deliver() is None
    assert person.statuses([row]) == ["sent"] and person.heard == ["uno"]


def test_a_next_try_that_is_farther_off_than_any_wait_is_made_now_and_an_honest_one_stays(
    town: Town, kept: Kept
) -> None:
    person, other = town.person("sms").joins(), town.person("sms").joins()
    (row,), (later,) = person.is_owed("uno"), other.is_owed("dos")
    kept.change(row, attempts=1, next_try_at=now() + HOUR + timedelta(seconds=20))
    kept.change(later, attempts=6, next_try_at=(honest := now() + timedelta(hours=5)))
    clocks.mend(town.runtime, now())
    assert person.deliver() is None and person.heard == ["uno"]
    assert kept.outbound(later).next_try_at == honest


def test_a_pause_of_a_sender_does_not_grow_by_the_jump(town: Town) -> None:
    person = town.person("sms").joins()
    with town.runtime.sessions.begin() as session:
        session.add(Sender(name=town.twilio.number, paused_until=now() + HOUR + timedelta(seconds=5)))
    person.is_owed("uno")
    assert (person.deliver() or 0) > 3600
    clocks.mend(town.runtime, now())
    assert person.deliver() is None and person.heard == ["uno"]


def test_a_message_from_the_future_that_has_no_job_is_found_by_the_sweep(runtime: Runtime, kept: Kept) -> None:
    provider_id = uuid.uuid4().hex
    inbox.take(runtime, Message("web", provider_id, fresh_number(), "unreadable", {}))
    with runtime.sessions.begin() as session:
        row = kept.inbound(provider_id)
        assert row is not None
        session.get_one(Inbound, row.id).received_at = now() + HOUR
    clocks.mend(runtime, now())
    moment = kept.inbound(provider_id)
    assert moment is not None and moment.received_at <= now()


def test_what_the_provider_refuses_is_not_tried_without_end_by_a_clock_that_was_set_back(town: Town) -> None:
    """WhatsApp's window: they wrote, by the old clock, after we were refused."""
    person = town.person("whatsapp").joins()
    person.changes(last_inbound_at=now() + HOUR)
    town.prepare("whatsapp", error(63016))
    (row,) = person.is_owed("uno")
    assert person.deliver() is None
    assert (person.statuses([row]), person.reasons([row])) == (["held"], ["window"])


def test_the_queues_minutes_and_its_waiting_jobs_go_on(runtime: Runtime, queue: procrastinate.App, kept: Kept) -> None:
    person, soon = uuid.uuid4(), uuid.uuid4()
    for who, seconds in ((person, 3610), (soon, 10)):
        queue.configure_task("faro:answer", lock=str(who), schedule_in={"seconds": seconds}).defer(contact=str(who))
    before, minute = _scheduled(runtime, soon), int(time.time()) // 60 * 60
    with runtime.sessions.begin() as session:
        for defer in (minute - 60, minute + 3600):
            session.execute(
                text(
                    "INSERT INTO procrastinate_periodic_defers (task_name, periodic_id, defer_timestamp) "
                    "VALUES ('faro:test_of_clocks', '', :at)"
                ),
                {"at": defer},
            )
    clocks.mend(runtime, now())
    assert _scheduled(runtime, person) <= now() and _scheduled(runtime, soon) == before
    with runtime.sessions.begin() as session:
        kept_ones = "DELETE FROM procrastinate_periodic_defers WHERE task_name = 'faro:test_of_clocks' RETURNING 1"
        assert len(session.execute(text(kept_ones)).all()) == 1
        session.execute(text("DELETE FROM procrastinate_jobs WHERE scheduled_at IS NOT NULL"))


def _scheduled(runtime: Runtime, contact: uuid.UUID) -> datetime:
    query = text("SELECT scheduled_at FROM procrastinate_jobs WHERE args->>'contact' = :contact")
    with runtime.sessions() as session:
        found: datetime = session.scalars(query, {"contact": str(contact)}).one()
        return found


# The worker notices


@pytest.mark.parametrize("by", [3600.0, -3600.0])
def test_the_worker_starts_anew_when_the_clock_jumps(by: float, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clocks, "EVERY", 0.05)
    began = time.monotonic()

    def clock() -> float:
        return 1e9 + time.monotonic() + (by if time.monotonic() - began > 0.2 else 0)

    asyncio.run(asyncio.wait_for(jobs._until_a_jump(_without_end(), clock), 20))


def test_no_steady_clock_ends_the_worker() -> None:
    with pytest.raises(TimeoutError):
        asyncio.run(asyncio.wait_for(clocks.jump(time.time, every=0.05), 1))


def test_a_worker_that_fails_says_so_and_is_not_taken_for_one_that_was_told_to_stop() -> None:
    with pytest.raises(ZeroDivisionError):
        asyncio.run(jobs._until_a_jump(_fails()))


async def _without_end() -> None:
    await asyncio.sleep(3600)


async def _fails() -> None:
    raise ZeroDivisionError


# Deadlines


def test_an_hour_forward_passes_a_report_on_once_and_an_hour_back_changes_nothing(faro: Desks) -> None:
    report = faro.files(danger="yes")
    faro.runs(START + HOUR)
    assert where(faro, report) == ("filed", "east-gt")
    deadline = faro.report(report).accept_by
    faro.runs(START)  # it was a mistake
    assert where(faro, report) == ("filed", "east-gt") and faro.report(report).accept_by == deadline
    assert faro.way(report) == [("north-mx", "east-gt")]


def test_a_deadline_is_late_by_no_more_than_the_jump_back(faro: Desks) -> None:
    report = faro.files(danger="yes")
    faro.runs(START - HOUR + DANGER)
    assert where(faro, report) == ("filed", "north-mx")
    faro.runs(START + DANGER + timedelta(seconds=1))
    assert where(faro, report) == ("filed", "east-gt")


# Who signs in: measured by a clock that nobody sets


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Sets the machine's clock for this process, forward by so many seconds."""
    real = time.time
    return lambda seconds: monkeypatch.setattr(time, "time", lambda: real() + seconds)


@pytest.fixture
def desk(runtime: Runtime, queue: procrastinate.App) -> Flask:
    return application(with_settings(runtime, public_url=PUBLIC), queue)


@pytest.mark.parametrize("by", [3600.0, -3600.0])
def test_who_guesses_waits_as_long_whatever_the_clock_does(
    by: float, desk: Flask, machine: Callable[[float], None]
) -> None:
    email = f"{uuid.uuid4().hex}@faro.invalid"
    for guess in range(5):
        signs_in(browser(desk), email, f"no es {guess}")
    machine(by)
    refused: Any = signs_in(browser(desk), email)
    assert refused.status_code == 429 and 0 < int(refused.headers["Retry-After"]) <= 900


def test_an_hour_forward_throws_nobody_out_of_the_desk(
    desk: Flask, runtime: Runtime, machine: Callable[[float], None]
) -> None:
    operator = member(desk, runtime, ["demo-mx"])
    machine(3600.0)
    assert is_in(operator)
