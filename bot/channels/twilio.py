"""Twilio: SMS and WhatsApp, one reader and one sender under two names.

Messages:  https://www.twilio.com/docs/messaging/guides/webhook-request
Statuses:  https://www.twilio.com/docs/messaging/guides/track-outbound-message-status
Errors:    https://www.twilio.com/docs/api/errors
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import requests
from twilio.base.exceptions import TwilioException, TwilioRestException
from twilio.http.http_client import TwilioHttpClient
from twilio.http.response import Response
from twilio.request_validator import SIGNATURE_SETTINGS_HEADER, RequestValidator, get_signature_algorithm
from twilio.rest import Client

from bot.channels import twilio_rich as rich
from bot.messages import Event, Letter, Message, NotSent, Report, Then, tapped
from bot.settings import Settings

TIMEOUT = 10.0  # seconds
LONGEST_WAIT = 3600.0  # seconds; a longer Retry-After is not believed
CHUNK = 64 * 1024  # bytes
WHATSAPP = "whatsapp:"
MOST_MEDIA = 10  # https://www.twilio.com/docs/messaging/guides/webhook-request#media-related-parameters

# Twilio's codes by what to do next; the others may pass later when Twilio itself is at fault (5xx), else never.
THEN: Mapping[int, Then] = {
    # the person said STOP, blocked us, or asked WhatsApp for no more
    21610: Then.STOPPED, 63033: Then.STOPPED, 30004: Then.STOPPED,
    # outside WhatsApp's 24 hours
    63016: Then.WINDOW,
    # too fast: for the account, the number, the channel
    20429: Then.SLOW_DOWN, 14107: Then.SLOW_DOWN, 63018: Then.SLOW_DOWN, 21611: Then.SLOW_DOWN, 30022: Then.SLOW_DOWN,
    # the phone is off, the carrier or the channel is out of order, the queue is full
    30001: Then.RETRY, 30003: Then.RETRY, 30008: Then.RETRY, 30009: Then.RETRY, 30010: Then.GIVE_UP,
    30017: Then.RETRY, 63005: Then.GIVE_UP, 63010: Then.RETRY, 63014: Then.STOPPED, 63015: Then.GIVE_UP,
    63017: Then.RETRY, 63020: Then.RETRY, 63021: Then.GIVE_UP, 63024: Then.GIVE_UP, 63003: Then.GIVE_UP,
    # our own account: a wrong token, a suspended account, no credit; staff can mend it within the day
    20003: Then.RETRY, 20005: Then.RETRY, 30002: Then.RETRY, 20404: Then.RETRY,
    # our own number: none, not of this account, not for this channel; as well
    21212: Then.RETRY, 21603: Then.RETRY, 21606: Then.RETRY, 21659: Then.RETRY, 21660: Then.RETRY, 21703: Then.RETRY,
    63007: Then.RETRY,
    # not a number, not a mobile, a country we may not write to, a carrier that filters
    21211: Then.GIVE_UP, 21214: Then.GIVE_UP, 21217: Then.GIVE_UP, 21408: Then.GIVE_UP, 21612: Then.GIVE_UP,
    21614: Then.GIVE_UP, 21617: Then.GIVE_UP, 21635: Then.GIVE_UP, 30005: Then.GIVE_UP, 30006: Then.GIVE_UP,
    30007: Then.GIVE_UP,
}  # fmt: skip

# Of the account or of the way there, not of the message: not signed in, not allowed, a proxy, too slow.
NOT_THE_MESSAGE = (401, 403, 407, 408)

STATUSES = {
    "queued": "sent", "accepted": "sent", "scheduled": "sent", "sending": "sent", "sent": "sent",
    "delivered": "delivered", "read": "read", "undelivered": "failed", "failed": "failed", "canceled": "failed",
}  # fmt: skip


def then(code: int | None, status: int) -> Then:
    """What to do about an error of Twilio's; ``status`` is the HTTP status."""
    if code and code in THEN:
        return THEN[code]
    if status == 429:
        return Then.SLOW_DOWN
    return Then.RETRY if status >= 500 or not status or status in NOT_THE_MESSAGE else Then.GIVE_UP


# In: what Twilio posts.


def is_from_twilio(token: str, url: str, form: Any, headers: Any) -> bool:
    """Whether the signature is right for this address and these fields; compared in constant time."""
    signature = headers.get("X-Twilio-Signature", "")
    algorithm = get_signature_algorithm(headers.get(SIGNATURE_SETTINGS_HEADER))
    try:
        return bool(signature) and bool(RequestValidator(token).validate(url, form, signature, algorithm))
    except ValueError:  # a port or an algorithm that there is not
        return False


