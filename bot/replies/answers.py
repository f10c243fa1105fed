"""Answers to questions, and what is said in danger."""

from __future__ import annotations

from bot.content import Text, Topic
from bot.replies import contacts
from bot.replies.wording import ROUTE, Option, Params, Part, Wording


def located(words: Wording, params: Params) -> list[Part]:
    if not params.get("country"):
        return [Part(words.say("location_unknown"))]
    place = ", ".join(filter(None, [params.get("place"), words.country(params["country"])]))
    lines = [words.say("location_received", place=place), *contacts.emergency(words, params["country"])]
    return [Part("\n".join(lines), () if params.get("in_form") else words.menu())]


def emergency(words: Wording, params: Params) -> list[Part]:
    lines = contacts.emergency(words, params["country"])
    if not lines:
        lines = [words.say("emergency_choose"), *contacts.every_emergency(words)]
    return [Part("\n".join([*lines, words.say("emergency_advice")]))]


def engine_down(words: Wording, params: Params) -> list[Part]:
    return _not_now(words, "engine_down")


def too_fast(words: Wording, params: Params) -> list[Part]:
    return _not_now(words, "too_fast")


def too_much(words: Wording, params: Params) -> list[Part]:
    return _not_now(words, "too_much")


def _not_now(words: Wording, phrase: str) -> list[Part]:
    """Nobody is left without the number for emergencies."""
    lines = contacts.emergency(words, words.person.country) or contacts.every_emergency(words)
    return [Part("\n".join([words.say(phrase), *lines]))]


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
    called = "\n".join(contact_lines(words, topic)[words.person.brief :])
    whole = [text.full, headed(words.country(country), local.full) if local else ""]
    body = [(local or text).short, called, *whole] if words.person.brief else [*whole, called]
    checked = words.say("checked_on", date=min(t.checked_on for t in (text, local) if t).isoformat())
    paragraphs = [instead, *body, checked]
    return [Part("\n\n".join(filter(None, paragraphs)), ask_which_country(words, topic))]


def headed(country: str, text: str) -> str:
    """
    >>> headed("México", "Pida..."), headed("México", "- Pida...")
    ('México: Pida...', 'México:\\n- Pida...')
    """
    return f"{country}:\n{text}" if text.startswith("- ") else f"{country}: {text}"


def ask_which_country(words: Wording, topic: Topic) -> tuple[Option, ...]:
    if words.person.country or not any(country for country, _ in topic.texts):
        return ()
    return words.options(*((words.country(iso), f"/{topic.id}", {"country": iso}) for iso in ROUTE))


def contact_lines(words: Wording, topic: Topic) -> list[str]:
    country = words.person.country
    if country is None:
        return [f"{words.say('which_country')} {words.say('other_country')}"]
    found = contacts.given(words, country, topic.contacts, topic.call.get(country, ()))
    return contacts.titled(words, "contacts", found) or contacts.emergency(words, country)
