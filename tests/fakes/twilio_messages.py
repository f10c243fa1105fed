"""A message that Twilio has accepted: https://www.twilio.com/docs/messaging/api/message-resource"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any

from tests.fakes.twilio_rules import Choice, Rendered
from tests.fakes.twilio_webhooks import WHATSAPP


@dataclass(frozen=True)
class Message:
    """An accepted message; ``sender`` is its From, or the Messaging Service. ``at`` is monotonic seconds.

    ``error_code``: what its status callback will say, as it cannot be delivered.
    """

    sid: str
    to: str
    sender: str
    body: str
    content_sid: str | None
    content_variables: dict[str, str]
    status_callback: str | None
    media: str | None
    rendered: Rendered | None
    error_code: int | None
    at: float
    created: datetime

    @property
    def service(self) -> str | None:
        """The Messaging Service that sends it."""
        return self.sender if self.sender.startswith("MG") else None

    @property
    def text(self) -> str:
        return self.rendered.body if self.rendered else self.body

    @property
    def choices(self) -> tuple[Choice, ...]:
        return self.rendered.choices if self.rendered else ()


def segments(message: Message) -> int:
    """A channel other than SMS has none to count."""
    from bot.sms import measure

    return 1 if message.to.startswith(WHATSAPP) else measure(message.text).segments


def resource(message: Message, account: str, status: str) -> dict[str, Any]:
    """The Message resource as the API answers it; while a service has not chosen a sender it counts no segments."""
    uri, made = f"/2010-04-01/Accounts/{account}/Messages/{message.sid}", format_datetime(message.created)
    waits = status in ("queued", "accepted")
    return {
        "account_sid": account, "api_version": "2010-04-01", "body": message.text, "date_created": made,
        "date_sent": None if waits else made, "date_updated": made, "direction": "outbound-api",
        "error_code": message.error_code if status in ("failed", "undelivered") else None, "error_message": None,
        "from": None if message.service else message.sender, "messaging_service_sid": message.service,
        "num_media": "1" if message.media else "0", "num_segments": "0" if message.service else str(segments(message)),
        "price": None, "price_unit": "USD", "sid": message.sid, "status": status,
        "subresource_uris": {"media": f"{uri}/Media.json"}, "to": message.to, "uri": f"{uri}.json",
    }  # fmt: skip


def listed(messages: list[Message], account: str, statuses: Mapping[str, str], asked: Mapping[str, str]) -> Any:
    """One page of the list, the newest first: ``To`` and a ``DateSent>`` are heeded; no more pages follow."""
    after = datetime.fromisoformat(asked["DateSent>"]) if "DateSent>" in asked else datetime.min.replace(tzinfo=UTC)
    found = [m for m in reversed(messages) if m.to == asked.get("To", m.to) and m.created >= _aware(after)]
    size, uri = int(asked.get("PageSize", 50)), f"/2010-04-01/Accounts/{account}/Messages.json"
    page = {"page": 0, "page_size": size, "start": 0, "end": 0, "uri": uri, "first_page_uri": uri}
    page |= {"next_page_uri": None, "previous_page_uri": None}
    return page | {"messages": [resource(m, account, statuses[m.sid]) for m in found[:size]]}


def _aware(moment: datetime) -> datetime:
    """A day alone begins in GMT."""
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
