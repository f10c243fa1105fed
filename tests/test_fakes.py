"""The providers' own libraries against the fakes, over a real socket: what they accept, refuse, and send to Faro."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from flask import Flask, Response, jsonify, request
from telegram import Bot, InlineKeyboardButton, InlineKeyboardMarkup, Update, error
from telegram.request import HTTPXRequest
from twilio.base.exceptions import TwilioRestException
from twilio.http.http_client import TwilioHttpClient
from twilio.request_validator import RequestValidator
from twilio.rest import Client

from bot.settings import ROOT
from tests.fakes.phones import Phones
from tests.fakes.telegram import FakeTelegram
from tests.fakes.telegram_html import BadHtml, parse
from tests.fakes.telegram_updates import Person
from tests.fakes.twilio import FakeTwilio
from tests.fakes.wire import Server

ACCOUNT, AUTH, TOKEN, SECRET = "AC" + "5" * 32, "auth" * 8, "123456:" + "a" * 35, "told_to-the-webhook"
PUBLIC = "https://faro.example"
ME, ON_WHATSAPP, CHAT = "+525512345678", "whatsapp:+525512345678", 525512345678
WEB = httpx.Client(trust_env=False, verify=False)
BUTTONS = {"body": "{{1}}", "actions": [{"type": "QUICK_REPLY", "title": "{{2}}", "id": "yes"}]}
LIST = {"body": "¿Qué?", "button": "Ver", "items": [{"item": "Robo", "id": "robbery", "description": "Me robaron"}]}

YES = InlineKeyboardMarkup([[InlineKeyboardButton("Sí", callback_data="yes")]])


@dataclass
class Gateway:
    """What Faro's gateway would get; answers 200 with ``says``."""

    url: str = ""
    got: list[tuple[str, dict[str, str], dict[str, str], Any]] = field(default_factory=list)
    says: Any = None

    def app(self) -> Flask:
        app = Flask("receiver")
        app.add_url_rule("/<path:path>", "any", self._takes, methods=["POST"])
        return app

    def _takes(self, path: str) -> Response:
        headers = {name.lower(): value for name, value in request.headers.items()}
        self.got.append((request.full_path.rstrip("?"), request.form.to_dict(), headers, request.get_json(silent=True)))
        return jsonify(self.says) if self.says else Response(status=200)

    def signed(self) -> list[bool]:
        """Whether Twilio's own library finds each request signed over the public address."""
        validator = RequestValidator(AUTH)
        return [validator.validate(PUBLIC + p, form, h.get("x-twilio-signature", "")) for p, form, h, _ in self.got]


@pytest.fixture(scope="module")
def listening() -> Iterator[Gateway]:
    made = Gateway()
    with Server(made.app()) as server:
        made.url = server.url
        yield made


@pytest.fixture
def gateway(listening: Gateway) -> Gateway:
    listening.got.clear()
    listening.says = None
    return listening


@pytest.fixture
def twilio(gateway: Gateway) -> Iterator[FakeTwilio]:
    with FakeTwilio(ACCOUNT, AUTH, gateway_url=gateway.url, public_url=PUBLIC) as fake:
        yield fake
        fake.settle()
        fake.check()


@pytest.fixture
def telegram(gateway: Gateway) -> Iterator[FakeTelegram]:
    with FakeTelegram(TOKEN, SECRET, gateway_url=gateway.url) as fake:
        yield fake
        fake.check()


class ToFake(TwilioHttpClient):  # type: ignore[misc]
    """Twilio's own client; only scheme and host of the address are others."""

    def __init__(self, url: str) -> None:
        super().__init__(timeout=2)
        self.url = url

    def request(self, method: str, url: str, *args: Any, **more: Any) -> Any:
        return super().request(method, self.url + "/" + url.split("/", 3)[3], *args, **more)


def client(fake: FakeTwilio, token: str = AUTH) -> Any:
    return Client(ACCOUNT, token, http_client=ToFake(fake.url))


def send(fake: FakeTwilio, **more: Any) -> Any:
    return client(fake).messages.create(**({"to": ME, "from_": "+15005550006", "body": "hola"} | more))


def content(fake: FakeTwilio, **types: Any) -> str:
    made = {"friendly_name": "x", "language": "es", "variables": {"1": "¿Bien?", "2": "Sí"}}
    body = made | {"types": {f"twilio/{name.replace('_', '-')}": value for name, value in types.items()}}
    answer = WEB.post(f"{fake.url}/v1/Content", json=body, auth=(ACCOUNT, AUTH))
    return str(answer.json().get("sid") or answer.json()["code"])


def ask(fake: FakeTelegram, what: Callable[[Bot], Awaitable[Any]], token: str = TOKEN) -> Any:
    """Telegram's own library, for one question."""

    async def asked() -> Any:
        quiet = HTTPXRequest(read_timeout=2, httpx_kwargs={"trust_env": False, "verify": False})
        bot = Bot(token, base_url=f"{fake.url}/bot", base_file_url=f"{fake.url}/file/bot",
                  request=quiet, get_updates_request=quiet)  # fmt: skip
        try:
            return await what(bot)
        finally:
            await quiet.shutdown()

    return asyncio.run(asked())


# Twilio: messages


