"""Sign-in, and the pages of the desk. Closed by default: whatever is not named here needs a signed-in person."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import procrastinate
from flask import Blueprint, Flask, abort, flash, redirect, render_template, request, url_for
from flask_security import Security, SQLAlchemySessionUserDatastore, current_user, login_user
from sqlalchemy.orm import scoped_session
from werkzeug.wrappers import Response

from bot import reports
from bot.desk import holding, log_page, people, sign_in, stay, texts, waiting, watch, work
from bot.desk.tries import Tries
from bot.runtime import Runtime
from bot.store.models import Report, now
from bot.store.people import Role, User

# What somebody who is not signed in may see below /desk.
OPEN = {"security.login", "desk.enter", "desk.static"}
# What is somebody's own, whatever they may do at the desks.
OWN = {"security.logout", "security.change_password"}
LONGEST_REPLY = 4_000


def install(app: Flask, runtime: Runtime, queue: procrastinate.App, clock: Callable[[], float]) -> None:
    """Add the desk to the application; ``clock``: the seconds by which sessions and wrong passwords are measured."""
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
    )
    session = scoped_session(runtime.sessions)
    datastore = SQLAlchemySessionUserDatastore(session, User, Role)
    tries = Tries(clock)
    app.register_blueprint(blueprint(runtime, queue, datastore, tries))  # first: its pages win over the shipped ones
    Security(app, datastore, **sign_in.forms(tries, watch.sign_in_form(runtime.sessions)))
    staying = stay.install(app, datastore, clock)
    app.before_request(lambda: _closed_by_default(staying))
    watch.install(app, runtime.sessions, session, OPEN)
    app.teardown_appcontext(lambda error: session.remove())


def _closed_by_default(staying: stay.Stay) -> Response | None:
    if not request.path.startswith("/desk") or request.endpoint in OPEN:
        return None
    if not current_user.is_authenticated:
        return redirect(url_for("security.login", next=request.path if request.method == "GET" else None))
    staying.renew()
    if not current_user.roles and request.endpoint not in OWN:
        abort(403)
    return None


def failure(code: int) -> str:
    """The page for a request that was refused."""
    return render_template("desk/failure.html", code=code)


def blueprint(
    runtime: Runtime, queue: procrastinate.App, datastore: SQLAlchemySessionUserDatastore, tries: Tries
) -> Blueprint:
    desk = Blueprint("desk", __name__, template_folder="templates", static_folder="static",
                     url_prefix="/desk", static_url_path="/static")  # fmt: skip
    worker = work.Work(runtime, queue)

    @desk.context_processor
    def words() -> dict[str, Any]:
        content = runtime.shelf.content()
        return {"desks": content.routing.desks, "phrases": content.phrases["en"], "left": _left}

    @desk.get("/enter/<token>")
    def enter(token: str) -> Response | tuple[str, int]:
        sign_in.refuse_too_many(tries, address=sign_in.address())
        with runtime.sessions.begin() as session:
            email = people.use_link(session, token)
        user = datastore.find_user(email=email) if email else None
        if user is None:
            tries.wrong(address=sign_in.address())
            return render_template("desk/used_link.html"), 410
        login_user(user)
        return redirect(url_for("desk.home"))

    @desk.get("/home")
    def home() -> Response:
        return redirect(url_for("desk.audit" if current_user.has_role("auditor") else "desk.reports"))

    @desk.get("/", endpoint="reports")
    def list_reports() -> str:
        closed = request.args.get("show") == "closed"
        rows = worker.listed(current_user, closed, _renews())
        above = waiting.waiting(runtime, current_user.desks, now())
        return render_template("desk/reports.html", rows=rows, closed=closed, above=above)

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
            flash("There was nothing to send: write some words first.")
            return redirect(url_for("desk.report", report_id=report_id))
        return _step(report_id, lambda: worker.write(current_user, report_id, text))

    @desk.post("/reports/<uuid:report_id>/close")
    def close(report_id: uuid.UUID) -> Response:
        outcome = request.form.get("outcome", "")
        return _step(report_id, lambda: worker.close(current_user, report_id, outcome))

    holding.add_pages(desk, worker, _step)
    texts.add_pages(desk, runtime)
    log_page.add_pages(desk, runtime)
    return desk


def _renews() -> bool:
    """Whether the page asks for itself again (desk.js), and nobody has just opened it."""
    return "X-Renews" in request.headers


def _left(report: Report) -> str:
    return waiting.left(report, now())


def _step(report_id: uuid.UUID, do: Any) -> Response:
    """Do something to a report and show it again; what cannot be done now is said on the page."""
    try:
        if not do():
            abort(404)
    except reports.WrongStep as error:
        flash(f"Not done: {error}.")
    return redirect(url_for("desk.report", report_id=report_id))