def read(form: Mapping[str, str]) -> Message | Event:
    """What one webhook says; an Event when it is no message of a person."""
    sender, channel = form.get("From", ""), "sms"
    if sender.startswith(WHATSAPP):
        sender, channel = sender.removeprefix(WHATSAPP), "whatsapp"
    sid = form.get("MessageSid") or form.get("SmsSid") or ""
    if not sid or not sender:
        return Event("twilio", _digest(form), "no message")
    kind, body = _kind(form)
    via = form.get("To", "").removeprefix(WHATSAPP)
    return Message(channel, sid, sender, kind, body, via=via or None)


def _kind(form: Mapping[str, str]) -> tuple[Any, dict[str, Any]]:
    """Kind and body as bot.inbox.Message wants them: the first that fits."""
    told = form.get("OptOutType", "").upper()
    if told in ("STOP", "START"):
        return told.lower(), {"by_provider": True}
    option = tapped(form.get("ButtonPayload") or form.get("ListId") or "")
    if option:
        return "option", option | {"text": form.get("Body", "")}
    if "Latitude" in form and "Longitude" in form:
        return _location(form)
    media = _media(form)
    if media:
        return "media", {"text": form.get("Body", ""), "media": media}
    return "text", {"text": form.get("Body") or form.get("ButtonText") or form.get("ListTitle") or ""}


def _location(form: Mapping[str, str]) -> tuple[Any, dict[str, Any]]:
    try:
        lat, lon = float(form["Latitude"]), float(form["Longitude"])
    except ValueError:
        return "unreadable", {}
    if not (abs(lat) <= 90 and abs(lon) <= 180):
        return "unreadable", {}
    return "location", {"lat": lat, "lon": lon}


def _media(form: Mapping[str, str]) -> list[dict[str, Any]]:
    number = min(rich.number(form.get("NumMedia")) or 0, MOST_MEDIA)
    urls = [(form.get(f"MediaUrl{i}"), form.get(f"MediaContentType{i}", "")) for i in range(number)]
    return [{"ref": url, "type": kind} for url, kind in urls if url]


def read_status(form: Mapping[str, str], part: str | None) -> Report | Event:
    """What became of a message. ``part`` is our own name for it, which Twilio brings back in the address."""
    sid, said = form.get("MessageSid", ""), form.get("MessageStatus") or form.get("SmsStatus") or ""
    status, code = STATUSES.get(said), form.get("ErrorCode") or None
    if not sid or status is None:
        return Event("twilio", _digest(form), "status")
    number = rich.number(code)
    what = then(number, 400) if status == "failed" and number else Then.GIVE_UP
    reason = f"twilio {number or 'unknown'}" if code else None
    return Report("twilio", f"{sid} {said}", sid, rich.number(part), status, reason, what)


def _digest(form: Mapping[str, str]) -> str:
    return hashlib.sha256(json.dumps(sorted(form.items())).encode()).hexdigest()


# Out: what Twilio takes.


class Wire(TwilioHttpClient):  # type: ignore[misc]
    """Twilio's own HTTP client, with an end to its patience; can be pointed at another address, as in a demo."""

    def __init__(self, address: str | None) -> None:
        super().__init__(timeout=TIMEOUT)
        self.address = address

    def request(self, method: str, url: str, *args: Any, **more: Any) -> Response:
        answer = super().request(method, at(self.address, url), *args, **more)
        if answer.status_code == 429:  # the client's own error does not say for how long
            wait = rich.number((answer.headers or {}).get("Retry-After"))
            raise NotSent(Then.SLOW_DOWN, "twilio 429", None if wait is None else min(float(wait), LONGEST_WAIT))
        return answer


def at(address: str | None, url: str) -> str:
    """The same path and query at another address; Twilio's own when none is set."""
    if address is None:
        return url
    parts = urlsplit(url)
    return address.rstrip("/") + parts.path + (f"?{parts.query}" if parts.query else "")


