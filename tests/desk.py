"""What the tests of the desk's doors share: a clock that a test sets, and people who sign in."""

from __future__ import annotations

import itertools
import re
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass

from flask import Flask
from flask.testing import FlaskClient
from flask_security.utils import hash_password
from passlib.totp import TOTP  # type: ignore[import-untyped]
from playwright.sync_api import Page
from sqlalchemy import select
from werkzeug.test import TestResponse

from bot import boxes
from bot.desk import people
from bot.runtime import Runtime
from bot.store.people import User
from tests.keeper import keeper

PASSWORD = "tres tristes tigres 33"
# What the authenticator of everybody in the tests shares with Faro.
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
_addresses = itertools.count(1)


@dataclass
class Clock:
    """Seconds that pass when a test says so."""

    seconds: float = 1_800_000_000

    def __call__(self) -> float:
        return self.seconds

    def passes(self, minutes: float) -> None:
        self.seconds += minutes * 60


def browser(app: Flask, address: str | None = None) -> FlaskClient:
    """A browser at an address that nobody else has."""
    client = app.test_client()
    number = next(_addresses)
    client.environ_base["REMOTE_ADDR"] = address or f"10.9.{number // 256}.{number % 256}"
    return client


def member(app: Flask, runtime: Runtime, desks: list[str], role: str | None = "operator") -> FlaskClient:
    """Somebody new, signed in by a link; ``role`` None: whom nobody has given any."""
    client = browser(app)
    email = f"{uuid.uuid4().hex}@faro.example"
    with runtime.sessions.begin() as session:
        path = people.link(session, email, role or "operator", desks, by=keeper(runtime))
        if role is None:
            session.flush()
            session.scalars(select(User).where(User.email == email)).one().roles = []
    enters(client, path, runtime)
    return client


def enters(client: FlaskClient, path: str, runtime: Runtime) -> None:
    """Sign in by a link, and find the desk open: with a device, as after the steps of tests/test_second_factor.py."""
    assert client.get(path).status_code == 302
    with client.session_transaction() as cookie, runtime.sessions.begin() as session:
        user = session.scalars(select(User).where(User.fs_uniquifier == cookie["_user_id"])).one()
        has_device(user, runtime)
        cookie["second"] = user.id


def has_device(user: User, runtime: Runtime) -> None:
    user.tf_primary_method, user.totp_sealed = "authenticator", runtime.vault.seal(SECRET)


def code(secret: str = SECRET, clock: Callable[[], float] = time.time) -> str:
    """The six digits of now."""
    return str(TOTP(key=secret.replace(" ", ""), format="base32").generate(time=int(clock())).token)


def signs_in(client: FlaskClient, email: str, password: str = PASSWORD, **more: str) -> TestResponse:
    """The password, and if it was right the code; as if the code given last were half a minute ago."""
    form = {"email": email, "password": password, "csrf_token": token(client)} | more
    answer = client.post("/desk/sign-in", data=form)
    if not answer.headers.get("Location", "").startswith("/desk/code"):
        return answer
    security = client.application.extensions["security"]
    with client.application.app_context():
        security.datastore.find_user(email=email).totp_counter = None
        security.datastore.commit()
    form = {"code": code(clock=security.totp_factory.clock), "csrf_token": token(client, "/desk/code")}
    return client.post(answer.headers["Location"], data=form)


def sets_up(page: Page, link: str) -> str:
    """The whole way from a link to the desk in a real browser; the secret that their authenticator shows."""
    page.goto(link)
    page.fill("#new_password", PASSWORD)
    page.fill("#new_password_confirm", PASSWORD)
    page.click("#change-password [type=submit]")
    page.click("#set-up [type=submit]")
    secret = page.inner_text("#secret")
    page.fill("#code", code(secret))
    page.click("#code-form [type=submit]")
    page.wait_for_selector("nav a, .alone .main")
    return secret


def account(app: Flask, runtime: Runtime) -> str:
    """The e-mail address of an operator who has chosen `PASSWORD` and set up their authenticator."""
    email = f"{uuid.uuid4().hex}@faro.example"
    with app.app_context(), runtime.sessions.begin() as session:
        people.link(session, email, "operator", ["demo-mx"], by=keeper(runtime), token=PASSWORD)
        user = session.scalars(select(User).where(User.email == email)).one()
        user.password = hash_password(PASSWORD)
        user.private_locked = boxes.lock(boxes.unlock_by_link(user.private_locked or b"", PASSWORD), PASSWORD)
        has_device(user, runtime)
    return email


def token(client: FlaskClient, path: str = "/desk/sign-in") -> str:
    """The CSRF token of a page."""
    found = re.search(r'name="csrf_token"[^>]* value="([^"]+)"', client.get(path).get_data(as_text=True))
    assert found, path
    return found[1]


def is_in(client: FlaskClient) -> bool:
    """Whether the list of reports is shown; it only looks, so nothing is renewed."""
    return client.get("/desk/", headers={"X-Faro-Watching": "1"}).status_code == 200
