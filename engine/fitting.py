"""Fits the weights of what is learnt from examples: ``python -m engine.fitting`` (scripts/weights).

In: JSON, ``[[features, whether it is so], ...]``; out: JSON, ``{feature: weight}``, sorted.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from typing import Dict, List, Text, Tuple

from sklearn.feature_extraction import DictVectorizer
from sklearn.linear_model import LogisticRegression

SEEN = 3  # times: a feature seen less often tells nothing
STRICTNESS = 0.3  # C of scikit-learn; .1 and 1 were tried
LEAST = 0.01  # a smaller weight changes no answer


def fitted(rows: List[Tuple[List[Text], bool]]) -> Dict[Text, float]:
    counts = Counter(feature for features, _ in rows for feature in features)
    kept = [{feature: 1.0 for feature in features if counts[feature] >= SEEN} for features, _ in rows]
    table = DictVectorizer()
    model = LogisticRegression(C=STRICTNESS, max_iter=1000).fit(table.fit_transform(kept), [so for _, so in rows])
    weights = zip(table.get_feature_names_out(), model.coef_[0], strict=True)
    told = {feature: round(float(weight), 2) for feature, weight in weights if abs(weight) >= LEAST}
    return {"": round(float(model.intercept_[0]), 2), **told}


if __name__ == "__main__":
    json.dump(fitted(json.load(sys.stdin)), sys.stdout, ensure_ascii=False, indent=0, sort_keys=True)
    print()
