"""Whether and when it is safe to write to somebody, and how a chat is cleared. Others may be reading along."""

from __future__ import annotations

from bot.replies.wording import Option, Params, Part, Wording

# Parts of the day to choose from, with their minutes in bot/daytimes.py.
DAY_PARTS = ("morning", "afternoon", "evening")


def ask_safe(words: Wording, params: Params) -> list[Part]:
    """``sms``: SMS can be had in place of this channel; ``chosen``: what counts now, None where that is not shown."""
    names = ("any", "hours", "neutral", *(("sms",) if params["sms"] else ()), "never")
    options = words.options(*((words.say(f"label_safe_{name}"), f"show:safe_{name}") for name in names))
    chosen = params.get("chosen")
    now = [words.say("safe_now", chosen=words.say(f"label_safe_{chosen}"))] if chosen else []
    return _asked(words, "\n".join([*now, words.say("ask_safe")]), options)


def ask_hours(words: Wording, params: Params) -> list[Part]:
    options = words.options(*((words.say(f"label_safe_{part}"), f"show:safe_{part}") for part in DAY_PARTS))
    return _asked(words, words.say("ask_hours"), options)


def _asked(words: Wording, text: str, options: tuple[Option, ...]) -> list[Part]:
    """A message of its own on every channel: by SMS the numbers would stand behind the words of the report."""
    listed = "\n".join([text, *(f"{option.number} {option.label}" for option in options)])
    return [Part(listed if words.person.brief else text, options, alone=True)]


def safe_hours(words: Wording, params: Params) -> list[Part]:
    begin, end = (f"{minutes // 60:02}:{minutes % 60:02}" for minutes in (params["begins"], params["ends"]))
    place = params["city"] or words.country(params["country"])
    return [Part(words.say("safe_hours", begin=begin, end=end, place=place) + change(words))]


def safe_any(words: Wording, params: Params) -> list[Part]:
    return [Part(words.say("safe_any") + change(words))]


def safe_neutral(words: Wording, params: Params) -> list[Part]:
    return [Part(words.say("safe_neutral", word=words.say("label_word_read")) + change(words))]


def safe_sms(words: Wording, params: Params) -> list[Part]:
    return [Part(words.say("safe_sms") + change(words))]


def safe_never(words: Wording, params: Params) -> list[Part]:
    return [Part(words.say("safe_never", word=words.say("label_word_read")) + change(words))]


def change(words: Wording) -> str:
    """How to choose otherwise, and the word for the day on which somebody takes the phone."""
    return "\n" + words.say("safe_change", word=words.say("label_word_safe"), clear=words.say("label_word_clear"))


def cleared(words: Wording, params: Params) -> list[Part]:
    """``channel``: whose steps are told."""
    word = "START" if params["channel"] == "sms" else words.say("label_word_start")
    return [Part("\n".join([words.say(f"cleared_{params['channel']}"), words.say("cleared_more", word=word)]))]
