"""How updates reach a bot: by webhook or by getUpdates, never both. https://core.telegram.org/bots/api#getting-updates"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from tests.fakes.telegram_messages import Params, Refused, structured
from tests.fakes.telegram_updates import Update

PORTS = (443, 80, 88, 8443)
SECRET = re.compile(r"[A-Za-z0-9_-]{1,256}")
CONFLICT = (
    "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first"
)
OTHER_POLL = "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running"


@dataclass(frozen=True)
class Webhook:
    """What setWebhook said; no ``url``: none is set."""

    url: str = ""
    secret_token: str = ""
    allowed_updates: tuple[str, ...] = ()
    max_connections: int = 40


class Arrivals:
    """The webhook, and what waits for getUpdates. ``stopping`` ends a long poll, as the server is."""

    def __init__(self, allow_http: bool, stopping: threading.Event) -> None:
        self.allow_http = allow_http
        self.webhook = Webhook()
        self._stopping = stopping
        self._queue: list[Update] = []
        self._changed = threading.Condition()
        self._polls = 0

    @property
    def methods(self) -> dict[str, Callable[[Params], Any]]:
        return {
            "setwebhook": self._set,
            "deletewebhook": self._delete,
            "getwebhookinfo": self._info,
            "getupdates": self._get,
        }

    @property
    def polled(self) -> bool:
        """Whether the bot ever asked with getUpdates."""
        return self._polls > 0

    def queue(self, update: Update) -> None:
        with self._changed:
            self._queue.append(update)
            self._changed.notify_all()

    def _set(self, params: Params) -> bool:
        url, secret = str(params.get("url") or ""), str(params.get("secret_token") or "")
        if not url:
            return self._delete(params)
        self._check(url)
        if secret and not SECRET.fullmatch(secret):
            raise Refused("Bad Request: secret token contains unallowed characters")
        allowed = tuple(structured(params, "allowed_updates") or self.webhook.allowed_updates)
        most = min(max(int(params.get("max_connections") or 40), 1), 100)
        self._replace(Webhook(url, secret, allowed, most), params)
        return True

    def _check(self, url: str) -> None:
        parts = urlsplit(url)
        if self.allow_http:
            return
        if parts.scheme != "https":
            raise Refused("Bad Request: bad webhook: An HTTPS URL must be provided for webhook")
        if (parts.port or 443) not in PORTS:
            raise Refused("Bad Request: bad webhook: Webhook can be set up only on ports 80, 88, 443 or 8443")

    def _delete(self, params: Params) -> bool:
        self._replace(Webhook(), params)
        return True

    def _replace(self, webhook: Webhook, params: Params) -> None:
        with self._changed:
            self.webhook = webhook
            if str(params.get("drop_pending_updates")).lower() == "true":
                self._queue.clear()
            self._changed.notify_all()

    def _info(self, _: Params) -> dict[str, Any]:
        info = {"url": self.webhook.url, "has_custom_certificate": False, "pending_update_count": len(self._queue)}
        if self.webhook.url:
            info |= {"max_connections": self.webhook.max_connections, "ip_address": "127.0.0.1"}
        if self.webhook.allowed_updates:
            info["allowed_updates"] = list(self.webhook.allowed_updates)
        return info

    def _get(self, params: Params) -> list[Update]:
        """Waits up to ``timeout`` seconds; ``offset`` forgets what came before it, a negative one all but the last."""
        limit, until = min(max(int(params.get("limit") or 100), 1), 100), float(params.get("timeout") or 0)
        until += time.monotonic()
        with self._changed:
            self._polls = mine = self._polls + 1
            self._changed.notify_all()
            self._may_poll(mine)
            self._forget(int(params.get("offset") or 0))
            while not self._queue and time.monotonic() < until and not self._stopping.is_set():
                self._changed.wait(0.1)
                self._may_poll(mine)
            return self._queue[:limit]

    def _forget(self, offset: int) -> None:
        last = self._queue[-1]["update_id"] if self._queue else 0
        first = offset if offset >= 0 else last + 1 + offset
        self._queue = [update for update in self._queue if update["update_id"] >= first]

    def _may_poll(self, mine: int) -> None:
        if self.webhook.url:
            raise Refused(CONFLICT, 409)
        if mine != self._polls:
            raise Refused(OTHER_POLL, 409)
