"""Read the campaign's files, whole and checked, and keep the last good copy in use."""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import frontmatter
import polib
import yaml

from bot.commands import Commands, folded
from bot.directory import Hotline
from bot.routing import Case, Desk, Routing

log = logging.getLogger(__name__)

LANGUAGES = ("es", "en", "pt", "fr", "ht")
# What WhatsApp's approved templates may be for.
TEMPLATES = ("case", "notice")
# Where a text is missing in a language, the next in this order that has it is given, with a word of apology.
INSTEAD = {"es": "en", "en": "es", "pt": "es", "fr": "en", "ht": "fr"}


class ContentError(Exception):
    """A file of the campaign is wrong; says which and what to mend."""


@dataclass(frozen=True)
class Text:
    """One text in one language, for one country or for all."""

    title: str
    short: str
    full: str
    checked_on: date
    valid_until: date
    reviewed_by: str | None
    sources: tuple[Mapping[str, Any], ...]


@dataclass(frozen=True)
class Topic:
    """``texts``: (country or "", language) → text.

    ``call``: country → entries of the directory; ``contacts``: purposes to choose by where none are named.
    """

    id: str
    menu: str | None
    contacts: tuple[str, ...]
    call: Mapping[str, tuple[str, ...]]
    texts: Mapping[tuple[str, str], Text]


@dataclass(frozen=True)
class Campaign:
    demonstration: bool
    operator: Mapping[str, str]
    complaints: Mapping[str, str]
    message_days: int
    report_days: int


@dataclass(frozen=True)
class Content:
    topics: Mapping[str, Topic]
    hotlines: Mapping[str, Hotline]
    routing: Routing
    phrases: Mapping[str, Mapping[str, str]]
    campaign: Campaign
    commands: Commands
    templates: Mapping[str, Mapping[str, str]]


def read(folder: Path) -> Content:
    """Everything under content/. Raises ContentError for the first thing that is wrong."""
    hotlines = _hotlines(folder / "hotlines")
    return Content(
        topics=_topics(folder / "topics", hotlines),
        hotlines=hotlines,
        routing=_routing(folder / "routing.yml", hotlines),
        phrases=_phrases(folder / "phrases"),
        campaign=_campaign(folder / "campaign.yml"),
        commands=_named(folder / "words.yml", lambda: folded(_yaml(folder / "words.yml"))),
        templates=_templates(folder / "whatsapp.yml"),
    )


def _named[T](path: Path, build: Callable[[], T]) -> T:
    """What `build` makes of a file; whatever is wrong with it is said with the file's name."""
    try:
        return build()
    except ContentError:
        raise
    except (OSError, KeyError, TypeError, ValueError, yaml.YAMLError) as error:
        kind = "this field is missing: " if isinstance(error, KeyError) else ""
        raise ContentError(f"{path.parent.name}/{path.name}: {kind}{error}") from error


def _yaml(path: Path) -> Any:
    return _named(path, lambda: yaml.load(path.read_text("utf-8"), yaml.CSafeLoader))


def _hotlines(folder: Path) -> dict[str, Hotline]:
    found: dict[str, Hotline] = {}
    for path in sorted(folder.glob("*.yml")):
        for entry in _yaml(path):
            hotline = _named(path, lambda entry=entry: _hotline(entry))  # type: ignore[misc]
            if hotline.id in found:
                raise ContentError(f"hotlines/{path.name}: {hotline.id} stands twice")
            found[hotline.id] = hotline
    return found


def _hotline(entry: Mapping[str, Any]) -> Hotline:
    fields = {name: entry[name] for name in Hotline.__dataclass_fields__ if name != "note"}
    free = entry["free"] if isinstance(entry["free"], bool) else None
    given = {"purposes": tuple(entry["purposes"]), "free": free, "note": entry.get("note") or ""}
    return Hotline(**(fields | given | {"source_date": str(entry["source_date"])}))


def _topics(folder: Path, hotlines: Mapping[str, Hotline]) -> dict[str, Topic]:
    table = _yaml(folder / "topics.yml")
    topics = {name: _topic(name, row, folder / name) for name, row in table.items()}
    for topic in topics.values():
        for country, calls in topic.call.items():
            _check_calls(f"topics.yml: {topic.id}, {country}", calls, hotlines)
    return topics


def _topic(name: str, row: Mapping[str, Any], folder: Path) -> Topic:
    texts = {}
    for path in sorted(folder.glob("*.md")):
        *country, language = path.name.removesuffix(".md").split(".")
        if language not in LANGUAGES:
            raise ContentError(f"{name}/{path.name}: no language of ours in the file's name")
        texts[("".join(country), language)] = _named(path, lambda path=path: _text(path))  # type: ignore[misc]
    call = {country: tuple(calls) for country, calls in row.get("call", {}).items()}
    return Topic(name, row.get("menu"), tuple(row["contacts"]), call, texts)


