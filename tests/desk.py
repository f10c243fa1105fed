"""What the tests of the desk's doors share: a clock that a test sets, and people who sign in."""

from __future__ import annotations

import itertools
import re
import uuid
from dataclasses import dataclass

from flask import Flask
from flask.testing import FlaskClient
from flask_security.utils import hash_password
from sqlalchemy import select

from bot.desk import people
from bot.runtime import Runtime
from bot.store.people import User

PASSWORD = "tres tristes tigres 33"
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
        path = people.link(session, email, role or "operator", desks)
        if role is None:
            session.flush()
            session.scalars(select(User).where(User.email == email)).one().roles = []
    assert client.get(path).status_code == 302
    return client


def account(app: Flask, runtime: Runtime) -> str:
    """The e-mail address of an operator who has chosen `PASSWORD`."""
    email = f"{uuid.uuid4().hex}@faro.example"
    with app.app_context(), runtime.sessions.begin() as session:
        people.link(session, email, "operator", ["demo-mx"])
        session.flush()
        session.scalars(select(User).where(User.email == email)).one().password = hash_password(PASSWORD)
    return email


def token(client: FlaskClient, path: str = "/desk/sign-in") -> str:
    """The CSRF token of a page."""
    found = re.search(r'name="csrf_token"[^>]* value="([^"]+)"', client.get(path).get_data(as_text=True))
    assert found, path
    return found[1]


def is_in(client: FlaskClient) -> bool:
    """Whether the list of reports is shown; it only looks, so nothing is renewed."""
    return client.get("/desk/", headers={"X-Faro-Watching": "1"}).status_code == 200
