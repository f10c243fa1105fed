"""The talk between a desk and a person: their words reach each other, and nobody else's."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import select

from bot import jobs
from bot.desk.work import Work
from bot.reports import WrongStep
from bot.runtime import Runtime
from bot.store.models import Report
from bot.store.people import User
from tests.keeper import keeper, lines
from tests.talk import Phone

FILES = ("me robaron en tapachula", "no", "ayer", "me quitaron el telefono", "2")
OPERATOR = User(email="ana@faro.test", desks=["demo-mx"])


@pytest.fixture
def work(runtime: Runtime) -> Iterator[Work]:
    queue = jobs.queue(runtime.settings.database)
    with queue.open():
        yield Work(runtime, queue, lambda: keeper(runtime))


def _filed(runtime: Runtime, person: Phone, may_reply: str) -> Report:
    for said in (*FILES, may_reply, "1"):
        person.says(said)
    with runtime.sessions() as session:
        return session.scalars(select(Report).where(Report.contact_id == person.contact)).one()


def test_an_answer_goes_to_the_desk_and_a_question_is_answered_too(
    phone: Callable[..., Phone], runtime: Runtime, work: Work
) -> None:
    person = phone("+525512350001", "es")
    report = _filed(runtime, person, "1")
    assert work.accept(OPERATOR, report.id) and work.write(OPERATOR, report.id, "¿Cómo está?")
    assert "¿Cómo está?" in person.hears()[-1].text
    assert "Mesa de demostración, México" in person.says("bien, estoy con mi hermana")[-1].text
    assert "Defens" in person.says("¿que derechos tengo si me detienen?")[-1].text
    assert lines(runtime, report) == [
        "bien, estoy con mi hermana",
        "¿que derechos tengo si me detienen?",
    ]


def test_a_cry_for_help_in_the_talk_has_its_number_and_reaches_the_desk(
    phone: Callable[..., Phone], runtime: Runtime, work: Work
) -> None:
    person = phone("+525512350002", "es")
    report = _filed(runtime, person, "1")
    work.accept(OPERATOR, report.id)
    work.write(OPERATOR, report.id, "¿Cómo está?")
    person.hears()
    heard = person.says("ayuda me quieren matar estan en la puerta")
    assert "911" in heard[0].text
    assert lines(runtime, report) == ["ayuda me quieren matar estan en la puerta"]


def test_who_does_not_want_to_be_written_to_is_not(phone: Callable[..., Phone], runtime: Runtime, work: Work) -> None:
    person = phone("+525512350003", "es")
    report = _filed(runtime, person, "2")
    assert work.accept(OPERATOR, report.id)
    with pytest.raises(WrongStep):
        work.write(OPERATOR, report.id, "hola")
    assert work.close(OPERATOR, report.id, "helped")
    assert person.hears() == []


def test_a_report_is_accepted_once_and_closed_only_after_that(
    phone: Callable[..., Phone], runtime: Runtime, work: Work
) -> None:
    report = _filed(runtime, phone("+525512350004", "es"), "1")
    with pytest.raises(WrongStep):
        work.close(OPERATOR, report.id, "helped")
    assert work.accept(OPERATOR, report.id)
    with pytest.raises(WrongStep):
        work.accept(OPERATOR, report.id)
    assert not work.accept(User(email="x@faro.test", desks=["demo-gt"]), report.id)
    with pytest.raises(WrongStep):
        work.close(OPERATOR, report.id, "forgotten")
    assert work.close(OPERATOR, report.id, "referred")
    with pytest.raises(WrongStep):
        work.write(OPERATOR, report.id, "hola")
