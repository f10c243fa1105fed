"""What enters the log around the pages: signing in and out, a new password, and whoever stands before a closed door."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from flask import Flask
from flask_security import LoginForm, current_user
from flask_security.signals import password_changed
from sqlalchemy.orm import Session, scoped_session

from bot import audit
from bot.desk import roles
from bot.store.audit import Action
from bot.store.people import User
from bot.store.session import Sessions


def sign_in_form(sessions: Sessions) -> type[LoginForm]:
    """The form of the sign-in page: a wrong password is a row. A right one is with its code (second.py)."""

    class SignIn(LoginForm):
        def validate(self, **kwargs: Any) -> bool:
            known = bool(super().validate(**kwargs))
            if not known:
                with sessions.begin() as session:
                    audit.append(session, cast(User | None, self.user), Action.SIGN_IN_FAILED)
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
    app.before_request(lambda: roles.close(sessions, is_open))


def _password_changed(session: scoped_session[Session]) -> Callable[..., None]:
    def log(app: Flask, user: User, **_: Any) -> None:
        try:
            audit.append(session(), user, Action.PASSWORD_CHANGED)
        except BaseException:
            session.rollback()  # Flask-Security commits even while the failure is being answered
            raise

    return log
