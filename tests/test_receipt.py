"""What a receipt looks like, and what is forgiven or found when it is typed: pure, over all places and characters."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from bot import receipt
from bot.receipt import ALPHABET, MISREAD, SIZE

# Ten letters or digits, alone or in groups of four, four and two; none of them is anybody's receipt.
ORDINARY = (
    "secuestran", "SECUESTRAN", "extortions", "5512345678", "+52 55 1234 5678", "1999-2026-11", "hace 5 meses",
    "eran 2020 ya", "A123456789", "G12345678", "me pegan ya", "12-05-2026", "casa roja ya", "ABC-DEF", "EXP-2026-001",
    "mi caso es ABC-234", "la policía me quitó 2500 pesos en la caseta de Tapachula el 12 de mayo a las 10 de la noche",
)  # fmt: skip
places = st.integers(0, SIZE - 1)
signs = st.sampled_from(ALPHABET)
made = st.builds(receipt.make)


@given(made)
def test_a_receipt_has_ten_characters_in_groups_and_is_right(code: str) -> None:
    assert len(code) == SIZE == 10 and set(code) <= set(ALPHABET)
    assert receipt.shown(code) == f"{code[:4]}-{code[4:8]}-{code[8:]}"
    assert receipt.check(receipt.shown(code)) == code


def test_nine_characters_are_drawn_and_no_two_receipts_are_the_same() -> None:
    codes = {receipt.make() for _ in range(2_000)}
    assert len(codes) == 2_000
    assert all({code[place] for code in codes} == set(ALPHABET) for place in range(SIZE))


@given(made, places, signs)
def test_every_wrong_character_is_found(code: str, place: int, sign: str) -> None:
    assume(code[place] != sign)
    assert receipt.check(code[:place] + sign + code[place + 1 :]) is None


@given(made, st.integers(0, SIZE - 2))
def test_every_swap_of_two_neighbours_is_found(code: str, place: int) -> None:
    assume(code[place] != code[place + 1])
    assert receipt.check(code[:place] + code[place + 1] + code[place] + code[place + 2 :]) is None


@given(made, st.sampled_from(["{}", " {} ", "{}."]), st.sampled_from(["", " ", "-", "–", " - "]))
def test_spaces_hyphens_and_small_letters_are_forgiven(code: str, around: str, between: str) -> None:
    typed = around.format(between.join((code[:3], code[3:7], code[7:])).lower())
    assert receipt.check(typed) == code


@given(made, st.sampled_from(sorted(MISREAD)))
def test_an_o_a_zero_an_i_a_one_or_an_l_in_place_of_what_looks_like_it_is_forgiven(code: str, typed: str) -> None:
    place = next((place for place, sign in enumerate(code) if sign in MISREAD[typed]), None)
    assume(place is not None)
    assert place is not None
    assert receipt.check(code[:place] + typed + code[place + 1 :]) == code


@pytest.mark.parametrize("text", ["", "K7QX", "K7QX-2M9P-RTT", "¿?¿?¿?¿?¿?", "0O1IL0O1IL", "ññññññññññ", "a" * 50_000])
def test_what_is_no_receipt_is_none(text: str) -> None:
    assert receipt.check(text) is None


@given(made)
def test_a_receipt_is_seen_alone_and_in_a_sentence(code: str) -> None:
    shown = receipt.shown(code)
    for text in (shown, shown.lower(), code, f"mi recibo es {shown}", f"hola, tengo este: {shown.lower()}. gracias"):
        found = receipt.found_in(text)
        assert found and found.code == code, text


@given(made, signs)
def test_a_slip_is_seen_when_it_can_hardly_be_anything_else(code: str, sign: str) -> None:
    assume(code[0] != sign and any(c.isdigit() for c in code[4:8]) and any(c.isalpha() for c in code[4:8]))
    shown = receipt.shown(sign + code[1:])
    assume(sum(c.isalpha() for c in shown) >= receipt.FEWEST_LETTERS)
    for text in (shown, f"mi recibo es {shown}"):
        found = receipt.found_in(text)
        assert found and found.code is None, text


@pytest.mark.parametrize("text", ORDINARY)
def test_ordinary_messages_hold_no_receipt(text: str) -> None:
    assert receipt.found_in(text) is None


@given(made)
def test_a_receipt_is_hidden_and_the_words_beside_it_stay(code: str) -> None:
    assert receipt.hidden(f"mi recibo es {receipt.shown(code)}, gracias") == "mi recibo es …, gracias"
    assert receipt.hidden("me robaron en Tapachula") == "me robaron en Tapachula"


@given(made)
def test_no_receipt_is_readable_in_what_a_program_prints(code: str) -> None:
    assert code not in repr(receipt.found_in(code))
