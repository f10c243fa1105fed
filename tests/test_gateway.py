"""The web's edge: bad input gets a reason and changes nothing; whoever is not signed in sees nothing of the desk."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from bot import delivery, jobs
from bot.desk import people
from bot.gateway import application
from bot.runtime import Runtime
from bot.settings import Settings
from bot.store.models import Inbound
from tests.desk import enters
from tests.keeper import keeper
from tests.talk import Phone


@pytest.fixture(scope="module")
def app(runtime: Runtime) -> Iterator[Flask]:
    queue = jobs.queue(runtime.settings.database)
    with queue.open():
        yield application(runtime, queue)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


def token(client: FlaskClient) -> dict[str, str]:
    page = client.get("/try/").get_data(as_text=True)
    found = re.search(r'name="csrf-token" content="([^"]+)"', page)
    assert found
    return {"X-CSRFToken": found[1]}


def good() -> dict[str, Any]:
    return {"phone": "+525512345678", "id": uuid.uuid4().hex, "kind": "text", "text": "hola", "language": "es"}


BAD = [
    ("not JSON at all", "hello", "kind"),
    ("a list", [1, 2], "kind"),
    ("an unknown kind", {"kind": "fax"}, "kind"),
    ("no number", {"phone": None}, "phone"),
    ("a number without a country", {"phone": "5512345678"}, "phone"),
    ("SQL for a number", {"phone": "+52'; DROP TABLE contact;--"}, "phone"),
    ("no id", {"id": None}, "id"),
    ("an id with HTML", {"id": "<script>alert(1)</script>"}, "id"),
    ("a number for a text", {"text": 7}, "text"),
    ("no text", {"text": None}, "text"),
    ("half a location", {"kind": "location", "lat": 19.4}, "lon"),
    ("a location in space", {"kind": "location", "lat": 1900, "lon": 5}, "not on this earth"),
    ("a location that is no number", {"kind": "location", "lat": float("nan"), "lon": 5}, "not on this earth"),
    ("an option of no message", {"kind": "option", "number": 1}, "outbound"),
    ("an option beyond the database", {"kind": "option", "number": 1, "outbound": 2**80}, "outbound"),
]


@pytest.mark.parametrize(("change", "says"), [b[1:] for b in BAD], ids=[b[0] for b in BAD])
def test_bad_input_gets_a_reason_and_stores_nothing(
    change: Any, says: str, client: FlaskClient, runtime: Runtime
) -> None:
    before = _stored(runtime)
    body = good() | change if isinstance(change, dict) else change
    response = client.post("/try/messages", json=body, headers=token(client))
    assert response.status_code == 400
    assert says in response.get_json()["error"]
    assert _stored(runtime) == before


def test_a_message_without_the_pages_token_is_refused(client: FlaskClient) -> None:
    assert client.post("/try/messages", json=good()).status_code == 400


def test_a_message_larger_than_any_is_not_read(client: FlaskClient) -> None:
    huge = good() | {"text": "a" * 1_200_000}
    response = client.post("/try/messages", json=huge, headers=token(client))
    assert response.status_code in (400, 413) and response.get_json()["error"]


def test_ten_thousand_letters_are_taken(client: FlaskClient) -> None:
    response = client.post("/try/messages", json=good() | {"text": "a " * 5_000}, headers=token(client))
    assert response.status_code == 202


def test_a_message_is_stored_before_the_phone_hears_that_it_was_sent(client: FlaskClient, runtime: Runtime) -> None:
    before = _stored(runtime)
    assert client.post("/try/messages", json=good(), headers=token(client)).status_code == 202
    assert _stored(runtime) == before + 1


def test_a_stranger_who_picks_somebodys_number_reads_nothing_of_theirs(app: Flask, runtime: Runtime) -> None:
    phone = Phone(runtime, "+5255", "es")
    phone.sends("unreadable")
    delivery.deliver(runtime, phone.contact)
    address = f"/try/messages?number=%2B{phone.number[1:]}"
    stranger = app.test_client()
    assert [m for m in stranger.get(address).get_json()["messages"] if m["from"] == "faro"] == []


def test_the_phone_exists_only_without_a_provider_or_when_asked_for(settings: Settings) -> None:
    assert settings.shows_try
    configured = settings.model_copy(update={"telegram_token": "x"})
    assert not configured.shows_try
    assert configured.model_copy(update={"try_phone": True}).shows_try


def test_every_page_of_the_desk_is_closed(app: Flask, client: FlaskClient) -> None:
    for rule in app.url_map.iter_rules():
        path = str(rule)
        if not path.startswith("/desk") or "static" in path or path.startswith(("/desk/enter", "/desk/sign-in")):
            continue
        path = path.replace("<uuid:report_id>", str(uuid.uuid4())).replace("<token>", "x")
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            response = client.open(path, method=method)
            assert response.status_code in (302, 400, 405), f"{method} {path}: {response.status_code}"
            if response.status_code == 302:
                assert "/desk/sign-in" in response.headers["Location"], path


def test_a_sign_in_link_works_once(app: Flask, runtime: Runtime) -> None:
    with runtime.sessions.begin() as session:
        path = people.link(session, "once@faro.invalid", "operator", ["demo"], by=keeper(runtime))
    first, second = app.test_client(), app.test_client()
    enters(first, path, runtime)
    assert first.get("/desk/").status_code == 200
    assert second.get(path).status_code == 410
    assert second.get("/desk/").status_code == 302


def test_an_operator_does_not_see_another_desks_report(app: Flask, runtime: Runtime) -> None:
    from tests.reports import filed

    report = filed(runtime, "demo-mx", words="palabra canaria")
    with runtime.sessions.begin() as session:
        path = people.link(session, "gt@faro.invalid", "operator", ["demo-gt"], by=keeper(runtime))
    operator = app.test_client()
    enters(operator, path, runtime)
    assert report.number not in operator.get("/desk/").get_data(as_text=True)
    assert operator.get(f"/desk/reports/{report.id}").status_code == 404


def test_no_page_loads_anything_from_elsewhere(client: FlaskClient) -> None:
    for path in ("/try/", "/desk/sign-in"):
        response = client.get(path)
        page = response.get_data(as_text=True)
        assert "default-src 'none'" in response.headers["Content-Security-Policy"]
        assert not re.search(r'(src|href)="(https?:)?//', page), path
        assert " style=" not in page and "<script>" not in page, path


def test_a_wrong_address_is_told_so(client: FlaskClient) -> None:
    assert client.get("/nowhere").status_code == 404
    assert client.get("/health").get_json()["database"] is True


def _stored(runtime: Runtime) -> int:
    with runtime.sessions() as session:
        return session.scalar(select(func.count()).select_from(Inbound)) or 0
