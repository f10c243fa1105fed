"""The leaflet read back as a person and a camera read it: nothing in it that is not in the campaign's files."""

from __future__ import annotations

import ctypes
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache
from typing import Any

import pypdfium2  # type: ignore[import-untyped]
import pytest
import zxingcpp
from PIL import Image

from bot.commands import command_in, fold
from bot.content import LANGUAGES, Content, read
from bot.directory import Hotline
from bot.places import country_name
from bot.settings import ROOT
from bot.staff.leaflet import TOPICS, leaflet, squares
from bot.staff.paper import BODY, CannotPrint

COUNTRIES = ("GT", "MX", "US", "HT", "CO")
AT = datetime(2026, 11, 22, 12, tzinfo=UTC)
# Numbers that are given to nobody, for films and books.
REACH = {"sms": "+12025550100", "whatsapp": "+12025550101", "telegram": "faro_ejemplo_bot"}
ADDRESSES = {"sms:+12025550100", "https://wa.me/12025550101", "https://t.me/faro_ejemplo_bot"}
A5 = (420, 595)  # points
NUMBER = r"\+?\d[\d -]+\d"
each = pytest.mark.parametrize(("language", "country"), [(x, y) for x in LANGUAGES for y in COUNTRIES])

pytestmark = pytest.mark.slow


@dataclass(frozen=True)
class Letter:
    sign: str
    points: float
    height: float  # above the page's lower edge, in points


@cache
def campaign() -> Content:
    content = read(ROOT / "content")
    return replace(content, campaign=replace(content.campaign, demonstration=True, reach=REACH))


OPENED: list[Any] = []


def opened(pdf: bytes) -> Any:
    OPENED.append(pypdfium2.PdfDocument(pdf))
    return OPENED[-1]


@pytest.fixture(autouse=True, scope="module")
def closed() -> Iterator[None]:
    yield
    for pdf in OPENED:
        pdf.close()


@cache
def printed(language: str, country: str) -> Any:
    return opened(leaflet(campaign(), language, country, AT))


@cache
def sheets(language: str, country: str) -> tuple[tuple[Letter, ...], ...]:
    return tuple(tuple(letters(page)) for page in printed(language, country))


def letters(page: Any) -> Iterator[Letter]:
    text, raw = page.get_textpage(), pypdfium2.raw
    x, y = ctypes.c_double(), ctypes.c_double()
    for n in range(text.count_chars()):
        raw.FPDFText_GetCharOrigin(text, n, x, y)
        yield Letter(chr(raw.FPDFText_GetUnicode(text, n)), raw.FPDFText_GetFontSize(text, n), y.value)


def large(language: str, country: str) -> str:
    """What is printed in the size of a text, in one line."""
    pages = sheets(language, country)
    return plain("".join(x.sign for page in pages for x in page if x.points >= BODY or not x.sign.strip()))


def words(pdf: Any) -> str:
    return plain(" ".join(page.get_textpage().get_text_range() for page in pdf))


def plain(text: str) -> str:
    return " ".join(text.replace("\N{NO-BREAK SPACE}", " ").split())


def digits(text: str) -> str:
    return re.sub(r"\D", "", text)


@each
def test_it_is_four_small_pages_at_most(language: str, country: str) -> None:
    pdf = printed(language, country)
    assert 2 <= len(pdf) <= 4
    assert {tuple(round(side) for side in page.get_size()) for page in pdf} == {A5}


@each
def test_every_number_is_one_of_that_country_in_the_directory(language: str, country: str) -> None:
    content = campaign()
    ours = [h for h in content.hotlines.values() if h.country in (country, "INT") and h.shown]
    known = {digits(number) for h in ours for number in (*reached_by(h), *re.findall(NUMBER, h.name + h.name_en))}
    known |= {digits(square.plain) for square in squares(content)}
    text = re.sub(r"\d{4}-\d\d-\d\d|\d\d:\d\d|https?://\S+", "", without_texts(language, country))
    found = {digits(number) for number in re.findall(NUMBER, text)}
    assert found - known == set()
    emergency = content.hotlines[content.routing.emergency[country]]
    assert digits(str(emergency.phone_local)) in found


def without_texts(language: str, country: str) -> str:
    found = large(language, country)
    for topic in campaign().topics.values():
        for text in topic.texts.values():
            found = found.replace(plain(text.short), "")
    return found


def reached_by(hotline: Hotline) -> Iterator[str]:
    return filter(None, (hotline.phone_local, hotline.phone_intl, hotline.text, hotline.whatsapp))