def test_an_sms_is_accepted_as_twilio_does(twilio: FakeTwilio) -> None:
    made = send(twilio, status_callback=f"{PUBLIC}/status")
    assert (made.status, made.num_segments, made.body, made.error_code) == ("queued", "1", "hola", None)
    assert made.date_created is not None
    [kept] = twilio.messages
    assert (kept.sid, kept.to, kept.sender, kept.body) == (made.sid, ME, "+15005550006", "hola")
    assert kept.status_callback == f"{PUBLIC}/status" and len(kept.sid) == 34


def test_a_service_has_no_sender_yet(twilio: FakeTwilio) -> None:
    made = send(twilio, from_=None, messaging_service_sid="MG" + "1" * 32, body="ñ" * 161)
    assert (made.status, made.num_segments, made.from_) == ("accepted", "0", None)
    assert twilio.messages[0].sender == "MG" + "1" * 32


def test_segments_are_counted(twilio: FakeTwilio) -> None:
    assert send(twilio, body="[" * 80).num_segments == "1"
    assert send(twilio, body="[" * 81).num_segments == "2"
    assert send(twilio, body="语" * 71).num_segments == "2"


def test_what_was_taken_can_be_looked_up(twilio: FakeTwilio) -> None:
    made = [send(twilio, to=to, body=body).sid for to, body in ((ME, "a"), ("+525500000001", "b"), (ME, "c"))]
    twilio.report(twilio.messages[2], "delivered")
    now = datetime.now(UTC)
    found = client(twilio).messages.list(to=ME, date_sent_after=now - timedelta(days=1), limit=50)
    assert [(one.sid, one.body, one.status) for one in found] == [(made[2], "c", "delivered"), (made[0], "a", "queued")]
    assert abs((found[0].date_created - now).total_seconds()) < 5
    assert client(twilio).messages.list(date_sent_after=now + timedelta(days=1)) == []
    assert client(twilio).messages(made[1]).fetch().to == "+525500000001"


REFUSED = [
    ("no To", {"to": ""}, 21604),
    ("no From", {"from_": ""}, 21603),
    ("nothing to say", {"body": ""}, 21602),
    ("nothing to say, by a service", {"body": "", "from_": "", "messaging_service_sid": "MG1"}, 21619),
    ("1601 characters", {"body": "a" * 1601}, 21617),
    ("no country", {"to": "5512345678"}, 21211),
    ("no E.164 on WhatsApp", {"to": "whatsapp:5512345678", "from_": "whatsapp:+14155238886"}, 21211),
    ("two channels", {"to": ON_WHATSAPP}, 21910),
    ("somebody who said STOP", {"to": "+525500000000"}, 21610),
    ("a content that is none", {"content_sid": "HX" + "0" * 32}, 21655),
    ("variables without a content", {"body": "", "content_variables": "{}"}, 21654),
    ("variables that are no JSON", {"content_variables": "{'1': 'a'}"}, 21656),
    ("an empty variable", {"content_variables": '{"1": ""}'}, 21656),
    ("a variable of two lines", {"content_variables": json.dumps({"1": "a\nb"})}, 21656),
]


@pytest.mark.parametrize(("change", "code"), [r[1:] for r in REFUSED], ids=[r[0] for r in REFUSED])
def test_twilio_refuses(change: dict[str, str], code: int, twilio: FakeTwilio) -> None:
    twilio.stopped.add("+525500000000")
    with pytest.raises(TwilioRestException) as refused:
        send(twilio, **change)
    assert (refused.value.code, refused.value.status) == (code, 400)
    assert twilio.messages == []


def test_wrong_credentials_are_refused(twilio: FakeTwilio) -> None:
    with pytest.raises(TwilioRestException) as refused:
        client(twilio, "wrong").messages.create(to=ME, from_="+15005550006", body="hola")
    assert (refused.value.code, refused.value.status) == (20003, 401)
    assert AUTH not in str(twilio.requests)


# Twilio: contents


def test_a_content_is_shown_with_its_variables(twilio: FakeTwilio) -> None:
    made = content(twilio, quick_reply=BUTTONS)
    send(twilio, to=ON_WHATSAPP, from_="whatsapp:+14155238886", body=None, content_sid=made,
         content_variables=json.dumps({"1": "¿Está a salvo?"}))  # fmt: skip
    [message] = twilio.messages
    assert message.text == "¿Está a salvo?" and message.error_code is None
    assert message.rendered and [(b.id, b.title) for b in message.rendered.buttons] == [("yes", "Sí")]
    assert [c.sid for c in client(twilio).content.v1.contents.list()] == [made]


TOO_MUCH = [
    ("a body of 1025", "quick_reply", BUTTONS | {"body": "a" * 1025}, "21658"),
    ("a button of 21", "quick_reply", BUTTONS | {"actions": [{"title": "a" * 21, "id": "a"}]}, "21658"),
    ("11 items", "list_picker", LIST | {"items": [{"item": str(n), "id": str(n)} for n in range(11)]}, "20422"),
    ("no item", "list_picker", LIST | {"items": []}, "20422"),
    ("an item of 25", "list_picker", LIST | {"items": [{"item": "a" * 25, "id": "a"}]}, "21658"),
    ("a description of 73", "list_picker",
     LIST | {"items": [{"item": "a", "id": "a", "description": "d" * 73}]}, "21658"),
    ("an id of 201", "list_picker", LIST | {"items": [{"item": "a", "id": "a" * 201}]}, "21658"),
    ("an opener of 21", "list_picker", LIST | {"button": "a" * 21}, "21658"),
    ("an unknown type", "carousel_of_mine", {"body": "a"}, "20422"),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "value", "code"), [t[1:] for t in TOO_MUCH], ids=[t[0] for t in TOO_MUCH])
