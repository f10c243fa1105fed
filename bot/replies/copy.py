"""A copy of the report for a second desk: the question, and what comes of the answer."""

from __future__ import annotations

from bot.replies.wording import Params, Part, Wording


def ask_copy(words: Wording, params: Params) -> list[Part]:
    """A message of its own, as its numbers must not stand behind the words of the report."""
    options = words.options(
        (words.say("label_copy_yes"), "show:copy_yes"), (words.say("label_copy_no"), "show:copy_no")
    )
    text = words.say("ask_copy", case=params["case"], desk=_where(words, params["desk"]))
    listed = "\n".join([text, *(f"{option.number} {option.label}" for option in options)])
    return [Part(listed if words.person.brief else text, options, alone=True)]


def copy_yes(words: Wording, params: Params) -> list[Part]:
    return [Part(words.say("copy_yes", case=params["case"], desk=_where(words, params["desk"])))]


def copy_no(words: Wording, params: Params) -> list[Part]:
    return [Part(words.say("copy_no"))]


def case_handed_over(words: Wording, params: Params) -> list[Part]:
    """``desk`` had it, ``next`` has it now."""
    left, taken = words.desk(params["desk"]), words.desk(params["next"])
    return [Part(words.say("case_handed_over", case=params["case"], desk=left, next=taken))]


def _where(words: Wording, desk: str) -> str:
    """The desk with its country, unless its name says it."""
    known, name = words.content.routing.desks.get(desk), words.desk(desk)
    country = words.country(known.country) if known and known.country else ""
    return name if not country or country in name else f"{name} ({country})"
