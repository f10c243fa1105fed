"""Languages: the table of cases is tests/cases/language.yml."""

import json
import math
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from bot import creole, language

TABLE = Path(__file__).parent / "cases" / "language.yml"
CASES = yaml.safe_load(TABLE.read_text(encoding="utf-8"))


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['text']} {case.get('known')}")
def test_a_message_tells_its_language(case: dict[str, Any]) -> None:
    assert language.detect(case["text"], case.get("known")) == case["language"]


@pytest.mark.parametrize(
    ("wish", "wanted"),
    [
        ("speak english please", "en"), ("English", "en"), ("en français svp", "fr"),
        ("pale kreyòl", "ht"), ("kreyol", "ht"), ("quiero hablar en portugues", "pt"),
        ("cambiar a ingles", "en"), ("no hablo ingles, español por favor", "es"),
        ("I don't speak Spanish, only Creole", "ht"), ("change from english to spanish", "es"),
        ("fala português?", "pt"), ("anglè tanpri", "en"), ("castellano", "es"),
        ("mwen pa pale panyòl, kreyòl souple", "ht"), ("otro idioma", None), ("arabic", None),
        ("hola", None), ("", None),
    ],
)  # fmt: skip
def test_a_wish_names_a_language(wish: str, wanted: str | None) -> None:
    assert language.wished(wish) == wanted


@settings(max_examples=150, deadline=None)
@given(st.text(), st.sampled_from([None, *language.FULL]))
def test_no_text_breaks_it(text: str, known: str | None) -> None:
    assert language.detect(text, known) in (None, *language.FULL)
    assert language.wished(text) in (None, *language.FULL)


def test_the_same_text_has_the_same_language() -> None:
    told = {language.detect("mi amiga linda no sale", None) for _ in range(20)}
    assert len(told) == 1


def test_the_profile_of_haitian_creole_is_of_our_present_sentences() -> None:
    """Where it is not any more, `scripts/profiles creole` counts it anew."""
    kept, now = json.loads(language.CREOLE.read_text("utf-8"))["freq"], creole.profile().freq
    length = math.sqrt(sum(n * n for n in kept.values()) * sum(n * n for n in now.values()))
    assert sum(kept.get(group, 0) * n for group, n in now.items()) / length > 0.99
