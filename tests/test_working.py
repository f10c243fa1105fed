"""A desk's own work on a report: notes, the timeline, who has it in hand, filters, quick replies."""

from __future__ import annotations

import html
import re
import uuid

import procrastinate
import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from flask import Flask
from flask.testing import FlaskClient
from playwright.sync_api import Browser, expect
from sqlalchemy import select

from bot import follow_up, reports
from bot.content.model import LANGUAGES
from bot.content.tables import quick_replies
from bot.content.texts import Mistake
from bot.desk import people
from bot.gateway import application
from bot.retention import reduce_due
from bot.runtime import Runtime
from bot.store.audit import Action, Audit
from bot.store.models import Outbound, Report, now
from bot.store.people import User
from bot.store.working import Given, Note
from tests.channels import queue, served, with_settings
from tests.conftest import free_port, tidy
from tests.desk import browser as visitor
from tests.desk import enters, member, sets_up, token
from tests.keeper import keeper
from tests.reports import filed
from tests.test_browser import browser

__all__ = ["browser", "queue"]
RULES = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}}


@pytest.fixture(scope="module")
def app(runtime: Runtime, queue: procrastinate.App) -> Flask:
    tidy(runtime.settings)  # a list has an end, and the tests before have filed more than that
    return application(with_settings(runtime, try_phone=True), queue)


@pytest.fixture
def operator(app: Flask, runtime: Runtime) -> FlaskClient:
    return member(app, runtime, ["demo-mx"])


def does(client: FlaskClient, report: Report, step: str, **form: str) -> str:
    """The page after a step; what it flashed stands in it."""
    form["csrf_token"] = token(client, "/desk/password")
    answer = client.post(f"/desk/reports/{report.id}/{step}", data=form, follow_redirects=True)
    return html.unescape(answer.get_data(as_text=True))


def page(client: FlaskClient, path: str) -> str:
    return html.unescape(client.get(f"/desk/{path}").get_data(as_text=True))


def of(client: FlaskClient) -> str:
    """The e-mail address of who is signed in."""
    found = re.search(r'<span class="who">([^<]+)', page(client, "password"))
    assert found
    return found[1]


def logged(runtime: Runtime, report: Report) -> list[tuple[str, str | None]]:
    with runtime.sessions() as session:
        rows = session.scalars(select(Audit).where(Audit.case_number == report.number).order_by(Audit.number))
        return [(row.action, row.about) for row in rows]


# Notes


def test_a_note_stands_on_the_page_of_every_colleague_with_its_author(
    app: Flask, runtime: Runtime, operator: FlaskClient
) -> None:
    report = filed(runtime, "demo-mx")
    does(operator, report, "notes", text="hablé con la fiscalía <b>")
    seen = client_page = member(app, runtime, ["demo-mx"]).get(f"/desk/reports/{report.id}").get_data(as_text=True)
    assert "hablé con la fiscalía &lt;b&gt;" in seen and of(operator) in client_page
    assert (Action.NOTED, None) in logged(runtime, report)


def test_a_note_never_leaves_for_the_person(runtime: Runtime, operator: FlaskClient) -> None:
    report = filed(runtime, "demo-mx")
    with runtime.sessions.begin() as session:
        code = follow_up.give(runtime.vault, session.get_one(Report, report.id))["receipt"]
    does(operator, report, "accept")
    with runtime.sessions() as session:
        before = session.query(Outbound).where(Outbound.contact_id == report.contact_id).count()
    does(operator, report, "notes", text="notacanaria")
    with runtime.sessions.begin() as session:
        assert session.query(Outbound).where(Outbound.contact_id == report.contact_id).count() == before
        assert report.contact_id
        followed = follow_up.find(session, runtime.vault, code, report.contact_id)
        assert followed and "notacanaria" not in str(follow_up.standing(session, followed))


