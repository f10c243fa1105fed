"""The profile of Haitian Creole, counted from our own sentences: langdetect brings none."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import polib
import yaml
from langdetect.utils.lang_profile import LangProfile

from bot.language import CREOLE, ROOT, without_places

PHRASES = ROOT / "content" / "phrases" / "ht.po"
EXAMPLES = ROOT / "data" / "nlu" / "ht"


def profile() -> LangProfile:
    """Of today's sentences."""
    counted = LangProfile("ht")
    for sentence in _sentences():
        counted.update(without_places(sentence))
    return counted


def keep() -> None:
    """Write it where bot/language.py reads it; the same sentences give the same file."""
    made = profile()
    kept = {"name": made.name, "n_words": made.n_words, "freq": dict(sorted(made.freq.items()))}
    CREOLE.write_text(json.dumps(kept, ensure_ascii=False, separators=(",", ":")) + "\n", "utf-8")


def _sentences() -> Iterator[str]:
    for entry in polib.pofile(str(PHRASES)):
        yield re.sub(r"\{\w+\}", "", entry.msgstr)
    for path in sorted(EXAMPLES.glob("*.yml")):
        for intent in yaml.load(path.read_text("utf-8"), yaml.CSafeLoader)["nlu"]:
            examples = intent["examples"]
            lines = examples.splitlines() if isinstance(examples, str) else examples
            for line in lines:
                yield line.removeprefix("- ") if isinstance(line, str) else line["text"]
