"""The queue's tasks that tell operators and partner systems; jobs.py adds them to its own."""

from __future__ import annotations

import asyncio
import contextlib
import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import procrastinate
from sqlalchemy import func, select

from bot import alerting, alerts, partner_sending, slots
from bot.runtime import Runtime
from bot.store.alerts import Alert, PartnerPost
from bot.store.models import now

blueprint = procrastinate.Blueprint()
OUTSIDE = object()  # all of them together


def _runtime(context: procrastinate.JobContext) -> Runtime:
    runtime: Runtime = context.additional_context["runtime"]
    return runtime


@blueprint.task(name="alert", pass_context=True)
async def alert(context: procrastinate.JobContext, alert: int) -> None:
    wait = await asyncio.to_thread(_in_one_slot, alerting.send, _runtime(context), alert)
    if wait is not None:
        await _ask(context, "alert", wait, alert=alert)


@blueprint.task(name="partner", pass_context=True)
async def partner(context: procrastinate.JobContext, post: str) -> None:
    wait = await asyncio.to_thread(_in_one_slot, partner_sending.send, _runtime(context), uuid.UUID(post))
    if wait is not None:
        await _ask(context, "partner", wait, post=post)


def _in_one_slot[Which](send: Callable[[Runtime, Which], float | None], runtime: Runtime, which: Which) -> float | None:
    """A mail server or a partner that is slow has one of the worker's slots, and no more."""
    with slots.one(OUTSIDE, 1) as wait:
        return wait or send(runtime, which)


async def _ask(context: procrastinate.JobContext, task: str, wait: float = 0, **args: Any) -> None:
    """One job that waits is enough for each row."""
    later = {"seconds": wait} if wait else None
    lock = f"{task} {next(iter(args.values()))}"
    asked = context.app.configure_task(f"faro:{task}", queueing_lock=lock, schedule_in=later)
    with contextlib.suppress(procrastinate.exceptions.AlreadyEnqueued):
        await asked.defer_async(**args)


@blueprint.periodic(cron="* * * * *")
@blueprint.task(name="tell_outside", queueing_lock="tell_outside", pass_context=True)
async def tell_outside(context: procrastinate.JobContext, timestamp: int) -> None:
    """Remind of what half of the time is gone for; whatever waits without a job gets one."""
    waiting, posts = await asyncio.to_thread(_left_behind, _runtime(context))
    for number in waiting:
        await _ask(context, "alert", alert=number)
    for post in posts:
        await _ask(context, "partner", post=str(post))


def _left_behind(runtime: Runtime) -> tuple[list[int], list[uuid.UUID]]:
    late = now() - timedelta(seconds=30)
    with runtime.sessions.begin() as session:
        alerts.remind(session, runtime.shelf.content().routing, now())
    due = func.coalesce(Alert.next_try_at, Alert.created_at) < late
    unsent = (Alert.status == "waiting") & due | (Alert.status == "sending") & (
        Alert.claimed_at < now() - alerting.CLAIM
    )
    waiting = PartnerPost.status == "waiting", func.coalesce(PartnerPost.next_try_at, PartnerPost.created_at) < late
    with runtime.sessions() as session:
        return list(session.scalars(select(Alert.id).where(unsent))), list(
            session.scalars(select(PartnerPost.id).where(*waiting))
        )
