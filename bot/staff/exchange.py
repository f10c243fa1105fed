"""Words go out to translators and come back; what comes back is checked like a file written by hand."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

from bot.content import texts
from bot.content.model import SOURCE, ContentError, Problem
from bot.content.reading import Reader
from bot.staff import signing
from bot.staff.exchange_pieces import BLANK, Drafts
from bot.staff.exchange_returns import Fate, Return, gathered, phrase_file, text_file
from bot.staff.exchange_units import Mark, Parcel, unit_id

SPANISH_PHRASES = f"phrases/{SOURCE}.po"


class ExchangeError(ValueError):
    """What came back cannot be taken over. ``problems``: each by the id of its unit, in plain words."""

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = tuple(dict.fromkeys(problems))
        super().__init__("\n".join(self.problems))


@dataclass(frozen=True)
class Outcome:
    """``written``: paths below content/; ``signed``: those of them that now bear the reviewer's name;
    ``away``: how many of the exported texts and phrases were not in the file."""

    returns: tuple[Return, ...]
    written: tuple[str, ...]
    signed: tuple[str, ...]
    away: int


def to_translate(folder: Path, language: str, topic: str | None, whole: bool) -> Parcel:
    """What is missing or outdated in a language, or with ``whole`` all of it. Raises ContentError, ExchangeError."""
    there = Drafts(folder).pieces(language)
    if topic:
        there = [piece for piece in there if piece.id.split("/")[:2] == ["topics", topic]]
        if not there:
            raise ExchangeError([f"there is no topic {topic} in Spanish"])
    wanted = [piece for piece in there if whole or piece.mark is Mark.UNFINISHED]
    units = tuple(unit for piece in wanted for unit in piece.units())
    return Parcel(language, {piece.id: piece.sent for piece in wanted}, units)


def take_back(folder: Path, parcel: Parcel, reviewer: str | None, day: date) -> Outcome:
    """Write what came back, all of it or nothing. Raises ContentError, ExchangeError."""
    reader = Drafts(folder)
    returns, problems = gathered(parcel, {piece.id: piece for piece in reader.pieces(parcel.language)})
    files = _files(reader, returns)
    to_sign = {each.piece.path: each for each in returns if reviewer and _to_sign(each)}
    with TemporaryDirectory() as place:
        draft = Path(place, "content")
        if files or to_sign:
            shutil.copytree(folder, draft)
            problems += _mistakes(folder, draft, files, returns)
        if problems:
            raise ExchangeError(problems)
        for each in to_sign.values():
            _sign(draft, each, reviewer or "", day)
        written = tuple(sorted({*files, *to_sign}))
        _put(folder, {path: (draft / path).read_text("utf-8") for path in written})
    return Outcome(tuple(returns), written, tuple(to_sign), len(parcel.sent) - len(returns))


def _files(reader: Reader, returns: list[Return]) -> dict[str, str]:
    """Path → what it will hold, of the files that change."""
    changed = [each for each in returns if each.fate is Fate.CHANGED or each.confirmed]
    files = {each.piece.path: text_file(each, reader.raw(each.piece.path)) for each in changed if not each.phrase}
    if phrases := [each for each in changed if each.phrase]:
        path = phrases[0].piece.path
        files[path] = phrase_file(phrases, reader.raw(path), reader.raw(SPANISH_PHRASES))
    return files


def _to_sign(each: Return) -> bool:
    """What a reviewer passed, beside the Spanish text of today.

    Not what went out signed: its "final" may be the one that we sent, and a name stays with its words.
    """
    text = each.piece.text
    went_out_signed = text is not None and text.reviewed and text.translates == each.sent.source
    return each.passed and not each.outdated and not went_out_signed


def _sign(draft: Path, each: Return, reviewer: str, day: date) -> None:
    path = each.piece.path
    *country, language, _ = Path(path).name.split(".")
    text, _problems = texts.parse(path, (draft / path).read_text("utf-8"), "".join(country), language)
    if text:
        signing.sign(draft / path, text, each.piece.version, reviewer, day)


def _mistakes(folder: Path, draft: Path, files: Mapping[str, str], returns: list[Return]) -> Iterator[str]:
    """What is wrong with the draft when the files are in it, and was not wrong before."""
    now: list[Problem] = []
    # Phrases first and alone: where a text is wrong, nobody asks any more whether the phrases agree.
    for kind in ("phrases/", "topics/"):
        if part := {path: raw for path, raw in files.items() if path.startswith(kind)}:
            _write(draft, part)
            now += _problems(draft)
    before = {(problem.path, problem.says) for problem in _problems(folder)} if now else set()
    changed = {each.piece.path: each for each in returns if each.fate is Fate.CHANGED}
    for problem in now:
        if (problem.path, problem.says) not in before:
            yield _named(problem, changed.get(problem.path), files.get(problem.path, ""))


def _problems(folder: Path) -> tuple[Problem, ...]:
    try:
        Reader(folder).read()
    except ContentError as error:
        return error.problems
    return ()


def _named(problem: Problem, each: Return | None, raw: str) -> str:
    if each and not each.phrase:
        return f"{unit_id(each.piece.id, _part_at(raw, problem.line))}: {problem.says}"
    if problem.path.startswith("phrases/"):
        name, _, says = problem.says.partition(": ")
        return f"phrases#{name}: {says if each else 'the words in braces are not those of the other languages'}"
    return str(problem)


def _part_at(raw: str, line: int) -> str:
    """Which part of a text stands at a line of its file."""
    above = raw.split("\n")[:line]
    if "# Full" in above:
        body = "\n".join(above[above.index("# Full") + 1 :])
        return f"full.{len(BLANK.split(body.strip()))}"
    return "sms" if "# SMS" in above else "title"


def _write(folder: Path, files: Mapping[str, str]) -> None:
    for path, raw in files.items():
        (folder / path).write_text(raw, "utf-8")


def _put(folder: Path, files: Mapping[str, str]) -> None:
    """All are on the disk before the first takes its place: a full disk changes nothing."""
    new = {folder / path: folder / f"{path}.new" for path in files}
    try:
        _write(folder, {f"{path}.new": raw for path, raw in files.items()})
        for path, made in new.items():
            made.replace(path)
    finally:
        for made in new.values():
            made.unlink(missing_ok=True)