def test_a_content_beyond_the_limits_is_not_made(kind: str, value: Any, code: str, twilio: FakeTwilio) -> None:
    assert content(twilio, **{kind: value}) == code
    assert twilio.contents.made == {}


FOUR = [{"title": str(n), "id": str(n)} for n in range(4)]
UNDELIVERABLE = [
    ("a body too long once filled", ON_WHATSAPP, {"quick_reply": BUTTONS}, {"1": "a" * 1025}),
    ("a button too long once filled", ON_WHATSAPP, {"quick_reply": BUTTONS}, {"2": "a" * 21}),
    ("four buttons in a session", ON_WHATSAPP, {"quick_reply": BUTTONS | {"actions": FOUR}}, {}),
    ("buttons by SMS", ME, {"quick_reply": BUTTONS}, {}),
]


@pytest.mark.parametrize(("to", "types", "filled"), [u[1:] for u in UNDELIVERABLE], ids=[u[0] for u in UNDELIVERABLE])
def test_what_the_channel_cannot_show_fails_later(
    to: str, types: Any, filled: dict[str, str], twilio: FakeTwilio, gateway: Gateway
) -> None:
    own = "whatsapp:+14155238886" if to == ON_WHATSAPP else "+15005550006"
    made = send(twilio, to=to, from_=own, body=None, content_sid=content(twilio, **types),
                content_variables=json.dumps(filled), status_callback=f"{PUBLIC}/status")  # fmt: skip
    assert made.status == "queued"
    twilio.settle()
    assert (gateway.got[0][1]["MessageStatus"], gateway.got[0][1]["ErrorCode"]) == ("failed", "63021")
    assert gateway.signed() == [True]


def test_a_text_stands_in_for_buttons_by_sms(twilio: FakeTwilio) -> None:
    made = content(twilio, quick_reply=BUTTONS, text={"body": "{{1}} 1 Sí"})
    send(twilio, body=None, content_sid=made)
    assert twilio.messages[0].text == "¿Bien? 1 Sí" and twilio.messages[0].choices == ()


def test_outside_the_window_only_approved_templates_arrive(twilio: FakeTwilio, gateway: Gateway) -> None:
    to = {"to": ON_WHATSAPP, "from_": "whatsapp:+14155238886", "status_callback": f"{PUBLIC}/status"}
    template = content(twilio, quick_reply=BUTTONS)
    twilio.close_window(ON_WHATSAPP)
    assert send(twilio, **to).status == "queued"
    send(twilio, **to, body=None, content_sid=template)
    twilio.approve(template)
    send(twilio, **to, body=None, content_sid=template)
    twilio.text(ON_WHATSAPP, "hola")
    send(twilio, **to)
    twilio.settle()
    assert [message.error_code for message in twilio.messages] == [63016, 63016, None, None]
    assert {form.get("ErrorCode") for path, form, *_ in gateway.got if path == "/status"} == {"63016"}
    with pytest.raises(ValueError, match="list"):
        twilio.approve(content(twilio, list_picker=LIST))


# Twilio: media


def test_media_lie_elsewhere_until_deleted(twilio: FakeTwilio) -> None:
    address = twilio.add_media(b"jpeg", "image/jpeg")
    assert address.startswith("https://api.twilio.com/2010-04-01/Accounts/")
    local = twilio.url + address.removeprefix("https://api.twilio.com")
    message, medium = address.split("/")[-3], address.split("/")[-1]
    assert WEB.get(local).status_code == 401
    moved = WEB.get(local, auth=(ACCOUNT, AUTH))
    assert moved.status_code == 307
    found = WEB.get(moved.headers["Location"])
    assert (found.content, found.headers["Content-Type"]) == (b"jpeg", "image/jpeg")
    assert client(twilio).messages(message).media(medium).fetch().content_type == "image/jpeg"
    assert client(twilio).messages(message).media(medium).delete()
    assert WEB.get(local, auth=(ACCOUNT, AUTH)).json()["code"] == 20404
    assert WEB.get(moved.headers["Location"]).status_code == 404


# Twilio: webhooks

WHATSAPP_SET = {"ProfileName", "WaId", "MessageType", "ChannelMetadata", "ReferralNumMedia", "Forwarded"}
BASIC_SET = {
    "MessageSid", "SmsSid", "SmsMessageSid", "AccountSid", "From", "To", "Body", "NumMedia", "NumSegments",
    "SmsStatus", "ApiVersion",
}  # fmt: skip


def test_webhooks_are_complete_and_signed(twilio: FakeTwilio, gateway: Gateway) -> None:
    own, photo = twilio.incoming, twilio.add_media(b"jpeg", "image/jpeg")
    twilio.text(ME, "¿Hola? ñ & + %")
    twilio.text(ON_WHATSAPP, "hola")
    twilio.deliver(own.location(ON_WHATSAPP, 19.4, -99.1, Address="Calle 1", Label="Casa"))
    twilio.deliver(own.media(ON_WHATSAPP, photo, "image/jpeg", "mire"))
    twilio.deliver(own.media(ME, photo, "image/jpeg"))
    assert gateway.signed() == [True] * 5
    sms, whatsapp, place, picture, mms = (form for _, form, *_ in gateway.got)
    assert set(sms) >= BASIC_SET | {"FromCountry", "FromCity", "ToZip"} and sms["FromCountry"] == "MX"
    assert set(whatsapp) >= BASIC_SET | WHATSAPP_SET and whatsapp["WaId"] == "525512345678"
    assert (place["Latitude"], place["MessageType"], place["Label"]) == ("19.4", "location", "Casa")
    assert (picture["MessageType"], picture["NumMedia"], picture["MediaUrl0"]) == ("image", "1", photo)
    assert picture["MessageSid"] in photo and "MessageType" not in mms


