"""Buttons and lists on WhatsApp: shapes made once at Twilio, filled with words for each message.

https://www.twilio.com/docs/content/twilio-quick-reply and https://www.twilio.com/docs/content/twiliolist-picker
A value may not contain a line break (https://www.twilio.com/docs/api/errors/21656), so each line is a variable.
"""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass
from typing import Any

from twilio.base.exceptions import TwilioException, TwilioRestException
from twilio.rest import Client

from bot.channels.rendering import BUTTON_TITLE, BUTTONS, LIST_ITEMS, RICH_BODY, numbered
from bot.messages import Letter, tap
from bot.replies.wording import Option

log = logging.getLogger(__name__)

ITEM, DESCRIPTION, OPENER, MOST_LINES = 24, 72, 20, 20
# Errors about the shape, not about the person: the same words go as plain text then.
REFUSED = {f"twilio {code}" for code in (21654, 21655, 21656, 21657, 21658, 63013, 63019, 63030, 92005, 92007)}
# HTTP statuses of the Content API that will not pass: the shape is wrong, or the account may not make any.
REFUSES = (400, 403, 404, 422)


def number(text: str | None) -> int | None:
    """A number of Twilio's that the database can hold; None when it is anything else."""
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 19 else None


def named(error: TwilioException) -> tuple[int, int]:
    """HTTP status and Twilio's code, else the status again; with a list the library gives the bare response."""
    response = error.args[1] if len(error.args) > 1 else None
    status = number(str(getattr(error, "status", None))) or int(getattr(response, "status_code", 0))
    return status, number(str(getattr(error, "code", None))) or status


@dataclass(frozen=True)
class Shape:
    """So many options, below paragraphs of so many lines."""

    look: str
    options: int
    paragraphs: tuple[int, ...]

    @property
    def lines(self) -> int:
        return sum(self.paragraphs)

    @property
    def name(self) -> str:
        return f"faro_{self.look}_{self.options}_{'-'.join(map(str, self.paragraphs))}"


def shape(letter: Letter) -> Shape | None:
    """The shape that this letter takes; None when it can only be plain text."""
    most = {"buttons": BUTTONS, "list": LIST_ITEMS}.get(letter.look, 0)
    lines = _lines(letter.text)
    if not 0 < len(letter.options) <= most or not 0 < len(lines) <= MOST_LINES or len(letter.text) > RICH_BODY:
        return None
    paragraphs = [len(_lines(paragraph)) for paragraph in letter.text.split("\n\n")]
    return Shape(letter.look, len(letter.options), tuple(filter(None, paragraphs)))


def plain(letter: Letter) -> str:
    """The words with their options numbered, where no buttons can be shown; SMS has its numbers already."""
    if letter.channel == "sms" or letter.look == "plain":
        return letter.text
    return "\n".join(filter(None, [letter.text, numbered(letter.options)]))


def _lines(text: str) -> list[str]:
    return [" ".join(line.split()) for line in text.splitlines() if line.strip()]


def filled(letter: Letter, shape: Shape) -> dict[str, str]:
    """The value of each variable of `types`."""
    values = {f"line{i}": line for i, line in enumerate(_lines(letter.text), 1)}
    for i, option in enumerate(letter.options, 1):
        values[f"id{i}"] = tap(letter.outbound, option)
        values |= _button(i, option) if shape.look == "buttons" else _item(i, option)
    return values | ({"opener": letter.opener[:OPENER]} if shape.look == "list" else {})


def _button(i: int, option: Option) -> dict[str, str]:
    return {f"title{i}": option.label[:BUTTON_TITLE]}


def _item(i: int, option: Option) -> dict[str, str]:
    """A row of the list: its number and label; what is too long for the row stands whole below it."""
    row = f"{option.number}. {option.label}"
    if len(row) <= ITEM:
        return {f"title{i}": row, f"more{i}": "-"}
    return {f"title{i}": row[: ITEM - 1].rstrip() + "…", f"more{i}": option.label[:DESCRIPTION]}


def types(shape: Shape) -> dict[str, Any]:
    """The shape as the Content API wants it, all words variables."""
    line = iter(range(1, shape.lines + 1))
    paragraphs = ["\n".join(f"{{{{line{next(line)}}}}}" for _ in range(count)) for count in shape.paragraphs]
    body = "\n\n".join(paragraphs)
    numbers = range(1, shape.options + 1)
    if shape.look == "buttons":
        actions = [{"type": "QUICK_REPLY", "title": f"{{{{title{i}}}}}", "id": f"{{{{id{i}}}}}"} for i in numbers]
        return {"twilio/quick-reply": {"body": body, "actions": actions}}
    items = [{"item": f"{{{{title{i}}}}}", "id": f"{{{{id{i}}}}}", "description": f"{{{{more{i}}}}}"} for i in numbers]
    return {"twilio/list-picker": {"body": body, "button": "{{opener}}", "items": items}}


def samples(shape: Shape) -> dict[str, str]:
    """A value for each variable, as the Content API asks for."""
    names = [f"line{i}" for i in range(1, shape.lines + 1)]
    kinds = ("title", "id") if shape.look == "buttons" else ("title", "id", "more")
    names += [f"{kind}{i}" for kind in kinds for i in range(1, shape.options + 1)]
    return dict.fromkeys(names + (["opener"] if shape.look == "list" else []), "Faro")


class Shapes:
    """The campaign's shapes at Twilio: found there by name, made when first needed."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.sids: dict[str, str] = {}

    def sid(self, shape: Shape) -> str | None:
        """The Content SID; None when Twilio refuses to give us one. Raises twilio's errors that may pass."""
        try:
            if shape.name not in self.sids:
                self._find()
            if shape.name not in self.sids:
                self.sids[shape.name] = self._make(shape)
        except TwilioException as error:
            status, code = named(error)
            if status not in REFUSES:
                raise
            log.warning("twilio takes no buttons or lists (%s %s): the options go as numbers", status, code)
        return self.sids.get(shape.name)

    def forget(self) -> None:
        self.sids = {}

    def _find(self) -> None:
        found = self.client.content.v1.contents.list(page_size=500)
        self.sids |= {str(content.friendly_name): str(content.sid) for content in found}

    def _make(self, shape: Shape) -> str:
        wanted = {"friendly_name": shape.name, "language": "es", "variables": samples(shape), "types": types(shape)}
        url, kind = "https://content.twilio.com/v1/Content", {"Content-Type": "application/json"}
        answer = self.client.request("POST", url, data=wanted, headers=kind)
        if answer.status_code >= 400:
            raise TwilioRestException(answer.status_code, "/v1/Content", "not made", method="POST")
        return str(json.loads(answer.text)["sid"])
