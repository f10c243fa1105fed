"""What a message means: its intent, and the crime it tells of."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from typing import Any, Dict, List, Optional, Text

import joblib
import numpy as np
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.classifiers.classifier import IntentClassifier
from rasa.shared.nlu.constants import INTENT, METADATA, METADATA_EXAMPLE, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from engine import timing, vectors
from engine.readers import GramCounter, Grams, Reader, blended, learn, ngrams
from engine.reading import Reading, reading

CRIME = "crime_type"
URGENT = "urgent"
TOLD = CRIME_TOLD, DANGER = "report_crime", "emergency"
# By letters alone this sure, the meaning, which costs more, is not asked: it would answer the same (docs/decisions.md).
SURE_BY_LETTERS = {INTENT: 0.8, CRIME: 0.8, URGENT: 0.8}
# What a message's English words weigh beside its own meaning (logarithms); chosen on messages of another hand.
ENGLISH_WEIGHT = 0.6
# Half of the examples tell of a crime or a danger, of the messages far fewer do; chosen on messages of another hand.
TOLD_WEIGHT = 0.45
# A missed danger is worse than a false one, and of the examples few tell of one. It takes more where the words say that
# it is over, less where they call for help or say that it goes on, and more for crimes that hardly ever last.
URGENT_FROM = {None: 0.35, timing.OVER: 0.75, timing.NOW: 0.12}
SELDOM_URGENT = frozenset({"other", "robbery", "discrimination", "fraud"})
SELDOM_FROM = {None: 0.5, timing.OVER: 0.75, timing.NOW: 0.25}


class Said:
    """A message as the readers want it; its meaning is only worked out when one of them asks.

    ``english``: the same in English words, where it is in a script that the readers did not learn and any are known.
    """

    def __init__(self, read: Reading, grams: Grams, english: Optional[Said] = None) -> None:
        self.latin = read.latin
        self.meaning = read.meaning
        self.grams = grams
        self.english = english

    @cached_property
    def vector(self) -> np.ndarray:
        return np.atleast_2d(vectors.ahead.vector(self.meaning))


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=True)
class Understanding(GraphComponent, IntentClassifier):
    """Three questions of a message: what is wanted, which crime is told, and whether it happens now.

    The crime is learnt from examples with ``metadata: {crime_type: ...}``; who reads it decides whether it counts.
    Left on the message: ``urgent``: bool, where it tells of a crime; ``crime_type``: ``{"name", "confidence"}``, there
    and where it answers what happened; ``by_letters``: that they were enough.
    """

    def __init__(self, config: Dict[Text, Any], storage: ModelStorage, resource: Resource) -> None:
        self.config = config
        self.storage = storage
        self.resource = resource
        self.grams: Optional[GramCounter] = None
        self.readers: Dict[Text, Reader] = {}

    @classmethod
    def create(
        cls,
        config: Dict[Text, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> Understanding:
        return cls(config, model_storage, resource)

    @classmethod
    def load(
        cls,
        config: Dict[Text, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> Understanding:
        self = cls(config, model_storage, resource)
        with model_storage.read_from(resource) as folder:
            fitted, self.readers = joblib.load(folder / "models.joblib")
        self.grams = GramCounter(fitted)
        # The first call reads what it needs: not in somebody's turn.
        vectors.embed(["hola"])
        reading("سلام 你好"), reading("hola")
        return self

    def train(self, training_data: TrainingData) -> Resource:
        examples = [m for m in training_data.intent_examples if m.get(TEXT)]
        read = [reading(m.get(TEXT)) for m in examples]
        meanings = vectors.embed_all([one.meaning for one in read], _tell)
        fitted = ngrams()
        grams = fitted.fit_transform([one.letters for one in read]).tocsr()
        intents = [m.get(INTENT) for m in examples]
        told = [i for i, intent in enumerate(intents) if intent in TOLD]
        crimes = [i for i, message in enumerate(examples) if _crime(message)]
        _tell(f"learning {len(set(intents))} intents and {len({_crime(examples[i]) for i in crimes})} crimes")
        questions = {
            INTENT: (list(range(len(examples))), intents),
            CRIME: (crimes, [_crime(examples[i]) for i in crimes]),
            URGENT: (told, [intents[i] for i in told]),
        }
        with ThreadPoolExecutor(2) as fits, ThreadPoolExecutor(len(questions)) as pool:
            learnt = {
                what: pool.submit(learn, grams[rows], meanings[rows], labels, fits)
                for what, (rows, labels) in questions.items()
            }
            self.readers = {what: future.result() for what, future in learnt.items()}
        with self.storage.write_to(self.resource) as folder:
            joblib.dump((fitted, self.readers), folder / "models.joblib")
        return self.resource

    def process(self, messages: List[Message]) -> List[Message]:
        for message in messages:
            text = message.get(TEXT) or ""
            if text.startswith("/"):
                _named_already(message, text)
            elif text:
                self._understand(message, text)
        return messages

    def _understand(self, message: Message, text: Text) -> None:
        said = self._said(reading(text))
        ranking = _told_together(self._shares(INTENT, said))
        tells = ranking[0]["name"] in TOLD
        known = message.get("metadata")
        crime = None
        if tells or (isinstance(known, dict) and known.get("awaiting") == "what"):
            crime = _rows(self._shares(CRIME, said))[0]
            message.set(CRIME, crime, add_to_output=True)
        if tells and crime:
            now = self._shares(URGENT, said)[DANGER]
            urgent = now >= _urgent_from(text, crime["name"])
            # "apart": how surely it is this one of the two
            ranking[0].update(name=DANGER if urgent else CRIME_TOLD, apart=now if urgent else 1 - now)
            message.set(URGENT, urgent, add_to_output=True)
        message.set(INTENT, ranking[0], add_to_output=True)
        message.set("intent_ranking", ranking[:10], add_to_output=True)
        message.set("by_letters", "vector" not in vars(said), add_to_output=True)

    def _said(self, read: Reading) -> Said:
        english = self._said(Reading(True, read.english, read.english)) if read.english else None
        assert self.grams
        return Said(read, self.grams.grams(read.letters), english)

    def _shares(self, what: Text, said: Said) -> Dict[Text, float]:
        """Answer to a question about a message → its share."""
        reader = self.readers[what]
        return dict(zip(reader.answers, map(float, _read(reader, said, SURE_BY_LETTERS[what])), strict=True))


def _read(reader: Reader, said: Said, sure: float) -> np.ndarray:
    """By the letters where they are ``sure``, else by all; another script by its meaning and its English words."""
    if not said.latin:
        meaning = reader.by_meaning(said.vector)
        if said.english is None:
            return meaning
        return blended(reader.by_all(said.english.grams, said.english.vector), meaning, ENGLISH_WEIGHT)
    letters = reader.by_letters(said.grams)
    return letters if letters.max() >= sure else reader.by_all(said.grams, said.vector)


def _urgent_from(text: Text, crime: Text) -> float:
    """The share from which a crime told is taken for a danger now."""
    return (SELDOM_FROM if crime in SELDOM_URGENT else URGENT_FROM)[timing.said(vectors.read(text))]


def _told_together(shares: Dict[Text, float]) -> List[Dict[Text, Any]]:
    """A crime told and a danger now count together; which of the two it is, is asked for itself."""
    together = TOLD_WEIGHT * sum(shares[name] for name in TOLD)
    others = {name: share for name, share in shares.items() if name not in TOLD}
    whole = together + sum(others.values())
    told = {"name": max(TOLD, key=lambda name: shares[name]), "confidence": together / whole}
    others = {name: share / whole for name, share in others.items()}
    return sorted([told, *_rows(others)], key=lambda row: -row["confidence"])


def _rows(shares: Dict[Text, float]) -> List[Dict[Text, Any]]:
    """``{"name", "confidence"}``, the likeliest first."""
    return [{"name": name, "confidence": share} for name, share in sorted(shares.items(), key=lambda i: -i[1])]


def _named_already(message: Message, text: Text) -> None:
    """A tapped option says its intent itself; Rasa reads it after the pipeline, which wants one meanwhile."""
    sure = {"name": text[1:].partition("{")[0], "confidence": 1.0}
    message.set(INTENT, sure, add_to_output=True)
    message.set("intent_ranking", [sure], add_to_output=True)


def _tell(progress: Text) -> None:
    """bot/training.py passes these lines on."""
    print(f"faro: {progress}", flush=True)


def _crime(message: Message) -> Any:
    return (message.get(METADATA, {}).get(METADATA_EXAMPLE) or {}).get(CRIME)