def test_a_tap_says_which_message_it_answers(twilio: FakeTwilio, gateway: Gateway) -> None:
    for types in ({"quick_reply": BUTTONS}, {"list_picker": LIST}):
        send(twilio, to=ON_WHATSAPP, from_="whatsapp:+14155238886", body=None, content_sid=content(twilio, **types))
        twilio.tap(twilio.messages[-1], twilio.messages[-1].choices[0])
    button, item = (form for _, form, *_ in gateway.got)
    assert (button["ButtonPayload"], button["ButtonText"], button["Body"]) == ("yes", "Sí", "Sí")
    assert (item["ListId"], item["ListTitle"], item["MessageType"]) == ("robbery", "Robo", "interactive")
    replied = [form["OriginalRepliedMessageSid"] for form in (button, item)]
    assert replied == [message.sid for message in twilio.messages]


def test_forged_signatures_are_forged(twilio: FakeTwilio, gateway: Gateway) -> None:
    params = twilio.incoming.text(ME, "hola")
    for signature in ("missing", "forged", "no base64 at all"):
        twilio.deliver(params, signature=signature)
    assert gateway.signed() == [False] * 3
    assert "x-twilio-signature" not in gateway.got[0][2]


def test_stop_and_start_are_kept_by_twilio(twilio: FakeTwilio, gateway: Gateway) -> None:
    twilio.text(ME, "stop")
    assert twilio.stopped == {ME} and gateway.got[0][1]["OptOutType"] == "STOP"
    twilio.text(ME, "START")
    assert twilio.stopped == set()
    twilio.text(ON_WHATSAPP, "STOP")
    assert twilio.stopped == set()


def test_a_status_goes_to_the_messages_own_callback(twilio: FakeTwilio, gateway: Gateway) -> None:
    send(twilio, status_callback=f"{PUBLIC}/webhooks/twilio/status?m=7&x=a%20b")
    send(twilio, to=ON_WHATSAPP, from_=None, messaging_service_sid="MG1", status_callback=f"{PUBLIC}/status")
    send(twilio)
    sms, whatsapp, silent = twilio.messages
    twilio.report(sms, "undelivered", 30003)
    twilio.report(whatsapp, "read")
    assert twilio.report(silent, "sent") is None
    assert gateway.signed() == [True, True]
    (path, failed, *_), (_, read, *_) = gateway.got
    assert path == "/webhooks/twilio/status?m=7&x=a%20b"
    assert (failed["SmsStatus"], failed["ErrorCode"], failed["MessageSid"]) == ("undelivered", "30003", sms.sid)
    assert (read["EventType"], read["ChannelPrefix"], read["MessagingServiceSid"]) == ("READ", "whatsapp", "MG1")
    assert read["From"] == "whatsapp:+14155238886" and twilio.statuses[whatsapp.sid] == "read"


# prepared answers


def test_prepared_answers_are_used_in_their_order(twilio: FakeTwilio) -> None:
    twilio.prepare_error(20429, "Too Many Requests", 429)
    twilio.prepare(503, b"upstream", suffix="/Messages.json", method="POST")
    twilio.prepare(200, {"contents": [], "meta": {"key": "contents"}}, method="GET")
    for status in (429, 503):
        with pytest.raises(TwilioRestException) as refused:
            send(twilio)
        assert refused.value.status == status
    assert send(twilio).status == "queued"
    content(twilio, quick_reply=BUTTONS)
    assert len(twilio.unused()) == 1
    assert client(twilio).content.v1.contents.list() == []
    assert [r.path.rpartition("/")[2] for r in twilio.requests][:3] == ["Messages.json"] * 3


def test_a_dropped_answer_was_accepted_a_refused_one_not(twilio: FakeTwilio) -> None:
    twilio.prepare(drop=True)
    twilio.prepare(refuse=True)
    for _ in range(2):
        with pytest.raises(Exception, match="Connection aborted"):
            send(twilio)
    assert len(twilio.messages) == 1 and len(twilio.requests) == 2


def test_a_late_answer_is_true(twilio: FakeTwilio) -> None:
    twilio.prepare(delay=0.3)
    started = time.monotonic()
    assert send(twilio).status == "queued"
    assert time.monotonic() - started >= 0.3


def test_what_is_left_over_or_astray_is_told() -> None:
    with FakeTwilio(ACCOUNT, AUTH) as fake:
        fake.prepare(500)
        with pytest.raises(AssertionError, match="not used"):
            fake.check()
        with pytest.raises(TwilioRestException):
            send(fake)
        fake.check()
        with pytest.raises(TwilioRestException) as missing:
            client(fake).api.v2010.accounts(ACCOUNT).balance.fetch()
        assert (missing.value.status, missing.value.code) == (404, 20404)
        with pytest.raises(AssertionError, match="no such path"):
            fake.check()


def test_a_fake_comes_back_on_its_port() -> None:
    fake = FakeTwilio(ACCOUNT, AUTH).start()
    before = fake.url
    fake.stop()
    with pytest.raises(Exception, match="refused"):
        send(fake)
    with fake:
        assert fake.url == before and send(fake).status == "queued"


