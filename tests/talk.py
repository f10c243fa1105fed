"""A phone for tests: says something, and hears what the person would."""

from __future__ import annotations

import random
import uuid
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from bot import conversation, inbox
from bot.messages import Message
from bot.runtime import Runtime
from bot.store.models import Contact, Outbound


@dataclass(frozen=True)
class Bubble:
    """One message on the phone."""

    id: int
    text: str
    options: tuple[str, ...]
    numbers: tuple[int, ...]
    kind: str


class Phone:
    """Speaks to the real inbox and has its turns taken at once, in this process, by the real conversation."""

    def __init__(self, runtime: Runtime, number: str, language: str | None, channel: str = "web") -> None:
        self.runtime = runtime
        self.number = number if len(number) > 8 else f"{number}{random.randrange(10**7, 10**8)}"
        self.language = language
        self.channel = channel
        self.seen = 0
        self.last: list[Bubble] = []
        self.contact = uuid.UUID(int=0)

    def says(self, text: str) -> list[Bubble]:
        return self.sends("text", text=text)

    def shares(self, lat: float, lon: float) -> list[Bubble]:
        return self.sends("location", lat=lat, lon=lon)

    def taps(self, label: str) -> list[Bubble]:
        """Tap an option by its label, on the newest message that offers it."""
        bubble = next(b for b in reversed(self.last) if label in b.options)
        number = bubble.numbers[bubble.options.index(label)]
        return self.sends("option", number=number, outbound=bubble.id)

    def sends(self, kind: Any, provider_id: str | None = None, **body: Any) -> list[Bubble]:
        self.stores(kind, provider_id, **body)
        conversation.answer(self.runtime, self.contact)
        return self.hears()

    def stores(self, kind: Any, provider_id: str | None = None, **body: Any) -> bool:
        """Only into the inbox; whether it was new there."""
        message = Message(self.channel, provider_id or str(uuid.uuid4()), self.number, kind, body, self.language)
        self.language = None
        with self.runtime.sessions.begin() as session:
            stored = inbox.store(session, self.runtime, message)
        self.contact = stored.contact
        return stored.new

    def hears(self) -> list[Bubble]:
        """What came since the last look."""
        with self.runtime.sessions() as session:
            query = select(Outbound).where(Outbound.contact_id == self.contact, Outbound.id > self.seen)
            rows = list(session.scalars(query.order_by(Outbound.id)))
        new = [self._bubble(row) for row in rows]
        if new:
            self.seen = new[-1].id
            self.last = new
        return new

    def _bubble(self, row: Outbound) -> Bubble:
        text = self.runtime.vault.open(row.body_sealed)["text"]
        labels = tuple(o["label"] for o in row.options)
        return Bubble(row.id, text, labels, tuple(o["number"] for o in row.options), row.kind)

    def person(self) -> Contact:
        with self.runtime.sessions() as session:
            return session.get_one(Contact, self.contact)
