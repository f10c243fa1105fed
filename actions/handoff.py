"""Ask a human to write."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from rasa_sdk import Tracker
from rasa_sdk.events import EventType
from rasa_sdk.executor import CollectingDispatcher

from actions.report import RuntimeAction, inbound_of
from bot import reports
from bot.reports import Told
from bot.store.models import Inbound


class AskPerson(RuntimeAction):
    """Puts the wish to speak with a person before the desk of the person's country."""

    def name(self) -> str:
        return "action_ask_person"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        runtime, inbound = self.runtime, inbound_of(tracker)
        with runtime.sessions.begin() as session:
            text = runtime.vault.open(session.get_one(Inbound, inbound).body_sealed).get("text", "")
            told = Told({"country": tracker.slots.get("country")}, [text] if text else [])
            content = runtime.shelf.content()
            filed = reports.file_report(session, runtime.vault, content, inbound, told, kind="request")
            reply = {"reply": "person_asked", **asdict(filed)}
        dispatcher.utter_message(json_message=reply)
        return []
