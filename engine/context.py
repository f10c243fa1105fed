"""What a message means here: what the worker already found in it, and what question it answers.

The worker sends, with each message, what it knows (see `bot.engine.Context`): the open question (``awaiting``), the
place and country found in the text, the crime already told. Without that (`rasa shell`, `rasa test`, training)
a message passes unchanged.
"""

from __future__ import annotations

from typing import Any, Dict, List, Optional, Text

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.nlu.constants import ENTITIES, INTENT, TEXT
from rasa.shared.nlu.training_data.message import Message

from engine.asking import asks, plain

TOLD_FREELY = {"place", "when_happened", "what"}
YES_OR_NO = {"danger", "minor", "may_reply", "confirmed"}
TELLING = {"report_crime", "emergency"}
# Wishes that are obeyed in the middle of a question, when it is clear that they are meant.
WISHES = {
    "cancel", "talk_to_person", "change_language", "unsubscribe", "delete_my_data", "menu", "privacy",
    "bot_identity", "report_status", "correct", "skip",
}  # fmt: skip
CHATTER = {"greet", "thank", "goodbye", "affirm", "deny", "subscribe", "out_of_scope", "nlu_fallback"}
SURE = 0.5
# What cannot be taken back, or loses what was told, wants to be meant.
GRAVE = {"cancel", "delete_my_data", "unsubscribe"}
# A crime below this is left open: the desk reads the words, and a wrong kind would send them to a wrong door.
CRIME_SURE = 0.35
YES = frozenset("si sip sii claro yes yeah yep ya sim oui ouais wi yea ok okay".split())
NO = frozenset("no nop nope nah nao non negativo nada".split())


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.ENTITY_EXTRACTOR, is_trainable=False)
class Context(GraphComponent):
    """Turns an answer to the open question into intent ``answer`` with an entity of the question's name."""

    @classmethod
    def create(
        cls,
        config: Dict[Text, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> Context:
        return cls()

    def process(self, messages: List[Message]) -> List[Message]:
        for message in messages:
            known = message.get("metadata")
            text = message.get(TEXT)
            if isinstance(known, dict) and text and not text.startswith("/"):
                _place_in_talk(message, text, known)
        return messages


def _place_in_talk(message: Message, text: Text, known: Dict[Text, Any]) -> None:
    awaiting = known.get("awaiting")
    intent = message.get(INTENT)["name"]
    if intent in GRAVE and message.get(INTENT)["confidence"] < SURE:
        intent = "nlu_fallback"
        _set_intent(message, intent)
    if awaiting == "delete_my_data":
        _answer_delete(message, text, intent)
    elif awaiting == "desk" and _for_the_desk(message, text):
        _set_intent(message, "answer_desk")
    elif awaiting in TOLD_FREELY or awaiting in YES_OR_NO or awaiting == "country":
        _answer_question(message, text, awaiting, known)
    _add_known(message, awaiting, known)


def _answer_delete(message: Message, text: Text, intent: Text) -> None:
    if _yes_or_no(text, intent) == "yes":
        _set_intent(message, "delete_confirmed")


def _answer_question(message: Message, text: Text, awaiting: Text, known: Dict[Text, Any]) -> None:
    if message.get(INTENT)["name"] == "unsubscribe" and len(text.split()) <= 2:
        _set_intent(message, "cancel")  # "stop" alone, in the middle of questions, stops the questions
        return
    value = _answer(message, text, awaiting, known)
    if value is None:
        return
    if message.get(INTENT)["name"] != "emergency":
        _set_intent(message, "answer")
    _add_entity(message, awaiting, value)


def _answer(message: Message, text: Text, awaiting: Text, known: Dict[Text, Any]) -> Optional[Text]:
    """The value that a message gives to the open question, None when it is no answer to it."""
    intent, confidence = message.get(INTENT)["name"], message.get(INTENT)["confidence"]
    if awaiting in YES_OR_NO:
        return _said(text, intent, awaiting, message)
    if awaiting == "country":
        return known.get("country_said")
    if awaiting == "place" and known.get("place"):
        return str(known["place"])
    if intent == "deny" and len(text.split()) <= 2:
        return "unknown"
    if intent in WISHES and confidence >= SURE and (awaiting != "what" or len(text.split()) <= 8):
        return None
    if intent == "emergency" and awaiting != "what":
        return None
    if asks(text) and (awaiting != "what" or _short_or_ends_asking(text)):
        return None
    if awaiting != "what" and intent not in CHATTER | TELLING | {"answer"} and confidence >= 0.8:
        return None
    return text


def _said(text: Text, intent: Text, awaiting: Text, message: Message) -> Optional[Text]:
    answer = _yes_or_no(text, intent)
    if answer == "no" and awaiting == "confirmed":
        _set_intent(message, "correct")
        return None
    return answer


def _yes_or_no(text: Text, intent: Text) -> Optional[Text]:
    if asks(text) and "?" in text:
        return None
    first = (plain(text).split() or [""])[0]
    if intent in ("affirm", "deny"):
        return "yes" if intent == "affirm" else "no"
    if first in YES or first in NO:
        return "yes" if first in YES else "no"
    return None


def _for_the_desk(message: Message, text: Text) -> bool:
    """What a person says while an operator talks with them goes to the operator, but for clear wishes."""
    intent, confidence = message.get(INTENT)["name"], message.get(INTENT)["confidence"]
    if intent in TELLING | CHATTER | {"skip", "correct", "cancel"}:
        return intent != "emergency"
    return not (confidence >= SURE and (asks(text) or intent in WISHES))


def _short_or_ends_asking(text: Text) -> bool:
    return len(text.split()) <= 12 or text.rstrip()[-1:] in "?？؟"


def _add_known(message: Message, awaiting: Optional[Text], known: Dict[Text, Any]) -> None:
    intent = message.get(INTENT)["name"]
    tells = intent in TELLING or awaiting == "what"
    if tells and known.get("place") and awaiting != "place" and not known.get("known_place"):
        _add_entity(message, "place", known["place"])
    if known.get("country"):
        _add_entity(message, "country", known["country"])
    crime = message.get("crime_type") or {}
    sure = crime.get("name") not in (None, "none") and crime["confidence"] >= CRIME_SURE
    if tells and sure and not known.get("known_crime"):
        _add_entity(message, "crime_type", crime["name"])


def _set_intent(message: Message, name: Text) -> None:
    message.set(INTENT, {"name": name, "confidence": 1.0}, add_to_output=True)


def _add_entity(message: Message, name: Text, value: Any) -> None:
    entity = {"entity": name, "value": value, "start": 0, "end": 0, "extractor": "Context"}
    message.set(ENTITIES, message.get(ENTITIES, []) + [entity], add_to_output=True)
