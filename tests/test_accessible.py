"""The desk for keyboard, screen reader and large print: axe-core finds nothing, Tab and Enter do everything."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import procrastinate
import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from flask_security.utils import hash_password
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import select

from bot import boxes
from bot.desk import people
from bot.gateway import application
from bot.runtime import Runtime
from bot.store.alerts import AlertSetting
from bot.store.models import Report
from bot.store.people import User
from tests.channels import AT_HOME, queue, served, with_settings
from tests.conftest import free_port
from tests.desk import PASSWORD, code, has_device, sets_up
from tests.keeper import keeper
from tests.reports import filed
from tests.states import CHOSEN, chosen_by_person, every_way, forget_alerts, not_told
from tests.test_browser import browser

__all__ = ["browser", "queue"]
pytestmark = [pytest.mark.browser, *([AT_HOME] if not isinstance(AT_HOME, list) else AT_HOME)]

RULES = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}}
LOOKS = pytest.mark.parametrize("scheme", ["light", "dark"])
OPERATOR, ADMINISTRATOR = "teclado@faro.example", "lupa@faro.example"
LONG = "me robaron en la terminal y " * 30 + "https://example.org/" + "a" * 120


@dataclass(frozen=True)
class Desk:
    """The whole gateway at an address, and a browser in front of it."""

    runtime: Runtime
    browser: Browser
    address: str

    def page(self, **options: object) -> Page:
        context = self.browser.new_context(**{"viewport": {"width": 1280, "height": 800}, **options})  # type: ignore[arg-type]
        opened = context.new_page()
        opened.set_default_timeout(15_000)
        return opened

    def enter(self, page: Page, email: str, role: str, *desks: str) -> None:
        with self.runtime.sessions.begin() as session:
            link = people.link(session, email, role, list(desks), by=keeper(self.runtime))
        sets_up(page, self.address + link)

    def report(self, status: str) -> Report:
        report = filed(self.runtime, "demo-mx", words=LONG, danger="yes", minor="yes", what=LONG)
        with self.runtime.sessions.begin() as session:
            row = session.get_one(Report, report.id)
            row.status, row.accepted_by = status, OPERATOR if status != "filed" else None
            row.outcome = "helped" if status == "closed" else None
            if status == "closed":
                row.closed_at = row.filed_at
        return report


@pytest.fixture(scope="module")
def desk(runtime: Runtime, queue: procrastinate.App, browser: Browser) -> Iterator[Desk]:
    port = free_port()
    local = with_settings(every_way(runtime), public_url=f"http://127.0.0.1:{port}")
    with served(local, queue) as address:
        yield Desk(runtime, browser, address)
    forget_alerts(runtime)


def pages(desk: Desk, page: Page) -> Iterator[str]:
    """Opens every page of the desk, one after the other, and the two for everybody; gives its name."""

    def at(path: str) -> str:
        page.goto(desk.address + path)
        return path

    for path in ("/try", "/proof", "/desk/sign-in"):
        yield at(path)
    page.fill("#email", "nadie@faro.example")
    page.fill("#password", "no es esta")
    page.click("#sign-in [type=submit]")
    yield "wrong password"
    yield at("/desk/enter/x")
    desk.enter(page, "vacia@faro.example", "operator", "demo-nobody")
    yield "empty list"
    page.context.clear_cookies()
    desk.enter(page, ADMINISTRATOR, "administrator", "demo-mx")
    forget_alerts(desk.runtime)
    not_told(desk.runtime, "demo-mx")
    shown = [f"/desk/reports/{desk.report(status).id}" for status in ("filed", "accepted", "closed")]
    shown += [f"/desk/reports/{chosen_by_person(desk.runtime, 'demo-mx', c).id}" for c in ("hours", "silent")]
    rest = ("/desk/", "/desk/?show=closed", "/desk/content", "/desk/content/rights_work/es/MX", "/desk/audit",
            "/desk/people")  # fmt: skip
    for path in (*shown, *rest, "/desk/password", "/desk/nowhere"):
        yield at(path)
    page.click(".languages summary")
    page.click("details.account summary")
    yield "open menus"
    page.goto(desk.address + shown[1])
    page.evaluate("document.querySelector('#write textarea').form.noValidate = true")
    page.click("#write [type=submit]")
    expect(page.locator("#flashes li")).to_be_visible()
    yield "nothing to send"
    yield at("/desk/alerts")
    for name in (*CHOSEN, "refused"):
        chooses(page, **CHOSEN.get(name, {"way": "sms", "address": "1"}))
        yield name
    page.goto(desk.address + "/desk/password")
    page.fill("#new_password", "corta")
    page.fill("#new_password_confirm", "corta")
    page.click("#change-password [type=submit]")
    yield "no good password"


def chooses(page: Page, way: str, address: str = "", **more: object) -> None:
    """How they are alerted, at /desk/alerts."""
    page.select_option("#way", way)
    page.fill("#address", address)
    with page.expect_navigation():
        page.click("#alerts [type=submit]")
    expect(page.locator("#flashes li")).to_have_count(1)


@LOOKS
def test_axe_finds_no_breach_of_wcag_22_aa_on_any_page(scheme: str, desk: Desk) -> None:
    page = desk.page(color_scheme=scheme, reduced_motion="reduce")
    found = {}
    for name in pages(desk, page):
        breaches = Axe().run(page, options=RULES).response["violations"]
        if breaches:
            found[name] = [(one["id"], [node["html"][:160] for node in one["nodes"]][:4]) for one in breaches]
    page.context.close()
    assert found == {}


def test_axe_finds_none_on_the_page_for_too_many_tries(desk: Desk, queue: procrastinate.App) -> None:
    page = desk.page(extra_http_headers={"Accept-Language": "fr"})
    with served(with_settings(desk.runtime), queue) as address:  # who tried too often there may still try elsewhere
        for _ in range(21):
            page.goto(f"{address}/desk/enter/x")
        expect(page.locator("#too-many")).to_be_visible()
        assert Axe().run(page, options=RULES).response["violations"] == []
    page.context.close()


def test_that_test_would_notice(desk: Desk) -> None:
    page = desk.page()
    page.goto(f"{desk.address}/desk/sign-in")
    page.evaluate("document.querySelector('label[for=email]').remove(); document.documentElement.lang = ''")
    breaches = {one["id"] for one in Axe().run(page, options=RULES).response["violations"]}
    assert {"label", "html-has-lang"} <= breaches
    page.context.close()


# 200 % zoom

SPILLS = """async () => {
  await document.fonts.ready;  // what is drawn, not what is on its way there
  await new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)));
  const LEFT_OUT = '.unseen, .skip, .wide, thead, [hidden], svg, dialog:not([open]), '
    + 'details:not([open]) > :not(summary)';
  const wide = document.documentElement.scrollWidth > document.documentElement.clientWidth 
    ? ['page', ...[...document.querySelectorAll('body *')].filter((e) => e.getBoundingClientRect().right > innerWidth)
      .map((e) => e.outerHTML.slice(0, 80))] : [];
  const cut = [...document.querySelectorAll('main *, header *')].filter((e) => {
    if (e.closest(LEFT_OUT)) return false;
    const box = e.getBoundingClientRect();
    return box.width > 0 && (box.right > innerWidth + 1 || box.left < -1);
  });
  return [...wide, ...cut.map((e) => e.outerHTML.slice(0, 120))];
}"""


def test_at_200_percent_nothing_is_cut_off_or_has_to_be_pushed_sideways(desk: Desk) -> None:
    """1280 wide at 200 % are 640 for the page (WCAG 1.4.4)."""
    page = desk.page(viewport={"width": 640, "height": 512}, extra_http_headers={"Accept-Language": "fr"})
    found = {name: spilt for name in pages(desk, page) if (spilt := page.evaluate(SPILLS))}
    page.context.close()
    assert found == {}


def test_at_night_on_a_phone_of_360_px_nothing_is_cut_off_and_danger_is_under_the_thumb(desk: Desk) -> None:
    page = desk.page(viewport={"width": 360, "height": 640}, extra_http_headers={"Accept-Language": "es"})
    found = {}
    for name in pages(desk, page):
        page.wait_for_load_state()
        if spilt := page.evaluate(SPILLS):
            found[name] = spilt
    assert found == {}
    report = desk.report("filed")
    page.goto(f"{desk.address}/desk/")
    expect(page.locator("#next.urgent")).to_be_in_viewport(ratio=1)
    page.goto(f"{desk.address}/desk/reports/{report.id}")
    for what in (".badge.urgent", "h1", ".facts .left", "#accept button"):
        expect(page.locator(what)).to_be_in_viewport(ratio=1)
    assert page.locator("#accept button").evaluate("e => e.offsetHeight") >= 48
    page.click("#accept button")
    page.click(".to-write")
    expect(page.locator("#text")).to_be_in_viewport(ratio=1)
    page.context.close()


# Keyboard alone

FOCUS = """() => {
  const e = document.activeElement, style = getComputedStyle(e), box = e.getBoundingClientRect();
  const ring = style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2;
  return {ring, inside: box.width > 0 && box.bottom > 0 && box.top < innerHeight, html: e.outerHTML.slice(0, 120)};
}"""


def tabs_to(page: Page, selector: str, most: int = 60) -> None:
    """Press Tab until the focus is there; it must be seen wherever it stops."""
    page.wait_for_load_state()  # the page is there before its style is
    for _ in range(most):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement === document.body"):
            continue  # the browser's own bar
        seen = page.evaluate(FOCUS)
        assert seen["ring"] and seen["inside"], seen["html"]
        if page.evaluate("([s]) => document.activeElement.matches(s)", [selector]):
            return
    raise AssertionError(f"Tab does not come to {selector}")


@pytest.fixture
def account(desk: Desk) -> str:
    """An operator with a password."""
    with desk.runtime.sessions.begin() as session:
        people.link(session, OPERATOR, "operator", ["demo-mx"], by=keeper(desk.runtime), token=PASSWORD)
    with application(desk.runtime, None).app_context(), desk.runtime.sessions.begin() as session:  # type: ignore[arg-type]
        user = session.scalars(select(User).where(User.email == OPERATOR)).one()
        user.password = hash_password(PASSWORD)
        user.private_locked = boxes.lock(boxes.unlock_by_link(user.private_locked or b"", PASSWORD), PASSWORD)
        has_device(user, desk.runtime)
    return OPERATOR


def test_a_report_is_worked_from_sign_in_to_close_by_keyboard_alone(desk: Desk, account: str) -> None:
    report = filed(desk.runtime, "demo-mx", danger="yes")
    page = desk.page()
    page.goto(f"{desk.address}/desk/sign-in")
    tabs_to(page, "#email")
    page.keyboard.type(account)
    tabs_to(page, "#password")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(f"{desk.address}/desk/code?**")
    tabs_to(page, "#code")
    page.keyboard.type(code())
    page.keyboard.press("Enter")
    page.wait_for_url(f"{desk.address}/desk/")
    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()
    tabs_to(page, f"a[href='/desk/reports/{report.id}']")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(str(report.id)))
    tabs_to(page, "#accept button")
    page.keyboard.press("Enter")
    expect(page.locator("#write")).to_be_visible()
    tabs_to(page, "#write textarea")
    page.keyboard.type("¿Está usted en un lugar seguro?")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".line.desk")).to_contain_text("lugar seguro")
    tabs_to(page, "#close select")
    page.keyboard.press("ArrowDown")
    tabs_to(page, "#close button")
    page.keyboard.press("Enter")
    expect(page.locator("#why-not")).to_be_visible()
    with desk.runtime.sessions() as session:
        assert session.get_one(Report, report.id).outcome == "helped"
    page.context.close()


def test_alerts_are_chosen_by_keyboard_alone(desk: Desk) -> None:
    page = desk.page(locale="en-US", viewport={"width": 640, "height": 512})
    desk.enter(page, "alertas@faro.example", "operator", "demo-mx")
    page.goto(f"{desk.address}/desk/alerts")
    for field, typed in (("#way", "SMS"), ("#address", "+525512345678"), ("[name=day][value='4']", " "),
                         ("#begins", "1000PM"), ("#ends", "0600AM"), ("#zone", "Lima")):  # fmt: skip
        tabs_to(page, field)
        page.keyboard.type(typed)
    tabs_to(page, "#alerts button")
    page.keyboard.press("Enter")
    expect(page.locator("#test button")).to_be_visible()
    with desk.runtime.sessions() as session:
        who = select(User.id).where(User.email == "alertas@faro.example").scalar_subquery()
        kept = session.scalars(select(AlertSetting).where(AlertSetting.user_id == who)).one()
        assert (kept.way, kept.duty) == ("sms", {"days": [4], "begins": 1320, "ends": 360, "zone": "America/Lima"})
    page.context.close()


def test_the_language_is_chosen_by_keyboard_and_the_page_speaks_it(desk: Desk) -> None:
    page = desk.page()
    page.goto(f"{desk.address}/desk/sign-in")
    tabs_to(page, ".languages summary")
    page.keyboard.press("Enter")
    tabs_to(page, "#language [lang=es]")
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("Entrar")
    expect(page.locator("html")).to_have_attribute("lang", "es")
    page.context.close()


def test_escape_closes_an_open_menu_and_the_focus_stays_with_it(desk: Desk) -> None:
    page = desk.page()
    desk.enter(page, OPERATOR, "operator", "demo-mx")
    tabs_to(page, "details.account summary")
    page.keyboard.press("Enter")
    tabs_to(page, ".menu a")
    page.keyboard.press("Escape")
    expect(page.locator("details.account")).not_to_have_attribute("open", "")
    expect(page.locator("details.account summary")).to_be_focused()
    page.context.close()


# What renews itself


def renewed(page: Page) -> None:
    """Wait until the page has asked for itself once more and shown it."""
    for _ in range(2):
        page.wait_for_event("response", lambda answer: answer.request.resource_type == "fetch")


def test_a_new_report_is_said_in_a_few_words_and_the_list_is_not_read_out(desk: Desk) -> None:
    page = desk.page(extra_http_headers={"Accept-Language": "es"})
    desk.enter(page, OPERATOR, "operator", "demo-hn")
    expect(page.locator("#announce")).to_have_text("")
    report = filed(desk.runtime, "demo-hn")
    row = page.locator(f"tr[data-case='{report.number}']")
    expect(row).to_be_visible()
    expect(page.locator("#announce")).to_have_text(re.compile(r"Nuevas o sin leer: \d+"))
    assert page.locator("#announce").get_attribute("role") == "status"
    assert page.locator("#live").evaluate("e => !e.closest('[aria-live], [role=status], [role=alert], [role=log]')")
    expect(row.locator(".ago")).to_have_text(re.compile("ahora mismo|hace"))
    page.context.close()


def test_focus_and_half_typed_words_outlive_each_renewal(desk: Desk) -> None:
    report = desk.report("accepted")
    page = desk.page()
    desk.enter(page, OPERATOR, "operator", "demo-mx")
    page.goto(f"{desk.address}/desk/reports/{report.id}")
    page.locator("#write textarea").press_sequentially("a medio escr")
    page.evaluate("window.same = true")
    with desk.runtime.sessions.begin() as session:
        session.get_one(Report, report.id).minor = False
    expect(page.locator(".badge.minor")).to_have_count(0)
    expect(page.locator("#write textarea")).to_be_focused()
    expect(page.locator("#write textarea")).to_have_value("a medio escr")
    page.goto(f"{desk.address}/desk/")
    link = page.locator(f"tr[data-case='{report.number}'] a")
    link.focus()
    filed(desk.runtime, "demo-mx")
    renewed(page)
    expect(link).to_be_focused()
    page.context.close()
