"""The desk in four languages: no sentence is forgotten, none is left in English, and each person keeps their own."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator, Mapping
from functools import cache
from html.parser import HTMLParser

import polib
import procrastinate
import pytest
from babel.dates import get_timezone_location
from babel.messages.catalog import Catalog
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from flask import Flask
from flask.testing import FlaskClient
from flask_security.core import _default_messages
from sqlalchemy import select

from bot import copying, desk_keys, hours, reports
from bot.content.model import COUNTRIES
from bot.desk import people, roles
from bot.desk.language import CATALOGUES, LANGUAGES, SHIPPED
from bot.gateway import application
from bot.runtime import Runtime
from bot.settings import ROOT
from bot.store.audit import Action
from bot.store.models import Report
from bot.store.moves import ReportCopy
from bot.store.people import User
from tests.authenticator import Key, asked
from tests.channels import PUBLIC, queue, with_settings
from tests.desk import PASSWORD, account, browser, enters, member, signs_in, token
from tests.keeper import keeper
from tests.reports import filed
from tests.states import CHOICES, alert_pages, chosen_by_person, every_way, forget_alerts, not_told

__all__ = ["queue"]

TRANSLATED = sorted(set(LANGUAGES) - {"en"})
KEYWORDS = DEFAULT_KEYWORDS | {"WrongStep": None, "NotTaken": None, "NotAllowed": None, "lazy_gettext": None}
HOLES = re.compile(r"%\(\w+\)s|\{\w+\}")


@pytest.fixture(scope="module")
def app(runtime: Runtime, queue: procrastinate.App) -> Iterator[Flask]:
    yield application(with_settings(every_way(runtime), public_url=PUBLIC), queue)
    forget_alerts(runtime)


# The catalogues


@cache
def sentences() -> Catalog:
    """What the templates and the code of the desk say, as pybabel finds it."""
    found = Catalog()
    with (CATALOGUES / "babel.cfg").open() as file:
        methods, options = parse_mapping_cfg(file)  # type: ignore[no-untyped-call]
    for _, _, message, comments, context in extract_from_dir(ROOT, methods, options, KEYWORDS):
        found.add(message, auto_comments=comments, context=context)
    return found


def catalogue(language: str) -> dict[str, polib.POEntry]:
    path = CATALOGUES / language / "LC_MESSAGES" / "messages.po"
    return {entry.msgid: entry for entry in polib.pofile(str(path)) if not entry.obsolete}


@pytest.mark.parametrize("language", TRANSLATED)
def test_every_sentence_of_the_desk_is_translated_and_no_other(language: str) -> None:
    asked = {m.id[0] if isinstance(m.id, tuple) else m.id for m in sentences() if m.id}
    assert len(asked) > 200
    assert set(catalogue(language)) == asked


@pytest.mark.parametrize("language", TRANSLATED)
def test_each_translation_is_finished_and_fills_in_the_same(language: str) -> None:
    for entry in catalogue(language).values():
        said = [entry.msgstr] if not entry.msgid_plural else list(entry.msgstr_plural.values())
        assert all(said) and len(said) == (2 if entry.msgid_plural else 1), entry.msgid
        assert "fuzzy" not in entry.flags, entry.msgid
        for one in said:
            assert sorted(HOLES.findall(one)) == sorted(HOLES.findall(entry.msgid)), entry.msgid


def test_all_that_the_log_and_the_sign_in_forms_can_say_is_translated() -> None:
    shipped = {str(message) for message in SHIPPED}
    assert shipped <= {str(text) for text, _ in _default_messages.values()}
    assert {*Action, *roles.NAMES, *shipped} <= set(catalogue("es"))


# The pages


class Words(HTMLParser):
    """The texts and spoken attributes of a page, without what people and files wrote."""

    SPOKEN = ("aria-label", "title", "alt", "placeholder")
    VOID = {"meta", "link", "input", "path", "br", "img"}

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: set[str] = set()
        self._theirs: list[bool] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = dict(attrs)
        theirs = tag in ("code", "script") or ("lang" in names and tag != "html") or names.get("dir") == "auto"
        if tag not in self.VOID:
            self._theirs.append(theirs or any(self._theirs[-1:]))
        if not any(self._theirs[-1:]):
            self.found |= {" ".join((names[name] or "").split()) for name in self.SPOKEN if name in names}

    def handle_endtag(self, tag: str) -> None:
        if tag not in self.VOID and self._theirs:
            self._theirs.pop()

    def handle_data(self, data: str) -> None:
        if not any(self._theirs[-1:]):
            self.found.add(" ".join(data.split()))


def visits(app: Flask, runtime: Runtime, language: str) -> Iterator[tuple[str, str]]:
    """(name, page): every page of the desk, as a browser of this language gets it."""
    asks = {"Accept-Language": language}
    yield "sign-in", browser(app).get("/desk/sign-in", headers=asks).get_data(as_text=True)
    guesser = browser(app)
    for n in range(21):
        page = guesser.get("/desk/enter/x", headers=asks).get_data(as_text=True)
        if n in (0, 20):
            yield f"link {n}", page
    client = member(app, runtime, ["demo-gt"])
    yield "empty closed list", client.get("/desk/?show=closed", headers=asks).get_data(as_text=True)
    boss = member(app, runtime, ["demo-mx"], "administrator")
    narrow = "?danger=yes&country=none&whose=mine"
    text = "content/rights_work/es/MX"
    for path in ("", "?show=closed", narrow, "audit", "content", text, "password", "people", "nowhere"):
        yield path, boss.get(f"/desk/{path}", headers=asks).get_data(as_text=True)
    yield from enrolment(app, runtime, asks)
    yield from key_pages(app, runtime, asks)
    for name, page in states(boss, runtime, asks):
        yield name, page
    yield from other_desks(app, runtime, asks)
    yield from routed_and_paged(app, runtime, asks)
    yield "worked list", boss.get("/desk/", headers=asks).get_data(as_text=True)
    yield from alert_pages(boss, runtime, asks)
    yield "changed log", boss.get("/desk/audit", headers=asks).get_data(as_text=True)
    for choice in CHOICES:
        report = chosen_by_person(runtime, "demo-mx", choice)
        yield f"person chose: {choice}", boss.get(f"/desk/reports/{report.id}", headers=asks).get_data(as_text=True)
    not_told(runtime, "demo-us", "demo-mx")
    untold = member(app, runtime, ["demo-us", "demo-mx"])
    yield "not told", untold.get("/desk/", headers=asks).get_data(as_text=True)
    yield "405", boss.put("/desk/content", headers=asks).get_data(as_text=True)
    yield "400", boss.post("/desk/language", headers=asks).get_data(as_text=True)


def other_desks(app: Flask, runtime: Runtime, asks: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """What the desk sees to which a report is handed over, or of which it has a copy, and that of an accused body."""
    first, second = member(app, runtime, ["demo-mx"]), member(app, runtime, ["demo-gt"])
    report = filed(runtime, "demo-mx")
    path, form = f"/desk/reports/{report.id}", {"csrf_token": token(first, "/desk/password"), "desk": "demo-gt"}
    first.post(f"{path}/hand-over", data=form)
    yield "offered list", second.get("/desk/", headers=asks).get_data(as_text=True)
    yield "offered", second.get(path, headers=asks).get_data(as_text=True)
    form = {"csrf_token": token(second, "/desk/password")}
    yield "refused without reason", second.post(f"{path}/hand-over/refuse", data=form, headers=asks,
                                                follow_redirects=True).get_data(as_text=True)  # fmt: skip
    second.post(f"{path}/hand-over/refuse", data=form | {"reason": "no es nuestro"})
    yield "refused", first.get(path, headers=asks).get_data(as_text=True)
    with runtime.sessions.begin() as session:
        kept = session.get_one(Report, report.id)
        desk_keys.box_for_desk(session, kept, desk_keys.private_of(session, kept, keeper(runtime)), "demo-gt")
        session.add(copy := ReportCopy(report_id=report.id, desk="demo-gt"))
        copying.give(session, kept, copy)
    yield "copies", second.get("/desk/", headers=asks).get_data(as_text=True)
    yield "copy", second.get(path, headers=asks).get_data(as_text=True)
    second.post(f"{path}/wish", data=form | {"wish": "la familia está aquí"})
    yield "wished", first.get(path, headers=asks).get_data(as_text=True)
    second_report = filed(runtime, "demo-mx")
    path = f"/desk/reports/{second_report.id}"
    first.post(f"{path}/hand-over", data={"csrf_token": token(first, "/desk/password"), "desk": "demo-gt"})
    second.post(f"{path}/hand-over/accept", data=form)
    yield "taken", second.get(path, headers=asks).get_data(as_text=True)


def routed_and_paged(app: Flask, runtime: Runtime, asks: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """A report that came by its language, or to an open desk, or where the case before asked for these; list pages."""
    client, report, _ = member(app, runtime, ["demo-mx"]), *(filed(runtime, "demo-mx") for _ in range(2))
    for told, unfit in ((["language", "ht"], ["open", "2026-11-22T03:12"]), (["open", True], ["language", "fr"])):
        with runtime.sessions.begin() as session:
            kept = session.get_one(Report, report.id)
            kept.routed_why = {"case": "C 1", "fitted": [told], "before": "C 2", "unfit": unfit}
        yield f"routed by {told[0]}", client.get(f"/desk/reports/{report.id}", headers=asks).get_data(as_text=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reports, "PAGE", 1)
        for page in (1, 2):
            yield f"page {page}", client.get(f"/desk/?page={page}", headers=asks).get_data(as_text=True)


def enrolment(app: Flask, runtime: Runtime, asks: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """The way in, from a password on, and what is asked of a session that is not fresh any more."""
    client, late = member(app, runtime, ["demo-mx"]), member(app, runtime, ["demo-mx"])
    for name in ("first", "second"):
        form = {"csrf_token": token(client, "/desk/password"), "setup": "authenticator"} if name == "second" else {}
        answer = client.post("/desk/authenticator", data=form, headers=asks) if form else None
        page = answer or client.get("/desk/authenticator", headers=asks)
        yield f"authenticator {name}", page.get_data(as_text=True)
    waits, email = browser(app), account(app, runtime)
    form = {"email": email, "password": PASSWORD, "csrf_token": token(waits)}
    waits.post("/desk/sign-in", data=form)
    yield "code", waits.get("/desk/code", headers=asks).get_data(as_text=True)
    form = {"code": "1", "csrf_token": token(waits, "/desk/code")}
    yield "wrong code", waits.post("/desk/code", data=form, headers=asks).get_data(as_text=True)
    with late.session_transaction() as cookie:
        cookie["began"] -= 601
    yield "once more", late.get("/desk/password", headers=asks).get_data(as_text=True)


def key_pages(app: Flask, runtime: Runtime, asks: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Security keys: none, one, each wrong step, and the way in with one."""
    client, email, key = browser(app), account(app, runtime), Key(PUBLIC, PUBLIC.removeprefix("https://"))
    signs_in(client, email)
    client.get("/desk/")  # what was said on the way in

    def does(path: str, page: str = "/desk/keys", **form: str) -> str:
        form["csrf_token"] = token(client, page)
        return client.post(path, data=form, headers=asks, follow_redirects=True).get_data(as_text=True)

    yield "no keys", client.get("/desk/keys", headers=asks).get_data(as_text=True)
    yield "key without a name", does("/desk/keys", name=" ")
    yield "key asked for", (page := does("/desk/keys", name="llave"))
    action, options = asked(page)
    yield "key added", does(action, credential=key.made(options))
    yield "key added twice", does(action, credential=key.made(options))
    action, options = asked(does("/desk/keys", name="otra"))
    yield "key known already", does(action, credential=key.made(options))
    yield "name known already", does("/desk/keys", name="llave")
    yield "no such key", does("/desk/keys/remove", name="otra")
    does("/desk/sign-out")
    does("/desk/sign-in", "/desk/sign-in", email=email, password=PASSWORD)
    yield "code or key", client.get("/desk/code", headers=asks).get_data(as_text=True)
    yield "key", client.get("/desk/key", headers=asks).get_data(as_text=True)
    yield "key to be pressed", (page := does("/desk/key", "/desk/key"))
    action, options = asked(page)
    yield "wrong key", does(action, "/desk/key", credential=Key(key.origin, key.host).signs(options))
    yield "key too late", does("/desk/key/x", "/desk/key", credential="{}")
    signs_in(client, email)
    yield "key removed", does("/desk/keys/remove", name="llave")


