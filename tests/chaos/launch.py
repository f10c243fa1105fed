"""``python -m tests.chaos.launch gateway|worker [--hurried] [--bug NAME]``: one of Faro's processes, changed.

``--hurried`` shortens what the clock does, so that a test need not wait for minutes; nothing else is different.
A bug is planted to see that the checks find it. None of this is in bot/, where somebody might switch it on.
"""

from __future__ import annotations

import argparse
import threading
import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import procrastinate
from procrastinate.manager import JobManager
from sqlalchemy import select

from bot import conversation, delivery, jobs, policy, webhooks
from bot.__main__ import main as faro
from bot.messages import Event, Message
from bot.runtime import Runtime
from bot.store.models import Contact, Inbound

AFTER = 2.0  # seconds that a message is only in memory when it is acknowledged too early


def hurry() -> None:
    """The sweep each 3 s in place of each minute, and who is silent for 4 s in place of 30 s is taken for dead."""
    policy.LOOK_AFTER, policy.FIRST_WAIT = timedelta(seconds=5), 1.0
    jobs.LEFT_BEHIND = timedelta(seconds=15)
    for name, task in list(jobs.blueprint.periodic_registry.periodic_tasks.items()):
        if task.task.name == "sweep":
            jobs.blueprint.periodic_registry.periodic_tasks[name] = _each_3_seconds(task)
    stalled, run = JobManager.get_stalled_jobs, procrastinate.App.run_worker_async

    async def soon_stalled(self: JobManager) -> Any:
        return await stalled(self, seconds_since_heartbeat=4)

    async def beats(self: procrastinate.App, **more: Any) -> None:
        await run(self, update_heartbeat_interval=1, stalled_worker_timeout=4, **more)

    JobManager.get_stalled_jobs = soon_stalled  # type: ignore[method-assign, assignment]
    procrastinate.App.run_worker_async = beats  # type: ignore[method-assign]


def _each_3_seconds(task: Any) -> Any:
    return type(task)(task.task, "* * * * * */3", task.periodic_id, task.configure_kwargs)


# What somebody might get wrong one day.


def no_dedup() -> None:
    """Whatever the provider repeats is new."""
    take = webhooks.take

    def always_new(runtime: Runtime, read: Message | Event) -> bool:
        return take(runtime, replace(read, provider_id=f"{read.provider_id} {uuid.uuid4()}"))

    webhooks.take = always_new


def early_yes() -> None:
    """Acknowledged before the commit."""
    take = webhooks.take

    def soon(runtime: Runtime, read: Message | Event) -> bool:
        threading.Timer(AFTER, take, (runtime, read)).start()
        return True

    webhooks.take = soon


def no_look() -> None:
    """A part whose answer was lost is sent again without asking the provider, which could be asked."""
    delivery._can_look = lambda runtime, channel: False


def no_rescue() -> None:
    """The work of a worker that died is left where it was."""

    async def nothing(self: JobManager) -> list[Any]:
        return []

    JobManager.get_stalled_jobs = nothing  # type: ignore[method-assign, assignment]


def newest_first() -> None:
    """What was written last is answered first."""

    def newest(session: Any, contact: Contact, allowed: object) -> Inbound | None:
        query = select(Inbound).where(Inbound.contact_id == contact.id, Inbound.answered_at.is_(None))
        return session.scalars(query.order_by(Inbound.id.desc()).limit(1)).first()  # type: ignore[no-any-return]

    conversation._next_waiting = newest


BUGS: dict[str, Callable[[], None]] = {
    bug.__name__: bug for bug in (no_dedup, early_yes, no_look, no_rescue, newest_first)
}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos.launch", description=__doc__)
    parser.add_argument("process", choices=["gateway", "worker"])
    parser.add_argument("--hurried", action="store_true")
    parser.add_argument("--bug", choices=list(BUGS))
    given = parser.parse_args()
    if given.hurried:
        hurry()
    if given.bug:
        BUGS[given.bug]()
    faro([given.process])


if __name__ == "__main__":
    main()
