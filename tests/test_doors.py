"""Closed by default: every address of the gateway, every method, and who may."""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass

import procrastinate
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from bot import boxes, reports
from bot.desk import people
from bot.gateway import application
from bot.runtime import Runtime
from bot.store.models import Media, Report
from bot.store.people import User
from tests.channels import PUBLIC, queue, with_settings
from tests.conftest import free_port
from tests.desk import PASSWORD, account, browser, member, token
from tests.reports import filed

__all__ = ["queue"]

SIGNED_OUT, NO_ROLE, NO_CODE, OTHER_DESK, OPERATOR, SUPERVISOR, STAFF, AUDITOR, ADMINISTRATOR = PEOPLE = (
    "signed out", "no role", "password and no code", "operator of another desk", "operator", "supervisor", "staff",
    "auditor", "administrator",
)  # fmt: skip
ALL = frozenset(PEOPLE)
SIGNED_IN = ALL - {SIGNED_OUT, NO_CODE}
WITH_A_ROLE = SIGNED_IN - {NO_ROLE}
DESKS = WITH_A_ROLE - {AUDITOR, STAFF}
THEIRS = DESKS - {OTHER_DESK}
TEXTS = DESKS | {STAFF}
BOSSES = frozenset({ADMINISTRATOR, SUPERVISOR})
NOBODY = frozenset[str]()  # a browser cannot sign as a provider, nor has it a monitor's token

WHO_MAY = {
    "GET /": ALL,
    "GET /health": ALL,
    "GET /health/live": ALL,
    "GET /health/ready": ALL,
    "GET /metrics": NOBODY,
    "GET /proof": ALL,
    "GET /proof/": ALL,
    "POST /proof": ALL,
    "POST /proof/": ALL,
    "GET /proof/static/<path:filename>": ALL,
    "GET /try": ALL,
    "GET /try/": ALL,
    "GET /try/messages": ALL,
    "POST /try/messages": ALL,
    "GET /try/phones/<any(sms, whatsapp, telegram):channel>/messages": ALL,
    "POST /try/phones/<any(sms, whatsapp, telegram):channel>/messages": ALL,
    "GET /try/static/<path:filename>": ALL,
    "POST /webhooks/twilio": NOBODY,
    "POST /webhooks/twilio/status": NOBODY,
    "POST /webhooks/telegram": NOBODY,
    "GET /desk/sign-in": ALL,
    "POST /desk/sign-in": ALL,
    "GET /desk/enter/<token>": ALL,
    "GET /desk/static/<path:filename>": ALL,
    "GET /desk/fs-static/<path:filename>": DESKS,
    "POST /desk/language": ALL,
    "POST /desk/sign-out": SIGNED_IN,
    "GET /desk/password": SIGNED_IN,
    "POST /desk/password": SIGNED_IN,
    "GET /desk/authenticator": SIGNED_IN,
    "POST /desk/authenticator": SIGNED_IN,
    "POST /desk/authenticator/<token>": SIGNED_IN,
    "GET /desk/code": SIGNED_IN | {NO_CODE},
    "POST /desk/code": SIGNED_IN | {NO_CODE},
    "GET /desk/key": SIGNED_IN | {NO_CODE},
    "POST /desk/key": SIGNED_IN | {NO_CODE},
    "POST /desk/key/<token>": SIGNED_IN | {NO_CODE},
    "GET /desk/keys": SIGNED_IN,
    "POST /desk/keys": SIGNED_IN,
    "POST /desk/keys/<token>": SIGNED_IN,
    "GET /desk/keys/remove": SIGNED_IN,
    "POST /desk/keys/remove": SIGNED_IN,
    "GET /desk/tf-rescue": NOBODY,
    "POST /desk/tf-rescue": NOBODY,
    "GET /desk/tf-select": NOBODY,
    "POST /desk/tf-select": NOBODY,
    "GET /desk/home": WITH_A_ROLE,
    "GET /desk/audit": frozenset({ADMINISTRATOR, AUDITOR}),
    "GET /desk/": DESKS,
    "GET /desk/alerts": DESKS,
    "POST /desk/alerts": DESKS,
    "POST /desk/alerts/test": DESKS,
    "GET /desk/content": TEXTS,
    "GET /desk/content/<topic>/<language>": TEXTS,
    "GET /desk/content/<topic>/<language>/<country>": TEXTS,
    "GET /desk/reports/<uuid:report_id>": THEIRS,
    "GET /desk/reports/<uuid:report_id>/files/<int:file_id>": THEIRS,
    "POST /desk/reports/<uuid:report_id>/accept": THEIRS,
    "POST /desk/reports/<uuid:report_id>/messages": THEIRS,
    "POST /desk/reports/<uuid:report_id>/close": THEIRS,
    "POST /desk/reports/<uuid:report_id>/notes": THEIRS,
    "POST /desk/reports/<uuid:report_id>/give": THEIRS,
    "POST /desk/reports/<uuid:report_id>/export": THEIRS,
    "GET /desk/reports/<uuid:report_id>/export/<ticket>": THEIRS,
    "POST /desk/reports/<uuid:report_id>/hand-over": THEIRS,
    "POST /desk/reports/<uuid:report_id>/hand-over/withdraw": THEIRS,
    "POST /desk/reports/<uuid:report_id>/hand-over/accept": THEIRS,
    "POST /desk/reports/<uuid:report_id>/hand-over/refuse": THEIRS,
    "POST /desk/reports/<uuid:report_id>/wish": THEIRS,
    "POST /desk/reports/<uuid:report_id>/hold": frozenset({ADMINISTRATOR}),
    "POST /desk/reports/<uuid:report_id>/hold/end": frozenset({ADMINISTRATOR}),
    "GET /desk/people": BOSSES,
    "POST /desk/people": BOSSES,
    "POST /desk/people/recovery": frozenset({ADMINISTRATOR}),
    "POST /desk/people/<int:user_id>/keys": BOSSES,
    "POST /desk/people/<int:user_id>/link": BOSSES,
    "POST /desk/people/<int:user_id>/remove": BOSSES,
}
POSTS = [door for door in WHO_MAY if door.startswith("POST /desk")]


