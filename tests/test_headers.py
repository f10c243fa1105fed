"""What a browser may do with our pages: nothing inline, nothing from elsewhere, nothing kept of the desk."""

from __future__ import annotations

from collections.abc import Iterator
from html.parser import HTMLParser

import procrastinate
import pytest
from flask import Flask, template_rendered
from flask.testing import FlaskClient
from playwright.sync_api import Browser, Route
from sqlalchemy import select, update

from bot.desk import people
from bot.gateway import application
from bot.runtime import Runtime
from bot.settings import ROOT
from bot.store.keys import DeskKey
from bot.store.models import Report
from bot.store.people import User
from tests.channels import AT_HOME, PUBLIC, queue, served, with_settings
from tests.conftest import free_port
from tests.desk import PASSWORD, account, code, member, sets_up, token
from tests.desk import browser as visitor
from tests.keeper import keeper
from tests.reports import filed
from tests.test_browser import browser

__all__ = ["browser", "queue"]
pytestmark = AT_HOME

POLICY = {
    "default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self' data:", "connect-src 'self'",
    "form-action 'self'", "frame-ancestors 'none'", "base-uri 'none'",
}  # fmt: skip
NEVER_ALONE = {
    "desk/base.html",
    "desk/guests.html",
    "desk/hand_over.html",
    "desk/hold.html",
    "desk/not_told.html",
    "desk/safety.html",
    "desk/working.html",
    "desk/hands.html",
    "desk/quick.html",
    "desk/filters.html",
    "security/_code.html",
}


@pytest.fixture(scope="module")
def app(runtime: Runtime, queue: procrastinate.App) -> Flask:
    return application(with_settings(runtime, public_url=PUBLIC, try_phone=True), queue)


@pytest.fixture
def operator(app: Flask, runtime: Runtime) -> FlaskClient:
    return member(app, runtime, ["demo-mx"])


@pytest.mark.parametrize(
    ("path", "code"),
    [("/", 302), ("/try", 200), ("/try/messages", 400), ("/desk/", 302), ("/desk/sign-in", 200), ("/nowhere", 404),
     ("/desk/enter/x", 410), ("/desk/nowhere", 302), ("/health", 200), ("/desk/static/desk.js", 200)],
)  # fmt: skip
def test_every_answer_says_what_a_browser_may_do(path: str, code: int, app: Flask) -> None:
    answer = visitor(app).get(path)
    assert answer.status_code == code
    assert set(answer.headers["Content-Security-Policy"].split("; ")) == POLICY
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert {"camera=()", "microphone=()"} <= set(answer.headers["Permissions-Policy"].split(", "))
    assert answer.headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert answer.headers["Strict-Transport-Security"] == "max-age=31536000"


def test_only_https_is_promised_only_where_there_is_https(runtime: Runtime, queue: procrastinate.App) -> None:
    plain = application(with_settings(runtime, public_url="http://127.0.0.1:8000"), queue)
    assert "Strict-Transport-Security" not in plain.test_client().get("/health").headers


