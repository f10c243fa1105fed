"""The whole road in a real browser: a report typed at /try is accepted, answered and closed at /desk."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page, Route, expect, sync_playwright
from sqlalchemy import update

from bot.desk import people
from bot.runtime import Runtime
from bot.store.people import User
from tests.browser import ARGUMENTS, NoBrowser, chromium
from tests.conftest import Process
from tests.desk import PASSWORD, code, sets_up
from tests.keeper import keeper

pytestmark = [pytest.mark.browser, pytest.mark.engine]
expect.set_options(timeout=20_000)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    try:
        path = chromium()
    except NoBrowser as error:
        if os.environ.get("CI"):
            raise
        pytest.skip(str(error))
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield opened
        opened.close()


@pytest.fixture
def page(browser: Browser, runtime: Runtime) -> Iterator[Callable[..., Page]]:
    """A page in a browser of its own, that reaches nothing but our gateway."""
    contexts = []

    def at(path: str, width: int = 1280, height: int = 800) -> Page:
        context = browser.new_context(viewport={"width": width, "height": height}, reduced_motion="reduce")
        contexts.append(context)
        context.route(lambda url: not url.startswith(runtime.settings.address), _refuse)
        opened = context.new_page()
        opened.goto(runtime.settings.address + path)
        return opened

    yield at
    for context in contexts:
        context.close()


def _refuse(route: Route) -> None:
    route.abort()
    raise AssertionError("a page asked for something outside Faro")


@pytest.fixture
def desk(runtime: Runtime, page: Callable[..., Page]) -> Page:
    """An operator of the Mexican desk, signed in by a one-time link."""
    with runtime.sessions.begin() as session:
        path = people.link(session, "operadora@faro.test", "operator", ["demo-mx"], by=keeper(runtime))
    opened = page("/desk/sign-in")
    sets_up(opened, runtime.settings.address + path)
    return opened


def says(phone: Page, words: str) -> None:
    phone.fill("#text", words)
    phone.click("#send")


def hears(phone: Page, words: str) -> None:
    expect(phone.locator(".bubble.faro").last).to_contain_text(words)


def taps(phone: Page, number: int) -> None:
    phone.locator(f"ul.options:not(.old) button.option[data-number='{number}']").last.click()


def reports(phone: Page, number: str) -> str:
    """A robbery in Reynosa, told and sent; the case number."""
    phone.select_option("#language", "es")
    phone.fill("#number", number)
    phone.locator("#number").blur()
    says(phone, "me robaron en reynosa")
    hears(phone, "peligro ahora")
    taps(phone, 2)
    hears(phone, "Cuándo pasó")
    says(phone, "anoche")
    hears(phone, "Qué pasó")
    says(phone, "me quitaron el dinero y el teléfono cerca del puente")
    hears(phone, "menor de 18")
    taps(phone, 2)
    hears(phone, "responderle")
    taps(phone, 1)
    hears(phone, "Reynosa")
    hears(phone, "Mesa de demostración, México")
    taps(phone, 1)
    return case_of(phone)


def case_of(phone: Page) -> str:
    """The case number; behind it came the receipt, in a message of its own, and the question whether to write here."""
    hears(phone, "¿Es seguro que le escriba aquí?")
    expect(phone.locator(".bubble.faro", has_text="Su recibo")).to_have_count(1)
    taps(phone, 1)
    hears(phone, "Bien: le escribo a cualquier hora")
    text = phone.locator(".bubble.faro", has_text="Número de caso").last.inner_text()
    return text.split("Número de caso:")[1].split()[0].strip(".")


def test_a_report_from_reynosa_is_accepted_answered_and_closed(
    page: Callable[..., Page], desk: Page, gateway: Process, worker: Process, engine: Process, actions: Process
) -> None:
    phone = page("/try", width=390, height=780)
    case = reports(phone, "+528991234567")
    expect(phone.locator(".bubble.me").last).to_have_attribute("data-status", "delivered")

    row = desk.locator(f"tr.report[data-case='{case}']")
    expect(row).to_be_visible()  # without reloading
    row.get_by_role("link", name=case).click()
    expect(desk.locator("blockquote").first).to_contain_text("me robaron en reynosa")
    expect(desk.locator("blockquote", has_text="cerca del puente")).to_be_visible()
    desk.click("#accept button")
    hears(phone, "aceptó su caso")

    desk.fill("#write textarea", "¿Está usted en un lugar seguro?")
    desk.click("#write [type=submit]")
    hears(phone, "¿Está usted en un lugar seguro?")
    expect(desk.locator(".line.desk").last).to_have_attribute("data-delivery", "delivered")

    says(phone, "sí, estoy en el albergue")
    expect(desk.locator(".line.person").last).to_contain_text("estoy en el albergue")
    hears(phone, "Mesa de demostración, México")

    desk.select_option("#close select", "helped")
    desk.click("#close button")
    hears(phone, "cerró su caso")
    desk.goto(desk.url.split("/desk")[0] + "/desk/?show=closed")
    expect(desk.locator(f"tr.report[data-case='{case}']")).to_be_visible()


def test_html_and_sql_are_shown_as_typed_and_run_nowhere(
    page: Callable[..., Page], desk: Page, gateway: Process, worker: Process, engine: Process, actions: Process
) -> None:
    phone = page("/try", width=390, height=780)
    phone.on("dialog", lambda dialog: pytest.fail("a script ran on the phone"))
    desk.on("dialog", lambda dialog: pytest.fail("a script ran at the desk"))
    phone.select_option("#language", "es")
    attack = "<img src=x onerror=alert(1)><script>alert(2)</script>'; DROP TABLE report;--"
    for said in ("me robaron en reynosa", "no", attack, attack, "no", "si"):
        says(phone, said)
        expect(phone.locator(".bubble.me").last).to_have_attribute("data-status", "delivered")
    hears(phone, "DROP TABLE")
    taps(phone, 1)
    case = case_of(phone)
    desk.locator(f"tr.report[data-case='{case}']").get_by_role("link", name=case).click()
    expect(desk.locator("body")).to_contain_text("<script>alert(2)</script>")


def test_a_location_is_shared_and_the_menu_is_tapped(
    page: Callable[..., Page], gateway: Process, worker: Process, engine: Process, actions: Process
) -> None:
    phone = page("/try", width=390, height=780)
    phone.select_option("#language", "en")
    phone.click("#location")
    phone.fill("#lat", "14.9056")
    phone.fill("#lon", "-92.2634")
    phone.click("#point button, #point [type=submit]")
    hears(phone, "Tapachula")
    taps(phone, 1)
    hears(phone, "Which one")


def test_the_first_administrator_chooses_a_password_and_signs_in_with_it(
    page: Callable[..., Page], runtime: Runtime, gateway: Process
) -> None:
    with runtime.sessions.begin() as session:  # the people of other tests have chosen theirs
        session.execute(update(User).values(password=None, totp_sealed=None, totp_counter=None))
    link = people.first_link(runtime.settings)
    assert link is not None
    secret = sets_up(page("/desk/sign-in"), link)
    assert people.first_link(runtime.settings) is None
    again = page("/desk/")
    again.fill("#email", people.FIRST)
    again.fill("#password", PASSWORD)
    again.locator("#sign-in [type=submit]").click()
    with runtime.sessions.begin() as session:  # as if half a minute had gone by
        session.execute(update(User).values(totp_counter=None))
    again.fill("#code", code(secret))
    again.locator("#code-form [type=submit]").click()
    expect(again.locator("body")).to_contain_text(people.FIRST)
