"""How long somebody stays signed in: 15 minutes without a hand on the page, 12 hours at most, not past signing out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Flask, request, session
from flask_login import user_logged_out  # type: ignore[import-untyped]
from flask_security import SQLAlchemySessionUserDatastore, user_authenticated

from bot.desk.ring import IDLE, Ring

LONGEST = 12 * 60 * 60
# The cookie is written anew so rarely that two requests at a time hardly ever undo each other's.
RENEW_AFTER = 30
# A page that renews itself while nobody touches it says so (desk.js): to look on is not to work.
WATCHING = "X-Faro-Watching"


class Stay:
    """When the session began and was last used: signed in its cookie, in seconds of ``clock``.

    Without their key nobody is signed in: it leaves with the session, and also when the gateway starts anew.
    """

    def __init__(self, clock: Callable[[], float], ring: Ring) -> None:
        self._clock = clock
        self._ring = ring

    def lasts(self) -> bool:
        """Whether the session of this request has not ended; one that never began has."""
        began, seen, at = session.get("began"), session.get("seen"), self._clock()
        stays = began is not None and seen is not None and at - seen < IDLE and at - began < LONGEST
        if not stays:
            self._ring.end()
        return stays and self._ring.held() is not None

    def renew(self) -> None:
        """This request is somebody's work, unless it says that the page only looked."""
        at = self._clock()
        if WATCHING in request.headers:
            return
        self._ring.used()
        if at - session["seen"] >= RENEW_AFTER:
            session["seen"] = at

    def age(self) -> float:
        """Seconds since they signed in."""
        return self._clock() - float(session["began"])

    def begin(self, *_: Any, **__: Any) -> None:
        session["began"] = session["seen"] = self._clock()


def install(app: Flask, datastore: SQLAlchemySessionUserDatastore, clock: Callable[[], float], ring: Ring) -> Stay:
    """Ask it wherever somebody is recognised. Only the session's cookie is: no token, no cookie that outlives it."""
    stay = Stay(clock, ring)
    manager = app.login_manager  # type: ignore[attr-defined]
    of_cookie = manager._user_callback
    manager.user_loader(lambda number: of_cookie(number) if stay.lasts() else None)
    manager.request_loader(lambda _: None)

    def forget(_: Flask, user: Any, **__: Any) -> None:
        """A copy of the cookie ends too, and with it every session of this person."""
        if user.is_authenticated:
            ring.end_all(user.id)
            datastore.set_uniquifier(user)
            datastore.commit()  # type: ignore[no-untyped-call]

    user_authenticated.connect(stay.begin, app, weak=False)
    user_logged_out.connect(forget, app, weak=False)
    return stay
