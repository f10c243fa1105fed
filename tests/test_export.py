"""A report as a PDF: opened by its password alone, marked on each page, fetched once, in the log."""

from __future__ import annotations

import html
import logging
import re
from datetime import timedelta

import procrastinate
import pypdfium2  # type: ignore[import-untyped]
import pytest
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image
from sqlalchemy import select

from bot import boxes, reports
from bot.desk import export
from bot.desk.pages import Pages
from bot.gateway import application
from bot.runtime import Runtime
from bot.store.audit import Action, Audit
from bot.store.models import Media, Report, now
from tests.channels import queue, with_settings
from tests.desk import member, token
from tests.reports import filed

__all__ = ["queue"]


@pytest.fixture(scope="module")
def app(runtime: Runtime, queue: procrastinate.App) -> Flask:
    return application(with_settings(runtime, try_phone=True), queue)


@pytest.fixture
def operator(app: Flask, runtime: Runtime) -> FlaskClient:
    return member(app, runtime, ["demo-mx"])


def exported(client: FlaskClient, report: Report) -> tuple[str, str]:
    """Password, and where the PDF is."""
    form = {"csrf_token": token(client, "/desk/password")}
    page = client.post(f"/desk/reports/{report.id}/export", data=form).get_data(as_text=True)
    password, link = (
        re.search(r'<code id="password">([^<]+)', page),
        re.search(r'id="download"[^>]* href="([^"]+)', page),
    )
    assert password and link, page
    return password[1], html.unescape(link[1])


def pages(pdf: bytes, password: str) -> list[str]:
    with pypdfium2.PdfDocument(pdf, password=password) as document:
        return [page.get_textpage().get_text_range() for page in document]


def test_it_holds_what_the_page_shows_and_names_the_files(runtime: Runtime, operator: FlaskClient) -> None:
    report = filed(runtime, "demo-mx", "me robaron en la estación, palabra única", danger="yes")
    with runtime.sessions.begin() as session:
        boxed = boxes.put_bytes(report.public_key, b"picture")
        session.add(Media(inbound_id=report.inbound_id, content_type="image/png", size=7, report_boxed=boxed))
        session.add(reports.add_line(session, session.get_one(Report, report.id), "mande ayuda", None))
    form = {"csrf_token": token(operator, "/desk/password"), "text": "hablé con la fiscalía"}
    operator.post(f"/desk/reports/{report.id}/notes", data=form)
    password, link = exported(operator, report)
    said = " ".join("".join(pages(operator.get(link).data, password)).split())
    for words in ("palabra única", "mande ayuda", "hablé con la fiscalía", "(image/png)", "filed at", "danger now"):
        assert words in said, words


def test_each_page_says_who_when_and_which_case(runtime: Runtime, operator: FlaskClient) -> None:
    report = filed(runtime, "demo-mx", "una línea más\n" * 200)
    password, link = exported(operator, report)
    found = pages(operator.get(link).data, password)
    with runtime.sessions() as session:
        row = session.scalars(select(Audit).where(Audit.case_number == report.number).order_by(Audit.number)).all()[-1]
    assert len(found) > 2 and row.action == Action.EXPORTED
    for page in found:
        assert re.search(rf"{row.email} · {row.at:%Y-%m-%d} \d\d:\d\d UTC · {report.number}", page)


def test_without_the_password_nothing_of_it_can_be_read(runtime: Runtime, operator: FlaskClient) -> None:
    report = filed(runtime, "demo-mx", "palabracanaria")
    password, link = exported(operator, report)
    pdf = operator.get(link).data
    for wrong in (None, "", password.lower() + "x"):
        with pytest.raises(pypdfium2.PdfiumError):
            pypdfium2.PdfDocument(pdf, password=wrong)
    assert b"canaria" not in pdf and report.number.encode() not in pdf
    assert b"/AESV3" in pdf  # AES with 256 bits
    assert exported(operator, report)[0] != password


def test_it_is_fetched_once_and_by_who_made_it(app: Flask, runtime: Runtime, operator: FlaskClient) -> None:
    report, other = filed(runtime, "demo-mx"), filed(runtime, "demo-mx")
    link = exported(operator, report)[1]
    colleague = member(app, runtime, ["demo-mx"])
    assert colleague.get(link).status_code == 302
    assert operator.get(link.replace(str(report.id), str(other.id))).status_code == 302
    answer = operator.get(link)
    assert answer.mimetype == "application/pdf" and answer.headers["Cache-Control"] == "no-store"
    assert f'filename="{report.number}.pdf"' in answer.headers["Content-Disposition"]
    assert operator.get(link).status_code == 302
    assert "fetched already" in operator.get(link, follow_redirects=True).get_data(as_text=True)


