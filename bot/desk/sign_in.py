"""The forms that take a password, which end in kind words after too many wrong ones."""

from __future__ import annotations

from typing import Any

from flask import Response, abort, current_app, make_response, render_template, request
from flask_security import ChangePasswordForm, LoginForm, current_user

from bot.desk.tries import Tries


def address() -> str:
    return request.remote_addr or ""


def refuse_too_many(tries: Tries, **who: str) -> None:
    """Answer 429 if no more is taken for now, in the same words whether there is such an account or not."""
    if seconds := tries.wait(**who):
        abort(_too_many(seconds))


def _too_many(seconds: int) -> Response:
    page = render_template("desk/too_many.html", minutes=-(-seconds // 60))
    return make_response(page, 429, {"Retry-After": str(seconds)})


def forms(tries: Tries, sign_in: type[LoginForm]) -> dict[str, Any]:
    """What Flask-Security is to show in place of its own; ``sign_in``: the form that asks for e-mail and password."""

    class SignIn(sign_in):  # type: ignore[valid-type, misc]
        remember = None  # a session ends with the day; nothing outlives it

        def validate(self, **kwargs: Any) -> bool:
            who = {"account": _account(self.email.data or ""), "address": address()}
            refuse_too_many(tries, **who)
            if not super().validate(**kwargs):
                tries.wrong(**who)
                return False
            tries.right(who["account"])
            return True

    class ChangePassword(ChangePasswordForm):
        def validate(self, **kwargs: Any) -> bool:
            refuse_too_many(tries, account=current_user.email)
            good = bool(super().validate(**kwargs))
            if self.password.errors:
                tries.wrong(account=current_user.email)
            return good

    return {"login_form": SignIn, "change_password_form": ChangePassword}


def _account(email: str) -> str:
    """As it is looked up, so that no spelling of an address has tries of its own."""
    try:
        return str(current_app.extensions["security"].mail_util.normalize(email))
    except ValueError:
        return email
