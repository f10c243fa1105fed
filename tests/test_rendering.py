"""What each channel can show of a reply: nothing too long, no word lost, no option lost; also of all real content."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot import sms
from bot.channels import telegram, twilio_rich
from bot.channels.rendering import (
    RICH_BODY,
    TELEGRAM_TEXT,
    WHATSAPP_TEXT,
    Rendered,
    cut,
    for_sms,
    for_telegram,
    for_whatsapp,
    numbered,
    render,
    utf16,
)
from bot.content import LANGUAGES, Content, read
from bot.messages import Letter
from bot.replies import Option, Part, Person, Reply, Wording, write
from bot.settings import ROOT
from tests.fakes import twilio_rules

HINTS = {"more_hint": "Responda MAS para seguir.", "pick_one": "Elija:", "list_button": "Ver opciones"}
say = HINTS.__getitem__
PARAGRAPH = "Usted tiene derechos en este país. " * 5


def options(*labels: str) -> tuple[Option, ...]:
    return tuple(Option(number, label, "/menu", {}) for number, label in enumerate(labels, 1))


def some(count: int, letters: int = 5) -> tuple[Option, ...]:
    return options(*(f"{number:02}".ljust(letters, "o") for number in range(1, count + 1)))


def texts(rendered: Rendered) -> list[str]:
    return [part.text for part in rendered.parts]


# SMS


def test_a_whole_turn_is_one_text_with_its_options_numbered_and_remembered() -> None:
    turn = (Part("Recibí la ubicación."), Part("¿Está en peligro?", options("Sí", "No")))
    [part] = for_sms(turn, say).parts
    assert part.text == "Recibi la ubicacion.\n¿Esta en peligro?\n1 Si\n2 No"
    assert [(o.number, o.label) for o in part.options] == [(1, "Sí"), (2, "No")]


def test_only_the_welcome_is_a_text_of_its_own() -> None:
    turn = (Part("Bienvenida.", alone=True), Part("Uno."), Part("Dos.", options("Sí")))
    assert texts(for_sms(turn, say)) == ["Bienvenida.", "Uno.\nDos.\n1 Si"]
    assert texts(for_sms(turn[:1], say)) == ["Bienvenida."]


def test_options_said_before_the_last_words_are_numbered_too() -> None:
    rendered = for_sms((Part("Elija.", options("Sí", "No")), Part("También puede escribir.")), say)
    assert texts(rendered) == ["Elija.\nTambién puede escribir.\n1 Si\n2 No"]
    assert len(rendered.parts[0].options) == 2


def test_after_two_segments_comes_the_hint_and_the_rest_waits() -> None:
    rendered = for_sms((Part(PARAGRAPH * 4),), say)
    [first] = rendered.parts
    assert first.text.endswith("\n" + HINTS["more_hint"]) and sms.measure(first.text).segments == 2
    assert len(rendered.rest) == 2 and all(sms.measure(page).segments <= 2 for page in rendered.rest)
    assert not rendered.rest[-1].endswith(HINTS["more_hint"])


def test_a_short_question_stands_on_the_first_page_whatever_was_said_before() -> None:
    rendered = for_sms((Part(PARAGRAPH * 4), Part("¿Está en peligro?", options("Sí", "No"))), say)
    assert rendered.parts[0].text.endswith("¿Esta en peligro?\n1 Si\n2 No\n" + HINTS["more_hint"])
    assert all("peligro" not in page for page in rendered.rest)


# WhatsApp


@pytest.mark.parametrize(
    ("shown", "look"),
    [
        pytest.param((), "plain", id="nothing to choose"),
        pytest.param(some(1), "buttons", id="1"),
        pytest.param(some(3, 20), "buttons", id="3 of 20 letters"),
        pytest.param(some(3, 21), "list", id="3 of 21 letters"),
        pytest.param(some(4), "list", id="4"),
        pytest.param(some(10, 72), "list", id="10 of 72 letters"),
        pytest.param(some(2, 73), "plain", id="2 of 73 letters"),
        pytest.param(some(11), "plain", id="11"),
        pytest.param(some(40), "plain", id="40"),
    ],
)
def test_whatsapp_shows_options_as_it_can(shown: tuple[Option, ...], look: str) -> None:
    [part] = for_whatsapp((Part("¿Qué necesita?", shown),), say).parts
    assert (part.look, part.options) == (look, shown)
    lines = part.text.splitlines()[1:]
    assert lines == (numbered(shown).splitlines() if look == "plain" else [])
    assert part.opener == ("" if look == "plain" else HINTS["list_button"])


@pytest.mark.parametrize(
    ("letters", "wanted"),
    [
        pytest.param(1_024, [1_024], id="1,024: the words above the buttons"),
        pytest.param(1_025, [1_025, 6], id="1,025: the words first, then the buttons"),
        pytest.param(1_600, [1_600, 6], id="1,600"),
        pytest.param(1_601, [1_600, 1], id="1,601: two texts"),
        pytest.param(3_000, [1_600, 1_400, 6], id="3,000"),
    ],
)
def test_words_too_long_for_buttons_go_before_them(letters: int, wanted: list[int]) -> None:
    parts = for_whatsapp((Part("a" * letters, options("Sí", "No")),), say).parts
    assert [len(part.text) for part in parts] == wanted
    assert [part.look for part in parts] == ["plain"] * (len(parts) - 1) + ["buttons"]
    assert [bool(part.options) for part in parts] == [False] * (len(parts) - 1) + [True]


def test_words_that_would_be_too_long_with_numbers_go_before_the_list() -> None:
    """Where Twilio takes no list, the same part goes as plain text."""
    assert texts(for_whatsapp((Part("a" * 1_000, some(10, 72)),), say)) == ["a" * 1_000, "Elija:"]


def test_what_is_said_before_a_question_goes_with_it_on_whatsapp_where_there_is_room() -> None:
    question = Part("Dos.", options("Sí"))
    assert texts(for_whatsapp((Part("Uno."), question), say)) == ["Uno.\n\nDos."]
    assert texts(for_whatsapp((Part("Hola.", alone=True), question), say)) == ["Hola.", "Dos."]
    assert len(for_whatsapp((Part("a " * 600), question), say).parts) == 2


# Telegram


@pytest.mark.parametrize(
    ("text", "lengths"),
    [
        pytest.param("a" * 4_096, [4_096], id="4,096 letters"),
        pytest.param("a" * 4_097, [4_096, 1], id="4,097 letters"),
        pytest.param("👍" * 2_048, [4_096], id="2,048 emoji, each counts twice"),
        pytest.param("👍" * 2_049, [4_096, 2], id="2,049 emoji"),
        pytest.param("a" + "👍" * 2_048, [4_095, 2], id="an emoji is not cut in two"),
        pytest.param("Sí. " * 2_000, [4_095, 3_904], id="cut after a sentence"),
    ],
)
def test_telegram_counts_utf16(text: str, lengths: list[int]) -> None:
    assert [utf16(part.text) for part in for_telegram((Part(text),), say).parts] == lengths


def test_telegram_has_its_keyboard_below_the_last_piece() -> None:
    parts = for_telegram((Part("a" * 5_000, some(12)), Part("Dos.")), say).parts
    assert [(part.look, len(part.options)) for part in parts] == [("plain", 0), ("keyboard", 12), ("plain", 0)]


# Where a text is cut


CUTS = [
    pytest.param("Uno dos tres.\n\nCuatro cinco.", 20, ["Uno dos tres.", "Cuatro cinco."], id="at a paragraph"),
    pytest.param("Uno. Dos. Tres\nCuatro cinco.", 20, ["Uno. Dos. Tres", "Cuatro cinco."], id="at a line"),
    pytest.param("Uno dos tres. Cuatro cinco.", 20, ["Uno dos tres.", "Cuatro cinco."], id="at a sentence"),
    pytest.param("Uno dos tres cuatro cinco", 20, ["Uno dos tres cuatro", "cinco"], id="at a word"),
    pytest.param("Uno.\n\nDos tres cuatro cinco", 20, ["Uno.\n\nDos tres", "cuatro cinco"], id="not after a few words"),
    pytest.param("a" * 25, 20, ["a" * 20, "a" * 5], id="in a word when there is no other place"),
    pytest.param("", 20, [""], id="nothing"),
]


@pytest.mark.parametrize(("text", "limit", "pieces"), CUTS)
def test_a_text_is_cut_where_it_hurts_least(text: str, limit: int, pieces: list[str]) -> None:
    assert cut(text, limit) == pieces


# Whatever there is to say


words = st.sampled_from(
    ["llame", "número", "niña", "911.", "¿dónde?", "derechos", "n'ap", "€5", "👍", "中文。", "a" * 30]
)
sentences = st.lists(words, min_size=1, max_size=30).map(" ".join)
paragraphs = st.lists(sentences, min_size=1, max_size=5).map("\n".join)
many = st.tuples(st.lists(paragraphs, min_size=1, max_size=3), st.sampled_from([1, 1, 2, 5]))
lengthy = many.map(lambda made: "\n\n".join(made[0] * made[1]))
labels = st.lists(st.text("aeñ 👍", min_size=1, max_size=90).map(lambda x: f"o{x}".strip()), max_size=14, unique=True)
parts = st.builds(Part, lengthy, labels.map(lambda made: options(*made)))
turns = st.lists(parts, min_size=1, max_size=3)
quick = settings(max_examples=60, deadline=None)


def shown(part: Part) -> str:
    """All that stands on the phone but the words that ask to choose, with the buttons or rows as numbered lines."""
    words = "" if part.text == HINTS["pick_one"] else part.text
    return words if part.look == "plain" else f"{words}\n{numbered(part.options)}"


@quick
@given(turns, st.sampled_from(["whatsapp", "telegram"]))
def test_no_word_and_no_option_is_lost(turn: list[Part], channel: str) -> None:
    rendered = render(channel, turn, say)
    found = "\n".join(shown(part) for part in rendered.parts)
    assert found.split() == "\n".join(f"{part.text}\n{numbered(part.options)}" for part in turn).split()
    offered = [part.options for part in rendered.parts if part.options]
    assert offered == [part.options for part in turn if part.options]


@quick
@given(turns)
def test_sms_loses_no_word_and_not_the_options(turn: list[Part]) -> None:
    rendered = for_sms(turn, say)
    [first] = rendered.parts
    pages = [first.text, *rendered.rest]
    last = next((part.options for part in reversed(turn) if part.options), ())
    assert first.options == last
    told = "\n".join(page.removesuffix(HINTS["more_hint"]) for page in pages)
    wanted = [*(part.text for part in turn), *(option.label for option in last)]
    assert sorted(plain(told)) == sorted(plain("\n".join([*wanted, *(str(option.number) for option in last)])))


def plain(text: str) -> str:
    """Letters as an SMS may show them, in no order: a question may stand before other words."""
    return "".join(sms.fit(char) for char in "".join(text.split()))


@quick
@given(turns, st.sampled_from(["sms", "whatsapp", "telegram"]))
def test_each_piece_is_within_its_limit(turn: list[Part], channel: str) -> None:
    check(channel, render(channel, turn, say))


def check(channel: str, rendered: Rendered) -> None:
    assert rendered.parts and all(part.text.strip() for part in rendered.parts)
    {"sms": check_sms, "whatsapp": check_whatsapp, "telegram": check_telegram}[channel](rendered)


def check_sms(rendered: Rendered) -> None:
    for page in [*texts(rendered), *rendered.rest]:
        size = sms.measure(page)
        assert size.segments <= (sms.MOST if size.encoding == "GSM-7" else sms.MOST_UCS2), page


def check_whatsapp(rendered: Rendered) -> None:
    """Also by the rules of Twilio's own API, as the fake knows them, with and without buttons."""
    for part in rendered.parts:
        letter = Letter(10**17, "whatsapp", "+525512345678", part.text, None, part.options, part.look, part.opener)
        assert len(twilio_rich.plain(letter)) <= WHATSAPP_TEXT, part.text
        if part.look == "plain":
            continue
        assert len(part.text) <= RICH_BODY
        if shape := twilio_rich.shape(letter):
            [(kind, made)] = twilio_rich.types(shape).items()
            values = twilio_rich.filled(letter, shape)
            sent = twilio_rules.render({kind: made}, kind, values)
            assert twilio_rules.faults(sent, in_session=True) == ""
            assert all(values.values()) and not any("\n" in value for value in values.values())


