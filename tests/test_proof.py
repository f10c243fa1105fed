"""/proof says that, when and where a report was filed to whoever holds number and fingerprint, and nothing else."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from bot import follow_up, jobs, proof
from bot.content import LANGUAGES
from bot.gateway import application
from bot.runtime import Runtime
from bot.store.models import Report
from tests.reports import filed

NOTHING = "Nada coincide con ese número y esa huella."


@pytest.fixture(scope="module")
def app(runtime: Runtime) -> Iterator[Flask]:
    queue = jobs.queue(runtime.settings.database)
    with queue.open():
        yield application(runtime, queue)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def proven(runtime: Runtime) -> tuple[Report, str]:
    """A filed report and its fingerprint."""
    report = filed(runtime, "demo-mx")
    with runtime.sessions.begin() as session:
        mine = session.get_one(Report, report.id)
        return mine, follow_up.give(runtime.vault, mine)["mark"]


def asks(client: FlaskClient, number: str, mark: str, language: str = "es") -> str:
    response = client.post(f"/proof?lang={language}", data={"number": number, "mark": mark})
    assert response.status_code == 200
    said = re.search(r'role="status">([^<]*)<', response.get_data(as_text=True))
    return said[1] if said else ""


def test_number_and_fingerprint_prove_when_and_where(client: FlaskClient, proven: tuple[Report, str]) -> None:
    report, mark = proven
    said = asks(client, report.number, mark)
    assert report.filed_at.astimezone(UTC).date().isoformat() in said and "Mesa de demostración, México" in said
    assert asks(client, f" {report.number.lower().replace('-', ' ')} ", mark.upper()) == said


def test_the_fingerprint_is_of_number_second_desk_and_nonce() -> None:
    at = datetime(2026, 11, 22, 18, 30, 5, 999, tzinfo=UTC)
    told = b"ABC-234\n2026-11-22T18:30:05+00:00\ndemo-mx\n" + bytes(16)
    assert proof.fingerprint("ABC-234", at, "demo-mx", bytes(16)) == hashlib.sha256(told).hexdigest()[:16]


def test_it_says_no_crime_country_or_status(client: FlaskClient, proven: tuple[Report, str], runtime: Runtime) -> None:
    """The page is the very same while the report is filed, accepted and closed, of whatever crime and country."""
    report, mark = proven
    before = client.post("/proof", data={"number": report.number, "mark": mark}).get_data()
    with runtime.sessions.begin() as session:
        row = session.get_one(Report, report.id)
        row.status, row.crime_type, row.country, row.urgent, row.desk = "closed", "murder", "GT", True, "demo-gt"
    assert client.post("/proof", data={"number": report.number, "mark": mark}).get_data() == before


@pytest.mark.parametrize("wrong", ["number", "fingerprint", "both empty", "of another report", "without a proof"])
def test_whatever_is_wrong_the_answer_is_the_same(
    client: FlaskClient, proven: tuple[Report, str], runtime: Runtime, wrong: str
) -> None:
    report, mark = proven
    number, mark = {
        "number": ("222-222", mark),
        "fingerprint": (report.number, "0" * 16),
        "both empty": ("", ""),
        "of another report": (filed(runtime, "demo-mx").number, mark),
        "without a proof": (filed(runtime, "demo-mx").number, proof.fingerprint(*proof.NOBODY)),
    }[wrong]
    assert asks(client, number, mark) == NOTHING


@pytest.mark.parametrize("right", [True, False, None])
def test_one_hash_is_made_and_one_comparison_whatever_comes_of_it(
    client: FlaskClient, proven: tuple[Report, str], monkeypatch: pytest.MonkeyPatch, right: bool | None
) -> None:
    report, mark = proven
    made: list[str] = []

    def spy(name: str, real: Callable[..., Any]) -> Callable[..., Any]:
        return lambda *given: made.append(name) or real(*given)  # type: ignore[func-returns-value]

    monkeypatch.setattr(hashlib, "sha256", spy("hash", hashlib.sha256))
    monkeypatch.setattr(hmac, "compare_digest", spy("compare", hmac.compare_digest))
    asks(client, "222-222" if right is None else report.number, mark if right else "0" * 16)
    assert made == ["hash", "compare"]


def test_no_cookie_no_script_and_nothing_kept_by_the_browser(client: FlaskClient, proven: tuple[Report, str]) -> None:
    data = {"number": proven[0].number, "mark": proven[1]}
    for response in (client.get("/proof"), client.get("/proof/"), client.post("/proof", data=data)):
        assert response.status_code == 200
        assert "Set-Cookie" not in response.headers and "<script" not in response.get_data(as_text=True)
        assert response.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_speaks_every_language_chosen_or_by_the_browser(
    client: FlaskClient, runtime: Runtime, language: str
) -> None:
    words = runtime.shelf.content().phrases[language]
    chosen = client.get(f"/proof?lang={language}").get_data(as_text=True)
    liked = client.get("/proof", headers={"Accept-Language": f"{language},de;q=0.5"}).get_data(as_text=True)
    assert f'lang="{language}"' in chosen and words["proof_title"].replace("'", "&#39;") in chosen and liked == chosen
    assert asks(client, "ABC-DEF", "0" * 16, language) == words["proof_nothing"].replace("'", "&#39;")


def test_what_is_typed_is_not_shown_again(client: FlaskClient) -> None:
    page = client.post("/proof", data={"number": "<b>x</b>", "mark": "seen?"}).get_data(as_text=True)
    assert "<b>" not in page and "seen?" not in page
