"""`make pictures`: the pictures of README and docs, taken anew from the running thing."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from bot.runtime import Runtime
from bot.settings import ROOT
from tests.conftest import Process
from tests.reports import filed
from tests.test_browser import browser, desk, hears, page, reports, says, taps

__all__ = ["browser", "desk", "page"]  # fixtures

PICTURES = ROOT / "docs" / "pictures"
pytestmark = pytest.mark.browser


def test_pictures(
    page: Callable[..., Page],
    desk: Page,
    runtime: Runtime,
    gateway: Process,
    worker: Process,
    engine: Process,
    actions: Process,
) -> None:
    PICTURES.mkdir(exist_ok=True)
    filed(runtime, "demo-mx", "secuestraron a mi hermano", crime_type="kidnapping", danger="yes", place="Matamoros")
    filed(runtime, "demo-mx", "nos cobran por pasar", crime_type="extortion", place="Tapachula", minor="yes")
    phone = page("/try", width=390, height=800)
    case = reports(phone, "+528991234567")
    desk.reload()
    expect(desk.locator("tr.report")).to_have_count(3)
    desk.screenshot(path=PICTURES / "desk.png")
    desk.locator(f"tr.report[data-case='{case}']").get_by_role("link", name=case).click()
    desk.click("#accept button")
    hears(phone, "aceptó su caso")
    desk.fill("#write textarea", "Soy Ana, de la mesa. ¿Está usted en un lugar seguro?")
    desk.click("#write [type=submit]")
    hears(phone, "lugar seguro")
    says(phone, "sí, en el albergue")
    expect(desk.locator(".line.person").last).to_contain_text("albergue")
    desk.screenshot(path=PICTURES / "report.png", full_page=True)
    phone.screenshot(path=PICTURES / "try.png")
    question = page("/try", width=390, height=800)
    question.select_option("#language", "ht")
    says(question, "meni")
    hears(question, "Kisa ou bezwen")
    taps(question, 1)
    hears(question, "Dwa ou")
    question.screenshot(path=PICTURES / "menu.png")