@each
def test_danger_comes_first_and_the_demonstration_is_called_one(language: str, country: str) -> None:
    content, front = campaign(), plain(printed(language, country)[0].get_textpage().get_text_range())
    call = content.phrases[language]["emergency"].partition("{country}")[0]
    number = content.hotlines[content.routing.emergency[country]].phone_local
    assert call.format(number=number) + country_name(country, language) in front
    assert plain(content.phrases[language]["demonstration"]) in front
    assert content.campaign.operator[language] in front and content.campaign.complaints[language] in front


@each
def test_the_texts_stand_there_letter_by_letter_and_large(language: str, country: str) -> None:
    found = large(language, country)
    for topic in TOPICS:
        for where in ("", country):
            if text := campaign().topics[topic].texts.get((where, language)):
                assert plain(text.short) in found, (topic, where)


@each
def test_nothing_is_left_to_fill_in(language: str, country: str) -> None:
    text = words(printed(language, country))
    assert not re.search(r"[{}]|None|leaflet_", text)


@each
def test_no_heading_is_the_last_line_of_a_page(language: str, country: str) -> None:
    for page in sheets(language, country):
        above = [x for x in page if x.sign.strip() and x.height > 40]  # without the page's number
        lowest = min(above, key=lambda x: x.height)
        assert lowest.points < 11


@each
def test_a_camera_reads_each_square(language: str, country: str) -> None:
    """As a bad printer makes them: 120 dots an inch, black or white."""
    front = printed(language, country)[0]
    picture = front.render(scale=120 / 72).to_pil().convert("1", dither=Image.Dither.NONE).convert("L")
    assert {square.text for square in zxingcpp.read_barcodes(picture)} == ADDRESSES
    for square in squares(campaign()):
        assert square.plain in plain(front.get_textpage().get_text_range())


def test_a_campaign_that_nobody_can_write_to_has_no_square() -> None:
    content = replace(campaign(), campaign=replace(campaign().campaign, reach={"sms": None}))
    front = opened(leaflet(content, "es", "GT", AT))[0]
    assert squares(content) == ()
    assert zxingcpp.read_barcodes(front.render(scale=2).to_pil()) == []
    assert content.phrases["es"]["leaflet_scan"] not in plain(front.get_textpage().get_text_range())


def test_a_campaign_in_earnest_is_no_demonstration() -> None:
    content = replace(campaign(), campaign=replace(campaign().campaign, demonstration=False))
    pdf = opened(leaflet(content, "fr", "HT", AT))
    assert plain(content.phrases["fr"]["demonstration"]) not in words(pdf)


def test_a_text_past_its_date_is_not_printed_but_the_numbers_are() -> None:
    pdf = opened(leaflet(campaign(), "en", "MX", datetime(2040, 1, 1, tzinfo=UTC)))
    assert plain(campaign().topics["rights_detention"].texts[("MX", "en")].short) not in words(pdf)
    assert "911" in words(pdf)


def test_the_same_files_make_the_same_leaflet() -> None:
    assert leaflet(campaign(), "pt", "BR", AT) == leaflet(campaign(), "pt", "BR", AT)


def test_a_letter_that_cannot_be_printed_is_named() -> None:
    operator = dict(campaign().campaign.operator) | {"ht": "Ekip Łódź"}
    content = replace(campaign(), campaign=replace(campaign().campaign, operator=operator))
    with pytest.raises(CannotPrint, match=r"'Ł' \(U\+0141\)"):
        leaflet(content, "ht", "HT", AT)


def test_an_accent_typed_as_a_sign_of_its_own_is_printed() -> None:
    operator = dict(campaign().campaign.operator) | {"es": "organizacio\N{COMBINING ACUTE ACCENT}n"}
    content = replace(campaign(), campaign=replace(campaign().campaign, operator=operator))
    assert "organización" in words(pypdfium2.PdfDocument(leaflet(content, "es", "GT", AT)))


def test_a_country_without_an_emergency_number_has_no_leaflet() -> None:
    with pytest.raises(CannotPrint, match="ZZ: routing.yml names no emergency number"):
        leaflet(campaign(), "es", "ZZ", AT)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_words_it_tells_people_to_write_work(language: str) -> None:
    phrases, commands = campaign().phrases[language], campaign().commands
    named = re.findall(r"\b[A-Z]{3,}\b", phrases["leaflet_how_stop"])
    assert named and all(command_in(word, commands) == "stop" for word in named)
    learnt = {fold(line) for path in (ROOT / "data/nlu").glob("*/*.yml") for line in path.open()}
    useful = re.findall(r'"(.+?)"', phrases["leaflet_how_words"])
    assert [word for word in useful if fold(word) not in learnt] == []
