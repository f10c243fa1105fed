"""The queue: one ordered line of turns per person, deliveries, and what the clock does."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
import time
import uuid
from collections.abc import Callable, Coroutine
from datetime import datetime, timedelta
from typing import Any

import procrastinate
from procrastinate.retry import BaseRetryStrategy, RetryDecision
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot import (
    clocks,
    conversation,
    copying,
    delivery,
    handing,
    hearing,
    inbox,
    outside_jobs,
    passing,
    transcript,
    veil,
)
from bot.erasing import forget
from bot.messages import Message
from bot.runtime import Runtime
from bot.store.models import Contact, Inbound, Outbound, now

log = logging.getLogger(__name__)

blueprint = procrastinate.Blueprint()

# Seconds to wait for a connection. A webhook's row is stored by then, and its provider waits 15 s for an answer.
POOL_WAIT = 5.0
# What is answered leaves before more is answered, else the first of a crowd would wait for the last one's turn.
LEAVES_FIRST = 1
# What waits for longer has no job, or one that somebody else has in hand.
LEFT_BEHIND = timedelta(seconds=30)


class KeepTrying(BaseRetryStrategy):
    """Never give up on a person: a second later at first, every ten seconds in the end."""

    def get_retry_decision(self, *, exception: BaseException, job: procrastinate.jobs.Job) -> RetryDecision:
        return RetryDecision(retry_in={"seconds": min(1 + job.attempts, 10)})


def queue(database: str) -> procrastinate.App:
    """The queue's application; open it before use (`app.open()`, in the worker `app.open_async()`)."""
    app = procrastinate.App(connector=procrastinate.PsycopgConnector(conninfo=database, timeout=POOL_WAIT))
    app.add_tasks_from(blueprint, namespace="faro")
    app.add_tasks_from(outside_jobs.blueprint, namespace="faro")
    return app


def ask_deliver(app: procrastinate.App, contact: uuid.UUID) -> None:
    task = app.configure_task("faro:deliver", lock=f"deliver {contact}", priority=LEAVES_FIRST)
    task.defer(contact=str(contact))


def runtime_of(context: procrastinate.JobContext) -> Runtime:
    runtime: Runtime = context.additional_context["runtime"]
    return runtime


@blueprint.task(name="answer", retry=KeepTrying(), pass_context=True)
async def answer(context: procrastinate.JobContext, contact: str) -> None:
    loop = asyncio.get_running_loop()

    wait, turns = None, 0

    def turned() -> None:
        """The reply leaves while the next message is worked."""
        nonlocal turns
        turns += 1
        asyncio.run_coroutine_threadsafe(_defer_deliver(context, contact), loop)

    try:
        wait = await asyncio.to_thread(conversation.answer, runtime_of(context), uuid.UUID(contact), turned)
    finally:  # also an apology wants to be sent; only where it was not yet time nothing was said
        if turns or not wait:
            await _defer_deliver(context, contact)
    if wait is not None:
        await _go_on(context.app, contact, wait)


async def _go_on(app: procrastinate.App, contact: str, wait: float) -> None:
    """The next turns of this person, behind whoever came meanwhile; one job that waits is enough."""
    later, name = {"seconds": wait} if wait else None, f"go on {contact}"
    task = app.configure_task("faro:answer", lock=contact, queueing_lock=name, schedule_in=later, priority=-1)
    with contextlib.suppress(procrastinate.exceptions.AlreadyEnqueued):
        await task.defer_async(contact=contact)


async def _defer_deliver(context: procrastinate.JobContext, contact: str) -> None:
    """One that has not begun is enough: it finds all that was put into the outbox before it begins."""
    name = f"deliver {contact}"
    task = context.app.configure_task("faro:deliver", lock=name, queueing_lock=name, priority=LEAVES_FIRST)
    with contextlib.suppress(procrastinate.exceptions.AlreadyEnqueued):
        await task.defer_async(contact=contact)


@blueprint.task(name="deliver", retry=KeepTrying(), pass_context=True)
async def deliver(context: procrastinate.JobContext, contact: str) -> None:
    wait = await asyncio.to_thread(delivery.deliver, runtime_of(context), uuid.UUID(contact))
    if wait is not None:
        await _come_back(context.app, contact, wait)


async def _come_back(app: procrastinate.App, contact: str, wait: float) -> None:
    """Look at this person again later. Without the lock, as a job that waits would hold up those behind it."""
    later = {"seconds": wait * random.uniform(1, 1.2)}  # noqa: S311 (so that not all come at once)
    task = app.configure_task("faro:deliver", queueing_lock=f"come back {contact}", schedule_in=later)
    # One comes anyway then; what is due before it the sweep brings.
    with contextlib.suppress(procrastinate.exceptions.AlreadyEnqueued):
        await task.defer_async(contact=contact)


@blueprint.periodic(cron="* * * * *")
@blueprint.task(name="sweep", queueing_lock="sweep", pass_context=True)
async def sweep(context: procrastinate.JobContext, timestamp: int) -> None:
    """Whatever waits without a job (a process died between its commit and the queue) gets one."""
    app = context.app
    for job in await app.job_manager.get_stalled_jobs():
        await _rescue(app, job)
    answers, deliveries = await asyncio.to_thread(_left_behind, runtime_of(context))
    for contact in answers:
        await app.configure_task("faro:answer", lock=str(contact)).defer_async(contact=str(contact))
    for contact in deliveries:
        await _defer_deliver(context, str(contact))


