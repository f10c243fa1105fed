"""The campaign's words beside each other: each text and phrase in Spanish, and what there is of it in a language."""

from __future__ import annotations

import re
import string
import textwrap
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date

import polib

from bot.content import tables
from bot.content.agreeing import LABEL
from bot.content.model import COUNTRIES, SOURCE, ContentError, Text, Topic, text_path
from bot.content.progress import State, state
from bot.content.reading import Reader
from bot.content.texts import SEGMENTS, TITLE
from bot.staff.exchange_units import SMS_PART, TITLE_PART, Mark, Sent, Unit, fingerprint, parts_of, unit_id

BLANK = re.compile(r"\n\s*\n")
RESTS_ON = 240  # letters of the sources in a note


@dataclass(frozen=True)
class Piece:
    """A text or a phrase. ``spanish``: part → words; ``words``: those of the translation in the same order, () if none.

    ``text``: the translation as its file holds it; None for a phrase, or where there is no file.
    """

    id: str
    path: str
    version: str
    spanish: Mapping[str, str]
    words: tuple[str, ...]
    mark: Mark
    limits: str
    text: Text | None = None

    @property
    def sent(self) -> Sent:
        count = sum(part.startswith("full.") for part in self.spanish)
        return Sent(count, self.version, fingerprint(self.beside(count)))

    def beside(self, paragraphs: int) -> dict[str, str]:
        """The translation beside a Spanish text of so many paragraphs, {} if there is none.

        The last part takes what is over, so that nothing is lost where the numbers differ.
        """
        parts = parts_of(self.id, paragraphs)
        last = len(parts) - 1
        each = [*self.words[:last], "\n\n".join(self.words[last:])]
        return dict(zip(parts, [*each, *[""] * len(parts)], strict=False)) if self.words else {}

    def units(self) -> Iterator[Unit]:
        words = self.beside(self.sent.paragraphs)
        for part, source in self.spanish.items():
            note = "\n".join(filter(None, (_limit(part), self.limits)))
            yield Unit(unit_id(self.id, part), source, words.get(part, ""), self.mark, note)


class Drafts(Reader):
    """Reads topics and phrases also while a phrase is missing in a language: that is what an export is for."""

    def pieces(self, language: str) -> list[Piece]:
        """Whatever is written in Spanish. Raises ContentError where a text cannot be read."""
        self._problems = []
        topics = self._topics()
        there, theirs = (self._table(f"phrases/{name}.po", tables.phrases) for name in (language, SOURCE))
        if self._problems:
            raise ContentError(self._problems)
        texts = [piece for topic in topics.values() for piece in _of_topic(topic, language)]
        return [*texts, *self._phrases(language, set(theirs), {name: words for name, (words, _) in there.items()})]

    def _phrases(self, language: str, names: set[str], there: Mapping[str, str]) -> Iterator[Piece]:
        for entry in polib.pofile(self.raw(f"phrases/{SOURCE}.po")):
            if entry.msgid in names:
                yield _of_phrase(entry, f"phrases/{language}.po", there.get(entry.msgid, "").strip())


def _of_topic(topic: Topic, language: str) -> Iterator[Piece]:
    for country in ("", *COUNTRIES):
        source = topic.texts.get((country, SOURCE))
        if source is None:
            continue
        id = f"topics/{topic.id}{'/' if country else ''}{country}"
        text = topic.texts.get((country, language))
        parts = parts_of(id, len(BLANK.split(source.full)))
        spanish = dict(zip(parts, _words(source, country), strict=True))
        words = _words(text, country) if text else ()
        path = text_path(topic.id, country, language)
        yield Piece(id, path, source.version, spanish, words, _mark(topic, country, language), _rests_on(source), text)


def _words(text: Text, country: str) -> tuple[str, ...]:
    return (*([] if country else [text.title]), text.short, *BLANK.split(text.full))


def _mark(topic: Topic, country: str, language: str) -> Mark:
    # Not as of today: a text past its date is checked again in Spanish, and its translation stands or is outdated then.
    match state(topic, country, language, date.min):
        case State.MISSING | State.OUTDATED:
            return Mark.UNFINISHED
        case State.PRESENT:
            return Mark.FINAL
    return Mark.TRANSLATED


def _rests_on(source: Text) -> str:
    bases = "; ".join(str(row["basis"]) for row in source.sources)
    shown = textwrap.shorten(bases, RESTS_ON, placeholder=" ...")
    return f"No phone numbers, no addresses, no {{ }}.\nIt rests on: {shown}"


def _limit(part: str) -> str:
    if part == TITLE_PART:
        return f"Title in a menu: at most {TITLE} letters."
    if part == SMS_PART:
        return (
            f"The SMS form, one paragraph: at most {SEGMENTS} segments, that is {SEGMENTS * 153} letters (accents are "
            f"taken off); one sign that has no plain form leaves {SEGMENTS * 67}."
        )
    return "One paragraph or one list of the full form; items of a list begin with '- '." if part else ""


def _of_phrase(entry: polib.POEntry, path: str, words: str) -> Piece:
    label = f"At most {LABEL} letters." if entry.msgid.startswith("label_") else ""
    limits = "\n".join(filter(None, (entry.comment, label, _keep(entry.msgstr))))
    spanish = {"": entry.msgstr.strip()}
    mark = Mark.TRANSLATED if words else Mark.UNFINISHED
    there = (words,) if words else ()
    return Piece(f"phrases#{entry.msgid}", path, fingerprint(spanish), spanish, there, mark, limits)


def _keep(words: str) -> str:
    fields: Iterable[str] = dict.fromkeys(name for _, name, _, _ in string.Formatter().parse(words) if name)
    return f"Keep as they are: {', '.join(f'{{{name}}}' for name in fields)}" if fields else ""
