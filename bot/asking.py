"""A job asked for in the transaction that needs it: both are there, or neither is."""

from __future__ import annotations

import json
import logging
from typing import Any

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

log = logging.getLogger(__name__)

ASK = text("""
SELECT procrastinate_defer_jobs_v1(ARRAY[ROW(
    'default', :task, 0, NULL, NULL, CAST(:args AS jsonb), NULL
)::procrastinate_job_to_defer_v1])
""")


def ask(session: Session, task: str, **args: Any) -> None:
    """Ask for a job of bot/outside_jobs.py. When the queue fails, the sweep finds the row that was left without one."""
    try:
        with session.begin_nested():
            session.execute(ASK, {"task": f"faro:{task}", "args": json.dumps(args)})
    except DBAPIError as error:
        log.error("queue: %s; the sweep will find it", type(error.orig).__name__)
