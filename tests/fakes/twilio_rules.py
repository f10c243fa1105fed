"""What Twilio accepts: the Messages resource and the Content API, with the codes of its error dictionary.

https://www.twilio.com/docs/messaging/api/message-resource, https://www.twilio.com/docs/content/twilio-quick-reply,
https://www.twilio.com/docs/content/twiliolist-picker, https://www.twilio.com/docs/content/twilio-text,
https://www.twilio.com/docs/content/using-variables-with-content-api, https://www.twilio.com/docs/api/errors

No two buttons may be the same: https://developers.facebook.com/docs/whatsapp/cloud-api/reference/messages
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

BODY = 1600
RICH_BODY, BUTTON, ID = 1024, 20, 200
ITEM, DESCRIPTION = 24, 72
IN_SESSION_BUTTONS = 3
CHOICES = 10
# The richest that a channel knows is sent; SMS knows text only.
RICH = ("twilio/list-picker", "twilio/quick-reply")
TEXT = "twilio/text"
ADDRESS = re.compile(r"(whatsapp:)?\+[1-9]\d{6,14}")
GAP = " " * 5
VARIABLE = re.compile(r"\{\{\s*(\w{1,16})\s*\}\}")


@dataclass(frozen=True)
class Refusal:
    """Why a request is refused: Twilio's code and words."""

    code: int
    message: str
    status: int = 400

    def json(self) -> dict[str, Any]:
        more_info = f"https://www.twilio.com/docs/errors/{self.code}"
        return {"code": self.code, "message": self.message, "more_info": more_info, "status": self.status}


@dataclass(frozen=True)
class Choice:
    """A button of a quick reply, or an item of a list."""

    id: str
    title: str
    description: str = ""


@dataclass(frozen=True)
class Rendered:
    """A content as the person sees it, its variables filled in. ``button`` opens the list."""

    kind: str
    body: str
    choices: tuple[Choice, ...] = ()
    button: str = ""

    @property
    def buttons(self) -> tuple[Choice, ...]:
        return self.choices if self.kind == "twilio/quick-reply" else ()

    @property
    def items(self) -> tuple[Choice, ...]:
        return self.choices if self.kind == "twilio/list-picker" else ()


def refused(form: Mapping[str, str], stopped: Collection[str], contents: Collection[str]) -> Refusal | None:
    """The first thing wrong with a message to be sent."""
    to, sender, service = form.get("To", ""), form.get("From", ""), form.get("MessagingServiceSid", "")
    content, empty = form.get("ContentSid"), not (form.get("Body") or form.get("MediaUrl") or form.get("ContentSid"))
    checks = (
        (not to, 21604, "A 'To' phone number is required."),
        (not (sender or service), 21603, "A 'From' phone number is required."),
        (empty and "ContentVariables" in form, 21654, "The ContentSid Parameter is required."),
        (empty and service, 21619, "A text message body, media urls or content sid must be specified."),
        (empty, 21602, "Message body is required."),
        (len(form.get("Body", "")) > BODY, 21617, f"The concatenated message body exceeds the {BODY} character limit."),
        (not ADDRESS.fullmatch(to), 21211, f"The 'To' number {to} is not a valid phone number."),
        (sender and _channel(sender) != _channel(to), 21910, "Invalid 'From' and 'To' pair."),
        (to in stopped, 21610, "Attempt to send to unsubscribed recipient"),
        (content and content not in contents, 21655, "The ContentSid is Invalid"),
        (not readable(form.get("ContentVariables")), 21656, "The ContentVariables Parameter is invalid"),
        (longest(form.get("ContentVariables")) > BODY, 21658, "Parameter exceeded character limit"),
    )
    return next((Refusal(code, message) for wrong, code, message in checks if wrong), None)


def _channel(address: str) -> bool:
    return address.startswith("whatsapp:")


def readable(variables: str | None) -> bool:
    """A JSON object of texts, none empty; of one line each, without long gaps.

    Of variables in a body; whether of others is not said: https://www.twilio.com/docs/api/errors/21656
    """
    try:
        found = json.loads(variables or "{}")
    except ValueError:
        return False
    lines = isinstance(found, dict) and all(isinstance(value, str) and value for value in found.values())
    return lines and not any(sign in value for value in found.values() for sign in (*"\n\r\t", GAP))


def longest(variables: str | None) -> int:
    """Letters of the longest value, 0 where none can be read: https://www.twilio.com/docs/api/errors/21658"""
    found = json.loads(variables or "{}") if readable(variables) else {}
    return max(map(len, found.values()), default=0)


def bad_content(body: Any) -> Refusal | None:
    """What is wrong with a content to be made; there is no code of its own for a wrong number of items (20422)."""
    types = body.get("types") if isinstance(body, dict) else None
    if not isinstance(types, dict) or not body.get("language") or not set(types) & {*RICH, TEXT}:
        return Refusal(20422, "Invalid Parameter: language, types")
    for kind in types:
        wrong = faults(render(types, kind, {}), in_session=False)
        if wrong:
            return Refusal(21658 if "longer" in wrong else 20422, f"Parameter exceeded a limit: {wrong}")
    return None


def render(types: Mapping[str, Any], kind: str, variables: Mapping[str, str]) -> Rendered:
    def fill(text: Any) -> str:
        return VARIABLE.sub(lambda found: variables.get(found[1], found[0]), str(text or ""))

    content = types[kind]
    body, button = fill(content.get("body")), fill(content.get("button"))
    rows = content.get("actions") or content.get("items") or ()
    made = (Choice(fill(r.get("id")), fill(r.get("title") or r.get("item")), fill(r.get("description"))) for r in rows)
    return Rendered(kind, body, tuple(made), button)


def faults(content: Rendered, in_session: bool) -> str:
    """What is beyond a limit, empty where it must not be, or twice; empty when nothing is."""
    return ", ".join(_faults(content, in_session))


def _faults(content: Rendered, in_session: bool) -> Iterator[str]:
    titles, ids = [c.title for c in content.choices], [c.id for c in content.choices]
    if content.kind in RICH and not 1 <= len(titles) <= CHOICES:
        yield f"not 1 to {CHOICES} choices"
    if content.buttons and in_session and len(titles) > IN_SESSION_BUTTONS:
        yield f"more than {IN_SESSION_BUTTONS} buttons without approval"
    if len(set(ids)) < len(ids) or (content.buttons and len(set(titles)) < len(titles)):
        yield "two choices are the same"
    for what, text, limit in _measured(content):
        if len(text) > limit:
            yield f"{what} longer than {limit}"
        if not text and what != "description":
            yield f"{what} empty"


def _measured(content: Rendered) -> Iterator[tuple[str, str, int]]:
    yield "body", content.body, RICH_BODY if content.kind in RICH else BODY
    if content.kind == "twilio/list-picker":
        yield "button", content.button, BUTTON
    for choice in content.choices:
        yield "id", choice.id, ID
        yield "title", choice.title, BUTTON if content.buttons else ITEM
        yield "description", choice.description, DESCRIPTION
