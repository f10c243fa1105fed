"""A legal hold keeps a report against the clock and against the person's wish; who set and ended it is kept."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta

import procrastinate
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from bot import boxes, holds, jobs, retention
from bot.addressee import person
from bot.content import LANGUAGES
from bot.desk import people
from bot.desk.work import Work
from bot.erasing import erase, forget
from bot.gateway import application
from bot.replies import Reply, Wording
from bot.replies import write as wording
from bot.reports import WrongStep
from bot.runtime import Runtime
from bot.store.models import Contact, Inbound, LegalHold, Report, now
from bot.store.people import User
from tests.desk import enters
from tests.keeper import keeper
from tests.kept import OPERATOR, Case, days_later, made, own

ADMINISTRATOR = User(email="eva@faro.test", desks=["demo-mx", "demo-gt"])
REASON = "the prosecutor has asked for it"


@pytest.fixture(scope="module")
def faro(runtime: Runtime, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runtime]:
    with own(runtime, tmp_path_factory.mktemp("holds")) as made_one:
        yield made_one


@pytest.fixture(scope="module")
def queue(faro: Runtime) -> Iterator[procrastinate.App]:
    with jobs.queue(faro.settings.database).open() as app:
        yield app


@pytest.fixture(scope="module")
def app(faro: Runtime, queue: procrastinate.App) -> Flask:
    return application(faro, queue)


@pytest.fixture(scope="module")
def work(faro: Runtime, queue: procrastinate.App) -> Work:
    return Work(faro, queue, lambda: keeper(faro))


def signed_in(app: Flask, faro: Runtime, role: str, desk: str = "demo-mx") -> FlaskClient:
    with faro.sessions.begin() as session:
        link = people.link(session, f"{role}-{desk}@faro.invalid", role, [desk], by=keeper(faro))
    client = app.test_client()
    enters(client, link, faro)
    return client


def page(client: FlaskClient, case: Case) -> str:
    response = client.get(f"/desk/reports/{case.report.id}")
    assert response.status_code == 200
    return response.get_data(as_text=True)


def posts(client: FlaskClient, case: Case, what: str, **fields: str) -> tuple[int, str]:
    """The status of the answer, and the page that it leads to."""
    found = re.search(r'name="csrf_token" value="([^"]+)"', client.get("/desk/").get_data(as_text=True))
    assert found
    path = f"/desk/reports/{case.report.id}/{what}"
    first = client.post(path, data=fields | {"csrf_token": found[1]})
    shown = client.get(first.location).get_data(as_text=True) if first.status_code == 302 else ""
    return first.status_code, shown


def rows(faro: Runtime, case: Case) -> list[LegalHold]:
    with faro.sessions() as session:
        query = select(LegalHold).where(LegalHold.report_id == case.report.id).order_by(LegalHold.id)
        return list(session.scalars(query))


def test_a_report_on_hold_is_not_reduced_until_the_hold_ends(faro: Runtime, work: Work) -> None:
    case = made(faro)
    assert work.hold(ADMINISTRATOR, case.report.id, REASON)
    retention.reduce_due(faro, days_later(case, 1000))
    assert case.row().words_boxed and len(case.files()) == 5
    assert work.end_hold(ADMINISTRATOR, case.report.id)
    retention.reduce_due(faro, days_later(case, 1000))
    assert case.row().reduced_at is not None
    (kept,) = rows(faro, case)
    assert (kept.set_by, kept.ended_by) == (ADMINISTRATOR.email, ADMINISTRATOR.email)
    assert kept.ended_at and kept.set_at < kept.ended_at and kept.reason_boxed is None


def test_the_reason_is_kept_sealed(faro: Runtime, work: Work) -> None:
    case = made(faro)
    work.hold(ADMINISTRATOR, case.report.id, REASON)
    (kept,) = rows(faro, case)
    assert kept.reason_boxed and REASON.encode() not in kept.reason_boxed
    with faro.sessions() as session:
        assert boxes.take(case.key(session), kept.reason_boxed) == {"text": REASON}


def test_a_hold_that_is_being_set_wins_over_the_clock(faro: Runtime) -> None:
    case = made(faro)
    late = days_later(case, 1000)
    with faro.sessions.begin() as session:
        report = session.get_one(Report, case.report.id, with_for_update=True)
        retention.reduce_due(faro, late)
        assert case.row().reduced_at is None
        holds.begin(session, report, ADMINISTRATOR.email, REASON)
    with faro.sessions.begin() as session:  # it had been found before
        assert not retention.reduce_one(session, faro, case.report.id, late)
    retention.reduce_due(faro, late)
    assert case.row().reduced_at is None


def test_messages_and_files_of_a_report_on_hold_outlast_the_days_of_messages(faro: Runtime, work: Work) -> None:
    held, other = made(faro, status="accepted"), made(faro, status="accepted")
    work.hold(ADMINISTRATOR, held.report.id, REASON)
    forget(faro, now() + timedelta(days=91))
    assert held.inbound() == {*held.made, held.talk} and other.inbound() == set()
    assert held.files() == {held.file(n) for n in (*held.made, held.talk)}
    opened = work.opened(OPERATOR, held.report.id)
    assert opened and len(opened.files) == 2
    assert [line.delivery for line in opened.lines if line.from_desk] == ["waiting"]
    cut = work.opened(OPERATOR, other.report.id)
    assert cut and [line.delivery for line in cut.lines if line.from_desk] == [None]


def test_there_is_one_hold_at_a_time_and_each_has_its_reason(faro: Runtime, work: Work) -> None:
    case = made(faro, status="filed")
    for blank in ("", "  \n"):
        with pytest.raises(WrongStep, match="needs its reason"):
            work.hold(ADMINISTRATOR, case.report.id, blank)
    with pytest.raises(WrongStep, match="there is no legal hold"):
        work.end_hold(ADMINISTRATOR, case.report.id)
    work.hold(ADMINISTRATOR, case.report.id, REASON)
    with pytest.raises(WrongStep, match="already"):
        work.hold(ADMINISTRATOR, case.report.id, "another")
    work.end_hold(ADMINISTRATOR, case.report.id)
    work.hold(ADMINISTRATOR, case.report.id, "another")
    assert [row.ended_at is None for row in rows(faro, case)] == [False, True]


def test_an_administrator_sets_and_ends_it_on_the_page(faro: Runtime, app: Flask) -> None:
    case, administrator = made(faro), signed_in(app, faro, "administrator")
    assert 'id="hold"' in page(administrator, case) and 'id="on-hold"' not in page(administrator, case)
    status, shown = posts(administrator, case, "hold", reason=REASON)
    assert status == 302 and REASON in shown and f'Legal hold since <time datetime="{now():%Y-%m-%d}"' in shown
    assert 'id="hold"' not in shown
    assert rows(faro, case)[0].set_by == "administrator-demo-mx@faro.invalid"
    status, shown = posts(administrator, case, "hold", reason="twice")
    assert "Not done: there is a legal hold already." in shown
    status, shown = posts(administrator, case, "hold/end")
    assert status == 302 and 'id="on-hold"' not in shown and 'id="hold"' in shown
    status, shown = posts(administrator, case, "hold", reason=" ")
    assert "Not done: a legal hold needs its reason." in shown and len(rows(faro, case)) == 1


def test_an_operator_sees_since_when_and_neither_why_nor_who(faro: Runtime, app: Flask, work: Work) -> None:
    case, operator = made(faro), signed_in(app, faro, "operator")
    assert "egal hold" not in page(operator, case)
    work.hold(ADMINISTRATOR, case.report.id, REASON)
    shown = page(operator, case)
    assert "Legal hold since" in shown and f"{now():%d %b %Y}" in shown
    for secret in (REASON, ADMINISTRATOR.email, 'id="hold"', 'id="end-hold"'):
        assert secret not in shown


@pytest.mark.parametrize("what", ["hold", "hold/end"])
def test_an_operator_may_neither_set_nor_end_it(faro: Runtime, app: Flask, work: Work, what: str) -> None:
    case, operator = made(faro), signed_in(app, faro, "operator")
    if what == "hold/end":
        work.hold(ADMINISTRATOR, case.report.id, REASON)
    before = [(row.set_by, row.ended_at) for row in rows(faro, case)]
    assert posts(operator, case, what, reason=REASON)[0] == 403
    assert [(row.set_by, row.ended_at) for row in rows(faro, case)] == before
    assert app.test_client().post(f"/desk/reports/{case.report.id}/{what}").status_code in (302, 400)


def test_an_administrator_of_another_desk_finds_nothing(faro: Runtime, app: Flask) -> None:
    case, other = made(faro), signed_in(app, faro, "administrator", "demo-gt")
    assert posts(other, case, "hold", reason=REASON)[0] == 404
    assert rows(faro, case) == []


def erased(faro: Runtime, case: Case) -> list[str]:
    """The person asks for it; the cases that stayed."""
    case.phone.stores("text", text="borre mis datos")
    with faro.sessions.begin() as session:
        contact = session.get_one(Contact, case.phone.contact)
        newest = select(Inbound).where(Inbound.contact_id == contact.id).order_by(Inbound.id.desc()).limit(1)
        return erase(session, contact, session.scalars(newest).one())


def gone(faro: Runtime, case: Case) -> bool:
    with faro.sessions() as session:
        return session.get(Report, case.report.id) is None


@pytest.mark.parametrize(
    ("status", "held", "stays"),
    [("filed", False, False), ("filed", True, True), ("accepted", False, True), ("accepted", True, True),
     ("closed", True, True)],
)  # fmt: skip
def test_what_a_person_cannot_erase_is_named(faro: Runtime, work: Work, status: str, held: bool, stays: bool) -> None:
    case = made(faro, status=status)
    if held:
        work.hold(ADMINISTRATOR, case.report.id, REASON)
    assert erased(faro, case) == ([case.report.number] if stays else [])
    assert gone(faro, case) != stays
    assert gone(faro, case) or case.row().contact_id is None


def test_a_hold_that_has_ended_no_longer_keeps_a_report_from_its_person(faro: Runtime, work: Work) -> None:
    case = made(faro, status="filed")
    work.hold(ADMINISTRATOR, case.report.id, REASON)
    work.end_hold(ADMINISTRATOR, case.report.id)
    assert erased(faro, case) == [] and gone(faro, case)


def test_files_of_a_report_on_hold_outlast_its_person(faro: Runtime, work: Work) -> None:
    case = made(faro, status="accepted")
    work.hold(ADMINISTRATOR, case.report.id, REASON)
    erased(faro, case)
    forget(faro, now() + timedelta(hours=2))
    with faro.sessions() as session:
        assert session.get(Contact, case.phone.contact) is None
    opened = work.opened(OPERATOR, case.report.id)
    assert opened
    found = {work.file(OPERATOR, case.report.id, number) for number, _ in opened.files}
    assert found == {("image/png", case.file(n)) for n in (*case.made, case.talk)}


WHY = {"es": "la oficina ya lo tiene", "en": "the desk already has it", "pt": "a equipe já o recebeu",
       "fr": "le bureau l'a déjà", "ht": "biwo a gen li deja"}  # fmt: skip


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_person_is_told_which_case_stays_and_why(faro: Runtime, language: str) -> None:
    content = faro.shelf.content()
    contact = Contact(channel="web", language=language, address_hash="", address_sealed=b"")
    (part,) = wording(
        Wording(content, person(contact, content), now()), Reply("data_deleted_except", {"cases": "K7Q-X2M"})
    )
    assert "K7Q-X2M" in part.text and WHY[language] in part.text
