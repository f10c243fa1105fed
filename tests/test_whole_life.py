"""The whole life of three reports: three channels' phones, two countries' desks in Chromium, every process running.

Nothing sleeps: what must come is waited for.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta

import pytest
from playwright.sync_api import Browser, Locator, Page, expect
from sqlalchemy import update

from bot import receipt
from bot.desk import people
from bot.runtime import Runtime
from bot.settings import Settings
from bot.store.models import Report, now
from tests.conftest import Process, wait_until
from tests.desk import sets_up
from tests.fakes.phones import Phones
from tests.fakes.telegram_updates import Person
from tests.keeper import keeper
from tests.test_browser import browser
from tests.test_road import Road, built

__all__ = ["browser"]
pytestmark = [pytest.mark.browser, pytest.mark.engine]

PATIENCE = 100  # seconds; the worker looks each minute at what nobody has accepted
MEXICO, GUATEMALA = "mexico@faro.test", "guatemala@faro.test"


@pytest.fixture(scope="module")
def road(settings: Settings, engine: Process, actions: Process) -> Iterator[Road]:
    with built(settings) as made:
        Phones(made.twilio, made.telegram, pause=0.05)  # says of each message when it was delivered and read
        yield made


@dataclass
class Someone:
    """A person with a phone on one channel. ``read``: how many of its messages they have read."""

    road: Road
    channel: str
    number: str
    language: str = "es"
    read: int = 0

    def says(self, words: str) -> None:
        if self.channel == "telegram":
            who = Person(int(self.number[1:]), self.language)
            assert self.road.telegram.send(self.road.telegram.updates.text(who, words))
        else:
            self.road.says(self.channel, self.number, words)

    def hears(self, words: str) -> str:
        """The next message with these words; all before it counts as read."""
        wait_until(lambda: self._next(words) is not None, f"«{words}» on {self.channel}", PATIENCE)
        at = self._next(words)
        assert at is not None
        self.read = at + 1
        return self._heard()[at]

    def talks(self, *turns: tuple[str, str]) -> str:
        """(what they say, what they hear) in order; the last that they hear."""
        for said, heard in turns:
            self.says(said)
            last = self.hears(heard)
        return last

    def count(self, words: str) -> int:
        """How many of all messages to them have these words."""
        return sum(plain(words) in text for text in self._heard())

    def _heard(self) -> list[str]:
        return [plain(text) for text in self.road.heard(self.channel, self.number)]

    def _next(self, words: str) -> int | None:
        return next((n for n, text in enumerate(self._heard()) if n >= self.read and plain(words) in text), None)


def plain(text: str) -> str:
    """Without the marks that an SMS leaves out."""
    return "".join(sign for sign in unicodedata.normalize("NFKD", text) if not unicodedata.combining(sign))


@dataclass
class Desk:
    """An operator at their page, which renews itself: nothing is loaded anew but where it says so."""

    page: Page
    address: str

    def at_the_list(self, shown: str = "") -> None:
        self.page.goto(f"{self.address}/desk/{shown}")

    def row(self, case: str) -> Locator:
        return self.page.locator(f"tr.report[data-case='{case}']")

    def opens(self, case: str) -> None:
        self.page.get_by_role("link", name=case, exact=True).first.click()
        expect(self.page.locator("h1 .number")).to_have_text(case)

    def sees(self, part: str, words: str) -> None:
        expect(self.page.locator(part).filter(has_text=words).first).to_be_visible()

    def sees_no(self, part: str) -> None:
        expect(self.page.locator(part)).to_have_count(0)

    def presses(self, form: str, **filled: str) -> None:
        """Fill the form's fields, and send it."""
        for name, words in filled.items():
            field = self.page.locator(f"{form} [name='{name}']")
            if field.evaluate("it => it.tagName") == "SELECT":
                field.select_option(words)
            else:
                field.fill(words)
        self.page.locator(f"{form} [type=submit]").click()


@pytest.fixture(scope="module")
def desks(browser: Browser, road: Road, runtime: Runtime) -> Iterator[tuple[Desk, Desk]]:
    """One operator of Mexico; one of Guatemala, who also has the desk to which comes what nobody accepts."""
    with runtime.sessions.begin() as session:
        held = keeper(runtime)
        links = [
            people.link(session, MEXICO, "operator", ["demo-mx"], by=held),
            people.link(session, GUATEMALA, "operator", ["demo-gt", "demo"], by=held),
        ]
    contexts = [browser.new_context(reduced_motion="reduce") for _ in links]
    made = [Desk(context.new_page(), road.gateway) for context in contexts]
    for desk, link in zip(made, links, strict=True):
        sets_up(desk.page, road.gateway + link)
    yield made[0], made[1]
    for context in contexts:
        context.close()


Meets = Callable[..., Someone]


@pytest.fixture
def someone(road: Road) -> Meets:
    return lambda channel, number, language="es": Someone(road, channel, number, language)


def case_in(text: str) -> str:
    found = re.search(r"\b[2-9A-Z]{3}-[2-9A-Z]{3}\b", text)
    assert found, text
    return found[0]


