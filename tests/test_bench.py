"""The measurements measure what they say."""

from __future__ import annotations

from itertools import chain
from pathlib import Path

import pytest

from bench.talks import GREETING, LANGUAGES, REPORT, talk
from bench.written import Row, draw


def test_the_talks_are_of_five_languages_and_their_questions_all_different() -> None:
    talks = [talk(n) for n in range(100)]
    assert {one.language for one in talks} == set(LANGUAGES) == {"es", "en", "pt", "fr", "ht"}
    common = set(GREETING.values()) | set(chain.from_iterable(REPORT.values()))
    questions = [line for one in talks for line in one.lines if line not in common]
    assert len(questions) == len(set(questions)) == 300


ROWS = [
    ("as often as asked", Row("a", 80, 10, at_least=8), True, "≥ 8 × stock"),
    ("not as often", Row("a", 79, 10, at_least=8), False, "≥ 8 × stock"),
    ("a fifth of it", Row("a", 2, 10, at_most=0.2), True, "≤ 0.2 × stock"),
    ("more than a fifth", Row("a", 2.1, 10, at_most=0.2), False, "≤ 0.2 × stock"),
    ("under its own limit", Row("a", 0.3, 4, limit=0.3), True, "≤ 0.3"),
    ("over its own limit, whatever the other does", Row("a", 0.31, 400, limit=0.3), False, "≤ 0.3"),
]


@pytest.mark.parametrize(("row", "met", "goal"), [row[1:] for row in ROWS], ids=[row[0] for row in ROWS])
def test_a_goal_is_met_or_not(row: Row, met: bool, goal: str) -> None:
    assert (row.met, row.goal) == (met, goal)


def test_the_picture_is_drawn(tmp_path: Path) -> None:
    draw([row for _, row, *_ in ROWS], tmp_path / "path.png")
    assert (tmp_path / "path.png").read_bytes().startswith(b"\x89PNG")