# Telegram: methods


def test_telegram_shows_what_was_formatted(telegram: FakeTelegram) -> None:
    telegram.queue(telegram.updates.text(CHAT, "hola"))
    text = '<b>1 &lt; 2</b> 👍 <a href="https://x.org/?a=1&amp;b=2">más</a>'
    made = ask(telegram, lambda bot: bot.send_message(CHAT, text, "HTML", reply_markup=YES))
    [kept] = telegram.messages
    assert made.text == kept.text == "1 < 2 👍 más" and kept.raw == text and kept.parse_mode == "HTML"
    assert [made.parse_entity(entity) for entity in made.entities] == ["1 < 2", "más"]
    assert made.entities[1].url == "https://x.org/?a=1&b=2"
    assert made.reply_markup == YES and kept.keyboard[0][0].data == "yes"
    assert TOKEN not in str(telegram.requests) and telegram.requests[0].path == "/bot***/sendMessage"


def button(**given: Any) -> dict[str, Any]:
    keyboard = {"inline_keyboard": [[{"text": "a", "callback_data": "a"} | given]]}
    return {"reply_markup": json.dumps(keyboard)}


TELEGRAM_REFUSES = [
    ("no text", {"text": ""}, 400, "message text is empty"),
    ("nothing in the tags", {"text": "<b></b>", "parse_mode": "HTML"}, 400, "text must be non-empty"),
    ("4097 units", {"text": "a" * 4097}, 400, "message is too long"),
    ("2049 emoji", {"text": "👍" * 2049}, 400, "message is too long"),
    ("an open tag", {"text": "<b>a", "parse_mode": "HTML"}, 400, "can't parse entities: Can't find end tag"),
    ("a bare sign", {"text": "1 < 2", "parse_mode": "HTML"}, 400, "can't parse entities: Unsupported start tag"),
    ("65 bytes of data", button(callback_data="ñ" * 33), 400, "BUTTON_DATA_INVALID"),
    ("no data", button(callback_data=""), 400, "BUTTON_DATA_INVALID"),
    ("no label", button(text=" "), 400, "inline keyboard button text must be non-empty"),
    ("a keyboard that is no JSON", {"reply_markup": "{"}, 400, "can't parse reply markup JSON object"),
    ("a stranger", {"chat_id": "77"}, 400, "chat not found"),
    ("somebody who blocked it", {"chat_id": "88"}, 403, "bot was blocked by the user"),
]


@pytest.mark.parametrize(
    ("change", "code", "says"), [t[1:] for t in TELEGRAM_REFUSES], ids=[t[0] for t in TELEGRAM_REFUSES]
)
def test_telegram_refuses(change: dict[str, str], code: int, says: str, telegram: FakeTelegram) -> None:
    telegram.queue(telegram.updates.text(CHAT, "hola"))
    telegram.queue(telegram.updates.member(88, "kicked"))
    form = {"chat_id": str(CHAT), "text": "hola"} | change
    answer = WEB.post(f"{telegram.url}/bot{TOKEN}/sendMessage", data=form)
    assert (answer.status_code, answer.json()["error_code"]) == (code, code)
    assert says in answer.json()["description"] and telegram.messages == []


def test_the_longest_text_is_measured_as_shown(telegram: FakeTelegram) -> None:
    telegram.queue(telegram.updates.text(CHAT, "hola"))
    ask(telegram, lambda bot: bot.send_message(CHAT, "<b>" + "&amp;" * 4096 + "</b>", "HTML"))
    assert telegram.messages[0].text == "&" * 4096


HTML = [
    ("an unknown tag", "a <div>b</div>", 'Unsupported start tag "div" at byte offset 2'),
    ("a heart", "<3", "Unclosed start tag at byte offset 0"),
    ("bytes, not letters", "ñ<x>", 'Unsupported start tag "x" at byte offset 2'),
    ("crossed tags", "<b><i>a</b></i>", 'Unmatched end tag at byte offset 7, expected "</i>", found "</b>"'),
    ("an end too many", "a</b>", "Unexpected end tag at byte offset 1"),
    ("a tag that never ends", "<b", "Unclosed start tag at byte offset 0"),
    ("an attribute without a name", '<a ="x">a</a>', 'Empty attribute name in the tag "a" at byte offset 0'),
    (
        "a span of something else",
        '<span class="x">a</span>',
        'Tag "span" must have class "tg-spoiler" at byte offset 0',
    ),
]


@pytest.mark.parametrize(("text", "says"), [h[1:] for h in HTML], ids=[h[0] for h in HTML])
def test_bad_html_is_refused_in_telegrams_words(text: str, says: str) -> None:
    with pytest.raises(BadHtml) as bad:
        parse(text)
    assert str(bad.value) == says


def test_entities_count_utf16_and_leave_the_space_out() -> None:
    found = parse("\n 👍 <b>hola </b>&copy; &#169; <blockquote expandable>x</blockquote>\n")
    assert found.text == "👍 hola &copy; © x"
    assert [(e["type"], e["offset"], e["length"]) for e in found.entities] == [("bold", 3, 5), ("blockquote", 17, 1)]


