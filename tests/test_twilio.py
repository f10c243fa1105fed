"""Twilio: SMS and WhatsApp in and out, through the real gateway and Twilio's own library; tests/cases/twilio.yml."""

from __future__ import annotations

import json
import socket
import threading
import uuid
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import procrastinate
import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from twilio.request_validator import RequestValidator
from werkzeug.datastructures import MultiDict

from bot import conversation, delivery, media
from bot.channels import twilio as provider
from bot.channels.twilio import Twilio
from bot.messages import Letter, NotSent, Then
from bot.replies.wording import Part
from bot.runtime import Runtime
from bot.store.models import now
from bot.store.session import sessions
from tests.channels import AT_HOME, PUBLIC, Kept, Writer, fresh_number, kept, options, queue, served, with_settings
from tests.conftest import free_port
from tests.fakes.twilio import FakeTwilio
from tests.fakes.twilio_messages import Message as Accepted
from tests.fakes.twilio_rules import Choice
from tests.fakes.twilio_webhooks import WHATSAPP, Params, sid

__all__ = ["kept", "queue"]
pytestmark = AT_HOME

CASES = yaml.safe_load((Path(__file__).parent / "cases/twilio.yml").read_text("utf-8"))
ACCOUNT, TOKEN = "AC" + "7" * 32, "auth" * 8
SMS, ON_WHATSAPP = "+15005550006", "+14155238886"
OURS = {"sms": SMS, "whatsapp": ON_WHATSAPP}
PATH, STATUS = "/webhooks/twilio", "/webhooks/twilio/status"


def cases(table: str) -> list[Any]:
    return [pytest.param(case, id=case["case"]) for case in CASES[table]]


def configured(runtime: Runtime, **more: Any) -> Runtime:
    account = {"twilio_account_sid": ACCOUNT, "twilio_auth_token": TOKEN, "public_url": PUBLIC}
    numbers = {"twilio_sms_from": SMS, "twilio_whatsapp_from": ON_WHATSAPP}
    return with_settings(runtime, **(account | numbers | more))


@pytest.fixture(scope="module")
def gateway(runtime: Runtime, queue: procrastinate.App) -> Iterator[str]:
    with served(configured(runtime), queue) as url:
        yield url


@pytest.fixture
def twilio(gateway: str) -> Iterator[FakeTwilio]:
    with FakeTwilio(ACCOUNT, TOKEN, gateway_url=gateway, public_url=PUBLIC) as fake:
        yield fake
        fake.settle()
        fake.check()


@pytest.fixture
def faro(runtime: Runtime, twilio: FakeTwilio) -> Runtime:
    """A runtime whose letters go to the fake."""
    return configured(runtime, twilio_api=twilio.url)


@pytest.fixture
def door(faro: Runtime) -> Twilio:
    return Twilio(faro.settings)


@pytest.fixture
def number() -> str:
    return fresh_number()


# A. What somebody sends is stored as one row.


def params(case: dict[str, Any], twilio: FakeTwilio, number: str) -> Params:
    """What Twilio posts in this case."""
    sender = case.get("from", (WHATSAPP if case.get("channel") == "whatsapp" else "") + number)
    made = built(case, twilio, number if "from" in case else sender)
    made = made | {"From": sender} | case.get("with", {})
    return {name: value for name, value in made.items() if name not in case.get("without", ())}


def built(case: dict[str, Any], twilio: FakeTwilio, sender: str) -> Params:
    say, own = said(case), twilio.incoming
    if "tap" in case:
        return own.tap(sender, Choice(case["tap"], say), "SM1")
    if "pick" in case:
        return own.tap(sender, Choice(case["pick"], say), "SM1", item=True)
    if "at" in case:
        lat, lon = case["at"]
        return own.location(sender, lat, lon) | ({"Body": say} if say else {})
    if "files" in case:
        return with_files(own.media(sender, address(0), "", say), case["files"])
    return own.text(sender, say)


def said(case: dict[str, Any]) -> str:
    return str(case.get("say", "")) * int(case.get("times", 1))


def address(number: int) -> str:
    return f"https://api.twilio.com/2010-04-01/Accounts/{ACCOUNT}/Messages/{sid('MM')}/Media/ME{number}"


def with_files(made: Params, types: list[str]) -> Params:
    files = {f"MediaUrl{i}": made["MediaUrl0"][:-1] + str(i) for i in range(len(types))}
    named = {f"MediaContentType{i}": kind for i, kind in enumerate(types)}
    return made | files | named | {"NumMedia": str(len(types))}


def expected(case: dict[str, Any], posted: Params) -> dict[str, Any]:
    """The stored body."""
    words = {"text": said(case)[: case.get("cut")]}
    files = [{"ref": posted[f"MediaUrl{i}"], "type": kind} for i, kind in enumerate(case.get("keeps", ()))]
    body = case.get("body", words) | ({"media": files} if files else {})
    via = case.get("via", OURS[case.get("channel", "sms")])
    return {"kind": case["kind"], "via": via, **body}


@pytest.mark.parametrize("case", cases("messages"))
def test_what_somebody_sends_is_stored_once(
    case: dict[str, Any], twilio: FakeTwilio, number: str, kept: Kept, caplog: pytest.LogCaptureFixture
) -> None:
    posted, before = params(case, twilio, number), kept.event(str(case.get("event")))
    first, again = twilio.deliver(posted), twilio.deliver(posted)
    assert (first.status_code, again.status_code) == (200, 200)
    assert first.text.endswith("<Response/>") and first.headers["Content-Type"].startswith("text/xml")
    row = kept.inbound(posted.get("MessageSid") or posted.get("SmsSid") or "none")
    if "event" in case:
        assert row is None and kept.event(case["event"]) == before + 1
        return
    assert row is not None and kept.body(row) == expected(case, posted)
    person = kept.person(row.contact_id)
    assert (person.channel, kept.jobs(row.contact_id) >= 1) == (case.get("channel", "sms"), True)
    assert (person.stopped_at is not None, person.blocked_at is not None) == (
        case.get("stopped", False),
        case.get("blocked", False),
    )
    assert number not in caplog.text and (len(said(case)) < 3 or said(case) not in caplog.text)


def test_start_lifts_what_stop_did_and_stop_by_our_own_word_does_not_block(
    twilio: FakeTwilio, number: str, kept: Kept
) -> None:
    states = []
    for word in ("STOP", "START", "baja", "START"):
        posted = twilio.incoming.text(number, word)
        assert twilio.deliver(posted).status_code == 200
        row = kept.inbound(posted["MessageSid"])
        assert row is not None
        person = kept.person(row.contact_id)
        states.append((person.stopped_at is not None, person.blocked_at is not None, person.case_messages))
    assert states == [(True, True, False), (False, False, True), (True, False, False), (False, False, True)]