def receipt_in(text: str) -> str:
    found = receipt.found_in(text)
    assert found and found.code, text
    return found.written


# The first: told by WhatsApp, worked in Mexico, handed over to Guatemala


def test_a_report_is_worked_refused_handed_over_followed_from_another_phone_and_closed(
    desks: tuple[Desk, Desk], someone: Meets
) -> None:
    mexico, guatemala = desks
    person = someone("whatsapp", "+525512349001")
    mexico.at_the_list()
    guatemala.at_the_list()

    case, code = files_by_whatsapp(person)
    mexico_accepts_and_they_talk(mexico, person, case)
    offers_and_is_refused(mexico, guatemala, case)
    offers_again_and_it_is_accepted(mexico, guatemala, person, case)
    words_come_from_a_borrowed_phone(guatemala, someone("sms", "+525512349002"), case, code)
    guatemala_closes(guatemala, person, case)


def files_by_whatsapp(person: Someone) -> tuple[str, str]:
    filed = person.talks(
        ("me robaron en tapachula", "en peligro ahora"), ("2", "Cuándo pasó"), ("anoche", "Qué pasó"),
        ("dos hombres me quitaron el telefono y tres mil pesos", "menor de 18"), ("2", "responderle"),
        ("1", "Mesa de demostración, México"), ("1", "Número de caso"),
    )  # fmt: skip
    code = receipt_in(person.hears("Su recibo"))
    person.hears("¿Es seguro que le escriba aquí?")
    person.talks(("1", "le escribo a cualquier hora"))
    return case_in(filed), code


def mexico_accepts_and_they_talk(mexico: Desk, person: Someone, case: str) -> None:
    row = mexico.row(case)
    expect(row).to_contain_text("new")
    expect(row).to_contain_text("Robbery")
    mexico.opens(case)
    mexico.sees("[data-part='words'] blockquote", "tres mil pesos")
    mexico.sees("#routed-by", "Mexico")
    mexico.presses("#accept")
    person.hears("aceptó su caso")
    mexico.sees(".facts", f"accepted by {MEXICO}")

    mexico.presses("#write", text="¿Cómo eran los dos?")
    person.hears("¿Cómo eran los dos?")
    expect(mexico.page.locator(".line.desk").last).to_have_attribute("data-delivery", "read")
    person.says("uno llevaba gorra roja")
    mexico.sees(".line.person", "gorra roja")


def offers_and_is_refused(mexico: Desk, guatemala: Desk, case: str) -> None:
    expect(guatemala.row(case)).to_have_count(0)
    mexico.presses("#hand-over", desk="demo-gt", note="cruzaron a su lado")
    mexico.sees("#offer", "who has not answered yet")
    expect(guatemala.page.locator(f"#offered li[data-case='{case}']")).to_be_visible()
    guatemala.opens(case)
    guatemala.sees("[data-part='hand-over'] blockquote", "cruzaron a su lado")
    guatemala.sees("[data-part='words'] blockquote", "tres mil pesos")
    guatemala.sees("[data-part='words'] blockquote", "tres mil pesos")
    guatemala.sees("#why-not", "Only the desk that has the report")
    guatemala.presses("#refuse", reason="no es de aquí")
    guatemala.sees_no(f"li[data-case='{case}']")
    mexico.sees("[data-part='hand-over'] blockquote", "no es de aquí")
    mexico.sees("#events li[data-event='not_handed_over']", "refused there")
    mexico.sees_no("#offer")


def offers_again_and_it_is_accepted(mexico: Desk, guatemala: Desk, person: Someone, case: str) -> None:
    assert person.count("pasó su caso") == 0
    mexico.presses("#hand-over", desk="demo-gt", note="la placa es de Guatemala")
    guatemala.sees("#offered", case)
    guatemala.opens(case)
    guatemala.presses("#take")
    person.hears("pasó su caso")
    assert person.count("pasó su caso") == 1 and person.count("a Mesa de demostración, Guatemala") == 1
    guatemala.sees(".facts", f"accepted by {GUATEMALA}")
    guatemala.sees(".line.person", "gorra roja")
    guatemala.sees("#events li[data-event='handed_over']", "from Demonstration desk, Mexico")

    gone = mexico.page.url
    mexico.at_the_list()
    expect(mexico.row(case)).to_have_count(0)
    answer = mexico.page.goto(gone)
    assert answer and answer.status == 404
    mexico.at_the_list()


def words_come_from_a_borrowed_phone(guatemala: Desk, borrowed: Someone, case: str, code: str) -> None:
    standing = borrowed.talks((code, case))
    assert plain("una persona de Mesa de demostración, Guatemala") in standing
    assert plain("¿Cómo eran los dos?") in standing
    borrowed.talks(("1", "un solo mensaje"), ("recuerdo la placa de la moto", "la oficina lo tiene"))
    guatemala.sees(".line.person", "recuerdo la placa")


def guatemala_closes(guatemala: Desk, person: Someone, case: str) -> None:
    guatemala.presses("#close", outcome="referred")
    assert case in person.hears("cerró su caso")
    guatemala.sees(".facts", "Passed to the authority in charge")
    guatemala.sees("#why-not", "The report is closed")
    guatemala.at_the_list("?show=closed")
    expect(guatemala.row(case)).to_be_visible()


