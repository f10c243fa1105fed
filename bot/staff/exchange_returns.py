"""What came back from a translator, text by text: what is to be done with it, and the file that it makes."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum

import polib

from bot.staff.exchange_pieces import BLANK, Piece
from bot.staff.exchange_units import TITLE_PART, Mark, Parcel, Sent, Unit, fingerprint, parts_of, piece_of, unit_id
from bot.staff.signing import UNREVIEWED, with_field

HEADING = re.compile(r"# (SMS|Full)$", re.MULTILINE)
REVIEW = re.compile(r"^reviewed_by:.*$", re.MULTILINE)
REVIEWED_WHEN = re.compile(r"^reviewed_(on|version):.*\n", re.MULTILINE)
WIDTH = 100  # columns of phrases/*.po


class Fate(Enum):
    """Of one text or phrase. The value is said of those that are left as they are."""

    CHANGED = "changed"
    SAME = "unchanged"
    NEWER_HERE = "not changed by the translator, and changed here since the export"
    EMPTY = "words in them came back empty"
    UNFINISHED = "the translator's program still marks them as unfinished (needs-translation, fuzzy)"
    STALE = "the Spanish phrase has changed since the export: export them again"
    CLASH = "changed here since the export"


@dataclass(frozen=True)
class Return:
    """``words``: part → words; ``mark``: of the least finished of its units."""

    piece: Piece
    sent: Sent
    words: Mapping[str, str]
    mark: Mark

    @property
    def phrase(self) -> bool:
        return self.piece.id.startswith("phrases#")

    @property
    def outdated(self) -> bool:
        """The Spanish words have changed since the export."""
        return self.sent.source != self.piece.version

    @property
    def confirmed(self) -> bool:
        """The words stay, and now they are those of a Spanish text that they had not been made from."""
        made_from = self.piece.text.translates if self.piece.text else None
        return self.fate is Fate.SAME and bool(made_from) and made_from not in (self.sent.source, self.piece.version)

    @property
    def passed(self) -> bool:
        """A text that somebody marked as final."""
        return self.mark is Mark.FINAL and self.fate in (Fate.CHANGED, Fate.SAME) and not self.phrase

    @property
    def fate(self) -> Fate:
        there = self.piece.beside(self.sent.paragraphs)
        if not all(self.words.values()):
            return Fate.EMPTY
        if self.mark is Mark.UNFINISHED:
            return Fate.UNFINISHED
        if self.words == there:
            return Fate.SAME
        if fingerprint(self.words) == self.sent.target:
            return Fate.NEWER_HERE
        if fingerprint(there) != self.sent.target:
            return Fate.CLASH
        return Fate.STALE if self.phrase and self.outdated else Fate.CHANGED


def gathered(parcel: Parcel, there: Mapping[str, Piece]) -> tuple[list[Return], list[str]]:
    """The units put together again, and what is wrong with them, each by the id of its unit."""
    came: dict[str, list[Unit]] = defaultdict(list)
    for unit in parcel.units:
        came[piece_of(unit.id)].append(unit)
    problems = [says for piece, units in came.items() for says in _of_ids(piece, units, parcel, there)]
    whole = [id for id in parcel.sent if id in came and id in there]
    returns = [_return(there[id], parcel.sent[id], came[id]) for id in whole]
    return returns, [*problems, *(says for each in returns for says in _of_words(each))]


def _return(piece: Piece, sent: Sent, units: list[Unit]) -> Return:
    words = {unit.id: unit.target for unit in units}
    parts = {part: words.get(unit_id(piece.id, part), "") for part in parts_of(piece.id, sent.paragraphs)}
    marks = {unit.mark for unit in units}
    mark = next(mark for mark in Mark if mark in marks)
    return Return(piece, sent, parts, mark)


def _of_ids(piece: str, units: list[Unit], parcel: Parcel, there: Mapping[str, Piece]) -> Iterator[str]:
    if piece not in parcel.sent:
        yield from (f"{unit.id or repr(unit.source[:40])}: no such unit was exported" for unit in units)
        return
    if piece not in there:
        yield f"{units[0].id}: the Spanish that this translates is no longer there"
        return
    known = [unit_id(piece, part) for part in parts_of(piece, parcel.sent[piece].paragraphs)]
    times = Counter(unit.id for unit in units)
    yield from (f"{id}: no such unit was exported" for id in times if id not in known)
    yield from (f"{id}: stands {many} times in the file" for id, many in times.items() if many > 1)
    yield from (f"{id}: this unit is missing, and half a text is not taken" for id in known if id not in times)


def _of_words(each: Return) -> Iterator[str]:
    if each.fate is Fate.CLASH:
        yield f"{each.piece.id}: {each.piece.path} was changed here after the export: export it again"
    if each.fate is not Fate.CHANGED or each.phrase:
        return
    there = each.piece.beside(each.sent.paragraphs)
    for part, words in each.words.items():
        id = unit_id(each.piece.id, part)
        if BLANK.search(words) and words != there.get(part):
            yield f"{id}: an empty line in it; a unit is one paragraph or one list"
        if part == TITLE_PART and "\n" in words:
            yield f"{id}: a title is one line"
        if found := HEADING.search(words):
            yield f'{id}: "{found[0]}" is a heading of the file, not words for people'


def text_file(each: Return, raw: str) -> str:
    """The file of a text with the words that came back; ``raw`` is the file as it is, "" where there is none."""
    if each.fate is Fate.SAME:
        return with_field(raw, "translates", each.sent.source) if each.confirmed else raw
    title = each.words.get(TITLE_PART)
    raw = raw or f"---\n{'title:\n' if title else ''}translates:\nreviewed_by:\n---\n"
    if title and not (each.piece.text and each.piece.text.title == title):
        raw = with_field(raw, "title", title)
    raw = with_field(raw, "translates", each.sent.source)
    front, end, _ = raw.removeprefix("---\n").partition("\n---\n")
    front = REVIEW.sub(UNREVIEWED, REVIEWED_WHEN.sub("", f"{front}\n")).rstrip("\n")
    short, *full = (words for part, words in each.words.items() if part != TITLE_PART)
    return f"---\n{front}{end}# SMS\n\n{short}\n\n# Full\n\n{'\n\n'.join(full)}\n"


def phrase_file(changed: list[Return], raw: str, spanish: str) -> str:
    """The PO of a language with the phrases that came back; new ones in the order of the Spanish PO."""
    catalog = polib.pofile(raw, wrapwidth=WIDTH)
    words = {each.piece.id.removeprefix("phrases#"): each.words[""] for each in changed}
    before: list[str] = []
    for entry in polib.pofile(spanish):
        if entry.obsolete:
            continue
        if entry.msgid in words and (there := catalog.find(entry.msgid)):
            there.msgstr = words[entry.msgid]
        elif entry.msgid in words:
            at = 1 + max((n for n, other in enumerate(catalog) if other.msgid in before), default=-1)
            catalog.insert(at, polib.POEntry(msgid=entry.msgid, msgstr=words[entry.msgid], comment=entry.comment))
        before.append(entry.msgid)
    return f"{str(catalog).rstrip('\n')}\n"
