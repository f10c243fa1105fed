"""A closed report is reduced to its statistics when its days are over: the words and the person go, the count stays."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.fernet import Fernet
from sqlalchemy import func, select, text, update

from bot import jobs, reports, retention, rotating
from bot.desk.work import Work
from bot.erasing import forget
from bot.runtime import Runtime
from bot.sealing import Vault
from bot.store.models import Base, Conversation, Outbound, Report, now
from tests.keeper import keeper
from tests.kept import CANARY, OPERATOR, days_later, made, own

NEVER_READ = {"number", "inbound_id", "contact_id", "routed_by", "routed_why", "words_boxed", "accepted_by"}


@pytest.fixture(scope="module")
def faro(runtime: Runtime, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runtime]:
    with own(runtime, tmp_path_factory.mktemp("retention")) as made_one:
        yield made_one


@pytest.fixture
def work(faro: Runtime) -> Iterator[Work]:
    with jobs.queue(faro.settings.database).open() as queue:
        yield Work(faro, queue, lambda: keeper(faro))


@pytest.mark.parametrize(
    ("desk", "days", "reduced"),
    [("demo-mx", 89.99, False), ("demo-mx", 90, True), ("demo-gt", 29.99, False), ("demo-gt", 30, True)],
)
def test_it_is_reduced_when_the_days_of_its_desk_are_over(faro: Runtime, desk: str, days: float, reduced: bool) -> None:
    case = made(faro, desk)
    retention.reduce_due(faro, days_later(case, days))
    assert (case.row().reduced_at is not None) == reduced


def test_a_report_of_a_desk_that_is_no_more_is_kept_as_long_as_the_campaign_says(faro: Runtime) -> None:
    case = made(faro)
    with faro.sessions.begin() as session:
        session.execute(update(Report).where(Report.id == case.report.id).values(desk="gone"))
    retention.reduce_due(faro, days_later(case, 89.99))
    assert case.row().reduced_at is None
    retention.reduce_due(faro, days_later(case, 90))
    assert case.row().reduced_at is not None


@pytest.mark.parametrize("status", ["filed", "accepted"])
def test_an_open_report_is_never_reduced(faro: Runtime, status: str) -> None:
    case = made(faro, status=status)
    retention.reduce_due(faro, now() + timedelta(days=3650))
    assert case.row().reduced_at is None and case.row().words_boxed


def test_only_the_statistics_stay_and_no_hour_of_day(faro: Runtime) -> None:
    case = made(faro, at=datetime(2026, 5, 4, 23, 59, tzinfo=UTC))
    was = case.row()
    retention.reduce_due(faro, datetime(2026, 11, 1, 13, 17, tzinfo=UTC))
    row = case.row()
    left = {column.name: getattr(row, column.name) for column in Report.__table__.columns}
    today = now().replace(hour=0, minute=0, second=0, microsecond=0)
    assert {name: value for name, value in left.items() if value is not None} == {
        "id": was.id, "kind": "report", "desk": "demo-mx", "status": "closed", "crime_type": "robbery",
        "country": "MX", "language": "es", "urgent": False, "may_reply": False, "outcome": "helped",
        "filed_at": today, "accepted_at": today, "closed_at": datetime(2026, 5, 4, tzinfo=UTC),
        "reduced_at": datetime(2026, 11, 1, tzinfo=UTC),
    }  # fmt: skip
    assert all(getattr(was, name) is not None for name in NEVER_READ)


def test_every_column_of_a_report_is_a_statistic_or_can_be_emptied() -> None:
    kept = retention.STAYS | {*retention.DAYS, "may_reply"}
    assert [c.name for c in Report.__table__.columns if c.name not in kept and not c.nullable] == []


def test_no_word_of_it_is_left_anywhere(faro: Runtime) -> None:
    before = _boxes(faro)
    case = made(faro, word="otrocanario")
    with faro.sessions.begin() as session:
        events = faro.vault.seal_bytes(b"otrocanario")
        session.add(Conversation(contact_id=case.phone.contact, events=events, updated_at=now() - timedelta(days=1)))
    assert {column for column, said in _all_words(faro) if "otrocanario" in said} == {
        "outbound.body_sealed", "conversation.events",
    }  # fmt: skip
    assert set(_boxes(faro) - before) == {
        "report.words_boxed", "case_message.body_boxed", "inbound.report_boxed", "media.report_boxed",
        "report_key.private_boxed",
    }  # fmt: skip
    retention.reduce_due(faro, days_later(case, 90))
    assert [column for column, said in _all_words(faro) if "otrocanario" in said] == []
    assert _boxes(faro) == before


def _boxes(faro: Runtime) -> Counter[str]:
    """How much there is in each column that no key of the server opens, but for the keys of the desks."""
    columns = [column for table in Base.metadata.sorted_tables for column in table.columns]
    boxed = [c for c in columns if c.name.endswith("_boxed") and c.table.name != "desk_key_holder"]
    with faro.sessions() as session:
        counts = {str(c): session.scalar(select(func.count(c))) or 0 for c in boxed}
    return Counter({name: count for name, count in counts.items() if count})


def _all_words(faro: Runtime) -> list[tuple[str, str]]:
    """(column, words) of everything that is sealed in the database."""
    with faro.sessions() as session:
        return [
            (f"{column.table.name}.{column.name}", faro.vault.open_bytes(bytes(value)).decode())
            for column in rotating.sealed()
            for value in session.scalars(select(column))
            if value is not None
        ]


def test_its_messages_and_files_go_and_the_persons_others_stay(faro: Runtime) -> None:
    case = made(faro, "demo-gt")
    assert case.files() == {case.file(n) for n in (case.before, *case.made, case.talk, case.after)}
    retention.reduce_due(faro, days_later(case, 30))
    assert case.inbound() == {case.before, case.after}
    assert case.files() == {case.file(case.before), case.file(case.after)}
    with faro.sessions() as session:
        sent = session.scalars(select(Outbound).where(Outbound.contact_id == case.phone.contact)).all()
        said = [faro.vault.open(row.body_sealed)["text"] for row in sent]
    assert [words for words in said if CANARY in words] == []
    assert "you said: hola" in said and "you said: gracias" in said


def test_a_message_of_another_report_on_hold_is_kept(faro: Runtime, work: Work) -> None:
    """While they made this one, the person answered the desk of another."""
    case, other = made(faro), made(faro, status="accepted")
    work.hold(OPERATOR, other.report.id, "asked for by a court")
    with faro.sessions.begin() as session:
        reports.add_line(session, other.report, "both", None, case.made[0])
    retention.reduce_due(faro, days_later(case, 90))
    assert case.row().reduced_at is not None
    assert case.inbound() == {case.before, case.made[0], case.after}


def test_it_is_in_no_list_and_its_page_is_gone(faro: Runtime, work: Work) -> None:
    case = made(faro)
    assert case.report.id in {row.report.id for row in work.listed(OPERATOR, closed=True)}
    assert work.opened(OPERATOR, case.report.id)
    retention.reduce_due(faro, days_later(case, 90))
    assert case.report.id not in {row.report.id for row in work.listed(OPERATOR, closed=True)}
    assert work.opened(OPERATOR, case.report.id) is None
    assert work.file(OPERATOR, case.report.id, 1) is None
    assert not work.hold(OPERATOR, case.report.id, "too late")


def test_one_that_cannot_be_reduced_stays_whole_and_stops_no_other(faro: Runtime) -> None:
    broken, whole = made(faro), made(faro)
    late = days_later(whole, 90)
    _fails_to_change(faro, broken.report.number)
    retention.reduce_due(faro, late)
    assert whole.row().reduced_at is not None
    assert broken.row().words_boxed and len(broken.files()) == 5
    _fails_to_change(faro, None)
    retention.reduce_due(faro, late)
    assert broken.row().reduced_at is not None


def _fails_to_change(faro: Runtime, number: str | None) -> None:
    with faro.sessions.begin() as session:
        session.execute(text("DROP TRIGGER IF EXISTS fails ON report"))
        if number:
            body = "CREATE OR REPLACE FUNCTION fails() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RAISE 'no'; END$$"
            session.execute(text(body))
            when = f"WHEN (OLD.number = '{number}') EXECUTE FUNCTION fails()"
            session.execute(text(f"CREATE TRIGGER fails BEFORE UPDATE ON report FOR EACH ROW {when}"))


def test_one_whose_key_was_thrown_away_is_reduced_all_the_same(faro: Runtime) -> None:
    case = made(faro)
    other = replace(faro, vault=Vault.of(Fernet.generate_key().decode(), "hash"))
    retention.reduce_due(other, days_later(case, 90))
    assert case.row().words_boxed is None


def test_the_hourly_job_reduces_and_keeps_the_count(faro: Runtime) -> None:
    case = made(faro)
    forget(faro, days_later(case, 91))
    assert case.row().reduced_at is not None and case.row().crime_type == "robbery"
    forget(faro, days_later(case, 400))
    assert case.row().crime_type == "robbery"