# The second: told by Telegram in Haitian Creole; nobody accepts it, it goes on, and is withdrawn


def test_a_report_that_nobody_accepts_goes_to_the_next_desk_and_is_withdrawn(
    desks: tuple[Desk, Desk], someone: Meets, runtime: Runtime
) -> None:
    mexico, guatemala = desks
    person = someone("telegram", "+900349003", "ht")
    mexico.at_the_list()
    guatemala.at_the_list()

    case, code = files_by_telegram(person)
    mexico_lets_it_go_by(mexico, runtime, case)
    the_next_desk_has_it(guatemala, person, case)
    the_person_withdraws(guatemala, person, case, code)


def files_by_telegram(person: Someone) -> tuple[str, str]:
    filed = person.talks(
        ("yo vole tout lajan mwen nan Tapachula", "an danje kounye a"), ("non", "Kilè sa te rive"),
        ("yè swa", "Kisa ki te rive"), ("de nèg ak zam pran telefòn mwen", "18 an"), ("0", "ekri ou"),
        ("wi", "Biwo demonstrasyon, Meksik"), ("wi", "Nimewo dosye"),
    )  # fmt: skip
    code = receipt_in(person.hears("Resi ou"))
    person.hears("Èske li san danje")
    person.talks(("1", "nenpòt lè"))
    return case_in(filed), code


def mexico_lets_it_go_by(mexico: Desk, runtime: Runtime, case: str) -> None:
    """As if the day had passed."""
    expect(mexico.row(case)).to_contain_text("left")
    with runtime.sessions.begin() as session:
        theirs = update(Report).where(Report.number == case)
        session.execute(theirs.values(accept_by=now() - timedelta(minutes=1)))
    passed_on = mexico.page.locator(f"#passed-on li[data-case='{case}']")
    expect(passed_on).to_contain_text("to Demonstration desk", timeout=PATIENCE * 1000)
    expect(mexico.row(case)).to_have_count(0)


def the_next_desk_has_it(guatemala: Desk, person: Someone, case: str) -> None:
    assert case in person.hears("poko reponn")
    expect(guatemala.row(case)).to_contain_text("new")
    guatemala.opens(case)
    guatemala.sees("[data-part='words'] blockquote", "telefòn mwen")
    guatemala.sees("#events li[data-event='passed_on']", "nobody there accepted it in time")
    guatemala.sees(".facts", "Haitian Creole")
    assert guatemala.page.locator("#accept").is_visible()


def the_person_withdraws(guatemala: Desk, person: Someone, case: str, code: str) -> None:
    person.talks((code, case), ("2", "Retire rapò a?"), ("1", "Rapò a retire"))
    guatemala.sees(".facts", "Withdrawn by the person")
    guatemala.sees_no("#accept")
    guatemala.at_the_list()
    expect(guatemala.row(case)).to_have_count(0)


# The third: told by SMS; she wants all of it deleted


def test_who_says_delete_my_data_hears_what_must_stay_and_the_desk_sees_that_she_is_gone(
    desks: tuple[Desk, Desk], someone: Meets
) -> None:
    mexico, guatemala = desks
    person = someone("sms", "+50251239004")
    guatemala.at_the_list()

    case = files_by_sms(person)
    guatemala_accepts(guatemala, person, case)
    she_has_all_deleted(person, case)
    what_remains_is_shown(guatemala, case)


def files_by_sms(person: Someone) -> str:
    filed = person.talks(
        ("me robaron en huehuetenango", "en peligro ahora"), ("2", "Cuándo pasó"), ("hoy", "Qué pasó"),
        ("me quitaron la mochila", "menor de 18"), ("2", "responderle"), ("1", "Huehuetenango"),
        ("1", "Número de caso"),
    )  # fmt: skip
    person.hears("Su recibo")
    person.hears("¿Es seguro que le escriba aquí?")
    person.talks(("1", "le escribo a cualquier hora"))
    return case_in(filed)


def guatemala_accepts(guatemala: Desk, person: Someone, case: str) -> None:
    expect(guatemala.row(case)).to_contain_text("new")
    guatemala.opens(case)
    guatemala.presses("#accept")
    person.hears("aceptó su caso")
    guatemala.sees_no("#gone")


def she_has_all_deleted(person: Someone, case: str) -> None:
    told = person.talks(("borrar mis datos", "No se puede deshacer"), ("sí", "No pude borrar el caso"))
    assert case in told
    person.talks(("qué pasó con mi denuncia", "No puedo mostrarle"))


def what_remains_is_shown(guatemala: Desk, case: str) -> None:
    guatemala.sees("#gone", "The person was erased")
    guatemala.sees("#why-not", "you cannot write to them")
    guatemala.sees_no("#write")
    guatemala.sees("[data-part='words'] blockquote", "la mochila")
    guatemala.presses("#close", outcome="no_action")
    guatemala.at_the_list("?show=closed")
    expect(guatemala.row(case)).to_be_visible()
