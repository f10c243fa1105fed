"""When a whole shelter writes in one minute: what is answered leaves before more is answered."""

from __future__ import annotations

import asyncio
import uuid

from procrastinate import App

from bot import inbox, jobs
from bot.messages import Message
from bot.runtime import Runtime
from tests.channels import fresh_number
from tests.test_sweep import app

__all__ = ["app"]


def _taken_up(runtime: Runtime) -> list[str]:
    """The tasks that wait, in the order in which a worker takes them up."""

    async def fetch() -> list[str]:
        async with jobs.queue(runtime.settings.database).open_async() as queue:
            worker = await queue.job_manager.register_worker()
            tasks = []
            while job := await queue.job_manager.fetch_job(None, worker):
                tasks.append(job.task_name)
            return tasks

    return asyncio.run(fetch())


def test_the_first_of_a_crowd_does_not_wait_for_the_turn_of_the_last(runtime: Runtime, app: App) -> None:
    for _ in range(3):
        inbox.take(runtime, Message("web", uuid.uuid4().hex, fresh_number(), "text", {"text": "hola"}, "es"))
    jobs.ask_deliver(app, uuid.uuid4())
    assert _taken_up(runtime) == ["faro:deliver", *["faro:answer"] * 3]
