"""`/metrics` for Prometheus, read from the database at each scrape: all processes, also after a restart, and no person.

Each metric is one bounded question: what is open is found by its index, what is over only among the NEWEST rows.
"""

from __future__ import annotations

import hmac
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from flask import Blueprint, Response, abort, request
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeHistogramMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from bot import health
from bot.figures import BOUNDS, GAUGES, LABELS, TURNS, Gauge
from bot.runtime import Runtime

# A scrape must never be what the people wait for.
LONGEST = "SET LOCAL statement_timeout = '2s'"
READY = "faro_ready"


def blueprint(runtime: Runtime) -> Blueprint:
    made = Blueprint("metrics", __name__)

    @made.get("/metrics")
    def metrics() -> Response:
        token = runtime.settings.metrics_token
        if not token:
            abort(404)
        if not hmac.compare_digest(request.headers.get("Authorization", "").encode(), f"Bearer {token}".encode()):
            abort(401)
        registry = CollectorRegistry()
        registry.register(Figures(runtime))
        return Response(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)

    return made


@dataclass(frozen=True, eq=False)
class Figures(Collector):
    """What the database says now. While it is away only `faro_ready` is told."""

    runtime: Runtime

    def describe(self) -> Iterable[Metric]:
        """Nothing is asked at registration."""
        return ()

    def collect(self) -> Iterator[Metric]:
        missing = health.missing(self.runtime)
        yield _ready(missing)
        if "database" in missing:
            return
        try:
            with self.runtime.sessions() as session:
                session.execute(text(LONGEST))
                found = [*(_family(session, gauge) for gauge in GAUGES), _turns(session)]
        except SQLAlchemyError:  # too slow, or another schema
            return
        yield from found


def _ready(missing: Collection[str]) -> Metric:
    family = GaugeMetricFamily(READY, "Whether a part is as it should be, as at /health/ready.", labels=["part"])
    for part in health.PARTS:
        family.add_metric([part], part not in missing)
    return family


def _family(session: Session, gauge: Gauge) -> Metric:
    """A label's value that is not in the closed list is `other`: nothing that somebody wrote becomes one."""
    values: dict[tuple[str, ...], float] = {}
    for *labels, value in session.execute(text(gauge.asks)):
        known = tuple(_known(name, said) for name, said in zip(gauge.labels, labels, strict=True))
        values[known] = gauge.joins(values.get(known, 0.0), float(value))
    family = GaugeMetricFamily(gauge.name, gauge.tells, labels=gauge.labels)
    for known, value in sorted(values.items()):
        family.add_metric(known, value)
    return family


def _known(label: str, value: str | None) -> str:
    return value if value in LABELS[label] else "other"


def _turns(session: Session) -> Metric:
    *within, every, total = session.execute(text(TURNS)).one()
    tells = "From a message's arrival to its answer, of the messages answered of those that came within the last hour."
    family = GaugeHistogramMetricFamily("faro_turn_seconds", tells)
    buckets = [(str(bound), float(n)) for bound, n in zip(BOUNDS, within, strict=True)]
    family.add_metric([], buckets=[*buckets, ("+Inf", float(every))], gsum_value=float(total))
    return family
