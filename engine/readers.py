"""How a question about a message is learnt and answered: by its letters, by its meaning, and by both.

Letters (n-grams and words) know what the examples wrote, and cost little; the meaning (embeddings) carries what was
never written in the examples, and other languages. Figures: docs/decisions.md.
"""

from __future__ import annotations

from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Callable, Dict, List, Text, Tuple

import numpy as np
from scipy.sparse import csr_matrix, hstack
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import FeatureUnion, make_union

# Penalties, chosen on messages of another hand (tests/understanding).
LETTERS_C, MEANING_C = 10, 0.003
# What the meaning alone weighs beside both together (logarithms).
MEANING_WEIGHT = 0.1
# Beside the letters the meaning is learnt at this scale: a smaller one is punished more, and trusted less.
MEANING_SCALE = 0.5


def ngrams() -> FeatureUnion:
    """Groups of two to four letters within words, words, and pairs of words; without accents."""
    alike = {"min_df": 2, "sublinear_tf": True, "strip_accents": "unicode", "dtype": np.float32}
    letters = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 4), max_features=30_000, **alike)
    words = TfidfVectorizer(analyzer="word", ngram_range=(1, 2), token_pattern=r"(?u)\b\w+\b", **alike)  # noqa: S106 (a pattern)
    return make_union(letters, words)


@dataclass(frozen=True)
class Grams:
    """Of one text: which features it has, ascending, and how much of each."""

    features: np.ndarray
    amounts: np.ndarray


class GramCounter:
    """Counts the groups of one text as ``ngrams`` does, in half the time: without a matrix for each step."""

    def __init__(self, fitted: FeatureUnion) -> None:
        self._parts = []
        first = 0
        for _, part in fitted.transformer_list:
            self._parts.append((part.build_analyzer(), part.vocabulary_, part.idf_.astype(np.float32), first))
            first += len(part.vocabulary_)

    def grams(self, text: Text) -> Grams:
        features, amounts = zip(*(self._of(text, *part) for part in self._parts), strict=True)
        return Grams(np.concatenate(features), np.concatenate(amounts))

    @staticmethod
    def _of(
        text: Text, groups: Callable[[Text], List[Text]], known: Dict[Text, int], rarity: np.ndarray, first: int
    ) -> Tuple[np.ndarray, np.ndarray]:
        numbers = [known[group] for group in groups(text) if group in known]
        features, counts = np.unique(np.array(numbers, np.int64), return_counts=True)
        amounts = (1 + np.log(counts.astype(np.float32))) * rarity[features]
        return features + first, amounts / max(float(np.sqrt(amounts @ amounts)), 1e-9)


@dataclass(frozen=True)
class Linear:
    """Weights (features x answers) and a bias for each answer."""

    weights: np.ndarray
    bias: np.ndarray

    def scores(self, row: Grams | np.ndarray) -> np.ndarray:
        if isinstance(row, Grams):
            return np.asarray(row.amounts @ self.weights[row.features]) + self.bias
        return np.asarray(row @ self.weights)[0] + self.bias


@dataclass(frozen=True)
class Reader:
    """One question: its possible answers, and three ways to weigh them."""

    answers: List[Text]
    letters: Linear
    letters_of_both: Linear
    meaning_of_both: Linear
    meaning: Linear

    def by_letters(self, grams: Grams) -> np.ndarray:
        """The share of each answer."""
        return np.exp(_log_shares(self.letters.scores(grams)))

    def by_meaning(self, vector: np.ndarray) -> np.ndarray:
        """The same, whatever the script."""
        return np.exp(_log_shares(self.meaning.scores(vector)))

    def by_all(self, grams: Grams, vector: np.ndarray) -> np.ndarray:
        """The same, by letters and meaning."""
        both = np.exp(_log_shares(self.letters_of_both.scores(grams) + self.meaning_of_both.scores(vector)))
        return blended(self.by_meaning(vector), both, MEANING_WEIGHT)


def blended(one: np.ndarray, other: np.ndarray, weight: float) -> np.ndarray:
    """Shares of which the first ones weigh so much beside the others, as logarithms."""
    least = np.finfo(np.float32).tiny  # a share may be rounded to nothing
    return np.exp(_log_shares(weight * np.log(one + least) + (1 - weight) * np.log(other + least)))


def learn(grams: csr_matrix, vectors: np.ndarray, labels: List[Text], pool: Executor) -> Reader:
    """From one row for each example; the fits in ``pool``, the longest first, as they take a minute."""
    answers = sorted(set(labels))
    mean, spread = vectors.mean(0), vectors.std(0)
    fit_both = pool.submit(_fit, hstack([grams, csr_matrix(vectors * MEANING_SCALE)]).tocsr(), labels, LETTERS_C)
    fit_letters = pool.submit(_fit, grams, labels, LETTERS_C)
    plain = LogisticRegression(C=MEANING_C, max_iter=300)
    fit_plain = pool.submit(plain.fit, (vectors - mean) / spread, labels)
    both, letters, (weights, bias) = fit_both.result(), fit_letters.result(), _columns(fit_plain.result())
    weights = weights / spread[:, None]
    width = grams.shape[1]
    none = np.zeros(len(answers), np.float32)
    return Reader(
        answers,
        letters,
        Linear(np.ascontiguousarray(both.weights[:width]), both.bias),
        Linear(np.ascontiguousarray(both.weights[width:] * MEANING_SCALE), none),
        Linear(weights.astype(np.float32), (bias - mean @ weights).astype(np.float32)),
    )


def _fit(rows: csr_matrix, labels: List[Text], penalty: float) -> Linear:
    # 51 answers: this solver is the fast one, and does not ask for the last digit
    model = LogisticRegression(C=penalty, max_iter=100, random_state=42, solver="saga", tol=0.01).fit(rows, labels)
    weights, bias = _columns(model)
    return Linear(np.ascontiguousarray(weights, np.float32), bias.astype(np.float32))


def _columns(model: LogisticRegression) -> tuple[np.ndarray, np.ndarray]:
    """A column for each answer, also where there are only two and the library keeps one."""
    if len(model.classes_) > 2:
        return model.coef_.T, model.intercept_
    half = model.coef_.T / 2
    return np.hstack([-half, half]), np.concatenate([-model.intercept_, model.intercept_]) / 2


def _log_shares(scores: np.ndarray) -> np.ndarray:
    above = scores - scores.max()
    return above - np.log(np.exp(above).sum())
