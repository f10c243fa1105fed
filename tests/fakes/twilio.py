"""Twilio: it takes messages, and calls Faro's webhooks, signed.

https://www.twilio.com/docs/messaging/api/message-resource, https://www.twilio.com/docs/usage/webhooks/webhooks-security
"""

from __future__ import annotations

import contextlib
import json
import threading
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import httpx
from flask import Response, request
from twilio.request_validator import RequestValidator

from tests.fakes import twilio_webhooks
from tests.fakes.twilio_contents import Contents, Media, answer, not_found
from tests.fakes.twilio_messages import Message, listed, resource
from tests.fakes.twilio_rules import Choice, Refusal, Rendered, faults, refused
from tests.fakes.twilio_webhooks import WHATSAPP, Incoming, Params, sid
from tests.fakes.wire import Fake, Received

OUTSIDE_WINDOW, INVALID_CONTENT = 63016, 63021
# Between accepting a message and saying that it failed, seconds.
FAILS_AFTER = 0.05


class FakeTwilio(Fake):
    """One account. Webhooks are signed over ``public_url`` and go to ``gateway_url`` (each without a path)."""

    def __init__(
        self, account_sid: str, auth_token: str, *,
        gateway_url: str = "http://127.0.0.1:8000", public_url: str | None = None,
        number: str = "+15005550006", whatsapp: str = "whatsapp:+14155238886",
    ) -> None:  # fmt: skip
        super().__init__("twilio", (auth_token,), gateway_url)
        self.account_sid, self.auth_token, self.public_url = account_sid, auth_token, public_url or gateway_url
        self.number, self.whatsapp = number, whatsapp
        self.incoming = Incoming(account_sid, number, whatsapp)
        self.messages: list[Message] = []
        self.statuses: dict[str, str] = {}
        self.stopped: set[str] = set()
        self.on_accepted: list[Callable[[Message], None]] = []
        self.contents, self.media = Contents(account_sid), Media(account_sid)
        self._closed: set[str] = set()
        self._failing: list[threading.Thread] = []
        self.app.before_request(self._authenticate)
        messages = "/2010-04-01/Accounts/<account>/Messages"
        self.app.add_url_rule(f"{messages}.json", "send", self._send, methods=["POST"])
        self.app.add_url_rule(f"{messages}.json", "list", self._list, methods=["GET"])
        self.app.add_url_rule(f"{messages}/<sid>.json", "fetch", self._fetch, methods=["GET"])
        self.contents.install(self.app)
        self.media.install(self.app)

    def close_window(self, number: str) -> None:
        """The last message from ``number`` (``whatsapp:+...``) is older than 24 hours; a new one opens it again."""
        self._closed.add(number)

    def approve(self, content_sid: str) -> None:
        """WhatsApp takes it outside the window too, and with more buttons. Raises ValueError for a list."""
        self.contents.approve(content_sid)

    def add_media(self, content: bytes, kind: str) -> str:
        """The address of a new medium at api.twilio.com, as a MediaUrl0 gives it."""
        return self.media.add(content, kind)

    def prepare_error(self, code: int, message: str, status: int = 400, **more: Any) -> None:
        self.prepare(status, Refusal(code, message, status).json(), **more)

    def text(self, sender: str, body: str, **more: str) -> httpx.Response:
        return self.deliver(self.incoming.text(sender, body, **more))

    def tap(self, message: Message, choice: Choice, **more: str) -> httpx.Response:
        item = bool(message.rendered and message.rendered.items)
        return self.deliver(self.incoming.tap(message.to, choice, message.sid, item, **more))

    def deliver(
        self, params: Mapping[str, str], path: str = "/webhooks/twilio", signature: str | None = None
    ) -> httpx.Response:
        """Post to a webhook. ``signature``: None is the true one, ``missing``, ``forged``, or any other text."""
        self.meets(params)
        return self._signed(self.public_url + path, dict(params), signature)

    def meets(self, params: Mapping[str, str]) -> None:
        """Somebody has written: what that opens or closes here, told to no webhook."""
        sender = params.get("From", "")
        self._closed.discard(sender)
        if params.get("OptOutType") == "STOP":
            self.stopped.add(sender)
        if params.get("OptOutType") == "START":
            self.stopped.discard(sender)

    def report(self, message: Message, status: str, error_code: int | None = None) -> httpx.Response | None:
        """Tell the message's own StatusCallback, if it has one; it may carry a query."""
        self.statuses[message.sid] = status
        if not message.status_callback:
            return None
        sender, service = message.sender, {}
        if message.service:
            service = {"MessagingServiceSid": sender}
            sender = self.whatsapp if message.to.startswith(WHATSAPP) else self.number
        params = twilio_webhooks.report(self.account_sid, message.sid, message.to, sender, status, error_code)
        return self._signed(message.status_callback, params | service, None)

    def settle(self) -> None:
        """Wait until what failed was reported."""
        for thread in self._failing:
            thread.join(10)

    def not_found(self) -> Response:
        return not_found()

    def _received(self) -> Received:
        """Whether credentials came is told, not which."""
        received = super()._received()
        shown = {"Authorization": "***"} if request.authorization else {}
        return replace(received, headers=received.headers | shown)

    def _signed(self, url: str, params: Params, signature: str | None) -> httpx.Response:
        headers = {"User-Agent": "TwilioProxy/1.1", "I-Twilio-Idempotency-Token": str(uuid.uuid4())}
        if signature is None:
            headers["X-Twilio-Signature"] = RequestValidator(self.auth_token).compute_signature(url, params)
        elif signature != "missing":
            headers["X-Twilio-Signature"] = "A" * 27 + "=" if signature == "forged" else signature
        return self.post(url, data=params, headers=headers)

    def _authenticate(self) -> Response | None:
        given = request.authorization
        right = given and (given.username, given.password) == (self.account_sid, self.auth_token)
        own = (request.view_args or {}).get("account", self.account_sid) == self.account_sid
        if request.endpoint in (None, "cdn") or (right and own):
            return None
        return answer(Refusal(20003, "Authenticate", 401))

    def _send(self, account: str) -> Response:
        form = request.form.to_dict()
        wrong = refused(form, self.stopped, self.contents.made)
        if wrong:
            return answer(wrong)
        message = self._accepted(form)
        self.messages.append(message)
        self.statuses[message.sid] = "accepted" if message.service else "queued"
        if message.error_code:
            self._fails(message)
        for listener in self.on_accepted:
            listener(message)
        return answer(resource(message, account, "accepted" if message.service else "queued"), 201)

    def _list(self, account: str) -> Response:
        return answer(listed(self.messages, account, self.statuses, request.args.to_dict()))

    def _fetch(self, account: str, sid: str) -> Response:
        found = next((message for message in self.messages if message.sid == sid), None)
        return answer(resource(found, account, self.statuses[sid])) if found else not_found()

    def _accepted(self, form: dict[str, str]) -> Message:
        to, content = form["To"], form.get("ContentSid")
        variables: dict[str, str] = json.loads(form.get("ContentVariables") or "{}")
        rendered = self.contents.render(content, to, variables) if content else None
        return Message(
            sid("MM" if "MediaUrl" in form else "SM"), to, form.get("MessagingServiceSid") or form["From"],
            form.get("Body", ""), content, variables, form.get("StatusCallback"), form.get("MediaUrl"),
            rendered, self._fate(to, content, rendered), time.monotonic(), datetime.now(UTC),
        )  # fmt: skip

    def _fate(self, to: str, content: str | None, rendered: Rendered | None) -> int | None:
        approved = content in self.contents.approved
        if content and rendered is None:
            return INVALID_CONTENT
        if to in self._closed and not approved:
            return OUTSIDE_WINDOW
        return INVALID_CONTENT if rendered and faults(rendered, in_session=not approved) else None

    def _fails(self, message: Message) -> None:
        """WhatsApp refuses only after Twilio has accepted: https://www.twilio.com/docs/api/errors/63016"""
        status = "undelivered" if message.error_code == OUTSIDE_WINDOW else "failed"

        def say() -> None:
            with contextlib.suppress(httpx.HTTPError):  # nobody listens; Twilio does not say it twice
                self.report(message, status, message.error_code)

        self._failing.append(threading.Timer(FAILS_AFTER, say))
        self._failing[-1].daemon = True
        self._failing[-1].start()