def states(client: FlaskClient, runtime: Runtime, asks: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """A report's page in each state, and after each wrong step."""
    report = filed(runtime, "demo-mx", danger="yes", minor="yes")
    path = f"/desk/reports/{report.id}"

    def does(step: str, **form: str) -> str:
        form["csrf_token"] = token(client, "/desk/password")
        return client.post(f"{path}/{step}", data=form, headers=asks, follow_redirects=True).get_data(as_text=True)

    yield "new report", client.get(path, headers=asks).get_data(as_text=True)
    yield "written too early", does("messages", text="hola")
    yield "accepted", does("accept")
    yield "accepted twice", does("accept")
    yield "nothing written", does("messages")
    yield "written", does("messages", text="¿Está usted bien?")
    yield "empty note", does("notes")
    yield "note", does("notes", text="hablé con la fiscalía")
    yield "given to nobody", does("give")
    yield "export", does("export")
    yield "no export", client.get(f"{path}/export/x", headers=asks, follow_redirects=True).get_data(as_text=True)
    yield "related", related(client, runtime, asks)
    yield "no hold", does("hold/end")
    yield "hold without reason", does("hold")
    yield "hold", does("hold", reason="por orden judicial")
    yield "handed nowhere", does("hand-over", desk="")
    yield "handed over", does("hand-over", desk="demo-gt", note="lo conocen")
    yield "handed over twice", does("hand-over", desk="demo-us")
    yield "closed too early", does("close", outcome="helped")
    yield "taken by who was not asked", does("hand-over/accept")
    yield "withdrawn", does("hand-over/withdraw")
    yield "withdrawn twice", does("hand-over/withdraw")
    yield "wished without a copy", does("wish", wish="x")
    yield "closed without outcome", does("close")
    yield "closed", does("close", outcome="helped")


def related(client: FlaskClient, runtime: Runtime, asks: Mapping[str, str]) -> str:
    """A page with colleagues to choose from, and other reports with the same numbers."""
    words = f"55{uuid.uuid4().int % 10**8:08}, placas abc-12-34, tarjeta 4242 4242 4242 4242"
    report, _, _ = (filed(runtime, desk, words) for desk in ("demo-mx", "demo-mx", "demo-gt"))
    return client.get(f"/desk/reports/{report.id}", headers=asks).get_data(as_text=True)


@pytest.fixture(scope="module")
def pages(app: Flask, runtime: Runtime) -> dict[str, dict[str, str]]:
    return {language: dict(visits(app, runtime, language)) for language in LANGUAGES}


def patterns(language: str) -> list[re.Pattern[str]]:
    """The English sentences that are said otherwise in a language, each as a whole text."""
    found = []
    for entry in catalogue(language).values():
        theirs = {entry.msgstr, *entry.msgstr_plural.values()}
        for text in filter(None, (entry.msgid, entry.msgid_plural)):
            if text not in theirs and re.sub(HOLES, "", text).strip(" :"):
                found.append(re.compile(".+".join(map(re.escape, HOLES.split(text)))))
    return found


@pytest.mark.parametrize("language", TRANSLATED)
def test_no_page_says_an_english_sentence_of_the_catalogue(language: str, pages: dict[str, dict[str, str]]) -> None:
    english = patterns(language)
    for name, page in pages[language].items():
        left = {text for text in Words(page).found for one in english if one.fullmatch(text.rstrip(",. "))}
        assert not left, (name, left)


# Names and signs that are the same in every language: of people, cases, countries' codes, files and phones.
SAME = re.compile(
    r"[^\W\d_]{0,2}|.*@.*|[A-Z0-9]{3}-[A-Z0-9]{3}.*|[\d\W]*(?:UTC)?|[a-z]{2}|[A-Z]{2}|SMS|WhatsApp|Telegram"
    r"|[\w/]+\.\w+|[a-z]+_[a-z_]+(: [A-Z]{2}, [a-z]{2})?|duties|demo[\w-]*|Faro|English|Español|Português|Français"
    r"|\d.* (min|h|UTC)|\w+, \w{2}: .*|\d\d \w{3} [\d:]+ UTC"
)


def cities() -> set[str]:
    zones = {zone for country in COUNTRIES for zone in hours.zones(country)}
    return {get_timezone_location(zone, locale="en", return_city=True).rpartition("/")[2] for zone in zones}


@pytest.mark.parametrize("language", TRANSLATED)
def test_nothing_but_names_is_the_same_in_english(language: str, pages: dict[str, dict[str, str]]) -> None:
    """So a sentence is found that nobody has marked for translation."""
    same = {entry.msgid for entry in catalogue(language).values() if entry.msgstr == entry.msgid} | cities()
    for name, page in pages[language].items():
        both = Words(page).found & Words(pages["en"][name]).found
        left = {text for text in both if not SAME.fullmatch(text.strip(" ·,.:;()›»«")) and text not in same}
        assert not left, (name, left)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_page_says_in_which_language_it_is(language: str, pages: dict[str, dict[str, str]]) -> None:
    for name, page in pages[language].items():
        assert f'<html lang="{language}">' in page, name


def test_labels_countries_dates_and_the_desk_come_in_the_language(pages: dict[str, dict[str, str]]) -> None:
    accepted = {language: pages[language]["accepted"] for language in LANGUAGES}
    assert "Robo o hurto" in accepted["es"] and "Roubo ou furto" in accepted["pt"] and "Robbery" in accepted["en"]
    assert "Bureau de démonstration, Mexique" in accepted["fr"] and "Mexique" in accepted["fr"]
    assert "castellano" in accepted["es"] or "español" in accepted["es"]
    assert "Coincidió el caso «" in accepted["es"] and "México" in accepted["es"]
    alerts = {language: pages[language]["alerts off"] for language in LANGUAGES}
    assert "miércoles" in alerts["es"] and "quarta-feira" in alerts["pt"] and "mercredi" in alerts["fr"]
    assert "Wednesday" in alerts["en"] and "Ciudad de México" in alerts["es"] and "Mexico City" in alerts["en"]


def test_the_desk_hears_in_its_language_that_another_was_closed(pages: dict[str, dict[str, str]]) -> None:
    routed = {language: pages[language]["routed by language"] for language in LANGUAGES}
    assert "its desk was closed at 03:12 there (Sunday)" in routed["en"] and "written in Haitian Creole" in routed["en"]
    assert "su mesa estaba cerrada a las 03:12 de allí (domingo)" in routed["es"] and "criollo haitiano" in routed["es"]
    assert "a sua mesa estava fechada às 03:12 de lá (domingo)" in routed["pt"]
    assert "son bureau était fermé à 03:12, heure locale (dimanche)" in routed["fr"]


# Whose language


def language_of(client: FlaskClient, **headers: str) -> str:
    page = client.get("/desk/sign-in", follow_redirects=True, headers=headers).get_data(as_text=True)
    found = re.search(r'<html lang="(\w+)">', page)
    assert found
    return found[1]


def chooses(client: FlaskClient, language: str, back: str = "") -> str:
    form = {"csrf_token": token(client, "/desk/password"), "language": language, "next": back}
    return client.post("/desk/language", data=form).headers.get("Location", "")


@pytest.mark.parametrize(
    ("asked", "spoken"),
    [("es-MX,es;q=0.9", "es"), ("pt-BR", "pt"), ("fr-HT,ht;q=0.8", "fr"), ("de,fr;q=0.3", "fr"), ("de", "en"),
     ("", "en")],
)  # fmt: skip
def test_without_a_choice_it_is_the_browsers_or_english(asked: str, spoken: str, app: Flask) -> None:
    assert language_of(browser(app), **{"Accept-Language": asked}) == spoken


def test_who_is_signed_out_chooses_for_their_browser(app: Flask) -> None:
    client = browser(app)
    form = {"csrf_token": token(client), "language": "pt", "next": "/desk/sign-in?next=/desk/content"}
    assert client.post("/desk/language", data=form).headers["Location"] == "/desk/sign-in?next=/desk/content"
    assert language_of(client, **{"Accept-Language": "es"}) == "pt"
    assert language_of(browser(app), **{"Accept-Language": "es"}) == "es"


def test_a_choice_goes_with_the_person_to_another_browser_and_stays_with_them_alone(
    app: Flask, runtime: Runtime
) -> None:
    email, elsewhere = f"{uuid.uuid4().hex}@faro.example", browser(app)
    for client in (browser(app), elsewhere):
        with runtime.sessions.begin() as session:
            link = people.link(session, email, "operator", ["demo-mx"])
        enters(client, link, runtime)
        if client is not elsewhere:
            chooses(client, "fr")
    assert language_of(elsewhere, **{"Accept-Language": "es"}) == "fr"
    with runtime.sessions() as session:
        assert session.scalars(select(User.language).where(User.email == email)).one() == "fr"
    assert language_of(member(app, runtime, ["demo-mx"]), **{"Accept-Language": "es"}) == "es"


@pytest.mark.parametrize("back", ["https://elsewhere.example/", "//elsewhere.example", "/desk//\\x", "/try", ""])
def test_after_choosing_nobody_is_led_away_from_the_desk(back: str, app: Flask, runtime: Runtime) -> None:
    assert chooses(member(app, runtime, ["demo-mx"]), "es", back) == "/desk/home"


def test_a_language_that_the_desk_does_not_speak_is_refused(app: Flask, runtime: Runtime) -> None:
    client = member(app, runtime, ["demo-mx"])
    form = {"csrf_token": token(client, "/desk/password"), "language": "ht"}
    assert client.post("/desk/language", data=form).status_code == 400


def test_a_used_link_costs_no_second_try_to_choose_a_language(app: Flask) -> None:
    page = browser(app).get("/desk/enter/x").get_data(as_text=True)
    assert 'name="next" value=""' in page


def test_wrong_passwords_are_answered_in_the_language_and_formally(app: Flask, runtime: Runtime) -> None:
    client = browser(app)
    form = {"csrf_token": token(client), "email": "nadie@faro.example", "password": "no es esta"}
    said = client.post("/desk/sign-in", data=form, headers={"Accept-Language": "es"}).get_data(as_text=True)
    assert "el correo o la contraseña no son correctos" in said
    client = member(app, runtime, ["demo-mx"])
    form = {"csrf_token": token(client, "/desk/password"), "new_password": "corta", "new_password_confirm": "corta"}
    said = client.post("/desk/password", data=form, headers={"Accept-Language": "pt"}).get_data(as_text=True)
    assert "A senha deve ter pelo menos 12 caracteres" in said
