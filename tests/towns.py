"""A campaign whose desks pass on in a ring, by a clock of its own, for tests of what happens when nobody accepts."""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import procrastinate
import yaml
from sqlalchemy import delete, select

from bot import jobs, passing
from bot.content import LANGUAGES, Shelf
from bot.desk.work import Work
from bot.runtime import Runtime
from bot.settings import ROOT
from bot.store.models import Outbound, Report, ReportEvent
from bot.store.people import User
from tests.keeper import keeper
from tests.reports import filed

# Long ago: whatever other tests have filed is not due by this clock.
START = datetime(2020, 1, 1, 12, tzinfo=UTC)
DANGER, OTHER = timedelta(minutes=15), timedelta(hours=24)
QUICK, SOON = timedelta(minutes=5), timedelta(hours=2)
# north → east → south → north; far names nobody, so what it lets go by goes to the default; night is the default.
DESKS: dict[str, dict[str, Any]] = {
    "north-mx": {"next": "east-gt"},
    "east-gt": {"next": "south-hn", "accept_within": {"danger": "5m", "other": "2h"}},
    "south-hn": {"next": "north-mx"},
    "far-us": {},
    "night": {},
}
GONE = "gone-mx"
NEXT = {"north-mx": "east-gt", "east-gt": "south-hn", "south-hn": "north-mx", "far-us": "night", "night": "night"}


@dataclass(frozen=True)
class Town:
    runtime: Runtime
    work: Work

    def files(self, desk: str = "north-mx", at: datetime = START, **slots: Any) -> uuid.UUID:
        return filed(self.runtime, desk, at=at, **slots).id

    def runs(self, at: datetime) -> list[uuid.UUID]:
        return passing.run(self.runtime, at)

    def report(self, report: uuid.UUID) -> Report:
        with self.runtime.sessions() as session:
            return session.get_one(Report, report)

    def changes(self, report: uuid.UUID, **values: Any) -> None:
        with self.runtime.sessions.begin() as session:
            found = session.get_one(Report, report)
            for name, value in values.items():
                setattr(found, name, value)

    def way(self, report: uuid.UUID) -> list[tuple[str, str]]:
        """(from, to) of each time it was passed on."""
        query = select(ReportEvent).where(ReportEvent.report_id == report).order_by(ReportEvent.id)
        with self.runtime.sessions() as session:
            return [(event.from_desk, event.to_desk) for event in session.scalars(query)]

    def told(self, report: uuid.UUID) -> list[str]:
        """What the person who filed it was told unasked."""
        query = select(Outbound.body_sealed).where(
            Outbound.contact_id == self.report(report).contact_id, Outbound.kind == "case"
        )
        with self.runtime.sessions() as session:
            return [self.runtime.vault.open(body)["text"] for body in session.scalars(query.order_by(Outbound.id))]


def operator(*desks: str) -> User:
    return User(email="operadora@faro.invalid", desks=list(desks))


@contextmanager
def town(runtime: Runtime, folder: Path) -> Iterator[Town]:
    """Its reports are gone afterwards, so that nobody else finds them due. From one folder it is read once."""
    queue: procrastinate.App = jobs.queue(runtime.settings.database)
    ours = replace(runtime, shelf=_shelf(folder))
    with queue.open():
        yield Town(ours, Work(ours, queue, lambda: keeper(ours)))
    with runtime.sessions.begin() as session:
        session.execute(delete(Report).where(Report.desk.in_([*DESKS, GONE])))


@cache
def _shelf(folder: Path) -> Shelf:
    copy = Path(shutil.copytree(ROOT / "content", folder / "content"))
    table = yaml.safe_load((copy / "routing.yml").read_text("utf-8"))
    table["desks"] = {name: row | {"name": dict.fromkeys(LANGUAGES, name.title())} for name, row in DESKS.items()}
    served = [name for name in DESKS if "-" in name]
    table["cases"] = [{"case": name, "country": name[-2:].upper(), "desk": name} for name in served]
    table["default"] = {"desk": "night"}
    (copy / "routing.yml").write_text(yaml.safe_dump(table, sort_keys=False), "utf-8")
    return Shelf(copy)
