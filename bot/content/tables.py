"""The campaign's tables: topics, directory, routing, campaign, templates, command words and phrases."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any
from urllib.parse import urlparse

import polib
import yaml

from bot.accused import Body, body
from bot.commands import Commands, folded
from bot.content import desks as desk_words
from bot.content.model import LANGUAGES, SOURCE, Campaign
from bot.content.texts import UNREADABLE, Mistake, line_after, line_of
from bot.directory import Hotline, hotline
from bot.routing import Case, Routing

# What WhatsApp's approved templates may be for.
TEMPLATES = ("case", "notice", "neutral")
CASE_WORDS = ("case", "country", "crime", "urgent", "minor", "language", "open", "desk", "call", "copy")
# It takes whatever is left, so it asks nothing: no report is ever without a desk.
DEFAULT_WORDS = ("desk", "call", "copy")
TOPIC_WORDS = ("menu", "contacts", "call", "by_country")
# Channel → what its number or name is like, and how that is told.
REACH = {
    "sms": (r"\+[1-9]\d{6,14}|\d{3,8}", 'like "+15005550006", or a short number like "38276", in quotation marks'),
    "whatsapp": (r"\+[1-9]\d{6,14}", 'like "+14155238886", in quotation marks'),
    "telegram": (r"[A-Za-z]\w{4,31}", "like faro_bot, without @"),
}
LONGEST_QUICK = 300  # letters
CAMPAIGN_WORDS = (
    "demonstration", "operator", "complaints", "message_days", "report_days", "receipt_after_days", "reach",
)  # fmt: skip


def loaded(raw: str) -> Any:
    """The YAML of a file. Raises Mistake with its line."""
    try:
        return yaml.load(raw, yaml.CSafeLoader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        says = getattr(error, "problem", None) or str(error)
        raise Mistake(mark.line + 1 if mark else 1, f"cannot be read: {says}{UNREADABLE}") from None


def hotlines(raw: str) -> list[Hotline]:
    """The entries of one country's file."""
    found = []
    for row in loaded(raw) or []:
        line = line_of(raw, f"id: {row.get('id')}")
        found.append(_said(line, lambda row=row: hotline(row)))  # type: ignore[misc]
        if found[-1].web and not _is_address(found[-1].web):
            raise Mistake(line_after(raw, line, "web:"), f'"{found[-1].web}" is no address of a page')
    return found


def _is_address(web: str) -> bool:
    parts = urlparse(web.strip())
    return (
        parts.scheme in ("http", "https")
        and bool(re.fullmatch(r"[\w.-]+\.[a-z]{2,}(:\d+)?", parts.netloc))
        and " " not in web.strip()
    )


def _said[T](line: int, build: Callable[[], T]) -> T:
    """What ``build`` makes; whatever it stumbles over is a mistake at this line."""
    try:
        return build()
    except Mistake:  # knows its own line
        raise
    except KeyError as error:
        raise Mistake(line, f"this field is missing: {error.args[0]}") from None
    except (TypeError, ValueError, AttributeError) as error:
        raise Mistake(line, str(error)) from None


def topics(raw: str) -> dict[str, dict[str, Any]]:
    """The rows of topics.yml by topic."""
    table: dict[str, dict[str, Any]] = loaded(raw)
    for name, row in table.items():
        line = line_of(raw, f"{name}:")
        if unknown := set(row) - set(TOPIC_WORDS):
            raise Mistake(line, f"{name}: unknown word {sorted(unknown)[0]}; known are {', '.join(TOPIC_WORDS)}")
        if not row.get("contacts"):
            raise Mistake(line, f"{name}: say in contacts: which purposes of the directory go below the text")
    return table


def routing(raw: str) -> Routing:
    table = loaded(raw)
    for word in ("desks", "emergency", "cases", "default"):
        if word not in table:
            raise Mistake(1, f"this field is missing: {word}")
    rows = table["desks"].items()
    desks = {i: _said(desk_words.line(raw, i), partial(desk_words.desk, raw, i, row)) for i, row in rows}
    cases = tuple(_case(raw, row) for row in table["cases"])
    if asked := set(table["default"]) - set(DEFAULT_WORDS):
        says = f"default: {sorted(asked)[0]}: it takes whatever is left; known are {', '.join(DEFAULT_WORDS)}"
        raise Mistake(case_line(raw, "default"), says)
    return Routing(desks, table["emergency"], cases, _case(raw, {"case": "default"} | table["default"]))


def case_line(raw: str, title: str) -> int:
    return line_of(raw, "default:" if title == "default" else f"case: {title}")


def _case(raw: str, row: Mapping[str, Any]) -> Case:
    line = case_line(raw, str(row.get("case")))
    if unknown := set(row) - set(CASE_WORDS):
        raise Mistake(line, f"{row.get('case')}: unknown word {sorted(unknown)[0]}; known are {', '.join(CASE_WORDS)}")
    languages = _listed(row.get("language"))
    if strange := set(languages) - set(LANGUAGES):
        raise Mistake(line, f"{row.get('case')}: language: {sorted(strange)[0]} is none of {', '.join(LANGUAGES)}")
    if row.get("open", True) is not True:
        raise Mistake(line, f"{row.get('case')}: open is true, or left out")
    return _said(line, lambda: Case(
        title=row["case"], desk=row["desk"], countries=_listed(row.get("country")), crimes=_listed(row.get("crime")),
        urgent=row.get("urgent"), minor=row.get("minor"), call=tuple(row.get("call", ())),
        copy=row.get("copy"), languages=languages, open="open" in row,
    ))  # fmt: skip


