"""Whatever happens in whatever order: a report has one desk that exists, and only goes filed, accepted, closed."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from sqlalchemy import delete, select

from bot import reports
from bot.runtime import Runtime
from bot.store.models import Report, ReportEvent
from tests.towns import DANGER, DESKS, NEXT, OTHER, QUICK, SOON, START, Town, operator, town

FEW = settings(
    max_examples=15, stateful_step_count=20, deadline=None, database=None, suppress_health_check=list(HealthCheck)
)
ORDER = ["filed", "accepted", "closed"]
NAMED = st.sampled_from(["north-mx", "east-gt", "south-hn", "far-us"])


@dataclass
class Expected:
    """What a report must be like, worked out without the code under test."""

    desk: str
    urgent: bool
    accept_by: datetime
    status: str = "filed"
    passed: int = 0

    def waits_from(self, at: datetime) -> None:
        times = (QUICK, SOON) if self.desk == "east-gt" else (DANGER, OTHER)
        self.accept_by = at + times[0 if self.urgent else 1]


class Desks(RuleBasedStateMachine):
    faro: ClassVar[Town]
    filed = Bundle("filed")

    def __init__(self) -> None:
        super().__init__()
        self.clock = START
        self.expected: dict[uuid.UUID, Expected] = {}

    @rule(target=filed, desk=NAMED, urgent=st.booleans())
    def files(self, desk: str, urgent: bool) -> uuid.UUID:
        report = self.faro.files(desk, self.clock, danger="yes" if urgent else "no")
        self.expected[report] = Expected(desk, urgent, self.clock)
        self.expected[report].waits_from(self.clock)
        return report

    @rule(minutes=st.sampled_from([1, 4, 5, 14, 15, 16, 119, 120, 1439, 1440, 9999]))
    def time_passes(self, minutes: int) -> None:
        self.clock += timedelta(minutes=minutes)

    @rule(behind=st.sampled_from([0, 0, 0, 3]))
    def runs(self, behind: int) -> None:
        """A worker, whose clock may be some minutes behind."""
        at = self.clock - timedelta(minutes=behind)
        self.faro.runs(at)
        for report in self.expected.values():
            if report.status == "filed" and report.accept_by <= at:
                report.passed += NEXT[report.desk] != report.desk
                report.desk = NEXT[report.desk]
                report.waits_from(at)

    @rule(report=filed, desk=st.sampled_from([*DESKS]))
    def accepts(self, report: uuid.UUID, desk: str) -> None:
        wanted = self.expected[report]
        if desk == wanted.desk and wanted.status != "filed":
            with pytest.raises(reports.WrongStep):
                self.faro.work.accept(operator(desk), report)
            return
        assert self.faro.work.accept(operator(desk), report) is (desk == wanted.desk)
        if desk == wanted.desk:
            wanted.status = "accepted"

    @rule(report=filed, desk=st.sampled_from([*DESKS]))
    def closes(self, report: uuid.UUID, desk: str) -> None:
        wanted = self.expected[report]
        if desk == wanted.desk and wanted.status != "accepted":
            with pytest.raises(reports.WrongStep):
                self.faro.work.close(operator(desk), report, "helped")
            return
        assert self.faro.work.close(operator(desk), report, "helped") is (desk == wanted.desk)
        if desk == wanted.desk:
            wanted.status = "closed"

    @invariant()
    def every_report_is_where_it_must_be(self) -> None:
        with self.faro.runtime.sessions() as session:
            rows = list(session.scalars(select(Report).where(Report.id.in_(self.expected))))
            events = list(session.scalars(select(ReportEvent).where(ReportEvent.report_id.in_(self.expected))))
        assert len(rows) == len(self.expected)
        for row in rows:
            wanted, way = self.expected[row.id], [e for e in events if e.report_id == row.id]
            assert row.desk in DESKS and row.status in ORDER
            assert (row.desk, row.status, row.accept_by) == (wanted.desk, wanted.status, wanted.accept_by)
            assert len(way) == wanted.passed and (not way or max(way, key=lambda e: e.id).to_desk == row.desk)

    def teardown(self) -> None:
        with self.faro.runtime.sessions.begin() as session:
            session.execute(delete(Report).where(Report.id.in_(self.expected)))


@pytest.fixture
def faro(runtime: Runtime, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    with town(runtime, tmp_path_factory.getbasetemp() / "town") as made:
        yield made


def test_in_any_order_a_report_has_one_desk_and_goes_only_forward(faro: Town) -> None:
    Desks.faro = faro
    run_state_machine_as_test(Desks, settings=FEW)
