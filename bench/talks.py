"""Recorded conversations in five languages: questions of other people's words, then a report, to its end."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TOLD = {"report_crime", "emergency"}
GREETING = {"es": "hola", "en": "hello", "pt": "oi", "fr": "bonjour", "ht": "bonjou"}
# In danger? where, when, what, a child? may a desk reply? file it?
REPORT = {
    "es": ("me robaron ayer", "no", "en tapachula", "ayer en la noche", "me quitaron el telefono", "2", "1", "1"),
    "en": ("i was robbed yesterday", "no", "in tapachula", "last night", "they took my phone", "2", "1", "1"),
    "pt": ("fui roubado ontem", "não", "em tapachula", "ontem à noite", "levaram meu celular", "2", "1", "1"),
    "fr": ("on m'a volé hier", "non", "à tapachula", "hier soir", "ils ont pris mon téléphone", "2", "1", "1"),
    "ht": ("yo vòlè m yè", "non", "nan tapachula", "yè swa", "yo pran telefòn mwen", "2", "1", "1"),
}
LANGUAGES = tuple(REPORT)
QUESTIONS = 3  # in one talk


@dataclass(frozen=True)
class Talk:
    """What one person writes, in order."""

    language: str
    lines: tuple[str, ...]


def talk(n: int) -> Talk:
    """The ``n``-th: the language changes with each; no question comes twice before all were asked."""
    language = LANGUAGES[n % len(LANGUAGES)]
    known, at = _questions(language), n // len(LANGUAGES) * QUESTIONS
    asked = tuple(known[(at + i) % len(known)] for i in range(QUESTIONS))
    return Talk(language, (GREETING[language], *asked, *REPORT[language]))


@cache
def _questions(language: str) -> list[str]:
    """Written by other hands than the examples (tests/understanding)."""
    lines = (ROOT / f"tests/understanding/{language}.jsonl").read_text("utf-8").splitlines()
    read = [json.loads(line) for line in lines]
    return [line["text"] for line in read if line["intent"] not in TOLD]
