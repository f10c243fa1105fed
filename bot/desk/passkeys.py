"""Security keys and passkeys (WebAuthn): whoever has one presses it after the password in place of typing a code.

Flask-Security leads through it. Here is what it asks of us: keys only beside an authenticator, each question of ours
answered once, throttled and logged like codes. What a key signs names our address: an imitated page gets nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Flask, abort, redirect, request, session, url_for
from flask_babel import gettext
from flask_security import current_user
from flask_security.signals import wan_deleted, wan_registered
from flask_security.webauthn import (
    WebAuthnDeleteForm,
    WebAuthnRegisterResponseForm,
    WebAuthnSigninResponseForm,
)
from sqlalchemy import select
from sqlalchemy.orm import Session, scoped_session
from webauthn.helpers.exceptions import WebAuthnException

from bot import audit
from bot.desk import second
from bot.desk.key_setup import NOT_TAKEN, Place
from bot.desk.ring import Ring
from bot.desk.tries import Tries, refuse_too_many
from bot.store.audit import Action
from bot.store.people import User, WebAuthn
from bot.store.session import Sessions

# What a browser sends can be wrong in many ways, and each of these libraries says so in its own.
NONSENSE = (WebAuthnException, ValueError, TypeError, KeyError, AttributeError, IndexError)


def forms(tries: Tries, ring: Ring, store: scoped_session[Session], sessions: Sessions) -> dict[str, Any]:
    """``store``: the session in which Flask-Security changes users."""

    class Use(WebAuthnSigninResponseForm):
        def validate(self, **kwargs: Any) -> bool:
            user = _who_waits(store())
            refuse_too_many(tries, **second.who_tries(user))
            second.key_is_there(ring, user)
            _locked(store(), user)
            signed = super().validate
            if not _good(self, ring, lambda: signed() and self.user == user):
                second.wrong(tries, ring, sessions, user, Action.WRONG_KEY)
                return False
            tries.right(second.who_tries(user)["account"])
            assert self.cred
            self.cred.sign_count = self.authentication_verification.new_sign_count
            second.right(store(), ring, user)
            return True

    class Add(WebAuthnRegisterResponseForm):
        def validate(self, **kwargs: Any) -> bool:
            good = _good(self, ring, super().validate)
            self.extensions = ""  # what a browser tells beside the key; nobody asks for it
            return good

    class Remove(WebAuthnDeleteForm):
        def validate(self, **kwargs: Any) -> bool:
            _locked(store(), current_user)  # before the log: who has its lock waits for nothing else
            return bool(super().validate(**kwargs))

    return {
        "wan_signin_response_form": Use,
        "wan_register_response_form": Add,
        "wan_delete_form": Remove,
    }


def _good(form: Any, ring: Ring, validate: Callable[[], Any]) -> bool:
    """Whether it answers what this session was asked last."""
    try:
        good = ring.asked() == form.challenge and bool(validate())
    except NONSENSE:
        good = False
    if not good and not form.errors:
        form.credential.errors = [gettext(NOT_TAKEN)]
    return good


def _who_waits(store: Session) -> User:
    """Whose password was right; without one there is nothing to press a key for."""
    user = store.scalar(select(User).where(User.fs_uniquifier == session.get("tf_user_id", ""), User.active))
    return user or abort(redirect(url_for("security.login")))


def _locked(store: Session, user: User) -> None:
    """Their keys as they are now, until this request ends: of two at once the second sees what the first counted."""
    query = select(WebAuthn).where(WebAuthn.user_id == user.id).order_by(WebAuthn.id)
    store.scalars(query.with_for_update().execution_options(populate_existing=True)).all()


def install(app: Flask, ring: Ring, store: scoped_session[Session], at: Place | None) -> None:
    """After Flask-Security."""

    @app.before_request
    def begin() -> Any:
        if request.endpoint not in second.KEY | second.KEYS or at is None:
            return None
        request.host = at.host  # a proxy may have named another one
        waits = session.get("tf_state") == "ready" or current_user.is_authenticated
        return None if waits else redirect(url_for("security.login"))

    def added(_: Flask, user: User, **__: Any) -> None:
        _log(store, user, Action.KEY_ADDED)

    def removed(_: Flask, user: User, **__: Any) -> None:
        _log(store, user, Action.KEY_REMOVED)
        ring.end_all(user.id, but_this=True)  # it may have opened them

    wan_registered.connect(added, app, weak=False)
    wan_deleted.connect(removed, app, weak=False)


def _log(store: scoped_session[Session], user: User, action: Action) -> None:
    try:
        audit.append(store(), user, action)
    except BaseException:
        store.rollback()  # Flask-Security commits even while the failure is being answered
        raise
