"""How well messages are understood: `faro understand --report`, on lines that also carry the right answers."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.understanding import TOLD, Understood

SURE = 0.8
BINS = 10


@dataclass(frozen=True)
class Pair:
    """One message: what was understood, and the right answers by the same names (absent where nobody says)."""

    found: Understood
    right: dict[str, Any]


def labelled(raw: Iterable[str]) -> list[dict[str, Any]]:
    """The lines of a file. Raises ValueError with the number of the line that is none of ours."""
    rows = []
    for number, line in enumerate(raw, 1):
        try:
            row = json.loads(line)
        except ValueError:
            row = None
        if not (isinstance(row, dict) and isinstance(row.get("text"), str) and "intent" in row):
            raise ValueError(f"line {number}: an object with text and intent is wanted")
        rows.append(row)
    return rows


def report(pairs: Sequence[Pair]) -> str:
    """A table by language, the pairs most often taken for each other, and whether a confidence means what it says."""
    languages = sorted({str(pair.right.get("lang")) for pair in pairs})
    head = f"{'':10}" + "".join(f"{name:>9}" for name in (*languages, "all"))
    groups = [*([pair for pair in pairs if str(pair.right.get("lang")) == of] for of in languages), list(pairs)]
    rows = [f"{'messages':10}" + "".join(f"{len(group):9}" for group in groups)]
    for name, measure in MEASURES.items():
        rows.append(f"{name:10}" + "".join(_cell(measure(group)) for group in groups))
    return "\n".join([head, *rows, "", *_confusions(pairs), "", *_calibration(pairs)])


def _cell(share: tuple[int, int]) -> str:
    good, of = share
    return f"{good / of:9.3f}" if of else f"{'-':>9}"


def _equal(name: str, among: Callable[[Pair], bool] = lambda pair: True) -> Callable[[Sequence[Pair]], tuple[int, int]]:
    """Share of the messages whose field is right, among those that have a right answer."""

    def measure(pairs: Sequence[Pair]) -> tuple[int, int]:
        asked = [pair for pair in pairs if name in pair.right and among(pair)]
        return sum(getattr(pair.found, name) == pair.right[name] for pair in asked), len(asked)

    return measure


def _found(name: str) -> Callable[[Sequence[Pair]], tuple[int, int]]:
    """Recall of a yes."""
    return lambda pairs: _share([p for p in pairs if p.right.get(name)], lambda p: bool(getattr(p.found, name)))


def _meant(name: str) -> Callable[[Sequence[Pair]], tuple[int, int]]:
    """Precision of a yes."""
    return lambda pairs: _share([p for p in pairs if getattr(p.found, name)], lambda p: bool(p.right.get(name)))


def _share(pairs: Sequence[Pair], good: Callable[[Pair], bool]) -> tuple[int, int]:
    return sum(map(good, pairs)), len(pairs)


def _is_told(pair: Pair) -> bool:
    return pair.right["intent"] in TOLD


def _invented(pairs: Sequence[Pair]) -> tuple[int, int]:
    """A country where the text says none."""
    asked = [pair for pair in pairs if "country" in pair.right and pair.right["country"] is None]
    return _share(asked, lambda pair: pair.found.country is not None)


MEASURES: dict[str, Callable[[Sequence[Pair]], tuple[int, int]]] = {
    "lang": _equal("lang"),
    "intent": _equal("intent"),
    "told found": lambda pairs: _share([p for p in pairs if _is_told(p)], lambda p: p.found.intent in TOLD),
    "told right": lambda pairs: _share([p for p in pairs if p.found.intent in TOLD], _is_told),
    "crime": _equal("crime_type", lambda pair: bool(pair.right.get("crime_type"))),
    "country": _equal("country", lambda pair: bool(pair.right.get("country"))),
    "no country": _invented,
    "urgent rec": _found("urgent"),
    "urgent pre": _meant("urgent"),
    "minor rec": _found("minor"),
    "minor pre": _meant("minor"),
}


def _confusions(pairs: Sequence[Pair], most: int = 15) -> list[str]:
    wrong = Counter((p.right["intent"], p.found.intent) for p in pairs if p.right["intent"] != p.found.intent)
    rows = [
        f"{count:4}  {right or 'none'} taken for {found or 'none'}" for (right, found), count in wrong.most_common(most)
    ]
    return ["worst pairs", *rows]


def _calibration(pairs: Sequence[Pair]) -> list[str]:
    """Of the answers given with so much confidence, how many were right."""
    rows = []
    for low in (n / BINS for n in range(BINS)):
        among = [
            p for p in pairs if low <= p.found.confidence < low + 1 / BINS or (p.found.confidence == 1 and low == 0.9)
        ]
        good, of = _share(among, lambda p: p.found.intent == p.right["intent"])
        rows.append(f"  {low:.1f}-{low + 1 / BINS:.1f}  {of:5} answers {_cell((good, of))} right")
    sure = [p for p in pairs if p.found.confidence >= SURE]
    good, of = _share(sure, lambda p: p.found.intent != p.right["intent"])
    return ["confidence", *rows, f"  {SURE} and more: {of} answers, wrong {_cell((good, of)).strip()}"]


def draw(pairs: Sequence[Pair], file: Path) -> None:
    """The confusion of intents as a heat map: a row for what was meant, a column for what was understood."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    names = sorted({p.right["intent"] for p in pairs} | {p.found.intent for p in pairs if p.found.intent})
    counted = Counter((p.right["intent"], p.found.intent) for p in pairs)
    rows = [
        [counted[(right, found)] / max(sum(counted[(right, f)] for f in (*names, None)), 1) for found in names]
        for right in names
    ]
    figure, axes = pyplot.subplots(figsize=(14, 13))
    image = axes.imshow(rows, cmap="Blues", vmin=0, vmax=1)
    axes.set_xticks(range(len(names)), names, rotation=90, fontsize=7)
    axes.set_yticks(range(len(names)), names, fontsize=7)
    axes.set_xlabel("understood")
    axes.set_ylabel("meant")
    figure.colorbar(image, shrink=0.6, label="share of the messages that meant it")
    figure.savefig(file, dpi=110, bbox_inches="tight")
    pyplot.close(figure)
