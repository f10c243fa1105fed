"""The providers' webhooks: verified, stored, and only then answered. One that is not configured does not exist."""

from __future__ import annotations

import logging
import uuid
from typing import Any

import procrastinate
from flask import Blueprint, Response, jsonify, request

from bot import inbox, jobs, own_alerts, receipts
from bot.channels import telegram, twilio
from bot.messages import Event, Message
from bot.runtime import Runtime

log = logging.getLogger(__name__)

TAKEN = '<?xml version="1.0" encoding="UTF-8"?><Response/>'  # no reply here: it comes by the outbox


def blueprint(runtime: Runtime, queue: procrastinate.App) -> Blueprint:
    hooks = Blueprint("webhooks", __name__, url_prefix="/webhooks")
    if runtime.settings.twilio_auth_token:
        _add_twilio(hooks, runtime, queue)
    if runtime.settings.telegram_token:
        _add_telegram(hooks, runtime)
    return hooks


def _add_twilio(hooks: Blueprint, runtime: Runtime, queue: procrastinate.App) -> None:
    token = runtime.settings.twilio_auth_token or ""

    def refused() -> Response | None:
        """The answer to who is not Twilio; the log says what was checked, as a wrong address is the usual cause."""
        url = runtime.settings.address + request.full_path.rstrip("?")
        if twilio.is_from_twilio(token, url, request.form, request.headers):
            return None
        why = "no signature" if "X-Twilio-Signature" not in request.headers else "wrong signature"
        log.warning("twilio webhook refused: %s; signed must be %s%s", why, runtime.settings.address, request.path)
        return _said(403, f"{why} for {request.path}")

    @hooks.post("/twilio")
    def message() -> Response:
        return refused() or _xml(take(runtime, twilio.read(request.form)))

    @hooks.post("/twilio/status")
    def status() -> Response:
        if answer := refused():
            return answer
        report = twilio.read_status(request.form, request.args.get("part"))
        with runtime.sessions.begin() as session:
            if isinstance(report, Event):
                return _xml(inbox.note(session, report))
            again = receipts.take(session, report)
        if again:
            _ask_deliver(queue, again)
        return _xml(True)


def _add_telegram(hooks: Blueprint, runtime: Runtime) -> None:
    @hooks.post("/telegram")
    def update() -> Response:
        given = request.headers.get(telegram.SECRET_HEADER)
        if not telegram.is_from_telegram(runtime.settings.telegram_secret, given):
            log.warning("telegram webhook refused: wrong secret; Telegram learns ours by `faro telegram set-webhook`")
            return _said(403, "wrong secret")
        data = request.get_json(silent=True)
        try:
            read = telegram.read(data if isinstance(data, dict) else {})
        except ValueError:
            log.warning("telegram webhook refused: no update")
            return _said(400, "no update")
        take(runtime, read)
        return jsonify(telegram.answered(data or {}))


def take(runtime: Runtime, read: Message | Event) -> bool:
    """Store what a provider brought and have it answered; whether it was new."""
    if isinstance(read, Message):
        return own_alerts.connect(runtime, read) or inbox.take(runtime, read)
    with runtime.sessions.begin() as session:
        return inbox.note(session, read)


def _ask_deliver(queue: procrastinate.App, contact: uuid.UUID) -> None:
    """The report is stored, so the provider need not send it again when the queue fails: the sweep finds the part."""
    try:
        jobs.ask_deliver(queue, contact)
    except procrastinate.exceptions.ConnectorException as error:
        log.error("queue: %s; the sweep will find it", type(error).__name__)


def _xml(_: Any) -> Response:
    return Response(TAKEN, mimetype="text/xml")


def _said(code: int, reason: str) -> Response:
    answer = jsonify(error=reason)
    answer.status_code = code
    return answer
