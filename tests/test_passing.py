"""A report that no desk accepts in time goes to the next one: real database, a clock of our own."""

from __future__ import annotations

import asyncio
import threading
import uuid
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import procrastinate
import pytest
from procrastinate.periodic import PeriodicTask
from sqlalchemy import delete, func, select

from bot import desk_keys, jobs, passing, reports
from bot.runtime import Runtime
from bot.store.models import Contact, Report, ReportEvent, now
from tests.towns import DANGER, GONE, OTHER, QUICK, SOON, START, Town, operator, town

SECOND = timedelta(seconds=1)


@pytest.fixture
def faro(runtime: Runtime, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    with town(runtime, tmp_path_factory.getbasetemp() / "town") as made:
        yield made


def where(faro: Town, report: uuid.UUID) -> tuple[str, str]:
    found = faro.report(report)
    return found.status, found.desk


# The time


@pytest.mark.parametrize(("danger", "time", "then"), [("yes", DANGER, QUICK), ("no", OTHER, SOON)])
def test_a_report_stays_until_its_time_is_over_and_then_goes_on(
    danger: str, time: timedelta, then: timedelta, faro: Town
) -> None:
    report = faro.files(danger=danger)
    assert faro.report(report).accept_by == START + time
    faro.runs(START + time - SECOND)
    assert where(faro, report) == ("filed", "north-mx") and faro.way(report) == [] and faro.told(report) == []
    late = START + time + SECOND
    faro.runs(late)
    assert where(faro, report) == ("filed", "east-gt") and faro.way(report) == [("north-mx", "east-gt")]
    assert faro.report(report).accept_by == late + then  # the new desk has all of its own time


def test_after_two_days_without_a_worker_each_run_takes_one_step(faro: Town) -> None:
    report, late = faro.files(danger="yes"), START + timedelta(days=2)
    for desk in ("east-gt", "south-hn", "north-mx"):
        faro.runs(late)
        assert faro.report(report).desk == desk
        faro.runs(late)
        assert faro.report(report).desk == desk  # nothing more at the same time
        late += DANGER


def test_a_clock_that_goes_back_moves_nothing(faro: Town) -> None:
    report = faro.files(danger="yes")
    faro.runs(START + DANGER)
    faro.runs(START - timedelta(days=1))
    assert faro.way(report) == [("north-mx", "east-gt")]


def test_any_number_is_passed_on_at_once(faro: Town) -> None:
    due = [faro.files(danger="yes") for _ in range(40)]
    assert len(faro.runs(START + DANGER)) == 40
    assert {where(faro, report) for report in due} == {("filed", "east-gt")}


# The next desk


def test_a_desk_that_names_no_next_passes_on_to_the_default(faro: Town) -> None:
    report = faro.files("far-us")
    faro.runs(START + OTHER)
    assert faro.way(report) == [("far-us", "night")]


@pytest.mark.parametrize(("desk", "after", "keeps"), [("far-us", "night", False), ("north-mx", "east-gt", True)])
def test_who_let_it_go_by_keeps_its_key_only_where_it_can_come_back(
    desk: str, after: str, keeps: bool, faro: Town
) -> None:
    report = faro.files(desk)
    faro.runs(START + OTHER)
    with faro.runtime.sessions() as session:
        row = session.get_one(Report, report)
        assert row.desk == after and desk_keys.opens(session, row, after)
        assert desk_keys.opens(session, row, desk) is keeps


def test_where_there_is_no_other_desk_it_stays_and_its_time_begins_anew(faro: Town) -> None:
    report, late = faro.files("far-us"), START + OTHER
    faro.changes(report, desk="night")
    assert faro.runs(late) == []
    assert where(faro, report) == ("filed", "night") and faro.report(report).accept_by == late + OTHER
    assert faro.way(report) == [] and faro.told(report) == []


def test_what_lies_at_a_desk_that_is_no_more_goes_to_the_default(faro: Town) -> None:
    report = faro.files()
    faro.changes(report, desk=GONE)
    faro.runs(START + OTHER)
    assert faro.way(report) == [(GONE, "night")]


# The person


def test_the_person_is_told_once_in_their_language_and_not_what_it_is_about(faro: Town) -> None:
    report = faro.files(danger="yes")
    contact = faro.report(report).contact_id
    assert faro.runs(START + DANGER) == [contact]
    assert faro.runs(START + DANGER) == []
    (text,) = faro.told(report)
    number = faro.report(report).number
    assert text == f"North-Mx todavía no ha respondido. Ahora su mensaje ({number}) lo tiene East-Gt."


def test_who_allowed_no_replies_is_not_written_to(faro: Town) -> None:
    report = faro.files(may_reply="no")
    assert faro.runs(START + OTHER) == []
    assert where(faro, report) == ("filed", "east-gt") and faro.told(report) == []


def test_a_report_of_nobody_we_can_reach_goes_on_all_the_same(faro: Town) -> None:
    report = faro.files()
    faro.changes(report, contact_id=None)
    assert faro.runs(START + OTHER) == []
    assert where(faro, report) == ("filed", "east-gt")


def test_in_a_ring_the_person_hears_of_each_desk_once(faro: Town) -> None:
    report, at = faro.files(danger="yes"), START
    for _ in range(7):
        at += DANGER
        faro.runs(at)
    assert len(faro.way(report)) == 7 and faro.report(report).desk == "east-gt"
    assert [text.split()[-1] for text in faro.told(report)] == ["East-Gt.", "South-Hn."]


# Accepting


def test_a_desk_that_was_too_late_cannot_accept_and_the_next_one_can(faro: Town) -> None:
    report = faro.files(danger="yes")
    faro.runs(START + DANGER)
    assert not faro.work.accept(operator("north-mx"), report)
    assert where(faro, report) == ("filed", "east-gt")
    assert faro.work.accept(operator("east-gt"), report)
    assert where(faro, report) == ("accepted", "east-gt")


def test_what_is_accepted_or_closed_is_never_passed_on(faro: Town) -> None:
    accepted, closed = faro.files(), faro.files()
    for report in (accepted, closed):
        faro.work.accept(operator("north-mx"), report)
    faro.work.close(operator("north-mx"), closed, "helped")
    assert faro.runs(START + timedelta(days=9)) == []
    assert (where(faro, accepted), where(faro, closed)) == (("accepted", "north-mx"), ("closed", "north-mx"))


def test_a_report_that_is_just_being_accepted_is_left_alone(faro: Town) -> None:
    report = faro.files(danger="yes")
    with faro.runtime.sessions.begin() as session:
        reports.accept(session.get_one(Report, report, with_for_update=True), "operadora@faro.invalid")
        run = threading.Thread(target=faro.runs, args=(START + DANGER,))
        run.start()
        run.join(10)
        assert not run.is_alive()  # does not wait for it either
    assert where(faro, report) == ("accepted", "north-mx") and faro.way(report) == []


def test_who_accepts_while_it_is_being_passed_on_is_too_late(faro: Town) -> None:
    report, accepted = faro.files(danger="yes"), list[bool]()
    thread = threading.Thread(target=lambda: accepted.append(faro.work.accept(operator("north-mx"), report)))
    with faro.runtime.sessions.begin() as session:
        passing.pass_on(session, faro.runtime, report, START + DANGER)
        thread.start()
        thread.join(0.3)
        assert thread.is_alive()  # waits to see how it ends
    thread.join(10)
    assert accepted == [False] and where(faro, report) == ("filed", "east-gt")


@pytest.mark.parametrize("turn", range(12))
def test_of_accepting_and_passing_on_at_once_exactly_one_wins(turn: int, faro: Town) -> None:
    report, accepted = faro.files(danger="yes"), list[bool]()
    at_once(
        lambda: accepted.append(faro.work.accept(operator("north-mx"), report)),
        lambda: faro.runs(START + DANGER),
    )
    ends = (accepted, *where(faro, report), faro.way(report))
    mine: tuple[object, ...] = ([True], "accepted", "north-mx", [])
    assert ends in (mine, ([False], "filed", "east-gt", [("north-mx", "east-gt")]))
    assert len(faro.told(report)) == 1  # accepted or passed on, not both


def test_two_workers_pass_it_on_once(faro: Town) -> None:
    report = faro.files(danger="yes")
    at_once(*[lambda: faro.runs(START + DANGER)] * 4)
    assert faro.way(report) == [("north-mx", "east-gt")] and len(faro.told(report)) == 1


def at_once(*calls: Callable[[], object]) -> None:
    barrier = threading.Barrier(len(calls))

    def run(call: Callable[[], object]) -> None:
        barrier.wait()
        call()

    threads = [threading.Thread(target=run, args=(call,)) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


# What goes wrong, and what is left


def test_a_report_that_cannot_be_passed_on_does_not_hold_up_the_others(
    faro: Town, caplog: pytest.LogCaptureFixture
) -> None:
    bad, good = faro.files(danger="yes"), faro.files(danger="yes", at=START + SECOND)
    with faro.runtime.sessions.begin() as session:
        session.get_one(Contact, faro.report(bad).contact_id).language = "xx"  # nobody could tell them
    faro.runs(START + DANGER + SECOND)
    assert where(faro, bad) == ("filed", "north-mx") and faro.way(bad) == []  # all of it or nothing
    assert where(faro, good) == ("filed", "east-gt")
    assert [record.getMessage() for record in caplog.records] == ["a report was not passed on: KeyError"]


def test_its_way_is_forgotten_with_the_report(faro: Town) -> None:
    report = faro.files(danger="yes")
    faro.runs(START + DANGER)
    with faro.runtime.sessions.begin() as session:
        session.execute(delete(Report).where(Report.id == report))
        left = select(func.count()).select_from(ReportEvent).where(ReportEvent.report_id == report)
        assert session.scalar(left) == 0


def test_the_worker_passes_on_each_minute_what_is_due_and_sends_the_news(faro: Town) -> None:
    report = faro.files(at=now() - OTHER - SECOND)
    asyncio.run(a_minute(faro))
    assert where(faro, report) == ("filed", "east-gt")
    with jobs.queue(faro.runtime.settings.database).open() as queue:
        locks = {job.lock for job in queue.job_manager.list_jobs(task="faro:deliver", status="todo")}
    assert f"deliver {faro.report(report).contact_id}" in locks
    assert [task.cron for task in jobs.blueprint.periodic_registry.periodic_tasks.values() if is_it(task)] == [
        "* * * * *"
    ]


async def a_minute(faro: Town) -> None:
    async with jobs.queue(faro.runtime.settings.database).open_async() as queue:
        job = procrastinate.jobs.Job(queue="default", lock=None, queueing_lock=None, task_name="pass_on")
        more = {"runtime": faro.runtime}
        context = procrastinate.JobContext(
            app=queue, job=job, start_timestamp=0, abort_reason=lambda: None, additional_context=more
        )
        await jobs.pass_on(context, 0)


def is_it(periodic: PeriodicTask[..., Any, Any]) -> bool:
    return periodic.task.func is jobs.pass_on.func
