"""The demonstration: three phones on made-up providers, from the page to the answer and what it costs."""

from __future__ import annotations

import re
import socket
import subprocess
import threading
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import procrastinate
import pytest
from playwright.sync_api import Browser, Page, Route, expect
from sqlalchemy import select

from bot import conversation, delivery
from bot.gateway import application
from bot.runtime import Runtime
from bot.settings import ROOT, demonstration
from bot.store.models import Contact, Inbound, now
from bot.up import answers, procfile
from tests.channels import AT_HOME, fresh_number, queue, with_settings
from tests.conftest import free_port, wait_until
from tests.fakes.__main__ import arguments, providers, together
from tests.fakes.phones import Phones
from tests.fakes.wire import Server
from tests.test_browser import browser

__all__ = ["browser", "queue"]
pytestmark = AT_HOME

GSM7 = {"unit": "segment", "count": 1, "encoding": "GSM-7"}
MESSAGE = {"unit": "message", "count": 1, "encoding": None}
FREE = {"unit": "none", "count": 0, "encoding": None}


def two_ports() -> int:
    """A free port whose tenth neighbour, where the phones listen, is free too."""
    while True:
        port = free_port()
        with socket.socket() as trial:
            if trial.connect_ex(("127.0.0.1", port + 10)) != 0:
                return port


@pytest.fixture(scope="module")
def faro(runtime: Runtime) -> Runtime:
    """As `faro up --demo` sets it up, but on the database of the tests."""
    given = runtime.settings.model_copy(update={"gateway_port": two_ports(), "telegram_secret": uuid.uuid4().hex})
    ours = {"var": given.var, "database_url": given.database_url}
    return with_settings(runtime, **(demonstration(given).model_dump() | ours))


@pytest.fixture(scope="module")
def at(faro: Runtime, queue: procrastinate.App) -> Iterator[str]:
    """The gateway's address; the fakes run beside it, as `python -m tests.fakes` makes them."""
    given = arguments(faro.settings, [])
    twilio, telegram = providers(faro.settings, given)
    phones = Phones(twilio, telegram, pause=0.05)
    with (
        Server(application(faro, queue), faro.settings.gateway_port) as gateway,
        Server(together(twilio, telegram, phones), given.port) as server,
    ):
        twilio.url = telegram.url = server.url
        yield gateway.url
        twilio.settle()
        twilio.check()
        telegram.check()


@dataclass
class Hand:
    """Somebody who holds one of the three phones, by the page's own requests."""

    faro: Runtime
    web: httpx.Client
    channel: str
    number: str

    @property
    def path(self) -> str:
        return f"/try/phones/{self.channel}/messages"

    def sends(self, **content: Any) -> httpx.Response:
        body = {"number": self.number, "id": uuid.uuid4().hex} | content
        return self.web.post(self.path, json=body)

    def sees(self) -> list[dict[str, Any]]:
        answer = self.web.get(self.path, params={"number": self.number, "after": 0})
        messages: list[dict[str, Any]] = answer.json()["messages"]
        return messages

    def is_answered(self) -> None:
        """What the worker would do."""
        conversation.answer(self.faro, self.contact)
        delivery.deliver(self.faro, self.contact)

    @property
    def contact(self) -> uuid.UUID:
        address = self.number.removeprefix("+") if self.channel == "telegram" else self.number
        found = self.faro.vault.fingerprint(self.channel, address)
        with self.faro.sessions() as session:
            return session.scalars(select(Contact.id).where(Contact.address_hash == found)).one()

    def stored(self) -> list[str]:
        """Kinds of the messages that Faro has stored of them."""
        with self.faro.sessions() as session:
            rows = session.scalars(select(Inbound).where(Inbound.contact_id == self.contact).order_by(Inbound.id))
            return [self.faro.vault.open(row.body_sealed)["kind"] for row in rows]


@pytest.fixture
def hand(faro: Runtime, at: str) -> Iterator[Callable[[str], Hand]]:
    with httpx.Client(base_url=at, trust_env=False, timeout=20) as web:
        found = re.search(r'name="csrf-token" content="([^"]+)"', web.get("/try/").text)
        assert found
        web.headers["X-CSRFToken"] = found[1]
        yield lambda channel: Hand(faro, web, channel, fresh_number())


