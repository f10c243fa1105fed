"""/try: a page that looks and works like a phone, on the same inbox and outbox as every other channel."""

from __future__ import annotations

import re
import uuid
from typing import Any

import phonenumbers
from flask import Blueprint, Response, jsonify, render_template, request, session
from sqlalchemy import select
from sqlalchemy.orm import Session

from bot import inbox
from bot.content import LANGUAGES
from bot.messages import Message
from bot.runtime import Runtime
from bot.store.models import Contact, Inbound, Outbound, now

# One made-up number for each country one may pick; the ranges are real, so that the country is recognised.
COUNTRIES = ("MX", "GT", "HN", "US", "SV", "NI", "CO", "HT", "BR", "VE", "EC", "PE", "CU", "DO", "PA", "CR")
SHAPES: dict[str, dict[str, type | tuple[type, ...]]] = {
    "text": {"text": str},
    "option": {"number": int, "outbound": int},
    "location": {"lat": (int, float), "lon": (int, float)},
    "unreadable": {},
}

# In place of our words about a report, which are not kept once they have arrived.
GONE = "\N{LOCK}"

# A cookie holds 4 kB; nobody tries more phones than this in one browser.
KEEP_PHONES = 20


class BadMessage(Exception):
    """What came is no message of a phone; says why, for the page's developer."""


def blueprint(runtime: Runtime) -> Blueprint:
    phone = Blueprint("phone", __name__, template_folder="templates", static_folder="static",
                      url_prefix="/try", static_url_path="/static")  # fmt: skip

    @phone.get("/")
    @phone.get("", strict_slashes=False)
    def page() -> str:
        return render_template("try.html", languages=LANGUAGES, numbers=sample_numbers())

    @phone.post("/messages")
    def send() -> tuple[Response, int]:
        try:
            message = read(request.get_json(silent=True))
        except BadMessage as error:
            return jsonify(error=str(error)), 400
        return jsonify(stored=True, new=inbox.take(runtime, message)), 202

    @phone.get("/messages")
    def receive() -> tuple[Response, int] | Response:
        number = valid_number(request.args.get("number"))
        if number is None:
            return jsonify(error="number: not a phone number with its country code"), 400
        after = request.args.get("after", 0, type=int)
        with runtime.sessions.begin() as store:
            return jsonify(messages=_new_for(store, runtime, number, after))

    return phone


def read(body: Any) -> Message:
    """The message in a request's JSON. Raises BadMessage."""
    if not isinstance(body, dict) or body.get("kind") not in SHAPES:
        raise BadMessage(f"kind: one of {', '.join(SHAPES)}")
    number = valid_number(body.get("phone"))
    if number is None:
        raise BadMessage("phone: not a phone number with its country code")
    if not re.fullmatch(r"[\w-]{8,64}", str(body.get("id", ""))):
        raise BadMessage("id: 8 to 64 letters or digits, a new one for each message")
    language = body.get("language") if body.get("language") in LANGUAGES else None
    return Message("web", str(body["id"]), number, body["kind"], _shaped(body), language)


def _shaped(body: dict[str, Any]) -> dict[str, Any]:
    shape = SHAPES[body["kind"]]
    for name, kind in shape.items():
        if not isinstance(body.get(name), kind) or isinstance(body.get(name), bool):
            raise BadMessage(f"{name}: missing, or not what it should be")
    if body["kind"] == "location" and not (abs(body["lat"]) <= 90 and abs(body["lon"]) <= 180):
        raise BadMessage("lat, lon: not on this earth")
    if body["kind"] == "option" and not 0 <= body["outbound"] < 2**63:
        raise BadMessage("outbound: no such message")
    return {name: body[name] for name in shape}


def valid_number(text: Any) -> str | None:
    """The number in E.164 (``+5215512345678``), None when it is none."""
    try:
        number = phonenumbers.parse(str(text))
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_possible_number(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def sample_numbers() -> list[tuple[str, str]]:
    """(country, example of a mobile number) for the picker."""
    mobile = phonenumbers.PhoneNumberType.MOBILE
    samples = [(c, phonenumbers.example_number_for_type(c, mobile)) for c in COUNTRIES]
    e164 = phonenumbers.PhoneNumberFormat.E164
    return [(c, phonenumbers.format_number(n, e164)) for c, n in samples if n is not None]


def _new_for(store: Session, runtime: Runtime, number: str, after: int) -> list[dict[str, Any]]:
    """Messages for this phone after an id. Being fetched is being delivered.

    A browser that opens a number for the first time sees only what comes from then on: whoever picks the
    number of somebody else does not read their past.
    """
    found = runtime.vault.fingerprint("web", number)
    contact = store.scalar(select(Contact.id).where(Contact.channel == "web", Contact.address_hash == found))
    floor = _floor(store, found, contact)
    if contact is None:
        return []
    query = (
        select(Outbound)
        .where(Outbound.contact_id == contact, Outbound.id > max(after, floor))
        .where(Outbound.status.in_(("sent", "delivered")))
        .order_by(Outbound.id)
    )
    rows = list(store.scalars(query))
    for row in rows:
        if row.status == "sent":
            row.status, row.delivered_at = "delivered", now()
    return [_shown(runtime, row) for row in rows] + _heard(store, contact)


def _floor(store: Session, found: str, contact: uuid.UUID | None) -> int:
    """The newest message there was when this browser first opened this number."""
    opened = session["phones"] = dict(list(session.get("phones", {}).items())[-KEEP_PHONES:])
    key = found[:16]
    if key not in opened:
        newest = select(Outbound.id).where(Outbound.contact_id == contact).order_by(Outbound.id.desc())
        opened[key] = (store.scalar(newest.limit(1)) or 0) if contact else 0
    return int(opened[key])


def _shown(runtime: Runtime, row: Outbound) -> dict[str, Any]:
    options = [{"number": o["number"], "label": o["label"]} for o in row.options]
    text = runtime.vault.open(row.body_sealed)["text"] if row.body_sealed else GONE
    return {"id": row.id, "from": "faro", "text": text, "options": options, "at": row.created_at.isoformat()}


def _heard(store: Session, contact: uuid.UUID) -> list[dict[str, Any]]:
    """Which of the phone's own messages were answered: its second tick."""
    query = select(Inbound.provider_id).where(Inbound.contact_id == contact, Inbound.answered_at.is_not(None))
    recent = store.scalars(query.order_by(Inbound.id.desc()).limit(20))
    return [{"from": "me", "sent_as": provider, "status": "delivered"} for provider in recent]
