"""Twilio's Content API and the Media of messages.

https://www.twilio.com/docs/content/content-api-resources, https://www.twilio.com/docs/messaging/api/media-resource
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from flask import Flask, Response, jsonify, request

from tests.fakes.twilio_rules import RICH, TEXT, Refusal, Rendered, bad_content, render
from tests.fakes.twilio_webhooks import WHATSAPP, sid

API = "https://api.twilio.com"
CONTENT = "https://content.twilio.com"


def answer(body: Refusal | dict[str, Any], status: int = 200) -> Response:
    response = jsonify(body.json() if isinstance(body, Refusal) else body)
    response.status_code = body.status if isinstance(body, Refusal) else status
    return response


def not_found() -> Response:
    return answer(Refusal(20404, f"The requested resource {request.path} was not found", 404))


class Contents:
    """The contents made, by sid, and which of them WhatsApp approved as templates."""

    def __init__(self, account_sid: str) -> None:
        self.account_sid = account_sid
        self.made: dict[str, dict[str, Any]] = {}
        self.approved: set[str] = set()

    def install(self, app: Flask) -> None:
        app.add_url_rule("/v1/Content", "contents", self._list, methods=["GET"])
        app.add_url_rule("/v1/Content", "content", self._create, methods=["POST"])

    def approve(self, content_sid: str) -> None:
        if "twilio/list-picker" in self.made[content_sid]["types"]:
            raise ValueError("WhatsApp approves no list-picker")
        self.approved.add(content_sid)

    def render(self, content_sid: str, to: str, variables: Mapping[str, str]) -> Rendered | None:
        """As the channel of ``to`` shows it; None when it has no type that the channel knows."""
        made = self.made[content_sid]
        known = (*RICH, TEXT) if to.startswith(WHATSAPP) else (TEXT,)
        kind = next((kind for kind in known if kind in made["types"]), None)
        return render(made["types"], kind, made["variables"] | variables) if kind else None

    def _list(self) -> Response:
        meta = {"page": 0, "page_size": 50, "key": "contents", "next_page_url": None, "previous_page_url": None}
        meta |= {"first_page_url": f"{CONTENT}/v1/Content?PageSize=50&Page=0", "url": f"{CONTENT}/v1/Content"}
        return answer({"contents": list(self.made.values()), "meta": meta})

    def _create(self) -> Response:
        body: Any = request.get_json(silent=True)
        wrong = bad_content(body)
        return answer(wrong) if wrong else answer(self._resource(body), 201)

    def _resource(self, body: dict[str, Any]) -> dict[str, Any]:
        made, now = sid("HX"), f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
        url = f"{CONTENT}/v1/Content/{made}"
        approvals = {"approval_create": f"{url}/ApprovalRequests/whatsapp", "approval_fetch": f"{url}/ApprovalRequests"}
        self.made[made] = {
            "sid": made, "account_sid": self.account_sid, "friendly_name": body.get("friendly_name"),
            "language": body["language"], "variables": body.get("variables") or {}, "types": body["types"],
            "date_created": now, "date_updated": now, "url": url, "links": approvals,
        }  # fmt: skip
        return self.made[made]


class Media:
    """Photos and voices of messages, by path. They are asked for with credentials, and lie elsewhere without."""

    def __init__(self, account_sid: str) -> None:
        self.account_sid = account_sid
        self._kept: dict[str, tuple[bytes, str]] = {}

    def install(self, app: Flask) -> None:
        path = "/2010-04-01/Accounts/<account>/Messages/<message>/Media/<medium>"
        app.add_url_rule(path, "medium", self._fetch, methods=["GET"])
        app.add_url_rule(path, "no_medium", self._delete, methods=["DELETE"])
        app.add_url_rule("/cdn/<path:path>", "cdn", self._bytes)

    def add(self, content: bytes, kind: str) -> str:
        path = f"/2010-04-01/Accounts/{self.account_sid}/Messages/{sid('MM')}/Media/{sid('ME')}"
        self._kept[path] = (content, kind)
        return API + path

    def _fetch(self, account: str, message: str, medium: str) -> Response:
        """Its description with ``.json``, as the library asks; the way to the bytes without."""
        found = self._kept.get(request.path.removesuffix(".json"))
        if not found:
            return not_found()
        if not medium.endswith(".json"):
            return Response(status=307, headers={"Location": self._elsewhere(request.path)})
        described = {"sid": medium.removesuffix(".json"), "parent_sid": message, "account_sid": account}
        return answer(described | {"content_type": found[1], "uri": request.path})

    def _elsewhere(self, path: str) -> str:
        """On another host, as at Twilio, so that a client does not take its credentials there."""
        return f"http://localhost:{urlsplit(request.host_url).port}/cdn{path}"

    def _delete(self, account: str, message: str, medium: str) -> Response:
        found = self._kept.pop(request.path.removesuffix(".json"), None)
        return Response(status=204) if found else not_found()

    def _bytes(self, path: str) -> Response:
        found = self._kept.get(f"/{path}")
        return Response(found[0], mimetype=found[1]) if found else Response(status=404)
