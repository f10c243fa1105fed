"""Who reviewed a text: written into its file, and void when the words change."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

from bot.content.model import Text

UNREVIEWED = "reviewed_by: null  # nobody has reviewed this text yet"


def sign(file: Path, text: Text, spanish: str, reviewer: str, day: date) -> None:
    """Write who has read these very words, and when; a translation was read beside this version of the Spanish text."""
    raw = file.read_text("utf-8")
    if text.translates:
        raw = with_field(raw, "translates", spanish)
    for name, value in (
        ("reviewed_by", reviewer),
        ("reviewed_on", day.isoformat()),
        ("reviewed_version", text.version),
    ):
        raw = with_field(raw, name, value)
    file.write_text(raw, "utf-8")


def with_field(raw: str, name: str, value: str) -> str:
    """The file with this field between its two "---"; all else stays as it was written.

    >>> with_field("---\\ntitle: A\\n---\\n# SMS\\n", "translates", "1f3a22bc")
    "---\\ntitle: A\\ntranslates: '1f3a22bc'\\n---\\n# SMS\\n"
    """
    front, end, body = raw.removeprefix("---\n").partition("\n---\n")
    line = f"{name}: {_quoted(name, value)}"
    found = re.compile(rf"^{name}:.*$", re.MULTILINE)
    front = found.sub(lambda _: line, front) if found.search(front) else f"{front}\n{line}"
    return f"---\n{front}{end}{body}"


def _quoted(name: str, value: str) -> str:
    """Always a word: a version of digits alone would be read as a number, a name may hold a colon."""
    return value if name.endswith("_on") else "'" + value.replace("'", "''") + "'"
