"""What enters the log around the pages: signing in and out, a new password, and an auditor before a closed door."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any, cast

from flask import Flask, abort, request
from flask_security import LoginForm, current_user
from flask_security.signals import password_changed
from sqlalchemy.orm import Session, scoped_session

from bot import audit
from bot.store.audit import Action
from bot.store.models import Report
from bot.store.people import User
from bot.store.session import Sessions

# All that an auditor may open: whoever checks the others reads no report.
AUDITORS = {"desk.audit", "desk.home", "security.change_password", "security.verify", "security.logout"}


def sign_in_form(sessions: Sessions) -> type[LoginForm]:
    """The form of the sign-in page: the row is there before anybody is signed in, or they are not."""

    class SignIn(LoginForm):
        def validate(self, **kwargs: Any) -> bool:
            known = bool(super().validate(**kwargs))
            action = Action.SIGNED_IN if known else Action.SIGN_IN_FAILED
            with sessions.begin() as session:
                audit.append(session, cast(User | None, self.user), action)
            return known

    return SignIn


def install(app: Flask, sessions: Sessions, session: scoped_session[Session], is_open: set[str]) -> None:
    """``session``: the one in which Flask-Security changes users; ``is_open``: what needs nobody signed in."""
    sign_out = app.view_functions["security.logout"]

    def logged_sign_out() -> Any:
        with sessions.begin() as own:
            audit.append(own, current_user, Action.SIGNED_OUT)
        return sign_out()

    app.view_functions["security.logout"] = logged_sign_out
    password_changed.connect(_password_changed(session), app, weak=False)
    app.before_request(lambda: _closed_to_auditors(sessions, is_open | AUDITORS))


def _password_changed(session: scoped_session[Session]) -> Callable[..., None]:
    def log(app: Flask, user: User, **_: Any) -> None:
        try:
            audit.append(session(), user, Action.PASSWORD_CHANGED)
        except BaseException:
            session.rollback()  # Flask-Security commits even while the failure is being answered
            raise

    return log


def _closed_to_auditors(sessions: Sessions, may: set[str]) -> None:
    if not request.path.startswith("/desk") or request.endpoint is None or request.endpoint in may:
        return
    if not (current_user.is_authenticated and current_user.has_role("auditor")):
        return
    with sessions.begin() as session:
        asked: uuid.UUID | None = (request.view_args or {}).get("report_id")
        report = session.get(Report, asked) if asked else None
        audit.append(session, current_user, Action.REFUSED, report.number if report else None)
    abort(403)
