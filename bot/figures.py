"""What is told to Prometheus, as questions to the database; bot/metrics.py asks them.

Counted from rows and not in the processes: gateway and workers are several, on several machines perhaps,
and a figure that begins anew with each restart would hide the failure that caused it. All are gauges: of now, or of the
last hour.
"""
# ruff: noqa: S608 (all that is put together here is ours)

from __future__ import annotations

from dataclasses import dataclass

# So many rows are looked at, at most, for what is over; they are found from the end of the primary key.
NEWEST = 5_000

# Every label and every value that there can be: nothing else is ever told.
LABELS: dict[str, tuple[str, ...]] = {
    "task": (
        "answer", "deliver", "sweep", "pass_on", "forget_arrived", "silence", "forget", "alert", "partner",
        "tell_outside",
    ),
    "state": ("due", "later", "working"),
    "channel": ("web", "sms", "whatsapp", "telegram"),
    "outcome": ("waiting", "retrying", "sending", "sent", "delivered", "read", "held", "failed", "withheld"),
    "kind": ("refused", "unanswered", "engine_away", "job_failed", "job_again", "alert"),
    "danger": ("yes", "no"),
}  # fmt: skip


@dataclass(frozen=True)
class Gauge:
    """``asks`` gives a row for each series: the values of the labels, then the figure."""

    name: str
    tells: str
    labels: tuple[str, ...]
    asks: str

    def joins(self, one: float, other: float) -> float:
        """What two series make that turn out to have the same labels."""
        return max(one, other) if self.name.endswith("_seconds") else one + other


def _newest(table: str, columns: str) -> str:
    return f"(SELECT {columns} FROM {table} ORDER BY id DESC LIMIT {NEWEST}) AS newest"


def _age(of: str) -> str:
    return f"coalesce(greatest(extract(epoch FROM now() - {of}), 0), 0)"


HOUR = "now() - interval '1 hour'"
TASK = "split_part(task_name, ':', 2)"
WAITS = "FROM inbound WHERE answered_at IS NULL"

GAUGES = (
    Gauge("faro_messages_unanswered", "Messages of people that no turn has taken yet.", (), f"SELECT count(*) {WAITS}"),
    Gauge(
        "faro_oldest_unanswered_seconds", "How long the longest waiting of them waits.", (),
        f"SELECT {_age('min(received_at)')} {WAITS}",
    ),
    Gauge(
        "faro_queue_jobs", "Jobs of the queue: due, for later, being worked.", ("task", "state"),
        f"""SELECT {TASK}, CASE WHEN status = 'doing' THEN 'working' WHEN scheduled_at > now() THEN 'later'
        ELSE 'due' END, count(*) FROM procrastinate_jobs WHERE status IN ('todo', 'doing') GROUP BY 1, 2""",
    ),
    Gauge(
        "faro_queue_oldest_seconds", "For how long the oldest job has been due that no worker has taken.", ("task",),
        f"""WITH oldest AS (
            SELECT task_name, min(id) FILTER (WHERE scheduled_at IS NULL) AS id, min(scheduled_at) AS due
            FROM procrastinate_jobs WHERE status = 'todo' AND coalesce(scheduled_at, now()) <= now() GROUP BY 1
        ) SELECT {TASK}, {_age('least(due, (SELECT min(at) FROM procrastinate_events e WHERE e.job_id = oldest.id))')}
        FROM oldest""",
    ),
    Gauge(
        "faro_deliveries", f"Parts of answers made within the last hour (of the newest {NEWEST}): what became of them.",
        ("channel", "outcome"),
        f"""SELECT coalesce(newest.channel, contact.channel),
        CASE WHEN status = 'waiting' AND attempts > 0 THEN 'retrying' ELSE status END, count(*)
        FROM {_newest('outbound', 'contact_id, channel, status, attempts, created_at')}
        JOIN contact ON contact.id = contact_id WHERE newest.created_at > {HOUR} GROUP BY 1, 2""",
    ),
    Gauge(
        "faro_oldest_undelivered_seconds", "Age of the oldest part that waits to be sent and is not held.", (),
        f"SELECT {_age('min(created_at)')} FROM outbound WHERE status IN ('waiting', 'sending')",
    ),
    Gauge(
        "faro_failures", f"What failed within the last hour (of the newest {NEWEST} of each table).", ("kind",),
        f"""WITH parts AS (
            SELECT count(*) AS every, count(*) FILTER (WHERE reason = 'no answer') AS unanswered
            FROM {_newest("outbound", "status, reason, claimed_at")} WHERE status = 'failed' AND claimed_at > {HOUR}
        ) SELECT 'refused', every - unanswered FROM parts UNION ALL SELECT 'unanswered', unanswered FROM parts
        UNION ALL SELECT 'engine_away', count(*) FROM {_newest("inbound", "apologised_at")} WHERE apologised_at > {HOUR}
        UNION ALL SELECT CASE type WHEN 'failed' THEN 'job_failed' ELSE 'job_again' END, count(*)
        FROM {_newest('procrastinate_events', 'type, at')}
        WHERE type IN ('failed', 'deferred_for_retry') AND at > {HOUR} GROUP BY 1
        UNION ALL SELECT 'alert', count(*) FROM {_newest('alert', 'status, claimed_at')}
        WHERE status = 'failed' AND claimed_at > {HOUR}""",
    ),
    Gauge(
        "faro_reports_waiting", "Reports that no desk has accepted yet.", ("danger",),
        """SELECT 'yes', count(*) FROM report WHERE status = 'filed' AND urgent
        UNION ALL SELECT 'no', count(*) FROM report WHERE status = 'filed' AND NOT urgent""",
    ),
    Gauge(
        "faro_oldest_waiting_report_seconds", "How long ago the oldest of them was filed.", ("danger",),
        f"""SELECT 'yes', {_age('min(filed_at)')} FROM report WHERE status = 'filed' AND urgent
        UNION ALL SELECT 'no', {_age('min(filed_at)')} FROM report WHERE status = 'filed' AND NOT urgent""",
    ),
    Gauge(
        "faro_overdue_report_seconds", "For how long a report should have gone to the next desk and has not.", (),
        f"SELECT {_age('min(accept_by)')} FROM report WHERE status = 'filed'",
    ),
    Gauge(
        "faro_workers", "Workers that gave a sign of life within the last minute.", (),
        "SELECT count(*) FROM procrastinate_workers WHERE last_heartbeat > now() - interval '1 minute'",
    ),
)  # fmt: skip

# Seconds: an answer within two is what a phone feels as at once; after five minutes somebody has given up.
BOUNDS = (1, 2, 5, 10, 30, 60, 300, 1800)
_WITHIN = ", ".join(f"count(*) FILTER (WHERE took <= {bound})" for bound in BOUNDS)
TURNS = f"""SELECT {_WITHIN}, count(*), coalesce(sum(took), 0) FROM (
    SELECT extract(epoch FROM answered_at - received_at) AS took
    FROM {_newest("inbound", "received_at, answered_at")} WHERE received_at > {HOUR} AND answered_at IS NOT NULL
) AS turns"""
