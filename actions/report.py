"""The report form's actions."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from bot import partners, reports, transcript
from bot.reports import Told
from bot.runtime import Runtime
from bot.store.models import Contact, Inbound

SLOTS = (
    "danger", "place", "country", "when_happened", "what", "minor", "may_reply", "confirmed", "crime_type",
    "field",
)  # fmt: skip


def forget_slots() -> list[EventType]:
    return [SlotSet(name, None) for name in SLOTS]


def inbound_of(tracker: Tracker) -> int:
    """The id of the stored message that this turn answers."""
    said = next(e for e in reversed(tracker.events) if e["event"] == "user")
    return int(said["message_id"])


class RuntimeAction(Action):  # type: ignore[misc]
    """An action that is handed the runtime when the server starts."""

    def __init__(self, runtime: Runtime) -> None:
        self.runtime = runtime


class FileReport(RuntimeAction):
    """Stores and routes the report; only then is the person told that we have it."""

    def name(self) -> str:
        return "action_file_report"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        runtime, inbound = self.runtime, inbound_of(tracker)
        slots = {k: v for k, v in tracker.slots.items() if k in SLOTS and v is not None}
        with runtime.sessions.begin() as session:
            contact = session.get_one(Contact, session.get_one(Inbound, inbound).contact_id)
            began = contact.form_since or inbound
            told = Told(slots, transcript.words(session, runtime.vault, contact.id, began, inbound), began)
            filed = reports.file_report(
                session, runtime.shelf.content(), inbound, told, holders=partners.holders(runtime)
            )
            partners.filed(session, runtime, filed.case)
            reply = {"reply": "report_filed", **asdict(filed)}
        dispatcher.utter_message(json_message=reply)
        return forget_slots()


class ChangeAnswer(RuntimeAction):
    """Empties the answer that the person wants to change, so that the form asks it again."""

    def name(self) -> str:
        return "action_change_answer"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        field = tracker.slots.get("field")
        emptied = [field, "field"] if field in SLOTS else ["field"]
        return [SlotSet(name, None) for name in emptied]


class ForgetReport(RuntimeAction):
    """Empties a report that was stopped."""

    def name(self) -> str:
        return "action_forget_report"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        return forget_slots()


class ReportStatus(RuntimeAction):
    """Says what became of the person's reports."""

    def name(self) -> str:
        return "action_report_status"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        with self.runtime.sessions() as session:
            contact = session.get_one(Inbound, inbound_of(tracker)).contact_id
            found = reports.of_contact(session, contact)[:3]
        cases = [{"case": r.number, "desk": r.desk, "status": r.status, "outcome": r.outcome} for r in found]
        dispatcher.utter_message(json_message={"reply": "report_status", "cases": cases})
        return []
