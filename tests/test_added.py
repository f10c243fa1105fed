"""Behind a receipt, from a borrowed phone: words and pictures are added to the report, or it is withdrawn."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from bot import added, desk_keys
from bot.desk.moving import Moving
from bot.desk.work import Work
from bot.store.models import Conversation, Inbound, Report
from bot.store.people import User
from tests.channels import AT_HOME
from tests.keeper import lines
from tests.talk import Phone
from tests.test_follow_up import OPERATOR, Filing, filing, report_of, said, someone, told, work

__all__ = ["filing", "work"]
pytestmark = AT_HOME


def borrowed(filing: Filing, receipt: str) -> Phone:
    """Another phone, on which the receipt was shown."""
    phone = someone(filing)
    assert "Agregar algo" in phone.says(receipt)[-1].options
    return phone


def now_is(filing: Filing, report: Report) -> Report:
    with filing.runtime.sessions() as session:
        return session.get_one(Report, report.id)


def test_words_from_a_borrowed_phone_reach_the_desk_sealed_and_the_engine_never(filing: Filing) -> None:
    person = someone(filing)
    phone, report = borrowed(filing, told(person)), report_of(filing, person)
    filing.heard.clear()
    assert "un solo mensaje" in said(phone.taps("Agregar algo"))
    assert "la oficina lo tiene" in said(phone.says("¿y si vuelve zanate?"))
    assert lines(filing.runtime, report) == ["¿y si vuelve zanate?"]
    assert "zanate" not in str(filing.heard)
    with filing.runtime.sessions() as session:
        newest = select(Inbound).where(Inbound.contact_id == phone.contact).order_by(Inbound.id.desc())
        kept = session.scalars(newest.limit(1)).one()
        assert kept.body_sealed is None and kept.report_boxed
    phone.says("hola")
    assert lines(filing.runtime, report) == ["¿y si vuelve zanate?"]


def test_it_is_done_by_number_too(filing: Filing) -> None:
    person = someone(filing)
    phone = borrowed(filing, told(person))
    phone.says("1")
    phone.says("era un carro rojo")
    assert lines(filing.runtime, report_of(filing, person)) == ["era un carro rojo"]


def test_a_line_from_a_borrowed_phone_leaves_its_owners_own_conversation_to_them(filing: Filing) -> None:
    """What the engine remembers of the phone that added goes; of the phone that filed nothing is touched by that."""
    person = someone(filing)
    phone = borrowed(filing, told(person))
    with filing.runtime.sessions.begin() as session:
        for contact in (person.contact, phone.contact):
            session.add(Conversation(contact_id=contact, events=b"x"))
    phone.says("1")
    phone.says("era un carro rojo")
    with filing.runtime.sessions() as session:
        assert session.get(Conversation, person.contact) and not session.get(Conversation, phone.contact)


@pytest.mark.parametrize("accepted", [False, True])
def test_it_is_withdrawn_after_a_second_question_and_the_desk_sees_it(
    filing: Filing, work: Work, accepted: bool
) -> None:
    person = someone(filing)
    phone, report = borrowed(filing, told(person)), report_of(filing, person)
    if accepted:
        assert work.accept(OPERATOR, report.id)
    assert "no se puede deshacer" in said(phone.taps("Retirar la denuncia"))
    assert now_is(filing, report).status != "closed"
    assert "quedó retirada" in said(phone.taps("Sí, retirarla"))
    closed = now_is(filing, report)
    assert (closed.status, closed.outcome) == ("closed", "withdrawn") and closed.closed_at
    assert report.id in {row.report.id for row in work.listed(OPERATOR, closed=True)}


@pytest.mark.parametrize("accepted", [False, True])
def test_what_is_withdrawn_while_another_desk_is_asked_to_take_it_stays_closed(
    filing: Filing, work: Work, accepted: bool
) -> None:
    person, moving = someone(filing), Moving(work)
    phone, report = borrowed(filing, told(person)), report_of(filing, person)
    if accepted:
        assert work.accept(OPERATOR, report.id)
    assert moving.ask(OPERATOR, report.id, "demo-gt", "", sure=False)
    phone.taps("Retirar la denuncia")
    phone.taps("Sí, retirarla")
    assert not moving.accept(User(email="luz@faro.test", desks=["demo-gt"]), report.id)
    closed = now_is(filing, report)
    assert (closed.status, closed.desk, closed.outcome) == ("closed", "demo-mx", "withdrawn")
    with filing.runtime.sessions() as session:
        assert desk_keys.desks(session, closed) == ["demo-mx"]


def test_no_means_no(filing: Filing) -> None:
    person = someone(filing)
    phone = borrowed(filing, told(person))
    phone.taps("Retirar la denuncia")
    assert "sigue su camino" in said(phone.taps("No, dejarla"))
    assert now_is(filing, report_of(filing, person)).status == "filed"


def test_a_closed_report_takes_nothing_more(filing: Filing, work: Work) -> None:
    person = someone(filing)
    phone, report = borrowed(filing, told(person)), report_of(filing, person)
    assert work.accept(OPERATOR, report.id) and work.close(OPERATOR, report.id, "helped")
    assert "Mande otra vez su recibo" in said(phone.taps("Agregar algo"))
    assert lines(filing.runtime, report) == []


def test_after_half_an_hour_the_receipt_is_asked_for_again(filing: Filing, monkeypatch: pytest.MonkeyPatch) -> None:
    person = someone(filing)
    monkeypatch.setattr(added, "COUNTS", timedelta(seconds=-1))
    phone = borrowed(filing, told(person))
    assert "Mande otra vez su recibo" in said(phone.taps("Agregar algo"))
    phone.says("era un carro rojo")
    assert lines(filing.runtime, report_of(filing, person)) == []
