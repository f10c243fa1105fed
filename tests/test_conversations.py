"""Whole conversations, as staff write them down in tests/conversations/*.yml: what a person says, what they hear."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.talk import Bubble, Phone

FILES = sorted((Path(__file__).parent / "conversations").glob("*.yml"))
KNOWN = {"says", "taps", "shares", "hears", "never", "offers", "offers_also"}


def _conversations() -> list[Any]:
    found = []
    for path in FILES:
        for talk in yaml.safe_load(path.read_text("utf-8")):
            found.append(pytest.param(talk, id=f"{path.stem}: {talk['name']}"))
    return found


@pytest.mark.parametrize("talk", _conversations())
def test_conversation(talk: dict[str, Any], phone: Callable[..., Phone]) -> None:
    person = phone(talk.get("number", "+5255"), talk.get("language"), talk.get("channel", "web"))
    for step in talk["talk"]:
        assert set(step) <= KNOWN, f"unknown word in {step}"
        if wrong := _wrong(step, _do(person, step)):
            pytest.fail(f"after «{_said(step)}» {wrong}", pytrace=False)


def _wrong(step: dict[str, Any], heard: list[Bubble]) -> str | None:
    """What is not as the step says, in a sentence that staff can read."""
    text = "\n".join(bubble.text for bubble in heard)
    if not heard:
        return "there was silence"
    for words in _listed(step.get("hears")):
        if words.casefold() not in text.casefold():
            return f"«{words}» was not heard, but:\n{text}"
    for words in _listed(step.get("never")):
        if words.casefold() in text.casefold():
            return f"«{words}» was heard:\n{text}"
    if "offers" in step and _listed(step["offers"]) != list(heard[-1].options):
        return f"these were offered: {', '.join(heard[-1].options)}"
    if missing := set(_listed(step.get("offers_also"))) - {o for bubble in heard for o in bubble.options}:
        return f"not offered: {', '.join(missing)}"
    return None


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