@dataclass(frozen=True)
class House:
    """The gateway with every channel open, with the one phone and with the three of a demonstration."""

    runtime: Runtime
    app: Flask
    demo: Flask

    def app_of(self, door: str) -> Flask:
        return self.demo if "/try/phones" in door else self.app

    def client(self, app: Flask, who: str) -> FlaskClient:
        if who == SIGNED_OUT:
            return browser(app)
        if who == NO_CODE:
            client, email = browser(app), account(app, self.runtime)
            form = {"email": email, "password": PASSWORD, "csrf_token": token(client)}
            assert client.post("/desk/sign-in", data=form).headers["Location"].startswith("/desk/code")
            return client
        desks = {OTHER_DESK: ["demo-gt"], ADMINISTRATOR: ["demo-gt", "demo-mx"]}
        desks |= {one: ["demo-mx"] for one in (OPERATOR, SUPERVISOR)}
        role = {NO_ROLE: None, OTHER_DESK: "operator"}.get(who, who)
        return member(app, self.runtime, desks.get(who, []), role)

    def colleague(self) -> int:
        """Somebody to whom something can be done, each time another."""
        with self.runtime.sessions.begin() as session:
            people.link(session, email := f"{uuid.uuid4().hex}@faro.example", "operator", ["demo-mx"])
            return session.scalars(select(User.id).where(User.email == email)).one()

    def asks(self, client: FlaskClient, door: str, report: Report, file: int, form: dict[str, str]) -> TestResponse:
        method, rule = door.split(" ", 1)
        values: dict[str, object] = {
            "report_id": report.id, "file_id": file, "topic": "rights_work", "language": "es", "country": "MX",
            "user_id": self.colleague() if "user_id" in rule else 0, "token": "x", "ticket": "x", "channel": "sms",
            "filename": "js/base64.js" if "fs-static" in rule else
            "desk.css" if "/desk" in rule else "proof.css" if "/proof" in rule else "try.css",
        }  # fmt: skip
        path = re.sub(r"<(?:[^<>]*:)?(\w+)>", lambda found: str(values[found[1]]), rule)
        return client.open(path, method=method, data=form or None)


@pytest.fixture(scope="module")
def house(runtime: Runtime, queue: procrastinate.App) -> House:
    keys = {"twilio_auth_token": "a" * 32, "twilio_account_sid": "AC" + "0" * 32, "twilio_sms_from": "+15005550006"}
    open_ones = with_settings(
        runtime,
        public_url=PUBLIC,
        telegram_token=f"110201543:{'a' * 35}",
        telegram_secret="s",
        try_phone=True,
        metrics_token="m" * 20,
        **keys,
    )
    demo = with_settings(open_ones, demo_phones=f"http://127.0.0.1:{free_port()}")
    return House(runtime, application(open_ones, queue), application(demo, queue))


