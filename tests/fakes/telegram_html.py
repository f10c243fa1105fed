"""Telegram's HTML, as strictly as its server reads it: https://core.telegram.org/bots/api#html-style

The words of the errors are those of https://github.com/tdlib/td/blob/master/td/telegram/MessageEntity.cpp
"""

from __future__ import annotations

import html
import re
from dataclasses import dataclass
from typing import Any

ENTITIES = {
    "b": "bold", "strong": "bold", "i": "italic", "em": "italic", "u": "underline", "ins": "underline",
    "s": "strikethrough", "strike": "strikethrough", "del": "strikethrough", "span": "spoiler",
    "tg-spoiler": "spoiler", "a": "text_link", "tg-emoji": "custom_emoji", "code": "code", "pre": "pre",
    "blockquote": "blockquote",
}  # fmt: skip
TAG = re.compile(r"""<(?P<end>/?)(?P<name>[^\s>]*)(?P<rest>(?:"[^"]*"|'[^']*'|[^>"'])*)(?P<close>>?)""")
ATTRIBUTE = re.compile(r"""\s*(?P<name>[^\s=>/"']+)(?:\s*=\s*(?P<value>"[^"]*"|'[^']*'|[\w.-]+))?\s*""")
# Any other named character is left as it stands.
CHARACTER = re.compile(r"&(?:(?:lt|gt|amp|quot)|#\d{1,7}|#x[0-9a-fA-F]{1,6});?")


class BadHtml(Exception):
    """Telegram cannot parse it; says why, in Telegram's words."""


@dataclass(frozen=True)
class Parsed:
    """The text that is shown, and its ``entities`` with offset and length in UTF-16 units."""

    text: str
    entities: list[dict[str, Any]]


@dataclass(frozen=True)
class _Open:
    name: str
    offset: int
    argument: str


def units(text: str) -> int:
    """Length in UTF-16 units, in which Telegram counts."""
    return len(text.encode("utf-16-le")) // 2


def parse(source: str) -> Parsed:
    """Raises BadHtml."""
    text, position, opened, entities = "", 0, list[_Open](), list[dict[str, Any]]()
    for tag in TAG.finditer(source):
        text += _decoded(source[position : tag.start()])
        position, at = tag.end(), f"at byte offset {len(source[: tag.start()].encode())}"
        if tag["end"]:
            entities += _closed(tag, opened, text, at)
        else:
            opened.append(_opened(tag, text, at))
    if opened:
        raise BadHtml(f'Can\'t find end tag corresponding to start tag "{opened[-1].name}"')
    return _trimmed(text + _decoded(source[position:]), entities)


def _decoded(text: str) -> str:
    return CHARACTER.sub(lambda found: html.unescape(found[0]), text)


def _opened(tag: re.Match[str], text: str, at: str) -> _Open:
    name = tag["name"].lower()
    if not tag["close"] and not tag["rest"]:
        raise BadHtml(f"Unclosed start tag {at}")
    if name not in ENTITIES:
        raise BadHtml(f'Unsupported start tag "{name}" {at}')
    if not tag["close"]:
        raise BadHtml(f'Unclosed start tag "{name}" {at}')
    given = _attributes(tag["rest"], name, at)
    if name == "span" and given.get("class") != "tg-spoiler":
        raise BadHtml(f'Tag "span" must have class "tg-spoiler" {at}')
    return _Open(name, units(text), given.get("href") or given.get("emoji-id") or "")


def _attributes(rest: str, name: str, at: str) -> dict[str, str]:
    given, position = dict[str, str](), 0
    while rest[position:].strip():
        found = ATTRIBUTE.match(rest, position)
        if not found:
            raise BadHtml(f'Empty attribute name in the tag "{name}" {at}')
        given[found["name"]] = _decoded((found["value"] or "").strip("\"'"))
        position = found.end()
    return given


def _closed(tag: re.Match[str], opened: list[_Open], text: str, at: str) -> list[dict[str, Any]]:
    if not opened:
        raise BadHtml(f"Unexpected end tag {at}")
    if not tag["close"] or tag["rest"].strip():
        raise BadHtml(f"Unclosed end tag {at}")
    if tag["name"] not in ("", opened[-1].name):
        raise BadHtml(f'Unmatched end tag {at}, expected "</{opened[-1].name}>", found "</{tag["name"]}>"')
    start = opened.pop()
    length = units(text) - start.offset
    argument = {"a": "url", "tg-emoji": "custom_emoji_id"}.get(start.name)
    more = {argument: start.argument} if argument else {}
    return [{"type": ENTITIES[start.name], "offset": start.offset, "length": length} | more] if length else []


def _trimmed(text: str, entities: list[dict[str, Any]]) -> Parsed:
    """Without the space around it, as Telegram shows it."""
    before, shown = units(text) - units(text.lstrip()), text.strip()
    kept = []
    for entity in entities:
        start = max(entity["offset"] - before, 0)
        end = min(entity["offset"] + entity["length"] - before, units(shown))
        if end > start:
            kept.append(entity | {"offset": start, "length": end - start})
    return Parsed(shown, sorted(kept, key=lambda entity: entity["offset"]))
