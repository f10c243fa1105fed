"""One text of the campaign: what its file must hold, and the mistakes that staff make in it."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

import frontmatter
import yaml

from bot import sms
from bot.content.model import SOURCE, Problem, Text

TITLE = 24  # letters: a row of WhatsApp's lists
SEGMENTS = 2
# Three digits are a phone number somewhere (911); years are not.
NUMBER = re.compile(r"(?<![\d])\+?\d(?:[ .()/-]{0,2}\d){2,}")
YEAR = re.compile(r"(19|20)\d\d")
ADDRESS = re.compile(r"https?://\S*\w|www\.\S+\w|(?<!\S)\S+@\S+\.\w+")
BRACES = re.compile(r"\{\w*\}|[{}]")
FORBIDDEN = (
    (NUMBER, '"{}" looks like a phone number: numbers come from hotlines/, never from a text'),
    (ADDRESS, '"{}" is an address: addresses come from hotlines/, never from a text'),
    (BRACES, '"{}" in a text: nothing is filled in here'),
)
SOURCE_FIELDS = ("basis", "source", "source_date", "confidence")
# What it mostly is when YAML cannot be read; the parser's own words do not tell staff.
UNREADABLE = " (often a quotation mark that does not close, or words with a colon that need quotation marks)"
HEADINGS = 'the two headings "# SMS" and "# Full", each with words below it'


class Mistake(ValueError):
    """Something in a file, at a line."""

    def __init__(self, line: int, says: str) -> None:
        super().__init__(says)
        self.line = line


def version_of(title: str, short: str, full: str) -> str:
    """Eight hexadecimal digits that change with the words.

    >>> version_of("a", "b", "c") == version_of("a", "b", "c"), version_of("a", "b", "d") == version_of("a", "b", "c")
    (True, False)
    """
    return hashlib.sha256("\n".join((title, short, full)).encode()).hexdigest()[:8]


def parse(path: str, raw: str, country: str, language: str) -> tuple[Text | None, tuple[Problem, ...]]:
    """The text of a file and what is wrong with it; no text where it cannot be read at all."""
    try:
        text = _text(raw, bool(country), language)
    except Mistake as mistake:
        return None, (Problem(path, mistake.line, str(mistake)),)
    return text, tuple(Problem(path, line, says) for line, says in _mistakes(raw, text, country, language))


def _text(raw: str, of_country: bool, language: str) -> Text:
    front, body = _front(raw)
    short, full = _parts(raw, body)
    title = str(front.get("title", ""))
    own = language == SOURCE
    needed = ([] if of_country else ["title"]) + (["sources", "checked_on", "valid_until"] if own else ["translates"])
    for name in (*needed, "reviewed_by"):
        if name not in front:
            raise Mistake(1, f'"{name}:" is missing between the two "---"')
    return Text(
        title=title,
        short=short,
        full=full,
        sources=tuple(front["sources"]) if own else (),
        checked_on=_date(raw, front, "checked_on") if own else date.min,
        valid_until=_date(raw, front, "valid_until") if own else date.min,
        version=version_of(title, short, full),
        translates=None if own else str(front["translates"]),
        reviewed_by=front["reviewed_by"],
        reviewed_on=_date(raw, front, "reviewed_on") if front.get("reviewed_on") else None,
        reviewed_version=str(front["reviewed_version"]) if front.get("reviewed_version") else None,
    )


def _front(raw: str) -> tuple[Mapping[str, Any], str]:
    try:
        post = frontmatter.loads(raw)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        raise Mistake(
            mark.line + 2 if mark else 1, f"the lines between the two --- cannot be read: {_short(error)}{UNREADABLE}"
        ) from None
    if not raw.startswith("---\n") or not post.metadata:
        raise Mistake(1, 'a text begins with "---", then its title and dates, then "---"')
    return post.metadata, post.content


def _short(error: yaml.YAMLError) -> str:
    return str(getattr(error, "problem", None) or error).splitlines()[0]


def _parts(raw: str, body: str) -> tuple[str, str]:
    _, sms_heading, rest = body.partition("# SMS\n")
    short, full_heading, long = rest.partition("# Full\n")
    if not (sms_heading and full_heading and short.strip() and long.strip()):
        raise Mistake(line_of(raw, "# "), f"a text needs {HEADINGS}")
    return short.strip(), long.strip()


def _date(raw: str, front: Mapping[str, Any], name: str) -> date:
    day = front[name]
    if not isinstance(day, date) or type(day) is not date:
        raise Mistake(line_of(raw, f"{name}:"), f"{name} is a day like 2026-11-22, not {day!r}")
    return day


def line_of(raw: str, words: str) -> int:
    """The first line that holds the words, counted from 1; 1 where none does."""
    return next((n for n, line in enumerate(raw.splitlines(), 1) if words in line), 1)


def line_after(raw: str, line: int, words: str) -> int:
    """The next line that holds the words; ``line`` itself where none does."""
    return next((n for n, text in enumerate(raw.splitlines(), 1) if n > line and words in text), line)


def _mistakes(raw: str, text: Text, country: str, language: str) -> Iterator[tuple[int, str]]:
    if len(text.title) > TITLE:
        yield line_of(raw, "title:"), f"the title has {len(text.title)} letters, a menu shows {TITLE}"
    if language == SOURCE:
        yield from _of_sources(raw, text)
    yield from _of_sms(raw, text)
    yield from _of_words(raw)


def _of_sources(raw: str, text: Text) -> Iterator[tuple[int, str]]:
    line = line_of(raw, "sources:")
    if not text.sources:
        yield line, "a text says what it rests on: at least one source"
    for source in text.sources:
        for name in SOURCE_FIELDS:
            if not (isinstance(source, Mapping) and source.get(name)):
                yield line, f"each source says its basis, source, source_date and confidence; {name} is missing"
                return
        if source["confidence"] not in ("high", "medium"):
            yield line_of(raw, f"confidence: {source['confidence']}"), "nobody is advised on a source of low confidence"
    if text.valid_until <= text.checked_on:
        yield line_of(raw, "valid_until:"), "valid_until is before checked_on"


def _of_sms(raw: str, text: Text) -> Iterator[tuple[int, str]]:
    shown = sms.fit(text.short)
    size = sms.measure(shown)
    if size.segments <= SEGMENTS:
        return
    line = line_of(raw, text.short.splitlines()[0])
    strange = next((c for c in shown if sms.measure(sms.fit(c)).encoding != "GSM-7"), None)
    if strange:
        yield line, (f'the SMS form takes {size.segments} segments, {SEGMENTS} are allowed: "{strange}" is no letter '
                     "of plain SMS and leaves 67 letters to a segment instead of 153")  # fmt: skip
    else:
        fits = " ".join(shown[: _fitting(shown)].split(" ")[:-1][-3:])
        yield line, (f"the SMS form takes {size.segments} segments, {SEGMENTS} are allowed: {size.units} letters, 306 "
                     f'fit; what follows "... {fits}" is too much')  # fmt: skip


def _fitting(shown: str) -> int:
    return next(n for n in range(len(shown), 0, -1) if sms.measure(shown[:n]).segments <= SEGMENTS)


def _of_words(raw: str) -> Iterator[tuple[int, str]]:
    begun = raw.index("# SMS")
    for pattern, says in FORBIDDEN:
        for found in pattern.finditer(raw, begun):
            if not YEAR.fullmatch(found[0]):
                yield raw.count("\n", 0, found.start()) + 1, says.format(found[0])