def test_a_failure_of_ours_carries_them_too(runtime: Runtime, queue: procrastinate.App) -> None:
    broken = application(with_settings(runtime, public_url=PUBLIC), queue)
    broken.view_functions["home"] = lambda: str(1 // 0)
    answer = broken.test_client().get("/")
    assert answer.status_code == 500 and set(answer.headers["Content-Security-Policy"].split("; ")) == POLICY


def test_nothing_below_the_desk_is_kept_by_a_browser(operator: FlaskClient, runtime: Runtime) -> None:
    report = filed(runtime, "demo-mx")
    for path in ("", "content", "password", "nowhere", f"reports/{report.id}", "reports/x", "static/desk.css"):
        assert operator.get(f"/desk/{path}").headers["Cache-Control"] == "no-store", path


class Page(HTMLParser):
    """Collects what the policy forbids, and what is loaded or led to."""

    LEADS = ("src", "href", "action", "formaction", "poster", "data", "srcset", "background", "ping")

    def __init__(self, text: str) -> None:
        super().__init__()
        self.wrong: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = dict(attrs)
        if tag in ("style", "base", "iframe", "object", "embed") or (tag == "script" and not names.get("src")):
            self.wrong.append(f"<{tag}>")
        if tag == "meta" and "http-equiv" in names:
            self.wrong.append("<meta http-equiv>")
        self.wrong += [f"<{tag} {name}>" for name in names if name == "style" or name.startswith("on")]
        self.wrong += [f"<{tag} {n}={v}>" for n, v in attrs if n in self.LEADS and not _is_ours(tag, v or "")]


def _is_ours(tag: str, address: str) -> bool:
    if address.startswith("data:image/"):
        return tag in ("img", "link")
    return address.startswith(("/", "#")) and not address.startswith("//") and "\\" not in address


@pytest.fixture(scope="module")
def pages(app: Flask, runtime: Runtime, queue: procrastinate.App) -> dict[str, list[str]]:
    """Every page that there is, by the template that made it."""
    made: dict[str, list[str]] = {}
    shown: list[str] = []
    with template_rendered.connected_to(lambda _, template, **__: shown.append(template.name)):
        for client, path in _visits(app, runtime, queue):
            shown.clear()
            page = client.get(path).get_data(as_text=True)
            for name in shown:
                made.setdefault(name, []).append(page)
        made["desk/export.html"] = [_export(app, runtime)]
        made["desk/recovery.html"] = [_recovery(app, runtime)]
    return made


def _recovery(app: Flask, runtime: Runtime) -> str:
    """The page that is shown once, to somebody who has every desk's key."""
    with runtime.sessions() as session:
        desks = list(session.scalars(select(DeskKey.desk).where(DeskKey.retired_at.is_(None))))
    client = member(app, runtime, desks, "administrator")
    form = {"csrf_token": token(client, "/desk/people")}
    page = client.post("/desk/people/recovery", data=form).get_data(as_text=True)
    assert "--recovery" in page
    return page


def _export(app: Flask, runtime: Runtime) -> str:
    """The page with the password of an export."""
    report, client = filed(runtime, "demo-mx"), member(app, runtime, ["demo-mx"])
    form = {"csrf_token": token(client, "/desk/password")}
    page = client.post(f"/desk/reports/{report.id}/export", data=form).get_data(as_text=True)
    assert "download" in page
    return page


def _visits(app: Flask, runtime: Runtime, queue: procrastinate.App) -> Iterator[tuple[FlaskClient, str]]:
    demo = with_settings(runtime, try_phone=True, demo_phones=f"http://127.0.0.1:{free_port()}")
    yield application(demo, queue).test_client(), "/try"
    yield visitor(app), "/try"
    yield visitor(app), "/desk/sign-in?next=/desk/content"
    guesser = visitor(app)
    yield from ((guesser, "/desk/enter/x") for _ in range(21))
    operator = member(app, runtime, ["demo-mx"])
    report: Report = filed(runtime, "demo-mx", words="<b onclick=alert(1)>https://example.org</b>")
    for path in ("", "?show=closed", "content", "content/rights_work/es/MX", "alerts", "password", "nowhere"):
        yield operator, f"/desk/{path}"
    yield operator, f"/desk/reports/{report.id}"
    administrator = member(app, runtime, ["demo-mx"], "administrator")
    waits, email = visitor(app), account(app, runtime)
    waits.post("/desk/sign-in", data={"email": email, "password": PASSWORD, "csrf_token": token(waits)})
    yield waits, "/desk/code"
    yield waits, "/desk/key"
    yield operator, "/desk/authenticator"
    yield operator, "/desk/keys"
    late = member(app, runtime, ["demo-mx"])
    with late.session_transaction() as cookie:
        cookie["began"] -= 601
    yield late, "/desk/password"
    yield administrator, "/desk/audit"
    yield administrator, "/desk/people"
    yield administrator, f"/desk/reports/{report.id}"
    yield visitor(app), "/proof"


def test_no_page_has_anything_inline_or_from_elsewhere(pages: dict[str, list[str]]) -> None:
    for name, texts in pages.items():
        for text in texts:
            assert Page(text).wrong == [], name


def test_that_test_has_seen_every_template(pages: dict[str, list[str]]) -> None:
    folders = (ROOT / "bot/templates", ROOT / "bot/desk/templates")
    ours = {str(path.relative_to(folder)) for folder in folders for path in folder.rglob("*.html")}
    assert ours - NEVER_ALONE <= set(pages)


@pytest.mark.parametrize(
    "text",
    ["<script>1</script>", "<p style='x'>", "<a onclick='x' href='/'>", "<img src='//cdn.example/x'>",
     "<style>p{}</style>", "<link href='https://fonts.example/x'>", "<a href='javascript:1'>", "<form action='http://x'>"],
)  # fmt: skip
def test_that_test_would_notice(text: str) -> None:
    assert Page(text).wrong


def test_our_styles_and_scripts_name_nobody_elses_address() -> None:
    for path in [*ROOT.glob("bot/**/static/*.js"), *ROOT.glob("bot/**/static/*.css")]:
        text = path.read_text("utf-8").replace("http://www.w3.org/2000/svg", "")
        assert "http" + "://" not in text and "https://" not in text and "@import" not in text, path.name


@pytest.mark.browser
def test_a_real_browser_finds_nothing_to_refuse(browser: Browser, runtime: Runtime, queue: procrastinate.App) -> None:
    """The phone and the desk work under their own policy: Chromium reports each breach on its console."""
    port = free_port()
    local = with_settings(runtime, try_phone=True, public_url=f"http://127.0.0.1:{port}")
    said: list[str] = []
    outside: list[str] = []
    with served(local, queue) as address:
        context = browser.new_context()

        def elsewhere(route: Route) -> None:
            outside.append(route.request.url)
            route.abort()

        context.route(lambda url: not url.startswith((address, "data:")), elsewhere)
        page = context.new_page()
        page.on("console", lambda message: said.append(message.text) if message.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: said.append(f"error: {error}"))
        report = filed(runtime, "demo-mx")
        with runtime.sessions.begin() as session:
            link = people.link(session, "mira@faro.example", "operator", ["demo-mx"], by=keeper(runtime))
        secret = sets_up(page, address + link)
        for path in ("/try", "/desk/sign-in", f"/desk/reports/{report.id}", "/desk/content", "/desk/password"):
            page.goto(address + path, wait_until="load")
        page.click("details.account summary")
        page.click("details.account [type=submit]")
        page.fill("#email", "mira@faro.example")
        page.fill("#password", PASSWORD)
        page.click("#sign-in [type=submit]")
        with runtime.sessions.begin() as session:  # as if half a minute had gone by
            session.execute(update(User).values(totp_counter=None))
        page.fill("#code", code(secret))
        page.click("#code-form [type=submit]")
        page.wait_for_url(address + "/desk/")
        with page.expect_response(lambda answer: answer.request.headers.get("x-faro-watching") == "1"):
            pass  # nobody touches it: the page says so when it renews itself
        page.mouse.move(50, 50)
        with page.expect_response(lambda answer: answer.request.resource_type == "fetch") as renewed:
            page.mouse.move(90, 90)
        assert "x-faro-watching" not in renewed.value.request.headers
        assert page.locator("header.top").evaluate("e => getComputedStyle(e).display") != "inline"
        context.close()
    assert said == [] and outside == []
