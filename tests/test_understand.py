"""`faro understand`: one object a line, in order, by the steps of a live message; bad input never breaks it."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from bot import measuring
from bot.settings import ROOT, Settings
from bot.understanding import Understood, understand

pytestmark = pytest.mark.engine

ODD = [b"", b"   ", b"\xff\xfe\x80", "😀😀👍".encode(), b"1234567890", b"{not json", b"[1, 2]", b'{"text": 7}',
       "مرحبا hola 你好 привет".encode(), ("ayuda " * 17_000).encode(), ("1" * 100_000).encode(),
       ("ñ" * 100_000).encode(),
       "​‮‎".encode()]  # fmt: skip
TAPACHULA = b"se llevaron a mi hija de 15 a\xc3\xb1os en tapachula"


# Where kidnappings, trafficking or smuggling are what most messages tell of.
ROBBED = [
    f"me robaron en {town}".encode() for town in ("reynosa", "nuevo laredo", "matamoros", "cancun", "san fernando")
]
LINES = [
    b"me robaron en tapachula",
    *ODD,
    *ROBBED,
    b'{"text": "ayer en la noche", "lang": "es", "country": "GT"}',
    TAPACHULA,
]
# Every fifth message of another hand: all of them take two minutes (`faro understand --report`).
SETS = sorted((ROOT / "tests/understanding").glob("*.jsonl"))
OTHERS = [row for file in SETS for row in measuring.labelled(file.read_text("utf-8").splitlines()[::5])]
FULL = ("es", "en", "pt", "fr", "ht")


@pytest.fixture(scope="module")
def understood(settings: Settings, model: Path) -> list[Understood]:
    """All lines in one go, as the model takes long to load."""
    begun = time.monotonic()
    answers = list(understand(settings, [*LINES, *(row["text"].replace("\n", " ").encode() for row in OTHERS)]))
    print(f"{len(answers)} lines with the model loaded: {time.monotonic() - begun:.1f} s")
    assert len(answers) == len(LINES) + len(OTHERS)
    return answers


@pytest.fixture
def found(understood: list[Understood]) -> list[Understood]:
    return understood[: len(LINES)]


# What may not be lost again on messages that nobody trained on; docs/decisions.md has the figures of all of them.
FLOORS = [
    ("the language", "lang", FULL, 0.98),
    ("the intent", "intent", FULL, 0.93),
    ("the intent, never trained on", "intent", ("ar", "zh"), 0.86),
    ("a crime or a danger told", "told found", (*FULL, "ar", "zh"), 0.98),
    ("the crime", "crime", FULL, 0.94),
    ("the crime, never trained on", "crime", ("ar", "zh"), 0.85),
    ("no country made up", "no country", (*FULL, "ar", "zh"), 0.985),
    ("a danger now", "urgent rec", FULL, 0.95),
    ("what is called a danger", "urgent pre", FULL, 0.87),
    ("the country", "country", (*FULL, "ar", "zh"), 0.945),
    ("a child", "minor rec", (*FULL, "ar", "zh"), 0.95),
    ("what is called a child", "minor pre", (*FULL, "ar", "zh"), 0.88),
]


@pytest.mark.parametrize(("what", "measure", "languages", "floor"), FLOORS, ids=[floor[0] for floor in FLOORS])
def test_messages_of_another_hand_are_understood(
    what: str, measure: str, languages: tuple[str, ...], floor: float, understood: list[Understood]
) -> None:
    pairs = [measuring.Pair(*pair) for pair in zip(understood[len(LINES) :], OTHERS, strict=True)]
    good, of = measuring.MEASURES[measure]([pair for pair in pairs if pair.right["lang"] in languages])
    share = 1 - good / of if measure == "no country" else good / of
    print(f"{what}: {share:.3f} of {of}")
    assert share >= floor


def test_a_crime_is_read_whole(found: list[Understood]) -> None:
    first = found[0]
    assert (first.lang, first.intent, first.crime_type) == ("es", "report_crime", "robbery")
    assert (first.country, first.place, first.urgent, first.minor) == ("MX", "Tapachula", False, False)


def test_a_place_does_not_tell_the_crime(found: list[Understood]) -> None:
    robbed = found[1 + len(ODD) : 1 + len(ODD) + len(ROBBED)]
    assert {answer.text: answer.crime_type for answer in robbed} == {line.decode(): "robbery" for line in ROBBED}


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
