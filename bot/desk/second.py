"""The second factor: after the password the code of an authenticator app, or a key. Before it nobody is signed in.

The way in is Flask-Security's. Here is what it asks of us: throttled, logged, each code once, and no device in place of
another but by whoever has that one (or an administrator's new link, see `people.link`).
"""

from __future__ import annotations

from typing import Any

from flask import Flask, abort, make_response, redirect, render_template, request, session, url_for
from flask_security import TwoFactorVerifyCodeForm, current_user, logout_user
from flask_security.tf_plugin import tf_clean_session
from sqlalchemy.orm import Session, scoped_session
from werkzeug.wrappers import Response

from bot import audit
from bot.desk.ring import Ring
from bot.desk.tries import Tries, address, refuse_too_many
from bot.store.audit import Action
from bot.store.people import User
from bot.store.session import Sessions

CONFIG: dict[str, Any] = {
    "SECURITY_TWO_FACTOR": True,
    "SECURITY_TWO_FACTOR_REQUIRED": True,
    "SECURITY_TWO_FACTOR_ENABLED_METHODS": ["authenticator"],
    "SECURITY_TWO_FACTOR_AUTHENTICATOR_VALIDITY": 30,  # seconds by which a phone's clock may be wrong
    "SECURITY_TWO_FACTOR_ALWAYS_VALIDATE": True,
    "SECURITY_TWO_FACTOR_RESCUE_EMAIL": False,
    "SECURITY_TWO_FACTOR_SETUP_URL": "/authenticator",
    "SECURITY_TWO_FACTOR_TOKEN_VALIDATION_URL": "/code",
    "SECURITY_TWO_FACTOR_POST_SETUP_VIEW": "/desk/home",
    "SECURITY_TOTP_ISSUER": "Faro",
    "SECURITY_TOTP_SECRETS": {"none": "bot/desk/codes.py seals them"},
}
SETUP = {"security.two_factor_setup", "security.two_factor_setup_validate"}
CODE = "security.two_factor_token_validation"
# A security key in place of the code, and one's own keys (bot/desk/passkeys.py).
KEY = {"security.wan_signin", "security.wan_signin_response"}
KEYS = {"security.wan_register", "security.wan_register_response", "security.wan_delete"}
PASSWORD = "security.change_password"  # noqa: S105 (a page)
# Where somebody stands whose password was right, and who is not signed in yet.
WAITING = {"security.two_factor_setup", CODE, *KEY}
# What Flask-Security brings for ways that we do not offer: codes by e-mail, a choice among devices.
NOT_USED = ("security.two_factor_rescue", "security.tf_select")
# Seconds for which a password waits for its code, and for which a sign-in is fresh enough to change one's own keys.
WITHIN = 5 * 60
FRESH = 10 * 60


def forget() -> None:
    """Whoever signs in now begins anew, whatever their cookie says: also that they were signed in once."""
    for name in ("_user_id", "_fresh", "began", "seen", "second"):
        session.pop(name, None)
    tf_clean_session()  # type: ignore[no-untyped-call]


def passed() -> bool:
    """Whether this session gave a code of the device that its person has now."""
    return (
        bool(current_user.is_authenticated and current_user.tf_totp_secret) and session.get("second") == current_user.id
    )


def missing(age: float) -> Response | None:
    """Where somebody who is signed in, ``age`` seconds ago, has to go before this page opens."""
    if request.endpoint == "security.logout":
        return None
    if passed():
        return _again(age)
    if current_user.tf_totp_secret:  # set up in another session: this one has shown no code of it
        logout_user()
        return redirect(url_for("security.login"))
    first = current_user.password is None
    if request.endpoint in ({PASSWORD} if first else SETUP):
        return None
    return redirect(url_for(PASSWORD if first else "security.two_factor_setup"))


def _again(age: float) -> Response | None:
    if request.endpoint in {CODE, *KEY}:  # there is nothing to confirm
        return redirect(url_for("desk.home"))
    if request.endpoint not in {PASSWORD, *SETUP, *KEYS} or age < FRESH:
        return None
    return make_response(render_template("desk/sign_in_again.html"), 403)


def close_what_is_not_used(app: Flask) -> None:
    def closed(**_: Any) -> Response:
        abort(404)

    for endpoint in NOT_USED:
        app.view_functions[endpoint] = closed


def forms(tries: Tries, ring: Ring, store: scoped_session[Session], sessions: Sessions) -> dict[str, Any]:
    """``store``: the session in which Flask-Security changes users."""

    class Code(TwoFactorVerifyCodeForm):
        def validate(self, **kwargs: Any) -> bool:
            user: User = self.user  # type: ignore[assignment]
            who = who_tries(user)
            refuse_too_many(tries, **who)
            key_is_there(ring, user)
            # Of two at once with the same code the second waits here, and sees it used.
            store().get_one(User, user.id, with_for_update=True, populate_existing=True)
            new = self.tf_totp_secret != user.tf_totp_secret
            if (new and _has_another(user)) or not super().validate(**kwargs):
                wrong(tries, ring, sessions, user, Action.WRONG_CODE)
                return False
            tries.right(who["account"])
            right(store(), ring, user, self.tf_totp_secret if new else None)
            return True

    return {"two_factor_verify_code_form": Code}


def who_tries(user: User) -> dict[str, str]:
    """Codes and keys are counted by themselves: a right password forgives none."""
    return {"account": f"code of {user.email}", "address": address()}


def key_is_there(ring: Ring, user: User) -> None:
    """The one that the password opened; without it they would be signed in and could read nothing."""
    held = ring.held()
    if held is None or held.user_id != user.id:
        forget()
        abort(redirect(url_for("security.login")))


def _has_another(user: User) -> bool:
    """A device that this session has not shown: a password alone, or an old link, takes nobody's place."""
    return bool(user.tf_totp_secret) and not passed()


def wrong(tries: Tries, ring: Ring, sessions: Sessions, user: User, action: Action) -> None:
    with sessions.begin() as own:
        audit.append(own, user, action)
    tries.wrong(**who_tries(user))
    if tries.wait(**who_tries(user)) and not current_user.is_authenticated:
        ring.end()


def right(store: Session, ring: Ring, user: User, secret: str | None = None) -> None:
    """Kept before anything opens: that the code is used, the device if it is new, and what the log says of it."""
    if secret:
        user.tf_primary_method, user.tf_totp_secret = "authenticator", secret
        audit.append(store, user, Action.SECOND_FACTOR_SET)
    if not current_user.is_authenticated:
        audit.append(store, user, Action.SIGNED_IN)
    store.commit()
    session["second"] = user.id
    ring.used()
    if secret:
        ring.end_all(user.id, but_this=True)
