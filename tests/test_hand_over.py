"""Hand-over from desk to desk: offered, accepted or refused; never two owners, never none. Real database."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Iterator
from datetime import timedelta

import procrastinate
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from bot import alerting, boxes, copying, desk_keys, handing
from bot.desk import people
from bot.desk.moving import Moving
from bot.gateway import application
from bot.reports import WrongStep
from bot.runtime import Runtime
from bot.store.alerts import Alert, AlertSetting
from bot.store.audit import Audit
from bot.store.models import CaseMessage, Report, ReportEvent, now
from bot.store.moves import HandOver, ReportCopy
from bot.store.people import User
from tests.channels import AT_HOME, queue, with_settings
from tests.desk import member, token
from tests.keeper import keeper
from tests.reports import filed
from tests.towns import OTHER, START, Town, operator, town

__all__ = ["queue"]
pytestmark = AT_HOME

NOTE = "canarionota lo conocen ustedes"
NORTH, EAST, FAR = operator("north-mx"), operator("east-gt"), operator("far-us")


@pytest.fixture
def faro(runtime: Runtime, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    with town(runtime, tmp_path_factory.getbasetemp() / "town") as made:
        yield made


@pytest.fixture
def moving(faro: Town) -> Moving:
    return Moving(faro.work)


def opens(faro: Town, report: uuid.UUID, desk: str) -> bool:
    with faro.runtime.sessions() as session:
        return desk_keys.opens(session, session.get_one(Report, report), desk)


def asked(faro: Town, moving: Moving, to: str = "far-us", accepted: bool = True) -> uuid.UUID:
    """A report at north-mx that is offered to another desk."""
    report = faro.files()
    if accepted:
        assert faro.work.accept(NORTH, report)
    assert moving.ask(NORTH, report, to, NOTE, sure=False)
    return report


def where(faro: Town, report: uuid.UUID) -> tuple[str, str]:
    found = faro.report(report)
    return found.status, found.desk


def events(faro: Town, report: uuid.UUID) -> list[tuple[str, str, str, str]]:
    query = select(ReportEvent).where(ReportEvent.report_id == report).order_by(ReportEvent.id)
    with faro.runtime.sessions() as session:
        return [(event.kind, event.from_desk, event.to_desk, event.why) for event in session.scalars(query)]


# Offered


@pytest.mark.parametrize("accepted", [True, False])
def test_until_it_is_accepted_it_stays_with_the_first_desk_and_the_other_only_reads(
    accepted: bool, faro: Town, moving: Moving
) -> None:
    report = faro.files()
    assert faro.work.opened(FAR, report) is None and not opens(faro, report, "far-us")
    if accepted:
        faro.work.accept(NORTH, report)
    moving.ask(NORTH, report, "far-us", NOTE, sure=False)
    assert where(faro, report) == ("accepted" if accepted else "filed", "north-mx")
    seen = faro.work.opened(FAR, report)
    assert seen and seen.words == ["me robaron"] and not seen.can_write
    assert [one.id for one, _ in moving.guests(["far-us"]).offered] == [report]
    offer = moving.shown(FAR, seen.report).offer
    assert offer and offer.note == NOTE
    steps = (
        faro.work.accept(FAR, report), faro.work.write(FAR, report, "hola"), faro.work.close(FAR, report, "helped"),
        moving.ask(FAR, report, "night", "", sure=False), moving.withdraw(FAR, report),
    )  # fmt: skip
    assert steps == (False,) * 5
    assert where(faro, report) == ("accepted" if accepted else "filed", "north-mx")


def test_what_the_other_desk_reads_does_not_count_as_read(faro: Town, moving: Moving) -> None:
    report = asked(faro, moving)
    with faro.runtime.sessions.begin() as session:
        text = boxes.put(faro.report(report).public_key, {"text": "¿me leen?"})
        session.add(CaseMessage(report_id=report, from_desk=False, body_boxed=text))
    assert faro.work.opened(FAR, report)
    assert [row.unread for row in faro.work.listed(NORTH, closed=False) if row.report.id == report] == [1]


def test_the_note_is_nowhere_in_the_database_in_readable_form(faro: Town, moving: Moving) -> None:
    report = asked(faro, moving)
    with faro.runtime.sessions() as session:
        row = session.scalars(select(HandOver).where(HandOver.report_id == report)).one()
        assert row.note_boxed and b"canarionota" not in row.note_boxed
        private = desk_keys.private_of(session, session.get_one(Report, report), keeper(faro.runtime))
        assert boxes.take(private, row.note_boxed) == {"text": NOTE}


def test_who_does_not_hold_the_key_cannot_hand_over(faro: Town, moving: Moving) -> None:
    report = faro.files()
    faro.work.held = lambda: None
    with pytest.raises(WrongStep, match="key"):
        moving.ask(NORTH, report, "far-us", "", sure=False)
    assert events(faro, report) == [] and not opens(faro, report, "far-us")


@pytest.mark.parametrize("to", ["north-mx", "nowhere", ""])
def test_it_goes_to_another_desk_that_there_is(to: str, faro: Town, moving: Moving) -> None:
    with pytest.raises(WrongStep, match="another desk"):
        moving.ask(NORTH, faro.files(), to, "", sure=False)


def test_there_is_one_open_hand_over_at_most_and_none_of_what_is_closed(faro: Town, moving: Moving) -> None:
    report = asked(faro, moving)
    with pytest.raises(WrongStep, match="open hand-over"):
        moving.ask(NORTH, report, "east-gt", "", sure=False)
    with pytest.raises(WrongStep, match="withdraw"):
        faro.work.close(NORTH, report, "helped")
    moving.withdraw(NORTH, report)
    assert faro.work.close(NORTH, report, "helped")
    with pytest.raises(WrongStep, match="closed"):
        moving.ask(NORTH, report, "east-gt", "", sure=False)


# Accepted


@pytest.mark.parametrize("accepted", [True, False])
def test_once_accepted_it_is_the_other_desks_alone(accepted: bool, faro: Town, moving: Moving) -> None:
    report = asked(faro, moving, accepted=accepted)
    assert moving.accept(FAR, report)
    assert where(faro, report) == ("accepted", "far-us")
    assert faro.work.opened(NORTH, report) is None
    assert [desk for desk in ("north-mx", "east-gt", "south-hn", "far-us") if opens(faro, report, desk)] == ["far-us"]
    seen = faro.work.opened(FAR, report)
    assert seen and seen.words == ["me robaron"] and faro.work.write(FAR, report, "ya lo tenemos")
    assert events(faro, report) == [("handed_over", "north-mx", "far-us", "accepted")]


def test_the_person_is_told_once_who_has_it_now(faro: Town, moving: Moving) -> None:
    report = asked(faro, moving)
    before = faro.told(report)
    moving.accept(FAR, report)
    with pytest.raises(WrongStep):
        moving.accept(FAR, report)
    number = faro.report(report).number
    assert faro.told(report)[len(before) :] == [f"North-Mx pasó su caso ({number}) a Far-Us, que ahora lo tiene."]


def test_it_is_in_the_hands_of_who_accepted_it_there(faro: Town, moving: Moving) -> None:
    report = asked(faro, moving)
    taker = User(email="eva@faro.invalid", desks=["far-us"])
    assert moving.accept(taker, report)
    assert faro.report(report).assigned_to == taker.email


def test_it_can_come_back(faro: Town, moving: Moving) -> None:
    report = asked(faro, moving)
    moving.accept(FAR, report)
    moving.ask(FAR, report, "north-mx", "", sure=False)
    moving.accept(NORTH, report)
    seen = faro.work.opened(NORTH, report)
    assert seen and seen.words == ["me robaron"] and not opens(faro, report, "far-us")


def test_only_the_desk_that_was_asked_can_accept(faro: Town, moving: Moving) -> None:
    report = asked(faro, moving)
    assert not moving.accept(EAST, report)
    with pytest.raises(WrongStep, match="your desk"):
        moving.accept(NORTH, report)
    assert where(faro, report) == ("accepted", "north-mx")


# Refused, withdrawn, not answered


def test_refused_it_stays_and_the_reason_is_read_by_the_first_desk_alone(faro: Town, moving: Moving) -> None:
    report = asked(faro, moving)
    with pytest.raises(WrongStep, match="why"):
        moving.refuse(FAR, report, " ")
    assert moving.refuse(FAR, report, "no es de aquí")
    assert where(faro, report) == ("accepted", "north-mx")
    assert faro.work.opened(FAR, report) is None and not opens(faro, report, "far-us")
    [(desk, _, reason)] = moving.shown(NORTH, faro.report(report)).refusals
    assert (desk, reason) == ("far-us", "no es de aquí")
    assert events(faro, report) == [("not_handed_over", "north-mx", "far-us", "refused")]


def test_withdrawn_it_stays(faro: Town, moving: Moving) -> None:
    report = asked(faro, moving)
    assert moving.withdraw(NORTH, report)
    assert where(faro, report) == ("accepted", "north-mx") and not opens(faro, report, "far-us")


def test_a_desk_further_on_the_way_keeps_the_key_that_it_had_when_it_refuses(faro: Town, moving: Moving) -> None:
    report = asked(faro, moving, to="east-gt", accepted=False)
    moving.refuse(EAST, report, "todavía no")
    assert opens(faro, report, "east-gt") and faro.work.opened(EAST, report) is None
    faro.runs(START + OTHER)
    assert where(faro, report) == ("filed", "east-gt")


def test_a_desk_further_on_the_way_loses_its_key_when_it_refuses_what_the_first_desk_has_accepted(
    faro: Town, moving: Moving
) -> None:
    report = asked(faro, moving, to="east-gt", accepted=False)
    assert faro.work.accept(NORTH, report) and opens(faro, report, "east-gt")
    moving.refuse(EAST, report, "es de ustedes")
    assert opens(faro, report, "north-mx") and not opens(faro, report, "east-gt")


def test_a_desk_on_the_way_that_waits_for_a_copy_reads_an_accepted_report_only_on_yes(
    faro: Town, moving: Moving
) -> None:
    report = faro.files()
    with faro.runtime.sessions.begin() as session:
        session.add(ReportCopy(report_id=report, desk="south-hn", asked_at=now()))
    assert faro.work.accept(NORTH, report) and not opens(faro, report, "south-hn")
    with faro.runtime.sessions.begin() as session:
        assert copying.give(session, session.get_one(Report, report), session.get_one(ReportCopy, report))
    assert opens(faro, report, "south-hn")


def test_after_a_day_without_an_answer_it_ends_and_stays(faro: Town, moving: Moving) -> None:
    report = asked(faro, moving)
    with faro.runtime.sessions() as session:
        at = session.scalars(select(HandOver.asked_at).where(HandOver.report_id == report)).one()
    handing.run(faro.runtime, at + timedelta(hours=24) - timedelta(seconds=1))
    assert faro.work.opened(FAR, report)
    handing.run(faro.runtime, at + timedelta(hours=24))
    assert faro.work.opened(FAR, report) is None and not opens(faro, report, "far-us")
    assert events(faro, report) == [("not_handed_over", "north-mx", "far-us", "no_answer")]
    handing.run(faro.runtime, at + timedelta(hours=48))
    assert len(events(faro, report)) == 1


# The clock of accepting


def test_what_nobody_accepts_in_time_is_passed_on_and_the_offer_is_over(faro: Town, moving: Moving) -> None:
    report = asked(faro, moving, accepted=False)
    faro.runs(START + OTHER)
    assert where(faro, report) == ("filed", "east-gt") and not opens(faro, report, "far-us")
    assert not moving.accept(FAR, report)
    assert {event[0] for event in events(faro, report)} == {"passed_on", "not_handed_over"}


def test_passed_on_to_the_very_desk_that_was_asked_it_keeps_its_key(faro: Town, moving: Moving) -> None:
    report = asked(faro, moving, to="east-gt", accepted=False)
    faro.runs(START + OTHER)
    assert where(faro, report) == ("filed", "east-gt") and opens(faro, report, "east-gt")
    assert faro.work.accept(EAST, report)


@pytest.mark.parametrize("turn", range(6))
def test_of_accepting_and_passing_on_at_once_one_wins(turn: int, faro: Town, moving: Moving) -> None:
    report = asked(faro, moving, accepted=False)
    threads = [
        threading.Thread(target=moving.accept, args=(FAR, report)),
        threading.Thread(target=faro.runs, args=(START + OTHER,)),
    ]
    for thread in threads[:: 1 if turn % 2 else -1]:
        thread.start()
    for thread in threads:
        thread.join(20)
    found = where(faro, report)
    assert found in {("accepted", "far-us"), ("filed", "east-gt")} and opens(faro, report, found[1])


# The pages


@pytest.fixture(scope="module")
def app(runtime: Runtime, queue: procrastinate.App) -> Flask:
    return application(with_settings(runtime, try_phone=True), queue)


def does(client: FlaskClient, report: Report, step: str, **form: str) -> str:
    form["csrf_token"] = token(client, "/desk/password")
    return client.post(f"/desk/reports/{report.id}/{step}", data=form, follow_redirects=True).get_data(as_text=True)


def test_both_desks_see_it_on_their_pages_and_it_is_in_the_log(app: Flask, runtime: Runtime) -> None:
    report = filed(runtime, "demo-mx")
    north, far = member(app, runtime, ["demo-mx"]), member(app, runtime, ["demo-us"])
    at = f"/desk/reports/{report.id}"
    assert far.get(at).status_code == 404
    page = does(north, report, "hand-over", desk="demo-us", note=NOTE)
    assert 'id="offer"' in page and NOTE in page and 'id="withdraw"' in page
    assert 'id="offered"' in far.get("/desk/").get_data(as_text=True)
    page = far.get(at).get_data(as_text=True)
    assert 'id="take"' in page and NOTE in page and 'id="accept"' not in page and 'id="write"' not in page
    page = does(far, report, "hand-over/accept")
    assert 'id="write"' in page and 'data-event="handed_over"' in page
    assert north.get(at).status_code == 404
    with runtime.sessions() as session:
        query = select(Audit.action).where(Audit.case_number == report.number).order_by(Audit.number)
        done = [action for action in session.scalars(query) if "hand" in action]
    assert done == ["handed over", "hand-over accepted"]


def test_who_refuses_is_led_to_the_list(app: Flask, runtime: Runtime) -> None:
    report = filed(runtime, "demo-mx")
    north, far = member(app, runtime, ["demo-mx"]), member(app, runtime, ["demo-us"])
    does(north, report, "hand-over", desk="demo-us")
    assert 'id="offered"' not in does(far, report, "hand-over/refuse", reason="no es nuestro")
    page = north.get(f"/desk/reports/{report.id}").get_data(as_text=True)
    assert "no es nuestro" in page and 'data-event="not_handed_over"' in page


def test_who_is_on_duty_at_the_other_desk_is_alerted_as_long_as_it_is_open(faro: Town, moving: Moving) -> None:
    email = f"{uuid.uuid4().hex}@faro.example"
    with faro.runtime.sessions.begin() as session:
        people.link(session, email, "operator", ["far-us"], by=keeper(faro.runtime))
        session.flush()
        number = session.scalars(select(User.id).where(User.email == email)).one()
        address = faro.runtime.vault.seal("ana@faro.example.org")
        session.add(AlertSetting(user_id=number, way="email", address_sealed=address))
    report = asked(faro, moving)
    with faro.runtime.sessions.begin() as session:
        alert = session.scalars(select(Alert).where(Alert.user_id == number)).one()
        assert (alert.why, alert.desk, alert.report_id) == ("handed_over", "far-us", report)
    moving.withdraw(NORTH, report)
    assert alerting.send(faro.runtime, alert.id) is None
    with faro.runtime.sessions() as session:
        done = session.get_one(Alert, alert.id)
        assert (done.status, done.reason) == ("dropped", "in hand")
