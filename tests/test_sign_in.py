"""A session ends by itself and at once when told; whoever guesses has to wait, and learns nothing by it."""

from __future__ import annotations

import re
from http.cookies import SimpleCookie

import httpx
import procrastinate
import pytest
from flask import Flask
from flask.testing import FlaskClient

from bot.desk import people
from bot.desk.tries import KEPT, Tries
from bot.gateway import application
from bot.runtime import Runtime
from bot.settings import Settings
from tests.channels import AT_HOME, PUBLIC, queue, with_settings
from tests.conftest import Process
from tests.desk import PASSWORD, Clock, account, browser, is_in, member, signs_in, token
from tests.keeper import keeper

__all__ = ["queue"]
pytestmark = AT_HOME


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def app(runtime: Runtime, queue: procrastinate.App, clock: Clock) -> Flask:
    return application(with_settings(runtime, public_url=PUBLIC), queue, clock)


@pytest.fixture
def operator(app: Flask, runtime: Runtime) -> FlaskClient:
    return member(app, runtime, ["demo-mx"])


def fails(client: FlaskClient, email: str, times: int) -> None:
    for number in range(times):
        answer = signs_in(client, email, f"no es la contraseña {number}")
        assert answer.status_code == 200 and "Sign in" in answer.get_data(as_text=True)


def copied(client: FlaskClient, app: Flask) -> FlaskClient:
    """Another browser, with a copy of this one's cookie."""
    cookie = client.get_cookie("session")
    assert cookie
    thief = browser(app)
    thief.set_cookie("session", cookie.value)
    return thief


# What ends a session


def test_the_cookie_is_closed_to_scripts_to_other_sites_and_to_plain_http(
    app: Flask, runtime: Runtime, queue: procrastinate.App
) -> None:
    answer = signs_in(browser(app), account(app, runtime))
    cookies = [SimpleCookie(line) for line in answer.headers.getlist("Set-Cookie")]
    assert [list(cookie) for cookie in cookies] == [["session"]]
    [session] = [cookie["session"] for cookie in cookies]
    assert session["secure"] and session["httponly"] and session["samesite"] == "Lax" and not session["expires"]
    plain = application(with_settings(runtime, public_url="http://127.0.0.1:8000"), queue)
    assert not plain.config["SESSION_COOKIE_SECURE"]


def test_fifteen_minutes_without_a_hand_on_the_page_end_it(operator: FlaskClient, clock: Clock) -> None:
    clock.passes(14.9)
    assert operator.get("/desk/").status_code == 200
    clock.passes(14.9)
    assert operator.get("/desk/").status_code == 200
    clock.passes(15)
    assert "/desk/sign-in" in operator.get("/desk/").headers["Location"]
    assert not is_in(operator)  # to be sent away has not begun it anew


def test_a_page_that_only_looks_on_does_not_keep_somebody_signed_in(operator: FlaskClient, clock: Clock) -> None:
    for _ in range(3):
        clock.passes(4.9)
        assert is_in(operator)
    clock.passes(0.4)
    assert not is_in(operator)


def test_twelve_hours_end_it_whatever_is_done(operator: FlaskClient, clock: Clock) -> None:
    for _ in range(71):
        clock.passes(10)
        assert operator.get("/desk/").status_code == 200
    clock.passes(10)
    assert "/desk/sign-in" in operator.get("/desk/").headers["Location"]


def test_after_its_end_one_signs_in_again(app: Flask, runtime: Runtime, clock: Clock) -> None:
    client, email = browser(app), account(app, runtime)
    assert signs_in(client, email).status_code == 302 and is_in(client)
    clock.passes(16)
    assert not is_in(client)
    assert signs_in(client, email).status_code == 302 and is_in(client)


def test_a_copied_cookie_does_not_work_after_sign_out(app: Flask, operator: FlaskClient) -> None:
    thief = copied(operator, app)
    assert is_in(thief)
    answer = operator.post("/desk/sign-out", data={"csrf_token": token(operator, "/desk/")})
    assert answer.status_code == 302
    assert not is_in(operator) and not is_in(thief)


def test_a_copied_cookie_does_not_work_after_the_password_was_changed(app: Flask, runtime: Runtime) -> None:
    client, email = browser(app), account(app, runtime)
    signs_in(client, email)
    thief = copied(client, app)
    new = {"password": PASSWORD, "new_password": "otra frase larga 44", "new_password_confirm": "otra frase larga 44"}
    client.post("/desk/password", data=new | {"csrf_token": token(client, "/desk/password")})
    assert is_in(client) and not is_in(thief)


def test_nothing_outlives_the_session(app: Flask, runtime: Runtime, clock: Clock) -> None:
    """Neither a cookie that remembers nor a token in a header is given or taken."""
    client, email = browser(app), account(app, runtime)
    signs_in(client, email, remember="y")
    assert client.get_cookie("session") and not client.get_cookie("remember_token")
    headers = {"X-CSRFToken": token(client, "/desk/"), "Accept": "application/json"}
    body = {"email": email, "password": PASSWORD}
    given = client.post("/desk/sign-in?include_auth_token", json=body, headers=headers).get_data(as_text=True)
    assert "authentication_token" not in given
    with app.test_request_context():
        user = app.extensions["security"].datastore.find_user(email=email)
        auth = {"Authentication-Token": user.get_auth_token()}
    assert browser(app).get("/desk/", headers=auth).status_code == 302