async def _rescue(app: procrastinate.App, job: procrastinate.jobs.Job) -> None:
    """What a worker had in hand when it died is done again, unless the same waits already: of some jobs one may."""
    try:
        await app.job_manager.retry_job(job)
    except procrastinate.exceptions.UniqueViolation:
        await app.job_manager.finish_job(job, procrastinate.jobs.Status.ABORTED, delete_job=False)


def _left_behind(runtime: Runtime) -> tuple[list[uuid.UUID], list[uuid.UUID]]:
    late = now() - LEFT_BEHIND
    with runtime.sessions() as session:
        waiting = select(Inbound.contact_id).where(Inbound.answered_at.is_(None), Inbound.received_at < late)
        hours = veil.due(session, now())
        return list(session.scalars(waiting.distinct())), [*_due(session, late), *_reopened(session, runtime), *hours]


def _due(session: Session, late: datetime) -> list[uuid.UUID]:
    """People whose next part should have been sent by then; what comes behind it waits for it."""
    due = func.coalesce(Outbound.claimed_at, Outbound.next_try_at, Outbound.created_at)
    unsent = Outbound.status.in_(("waiting", "sending"))
    first = select(Outbound.contact_id, due.label("due")).where(unsent).distinct(Outbound.contact_id)
    parts = first.order_by(Outbound.contact_id, Outbound.id).subquery()
    return list(session.scalars(select(parts.c.contact_id).where(parts.c.due < late)))


def _reopened(session: Session, runtime: Runtime) -> list[uuid.UUID]:
    """People whose channel was not connected and is now."""
    held = select(Outbound.contact_id).where(Outbound.status == "held", Outbound.reason == "closed")
    open_again = func.coalesce(Outbound.channel, Contact.channel).in_(list(runtime.doors))
    return list(session.scalars(held.join(Contact, Contact.id == Outbound.contact_id).where(open_again).distinct()))


@blueprint.periodic(cron="* * * * *")
@blueprint.task(name="pass_on", queueing_lock="pass_on", pass_context=True)
async def pass_on(context: procrastinate.JobContext, timestamp: int) -> None:
    """What no desk accepted in time goes to the next one."""
    await asyncio.to_thread(handing.run, runtime_of(context), now())
    await asyncio.to_thread(copying.run, runtime_of(context), now())
    for contact in await asyncio.to_thread(passing.run, runtime_of(context), now()):
        await _defer_deliver(context, str(contact))


@blueprint.periodic(cron="* * * * *")
@blueprint.task(name="forget_arrived", queueing_lock="forget_arrived", pass_context=True)
async def forget_arrived(context: procrastinate.JobContext, timestamp: int) -> None:
    """What we said about a report is not kept where we could read it."""
    await asyncio.to_thread(transcript.forget_arrived, runtime_of(context), now())


@blueprint.periodic(cron="*/5 * * * *")
@blueprint.task(name="silence", queueing_lock="silence", pass_context=True)
async def silence(context: procrastinate.JobContext, timestamp: int) -> None:
    """Reports begun and left for a day are closed with a kind word."""
    for contact in await asyncio.to_thread(close_silent, runtime_of(context)):
        task = context.app.configure_task("faro:answer", lock=str(contact))
        await task.defer_async(contact=str(contact))


def close_silent(runtime: Runtime) -> list[uuid.UUID]:
    """Put a message of silence into the inbox of everybody who left a report half made; returns who."""
    limit = now() - timedelta(hours=runtime.settings.silence_hours)
    with runtime.sessions.begin() as session:
        query = select(Contact).where(Contact.form.is_not(None), Contact.last_inbound_at < limit)
        contacts = list(session.scalars(query))
        for contact in contacts:
            inbox.store(session, runtime, _silence_of(runtime, contact))
        return [contact.id for contact in contacts]


def _silence_of(runtime: Runtime, contact: Contact) -> Message:
    address: Any = runtime.vault.open(contact.address_sealed)
    stamp = contact.last_inbound_at.isoformat() if contact.last_inbound_at else ""
    return Message(contact.channel, f"silence {contact.id} {stamp}", address, "silence", {})


@blueprint.periodic(cron="17 * * * *")
@blueprint.task(name="forget", queueing_lock="forget", pass_context=True)
async def forget_old(context: procrastinate.JobContext, timestamp: int) -> None:
    await asyncio.to_thread(forget, runtime_of(context), now())
    await context.app.job_manager.delete_old_jobs(nb_hours=24, include_failed=False)


async def work(runtime: Runtime) -> None:
    """Serve the queue until told to stop, or until the clock jumps; a turn in hand is finished first."""
    app = queue(runtime.settings.database)
    hearing.prepare()
    await asyncio.to_thread(clocks.mend, runtime, now())
    async with app.open_async():
        await _until_a_jump(
            app.run_worker_async(
                concurrency=runtime.settings.worker_concurrency,
                additional_context={"runtime": runtime},
                shutdown_graceful_timeout=15,
                fetch_job_polling_interval=2,
            )
        )


async def _until_a_jump(work: Coroutine[Any, Any, None], clock: Callable[[], float] = time.time) -> None:
    """Work until told to stop, or until the clock jumps: what the queue holds in mind counts by the old one."""
    serving, jump = asyncio.create_task(work), asyncio.create_task(clocks.jump(clock))
    await asyncio.wait({serving, jump}, return_when=asyncio.FIRST_COMPLETED)
    if jump.done():
        log.warning("the clock jumped by %.0f s; the worker starts anew", jump.result())
        serving.cancel()
    jump.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await serving
