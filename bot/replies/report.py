"""The questions of a report, and its summary."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.replies.wording import ROUTE, Params, Part, Wording

# Rows of the summary: (phrase sum_..., slot). Country is put between, as it is a code.
SUMMARY = (
    ("place", "place"), ("when", "when_happened"), ("what", "what"), ("danger", "danger"),
    ("minor", "minor"), ("may_reply", "may_reply"),
)  # fmt: skip
CORRECTIONS = (
    ("place", "place"), ("country", "country"), ("when", "when_happened"), ("what", "what"),
    ("danger", "danger"), ("minor", "minor"), ("may_reply", "may_reply"),
)  # fmt: skip


def ask_danger(words: Wording, params: Params) -> list[Part]:
    return yes_or_no(words, "danger")


def ask_minor(words: Wording, params: Params) -> list[Part]:
    return yes_or_no(words, "minor")


def ask_may_reply(words: Wording, params: Params) -> list[Part]:
    return yes_or_no(words, "may_reply")


def yes_or_no(words: Wording, question: str) -> list[Part]:
    choices = [(words.say(f"label_{x}"), f'/answer{{"{question}": "{x}"}}') for x in ("yes", "no")]
    return [Part(words.say(f"ask_{question}"), words.options(*choices, words.skip()))]


def ask_place(words: Wording, params: Params) -> list[Part]:
    return [Part(words.say("ask_place"), words.options(words.skip()))]


def ask_when_happened(words: Wording, params: Params) -> list[Part]:
    return [Part(words.say("ask_when"), words.options(words.skip()))]


def ask_what(words: Wording, params: Params) -> list[Part]:
    return [Part(words.say("ask_what"), words.options(words.skip()))]


def ask_country(words: Wording, params: Params) -> list[Part]:
    named = [(words.country(iso), f'/answer{{"country": "{iso}"}}', {"country": iso}) for iso in ROUTE]
    text = f"{words.say('ask_country')} {words.say('other_country')}"
    return [Part(text, words.options(*named, words.skip()))]


def ask_confirmed(words: Wording, params: Params) -> list[Part]:
    ask = words.say("ask_confirmed", desk=words.desk(params["desk"]))
    told = summary(words, params["slots"])
    choices = words.options(
        (words.say("label_send"), '/answer{"confirmed": "yes"}'),
        (words.say("label_change"), "show:ask_correction"),
        (words.say("label_discard"), "/cancel"),
    )
    if words.person.brief:  # the question has to stand beside its options, so it is a part of its own
        return [Part(words.with_notice(told)), Part(ask, choices)]
    return [Part(f"{told}\n\n{words.with_notice(ask)}", choices)]


def summary(words: Wording, slots: Mapping[str, Any]) -> str:
    rows = [("crime", words.say(f"crime_{slots.get('crime_type') or 'other'}"))]
    rows += [(name, value(words, slots.get(slot))) for name, slot in SUMMARY]
    country = slots.get("country")
    known = country in words.content.routing.emergency
    rows.insert(2, ("country", words.country(country) if known and country else value(words, None)))
    return "\n".join(f"{words.say(f'sum_{name}')}: {value}" for name, value in rows)


def value(words: Wording, value: str | None) -> str:
    if value in (None, "yes", "no", "unknown"):
        return words.say(f"value_{value or 'unknown'}")
    return str(value)


def ask_correction(words: Wording, params: Params) -> list[Part]:
    fields = [(words.say(f"sum_{n}"), f'/change_answer{{"field": "{s}"}}') for n, s in CORRECTIONS]
    return [Part(words.say("ask_correction"), words.options(*fields))]
