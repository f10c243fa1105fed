"""A clock that is set forward or back while Faro runs: noticed by the worker, which mends what was written by the wrong
time and starts anew. What each part does until then: docs/when-things-fail.md"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from datetime import datetime

from sqlalchemy import text

from bot.runtime import Runtime

EVERY, JUMP = 10.0, 30.0  # seconds: between two looks, and by how much a clock must move to have jumped

# No wait of ours is longer: an hour where a provider says so, else 30 s, four times longer with each try, up to 9 h.
TOO_FAR = """next_try_at > :at + make_interval(secs =>
    greatest(3600, least(30 * power(4, least(attempts, 10) - 1), 32400)))"""
# After a jump back: moments that cannot be yet. In their order: who waits is found again, claims end, waits end, and
# the queue's own clock goes on (it takes no minute twice).
MEND = (
    "UPDATE inbound SET received_at = :at WHERE answered_at IS NULL AND received_at > :at",
    "UPDATE outbound SET claimed_at = :at WHERE status = 'sending' AND claimed_at > :at",
    "UPDATE alert SET claimed_at = :at WHERE status = 'sending' AND claimed_at > :at",
    f"UPDATE outbound SET next_try_at = :at WHERE status = 'waiting' AND {TOO_FAR}",  # noqa: S608 (our own words)
    f"UPDATE alert SET next_try_at = :at WHERE status = 'waiting' AND {TOO_FAR}",  # noqa: S608
    f"UPDATE partner_post SET next_try_at = :at WHERE status = 'waiting' AND {TOO_FAR}",  # noqa: S608
    "UPDATE sender SET paused_until = :at WHERE paused_until > :at + interval '1 hour'",
    "UPDATE procrastinate_jobs SET scheduled_at = :at "
    "WHERE status = 'todo' AND scheduled_at > :at + interval '1 minute'",
    "DELETE FROM procrastinate_periodic_defers WHERE defer_timestamp > extract(epoch FROM :at)",
)


async def jump(clock: Callable[[], float] = time.time, every: float = EVERY) -> float:
    """Wait until the clock jumps; by how many seconds it did."""
    ahead = clock() - time.monotonic()
    while abs(moved := clock() - time.monotonic() - ahead) < JUMP:
        await asyncio.sleep(every)
    return moved


def mend(runtime: Runtime, at: datetime) -> None:
    """What waits for a moment that is too far off waits no more; at every start of the worker."""
    with runtime.sessions.begin() as session:
        for statement in MEND:
            session.execute(text(statement), {"at": at})
