"""Arabic and Chinese in English words, for the readers that learnt neither (engine/glosses.py, engine/glossary)."""

from __future__ import annotations

import doctest
from pathlib import Path

import pytest
import yaml

from engine import glosses

FILES = sorted((Path(glosses.FOLDER)).glob("*.yml"))

CASES = [
    ("as it stands", "شرطة", "police"),
    ("with the article", "الشرطة", "police"),
    ("written without its dots", "الشرطه", "police"),
    ("with what is joined before and after", "وشرطتهم", "police"),
    ("with the hamza that nobody types", "أين", "where"),
    ("with vowels", "شُرطة", "police"),
    ("a phrase before its words", "صباح الخير", "good morning"),
    ("Chinese has no spaces", "警察", "police"),
    ("nothing of other scripts", "hola 12 привет", ""),
    ("nothing", "", ""),
]


@pytest.mark.parametrize(("text", "english"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_a_word_is_found_as_people_type_it(text: str, english: str) -> None:
    assert glosses.in_english(text) == english


def test_what_the_docstring_says_is_so() -> None:
    """Nobody else runs it: the other modules of engine/ want the engine's own environment."""
    assert doctest.testmod(glosses) == (0, 1)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_an_entry_can_be_found_and_is_plain_english(file: Path) -> None:
    entries = yaml.safe_load(file.read_text("utf-8"))
    assert len(entries) > 1000
    for word, gloss in entries.items():
        assert glosses.in_english(word) == gloss, word
        assert isinstance(gloss, str) and gloss.isascii() and gloss == gloss.lower(), word
