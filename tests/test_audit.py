"""Who did what at the desk is in the log, once and for good; a log that was tampered with says where."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest
from click.testing import CliRunner
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from bot import audit, boxes, jobs, reports
from bot.__main__ import main
from bot.audit import Link
from bot.desk import people
from bot.gateway import application
from bot.runtime import Runtime
from bot.store.audit import Action, Audit
from bot.store.models import Media, Outbound, Report
from bot.store.people import User
from tests.desk import enters, signs_in
from tests.keeper import keeper
from tests.reports import filed

PASSWORD = "tres tristes tigres 33"


@pytest.fixture(scope="module")
def app(runtime: Runtime) -> Iterator[Flask]:
    queue = jobs.queue(runtime.settings.database)
    with queue.open():
        yield application(runtime, queue)


class Person:
    """Somebody at the desk, in a browser of their own, and the log since they were made."""

    def __init__(self, app: Flask, runtime: Runtime, role: str, desks: list[str]) -> None:
        self.app, self.runtime, self.role = app, runtime, role
        self.email = f"{role}-{uuid.uuid4().hex[:8]}@faro.test"
        with runtime.sessions.begin() as session:
            self.link = people.link(session, self.email, role, desks, by=keeper(runtime))
        self.client = app.test_client()
        self.seen = newest(runtime).number

    def opens(self, path: str, **headers: str) -> int:
        return self.client.get(path, headers=headers).status_code

    def sends(self, path: str, page: str = "/desk/password", **fields: str) -> int:
        """Send a form, with the token that ``page`` gives."""
        return self.client.post(path, data=fields | {"csrf_token": token(self.client, page)}).status_code

    def logged(self) -> list[tuple[str, str | None, str | None, str | None]]:
        """(what, who, role, case) of each row since the last look."""
        with self.runtime.sessions() as session:
            rows = session.scalars(select(Audit).where(Audit.number > self.seen).order_by(Audit.number)).all()
        self.seen = rows[-1].number if rows else self.seen
        return [(row.action, row.email, row.role, row.case_number) for row in rows]

    def row(self, action: Action, case: str | None = None) -> tuple[str, str, str, str | None]:
        return action.value, self.email, self.role, case


def token(client: FlaskClient, page: str) -> str:
    found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', client.get(page).get_data(as_text=True))
    assert found, page
    return found[1]


def newest(runtime: Runtime) -> Link:
    with runtime.sessions() as session:
        return audit.verify(session)


@pytest.fixture
def known(app: Flask, runtime: Runtime) -> Callable[..., Person]:
    """Somebody who is signed in; the log is looked at from then on."""

    def person(role: str = "operator", *desks: str) -> Person:
        made = Person(app, runtime, role, list(desks or ["demo-mx"]) if role != "auditor" else [])
        enters(made.client, made.link, runtime)
        assert made.logged() == [made.row(Action.SIGNED_IN)]
        return made

    return person


def with_file(runtime: Runtime, report: Report) -> int:
    """A picture that came with a line of the person."""
    with runtime.sessions.begin() as session:
        boxed = boxes.put_bytes(report.public_key, b"picture")
        reports.add_line(session, report, "una foto", None, report.inbound_id)
        media = Media(inbound_id=report.inbound_id, content_type="image/png", size=7, report_boxed=boxed)
        session.add(media)
        session.flush()
        return media.id


def test_every_act_of_an_operator_is_one_row(runtime: Runtime, known: Callable[..., Person]) -> None:
    report = filed(runtime, "demo-mx")
    file, case, at = with_file(runtime, report), report.number, f"/desk/reports/{report.id}"
    who = known()
    steps: list[tuple[Callable[[], int], int, tuple[Any, ...] | None]] = [
        (lambda: who.opens("/desk/"), 200, who.row(Action.LIST_READ)),
        (lambda: who.opens("/desk/?show=closed"), 200, who.row(Action.LIST_READ)),
        (lambda: who.opens(at), 200, who.row(Action.REPORT_READ, case)),
        (lambda: who.opens(f"{at}/files/{file}"), 200, who.row(Action.FILE_READ, case)),
        (lambda: who.sends(f"{at}/accept"), 302, who.row(Action.ACCEPTED, case)),
        (lambda: who.sends(f"{at}/messages", text="hola"), 302, who.row(Action.MESSAGE_SENT, case)),
        (lambda: who.sends(f"{at}/close", outcome="helped"), 302, who.row(Action.CLOSED, case)),
        (lambda: who.sends("/desk/password", new_password=PASSWORD, new_password_confirm=PASSWORD), 302,
         who.row(Action.PASSWORD_CHANGED)),
        (lambda: who.sends("/desk/sign-out"), 302, who.row(Action.SIGNED_OUT)),
        (lambda: who.sends("/desk/sign-in", "/desk/sign-in", email=who.email, password="not this one"), 200,
         who.row(Action.SIGN_IN_FAILED)),
        (lambda: signs_in(who.client, who.email, PASSWORD).status_code, 302, who.row(Action.SIGNED_IN)),
        (lambda: who.opens("/desk/code"), 302, None),
    ]  # fmt: skip
    for do, status, row in steps:
        assert (do(), who.logged()) == (status, [row] if row else [])


def test_a_sign_in_that_failed_keeps_nothing_of_what_a_stranger_typed(app: Flask, runtime: Runtime) -> None:
    stranger = Person(app, runtime, "operator", [])
    typed = {"email": "palabra-canaria@faro.test", "password": "palabra canaria"}
    assert stranger.sends("/desk/sign-in", "/desk/sign-in", **typed) == 200
    assert stranger.opens("/desk/enter/palabra-canaria") == 410
    assert stranger.logged() == [(Action.SIGN_IN_FAILED, None, None, None)] * 2


def test_whoever_is_refused_is_in_the_log_with_the_case(runtime: Runtime, known: Callable[..., Person]) -> None:
    theirs, ours = filed(runtime, "demo-gt"), filed(runtime, "demo-mx")
    file, who = with_file(runtime, theirs), known()
    at, refused = f"/desk/reports/{theirs.id}", who.row(Action.REFUSED, theirs.number)
    assert (who.opens(at), who.logged()) == (404, [refused])
    assert (who.opens(f"{at}/files/{file}"), who.logged()) == (404, [refused])
    for step in ("accept", "close", "messages"):
        assert (who.sends(f"{at}/{step}", text="hola", outcome="helped"), who.logged()) == (404, [refused])
    # somebody else's file by way of a report of one's own, a report that is nowhere, and the log
    assert who.opens(f"/desk/reports/{ours.id}/files/{file}") == 404
    assert who.opens(f"/desk/reports/{uuid.uuid4()}") == 404
    assert who.opens("/desk/audit") == 403
    assert who.logged() == [who.row(Action.REFUSED, ours.number), *[who.row(Action.REFUSED)] * 2]


def test_a_page_that_renews_itself_is_a_row_again_after_minutes_or_with_new_words(
    runtime: Runtime, known: Callable[..., Person], monkeypatch: pytest.MonkeyPatch
) -> None:
    report, who = filed(runtime, "demo-mx"), known()
    at, listed, read = f"/desk/reports/{report.id}", *map(who.row, (Action.LIST_READ, Action.REPORT_READ))
    read = who.row(Action.REPORT_READ, report.number)
    pages = ("/desk/", at)
    for renewed in ({}, {"X-Renews": "1"}, {"X-Renews": "1"}):
        assert [who.opens(page, **renewed) for page in pages] == [200, 200]
    assert who.logged() == [listed, read]
    with_file(runtime, report)
    assert [who.opens(page, **{"X-Renews": "1"}) for page in pages] == [200, 200]
    assert who.logged() == [read]
    monkeypatch.setattr(audit, "RENEWED", audit.RENEWED * 0)
    assert [who.opens(page, **{"X-Renews": "1"}) for page in pages] == [200, 200]
    assert who.logged() == [listed, read]
    stranger = known("operator", "demo-gt")
    assert stranger.opens(at, **{"X-Renews": "1"}) == 404
    assert stranger.logged() == [stranger.row(Action.REFUSED, report.number)]


def test_no_row_holds_a_word_of_the_report(runtime: Runtime, known: Callable[..., Person]) -> None:
    report, who = filed(runtime, "demo-mx", words="palabra canaria"), known()
    assert "palabra canaria" in who.client.get(f"/desk/reports/{report.id}").get_data(as_text=True)
    who.sends(f"/desk/reports/{report.id}/accept")
    who.sends(f"/desk/reports/{report.id}/messages", text="palabra canaria")
    assert len(who.logged()) == 3
    with runtime.sessions() as session:
        everything = session.scalars(text("SELECT to_jsonb(audit)::text FROM audit")).all()
    assert not [row for row in everything if "canaria" in row]


def test_what_cannot_be_done_leaves_no_row(runtime: Runtime, known: Callable[..., Person]) -> None:
    report, who = filed(runtime, "demo-mx"), known()
    at = f"/desk/reports/{report.id}"
    assert who.sends(f"{at}/close", outcome="helped") == 302
    assert who.sends(f"{at}/messages", text="hola") == 302
    assert who.logged() == []


def test_what_cannot_be_logged_is_not_done(app: Flask, runtime: Runtime, known: Callable[..., Person]) -> None:
    report, who, stranger = filed(runtime, "demo-mx"), known(), Person(app, runtime, "operator", [])
    tokens = {"csrf_token": token(who.client, "/desk/password")}
    new = {"new_password": PASSWORD, "new_password_confirm": PASSWORD}
    with log_refuses(runtime):
        assert who.client.get(f"/desk/reports/{report.id}").status_code == 500
        assert who.client.post(f"/desk/reports/{report.id}/accept", data=tokens).status_code == 500
        assert who.client.post("/desk/sign-out", data=tokens).status_code == 500
        assert who.client.post("/desk/password", data=tokens | new).status_code == 500
        assert stranger.opens(stranger.link) == 500
    assert who.logged() == []
    with runtime.sessions() as session:
        assert session.get_one(Report, report.id).status == "filed"
        assert session.scalars(select(Outbound).where(Outbound.contact_id == report.contact_id)).all() == []
        assert session.scalars(select(User.password).where(User.email == who.email)).one() is None
    assert stranger.opens("/desk/") == 302 and stranger.opens(stranger.link) == 302


def test_nobody_is_signed_in_by_password_and_code_without_a_row(runtime: Runtime, known: Callable[..., Person]) -> None:
    who = known()
    who.sends("/desk/password", new_password=PASSWORD, new_password_confirm=PASSWORD)
    who.sends("/desk/sign-out")
    with log_refuses(runtime):
        assert signs_in(who.client, who.email, PASSWORD).status_code == 500
    assert who.opens("/desk/") == 302
    assert signs_in(who.client, who.email, PASSWORD).status_code == 302
    assert [row[0] for row in who.logged()] == [Action.PASSWORD_CHANGED, Action.SIGNED_OUT, Action.SIGNED_IN]


@contextmanager
def log_refuses(runtime: Runtime) -> Iterator[None]:
    """The database takes no new row, as with a full disk."""
    with runtime.sessions.begin() as session:
        session.execute(text("ALTER TABLE audit ADD CONSTRAINT full_disk CHECK (false) NOT VALID"))
    try:
        yield
    finally:
        with runtime.sessions.begin() as session:
            session.execute(text("ALTER TABLE audit DROP CONSTRAINT full_disk"))


def test_an_auditor_reads_the_log_and_no_report(runtime: Runtime, known: Callable[..., Person]) -> None:
    report, who = filed(runtime, "demo-mx"), known("auditor")
    file = with_file(runtime, report)
    at = f"/desk/reports/{report.id}"
    home = who.client.get("/desk/home").headers["Location"]
    assert (home, who.opens(home), who.logged()) == ("/desk/audit", 200, [who.row(Action.LOG_READ)])
    assert [who.opens(path) for path in ("/desk/", at, f"{at}/files/{file}", "/desk/content")] == [403] * 4
    assert who.sends(f"{at}/accept") == 403
    seen = [who.row(Action.REFUSED, case) for case in (None, report.number, report.number, None, report.number)]
    assert who.logged() == seen


def test_an_administrator_finds_the_rows_of_a_case_and_of_a_person(
    runtime: Runtime, known: Callable[..., Person]
) -> None:
    report, who, admin = filed(runtime, "demo-mx"), known(), known("administrator")
    who.opens(f"/desk/reports/{report.id}")
    who.opens("/desk/")
    assert shown(admin, f"?case={report.number.lower()}") == [("report read", who.email)]
    assert shown(admin, f"?person={who.email}") == [(a, who.email) for a in ("list read", "report read", "signed in")]
    assert shown(admin, "?case=%00&before=99999999999999999999999")[0] == ("log read", admin.email)
    assert shown(admin, "?before=-99999999999999999999999") == []
    assert who.opens("/desk/audit") == 403


def test_the_page_shows_200_rows_and_leads_to_the_older_ones(runtime: Runtime, known: Callable[..., Person]) -> None:
    admin, who = known("administrator"), known()
    with runtime.sessions.begin() as session:
        user = session.scalars(select(User).where(User.email == who.email)).one()
        for _ in range(205):
            audit.append(session, user, Action.LIST_READ)
    page = admin.client.get(f"/desk/audit?person={who.email}").get_data(as_text=True)
    older = re.search(r'id="older" href="([^"]+)"', page)
    assert page.count("<tr data-number") == 200 and older
    rest = admin.client.get(older[1].replace("&amp;", "&")).get_data(as_text=True)
    assert rest.count("<tr data-number") == 6 and "signed in" in rest and 'id="older"' not in rest


def shown(person: Person, query: str) -> list[tuple[str, str]]:
    """(what, who) of each row on the page."""
    response = person.client.get(f"/desk/audit{query}")
    assert response.status_code == 200
    rows = re.findall(r"<tr data-number.*?</tr>", response.get_data(as_text=True), re.S)
    cells = [re.findall(r"<td>(.*?)</td>", row) for row in rows]
    return [(cell[3], cell[1]) for cell in cells]


@pytest.fixture
def log(runtime: Runtime) -> Iterator[Session]:
    """The log with some rows at its end, and nobody to stop us from changing it; all of it is taken back."""
    with runtime.sessions() as session:
        for _ in range(6):
            audit.append(session, None, Action.SIGN_IN_FAILED)
        session.execute(text("ALTER TABLE audit DISABLE TRIGGER audit_stays"))
        session.expunge_all()
        yield session
        session.rollback()


CHANGES = [
    "email = 'nobody@faro.invalid'", "role = 'auditor'", "who = 1", "action = 'accepted'", "case_number = 'ABC-234'",
    "at = at - interval '1 microsecond'", "previous = digest", "digest = previous",
]  # fmt: skip


@pytest.mark.parametrize("change", CHANGES)
def test_a_changed_row_is_named(change: str, log: Session) -> None:
    number = audit.verify(log).number - 3
    log.execute(text(f"UPDATE audit SET {change} WHERE number = {number}"))
    assert broken(log) == f"row {number} is changed"


def test_a_row_that_was_written_anew_does_not_fit_the_next(log: Session) -> None:
    number = audit.verify(log).number - 3
    row = log.get_one(Audit, number)
    row.action = Action.CLOSED
    row.digest = audit._digest(row)
    log.flush()
    assert broken(log) == f"row {number + 1} does not follow row {number}: one of the two is changed"


def test_a_row_taken_from_the_middle_is_named(log: Session) -> None:
    number = audit.verify(log).number - 3
    log.execute(text(f"DELETE FROM audit WHERE number = {number}"))
    assert broken(log) == f"row {number} is missing"
    log.execute(text(f"UPDATE audit SET number = number - 1 WHERE number > {number}"))
    assert broken(log) == f"row {number} is changed"


def test_the_first_row_taken_away_is_named(log: Session) -> None:
    log.execute(text("DELETE FROM audit WHERE number = 1"))
    assert broken(log) == "row 1 is missing"


def test_a_row_put_before_the_first_is_named(log: Session) -> None:
    log.execute(text("INSERT INTO audit SELECT 0, at, who, email, role, action, case_number, previous, digest "
                     "FROM audit WHERE number = 1"))  # fmt: skip
    assert broken(log) == "row 0 is out of order"


def test_rows_cut_off_at_the_end_are_missed_by_whoever_wrote_the_newest_down(log: Session) -> None:
    noted = audit.verify(log)
    log.execute(text(f"DELETE FROM audit WHERE number > {noted.number - 2}"))
    left = audit.verify(log)
    assert left.number == noted.number - 2
    assert broken(log, noted) == f"row {left.number + 1} is missing: the log was cut off after row {left.number}"
    for _ in range(5):
        audit.append(log, None, Action.SIGN_IN_FAILED)
    assert audit.verify(log, left).number == noted.number + 3
    assert broken(log, noted).startswith(f"row {noted.number} is not the one that was written down")


def broken(log: Session, noted: Link | None = None) -> str:
    log.expire_all()
    with pytest.raises(audit.Broken) as found:
        audit.verify(log, noted)
    return str(found.value)


@pytest.mark.parametrize(
    "statement", ["UPDATE audit SET role = role", "DELETE FROM audit WHERE number = 1", "TRUNCATE audit"]
)
def test_the_database_refuses_to_change_the_log(statement: str, runtime: Runtime) -> None:
    before = newest(runtime)
    with pytest.raises(DBAPIError, match="neither changed nor taken away"), runtime.sessions.begin() as session:
        session.execute(text(statement))
    assert newest(runtime) == before


def test_eight_at_once_make_one_whole_chain(runtime: Runtime) -> None:
    before = newest(runtime)

    def fifty(_: int) -> None:
        for _ in range(50):
            with runtime.sessions.begin() as session:
                audit.append(session, None, Action.SIGN_IN_FAILED)

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(fifty, range(8)))
    assert newest(runtime).number == before.number + 400


def test_a_log_longer_than_a_batch_is_walked_to_its_end(log: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit, "BATCH", 2)
    number = audit.verify(log).number
    log.execute(text(f"UPDATE audit SET role = 'auditor' WHERE number = {number}"))
    assert broken(log) == f"row {number} is changed"


def faro(runtime: Runtime, *words: str) -> tuple[int, str]:
    """(exit status, all it said)."""
    group = main.commands[words[0]]  # not by `main` itself, which quietens the loggers of this process
    done = CliRunner().invoke(group, words[1:], env=runtime.settings.environment())
    return done.exit_code, done.output


def test_the_command_proves_the_log_and_gives_what_to_write_down(runtime: Runtime) -> None:
    with runtime.sessions.begin() as session:
        audit.append(session, None, Action.SIGN_IN_FAILED)
    noted = newest(runtime)
    status, said = faro(runtime, "audit", "verify")
    assert (status, said.strip()) == (
        0,
        f"{noted.number} rows are whole; the newest: --at-least {noted.number} --digest {noted.digest}",
    )
    assert faro(runtime, "audit", "verify", *said.split(": ")[1].split())[0] == 0
    status, said = faro(runtime, "audit", "verify", "--at-least", f"{noted.number + 1}", "--digest", noted.digest)
    assert status == 1 and f"row {noted.number + 1} is missing" in said
    assert faro(runtime, "audit", "verify", "--at-least", "1")[0] == 2


def test_an_auditor_is_invited_without_a_desk(app: Flask, runtime: Runtime) -> None:
    email = f"auditor-{uuid.uuid4().hex[:8]}@faro.test"
    assert faro(runtime, "desk", "invite", email, "--auditor", "--desk", "demo-mx")[0] == 1
    status, said = faro(runtime, "desk", "invite", email, "--auditor")
    client = app.test_client()
    assert status == 0
    enters(client, said.strip().removeprefix(runtime.settings.address), runtime)
    assert [client.get(path).status_code for path in ("/desk/audit", "/desk/")] == [200, 403]