def test_wrong_tokens_and_methods_are_refused(telegram: FakeTelegram) -> None:
    with pytest.raises(error.InvalidToken):
        ask(telegram, lambda bot: bot.get_me(), token="1:x")
    assert WEB.get(f"{telegram.url}/bot1:x/getMe").status_code == 401
    answer = WEB.get(f"{telegram.url}/bot{TOKEN}/sendCarrierPigeon")
    assert answer.json() == {"ok": False, "error_code": 404, "description": "Not Found"}
    assert [stray.path for stray in telegram.strays] == ["/bot***/sendCarrierPigeon"]
    telegram.strays.clear()
    assert ask(telegram, lambda bot: bot.get_me()).username == "faro_fake_bot"


def test_too_many_requests_say_when_to_come_again(telegram: FakeTelegram) -> None:
    telegram.queue(telegram.updates.text(CHAT, "hola"))
    telegram.too_many(7, suffix="/sendMessage")
    telegram.prepare(drop=True)
    with pytest.raises(error.RetryAfter, match="7"):
        ask(telegram, lambda bot: bot.send_message(CHAT, "a"))
    with pytest.raises(error.NetworkError):
        ask(telegram, lambda bot: bot.send_message(CHAT, "b"))
    assert [message.text for message in telegram.messages] == ["b"]


def test_a_tap_is_answered_and_the_keyboard_taken_away(telegram: FakeTelegram) -> None:
    telegram.queue(telegram.updates.text(CHAT, "hola"))
    made = ask(telegram, lambda bot: bot.send_message(CHAT, "¿Sí?", reply_markup=YES))
    query = telegram.updates.callback(telegram.messages[0], "Sí")["callback_query"]
    assert query["data"] == "yes"
    assert ask(telegram, lambda bot: bot.answer_callback_query(query["id"]))
    assert telegram.answers[0]["callback_query_id"] == query["id"]
    ask(telegram, lambda bot: bot.edit_message_reply_markup(CHAT, made.message_id))
    assert telegram.messages[0].keyboard == ()
    with pytest.raises(error.BadRequest, match="not modified"):
        ask(telegram, lambda bot: bot.edit_message_reply_markup(CHAT, made.message_id))
    with pytest.raises(error.BadRequest, match="too old"):
        ask(telegram, lambda bot: bot.answer_callback_query("1"))


def test_files_are_fetched_by_their_id(telegram: FakeTelegram) -> None:
    update = telegram.updates.photo(CHAT, "mire", content=b"jpeg")
    file_id = update["message"]["photo"][-1]["file_id"]

    async def fetched(bot: Bot) -> bytes:
        return bytes(await (await bot.get_file(file_id)).download_as_bytearray())

    assert ask(telegram, fetched) == b"jpeg"
    with pytest.raises(error.BadRequest, match="file_id"):
        ask(telegram, lambda bot: bot.get_file("none"))


def test_groups_are_left_and_typing_is_seen(telegram: FakeTelegram) -> None:
    telegram.queue(telegram.updates.group(CHAT, "hola", chat=-100500))
    ask(telegram, lambda bot: bot.send_chat_action(-100500, "typing"))
    ask(telegram, lambda bot: bot.leave_chat(-100500))
    assert telegram.left == [-100500] and telegram.actions[0]["action"] == "typing"
    with pytest.raises(error.BadRequest, match="not found"):
        ask(telegram, lambda bot: bot.send_message(-100500, "a"))


# Telegram: how updates arrive


def test_a_webhook_is_https_and_excludes_polling(telegram: FakeTelegram) -> None:
    def set_to(url: str, **more: Any) -> None:
        ask(telegram, lambda bot: bot.set_webhook(url, **more))

    for url, says in (("http://faro.example/x", "https url"), ("https://faro.example:9000/x", "ports")):
        with pytest.raises(error.BadRequest, match=says):
            set_to(url)
    with pytest.raises(error.BadRequest, match="unallowed"):
        set_to(f"{PUBLIC}/x", secret_token="ñ")
    set_to(f"{PUBLIC}/x", secret_token="s", allowed_updates=["message"], max_connections=5)
    info = ask(telegram, lambda bot: bot.get_webhook_info())
    assert (info.url, info.max_connections, info.allowed_updates) == (f"{PUBLIC}/x", 5, ("message",))
    assert telegram.webhook.secret_token == "s"
    with pytest.raises(error.Conflict, match="deleteWebhook"):
        ask(telegram, lambda bot: bot.get_updates())
    ask(telegram, lambda bot: bot.delete_webhook())
    assert ask(telegram, lambda bot: bot.get_updates()) == ()


def test_updates_are_given_again_until_confirmed(telegram: FakeTelegram) -> None:
    made = [telegram.updates.text(CHAT, str(n)) for n in range(4)]
    for update in made[:3]:
        telegram.queue(update)

    def ids(**more: Any) -> list[int]:
        return [update.update_id for update in ask(telegram, lambda bot: bot.get_updates(**more))]

    first = made[0]["update_id"]
    assert ids(limit=2) == [first, first + 1]
    assert ids(offset=first + 2) == [first + 2]
    telegram.queue(made[3])
    assert ids(offset=-1) == [first + 3]
    assert ids() == [first + 3]
    started = time.monotonic()
    assert ids(offset=first + 4, timeout=0.4) == []
    assert time.monotonic() - started >= 0.4


def test_a_long_poll_ends_with_the_first_update(telegram: FakeTelegram) -> None:
    async def polled(bot: Bot) -> tuple[Any, ...]:
        waiting = asyncio.create_task(bot.get_updates(timeout=5))
        await asyncio.sleep(0.2)
        telegram.queue(telegram.updates.text(CHAT, "hola"))
        return await waiting

    started = time.monotonic()
    assert ask(telegram, polled)[0].message.text == "hola"
    assert time.monotonic() - started < 2