def test_the_servers_own_keys_open_no_note(runtime: Runtime, operator: FlaskClient) -> None:
    report = filed(runtime, "demo-mx")
    does(operator, report, "notes", text="notacanaria")
    with runtime.sessions() as session:
        boxed = session.scalars(select(Note.body_boxed).where(Note.report_id == report.id)).one()
    assert b"notacanaria" not in boxed
    with pytest.raises(Exception, match=r"^$"):  # InvalidToken has no words
        runtime.vault.open(boxed)


def test_who_has_no_key_of_the_desk_sees_that_there_are_notes_and_no_word_of_them(
    app: Flask, runtime: Runtime, operator: FlaskClient
) -> None:
    report = filed(runtime, "demo-mx")
    does(operator, report, "notes", text="notacanaria")
    with runtime.sessions.begin() as session:  # as on the server: without any keys
        link = people.link(session, f"{uuid.uuid4().hex}@faro.example", "operator", ["demo-mx"])
    waiting = visitor(app)
    enters(waiting, link, runtime)
    shown = page(waiting, f"reports/{report.id}")
    assert "notacanaria" not in shown and of(operator) in shown
    assert "Export" not in re.sub(r"(?s)<head>.*?</head>", "", shown)
    assert "cannot read" in does(waiting, report, "export")


def test_an_empty_note_is_not_kept(runtime: Runtime, operator: FlaskClient) -> None:
    report = filed(runtime, "demo-mx")
    assert "a note needs words" in does(operator, report, "notes", text="  ")
    with runtime.sessions() as session:
        assert session.scalars(select(Note).where(Note.report_id == report.id)).all() == []


def test_notes_and_hands_go_with_the_report(runtime: Runtime, app: Flask, operator: FlaskClient) -> None:
    report, other = filed(runtime, "demo-mx"), member(app, runtime, ["demo-mx"])
    does(operator, report, "accept")
    does(operator, report, "give", to=of(other))
    does(operator, report, "notes", text="x")
    does(operator, report, "close", outcome="helped")
    with runtime.sessions.begin() as session:
        row = session.get_one(Report, report.id)
        assert row.closed_at
        row.closed_at = row.closed_at.replace(year=2020)
    reduce_due(runtime, now())
    with runtime.sessions() as session:
        row = session.get_one(Report, report.id)
        assert row.reduced_at and row.assigned_to is None
        for table in (Note, Given):
            assert session.scalars(select(table).where(table.report_id == report.id)).all() == []


# Timeline


def test_the_timeline_tells_all_that_happened_oldest_first_and_no_word_of_it(app: Flask, runtime: Runtime) -> None:
    report = filed(runtime, "demo-mx")
    boss = member(app, runtime, ["demo-mx"], "administrator")
    other = of(member(app, runtime, ["demo-mx"]))
    does(boss, report, "accept")
    does(boss, report, "messages", text="palabracanaria")
    with runtime.sessions.begin() as session:
        reports.add_line(session, session.get_one(Report, report.id), "respuestacanaria", None)
    does(boss, report, "notes", text="notacanaria")
    does(boss, report, "hold", reason="razoncanaria")
    does(boss, report, "hold/end")
    does(boss, report, "give", to=other)
    shown = does(boss, report, "close", outcome="helped")
    found = re.search(r'(?s)<ol id="timeline">(.*?)</ol>', shown)
    assert found
    kinds = re.findall(r'data-event="(\w+)"', found[1])
    assert kinds == ["filed", "accepted", "wrote", "person_wrote", "noted", "held", "released", "given", "closed"]
    assert "canaria" not in found[1] and f"{of(boss)} gave it to {other}" in found[1]


def test_an_operators_timeline_does_not_name_who_set_a_hold(
    app: Flask, runtime: Runtime, operator: FlaskClient
) -> None:
    report, boss = filed(runtime, "demo-mx"), member(app, runtime, ["demo-mx"], "administrator")
    does(boss, report, "hold", reason="x")
    assert of(boss) in page(boss, f"reports/{report.id}").split('id="timeline"')[1]
    assert of(boss) not in page(operator, f"reports/{report.id}")


# In whose hands


