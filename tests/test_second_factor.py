"""The second factor: nothing opens before the code, a code is good once, and no password alone sets up a device."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Callable

import procrastinate
import pytest
from cryptography.fernet import Fernet
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from bot import rotating
from bot.desk import people
from bot.desk_keys import Held
from bot.gateway import application
from bot.runtime import Runtime
from bot.sealing import Vault
from bot.store.audit import Action, Audit
from bot.store.people import User
from tests.channels import AT_HOME, PUBLIC, queue, with_settings
from tests.desk import PASSWORD, Clock, account, browser, code, is_in, member, signs_in, token
from tests.keeper import keeper
from tests.reports import filed

__all__ = ["queue"]
pytestmark = AT_HOME

WORDS = "palabra canaria"


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def app(runtime: Runtime, queue: procrastinate.App, clock: Clock) -> Flask:
    return application(with_settings(runtime, public_url=PUBLIC), queue, clock)


@pytest.fixture
def email(app: Flask, runtime: Runtime) -> str:
    return account(app, runtime)


@pytest.fixture
def invited(runtime: Runtime) -> Callable[..., tuple[str, str]]:
    """(e-mail address, link) of somebody new."""

    def invite(role: str = "operator") -> tuple[str, str]:
        address = f"{uuid.uuid4().hex}@faro.example"
        with runtime.sessions.begin() as session:
            return address, people.link(session, address, role, ["demo-mx"], by=keeper(runtime))

    return invite


def sends(client: FlaskClient, path: str, page: str = "", **form: str) -> TestResponse:
    return client.post(path, data=form | {"csrf_token": token(client, page or path)})


def gives_password(client: FlaskClient, email: str) -> TestResponse:
    return sends(client, "/desk/sign-in", email=email, password=PASSWORD)


def chooses(client: FlaskClient) -> TestResponse:
    return sends(client, "/desk/password", new_password=PASSWORD, new_password_confirm=PASSWORD)


def square(client: FlaskClient) -> tuple[str, str]:
    """The secret that the page shows, and where its form goes."""
    shown = sends(client, "/desk/authenticator", setup="authenticator").get_data(as_text=True)
    secret = re.search(r'id="secret">([A-Z2-7 ]+)<', shown)
    action = re.search(r'id="code-form" action="([^"]+)"', shown)
    assert secret and action and "data:image/svg+xml;base64," in shown
    return secret[1], action[1]


def other(right: str) -> str:
    """Six digits that are wrong."""
    return f"{(int(right) + 1) % 1_000_000:06}"


def log(runtime: Runtime, email: str) -> list[str]:
    with runtime.sessions() as session:
        return list(session.scalars(select(Audit.action).where(Audit.email == email).order_by(Audit.number)))


def person(runtime: Runtime, email: str) -> User:
    with runtime.sessions() as session:
        return session.scalars(select(User).where(User.email == email)).one()


CLOSED = ("/desk/", "/desk/home", "/desk/content", "/desk/alerts", "/desk/people", "/desk/audit")


# The way in


def test_from_a_link_one_chooses_a_password_sets_up_a_device_and_only_then_is_in(
    app: Flask, runtime: Runtime, clock: Clock, invited: Callable[..., tuple[str, str]]
) -> None:
    report, client, (email, link) = filed(runtime, "demo-mx", words=WORDS), browser(app), invited()
    path = f"/desk/reports/{report.id}"
    assert client.get(link).status_code == 302
    for closed in (*CLOSED, path, "/desk/authenticator", "/desk/code"):
        assert client.get(closed).headers["Location"] == "/desk/password", closed
    assert "Reports" not in client.get("/desk/password").get_data(as_text=True)
    assert chooses(client).status_code == 302
    for closed in (*CLOSED, path, "/desk/password", "/desk/code"):
        assert client.get(closed).headers["Location"] == "/desk/authenticator", closed
    assert sends(client, f"{path}/accept", "/desk/authenticator").headers["Location"] == "/desk/authenticator"
    assert "authenticator" in client.get("/desk/authenticator").get_data(as_text=True)
    secret, action = square(client)
    assert not person(runtime, email).totp_sealed
    assert sends(client, action, "/desk/authenticator", code=other(code(secret, clock))).status_code == 302
    assert not is_in(client) and square(client)[0] == secret  # after a slip the app needs no new entry
    assert sends(client, action, "/desk/authenticator", code=code(secret, clock)).headers["Location"] == "/desk/home"
    assert WORDS in client.get(path).get_data(as_text=True)
    assert log(runtime, email)[:4] == [
        Action.SIGNED_IN, Action.PASSWORD_CHANGED, Action.WRONG_CODE, Action.SECOND_FACTOR_SET
    ]  # fmt: skip
    assert secret.replace(" ", "") not in (person(runtime, email).totp_sealed or b"").decode()


def test_after_the_password_comes_the_code_and_nothing_is_open_in_between(
    app: Flask, runtime: Runtime, clock: Clock, email: str
) -> None:
    report, client = filed(runtime, "demo-mx", words=WORDS), browser(app)
    assert gives_password(client, email).headers["Location"] == "/desk/code?next=/desk/home"
    for path in (*CLOSED, f"/desk/reports/{report.id}", "/desk/password"):
        assert client.get(path).headers["Location"].startswith("/desk/sign-in"), path
    assert log(runtime, email) == []
    answer = sends(client, "/desk/code", code=code(clock=clock))
    assert answer.headers["Location"] == "/desk/home"
    assert WORDS in client.get(f"/desk/reports/{report.id}").get_data(as_text=True)
    assert log(runtime, email)[0] == Action.SIGNED_IN


def test_one_comes_to_the_page_that_was_asked_for(app: Flask, clock: Clock, email: str) -> None:
    client = browser(app)
    form = {"email": email, "password": PASSWORD, "csrf_token": token(client)}
    asked = client.post("/desk/sign-in?next=/desk/content", data=form).headers["Location"]
    answer = sends(client, asked, code=code(clock=clock))
    assert answer.headers["Location"] == "/desk/content"


def test_who_has_a_password_and_no_device_sets_one_up_before_anything_opens(
    app: Flask, runtime: Runtime, clock: Clock, invited: Callable[..., tuple[str, str]]
) -> None:
    first, client, (email, link) = browser(app), browser(app), invited()
    first.get(link)
    chooses(first)
    assert gives_password(client, email).headers["Location"] == "/desk/authenticator"
    assert not is_in(client)
    secret, action = square(client)
    assert action == "/desk/code"
    wrong = sends(client, action, code=other(code(secret, clock))).get_data(as_text=True)
    assert "Invalid code" in wrong and not is_in(client)
    assert sends(client, action, code=code(secret, clock)).status_code == 302
    assert is_in(client)
    assert first.get("/desk/", follow_redirects=False).headers["Location"].startswith("/desk/sign-in")


# What a password alone, a copy or a guess opens


def test_a_code_is_good_once(app: Flask, clock: Clock, email: str) -> None:
    digits = code(clock=clock)
    mine, thief = browser(app), browser(app)
    gives_password(mine, email)
    gives_password(thief, email)
    assert sends(mine, "/desk/code", code=digits).status_code == 302
    assert sends(thief, "/desk/code", code=digits).status_code == 200 and not is_in(thief)
    clock.passes(0.5)
    assert sends(thief, "/desk/code", code=digits).status_code == 200 and not is_in(thief)
    assert sends(mine, "/desk/sign-out", "/desk/").status_code == 302
    gives_password(mine, email)
    assert sends(mine, "/desk/code", code=code(clock=clock)).status_code == 302 and is_in(mine)


def test_a_code_of_long_ago_or_of_another_device_is_none(app: Flask, clock: Clock, email: str) -> None:
    client, old = browser(app), code(clock=clock)
    clock.passes(1.5)
    gives_password(client, email)
    for digits in (old, code("KRSXG5CTMVRXEZLUKRSXG5CTMVRXEZLU", clock), "", "abcdef", "１２３４５６"):
        assert sends(client, "/desk/code", code=digits).status_code == 200, digits
    assert not is_in(client)


def test_five_wrong_codes_shut_the_account_even_for_who_knows_the_password(
    app: Flask, runtime: Runtime, clock: Clock, email: str
) -> None:
    for _ in range(5):
        client = browser(app)
        gives_password(client, email)  # right each time: that forgives no wrong code
        assert sends(client, "/desk/code", code=other(code(clock=clock))).status_code == 200
    client = browser(app)
    gives_password(client, email)
    refused = sends(client, "/desk/code", code=code(clock=clock))
    assert refused.status_code == 429 and not is_in(client)
    assert log(runtime, email).count(Action.WRONG_CODE) == 5
    clock.passes(15)
    assert signs_in(browser(app), email).status_code == 302


def test_a_password_waits_five_minutes_for_its_code_and_then_its_key_has_left(
    app: Flask, clock: Clock, email: str
) -> None:
    client = browser(app)
    gives_password(client, email)
    clock.passes(5)
    answer = sends(client, "/desk/code", code=code(clock=clock))
    assert answer.headers["Location"] == "/desk/sign-in" and not is_in(client)


def test_who_began_to_set_up_with_a_password_alone_cannot_take_the_place_of_a_device(
    app: Flask, runtime: Runtime, clock: Clock, invited: Callable[..., tuple[str, str]]
) -> None:
    """Somebody saw the new password and was faster at the first step, not at the last."""
    mine, thief, (email, link) = browser(app), browser(app), invited()
    mine.get(link)
    chooses(mine)
    gives_password(thief, email)
    their_secret, their_action = square(thief)
    secret, action = square(mine)
    assert sends(mine, action, "/desk/authenticator", code=code(secret, clock)).status_code == 302
    sealed = person(runtime, email).totp_sealed
    sends(thief, their_action, code=code(their_secret, clock))
    assert not is_in(thief) and person(runtime, email).totp_sealed == sealed and is_in(mine)


def test_what_flask_security_brings_beside_is_closed(app: Flask, email: str) -> None:
    client = browser(app)
    gives_password(client, email)
    for path in ("/desk/tf-rescue", "/desk/tf-select"):
        assert client.get(path).headers["Location"].startswith("/desk/sign-in"), path
    signs_in(client, email)
    for path in ("/desk/tf-rescue", "/desk/tf-select"):
        assert client.get(path).status_code == 404, path


def test_to_ask_for_the_codes_page_signs_nobody_out(app: Flask, runtime: Runtime) -> None:
    client = member(app, runtime, ["demo-mx"])
    assert client.get("/desk/code").headers["Location"] == "/desk/home"
    assert is_in(client)


# Another device, another password


def test_another_device_takes_the_place_of_the_first_once_it_is_confirmed(
    app: Flask, runtime: Runtime, clock: Clock, email: str
) -> None:
    client, elsewhere = browser(app), browser(app)
    signs_in(elsewhere, email)
    signs_in(client, email)
    secret, action = square(client)
    assert sends(client, action, "/desk/authenticator", code=code(clock=clock)).status_code == 302  # of the old one
    assert Action.SECOND_FACTOR_SET not in log(runtime, email)
    assert sends(client, action, "/desk/authenticator", code=code(secret, clock)).status_code == 302
    assert is_in(client) and not is_in(elsewhere)
    clock.passes(1)
    gives_password(elsewhere, email)
    assert sends(elsewhere, "/desk/code", code=code(clock=clock)).status_code == 200 and not is_in(elsewhere)
    assert sends(elsewhere, "/desk/code", code=code(secret, clock)).status_code == 302 and is_in(elsewhere)


def test_ten_minutes_after_signing_in_neither_is_changed_any_more(
    app: Flask, runtime: Runtime, clock: Clock, email: str
) -> None:
    client = browser(app)
    signs_in(client, email)
    _, action = square(client)
    form = {"password": PASSWORD, "new_password": "otra frase larga 44", "new_password_confirm": "otra frase larga 44"}
    form["csrf_token"] = token(client, "/desk/password")
    clock.passes(10)
    for path in ("/desk/password", "/desk/authenticator"):
        assert "once more" in client.get(path).get_data(as_text=True), path
        assert client.post(path, data=form | {"setup": "authenticator"}).status_code == 403, path
    assert client.post(action, data=form | {"code": code(clock=clock)}).status_code == 403
    assert is_in(client)
    assert signs_in(browser(app), email).status_code == 302  # with the password as it was


def test_a_new_link_ends_the_lost_device_and_every_session(
    app: Flask, runtime: Runtime, clock: Clock, email: str
) -> None:
    thief, halfway = browser(app), browser(app)
    signs_in(thief, email)
    gives_password(halfway, email)
    with runtime.sessions.begin() as session:
        link = people.link(session, email, "operator", ["demo-mx"], by=keeper(runtime))
    assert not is_in(thief) and person(runtime, email).totp_sealed is None
    clock.passes(1)
    sends(halfway, "/desk/code", "/desk/sign-in", code=code(clock=clock))
    assert not is_in(halfway)
    client = browser(app)
    client.get(link)
    assert not is_in(client)
    chooses(client)
    secret, action = square(client)
    sends(client, action, "/desk/authenticator", code=code(secret, clock))
    assert is_in(client)


def test_a_mark_of_an_earlier_session_opens_nothing(app: Flask, runtime: Runtime, email: str) -> None:
    """The same browser, the same person, a new link: the device has to be set up anew."""
    client = browser(app)
    signs_in(client, email)
    with runtime.sessions.begin() as session:
        link = people.link(session, email, "operator", ["demo-mx"], by=keeper(runtime))
    client.get(link)
    assert client.get("/desk/").headers["Location"] == "/desk/password"


def test_who_is_removed_keeps_no_device(runtime: Runtime, email: str) -> None:
    with runtime.sessions.begin() as session:
        user = session.scalars(select(User).where(User.email == email)).one()
        people.remove(session, Held(*_of(keeper(runtime))), user)
    assert person(runtime, email).totp_sealed is None


def _of(held: Held) -> tuple[int | None, bytes]:
    return held.user_id, held.private


# How it is kept


def test_the_secret_is_sealed_and_survives_new_keys(
    runtime: Runtime, queue: procrastinate.App, clock: Clock, app: Flask, email: str
) -> None:
    sealed = person(runtime, email).totp_sealed or b""
    assert "user.totp_sealed" in {str(column) for column in rotating.sealed()}
    newest, older = Fernet.generate_key().decode(), runtime.settings.keys
    try:
        done = {one.column: one for one in rotating.rotate(runtime.sessions, f"{newest},{older}")}
        assert done["user.totp_sealed"].sealed_anew >= 1
        assert person(runtime, email).totp_sealed != sealed
        only = with_settings(runtime, public_url=PUBLIC, keys=newest)
        only = Runtime(**{**vars(only), "vault": Vault.of(newest, runtime.settings.hash_key)})
        client = browser(application(only, queue, clock))
        assert signs_in(client, email).status_code == 302 and is_in(client)
    finally:
        list(rotating.rotate(runtime.sessions, f"{older},{newest}"))


def test_no_secret_stands_in_the_cookie(
    app: Flask, clock: Clock, runtime: Runtime, invited: Callable[..., tuple[str, str]]
) -> None:
    client = browser(app)
    client.get(invited()[1])
    chooses(client)
    secret, _ = square(client)
    with client.session_transaction() as cookie:
        assert "tf_totp_secret" in cookie
        assert secret.replace(" ", "") not in json.dumps(dict(cookie), default=str)
