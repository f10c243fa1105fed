"""The web application: the phone to try, the desk, health. What faces the world."""

from __future__ import annotations

import logging
from typing import Any

import procrastinate
import waitress
from flask import Flask, Response, jsonify, redirect, request
from flask_wtf.csrf import CSRFError, CSRFProtect
from sqlalchemy import text
from sqlalchemy.exc import OperationalError, SQLAlchemyError
from werkzeug.exceptions import HTTPException

from bot import demo, jobs, phone, proof_page, webhooks
from bot.desk import console
from bot.runtime import Runtime

log = logging.getLogger(__name__)

# A message is a few kilobytes; an update of Telegram that quotes another, with links, 90 at most. More is not read.
LARGEST_REQUEST = 1024 * 1024


def application(runtime: Runtime, queue: procrastinate.App) -> Flask:
    """The whole application; ``queue`` is open."""
    app = Flask("bot.gateway", static_folder=None)
    app.config.update(
        SECRET_KEY=runtime.settings.secret_key,
        MAX_CONTENT_LENGTH=LARGEST_REQUEST,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=runtime.settings.address.startswith("https://"),
        WTF_CSRF_TIME_LIMIT=None,
        WTF_CSRF_CHECK_DEFAULT=True,
    )
    guard = CSRFProtect(app)
    hooks = webhooks.blueprint(runtime, queue)
    guard.exempt(hooks)  # they carry a provider's signature instead
    app.register_blueprint(hooks)
    proofs = proof_page.blueprint(runtime)
    guard.exempt(proofs)  # it changes nothing and knows nobody, so it needs no cookie
    app.register_blueprint(proofs)
    console.install(app, runtime, queue)
    if runtime.settings.shows_try:
        three = runtime.settings.demo_phones
        app.register_blueprint(demo.blueprint(three) if three else phone.blueprint(runtime))
    app.add_url_rule("/", "home", lambda: redirect("/try" if runtime.settings.shows_try else "/desk/"))
    app.add_url_rule("/health", "health", lambda: _health(runtime))
    _name_failures(app)
    app.after_request(_headers)
    return app


def _health(runtime: Runtime) -> tuple[Response, int]:
    """``{"ready", "database", "engine"}``; 503 while the database is away, as nothing can be taken in."""
    try:
        with runtime.sessions() as session:
            session.execute(text("SELECT 1 FROM contact LIMIT 1"))
        database = True
    except SQLAlchemyError:
        database = False
    body = {"ready": database, "database": database, "engine": runtime.engine.ready()}
    return jsonify(body), 200 if database else 503


def _name_failures(app: Flask) -> None:
    @app.errorhandler(HTTPException)
    def refused(error: HTTPException) -> tuple[Any, int]:
        reason = error.description if isinstance(error, CSRFError) else error.name
        code = error.code or 500
        if request.path.startswith("/desk"):
            return console.failure(code), code
        return jsonify(error=reason), code

    @app.errorhandler(OperationalError)
    def no_database(error: OperationalError) -> tuple[Response, int]:
        log.error("database: %s", type(error).__name__)
        if request.path.startswith("/desk"):  # its pages need the database to know who is signed in
            return Response("The database does not answer. Nothing was changed; try again.", mimetype="text/plain"), 503
        return jsonify(error="not stored, send it again"), 503


def _headers(response: Response) -> Response:
    response.headers.setdefault(
        "Content-Security-Policy",
        "default-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
    )
    response.headers.setdefault("X-Content-Type-Options", "nosniff")
    response.headers.setdefault("Referrer-Policy", "same-origin")
    if request.path.startswith(("/desk", "/try")) and "static" not in request.path:
        response.headers["Cache-Control"] = "no-store"
    return response


def serve(runtime: Runtime) -> None:
    """Serve until told to stop."""
    queue = jobs.queue(runtime.settings.database)
    with queue.open():
        waitress.serve(
            application(runtime, queue),
            host=runtime.settings.gateway_host,
            port=runtime.settings.gateway_port,
            threads=4,
            ident="faro",
            clear_untrusted_proxy_headers=True,
        )
