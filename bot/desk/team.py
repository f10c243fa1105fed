"""/desk/people: who works here, who holds which desk's key, and the recovery key.

For administrators; a supervisor sees there the operators of their own desks, and can do the same with them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import NoReturn

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_security import current_user
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from bot import audit, desk_keys
from bot.desk import people, recovery, roles
from bot.desk.ring import Ring
from bot.desk_keys import Held, NotHeld
from bot.runtime import Runtime
from bot.store.audit import Action
from bot.store.keys import RecoveryKey
from bot.store.people import User


@dataclass(frozen=True)
class Colleague:
    """``waits``: the desks whose key somebody has yet to give them."""

    user: User
    role: str
    waits: tuple[str, ...]


class NotFound(Exception):
    """There is no such colleague, or none in the reach of whoever asks."""


class CannotBe(Exception):
    """This cannot be done to a colleague; says why, in a sentence for the page."""


def add_pages(desk: Blueprint, runtime: Runtime, ring: Ring) -> None:
    """Add them to the desk; whoever may invite nobody is refused."""

    def held() -> Held:
        return ring.held() or abort(403)

    def done(action: Action, user_id: int, do: Callable[[Session, User], str | None]) -> Response | str:
        """One step on a colleague, written down with it; shows the list again, with a link if one was made."""
        path = None
        try:
            with runtime.sessions.begin() as session:
                user = session.get(User, user_id, with_for_update=True)
                if user is None or not _in_reach(user):
                    raise NotFound
                path = do(session, user)
                audit.append(session, current_user, action, about=user.email)
        except NotFound:
            refuse(404)
        except CannotBe as error:
            flash(str(error))
        except NotHeld:
            flash(_("Not done: you hold no key of that desk yourself. Somebody who does can give it."))
        return show(path) if path else redirect(url_for("desk.people"))

    def show(path: str | None = None) -> str:
        known = runtime.shelf.content().routing.desks
        with runtime.sessions() as session:
            team, key = _team(session), session.scalar(select(RecoveryKey))
        link = path and runtime.settings.address + path
        return render_template(
            "desk/people.html", team=team, key=key, link=link, roles=_roles(), all=known, desks_to_give=_desks(known)
        )

    def refuse(code: int) -> NoReturn:
        with runtime.sessions.begin() as session:
            audit.append(session, current_user, Action.REFUSED)
        abort(code)

    @desk.before_request
    def some_only() -> None:
        allowed = roles.ADMINISTRATORS if request.endpoint == "desk.recovery" else roles.INVITERS
        if request.endpoint in PAGES and not roles.names() & set(allowed):
            refuse(403)

    @desk.get("/people", endpoint="people")
    def list_people() -> str:
        return show()

    @desk.post("/people", endpoint="invite")
    def invite() -> Response | str:
        known = _desks(runtime.shelf.content().routing.desks)
        try:
            email, role, desks = _asked(known)
            with runtime.sessions.begin() as session:
                if session.scalar(select(User.id).where(User.email == email)):
                    raise CannotBe(_("There is such a person already: give them a new link below."))
                path = people.link(session, email, role, desks, by=held())
                audit.append(session, current_user, Action.INVITED, about=email)
        except CannotBe as error:
            flash(str(error))
            return redirect(url_for("desk.people"))
        except NotHeld:
            flash(_("Not done: you hold no key of that desk yourself. Somebody who does can give it."))
            return redirect(url_for("desk.people"))
        return show(path)

    @desk.post("/people/<int:user_id>/keys", endpoint="give_keys")
    def give_keys(user_id: int) -> Response | str:
        def do(session: Session, user: User) -> None:
            for name in user.desks:
                desk_keys.give(session, held(), name, user)

        return done(Action.KEY_GIVEN, user_id, do)

    @desk.post("/people/<int:user_id>/link", endpoint="new_link")
    def new_link(user_id: int) -> Response | str:
        def do(session: Session, user: User) -> str:
            _not_oneself(user)
            return people.link(session, user.email, _role(user), list(user.desks), by=held())

        return done(Action.INVITED, user_id, do)

    @desk.post("/people/<int:user_id>/remove", endpoint="remove")
    def remove(user_id: int) -> Response | str:
        def do(session: Session, user: User) -> None:
            _not_oneself(user)
            people.remove(session, held(), user)
            ring.end_all(user_id)

        return done(Action.REMOVED, user_id, do)

    @desk.post("/people/recovery", endpoint="recovery")
    def new_recovery() -> Response | str:
        try:
            with runtime.sessions.begin() as session:
                made = desk_keys.new_recovery(session, held(), current_user.email)
                audit.append(session, current_user, Action.RECOVERY_MADE)
        except NotHeld:
            flash(_("Not done: you do not hold the keys of all desks. Somebody who does can make it."))
            return redirect(url_for("desk.people"))
        return render_template("desk/recovery.html", key=recovery.shown(made.private))


PAGES = {"desk.people", "desk.invite", "desk.give_keys", "desk.new_link", "desk.remove", "desk.recovery"}


def _asked(known: list[str]) -> tuple[str, str, list[str]]:
    """E-mail address, role and desks of the form. Raises CannotBe."""
    email, role = request.form.get("email", "").strip().lower(), request.form.get("role", "")
    desks = [name for name in request.form.getlist("desks") if name in known]
    if "@" not in email or "\0" in email or len(email) > 200 or role not in _roles():
        raise CannotBe(_("Write an e-mail address and choose a role."))
    if role in ("operator", "supervisor") and not desks:
        raise CannotBe(_("Choose at least one desk."))
    return email, role, known if role == "administrator" else desks if role in roles.WITH_DESKS else []


def _roles() -> tuple[str, ...]:
    """Which ones whoever is signed in may give."""
    return roles.NAMES if current_user.has_role("administrator") else ("operator",)


def _desks(known: Iterable[str]) -> list[str]:
    """Which of the ``known`` desks they may give."""
    return sorted(name for name in known if current_user.has_role("administrator") or name in current_user.desks)


def _in_reach(user: User) -> bool:
    """Whether something may be done to this colleague: by a supervisor to operators of no desk but theirs."""
    if current_user.has_role("administrator"):
        return True
    return _role(user) == "operator" and bool(user.desks) and set(user.desks) <= set(current_user.desks)


def _not_oneself(user: User) -> None:
    if user.id == current_user.id:
        raise CannotBe(_("This can only be done by another administrator."))


def _team(session: Session) -> list[Colleague]:
    users = session.scalars(select(User).where(User.active).order_by(User.email))
    seen = (user for user in users if _in_reach(user) or user.id == current_user.id)
    return [Colleague(user, _role(user), _waits(session, user)) for user in seen]


def _waits(session: Session, user: User) -> tuple[str, ...]:
    return tuple(
        name for name in user.desks if not desk_keys.holds(session, name, user) and desk_keys.made(session, name)
    )


def _role(user: User) -> str:
    return next(iter(sorted(role.name for role in user.roles)), "")