def test_of_two_polls_the_older_ends(telegram: FakeTelegram) -> None:
    async def both(bot: Bot) -> Any:
        older = asyncio.create_task(bot.get_updates(timeout=5))
        await asyncio.sleep(0.2)
        await bot.get_updates()
        return await older

    with pytest.raises(error.Conflict, match="other getUpdates"):
        ask(telegram, both)


def test_the_webhooks_answer_is_obeyed(telegram: FakeTelegram, gateway: Gateway) -> None:
    telegram.queue(telegram.updates.text(CHAT, "hola"))
    ask(telegram, lambda bot: bot.send_message(CHAT, "¿?", reply_markup=YES))
    update = telegram.updates.callback(telegram.messages[0], "yes")
    gateway.says = {"method": "answerCallbackQuery", "callback_query_id": update["callback_query"]["id"]}
    assert telegram.deliver(update).status_code == 200
    path, _, headers, said = gateway.got[0]
    assert path == "/webhooks/telegram" and headers["x-telegram-bot-api-secret-token"] == SECRET and said == update
    assert len(telegram.answers) == 1 and telegram.executed[0][0] == "answercallbackquery"
    gateway.says = {"method": "setWebhook", "url": "https://elsewhere.example"}
    telegram.deliver(telegram.updates.text(CHAT, "a"), secret="forged")
    telegram.deliver(telegram.updates.text(CHAT, "a"), secret="")
    assert gateway.got[1][2]["x-telegram-bot-api-secret-token"] == "forged"
    assert "x-telegram-bot-api-secret-token" not in gateway.got[2][2]
    assert telegram.webhook.url == "" and len(telegram.executed) == 1


def test_a_webhook_that_was_set_is_used(telegram: FakeTelegram, gateway: Gateway) -> None:
    ask(telegram, lambda bot: bot.set_webhook(f"{PUBLIC}/hooks/t?k=1", secret_token="own"))
    telegram.deliver(telegram.updates.text(CHAT, "a"))
    assert gateway.got[0][0] == "/hooks/t?k=1" and gateway.got[0][2]["x-telegram-bot-api-secret-token"] == "own"


def test_the_library_reads_every_update(telegram: FakeTelegram) -> None:
    make, who = telegram.updates, Person(CHAT, "pt")
    telegram.queue(make.text(CHAT, "hola"))
    ask(telegram, lambda bot: bot.send_message(CHAT, "¿?", reply_markup=YES))
    cases: list[tuple[dict[str, Any], Callable[[Any], Any]]] = [
        (make.text(who, "oi"), lambda u: u.message.text == "oi" and u.effective_user.language_code == "pt"),
        (make.text(Person(1, None), "x"), lambda u: u.effective_user.language_code is None),
        (make.edited(who, "oi!", 7), lambda u: u.edited_message.message_id == 7),
        (make.start(who, "mx"), lambda u: u.message.text == "/start mx" and u.message.entities[0].length == 6),
        (make.callback(telegram.messages[0], "Sí"), lambda u: u.callback_query.message.text == "¿?"),
        (make.location(who, 19.4, -99.1), lambda u: u.message.location.latitude == 19.4),
        (make.contact(who, "+5255"), lambda u: u.message.contact.phone_number == "+5255"),
        (make.photo(who, "a"), lambda u: u.message.caption == "a" and len(u.message.photo) == 3),
        (make.photo(who), lambda u: u.message.caption is None),
        (make.voice(who), lambda u: u.message.voice.mime_type == "audio/ogg"),
        (make.sticker(who), lambda u: u.message.sticker.emoji),
        (make.document(who), lambda u: u.message.document.file_name),
        (make.group(who, "a"), lambda u: u.effective_chat.type == "supergroup"),
        (make.channel_post("a"), lambda u: u.channel_post.chat.type == "channel" and u.effective_user is None),
        (make.member(who, "kicked"), lambda u: u.my_chat_member.new_chat_member.status == "kicked"),
        (make.member(who, "member"), lambda u: u.my_chat_member.old_chat_member.status == "kicked"),
    ]
    numbers = [update["update_id"] for update, _ in cases]
    assert numbers == sorted(set(numbers))
    for update, holds in cases:
        assert holds(Update.de_json(update)), update


def test_who_stops_the_bot_blocks_it(telegram: FakeTelegram) -> None:
    telegram.queue(telegram.updates.text(CHAT, "hola"))
    telegram.deliver(telegram.updates.member(CHAT, "kicked"))
    with pytest.raises(error.Forbidden):
        ask(telegram, lambda bot: bot.send_message(CHAT, "a"))
    telegram.deliver(telegram.updates.member(CHAT, "member"))
    ask(telegram, lambda bot: bot.send_message(CHAT, "a"))


# phones


@pytest.fixture
def page(twilio: FakeTwilio, telegram: FakeTelegram) -> Any:
    return Phones(twilio, telegram, pause=0.05).app().test_client()


def read(page: Any, channel: str, after: int = 0) -> list[dict[str, Any]]:
    answer = page.get(f"/phones/{channel}/messages", query_string={"number": ME, "after": after})
    messages: list[dict[str, Any]] = answer.get_json()["messages"]
    return messages


def write(page: Any, channel: str, **body: Any) -> Any:
    return page.post(f"/phones/{channel}/messages", json={"number": ME} | body)


