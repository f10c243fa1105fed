"""`faro understand`: one object a line, in order, by the steps of a live message; bad input never breaks it."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from bot import measuring
from bot.settings import Settings
from bot.understanding import Understood, understand

pytestmark = pytest.mark.engine

ODD = [b"", b"   ", b"\xff\xfe\x80", "😀😀👍".encode(), b"1234567890", b"{not json", b"[1, 2]", b'{"text": 7}',
       "مرحبا hola 你好 привет".encode(), ("ayuda " * 17_000).encode(), ("1" * 100_000).encode(),
       ("ñ" * 100_000).encode(),
       "​‮‎".encode()]  # fmt: skip
TAPACHULA = b"se llevaron a mi hija de 15 a\xc3\xb1os en tapachula"


@pytest.fixture(scope="module")
def found(settings: Settings, model: Path) -> list[Understood]:
    lines = [
        b"me robaron en tapachula",
        *ODD,
        b'{"text": "ayer en la noche", "lang": "es", "country": "GT"}',
        TAPACHULA,
    ]
    begun = time.monotonic()
    answers = list(understand(settings, lines))
    print(f"{len(lines)} lines with the model loaded: {time.monotonic() - begun:.1f} s")
    assert len(answers) == len(lines)
    return answers


def test_a_crime_is_read_whole(found: list[Understood]) -> None:
    first = found[0]
    assert (first.lang, first.intent, first.crime_type) == ("es", "report_crime", "robbery")
    assert (first.country, first.place, first.urgent, first.minor) == ("MX", "Tapachula", False, False)


def test_a_child_and_a_place_are_seen(found: list[Understood]) -> None:
    assert found[-1].minor and found[-1].country == "MX"
    assert found[-1].intent in ("report_crime", "emergency")


def test_what_is_known_of_the_person_is_not_taken_for_what_was_said(found: list[Understood]) -> None:
    assert found[-2].lang == "es" and found[-2].country is None


@pytest.mark.parametrize("number", range(len(ODD)), ids=[repr(line[:12]) for line in ODD])
def test_bad_input_gets_an_object_of_low_confidence(number: int, found: list[Understood]) -> None:
    answer = found[1 + number]
    assert json.loads(json.dumps(answer.text)) == answer.text
    if not any(letter.isalpha() for letter in answer.text):
        assert answer.intent is None and answer.lang is None and answer.confidence == 0
    assert answer.country is None


def test_a_report_counts_right_and_wrong(tmp_path: Path) -> None:
    rows = measuring.labelled(
        ['{"text": "hola", "lang": "es", "intent": "greet"}', '{"text": "a", "lang": "es", "intent": "thank"}']
    )
    pairs = [
        measuring.Pair(Understood("hola", "es", "greet", 0.9), rows[0]),
        measuring.Pair(Understood("a", "es", "menu", 0.9), rows[1]),
    ]
    told = measuring.report(pairs)
    assert "intent        0.500    0.500" in told and "thank taken for menu" in told
    assert "0.8 and more: 2 answers, wrong 0.500" in told
    measuring.draw(pairs, tmp_path / "picture.png")
    assert (tmp_path / "picture.png").read_bytes().startswith(b"\x89PNG")


def test_a_file_of_another_kind_is_named_with_its_line() -> None:
    with pytest.raises(ValueError, match="line 2"):
        measuring.labelled(['{"text": "hola", "intent": "greet"}', "hola"])
