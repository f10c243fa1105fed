"""Replies on their way to a person: put here with the turn that made them, sent part by part."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.channels import web
from bot.replies import Part
from bot.runtime import Runtime
from bot.sealing import Vault
from bot.store.models import Contact, Outbound, now

# How a part leaves, by channel.
SENDERS: Mapping[str, Callable[[str, Part], None]] = {"web": web.send}


def put(
    session: Session,
    vault: Vault,
    contact: Contact,
    parts: Sequence[Part],
    inbound: int | None,
    kind: str = "reply",
) -> list[Outbound]:
    """Queue the parts for a person; for one message and kind this can happen only once."""
    rows = [
        Outbound(
            contact_id=contact.id,
            inbound_id=inbound,
            kind=kind,
            position=position,
            body_sealed=vault.seal({"text": part.text}),
            options=[option.as_row() for option in part.options],
        )
        for position, part in enumerate(parts)
    ]
    session.add_all(rows)
    return rows


def deliver(runtime: Runtime, contact_id: uuid.UUID) -> None:
    """Send what waits for this person, in order, each part in a transaction of its own."""
    while _deliver_next(runtime, contact_id):
        pass


def _deliver_next(runtime: Runtime, contact_id: uuid.UUID) -> bool:
    with runtime.sessions.begin() as session:
        query = (
            select(Outbound)
            .where(Outbound.contact_id == contact_id, Outbound.status == "waiting")
            .order_by(Outbound.id)
            .limit(1)
            .with_for_update(skip_locked=True)
        )
        row = session.scalars(query).first()
        if row is None:
            return False
        contact = session.get_one(Contact, contact_id)
        part = Part(runtime.vault.open(row.body_sealed)["text"])
        SENDERS[contact.channel](runtime.vault.open(contact.address_sealed), part)
        row.status, row.sent_at, row.attempts = "sent", now(), row.attempts + 1
        return True
