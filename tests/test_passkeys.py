"""Security keys: only beside an authenticator, only for our own address, each answer once, and gone when removed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import procrastinate
import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from flask import Flask
from flask.testing import FlaskClient
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import select
from werkzeug.test import TestResponse

from bot import rotating
from bot.desk import people
from bot.desk.key_setup import place
from bot.gateway import application
from bot.runtime import Runtime
from bot.store.audit import Action, Audit
from bot.store.people import User, WebAuthn
from tests.authenticator import Key, asked
from tests.channels import AT_HOME, PUBLIC, queue, with_settings
from tests.conftest import free_port
from tests.desk import PASSWORD, Clock, account, browser, is_in, member, sets_up, signs_in, token
from tests.fakes.wire import Server
from tests.keeper import keeper
from tests.reports import filed
from tests.test_accessible import RULES, SPILLS
from tests.test_browser import browser as chromium
from tests.test_headers import Page as Markup
from tests.test_second_factor import app, clock, email

__all__ = ["app", "chromium", "clock", "email", "queue"]
pytestmark = AT_HOME
HOST = PUBLIC.removeprefix("https://")


@pytest.fixture
def key() -> Key:
    return Key(PUBLIC, HOST)


def sends(client: FlaskClient, path: str, page: str = "/desk/keys", **form: str) -> TestResponse:
    return client.post(path, data=form | {"csrf_token": token(client, page)})


def adds(client: FlaskClient, key: Key, name: str = "llave azul") -> TestResponse:
    action, options = asked(sends(client, "/desk/keys", name=name).get_data(as_text=True))
    return client.post(action, data={"credential": key.made(options), "csrf_token": token(client, "/desk/keys")})


def gives_password(client: FlaskClient, email: str) -> TestResponse:
    return sends(client, "/desk/sign-in", "/desk/sign-in", email=email, password=PASSWORD)


def is_asked(client: FlaskClient) -> tuple[str, dict[str, Any]]:
    return asked(sends(client, "/desk/key", "/desk/key").get_data(as_text=True))


def answers(client: FlaskClient, action: str, said: str) -> TestResponse:
    return sends(client, action, "/desk/key", credential=said)


def presses(client: FlaskClient, email: str, key: Key) -> TestResponse:
    gives_password(client, email)
    action, options = is_asked(client)
    return answers(client, action, key.signs(options))


def keys_of(runtime: Runtime, email: str) -> list[WebAuthn]:
    with runtime.sessions() as session:
        query = select(WebAuthn).join(User, User.id == WebAuthn.user_id).where(User.email == email)
        return list(session.scalars(query.order_by(WebAuthn.id)))


def log(runtime: Runtime, email: str) -> list[str]:
    with runtime.sessions() as session:
        return list(session.scalars(select(Audit.action).where(Audit.email == email).order_by(Audit.number)))


@pytest.fixture
def owner(app: Flask, email: str, key: Key) -> str:
    """Somebody with a key, signed in nowhere."""
    client = browser(app)
    signs_in(client, email)
    assert adds(client, key).headers["Location"] == "/desk/keys"
    sends(client, "/desk/sign-out")
    return email


# The way in


def test_password_and_key_open_the_desk_and_its_reports(app: Flask, runtime: Runtime, owner: str, key: Key) -> None:
    report, client = filed(runtime, "demo-mx", words="palabra canaria"), browser(app)
    assert gives_password(client, owner).headers["Location"].startswith("/desk/code")
    assert 'id="use-key" action="/desk/key"' in client.get("/desk/code").get_data(as_text=True)
    action, options = is_asked(client)
    for path in ("/desk/", "/desk/keys", f"/desk/reports/{report.id}", "/desk/password"):
        assert client.get(path).headers["Location"].startswith("/desk/sign-in"), path
    assert answers(client, action, key.signs(options)).headers["Location"] == "/desk/home"
    assert "palabra canaria" in client.get(f"/desk/reports/{report.id}").get_data(as_text=True)
    assert log(runtime, owner)[-2:] == [Action.SIGNED_IN, Action.REPORT_READ]


def test_the_code_still_opens_too_and_is_all_that_who_has_no_key_is_offered(app: Flask, runtime: Runtime, owner: str,
                                                                          clock: Clock) -> None:  # fmt: skip
    clock.passes(1)
    assert signs_in(browser(app), owner).headers["Location"] == "/desk/home"
    other = browser(app)
    gives_password(other, account(app, runtime))
    assert "use-key" not in other.get("/desk/code").get_data(as_text=True)


def test_a_key_without_a_password_opens_nothing(app: Flask, owner: str, key: Key) -> None:
    client = browser(app)
    for path in ("/desk/key", "/desk/key/x"):
        form = {"credential": key.signs({"challenge": "x"}), "csrf_token": token(client)}
        assert client.post(path, data=form).headers["Location"].startswith("/desk/sign-in")
    assert client.get("/desk/key").headers["Location"].startswith("/desk/sign-in") and not is_in(client)


def test_what_a_key_has_signed_is_counted_and_a_copy_that_lags_behind_is_refused(
    app: Flask, runtime: Runtime, owner: str, key: Key
) -> None:
    presses(browser(app), owner, key)
    presses(browser(app), owner, key)
    assert [one.sign_count for one in keys_of(runtime, owner)] == [2]
    copy, client = Key(PUBLIC, HOST, count=1, id=key.id, private=key.private), browser(app)
    presses(client, owner, copy)
    assert not is_in(client) and log(runtime, owner)[-1] == Action.WRONG_KEY
    assert [one.sign_count for one in keys_of(runtime, owner)] == [2]


def test_an_answer_is_good_once_and_only_in_the_session_that_was_asked(app: Flask, owner: str, key: Key) -> None:
    key.count = -1
    mine, thief = browser(app), browser(app)
    gives_password(thief, owner)
    gives_password(mine, owner)
    action, options = is_asked(mine)
    said = key.signs(options)  # a key that does not count, as many passkeys
    answers(thief, action, said)
    assert not is_in(thief)
    is_asked(thief)
    answers(thief, action, said)
    assert not is_in(thief)
    assert answers(mine, action, said).headers["Location"] == "/desk/home"
    sends(mine, "/desk/sign-out")
    gives_password(mine, owner)
    answers(mine, action, said)
    assert not is_in(mine)


@pytest.mark.parametrize(("origin", "host"), [("https://faro.examp1e", HOST), ("https://faro.examp1e", "faro.examp1e"),
                                              (f"http://{HOST}", HOST), (PUBLIC, "faro.examp1e")])  # fmt: skip
def test_what_was_signed_at_another_address_opens_nothing(
    origin: str, host: str, app: Flask, owner: str, key: Key
) -> None:
    key.origin, key.host, client = origin, host, browser(app)
    presses(client, owner, key)
    assert not is_in(client)


def test_the_key_of_somebody_else_opens_nothing(app: Flask, runtime: Runtime, owner: str, key: Key) -> None:
    victim, client = account(app, runtime), browser(app)
    presses(client, victim, key)
    assert not is_in(client) and log(runtime, victim) == [Action.WRONG_KEY]
    forged = Key(PUBLIC, HOST, id=key.id)
    presses(client, owner, forged)
    assert not is_in(client)


def test_five_wrong_keys_shut_the_account_as_wrong_codes_do(app: Flask, owner: str, key: Key, clock: Clock) -> None:
    for _ in range(5):
        presses(browser(app), owner, Key(PUBLIC, HOST))
    client = browser(app)
    gives_password(client, owner)
    action, options = is_asked(client)
    assert answers(client, action, key.signs(options)).status_code == 429 and not is_in(client)
    clock.passes(15)
    assert presses(browser(app), owner, key).headers["Location"] == "/desk/home"


def test_a_password_waits_five_minutes_for_its_key(app: Flask, owner: str, key: Key, clock: Clock) -> None:
    client = browser(app)
    gives_password(client, owner)
    action, options = is_asked(client)
    clock.passes(5)
    assert answers(client, action, key.signs(options)).headers["Location"] == "/desk/sign-in" and not is_in(client)


@pytest.mark.parametrize("said", ["", "{}", "null", "[]", '{"id": 1}', "\0", '{"id":"AA","rawId":"AA","type":"x"}',
                                  '{"id":"AA","rawId":"AA","type":"public-key","response":{}}'])  # fmt: skip
def test_nonsense_is_refused_in_words(said: str, app: Flask, owner: str, key: Key) -> None:
    client = browser(app)
    gives_password(client, owner)
    action, _ = is_asked(client)
    assert answers(client, action, said).headers["Location"] == "/desk/key"
    assert "The key was not accepted" in client.get("/desk/key").get_data(as_text=True) and not is_in(client)
    signs_in(client, owner)
    action, _ = asked(sends(client, "/desk/keys", name="otra").get_data(as_text=True))
    assert sends(client, action, credential=said).headers["Location"] == "/desk/keys"
    assert "The key was not accepted" in client.get("/desk/keys").get_data(as_text=True)


def test_behind_a_proxy_that_names_another_host_it_works_as_well(app: Flask, owner: str, key: Key) -> None:
    client = browser(app)
    client.environ_base["HTTP_HOST"] = "127.0.0.1:8000"
    assert presses(client, owner, key).headers["Location"] == "/desk/home"


# One's own keys


def test_keys_are_added_named_and_removed_and_each_is_in_the_log(
    app: Flask, runtime: Runtime, email: str, key: Key
) -> None:
    client, second = browser(app), Key(PUBLIC, HOST)
    signs_in(client, email)
    adds(client, key)
    adds(client, second, " Mi   teléfono <b> ")
    page = client.get("/desk/keys").get_data(as_text=True)
    assert "llave azul" in page and "Mi teléfono &lt;b&gt;" in page and "The key was added." in page
    assert "of this name already" in sends(client, "/desk/keys", name="llave azul").get_data(as_text=True)
    assert "Write a name" in sends(client, "/desk/keys", name=" ").get_data(as_text=True)
    sends(client, "/desk/keys/remove", name="llave azul")
    assert [one.name for one in keys_of(runtime, email)] == ["Mi teléfono <b>"]
    changes = [row for row in log(runtime, email) if "key" in row]
    assert changes == [Action.KEY_ADDED, Action.KEY_ADDED, Action.KEY_REMOVED]


def test_a_removed_key_opens_nothing_and_what_was_opened_with_it_is_closed(
    app: Flask, runtime: Runtime, owner: str, key: Key
) -> None:
    thief, client = browser(app), browser(app)
    presses(thief, owner, key)
    presses(client, owner, key)
    sends(client, "/desk/keys/remove", name="llave azul")
    assert is_in(client) and not is_in(thief)
    presses(thief, owner, key)
    assert not is_in(thief)


def test_a_new_link_ends_every_key(app: Flask, runtime: Runtime, owner: str, key: Key) -> None:
    with runtime.sessions.begin() as session:
        people.link(session, owner, "operator", ["demo-mx"], by=keeper(runtime))
    assert keys_of(runtime, owner) == []


def test_who_is_removed_keeps_no_key(runtime: Runtime, owner: str) -> None:
    with runtime.sessions.begin() as session:
        people.remove(session, keeper(runtime), session.scalars(select(User).where(User.email == owner)).one())
    assert keys_of(runtime, owner) == []


def test_ten_minutes_after_signing_in_no_key_is_added_or_removed_any_more(
    app: Flask, runtime: Runtime, email: str, key: Key, clock: Clock
) -> None:
    client = browser(app)
    signs_in(client, email)
    adds(client, key)
    action, options = asked(sends(client, "/desk/keys", name="otra").get_data(as_text=True))
    form = {"csrf_token": token(client, "/desk/keys"), "name": "llave azul"}
    clock.passes(10)
    assert "once more" in client.get("/desk/keys").get_data(as_text=True)
    for path in ("/desk/keys", "/desk/keys/remove", action):
        said = {"credential": Key(PUBLIC, HOST).made(options)}
        assert client.post(path, data=form | said).status_code == 403, path
    assert [one.name for one in keys_of(runtime, email)] == ["llave azul"]


def test_somebody_elses_key_cannot_be_removed_nor_added_once_more(
    app: Flask, runtime: Runtime, owner: str, key: Key
) -> None:
    client, email = browser(app), account(app, runtime)
    signs_in(client, email)
    sends(client, "/desk/keys/remove", name="llave azul")
    adds(client, key, "mía")
    assert len(keys_of(runtime, owner)) == 1 and keys_of(runtime, email) == []


def test_no_key_without_an_authenticator(app: Flask, runtime: Runtime) -> None:
    """Who comes by a link has neither yet."""
    client = browser(app)
    with runtime.sessions.begin() as session:
        link = people.link(session, "nueva@faro.example", "operator", ["demo-mx"], by=keeper(runtime))
    client.get(link)
    assert client.get("/desk/keys").headers["Location"] == "/desk/password"
    form = {"new_password": PASSWORD, "new_password_confirm": PASSWORD, "csrf_token": token(client, "/desk/password")}
    client.post("/desk/password", data=form)
    assert client.get("/desk/keys").headers["Location"] == "/desk/authenticator"


# Where, and how they are kept


@pytest.mark.parametrize(
    ("address", "found"),
    [("https://faro.example", ("faro.example", "https://faro.example")),
     ("https://Faro.Example:443/", ("faro.example", "https://faro.example")),
     ("https://faro.example:8443", ("faro.example", "https://faro.example:8443")),
     ("http://localhost:8000", ("localhost", "http://localhost:8000")),
     ("http://127.0.0.1:8000", None), ("https://[::1]", None), ("http://faro.example", None)],
)  # fmt: skip
def test_keys_are_offered_where_a_browser_would_use_one(address: str, found: tuple[str, str] | None) -> None:
    at = place(address)
    assert (at and (at.host, at.origin)) == found


def test_elsewhere_the_pages_do_not_exist(runtime: Runtime, queue: procrastinate.App) -> None:
    plain = application(with_settings(runtime, public_url="http://127.0.0.1:8000"), queue)
    client = member(plain, runtime, ["demo-mx"])
    assert client.get("/desk/keys").status_code == 404
    assert "/desk/keys" not in client.get("/desk/").get_data(as_text=True)


def test_only_the_public_half_is_kept_and_a_change_of_keys_leaves_it_alone(
    runtime: Runtime, owner: str, key: Key
) -> None:
    (kept,) = keys_of(runtime, owner)
    assert kept.credential_id == key.id and not {"webauthn.credential_id", "webauthn.public_key"} & {
        str(column) for column in rotating.sealed()
    }


def test_the_pages_that_ask_for_a_key_have_nothing_inline(app: Flask, owner: str) -> None:
    client = browser(app)
    gives_password(client, owner)
    pages = [sends(client, "/desk/key", "/desk/key"), client.get("/desk/code")]
    signs_in(client, owner)
    pages += [sends(client, "/desk/keys", name="otra"), client.get("/desk/keys")]
    for page in pages:
        assert page.status_code == 200 and Markup(page.get_data(as_text=True)).wrong == []
    assert "publickey-credentials" not in pages[0].headers["Permissions-Policy"]


# In a real browser, with an authenticator that Chromium makes up


@pytest.fixture
def at_home(runtime: Runtime, queue: procrastinate.App) -> Iterator[str]:
    """The gateway at an address at which Chromium uses keys."""
    port = free_port()
    local = with_settings(runtime, public_url=f"http://localhost:{port}")
    with Server(application(local, queue), port):
        yield f"http://localhost:{port}"


@pytest.mark.browser
def test_a_key_is_added_used_and_removed_in_chromium(at_home: str, runtime: Runtime, chromium: Browser) -> None:
    context = chromium.new_context(viewport={"width": 640, "height": 512}, reduced_motion="reduce")
    page, said = context.new_page(), []
    page.on("console", lambda message: said.append(message.text) if message.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    device = context.new_cdp_session(page)
    device.send("WebAuthn.enable")
    options = {"protocol": "ctap2", "transport": "usb", "automaticPresenceSimulation": True}
    made = device.send("WebAuthn.addVirtualAuthenticator", {"options": options})["authenticatorId"]
    email = "llavera@faro.example"
    with runtime.sessions.begin() as session:
        link = people.link(session, email, "operator", ["demo-mx"], by=keeper(runtime))
    sets_up(page, at_home + link)
    page.click("details.account summary")
    page.click("text=Security keys")
    looks_well(page)
    page.fill("#key-name", "llave azul")
    page.click("#add-key button")
    expect(page.locator("#keys li")).to_contain_text("llave azul")
    looks_well(page)
    signs_out_and_gives_password(page, email)
    looks_well(page)
    page.click("#use-key button")
    page.wait_for_url(f"{at_home}/desk/")
    assert [one.sign_count for one in keys_of(runtime, email)] != [0]
    page.goto(f"{at_home}/desk/keys")
    page.click("#keys button")
    expect(page.locator("#keys")).to_have_count(0)
    device.send("WebAuthn.setAutomaticPresenceSimulation", {"authenticatorId": made, "enabled": True})
    signs_out_and_gives_password(page, email)
    expect(page.locator("#use-key")).to_have_count(0)
    page.goto(f"{at_home}/desk/key")
    page.click("#use-key button")
    expect(page.locator("#key-failed")).to_be_visible(timeout=15_000)
    looks_well(page)
    page.goto(f"{at_home}/desk/")
    expect(page.locator("#password")).to_be_visible()
    context.close()
    assert said == []


def signs_out_and_gives_password(page: Page, email: str) -> None:
    page.click("details.account summary")
    page.click("details.account [type=submit]")
    page.fill("#email", email)
    page.fill("#password", PASSWORD)
    page.click("#sign-in [type=submit]")
    expect(page.locator("#code")).to_be_visible()


def looks_well(page: Page) -> None:
    """Nothing that axe finds, nothing cut off."""
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        assert Axe().run(page, options=RULES).response["violations"] == []
    assert page.evaluate(SPILLS) == []