def _listed(value: Any) -> tuple[str, ...]:
    return () if value is None else (value,) if isinstance(value, str) else tuple(value)


def campaign(raw: str) -> Campaign:
    fields = loaded(raw)
    if not isinstance(fields, Mapping):
        raise Mistake(1, "each line is a word, a colon and a space, and its value")
    if unknown := set(fields) - set(CAMPAIGN_WORDS):
        raise Mistake(line_of(raw, sorted(unknown)[0]), f"unknown word {sorted(unknown)[0]}")
    for name in CAMPAIGN_WORDS[:-1]:
        if name not in fields:
            raise Mistake(1, f"this field is missing: {name}")
    for name in ("message_days", "report_days", "receipt_after_days"):
        desk_words.check_days(fields[name], name, line_of(raw, f"{name}:"))
    return Campaign(**{**fields, "reach": _reach(raw, fields.get("reach") or {})})


def _reach(raw: str, reach: Mapping[str, Any]) -> dict[str, str | None]:
    """Channel → the number or name to print. A number without quotation marks loses its plus sign."""
    for channel, address in reach.items():
        line = line_of(raw, f"  {channel}:")
        if channel not in REACH:
            raise Mistake(line, f"reach: {channel} is no channel; there are {', '.join(REACH)}")
        if address is not None and not re.fullmatch(REACH[channel][0], str(address)):
            raise Mistake(line, f"reach: {channel} is written {REACH[channel][1]}")
    return {channel: None if address is None else str(address) for channel, address in reach.items()}


def templates(raw: str) -> dict[str, dict[str, str]]:
    """Purpose → language → Content SID of a template that WhatsApp has approved."""
    found = {purpose: dict(sids or {}) for purpose, sids in (loaded(raw) or {}).items()}
    for purpose, sids in found.items():
        for language, sid in sids.items():
            if purpose not in TEMPLATES or language not in LANGUAGES or not re.fullmatch("HX[0-9a-f]{32}", str(sid)):
                known = f"{', '.join(TEMPLATES)}; {', '.join(LANGUAGES)}; HX and 32 letters or digits"
                raise Mistake(line_of(raw, str(sid)), f"{purpose}, {language}: wanted are {known}")
    return found


def quick_replies(raw: str) -> tuple[dict[str, str], ...]:
    """In the order of the file, each language → its words."""
    found = tuple({language: str(said or "").strip() for language, said in row.items()} for row in loaded(raw) or ())
    for row in found:
        line = line_of(raw, row.get(SOURCE, ""))
        if wrong := set(row) ^ set(LANGUAGES) or {language for language, said in row.items() if not said}:
            raise Mistake(line, f"a quick reply has words in {', '.join(LANGUAGES)}: look at {sorted(wrong)[0]}")
        if long := [language for language, said in row.items() if len(said) > LONGEST_QUICK]:
            raise Mistake(line, f"a quick reply has at most {LONGEST_QUICK} letters: shorten {long[0]}")
    return found


def commands(raw: str) -> Commands:
    return _said(1, lambda: folded(loaded(raw)))


def accused(raw: str) -> dict[str, Body]:
    """The authorities of accused.yml by id."""
    rows: Mapping[str, Any] = loaded(raw) or {}
    found = {}
    for name, row in rows.items():
        line = line_of(raw, f"{name}:")
        if unknown := set(row) - {"name", "words", "cautions"}:
            raise Mistake(line, f"{name}: unknown word {sorted(unknown)[0]}; known are name, words, cautions")
        for part in ("name", "words"):
            if missing := [language for language in LANGUAGES if not (row.get(part) or {}).get(language)]:
                raise Mistake(line, f"{name}: {part} is missing in {', '.join(missing)}")
        found[name] = _said(line, partial(body, name, row))
    return found


def phrases(raw: str) -> dict[str, tuple[str, int]]:
    """Name → its words and the line they stand at. Fuzzy and empty ones are mistakes."""
    try:
        entries = polib.pofile(raw)
    except OSError as error:
        raise Mistake(
            int(m[1]) if (m := re.search(r"line (\d+)", str(error))) else 1,
            "cannot be read as PO (often a quotation mark within the words)",
        ) from None
    for entry in entries:
        line = entry.linenum or 1
        if entry.fuzzy:
            raise Mistake(line, f"{entry.msgid} is marked fuzzy: check the words and take the mark away")
        if not entry.msgstr.strip() and not entry.obsolete:
            raise Mistake(line, f"{entry.msgid} has no words")
    return {entry.msgid: (entry.msgstr, entry.linenum or 1) for entry in entries if not entry.obsolete}
