"""Five roles: what each menu shows, and how far a supervisor reaches. Each door: tests/test_doors.py."""

from __future__ import annotations

import re
import uuid

import procrastinate
import pytest
from click.testing import CliRunner
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from bot.desk import people
from bot.gateway import application
from bot.runtime import Runtime
from bot.store.people import User
from tests.channels import AT_HOME, queue, with_settings
from tests.desk import member, token
from tests.keeper import keeper

__all__ = ["queue"]
pytestmark = AT_HOME


@pytest.fixture(scope="module")
def app(runtime: Runtime, queue: procrastinate.App) -> Flask:
    return application(with_settings(runtime, try_phone=True), queue)


def colleague(runtime: Runtime, role: str, *desks: str) -> tuple[int, str]:
    with runtime.sessions.begin() as session:
        email = f"{uuid.uuid4().hex}@faro.example"
        people.link(session, email, role, list(desks), by=keeper(runtime))
        return session.scalars(select(User.id).where(User.email == email)).one(), email


def does(client: FlaskClient, path: str, **form: str) -> tuple[int, str]:
    answer = client.post(path, data=form | {"csrf_token": token(client, "/desk/people")}, follow_redirects=True)
    return answer.status_code, answer.get_data(as_text=True)


MENUS = {
    "operator": ["/desk/", "/desk/content", "/desk/alerts"],
    "supervisor": ["/desk/", "/desk/content", "/desk/alerts", "/desk/people"],
    "staff": ["/desk/content"],
    "auditor": ["/desk/audit"],
    "administrator": ["/desk/", "/desk/content", "/desk/alerts", "/desk/people", "/desk/audit"],
}


@pytest.mark.parametrize("role", MENUS)
def test_the_menu_shows_what_one_may_open_and_begins_there(app: Flask, runtime: Runtime, role: str) -> None:
    client = member(app, runtime, ["demo-mx"] if role not in ("staff", "auditor") else [], role)
    page = client.get("/desk/password").get_data(as_text=True)
    assert re.findall(r'<a class="to-reports" href="([^"]+)"', page) == MENUS[role]
    assert client.get("/desk/home").headers["Location"] == MENUS[role][0]


def test_a_supervisor_sees_resets_and_removes_operators_of_no_desk_but_theirs(app: Flask, runtime: Runtime) -> None:
    boss = member(app, runtime, ["demo-mx"], "supervisor")
    number, mine = colleague(runtime, "operator", "demo-mx")
    page = boss.get("/desk/people").get_data(as_text=True)
    assert mine in page and "Recovery key" not in page
    strangers = [
        colleague(runtime, "operator", "demo-gt"),
        colleague(runtime, "operator", "demo-gt", "demo-mx"),
        colleague(runtime, "supervisor", "demo-mx"),
        colleague(runtime, "administrator", "demo-mx"),
        colleague(runtime, "auditor"),
    ]
    for stranger, email in strangers:
        assert email not in page
        for deed in ("keys", "link", "remove"):
            assert does(boss, f"/desk/people/{stranger}/{deed}")[0] == 404, (email, deed)
    with runtime.sessions() as session:
        assert all(session.get_one(User, stranger).active for stranger, _ in strangers)
    assert "/desk/enter/" in does(boss, f"/desk/people/{number}/link")[1]
    assert does(boss, f"/desk/people/{number}/remove")[0] == 200
    with runtime.sessions() as session:
        assert not session.get_one(User, number).active


def test_a_supervisor_invites_operators_to_their_own_desks_only(app: Flask, runtime: Runtime) -> None:
    boss, email = member(app, runtime, ["demo-mx"], "supervisor"), f"{uuid.uuid4().hex}@faro.example"
    for role in ("administrator", "supervisor", "auditor", "staff"):
        assert "choose a role" in does(boss, "/desk/people", email=email, role=role, desks="demo-mx")[1], role
    assert "at least one desk" in does(boss, "/desk/people", email=email, role="operator", desks="demo-gt")[1]
    with runtime.sessions() as session:
        assert session.scalar(select(User.id).where(User.email == email)) is None
    assert "/desk/enter/" in does(boss, "/desk/people", email=email, role="operator", desks="demo-mx")[1]
    with runtime.sessions() as session:
        user = session.scalars(select(User).where(User.email == email)).one()
        assert user.desks == ["demo-mx"] and [role.name for role in user.roles] == ["operator"]


def test_an_administrator_invites_a_supervisor_with_desks_and_staff_without(app: Flask, runtime: Runtime) -> None:
    boss = member(app, runtime, ["demo-gt", "demo-mx"], "administrator")
    for role, desks in (("supervisor", ["demo-mx"]), ("staff", [])):
        email = f"{uuid.uuid4().hex}@faro.example"
        assert "/desk/enter/" in does(boss, "/desk/people", email=email, role=role, desks="demo-mx")[1]
        with runtime.sessions() as session:
            user = session.scalars(select(User).where(User.email == email)).one()
            assert user.desks == desks and [one.name for one in user.roles] == [role]


@pytest.mark.parametrize(
    ("words", "said"),
    [(["--staff", "--desk", "demo-mx"], "do not go together"), (["--supervisor"], "say which --desk"),
     (["--staff", "--administrator"], "one of these")],
)  # fmt: skip
def test_the_command_refuses_what_no_role_is(runtime: Runtime, words: list[str], said: str) -> None:
    from bot.__main__ import main

    answer = CliRunner().invoke(main, ["desk", "invite", "x@faro.example", *words])
    assert answer.exit_code == 1 and said in answer.output