def test_a_phone_writes_and_is_told_what_it_costs(page: Any, twilio: FakeTwilio, gateway: Gateway) -> None:
    assert write(page, "sms", id="first-one", text="hola").status_code == 202
    assert write(page, "sms", id="first-one", text="hola").get_json()["new"] is False
    assert len(gateway.got) == 1 and gateway.signed() == [True]
    send(twilio, body="语" * 71, status_callback=f"{PUBLIC}/status")
    mine, faros = read(page, "sms")
    assert (mine["from"], mine["text"], mine["status"]) == ("me", "hola", "sent")
    assert mine["cost"] == {"unit": "segment", "count": 1, "encoding": "GSM-7"}
    assert faros["cost"] == {"unit": "segment", "count": 2, "encoding": "UCS-2"} and faros["from"] == "faro"
    deadline = time.monotonic() + 3
    while read(page, "sms", mine["id"])[0]["status"] != "delivered":
        assert time.monotonic() < deadline
        time.sleep(0.02)
    while len(gateway.got) < 3:  # it is on the phone a moment before the gateway hears of it
        assert time.monotonic() < deadline
        time.sleep(0.02)
    assert [form["MessageStatus"] for _, form, *_ in gateway.got[1:]] == ["sent", "delivered"]


def test_a_phone_taps_on_whatsapp_and_telegram(
    page: Any, twilio: FakeTwilio, telegram: FakeTelegram, gateway: Gateway
) -> None:
    write(page, "telegram", text="hola")
    ask(telegram, lambda bot: bot.send_message(CHAT, "¿?", reply_markup=YES))
    send(
        twilio, to=ON_WHATSAPP, from_="whatsapp:+14155238886", body=None, content_sid=content(twilio, list_picker=LIST)
    )
    for channel, option, unit in (("telegram", "yes", "none"), ("whatsapp", "robbery", "message")):
        offer = read(page, channel)[-1]
        assert [one["id"] for one in offer["options"]] == [option] and offer["cost"]["unit"] == unit
        assert write(page, channel, option=option, of=offer["id"]).status_code == 202
        assert write(page, channel, option="other", of=offer["id"]).status_code == 400
        assert write(page, "sms", option=option, of=offer["id"]).status_code == 400
    taps = gateway.got[1:]
    assert taps[0][3]["callback_query"]["data"] == "yes" and taps[1][1]["ListId"] == "robbery"


GESTURES = [
    ("a place on WhatsApp", "whatsapp", {"lat": 19.4, "lon": -99.1}, 202, "Latitude"),
    ("a voice on WhatsApp", "whatsapp", {"media": "voice"}, 202, "MediaUrl0"),
    ("a photo by SMS", "sms", {"media": "photo"}, 202, "MediaUrl0"),
    ("STOP by SMS", "sms", {"stop": True}, 202, "OptOutType"),
    ("a place on Telegram", "telegram", {"lat": 19.4, "lon": -99.1}, 202, "location"),
    ("a photo on Telegram", "telegram", {"media": "photo"}, 202, "photo"),
    ("stopping Telegram's bot", "telegram", {"stop": True}, 202, "my_chat_member"),
    ("a place by SMS", "sms", {"lat": 19.4, "lon": -99.1}, 400, None),
    ("no text", "sms", {"text": " "}, 400, None),
    ("no number", "sms", {"text": "a", "number": "5255"}, 400, None),
    ("half a place", "telegram", {"lat": 19.4}, 400, None),
]


@pytest.mark.parametrize(
    ("channel", "body", "status", "sends"), [g[1:] for g in GESTURES], ids=[g[0] for g in GESTURES]
)
def test_a_phone_does(
    channel: str, body: dict[str, Any], status: int, sends: str | None, page: Any, gateway: Gateway
) -> None:
    assert write(page, channel, **body).status_code == status
    assert [sends in (form or json.dumps(said)) for _, form, _, said in gateway.got] == [True] * (sends is not None)


def test_a_phone_sees_that_the_gateway_is_down() -> None:
    twilio, telegram = FakeTwilio(ACCOUNT, AUTH, gateway_url="http://127.0.0.1:9"), FakeTelegram(TOKEN, SECRET)
    page = Phones(twilio, telegram).app().test_client()
    assert write(page, "sms", text="hola").status_code == 502
    assert read(page, "sms")[0]["status"] == "failed"


def test_all_three_run_as_a_process_of_their_own(gateway: Gateway) -> None:
    named = {"FARO_TWILIO_ACCOUNT_SID": ACCOUNT, "FARO_TWILIO_AUTH_TOKEN": AUTH}
    named |= {"FARO_TELEGRAM_TOKEN": TOKEN, "FARO_TELEGRAM_SECRET": SECRET}
    command = [sys.executable, "-m", "tests.fakes", "--port", "0", "--gateway", gateway.url, "--public-url", PUBLIC]
    with subprocess.Popen(command, cwd=ROOT, env=os.environ | named, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout
            url = process.stdout.readline().split()[-1]
            assert WEB.get(f"{url}/phones/health").json()["ready"] is True
            assert WEB.get(f"{url}/bot{TOKEN}/getMe").json()["ok"] is True
            assert WEB.get(f"{url}/v1/Content", auth=(ACCOUNT, AUTH)).json()["contents"] == []
            sent = WEB.post(f"{url}/phones/whatsapp/messages", json={"number": ME, "text": "hola"})
            assert sent.status_code == 202 and gateway.signed() == [True]
        finally:
            process.terminate()
        assert process.wait(10) == 0
