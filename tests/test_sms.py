"""SMS texts: the table of cases is tests/cases/sms.yml."""

from __future__ import annotations

import re
import unicodedata
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from bot import sms

CASES = yaml.safe_load((Path(__file__).parent / "cases/sms.yml").read_text("utf-8"))
HINT = "Responda MAS para seguir."

# 3GPP TS 23.038, 6.2.1, by hand: 128 septets; at 0x1B the escape to the extension, 6.2.1.1.
ALPHABET = (
    "@£$¥èéùìòÇ\nØø\rÅå"
    "Δ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ"
    " !\"#¤%&'()*+,-./"
    "0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNO"
    "PQRSTUVWXYZÄÖÑÜ§"
    "¿abcdefghijklmno"
    "pqrstuvwxyzäöñüà"
)
EXTENSION = {0x0A: "\f", 0x14: "^", 0x28: "{", 0x29: "}", 0x2F: "\\", 0x3C: "[", 0x3D: "~", 0x3E: "]",
             0x40: "|", 0x65: "€"}  # fmt: skip

quick = settings(max_examples=60, deadline=None)
letters = st.sampled_from(
    "aeinosr áéíóúñçãõêœ ÁÉÑÇ ¿¡ «»“”’—…•→º €[]{}|~^\\ \n\n\r\t \u00a0\u00ad\u200b\u0301\u20e3\ufe0f"
)
foreign = st.sampled_from("中文。，لاَأй\u0939\u093f👍👩🏽\u200dʼ½")
anything = st.text(st.one_of(letters, letters, letters, st.characters()), max_size=60)
lengthy = st.text(st.sampled_from("ab€[]"), max_size=500) | st.text(st.sampled_from("a中👍👩"), max_size=300)
words = st.sampled_from(["llame", "número", "niña", "a", "911.", "¿dónde?", "derechos", "n'ap", "€5", "[3]", "EE. UU."])
phones = st.sampled_from(["800 715 2000", "+52 55 1234 5678", "(55) 1234-5678", "1-800-873-2000", "089"])
ideographs = st.sampled_from(["请打电话。", "免费，", "没有身份证的人也可以", "👍", "مساعدة"])
contacts = st.builds("- {} (México): {}".format, st.sampled_from(["CNDH", "Línea de las Mujeres", "Casa"]), phones)
sentences = st.lists(st.one_of(words, st.builds("{} o".format, phones)), min_size=1, max_size=40).map(" ".join)
spanish = st.lists(sentences | contacts, max_size=12).map("\n\n".join)
mixed = st.lists(st.one_of(words, phones, ideographs), max_size=200).map(" ".join)
unbroken = st.text(st.sampled_from("aá中1\u0301"), max_size=700)
texts = st.one_of(spanish, spanish, mixed, unbroken, anything)
options = st.sampled_from(["", "1 Sí\n2 No", "\n".join(f"{n} Denunciar un delito" for n in range(1, 10))])


def test_the_alphabet_is_the_standard_s() -> None:
    assert len(ALPHABET) == len(set(ALPHABET)) == 128 and len(EXTENSION) == 10
    assert frozenset(ALPHABET) - {"\x1b"} == sms.BASIC
    assert frozenset(EXTENSION.values()) == sms.EXTENSION


def test_each_septet_of_the_package_is_the_standard_s() -> None:
    for septet, char in enumerate(ALPHABET):
        assert sms.CODEC.encode(char)[0] == bytes([septet])
    for septet, char in EXTENSION.items():
        assert sms.CODEC.encode(char)[0] == bytes([0x1B, septet])


@pytest.mark.parametrize("case", CASES["shown"], ids=lambda case: ascii(case["text"]))
def test_what_the_phone_shows(case: dict[str, Any]) -> None:
    assert sms.fit(case["text"]) == case.get("phone", case["text"])


@pytest.mark.parametrize("case", CASES["costs"], ids=lambda case: f"{ascii(case['text'])} x {case.get('times', 1)}")
def test_what_a_text_costs(case: dict[str, Any]) -> None:
    found = sms.measure(case["text"] * case.get("times", 1))
    assert found == sms.Size(case["encoding"], case["units"], case["segments"])


@pytest.mark.parametrize("case", CASES["pages"], ids=lambda case: case["name"])
def test_where_an_answer_is_cut(case: dict[str, Any]) -> None:
    found = sms.pages(spelt_out(case.get("text", "")), spelt_out(case.get("options", "")), HINT)
    assert list(found) == [spelt_out(page) for page in case["sent"]]


def spelt_out(text: str) -> str:
    """``{lea x 3}`` becomes ``lea lea lea``; Chinese has no spaces."""
    return re.sub(r"\{(\w+) x (\d+)\}", lambda m: (" " * m[1].isascii()).join([m[1]] * int(m[2])), text)


