"""Replies on their way to a person: put here in the transaction that made them; bot/delivery.py sends them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import update
from sqlalchemy.orm import Session

from bot.channels.rendering import Say, render
from bot.replies import Option, Part
from bot.sealing import Vault
from bot.store.models import Contact, Outbound


def put(
    session: Session,
    vault: Vault,
    contact: Contact,
    parts: Sequence[Part],
    say: Say,
    inbound: int | None,
    kind: str = "reply",
    about: str | None = None,
) -> list[Outbound]:
    """Queue the parts as the person's channel can show them; for one message and kind this can happen only once.

    ``about`` is a case number, for a template that says that there is news.
    """
    rendered = render(contact.channel, parts, say)
    contact.rest_sealed = vault.seal(list(rendered.rest)) if rendered.rest else None
    rows = [
        Outbound(
            contact_id=contact.id,
            inbound_id=inbound,
            kind=kind,
            position=position,
            body_sealed=vault.seal({"text": part.text, "look": part.look, "opener": part.opener, "about": about}),
            options=[option.as_row() for option in part.options],
        )
        for position, part in enumerate(rendered.parts)
    ]
    session.add_all(rows)
    return rows


def hurry(session: Session, contact: Contact) -> None:
    """Try at once what was put off for hours: the person is there, and the answer to them waits behind it."""
    put_off = Outbound.contact_id == contact.id, Outbound.status == "waiting", Outbound.next_try_at.is_not(None)
    # Nothing that waits to be written says otherwise, so the rest of the turn is written at once, at its end.
    with session.no_autoflush:
        session.execute(update(Outbound).where(*put_off).values(next_try_at=None, attempts=0))


def part_of(row: Outbound, body: Mapping[str, Any]) -> Part:
    """The part that a row holds; ``body`` is what its seal held."""
    options = tuple(Option(o["number"], o["label"], o["says"], o["sets"]) for o in row.options)
    return Part(body["text"], options, body.get("look", "plain"), body.get("opener", ""))
