"""Read the campaign's files whole; a file that has not changed since is not read again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from bot.content import agreeing, desks, tables, texts
from bot.content.model import LANGUAGES, SOURCE, Content, ContentError, Problem, Text, Topic, text_path
from bot.content.texts import Mistake, line_after, line_of
from bot.directory import Hotline

Stamp = tuple[int, int]


def read(folder: Path) -> Content:
    """Everything under content/. Raises ContentError with all that is wrong."""
    return Reader(folder).read()


class Reader:
    """Keeps what it has parsed, so that after one saved file only that file is parsed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._parsed: dict[str, tuple[Stamp, Any, tuple[Problem, ...]]] = {}
        self._problems: list[Problem] = []

    def read(self) -> Content:
        self._problems = []
        hotlines = self._hotlines()
        phrases = {language: self._table(f"phrases/{language}.po", tables.phrases) for language in LANGUAGES}
        topics = self._topics()
        made = {
            name: self._table(f"{name}.yml", parse)
            for name, parse in (("routing", tables.routing), ("campaign", tables.campaign))
        }
        commands = self._table("words.yml", tables.commands)
        templates = self._table("whatsapp.yml", tables.templates)
        quick = self._quick_replies()
        bodies = self._table("accused.yml", tables.accused) if (self.folder / "accused.yml").exists() else {}
        if not self._problems:
            words = {language: {name: said for name, (said, _) in found.items()} for language, found in phrases.items()}
            routing = desks.with_hours(made["routing"], hotlines)
            content = Content(topics, hotlines, routing, words, made["campaign"], commands, templates, quick, bodies)
            self._problems += agreeing.problems(content, phrases, self.raw)
        if self._problems:
            raise ContentError(self._problems)
        return content

    def raw(self, path: str) -> str:
        """A file's words; "" where there is none."""
        file = self.folder / path
        return file.read_text("utf-8") if file.exists() else ""

    def _table(self, path: str, parse: Callable[[str], Any]) -> Any:
        return self._once(path, lambda raw: (parse(raw), ()))

    def _once(self, path: str, parse: Callable[[str], tuple[Any, tuple[Problem, ...]]]) -> Any:
        """What was made of this file; its problems are noted. None where it cannot be read."""
        file = self.folder / path
        stamp = _stamp(file)
        known = self._parsed.get(path)
        if known is None or known[0] != stamp:
            known = (stamp, *self._parse(path, file, parse))
            self._parsed[path] = known
        self._problems += known[2]
        return known[1]

    def _parse(
        self, path: str, file: Path, parse: Callable[[str], tuple[Any, tuple[Problem, ...]]]
    ) -> tuple[Any, tuple[Problem, ...]]:
        try:
            return parse(file.read_text("utf-8"))
        except FileNotFoundError:
            return None, (Problem(path, 1, "this file is missing"),)
        except UnicodeDecodeError:
            return None, (Problem(path, 1, "save this file as UTF-8"),)
        except Mistake as mistake:
            return None, (Problem(path, mistake.line, str(mistake)),)

    def _quick_replies(self) -> Any:
        """A campaign may do without them."""
        path = "quick_replies.yml"
        return self._table(path, tables.quick_replies) if (self.folder / path).exists() else ()

    def _hotlines(self) -> dict[str, Hotline]:
        found: dict[str, Hotline] = {}
        for file in sorted((self.folder / "hotlines").glob("*.yml")):
            path = f"hotlines/{file.name}"
            for hotline in self._table(path, tables.hotlines) or ():
                if hotline.id in found:
                    words, other = self.raw(path), found[hotline.id].country
                    line = line_after(words, line_of(words, f"id: {hotline.id}"), f"id: {hotline.id}")
                    self._problems.append(Problem(path, line, f"{hotline.id} stands twice, also under {other}"))
                found[hotline.id] = hotline
        return found

    def _topics(self) -> dict[str, Topic]:
        table: Mapping[str, dict[str, Any]] = self._table("topics/topics.yml", tables.topics) or {}
        for folder in sorted(p for p in (self.folder / "topics").iterdir() if p.is_dir()):
            if table and folder.name not in table:
                self._problems.append(Problem(f"topics/{folder.name}", 1, "this topic has no row in topics.yml"))
        return {name: self._topic(name, row) for name, row in table.items()}

    def _topic(self, name: str, row: dict[str, Any]) -> Topic:
        found = {}
        for file in sorted((self.folder / "topics" / name).glob("*.md")):
            where = self._where(f"topics/{name}/{file.name}", file)
            if where and (text := self._text(name, where)):
                found[where] = text
        call = {country: tuple(calls) for country, calls in row.get("call", {}).items()}
        by_country = bool(row.get("by_country"))
        return Topic(name, row.get("menu"), tuple(row["contacts"]), call, by_country, self._dated(name, found))

    def _where(self, path: str, file: Path) -> tuple[str, str] | None:
        *country, language = file.name.removesuffix(".md").split(".")
        if language not in LANGUAGES:
            self._problems.append(Problem(path, 1, f'no language of ours in the name: "{language}"'))
        elif not all(len(iso) == 2 and iso.isupper() for iso in country) or len(country) > 1:
            self._problems.append(Problem(path, 1, "a file is named pt.md, or MX.pt.md for one country"))
        else:
            return "".join(country), language
        return None

    def _text(self, topic: str, where: tuple[str, str]) -> Text | None:
        path = text_path(topic, *where)
        text: Text | None = self._once(path, lambda raw: texts.parse(path, raw, *where))
        return text

    def _dated(self, topic: str, found: Mapping[tuple[str, str], Text]) -> dict[tuple[str, str], Text]:
        """Translations with the sources and dates of the text that they translate."""
        whole = {}
        for (country, language), text in found.items():
            source = found.get((country, SOURCE))
            if source is None:
                spanish, path = text_path(topic, country, SOURCE), text_path(topic, country, language)
                if not (self.folder / spanish).exists():  # else its own mistake is named
                    self._problems.append(Problem(path, 1, f"there is no {spanish} to translate"))
                continue
            whole[(country, language)] = replace(
                text, sources=source.sources, checked_on=source.checked_on, valid_until=source.valid_until
            )
        return whole


def _stamp(file: Path) -> Stamp:
    try:
        state = file.stat()
    except FileNotFoundError:
        return (0, 0)
    return (state.st_mtime_ns, state.st_size)