def _text(path: Path) -> Text:
    post = frontmatter.loads(path.read_text("utf-8"))
    front: Mapping[str, Any] = post.metadata
    _, short, full = _parts(post.content)
    return Text(
        title=str(front["title"]),
        short=short,
        full=full,
        checked_on=front["checked_on"],
        valid_until=front["valid_until"],
        reviewed_by=front["reviewed_by"],
        sources=tuple(front["sources"]),
    )


def _parts(body: str) -> tuple[str, str, str]:
    before, sms, rest = body.partition("# SMS\n")
    short, full, long = rest.partition("# Full\n")
    if not (sms and full and short.strip() and long.strip()):
        raise ValueError('a text needs the two headings "# SMS" and "# Full", each with words below it')
    return before, short.strip(), long.strip()


def _phrases(folder: Path) -> dict[str, dict[str, str]]:
    files = {language: folder / f"{language}.po" for language in LANGUAGES}
    return {language: _named(path, lambda path=path: _po(path)) for language, path in files.items()}  # type: ignore[misc]


def _po(path: Path) -> dict[str, str]:
    return {entry.msgid: entry.msgstr for entry in polib.pofile(str(path))}


def _campaign(path: Path) -> Campaign:
    fields = _yaml(path)
    return _named(path, lambda: Campaign(**fields))


def _templates(path: Path) -> dict[str, dict[str, str]]:
    """Purpose → language → Content SID of a template that WhatsApp has approved."""
    found = {purpose: dict(sids or {}) for purpose, sids in _yaml(path).items()}
    for purpose, sids in found.items():
        for language, sid in sids.items():
            if purpose not in TEMPLATES or language not in LANGUAGES or not re.fullmatch("HX[0-9a-f]{32}", str(sid)):
                known = f"{', '.join(TEMPLATES)}; {', '.join(LANGUAGES)}; HX and 32 letters or digits"
                raise ContentError(f"{path.name}: {purpose}, {language}: wanted are {known}")
    return found


def _routing(path: Path, hotlines: Mapping[str, Hotline]) -> Routing:
    table = _yaml(path)
    routing = _named(path, lambda: _table(table))
    _check_routing(routing, hotlines)
    return routing


def _table(table: Mapping[str, Any]) -> Routing:
    desks = {i: Desk(i, row["name"], row.get("country")) for i, row in table["desks"].items()}
    cases = tuple(_case(row) for row in table["cases"])
    return Routing(desks, table["emergency"], cases, _case({"case": "default"} | table["default"]))


def _case(row: Mapping[str, Any]) -> Case:
    unknown = set(row) - {"case", "country", "crime", "urgent", "minor", "desk", "call"}
    if unknown:
        raise ContentError(f"routing.yml: {row.get('case')}: unknown word {sorted(unknown)[0]}")
    return Case(
        title=row["case"],
        desk=row["desk"],
        countries=_listed(row.get("country")),
        crimes=_listed(row.get("crime")),
        urgent=row.get("urgent"),
        minor=row.get("minor"),
        call=tuple(row.get("call", ())),
    )


def _listed(value: Any) -> tuple[str, ...]:
    return () if value is None else (value,) if isinstance(value, str) else tuple(value)


def _check_routing(routing: Routing, hotlines: Mapping[str, Hotline]) -> None:
    for case in (*routing.cases, routing.default):
        if case.desk not in routing.desks:
            raise ContentError(f"routing.yml: {case.title}: there is no desk {case.desk}")
        _check_calls(f"routing.yml: {case.title}", case.call, hotlines)
    for country, call in routing.emergency.items():
        if call not in hotlines or not hotlines[call].phone_local or hotlines[call].country != country:
            raise ContentError(f"routing.yml: emergency {country}: {call} is no number of that country")


def _check_calls(where: str, calls: tuple[str, ...], hotlines: Mapping[str, Hotline]) -> None:
    for call in calls:
        if call not in hotlines or not hotlines[call].shown:
            raise ContentError(f"{where}: {call} may not be given to people")


class Shelf:
    """The content in use. Looks for changed files at most once a second; a bad change leaves the last good copy."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._looked = time.monotonic()
        self._state = self._stamp()
        self._content = read(folder)

    def content(self) -> Content:
        if time.monotonic() - self._looked > 1:
            self._looked = time.monotonic()
            self._look()
        return self._content

    def _look(self) -> None:
        state = self._stamp()
        if state == self._state:
            return
        self._state = state
        try:
            self._content = read(self._folder)
        except ContentError as error:
            log.error("content not taken over, the last good copy stays: %s", error)

    def _stamp(self) -> tuple[tuple[str, int], ...]:
        files = [p for p in self._folder.rglob("*") if p.suffix in (".md", ".yml", ".po")]
        return tuple(sorted((str(p), p.stat().st_mtime_ns) for p in files))
