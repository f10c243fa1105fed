"""Weights that were learnt from examples (``scripts/weights``): how surely something is so, by what is true of it."""

import json
import math
import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path

DATA = Path(__file__).parent.parent / "data"
NOT_LEARNT = re.compile("[\u0600-\u06ff\u3400-\u9fff]")  # Arabic and Chinese: there are no examples


def share(weights: Path, features: Iterable[str]) -> float:
    """0 to 1: how surely it is so, where these features are true."""
    known = _read(weights)
    return 1 / (1 + math.exp(-known[""] - sum(known.get(feature, 0.0) for feature in features)))


@cache
def _read(weights: Path) -> dict[str, float]:
    """By feature; under "" what counts always."""
    read: dict[str, float] = json.loads(weights.read_text("utf-8"))
    return read