def test_a_late_repetition_of_stop_does_not_stop_somebody_who_came_back(
    twilio: FakeTwilio, number: str, kept: Kept
) -> None:
    stop, start = twilio.incoming.text(number, "STOP"), twilio.incoming.text(number, "START")
    for posted in (stop, start, stop):
        twilio.deliver(posted)
    row = kept.inbound(start["MessageSid"])
    assert row is not None and kept.person(row.contact_id).stopped_at is None


def test_neither_words_nor_number_nor_name_can_be_read_in_the_database(
    twilio: FakeTwilio, number: str, kept: Kept
) -> None:
    posted = twilio.incoming.text(WHATSAPP + number, "palabra canaria", ProfileName="Canaria Pérez")
    twilio.deliver(posted)
    row = kept.inbound(posted["MessageSid"])
    assert row is not None and "Canaria" not in json.dumps(kept.body(row))
    everything = kept.dump("contact", "inbound", "provider_event", "procrastinate_jobs", "procrastinate_events")
    assert posted["MessageSid"] in everything
    for secret in ("anaria", "palabra", number, number[1:]):
        assert secret not in everything and secret.encode().hex() not in everything


def test_the_same_message_from_two_sides_at_once_is_one_row_and_one_job(
    twilio: FakeTwilio, number: str, kept: Kept
) -> None:
    posted, barrier, codes = twilio.incoming.text(number, "hola"), threading.Barrier(2), []

    def deliver() -> None:
        barrier.wait()
        codes.append(twilio.deliver(posted).status_code)

    threads = [threading.Thread(target=deliver) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    row = kept.inbound(posted["MessageSid"])
    assert codes == [200, 200] and row is not None and kept.jobs(row.contact_id) == 1


def test_another_message_of_the_same_person_is_a_row_of_its_own(twilio: FakeTwilio, number: str, kept: Kept) -> None:
    before = kept.total()
    for channel in ("", "", WHATSAPP):
        twilio.text(channel + number, "hola")
    assert kept.total() == before + 3


REPEATED = {"Body": ["hola", "adiós"], "NumMedia": ["0", "0"]}


def test_a_parameter_that_comes_twice_is_signed_and_read_by_its_first(
    twilio: FakeTwilio, number: str, kept: Kept
) -> None:
    posted: dict[str, Any] = twilio.incoming.text(number, "hola") | REPEATED
    signature = RequestValidator(TOKEN).compute_signature(PUBLIC + PATH, MultiDict(posted))
    answer = twilio.post(PUBLIC + PATH, data=posted, headers={"X-Twilio-Signature": signature})
    row = kept.inbound(posted["MessageSid"])
    assert answer.status_code == 200 and row is not None and kept.body(row)["text"] == "hola"


NAMES = st.sampled_from(
    "Body NumMedia MediaUrl0 MediaContentType0 Latitude Longitude OptOutType ButtonPayload ButtonText ListId "
    "MessageType ErrorCode MessageStatus SmsStatus Label".split()
)


WORDS_OF_ANY_KIND = st.text(st.characters(codec="utf-8"), max_size=40) | st.sampled_from(["9" * 5000, "1e999"])


@settings(deadline=None, max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.dictionaries(NAMES, WORDS_OF_ANY_KIND))
def test_whatever_twilio_signs_is_taken(twilio: FakeTwilio, more: dict[str, str]) -> None:
    posted = twilio.incoming.text("+525500000000", "hola") | more
    assert twilio.deliver(posted).status_code == 200
    assert twilio.deliver(posted | {"MessageSid": sid("SM")}, f"{STATUS}?part=1").status_code == 200


# B. Only what Twilio signed is taken.


def signed(url: str, posted: Params, token: str = TOKEN) -> str:
    return str(RequestValidator(token).compute_signature(url, posted))


Sign = Callable[[Params], str]
SIGNATURES: list[tuple[str, Sign, int]] = [
    ("right", lambda p: signed(PUBLIC + PATH, p), 200),
    ("right, with the port that goes without saying", lambda p: signed("https://faro.example:443" + PATH, p), 200),
    ("missing", lambda p: "missing", 403),
    ("empty", lambda p: "", 403),
    ("forged", lambda p: "forged", 403),
    ("no base64", lambda p: "no base64 at all!", 403),
    ("with another token", lambda p: signed(PUBLIC + PATH, p, "other" * 8), 403),
    ("for another host", lambda p: signed("https://evil.example" + PATH, p), 403),
    ("for another path", lambda p: signed(PUBLIC + STATUS, p), 403),
    ("for a path with a slash", lambda p: signed(PUBLIC + PATH + "/", p), 403),
    ("for another query", lambda p: signed(PUBLIC + PATH + "?part=1", p), 403),
    ("for http", lambda p: signed("http://faro.example" + PATH, p), 403),
    ("for another port", lambda p: signed("https://faro.example:8443" + PATH, p), 403),
    ("for other words", lambda p: signed(PUBLIC + PATH, p | {"Body": "otra cosa"}), 403),
    ("for one parameter less", lambda p: signed(PUBLIC + PATH, {k: v for k, v in p.items() if k != "To"}), 403),
]


@pytest.mark.parametrize(("sign", "code"), [s[1:] for s in SIGNATURES], ids=[s[0] for s in SIGNATURES])
def test_a_message_is_taken_only_with_the_right_signature(
    sign: Sign, code: int, twilio: FakeTwilio, number: str, kept: Kept, caplog: pytest.LogCaptureFixture
) -> None:
    posted = twilio.incoming.text(number, "palabra canaria")
    signature = sign(posted)
    answer = twilio.deliver(posted, signature=signature)
    assert answer.status_code == code and (kept.inbound(posted["MessageSid"]) is not None) == (code == 200)
    if code == 403:
        why = "no signature" if signature == "missing" else "wrong signature"
        assert answer.json() == {"error": f"{why} for {PATH}"}
        assert f"refused: {why}; signed must be {PUBLIC}{PATH}" in caplog.text
    assert not any(secret in caplog.text for secret in (number, "canaria", TOKEN))


def test_a_status_is_taken_only_for_the_query_that_was_signed(twilio: FakeTwilio) -> None:
    posted = {"MessageSid": sid("SM"), "MessageStatus": "delivered"}
    right = signed(f"{PUBLIC}{STATUS}?part=7", posted)
    assert twilio.deliver(posted, f"{STATUS}?part=7", right).status_code == 200
    for path in (STATUS, f"{STATUS}?part=8", f"{STATUS}?part=7&x=1", PATH):
        assert twilio.deliver(posted, path, right).status_code == 403


ADDRESSES = [
    ("with a slash at its end", "https://faro.example/", "https://faro.example"),
    ("with a port", "https://faro.example:8443", "https://faro.example:8443"),
    ("with a port that is not signed", "https://faro.example:8443", "https://faro.example"),
    ("below a path", "https://example.org/faro/", "https://example.org/faro"),
    ("without TLS", "http://faro.example", "http://faro.example"),
]


@pytest.mark.parametrize(("public", "used"), [a[1:] for a in ADDRESSES], ids=[a[0] for a in ADDRESSES])
def test_the_signature_is_over_the_public_address_whatever_the_proxy_says(
    public: str, used: str, runtime: Runtime, queue: procrastinate.App, twilio: FakeTwilio, number: str
) -> None:
    posted = twilio.incoming.text(number, "hola")
    headers = {"Host": "10.0.0.7:8000", "X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "http"}
    headers["X-Twilio-Signature"] = signed(used + PATH, posted)
    with served(configured(runtime, public_url=public), queue) as url:
        assert httpx.post(url + PATH, data=posted, headers=headers, trust_env=False).status_code == 200


def test_a_signature_with_another_algorithm_is_held_to_that_algorithm(twilio: FakeTwilio, number: str) -> None:
    posted, validator = twilio.incoming.text(number, "hola"), RequestValidator(TOKEN)
    named = {"X-Twilio-Webhooks-Signature-Settings": "key=webhooks_sharedkey_1,algorithm=HMAC_SHA256"}
    codes = []
    for algorithm in ("HMAC_SHA256", "HMAC_SHA1"):
        made = validator.compute_signature(PUBLIC + PATH, posted, algorithm)
        answer = twilio.post(PUBLIC + PATH, data=posted, headers=named | {"X-Twilio-Signature": made})
        codes.append(answer.status_code)
    assert codes == [200, 403]


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
@pytest.mark.parametrize("path", [PATH, STATUS])
def test_only_post_is_known(method: str, path: str, gateway: str) -> None:
    answer = httpx.request(method, gateway + path, trust_env=False)
    assert answer.status_code == 405 and answer.json()["error"] == "Method Not Allowed"


def test_a_request_larger_than_any_is_refused(twilio: FakeTwilio, number: str, kept: Kept) -> None:
    posted = twilio.incoming.text(number, "a" * 1_100_000)
    assert twilio.deliver(posted).status_code == 413 and kept.inbound(posted["MessageSid"]) is None


def test_without_a_token_there_is_no_such_address(
    runtime: Runtime, queue: procrastinate.App, twilio: FakeTwilio, number: str
) -> None:
    with served(runtime, queue) as url:
        twilio.gateway_url = url
        for path in (PATH, STATUS):
            assert twilio.deliver(twilio.incoming.text(number, "hola"), path).status_code == 404


# C. Nothing is answered before it is stored.


def test_without_a_database_nothing_is_taken_and_the_repetition_is_taken_once(
    runtime: Runtime, queue: procrastinate.App, twilio: FakeTwilio, number: str, kept: Kept,
    caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    posted, good = twilio.incoming.text(number, "palabra canaria"), twilio.gateway_url
    away = replace(configured(runtime), sessions=sessions(f"postgresql://faro@127.0.0.1:{free_port()}/faro"))
    with served(away, queue) as twilio.gateway_url:
        for path in (PATH, f"{STATUS}?part=1"):
            answer = twilio.deliver(posted | {"MessageStatus": "sent"}, path)
            assert answer.status_code == 503 and answer.json() == {"error": "not stored, send it again"}
    assert kept.inbound(posted["MessageSid"]) is None
    assert number not in caplog.text and "canaria" not in caplog.text
    twilio.gateway_url = good
    for _ in range(2):
        assert twilio.deliver(posted).status_code == 200
    row = kept.inbound(posted["MessageSid"])
    assert row is not None and kept.jobs(row.contact_id) == 1


FULL = """
CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'no space left on device' USING ERRCODE = 'disk_full'; END $$;
CREATE CONSTRAINT TRIGGER full_disk AFTER INSERT ON {table} DEFERRABLE INITIALLY DEFERRED
FOR EACH ROW EXECUTE FUNCTION full_disk()
"""


@pytest.fixture
def full_disk(runtime: Runtime) -> Iterator[Callable[[str], None]]:
    """The database fails at the very commit, like one whose disk is full; ends with the test at the latest."""

    def run(statement: str) -> None:
        with runtime.sessions.begin() as session:
            session.execute(text(statement))

    yield lambda table: run(FULL.format(table=table) if table else "DROP FUNCTION full_disk CASCADE")
    run("DROP FUNCTION IF EXISTS full_disk CASCADE")


@pytest.mark.parametrize(("path", "table"), [(PATH, "inbound"), (f"{STATUS}?part=1", "provider_event")])
def test_a_commit_that_fails_is_not_answered_with_yes(
    path: str, table: str, twilio: FakeTwilio, number: str, kept: Kept, full_disk: Callable[[str], None]
) -> None:
    posted = twilio.incoming.text(number, "hola") | {"MessageStatus": "sent"}
    full_disk(table)
    assert twilio.deliver(posted, path).status_code == 503
    full_disk("")
    assert posted["MessageSid"] not in kept.dump(table)
    assert [twilio.deliver(posted, path).status_code for _ in range(2)] == [200, 200]
    assert kept.dump(table).count(posted["MessageSid"]) == 1


def test_a_queue_that_fails_is_no_reason_to_send_it_again(
    twilio: FakeTwilio, number: str, kept: Kept, full_disk: Callable[[str], None]
) -> None:
    posted = twilio.incoming.text(number, "hola")
    full_disk("procrastinate_jobs")
    assert twilio.deliver(posted).status_code == 200
    row = kept.inbound(posted["MessageSid"])
    assert row is not None and kept.jobs(row.contact_id) == 0


def test_a_status_is_taken_although_the_queue_fails(
    faro: Runtime, twilio: FakeTwilio, number: str, kept: Kept, full_disk: Callable[[str], None]
) -> None:
    part, message = sent(faro, twilio, number, "sms")
    full_disk("procrastinate_jobs")
    answer = twilio.report(message, "undelivered", 30003)
    assert answer is not None and answer.status_code == 200
    assert kept.outbound(part).status == "waiting"


# D. What became of a message of ours.


def writer(faro: Runtime, number: str, channel: str) -> Writer:
    return Writer(faro, channel, number, OURS[channel])


def sent(faro: Runtime, twilio: FakeTwilio, number: str, channel: str, *parts: Part) -> tuple[int, Accepted]:
    """A part that Twilio has taken, and what it took."""
    person = writer(faro, number, channel)
    (part,) = person.is_owed(*(parts or (Part("hola"),)))
    delivery.deliver(faro, person.contact)
    return part, twilio.messages[-1]


def report(twilio: FakeTwilio, message: Accepted, what: str) -> None:
    """``what``: a status, and an ErrorCode after a space."""
    status, _, code = what.partition(" ")
    answer = twilio.report(message, status, code or None)  # type: ignore[arg-type]
    assert answer is not None and answer.status_code == 200


@pytest.mark.parametrize("case", cases("statuses"))
def test_a_status_is_what_the_row_says(
    case: dict[str, Any], faro: Runtime, twilio: FakeTwilio, number: str, kept: Kept
) -> None:
    part, message = sent(faro, twilio, number, case.get("channel", "whatsapp"))
    for what in case["reports"]:
        report(twilio, message, what)
    asked_again = kept.jobs(kept.outbound(part).contact_id, "faro:deliver")
    delivery.deliver(faro, kept.outbound(part).contact_id)
    row, wanted = kept.outbound(part), {"reason": None} | case["row"]
    assert {"status": row.status, "reason": row.reason} == wanted
    assert (row.next_try_at is not None and row.next_try_at > now()) == case.get("again", False)
    assert (kept.person(row.contact_id).blocked_at is not None) == case.get("blocked", False)
    assert (row.delivered_at is not None) == (row.status in ("delivered", "read"))
    assert asked_again == (1 if row.status in ("waiting", "withheld") or "asked" in case else 0)
    assert len(twilio.messages) == 1


def test_whatsapps_shut_window_holds_the_row_until_the_person_writes(
    faro: Runtime, twilio: FakeTwilio, number: str, kept: Kept
) -> None:
    part, message = sent(faro, twilio, number, "whatsapp")
    report(twilio, message, "undelivered 63016")
    row = kept.outbound(part)
    assert kept.person(row.contact_id).window_shut_at is not None
    delivery.deliver(faro, row.contact_id)
    held = kept.outbound(part)
    assert (held.status, held.reason, len(twilio.messages)) == ("held", "window", 1)
    writer(faro, number, "whatsapp").writes()
    delivery.deliver(faro, row.contact_id)
    assert (kept.outbound(part).status, len(twilio.messages)) == ("sent", 2)


def test_a_part_that_twilio_could_not_bring_is_sent_again_and_the_first_sid_says_no_more(
    faro: Runtime, twilio: FakeTwilio, number: str, kept: Kept
) -> None:
    part, first = sent(faro, twilio, number, "sms")
    report(twilio, first, "undelivered 30003")
    assert (delivery.deliver(faro, kept.outbound(part).contact_id) or 0) > 5
    kept.change(part, next_try_at=now() - timedelta(seconds=1))
    delivery.deliver(faro, kept.outbound(part).contact_id)
    second = twilio.messages[-1]
    report(twilio, first, "failed 30005")
    row = kept.outbound(part)
    assert (row.status, row.provider_id, row.attempts) == ("sent", second.sid, 2) and first.sid != second.sid


def test_a_status_of_somebody_elses_message_changes_nothing(
    faro: Runtime, twilio: FakeTwilio, number: str, kept: Kept
) -> None:
    part, message = sent(faro, twilio, number, "sms")
    other, _ = sent(faro, twilio, fresh_number(), "sms")
    swapped = replace(message, status_callback=f"{PUBLIC}{STATUS}?part={other}")
    report(twilio, swapped, "undelivered 30005")
    assert [kept.outbound(row).status for row in (part, other)] == ["sent", "sent"]


PARTS = ["0", "999999999999", "9" * 18, "9" * 30, "-1", "x", "", "1e3", "１"]


@pytest.mark.parametrize("part", PARTS)
def test_a_status_of_a_part_that_there_is_not_is_taken_and_forgotten(part: str, twilio: FakeTwilio, kept: Kept) -> None:
    posted = {"MessageSid": sid("SM"), "MessageStatus": "delivered"}
    before = kept.dump("outbound")
    assert twilio.deliver(posted, httpx.URL(STATUS, params={"part": part}).raw_path.decode()).status_code == 200
    assert kept.dump("outbound") == before


def test_a_status_without_a_part_is_found_by_its_sid(
    faro: Runtime, twilio: FakeTwilio, number: str, kept: Kept
) -> None:
    part, message = sent(faro, twilio, number, "sms")
    report(twilio, replace(message, status_callback=PUBLIC + STATUS), "delivered")
    assert kept.outbound(part).status == "delivered"


def test_a_forged_status_changes_nothing(faro: Runtime, twilio: FakeTwilio, number: str, kept: Kept) -> None:
    part, message = sent(faro, twilio, number, "sms")
    posted = {"MessageSid": message.sid, "MessageStatus": "undelivered", "ErrorCode": "21610"}
    for signature in ("forged", "missing"):
        assert twilio.deliver(posted, f"{STATUS}?part={part}", signature).status_code == 403
    row = kept.outbound(part)
    assert row.status == "sent" and kept.person(row.contact_id).blocked_at is None


def test_a_status_that_comes_before_twilios_answer_is_kept(
    faro: Runtime, twilio: FakeTwilio, number: str, kept: Kept
) -> None:
    twilio.on_accepted.append(lambda message: report(twilio, message, "delivered"))
    part, message = sent(faro, twilio, number, "sms")
    row = kept.outbound(part)
    assert (row.status, row.provider_id) == ("delivered", message.sid)


def test_an_error_code_that_is_far_too_long_is_taken(
    faro: Runtime, twilio: FakeTwilio, number: str, kept: Kept
) -> None:
    part, message = sent(faro, twilio, number, "sms")
    report(twilio, message, "failed " + "9" * 5000)
    assert kept.outbound(part).status == "failed"


# E. What is sent.


def letter(number: str, **more: Any) -> Letter:
    part: dict[str, Any] = {
        "outbound": 7,
        "channel": "whatsapp",
        "to": number,
        "text": "¿Qué necesita?",
    }
    return Letter(**(part | more))


def rich(number: str, look: str, labels: int | list[str], **more: Any) -> Letter:
    names = [f"Opción {n}" for n in range(1, labels + 1)] if isinstance(labels, int) else labels
    return letter(number, look=look, options=options(*names), opener="Ver", **more)


SERVICE = "MG" + "1" * 32
SENDERS = [
    ("SMS from the campaign's number", {"channel": "sms"}, {}, {"From": SMS}),
    ("SMS from the number they wrote to", {"channel": "sms", "via": "+15005550009"}, {}, {"From": "+15005550009"}),
    ("SMS by a service", {"channel": "sms"}, {"twilio_sms_from": SERVICE}, {"MessagingServiceSid": SERVICE}),
    ("WhatsApp from the campaign's number", {}, {}, {"From": WHATSAPP + ON_WHATSAPP}),
    ("WhatsApp from the number they wrote to", {"via": "+15005550009"}, {}, {"From": "whatsapp:+15005550009"}),
    ("WhatsApp by a service", {}, {"twilio_whatsapp_from": SERVICE}, {"MessagingServiceSid": SERVICE}),
]  # fmt: skip


@pytest.mark.parametrize(("more", "changed", "wanted"), [s[1:] for s in SENDERS], ids=[s[0] for s in SENDERS])
def test_a_letter_leaves_from_the_number_they_wrote_to(
    more: dict[str, Any],
    changed: dict[str, Any],
    wanted: dict[str, str],
    runtime: Runtime,
    twilio: FakeTwilio,
    number: str,
) -> None:
    door = Twilio(configured(runtime, twilio_api=twilio.url, **changed).settings)
    taken = door.send(letter(number, text="¿Qué?\nDos", **more))
    (message,), form = twilio.messages, twilio.requests[-1].form
    to = number if more.get("channel") == "sms" else WHATSAPP + number
    callback = {"StatusCallback": f"{PUBLIC}{STATUS}?part=7"}
    assert form == {"To": to, "Body": "¿Qué?\nDos"} | callback | wanted
    assert taken == message.sid


def test_without_a_public_address_no_status_is_asked_for(runtime: Runtime, twilio: FakeTwilio, number: str) -> None:
    Twilio(configured(runtime, twilio_api=twilio.url, public_url=None).settings).send(letter(number))
    assert twilio.messages[0].status_callback is None


def test_an_sms_says_what_was_rendered(faro: Runtime, twilio: FakeTwilio, number: str) -> None:
    _, message = sent(faro, twilio, number, "sms", Part("«¿Qué más?»", options("Sí", "No")))
    assert (message.to, message.sender, message.body) == (number, SMS, '"¿Qué mas?"\n1 Si\n2 No')


@pytest.mark.parametrize("count", [1, 2, 3])
def test_up_to_three_options_are_buttons(count: int, faro: Runtime, twilio: FakeTwilio, number: str) -> None:
    part, message = sent(faro, twilio, number, "whatsapp", Part("Uno.\n\nDos\tdos.", options(*"abc"[:count])))
    shown = message.rendered
    assert shown and shown.kind == "twilio/quick-reply" and message.error_code is None
    assert shown.body == "Uno.\n\nDos dos."
    assert [(b.title, b.id) for b in shown.buttons] == [(c, f"o:{part}:{n}") for n, c in enumerate("abc"[:count], 1)]


@pytest.mark.parametrize("count", range(4, 11))
def test_four_to_ten_options_are_a_list(count: int, faro: Runtime, twilio: FakeTwilio, number: str) -> None:
    labels = [f"Opción {n}" for n in range(1, count + 1)]
    part, message = sent(faro, twilio, number, "whatsapp", Part("¿Qué?", options(*labels)))
    shown = message.rendered
    assert shown and shown.kind == "twilio/list-picker" and message.error_code is None
    assert shown.button == "list_button" and len(shown.items) == count
    assert [(i.title, i.id) for i in shown.items] == [(f"{n}. {x}", f"o:{part}:{n}") for n, x in enumerate(labels, 1)]


def test_more_than_ten_options_are_numbered_words(faro: Runtime, twilio: FakeTwilio, number: str) -> None:
    _, message = sent(faro, twilio, number, "whatsapp", Part("¿Qué?", options(*map(str, range(11)))))
    assert message.rendered is None
    assert message.body == "¿Qué?\n" + "\n".join(f"{n + 1} {n}" for n in range(11))


LABELS = [
    ("20 letters are a button", ["a" * 20, "b"], ["a" * 20, "b"], None),
    ("21 letters make it a list", ["a" * 21, "b"], ["1. " + "a" * 21, "2. b"], ["-", "-"]),
    ("22 letters stand below", ["a" * 22, "b"], ["1. " + "a" * 20 + "…", "2. b"], ["a" * 22, "-"]),
    ("72 letters too", ["á" * 72, "b"], ["1. " + "á" * 20 + "…", "2. b"], ["á" * 72, "-"]),
    ("73 letters are numbered words", ["á" * 73, "b"], [], None),
    ("long and alike but for the number", ["a" * 72] * 2, [f"{n}. " + "a" * 20 + "…" for n in (1, 2)], ["a" * 72] * 2),
]


@pytest.mark.parametrize(("labels", "titles", "below"), [x[1:] for x in LABELS], ids=[x[0] for x in LABELS])
def test_labels_keep_to_whatsapps_limits(
    labels: list[str], titles: list[str], below: list[str] | None, faro: Runtime, twilio: FakeTwilio, number: str
) -> None:
    _, message = sent(faro, twilio, number, "whatsapp", Part("¿Qué?", options(*labels)))
    assert message.error_code is None and [choice.title for choice in message.choices] == titles
    assert below is None or [choice.description for choice in message.choices] == below


def test_what_cannot_be_a_shape_goes_as_numbered_words(door: Twilio, twilio: FakeTwilio, number: str) -> None:
    for words in ("a" * 1025, "\n".join("uno dos".split() * 11), " \n "):
        door.send(rich(number, "buttons", 2, text=words))
    bodies = [message.body for message in twilio.messages]
    assert all(body.endswith("1 Opción 1\n2 Opción 2") for body in bodies) and not twilio.contents.made


def test_a_shape_is_made_once_and_found_again_by_a_new_process(faro: Runtime, twilio: FakeTwilio, number: str) -> None:
    doors = [Twilio(faro.settings), Twilio(faro.settings)]
    for door in (*doors, *doors):
        door.send(rich(number, "buttons", 2))
        door.send(rich(number, "list", 4))
    made = [r.json["friendly_name"] for r in twilio.requests if r.method == "POST" and r.path == "/v1/Content"]
    assert made == ["faro_buttons_2_1", "faro_list_4_1"] and len(twilio.messages) == 8
    assert len([r for r in twilio.requests if r.method == "GET"]) == 3


REFUSALS = [
    ("to make it: a wrong parameter", "/v1/Content", "POST", 20422, 400),
    ("to make it: too long", "/v1/Content", "POST", 21658, 400),
    ("to make it: for some reason", "/v1/Content", "POST", 20001, 400),
    ("to make it: not for this account", "/v1/Content", "POST", 20403, 403),
    ("to list them: not for this account", "/v1/Content", "GET", 20403, 403),
    ("to list them: no such thing", "/v1/Content", "GET", 20404, 404),
    ("to send it: unknown", "/Messages.json", "POST", 21655, 400),
    ("to send it: a wrong value", "/Messages.json", "POST", 21656, 400),
    ("to send it: too long a value", "/Messages.json", "POST", 21658, 400),
    ("to send it: not on this channel", "/Messages.json", "POST", 63013, 400),
]


@pytest.mark.parametrize(
    ("suffix", "method", "code", "status"), [r[1:] for r in REFUSALS], ids=[r[0] for r in REFUSALS]
)
def test_when_twilio_refuses_the_shape_the_same_words_go_with_numbers(
    suffix: str, method: str, code: int, status: int, door: Twilio, twilio: FakeTwilio, number: str
) -> None:
    twilio.prepare_error(code, "no", status, suffix=suffix, method=method)
    taken = door.send(rich(number, "list", ["Sí", "No", "No sé", "Otra cosa"]))
    (message,) = twilio.messages
    assert message.sid == taken and message.body == "¿Qué necesita?\n1 Sí\n2 No\n3 No sé\n4 Otra cosa"


EMPTY = [
    ("a list without a word that opens it", {"opener": ""}),
    ("an option without a label", {"options": options("Sí", "")}),
]


@pytest.mark.parametrize("more", [e[1] for e in EMPTY], ids=[e[0] for e in EMPTY])
def test_words_go_out_although_a_value_is_empty(
    more: dict[str, Any], door: Twilio, twilio: FakeTwilio, number: str
) -> None:
    look = "list" if "opener" in more else "buttons"
    door.send(replace(rich(number, look, 4), look=look, **more))
    assert twilio.messages[0].body.startswith("¿Qué necesita?\n1 ")


VALUES: list[tuple[Any, str]] = [
    ("uno\ndos", "twilio 21656"), ("uno\tdos", "twilio 21656"), ("uno     dos", "twilio 21656"), ("", "twilio 21656"),
    (None, "twilio 21656"), ("a" * 1601, "twilio 21658"),
]  # fmt: skip


@pytest.mark.parametrize(("value", "code"), VALUES)
def test_the_fake_refuses_the_values_that_twilio_refuses(
    value: Any, code: str, door: Twilio, twilio: FakeTwilio, number: str
) -> None:
    template = twilio.contents._resource({"language": "es", "types": {"twilio/text": {"body": "{{1}}"}}})["sid"]
    with pytest.raises(NotSent) as refused:
        door.send(letter(number, text="", template=template, variables=(value,)))
    assert refused.value.code == code and twilio.messages == []


def test_a_shape_that_staff_deleted_is_made_anew(door: Twilio, twilio: FakeTwilio, number: str) -> None:
    for _ in range(3):
        door.send(rich(number, "buttons", 2))
        if len(twilio.messages) == 1:
            twilio.contents.made.clear()
    assert [message.rendered is not None for message in twilio.messages] == [True, False, True]


def test_a_shape_is_not_asked_for_while_twilio_is_too_busy(door: Twilio, twilio: FakeTwilio, number: str) -> None:
    twilio.prepare_error(20429, "Too Many Requests", 429, suffix="/v1/Content", headers={"Retry-After": "3"})
    with pytest.raises(NotSent) as refused:
        door.send(rich(number, "buttons", 2))
    assert (refused.value.then, refused.value.after, twilio.messages) == (Then.SLOW_DOWN, 3, [])


def test_a_template_goes_with_its_values(door: Twilio, twilio: FakeTwilio, number: str) -> None:
    body = {"body": "Hay novedades de su caso {{1}}.", "actions": [{"title": "Ver", "id": "x"}]}
    template = twilio.contents._resource({"language": "es", "types": {"twilio/quick-reply": body}})["sid"]
    twilio.approve(template)
    twilio.close_window(WHATSAPP + number)
    door.send(letter(number, text="", template=template, variables=("MX-7",)))
    (message,) = twilio.messages
    assert message.text == "Hay novedades de su caso MX-7." and message.error_code is None


# E. What Twilio answers, and what is done next.


def code_of(entry: int | list[int]) -> tuple[int, int]:
    return (entry, 400) if isinstance(entry, int) else (entry[0], entry[1])


ERRORS = [(*code_of(entry), Then[name]) for name, entries in CASES["errors"].items() for entry in entries]
OTHERS = [
    (29999, 400, Then.GIVE_UP), (29999, 500, Then.RETRY), (29999, 503, Then.RETRY), (29999, 429, Then.SLOW_DOWN),
    (20008, 403, Then.RETRY), (21610, 403, Then.STOPPED),
]  # fmt: skip


@pytest.mark.parametrize(("code", "status", "what"), ERRORS + OTHERS)
def test_an_error_says_what_is_done_next(
    code: int, status: int, what: Then, door: Twilio, twilio: FakeTwilio, number: str
) -> None:
    twilio.prepare_error(code, f"said to {number}", status)
    with pytest.raises(NotSent) as refused:
        door.send(letter(number))
    assert refused.value.then is what and number not in str(refused.value)
    assert refused.value.code == ("twilio 429" if status == 429 else f"twilio {code}")


def test_no_code_is_without_a_case() -> None:
    assert {code for code, *_ in ERRORS} >= set(provider.THEN)
    assert {code: what for code, _, what in ERRORS if code in provider.THEN} == dict(provider.THEN)


WAITS = [("7", 7.0), (None, None), ("0", 0.0), ("Wed, 21 Oct 2026 07:28:00 GMT", None), ("-5", None), ("x", None)]


@pytest.mark.parametrize(("header", "after"), WAITS)
def test_too_fast_says_for_how_long(
    header: str | None, after: float | None, door: Twilio, twilio: FakeTwilio, number: str
) -> None:
    twilio.prepare(429, b"", headers={"Retry-After": header} if header else {})
    with pytest.raises(NotSent) as refused:
        door.send(letter(number))
    assert (refused.value.then, refused.value.after) == (Then.SLOW_DOWN, after)


@pytest.mark.parametrize("header", ["9" * 6, "9" * 400])
def test_no_wait_that_twilio_names_is_longer_than_an_hour(
    header: str, door: Twilio, twilio: FakeTwilio, number: str
) -> None:
    twilio.prepare(429, b"", headers={"Retry-After": header})
    with pytest.raises(NotSent) as refused:
        door.send(letter(number))
    assert refused.value.after is None or refused.value.after <= 3600


def test_who_is_too_fast_waits_and_so_does_everybody_of_that_number(
    runtime: Runtime, twilio: FakeTwilio, number: str, kept: Kept
) -> None:
    slow = fresh_number()
    faro = configured(runtime, twilio_api=twilio.url)
    first, second = (Writer(faro, "sms", who, slow) for who in (number, fresh_number()))
    (part,), (other,) = first.is_owed(Part("hola")), second.is_owed(Part("hola"))
    twilio.prepare_error(20429, "Too Many Requests", 429, headers={"Retry-After": "30"})
    waits = [delivery.deliver(faro, who.contact) or 0 for who in (first, second)]
    assert [25 < wait <= 30 for wait in waits] == [True, True] and twilio.messages == []
    assert [kept.outbound(row).status for row in (part, other)] == ["waiting", "waiting"]


PLAIN = [
    (500, b"", Then.RETRY), (502, b"<html>Bad Gateway</html>", Then.RETRY), (503, b"upstream", Then.RETRY),
    (504, b"", Then.RETRY), (400, b"<html>", Then.GIVE_UP), (401, b"<html>", Then.RETRY), (403, b"<html>", Then.RETRY),
    (407, b"<html>", Then.RETRY), (408, b"", Then.RETRY), (302, b"", Then.GIVE_UP),
    (200, b"<html>Welcome to this hotel</html>", Then.LOOK), (201, b"", Then.LOOK), (201, b'{"sid": ', Then.LOOK),
]  # fmt: skip


@pytest.mark.parametrize(("status", "body", "what"), PLAIN)
def test_an_answer_that_is_not_twilios_says_what_is_done_next(
    status: int, body: bytes, what: Then, door: Twilio, twilio: FakeTwilio, number: str
) -> None:
    twilio.prepare(status, body, headers={"Content-Type": "text/html"})
    with pytest.raises(NotSent) as refused:
        door.send(letter(number))
    assert refused.value.then is what


def test_when_nobody_answers_at_the_address_it_is_tried_again(runtime: Runtime, number: str) -> None:
    nowhere = configured(runtime, twilio_api=f"http://127.0.0.1:{free_port()}")
    with pytest.raises(NotSent) as refused:
        Twilio(nowhere.settings).send(letter(number))
    assert (refused.value.then, refused.value.code) == (Then.RETRY, "twilio no connection")


def test_when_no_connection_comes_about_in_time_it_is_tried_again(
    runtime: Runtime, number: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(provider, "TIMEOUT", 0.1)
    with socket.socket() as full, socket.socket() as one, socket.socket() as two:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        for caller in (one, two):
            caller.setblocking(False)
            caller.connect_ex(full.getsockname())
        door = Twilio(configured(runtime, twilio_api=f"http://127.0.0.1:{full.getsockname()[1]}").settings)
        with pytest.raises(NotSent) as refused:
            door.send(letter(number))
    assert (refused.value.then, refused.value.code) == (Then.RETRY, "twilio no connection")


LOST: list[dict[str, Any]] = [{"drop": True}, {"refuse": True}, {"delay": 0.3}, {"status": 201, "body": b"<html>"}]


@pytest.mark.parametrize(
    "how", LOST, ids=["dropped after it was taken", "dropped before", "too late", "no answer of Twilio's"]
)
def test_an_answer_that_is_lost_is_looked_up(
    how: dict[str, Any], runtime: Runtime, twilio: FakeTwilio, number: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(provider, "TIMEOUT", 0.1)
    door = Twilio(configured(runtime, twilio_api=twilio.url).settings)
    begun = now()
    twilio.prepare(**how)
    with pytest.raises(NotSent) as refused:
        door.send(letter(number))
    assert refused.value.then is Then.LOOK
    monkeypatch.setattr(provider, "TIMEOUT", 5.0)
    found = Twilio(configured(runtime, twilio_api=twilio.url).settings).look_up(letter(number), begun)
    assert found == (twilio.messages[0].sid if twilio.messages else None)
    assert len(twilio.messages) == (1 if "drop" in how or "delay" in how else 0)


# E. A lost answer: sent once, whatever happened.


def lost(faro: Runtime, twilio: FakeTwilio, number: str, part: Part, kept: Kept, **how: Any) -> tuple[int, Writer]:
    """A part whose answer was lost a minute ago."""
    person = writer(faro, number, "whatsapp")
    (row,) = person.is_owed(part)
    twilio.prepare(**({"suffix": "/Messages.json", "method": "POST"} | how))
    assert (delivery.deliver(faro, person.contact) or 0) > 50
    assert kept.outbound(row).status == "sending"
    kept.change(row, claimed_at=now() - timedelta(seconds=61))
    return row, person


WORDS = [
    ("words", Part("hola\n\n  y   adiós")), ("buttons", Part("¿Bien?", options("Sí", "No"))),
    ("a list", Part("¿Qué?\ndos", options(*"abcde"))), ("numbered words", Part("¿Qué?", options(*"abcdefghijkl"))),
]  # fmt: skip


@pytest.mark.parametrize("part", [w[1] for w in WORDS], ids=[w[0] for w in WORDS])
def test_what_was_taken_is_not_sent_again(
    part: Part, faro: Runtime, twilio: FakeTwilio, number: str, kept: Kept
) -> None:
    row, person = lost(faro, twilio, number, part, kept, drop=True)
    assert delivery.deliver(faro, person.contact) is None
    (message,), sent_row = twilio.messages, kept.outbound(row)
    assert (sent_row.status, sent_row.provider_id) == ("sent", message.sid)


def test_what_was_not_taken_is_sent(faro: Runtime, twilio: FakeTwilio, number: str, kept: Kept) -> None:
    writer(faro, number, "whatsapp")
    row, person = lost(faro, twilio, number, Part("hola"), kept, refuse=True)
    assert twilio.messages == [] and delivery.deliver(faro, person.contact) is None
    assert kept.outbound(row).provider_id == twilio.messages[0].sid


def test_while_twilio_does_not_say_nothing_is_sent_again(
    faro: Runtime, twilio: FakeTwilio, number: str, kept: Kept
) -> None:
    row, person = lost(faro, twilio, number, Part("hola"), kept, refuse=True)
    for trouble in ({"status": 503, "body": b""}, {"status": 401, "body": b""}, {"drop": True}):
        twilio.prepare(**trouble, method="GET")
        assert (delivery.deliver(faro, person.contact) or 0) > 50
        kept.change(row, claimed_at=now() - timedelta(seconds=61))
    assert kept.outbound(row).status == "sending" and twilio.messages == []
    delivery.deliver(faro, person.contact)
    assert len(twilio.messages) == 1


NOT_IT: list[tuple[str, dict[str, Any]]] = [
    ("other words", {"text": "otra cosa"}), ("to somebody else", {"to": "+525599999999"}),
    ("on the other channel", {"channel": "sms"}),
]  # fmt: skip


@pytest.mark.parametrize("more", [n[1] for n in NOT_IT], ids=[n[0] for n in NOT_IT])
def test_another_message_is_not_taken_for_the_lost_one(
    more: dict[str, Any], door: Twilio, twilio: FakeTwilio, number: str
) -> None:
    begun = now()
    door.send(letter(number, **more))
    assert door.look_up(letter(number), begun) is None


def test_an_older_message_with_the_same_words_is_not_the_lost_one(
    door: Twilio, twilio: FakeTwilio, number: str
) -> None:
    door.send(letter(number))
    assert door.look_up(letter(number), now() + timedelta(minutes=1)) is None


def test_a_first_try_that_failed_is_not_taken_for_the_second(
    faro: Runtime, twilio: FakeTwilio, number: str, kept: Kept
) -> None:
    part, first = sent(faro, twilio, number, "whatsapp")
    report(twilio, first, "failed 63010")
    kept.change(part, next_try_at=now() - timedelta(seconds=1))
    twilio.prepare(refuse=True, method="POST")
    person = kept.outbound(part).contact_id
    delivery.deliver(faro, person)
    kept.change(part, claimed_at=now() - timedelta(seconds=61))
    delivery.deliver(faro, person)
    assert len(twilio.messages) == 2 and kept.outbound(part).provider_id == twilio.messages[1].sid != first.sid


# F. Files.


def with_file(
    faro: Runtime, twilio: FakeTwilio, number: str, kept: Kept, data: bytes, kind: str, **more: Any
) -> tuple[int, uuid.UUID]:
    """A message with a file, arrived by the webhook; its row and its person."""
    posted = twilio.incoming.media(WHATSAPP + number, twilio.add_media(data, kind), kind, **more)
    assert twilio.deliver(posted).status_code == 200
    row = kept.inbound(posted["MessageSid"])
    assert row is not None
    return row.id, row.contact_id


FILES = [
    ("image/jpeg", "picture_kept"), ("image/png", "picture_kept"), ("image/webp", "picture_kept"),
    ("audio/ogg", "voice_kept"), ("audio/ogg; codecs=opus", "voice_kept"), ("AUDIO/AMR", "voice_kept"),
    ("video/mp4", "file_kept"), ("application/pdf", "file_kept"), ("application/x-msdownload", "file_refused"),
    ("text/html", "file_refused"), ("image/svg+xml", "file_refused"), ("text/vcard", "file_refused"),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "phrase"), FILES)
def test_a_file_is_kept_encrypted_or_refused_and_the_person_is_told(
    kind: str, phrase: str, faro: Runtime, twilio: FakeTwilio, number: str, kept: Kept
) -> None:
    data = b"\xff\xd8 palabra canaria " + uuid.uuid4().bytes
    inbound, person = with_file(faro, twilio, number, kept, data, kind)
    conversation.answer(faro, person)
    files = kept.files(inbound)
    assert [faro.vault.open_bytes(file.body_sealed) for file in files] == [data] * (phrase != "file_refused")
    assert all(data not in (file.body_sealed or b"") and file.size == len(data) for file in files)
    assert data.hex() not in kept.dump("media")
    assert faro.shelf.content().phrases["es"][phrase] in "\n".join(kept.said(inbound))
    assert (phrase == "file_refused") == (not [r for r in twilio.requests if r.method == "GET"])


def test_credentials_go_to_twilio_and_no_further(faro: Runtime, twilio: FakeTwilio, number: str, kept: Kept) -> None:
    _, person = with_file(faro, twilio, number, kept, b"jpeg", "image/jpeg")
    conversation.answer(faro, person)
    asked = [(r.path.split("/")[1], "Authorization" in r.headers) for r in twilio.requests]
    assert asked == [("2010-04-01", True), ("cdn", False)]


SIZES = [("as large as may be", 0, 1), ("one byte larger", 1, 0)]


@pytest.mark.parametrize(("more", "files"), [s[1:] for s in SIZES], ids=[s[0] for s in SIZES])
def test_a_file_is_kept_up_to_its_limit(
    more: int, files: int, faro: Runtime, twilio: FakeTwilio, number: str, kept: Kept, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(media, "LARGEST", 100_000)
    inbound, person = with_file(faro, twilio, number, kept, b"x" * (100_000 + more), "image/jpeg")
    conversation.answer(faro, person)
    assert len(kept.files(inbound)) == files


HALF: dict[str, Any] = {"status": 200, "body": b"jp", "headers": {"Content-Length": "4"}}
TROUBLE: list[tuple[str, list[dict[str, Any]], bool]] = [
    ("gone", [{"status": 404, "body": b""}], False),
    ("busy, then there", [{"status": 503, "body": b""}], True),
    ("dropped, then there", [{"drop": True}], True),
    ("broken off in the middle, then there", [HALF], True),
    ("broken off each time", [HALF] * 3, False),
    ("packed wrongly each time", [HALF | {"headers": {"Content-Encoding": "gzip"}}] * 3, False),
    ("busy each time", [{"status": 500, "body": b""}] * 3, False),
]  # fmt: skip


@pytest.mark.parametrize(("answers", "there"), [t[1:] for t in TROUBLE], ids=[t[0] for t in TROUBLE])
def test_a_file_that_does_not_come_keeps_nobody_from_an_answer(
    answers: list[dict[str, Any]], there: bool, faro: Runtime, twilio: FakeTwilio, number: str, kept: Kept,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr(media, "TRIES", (0.0, 0.0, 0.0))
    inbound, person = with_file(faro, twilio, number, kept, b"jpeg", "image/jpeg")
    for answer in answers:
        twilio.prepare(**answer, method="GET")
    conversation.answer(faro, person)
    assert [faro.vault.open_bytes(file.body_sealed) for file in kept.files(inbound)] == [b"jpeg"] * there
    phrase = "picture_kept" if there else "file_refused"
    assert faro.shelf.content().phrases["es"][phrase] in "\n".join(kept.said(inbound))


def test_of_several_files_one_that_is_refused_is_told(
    faro: Runtime, twilio: FakeTwilio, number: str, kept: Kept
) -> None:
    other = {"NumMedia": "2", "MediaUrl1": twilio.add_media(b"MZ", "x"), "MediaContentType1": "application/x-sh"}
    inbound, person = with_file(faro, twilio, number, kept, b"jpeg", "image/jpeg", **other)
    conversation.answer(faro, person)
    assert [file.content_type for file in kept.files(inbound)] == ["image/jpeg"]
    assert faro.shelf.content().phrases["es"]["file_refused"] in "\n".join(kept.said(inbound))


def test_a_file_is_fetched_once(faro: Runtime, twilio: FakeTwilio, number: str, kept: Kept) -> None:
    posted = twilio.incoming.media(WHATSAPP + number, twilio.add_media(b"jpeg", "image/jpeg"), "image/jpeg", "mire")
    twilio.deliver(posted)
    row = kept.inbound(posted["MessageSid"])
    assert row is not None
    for _ in range(2):
        media.keep(faro, row, media.files(faro.vault, row))
    assert len(kept.files(row.id)) == 1 and len(twilio.requests) == 2


STRANGE = [
    "https://evil.example/x",
    "https://api.twilio.com.evil.example/x",
    "https://eviltwilio.com/x",
    "file:///etc/passwd",
]


@pytest.mark.parametrize("ref", STRANGE)
def test_credentials_are_shown_to_no_other_host(ref: str, runtime: Runtime) -> None:
    with pytest.raises(NotSent) as refused:
        Twilio(configured(runtime).settings).fetch(ref, 100)
    assert refused.value.then is Then.GIVE_UP
