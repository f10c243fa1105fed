"""Why a report came to its desk, as one English sentence for its operators."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.places import country_name

Phrases = Mapping[str, str]


def sentence(why: Mapping[str, Any], phrases: Phrases) -> str:
    """``why``: the parts of `routing.Why`, as they were kept with the report; ``phrases``: the English ones."""
    if why["case"] is None:
        return f"No case fitted, so the default decided{_before('the last one', why, phrases)}."
    asked = ", ".join(_asked(name, told, phrases) for name, told in why["fitted"]) or "it takes everything"
    return f"Case “{why['case']}” fitted ({asked}){_before('the one before it', why, phrases)}."


def _before(which: str, why: Mapping[str, Any], phrases: Phrases) -> str:
    if why["before"] is None:
        return ""
    name, told = why["unfit"]
    return f"; {which}, “{why['before']}”, did not: {_unfit(name, told, phrases)}"


def _asked(name: str, told: Any, phrases: Phrases) -> str:
    """What was told, where a case asks for just that."""
    if name == "urgent":
        return "somebody in danger" if told else "nobody in danger"
    if name == "minor":
        return "somebody under 18" if told else "nobody under 18"
    return country_name(told, "en") if name == "country" else _crime(told, phrases)


def _unfit(name: str, told: Any, phrases: Phrases) -> str:
    """What was told, where a case asks for something else."""
    if told is None:
        return "the country was not known" if name == "country" else "nobody knew whether somebody was under 18"
    if name == "country":
        return f"it happened in {country_name(told, 'en')}"
    if name == "crime":
        return f"it was about {_crime(told, phrases)}"
    who = "somebody" if told else "nobody"
    return f"{who} was in danger" if name == "urgent" else f"{who} was under 18"


def _crime(crime: str, phrases: Phrases) -> str:
    return phrases.get(f"crime_{crime}", crime).lower()