class Twilio:
    """Sends letters and fetches media. Safe to share between threads: it holds only the connection pool."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        account, token = settings.twilio_account_sid or "", settings.twilio_auth_token or ""
        self.auth = (account, token)
        self.client = Client(account, token, http_client=Wire(settings.twilio_api))
        self.shapes = rich.Shapes(self.client)

    def sender(self, letter: Letter) -> str:
        """The number it leaves from: the one they wrote to, else the campaign's."""
        ours = {"sms": self.settings.twilio_sms_from, "whatsapp": self.settings.twilio_whatsapp_from}
        return letter.via or ours[letter.channel] or ""

    def send(self, letter: Letter) -> str:
        """Hand one letter over; Twilio's SID for it. Raises NotSent."""
        try:
            return self._create(letter)
        except NotSent as refused:
            if letter.look == "plain" or refused.code not in rich.REFUSED:
                raise
        self.shapes.forget()  # somebody may have deleted it at Twilio
        return self._create(replace(letter, look="plain", text=rich.plain(letter)))  # better than no words

    def _create(self, letter: Letter) -> str:
        sid = _sent(lambda: self.client.messages.create(**self._fields(letter)).sid)
        if not sid:  # it says yes, but not to what
            raise NotSent(Then.LOOK, "twilio no answer")
        return str(sid)

    def _fields(self, letter: Letter) -> dict[str, Any]:
        prefix = WHATSAPP if letter.channel == "whatsapp" else ""
        sender = self.sender(letter)
        own = "messaging_service_sid" if sender.startswith("MG") else "from_"
        fields = {"to": prefix + letter.to, own: sender if own != "from_" else prefix + sender}
        if self.settings.public_url:
            fields["status_callback"] = f"{self.settings.address}/webhooks/twilio/status?part={letter.outbound}"
        return fields | self._said(letter)

    def _said(self, letter: Letter) -> dict[str, Any]:
        if letter.template:
            variables = {str(i): v for i, v in enumerate(letter.variables, 1)}
            return {"content_sid": letter.template, "content_variables": json.dumps(variables)}
        shape = rich.shape(letter)
        if shape and (made := self.shapes.sid(shape)):
            return {"content_sid": made, "content_variables": json.dumps(rich.filled(letter, shape))}
        return {"body": rich.plain(letter)}

    def look_up(self, letter: Letter, since: datetime) -> str | None:
        """The SID of a letter whose answer was lost; None when Twilio never took it. Raises NotSent."""
        return _sent(lambda: self._find(letter, since))

    def _find(self, letter: Letter, since: datetime) -> str | None:
        prefix = WHATSAPP if letter.channel == "whatsapp" else ""
        # The newest come first. Not by the date of sending, which a message in Twilio's queue has not got yet.
        found = self.client.messages.list(to=prefix + letter.to, limit=50)
        fresh = [m for m in found if m.date_created and m.date_created >= since - timedelta(seconds=5)]
        return next((str(m.sid) for m in fresh if letter.template or _same(str(m.body), letter)), None)

    def fetch(self, ref: str, limit: int) -> bytes | None:
        """A file that came with a message; None when it is larger than ``limit`` bytes. Raises NotSent."""
        host = urlsplit(ref).hostname or ""
        if not (self.settings.twilio_api or host == "api.twilio.com" or host.endswith(".twilio.com")):
            raise NotSent(Then.GIVE_UP, "not Twilio's address")
        return _sent(lambda: self._download(at(self.settings.twilio_api, ref), limit))

    def _download(self, url: str, limit: int) -> bytes | None:
        with requests.get(url, auth=self.auth, timeout=TIMEOUT, stream=True) as answer:
            if answer.status_code >= 400:
                raise TwilioRestException(answer.status_code, "media", "", method="GET")
            kept = b""
            for chunk in answer.iter_content(CHUNK):  # unlike `raw`, it fails with the errors of requests
                kept += chunk
                if len(kept) > limit:
                    return None
        return kept


def _same(body: str, letter: Letter) -> bool:
    return body.split() in (letter.text.split(), rich.plain(letter).split())


def _sent[T](call: Callable[[], T]) -> T:
    """What the call gives, its failures named: which of them tell us that nothing was taken."""
    try:
        return call()
    except TwilioException as error:
        status, code = rich.named(error)
        raise NotSent(then(code, status), f"twilio {code}") from None
    except requests.ConnectTimeout:
        raise NotSent(Then.RETRY, "twilio no connection") from None
    except requests.ConnectionError as error:
        lost = "NewConnectionError" not in repr(error) and "NameResolution" not in repr(error)
        what = (Then.LOOK, "twilio no answer") if lost else (Then.RETRY, "twilio no connection")
        raise NotSent(*what) from None
    except (requests.RequestException, ValueError):  # ValueError: it says yes, but not in JSON
        raise NotSent(Then.LOOK, "twilio no answer") from None
