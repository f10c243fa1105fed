"""Welcome, menus, and what a person may ask of the bot itself."""

from __future__ import annotations

from bot.content import LANGUAGES
from bot.replies.wording import Params, Part, Wording


def welcome(words: Wording, params: Params) -> list[Part]:
    campaign = words.content.campaign
    text = words.say("welcome", operator=campaign.operator[words.person.language])
    return [Part(words.with_notice(text), alone=True)]


def menu(words: Wording, params: Params) -> list[Part]:
    return [Part(words.say("menu"), words.menu())]


def menu_rights(words: Wording, params: Params) -> list[Part]:
    return submenu(words, "rights")


def menu_life(words: Wording, params: Params) -> list[Part]:
    return submenu(words, "life")


def menu_risks(words: Wording, params: Params) -> list[Part]:
    return submenu(words, "risks")


def menu_help(words: Wording, params: Params) -> list[Part]:
    return submenu(words, "help")


def submenu(words: Wording, menu: str) -> list[Part]:
    topics = [topic for topic in words.content.topics.values() if topic.menu == menu]
    choices = [(words.title(topic), f"/{topic.id}") for topic in topics]
    return [Part(words.say(f"menu_{menu}"), words.options(*choices, (words.say("label_back"), "/menu")))]


def not_understood(words: Wording, params: Params) -> list[Part]:
    if params.get("in_form"):
        return [Part(words.say("not_understood_in_form"))]
    return [Part(words.say("not_understood"), words.menu(*params.get("likeliest", ())))]


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


def stopped(words: Wording, params: Params) -> list[Part]:
    """The one answer to STOP. Twilio itself knows only START as the word to come back."""
    word = "START" if params["by_sms"] else words.say("label_word_start")
    parts = [Part(words.say("stopped", word=word))]
    if params["cases"]:
        yes = (words.say("label_case_write"), "show:case_write")
        no = (words.say("label_case_quiet"), "show:case_quiet")
        parts.append(Part(words.say("stopped_case", cases=params["cases"]), words.options(yes, no)))
    return parts


def ask_sms(words: Wording, params: Params) -> list[Part]:
    yes, no = (words.say("label_sms_yes"), "show:sms_agreed"), (words.say("label_sms_no"), "show:sms_refused")
    return [Part(words.say("ask_sms"), words.options(yes, no))]


def more(words: Wording, params: Params) -> list[Part]:
    return [Part(params["page"])]
