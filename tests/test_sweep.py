"""What a worker had in hand when it died is taken up again, each minute, by whichever worker is there."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Iterator

import psycopg
import pytest
from procrastinate import App, JobContext

from bot import jobs
from bot.runtime import Runtime

AT_WORK = "UPDATE procrastinate_jobs SET status = 'doing' WHERE id = ANY(%s)"
STATUS = "SELECT status::text FROM procrastinate_jobs WHERE id = %s"


@pytest.fixture
def app(runtime: Runtime) -> Iterator[App]:
    with psycopg.connect(runtime.settings.database) as connection:
        connection.execute("TRUNCATE procrastinate_jobs CASCADE")
    app = jobs.queue(runtime.settings.database)
    with app.open():
        yield app


def died(runtime: Runtime, *ids: int) -> None:
    """These were in hand of a worker that is no more."""
    with psycopg.connect(runtime.settings.database) as connection:
        connection.execute(AT_WORK, [list(ids)])


def status(runtime: Runtime, job: int) -> str:
    with psycopg.connect(runtime.settings.database) as connection:
        row = connection.execute(STATUS, [job]).fetchone()
    assert row
    return str(row[0])


def sweep(runtime: Runtime) -> None:
    async def run() -> None:
        app = jobs.queue(runtime.settings.database)
        async with app.open_async():
            job = next(iter(await app.job_manager.list_jobs_async()))
            await jobs.sweep.func(JobContext(app=app, job=job, start_timestamp=0, abort_reason=lambda: None,
                                             additional_context={"runtime": runtime}), 0)  # fmt: skip

    asyncio.run(run())


def test_the_work_of_a_worker_that_died_is_done_by_another(runtime: Runtime, app: App) -> None:
    person = str(uuid.uuid4())
    job = app.configure_task("faro:answer", lock=person).defer(contact=person)
    died(runtime, job)
    sweep(runtime)
    assert status(runtime, job) == "todo"


def test_a_try_that_waits_already_does_not_keep_the_sweep_from_everybody_else(runtime: Runtime, app: App) -> None:
    """It had come back to a person, put off the next try, and died: of such tries only one may wait for each."""
    person, other = str(uuid.uuid4()), str(uuid.uuid4())
    again = app.configure_task("faro:deliver", queueing_lock=f"come back {person}", schedule_in={"hours": 6})
    came_back = again.defer(contact=person)
    died(runtime, came_back)
    waits = again.defer(contact=person)
    left = app.configure_task("faro:answer", lock=other).defer(contact=other)
    died(runtime, left)
    sweep(runtime)
    assert status(runtime, left) == "todo"
    assert (status(runtime, came_back), status(runtime, waits)) == ("aborted", "todo")