@pytest.mark.parametrize("text", [*ALPHABET.replace("\x1b", ""), *EXTENSION.values()], ids=ascii)
def test_what_is_in_the_alphabet_stays(text: str) -> None:
    assert sms.fit(text) == {"\r": "\n", "\f": "\n"}.get(text, text)


@quick
@given(st.one_of(anything, st.text(st.one_of(letters, foreign))))
def test_a_text_becomes_gsm7_or_keeps_every_character(text: str) -> None:
    shown = sms.fit(text)
    assert sms.measure(shown).encoding == "GSM-7" or shown == unicodedata.normalize("NFC", text)
    assert sms.fit(shown) == shown


@quick
@given(lengthy)
def test_segments_are_the_parts_a_sender_would_fill(text: str) -> None:
    found = sms.measure(text)
    gsm7 = found.encoding == "GSM-7"
    coded = [sms.CODEC.encode(c)[0] if gsm7 else c.encode("utf-16-be") for c in text]
    alone, part = (160, 153) if gsm7 else (140, 134)
    parts = [b""]
    for code in coded:
        if len(parts[-1]) + len(code) > part:
            parts.append(b"")
        parts[-1] += code
    whole = b"".join(coded)
    assert found.units == len(whole) / (1 if gsm7 else 2)
    assert found.segments == (len(parts) if len(whole) > alone else bool(whole))


@quick
@given(texts, options, st.sampled_from([HINT, "", "Reponn PLIS pou kontinye: 继续", "h" * 200]))
def test_every_page_can_be_sent(text: str, choices: str, hint: str) -> None:
    for page in sms.pages(text, choices, hint):
        size = sms.measure(page)
        assert 0 < size.segments <= (sms.MOST if size.encoding == "GSM-7" else sms.MOST_UCS2)
        assert page.strip() == page != ""
        assert "\n\n" not in page


@quick
@given(texts, options)
def test_the_pages_hold_every_word_once_and_in_order(text: str, choices: str) -> None:
    found = sms.pages(text, choices, HINT)
    inputs = (text, choices, HINT) if len(found) > 1 else (text, choices)
    shown = [sms.fit(part) for part in inputs]
    if any(sms.measure(part).encoding == "UCS-2" for part in shown):
        shown = [unicodedata.normalize("NFC", part) for part in inputs]
    told = without(found, shown[1])
    assert "".join(" ".join(told).split()) == "".join(shown[0].split())
    if text.isascii() and max(map(len, shown[0].split()), default=0) < 100:
        assert " ".join(told).split() == shown[0].split()


def without(found: tuple[str, ...], choices: str) -> list[str]:
    """The pages' words: less the hint on each but the last, less the options, on the first page or at the end."""
    assert all(page.endswith("\n" + HINT) or page == HINT for page in found[:-1])
    bare = [page.removesuffix(HINT).rstrip() for page in found[:-1]] + list(found[-1:])
    if not choices:
        return bare
    if choices in bare[0]:
        return [bare[0].removesuffix(choices), *bare[1:]]
    lines = [line for page in bare for line in page.splitlines()]
    count = len(choices.splitlines())
    assert "\n".join(lines[-count:]) == choices
    return lines[:-count]


@quick
@given(spanish, options)
def test_no_phone_number_or_contact_is_cut(text: str, choices: str) -> None:
    sent = "\n".join(sms.pages(text, choices, HINT))
    whole = sms.fit(text)
    for number in sms.NUMBER.findall(whole):
        assert sent.count(number) >= whole.count(number)
    lines = sent.splitlines()
    for line in whole.splitlines():
        assert not line.startswith("- ") or line in lines


@quick
@given(spanish)
def test_a_page_is_well_used_when_the_text_is_prose(text: str) -> None:
    prose = text.replace("- ", "")
    for page in sms.pages(prose, "", HINT)[:-1]:
        assert sms.measure(page).units >= sms.FULL * 306


@pytest.mark.parametrize(("length", "on_first"), [(127, True), (128, False)])
def test_options_stay_on_the_first_page_up_to_half_of_it(length: int, on_first: bool) -> None:
    choices = "1 " + "o" * (length - 2)  # with a line feed and the hint of 25 septets: 153 of 306
    first, *_ = sms.pages("Lea. " * 60, choices, HINT)
    assert (choices in first) == on_first
    assert first.endswith("\n" + HINT)


@pytest.mark.parametrize(("length", "shown"), [(153, True), (154, False)])
def test_a_hint_of_more_than_half_a_page_is_left_out(length: int, shown: bool) -> None:
    first, *_ = sms.pages("Lea. " * 70, "", "m" * length)
    assert first.endswith("m" * length) == shown
    assert "Lea." in first


def test_a_word_longer_than_a_page_is_cut_between_letters() -> None:
    found = sms.pages("น้ำ" * 200, "", "")
    assert "".join(found) == "น้ำ" * 200
    assert all(unicodedata.category(page[0]) == "Lo" for page in found)
