"""/desk/content: staff see how the texts stand, each as the phones show it, and what is wrong with a file."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from bot import jobs
from bot.content import LANGUAGES, Shelf
from bot.content.model import COUNTRIES
from bot.desk import people
from bot.gateway import application
from bot.runtime import Runtime
from bot.settings import ROOT
from tests.desk import enters
from tests.keeper import keeper
from tests.talk import Phone


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    copy = tmp_path_factory.mktemp("staff") / "content"
    return Path(shutil.copytree(ROOT / "content", copy))


@pytest.fixture(scope="module")
def app(runtime: Runtime, folder: Path) -> Iterator[Flask]:
    queue = jobs.queue(runtime.settings.database)
    with queue.open():
        yield application(replace(runtime, shelf=Shelf(folder)), queue)


@pytest.fixture(scope="module")
def staff(app: Flask, runtime: Runtime) -> FlaskClient:
    with runtime.sessions.begin() as session:
        link = people.link(session, "staff@faro.invalid", "operator", ["demo"], by=keeper(runtime))
    client = app.test_client()
    enters(client, link, runtime)
    return client


def seen(client: FlaskClient, path: str) -> str:
    response = client.get(path)
    assert response.status_code == 200, path
    return response.get_data(as_text=True)


def test_the_table_leads_to_every_text(staff: FlaskClient) -> None:
    page = seen(staff, "/desk/content")
    for path in ("rights_detention/ht", "rights_detention/es/MX", "paths_regular/fr", "help_return/es/PA"):
        assert f'href="/desk/content/{path}"' in page
    assert "that nobody has signed" in page and "The files have mistakes" not in page


def test_a_text_is_shown_as_three_phones_show_it(staff: FlaskClient) -> None:
    page = seen(staff, "/desk/content/rights_detention/ht/MX")
    assert page.count('class="phone"') == 3
    assert "2 segments, GSM-7" in page and "after MORE" in page
    assert "800 224 2426" in page and "Ley de Migración" in page


def test_languages_that_nobody_here_speaks_are_answered_with_what_faro_speaks_and_counted(
    staff: FlaskClient, phone: Callable[..., Phone]
) -> None:
    person = phone("+50255510001")
    heard = person.says("Konojel ri winaq are taq kealaxik pa junaman ya’tal chech")
    said = " ".join(part.text for part in heard)
    assert "Hablo español, inglés" in said and "intérprete" in said
    assert "quc 1" in seen(staff, "/desk/content")


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_cell_opens(language: str, staff: FlaskClient) -> None:
    for country in ("", *COUNTRIES):
        seen(staff, f"/desk/content/rights_work/{language}/{country}".rstrip("/"))


@pytest.mark.parametrize("path", ["nothing/es", "rights_work/de", "rights_work/es/XX"])
def test_what_is_not_there_is_said_so(path: str, staff: FlaskClient) -> None:
    assert staff.get(f"/desk/content/{path}").status_code == 404


def test_whoever_is_not_signed_in_sees_none_of_it(app: Flask) -> None:
    assert "/desk/sign-in" in app.test_client().get("/desk/content").headers["Location"]


def test_a_mistake_is_named_on_the_page_and_the_last_good_text_stays(staff: FlaskClient, folder: Path) -> None:
    text = folder / "topics/rights_work/pt.md"
    good = text.read_text("utf-8")
    text.write_text(good.replace("# Full", "# Whole"), "utf-8")
    assert _soon(staff, "<code>topics/rights_work/pt.md</code>, line")
    assert staff.get("/desk/content/rights_work/pt").status_code == 200
    text.write_text(good, "utf-8")
    assert _soon(staff, "The files have mistakes", there=False)


def _soon(staff: FlaskClient, words: str, there: bool = True, seconds: float = 3) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if (words in seen(staff, "/desk/content")) == there:
            return True
        time.sleep(0.1)
    return False
