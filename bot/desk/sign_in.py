"""The forms that take a password, which end in kind words after too many wrong ones."""

from __future__ import annotations

from typing import Any

from flask import current_app, request, url_for
from flask_security import ChangePasswordForm, LoginForm, current_user
from sqlalchemy.orm import Session, scoped_session

from bot import boxes
from bot.desk import people, second
from bot.desk.ring import IDLE, Ring
from bot.desk.tries import Tries, address, refuse_too_many
from bot.store.people import User


def forms(tries: Tries, ring: Ring, store: scoped_session[Session], sign_in: type[LoginForm]) -> dict[str, Any]:
    """What Flask-Security is to show in place of its own; ``sign_in``: the form that asks for e-mail and password.

    ``store``: the session in which it changes users. The password opens the person's key, and a new one locks it.
    """

    class SignIn(sign_in):  # type: ignore[valid-type, misc]
        remember = None  # a session ends with the day; nothing outlives it

        def validate(self, **kwargs: Any) -> bool:
            who = {"account": _account(self.email.data or ""), "address": address()}
            refuse_too_many(tries, **who)
            if not super().validate(**kwargs):
                tries.wrong(**who)
                return False
            tries.right(who["account"])
            second.forget()
            self.next.data = request.args.get("next") or url_for("desk.home")  # else: this page, as an address
            private = _opened(store(), self.user, self.password.data)
            ring.begin(self.user.id, private, second.WITHIN if self.user.tf_totp_secret else IDLE)
            return True

    class ChangePassword(ChangePasswordForm):
        def validate(self, **kwargs: Any) -> bool:
            refuse_too_many(tries, account=current_user.email)
            good = bool(super().validate(**kwargs))
            if self.password.errors:
                tries.wrong(account=current_user.email)
            if good and (held := ring.held()):
                current_user.private_locked = boxes.lock(held.private, self.new_password.data)
                ring.end_all(held.user_id or 0, but_this=True)
            return good

    return {"login_form": SignIn, "change_password_form": ChangePassword}


def _opened(session: Session, user: User, password: str) -> bytes:
    """Their private key. Who was given this password by somebody else has to be given the desks' keys anew."""
    try:
        return boxes.unlock(user.private_locked or b"", password)
    except boxes.WrongKey:
        return people.begin_keys(session, user, lambda private: boxes.lock(private, password))


def _account(email: str) -> str:
    """As it is looked up, so that no spelling of an address has tries of its own."""
    try:
        return str(current_app.extensions["security"].mail_util.normalize(email))
    except ValueError:
        return email
