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

from engine.words import GREETINGS, NO, NO_MORE, STOP, UNSURE, WHEN, YES, asks, plain

TOLD_FREELY = {"place", "when_happened", "what"}
YES_OR_NO = {"danger", "minor", "may_reply", "confirmed"}
TELLING = {"report_crime", "emergency"}
# Wishes that are obeyed in the middle of a question, when it is clear that they are meant.
WISHES = {
    "cancel", "talk_to_person", "change_language", "unsubscribe", "delete_my_data", "menu", "privacy",
    "bot_identity", "report_status", "correct", "skip",
}  # fmt: skip
CHATTER = {"greet", "thank", "goodbye", "affirm", "deny", "subscribe", "out_of_scope", "nlu_fallback"}
ALMOST_SURE = 0.4
SURE = 0.5
VERY_SURE = 0.75
# What cannot be taken back, or loses what was told, wants to be meant.
GRAVE = {"cancel", "delete_my_data", "unsubscribe"}
# A crime below this is left open: the desk reads the words, and a wrong kind would send them to a wrong door.
CRIME_SURE = 0.25


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
    words = plain(text).split()
    if awaiting and words and words[0] in STOP and len(words) <= 3:
        _set_intent(message, "cancel")
    elif intent in GRAVE and message.get(INTENT)["confidence"] < SURE:
        _set_intent(message, "nlu_fallback")
    if awaiting == "delete_my_data":
        _answer_delete(message, text)
    elif awaiting == "desk" and _for_the_desk(message, text):
        _set_intent(message, "answer_desk")
    elif awaiting in TOLD_FREELY or awaiting in YES_OR_NO or awaiting == "country":
        _answer_question(message, text, awaiting, known)
    _add_known(message, awaiting, known)


def _answer_delete(message: Message, text: Text) -> None:
    if said := _yes_or_no(message, text):
        _set_intent(message, "delete_confirmed" if said == "yes" else "delete_refused")


def _answer_question(message: Message, text: Text, awaiting: Text, known: Dict[Text, Any]) -> None:
    value = _answer(message, text, awaiting, known)
    if value is None:
        return
    if not _danger_now(message):
        _set_intent(message, "answer")
    _add_entity(message, awaiting, value)


def _answer(message: Message, text: Text, awaiting: Text, known: Dict[Text, Any]) -> Optional[Text]:
    """The value that a message gives to the open question, None when it is no answer to it."""
    intent, confidence = message.get(INTENT)["name"], message.get(INTENT)["confidence"]
    if intent == "skip" and confidence >= SURE or _unsure(text):
        return "unknown"
    if awaiting in YES_OR_NO:
        return _said(message, text, awaiting)
    if awaiting == "country":
        return known.get("country_said")
    if awaiting == "place" and known.get("place"):
        return str(known["place"])
    if intent == "deny" and len(text.split()) <= 2:
        return "unknown"
    if awaiting == "when_happened" and _tells_when(message, text):
        return text
    if _interrupts(message, text, awaiting):
        return None
    if _danger_now(message) and awaiting != "what":
        return None
    if asks(text) and (awaiting != "what" or _short_or_ends_asking(text)):
        return None
    if awaiting != "what" and intent not in CHATTER | TELLING | {"answer"} and confidence >= 0.8:
        return None
    return text


def _tells_when(message: Message, text: Text) -> bool:
    """ "yesterday ..." answers "when?", whatever else is said with it, unless it asks or danger is plain."""
    words = plain(text).split()
    return bool(words and words[0] in WHEN and not asks(text) and not _danger_now(message))


def _danger_now(message: Message) -> bool:
    """In the middle of questions "last night" must not count as a cry for help: it has to be plain."""
    intent = message.get(INTENT)
    return bool(intent["name"] == "emergency" and intent["confidence"] >= VERY_SURE)


def _interrupts(message: Message, text: Text, awaiting: Text) -> bool:
    """Whether a message is plainly no answer to a question that is answered in free words."""
    intent, confidence = message.get(INTENT)["name"], message.get(INTENT)["confidence"]
    words = plain(text).split()
    if intent in WISHES:
        return bool(confidence >= VERY_SURE and len(words) <= 8)
    if intent == "greet":
        return bool(words and words[0] in GREETINGS and len(words) <= 3)
    if intent == "thank":
        return bool(confidence >= VERY_SURE and len(words) <= 4)
    crime = message.get("crime_type") or {"name": "", "confidence": 0.0}
    another = crime["name"] == "none" and crime["confidence"] >= VERY_SURE
    return intent == "report_crime" and another and confidence >= ALMOST_SURE and awaiting != "what"


def _said(message: Message, text: Text, awaiting: Text) -> Optional[Text]:
    answer = _yes_or_no(message, text)
    if answer == "no" and awaiting == "confirmed":
        _set_intent(message, "correct")
        return None
    return answer


def _yes_or_no(message: Message, text: Text) -> Optional[Text]:
    """By the first word; the intent alone only when it is sure and there are words at all."""
    words = plain(text).split()
    if not words or "?" in text:
        return None
    if words[0] in YES:
        return "yes"
    if words[0] in NO:
        return None if len(words) > 1 and words[1] in NO_MORE else "no"
    intent, confidence = message.get(INTENT)["name"], message.get(INTENT)["confidence"]
    if intent in ("affirm", "deny") and confidence >= SURE:
        return "yes" if intent == "affirm" else "no"
    return None


def _unsure(text: Text) -> bool:
    return " ".join(plain(text).split()) in UNSURE


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
