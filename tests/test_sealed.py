"""A report is opened by its desk and by nobody else: who gets a key, who loses it, and what is left of it in memory."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from click.testing import CliRunner
from flask import Flask
from flask.testing import FlaskClient
from flask_security.utils import hash_password
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from bot import boxes, desk_keys, jobs
from bot.__main__ import main
from bot.desk import people, recovery
from bot.desk.ring import IDLE, Ring
from bot.desk.work import Work
from bot.desk_keys import Held, NotHeld
from bot.gateway import application
from bot.runtime import Runtime
from bot.store.keys import DeskKey, DeskKeyHolder, RecoveryKey, ReportKey
from bot.store.models import Report
from bot.store.people import User
from tests.desk import PASSWORD, Clock, browser, enters, has_device, signs_in, token
from tests.keeper import keeper
from tests.reports import filed

WORDS = "zanate en la terminal"


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def app(runtime: Runtime, clock: Clock) -> Iterator[Flask]:
    with jobs.queue(runtime.settings.database).open() as queue:
        yield application(runtime, queue, clock)


@pytest.fixture
def desk(runtime: Runtime) -> str:
    """A desk that no other test has; its id ends like those of routing.yml."""
    return f"d{uuid.uuid4().hex[:8]}-mx"


Invite = Callable[..., tuple[User, Held]]


@pytest.fixture
def invited(runtime: Runtime) -> Invite:
    """Somebody new of a desk, and what their link opens."""

    def invite(*desks: str, by: Held | None = None, role: str = "operator") -> tuple[User, Held]:
        email = f"{uuid.uuid4().hex}@faro.example"
        with runtime.sessions.begin() as session:
            people.link(session, email, role, list(desks), by=by, token="a link")
            user = session.scalars(select(User).where(User.email == email)).one()
            return user, Held(user.id, boxes.unlock_by_link(user.private_locked or b"", "a link"))

    return invite


def filed_at(runtime: Runtime, *desks: str) -> Report:
    """A report that the first of the desks has; the others may get it."""
    report = filed(runtime, "demo-mx", words=WORDS)
    with runtime.sessions.begin() as session:
        theirs = session.get_one(Report, report.id)
        private = desk_keys.private_of(session, theirs, keeper(runtime))
        session.query(ReportKey).where(ReportKey.report_id == report.id).delete()
        for desk in desks:
            desk_keys.box_for_desk(session, theirs, private, desk)
        theirs.desk = desks[0]
    return report


def reads(runtime: Runtime, report: Report, held: Held) -> bool:
    with runtime.sessions() as session:
        theirs = session.get_one(Report, report.id)
        try:
            words = boxes.take(desk_keys.private_of(session, theirs, held), theirs.words_boxed)["words"]
        except NotHeld:
            return False
    assert words == [WORDS]
    return True


# Who reads


def test_who_was_given_the_key_reads_and_who_was_not_does_not(runtime: Runtime, desk: str, invited: Invite) -> None:
    report = filed_at(runtime, desk)
    _, given_one = invited(desk, by=keeper(runtime))
    _, waiting = invited(desk)
    _, elsewhere = invited("demo-gt", by=keeper(runtime))
    assert reads(runtime, report, given_one)
    assert not reads(runtime, report, waiting) and not reads(runtime, report, elsewhere)


def test_a_new_colleague_reads_what_was_filed_before_they_came(runtime: Runtime, desk: str, invited: Invite) -> None:
    report, (user, held) = filed_at(runtime, desk), invited(desk)
    with runtime.sessions.begin() as session:
        desk_keys.give(session, keeper(runtime), desk, session.get_one(User, user.id))
    assert reads(runtime, report, held) and reads(runtime, filed_at(runtime, desk), held)


def test_who_holds_no_key_can_give_none(runtime: Runtime, desk: str, invited: Invite) -> None:
    filed_at(runtime, desk)
    (_, outside), (user, _) = invited("demo-gt", by=keeper(runtime)), invited(desk)
    with runtime.sessions() as session, pytest.raises(NotHeld):
        desk_keys.give(session, outside, desk, session.get_one(User, user.id))


def test_a_desk_further_on_the_way_reads_it_and_one_off_the_way_does_not(runtime: Runtime, invited: Invite) -> None:
    """The server can pass a report on without opening it only because its key was boxed for these desks at filing."""
    content = runtime.shelf.content()
    report = filed(runtime, "demo-mx", words=WORDS)
    way = content.routing.chain("demo-mx")
    assert len(way) > 1
    for desk in content.routing.desks:
        assert reads(runtime, report, invited(desk, by=keeper(runtime))[1]) == (desk in way), desk


def test_once_a_desk_has_accepted_it_the_desks_further_on_hold_no_key_of_it(
    app: Flask, runtime: Runtime, invited: Invite
) -> None:
    report = filed(runtime, "demo-mx", words=WORDS)
    after = [invited(d, by=keeper(runtime))[1] for d in runtime.shelf.content().routing.chain("demo-mx")[1:]]
    assert after and all(reads(runtime, report, held) for held in after)
    with jobs.queue(runtime.settings.database).open() as queue:
        ana = User(email="ana@faro.test", desks=["demo-mx"])
        assert Work(runtime, queue, lambda: keeper(runtime)).accept(ana, report.id)
    assert not any(reads(runtime, report, held) for held in after)
    assert reads(runtime, report, keeper(runtime))


# Who leaves, and who comes back


def test_who_is_removed_reads_nothing_more_and_the_rest_read_everything(
    runtime: Runtime, desk: str, invited: Invite
) -> None:
    before = filed_at(runtime, desk)
    (gone, old), (_, stays) = (invited(desk, by=keeper(runtime)) for _ in range(2))
    assert reads(runtime, before, old)
    with runtime.sessions.begin() as session:
        people.remove(session, keeper(runtime), session.get_one(User, gone.id))
    after = filed_at(runtime, desk)
    for report in (before, after):
        assert not reads(runtime, report, old)
        assert reads(runtime, report, stays) and reads(runtime, report, keeper(runtime))


def test_the_desks_key_that_somebody_copied_before_they_left_opens_nothing_in_the_database(
    runtime: Runtime, desk: str, invited: Invite
) -> None:
    report, (gone, _) = filed_at(runtime, desk), invited(desk, by=keeper(runtime))
    with runtime.sessions() as session:
        key = session.scalars(select(DeskKey).where(DeskKey.desk == desk)).one()
        copied = desk_keys._private_of_desk(session, key, keeper(runtime))
        assert boxes.take_bytes(copied, _key_of(runtime, report))
    with runtime.sessions.begin() as session:
        people.remove(session, keeper(runtime), session.get_one(User, gone.id))
    for one in (report, filed_at(runtime, desk)):
        with pytest.raises(boxes.WrongKey):
            boxes.take_bytes(copied, _key_of(runtime, one))


def _key_of(runtime: Runtime, report: Report) -> bytes:
    with runtime.sessions() as session:
        return session.scalars(select(ReportKey.private_boxed).where(ReportKey.report_id == report.id)).one()


def test_a_new_link_ends_the_old_keys_and_gives_new_ones(runtime: Runtime, desk: str, invited: Invite) -> None:
    report, (user, old) = filed_at(runtime, desk), invited(desk, by=keeper(runtime))
    with runtime.sessions.begin() as session:
        people.link(session, user.email, "operator", [desk], by=keeper(runtime), token="another")
        locked = session.get_one(User, user.id).private_locked or b""
    assert reads(runtime, report, Held(user.id, boxes.unlock_by_link(locked, "another")))
    with pytest.raises(boxes.WrongKey):
        reads(runtime, report, old)


# The recovery key


def test_the_recovery_key_opens_the_desks_for_whom_it_invites(
    runtime: Runtime, desk: str, invited: Invite, monkeypatch: pytest.MonkeyPatch
) -> None:
    report = filed_at(runtime, desk)
    with runtime.sessions.begin() as session:
        made = desk_keys.new_recovery(session, keeper(runtime), "ana@faro.test")
    assert reads(runtime, report, Held(None, made.private))
    with runtime.sessions.begin() as session:
        again = desk_keys.new_recovery(session, keeper(runtime), "ana@faro.test")
    assert not _opens(runtime, report, made.private) and _opens(runtime, report, again.private)
    monkeypatch.setattr("bot.__main__._settings", lambda: runtime.settings)
    said = CliRunner().invoke(
        main, ["desk", "invite", "nueva@faro.example", "--desk", "demo-mx", "--recovery"], recovery.shown(again.private)
    )
    assert said.exit_code == 0 and recovery.shown(again.private) not in said.output
    link = said.output.split()[-1].rpartition("/")[2]
    with runtime.sessions.begin() as session:
        found = people.use_link(session, link)
    assert found and reads(runtime, filed(runtime, "demo-mx", words=WORDS), Held(found[0].id, found[1]))


def test_who_does_not_hold_every_desks_key_makes_no_recovery_key(runtime: Runtime, desk: str, invited: Invite) -> None:
    filed_at(runtime, desk)
    _, some = invited(desk, by=keeper(runtime), role="administrator")
    with runtime.sessions() as session, pytest.raises(NotHeld):
        desk_keys.new_recovery(session, some, "ana@faro.test")


def _opens(runtime: Runtime, report: Report, private: bytes) -> bool:
    try:
        return reads(runtime, report, Held(None, private))
    except boxes.WrongKey:
        return False


@given(st.binary(min_size=32, max_size=32), st.data())
@settings(max_examples=50)
def test_the_recovery_key_is_read_as_it_was_printed_and_a_slip_is_told(private: bytes, data: st.DataObject) -> None:
    printed = recovery.shown(private)
    assert len(printed.split("-")) == 14
    assert recovery.read(printed.lower().replace("-", " ")) == private
    place = data.draw(st.integers(0, len(printed) - 1).filter(lambda n: printed[n] != "-"))
    wrong = data.draw(st.sampled_from("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567").filter(lambda c: c != printed[place]))
    with pytest.raises(ValueError, match="slip"):
        recovery.read(printed[:place] + wrong + printed[place + 1 :])


# At the desk


def comes(app: Flask, runtime: Runtime, *desks: str, by: Held | None, role: str = "operator") -> FlaskClient:
    client, email = browser(app), f"{uuid.uuid4().hex}@faro.example"
    with runtime.sessions.begin() as session:
        path = people.link(session, email, role, list(desks), by=by)
    enters(client, path, runtime)
    return client


def page_of(client: FlaskClient, report: Report) -> str:
    return client.get(f"/desk/reports/{report.id}").get_data(as_text=True)


def chooses(client: FlaskClient, password: str = PASSWORD, now: str = "") -> None:
    form = {"new_password": password, "new_password_confirm": password, "csrf_token": token(client, "/desk/password")}
    assert client.post("/desk/password", data=form | ({"password": now} if now else {})).status_code == 302


def comes_back(app: Flask, email: str, password: str = PASSWORD) -> FlaskClient:
    client = browser(app)
    assert signs_in(client, email, password).status_code == 302
    return client


def test_the_link_the_password_and_the_next_password_open_the_same_reports(
    app: Flask, runtime: Runtime, clock: Clock
) -> None:
    report = filed(runtime, "demo-mx", words=WORDS)
    client = comes(app, runtime, "demo-mx", by=keeper(runtime))
    assert WORDS in page_of(client, report)
    with client.session_transaction() as session:
        number = session["_user_id"]
    with runtime.sessions() as store:
        email = store.scalars(select(User.email).where(User.fs_uniquifier == number)).one()
    chooses(client)
    assert WORDS in page_of(client, report)
    assert WORDS in page_of(comes_back(app, email), report)
    chooses(comes_back(app, email), "otra clave muy larga 7", PASSWORD)
    assert WORDS in page_of(comes_back(app, email, "otra clave muy larga 7"), report)


def test_who_has_no_key_sees_why_and_is_told_whom_to_ask(app: Flask, runtime: Runtime) -> None:
    report = filed(runtime, "demo-mx", words=WORDS)
    shown = page_of(comes(app, runtime, "demo-mx", by=None), report)
    assert WORDS not in shown and "not been given the key of this desk" in shown


def test_a_password_set_by_somebody_else_opens_no_report(app: Flask, runtime: Runtime, invited: Invite) -> None:
    """Whoever can write into the database can change a password there; its reports stay closed."""
    report, (user, _) = filed(runtime, "demo-mx", words=WORDS), invited("demo-mx", by=keeper(runtime))
    with app.app_context(), runtime.sessions.begin() as session:
        theirs = session.get_one(User, user.id)
        theirs.password = hash_password(PASSWORD)
        has_device(theirs, runtime)
    assert WORDS not in page_of(comes_back(app, user.email), report)


def test_an_administrator_gives_keys_makes_links_and_removes(app: Flask, runtime: Runtime) -> None:
    report = filed(runtime, "demo-mx", words=WORDS)
    boss = comes(app, runtime, "demo-mx", "demo-gt", by=keeper(runtime), role="administrator")
    colleague, email = browser(app), f"{uuid.uuid4().hex}@faro.example"
    with runtime.sessions.begin() as session:
        path = people.link(session, email, "operator", ["demo-mx"])
        number = session.scalars(select(User.id).where(User.email == email)).one()
    enters(colleague, path, runtime)
    assert WORDS not in page_of(colleague, report)
    assert does(boss, f"/desk/people/{number}/keys") == 302
    assert WORDS in page_of(colleague, report)
    assert does(boss, f"/desk/people/{number}/remove") == 302
    assert colleague.get("/desk/").status_code == 302
    shown = boss.post("/desk/people", data={"email": "nuevo@faro.example", "role": "operator", "desks": "demo-mx",
                                            "csrf_token": token(boss, "/desk/people")})  # fmt: skip
    link = shown.get_data(as_text=True).partition("<code>")[2].partition("</code>")[0]
    fresh = browser(app)
    enters(fresh, link.removeprefix(runtime.settings.address), runtime)
    assert WORDS in page_of(fresh, report)


def does(client: FlaskClient, path: str) -> int:
    return client.post(path, data={"csrf_token": token(client, "/desk/people")}).status_code


def test_nobody_removes_or_resets_themselves(app: Flask, runtime: Runtime) -> None:
    boss = comes(app, runtime, "demo-mx", by=keeper(runtime), role="administrator")
    with boss.session_transaction() as session:
        mine = session["_user_id"]
    with runtime.sessions() as store:
        number = store.scalars(select(User.id).where(User.fs_uniquifier == mine)).one()
    for what in ("remove", "link"):
        assert does(boss, f"/desk/people/{number}/{what}") == 302
        assert "another administrator" in boss.get("/desk/people").get_data(as_text=True)


# In memory


def test_keys_leave_memory_at_sign_out_and_after_fifteen_idle_minutes(
    app: Flask, runtime: Runtime, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    rings: list[Ring] = []
    real = Ring.begin

    def begin(ring: Ring, user: int, private: bytes) -> None:
        rings.append(ring)
        real(ring, user, private)

    monkeypatch.setattr(Ring, "begin", begin)
    idle = comes(app, runtime, "demo-mx", by=keeper(runtime))
    ring = rings[0]
    (kept,) = [key.private for key in ring._keys.values()]
    assert any(kept)
    clock.passes(IDLE / 60 + 1)
    ring._swept()  # as its timer does, though nobody asks for anything
    assert not ring._keys and not any(kept)
    assert idle.get("/desk/").status_code == 302
    out = comes(app, runtime, "demo-mx", by=keeper(runtime))
    (kept,) = [key.private for key in ring._keys.values()]
    out.post("/desk/sign-out", data={"csrf_token": token(out, "/desk/password")})
    assert not ring._keys and not any(kept)


def test_a_gateway_that_starts_anew_asks_everybody_to_sign_in_again(app: Flask, runtime: Runtime, clock: Clock) -> None:
    client = comes(app, runtime, "demo-mx", by=keeper(runtime))
    with client.session_transaction() as session:
        cookie = dict(session)
    with jobs.queue(runtime.settings.database).open() as queue:
        again = browser(application(runtime, queue, clock))
        with again.session_transaction() as session:
            session.update(cookie)
        assert again.get("/desk/").status_code == 302


# While things happen at once


def test_who_files_while_a_desk_gets_a_new_key_is_read_by_the_new_one(
    runtime: Runtime, desk: str, invited: Invite
) -> None:
    """The new key waits for whoever files with the old one, and then boxes that report anew too."""
    _, held = invited(desk, by=keeper(runtime))
    report = filed(runtime, "demo-mx", words=WORDS)

    def renew() -> None:
        with runtime.sessions.begin() as session:
            desk_keys.renew(session, keeper(runtime), desk)

    with runtime.sessions() as filing, ThreadPoolExecutor(1) as other:
        theirs = filing.get_one(Report, report.id)
        private = desk_keys.private_of(filing, theirs, keeper(runtime))
        desk_keys.box_for_desk(filing, theirs, private, desk)
        renewing = other.submit(renew)
        time.sleep(0.3)
        assert not renewing.done()
        filing.commit()
        renewing.result(20)
    assert reads(runtime, report, held) and reads(runtime, report, keeper(runtime))
    with runtime.sessions() as session:
        current = select(func.count()).where(DeskKey.desk == desk, DeskKey.retired_at.is_(None))
        assert session.scalar(current) == 1
        old = select(DeskKeyHolder.id).join(DeskKey).where(DeskKey.desk == desk, DeskKey.retired_at.is_not(None))
        assert session.scalars(old).all() == []


def test_without_an_administrator_nothing_is_filed_that_nobody_could_read(runtime: Runtime) -> None:
    with runtime.sessions() as session:
        session.query(User).update({User.public_key: None})
        session.query(RecoveryKey).delete()
        with pytest.raises(desk_keys.NoKeeper):
            desk_keys.of_desk(session, "a desk that has no key yet")
