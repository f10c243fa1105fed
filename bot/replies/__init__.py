"""A reply by name, for this person, in their language: the parts to send."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from bot.replies import answers, case, copy, report, safety, talk
from bot.replies.wording import Option, Params, Part, Person, Reply, Wording

__all__ = ["Option", "Part", "Person", "Reply", "Wording", "write"]

# The replies that are more than a phrase. Every other name is an entry of content/phrases/.
WRITERS: Mapping[str, Callable[[Wording, Params], list[Part]]] = {
    function.__name__: function
    for function in (
        talk.welcome,
        talk.menu,
        talk.menu_rights,
        talk.menu_life,
        talk.menu_risks,
        talk.menu_help,
        talk.not_understood,
        talk.bot_identity,
        talk.privacy,
        talk.change_language,
        talk.subscribe,
        talk.unsubscribe,
        talk.ask_delete,
        talk.stopped,
        talk.ask_sms,
        talk.more,
        answers.located,
        answers.emergency,
        answers.engine_down,
        answers.too_fast,
        answers.too_much,
        answers.topic,
        report.ask_danger,
        report.ask_minor,
        report.ask_may_reply,
        report.ask_place,
        report.ask_when_happened,
        report.ask_what,
        report.ask_country,
        report.ask_confirmed,
        report.ask_correction,
        case.report_filed,
        case.person_asked,
        case.report_status,
        case.receipt_status,
        case.receipt_withdraw,
        case.withdrawn,
        case.case_accepted,
        case.case_message,
        case.case_closed,
        case.case_passed_on,
        case.passed_on,
        copy.ask_copy,
        copy.copy_yes,
        copy.copy_no,
        copy.case_handed_over,
        safety.ask_safe,
        safety.ask_hours,
        safety.safe_any,
        safety.safe_hours,
        safety.safe_neutral,
        safety.safe_sms,
        safety.safe_never,
        safety.cleared,
    )
}


def write(words: Wording, reply: Reply) -> list[Part]:
    """The parts of one reply, never none. Raises KeyError for a name that is neither a writer nor a phrase."""
    if writer := WRITERS.get(reply.name):
        return writer(words, reply.params)
    return [Part(words.say(reply.name, **reply.params))]