STOPS = [
    ("by SMS, where the provider answers", "sms", "STOP", "provider", "unsubscribed", FREE),
    ("by SMS, in Spanish", "sms", "ALTO", "faro", "No le mandaremos", GSM7),
    ("on WhatsApp", "whatsapp", "STOP", "faro", "No le mandaremos", MESSAGE),
    ("on Telegram", "telegram", "STOP", "faro", "No le mandaremos", FREE),
]


@pytest.mark.parametrize(("channel", "words", "by", "says", "cost"), [s[1:] for s in STOPS], ids=[s[0] for s in STOPS])
def test_a_word_arrives_signed_and_its_answer_says_what_it_costs(
    channel: str, words: str, by: str, says: str, cost: dict[str, Any], hand: Callable[[str], Hand]
) -> None:
    phone = hand(channel)
    assert phone.sends(text=words).status_code == 202
    assert phone.stored() == ["stop"]
    phone.is_answered()
    mine, answer = phone.sees()
    assert (mine["from"], mine["text"], mine["status"]) == ("me", words, "sent")
    assert answer["from"] == by and says in answer["text"] and answer["cost"] == cost
    last = "read" if channel == "whatsapp" else "delivered"
    wait_until(lambda: phone.sees()[-1]["status"] == last, f"{channel}: {last}", 5)


def test_who_blocks_on_telegram_is_shown_so_and_told_nothing(hand: Callable[[str], Hand]) -> None:
    phone = hand("telegram")
    phone.sends(text="STOP")
    phone.sends(stop=True)
    phone.is_answered()
    assert phone.stored() == ["stop", "blocked"]
    assert [message["text"] for message in phone.sees()] == ["STOP", "[blocked]"]


def test_what_a_phone_cannot_do_is_refused_with_its_reason(hand: Callable[[str], Hand]) -> None:
    refused = hand("sms").sends(lat=19.4, lon=-99.1)
    assert refused.status_code == 400 and "not possible" in refused.json()["error"]
    assert hand("fax").sends(text="hola").status_code == 404


def test_a_message_without_the_pages_token_is_refused(at: str) -> None:
    answer = httpx.post(f"{at}/try/phones/sms/messages", json={"number": fresh_number(), "text": "a"}, trust_env=False)
    assert answer.status_code == 400 and "CSRF" in answer.json()["error"]


def test_phones_that_do_not_answer_are_named(faro: Runtime, queue: procrastinate.App) -> None:
    alone = with_settings(faro, demo_phones=f"http://127.0.0.1:{free_port()}")
    answer = application(alone, queue).test_client().get("/try/phones/sms/messages")
    assert answer.status_code == 502
    assert answer.get_json() == {"error": "the phones do not answer: ConnectError"}


def test_the_page_takes_the_place_of_the_one_phone_and_needs_no_inline_script(
    faro: Runtime, queue: procrastinate.App
) -> None:
    client = application(faro, queue).test_client()
    assert client.get("/try/messages").status_code == 404
    page = client.get("/try")
    assert page.headers["Content-Security-Policy"].startswith("default-src 'none';")
    assert not re.search(r"<style|<script(?! src)|\sstyle=|\son\w+=", page.get_data(as_text=True))


def test_the_fakes_take_all_from_the_environment(faro: Runtime) -> None:
    made = demonstration(faro.settings.model_copy(update={"gateway_port": two_ports()}))
    command = procfile(made)["phones"].split()
    quiet = subprocess.DEVNULL
    with subprocess.Popen(command, cwd=ROOT, env=made.environment(), stdout=quiet, stderr=quiet) as process:
        try:
            wait_until(lambda: answers("127.0.0.1", made.gateway_port + 10, "/phones/health"), "the fakes", 20)
            account = (made.twilio_account_sid or "", made.twilio_auth_token or "")
            assert httpx.get(f"{made.twilio_api}/v1/Content", auth=account, trust_env=False).status_code == 200
            told = httpx.get(f"{made.telegram_api}/bot{made.telegram_token}/getMe", trust_env=False)
            assert told.json()["ok"] is True
        finally:
            process.terminate()


