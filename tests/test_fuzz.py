"""10,000 made-up webhooks: never a 500, nothing stored that was not verified, everything stored that was."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select
from twilio.request_validator import RequestValidator

from bot import jobs
from bot.channels.telegram import SECRET_HEADER
from bot.gateway import application
from bot.runtime import Runtime, start
from bot.settings import Settings
from bot.store.models import Contact, Inbound, Outbound, ProviderEvent

TWILIO, TELEGRAM = "fuzz-" + "0" * 27, "12345:" + "a" * 30
# Values that a provider might send, and what nobody should.
words = st.text(max_size=40) | st.sampled_from(
    ["", " ", "STOP", "+525512345678", "whatsapp:+525512345678", "\x00", "1"]
)
numbers = st.sampled_from(["0", "1", "10", "-1", "99999999999999999999", "1e9", "NaN", "inf", "x", "١"])
FIELDS = (
    "MessageSid", "SmsSid", "From", "To", "Body", "NumMedia", "MediaUrl0", "MediaContentType0", "Latitude", "Longitude",
    "ButtonPayload", "ButtonText", "ListId", "ListTitle", "OptOutType", "MessageStatus", "SmsStatus", "ErrorCode",
    "MessageType", "ProfileName", "AccountSid",
)  # fmt: skip
forms = st.dictionaries(st.sampled_from(FIELDS) | words, words | numbers, max_size=10)

scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | words
anything = st.recursive(scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3))
user = st.fixed_dictionaries({}, optional=dict.fromkeys(("id", "is_bot", "first_name", "language_code"), scalars))
real_user = st.just({"id": 7, "is_bot": False, "first_name": "A"})
chat = st.fixed_dictionaries({"id": st.integers(1, 2**52), "type": st.sampled_from(["private", "group", "channel"])})
file = st.fixed_dictionaries(
    {"file_id": words, "file_unique_id": words}, optional={"mime_type": scalars, "file_size": scalars}
)
message = st.fixed_dictionaries(
    {"message_id": st.integers(1, 2**31), "date": st.integers(0, 2**31), "chat": chat},
    optional={
        "from": real_user | user, "text": words | scalars, "caption": words, "voice": file | anything, "document": file,
        "location": st.fixed_dictionaries({"latitude": scalars, "longitude": scalars}), "contact": anything,
        "photo": anything, "sticker": anything, "poll": anything,
    },
)  # fmt: skip
updates = st.fixed_dictionaries(
    {"update_id": st.integers(0, 2**40)},
    optional={
        "message": message | anything, "edited_message": message | anything, "channel_post": message, "poll": anything,
        "callback_query": st.fixed_dictionaries({"id": words, "from": real_user, "chat_instance": words},
                                                optional={"data": words, "message": message}) | anything,
        "my_chat_member": anything,
    },
)  # fmt: skip

pytestmark = pytest.mark.slow


@dataclass(frozen=True)
class Door:
    client: FlaskClient
    runtime: Runtime
    address: str

    def rows(self) -> tuple[int, ...]:
        with self.runtime.sessions() as session:
            tables = (Contact, Inbound, Outbound, ProviderEvent)
            return tuple(session.scalar(select(func.count()).select_from(table)) or 0 for table in tables)


@pytest.fixture(scope="module")
def door(settings: Settings) -> Iterator[Door]:
    given = settings.model_copy(
        update={"twilio_account_sid": "AC1", "twilio_auth_token": TWILIO, "telegram_token": TELEGRAM}
        | {"telegram_secret": "right", "public_url": "https://faro.example"}
    )
    runtime = start(given)
    queue = jobs.queue(given.database)
    with queue.open():
        app: Flask = application(runtime, queue)
        yield Door(app.test_client(), runtime, given.address)


def examples(count: int) -> settings:
    return settings(max_examples=count, deadline=None, database=None, suppress_health_check=list(HealthCheck))


PATHS = st.sampled_from(["", "/status", "/status?part=1", "/status?part=x"])
headers = st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=30)


def test_5500_unsigned_forms_are_refused_and_leave_no_trace(door: Door) -> None:
    @examples(5_500)
    @given(form=forms, path=PATHS, signature=headers)
    def check(form: dict[str, str], path: str, signature: str) -> None:
        sent = {"X-Twilio-Signature": signature}
        assert door.client.post(f"/webhooks/twilio{path}", data=form, headers=sent).status_code == 403

    before = door.rows()
    check()
    assert door.rows() == before


def test_2500_signed_forms_are_taken_and_stored_whatever_they_say(door: Door) -> None:
    seen: set[str] = set()

    @examples(2_500)
    @given(form=forms, path=PATHS)
    def check(form: dict[str, str], path: str) -> None:
        signature = RequestValidator(TWILIO).compute_signature(f"{door.address}/webhooks/twilio{path}", form)
        answer = door.client.post(f"/webhooks/twilio{path}", data=form, headers={"X-Twilio-Signature": signature})
        assert answer.status_code == 200
        seen.add(json.dumps([path.partition("?")[0], sorted(form.items())]))

    before = door.rows()
    check()
    # Several forms may name the same message, which is stored once; the others have a row each.
    assert sum(door.rows()) - sum(before) > len(seen) / 4


def test_1000_updates_without_the_secret_are_refused_and_leave_no_trace(door: Door) -> None:
    @examples(1_000)
    @given(update=anything, secret=headers)
    def check(update: Any, secret: str) -> None:
        answer = door.client.post("/webhooks/telegram", data=json.dumps(update), headers={SECRET_HEADER: secret})
        assert answer.status_code == 403

    before = door.rows()
    check()
    assert door.rows() == before


def test_1000_updates_with_the_secret_are_taken_or_named_as_none(door: Door) -> None:
    numbers: set[int] = set()

    @examples(1_000)
    @given(update=updates | anything)
    def check(update: Any) -> None:
        sent = {SECRET_HEADER: "right", "Content-Type": "application/json"}
        answer = door.client.post("/webhooks/telegram", data=json.dumps(update), headers=sent)
        number = update.get("update_id") if isinstance(update, dict) else None
        is_update = isinstance(number, int) and not isinstance(number, bool)
        assert answer.status_code == (200 if is_update else 400)
        numbers.update([number] if isinstance(number, int) and is_update else [])

    before = door.rows()
    check()
    stored = sum(door.rows()[1::2]) - sum(before[1::2])  # messages and events
    assert stored >= len(numbers)  # one number may have come as a message and as an event
