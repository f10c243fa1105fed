"""Whole conversations, as staff write them down in tests/conversations/*.yml: what a person says, what they hear."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.talk import Bubble, Phone

FILES = sorted((Path(__file__).parent / "conversations").glob("*.yml"))
KNOWN = {"says", "taps", "shares", "hears", "never", "offers"}


def _conversations() -> list[Any]:
    found = []
    for path in FILES:
        for talk in yaml.safe_load(path.read_text("utf-8")):
            found.append(pytest.param(talk, id=f"{path.stem}: {talk['name']}"))
    return found


@pytest.mark.parametrize("talk", _conversations())
def test_conversation(talk: dict[str, Any], phone: Callable[..., Phone]) -> None:
    person = phone(talk.get("number", "+5255"), talk.get("language"))
    for step in talk["talk"]:
        assert set(step) <= KNOWN, f"unknown word in {step}"
        heard = _do(person, step)
        text = "\n".join(bubble.text for bubble in heard)
        for words in _listed(step.get("hears")):
            assert words.casefold() in text.casefold(), f"after {_said(step)}: no «{words}» in:\n{text}"
        for words in _listed(step.get("never")):
            assert words.casefold() not in text.casefold(), f"after {_said(step)}: «{words}» in:\n{text}"
        if "offers" in step:
            assert _listed(step["offers"]) == list(heard[-1].options), f"after {_said(step)}"
        assert heard, f"silence after {_said(step)}"


def _do(person: Phone, step: dict[str, Any]) -> list[Bubble]:
    if "taps" in step:
        return person.taps(step["taps"])
    if "shares" in step:
        return person.shares(*step["shares"])
    return person.says(str(step["says"]))


def _said(step: dict[str, Any]) -> str:
    return str(step.get("says") or step.get("taps") or step.get("shares"))


def _listed(value: Any) -> list[str]:
    return [] if value is None else [str(v) for v in value] if isinstance(value, list) else [str(value)]