def test_after_ten_minutes_it_is_gone(runtime: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
    shelf, report = export.Shelf(), filed(runtime, "demo-mx")
    ticket = shelf.put(1, report.id, b"pdf")
    later = now() + timedelta(seconds=export.KEPT + 1)
    monkeypatch.setattr(export, "now", lambda: later)
    assert shelf.take(ticket, 1, report.id) is None


def test_the_shelf_keeps_no_more_than_it_says(runtime: Runtime) -> None:
    shelf, report = export.Shelf(), filed(runtime, "demo-mx")
    tickets = [shelf.put(1, report.id, b"pdf") for _ in range(export.MOST + 5)]
    assert [shelf.take(ticket, 1, report.id) for ticket in tickets].count(b"pdf") == export.MOST


@pytest.mark.parametrize(
    ("words", "printed"),
    [
        ("x" * 3000, "x" * 50),
        ("Mwen te pè, yo te bat mwen lè m t ap travèse; ò è ì", "Mwen te pè, yo te bat mwen lè m t ap travèse; ò è ì"),
        ("Меня ограбили", "Меня ограбили"),
        ("سرقوني في الطريق", "سرقوني في الطريق"),
        ("می‌خواهم", "میخواهم"),
        ("לקחו הכל", "לקחו הכל"),
        ("我被抢了，他们拿走护照", "我被抢了，他们拿走护照"),
        ("我們被搶劫 ABC", "我們被搶劫 ABC"),
        ("नमस्ते", "□"),
        ("<b>%s {} \\ **__ \u202e\x00 🙏🏽", "<b>%s {} \\ **__"),
        ("", "ABC"),
    ],
)
def test_no_letter_breaks_it(
    words: str, printed: str, runtime: Runtime, operator: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    report = filed(runtime, "demo-mx")
    with runtime.sessions.begin() as session:
        row = session.get_one(Report, report.id)
        row.number = f"ABC-{report.number[:3]}{report.id.hex[:4]}"
        row.words_boxed = boxes.put(row.public_key, {"slots": {"what": words}, "words": [words, words]})
    with caplog.at_level(logging.DEBUG):
        password, link = exported(operator, report)
    said = "".join(pages(operator.get(link).data, password))
    assert printed in said.replace("\r\n", "\n" if "\n" in words else "")
    assert ("read it on the page" in " ".join(said.split())) == ("□" in printed or "🙏🏽" in words and "□" in said)
    assert not [r for r in caplog.records if r.name.startswith(("fpdf", "fontTools")) and r.levelno > logging.DEBUG]


def drawn(words: str) -> list[tuple[float, Image.Image]]:
    """Where each letter of a line stands on the page, from the left, and how it looks, in the order of the text."""
    made = Pages("1", "1", "en")
    made.part("", (words,))
    with pypdfium2.PdfDocument(made.closed("x", ""), password="x") as document:
        page = document[0]
        text, picture = page.get_textpage(), page.render(scale=6).to_pil().convert("L")
        at = text.get_text_range().index(words)
        found = [text.get_charbox(at + n, loose=False) for n in range(len(words))]
        boxes = [(left, page.get_height() - top, right, page.get_height() - low) for left, low, right, top in found]
        return [(box[0], picture.crop(tuple(round(6 * side) for side in box))) for box in boxes]


def ink(picture: Image.Image) -> bytes:
    return picture.resize((24, 24)).point(lambda shade: 255 * (shade < 128)).tobytes()


def test_each_chinese_letter_is_drawn_and_none_as_an_empty_box() -> None:
    letters = [ink(picture) for _, picture in drawn("我被抢护照見過搶劫")]
    assert len(set(letters)) == len(letters) and all(any(one) for one in letters)
    box = ink(drawn("□")[0][1])
    assert box not in letters and any(box)


def test_arabic_runs_from_the_right_and_its_letters_are_joined() -> None:
    placed = drawn("بسبب")
    places = [left for left, _ in placed]
    assert places == sorted(places, reverse=True)
    first, second, third, last = (picture for _, picture in placed)
    assert first.width < last.width and ink(third) != ink(last)  # one letter, three forms: begins, goes on, ends
    apart = drawn("ب س ب ب")
    assert sum(picture.width for _, picture in placed) < sum(picture.width for _, picture in apart)


def test_after_a_label_words_from_the_right_have_a_line_of_their_own_with_their_numbers_in_place() -> None:
    made = Pages("1", "1", "en")
    made.part("", ("What happened: رقم 5 في الشارع", "What happened: في la calle"))
    with pypdfium2.PdfDocument(made.closed("x", ""), password="x") as document:
        said = document[0].get_textpage().get_text_range()
    assert "What happened:\r\nرقم 5 في الشارع" in said