def test_one_signs_in_by_https_though_our_pages_send_no_referer(app: Flask, runtime: Runtime) -> None:
    client = browser(app)
    form = {"email": account(app, runtime), "password": PASSWORD}
    page = client.get("/desk/sign-in", base_url=PUBLIC)
    assert page.headers["Referrer-Policy"] == "no-referrer"
    found = re.search(r'name="csrf_token"[^>]* value="([^"]+)"', page.get_data(as_text=True))
    assert found
    answer = client.post("/desk/sign-in", base_url=PUBLIC, data=form | {"csrf_token": found[1]})
    assert answer.headers["Location"].startswith("/desk/code") and answer.request.is_secure


# After wrong passwords


def test_five_wrong_passwords_shut_an_account_for_the_rest_of_fifteen_minutes(
    app: Flask, runtime: Runtime, clock: Clock
) -> None:
    email = account(app, runtime)
    fails(browser(app), email, 4)
    clock.passes(10)
    fails(browser(app), email.upper(), 1)  # from elsewhere, spelt differently
    refused = signs_in(browser(app), email)  # the right one
    assert refused.status_code == 429 and refused.headers["Retry-After"] == "300"
    assert "Please wait 5 minutes" in refused.get_data(as_text=True)
    clock.passes(4.9)
    assert signs_in(browser(app), email).status_code == 429
    clock.passes(0.2)
    assert signs_in(browser(app), email).status_code == 302


def test_the_same_is_said_whether_the_account_exists_or_not(app: Flask, runtime: Runtime) -> None:
    pages = []
    for email in (account(app, runtime), "nadie@faro.example", "no address at all"):
        client = browser(app)
        fails(client, email, 5)
        answer = signs_in(client, email)
        page = re.sub(r'(name="csrf_token" value=)"[^"]+"', r"\1", answer.get_data(as_text=True))
        pages.append((answer.status_code, page))
    assert pages[0] == pages[1] == pages[2]
    assert pages[0][0] == 429


def test_twenty_wrong_passwords_shut_an_address(app: Flask, runtime: Runtime, clock: Clock) -> None:
    email, guesser = account(app, runtime), browser(app)
    for number in range(20):
        fails(guesser, f"{number}@faro.example", 1)
    assert signs_in(guesser, email).status_code == 429
    assert signs_in(browser(app), email).status_code == 302
    clock.passes(15)
    assert signs_in(guesser, email).status_code == 302


def test_a_right_password_clears_the_account_and_not_the_address(app: Flask, runtime: Runtime) -> None:
    email, address = account(app, runtime), "192.0.2.7"
    for _ in range(5):
        fails(browser(app, address), email, 4)
        assert signs_in(browser(app), email).status_code == 302
    assert signs_in(browser(app, address), email).status_code == 429


def test_all_addresses_of_one_network_of_ipv6_count_as_one(clock: Clock) -> None:
    tries = Tries(clock)
    for number in range(20):
        tries.wrong(address=f"2001:db8:1:2::{number:x}")
    assert tries.wait(address="2001:db8:1:2:ffff::1") == 900
    assert tries.wait(address="2001:db8:1:3::1") == 0


def test_guessed_links_shut_the_address_too(app: Flask, runtime: Runtime, clock: Clock) -> None:
    guesser = browser(app)
    for number in range(20):
        assert guesser.get(f"/desk/enter/{number}").status_code == 410
    assert guesser.get("/desk/enter/20").status_code == 429
    assert signs_in(guesser, account(app, runtime)).status_code == 429
    assert browser(app).get("/desk/enter/21").status_code == 410
    clock.passes(15)
    assert guesser.get("/desk/enter/22").status_code == 410


def test_a_link_is_not_used_up_by_an_address_that_has_to_wait(app: Flask, runtime: Runtime) -> None:
    guesser = browser(app)
    for number in range(20):
        guesser.get(f"/desk/enter/{number}")
    with runtime.sessions.begin() as session:
        path = people.link(session, "espera@faro.example", "operator", ["demo-mx"], by=keeper(runtime))
    assert guesser.get(path).status_code == 429
    assert browser(app).get(path).status_code == 302


def test_the_password_of_an_open_session_cannot_be_guessed_either(app: Flask, runtime: Runtime) -> None:
    client = browser(app)
    signs_in(client, account(app, runtime))
    form = {"new_password": "otra frase larga 44", "new_password_confirm": "otra frase larga 44"}
    form["csrf_token"] = token(client, "/desk/password")
    codes = [client.post("/desk/password", data=form | {"password": f"no {n}"}).status_code for n in range(6)]
    assert codes == [200] * 5 + [429]


def test_the_address_is_the_one_that_the_proxy_tells(settings: Settings, gateway: Process) -> None:
    """Else one guesser would shut the sign-in for everybody behind the proxy."""
    with httpx.Client(base_url=f"http://127.0.0.1:{settings.gateway_port}", trust_env=False) as web:
        one, other = (
            {"X-Forwarded-For": f"198.51.100.1, 203.0.113.{n}"} for n in (7, 8)
        )  # the last is the proxy's word
        for number in range(20):
            assert web.get(f"/desk/enter/{number}", headers=one).status_code == 410
        assert web.get("/desk/enter/20", headers=one).status_code == 429
        assert web.get("/desk/enter/20", headers=other).status_code == 410


def test_what_is_kept_of_wrong_tries_is_bounded_and_names_nobody(clock: Clock) -> None:
    tries = Tries(clock)
    for number in range(KEPT + 50):
        tries.wrong(account=f"{number}@faro.example")
    assert len(tries._wrong) == KEPT
    assert "faro.example" not in repr(tries._wrong)
