"""Ask a human to write."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from rasa_sdk import Tracker
from rasa_sdk.events import EventType
from rasa_sdk.executor import CollectingDispatcher

from actions.report import RuntimeAction, inbound_of
from bot import partners, reports
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
            content, holders = runtime.shelf.content(), partners.holders(runtime)
            filed = reports.file_report(session, content, inbound, told, kind="request", holders=holders)
            partners.filed(session, runtime, filed.case)
            reply = {"reply": "person_asked", **asdict(filed)}
        dispatcher.utter_message(json_message=reply)
        return []
