"""The only door to the engine: one message in, the names of replies out."""

from __future__ import annotations

import hmac
import os
from typing import Any, Awaitable, Callable, Dict, List, Optional, Text

from rasa.core.channels.channel import CollectingOutputChannel, InputChannel, UserMessage
from rasa.shared.core.events import BotUttered, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker
from sanic import Blueprint
from sanic.request import Request
from sanic.response import HTTPResponse, json

from engine import action_call, rules
from engine.action_call import TurnFailed
from engine.reading import reading
from engine.tracker import one_turn
from engine.vectors import ahead

Handler = Callable[[UserMessage], Awaitable[Any]]


class FaroInput(InputChannel):
    """``POST /webhooks/faro/turn``: ``{contact, id, text, metadata}``, answered by `answer_from`.

    A message whose ``id`` was the conversation's last is not worked again: its answer is read from the tracker.
    503 means that nothing happened and the same message may be asked again.
    ``POST /webhooks/faro/ahead``: ``{texts}`` that will be asked soon.
    """

    @classmethod
    def name(cls) -> Text:
        return "faro"

    @classmethod
    def from_credentials(cls, credentials: Optional[Dict[Text, Any]]) -> "FaroInput":
        return cls()

    def __init__(self) -> None:
        action_call.install()
        rules.install()
        self.token = os.environ.get("FARO_ENGINE_TOKEN", "")

    def blueprint(self, on_new_message: Handler) -> Blueprint:
        webhook = Blueprint("faro_webhook")

        @webhook.route("/", methods=["GET"])
        async def health(request: Request) -> HTTPResponse:
            ready = request.app.ctx.agent is not None and request.app.ctx.agent.is_ready()
            return json({"ready": ready}, status=200 if ready else 503)

        @webhook.route("/turn", methods=["POST"])
        async def turn(request: Request) -> HTTPResponse:
            if not self._allowed(request):
                return json({"error": "token"}, status=403)
            with one_turn():
                return await self._turn(request, on_new_message)

        @webhook.route("/ahead", methods=["POST"])
        async def begin(request: Request) -> HTTPResponse:
            if not self._allowed(request):
                return json({"error": "token"}, status=403)
            ahead.begin([reading(text).meaning for text in request.json["texts"]])
            return json({}, status=202)

        return webhook

    def _allowed(self, request: Request) -> bool:
        given = request.headers.get("authorization", "")
        return bool(self.token) and hmac.compare_digest(given.encode(), f"Bearer {self.token}".encode())

    async def _turn(self, request: Request, on_new_message: Handler) -> HTTPResponse:
        asked = request.json
        store = request.app.ctx.agent.tracker_store
        try:
            if not await _answered(store, asked):
                await on_new_message(_message(asked))
            tracker = await store.retrieve(asked["contact"])
        except TurnFailed as failure:
            return json({"error": str(failure)}, status=503)
        return json(answer_from(tracker))


def _message(asked: Dict[Text, Any]) -> UserMessage:
    return UserMessage(
        asked["text"],
        CollectingOutputChannel(),
        asked["contact"],
        input_channel="faro",
        message_id=asked["id"],
        metadata=asked["metadata"],
    )


async def _answered(store: Any, asked: Dict[Text, Any]) -> bool:
    tracker = await store.retrieve(asked["contact"])
    return tracker is not None and _last_id(tracker) == asked["id"]


def _last_id(tracker: DialogueStateTracker) -> Optional[Text]:
    """Among all events: those that Rasa "applies" leave out what was said in a form that is done."""
    said = (event.message_id for event in reversed(tracker.events) if isinstance(event, UserUttered))
    return next(said, None)


def answer_from(tracker: DialogueStateTracker) -> Dict[Text, Any]:
    """What the last turn decided: the replies by name, the question now open, the slots, the intent."""
    replies: List[Any] = []
    intent: Dict[Text, Any] = {}
    likeliest: List[Text] = []
    for event in reversed(tracker.events):
        if isinstance(event, UserUttered):
            intent = event.intent
            ranking = [row["name"] for row in event.parse_data.get("intent_ranking", [])]
            likeliest = [name for name in ranking if name != "nlu_fallback"][:2]
            break
        if isinstance(event, BotUttered) and event.data.get("custom"):
            replies.insert(0, event.data["custom"])
    return {
        "replies": replies,
        "form": tracker.active_loop_name,
        "awaiting": tracker.get_slot("requested_slot") if tracker.active_loop_name else None,
        "slots": {k: v for k, v in tracker.current_slot_values().items() if v is not None},
        "intent": {"name": intent.get("name"), "confidence": intent.get("confidence")},
        "likeliest": likeliest,
    }
