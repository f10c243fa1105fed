"""A copy for a second desk: asked in the chat, given on yes alone, gone on no, STOP, erasure and after a day."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from bot import copying, desk_keys, handing, jobs, reports
from bot.content import LANGUAGES
from bot.desk.moving import Moving
from bot.desk.work import Work
from bot.engine import Engine
from bot.erasing import erase
from bot.reports import Told, WrongStep
from bot.runtime import Runtime
from bot.store.keys import DeskKey, ReportKey
from bot.store.models import Contact, Inbound, Report, now
from bot.store.moves import ReportCopy
from bot.store.people import User
from tests.channels import AT_HOME
from tests.fakes.wire import Server
from tests.keeper import keeper
from tests.talk import Phone
from tests.test_follow_up import Filing, said

pytestmark = AT_HOME

HONDURAN = "+5049"
TOLD = {"country": "MX", "crime_type": "kidnapping", "may_reply": "yes", "danger": "no"}
MEXICO, HONDURAS = User(email="ana@faro.test", desks=["demo-mx"]), User(email="eva@faro.test", desks=["demo-hn"])
# The question of each language, the label of yes, and a yes and a no as people write them.
ASKED = {
    "es": ("dos países", "Sí, envíela", "SÍ", "no"), "en": ("two countries", "Yes, send it", "yes please", "No."),
    "pt": ("dois países", "Sim, envie", "sim", "não"), "fr": ("deux pays", "Oui, envoyez", "oui", "non merci"),
    "ht": ("de peyi", "Wi, voye l", "wi", "non"),
}  # fmt: skip


@dataclass
class Crossing(Filing):
    """Files a crime that may cross a border."""

    slots: Any = None

    def _filed(self, inbound: int) -> dict[str, Any]:
        with self.runtime.sessions.begin() as session:
            told, content = Told(self.slots or TOLD, ["me secuestraron"]), self.runtime.shelf.content()
            return asdict(reports.file_report(session, content, inbound, told))


@pytest.fixture
def filing(runtime: Runtime) -> Iterator[Crossing]:
    keeper(runtime)
    made = Crossing(runtime)
    with Server(made.application()) as server:
        made.runtime = replace(runtime, engine=Engine(server.url, "token"))
        yield made


@pytest.fixture
def moving(runtime: Runtime) -> Iterator[Moving]:
    with jobs.queue(runtime.settings.database).open() as queue:
        yield Moving(Work(runtime, queue, lambda: keeper(runtime)))


def someone(filing: Crossing, number: str = HONDURAN, language: str = "es") -> Phone:
    """Who files from a Honduran number what happened in Mexico."""
    phone = Phone(filing.runtime, f"{number}{random.randrange(10**6, 10**7)}", language)
    phone.says("me secuestraron")
    return phone


def report_of(filing: Crossing, phone: Phone) -> Report:
    with filing.runtime.sessions() as session:
        return session.scalars(select(Report).where(Report.contact_id == phone.contact)).one()


def rows(filing: Crossing, report: Report) -> tuple[int, int]:
    """How many copies there are, and how many keys that wait."""
    with filing.runtime.sessions() as session:
        copies = session.query(ReportCopy).where(ReportCopy.report_id == report.id).count()
        return copies, session.query(ReportKey).where(ReportKey.report_id == report.id, ReportKey.waiting).count()


def reads(moving: Moving, report: Report, user: User = HONDURAS) -> bool:
    return moving.work.opened(user, report.id) is not None


# Who is asked


def test_before_the_answer_the_second_desk_has_a_key_put_by_and_sees_nothing(filing: Crossing, moving: Moving) -> None:
    phone = someone(filing)
    report = report_of(filing, phone)
    assert "dos países" in phone.last[-1].text and "Honduras" in phone.last[-1].text
    assert report.desk == "demo-mx" and rows(filing, report) == (1, 1)
    assert not reads(moving, report) and report.id not in {one.id for one in moving.guests(["demo-hn"]).copies}
    with filing.runtime.sessions() as session:
        assert not desk_keys.opens(session, report, "demo-hn")


def test_the_key_that_was_put_by_opens_nothing_for_who_holds_no_other(filing: Crossing) -> None:
    report = report_of(filing, someone(filing))
    with filing.runtime.sessions.begin() as session:
        desks = select(DeskKey.id).where(DeskKey.desk != "demo-hn")
        session.query(ReportKey).where(ReportKey.report_id == report.id, ReportKey.desk_key_id.in_(desks)).delete()
    with filing.runtime.sessions() as session, pytest.raises(desk_keys.NotHeld):
        desk_keys.private_of(session, report, keeper(filing.runtime))


@pytest.mark.parametrize(
    ("number", "slots"),
    [("+52551", TOLD), (HONDURAN, TOLD | {"crime_type": "robbery"}), (HONDURAN, TOLD | {"country": "HN"}),
     (HONDURAN, TOLD | {"country": "unknown"}), ("+541150", TOLD)],
)  # fmt: skip
def test_nobody_is_asked_where_there_is_no_second_country_or_desk(
    number: str, slots: dict[str, str], filing: Crossing
) -> None:
    filing.slots = slots
    phone = someone(filing, number)
    assert "dos países" not in said(phone.last) and rows(filing, report_of(filing, phone)) == (0, 0)


def test_a_case_of_the_table_can_name_the_second_desk(filing: Crossing) -> None:
    routing = filing.runtime.shelf.content().routing
    what = reports.incident(TOLD | {"crime_type": "robbery"}, filing.runtime.shelf.content())
    named = replace(routing, cases=(replace(routing.default, desk="demo-mx", copy="demo-gt"),))
    assert copying.second(named, what, "HN") == "demo-gt" and copying.second(routing, what, "HN") is None


# Yes


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("typed", [True, False])
def test_on_yes_the_second_desk_reads_and_does_nothing_else(
    language: str, typed: bool, filing: Crossing, moving: Moving
) -> None:
    asked, label, yes, _ = ASKED[language]
    phone = someone(filing, language=language)
    report = report_of(filing, phone)
    assert asked in phone.last[-1].text
    _ = phone.says(yes) if typed else phone.taps(label)
    assert rows(filing, report) == (1, 0)
    opened = moving.work.opened(HONDURAS, report.id)
    assert opened and opened.words == ["me secuestraron"] and not opened.can_write
    assert moving.guests(["demo-hn"]).copies[0].id == report.id  # the newest first
    steps = (moving.work.accept, moving.withdraw)
    assert not any(step(HONDURAS, report.id) for step in steps)
    assert not moving.work.write(HONDURAS, report.id, "hola") and not moving.work.close(HONDURAS, report.id, "helped")
    assert report_of(filing, phone).desk == "demo-mx" and moving.work.accept(MEXICO, report.id)


def test_both_desks_see_the_copy_and_the_second_can_ask_for_the_report(filing: Crossing, moving: Moving) -> None:
    phone = someone(filing)
    report = report_of(filing, phone)
    phone.taps("Sí, envíela")
    assert moving.wish(HONDURAS, report.id, "la familia está aquí")
    copy = moving.shown(MEXICO, report).copy
    assert copy and (copy.desk, copy.wish) == ("demo-hn", "la familia está aquí")
    events = moving.work.opened(MEXICO, report.id)
    assert events and [(event.kind, event.to_desk) for event in events.events] == [("copied", "demo-hn")]
    with pytest.raises(WrongStep):
        moving.wish(MEXICO, report.id, "no es una copia")
    assert "la familia" not in said(phone.hears())


def test_handed_over_to_the_second_desk_it_is_theirs_and_no_copy_any_more(filing: Crossing, moving: Moving) -> None:
    phone = someone(filing)
    report = report_of(filing, phone)
    phone.taps("Sí, envíela")
    moving.ask(MEXICO, report.id, "demo-hn", "", sure=False)
    assert moving.accept(HONDURAS, report.id)
    report = report_of(filing, phone)
    assert (
        report.desk == "demo-hn" and moving.shown(HONDURAS, report).copy is None and not reads(moving, report, MEXICO)
    )


def test_a_hand_over_to_somebody_else_leaves_the_copy_where_it_is(filing: Crossing, moving: Moving) -> None:
    phone, gt = someone(filing), User(email="luz@faro.test", desks=["demo-gt"])
    report = report_of(filing, phone)
    phone.taps("Sí, envíela")
    moving.ask(MEXICO, report.id, "demo-gt", "", sure=False)
    moving.accept(gt, report.id)
    assert reads(moving, report) and reads(moving, report, gt) and not reads(moving, report, MEXICO)


def test_refusing_a_hand_over_leaves_the_copy_that_the_person_gave(filing: Crossing, moving: Moving) -> None:
    phone = someone(filing)
    report = report_of(filing, phone)
    phone.taps("Sí, envíela")
    moving.ask(MEXICO, report.id, "demo-hn", "", sure=False)
    moving.refuse(HONDURAS, report.id, "mejor ustedes")
    opened = moving.work.opened(HONDURAS, report.id)
    assert opened and opened.words == ["me secuestraron"]


@pytest.mark.parametrize("first", ["yes", "refused"])
def test_a_hand_over_to_the_second_desk_that_is_refused_costs_no_copy_whichever_comes_first(
    first: str, filing: Crossing, moving: Moving
) -> None:
    phone = someone(filing)
    report = report_of(filing, phone)
    moving.work.accept(MEXICO, report.id)
    moving.ask(MEXICO, report.id, "demo-hn", "", sure=False)
    if first == "refused":
        moving.refuse(HONDURAS, report.id, "mejor ustedes")
        assert rows(filing, report) == (1, 1) and not reads(moving, report)
    phone.sends("option", number=1, outbound=phone.last[-1].id)
    if first == "yes":
        moving.refuse(HONDURAS, report.id, "mejor ustedes")
    assert reads(moving, report) and rows(filing, report) == (1, 0)
    with filing.runtime.sessions() as session:
        assert desk_keys.opens(session, report, "demo-hn")


# No


@pytest.mark.parametrize("language", LANGUAGES)
def test_on_no_the_key_is_destroyed_and_no_later_yes_brings_it_back(
    language: str, filing: Crossing, moving: Moving
) -> None:
    phone = someone(filing, language=language)
    report, question = report_of(filing, phone), phone.last[-1]
    phone.says(ASKED[language][3])
    assert rows(filing, report) == (0, 0)
    phone.sends("option", number=1, outbound=question.id)
    assert rows(filing, report) == (0, 0) and not reads(moving, report)


@pytest.mark.parametrize("kind", ["stop", "clear"])
def test_stop_and_clear_are_no(kind: Any, filing: Crossing) -> None:
    phone = someone(filing)
    report = report_of(filing, phone)
    phone.sends(kind, text="x")
    assert rows(filing, report) == (0, 0)


@pytest.mark.parametrize("accepted", [True, False])
def test_erased_people_have_agreed_to_nothing(accepted: bool, filing: Crossing, moving: Moving) -> None:
    phone = someone(filing)
    report = report_of(filing, phone)
    if accepted:
        moving.work.accept(MEXICO, report.id)
    with filing.runtime.sessions.begin() as session:
        newest = select(Inbound).where(Inbound.contact_id == phone.contact).order_by(Inbound.id.desc()).limit(1)
        erase(session, session.get_one(Contact, phone.contact), session.scalars(newest).one())
    assert rows(filing, report) == (0, 0)


def test_no_answer_in_a_day_is_no(filing: Crossing, moving: Moving) -> None:
    phone = someone(filing)
    report = report_of(filing, phone)
    copying.run(filing.runtime, now() + timedelta(hours=23, minutes=59))
    assert rows(filing, report) == (1, 1)
    copying.run(filing.runtime, now() + timedelta(hours=24, minutes=1))
    assert rows(filing, report) == (0, 0)
    phone.taps("Sí, envíela")
    assert not reads(moving, report) and "Ya no hay ninguna copia" in said(phone.last)


def test_what_was_given_no_clock_takes(filing: Crossing, moving: Moving) -> None:
    phone = someone(filing)
    report = report_of(filing, phone)
    phone.taps("Sí, envíela")
    copying.run(filing.runtime, now() + timedelta(days=2))
    handing.run(filing.runtime, now() + timedelta(days=2))
    opened = moving.work.opened(HONDURAS, report.id)
    assert opened and opened.words == ["me secuestraron"]


# One question after the other


def test_whether_it_is_safe_to_write_is_asked_after_the_copy_was_answered(filing: Crossing) -> None:
    phone = someone(filing)
    assert "seguro" not in phone.last[-1].text and phone.person().safe == "neutral"
    heard = phone.taps("Sí, envíela")
    assert "¿Es seguro que le escriba aquí?" in heard[-1].text
    phone.says("nunca")
    assert phone.person().safe == "never"
