"""What becomes of a report, told to the person who filed it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.replies import contacts
from bot.replies.wording import Option, Params, Part, Wording


def report_filed(words: Wording, params: Params) -> list[Part]:
    follows = "report_next" if params["may_reply"] else "report_next_silent"
    lines = [
        words.say("report_filed", case=params["case"], desk=words.desk(params["desk"])),
        # By SMS it was said before the report was sent; here it would push the numbers off the page.
        *([words.say("demonstration")] if words.content.campaign.demonstration and not words.person.brief else []),
        words.say(follows),
    ]
    proof = words.say("report_proof", case=params["case"], mark=params["mark"], page=params["page"])
    # The receipt is a message of its own: the number and the proof may be shown to others, and this one deleted.
    told = Part(words.say("report_receipt", receipt=params["receipt"]), alone=True)
    return [Part("\n".join([*lines, *numbers(words, "report_numbers", params), proof])), told]


def person_asked(words: Wording, params: Params) -> list[Part]:
    text = words.say("person_asked", case=params["case"], desk=words.desk(params["desk"]))
    return [Part("\n".join([words.with_notice(text), *numbers(words, "person_numbers", params)]))]


def numbers(words: Wording, title: str, params: Params) -> list[str]:
    """Whom they can call about it: those that routing names, else those whom the directory chooses."""
    found = contacts.given(words, params["country"], tuple(params["purposes"]), tuple(params["call"]))
    return contacts.titled(words, title, found)


def report_status(words: Wording, params: Params) -> list[Part]:
    if not params["cases"]:
        choices = words.options((words.say("label_report"), "/report_crime"), (words.say("label_menu"), "/menu"))
        return [Part(words.say("status_none"), choices)]
    return [Part("\n".join(status(words, case) for case in params["cases"]))]


def status(words: Wording, case: Mapping[str, Any]) -> str:
    outcome = words.say(f"outcome_{case['outcome']}") if case["outcome"] else ""
    return words.say(
        f"status_{case['status']}", case=case["case"], desk=words.desk(case["desk"]), outcome=outcome
    ).strip()


def receipt_status(words: Wording, params: Params) -> list[Part]:
    lines = [status(words, params), words.say("receipt_since", date=params["since"])]
    last = words.say("receipt_no_words")
    if params["last"] is not None:
        last = words.say("receipt_last", date=params["last_at"], text=params["last"])
    return [Part("\n".join([*lines, last]), _may(words) if params["status"] != "closed" else ())]


def _may(words: Wording) -> tuple[Option, ...]:
    """What can be done behind a receipt."""
    return words.options(
        (words.say("label_receipt_add"), "show:receipt_add"), (words.say("label_withdraw"), "show:receipt_withdraw")
    )


def receipt_withdraw(words: Wording, params: Params) -> list[Part]:
    choices = (
        (words.say("label_withdraw_yes"), "show:withdrawn"),
        (words.say("label_withdraw_no"), "show:not_withdrawn"),
    )
    return [Part(words.say("receipt_withdraw", desk=words.desk(params["desk"])), words.options(*choices))]


def withdrawn(words: Wording, params: Params) -> list[Part]:
    return [Part(words.say("withdrawn", desk=words.desk(params["desk"])))]


def case_accepted(words: Wording, params: Params) -> list[Part]:
    return [Part(words.say("case_accepted", case=params["case"], desk=words.desk(params["desk"])))]


def case_message(words: Wording, params: Params) -> list[Part]:
    desk = words.desk(params["desk"])
    return [Part(words.say("case_message", case=params["case"], desk=desk, text=params["text"]))]


def case_closed(words: Wording, params: Params) -> list[Part]:
    outcome = words.say(f"outcome_{params['outcome']}")
    desk = words.desk(params["desk"])
    return [Part(words.say("case_closed", case=params["case"], desk=desk, outcome=outcome))]


def case_passed_on(words: Wording, params: Params) -> list[Part]:
    """``desk`` did not answer, ``next`` has it now."""
    left, taken = words.desk(params["desk"]), words.desk(params["next"])
    return [Part(words.say("case_passed_on", case=params["case"], desk=left, next=taken))]


def passed_on(words: Wording, params: Params) -> list[Part]:
    return [Part(words.say("passed_on", desk=words.desk(params["desk"])))]