@pytest.fixture
def case(runtime: Runtime) -> tuple[Report, int]:
    """A report at the Mexican desk with a file; the file's number."""
    report = filed(runtime, "demo-mx")
    with runtime.sessions.begin() as session:
        boxed = boxes.put_bytes(report.public_key, b"picture")
        line = reports.add_line(session, report, "mire", None, report.inbound_id)
        file = Media(inbound_id=report.inbound_id, content_type="image/png", size=7, report_boxed=boxed)
        session.add_all([line, file])
        session.flush()
        return report, file.id


def test_every_door_stands_in_the_table(house: House) -> None:
    rules = [rule for app in (house.app, house.demo) for rule in app.url_map.iter_rules()]
    doors = {f"{method} {rule}" for rule in rules for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}}
    assert doors == set(WHO_MAY)


@pytest.mark.parametrize("who", PEOPLE)
@pytest.mark.parametrize("door", WHO_MAY)
def test_who_may(door: str, who: str, house: House, case: tuple[Report, int]) -> None:
    report, file = case
    client = house.client(house.app_of(door), who)
    form = {}
    if door.startswith("POST") and "/webhooks" not in door:
        page = {SIGNED_OUT: "/desk/sign-in", NO_CODE: "/desk/code"}.get(who, "/desk/password")
        form = {"csrf_token": token(client, page), "text": "hola", "outcome": "helped", "language": "es"}
    was_in = _recognised(client)
    answer = house.asks(client, door, report, file, form)
    # who has signed out is sent to the same page as who was not let in
    let_in = was_in and not _recognised(client) if door == "POST /desk/sign-out" else _let_in(answer)
    assert let_in == (who in WHO_MAY[door]), f"{answer.status} {answer.headers.get('Location')}"
    if who not in WHO_MAY[door]:
        assert _untouched(house.runtime, report)


def _let_in(answer: TestResponse) -> bool:
    sent_away = answer.headers.get("Location", "").startswith("/desk/sign-in")
    told = ("phones do not answer", '"reasons"')  # what is not there, in so many words
    assert answer.status_code < 500 or any(why in answer.get_data(as_text=True) for why in told)
    return answer.status_code not in (401, 403, 404) and not sent_away


def _recognised(client: FlaskClient) -> bool:
    return client.get("/desk/password").status_code == 200


def _untouched(runtime: Runtime, report: Report) -> bool:
    with runtime.sessions() as session:
        return session.get_one(Report, report.id).status == "filed"


@pytest.mark.parametrize("method", ["HEAD", "OPTIONS", "PUT", "PATCH", "DELETE"])
def test_other_methods_and_addresses_open_nothing_to_whoever_is_signed_out(method: str, house: House) -> None:
    for path in ("/desk", "/desk/", "/desk/content", "/desk/nothing", f"/desk/reports/{uuid.uuid4()}"):
        answer = browser(house.app).open(path, method=method)
        assert answer.status_code in (302, 400), path
        assert not answer.get_data() or b"sign-in" in answer.get_data() or answer.status_code == 400


@pytest.mark.parametrize("who", [SIGNED_OUT, OPERATOR])
@pytest.mark.parametrize("door", POSTS)
def test_a_post_without_the_pages_token_is_refused(door: str, who: str, house: House, case: tuple[Report, int]) -> None:
    client = house.client(house.app, who)
    for form in ({"text": "hola"}, {"text": "hola", "csrf_token": "made up"}):
        assert house.asks(client, door, *case, form).status_code == 400
    assert _untouched(house.runtime, case[0])
    assert who == SIGNED_OUT or client.get("/desk/").status_code == 200


def test_the_token_of_somebody_else_is_refused(house: House, case: tuple[Report, int]) -> None:
    mine, theirs = (house.client(house.app, OPERATOR) for _ in range(2))
    form = {"csrf_token": token(theirs, "/desk/password"), "outcome": "helped"}
    answer = house.asks(mine, POSTS[-1], *case, form)
    assert answer.status_code == 400 and _untouched(house.runtime, case[0])