def test_who_accepts_has_it_and_can_give_it_to_a_colleague_of_the_desk(
    app: Flask, runtime: Runtime, operator: FlaskClient
) -> None:
    report, other = filed(runtime, "demo-mx"), of(member(app, runtime, ["demo-mx"]))
    does(operator, report, "accept")
    assert assigned(runtime, report) == of(operator)
    shown = does(operator, report, "give", to=other)
    assert assigned(runtime, report) == other and f"in the hands of {other}" in shown
    assert (Action.GIVEN, other) in logged(runtime, report)


def assigned(runtime: Runtime, report: Report) -> str | None:
    with runtime.sessions() as session:
        return session.get_one(Report, report.id).assigned_to


def test_it_is_given_to_nobody_who_could_not_read_it(app: Flask, runtime: Runtime, operator: FlaskClient) -> None:
    report, elsewhere = filed(runtime, "demo-mx"), of(member(app, runtime, ["demo-gt"]))
    keyless = f"{uuid.uuid4().hex}@faro.example"
    with runtime.sessions.begin() as session:
        people.link(session, keyless, "operator", ["demo-mx"])
    assert "only an accepted report" in does(operator, report, "give", to=of(operator))
    does(operator, report, "accept")
    for somebody in (elsewhere, keyless, "nobody@faro.example", ""):
        assert "choose a colleague" in does(operator, report, "give", to=somebody)
    assert assigned(runtime, report) == of(operator)
    offered = page(operator, f"reports/{report.id}").split('id="to"')[1].split("</select>")[0]
    assert keyless not in offered and elsewhere not in offered


# Filters


def cases(client: FlaskClient, path: str) -> set[str]:
    return set(re.findall(r'role="row" data-case="([\w-]+)"', page(client, path)))


def test_mine_nobodys_and_all(app: Flask, runtime: Runtime, operator: FlaskClient) -> None:
    mine, theirs, new = (filed(runtime, "demo-mx") for _ in range(3))
    does(operator, mine, "accept")
    does(member(app, runtime, ["demo-mx"]), theirs, "accept")
    three = {mine.number, theirs.number, new.number}
    assert cases(operator, "?whose=mine") == {mine.number}
    assert cases(operator, "?whose=nobody") & three == {new.number}
    assert cases(operator, "") >= three and cases(operator, "?whose=whatever") >= three
    assert "Mine (1)" in page(operator, "")


def test_what_somebody_had_who_was_removed_is_nobodys(app: Flask, runtime: Runtime, operator: FlaskClient) -> None:
    report, gone = filed(runtime, "demo-mx"), member(app, runtime, ["demo-mx"])
    does(gone, report, "accept")
    address = of(gone)
    assert report.number not in cases(operator, "?whose=nobody")
    with runtime.sessions.begin() as session:
        user = session.scalars(select(User).where(User.email == address)).one()
        people.remove(session, keeper(runtime), user)
    assert report.number in cases(member(app, runtime, ["demo-mx"]), "?whose=nobody")


@pytest.mark.parametrize(
    "asks",
    ["danger=yes", "crime=extortion", "country=GT", "country=none", "status=filed", "language=ht",
     "crime=extortion&danger=yes"],
)  # fmt: skip
def test_each_filter_shows_what_it_names_and_nothing_else(asks: str, app: Flask, runtime: Runtime) -> None:
    country = "GT" if "GT" in asks else "unknown"
    fits = filed(runtime, "demo-mx", country=country, danger="yes", crime_type="extortion")
    not_this = filed(runtime, "demo-mx")
    client = member(app, runtime, ["demo-gt", "demo-mx"])
    with runtime.sessions.begin() as session:
        fits, not_this = session.get_one(Report, fits.id), session.get_one(Report, not_this.id)
        fits.desk = not_this.desk = "demo-mx"
        fits.language, not_this.language = "ht", "es"
        not_this.status, not_this.accepted_at = "accepted", now()
    shown = cases(client, f"?{asks}")
    assert fits.number in shown and not_this.number not in shown


