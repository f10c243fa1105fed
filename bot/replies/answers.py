"""Answers to questions, and what is said in danger."""

from __future__ import annotations

from bot.content import Text, Topic
from bot.directory import choose
from bot.replies.wording import COUNTRIES, Option, Params, Part, Wording


def located(words: Wording, params: Params) -> list[Part]:
    if not params.get("country"):
        return [Part(words.say("location_unknown"))]
    place = ", ".join(filter(None, [params.get("place"), words.country(params["country"])]))
    lines = [words.say("location_received", place=place), *words.emergency_lines(params["country"])]
    return [Part("\n".join(lines), () if params.get("in_form") else words.menu())]


def emergency(words: Wording, params: Params) -> list[Part]:
    lines = words.emergency_lines(params["country"])
    if not lines:
        lines = [words.say("emergency_choose"), *words.every_emergency()]
    return [Part("\n".join([*lines, words.say("emergency_advice")]))]


def engine_down(words: Wording, params: Params) -> list[Part]:
    lines = words.emergency_lines(words.person.country) or words.every_emergency()
    return [Part("\n".join([words.say("engine_down"), *lines]))]


def topic(words: Wording, params: Params) -> list[Part]:
    asked = words.content.topics[params["topic"]]
    general = words.best(asked)
    if general is None:
        return [Part("\n".join([words.say("no_text_yet"), *contact_lines(words, asked)]))]
    if general[1].valid_until < words.today:
        return [Part("\n".join([words.say("lapsed"), *contact_lines(words, asked)]))]
    return answer(words, asked, general)


def answer(words: Wording, topic: Topic, general: tuple[str, Text]) -> list[Part]:
    """What holds anywhere, then what differs where the person is, then whom to ask, then how sure we are.

    Where each text costs, first what matters most in short, and whom to ask.
    """
    language, text = general
    country = words.person.country or ""
    local = topic.texts.get((country, language)) if country else None
    local = local if local and local.valid_until >= words.today else None
    missing = language != words.person.language
    instead = words.say("instead", language=words.say(f"language_{language}")) if missing else ""
    contacts = "\n".join(contact_lines(words, topic))
    whole = [text.full, f"{words.country(country)}: {local.full}" if local else ""]
    body = [(local or text).short, contacts, *whole] if words.person.brief else [*whole, contacts]
    checked = words.say("checked_on", date=min(t.checked_on for t in (text, local) if t).isoformat())
    paragraphs = [instead, *body, checked]
    return [Part("\n\n".join(filter(None, paragraphs)), ask_which_country(words, topic))]


def ask_which_country(words: Wording, topic: Topic) -> tuple[Option, ...]:
    if words.person.country or not any(country for country, _ in topic.texts):
        return ()
    return words.options(*((words.country(iso), f"/{topic.id}", {"country": iso}) for iso in COUNTRIES))


def contact_lines(words: Wording, topic: Topic) -> list[str]:
    country = words.person.country
    if country is None:
        return [words.say("which_country")]
    chosen = words.named(topic.call[country]) if country in topic.call else ()
    chosen = chosen or choose(words.content.hotlines.values(), country, topic.contacts)
    lines = [words.contact(hotline) for hotline in chosen]
    return [words.say("contacts"), *lines] if lines else words.emergency_lines(country)
