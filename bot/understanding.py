"""What is understood of a message: `faro understand`, by the very steps that a live message goes through."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import IO, Any

from bot import minors
from bot.hearing import CHAT, Heard, Known, hear
from bot.settings import Settings
from bot.training import QUIET

# What the pipeline names besides the taxonomy's intents.
NOT_IN_TAXONOMY = ("skip", "correct", "answer", "nlu_fallback")

TOLD = ("report_crime", "emergency")

Ask = Callable[[dict[str, Any]], dict[str, Any]]


class NotUnderstanding(Exception):
    """The model cannot be asked; says why."""


@dataclass(frozen=True)
class Understood:
    """One message. ``country`` and ``place`` are what the text says, not what was known of the person before."""

    text: str
    lang: str | None = None
    intent: str | None = None
    confidence: float = 0.0
    crime_type: str | None = None
    country: str | None = None
    place: str | None = None
    urgent: bool = False
    minor: bool = False


def understand(settings: Settings, lines: Iterable[bytes]) -> Iterator[Understood]:
    """One for each line, in order: plain text, or a JSON object with ``text`` and optionally ``lang``, ``country``.

    Raises NotUnderstanding when there is no model. A line that says nothing is answered with nulls.
    """
    model = settings.model / "faro.tar.gz"
    if not model.exists():
        raise NotUnderstanding("there is no model yet: run `faro train`")
    with engine(settings.root, model) as (ask, _):
        for line in lines:
            text, known = _line(line)
            yield _one(text, known, ask)


def _line(line: bytes) -> tuple[str, Known]:
    raw = line.decode("utf-8", "replace").strip("\r\n")
    given = _json(raw) if raw.lstrip().startswith("{") else None
    if given is None:
        return raw, Known(None, None, None, None, ())
    language, country = (given.get(name) if isinstance(given.get(name), str) else None for name in ("lang", "country"))
    return str(given["text"]), Known(language, country, None, None, ())


def _json(raw: str) -> dict[str, Any] | None:
    """The object, if it is one with a text; else the line is words that begin with a brace."""
    try:
        given = json.loads(raw)
    except ValueError:
        return None
    return given if isinstance(given, dict) and isinstance(given.get("text"), str) else None


def _one(text: str, known: Known, ask: Ask) -> Understood:
    heard = hear({"kind": "text", "text": text}, known)
    said = any(letter.isalpha() for letter in text)
    found = Understood(
        text=text,
        lang=(heard.foreign or heard.language) if said else None,
        country=heard.told_country,
        place=heard.place,
    )
    if heard.says is None or heard.says == "/nlu_fallback":
        return found
    if heard.says.startswith("/"):
        return replace(found, intent=heard.says[1:].partition("{")[0], confidence=1.0)
    return _meant(found, ask(_asked(heard)), heard)


def _asked(heard: Heard) -> dict[str, Any]:
    known = {"language": heard.language, "place": heard.place, "country": heard.country}
    return {"text": heard.says, "metadata": {name: value for name, value in known.items() if value}}


def _meant(found: Understood, answer: dict[str, Any], heard: Heard) -> Understood:
    found = replace(found, country=None, place=None) if answer["intent"] in CHAT else found
    intent = None if answer["intent"] in NOT_IN_TAXONOMY else answer["intent"]
    return replace(
        found,
        intent=intent,
        confidence=answer["confidence"],
        crime_type=answer["crime_type"],
        urgent=answer["urgent"],
        minor=answer["intent"] in TOLD and minors.named(heard.typed),  # a child in a question is no victim
    )


@contextmanager
def engine(root: Path, model: Path) -> Iterator[tuple[Ask, subprocess.Popen[str]]]:
    """Ask a model, loaded once in the engine's own environment, in the process that is given with it."""
    process = subprocess.Popen(
        [str(root / ".venv-engine/bin/python"), "-m", "engine.batch"], cwd=root,
        env=dict(os.environ) | QUIET | {"CUDA_VISIBLE_DEVICES": "-1", "FARO_MODEL": str(model)},
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    assert process.stdin and process.stdout
    to, back = process.stdin, process.stdout
    try:
        if not back.readline():
            raise NotUnderstanding("the model could not be loaded; `faro train` makes it anew")
        yield (lambda asked: _exchanged(to, back, asked)), process
    finally:
        to.close()
        process.wait()


def _exchanged(to: IO[str], back: IO[str], asked: dict[str, Any]) -> dict[str, Any]:
    to.write(json.dumps(asked) + "\n")
    to.flush()
    line = back.readline()
    if not line:
        raise NotUnderstanding("the model stopped in the middle; nothing is known of this line and those after it")
    answer: dict[str, Any] = json.loads(line)
    return answer


def as_line(found: Understood) -> str:
    return json.dumps(asdict(found), ensure_ascii=False)