def test_a_demonstration_never_uses_the_campaigns_database(faro: Runtime) -> None:
    real = faro.settings.model_copy(update={"database_url": "postgresql://campaign@db/real"})
    assert demonstration(real).environment()["DATABASE_URL"] == demonstration(real).database
    assert real.environment()["DATABASE_URL"] == "postgresql://campaign@db/real"


# In a browser


@pytest.fixture
def worker(faro: Runtime) -> Iterator[None]:
    """Answers whoever writes from now on."""
    begun, over, failures = now(), threading.Event(), list[Exception]()

    def work() -> None:
        while not over.wait(0.1):
            try:
                for contact in _since(faro, begun):
                    conversation.answer(faro, contact)
                    delivery.deliver(faro, contact)
            except Exception as failure:  # told below, in the test's own thread
                failures.append(failure)

    thread = threading.Thread(target=work)
    thread.start()
    yield
    over.set()
    thread.join()
    assert not failures


def _since(faro: Runtime, begun: Any) -> list[uuid.UUID]:
    with faro.sessions() as session:
        ours = Contact.channel.in_(("sms", "whatsapp", "telegram"))
        return list(session.scalars(select(Contact.id).where(ours, Contact.created_at >= begun)))


@pytest.fixture
def page(browser: Browser, at: str) -> Iterator[Callable[[int], Page]]:
    """The three phones on a screen of that width, in a browser that reaches nothing but our gateway."""
    contexts = []

    def shown(width: int) -> Page:
        context = browser.new_context(viewport={"width": width, "height": 800}, reduced_motion="reduce")
        contexts.append(context)
        context.route(lambda url: not url.startswith(at), _refuse)
        opened = context.new_page()
        opened.on("console", lambda line: pytest.fail(line.text) if line.type == "error" else None)
        opened.goto(f"{at}/try")
        return opened

    yield shown
    for context in contexts:
        context.close()


def _refuse(route: Route) -> None:
    route.abort()
    raise AssertionError("a page asked for something outside Faro")


def answered(three: Page, costs: dict[str, str]) -> None:
    for channel, cost in costs.items():
        phone = three.locator(f"section.{channel}")
        expect(phone.locator(".bubble.faro")).to_have_count(1)
        expect(phone.locator(".bubble.faro .cost")).to_have_text(cost)
        expect(phone.locator(".total")).to_contain_text("1 mensaje")


ON_ALL = [
    (1280, "STOP", {"sms": "gratis", "whatsapp": "1 mensaje", "telegram": "gratis"}),
    (360, "ALTO", {"sms": "1 segmento SMS · GSM-7", "whatsapp": "1 mensaje", "telegram": "gratis"}),
]


@pytest.mark.browser
@pytest.mark.parametrize(("width", "words", "costs"), ON_ALL)
def test_one_message_reaches_all_three_phones_and_each_answer_says_its_cost(
    width: int, words: str, costs: dict[str, str], page: Callable[[int], Page], worker: None
) -> None:
    three = page(width)
    expect(three.get_by_role("log")).to_have_count(3)
    three.get_by_label("Lo mismo a los tres").fill(words)
    three.get_by_role("button", name="Enviar a los tres").click()
    for channel in costs:
        expect(three.locator(f"section.{channel} .bubble.me")).to_contain_text(words)
    answered(three, costs)
    assert three.evaluate("document.documentElement.scrollWidth") <= width
    boxes = [three.locator(f"section.{channel}").bounding_box() for channel in costs]
    tops = {box["y"] for box in boxes if box}
    assert len(tops) == (1 if width == 1280 else 3)


@pytest.mark.browser
def test_the_phone_with_keys_types_numbers_and_has_nothing_to_tap(page: Callable[[int], Page], worker: None) -> None:
    three = page(1280)
    phone = three.locator("section.sms")
    for digit in "10":
        phone.locator(".key", has_text=digit).click()
    expect(phone.locator(".text")).to_have_value("10")
    expect(phone.locator(".location, .option")).to_have_count(0)
    three.locator("section.telegram .location").click()
    expect(three.get_by_role("button", name="Tapachula")).to_be_visible()
