"""Sign-in, and the pages of the desk. Closed by default: whatever is not named here needs a signed-in person."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import procrastinate
from flask import Blueprint, Flask, abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_security import Security, SQLAlchemySessionUserDatastore, current_user, login_user
from sqlalchemy.orm import scoped_session
from werkzeug.wrappers import Response

from bot import reports
from bot.desk import (
    alerts_page,
    filters,
    handing_page,
    holding,
    key_setup,
    language,
    listing,
    log_page,
    passkeys,
    people,
    roles,
    safety,
    saying,
    second,
    sign_in,
    stay,
    team,
    texts,
    waiting,
    watch,
    work,
    working,
)  # fmt: skip
from bot.desk.codes import codes
from bot.desk.ring import Ring
from bot.desk.tries import Tries, address, refuse_too_many
from bot.places import country_name
from bot.runtime import Runtime
from bot.store.models import Report, now
from bot.store.people import Role, User, WebAuthn

# What somebody who is not signed in may see below /desk.
OPEN = {"security.login", "desk.enter", "desk.static", "desk.language"}
LONGEST_REPLY = 4_000


def install(app: Flask, runtime: Runtime, queue: procrastinate.App, clock: Callable[[], float] | None) -> None:
    """Add the desk to the application; ``clock``: as in `bot.gateway.application`."""
    place = key_setup.place(runtime.settings.address)
    app.config.update(
        SECURITY_PASSWORD_SALT=runtime.settings.password_salt,
        SECURITY_PASSWORD_HASH="argon2",  # noqa: S106 (the name of a method)
        SECURITY_URL_PREFIX="/desk",
        SECURITY_LOGIN_URL="/sign-in",
        SECURITY_LOGOUT_URL="/sign-out",
        SECURITY_CHANGEABLE=True,
        SECURITY_CHANGE_URL="/password",
        SECURITY_SEND_PASSWORD_CHANGE_EMAIL=False,
        SECURITY_POST_LOGIN_VIEW="/desk/home",
        SECURITY_POST_LOGOUT_VIEW="/desk/sign-in",
        SECURITY_POST_CHANGE_VIEW="/desk/home",
        SECURITY_PASSWORD_LENGTH_MIN=12,
        SECURITY_RETURN_GENERIC_RESPONSES=True,
        SECURITY_CSRF_IGNORE_UNAUTH_ENDPOINTS=False,
        SECURITY_API_ENABLED_METHODS=["session"],
        SECURITY_FRESHNESS=timedelta(-1),  # no session is older than a day; without it there is no page that asks again
        SECURITY_EMAIL_VALIDATOR_ARGS={"check_deliverability": False, "test_environment": True},
        SECURITY_I18N_DIRNAME="builtin",
        **second.CONFIG,
        **key_setup.config(place),
    )
    language.install(app)
    session = scoped_session(runtime.sessions)
    datastore = SQLAlchemySessionUserDatastore(session, User, Role, WebAuthn)
    steady = clock or time.monotonic  # no session grows longer when somebody sets the clock back
    tries, ring = Tries(steady), Ring(steady)
    # first: its pages win over the shipped ones
    app.register_blueprint(blueprint(runtime, queue, datastore, tries, ring))
    forms = sign_in.forms(tries, ring, session, watch.sign_in_form(runtime.sessions))
    forms |= second.forms(tries, ring, session, runtime.sessions)
    forms |= passkeys.forms(tries, ring, session, runtime.sessions)
    forms |= {"totp_cls": codes(runtime.vault, clock or time.time), "webauthn_util_cls": key_setup.asks(ring, place)}
    Security(app, datastore, datetime_factory=now, **forms)
    passkeys.install(app, ring, session, place)
    second.close_what_is_not_used(app)
    app.context_processor(lambda: {"may": lambda page: second.passed() and roles.may(page)})
    language.translate_forms(app)
    staying = stay.install(app, datastore, steady, ring)
    app.before_request(lambda: _closed_by_default(staying))
    watch.install(app, runtime.sessions, session, OPEN)
    app.teardown_appcontext(lambda error: session.remove())


def _closed_by_default(staying: stay.Stay) -> Response | None:
    if not request.path.startswith("/desk") or request.endpoint in OPEN:
        return None
    if not current_user.is_authenticated:
        if request.endpoint in second.WAITING:
            return None
        return redirect(url_for("security.login", next=request.path if request.method == "GET" else None))
    staying.renew()
    if elsewhere := second.missing(staying.age()):
        return elsewhere
    if not current_user.roles and request.endpoint not in roles.OWN:
        abort(403)
    return None


def failure(code: int) -> str:
    """The page for a request that was refused."""
    return render_template("desk/failure.html", code=code)


def blueprint(
    runtime: Runtime, queue: procrastinate.App, datastore: SQLAlchemySessionUserDatastore, tries: Tries, ring: Ring
) -> Blueprint:
    desk = Blueprint("desk", __name__, template_folder="templates", static_folder="static",
                     url_prefix="/desk", static_url_path="/static")  # fmt: skip
    worker = work.Work(runtime, queue, ring.held)

    @desk.context_processor
    def words() -> dict[str, Any]:
        content = runtime.shelf.content()
        words, safe = content.phrases[language.chosen()], partial(safety.told, runtime)
        return {
            "desks": content.routing.desks,
            "phrases": words,
            "left": _left,
            "saying": saying,
            "safe_to_write": safe,
        }

    @desk.get("/enter/<token>")
    def enter(token: str) -> Response | tuple[str, int]:
        refuse_too_many(tries, address=address())
        with runtime.sessions.begin() as session:
            found = people.use_link(session, token)
        if found is None:
            tries.wrong(address=address())
            return render_template("desk/used_link.html"), 410
        ring.begin(found[0].id, found[1])
        second.forget()
        login_user(datastore.find_user(id=found[0].id) or abort(410))
        return redirect(url_for("desk.home"))

    @desk.get("/home")
    def home() -> Response:
        return redirect(url_for(roles.home()))

    @desk.get("/", endpoint="reports")
    def list_reports() -> str:
        wanted = filters.wanted()
        counts = filters.counts(runtime, wanted, current_user)
        pages, next_one = listing.pages(wanted, counts), listing.next_of(runtime, wanted, counts, current_user)
        which = filters.clauses(wanted, current_user)
        rows = worker.listed(current_user, wanted.closed, _renews(), *which, page=pages.number)
        above = waiting.waiting(runtime, current_user.desks, now())
        shown = {"wanted": wanted, "counts": counts, "pages": pages, "next_one": next_one, "country_of": _country_name}
        return render_template("desk/reports.html", rows=rows, closed=wanted.closed, above=above, **shown)

    @desk.get("/reports/<uuid:report_id>")
    def report(report_id: uuid.UUID) -> str:
        opened = worker.opened(current_user, report_id, _renews()) or abort(404)
        return render_template("desk/report.html", report=opened, outcomes=reports.OUTCOMES)

    @desk.get("/reports/<uuid:report_id>/files/<int:file_id>")
    def file(report_id: uuid.UUID, file_id: int) -> Response:
        content_type, data = worker.file(current_user, report_id, file_id) or abort(404)
        name = f"file-{file_id}.{content_type.partition('/')[2]}"
        return Response(data, mimetype=content_type, headers={"Content-Disposition": f'attachment; filename="{name}"'})

    @desk.post("/reports/<uuid:report_id>/accept")
    def accept(report_id: uuid.UUID) -> Response:
        return _step(report_id, lambda: worker.accept(current_user, report_id))

    @desk.post("/reports/<uuid:report_id>/messages")
    def write(report_id: uuid.UUID) -> Response:
        text = request.form.get("text", "").strip()[:LONGEST_REPLY]
        if not text:
            flash(_("There was nothing to send: write some words first."))
            return redirect(url_for("desk.report", report_id=report_id))
        return _step(report_id, lambda: worker.write(current_user, report_id, text))

    @desk.post("/reports/<uuid:report_id>/close")
    def close(report_id: uuid.UUID) -> Response:
        outcome = request.form.get("outcome", "")
        return _step(report_id, lambda: worker.close(current_user, report_id, outcome))

    holding.add_pages(desk, worker, _step)
    working.add_pages(desk, worker, _step)
    handing_page.add_pages(desk, worker, _step)
    team.add_pages(desk, runtime, ring)
    texts.add_pages(desk, runtime)
    language.add_pages(desk, runtime)
    log_page.add_pages(desk, runtime)
    alerts_page.add_pages(desk, runtime)
    return desk


def _renews() -> bool:
    """Whether the page asks for itself again (desk.js), and nobody has just opened it."""
    return "X-Renews" in request.headers


def _country_name(country: str) -> str:
    return country_name(country, language.chosen())


def _left(report: Report) -> str:
    return waiting.left(report, now())


def _step(report_id: uuid.UUID, do: Any) -> Response:
    """Do something to a report and show it again; what cannot be done now is said on the page."""
    try:
        if not do():
            abort(404)
    except reports.WrongStep as error:
        flash(_("Not done: %(why)s.", why=_(str(error))))
    return redirect(url_for("desk.report", report_id=report_id))
