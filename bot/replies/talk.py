"""Welcome, menus, and what a person may ask of the bot itself."""

from __future__ import annotations

from bot.content import LANGUAGES
from bot.replies.answers import title
from bot.replies.wording import Params, Part, Wording


def welcome(words: Wording, params: Params) -> list[Part]:
    campaign = words.content.campaign
    text = words.say("welcome", operator=campaign.operator[words.person.language])
    return [Part(words.with_notice(text))]


def menu(words: Wording, params: Params) -> list[Part]:
    return [Part(words.say("menu"), words.menu())]


def menu_rights(words: Wording, params: Params) -> list[Part]:
    return submenu(words, "rights")


def menu_risks(words: Wording, params: Params) -> list[Part]:
    return submenu(words, "risks")


def menu_help(words: Wording, params: Params) -> list[Part]:
    return submenu(words, "help")


def submenu(words: Wording, menu: str) -> list[Part]:
    topics = [topic for topic in words.content.topics.values() if topic.menu == menu]
    choices = [(title(words, topic), f"/{topic.id}") for topic in topics]
    return [Part(words.say(f"menu_{menu}"), words.options(*choices, (words.say("label_back"), "/menu")))]


def not_understood(words: Wording, params: Params) -> list[Part]:
    if params.get("in_form"):
        return [Part(words.say("not_understood_in_form"))]
    guesses = [choice for name in params.get("likeliest", ()) if (choice := guess(words, name))]
    return [Part(words.say("not_understood"), words.options(*guesses, (words.say("label_menu"), "/menu")))]


# Acts that can be offered as a guess, by the label they have in the menu.
LABELS = {
    "report_crime": "report", "emergency": "report", "talk_to_person": "person", "privacy": "privacy",
    "change_language": "language",
}  # fmt: skip


def guess(words: Wording, intent: str) -> tuple[str, str] | None:
    """What they may have meant, as an option; None for what is no use to offer."""
    if topic := words.content.topics.get(intent):
        return (title(words, topic), f"/{intent}") if topic.texts else None
    return (words.say(f"label_{LABELS[intent]}"), f"/{intent}") if intent in LABELS else None


def bot_identity(words: Wording, params: Params) -> list[Part]:
    campaign, language = words.content.campaign, words.person.language
    text = words.say("bot_identity", operator=campaign.operator[language], complaints=campaign.complaints[language])
    return [Part(words.with_notice(text))]


def privacy(words: Wording, params: Params) -> list[Part]:
    campaign = words.content.campaign
    text = words.say(
        "privacy",
        operator=campaign.operator[words.person.language],
        message_days=campaign.message_days,
        report_days=campaign.report_days,
    )
    return [Part(text)]


def change_language(words: Wording, params: Params) -> list[Part]:
    if params.get("chosen"):
        return [Part(words.say("language_changed"))]
    names = [(words.say(f"name_yourself_{x}"), "/change_language", {"language": x}) for x in LANGUAGES]
    return [Part(words.say("language_choice"), words.options(*names))]


def subscribe(words: Wording, params: Params) -> list[Part]:
    return [Part(words.say("subscribed"))]


def unsubscribe(words: Wording, params: Params) -> list[Part]:
    return [Part(words.say("unsubscribed"))]


def ask_delete(words: Wording, params: Params) -> list[Part]:
    yes = (words.say("label_delete"), "/delete_confirmed")
    return [Part(words.say("ask_delete"), words.options(yes, (words.say("label_keep"), "show:data_kept")))]
