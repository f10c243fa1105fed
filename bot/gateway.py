"""The web application: the phone to try, the desk, health. What faces the world."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Any

import procrastinate
import waitress
from flask import Flask, Response, jsonify, redirect, request
from flask_wtf.csrf import CSRFError, CSRFProtect
from sqlalchemy.exc import InternalError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as NoneFree
from werkzeug.exceptions import HTTPException

from bot import demo, health, jobs, metrics, phone, proof_page, webhooks
from bot.desk import console, language
from bot.runtime import Runtime

log = logging.getLogger(__name__)

# A message is a few kilobytes; an update of Telegram that quotes another, with links, 90 at most. More is not read.
LARGEST_REQUEST = 1024 * 1024

# What a browser may do with an answer of ours: nothing that is not ours, and no sensor but the place shared at /try.
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": "accelerometer=(), camera=(), display-capture=(), geolocation=(self), gyroscope=(), "
    "magnetometer=(), microphone=(), midi=(), payment=(), serial=(), usb=()",
    "Cross-Origin-Opener-Policy": "same-origin",
}
MINUTE = 60.0
ONLY_HTTPS = {"Strict-Transport-Security": "max-age=31536000"}


def application(runtime: Runtime, queue: procrastinate.App, clock: Callable[[], float] | None = None) -> Flask:
    """The whole application; ``queue`` is open.

    ``clock``: the seconds by which sessions, wrong passwords and codes are measured, for tests; else the machine's own.
    """
    secure = runtime.settings.address.startswith("https://")
    app = Flask("bot.gateway", static_folder=None)
    app.config.update(
        SECRET_KEY=runtime.settings.secret_key,
        MAX_CONTENT_LENGTH=LARGEST_REQUEST,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=secure,
        WTF_CSRF_TIME_LIMIT=None,
        WTF_CSRF_SSL_STRICT=False,  # it asks for a Referer, which our pages send to nobody
        WTF_CSRF_CHECK_DEFAULT=True,
    )
    guard = CSRFProtect(app)
    hooks = webhooks.blueprint(runtime, queue)
    guard.exempt(hooks)  # they carry a provider's signature instead
    app.register_blueprint(hooks)
    proofs = proof_page.blueprint(runtime)
    guard.exempt(proofs)  # it changes nothing and knows nobody, so it needs no cookie
    app.register_blueprint(proofs)
    console.install(app, runtime, queue, clock)
    if runtime.settings.shows_try:
        three = runtime.settings.demo_phones
        app.register_blueprint(demo.blueprint(three) if three else phone.blueprint(runtime))
    app.add_url_rule("/", "home", lambda: redirect("/try" if runtime.settings.shows_try else "/desk/"))
    app.register_blueprint(health.blueprint(runtime))
    app.register_blueprint(metrics.blueprint(runtime))
    _name_failures(app)
    app.after_request(_headers(HEADERS | (ONLY_HTTPS if secure else {})))
    return app


def _name_failures(app: Flask) -> None:
    @app.errorhandler(HTTPException)
    def refused(error: HTTPException) -> tuple[Any, int]:
        reason = error.description if isinstance(error, CSRFError) else error.name
        code = error.code or 500
        if request.path.startswith("/desk"):
            return console.failure(code), code
        return jsonify(error=reason), code

    first = Seldom()

    @app.errorhandler(OperationalError)  # away, full, or out of connections
    @app.errorhandler(InternalError)
    @app.errorhandler(NoneFree)
    def no_database(error: SQLAlchemyError) -> tuple[Response, int]:
        failure = type(getattr(error, "orig", None) or error).__name__
        if first(failure):
            log.error("database: %s; nothing is acknowledged until it works again", failure)
        if request.path.startswith("/desk"):  # its pages need the database to know who is signed in
            return Response(language.no_database(), mimetype="text/plain"), 503
        return jsonify(error="not stored, send it again"), 503


class Seldom:
    """Whether to say this now: the same at most once a minute, as a full disk has no room for a line each time."""

    def __init__(self) -> None:
        self._said: dict[str, float] = {}

    def __call__(self, line: str) -> bool:
        at = time.monotonic()
        new = at - self._said.get(line, -MINUTE) >= MINUTE
        if new:
            self._said[line] = at
        return new


def _headers(always: dict[str, str]) -> Callable[[Response], Response]:
    def add(response: Response) -> Response:
        response.headers.update(always)
        if request.path.startswith(("/desk", "/try")) and not request.path.startswith("/try/static"):
            response.headers["Cache-Control"] = "no-store"
        return response

    return add


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
            trusted_proxy=runtime.settings.proxy,
            trusted_proxy_headers={"x-forwarded-for"},
            clear_untrusted_proxy_headers=True,
        )