def check_telegram(rendered: Rendered) -> None:
    for number, part in enumerate(rendered.parts):
        assert utf16(part.text) <= TELEGRAM_TEXT
        letter = Letter(10**17 + number, "telegram", "7", part.text, None, part.options, part.look)
        made = telegram.keyboard(letter)
        assert bool(made) == bool(part.options)
        for row in made.inline_keyboard if made else ():
            assert len(str(row[0].callback_data).encode()) <= 64


# All that there really is to say


@pytest.fixture(scope="module")
def content() -> Content:
    return read(ROOT / "content")


NOW = datetime(2026, 11, 22, 18, tzinfo=UTC)
SLOTS = {"crime_type": "extortion", "place": "Tapachula", "country": "MX", "what": PARAGRAPH, "danger": "yes"}
CASE = {
    "case": "ABC-234",
    "desk": "demo-mx",
    "may_reply": True,
    "call": ("mx-cndh", "mx-emergency"),
    "country": "MX",
    "purposes": ("extortion",),
    "text": PARAGRAPH * 9,
    "receipt": "K7QX-2M9P-RT",
    "mark": "0123456789abcdef",
    "page": "https://faro.example.org/proof",
}
STANDING = {"status": "accepted", "outcome": None, "since": "2026-11-22", "last": PARAGRAPH, "last_at": "2026-11-22"}
CASES = [{"case": "ABC-234", "status": s, "desk": "demo-mx", "outcome": o} for s, o in
         (("filed", None), ("accepted", None), ("closed", "helped"))]  # fmt: skip