def test_a_filter_stays_on_the_page_and_hides_nothing_new_from_the_title(
    runtime: Runtime, operator: FlaskClient
) -> None:
    filed(runtime, "demo-mx")
    shown = page(operator, "?crime=no_such_crime&whose=mine")
    waiting = re.search(r'data-waiting="(\d+)"', shown)
    assert waiting and int(waiting[1]) >= 1 and "No report is like this." in shown
    assert 'href="/desk/?whose=nobody&crime=no_such_crime"' in shown
    assert 'name="whose" value="mine"' in shown


@pytest.mark.parametrize("asks", ["status=%00", "country=%F0%9F%92%A9", "language='%20OR%201=1", "danger=x"])
def test_a_made_up_filter_is_no_failure_of_ours(asks: str, operator: FlaskClient) -> None:
    assert operator.get(f"/desk/?{asks}").status_code == 200


# Quick replies


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_quick_reply_is_read_in_the_desks_language_and_sent_in_the_persons(
    language: str, runtime: Runtime, operator: FlaskClient
) -> None:
    report = filed(runtime, "demo-mx")
    with runtime.sessions.begin() as session:
        session.get_one(Report, report.id).language = language
    shown = does(operator, report, "accept")
    for one in runtime.shelf.content().quick_replies:
        assert f'data-quick="{one[language]}" dir="auto">{one["en"]}</button>' in shown


def test_a_quick_reply_without_one_language_is_a_mistake_with_its_line() -> None:
    raw = "# first\n- es: hola\n  en: hello\n  pt: olá\n  fr: salut\n"
    with pytest.raises(Mistake, match="look at ht") as said:
        quick_replies(raw)
    assert said.value.line == 2
    assert quick_replies(raw + "  ht: bonjou\n")[0]["ht"] == "bonjou"


# In a browser


@pytest.mark.browser
def test_a_press_puts_the_reply_into_the_box_and_sends_nothing(
    browser: Browser, runtime: Runtime, queue: procrastinate.App
) -> None:
    local = with_settings(runtime, public_url=f"http://127.0.0.1:{free_port()}")
    report, quick = filed(runtime, "demo-mx"), runtime.shelf.content().quick_replies
    with runtime.sessions.begin() as session:
        session.get_one(Report, report.id).language = "ht"
        link = people.link(session, "prisa@faro.example", "operator", ["demo-mx"], by=keeper(runtime))
    with served(local, queue) as address:
        page = browser.new_context(viewport={"width": 640, "height": 700}).new_page()
        sets_up(page, address + link)
        page.goto(f"{address}/desk/reports/{report.id}")
        page.click("#accept button")
        page.fill("#text", "Bonjou!")
        page.locator("#quick summary").press("Enter")
        page.locator("#quick button").nth(1).press("Enter")
        expect(page.locator("#text")).to_have_value(f"Bonjou!\n{quick[1]['ht']}")
        expect(page.locator("#text")).to_be_focused()
        expect(page.locator(".line.desk")).to_have_count(0)
        assert Axe().run(page, options=RULES).response["violations"] == []
        page.fill("#text", "")
        page.click("#export button")
        expect(page.locator("#password")).to_have_text(re.compile(r"^([A-Z0-9]{4}-){4}[A-Z0-9]{4}$"))
        with page.expect_download() as got:
            page.click("#download")
        assert got.value.suggested_filename == f"{report.number}.pdf"
        assert Axe().run(page, options=RULES).response["violations"] == []
        page.goto(f"{address}/desk/?whose=mine&danger=no")
        other = filed(runtime, "demo-mx", at=None)
        page.wait_for_event("response", lambda answer: "whose=mine" in answer.url)
        expect(page.locator(f"tr[data-case='{report.number}']")).to_have_count(1)
        expect(page.locator(f"tr[data-case='{other.number}']")).to_have_count(0)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert Axe().run(page, options=RULES).response["violations"] == []
        page.context.close()