SAID: dict[str, dict[str, Any]] = {
    "welcome": {}, "menu": {}, "menu_rights": {}, "menu_life": {}, "menu_risks": {}, "menu_help": {}, 
    "not_understood": {},
    "bot_identity": {}, "privacy": {}, "change_language": {}, "ask_delete": {}, "ask_sms": {}, "engine_down": {},
    "stopped": {"cases": "ABC-234, DEF-567", "by_sms": False}, "emergency": {"country": None}, "ask_danger": {},
    "located": {"country": "MX", "place": "Tapachula"}, "ask_minor": {}, "ask_may_reply": {}, "ask_place": {},
    "ask_when_happened": {}, "ask_what": {}, "ask_country": {}, "ask_correction": {},
    "ask_confirmed": {"desk": "demo-mx", "slots": SLOTS}, "report_filed": CASE, "person_asked": CASE,
    "report_status": {"cases": CASES}, "case_accepted": CASE, "case_message": CASE,
    "case_closed": CASE | {"outcome": "helped"}, "passed_on": CASE, "receipt_status": CASE | STANDING,
    "case_passed_on": CASE | {"next": "demo"}, "ask_safe": {"sms": True, "chosen": "neutral"}, "ask_hours": {},
    "safe_any": {}, "safe_neutral": {}, "safe_sms": {}, "safe_never": {}, "read_done": {}, "read_locked": {},
    "safe_hours": {"begins": 1080, "ends": 1440, "city": None, "country": "MX"}, "data_deleted_here": {},
    "cleared": {"channel": "whatsapp"}, "case_handed_over": CASE | {"next": "demo"}, "ask_copy": CASE, "copy_yes": CASE,
    "copy_no": {}, "copy_none": {},
}  # fmt: skip
GUESSES = {"likeliest": ("rights_general", "risks_kidnapping", "help_shelter")}


def said(words: Wording) -> Iterator[Sequence[Part]]:
    """Every turn: each topic, alone and with a question behind it, and whatever else is said."""
    for topic in words.content.topics:
        answer = write(words, Reply("topic", {"topic": topic, "in_form": False}))
        yield answer
        yield [*answer, *write(words, Reply("back_to_report", {})), *write(words, Reply("ask_danger", {}))]
    for name, params in SAID.items():
        yield write(words, Reply(name, params))
    yield write(words, Reply("not_understood", GUESSES))


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("channel", ["sms", "whatsapp", "telegram"])
def test_all_content_can_be_shown(channel: str, language: str, content: Content) -> None:
    for country in ("MX", "GT", "HN", "US", "CO", None):
        words = Wording(content, Person(language, country, country, channel == "sms"), NOW)
        for turn in said(words):
            check(channel, render(channel, turn, words.say))


@pytest.mark.parametrize("language", LANGUAGES)
def test_whatsapp_shows_every_menu_as_buttons_or_a_list(language: str, content: Content) -> None:
    words = Wording(content, Person(language, "MX", "MX"), NOW)
    for turn in said(words):
        for part in for_whatsapp(turn, words.say).parts:
            assert not part.options or part.look in ("buttons", "list")
